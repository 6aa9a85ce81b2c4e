import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeAccount } from '../../server/modules/billing/index.ts'
import { demand } from '../../server/platform/jobs.ts'
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
  plan = await createPlan()
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-21T15:00:00Z'))

async function created(path: string, body: object): Promise<Row> {
  const reply = await admin.post(path, body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}
let count = 0
async function createPlan(change: object = {}): Promise<Row> {
  const product = await created('/products', { business_unit_id: unit.id, name: `Cloud ${++count}` })
  return created('/plans', {
    business_unit_id: unit.id,
    product_id: product.id,
    name: `Cloud ${count}`,
    kind: 'generic',
    prices: [{ currency: 'BRL', amount: 5000 }],
    meters: [
      {
        code: 'traffic_gb',
        name: 'Traffic',
        unit_name: 'GB',
        prices: [
          {
            currency: 'BRL',
            price_model: 'tiered',
            included: 10,
            tiers: [
              { up_to: 100, unit_amount: 20 },
              { up_to: null, unit_amount: 10 },
            ],
          },
        ],
      },
      { code: 'calls', name: 'Calls', unit_name: 'call', prices: [{ currency: 'BRL', amount: 7 }] },
    ],
    ...change,
  })
}
async function sell(change: object = {}): Promise<Row> {
  const account = await created('/accounts', { business_unit_id: unit.id, name: `Account ${++count}` })
  return created(`/accounts/${account.id}/subscriptions`, {
    plan_id: plan.id,
    start_date: '2026-05-01',
    ...change,
  })
}
const tell = (service: Row, ...records: object[]) =>
  admin.post(`/subscriptions/${service.id}/usage`, { records })
const fault = (reply: Reply) =>
  reply.body.errors.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`)

describe('metered use', () => {
  it('is sold with the plan, each meter at its own price', async () => {
    const service = await sell()
    expect(service.components).toMatchObject([
      { role: 'plan', amount: 5000 },
      { role: 'usage', description: 'Traffic', price_model: 'tiered', included: 10, cycle_unit: 'month' },
      { role: 'usage', description: 'Calls', unit_amount: 7 },
    ])
    // What is used is no part of what it costs in any case.
    expect(service.amount).toBe(5000)
  })

  it('counts once per key, whoever tells it how often', async () => {
    const service = await sell()
    const record = { meter: 'traffic_gb', quantity: 120, on_date: '2026-05-20', key: 'a' }
    const first = await tell(service, record, { meter: 'calls', quantity: 3, key: 'b' })
    expect(first.body).toMatchObject({
      recorded: 2,
      repeated: 0,
      items: [
        { meter: 'traffic_gb', meter_name: 'Traffic', quantity: 120, on_date: '2026-05-20', billed_at: null },
        { meter: 'calls', on_date: '2026-05-21' },
      ],
    })
    const replies = await Promise.all(Array.from({ length: 6 }, () => tell(service, record)))
    for (const reply of replies)
      expect(reply.body).toEqual({ recorded: 0, repeated: 1, items: [first.body.items[0]] })
    // Told without a day it is the same report tomorrow.
    api.setNow('2026-05-22T15:00:00Z')
    expect((await tell(service, { meter: 'calls', quantity: 3, key: 'b' })).body.repeated).toBe(1)

    const other = await tell(service, { meter: 'calls', quantity: 1, key: 'c' }, { ...record, quantity: 121 })
    expect([other.status, other.body.code, fault(other)]).toEqual([
      409,
      'usage_key_reused',
      ['records.1.key key_reused'],
    ])
    // All of it or nothing.
    expect((await admin.get(`/usage?subscription_id=${service.id}`)).body.items).toHaveLength(2)
  })

  it('is taken in by the thousand at once, and is listed, filtered and exported', async () => {
    const service = await sell()
    const records = Array.from({ length: 1000 }, (_, n) => ({
      meter: n % 2 ? 'calls' : 'traffic_gb',
      quantity: n,
      on_date: `2026-05-${String(1 + (n % 20)).padStart(2, '0')}`,
      key: `batch-${n}`,
    }))
    expect((await tell(service, ...records)).body).toMatchObject({ recorded: 1000, repeated: 0 })
    expect((await tell(service, ...records, { ...records[0], key: 'one more' })).status).toBe(422)
    const base = `/usage?subscription_id=${service.id}`
    const seen = new Set<string>()
    let cursor: string | null = null
    do {
      const page: Reply = await admin.get(`${base}&meter=calls&limit=200${cursor ? `&cursor=${cursor}` : ''}`)
      for (const item of page.body.items) seen.add(item.key)
      cursor = page.body.next_cursor
    } while (cursor)
    expect(seen.size).toBe(500)
    expect((await admin.get(`${base}&from=2026-05-20&state=waiting`)).body.items).toHaveLength(50)
    expect((await admin.get(`${base}&state=billed`)).body.items).toEqual([])
    const csv = (
      await admin.get(`/usage.csv?subscription_id=${service.id}&from=2026-05-20&meter=calls`)
    ).bytes.toString()
    expect(csv.trim().split('\n')).toHaveLength(51)
    expect(csv).toContain('2026-05-20,calls,Calls,999,call,batch-999,')
    expect((await admin.get(`/usage.xlsx?subscription_id=${service.id}`)).status).toBe(200)
  })

  it('is refused where it cannot be', async () => {
    const service = await sell({ start_date: '2026-05-10', trial_days: 5 })
    const record = { meter: 'calls', quantity: 1, key: 'x' }
    const cases: [object[], string][] = [
      [[{ ...record, meter: 'unknown' }], 'records.0.meter not_a_choice'],
      [[{ ...record, on_date: '2026-05-22' }], 'records.0.on_date date_in_future'],
      [[{ ...record, on_date: '2026-05-14' }], 'records.0.on_date date_before_charging'],
      [[{ ...record, quantity: -1 }], 'records.0.quantity too_small'],
      [[record, { ...record, quantity: 2 }], 'records.1.key listed_twice'],
    ]
    for (const [records, expected] of cases) {
      const reply = await tell(service, ...records)
      expect([reply.status, fault(reply)], expected).toEqual([422, [expected]])
    }
    const awaited = await sell({ status: 'awaiting_installation' })
    expect((await tell(awaited, record)).body.code).toBe('subscription_state')

    await api.system((tx) =>
      sql`update subscriptions set status = 'cancelled', end_date = '2026-05-20' where id = ${service.id}`.execute(
        tx,
      ),
    )
    expect((await tell(service, { ...record, on_date: '2026-05-19' })).body.recorded).toBe(1)
    expect(fault(await tell(service, { ...record, key: 'y' }))).toEqual(['records.0.on_date after_end'])
    api.setNow('2026-07-10T15:00:00Z')
    expect((await tell(service, { ...record, key: 'z', on_date: '2026-05-19' })).body.code).toBe(
      'usage_closed',
    )
  })

  it('is told for many services at once, by their external ids', async () => {
    const [one, two] = [await sell({ external_id: 'box-1' }), await sell({ external_id: 'box-2' })]
    const body = {
      business_unit_id: unit.id,
      records: [
        { external_id: 'box-1', meter: 'calls', quantity: 4, key: 'k' },
        { external_id: 'box-2', meter: 'calls', quantity: 5, key: 'k' },
      ],
    }
    expect((await admin.post('/usage', body)).body).toMatchObject({
      recorded: 2,
      items: [
        { subscription_id: one.id, quantity: 4 },
        { subscription_id: two.id, quantity: 5 },
      ],
    })
    const wrong = { ...body, records: [...body.records, { ...body.records[0], external_id: 'nobody' }] }
    expect(fault(await admin.post('/usage', wrong))).toEqual(['records.2.external_id not_a_choice'])
    // Of another business unit the same external id is another service's.
    const elsewhere = await api.unit()
    expect(fault(await admin.post('/usage', { ...body, business_unit_id: elsewhere.id }))).toEqual([
      'records.0.external_id not_a_choice',
    ])
  })

  it('is billed once at the closing, whatever became of its price, and late with the next', async () => {
    const service = await sell()
    const calls = service.components[2]
    const call = (quantity: number, on_date: string, key: string) => ({
      meter: 'calls',
      quantity,
      on_date,
      key,
    })
    await tell(service, call(100, '2026-05-10', 'a'))
    const changed = await admin.post(`/subscriptions/${service.id}/changes`, {
      change: {
        kind: 'price',
        component_id: calls.id,
        timing: 'date',
        effective_on: '2026-05-21',
        unit_amount: 9,
      },
    })
    expect(changed.status, JSON.stringify(changed.body)).toBe(201)
    await tell(service, call(10, '2026-05-21', 'b'))
    const close = async (now: string, up_to: string) => {
      api.setNow(now)
      await api.system(async (tx) =>
        demand(
          await closeAccount(
            tx,
            { account_id: service.account_id, up_to: Temporal.PlainDate.from(up_to) },
            api.now(),
          ),
        ),
      )
    }
    await close('2026-05-31T15:00:00Z', '2026-05-31')
    const linesOf = async () =>
      api.system(async (tx) => {
        const { rows } = await sql<{ quantity: number; net: number }>`
          select l.quantity, l.net from invoice_lines l
           where l.subscription_id = ${service.id} and l.role = 'usage' order by l.id`.execute(tx)
        return rows.map((row) => [row.quantity, row.net])
      })
    expect((await linesOf()).sort()).toEqual([
      [10, 90],
      [100, 700],
    ])
    expect((await admin.get(`/usage?subscription_id=${service.id}&state=waiting`)).body.items).toEqual([])
    await tell(service, call(3, '2026-05-25', 'late'), call(1, '2026-05-15', 'later still'))
    await close('2026-06-30T15:00:00Z', '2026-06-30')
    expect((await linesOf()).slice(2).sort()).toEqual([
      [1, 7],
      [3, 27],
    ])
    const billed = (await admin.get(`/usage?subscription_id=${service.id}&state=billed`)).body.items
    expect(billed.map((row: Row) => [row.key, row.invoice_number !== null])).toHaveLength(4)
    api.setNow('2026-05-21T15:00:00Z')
  })

  it('is taken back until it is billed', async () => {
    const service = await sell()
    const [record, billed] = (
      await tell(
        service,
        { meter: 'calls', quantity: 1, key: 'a' },
        { meter: 'calls', quantity: 1, key: 'b' },
      )
    ).body.items
    await api.system((tx) =>
      sql`update usage_records set billed_at = now() where id = ${billed.id}`.execute(tx),
    )
    expect((await admin.delete(`/usage/${record.id}`)).status).toBe(204)
    expect((await admin.delete(`/usage/${record.id}`)).status).toBe(404)
    expect((await admin.delete(`/usage/${billed.id}`)).body.code).toBe('usage_was_billed')
    // Its key is free again.
    expect((await tell(service, { meter: 'calls', quantity: 9, key: 'a' })).body.recorded).toBe(1)
  })

  it('is summed up with what it would cost at the next closing', async () => {
    const service = await sell()
    await tell(
      service,
      { meter: 'traffic_gb', quantity: 80, on_date: '2026-05-02', key: 'a' },
      { meter: 'traffic_gb', quantity: 50, on_date: '2026-05-20', key: 'b' },
      { meter: 'traffic_gb', quantity: 1, on_date: '2026-05-20', key: 'c' },
    )
    const summary = (await admin.get(`/subscriptions/${service.id}/usage-summary`)).body
    expect(summary).toMatchObject({
      currency: 'BRL',
      today: '2026-05-21',
      meters: [
        {
          meter: 'traffic_gb',
          period_from: '2026-04-30',
          period_to: '2026-05-31',
          used: 131,
          waiting: 131,
          // 10 are included; 100 at 0.20 and 21 at 0.10.
          cost: 2210,
          days: [
            { on_date: '2026-05-02', quantity: 80 },
            { on_date: '2026-05-20', quantity: 51 },
          ],
        },
        { meter: 'calls', used: 0, cost: 0, days: [] },
      ],
    })
  })

  it('is summed up by period: each has what is included, and late use goes with the first that is open', async () => {
    const service = await sell({ start_date: '2026-04-01' })
    const [, traffic] = service.components
    await tell(
      service,
      { meter: 'traffic_gb', quantity: 20, on_date: '2026-04-10', key: 'a' },
      { meter: 'traffic_gb', quantity: 20, on_date: '2026-05-10', key: 'b' },
    )
    const cost = async () =>
      (await admin.get(`/subscriptions/${service.id}/usage-summary`)).body.meters[0].cost
    // Ten beyond the included in each of the two periods.
    expect(await cost()).toBe(400)
    await api.system((tx) =>
      sql`insert into billed_coverage (component_id, account_id, period)
        values (${traffic.id}, ${service.account_id}, '[2026-04-01,2026-04-30)')`.execute(tx),
    )
    // April is billed: its late record counts with May's.
    expect(await cost()).toBe(600)
  })

  it('is seen by the customer, and by staff of the business unit alone', async () => {
    const account = await created('/accounts', {
      business_unit_id: unit.id,
      name: 'Seen',
      email: 'seen@usage.example',
    })
    const service = await created(`/accounts/${account.id}/subscriptions`, {
      plan_id: plan.id,
      start_date: '2026-05-01',
    })
    await tell(service, { meter: 'calls', quantity: 2, key: 'a' })
    const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
    expect(
      (
        await elsewhere.post(`/subscriptions/${service.id}/usage`, {
          records: [{ meter: 'calls', quantity: 1, key: 'z' }],
        })
      ).status,
    ).toBe(404)
    expect((await elsewhere.get(`/usage?subscription_id=${service.id}`)).body.items).toEqual([])
    expect((await elsewhere.get(`/subscriptions/${service.id}/usage-summary`)).status).toBe(404)
  })
})
