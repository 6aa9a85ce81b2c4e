import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDemo, type DemoSummary, demoPeople } from '../../server/modules/demo/index.ts'
import { openPool, type Pool } from '../../server/platform/database.ts'
import { createDiskStore } from '../../server/platform/files.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { createTestDatabase, type TestDatabase } from '../database.ts'

const now = Temporal.Instant.from('2026-11-22T15:00:00Z')
let api: TestApi
let owner: pg.Pool
let summary: DemoSummary
const progress: number[] = []

beforeAll(async () => {
  api = await startTestApi()
  api.setNow(now.toString())
  owner = new pg.Pool({ connectionString: api.database.ownerUrl, max: 2 })
  summary = await createDemo({
    officePool: api.office,
    ownerPool: owner,
    files: createDiskStore(join(api.dataDir, 'files')),
    now,
    log: ({ done }) => progress.push(done),
  })
})
afterAll(async () => {
  await owner.end()
  await api.close()
})

async function read<T extends object>(text: string): Promise<T[]> {
  return (await owner.query(text)).rows as T[]
}
async function signIn(side: 'office' | 'portal', email: string): Promise<Caller> {
  const caller = api.nobody(side)
  const person = demoPeople.find((one) => one.email === email)!
  const reply = await caller.post('/session', { email, password: person.password })
  expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(300)
  return caller
}

