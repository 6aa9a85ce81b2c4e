import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { type Books, keepBooks } from './books.ts'
import { type Site, startSite, type Visit } from './site.ts'

// A photo from the file on one's own device to the little picture beside one's name (A9).

let site: Site
let picture: { name: string; mimeType: string; buffer: Buffer }
beforeAll(async () => {
  site = await startSite()
  // Red, green and blue, one third each: where the square stood can be seen by its colour.
  const third = (background: string) => ({
    create: { width: 400, height: 600, channels: 3 as const, background },
  })
  const stripes = await Promise.all(
    ['#ff0000', '#00ff00', '#0000ff'].map((colour) => sharp(third(colour)).png().toBuffer()),
  )
  const buffer = await sharp({ create: { width: 1200, height: 600, channels: 3, background: '#fff' } })
    .composite(stripes.map((input, index) => ({ input, left: index * 400, top: 0 })))
    .jpeg({ quality: 95 })
    .toBuffer()
  picture = { name: 'beach.jpg', mimeType: 'image/jpeg', buffer }
}, 240_000)
afterAll(() => site?.close())

/** The strongest colour at the left edge, in the middle and at the right edge of the photo on the user's menu. */
function readColours(page: Page): Promise<string> {
  return page.evaluate<string>(`(async () => {
    const image = document.querySelector('header button img[src*="/photos/"]')
    await image.decode()
    const { naturalWidth: width, naturalHeight: height } = image
    if (width !== height) return width + ' × ' + height
    const context = new OffscreenCanvas(width, height).getContext('2d')
    context.drawImage(image, 0, 0)
    return [0.04, 0.5, 0.96].map((part) => {
      const [red, green, blue] = context.getImageData(Math.floor(width * part), height / 2, 1, 1).data
      return red > green && red > blue ? 'red' : green > blue ? 'green' : 'blue'
    }).join()
  })()`)
}

/** Chooses the picture and waits for the square over it. */
async function choosePicture({ page, t }: Visit): Promise<void> {
  await page
    .getByRole('button', { name: new RegExp(`^(${t('security:photo.add')}|${t('security:photo.change')})$`) })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[type=file]').setInputFiles(picture)
  await dialog.getByRole('group', { name: t('security:photo.move') }).waitFor()
}

async function save({ page, t }: Visit): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: t('security:photo.save') }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText(t('security:photo.saved'), { exact: true }).first().waitFor()
}

describe.each(languages)('in %s', (language) => {
  let books: Books
  beforeAll(async () => {
    books = await keepBooks(site, language)
  })

  it('a customer crops a photo by keyboard, it stands beside their name, and they remove it', async () => {
    const { email } = books.accounts[0]!
    const visit = await site.visit({
      language,
      width: 390,
      height: 844,
      as: await site.enter(email, language),
    })
    const { page, t, faults } = visit
    await page.goto('/user')
    await visit.settle()
    await choosePicture(visit)
    // The middle of the picture is what is seen without doing anything: half of 1200 × 600 is a square of 600.
    await save(visit)
    expect(await readColours(page)).toBe('red,green,blue')

    await choosePicture(visit)
    await page.getByRole('slider', { name: t('security:photo.zoom') }).fill('2')
    const square = page.getByRole('group', { name: t('security:photo.move') })
    await square.focus()
    for (let step = 0; step < 60; step++) await square.press('ArrowLeft')
    await save(visit)
    expect(await readColours(page)).toBe('blue,blue,blue')

    await page.getByRole('button', { name: t('security:photo.remove'), exact: true }).click()
    await page.getByText(t('security:photo.removed'), { exact: true }).waitFor()
    expect(await page.locator('header img[src*="/photos/"]').count()).toBe(0)
    expect(faults).toEqual([])
    await visit.context.close()
  })
})

it('staff have a photo in the office, and what is no picture is refused in words', async () => {
  const visit = await site.visit({ language: 'en', width: 1440, as: site.admin })
  const { page, t, faults } = visit
  await page.goto('/office/me')
  await visit.settle()
  await page.getByRole('button', { name: t('security:photo.add') }).click()
  const file = page.getByRole('dialog').locator('input[type=file]')
  await file.setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') })
  await page.getByText(t('security:photo.wrong_kind', { name: 'notes.txt' })).waitFor()
  await file.setInputFiles({ name: 'torn.png', mimeType: 'image/png', buffer: Buffer.from('no picture') })
  await page.getByText(t('security:photo.unreadable', { name: 'torn.png' })).waitFor()
  await file.setInputFiles(picture)
  await page.getByRole('group', { name: t('security:photo.move') }).waitFor()
  await save(visit)
  expect(await readColours(page)).toBe('red,green,blue')
  await page.goto('/office/staff')
  await page.getByRole('main').locator('img[src*="/photos/"]').first().waitFor()
  expect(faults).toEqual([])
  await visit.context.close()
})
