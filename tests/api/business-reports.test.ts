import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeUnit } from '../../server/modules/billing/index.ts'
import { isRefusal } from '../../server/platform/errors.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any

let api: TestApi
let admin: Caller
let unit: string
let other: string
const plans: Row[] = []
const services: Row[] = []

async function created(path: string, body: object): Promise<Row> {
  const reply = await admin.post(path, body)
  expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(300)
  return reply.body
}
async function read(path: string): Promise<Row> {
  const reply = await admin.get(path)
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return reply.body
}

const amounts = [10_000, 4990, 29_900]

/** Two business units, three plans, services that began, rested and ended over half a year, closed and partly paid. */
beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  api.setNow('2026-01-02T15:00:00Z')
  unit = (await api.unit()).id
  other = (await api.unit({ name: 'Other', slug: 'other' })).id
  for (const [index, business_unit_id] of [unit, unit, other].entries()) {
    const product = await created('/products', { business_unit_id, name: `Product ${index}` })
    plans.push(
      await created('/plans', {
        business_unit_id,
        product_id: product.id,
        name: `Plan ${index}`,
        kind: 'generic',
        prices: [{ currency: 'BRL', amount: amounts[index] }],
      }),
    )
  }
  for (let n = 0; n < 18; n++) {
    const plan = plans[n % 3]!
    const account = await created('/accounts', {
      name: `Account ${n}`,
      kind: 'person',
      business_unit_id: plan.business_unit_id,
    })
    services.push(
      await created(`/accounts/${account.id}/subscriptions`, {
        plan_id: plan.id,
        start_date: Temporal.PlainDate.from('2026-01-03')
          .add({ days: n * 9 })
          .toString(),
      }),
    )
  }
  // What happened to some of them, as their timeline holds it.
  await api.system(async (tx) => {
    const rest = (service: Row, from: string, to: string | null) =>
      sql`
      insert into subscription_suspensions (subscription_id, account_id, administrative, period)
      values (${service.id}, ${service.account_id}, false, daterange(${from}::date, ${to}::date))`.execute(tx)
    await rest(services[0], '2026-03-10', '2026-05-05')
    await rest(services[1], '2026-04-01', null)
    await rest(services[2], '2026-02-05', '2026-02-20')
    for (const [index, end] of [
      [3, '2026-05-20'],
      [4, '2026-06-01'],
      [5, '2026-04-30'],
    ] as const)
      await sql`update subscriptions set status = 'cancelled', end_date = ${end}::date where id = ${services[index]!.id}`.execute(
        tx,
      )
    // Dearer from a day on, and cheaper.
    for (const [index, day, price] of [
      [6, '2026-05-10', 15_000],
      [7, '2026-06-01', 2000],
    ] as const) {
      await sql`update subscription_components set to_date = ${day}::date where subscription_id = ${services[index]!.id}`.execute(
        tx,
      )
      await sql`
        insert into subscription_components (subscription_id, account_id, role, plan_id, description, unit_amount, quantity, from_date)
        select subscription_id, account_id, role, plan_id, description, ${price}::bigint, 1, ${day}::date
          from subscription_components where subscription_id = ${services[index]!.id}`.execute(tx)
    }
  })
  api.setNow('2026-07-01T15:00:00Z')
  for (const id of [unit, other]) {
    const closed = await closeUnit(api.office, {
      business_unit_id: id,
      up_to: Temporal.PlainDate.from('2026-06-30'),
      now: api.now,
    })
    if (isRefusal(closed)) throw new Error(closed.code)
  }
  const { items } = await read('/invoices?limit=200&state=open')
  for (const [index, invoice] of items.entries()) {
    if (index % 3 === 0) continue
    await created(`/accounts/${invoice.account_id}/payments`, {
      amount: index % 3 === 1 ? invoice.open_amount : 1000,
      method: index % 2 ? 'pix' : 'bank_transfer',
      received_on: invoice.due_date < '2026-07-01' ? invoice.due_date : '2026-07-01',
      invoice_ids: [invoice.id],
    })
  }
})
afterAll(() => api.close())

