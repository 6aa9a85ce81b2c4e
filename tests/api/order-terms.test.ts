// Terms (B5): a plan is offered for terms to choose, what each takes off is billed while it lasts, and a quote is what the deed does.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeUnit } from '../../server/modules/billing/index.ts'
import { isRefusal } from '../../server/platform/errors.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'
import { askOwner } from '../people.ts'
import { type Found, keepShop, type Row } from '../shop.ts'

let api: TestApi
let admin: Caller
const { created, shown, fault, found, requestOf, quote, place, own, pay, services } = keepShop(() => ({
  api,
  admin,
}))

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  admin = await api.staff('admin')
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-11T15:00:00Z'))

/** 90.00 a month without a term; 10 % off for 12 months, 20 % for 24, nothing for 6. */
const offered = {
  term_months: 0,
  terms: [
    { term_months: 6 },
    { term_months: 12, discount_basis_points: 1000 },
    { term_months: 24, discount_basis_points: 2000 },
  ],
}
const close = async (at: Found, day: string) => {
  api.setNow(`${day}T15:00:00Z`)
  const closed = await closeUnit(api.office, {
    business_unit_id: at.unit.id,
    up_to: Temporal.PlainDate.from(day),
    now: api.now,
  })
  expect(isRefusal(closed)).toBe(false)
}
const invoicesOf = async (at: Found): Promise<Row[]> =>
  (await admin.get(`/invoices?account_id=${at.account.id}&sort=issue_date&limit=100`)).body.items

describe('a plan', () => {
  it('offers terms, each with what it takes off, and its own among them', async () => {
    const at = await found(offered)
    expect(at.plan).toMatchObject({
      terms: [
        { term_months: 6, discount_basis_points: null },
        { term_months: 12, discount_basis_points: 1000 },
        { term_months: 24, discount_basis_points: 2000 },
      ],
    })
    const shop = await shown(await at.customer.get('/shop'))
    expect(shop.products[0].plans[0].terms.map((term: Row) => term.term_months)).toEqual([0, 6, 12, 24])
    const changed = await shown(
      await admin.patch(`/plans/${at.plan.id}`, { terms: [{ term_months: 12, discount_basis_points: 500 }] }),
    )
    expect(changed.terms).toEqual([{ term_months: 12, discount_basis_points: 500 }])
    for (const [terms, said] of [
      [[{ term_months: 12 }, { term_months: 12 }], 'terms.1.term_months listed_twice'],
      [[{ term_months: 0, discount_basis_points: 100 }], 'terms.0.discount_basis_points term_needed'],
    ] as const)
      expect(fault(await admin.patch(`/plans/${at.plan.id}`, { terms }))).toEqual([said])
    const [audited] = await askOwner(
      api,
      `select count(*)::int as n from audit_log where object_type = 'plan_terms' and after ->> 'plan_id' = $1`,
      [at.plan.id],
    )
    expect(audited.n).toBeGreaterThan(0)
  })
})

