import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeAccount, closeUnit, post } from '../../server/modules/billing/index.ts'
import { demand } from '../../server/platform/jobs.ts'
import { type Caller, type Reply, startTestApi, type TestApi } from '../api.ts'
import { checkBooks, readCharges } from '../closing/seed.ts'
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

/** Runs SQL as the owner of the database, whom no row policy or missing grant holds back. */
async function asOwner(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: api.database.ownerUrl })
  await client.connect()
  await client.query(statement).finally(() => client.end())
}

/** A shop: a business unit (closing day 31, due day 10) with a plan of R$ 310,00 a month and an option of R$ 31,00. */
type Shop = { unit: string; plan: Row }
let count = 0
async function openShop(change: object = {}, planChange: object = {}): Promise<Shop> {
  const unit = await api.unit({ ...change })
  const product = await created('/products', { business_unit_id: unit.id, name: 'Internet' })
  const plan = await created('/plans', {
    business_unit_id: unit.id,
    product_id: product.id,
    name: 'Fibra 500',
    kind: 'broadband',
    prices: [{ currency: 'BRL', amount: 31_000 }],
    options: [{ name: 'IP fixo', amount: 3100 }],
    ...planChange,
  })
  return { unit: unit.id, plan }
}
async function createAccount(shop: Shop): Promise<Row> {
  const n = ++count
  return created('/accounts', {
    business_unit_id: shop.unit,
    name: `Cliente ${n}`,
    email: `cliente${n}@casa.example`,
  })
}
async function sell(shop: Shop, input: object, accountId?: string): Promise<Row> {
  const account = accountId ?? (await createAccount(shop)).id
  return created(`/accounts/${account}/subscriptions`, { plan_id: shop.plan.id, ...input })
}
const preview = (accountId: string, upTo: string): Promise<Row> =>
  done(admin.get(`/accounts/${accountId}/next-invoice?up_to=${upTo}`))

/** What a preview bills, one text per line: `issued: days/of net`. */
const linesOf = (invoices: Row[]): string[] =>
  invoices.flatMap((invoice) =>
    invoice.lines.map((line: Row) => `${invoice.issue_date}: ${line.days}/${line.of_days} ${line.net}`),
  )
const planned = async (subscription: Row, upTo: string) =>
  linesOf((await preview(subscription.account_id, upTo)).invoices)

async function prepare(shop: Shop, upTo = '2026-05-31'): Promise<Row> {
  const closing = await created('/closings', { business_unit_id: shop.unit, up_to: upTo })
  await runJobs(api)
  return done(admin.get(`/closings/${closing.id}`))
}
async function run(closing: Row): Promise<Row> {
  const reply = await admin.post(`/closings/${closing.id}/run`)
  expect(reply.status, JSON.stringify(reply.body)).toBe(202)
  await runJobs(api)
  return done(admin.get(`/closings/${closing.id}`))
}
const invoicesOf = async (accountId: string): Promise<Row[]> =>
  (await done(admin.get(`/invoices?account_id=${accountId}&sort=number`))).items
const close = async (shop: Shop, upTo: string) =>
  demand(
    await closeUnit(api.office, {
      business_unit_id: shop.unit,
      up_to: Temporal.PlainDate.from(upTo),
      now: () => Temporal.Instant.from('2026-05-31T15:00:00Z'),
    }),
  )

