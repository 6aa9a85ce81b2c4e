// On a phone: all open invoices are paid at once, a Pix is shown to be read, two payments of one thing are not begun, and a payment
// method is kept, stopped and removed.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Language } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { type Body, type Caller, type Site, startSite, type Visit } from './site.ts'

let site: Site
let books: Books
beforeAll(async () => {
  site = await startSite()
  books = await keepBooks(site, 'pt-BR')
  await closeBooks(site, books)
  const month = Temporal.PlainDate.from(books.closing_date).add({ days: 1 }).toPlainYearMonth()
  await closeBooks(site, { ...books, closing_date: month.toPlainDate({ day: month.daysInMonth }).toString() })
  const provide = (driver: string, name: string, methods: string[], settings: object) =>
    site.admin.post('/payment-providers', {
      business_unit_id: books.unit.id,
      driver,
      name,
      methods,
      settings,
      enabled: true,
    })
  await provide('sandbox', 'Sandbox', ['card'], {})
  await provide('pix_static', 'Pix da casa', ['pix'], {
    key: '123e4567-e12b-12d1-a456-426655440000',
    name: 'REDE CLARA',
    city: 'SAO PAULO',
  })
}, 300_000)
afterAll(() => site?.close())

// A customer of the same operator for each language.
const visitors: [Language, number][] = [
  ['pt-BR', 0],
  ['es', 1],
  ['en', 2],
]

const main = (page: Page) => page.getByRole('main')
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true })

describe.each(visitors)('paying in %s', (language, index) => {
  let customer: Caller
  let visit: Visit
  let invoices: Body[]
  beforeAll(async () => {
    customer = await site.enter(books.accounts[index]!.email, language)
    invoices = (await customer.get('/invoices?state=open')).items
    visit = await site.visit({ language, width: 390, height: 844, as: customer })
  })
  afterAll(() => visit?.context.close())

  const choose = (method: string) =>
    visit.page
      .getByRole('radio', { name: new RegExp(visit.t(`portal:payment_method.${method}`)) })
      .first()
      .check()
  const submit = () => visit.page.locator('main form button[type=submit]').click()

  it('shows a Pix to be read or copied, and gives it up', async () => {
    const { page, t } = visit
    await page.goto(`/pay?invoices=${invoices[0].id}`)
    await choose('pix')
    await submit()
    await page.waitForURL(/\/pay\/[0-9a-f-]{36}/)
    await page.getByRole('heading', { name: t('pay:pix.title') }).waitFor()
    await page.getByRole('img', { name: /QR/ }).waitFor()
    expect(await page.getByRole('textbox', { name: t('pay:pix.text') }).inputValue()).toMatch(
      /^000201.*br\.gov\.bcb\.pix.*6304[0-9A-F]{4}$/,
    )
    // Who goes away finds it again.
    await page.goto('/invoices')
    await page
      .getByRole('list', { name: t('pay:open.title') })
      .getByRole('link')
      .click()
    await page.getByRole('button', { name: t('pay:cancel.button') }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('pay:cancel.confirm') })
      .click()
    await page.getByRole('heading', { name: t('pay:ended.cancelled'), exact: true }).waitFor()
  })

  it('says of a payment under way what it is, and cancels it', async () => {
    const { page, t, faults } = visit
    const { providers } = await customer.get('/payment-choices')
    const sandbox = providers.find((one: Body) => one.driver === 'sandbox')
    await customer.post('/payment-intents', {
      provider_id: sandbox.id,
      method: 'card',
      invoice_ids: [invoices[0].id],
    })
    await page.goto('/pay')
    await choose('card')
    await submit()
    await page
      .getByRole('alert')
      .getByRole('button', { name: t('pay:choose.open_cancel') })
      .click()
    await page.waitForURL(/\/pay\/[0-9a-f-]{36}/)
    await page.getByRole('heading', { name: t('pay:ended.cancelled'), exact: true }).waitFor()
    // The browser notes the refusal.
    faults.length = 0
  })

  it('pays everything at once from the home', async () => {
    const { page, t } = visit
    await page.goto('/')
    await page.getByRole('link', { name: t('portal:home.balance.pay_all') }).click()
    await heading(page, t('portal:pay.title')).waitFor()
    expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(invoices.length)
    await choose('card')
    await submit()
    await page.waitForURL(/\/sandbox\//)
    await page.locator('input[value=success]').check()
    await page.locator('button[value=choose]').click()
    await page.waitForURL(/\/pay\/[0-9a-f-]{36}/)
    await page.getByRole('heading', { name: t('pay:done.title'), exact: true }).waitFor()
    expect((await customer.get('/invoices?state=open')).items).toEqual([])
    await page.getByRole('link', { name: t('pay:done.invoices', { count: invoices.length }) }).click()
    await heading(page, t('portal:invoices.title')).waitFor()
    for (const invoice of invoices)
      await main(page)
        .getByRole('link', { name: new RegExp(`${invoice.series}-${invoice.number}$`) })
        .waitFor()
  })

  it('keeps a card, from which invoices are debited by themselves', async () => {
    const { page, t } = visit
    await page.goto('/payment-methods')
    await page.getByText(t('pay:methods.empty'), { exact: true }).waitFor()
    await page.getByRole('link', { name: t('pay:methods.add') }).click()
    await heading(page, t('pay:add.title')).waitFor()
    await submit()
    await page.waitForURL(/\/sandbox\//)
    await page.locator('input[value=success]').check()
    await page.locator('button[value=choose]').click()
    await page.waitForURL(/\/pay\/[0-9a-f-]{36}/)
    await page.getByRole('heading', { name: t('pay:done.setup'), exact: true }).waitFor()
    await page.getByRole('link', { name: t('pay:done.methods') }).click()
    await heading(page, t('pay:methods.title')).waitFor()
    await main(page).getByText('Visa •••• 4242').first().waitFor()
    await main(page).getByText(t('pay:methods.on'), { exact: true }).waitFor()
  })

  it('a service is debited from it by choice', async () => {
    const { page, t } = visit
    await page.goto(`/services/${books.accounts[index]!.subscription.id}`)
    const choice = page.getByRole('combobox', { name: t('pay:service.from') })
    await choice.selectOption({ label: 'Visa •••• 4242' })
    await page.getByText(t('pay:service.saved'), { exact: true }).waitFor()
    const { items } = await customer.get('/stored-methods')
    expect(items[0].services).toMatchObject([{ id: books.accounts[index]!.subscription.id }])
  })

  it('stops, and is removed', async () => {
    const { page, t } = visit
    const method = 'Visa •••• 4242'
    await page.goto('/payment-methods')
    await page.getByRole('button', { name: t('pay:methods.stop_label', { method }) }).click()
    await main(page).getByText(t('pay:methods.off'), { exact: true }).waitFor()
    await page.getByRole('button', { name: t('pay:methods.remove_label', { method }) }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('pay:methods.remove'), exact: true })
      .click()
    await page.getByText(t('pay:methods.empty'), { exact: true }).waitFor()
    await until('nothing is kept', 10, async () => (await customer.get('/stored-methods')).items.length === 0)
  })

  it('and no page complained of anything', () => {
    expect(visit.faults).toEqual([])
  })
})