describe('the demonstration', () => {
  it('says how far it is while it is made', () => {
    expect(progress.at(-1)).toBe(100)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
  })

  it('has three business units and some 300 accounts with two years of invoices and payments', async () => {
    expect(summary.made).toBe(true)
    expect(summary.units.map((unit) => unit.slug)).toEqual(['pirilampo', 'jacaranda', 'tallybird'])
    const [counts] = await read<Record<string, number>>(`
      select (select count(*)::int from business_units where logo_file_id is not null) as units,
             (select count(*)::int from accounts) as accounts, (select count(*)::int from subscriptions) as subscriptions,
             (select count(*)::int from invoices) as invoices, (select count(*)::int from payments) as payments,
             (select count(*)::int from closings where state = 'done') as closings,
             (select count(*)::int from closings where parked_accounts > 0) as parked,
             (select count(*)::int from users) as users`)
    expect(counts).toMatchObject({ units: 3, parked: 0 })
    expect(counts!.accounts).toBeGreaterThan(290)
    expect(counts!.subscriptions).toBeGreaterThan(380)
    expect(counts!.invoices).toBeGreaterThan(3500)
    expect(counts!.payments).toBeGreaterThan(3300)
    expect(counts!.closings).toBeGreaterThan(70)
    const [span] = await read<{ months: number }>(
      `select (max(issue_date) - min(issue_date)) / 30 as months from invoices`,
    )
    expect(span!.months).toBeGreaterThanOrEqual(23)
    const issued = await read<{ month: string; n: number }>(
      `select to_char(issue_date, 'YYYY-MM') as month, count(*)::int as n from invoices group by 1 order by 1`,
    )
    // It grows.
    expect(issued.at(-2)!.n).toBeGreaterThan(issued[1]!.n * 1.4)
  })

  it('has a ledger that balances, per business unit, posting and invoice', async () => {
    expect(
      await read(
        `select business_unit_id, currency from ledger_entries group by 1, 2 having sum(amount) <> 0`,
      ),
    ).toEqual([])
    expect(await read(`select posting_id from ledger_entries group by 1 having sum(amount) <> 0`)).toEqual([])
    // Each invoice's debt is its total less what paid it, and its state says so.
    expect(
      await read(`
        select i.id from invoices i join invoice_balances b on b.invoice_id = i.id
         where b.open_amount < 0 or b.open_amount > i.total or (i.state = 'paid') <> (b.open_amount = 0)`),
    ).toEqual([])
    // What the bank has is what was paid.
    expect(
      await read(`
        select p.business_unit_id from payments p group by 1
        having sum(p.amount) <> (select sum(e.amount) from ledger_entries e
                                  where e.business_unit_id = p.business_unit_id and e.ledger_account = 'bank')`),
    ).toEqual([])
  })

  it('knows no payment of later than now', async () => {
    expect(
      await read(`select id from payments where created_at > '${now}' or received_on > '2026-11-22'`),
    ).toEqual([])
  })

  it('bills no day twice, none before its time, and none of a suspension', async () => {
    expect(
      await read(`
        select a.id from billed_coverage a join billed_coverage b
          on b.component_id = a.component_id and b.id > a.id and b.period && a.period`),
    ).toEqual([])
    expect(
      await read(`
        select c.id from billed_coverage c join subscription_components m on m.id = c.component_id
          join subscriptions s on s.id = m.subscription_id
         where lower(c.period) < s.billing_start or upper(c.period) > s.end_date
            or exists (select from subscription_suspensions x where x.subscription_id = s.id and x.period && c.period)`),
    ).toEqual([])
    const gaps = await read(`
      select series from invoices group by business_unit_id, series having max(number) <> count(*)`)
    expect(gaps).toEqual([])
  })

  it('has every way to pay: in time, late, not at all, in part, too much; notices that wait and one refused', async () => {
    const [found] = await read<Record<string, number>>(`
      select (select count(*)::int from invoices where state = 'open' and due_date < '2026-11-22') as overdue,
             (select count(*)::int from invoices where state = 'open' and due_date >= '2026-11-22') as open,
             (select count(*)::int from invoices where state = 'paid' and paid_at::date > due_date + 5) as late,
             (select count(*)::int from invoices where state = 'paid' and paid_at::date <= due_date) as early,
             (select count(*)::int from (select invoice_id from ledger_entries where ledger_account = 'receivable'
                 and kind = 'payment' group by 1 having count(*) > 1) twice) as in_parts,
             (select count(*)::int from ledger_entries where ledger_account = 'account_credit' and amount < 0) as too_much,
             (select count(*)::int from ledger_entries where kind = 'credit_used') as credit_used,
             (select count(*)::int from payment_notices where state = 'pending') as pending,
             (select count(*)::int from payment_notices where state = 'rejected') as rejected,
             (select count(*)::int from payment_notices where state = 'approved') as approved,
             (select count(*)::int from files where purpose = 'receipt') as receipts,
             (select count(*)::int from notices where state <> 'kept') as to_be_mailed,
             (select count(*)::int from notices) as mails,
             (select count(*)::int from queued_jobs where task like 'notices:%') as jobs`)
    for (const key of ['overdue', 'open', 'late', 'in_parts', 'too_much', 'credit_used', 'approved'])
      expect(found![key], key).toBeGreaterThan(3)
    expect(found!.overdue! + found!.open!).toBeLessThan(summary.counts.invoices / 8)
    expect(found!.early).toBeGreaterThan(summary.counts.invoices / 2)
    expect(found!.pending).toBeGreaterThan(3)
    expect(found).toMatchObject({ rejected: 1, to_be_mailed: 0, jobs: 0 })
    expect(found!.receipts).toBe(found!.pending! + 1)
    expect(found!.mails).toBeGreaterThan(300)
  })

  it('leaves one closing to be run', async () => {
    const finance = await signIn('office', 'diego.salvatierra@jacaranda.example')
    const units = (await finance.get('/business-units')).body.items as { id: string; slug: string }[]
    const vendor = units.find((unit) => unit.slug === 'tallybird')!
    const [last] = await read<{ up_to: Temporal.PlainDate }>(
      `select max(up_to)::text as up_to from closings where business_unit_id = '${vendor.id}'`,
    )
    expect(String(last!.up_to)).toBe('2026-10-15')
  })

  it('lets everybody sign in whom it names', async () => {
    expect(summary.people).toEqual(demoPeople)
    for (const person of demoPeople) {
      const caller = await signIn(person.side === 'staff' ? 'office' : 'portal', person.email)
      const session = await caller.get('/session')
      expect(session.body.name).toBe(person.name)
    }
  })

  it('shows a customer their services and invoices, and one of them two accounts', async () => {
    const helena = await signIn('portal', 'helena.vasconcelos@correio.example')
    expect((await helena.get('/subscriptions')).body.items).toHaveLength(1)
    const invoices = (await helena.get('/invoices')).body.items as { state: string }[]
    expect(invoices.length).toBeGreaterThan(15)
    expect(invoices.filter((invoice) => invoice.state === 'open')).toHaveLength(1)
    expect((await helena.get('/payment-notices?state=pending')).body.items).toHaveLength(1)
    const renato = await signIn('portal', 'renato@estreladobutanta.example')
    expect((await renato.get('/session')).body.accounts).toHaveLength(2)
  })

  it('is made once: asked again it only tells what is there', async () => {
    const again = await createDemo({
      officePool: api.office,
      files: createDiskStore(join(api.dataDir, 'files')),
      now,
      log: () => undefined,
    })
    expect(again.made).toBe(false)
    expect(again.people.map((person) => person.email).sort()).toEqual(
      demoPeople.map((person) => person.email).sort(),
    )
    expect(again.counts).toEqual({ ...summary.counts, invoices: again.counts.invoices })
  })
})

describe('a database with a real operator', () => {
  let database: TestDatabase
  let pool: Pool
  let folder: string
  beforeAll(async () => {
    database = await createTestDatabase()
    pool = openPool(database.officeUrl, 2)
    folder = await mkdtemp(join(tmpdir(), 'zaguan-demo-'))
  })
  afterAll(async () => {
    await pool.end()
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  })
  it('is left alone', async () => {
    const client = new pg.Client({ connectionString: database.ownerUrl })
    await client.connect()
    await client.query(`insert into business_units (slug, name, legal_name, country, currency, time_zone, language, closing_day)
      values ('ours', 'Ours', 'Ours Ltd', 'GB', 'GBP', 'Europe/London', 'en', 1)`)
    const found = await createDemo({
      officePool: pool,
      files: createDiskStore(folder),
      now,
      log: () => undefined,
    })
    expect(found).toMatchObject({ made: false, people: [], units: [{ slug: 'ours', name: 'Ours' }] })
    expect((await client.query('select count(*)::int as n from accounts')).rows[0].n).toBe(0)
    await client.end()
  })
})