describe('what is due', () => {
  it('is 10 days of May from the 21st and 20 from the 11th, then whole periods (B1)', async () => {
    const shop = await openShop()
    const late = await sell(shop, { start_date: '2026-05-21' })
    expect(await planned(late, '2026-05-31')).toEqual(['2026-05-31: 10/31 10000'])
    expect(await planned(late, '2026-06-30')).toEqual(['2026-05-31: 10/31 10000', '2026-06-30: 30/30 31000'])
    expect(await planned(await sell(shop, { start_date: '2026-05-11' }), '2026-05-31')).toEqual([
      '2026-05-31: 20/31 20000',
    ])
  })

  it('is nothing in May and 20 of 30 days in June after 20 trial days from 21 May (B2)', async () => {
    const shop = await openShop()
    const subscription = await sell(shop, { start_date: '2026-05-21', trial_days: 20 })
    expect(await planned(subscription, '2026-05-31')).toEqual([])
    expect(await planned(subscription, '2026-06-30')).toEqual(['2026-06-30: 20/30 20667'])
  })

  it('begins at the first closing with a proportional trial', async () => {
    const shop = await openShop({}, { proportional_trial: true })
    const subscription = await sell(shop, { start_date: '2026-05-21' })
    expect(await planned(subscription, '2026-05-31')).toEqual([])
    expect(await planned(subscription, '2026-06-30')).toEqual(['2026-06-30: 30/30 31000'])
  })

  it('is the period that begins and the first days, in advance', async () => {
    const shop = await openShop({ billing_mode: 'advance' })
    const subscription = await sell(shop, { start_date: '2026-05-21' })
    expect(await planned(subscription, '2026-05-31')).toEqual([
      '2026-05-31: 10/31 10000',
      '2026-05-31: 30/30 31000',
    ])
  })

  it('is less a discount by percent or amount, on the plan and not its options', async () => {
    const shop = await openShop()
    const options = [{ plan_option_id: shop.plan.options[0].id, quantity: 2 }]
    const percent = await sell(shop, {
      start_date: '2026-05-21',
      discount_kind: 'percent',
      discount_basis_points: 1000,
      options,
    })
    expect(await planned(percent, '2026-05-31')).toEqual(['2026-05-31: 10/31 9000', '2026-05-31: 10/31 2000'])
    const amount = await sell(shop, {
      start_date: '2026-05-21',
      discount_kind: 'amount',
      discount_amount: 6200,
    })
    const [invoice] = (await preview(amount.account_id, '2026-05-31')).invoices
    expect(invoice).toMatchObject({ gross: 10_000, discount: 2000, total: 8000, due_date: '2026-06-10' })
    expect(invoice.lines[0]).toMatchObject({
      subscription_number: 1,
      discount_kind: 'amount',
      discount_amount: 6200,
    })
    expect(invoice.lines[0].explanation).toMatch(
      /10 of 31 days.*R\$310\.00 per month = R\$100\.00.*R\$62\.00.*R\$80\.00/,
    )
  })

  it('leaves out suspended days', async () => {
    const shop = await openShop()
    const subscription = await sell(shop, { start_date: '2026-05-01' })
    await done(admin.post(`/subscriptions/${subscription.id}/suspend`, { date: '2026-05-11' }))
    await done(admin.post(`/subscriptions/${subscription.id}/reactivate`, { date: '2026-05-21' }))
    expect(await planned(subscription, '2026-05-31')).toEqual([
      '2026-05-31: 10/31 10000',
      '2026-05-31: 10/31 10000',
    ])
  })

  it('is counted in thirtieths where the business unit has commercial months', async () => {
    const shop = await openShop({ day_count: 'commercial', closing_day: 1 })
    const subscription = await sell(shop, { start_date: '2026-05-16' })
    expect(await planned(subscription, '2026-06-01')).toEqual(['2026-06-01: 15/30 15500'])
  })

  it('is asked up to the next closing date by default, and not for a far future', async () => {
    const shop = await openShop()
    api.setNow('2026-05-21T15:00:00Z')
    const { account_id } = await sell(shop, { start_date: '2026-05-21' })
    const next = await done(admin.get(`/accounts/${account_id}/next-invoice`))
    expect(next).toMatchObject({
      up_to: '2026-05-31',
      next_closing: '2026-06-30',
      total: 10_000,
      reason: null,
    })
    const far = await admin.get(`/accounts/${account_id}/next-invoice?up_to=2027-01-01`)
    expect(far.body.errors).toMatchObject([{ path: 'up_to', code: 'too_far_ahead' }])
    expect((await admin.get(`/accounts/${shop.unit}/next-invoice`)).status).toBe(404)
  })
})

