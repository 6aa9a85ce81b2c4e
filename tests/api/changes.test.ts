// Changes of services: every kind, now, on a day and at the period's end; what each costs is shown before, and exactly that
// is done (P8–P10, X5, billing.md 18–24).
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeUnit } from '../../server/modules/billing/index.ts'
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
const close = (unit: Row, up_to: string) =>
  closeUnit(api.office, { business_unit_id: unit.id, up_to: Temporal.PlainDate.from(up_to), now: api.now })
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
})
