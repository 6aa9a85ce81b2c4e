import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Caller, type Reply, startTestApi, type TestApi } from '../api.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let plan: Row

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
  const product = await created('/products', { business_unit_id: unit.id, name: 'Suite' })
  plan = await created('/plans', {
    business_unit_id: unit.id,
    product_id: product.id,
    name: 'Suite',
    kind: 'licence',
    prices: [
      {
        currency: 'BRL',
        price_model: 'tiered',
        tiers: [
          { up_to: 10, unit_amount: 1000 },
          { up_to: null, unit_amount: 800 },
        ],
      },
      { currency: 'BRL', amount: 10_000, cycle_count: 12, cycle_alignment: 'anniversary' },
      { currency: 'USD', amount: 200 },
    ],
    options: [
      {
        name: 'Backup',
        prices: [
          { currency: 'BRL', amount: 300 },
          { currency: 'BRL', amount: 3000, cycle_count: 12, cycle_alignment: 'anniversary' },
        ],
      },
      { name: 'Setup', prices: [{ currency: 'BRL', amount: 5000, cycle_unit: 'once' }] },
    ],
  })
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-21T15:00:00Z'))

async function created(path: string, body: object): Promise<Row> {
  const reply = await admin.post(path, body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}
let count = 0
const createAccount = () => created('/accounts', { business_unit_id: unit.id, name: `Account ${++count}` })
const sell = async (change: object = {}): Promise<Row> =>
  created(`/accounts/${(await createAccount()).id}/subscriptions`, { plan_id: plan.id, ...change })
const fault = (reply: Reply) =>
  reply.body.errors.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`)
const yearly = { cycle_unit: 'month', cycle_count: 12 }

describe('a sale', () => {
  it('is of a quantity at the price of its tier, options in the plan’s cycle first', async () => {
    const [backup, setup] = plan.options
    const options = [{ plan_option_id: backup.id, quantity: 2 }, { plan_option_id: setup.id }]
    const monthly = await sell({ quantity: 17, options })
    expect(monthly).toMatchObject({
      plan_value: 15_600,
      // What is charged once is no part of what a month costs.
      amount: 15_600 + 600,
      cycle_unit: 'month',
      cycle_count: 1,
      components: [
        { role: 'plan', quantity: 17, price_model: 'tiered', amount: 15_600, cycle_count: 1 },
        { description: 'Backup', unit_amount: 300, amount: 600 },
        { description: 'Setup', cycle_unit: 'once', amount: 5000 },
      ],
    })
    const annual = await sell({ cycle: yearly, options, anchor_date: '2026-01-15' })
    expect(annual).toMatchObject({
      plan_value: 10_000,
      amount: 16_000,
      cycle_count: 12,
      cycle_alignment: 'anniversary',
      components: [
        { role: 'plan', cycle_count: 12, anchor_date: '2026-01-15' },
        { description: 'Backup', unit_amount: 3000, cycle_count: 12, anchor_date: '2026-01-15' },
        { description: 'Setup', cycle_unit: 'once', anchor_date: null },
      ],
    })
    const listed = (await admin.get(`/subscriptions?account_id=${annual.account_id}`)).body.items
    expect(listed).toMatchObject([{ amount: 16_000, cycle_count: 12 }])
    const mixed = await sell({ cycle: yearly, options: [{ ...options[0], cycle: { cycle_unit: 'month' } }] })
    expect(mixed).toMatchObject({ amount: 10_000, components: [{}, { amount: 600, cycle_count: 1 }] })
  })

  it('may be in another currency that the plan has a price in, and in no other', async () => {
    expect(await sell({ currency: 'USD' })).toMatchObject({ currency: 'USD', amount: 200 })
    const account = await createAccount()
    const cases: [object, string][] = [
      [{ currency: 'CLP' }, 'plan_id plan_without_price'],
      [{ currency: 'USD', cycle: yearly }, 'cycle not_a_choice'],
      [
        { currency: 'USD', options: [{ plan_option_id: plan.options[0].id }] },
        'options.0.plan_option_id option_without_price',
      ],
      [
        { options: [{ plan_option_id: plan.options[1].id, cycle: { cycle_unit: 'month' } }] },
        'options.0.cycle not_a_choice',
      ],
      [{ quantity: 0 }, 'quantity too_small'],
      [{ discount_kind: 'amount', discount_amount: 1001 }, 'discount_amount discount_too_large'],
    ]
    for (const [change, expected] of cases) {
      const reply = await admin.post(`/accounts/${account.id}/subscriptions`, { plan_id: plan.id, ...change })
      expect([reply.status, fault(reply)], expected).toEqual([422, [expected]])
    }
  })

  it('redeems a coupon with it, or is none', async () => {
    await created('/coupons', {
      business_unit_id: unit.id,
      code: 'HALF',
      name: 'Half',
      discount_kind: 'percent',
      discount_basis_points: 5000,
    })
    const account = await createAccount()
    const path = `/accounts/${account.id}/subscriptions`
    expect((await admin.post(path, { plan_id: plan.id, coupon_code: 'NONE' })).body.code).toBe(
      'coupon_unknown',
    )
    expect((await admin.get(`/subscriptions?account_id=${account.id}`)).body.items).toEqual([])
    const service = await created(path, { plan_id: plan.id, coupon_code: 'half' })
    expect((await admin.get(`/subscriptions/${service.id}/coupons`)).body.items).toMatchObject([
      { name: 'Half' },
    ])
  })

  it('is quoted with its first invoice, and nothing is written', async () => {
    const account = await createAccount()
    const quote = (body: object) => admin.post(`/accounts/${account.id}/subscriptions/quote`, body)
    const monthly = await quote({
      plan_id: plan.id,
      quantity: 2,
      options: [{ plan_option_id: plan.options[1].id }],
    })
    expect(monthly.status, JSON.stringify(monthly.body)).toBe(200)
    expect(monthly.body).toMatchObject({
      currency: 'BRL',
      amount: 2000,
      billing_start: '2026-05-21',
      components: [
        { role: 'plan', amount: 2000 },
        { description: 'Setup', amount: 5000 },
      ],
      coupon: null,
      first_invoice: {
        issue_date: '2026-05-31',
        lines: [
          // Ten days of the 31 from 30 April.
          { role: 'plan', days: 10, of_days: 31, net: 645 },
          { role: 'option', description: 'Setup', net: 5000 },
        ],
        total: 5645,
      },
    })
    const annual = (await quote({ plan_id: plan.id, cycle: yearly, billing_mode: 'advance' })).body
    expect(annual.first_invoice).toMatchObject({
      issue_date: '2026-05-21',
      total: 10_000,
      lines: [{ from: '2026-05-21', to: '2027-05-21' }],
    })
    expect((await quote({ plan_id: plan.id, status: 'awaiting_installation' })).body.first_invoice).toBeNull()
    expect((await quote({ plan_id: plan.id, coupon_code: 'NONE' })).body.code).toBe('coupon_unknown')
    const first = await created(`/accounts/${account.id}/subscriptions`, { plan_id: plan.id })
    const before = first.contract_number
    await quote({ plan_id: plan.id })
    expect((await sell()).contract_number).toBe(before + 1)
    expect((await admin.get(`/subscriptions?account_id=${account.id}`)).body.items).toHaveLength(1)
  })
})

describe('prices', () => {
  it('are calculated and explained without being in the catalogue', async () => {
    const { tiers } = plan.prices.find((price: Row) => price.price_model === 'tiered')
    const reply = await admin.post('/prices/calculate', {
      price_model: 'tiered',
      tiers,
      included: 2,
      quantities: [0, 2, 17],
    })
    expect(reply.body.items).toMatchObject([
      { quantity: 0, amount: 0, parts: [] },
      { quantity: 2, amount: 0 },
      {
        quantity: 17,
        amount: 14_000,
        parts: [
          { kind: 'included', units: 2 },
          { kind: 'tier', units: 10, amount: 10_000 },
          { kind: 'tier', units: 5, unit_amount: 800, amount: 4000 },
        ],
      },
    ])
    expect(fault(await admin.post('/prices/calculate', { quantities: [1] }))).toEqual(['amount required'])
    expect(
      fault(await admin.post('/prices/calculate', { amount: 1_000_000_000_000, quantities: [1, 2] })),
    ).toEqual(['quantities.1 amount_too_large'])
  })

  it('that changed after a sale are listed with what was sold', async () => {
    const product = await created('/products', { business_unit_id: unit.id, name: 'Aged' })
    const aged = await created('/plans', {
      business_unit_id: unit.id,
      product_id: product.id,
      name: 'Aged',
      kind: 'generic',
      prices: [{ currency: 'BRL', amount: 1000 }],
    })
    const sold = []
    for (let n = 0; n < 3; n++) sold.push(await sell({ plan_id: aged.id, quantity: n + 1 }))
    const path = `/plans/${aged.id}/older-prices`
    expect((await admin.get(path)).body).toEqual({ items: [], next_cursor: null, count: 0 })
    api.setNow('2026-06-01T15:00:00Z')
    await admin.patch(`/plans/${aged.id}`, { prices: [{ currency: 'BRL', amount: 1200 }] })
    await sell({ plan_id: aged.id })
    const first = (await admin.get(`${path}?limit=2`)).body
    expect(first.count).toBe(3)
    expect(first.items).toMatchObject([
      {
        subscription_id: sold[0].id,
        unit_amount: 1000,
        amount: 1000,
        list_unit_amount: 1200,
        list_amount: 1200,
      },
      { subscription_id: sold[1].id, quantity: 2, amount: 2000, list_amount: 2400 },
    ])
    const second = (await admin.get(`${path}?limit=2&cursor=${first.next_cursor}`)).body
    expect(second).toMatchObject({ items: [{ subscription_id: sold[2].id }], next_cursor: null })
    const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
    expect((await elsewhere.get(path)).status).toBe(404)
  })
})
