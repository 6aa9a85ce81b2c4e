// Staff offer a plan for terms, make a customer an offer with one, and find the order by its number.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { type Books, keepBooks } from './books.ts'
import { type Body, type Site, startSite, type Visit } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 240_000)
afterAll(() => site?.close())

describe.each(languages)('orders of staff in %s', (language) => {
  let books: Books
  let plan: Body
  let visit: Visit
  let number: number

  beforeAll(async () => {
    books = await keepBooks(site, language)
    await site.admin.patch(`/business-units/${books.unit.id}`, { billing_mode: 'advance' })
    plan = await site.admin.post('/plans', {
      business_unit_id: books.unit.id,
      product_id: books.product.id,
      name: 'Archive 1 TB',
      kind: 'generic',
      prices: [{ currency: books.unit.currency, amount: 20_000 }],
    })
    visit = await site.visit({ language, width: 1440, as: site.admin })
    visit.page.setDefaultTimeout(20_000)
  }, 120_000)
  afterAll(() => visit?.context.close())

  const heading = (name: string) => visit.page.getByRole('heading', { level: 1, name, exact: true })

  it('a plan is offered for a term that takes something off', async () => {
    const { page, t } = visit
    await page.goto(`/office/catalogue/plans/${plan.id}`)
    await heading(plan.name).waitFor()
    const terms = page.getByRole('region', { name: t('office:catalogue.terms'), exact: true })
    await terms.getByRole('button', { name: t('office:catalogue.term_add'), exact: true }).click()
    await terms.getByLabel(t('office:services.term_months')).fill('24')
    await terms.getByLabel(t('office:catalogue.term_discount')).fill('10')
    await page
      .getByRole('button', { name: t('common:action.save'), exact: true })
      .first()
      .click()
    await expect
      .poll(async () => (await site.admin.get(`/plans/${plan.id}`)).terms, { timeout: 20_000 })
      .toEqual([{ term_months: 24, discount_basis_points: 1000 }])
  })

  it('and offered to a customer with it, at its price', async () => {
    const { page, t } = visit
    await page.goto(`/office/accounts/${books.accounts[0]!.id}/new-order`)
    await heading(t('orders:new.title')).waitFor()
    await page.locator('select[name=plan_id]').selectOption(plan.id)
    const aside = page.getByRole('complementary').filter({ hasText: t('office:services.to_pay') })
    await aside.getByText(/200/).first().waitFor()
    await page.getByLabel(t('office:services.term'), { exact: true }).selectOption('24')
    await aside.getByText(/180/).first().waitFor()
    // Any other term can be agreed on.
    await page.getByLabel(t('office:services.term'), { exact: true }).selectOption('other')
    await page.getByLabel(t('office:services.term_months'), { exact: true }).fill('18')
    await aside.getByText(/180/).first().waitFor({ state: 'detached' })
    await page.getByLabel(t('office:services.term'), { exact: true }).selectOption('24')
    await aside.getByText(/180/).first().waitFor()
    await page.getByRole('button', { name: t('orders:new.offer'), exact: true }).click()
    await page.waitForURL(/\/orders\/[0-9a-f-]{36}/)
    const order = await site.admin.get(`/orders/${page.url().split('/').at(-1)}`)
    number = order.number
    expect(order).toMatchObject({
      state: 'quoted',
      recurring_amount: 18_000,
      request: { term_months: 24 },
      quote: { term: { months: 24, discount_basis_points: 1000, amount_after: 20_000 } },
    })
    await heading(t('orders:detail.quote', { number })).waitFor()
    await page
      .getByText(t('office:words.months', { count: 24 }))
      .first()
      .waitFor()
  })

  it('is found by its number', async () => {
    const { page, t } = visit
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: t('common:palette.open') }).waitFor()
    await page.keyboard.type(String(number))
    const options = page.getByRole('listbox', { name: t('common:palette.open') }).getByRole('option')
    await options
      .filter({ hasText: plan.name })
      .filter({ hasText: String(number) })
      .first()
      .click()
    await heading(t('orders:detail.quote', { number })).waitFor()
  })

  it('and no page complained of anything', () => {
    expect(visit.faults).toEqual([])
  })
})
