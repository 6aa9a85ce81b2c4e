import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { admin, password, type Site, startSite } from './site.ts'

// What is done here is done without a mouse, and wherever the focus is, it can be seen.

let site: Site
let books: Books
beforeAll(async () => {
  site = await startSite()
  books = await keepBooks(site, 'en')
  await closeBooks(site, books)
  await site.enter(books.accounts[0]!.email, 'en')
}, 300_000)
afterAll(() => site?.close())

/** What has the focus: its name as a screen reader says it, and whether one sees that it has it. */
async function readFocus(page: Page): Promise<{ text: string; visible: boolean }> {
  return page.evaluate(`(() => {
    const one = document.activeElement
    if (!one || one === document.body) return { text: '', visible: true }
    const words = (element) => element?.textContent?.trim() ?? ''
    const text = one.getAttribute('aria-label') || words(one.labels?.[0]) ||
      words(document.getElementById(one.getAttribute('aria-labelledby'))) || words(one)
    // Where the app put the focus after another page was opened: no stop of Tab, nothing to be marked.
    if (one.tabIndex === -1) return { text: '', visible: true }
    // The browser itself marks the part of a date that has the focus.
    if (one.matches('input[type=date]')) return { text, visible: true }
    // The ring may be drawn on what stands around: the frame of a field, the card that is one link.
    const near = [one, one.parentElement, one.parentElement?.parentElement].filter(Boolean)
    const look = () => near.map((element) => [null, '::before', '::after'].map((pseudo) => {
      const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, transform } = getComputedStyle(element, pseudo)
      return [outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, transform].join()
    }).join()).join()
    const focused = look()
    one.blur()
    const visible = focused !== look()
    one.focus({ focusVisible: true, preventScroll: true })
    return { text, visible }
  })()`)
}

/** Presses Tab until what is named has the focus; every stop on the way must show its focus. */
async function tabTo(page: Page, name: string | RegExp, most = 60): Promise<void> {
  const passed: string[] = []
  for (let count = 0; count < most; count++) {
    await page.keyboard.press('Tab')
    const { text, visible } = await readFocus(page)
    expect(visible, `the focus on “${text}” can be seen`).toBe(true)
    if (typeof name === 'string' ? text === name : name.test(text)) return
    passed.push(text)
  }
  throw new Error(`Tab never reached ${name}; it passed ${passed.join(' | ')}`)
}

it('a customer signs in and tells of a payment', async () => {
  const visit = await site.visit({ language: 'en', width: 1440 })
  const { page, t, faults } = visit
  await page.goto('/sign-in')
  await visit.settle()
  await tabTo(page, t('portal:field.email'))
  await page.keyboard.type(books.accounts[0]!.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: t('portal:home.needs.title') }).waitFor()
  await visit.settle()

  // The first stop leads past the navigation.
  await page.reload()
  await visit.settle()
  await tabTo(page, t('common:skip'), 1)
  await page.keyboard.press('Enter')
  await tabTo(page, /^Pay invoice /)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: t('portal:pay.title') }).waitFor()
  await visit.settle()
  await tabTo(page, t('portal:pay.reference'))
  await page.keyboard.type('W-77')
  await tabTo(page, t('portal:pay.submit'))
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: t('portal:pay.done_title') }).waitFor()
  await tabTo(page, t('portal:pay.follow'))
  await page.keyboard.press('Enter')
  await page.getByText('W-77').waitFor()
  expect(faults).toEqual([])
  await visit.context.close()
})

it('staff sign in and find anything with the palette', async () => {
  const visit = await site.visit({ language: 'en', width: 1440 })
  const { page, t, faults } = visit
  await page.goto('/office/sign-in')
  await visit.settle()
  await tabTo(page, t('office:signIn.email'))
  await page.keyboard.type(admin.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.getByRole('navigation', { name: t('common:areas') }).waitFor()
  await visit.settle()

  const { name } = books.accounts[1]!
  await page.keyboard.press('Control+k')
  const field = page.getByRole('combobox', { name: t('common:palette.open') })
  await field.waitFor()
  expect(await field.evaluate((element) => element.matches(':focus'))).toBe(true)
  await page.keyboard.type(name.slice(0, 6))
  await page.getByRole('option', { name: new RegExp(name) }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name }).waitFor()

  // Escape closes it and the focus goes back to where it was; a command is found by its name.
  await page.keyboard.press('Tab')
  const before = await readFocus(page)
  await page.keyboard.press('Control+k')
  await field.waitFor()
  await page.keyboard.press('Escape')
  await field.waitFor({ state: 'detached' })
  // It comes back once the palette is gone, which is a moment later.
  await expect.poll(() => readFocus(page)).toEqual(before)
  await page.keyboard.press('Control+k')
  await page.keyboard.type(t('office:shell.closings'))
  await page
    .getByRole('option', { name: t('office:shell.closings') })
    .first()
    .waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: t('office:closings.title') }).waitFor()
  expect(faults).toEqual([])
  await visit.context.close()
})
