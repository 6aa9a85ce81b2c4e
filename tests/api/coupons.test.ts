// Coupons (B11): what they take off, for how long, for whom, and never more often than they allow.
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeAccount } from '../../server/modules/billing/index.ts'
import { couponEnd, judgeCoupon } from '../../server/modules/subscriptions/coupons.ts'
import { epochDayOf } from '../../server/platform/calendar.ts'
import { demand } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let plan: string
let otherPlan: string

const day = (text: string) => Temporal.PlainDate.from(text)

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
  const product = (await admin.post('/products', { business_unit_id: unit.id, name: 'Internet' })).body.id
  const sell = async (name: string) =>
    (
      await admin.post('/plans', {
        business_unit_id: unit.id,
        product_id: product,
        name,
        kind: 'generic',
        prices: [{ currency: 'BRL', interval: 'month', amount: 10000 }],
      })
    ).body.id as string
  plan = await sell('Fibra 300')
  otherPlan = await sell('Fibra 600')
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-21T15:00:00Z'))

let coupons = 0
async function create(change: object = {}) {
  const reply = await admin.post('/coupons', {
    business_unit_id: unit.id,
    code: `COUPON${++coupons}`,
    name: `Coupon ${coupons}`,
    discount_kind: 'percent',
    discount_basis_points: 2000,
    ...change,
  })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

let services = 0
async function serve(change: object = {}, account?: string): Promise<{ id: string; account_id: string }> {
  const account_id =
    account ??
    (await admin.post('/accounts', { business_unit_id: unit.id, name: `Customer ${++services}` })).body.id
  const reply = await admin.post(`/accounts/${account_id}/subscriptions`, {
    plan_id: plan,
    start_date: '2026-04-30',
    status: 'active',
    ...change,
  })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

const redeem = (service: { id: string }, code: string, from_date?: string) =>
  admin.post(`/subscriptions/${service.id}/coupons`, { code, ...(from_date ? { from_date } : {}) })

async function close(accountId: string, upTo: string) {
  await api.system((tx) =>
    closeAccount(tx, { account_id: accountId, up_to: day(upTo) }, api.now()).then(demand),
  )
  return api
    .system((tx) =>
      tx
        .selectFrom('invoices')
        .select(['issue_date', 'gross', 'discount', 'total'])
        .where('account_id', '=', accountId)
        .orderBy('issue_date')
        .execute(),
    )
    .then((rows) => rows.map((row) => [row.issue_date.toString(), row.total]))
}

describe('the rules', () => {
  const coupon = {
    name: 'Summer',
    discount_kind: 'amount' as const,
    valid_from: day('2026-01-10'),
    valid_until: day('2026-02-10'),
    most_redemptions: 5,
    once_per_account: true,
    plan_ids: ['a'],
    archived_at: null,
  }
  const facts = {
    today: day('2026-01-10'),
    plan_id: 'a',
    currency: 'BRL',
    unit_currency: 'BRL',
    redemptions: 4,
    own_redemptions: 0,
  }
  it.each([
    ['on its first day', {}, {}, undefined],
    ['on its last day', {}, { today: day('2026-02-09') }, undefined],
    ['before', {}, { today: day('2026-01-09') }, 'coupon_not_yet'],
    ['after', {}, { today: day('2026-02-10') }, 'coupon_expired'],
    ['used up', {}, { redemptions: 5 }, 'coupon_used_up'],
    ['without a limit', { most_redemptions: null }, { redemptions: 5000 }, undefined],
    ['of another plan', {}, { plan_id: 'b' }, 'coupon_other_plan'],
    ['for all plans', { plan_ids: null }, { plan_id: 'b' }, undefined],
    ['used by the account', {}, { own_redemptions: 1 }, 'coupon_already_used'],
    ['as often as one likes', { once_per_account: false }, { own_redemptions: 1 }, undefined],
    ['an amount of another currency', {}, { currency: 'USD' }, 'coupon_other_currency'],
    [
      'a percentage of another currency',
      { discount_kind: 'percent' as const },
      { currency: 'USD' },
      undefined,
    ],
    ['archived', { archived_at: Temporal.Instant.from('2026-01-01T00:00:00Z') }, {}, 'coupon_archived'],
  ])('%s', (_name, terms, change, code) => {
    const judged = judgeCoupon({ ...coupon, ...terms }, { ...facts, ...change })
    expect(judged?.code).toBe(code)
  })

  const cycle = (
    unit: 'once' | 'day' | 'week' | 'month',
    count: number,
    alignment: 'closing' | 'anniversary',
  ) => ({
    unit,
    count,
    alignment,
    anchor: epochDayOf(2026, 1, 31),
  })
  it.each([
    ['for ever', '2026-01-10', null, cycle('month', 1, 'closing'), null],
    ['the rest of a period and two more', '2026-01-10', 3, cycle('month', 1, 'closing'), '2026-03-31'],
    ['from a boundary on', '2026-01-31', 3, cycle('month', 1, 'closing'), '2026-04-30'],
    ['of an anchor of its own', '2026-02-28', 1, cycle('month', 1, 'anniversary'), '2026-03-31'],
    ['quarters', '2026-02-01', 2, cycle('month', 3, 'anniversary'), '2026-07-31'],
    ['weeks', '2026-02-01', 2, cycle('week', 1, 'anniversary'), '2026-02-14'],
    ['once', '2026-02-01', 6, cycle('once', 1, 'anniversary'), '2026-02-02'],
  ])('lasts %s', (_name, from, periods, of, until) => {
    expect(couponEnd(day(from), periods, of, 31)?.toString() ?? null).toBe(until)
  })
})

describe('the catalogue', () => {
  it('creates, finds, changes and archives coupons', async () => {
    const made = await create({ code: 'verao-26', name: 'Verão', periods: 3, most_redemptions: 10 })
    expect(made).toMatchObject({
      code: 'VERAO-26',
      state: 'active',
      currency: 'BRL',
      redemptions: 0,
      once_per_account: true,
      plan_ids: null,
    })
    const twice = await admin.post('/coupons', {
      business_unit_id: unit.id,
      code: 'VERAO-26',
      name: 'Again',
      discount_kind: 'percent',
      discount_basis_points: 1,
    })
    expect(twice.body.errors).toMatchObject([{ path: 'code', code: 'taken' }])
    const found = await admin.get(`/coupons?q=verao&business_unit_id=${unit.id}`)
    expect(found.body.items.map((one: { id: string }) => one.id)).toEqual([made.id])
    const amount = await admin.patch(`/coupons/${made.id}`, { discount_kind: 'amount', discount_amount: 500 })
    expect(amount.body).toMatchObject({ discount_amount: 500, discount_basis_points: null })
    const dates = await admin.patch(`/coupons/${made.id}`, {
      valid_from: '2026-06-01',
      valid_until: '2026-07-01',
    })
    expect(dates.body.state).toBe('not_yet')
    const crossed = await admin.patch(`/coupons/${made.id}`, { valid_until: '2026-06-01' })
    expect(crossed.body.errors).toMatchObject([{ path: 'valid_until', code: 'not_after_start' }])
    expect((await admin.patch(`/coupons/${made.id}`, { archived: true })).body.state).toBe('archived')
    const states = await admin.get(`/coupons?state=archived&business_unit_id=${unit.id}`)
    expect(states.body.items.map((one: { id: string }) => one.id)).toEqual([made.id])
    const foreign = await admin.patch(`/coupons/${made.id}`, { plan_ids: [made.id] })
    expect(foreign.body.errors).toMatchObject([{ path: 'plan_ids.0', code: 'not_a_choice' }])
    const neither = await admin.post('/coupons', {
      business_unit_id: unit.id,
      code: 'NONE',
      name: 'None',
      discount_kind: 'amount',
    })
    expect(neither.body.errors).toMatchObject([{ path: 'discount_amount', code: 'required' }])
    const sales = await api.staff('sales')
    expect((await sales.get(`/coupons/${made.id}`)).status).toBe(200)
    expect((await sales.patch(`/coupons/${made.id}`, { name: 'x' })).status).toBe(403)
    const file = await admin.get(`/coupons.csv?business_unit_id=${unit.id}`)
    expect(file.bytes.toString()).toContain('VERAO-26')
  })
})

describe('a service', () => {
  it('gets a coupon for so many periods, which invoices take off and say', async () => {
    const coupon = await create({ periods: 2 })
    const service = await serve()
    const offered = (await admin.get(`/subscriptions/${service.id}/coupons`)).body
    expect(offered).toMatchObject({ items: [], earliest_from: '2026-04-30', default_from: '2026-04-30' })
    const redeemed = await redeem(service, coupon.code.toLowerCase())
    expect(redeemed.status, JSON.stringify(redeemed.body)).toBe(201)
    expect(redeemed.body).toMatchObject({
      code: coupon.code,
      from_date: '2026-04-30',
      to_date: '2026-06-30',
      discount_basis_points: 2000,
    })
    api.setNow('2026-08-01T12:00:00Z')
    expect(await close(service.account_id, '2026-07-31')).toEqual([
      ['2026-05-31', 8000],
      ['2026-06-30', 8000],
      ['2026-07-31', 10000],
    ])
    const invoice = (await admin.get(`/invoices?account_id=${service.account_id}&sort=issue_date`)).body
      .items[0]
    const lines = (await admin.get(`/invoices/${invoice.id}`)).body.lines
    expect(JSON.stringify(lines)).toContain(coupon.name)
    api.setNow('2026-05-21T15:00:00Z')
  })

  it('has days that are billed already left alone', async () => {
    const service = await serve({ billing_mode: 'advance', start_date: '2026-04-30' })
    await close(service.account_id, '2026-04-30')
    const offered = (await admin.get(`/subscriptions/${service.id}/coupons`)).body
    expect(offered).toMatchObject({ earliest_from: '2026-05-31', default_from: '2026-05-31' })
    const coupon = await create({ periods: 1 })
    const early = await redeem(service, coupon.code, '2026-05-21')
    expect(early.body.errors).toMatchObject([{ path: 'from_date', code: 'billed_before' }])
    const redeemed = await redeem(service, coupon.code)
    expect(redeemed.body).toMatchObject({ from_date: '2026-05-31', to_date: '2026-06-30' })
  })

  it('is refused one in words: unknown, other plan, twice, ended, not its unit’s', async () => {
    const service = await serve()
    expect((await redeem(service, 'nothing')).body).toMatchObject({ status: 409, code: 'coupon_unknown' })
    const elsewhere = await api.unit()
    const foreign = await create({ business_unit_id: elsewhere.id })
    expect((await redeem(service, foreign.code)).body.code).toBe('coupon_unknown')
    const other = await create({ plan_ids: [otherPlan] })
    expect((await redeem(service, other.code)).body.code).toBe('coupon_other_plan')
    const expired = await create({ valid_until: '2026-05-21' })
    const refused = await redeem(service, expired.code)
    expect(refused.body).toMatchObject({
      code: 'coupon_expired',
      detail: expect.stringContaining('May 20, 2026'),
    })
    expect((await redeem(service, (await create({ valid_from: '2026-05-22' })).code)).body.code).toBe(
      'coupon_not_yet',
    )
    const once = await create()
    expect((await redeem(service, once.code)).status).toBe(201)
    expect((await redeem(await serve({}, service.account_id), once.code)).body.code).toBe(
      'coupon_already_used',
    )
    const often = await create({ once_per_account: false })
    expect((await redeem(service, often.code)).status).toBe(201)
    expect((await redeem(service, often.code)).body.code).toBe('coupon_running')
    const gone = await serve()
    await api.system((tx) =>
      sql`update subscriptions set status = 'cancelled', end_date = '2026-05-21', end_reason = 'gone' where id = ${gone.id}`.execute(
        tx,
      ),
    )
    expect((await redeem(gone, often.code)).body.code).toBe('subscription_state')
    const auditor = await api.staff('auditor')
    expect((await auditor.post(`/subscriptions/${service.id}/coupons`, { code: often.code })).status).toBe(
      403,
    )
  })

  it('ends one early from today, and what was redeemed stays as it was promised', async () => {
    const coupon = await create({ periods: 12 })
    const service = await serve()
    const redeemed = (await redeem(service, coupon.code)).body
    expect((await admin.patch(`/coupons/${coupon.id}`, { discount_basis_points: 100 })).body.code).toBe(
      'coupon_redeemed',
    )
    expect((await admin.patch(`/coupons/${coupon.id}`, { periods: 1 })).body.code).toBe('coupon_redeemed')
    const less = await admin.patch(`/coupons/${coupon.id}`, { most_redemptions: 1, name: 'Renamed' })
    expect(less.body).toMatchObject({ most_redemptions: 1, state: 'used_up', redemptions: 1 })
    const ended = await admin.post(`/redemptions/${redeemed.id}/end`)
    expect(ended.body).toMatchObject({ from_date: '2026-04-30', to_date: '2026-05-21', name: coupon.name })
    expect((await admin.post(`/redemptions/${redeemed.id}/end`)).body.code).toBe('coupon_ended')
    const listed = (await admin.get(`/subscriptions/${service.id}/coupons`)).body.items
    expect(listed).toMatchObject([{ state: 'ended' }])
    // 21 of 31 days with 20 % off.
    api.setNow('2026-06-01T12:00:00Z')
    expect(await close(service.account_id, '2026-05-31')).toEqual([['2026-05-31', 8645]])
    api.setNow('2026-05-21T15:00:00Z')
    const uses = (await admin.get(`/coupons/${coupon.id}/redemptions`)).body.items
    expect(uses).toMatchObject([{ account_id: service.account_id, subscription_id: service.id }])
  })

  it('that waits for its installation begins its coupon when it is charged', async () => {
    const coupon = await create({ periods: 2 })
    const service = await serve({ status: 'awaiting_installation', start_date: '2026-05-10', trial_days: 5 })
    expect((await redeem(service, coupon.code)).body).toMatchObject({ from_date: '2026-05-10' })
    await admin.post(`/subscriptions/${service.id}/activate`, { date: '2026-05-20' })
    const [item] = (await admin.get(`/subscriptions/${service.id}/coupons`)).body.items
    expect(item).toMatchObject({ from_date: '2026-05-25', to_date: '2026-06-30', state: 'coming' })
  })

  it('shows its coupon to the customer, and to no other', async () => {
    const account = (
      await admin.post('/accounts', { business_unit_id: unit.id, name: 'Seen', email: 'seen@coupon.example' })
    ).body.id
    await admin.post('/accounts', { business_unit_id: unit.id, name: 'Not', email: 'not@coupon.example' })
    const service = await serve({}, account)
    const coupon = await create({
      discount_kind: 'amount',
      discount_amount: 1500,
      discount_basis_points: null,
    })
    await redeem(service, coupon.code)
    const customer = await api.customer('seen@coupon.example')
    expect((await customer.get(`/subscriptions/${service.id}/coupons`)).body.items).toMatchObject([
      { name: coupon.name, discount_amount: 1500, currency: 'BRL', to_date: null, state: 'running' },
    ])
    const stranger = await api.customer('not@coupon.example')
    expect((await stranger.get(`/subscriptions/${service.id}/coupons`)).status).toBe(404)
  })
})

describe('the number of redemptions', () => {
  it('is never exceeded, however many redeem at once', async () => {
    const coupon = await create({ most_redemptions: 3, once_per_account: false })
    const all = await Promise.all(Array.from({ length: 8 }, () => serve()))
    const replies = await Promise.all(all.map((service) => redeem(service, coupon.code)))
    expect(replies.filter((reply) => reply.status === 201).length).toBe(3)
    expect(new Set(replies.filter((reply) => reply.status !== 201).map((reply) => reply.body.code))).toEqual(
      new Set(['coupon_used_up']),
    )
    expect((await admin.get(`/coupons/${coupon.id}`)).body).toMatchObject({
      redemptions: 3,
      state: 'used_up',
    })
  })

  const insert = (couponId: string, service: { id: string; account_id: string }, from = '2026-05-01') =>
    api.system((tx) =>
      sql`insert into subscription_coupons (subscription_id, account_id, coupon_id, name, discount_kind, discount_basis_points, from_date)
          values (${service.id}, ${service.account_id}, ${couponId}, 'x', 'percent', 1000, ${from}::date)`.execute(
        tx,
      ),
    )

  it('is held by the database itself, whatever the code does', async () => {
    const coupon = await create({ most_redemptions: 2 })
    const [first, second, third] = [await serve(), await serve(), await serve()]
    await insert(coupon.id, first)
    await expect(insert(coupon.id, await serve({}, first.account_id))).rejects.toMatchObject({
      constraint: 'coupon_once_per_account',
    })
    const [a, b] = await Promise.allSettled([insert(coupon.id, second), insert(coupon.id, third)])
    expect([a.status, b.status].sort()).toEqual(['fulfilled', 'rejected'])
    expect([a, b].find((one) => one.status === 'rejected')).toMatchObject({
      reason: { constraint: 'coupon_most_redemptions' },
    })
    const foreign = await create({ business_unit_id: (await api.unit()).id })
    await expect(insert(foreign.id, first)).rejects.toMatchObject({ constraint: 'coupon_unit' })
    const often = await create({ once_per_account: false })
    await insert(often.id, first)
    await expect(insert(often.id, first, '2026-08-01')).rejects.toMatchObject({ code: '23P01' })
  })
})
