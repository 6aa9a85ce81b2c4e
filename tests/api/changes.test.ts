// Changes of services: every kind, now, on a day and at the period's end; what each costs is shown before, and exactly that
// is done (P8–P10, X5, billing.md 18–24).

import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeUnit } from '../../server/modules/billing/index.ts'
import { performWaiting } from '../../server/modules/changes/changes.ts'
import { addCharges } from '../../server/modules/subscriptions/index.ts'
import { isRefusal } from '../../server/platform/errors.ts'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, type Reply, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'

let api: TestApi
let admin: Caller

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  admin = await api.staff('admin')
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-11T15:00:00Z'))

let count = 0
async function created(path: string, body: object, by = admin): Promise<Row> {
  const reply = await by.post(path, body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}
const fault = (reply: Reply) =>
  reply.body.errors?.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`) ??
  reply.body.code

/** A business unit that closes on day 31, with a plan for each price, and an account with a service of the first. */
async function found(
  settings: { mode?: 'advance' | 'arrears'; unit?: object; prices?: number[]; plan?: object } = {},
) {
  const unit = await api.unit({ closing_day: 31, ...settings.unit })
  const product = await created('/products', { business_unit_id: unit.id, name: `Product ${++count}` })
  const plans: Row[] = []
  for (const amount of settings.prices ?? [9000, 12_000]) {
    plans.push(
      await created('/plans', {
        business_unit_id: unit.id,
        product_id: product.id,
        name: `Plan ${amount}`,
        kind: 'generic',
        billing_mode: settings.mode ?? 'advance',
        prices: [{ currency: 'BRL', amount }],
        options: [
          { name: 'Backup', prices: [{ currency: 'BRL', amount: 1000 }] },
          ...(amount === 9000 ? [{ name: 'Only here', prices: [{ currency: 'BRL', amount: 500 }] }] : []),
        ],
        ...settings.plan,
      }),
    )
  }
  const email = `c${count}@changes.example`
  const account = await created('/accounts', { business_unit_id: unit.id, name: `Customer ${count}`, email })
  return { unit, plans, account, email }
}
const subscribe = (account: Row, plan: Row, change: object = {}) =>
  created(`/accounts/${account.id}/subscriptions`, { plan_id: plan.id, start_date: '2026-04-30', ...change })
const close = async (unit: Row, up_to: string): Promise<void> => {
  const closed = await closeUnit(api.office, {
    business_unit_id: unit.id,
    up_to: Temporal.PlainDate.from(up_to),
    now: api.now,
  })
  if (isRefusal(closed)) throw new Error(`not closed: ${closed.code}`)
  expect(closed.parked).toBe(0)
}
const read = async (service: Row): Promise<Row> => (await admin.get(`/subscriptions/${service.id}`)).body
const preview = async (service: Row, change: object, by = admin): Promise<Row> => {
  const reply = await by.post(`/subscriptions/${service.id}/changes/preview`, { change })
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return reply.body
}
/** Previews and does exactly that. */
async function change(service: Row, asked: object): Promise<{ shown: Row; done: Row }> {
  const shown = await preview(service, asked)
  const done = await created(`/subscriptions/${service.id}/changes`, { change: asked, token: shown.token })
  return { shown, done }
}
/** Which mails the customer has got. */
const told = async (customer: Caller): Promise<string[]> =>
  (await customer.get('/notices')).body.items.map((one: Row) => one.kind)
/** What the clock does every five minutes. */
async function due(): Promise<void> {
  await api.system((tx) => enqueue(tx, 'changes:perform_due', {}))
  await runJobs(api)
}
/** A transaction of the portal's own login, entered into an account. */
async function transact<T>(
  on: TestApi,
  accountId: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: on.database.portalUrl })
  await client.connect()
  try {
    await client.query('begin')
    await client.query(
      `select set_config('zaguan.account_id', $1, true), set_config('zaguan.permissions', 'owner', true)`,
      [accountId],
    )
    return await work(client)
  } finally {
    await client.end()
  }
}
const balance = async (account: Row): Promise<Row> => {
  const rows = await api.system((tx) =>
    tx
      .selectFrom('ledger_entries')
      .select(['ledger_account', (eb) => eb.fn.sum<number>('amount').as('amount')])
      .where('account_id', '=', account.id)
      .groupBy('ledger_account')
      .execute(),
  )
  return Object.fromEntries(rows.map((row) => [row.ledger_account, Number(row.amount)]))
}

describe('a change of plan', () => {
  it('in advance credits the unused days and charges the new plan’s, and shows it before', async () => {
    const { unit, plans, account } = await found()
    const service = await subscribe(account, plans[0], {
      options: [{ plan_option_id: plans[0].options[0].id }, { plan_option_id: plans[0].options[1].id }],
    })
    api.setNow('2026-05-01T15:00:00Z')
    await close(unit, '2026-04-30')
    expect((await balance(account)).receivable).toBe(10_500)
    api.setNow('2026-05-21T15:00:00Z')
    const { shown, done } = await change(service, { kind: 'plan', plan_id: plans[1].id })
    expect(shown).toMatchObject({
      timing: 'now',
      effective_on: '2026-05-21',
      scheduled: false,
      dropped: ['Only here'],
    })
    // 10 of 31 days: [21 May, 31 May).
    expect(shown.costs.credits.map((line: Row) => [line.description, line.days, line.of, line.net])).toEqual([
      ['Plan 9000', 10, 31, 2903],
      ['Backup', 10, 31, 323],
      ['Only here', 10, 31, 161],
    ])
    expect(shown.costs.charges.map((line: Row) => [line.description, line.days, line.net])).toEqual([
      ['Plan 12000', 10, 3871],
      ['Backup', 10, 323],
    ])
    expect(done).toMatchObject({ state: 'done', kind: 'plan', credit_total: 3387, charge_total: 4194 })
    expect(done.documents.map((one: Row) => [one.kind, one.total])).toEqual([
      ['credit_note', 3387],
      ['invoice', 4194],
    ])
    expect((await balance(account)).receivable).toBe(10_500 - 3387 + 4194)
    const after = await read(service)
    expect(after).toMatchObject({
      plan_name: 'Plan 12000',
      amount: 13_000,
      contract_number: service.contract_number,
    })
    expect(shown.costs.next).toEqual({ date: '2026-05-31', amount: 13_000 })
    await close(unit, '2026-05-31')
    expect((await balance(account)).receivable).toBe(10_500 - 3387 + 4194 + 13_000)
  })
  it('in arrears costs nothing at once: each plan gets its days at the closing', async () => {
    const { unit, plans, account } = await found({ mode: 'arrears' })
    const service = await subscribe(account, plans[0])
    api.setNow('2026-05-21T15:00:00Z')
    const { shown } = await change(service, { kind: 'plan', plan_id: plans[1].id })
    expect(shown.costs).toMatchObject({ credits: [], charges: [], net: 0 })
    // 21 days at 90.00 and 10 at 120.00 of 31: 60.97 + 38.71.
    expect(shown.costs.next).toEqual({ date: '2026-05-31', amount: 6097 + 3871 })
    await close(unit, '2026-05-31')
    expect((await balance(account)).receivable).toBe(6097 + 3871)
  })

  it('waits for the period’s end where it is a downgrade, at the price that was shown, and costs nothing then', async () => {
    const { unit, plans, account } = await found()
    const service = await subscribe(account, plans[1])
    await close(unit, '2026-04-30')
    const asked = { kind: 'plan', plan_id: plans[0].id }
    const { shown, done } = await change(service, asked)
    expect(shown).toMatchObject({ timing: 'period_end', effective_on: '2026-05-31', scheduled: true })
    expect(shown.costs).toMatchObject({
      credits: [],
      charges: [],
      next: { date: '2026-05-31', amount: 9000 },
    })
    expect(done).toMatchObject({ state: 'scheduled', withdrawable: true })
    const again = await admin.post(`/subscriptions/${service.id}/changes`, { change: asked })
    expect([again.status, again.body.code]).toEqual([409, 'change_scheduled_already'])
    // The catalogue's price rises meanwhile; what was agreed stays.
    await admin.patch(`/plans/${plans[0].id}`, { prices: [{ currency: 'BRL', amount: 20_000 }] })
    api.setNow('2026-05-31T02:00:00Z')
    await due()
    expect(await read(service)).toMatchObject({ plan_name: 'Plan 12000' })
    // 00:30 on 31 May in São Paulo.
    api.setNow('2026-05-31T03:30:00Z')
    await due()
    expect(await read(service)).toMatchObject({ plan_name: 'Plan 9000', amount: 9000 })
    await due()
    await close(unit, '2026-05-31')
    expect((await balance(account)).receivable).toBe(12_000 + 9000)
    const [only] = (await admin.get(`/subscriptions/${service.id}/changes`)).body.items
    expect(only).toMatchObject({ state: 'done', effective_on: '2026-05-31', documents: [] })
  })

  it('catches up after downtime with the right day', async () => {
    const { unit, plans, account } = await found()
    const service = await subscribe(account, plans[1])
    await close(unit, '2026-04-30')
    await change(service, { kind: 'plan', plan_id: plans[0].id })
    api.setNow('2026-06-10T15:00:00Z')
    // The closing ran before the change, with the old plan: it is settled as if the change had come in time.
    await close(unit, '2026-05-31')
    expect((await balance(account)).receivable).toBe(24_000)
    await due()
    expect((await balance(account)).receivable).toBe(12_000 + 9000)
    expect(
      (await read(service)).components.find((one: Row) => one.role === 'plan' && one.to_date === null),
    ).toMatchObject({
      from_date: '2026-05-31',
    })
  })

  it('there and back on one day nets to nothing, whatever the catalogue did in between', async () => {
    const { unit, plans, account } = await found()
    const service = await subscribe(account, plans[0], {
      options: [{ plan_option_id: plans[0].options[0].id, quantity: 3 }],
      discount_kind: 'percent',
      discount_basis_points: 1234,
    })
    await close(unit, '2026-04-30')
    const before = await balance(account)
    await admin.patch(`/plans/${plans[0].id}`, { prices: [{ currency: 'BRL', amount: 20_000 }] })
    await change(service, { kind: 'plan', plan_id: plans[1].id })
    const { shown } = await change(service, { kind: 'plan', plan_id: plans[0].id, timing: 'now' })
    expect(shown.after.amount).toBe(shown.before.plan_name === 'Plan 12000' ? 9000 - 1111 + 3000 : 0)
    const after = await balance(account)
    expect((after.receivable ?? 0) + (after.account_credit ?? 0)).toBe(before.receivable)
    const components = (await read(service)).components.filter((one: Row) => one.to_date === null)
    expect(components.map((one: Row) => [one.description, one.from_date])).toEqual([
      ['Plan 9000', null],
      ['Backup', null],
    ])
    await close(unit, '2026-05-31')
    expect((await balance(account)).revenue).toBe(-2 * (9000 - 1111 + 3000))
  })

  it('may keep what the new plan lacks, leave the discount behind, and begin with free days', async () => {
    const { unit, plans, account } = await found()
    const service = await subscribe(account, plans[0], {
      options: [{ plan_option_id: plans[0].options[1].id }],
      discount_kind: 'amount',
      discount_amount: 100,
    })
    await close(unit, '2026-04-30')
    const { shown } = await change(service, {
      kind: 'plan',
      plan_id: plans[1].id,
      missing_options: 'keep',
      keep_discount: false,
      trial_days: 10,
    })
    expect(shown.dropped).toEqual([])
    expect(shown.after.parts.map((one: Row) => [one.description, one.amount, one.from_date])).toEqual([
      ['Plan 12000', 12_000, '2026-05-21'],
      ['Only here', 500, '2026-05-21'],
    ])
    expect(shown.costs.credits.every((line: Row) => line.from === '2026-05-11')).toBe(true)
    expect(shown.costs.charges.every((line: Row) => line.from === '2026-05-21' && line.days === 10)).toBe(
      true,
    )
  })

  it('is refused where it cannot be', async () => {
    const { plans, account } = await found()
    const service = await subscribe(account, plans[0])
    const other = await found()
    const ask = async (asked: object) => {
      const reply = await admin.post(`/subscriptions/${service.id}/changes/preview`, { change: asked })
      return [reply.status, fault(reply)]
    }
    expect(await ask({ kind: 'plan', plan_id: other.plans[0].id })).toEqual([422, ['plan_id not_a_choice']])
    expect(await ask({ kind: 'plan', plan_id: plans[0].id })).toEqual([422, ['plan_id unchanged']])
    expect(
      await ask({ kind: 'plan', plan_id: plans[1].id, timing: 'date', effective_on: '2026-04-29' }),
    ).toEqual([422, ['effective_on date_before_charging']])
    expect(await ask({ kind: 'plan', plan_id: plans[1].id, timing: 'date' })).toEqual([
      422,
      ['effective_on required'],
    ])
    expect(await ask({ kind: 'quantity', quantity: 1 })).toEqual([422, ['quantity unchanged']])
    expect(await ask({ kind: 'reactivate' })).toEqual([409, 'subscription_state'])
    expect(await ask({ kind: 'transfer', account_id: account.id })).toEqual([
      422,
      ['account_id same_account'],
    ])
    expect(await ask({ kind: 'transfer', account_id: other.account.id })).toEqual([
      422,
      ['account_id not_a_choice'],
    ])
    expect(await ask({ kind: 'extend_trial', days: 5 })).toEqual([422, ['days trial_over']])
    expect(await ask({ kind: 'cycle', cycle_unit: 'month', cycle_count: 3 })).toEqual([
      422,
      ['unit_amount no_price_for_cycle'],
    ])
  })
})

describe('a token', () => {
  it('does exactly what was shown, or nothing', async () => {
    const { unit, plans, account } = await found()
    const service = await subscribe(account, plans[0])
    const asked = { kind: 'plan', plan_id: plans[1].id }
    const shown = await preview(service, asked)
    expect((await preview(service, asked)).token).toBe(shown.token)
    // A closing in between: now there is something to give back.
    await close(unit, '2026-04-30')
    const refused = await admin.post(`/subscriptions/${service.id}/changes`, {
      change: asked,
      token: shown.token,
    })
    expect([refused.status, refused.body.code]).toEqual([409, 'preview_outdated'])
    expect(await read(service)).toMatchObject({ plan_name: 'Plan 9000' })
    const fresh = await preview(service, asked)
    expect(fresh.token).not.toBe(shown.token)
    const other = { ...asked, keep_discount: false, trial_days: 1 }
    const mixed = await admin.post(`/subscriptions/${service.id}/changes`, {
      change: other,
      token: fresh.token,
    })
    expect(mixed.body.code).toBe('preview_outdated')
    await created(`/subscriptions/${service.id}/changes`, { change: asked, token: fresh.token })
    expect((await balance(account)).receivable).toBe(9000 + fresh.costs.net)
  })

  it('writes nothing when it is only looked at', async () => {
    const { plans, account, unit } = await found()
    const service = await subscribe(account, plans[0])
    await close(unit, '2026-04-30')
    const before = [await read(service), await balance(account)]
    await preview(service, { kind: 'plan', plan_id: plans[1].id })
    await preview(service, { kind: 'cancel', reason: 'x' })
    expect([await read(service), await balance(account)]).toEqual(before)
  })
})

describe('other changes', () => {
  it('quantity, options, price and discount are settled to the day', async () => {
    const { unit, plans, account } = await found({ prices: [3100] })
    const service = await subscribe(account, plans[0])
    await close(unit, '2026-04-30')
    // 20 of 31 days are left: [11 May, 31 May).
    const net = async (asked: object) => (await change(service, asked)).shown.costs.net
    expect(await net({ kind: 'quantity', quantity: 4 })).toBe(3 * 2000)
    expect(
      await net({ kind: 'options', options: [{ plan_option_id: plans[0].options[0].id, quantity: 2 }] }),
    ).toBe(1290)
    expect(await net({ kind: 'price', unit_amount: 1550 })).toBe(-4000)
    expect(await net({ kind: 'discount', discount_kind: 'percent', discount_basis_points: 5000 })).toBe(-2000)
    expect(await net({ kind: 'discount', discount_kind: null })).toBe(2000)
    const less = await preview(service, { kind: 'quantity', quantity: 1 })
    expect(less).toMatchObject({ timing: 'period_end', scheduled: true })
    expect(await read(service)).toMatchObject({ plan_value: 6200, amount: 8200, discount: 0 })
    await close(unit, '2026-05-31')
    const [last] = (await admin.get(`/invoices?account_id=${account.id}&sort=-issue_date`)).body.items
    expect(last).toMatchObject({ issue_date: '2026-05-31', total: 8200 })
  })

  it('a past day is rated anew, down to the first charged one', async () => {
    const { unit, plans, account } = await found({ mode: 'arrears' })
    const service = await subscribe(account, plans[0])
    api.setNow('2026-06-10T15:00:00Z')
    await close(unit, '2026-05-31')
    const { shown } = await change(service, {
      kind: 'plan',
      plan_id: plans[1].id,
      timing: 'date',
      effective_on: '2026-05-21',
    })
    expect(shown.costs.credits).toMatchObject([{ from: '2026-05-21', to: '2026-05-31', net: 2903 }])
    expect(shown.costs.charges).toMatchObject([{ from: '2026-05-21', to: '2026-05-31', net: 3871 }])
    await close(unit, '2026-06-30')
    expect((await balance(account)).receivable).toBe(9000 - 2903 + 3871 + 12_000)
  })

  it('a cycle begins at the period’s end, at the catalogue’s price for it or an agreed one', async () => {
    const { unit, plans, account } = await found({
      prices: [9000],
      plan: {
        prices: [
          { currency: 'BRL', amount: 9000 },
          { currency: 'BRL', amount: 25_000, cycle_count: 3 },
        ],
      },
    })
    const service = await subscribe(account, plans[0], { cycle: { cycle_unit: 'month', cycle_count: 1 } })
    await close(unit, '2026-04-30')
    const { shown } = await change(service, { kind: 'cycle', cycle_unit: 'month', cycle_count: 3 })
    expect(shown).toMatchObject({
      effective_on: '2026-05-31',
      after: { amount: 25_000, parts: [{ cycle_count: 3 }] },
      costs: { net: 0, next: { date: '2026-05-31', amount: 25_000 } },
    })
    api.setNow('2026-05-31T15:00:00Z')
    await due()
    await close(unit, '2026-05-31')
    await close(unit, '2026-05-31')
    expect((await balance(account)).receivable).toBe(9000 + 25_000)
    api.setNow('2026-08-30T15:00:00Z')
    await close(unit, '2026-08-29')
    expect((await balance(account)).receivable).toBe(9000 + 25_000)
    api.setNow('2026-08-31T15:00:00Z')
    await close(unit, '2026-08-31')
    expect((await balance(account)).receivable).toBe(9000 + 50_000)
  })

  it('due day and payment method are those of all the account’s services', async () => {
    const { plans, account } = await found({ unit: { payment_methods: ['boleto', 'pix'] } })
    const service = await subscribe(account, plans[0], { due_day: 10, payment_method: 'boleto' })
    const other = await subscribe(account, plans[1])
    await change(service, { kind: 'due_day', due_day: 20, payment_method: 'pix' })
    expect(await read(other)).toMatchObject({ due_day: 20, payment_method: 'pix' })
  })

  it('a longer trial charges later', async () => {
    const { plans, account } = await found()
    const service = await subscribe(account, plans[0], { start_date: '2026-05-10', trial_days: 5 })
    expect(service.billing_start).toBe('2026-05-15')
    const { shown } = await change(service, { kind: 'extend_trial', days: 10 })
    expect(shown.after.billing_start).toBe('2026-05-25')
    expect(await read(service)).toMatchObject({ trial_days: 15, billing_start: '2026-05-25' })
  })

  it('a change of plan inside the trial leaves the trial as it is', async () => {
    const { unit, plans, account } = await found()
    const service = await subscribe(account, plans[0], { start_date: '2026-05-10', trial_days: 11 })
    const { shown } = await change(service, { kind: 'plan', plan_id: plans[1].id })
    expect(shown.costs).toMatchObject({ net: 0, next: { date: '2026-05-31', amount: 12_000 + 3871 } })
    await close(unit, '2026-05-31')
    expect((await balance(account)).receivable).toBe(12_000 + 3871)
  })
})

describe('suspension', () => {
  it('gives back the days billed in advance, but not those lost for debt unless the plan says so', async () => {
    const { unit, plans, account } = await found({ prices: [3100, 6200] })
    await admin.patch(`/plans/${plans[1].id}/policy`, { suspension_credit: 'always' })
    const one = await subscribe(account, plans[0])
    const two = await subscribe(account, plans[0])
    const three = await subscribe(account, plans[1])
    await close(unit, '2026-04-30')
    const own = await change(one, { kind: 'suspend', reason: 'Trip' })
    expect(own.shown.costs).toMatchObject({ net: -2000, next: null })
    expect((await change(two, { kind: 'suspend', for_debt: true })).shown.costs.net).toBe(0)
    expect((await change(three, { kind: 'suspend', for_debt: true })).shown.costs.net).toBe(-4000)
    api.setNow('2026-05-21T15:00:00Z')
    const back = await change(one, { kind: 'reactivate' })
    // The days of a service that resumes inside the period are billed at its end.
    expect(back.shown.costs).toMatchObject({ net: 0, next: { date: '2026-05-31', amount: 1000 + 3100 } })
    expect((await change(two, { kind: 'reactivate' })).shown.costs.next).toEqual({
      date: '2026-05-31',
      amount: 3100,
    })
    await close(unit, '2026-05-31')
    await close(unit, '2026-06-30')
    // In advance two more periods are billed of the first two; the third rests.
    expect((await balance(account)).revenue).toBe(-(3100 - 2000 + 1000 + 3100 * 2 + 3100 * 3 + 6200 - 4000))
  })

  it('and its end can be scheduled both', async () => {
    const { plans, account } = await found()
    const service = await subscribe(account, plans[0])
    await change(service, { kind: 'suspend', timing: 'date', effective_on: '2026-05-20', reason: 'Trip' })
    await change(service, { kind: 'reactivate', timing: 'date', effective_on: '2026-05-25' })
    expect(await read(service)).toMatchObject({ status: 'active', suspensions: [] })
    api.setNow('2026-05-26T15:00:00Z')
    await due()
    expect(await read(service)).toMatchObject({
      status: 'active',
      suspensions: [{ from_date: '2026-05-20', to_date: '2026-05-25', reason: 'Trip' }],
    })
  })
})

describe('a cancellation', () => {
  it('ends the service on its day, and billing never goes beyond', async () => {
    const { unit, plans, account } = await found()
    const service = await subscribe(account, plans[0])
    await close(unit, '2026-04-30')
    const { shown, done } = await change(service, {
      kind: 'cancel',
      reason: 'Moving',
      timing: 'date',
      effective_on: '2026-06-10',
    })
    expect(shown).toMatchObject({
      scheduled: true,
      costs: { net: 0, next: { date: '2026-05-31', amount: 3000 } },
    })
    expect(await read(service)).toMatchObject({
      status: 'active',
      end_date: '2026-06-10',
      end_reason: 'Moving',
    })
    await close(unit, '2026-05-31')
    // [31 May, 10 June) of a period of 30 days.
    expect((await balance(account)).receivable).toBe(9000 + 3000)
    const back = await admin.post(`/changes/${done.id}/withdraw`)
    expect(back.body).toMatchObject({ state: 'withdrawn' })
    expect(await read(service)).toMatchObject({ end_date: null, end_reason: null })
    expect((await admin.post(`/changes/${done.id}/withdraw`)).body.code).toBe('change_ended')
    await close(unit, '2026-05-31')
    expect((await balance(account)).receivable).toBe(18_000)
    api.setNow('2026-06-05T15:00:00Z')
    const now = await change(service, { kind: 'cancel', reason: 'Moving after all' })
    expect(now.shown.costs).toMatchObject({ net: -7500, next: null })
    expect(await read(service)).toMatchObject({ status: 'cancelled', end_date: '2026-06-05' })
    api.setNow('2026-08-31T15:00:00Z')
    await close(unit, '2026-08-31')
    expect((await balance(account)).revenue).toBe(-(9000 + 1500))
  })

  it('inside the minimum term costs the penalty, with the instalments that are left, unless staff do without it', async () => {
    const { unit, plans, account } = await found({ mode: 'arrears' })
    const service = await subscribe(account, plans[0], { term_months: 12 })
    const set = await admin.put(`/subscriptions/${service.id}/contract`, {
      penalty: 'fixed',
      penalty_amount: 15_000,
    })
    expect(set.status, JSON.stringify(set.body)).toBe(200)
    await api.system((tx) =>
      addCharges(
        tx,
        [1, 2, 3].map((instalment) => ({
          account_id: account.id,
          subscription_id: service.id,
          kind: 'instalment' as const,
          description: 'Installation',
          unit_amount: 1000,
          bill_on: Temporal.PlainDate.from(`2026-0${4 + instalment}-31`.replace('06-31', '06-30')),
          instalment,
          instalments: 3,
        })),
      ),
    )
    const waived = await preview(service, { kind: 'cancel', reason: 'x', penalty: false })
    expect(waived.costs).toMatchObject({ penalty: { amount: 15_000, waived: true }, net: 3000 })
    const { shown, done } = await change(service, { kind: 'cancel', reason: 'x' })
    expect(shown.costs).toMatchObject({
      penalty: { amount: 15_000, reason: 'fixed', waived: false },
      net: 18_000,
      next: { date: '2026-05-31' },
    })
    expect(shown.costs.one_off.map((line: Row) => [line.role, line.net])).toEqual([
      ['instalment', 1000],
      ['instalment', 1000],
      ['instalment', 1000],
      ['penalty', 15_000],
    ])
    expect(done.documents).toMatchObject([{ kind: 'invoice', total: 18_000 }])
    expect(await balance(account)).toMatchObject({ penalties: -15_000, revenue: -3000 })
    api.setNow('2026-07-31T15:00:00Z')
    await close(unit, '2026-07-31')
    // 11 days of 31 in arrears; nothing of the instalments again.
    expect((await balance(account)).receivable).toBe(18_000 + 3194)
  })

  it('takes everything else that was scheduled with it', async () => {
    const { plans, account } = await found()
    const service = await subscribe(account, plans[1])
    await change(service, { kind: 'plan', plan_id: plans[0].id })
    await change(service, { kind: 'cancel', reason: 'x' })
    const { items } = (await admin.get(`/subscriptions/${service.id}/changes`)).body
    expect(items.map((one: Row) => [one.kind, one.state])).toEqual([
      ['cancel', 'done'],
      ['plan', 'withdrawn'],
    ])
  })
})

describe('a transfer', () => {
  it('settles the old account up to the day and opens the service at the new one (P9)', async () => {
    const { unit, plans, account } = await found()
    const target = await created('/accounts', { business_unit_id: unit.id, name: 'Tiago Monteiro' })
    await admin.patch(`/plans/${plans[0].id}`, { prices: [{ currency: 'BRL', amount: 20_000 }] })
    await admin.patch(`/plans/${plans[0].id}`, { prices: [{ currency: 'BRL', amount: 9000 }] })
    const service = await subscribe(account, plans[0], {
      options: [{ plan_option_id: plans[0].options[0].id, quantity: 2 }],
      discount_kind: 'amount',
      discount_amount: 1000,
      term_months: 12,
    })
    await close(unit, '2026-04-30')
    api.setNow('2026-05-21T15:00:00Z')
    const { shown, done } = await change(service, { kind: 'transfer', account_id: target.id })
    expect(shown).toMatchObject({
      before: { account_name: expect.stringContaining('Customer') },
      after: { account_name: 'Tiago Monteiro', amount: 10_000, status: 'active' },
      costs: { net: -(2581 + 645), charges: [], next: { date: '2026-05-31', amount: 2581 + 645 + 10_000 } },
    })
    const old = await read(service)
    expect(old).toMatchObject({ status: 'cancelled', end_date: '2026-05-21' })
    const opened = await read({ id: done.new_subscription_id })
    expect(opened).toMatchObject({
      account_id: target.id,
      number: 1,
      status: 'active',
      billing_start: '2026-05-21',
      amount: 10_000,
      discount: 1000,
      term_months: 12,
    })
    expect(opened.contract_number).not.toBe(old.contract_number)
    await close(unit, '2026-05-31')
    expect((await balance(account)).receivable).toBe(10_000 - 2581 - 645)
    expect((await balance(target)).receivable).toBe(2581 + 645 + 10_000)
    // History at both.
    for (const one of [service, opened]) {
      const { items } = (await admin.get(`/subscriptions/${one.id}/changes`)).body
      expect(items).toMatchObject([{ kind: 'transfer', state: 'done' }])
    }
  })
})

describe('what waits', () => {
  it('is noted as failed with its reason where it has become impossible; the others go on', async () => {
    const { plans, account } = await found()
    const one = await subscribe(account, plans[0])
    const two = await subscribe(account, plans[1])
    await change(one, { kind: 'suspend', timing: 'date', effective_on: '2026-05-20' })
    await change(one, { kind: 'quantity', quantity: 2, timing: 'date', effective_on: '2026-05-20' })
    await change(two, { kind: 'plan', plan_id: plans[0].id })
    api.setNow('2026-05-19T15:00:00Z')
    await change(one, { kind: 'suspend' })
    api.setNow('2026-05-31T15:00:00Z')
    await due()
    const { items } = (await admin.get(`/changes?account_id=${account.id}&sort=-created_at`)).body
    expect(items.map((row: Row) => [row.kind, row.state, row.failure_code])).toEqual([
      ['suspend', 'done', null],
      ['plan', 'done', null],
      ['quantity', 'done', null],
      ['suspend', 'failed', 'subscription_state'],
    ])
    expect(items[3].failure).toMatch(/suspended/i)
    const failed = (await admin.get(`/changes?account_id=${account.id}&state=failed`)).body.items
    expect(failed).toHaveLength(1)
    const csv = await admin.get(`/changes.csv?account_id=${account.id}&state=failed`)
    expect(csv.bytes.toString()).toContain('failed')
  })

  it('happens once when two workers come at once, and one open change of a kind is all that there is', async () => {
    const { unit, plans, account } = await found()
    const service = await subscribe(account, plans[1])
    await close(unit, '2026-04-30')
    const asked = { kind: 'plan', plan_id: plans[0].id, timing: 'date', effective_on: '2026-05-21' }
    const both = await Promise.all(
      [1, 2].map(() => admin.post(`/subscriptions/${service.id}/changes`, { change: asked })),
    )
    expect(both.map((reply) => reply.status).sort()).toEqual([201, 409])
    const id = both.find((reply) => reply.status === 201)!.body.id
    api.setNow('2026-05-21T15:00:00Z')
    await Promise.all([1, 2, 3].map(() => api.system((tx) => performWaiting(tx, id, api.now()))))
    expect((await balance(account)).receivable).toBe(12_000 - 3871 + 2903)
  })

  it('meets a closing of the same account at once and ends the same', async () => {
    const { unit, plans, account } = await found()
    const service = await subscribe(account, plans[0])
    await Promise.all([
      close(unit, '2026-04-30'),
      admin.post(`/subscriptions/${service.id}/changes`, { change: { kind: 'plan', plan_id: plans[1].id } }),
    ])
    await close(unit, '2026-05-31')
    // [30 Apr, 11 May) at 90.00, [11 May, 31 May) at 120.00 of 31 days, then a whole period.
    expect((await balance(account)).receivable).toBe(3194 + 7742 + 12_000)
  })
})

describe('a customer', () => {
  const allow = (plan: Row, change: object) => admin.patch(`/plans/${plan.id}/policy`, change)

  it('changes what the plan leaves to them: shown first, performed within a second', async () => {
    const { unit, plans, account, email } = await found()
    const service = await subscribe(account, plans[0])
    await close(unit, '2026-04-30')
    const customer = await api.customer(email)
    const closed = (await customer.get(`/subscriptions/${service.id}/change-choices`)).body
    expect(closed).toMatchObject({
      may_plan: false,
      may_quantity: false,
      may_options: false,
      may_cancel: true,
      plans: [],
    })
    const asked = { kind: 'plan', plan_id: plans[1].id }
    const refused = await customer.post(`/subscriptions/${service.id}/changes/preview`, { change: asked })
    expect([refused.status, refused.body.code]).toEqual([403, 'change_not_allowed'])
    for (const plan of plans) await allow(plan, { customer_changes_plan: true })
    const open = (await customer.get(`/subscriptions/${service.id}/change-choices`)).body
    expect(open).toMatchObject({
      may_plan: true,
      plans: [{ id: plans[1].id, amount: 12_000, upgrade: true }],
    })
    const shown = await preview(service, asked, customer)
    expect(shown).toMatchObject({ effective_on: '2026-05-11', costs: { net: 7742 - 5806 } })
    const reply = await customer.post(`/subscriptions/${service.id}/changes`, {
      change: asked,
      token: shown.token,
    })
    expect([reply.status, reply.body.state]).toEqual([202, 'requested'])
    await runJobs(api)
    const done = (await customer.get(`/changes/${reply.body.id}`)).body
    expect(done).toMatchObject({ state: 'done', by_us: false, withdrawable: false })
    expect(done.documents.map((one: Row) => one.kind)).toEqual(['credit_note', 'invoice'])
    expect((await balance(account)).receivable).toBe(9000 + 7742 - 5806)
    expect(await told(customer)).toContain('change_done')
  })

  it('asks for a cancellation at the period’s end, sees it, and takes it back', async () => {
    const { unit, plans, account, email } = await found()
    const service = await subscribe(account, plans[0])
    await close(unit, '2026-04-30')
    const customer = await api.customer(email)
    const asked = { kind: 'cancel', reason: 'Too expensive' }
    const shown = await preview(service, asked, customer)
    expect(shown).toMatchObject({ timing: 'period_end', effective_on: '2026-05-31', costs: { net: 0 } })
    const past = await customer.post(`/subscriptions/${service.id}/changes/preview`, {
      change: { ...asked, timing: 'date', effective_on: '2026-05-01' },
    })
    expect(fault(past)).toEqual(['effective_on date_in_past'])
    const reply = await customer.post(`/subscriptions/${service.id}/changes`, {
      change: asked,
      token: shown.token,
    })
    await runJobs(api)
    expect(await read(service)).toMatchObject({ status: 'active', end_date: '2026-05-31' })
    const { items } = (await customer.get(`/subscriptions/${service.id}/changes`)).body
    expect(items).toMatchObject([
      { kind: 'cancel', state: 'scheduled', withdrawable: true, reason: 'Too expensive' },
    ])
    expect((await customer.post(`/changes/${reply.body.id}/withdraw`)).body).toMatchObject({
      state: 'withdrawn',
    })
    expect(await read(service)).toMatchObject({ end_date: null })
    expect(await told(customer)).toContain('cancellation_requested')
  })

  it('is told why where something changed before it was done', async () => {
    const { plans, account, email } = await found()
    const service = await subscribe(account, plans[0])
    for (const plan of plans) await allow(plan, { customer_changes_plan: true })
    const customer = await api.customer(email)
    const asked = { kind: 'plan', plan_id: plans[1].id }
    const shown = await preview(service, asked, customer)
    const reply = await customer.post(`/subscriptions/${service.id}/changes`, {
      change: asked,
      token: shown.token,
    })
    await admin.patch(`/plans/${plans[1].id}`, { prices: [{ currency: 'BRL', amount: 13_000 }] })
    await runJobs(api)
    const after = (await customer.get(`/changes/${reply.body.id}`)).body
    expect(after).toMatchObject({ state: 'failed', failure_code: 'preview_outdated' })
    expect(after.failure.length).toBeGreaterThan(10)
    expect(await read(service)).toMatchObject({ plan_name: 'Plan 9000' })
    expect(await told(customer)).toContain('change_failed')
  })

  it('reaches no service of another account, and withdraws nothing of staff’s', async () => {
    const { plans, account, email } = await found()
    const mine = await subscribe(account, plans[1])
    const other = await found()
    const theirs = await subscribe(other.account, other.plans[0])
    const customer = await api.customer(email)
    for (const path of ['change-choices', 'changes']) {
      const reply = await customer.get(`/subscriptions/${theirs.id}/${path}`)
      expect(reply.status).toBe(404)
    }
    const cancel = { kind: 'cancel', reason: 'x' }
    expect(
      (await customer.post(`/subscriptions/${theirs.id}/changes/preview`, { change: cancel })).status,
    ).toBe(404)
    expect(
      (await customer.post(`/subscriptions/${theirs.id}/changes`, { change: cancel, token: '0'.repeat(64) }))
        .status,
    ).toBe(404)
    const { done } = await change(mine, { kind: 'plan', plan_id: plans[0].id })
    expect((await customer.post(`/changes/${done.id}/withdraw`)).body.code).toBe('change_ended')
    expect((await admin.get(`/changes/${done.id}`)).body.state).toBe('scheduled')
    // The portal's login itself cannot write what is not a request of the own account.
    await expect(
      transact(api, account.id, (client) =>
        client.query(
          `insert into subscription_changes (business_unit_id, account_id, subscription_id, kind, state, timing, effective_on)
           select business_unit_id, account_id, id, 'cancel', 'scheduled', 'now', '2026-05-11' from subscriptions where id = $1`,
          [mine.id],
        ),
      ),
    ).rejects.toMatchObject({ code: '42501' })
  })
})
