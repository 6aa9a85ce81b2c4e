import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, type Reply, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any

let api: TestApi
let admin: Caller

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-31T15:00:00Z'))

async function created(path: string, body: object): Promise<Row> {
  const reply = await admin.post(path, body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}
async function done(reply: Promise<Reply>): Promise<Row> {
  const { status, body } = await reply
  expect(status, JSON.stringify(body)).toBeLessThan(300)
  return body
}
async function asOwner(statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: api.database.ownerUrl })
  await client.connect()
  await client.query(`set zaguan.actor = '{"kind":"system","way":"command","operation":"test"}'`)
  return (await client.query(statement).finally(() => client.end())).rows
}

type Shop = { unit: string; plan: Row }
let count = 0
async function openShop(): Promise<Shop> {
  const unit = await api.unit({})
  const product = await created('/products', { business_unit_id: unit.id, name: 'Internet' })
  const plan = await created('/plans', {
    business_unit_id: unit.id,
    product_id: product.id,
    name: 'Fibra 500',
    kind: 'broadband',
    prices: [{ currency: 'BRL', amount: 31_000 }],
    options: [],
  })
  return { unit: unit.id, plan }
}
async function sell(shop: Shop, start = '2026-05-21'): Promise<Row> {
  const n = ++count
  const account = await created('/accounts', {
    business_unit_id: shop.unit,
    name: `Cliente ${n}`,
    email: `cliente${n}@fechamento.example`,
  })
  return created(`/accounts/${account.id}/subscriptions`, { plan_id: shop.plan.id, start_date: start })
}
async function prepare(shop: Shop, upTo = '2026-05-31'): Promise<Row> {
  const closing = await created('/closings', { business_unit_id: shop.unit, up_to: upTo })
  await runJobs(api)
  return done(admin.get(`/closings/${closing.id}`))
}
async function run(id: string): Promise<Row> {
  expect((await admin.post(`/closings/${id}/run`)).status).toBe(202)
  await runJobs(api)
  return done(admin.get(`/closings/${id}`))
}
const price = (id: string, currency: string) =>
  asOwner(`update subscriptions set currency = '${currency}' where id = '${id}'`)
async function tick(at: string): Promise<void> {
  api.setNow(at)
  await api.system((tx) => enqueue(tx, 'billing:close_due_units', {}))
  await runJobs(api)
}
const closingsOf = async (shop: Shop): Promise<Row[]> =>
  (await done(admin.get(`/closings?business_unit_id=${shop.unit}`))).items

describe('what a closing left out', () => {
  it('is taken up again alone, with a preview of its own, and only once at a time', async () => {
    const shop = await openShop()
    const services = [await sell(shop), await sell(shop), await sell(shop), await sell(shop)]
    await price(services[1].id, 'USD')
    const prepared = await prepare(shop)
    expect(prepared).toMatchObject({ origin: 'staff', planned_invoices: 3, parked_accounts: 1, days_late: 0 })
    expect(prepared.warnings[0]).toMatchObject({
      account_id: services[1].account_id,
      reason: 'currency_differs',
    })
    expect((await admin.post(`/closings/${prepared.id}/retry`)).body.code).toBe('closing_not_done')
    // One more changes after the preview.
    await asOwner(
      `update subscription_components set unit_amount = 62000 where subscription_id = '${services[2].id}'`,
    )
    const first = await run(prepared.id)
    expect(first).toMatchObject({
      state: 'done',
      issued_invoices: 2,
      parked_accounts: 1,
      changed_accounts: 1,
    })

    const retry = await created(`/closings/${first.id}/retry`, {})
    expect(retry).toMatchObject({ retry_of_id: first.id, up_to: '2026-05-31' })
    expect((await created(`/closings/${first.id}/retry`, {})).id).toBe(retry.id)
    await price(services[1].id, 'BRL')
    await sell(shop)
    await runJobs(api)
    const again = await done(admin.get(`/closings/${retry.id}`))
    // Neither what was invoiced nor the account that came since: the two that were left out.
    expect(again).toMatchObject({
      state: 'prepared',
      planned_invoices: 2,
      accounts_total: 2,
      parked_accounts: 0,
      differences: null,
    })
    expect(await run(retry.id)).toMatchObject({
      state: 'done',
      issued_invoices: 2,
      planned_total: 10_000 + 20_000,
    })
    expect((await done(admin.get(`/closings/${first.id}`))).retried_by_id).toBe(retry.id)
    expect((await admin.post(`/closings/${retry.id}/retry`)).body.code).toBe('closing_nothing_left')
    expect(await prepare(shop)).toMatchObject({ planned_invoices: 1 })
  })

  it('is for who may bill', async () => {
    const shop = await openShop()
    const service = await sell(shop)
    await price(service.id, 'USD')
    const closing = await run((await prepare(shop)).id)
    const support = await api.staff('support')
    expect((await support.post(`/closings/${closing.id}/retry`)).status).toBe(403)
  })
})