describe('an order', () => {
  it('is quoted, charged and billed at the price of its term, and after it at the plan’s', async () => {
    const at = await found(offered)
    const request = requestOf(at.plan, { term_months: 12, quantity: 2, options: [] })
    const shown_ = await quote(at.customer, request)
    // 20 of 31 days of 2 × 90.00, 10 % off.
    expect(shown_).toMatchObject({
      total: 10_452,
      recurring: { amount: 16_200 },
      term: { months: 12, discount_basis_points: 1000, to_date: '2027-05-11', amount_after: 18_000 },
      parts: [{ role: 'plan', amount: 16_200 }],
    })
    const order = await place(at.customer, request)
    expect(order).toMatchObject({ due: 10_452, recurring_amount: 16_200 })
    await pay(at, order)
    const done = await own(at.customer, order)
    expect(done).toMatchObject({ state: 'processed', documents: [{ total: 10_452 }] })
    const [service] = await services(at)
    expect((await admin.get(`/subscriptions/${service.id}`)).body).toMatchObject({
      term_months: 12,
      term_end: '2027-05-11',
    })
    const coupons = await shown(await at.customer.get(`/subscriptions/${service.id}/coupons`))
    expect(coupons.items).toMatchObject([
      { term_months: 12, discount_basis_points: 1000, from_date: '2026-05-11', to_date: '2027-05-11' },
    ])
    const [line] = (await admin.get(`/invoices/${done.documents[0].id}`)).body.lines
    expect(line.explanation).toContain('12 months')
    expect(line.explanation).toContain('10%')
    // A whole year and a day later: the period that the term ends in has days of both prices.
    await close(at, '2027-06-30')
    const totals = (await invoicesOf(at)).map(({ issue_date, total }) => [issue_date, total])
    expect(totals.slice(0, 3)).toEqual([
      ['2026-05-11', 10_452],
      ['2026-05-31', 16_200],
      ['2026-06-30', 16_200],
    ])
    const ends = totals.findIndex(([day]) => day === '2027-04-30')
    // 30 April to 31 May: 11 days at 162.00, 20 at 180.00.
    expect(totals[ends]).toEqual(['2027-04-30', 5748 + 11_613])
    expect(totals[ends + 1]).toEqual(['2027-05-31', 18_000])
  })

  it('of a customer takes a term that is offered, and staff any', async () => {
    const at = await found(offered)
    const other = await at.customer.post('/order-quotes', {
      request: requestOf(at.plan, { term_months: 18 }),
    })
    expect(fault(other)).toEqual(['term_months not_a_choice'])
    expect(await quote(at.customer, requestOf(at.plan, { term_months: 6 }))).toMatchObject({
      total: 5806,
      term: { months: 6, discount_basis_points: null, to_date: null, amount_after: null },
    })
    expect(await quote(at.customer, requestOf(at.plan))).toMatchObject({ term: { months: 0 } })
    const staff = await shown(
      await admin.post('/order-quotes', {
        account_id: at.account.id,
        request: requestOf(at.plan, { term_months: 18 }),
      }),
    )
    expect(staff).toMatchObject({ total: 5806, term: { months: 18, discount_basis_points: null } })
  })

  it('stays as it was offered, or is refused: a term that takes off less by now', async () => {
    const at = await found(offered)
    const request = requestOf(at.plan, { term_months: 24 })
    const { token } = await quote(at.customer, request)
    await shown(
      await admin.patch(`/plans/${at.plan.id}`, {
        terms: [{ term_months: 24, discount_basis_points: 1500 }],
      }),
    )
    expect((await at.customer.post('/orders', { request, token })).body.code).toBe('order_price_changed')
  })

  it('of a connection counts its term from the installation', async () => {
    const at = await found({ ...offered, kind: 'broadband' })
    await shown(await admin.patch(`/plans/${at.plan.id}/policy`, { customer_orders: true }))
    const order = await place(at.customer, requestOf(at.plan, { term_months: 12 }))
    expect(order).toMatchObject({ due: 0, recurring_amount: 8100 })
    await runJobs(api)
    const [service] = await services(at)
    expect(service.status).toBe('awaiting_installation')
    api.setNow('2026-06-10T15:00:00Z')
    await shown(await admin.post(`/subscriptions/${service.id}/activate`, {}))
    const { items } = await shown(await admin.get(`/subscriptions/${service.id}/coupons`))
    expect(items).toMatchObject([
      { term_months: 12, coupon_id: null, code: null, from_date: '2026-06-10', to_date: '2027-06-10' },
    ])
  })

  it('adds a coupon to its term: one after the other', async () => {
    const at = await found(offered)
    await created('/coupons', {
      business_unit_id: at.unit.id,
      code: `HALF${at.account.number}`,
      name: 'Half',
      discount_kind: 'percent',
      discount_basis_points: 5000,
      periods: 1,
    })
    const both = await quote(
      at.customer,
      requestOf(at.plan, { term_months: 12, coupon_code: `HALF${at.account.number}` }),
    )
    // 20 of 31 days of 90.00, 10 % off, then half.
    expect(both.total).toBe(2613)
  })
})

