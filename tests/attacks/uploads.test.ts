import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { askOwner } from '../people.ts'

let api: TestApi
let admin: Caller
/** A server for one attack alone: the limit of uploads per minute counts over all that a server was sent. */
function startAnew(): void {
  beforeAll(async () => {
    api = await startTestApi()
    admin = await api.staff('admin')
  })
  afterAll(() => api.close())
}

const put = (bytes: Buffer, name = 'me.png', type = 'image/png') =>
  admin.upload('PUT', '/photo', { name, type, bytes })
const draw = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#4060a0' } })

/** A PNG of a few hundred kilobytes that says it is so large. */
function forgePng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const head = Buffer.alloc(4)
    head.writeUInt32BE(data.length)
    const crc = Buffer.alloc(4)
    crc.writeUInt32BE(crc32(body))
    return Buffer.concat([head, body, crc])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  const rows = deflateSync(Buffer.alloc(Math.min(width * height, 50_000_000)), { level: 9 })
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
function crc32(bytes: Buffer): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

describe('image bomb', () => {
  startAnew()

  it('is refused by what it would become, before it does', async () => {
    const bomb = forgePng(30_000, 30_000)
    expect(bomb.length).toBeLessThan(1_000_000)
    const before = process.memoryUsage().rss
    const began = performance.now()
    const reply = await put(bomb)
    expect([reply.status, reply.body.code]).toEqual([422, 'image_too_large'])
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000)
    expect((await put(forgePng(0xffff, 0xffff))).body.code).toMatch(/^image_(too_large|needed)$/)
  })

  it('is refused as an animation of many frames too: only the first is looked at', async () => {
    const frames = await Promise.all(Array.from({ length: 40 }, () => draw(1500, 1500).png().toBuffer()))
    const moving = await sharp(frames, { join: { animated: true } })
      .webp({ quality: 1 })
      .toBuffer()
    const began = performance.now()
    expect((await put(moving)).status).toBe(200)
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  it('does not take all connections when many come at once', async () => {
    const large = await draw(6000, 6000).png().toBuffer()
    const replies = await Promise.all(Array.from({ length: 14 }, () => put(large)))
    expect(new Set(replies.map(({ status }) => status)).has(500)).toBe(false)
    for (const { status, body } of replies) if (status !== 200) expect(body.code).toBe('too_busy')
    expect((await admin.get('/session')).status).toBe(200)
  })
})

describe('SVG upload', () => {
  startAnew()

  it('is refused, whatever it calls itself', async () => {
    const svg = Buffer.from(
      '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script><image href="file:///etc/passwd"/></svg>',
    )
    for (const [name, type] of [
      ['me.svg', 'image/svg+xml'],
      ['me.png', 'image/png'],
      ['me.jpg', 'image/jpeg'],
    ] as const) {
      expect((await put(svg, name, type)).body.code).toBe('image_needed')
    }
  })
})

describe('polyglot upload', () => {
  startAnew()

  it('is refused where it is no picture by its first bytes', async () => {
    const html = '<html><script>alert(document.cookie)</script></html>'
    const files = {
      html,
      pdf: `%PDF-1.7\n${html}\n%%EOF${' '.repeat(100)}`,
      gif: `GIF89a/*${html}*/=1;`.padEnd(200),
      zip: `PK\x03\x04${html}`.padEnd(200),
      tiff: `II*\x00${html}`.padEnd(200),
      jpeg: `\xff\xd8\xff${html}`.padEnd(200),
      png: `\x89PNG\r\n\x1a\n${html}`.padEnd(200),
      webp: `RIFF\x00\x00\x00\x00WEBP${html}`.padEnd(200),
      empty: '',
    }
    for (const [kind, text] of Object.entries(files)) {
      expect([kind, (await put(Buffer.from(text, 'latin1'))).body.code]).toEqual([kind, 'image_needed'])
    }
  })

  it('loses everything but its picture where it is one', async () => {
    const payload = '<script>alert(document.cookie)</script>'
    const jpeg = await draw(200, 200)
      .jpeg()
      .withExif({ IFD0: { ImageDescription: payload } })
      .toBuffer()
    for (const bytes of [
      Buffer.concat([jpeg, Buffer.from(payload)]),
      Buffer.concat([await draw(200, 200).png().toBuffer(), Buffer.from(payload)]),
    ]) {
      expect(bytes.toString('latin1')).toContain(payload)
      const { body } = await put(bytes)
      const photo = await admin.get(`/photos/${body.photo_file_id}`)
      expect(photo.bytes.toString('latin1')).not.toContain('script')
      expect(photo.headers['content-type']).toBe('image/webp')
      expect(photo.headers['x-content-type-options']).toBe('nosniff')
    }
  })

  it('keeps nothing of what was refused', async () => {
    const rows = await askOwner(api, `select count(*)::int as n from files where purpose <> 'photo'`)
    expect(rows[0].n).toBe(0)
    const { readdir } = await import('node:fs/promises')
    const kept = await readdir(`${api.dataDir}/files`, { recursive: true, withFileTypes: true })
    const photos = await askOwner(api, `select count(*)::int as n from files`)
    // What was replaced goes by a job; what was refused is gone already.
    const waiting = await askOwner(
      api,
      `select count(*)::int as n from queued_jobs where task = 'access:remove_photo'`,
    )
    expect(kept.filter((entry) => entry.isFile()).length).toBe(photos[0].n + waiting[0].n)
  })
})

describe('metadata leak', () => {
  startAnew()

  it('tells nobody where a photo was taken, with what, and by whom', async () => {
    const bytes = await draw(300, 300)
      .jpeg()
      .withExif({
        IFD0: { Make: 'SecretCamera', Artist: 'Ana Secreta' },
        IFD3: { GPSLatitude: '23/1 33/1 0/1', GPSLatitudeRef: 'S' },
      })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>SecretPlace</rdf:RDF></x:xmpmeta>')
      .toBuffer()
    expect(bytes.toString('latin1')).toContain('SecretCamera')
    const { body } = await put(bytes)
    const photo = (await admin.get(`/photos/${body.photo_file_id}`)).bytes
    expect(photo.toString('latin1')).not.toMatch(/Secret|GPS|Exif|xmp/i)
    const { exif, xmp, icc, iptc } = await sharp(photo).metadata()
    expect([exif, xmp, icc, iptc]).toEqual([undefined, undefined, undefined, undefined])
  })
})
