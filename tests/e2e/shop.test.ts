// A customer buys at night, on a phone: a plan is made as it is wanted, paid by a card whose bank asks once more, and runs within a
// minute; the receipt is among the mails. And what staff offered is accepted.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Books, keepBooks } from './books.ts'
import { type Body, type Caller, type Site, startSite, type Visit } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 240_000)
afterAll(() => site?.close())

const main = (page: Page) => page.getByRole('main')
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true })

describe.each(languages)('the shop in %s', (language) => {
  let books: Books
  let plan: Body
  let customer: Caller
  let visit: Visit

  beforeAll(async () => {
    books = await keepBooks(site, language)
    const { unit, product } = books
    await site.admin.patch(`/business-units/${unit.id}`, { billing_mode: 'advance' })
    plan = await site.admin.post('/plans', {
      business_unit_id: unit.id,
      product_id: product.id,
      name: 'Backup 500 GB',
      kind: 'generic',
      prices: [
        { currency: unit.currency, amount: 30_000 },
        { currency: unit.currency, amount: 300_000, cycle_unit: 'month', cycle_count: 12 },
      ],
      options: [{ name: 'Offsite', amount: 6_000 }],
      terms: [{ term_months: 12, discount_basis_points: 1500 }],
    })
    await site.admin.post('/payment-providers', {
      business_unit_id: unit.id,
      driver: 'sandbox',
      name: 'Sandbox',
      methods: ['card'],
      enabled: true,
    })
    customer = await site.enter(books.accounts[0]!.email, language)
    visit = await site.visit({ language, width: 390, height: 844, as: customer })
  }, 120_000)
  afterAll(() => visit?.context.close())

  const orderButton = () => main(visit.page).locator('button[type=submit]')

  it('shows what can be ordered, and the price as it is configured', async () => {
    const { page, t } = visit
    await page.goto('/services')
    await page
      .getByRole('navigation', { name: t('portal:tabs.services_label') })
      .getByRole('link', { name: t('portal:tabs.shop') })
      .click()
    await heading(page, t('shop:title')).waitFor()
    await page.getByRole('link', { name: plan.name }).click()
    await heading(page, plan.name).waitFor()
    await until('the button says the price', 20, () => orderButton().isEnabled())
    const before = await orderButton().textContent()
    await page.getByRole('checkbox', { name: 'Offsite' }).check()
    await page.getByRole('textbox', { name: t('shop:quantity'), exact: true }).fill('2')
    await until('the button says another price', 20, async () => {
      const now = await orderButton().textContent()
      return (await orderButton().isEnabled()) && now !== before
    })
    await main(page).getByText(`2 × ${plan.name}`).waitFor()
  })

  it('is cheaper for a term, says until when and what it costs then', async () => {
    const { page, t } = visit
    const before = await orderButton().textContent()
    await page.locator('input[name=term][value="12"]').check()
    await until('the button says another price', 20, async () => {
      const now = await orderButton().textContent()
      return (await orderButton().isEnabled()) && now !== before
    })
    await main(page)
      .getByText(t('shop:summary.term', { count: 12 }), { exact: true })
      .waitFor()
    await main(page)
      .getByText(/15\s?%/)
      .first()
      .waitFor()
  })

  it('says of a coupon that there is none, at its field, and keeps the price', async () => {
    const { page, t, faults } = visit
    await page.getByRole('textbox', { name: t('shop:coupon.label') }).fill('NOPE')
    await page.getByRole('button', { name: t('shop:coupon.apply') }).click()
    await page.locator('[aria-invalid=true]').waitFor()
    await until('it can be ordered all the same', 20, () => orderButton().isEnabled())
    // The browser notes the refusal.
    faults.length = 0
  })

  it('is ordered and paid by a card whose bank asks once more', async () => {
    const { page, t } = visit
    await orderButton().click()
    await heading(page, t('portal:pay.title')).waitFor()
    await page
      .getByRole('radio', { name: new RegExp(t('portal:payment_method.card')) })
      .first()
      .check()
    await page.locator('main form button[type=submit]').click()
    await page.waitForURL(/\/sandbox\//)
    await page.locator('input[value=second_step]').check()
    await page.locator('button[value=choose]').click()
    await page.locator('button[value=approve]').click()
    await page.waitForURL(/\/pay\/[0-9a-f-]{36}/)
    await page.getByRole('heading', { name: t('pay:done.title'), exact: true }).waitFor()
  })

  it('is processed without a reload, and the service is active', async () => {
    const { page, t } = visit
    await page.getByRole('link', { name: t('pay:done.order') }).click()
    await heading(page, `2 × ${plan.name}`).waitFor()
    await main(page).getByText(t('shop:state.processed'), { exact: true }).first().waitFor()
    await page.getByRole('link', { name: t('shop:now.see_service') }).click()
    await heading(page, plan.name).waitFor()
    await main(page).getByText(t('common:state.subscription.active'), { exact: true }).first().waitFor()
  })

  it('bound them for the term, at its price', async () => {
    const { page, t } = visit
    await page.goto('/services')
    await page.getByRole('link', { name: plan.name }).first().click()
    await heading(page, plan.name).waitFor()
    await main(page)
      .getByText(t('money:coupons.for_term', { count: 12 }), { exact: true })
      .waitFor()
  })

  it('left a paid invoice, and its receipt among the mails', async () => {
    const { page, t } = visit
    const [order] = (await customer.get('/orders')).items
    const [document] = (await customer.get(`/orders/${order.id}`)).documents
    expect(document).toMatchObject({ state: 'paid', open_amount: 0 })
    await page.goto('/emails')
    await heading(page, t('portal:emails.title')).waitFor()
    const receipt = main(page)
      .getByRole('list', { name: t('portal:emails.title') })
      .getByRole('link')
      .filter({ hasText: document.number })
    await until('the receipt', 20, async () => {
      if ((await receipt.count()) > 0) return true
      await page.reload()
      await heading(page, t('portal:emails.title')).waitFor()
      return false
    })
    await receipt.first().click()
    await page.frameLocator('iframe').getByText(books.unit.name).first().waitFor()
  })

  it('lists what was ordered', async () => {
    const { page, t } = visit
    await page.goto('/orders')
    const list = page.getByRole('list', { name: t('shop:orders.title') })
    await list.getByRole('link', { name: `2 × ${plan.name}` }).waitFor()
    await page.getByRole('link', { name: t('shop:orders.show_ended') }).click()
    await page.getByText(t('shop:orders.none')).waitFor()
  })

  it('shows what staff offered, which is accepted, and cancelled before it is paid', async () => {
    const { page, t } = visit
    const today = Temporal.Now.plainDateISO(books.unit.time_zone)
    await site.admin.post('/orders', {
      account_id: books.accounts[0]!.id,
      request: { kind: 'subscription', plan_id: plan.id },
      as: 'quote',
      valid_until: today.add({ days: 7 }).toString(),
      note: 'As we agreed on the phone.',
    })
    await page.goto('/')
    await page.getByRole('link', { name: t('shop:home.quote', { title: plan.name }) }).click()
    await heading(page, plan.name).waitFor()
    await page.getByText('As we agreed on the phone.').waitFor()
    await page.getByRole('button', { name: t('shop:now.accept_pay') }).click()
    await heading(page, t('portal:pay.title')).waitFor()
    await page.goBack()
    await page.getByRole('button', { name: t('shop:cancel.button') }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('shop:cancel.button') })
      .click()
    await main(page).getByText(t('shop:state.cancelled'), { exact: true }).first().waitFor()
  })

  it('shows whoever pays the bills what waits, to pay it and nothing else', async () => {
    const { page, t } = visit
    const quote = await customer.post('/order-quotes', {
      request: { kind: 'subscription', plan_id: plan.id },
    })
    const order = await customer.post('/orders', {
      request: { kind: 'subscription', plan_id: plan.id },
      token: quote.token,
    })
    const [member] = (await customer.get('/members')).items
    expect(member.permissions).toContain('owner')
    await site.query(`update memberships set permissions = '{billing}' where id = $1`, [member.id])
    try {
      await page.goto('/')
      await page.getByRole('link', { name: t('shop:home.order', { title: plan.name }), exact: true }).click()
      await heading(page, plan.name).waitFor()
      await page.getByText(t('shop:now.pay_until', { date: '' }).slice(0, 12)).waitFor()
      expect(await page.getByRole('button', { name: t('shop:cancel.button') }).count()).toBe(0)
      expect(
        await main(page)
          .getByRole('link', { name: t('shop:to_shop') })
          .count(),
      ).toBe(0)
      await page.goto('/orders')
      await page
        .getByRole('navigation', { name: t('portal:tabs.billing_label') })
        .getByRole('link', { name: t('portal:tabs.orders') })
        .waitFor()
      await page
        .getByRole('list', { name: t('shop:orders.title') })
        .getByRole('link', { name: plan.name })
        .first()
        .click()
      await page.goto(`/pay?order=${order.id}`)
      await heading(page, t('portal:pay.title')).waitFor()
    } finally {
      await site.query(`update memberships set permissions = '{owner}' where id = $1`, [member.id])
    }
  })

  it('says of an order that nobody paid that it has expired', async () => {
    const { page, t } = visit
    await site.query(
      `update orders set placed_at = placed_at - interval '40 days' where state = 'open' and account_id = $1`,
      [books.accounts[0]!.id],
    )
    await site.query(`select graphile_worker.add_job('orders:expire_orders', '{}'::json)`)
    await until('it has expired', 30, async () => {
      const { items } = await customer.get('/orders?state=expired')
      return items.length > 0
    })
    const [order] = (await customer.get('/orders?state=expired')).items
    await page.goto(`/orders/${order.id}`)
    await main(page).getByText(t('shop:state.expired'), { exact: true }).first().waitFor()
    await main(page)
      .getByText(t('shop:now.unpaid', { date: '' }).slice(0, 24))
      .waitFor()
  })

  it('and no page complained of anything', () => {
    expect(visit.faults).toEqual([])
  })
})