describe('a closing', () => {
  it('writes exactly what its preview showed, once', async () => {
    const shop = await openShop({ legal_name: 'Fibra do Sul Ltda.', tax_id: '12.345.678/0001-95' })
    const account = await createAccount(shop)
    await sell(
      shop,
      { start_date: '2026-05-21', discount_kind: 'percent', discount_basis_points: 1000 },
      account.id,
    )
    await sell(
      shop,
      { start_date: '2026-05-11', options: [{ plan_option_id: shop.plan.options[0].id }] },
      account.id,
    )
    await sell(shop, { start_date: '2026-04-16' })

    const closing = await prepare(shop)
    expect(closing).toMatchObject({
      state: 'prepared',
      accounts_total: 2,
      accounts_done: 2,
      planned_invoices: 3,
      issued_invoices: 0,
      previous: null,
      differences: null,
      warnings: [],
      created_by_name: 'admin 1',
    })
    expect(await invoicesOf(account.id)).toEqual([])
    const shown = await done(admin.get(`/closings/${closing.id}/accounts/${account.id}`))
    expect(shown).toMatchObject({ state: 'planned', differs: false, invoice_count: 1, total: 31_000 })
    expect(linesOf(shown.invoices)).toEqual([
      '2026-05-31: 10/31 9000',
      '2026-05-31: 20/31 20000',
      '2026-05-31: 20/31 2000',
    ])
    const listed = await done(admin.get(`/closings/${closing.id}/accounts?state=planned&sort=-total&limit=1`))
    expect(listed.items).toMatchObject([{ invoices: 2 }])
    expect(listed.next_cursor).not.toBeNull()

    const finished = await run(closing)
    expect(finished).toMatchObject({
      state: 'done',
      accounts_done: 2,
      issued_invoices: 3,
      issued_total: closing.planned_total,
      changed_accounts: 0,
    })
    const [summary, ...others] = await invoicesOf(account.id)
    expect(others).toEqual([])
    expect(summary).toMatchObject({
      series: 'A',
      state: 'open',
      overdue: false,
      issue_date: '2026-05-31',
      due_date: shown.invoices[0].due_date,
      total: 31_000,
      open_amount: 31_000,
      closing_id: closing.id,
    })
    const invoice = await done(admin.get(`/invoices/${summary.id}`))
    expect(invoice).toMatchObject({
      customer: { name: account.name, number: account.number },
      issuer: { legal_name: 'Fibra do Sul Ltda.', tax_id: '12.345.678/0001-95' },
      payments: [],
    })
    // The stored lines are the shown ones, word for word.
    const bare = ({ id: _, position: __, corrects: ___, credited: ____, ...line }: Row) => line
    expect(invoice.lines.map(bare)).toEqual(shown.invoices[0].lines)
    const after = await done(admin.get(`/closings/${closing.id}/accounts/${account.id}`))
    expect(after).toMatchObject({ state: 'invoiced', invoices: [{ invoice_id: summary.id, total: 31_000 }] })

    expect((await admin.post(`/closings/${closing.id}/run`)).body.code).toBe('closing_done')
    expect((await admin.post(`/closings/${closing.id}/discard`)).body.code).toBe('closing_running')
    const again = await prepare(shop)
    expect(again).toMatchObject({ state: 'prepared', accounts_total: 0, planned_invoices: 0 })
    expect(await run(again)).toMatchObject({ state: 'done', issued_invoices: 0 })
    expect(await api.system((tx) => checkBooks(tx, shop.unit))).toMatchObject({
      invoices: 3,
      highest_number: 3,
    })
  })

  it('leaves out what changed since its preview and charges the others', async () => {
    const shop = await openShop()
    const [discounted, cancelled, kept] = [
      await sell(shop, { start_date: '2026-05-21' }),
      await sell(shop, { start_date: '2026-05-21' }),
      await sell(shop, { start_date: '2026-05-21' }),
    ]
    const closing = await prepare(shop)
    await done(
      admin.patch(`/subscriptions/${discounted.id}`, {
        discount_kind: 'percent',
        discount_basis_points: 500,
      }),
    )
    await done(admin.post(`/subscriptions/${cancelled.id}/cancel`, { date: '2026-05-21', reason: 'moved' }))
    const differing = await done(admin.get(`/closings/${closing.id}/accounts/${discounted.account_id}`))
    expect(differing).toMatchObject({ state: 'planned', differs: true })
    expect(await run(closing)).toMatchObject({
      issued_invoices: 1,
      issued_total: 10_000,
      changed_accounts: 2,
    })
    expect(await invoicesOf(discounted.account_id)).toEqual([])
    expect(await invoicesOf(cancelled.account_id)).toEqual([])
    expect(await invoicesOf(kept.account_id)).toHaveLength(1)
    const changed = await done(admin.get(`/closings/${closing.id}/accounts?state=changed`))
    expect(changed.items).toHaveLength(2)
    expect(changed.items[0].reason_text).toContain('changed since the preview')

    const next = await run(await prepare(shop))
    expect(next).toMatchObject({ issued_invoices: 1, issued_total: 9500, changed_accounts: 0 })
    expect(await api.system((tx) => checkBooks(tx, shop.unit))).toMatchObject({
      invoices: 2,
      highest_number: 2,
    })
  })

  it('shows what it cannot bill, and bills the others', async () => {
    const shop = await openShop()
    const [broken, sound] = [
      await sell(shop, { start_date: '2026-05-21' }),
      await sell(shop, { start_date: '2026-05-21' }),
    ]
    await api.system((tx) =>
      tx.updateTable('subscriptions').set({ currency: 'USD' }).where('id', '=', broken.id).execute(),
    )
    const closing = await prepare(shop)
    expect(closing).toMatchObject({ planned_invoices: 1, parked_accounts: 1 })
    expect(closing.warnings).toMatchObject([{ account_id: broken.account_id, reason: 'currency_differs' }])
    expect(closing.warnings[0].reason_text).toContain('another currency')
    expect(await run(closing)).toMatchObject({ issued_invoices: 1, parked_accounts: 1 })
    expect(await invoicesOf(sound.account_id)).toHaveLength(1)
    const direct = await close(shop, '2026-05-31')
    expect(direct).toMatchObject({ invoices: 0, parked: 1 })
  })

  it('parks an account that the database refuses and charges the rest of its batch', async () => {
    const shop = await openShop()
    const subscriptions = []
    for (let n = 0; n < 4; n++) subscriptions.push(await sell(shop, { start_date: '2026-05-21' }))
    const victim = subscriptions[2]!
    await asOwner(`
      create function refuse_victim() returns trigger language plpgsql as $$ begin
        if new.account_id = '${victim.account_id}' then raise exception 'no' using errcode = '23514', constraint = 'victim'; end if;
        return new; end $$;
      create trigger refuse_victim before insert on invoices for each row execute function refuse_victim()`)
    const closing = await run(await prepare(shop))
    expect(closing).toMatchObject({ state: 'done', issued_invoices: 3, parked_accounts: 1 })
    expect(closing.warnings).toMatchObject([{ account_id: victim.account_id, reason: 'database_refused' }])
    await asOwner('drop trigger refuse_victim on invoices; drop function refuse_victim()')
    expect(await close(shop, '2026-05-31')).toMatchObject({ invoices: 1 })
    expect(await api.system((tx) => checkBooks(tx, shop.unit))).toMatchObject({
      invoices: 4,
      highest_number: 4,
    })
  })

  it('says how it differs from the last one', async () => {
    const shop = await openShop()
    const grown = await sell(shop, { start_date: '2026-05-21' })
    const gone = await sell(shop, { start_date: '2026-05-11' })
    await run(await prepare(shop))
    await done(admin.post(`/subscriptions/${gone.id}/cancel`, { date: '2026-05-31', reason: 'moved' }))
    api.setNow('2026-06-30T15:00:00Z')
    const joined = await sell(shop, { start_date: '2026-06-15' })
    const closing = await prepare(shop, '2026-06-30')
    expect(closing.previous).toMatchObject({ up_to: '2026-05-31', invoices: 2, total: 30_000 })
    expect(closing.differences).toMatchObject({ new: 1, gone: 1, changed: 1 })
    expect(closing.differences.items).toMatchObject([
      {
        account_id: grown.account_id,
        kind: 'changed',
        previous_total: 10_000,
        total: 31_000,
        difference: 21_000,
      },
      { account_id: gone.account_id, kind: 'gone', previous_total: 20_000, total: 0, difference: -20_000 },
      { account_id: joined.account_id, kind: 'new', previous_total: 0, total: 15_500, difference: 15_500 },
    ])
    expect((await done(admin.get(`/closings?business_unit_id=${shop.unit}&sort=up_to`))).items).toMatchObject(
      [
        { state: 'done', issued_total: 30_000 },
        { state: 'prepared', planned_total: 46_500 },
      ],
    )
  })

  it('can be discarded before it is run, and not run before it is prepared', async () => {
    const shop = await openShop()
    await sell(shop, { start_date: '2026-05-21' })
    const closing = await created('/closings', { business_unit_id: shop.unit, up_to: '2026-05-31' })
    expect(closing.state).toBe('draft')
    expect((await admin.post(`/closings/${closing.id}/run`)).body.code).toBe('closing_not_prepared')
    await runJobs(api)
    expect((await admin.post(`/closings/${closing.id}/discard`)).status).toBe(204)
    expect((await admin.get(`/closings/${closing.id}`)).status).toBe(404)
    expect((await admin.post(`/closings/${closing.id}/run`)).status).toBe(404)
    // A job that finds its closing gone has nothing to do.
    const another = await created('/closings', { business_unit_id: shop.unit, up_to: '2026-05-31' })
    expect((await admin.post(`/closings/${another.id}/discard`)).status).toBe(204)
    await runJobs(api)
  })

  it('is not made for a date too far ahead, nor by staff who may not, nor seen in another business unit', async () => {
    const shop = await openShop()
    const far = await admin.post('/closings', { business_unit_id: shop.unit, up_to: '2026-08-31' })
    expect(far.body.errors).toMatchObject([{ path: 'up_to', code: 'too_far_ahead' }])
    const closing = await prepare(shop)
    const support = await api.staff('support')
    expect(
      (await support.post('/closings', { business_unit_id: shop.unit, up_to: '2026-05-31' })).status,
    ).toBe(403)
    expect((await support.post(`/closings/${closing.id}/run`)).body.code).toBe('not_permitted')
    expect((await support.get(`/closings/${closing.id}`)).status).toBe(200)
    const elsewhere = await api.staff('finance', { units: [(await api.unit()).id] })
    for (const reply of [
      await elsewhere.get(`/closings/${closing.id}`),
      await elsewhere.get(`/closings/${closing.id}/accounts`),
      await elsewhere.post(`/closings/${closing.id}/run`),
      await elsewhere.post(`/closings/${closing.id}/discard`),
    ])
      expect(reply.status).toBe(404)
    const foreign = await elsewhere.post('/closings', { business_unit_id: shop.unit, up_to: '2026-05-31' })
    expect(foreign.body.errors).toMatchObject([{ path: 'business_unit_id', code: 'not_a_choice' }])
  })
})

