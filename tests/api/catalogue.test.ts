import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let product: { id: string }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
  product = await created('/products', { business_unit_id: unit.id, name: 'Internet' })
})
afterAll(() => api.close())

async function created(path: string, body: object) {
  const reply = await admin.post(path, body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

let plans = 0
const planBody = (change: object = {}) => ({
  business_unit_id: unit.id,
  product_id: product.id,
  name: `Fibra ${++plans}`,
  kind: 'generic',
  prices: [{ currency: 'BRL', amount: 9990 }],
  ...change,
})
const fault = (reply: { body: { errors: { path: string; code: string }[] } }) =>
  reply.body.errors.map(({ path, code }) => `${path} ${code}`)

describe('plans', () => {
  it('are created with prices, items and options, and listed with their price', async () => {
    const plan = await created(
      '/plans',
      planBody({
        name: 'Fibra Condomínio',
        kind: 'broadband',
        trial_days: 20,
        proportional_trial: true,
        billing_mode: 'advance',
        term_months: 12,
        prices: [
          { currency: 'BRL', amount: 12990 },
          { currency: 'USD', amount: 2500 },
        ],
        items: [
          { item: 'mailbox', included: 5, maximum: 10, extra_amount: 300 },
          { item: 'login', included: 1 },
        ],
        options: [
          { name: 'IP fixo', amount: 2500 },
          { kind: 'add_on', name: 'Roteador', amount: 0 },
        ],
      }),
    )
    expect(plan).toMatchObject({
      currency: 'BRL',
      amount: 12990,
      active_subscriptions: 0,
      product_name: 'Internet',
      billing_mode: 'advance',
      prices: [
        { currency: 'BRL', cycle_unit: 'month', cycle_count: 1, cycle_alignment: 'closing', amount: 12990 },
        {
          currency: 'USD',
          price_model: 'per_unit',
          tiers: null,
          included: 0,
          valid_from: null,
          amount: 2500,
        },
      ],
      items: [
        { item: 'login', included: 1, maximum: null, extra_amount: null },
        { item: 'mailbox', included: 5, maximum: 10, extra_amount: 300 },
      ],
      options: [
        { kind: 'option', name: 'IP fixo', amount: 2500, sold: false },
        { kind: 'add_on', name: 'Roteador', amount: 0, sold: false },
      ],
    })
    const listed = (await admin.get(`/plans?q=condominio&kind=broadband&archived=false`)).body.items
    expect(listed).toHaveLength(1)
    expect(listed[0]).toMatchObject({ id: plan.id, amount: 12990, active_subscriptions: 0 })
    const csv = await admin.get('/plans.csv?q=condominio')
    expect(csv.bytes.toString()).toContain(
      'Fibra Condomínio,broadband,,129.90,BRL,month,20,true,advance,12,0,',
    )
  })

  it('need a price in the business unit’s currency, a product of it, and nothing twice', async () => {
    const foreign = await api.unit()
    const elsewhere = await created('/products', { business_unit_id: foreign.id, name: 'Internet' })
    const cases: [object, string][] = [
      [{ prices: [{ currency: 'USD', amount: 1 }] }, 'prices price_needed'],
      [{ prices: [] }, 'prices too_small'],
      [
        {
          prices: [
            { currency: 'BRL', amount: 1 },
            { currency: 'BRL', amount: 2 },
          ],
        },
        'prices.1.currency listed_twice',
      ],
      [{ prices: [{ currency: 'BRL', amount: -1 }] }, 'prices.0.amount too_small'],
      [{ product_id: elsewhere.id }, 'product_id not_a_choice'],
      [{ business_unit_id: product.id }, 'business_unit_id not_a_choice'],
      [{ items: [{ item: 'ip', included: 2, maximum: 1 }] }, 'items.0.maximum too_small'],
      [{ items: [{ item: 'ip' }, { item: 'ip' }] }, 'items.1.item listed_twice'],
      [
        {
          options: [
            { name: 'A', amount: 0 },
            { name: 'A', amount: 1 },
          ],
        },
        'options.1.name listed_twice',
      ],
      [{ options: [{ id: product.id, name: 'A', amount: 0 }] }, 'options.0.id not_a_choice'],
      [{ name: 'Taken' }, 'name taken'],
    ]
    await created('/plans', planBody({ name: 'Taken' }))
    for (const [change, expected] of cases) {
      const reply = await admin.post('/plans', planBody(change))
      expect(reply.status, expected).toBe(expected === 'name taken' ? 409 : 422)
      expect(fault(reply)).toEqual([expected])
    }
  })

  it('change as a whole; an option that was sold keeps its id and is archived when it is removed', async () => {
    const plan = await created(
      '/plans',
      planBody({
        items: [{ item: 'login', included: 1 }],
        options: [
          { name: 'Sold', amount: 100 },
          { name: 'Unsold', amount: 200 },
        ],
      }),
    )
    const [sold, unsold] = plan.options
    const account = await created('/accounts', { business_unit_id: unit.id, name: 'Buyer' })
    await created(`/accounts/${account.id}/subscriptions`, {
      plan_id: plan.id,
      options: [{ plan_option_id: sold.id }],
    })

    const renamed = (
      await admin.patch(`/plans/${plan.id}`, {
        prices: [{ currency: 'BRL', amount: 7000 }],
        items: [{ item: 'domain', included: 3 }],
        options: [
          { name: 'New', amount: 300 },
          { id: sold.id, name: 'Sold still', amount: 150 },
        ],
      })
    ).body
    expect(renamed).toMatchObject({
      amount: 7000,
      active_subscriptions: 1,
      items: [{ item: 'domain', included: 3 }],
      options: [
        { name: 'New', position: 0 },
        { id: sold.id, name: 'Sold still', amount: 150, sold: true, archived_at: null },
      ],
    })
    expect(renamed.options.map((option: { id: string }) => option.id)).not.toContain(unsold.id)

    const emptied = (await admin.patch(`/plans/${plan.id}`, { options: [] })).body
    expect(emptied.options).toMatchObject([{ id: sold.id, archived_at: '2026-05-21T15:00:00.000Z' }])
    // The same name again is the same option, back.
    const back = (await admin.patch(`/plans/${plan.id}`, { options: [{ name: 'Sold still', amount: 150 }] }))
      .body
    expect(back.options).toMatchObject([{ id: sold.id, archived_at: null }])
    const untouched = (await admin.patch(`/plans/${plan.id}`, { name: 'Only the name' })).body
    expect(untouched).toMatchObject({ name: 'Only the name', amount: 7000, items: [{ item: 'domain' }] })

    const kind = await admin.patch(`/plans/${plan.id}`, { kind: 'hosting' })
    expect(kind.body.code).toBe('plan_has_subscriptions')
  })

  it('are archived and come back', async () => {
    const plan = await created('/plans', planBody({ name: 'Passado' }))
    const archived = (await admin.patch(`/plans/${plan.id}`, { archived: true })).body
    expect(archived.archived_at).toBe('2026-05-21T15:00:00.000Z')
    expect((await admin.get('/plans?q=passado&archived=false')).body.items).toEqual([])
    expect((await admin.get('/plans?q=passado&archived=true')).body.items).toHaveLength(1)
    expect((await admin.patch(`/plans/${plan.id}`, { archived: false })).body.archived_at).toBeNull()
  })

  it('page by cursor in every order', async () => {
    const other = await api.unit()
    const shelf = await created('/products', { business_unit_id: other.id, name: 'Shelf' })
    for (let n = 0; n < 5; n++)
      await created('/plans', {
        ...planBody({ prices: [{ currency: 'BRL', amount: 1000 * (n % 2) }] }),
        business_unit_id: other.id,
        product_id: shelf.id,
        position: n % 3,
      })
    for (const sort of ['position', '-name', 'amount', '-amount', 'kind', '-created_at']) {
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const reply = await admin.get(
          `/plans?business_unit_id=${other.id}&limit=2&sort=${sort}${cursor ? `&cursor=${cursor}` : ''}`,
        )
        expect(reply.status).toBe(200)
        seen.push(...reply.body.items.map((item: { id: string }) => item.id))
        cursor = reply.body.next_cursor
      } while (cursor)
      expect([seen.length, new Set(seen).size], sort).toEqual([5, 5])
    }
  })

  it('are the business unit’s own, and sales only read them', async () => {
    const plan = await created('/plans', planBody())
    const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
    expect((await elsewhere.get(`/plans/${plan.id}`)).status).toBe(404)
    expect((await elsewhere.patch(`/plans/${plan.id}`, { name: 'x' })).status).toBe(404)
    expect((await elsewhere.get('/plans')).body.items).toEqual([])
    expect(fault(await elsewhere.post('/plans', planBody()))).toEqual(['business_unit_id not_a_choice'])
    const sales = await api.staff('sales')
    expect((await sales.get(`/plans/${plan.id}`)).status).toBe(200)
    expect((await sales.patch(`/plans/${plan.id}`, { name: 'x' })).body.code).toBe('not_permitted')
  })
})

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any
const versionsOf = async (id: string): Promise<Row[]> =>
  (await admin.get(`/plans/${id}/prices`)).body.items.map((row: Row) => [
    row.name,
    row.amount,
    row.valid_from,
    row.valid_to,
  ])

describe('prices', () => {
  it('end on the day that they change and stay known; those to come wait for their day', async () => {
    api.setNow('2026-05-21T15:00:00Z')
    const plan = await created('/plans', planBody({ prices: [{ currency: 'BRL', amount: 9000 }] }))
    const path = `/plans/${plan.id}`
    api.setNow('2026-06-10T15:00:00Z')
    const raised = (
      await admin.patch(path, {
        prices: [
          { currency: 'BRL', amount: 9500 },
          { currency: 'BRL', amount: 9900, valid_from: '2026-07-01' },
        ],
      })
    ).body
    expect(raised).toMatchObject({
      amount: 9500,
      prices: [
        { amount: 9500, valid_from: '2026-06-10', valid_to: '2026-07-01' },
        { amount: 9900, valid_from: '2026-07-01', valid_to: null },
      ],
    })
    // What an answer says can be sent back as it is.
    expect((await admin.patch(path, { prices: raised.prices })).body.prices).toEqual(raised.prices)
    expect(await versionsOf(plan.id)).toEqual(
      expect.arrayContaining([
        [null, 9000, null, '2026-06-10'],
        [null, 9500, '2026-06-10', '2026-07-01'],
        [null, 9900, '2026-07-01', null],
      ]),
    )
    api.setNow('2026-07-01T15:00:00Z')
    expect((await admin.get(path)).body).toMatchObject({ amount: 9900, prices: [{ amount: 9900 }] })
    expect((await admin.get(`/plans?q=${encodeURIComponent(plan.name)}`)).body.items[0].amount).toBe(9900)

    // A mistake of the same day leaves no trace; a price to come can be taken back.
    await admin.patch(path, { prices: [{ currency: 'BRL', amount: 1 }] })
    const corrected = (await admin.patch(path, { prices: [{ currency: 'BRL', amount: 9900 }] })).body
    expect(corrected.prices).toMatchObject([{ amount: 9900, valid_from: '2026-07-01', valid_to: null }])
    expect(await versionsOf(plan.id)).toHaveLength(3)
    api.setNow('2026-05-21T15:00:00Z')
  })

  it('are of every model, cycle and currency, for options and meters too', async () => {
    const tiers = [
      { up_to: 10, unit_amount: 100 },
      { up_to: null, unit_amount: 50, flat_amount: 200 },
    ]
    const plan = await created(
      '/plans',
      planBody({
        suspension_credit: 'never',
        prices: [
          { currency: 'BRL', amount: 100_000, cycle_count: 12 },
          { currency: 'BRL', price_model: 'volume', tiers, cycle_alignment: 'anniversary' },
          { currency: 'CLP', amount: 20_000, price_model: 'flat' },
          { currency: 'BRL', amount: 300, cycle_unit: 'week', cycle_count: 2 },
        ],
        options: [
          { name: 'Install', prices: [{ currency: 'BRL', amount: 5000, cycle_unit: 'once' }] },
          { name: 'Free', amount: 0 },
        ],
        meters: [
          {
            code: 'traffic_gb',
            name: 'Traffic',
            unit_name: 'GB',
            prices: [
              { currency: 'BRL', price_model: 'package', amount: 990, package_size: 100, included: 500 },
            ],
          },
        ],
      }),
    )
    expect(plan).toMatchObject({
      suspension_credit: 'never',
      // The shortest month leads: of its tiers, what one costs.
      amount: 100,
      cycle_unit: 'month',
      cycle_count: 1,
      prices: [
        { price_model: 'volume', amount: 0, cycle_alignment: 'anniversary' },
        { amount: 100_000, cycle_count: 12, cycle_alignment: 'closing' },
        { cycle_unit: 'week', cycle_count: 2, cycle_alignment: 'anniversary' },
        { currency: 'CLP', price_model: 'flat' },
      ],
      options: [
        { name: 'Install', amount: 5000, prices: [{ cycle_unit: 'once' }] },
        { name: 'Free', amount: 0 },
      ],
      meters: [
        {
          code: 'traffic_gb',
          unit_name: 'GB',
          sold: false,
          prices: [{ price_model: 'package', package_size: 100, included: 500 }],
        },
      ],
    })
    expect(plan.prices[0].tiers).toEqual([
      { up_to: 10, unit_amount: 100, flat_amount: 0 },
      { up_to: null, unit_amount: 50, flat_amount: 200 },
    ])
    const kept = (
      await admin.patch(`/plans/${plan.id}`, {
        meters: [{ ...plan.meters[0], id: undefined, name: 'Data' }],
      })
    ).body
    expect(kept.meters).toMatchObject([{ id: plan.meters[0].id, name: 'Data' }])
    expect((await admin.patch(`/plans/${plan.id}`, { meters: [] })).body.meters).toEqual([])
  })

  it('are refused where they cannot be', async () => {
    const price = (change: object) => ({
      prices: [
        { currency: 'BRL', amount: 1 },
        { currency: 'USD', ...change },
      ],
    })
    const meter = (change: object) => ({
      meters: [
        { code: 'gb', name: 'GB', unit_name: 'GB', prices: [{ currency: 'BRL', amount: 1, ...change }] },
      ],
    })
    const open = { up_to: null, unit_amount: 1 }
    const cases: [object, string][] = [
      [price({}), 'prices.1.amount required'],
      [price({ price_model: 'tiered' }), 'prices.1.tiers required'],
      [
        price({ price_model: 'tiered', tiers: [{ up_to: 5, unit_amount: 1 }] }),
        'prices.1.tiers.0.up_to tiers_must_rise',
      ],
      [
        price({
          price_model: 'volume',
          tiers: [{ up_to: 5, unit_amount: 1 }, { up_to: 5, unit_amount: 1 }, open],
        }),
        'prices.1.tiers.1.up_to tiers_must_rise',
      ],
      [price({ price_model: 'package', amount: 1 }), 'prices.1.package_size required'],
      [
        price({ amount: 1, cycle_unit: 'day', cycle_alignment: 'closing' }),
        'prices.1.cycle_alignment not_for_this_cycle',
      ],
      [{ prices: [{ currency: 'BRL', amount: 1, valid_from: '2027-01-01' }] }, 'prices price_needed'],
      [{ options: [{ name: 'A' }] }, 'options.0.amount required'],
      [meter({ cycle_unit: 'once' }), 'meters.0.prices.0.cycle_unit not_for_usage'],
      [{ meters: [...meter({}).meters, ...meter({}).meters] }, 'meters.1.code listed_twice'],
    ]
    for (const [change, expected] of cases) {
      const reply = await admin.post('/plans', planBody(change))
      expect(reply.status, expected).toBe(422)
      expect(fault(reply)).toEqual([expected])
    }
  })
})

describe('products and routing points', () => {
  it('are created, changed, archived, found, and unique by name in their business unit', async () => {
    for (const path of ['/products', '/routing-points']) {
      const one = await created(path, { business_unit_id: unit.id, name: 'Torre São José' })
      const again = await admin.post(path, { business_unit_id: unit.id, name: 'Torre São José' })
      expect([again.status, fault(again)]).toEqual([409, ['name taken']])
      expect((await admin.get(`${path}?q=sao jose`)).body.items).toHaveLength(1)
      const changed = await admin.patch(`${path}/${one.id}`, { name: 'Torre Centro', archived: true })
      expect(changed.body).toMatchObject({ name: 'Torre Centro', archived_at: '2026-05-21T15:00:00.000Z' })
      expect((await admin.get(`${path}?q=torre&archived=false`)).body.items).toEqual([])
      const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
      expect((await elsewhere.patch(`${path}/${one.id}`, { name: 'x' })).status).toBe(404)
      expect((await elsewhere.get(path)).body.items).toEqual([])
    }
  })

  it('take no new plan once the product is archived', async () => {
    const old = await created('/products', { business_unit_id: unit.id, name: 'Dial-up' })
    await admin.patch(`/products/${old.id}`, { archived: true })
    expect(fault(await admin.post('/plans', planBody({ product_id: old.id })))).toEqual([
      'product_id not_a_choice',
    ])
  })
})