describe('how a closing differs', () => {
  it('is told against the month before, not against what was closed in between', async () => {
    const shop = await openShop()
    const [stays, , raised] = [
      await sell(shop, '2026-04-01'),
      await sell(shop, '2026-05-31'),
      await sell(shop, '2026-04-01'),
    ]
    const may = await run((await prepare(shop)).id)
    expect(may.issued_invoices).toBeGreaterThan(0)
    api.setNow('2026-06-15T15:00:00Z')
    await sell(shop, '2026-06-10')
    await asOwner(
      `update subscription_components set unit_amount = 62000 where subscription_id = '${raised.id}'`,
    )
    const june = await prepare(shop, '2026-06-30')
    expect(june.previous).toMatchObject({ id: may.id })
    expect(june.differences).toMatchObject({ gone: 0 })
    expect(june.differences.items.map((item: Row) => item.account_id)).toContain(raised.account_id)
    const after = await run(june.id)
    expect(after.differences).toEqual(june.differences)
    expect(stays.account_id).not.toBe(raised.account_id)
  })
})

describe('closing by the clock', () => {
  const schedule = (shop: Shop, body: object) =>
    admin.put(`/business-units/${shop.unit}/closing-schedule`, body)

  it('is off until somebody switches it on, and says when it will run', async () => {
    const shop = await openShop()
    expect(await done(admin.get(`/business-units/${shop.unit}/closing-schedule`))).toMatchObject({
      active: false,
      closed_to: null,
      next_run_at: null,
    })
    expect((await schedule(shop, { active: true, at_hour: 24, days_after: 0 })).status).toBe(422)
    // The hour is that of São Paulo.
    expect(await done(schedule(shop, { active: true, at_hour: 20, days_after: 2 }))).toMatchObject({
      active: true,
      at_hour: 20,
      days_after: 2,
      next_run_at: '2026-05-31T23:00:00.000Z',
    })
    const support = await api.staff('support')
    expect(
      (
        await support.put(`/business-units/${shop.unit}/closing-schedule`, {
          active: false,
          at_hour: 5,
          days_after: 0,
        })
      ).status,
    ).toBe(403)
    await asOwner(`update closing_schedules set active = false`)
  })

  it('bills each closing date once, days after it, at the hour of the unit', async () => {
    const shop = await openShop()
    await sell(shop)
    await done(schedule(shop, { active: true, at_hour: 5, days_after: 1 }))
    // 04:30 of 1 June in São Paulo: 30 May is what may be closed.
    await tick('2026-06-01T07:30:00Z')
    expect(await closingsOf(shop)).toEqual([])
    await tick('2026-06-01T08:05:00Z')
    await tick('2026-06-01T08:20:00Z')
    const [closing, ...others] = await closingsOf(shop)
    expect(others).toEqual([])
    expect(closing).toMatchObject({
      origin: 'clock',
      created_by: null,
      up_to: '2026-05-31',
      issued_invoices: 1,
      days_late: 0,
      caught_up_dates: [],
    })
    expect(await done(admin.get(`/business-units/${shop.unit}/closing-schedule`))).toMatchObject({
      closed_to: '2026-05-31',
      next_run_at: '2026-06-02T08:00:00.000Z',
    })
    // A day on which nothing is due leaves nothing behind.
    await tick('2026-06-02T09:00:00Z')
    expect(await closingsOf(shop)).toHaveLength(1)
    await asOwner(`update closing_schedules set active = false`)
  })

  it('catches up what was missed, and says which dates and how late', async () => {
    const shop = await openShop()
    await sell(shop)
    await done(schedule(shop, { active: true, at_hour: 5, days_after: 0 }))
    await tick('2026-05-31T09:00:00Z')
    // Nothing runs until the middle of August: two closing dates are missed, each has its invoice all the same.
    await tick('2026-08-12T18:00:00Z')
    const [late, first] = await closingsOf(shop)
    expect(first).toMatchObject({ up_to: '2026-05-31', days_late: 0 })
    expect(late).toMatchObject({
      origin: 'clock',
      up_to: '2026-08-12',
      behind_since: '2026-06-01',
      caught_up_dates: ['2026-06-30', '2026-07-31'],
      days_late: 72,
      issued_invoices: 2,
    })
    await asOwner(`update closing_schedules set active = false`)
  })

  it('tells of an account that it cannot bill once, not every day', async () => {
    const shop = await openShop()
    const service = await sell(shop)
    await price(service.id, 'USD')
    await done(schedule(shop, { active: true, at_hour: 5, days_after: 0 }))
    for (const day of ['2026-05-31', '2026-06-01', '2026-06-02']) await tick(`${day}T12:00:00Z`)
    expect(await closingsOf(shop)).toMatchObject([
      { up_to: '2026-05-31', parked_accounts: 1, issued_invoices: 0 },
    ])
    await price(service.id, 'BRL')
    await tick('2026-06-03T12:00:00Z')
    expect((await closingsOf(shop))[0]).toMatchObject({
      up_to: '2026-06-03',
      issued_invoices: 1,
      parked_accounts: 0,
    })
    await asOwner(`update closing_schedules set active = false`)
  })
})