/** What recurs on a day, service by service: another way to the same sum. */
async function recurringOn(day: string, of: string[] = [unit, other]): Promise<number> {
  return api.system(async (tx) => {
    const found = await sql<{ sum: number }>`
      select coalesce(sum(recurring_revenue_on(id, ${day}::date)), 0)::bigint as sum from subscriptions
       where business_unit_id = any(${of}::uuid[])`.execute(tx)
    return found.rows[0]!.sum
  })
}

describe('recurring revenue (B12)', () => {
  it('moves from month to month by its movements, and is on every boundary what the services bring', async () => {
    const { months, currency } = await read('/reports/recurring-revenue?months=7')
    expect(currency).toBe('BRL')
    expect(months).toHaveLength(7)
    for (const month of months) {
      const moved =
        month.new + month.expansion + month.reactivation + month.contraction + month.churn + month.transfer
      expect(month.start + moved).toBe(month.end)
      expect(month.start, month.month).toBe(await recurringOn(month.from))
      expect(month.end, month.month).toBe(await recurringOn(month.to))
    }
    const of = (month: string) => months.find((one: Row) => one.month === month)
    expect(of('2026-05')).toMatchObject({ reactivation: 10_000, expansion: 5000, churn: -10_000 - 4990 })
    expect(of('2026-05').contraction).toBe(2000 - 4990)
    expect(of('2026-04').churn).toBe(-29_900)
    // Suspended on the first of April: gone when the day begins, so it is a movement of March's end.
    expect(of('2026-03').churn).toBe(-10_000 - 4990)
  })

  it('is that of a business unit, a plan or a salesperson where one is asked for, and splits into them', async () => {
    const all = await read('/reports/recurring-revenue?months=2')
    const mine = await read(`/reports/recurring-revenue?months=2&business_unit_id=${other}`)
    expect(mine.months.at(-1).end).toBe(await recurringOn('2026-07-01', [other]))
    for (const by of ['plan', 'business_unit', 'salesperson']) {
      const { rows } = await read(`/reports/recurring-revenue/split?by=${by}`)
      expect(rows.reduce((sum: number, row: Row) => sum + row.amount, 0)).toBe(all.months.at(-1).end)
      expect(rows.reduce((sum: number, row: Row) => sum + row.services, 0)).toBe(all.services)
    }
    const one = await read(`/reports/recurring-revenue?months=2&plan_id=${plans[0]!.id}`)
    const { rows } = await read('/reports/recurring-revenue/split?by=plan')
    expect(rows.find((row: Row) => row.id === plans[0]!.id).amount).toBe(one.months.at(-1).end)
  })

  it('leads to the services behind a bar, page by page', async () => {
    const { months } = await read('/reports/recurring-revenue?months=7')
    for (const month of months) {
      const rows: Row[] = []
      let cursor: string | null = null
      do {
        const query = `from=${month.from}&to=${month.to}&limit=2&sort=account_name${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`
        const page = await read(`/reports/recurring-revenue/movements?${query}`)
        rows.push(...page.items)
        cursor = page.next_cursor
      } while (cursor)
      expect(new Set(rows.map((row) => row.subscription_id)).size).toBe(rows.length)
      expect(rows.reduce((sum, row) => sum + row.difference, 0)).toBe(month.end - month.start)
    }
    const { items } = await read(
      '/reports/recurring-revenue/movements?from=2026-05-01&to=2026-06-01&kind=reactivation',
    )
    expect(items).toMatchObject([{ subscription_id: services[0]!.id, before: 0, after: 10_000 }])
  })

  it.each([
    ['a quarter is a third of it a month', 'month', 3, 10_000, 3333],
    ['a year is a twelfth', 'month', 12, 120_000, 10_000],
    ['ten days are 365 twelfths of a day times a tenth', 'day', 10, 1000, 3042],
    ['a week', 'week', 1, 700, 3042],
    ['once does not recur', 'once', 1, 5000, 0],
  ])('%s', async (_name, unitOfCycle, count, amount, expected) => {
    await api.system(async (tx) => {
      const found = await sql<{ amount: number }>`
        select monthly_amount('plan', 'per_unit', ${amount}, null, null, 0, 1, null, null, null, ${unitOfCycle}::cycle_unit, ${count}) as amount`.execute(
        tx,
      )
      expect(found.rows[0]!.amount).toBe(expected)
    })
  })

  it('counts by cohort who stayed', async () => {
    const { months } = await read('/reports/cohorts?months=7')
    const january = months.find((one: Row) => one.month === '2026-01')
    // Four began in January: the fourth ended in May, in its fourth month.
    expect(january).toMatchObject({ services: 4, kept: [4, 4, 4, 3, 3, 3] })
    expect(months.reduce((sum: number, one: Row) => sum + one.services, 0)).toBe(18)
  })
})