describe('a service', () => {
  const sold = async (change: object = {}) => {
    const at = await found({ ...offered, ...change })
    const service = await created(`/accounts/${at.account.id}/subscriptions`, {
      plan_id: at.plan.id,
      start_date: '2026-05-11',
      term_months: 12,
    })
    return { at, service }
  }

  it('is sold by staff at the price of its term, quoted the same', async () => {
    const { at, service } = await sold()
    const quoted = await shown(
      await admin.post(`/accounts/${at.account.id}/subscriptions/quote`, {
        plan_id: at.plan.id,
        term_months: 24,
      }),
    )
    expect(quoted).toMatchObject({
      amount: 9000,
      term: { months: 24, discount_basis_points: 2000, to_date: '2028-05-11', amount: 7200 },
    })
    await close(at, '2026-05-31')
    const [first] = await invoicesOf(at)
    expect(first.total).toBe(5226 + 8100)
    expect((await admin.get(`/subscriptions/${service.id}/coupons`)).body.items).toHaveLength(1)
  })

  it('that is corrected before it is billed moves what its term takes off', async () => {
    const { service } = await sold()
    await shown(await admin.patch(`/subscriptions/${service.id}`, { start_date: '2026-05-21' }))
    expect((await admin.get(`/subscriptions/${service.id}/coupons`)).body.items).toMatchObject([
      { from_date: '2026-05-21', to_date: '2027-05-21' },
    ])
  })

  it('keeps it at another account, and loses it with the plan', async () => {
    const { at, service } = await sold()
    const other = await created('/accounts', {
      business_unit_id: at.unit.id,
      name: 'Heir',
      email: 'heir@x.example',
    })
    const change = { change: { kind: 'transfer', account_id: other.id }, effective_on: '2026-05-11' }
    const shownFirst = await admin.post(`/subscriptions/${service.id}/changes/preview`, change)
    expect(shownFirst.status, JSON.stringify(shownFirst.body)).toBe(200)
    const moved = await admin.post(`/subscriptions/${service.id}/changes`, {
      ...change,
      token: shownFirst.body.token,
    })
    expect(moved.status, JSON.stringify(moved.body)).toBeLessThan(300)
    const [heir] = (await admin.get(`/subscriptions?account_id=${other.id}`)).body.items
    expect((await admin.get(`/subscriptions/${heir.id}/coupons`)).body.items).toMatchObject([
      { term_months: 12, discount_basis_points: 1000, to_date: '2027-05-11' },
    ])
    const plan = await created('/plans', {
      business_unit_id: at.unit.id,
      product_id: at.product.id,
      name: `Larger ${at.account.number}`,
      kind: 'hosting',
      prices: [{ currency: 'BRL', amount: 20_000 }],
    })
    const larger = { change: { kind: 'plan', plan_id: plan.id }, effective_on: '2026-05-11' }
    const preview = await shown(await admin.post(`/subscriptions/${heir.id}/changes/preview`, larger))
    const done = await admin.post(`/subscriptions/${heir.id}/changes`, { ...larger, token: preview.token })
    expect(done.status, JSON.stringify(done.body)).toBeLessThan(300)
    expect((await admin.get(`/subscriptions/${heir.id}/coupons`)).body.items).toMatchObject([
      { state: 'ended' },
    ])
  })

  it('is given only what its plan offers, whatever the code does', async () => {
    const { service } = await sold()
    await expect(
      askOwner(
        api,
        `insert into subscription_coupons (subscription_id, account_id, term_months, name, discount_kind, discount_basis_points,
                                           from_date, to_date)
         select id, account_id, 12, 'x', 'percent', 9000, '2028-01-01', '2029-01-01' from subscriptions where id = $1`,
        [service.id],
      ),
    ).rejects.toThrow(/does not offer/)
    await expect(
      askOwner(
        api,
        `insert into subscription_coupons (subscription_id, account_id, name, discount_kind, discount_basis_points, from_date)
         select id, account_id, 'x', 'percent', 1000, '2028-01-01' from subscriptions where id = $1`,
        [service.id],
      ),
    ).rejects.toThrow(/check/)
  })
})