describe('closing at once', () => {
  it('charges after a week of downtime what daily runs charge', async () => {
    const shops = [await openShop(), await openShop()] as const
    for (const shop of shops) {
      const account = await createAccount(shop)
      await done(admin.patch(`/accounts/${account.id}`, { external_id: 'same' }))
      await sell(shop, { start_date: '2026-04-20', billing_mode: 'advance' }, account.id)
      await sell(shop, { start_date: '2026-05-05', trial_days: 3 }, account.id)
    }
    for (const day of ['28', '29', '30', '31']) await close(shops[0], `2026-05-${day}`)
    for (let day = 1; day <= 7; day++) await close(shops[0], `2026-06-0${day}`)
    await close(shops[1], '2026-06-07')
    const [daily, late] = await Promise.all(
      shops.map((shop) => api.system((tx) => readCharges(tx, shop.unit))),
    )
    expect(late).toEqual(daily)
    expect(late!.length).toBeGreaterThan(3)
    const closings = await done(admin.get(`/closings?business_unit_id=${shops[0].unit}`))
    // Days with nothing due leave no trace.
    expect(closings.items.map((closing: Row) => closing.up_to)).toEqual(['2026-05-31', '2026-05-28'])
  })

  it('bills one account, and nothing of an account that is free', async () => {
    const shop = await openShop()
    const subscription = await sell(shop, { start_date: '2026-05-21' })
    const free = await sell(shop, { start_date: '2026-05-21' })
    await api.system((tx) =>
      tx
        .updateTable('subscription_components')
        .set({ unit_amount: 0 })
        .where('subscription_id', '=', free.id)
        .execute(),
    )
    const now = Temporal.Instant.from('2026-05-31T15:00:00Z')
    const up_to = Temporal.PlainDate.from('2026-05-31')
    const bill = (account_id: string) =>
      api.system(async (tx) => demand(await closeAccount(tx, { account_id, up_to }, now)))
    expect(await bill(subscription.account_id)).toMatchObject({
      total: 10_000,
      invoice_ids: [expect.any(String)],
    })
    expect(await bill(subscription.account_id)).toEqual({ total: 0, invoice_ids: [] })
    // Days without a price are noted, so that no later closing looks at them again.
    expect(await close(shop, '2026-05-31')).toMatchObject({ accounts: 1, invoices: 0, total: 0 })
    expect(await close(shop, '2026-05-31')).toMatchObject({ closing_id: null, accounts: 0 })
  })

  it('uses the credit of an account, oldest invoice first, and issues what costs nothing as paid', async () => {
    const shop = await openShop()
    const { account_id } = await sell(shop, { start_date: '2026-05-21' })
    const given = await sell(shop, {
      start_date: '2026-05-21',
      discount_kind: 'percent',
      discount_basis_points: 10_000,
    })
    const older = await api.system(async (tx) => {
      const payment = await tx
        .insertInto('payments')
        .values({
          business_unit_id: shop.unit,
          account_id,
          amount: 35_000,
          currency: 'BRL',
          method: 'pix',
          received_on: Temporal.PlainDate.from('2026-05-20'),
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      await post(tx, [
        {
          kind: 'payment',
          business_unit_id: shop.unit,
          account_id,
          currency: 'BRL',
          on_date: Temporal.PlainDate.from('2026-05-20'),
          entries: [
            { ledger_account: 'bank', amount: 35_000, payment_id: payment.id },
            { ledger_account: 'account_credit', amount: -35_000, payment_id: payment.id },
          ],
        },
      ])
      return payment.id
    })
    expect(await close(shop, '2026-06-30')).toMatchObject({ invoices: 4 })
    const [may, june] = await invoicesOf(account_id)
    expect(may).toMatchObject({ state: 'paid', total: 10_000, open_amount: 0 })
    expect(june).toMatchObject({ state: 'open', total: 31_000, open_amount: 6000 })
    expect((await done(admin.get(`/invoices/${june.id}`))).payments).toMatchObject([
      { kind: 'credit_used', amount: 25_000, payment_id: null },
    ])
    expect(await invoicesOf(given.account_id)).toMatchObject([
      { state: 'paid', gross: 10_000, discount: 10_000, total: 0 },
      { state: 'paid', total: 0 },
    ])
    expect(await done(admin.get(`/accounts/${account_id}/balance`))).toEqual({
      currency: 'BRL',
      owed: 6000,
      overdue: 0,
      credit: 0,
      balance: 6000,
      open_invoices: 1,
    })
    const statement = await done(admin.get(`/accounts/${account_id}/statement?sort=on_date`))
    expect(statement.items.map((row: Row) => [row.kind, row.amount, row.credit, row.balance])).toEqual([
      ['payment', -35_000, 35_000, -35_000],
      ['invoice', 10_000, 0, -25_000],
      ['credit_used', 0, -10_000, -25_000],
      ['invoice', 31_000, 0, 6000],
      ['credit_used', 0, -25_000, 6000],
    ])
    expect(statement.items[0]).toMatchObject({ payment_id: older, method: 'pix', invoice_id: null })
    expect(statement.items[1]).toMatchObject({ invoice_id: may.id, invoice_number: may.number })
    const paged = await done(admin.get(`/accounts/${account_id}/statement?limit=2`))
    const rest = await done(
      admin.get(`/accounts/${account_id}/statement?limit=200&cursor=${paged.next_cursor}`),
    )
    expect([...paged.items, ...rest.items]).toEqual(statement.items.toReversed())
    const june1 = await done(admin.get(`/accounts/${account_id}/statement?from=2026-06-01`))
    expect(june1.items[0].balance).toBe(6000)
    expect(await api.system((tx) => checkBooks(tx, shop.unit))).toMatchObject({ unbalanced: 0, unposted: 0 })
  })
})

describe('the database', () => {
  let shop: Shop
  let invoice: Row
  beforeAll(async () => {
    shop = await openShop()
    const { account_id } = await sell(shop, { start_date: '2026-05-21' })
    await close(shop, '2026-05-31')
    const [summary] = await invoicesOf(account_id)
    invoice = await done(admin.get(`/invoices/${summary.id}`))
  })

  it('refuses a posting that does not balance, and one that is added to later', async () => {
    const entry = {
      business_unit_id: shop.unit,
      account_id: invoice.account_id,
      currency: 'BRL',
      kind: 'invoice' as const,
      on_date: Temporal.PlainDate.from('2026-05-31'),
    }
    await expect(
      api.system((tx) => post(tx, [{ ...entry, entries: [{ ledger_account: 'revenue', amount: 1 }] }])),
    ).rejects.toMatchObject({ constraint: 'ledger_balanced' })
    await expect(
      api.system((tx) =>
        sql`insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date)
          select e.posting_id, e.kind, e.business_unit_id, e.account_id, 'revenue', v.amount, e.currency, e.on_date
            from ledger_entries e cross join (values (1), (-1)) v (amount)
           where e.invoice_id = ${invoice.id} and e.ledger_account = 'revenue'`.execute(tx),
      ),
    ).rejects.toMatchObject({ constraint: 'ledger_posting_once' })
  })

  it('refuses a second charge for a day', async () => {
    await expect(
      api.system((tx) =>
        sql`insert into billed_coverage (component_id, account_id, period)
          select component_id, account_id, daterange('2026-05-30', '2026-06-02') from billed_coverage
           where account_id = ${invoice.account_id}`.execute(tx),
      ),
    ).rejects.toMatchObject({ constraint: 'billed_once' })
  })

  it('refuses to change or delete what was issued, its lines and its postings', async () => {
    for (const statement of [
      `update invoices set total = 1, gross = 1 where id = '${invoice.id}'`,
      `delete from invoices where id = '${invoice.id}'`,
      `update invoice_lines set net = 1, gross = 1 where invoice_id = '${invoice.id}'`,
      `delete from invoice_lines where invoice_id = '${invoice.id}'`,
      `update ledger_entries set amount = 1 where invoice_id = '${invoice.id}'`,
      `delete from ledger_entries where invoice_id = '${invoice.id}'`,
      'truncate invoices cascade',
    ])
      await expect(asOwner(statement), statement).rejects.toThrow()
    expect((await done(admin.get(`/invoices/${invoice.id}`))).total).toBe(10_000)
  })
})

describe('invoices', () => {
  it('are found by number, state and due date, exported, and printed in their language', async () => {
    const shop = await openShop({ invoice_series: 'SUL' })
    const { account_id } = await sell(shop, { start_date: '2026-05-21' })
    await close(shop, '2026-06-30')
    const unit = `business_unit_id=${shop.unit}`
    const numbers = async (query: string) =>
      (await done(admin.get(`/invoices?${unit}&sort=number&${query}`))).items.map((item: Row) => item.number)
    expect(await numbers('')).toEqual([1, 2])
    expect(await numbers('q=SUL-2')).toEqual([2])
    expect(await numbers('q=2')).toEqual([2])
    expect(await numbers('q=A-2')).toEqual([])
    expect(await numbers('q=cliente')).toEqual([1, 2])
    expect(await numbers('state=paid')).toEqual([])
    expect(await numbers('state=overdue')).toEqual([])
    expect(await numbers('due_from=2026-06-10&due_to=2026-06-10')).toEqual([1])
    expect(await numbers('issued_from=2026-06-01')).toEqual([2])
    expect(await numbers('issued_to=2026-06-01')).toEqual([1])
    // It is the 11th in UTC, and still the 10th in São Paulo.
    api.setNow('2026-06-11T01:00:00Z')
    expect(await numbers('state=overdue')).toEqual([])
    api.setNow('2026-06-11T15:00:00Z')
    expect(await numbers('state=overdue')).toEqual([1])
    expect((await done(admin.get(`/accounts/${account_id}/balance`))).overdue).toBe(10_000)
    const csv = (await admin.get(`/invoices.csv?${unit}`)).bytes.toString()
    expect(csv.split('\r\n')).toHaveLength(4)
    const [first] = (await done(admin.get(`/invoices?${unit}&sort=number`))).items
    const pdf = await admin.get(`/invoices/${first.id}/pdf`)
    expect(pdf.status).toBe(200)
    expect(pdf.headers['content-type']).toBe('application/pdf')
    expect(pdf.headers['content-disposition']).toMatch(/^inline; filename="Fatura SUL-1\.pdf"/)
    expect(pdf.bytes.subarray(0, 5).toString()).toBe('%PDF-')
    const portuguese = await api.staff('finance', { language: 'pt-BR' })
    const line = (await portuguese.get(`/invoices/${first.id}`)).body.lines[0]
    expect(line.explanation).toMatch(/10 de 31 dias/)
  })

  it('are shown to their customer and to no other', async () => {
    const shop = await openShop()
    const [mine, theirs] = [await createAccount(shop), await createAccount(shop)]
    for (const account of [mine, theirs]) await sell(shop, { start_date: '2026-05-21' }, account.id)
    await close(shop, '2026-05-31')
    const customer = await api.customer(mine.email)
    const [own] = (await done(customer.get('/invoices?state=open'))).items
    const [foreign] = await invoicesOf(theirs.id)
    expect((await done(customer.get('/invoices'))).items).toHaveLength(1)
    expect((await done(customer.get(`/invoices?q=${own.number}`))).items).toHaveLength(1)
    expect((await done(customer.get('/invoices?q=cliente'))).items).toEqual([])
    expect(await done(customer.get(`/invoices/${own.id}`))).toMatchObject({
      total: 10_000,
      open_amount: 10_000,
      lines: [{ days: 10, of_days: 31, explanation: expect.stringContaining('10 of 31 days') }],
    })
    expect((await customer.get(`/invoices/${own.id}/pdf`)).bytes.subarray(0, 5).toString()).toBe('%PDF-')
    for (const path of [`/invoices/${foreign.id}`, `/invoices/${foreign.id}/pdf`])
      expect((await customer.get(path)).status).toBe(404)
    expect((await done(customer.get('/statement'))).items).toMatchObject([
      { kind: 'invoice', amount: 10_000 },
    ])
    expect(await done(customer.get('/balance'))).toMatchObject({ owed: 10_000, open_invoices: 1 })
    expect((await api.nobody('portal').get('/invoices')).status).toBe(401)
  })
})
