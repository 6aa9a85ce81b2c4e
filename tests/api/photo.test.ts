import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'
import { askOwner, makeCustomer } from '../people.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
})
afterAll(() => api.close())

/** Four fields of one colour each: what was cropped is seen by its colour. */
async function drawQuarters(width: number, height: number) {
  const field = (background: string) =>
    sharp({ create: { width: width / 2, height: height / 2, channels: 3, background } })
      .png()
      .toBuffer()
  const [red, green, blue, white] = await Promise.all(['#ff0000', '#00ff00', '#0000ff', '#ffffff'].map(field))
  return sharp({ create: { width, height, channels: 3, background: '#000000' } }).composite([
    { input: red!, left: 0, top: 0 },
    { input: green!, left: width / 2, top: 0 },
    { input: blue!, left: 0, top: height / 2 },
    { input: white!, left: width / 2, top: height / 2 },
  ])
}
async function colourOf(bytes: Buffer): Promise<string> {
  const { channels } = await sharp(bytes).stats()
  const [r, g, b] = channels.slice(0, 3).map(({ mean }) => (mean > 200 ? 'f' : mean < 60 ? '0' : '?'))
  return `${r}${g}${b}`
}
const put = (who: Caller, bytes: Buffer, fields?: Record<string, string>, type = 'image/png') =>
  who.upload('PUT', '/photo', { name: 'me.png', type, bytes }, fields)

describe('a photo', () => {
  it('is cropped as asked and kept as a square WebP', async () => {
    const png = await (await drawQuarters(800, 600)).png().toBuffer()
    const reply = await put(admin, png, { x: '0', y: '300', size: '300' })
    expect(reply.status, JSON.stringify(reply.body)).toBe(200)
    const id = reply.body.photo_file_id
    expect((await admin.get('/session')).body.photo_file_id).toBe(id)
    const photo = await admin.get(`/photos/${id}`)
    expect(photo.headers).toMatchObject({
      'content-type': 'image/webp',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=86400, immutable',
      'content-security-policy': expect.stringContaining('sandbox'),
    })
    expect(await sharp(photo.bytes).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512 })
    expect(await colourOf(photo.bytes)).toBe('00f')
  })

  it.each(['jpeg', 'webp', 'avif'] as const)('may be a %s', async (format) => {
    const bytes = await (await drawQuarters(200, 200))[format]().toBuffer()
    expect(
      (await put(admin, bytes, { x: '100', y: '0', size: '100' }, 'application/octet-stream')).status,
    ).toBe(200)
    const { photo_file_id } = (await admin.get('/session')).body
    expect(await colourOf((await admin.get(`/photos/${photo_file_id}`)).bytes)).toBe('0f0')
  })

  it('is turned upright before it is cropped', async () => {
    // Turned a quarter clockwise, the lower left field comes to the upper left.
    const bytes = await (await drawQuarters(400, 200))
      .jpeg({ quality: 100 })
      .withMetadata({ orientation: 6 })
      .toBuffer()
    const { body } = await put(admin, bytes, { x: '0', y: '0', size: '100' })
    expect(await colourOf((await admin.get(`/photos/${body.photo_file_id}`)).bytes)).toBe('00f')
  })

  it('is its first frame where it moves, and its middle where nothing was chosen', async () => {
    const frames = await Promise.all(
      ['#ff0000', '#0000ff'].map((background) =>
        sharp({ create: { width: 60, height: 40, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    )
    const moving = await sharp(frames, { join: { animated: true } })
      .webp({ delay: [50, 50] })
      .toBuffer()
    expect((await sharp(moving).metadata()).pages).toBe(2)
    const { body } = await put(admin, moving)
    expect(await colourOf((await admin.get(`/photos/${body.photo_file_id}`)).bytes)).toBe('f00')
  })

  it('moves a crop beyond the picture into it, and refuses what is none', async () => {
    const png = await (await drawQuarters(100, 100)).png().toBuffer()
    const { body } = await put(admin, png, { x: '90', y: '90', size: '50' })
    expect(await colourOf((await admin.get(`/photos/${body.photo_file_id}`)).bytes)).toBe('fff')
    for (const fields of [{ x: '0' }, { x: '0', y: '0', size: '0' }, { x: 'a', y: '0', size: '10' }]) {
      expect((await put(admin, png, fields as Record<string, string>)).body.code).toBe('invalid_input')
    }
  })

  it('goes with its bytes when it is replaced or removed', async () => {
    const png = await (await drawQuarters(100, 100)).png().toBuffer()
    const first = (await put(admin, png)).body.photo_file_id
    const second = (await put(admin, png)).body.photo_file_id
    await runJobs(api)
    expect(await api.files.size(first)).toBeNull()
    expect((await admin.get(`/photos/${first}`)).status).toBe(404)
    expect((await admin.delete('/photo')).status).toBe(204)
    await runJobs(api)
    expect(await api.files.size(second)).toBeNull()
    expect((await admin.get('/session')).body.photo_file_id).toBeNull()
    expect(await askOwner(api, `select id from files where purpose = 'photo'`)).toEqual([])
  })

  it('is seen by staff, by the account’s people, and by nobody else', async () => {
    const png = await (await drawQuarters(100, 100)).png().toBuffer()
    const [one, other] = [await makeCustomer(api, admin, unit.id), await makeCustomer(api, admin, unit.id)]
    const own = (await put(one, png)).body.photo_file_id
    const staffs = (await put(admin, png)).body.photo_file_id
    expect((await one.get(`/photos/${own}`)).status).toBe(200)
    expect((await admin.get(`/photos/${own}`)).status).toBe(200)
    expect((await one.get(`/photos/${staffs}`)).status).toBe(200)
    expect((await other.get(`/photos/${own}`)).status).toBe(404)
    expect((await api.nobody('portal').get(`/photos/${own}`)).status).toBe(401)
  })

  it('asks for a file of at most 10 MB', async () => {
    expect((await put(admin, Buffer.alloc(10_000_001))).body.code).toBe('file_too_large')
  })
})
