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
        { currency: 'BRL', interval: 'month', amount: 12990 },
        { currency: 'USD', interval: 'month', amount: 2500 },
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
    expect(csv.bytes.toString()).toContain('Fibra Condomínio,broadband,,129.90,BRL,20,true,advance,12,0,')
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