describe('money, to the cent by the ledger', () => {
  it('what is owed', async () => {
    const report = await read('/reports/receivables')
    const sum = report.buckets.reduce((total: number, bucket: Row) => total + bucket.amount, 0)
    expect(sum).toBeGreaterThan(0)
    expect(sum).toBe(report.ledger)
    const late = report.buckets.find((bucket: Row) => bucket.bucket === 'days_31_60')
    const rows = await read(`/invoices?limit=200&state=open&due_from=${late.from_due}&due_to=${late.to_due}`)
    expect(rows.items.reduce((total: number, row: Row) => total + row.open_amount, 0)).toBe(late.amount)
    expect(rows.items).toHaveLength(late.documents)
  })

  it.each(['plan', 'business_unit', 'salesperson'])('what was billed, by %s', async (by) => {
    for (const [from, to] of [
      ['2026-03-01', '2026-04-01'],
      ['2026-01-01', '2026-08-01'],
    ]) {
      const report = await read(`/reports/billed?by=${by}&from=${from}&to=${to}`)
      const sum = report.rows.reduce((total: number, row: Row) => total + row.amount, 0)
      expect(sum).toBeGreaterThan(0)
      expect(sum).toBe(report.ledger)
    }
  })

  it('what was paid', async () => {
    const report = await read('/reports/payments?months=12')
    const sum = report.rows.reduce((total: number, row: Row) => total + row.amount, 0)
    expect(sum).toBeGreaterThan(0)
    expect(sum).toBe(report.ledger)
    expect(new Set(report.rows.map((row: Row) => row.method)).size).toBe(2)
  })

  it('what was closed', async () => {
    const report = await read('/reports/closings?months=12')
    const { rows } = await read('/reports/billed?by=business_unit&from=2026-01-01&to=2026-08-01')
    const sum = (list: Row[]) => list.reduce((total, row) => total + row.amount, 0)
    expect(sum(report.rows)).toBe(sum(rows))
  })
})

it('is had as files, by who may', async () => {
  for (const path of [
    'recurring-revenue',
    'recurring-revenue/split',
    'cohorts',
    'receivables',
    'billed',
    'payments',
    'closings',
  ])
    for (const format of ['csv', 'xlsx']) {
      const reply = await admin.get(`/reports/${path}.${format}`)
      expect(reply.status, path).toBe(200)
      expect(reply.bytes.length, path).toBeGreaterThan(30)
    }
  expect(
    (await admin.get('/reports/recurring-revenue/movements.csv?from=2026-01-01&to=2026-07-01')).status,
  ).toBe(200)
  const support = await api.staff('support')
  expect((await support.get('/reports/recurring-revenue')).status).toBe(403)
  const narrow = await api.staff('auditor', { units: [other] })
  const { months } = (await narrow.get('/reports/recurring-revenue?months=2')).body
  expect(months.at(-1).end).toBe(await recurringOn('2026-07-01', [other]))
})
