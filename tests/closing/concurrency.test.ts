import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareClosing, runClosing } from '../../server/modules/billing/closings.ts'
import { closeUnit } from '../../server/modules/billing/index.ts'
import { type ChangeRequest, performChange } from '../../server/modules/changes/index.ts'
import { recordPayment } from '../../server/modules/payments/index.ts'
import { openPool, type Pool, type Tx, transactAsSystem } from '../../server/platform/database.ts'
import { demand } from '../../server/platform/jobs.ts'
import { createTestDatabase, type TestDatabase } from '../database.ts'
import { checkBooks, readCharges, seedUnit } from './seed.ts'

const accounts = 300
const moment = '2026-07-01T12:00:00Z'
const now = () => Temporal.Instant.from(moment)
const upTo = '2026-06-30'

let database: TestDatabase
let pool: Pool
/** What one undisturbed run charges, closing date by closing date. */
let expected: string[]
let invoices: number

const system = <T>(work: (tx: Tx) => Promise<T>) =>
  transactAsSystem(pool, { kind: 'system', way: 'command', operation: 'test' }, work)
const close = async (unit: string, date = upTo) =>
  demand(await closeUnit(pool, { business_unit_id: unit, up_to: Temporal.PlainDate.from(date), now }))

beforeAll(async () => {
  database = await createTestDatabase()
  pool = openPool(database.officeUrl, 24)
  const { unit } = await system((tx) => seedUnit(tx, accounts))
  for (const date of ['2026-03-31', '2026-04-30', '2026-05-31', '2026-06-30']) await close(unit, date)
  expected = await system((tx) => readCharges(tx, unit))
  invoices = (await system((tx) => checkBooks(tx, unit))).invoices!
  expect(invoices).toBeGreaterThan(accounts * 3)
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

async function expectExact(unit: string): Promise<void> {
  const books = await system((tx) => checkBooks(tx, unit))
  expect(books).toEqual({
    invoices,
    highest_number: invoices,
    taken_numbers: invoices,
    unbalanced: 0,
    unposted: 0,
    wrong_totals: 0,
    uncovered: 0,
    not_invoiced: 0,
    unfinished: 0,
  })
  expect(await system((tx) => readCharges(tx, unit))).toEqual(expected)
}

describe('closing a business unit', () => {
  it('charges late in one run what runs on every closing date would have charged, and nothing when run again', async () => {
    const { unit } = await system((tx) => seedUnit(tx, accounts))
    const first = await close(unit)
    expect(first).toMatchObject({ outcome: 'done', invoices, accounts, parked: 0 })
    await expectExact(unit)
    expect(await close(unit)).toMatchObject({ closing_id: null, invoices: 0, accounts: 0 })
    await expectExact(unit)
  })

  it.each([2, 8])('charges the same when %i processes close it at once', async (processes) => {
    const { unit } = await system((tx) => seedUnit(tx, accounts))
    await Promise.all(Array.from({ length: processes }, () => close(unit)))
    await expectExact(unit)
  })

  it('charges the same when runs up to different dates overlap', async () => {
    const { unit } = await system((tx) => seedUnit(tx, accounts))
    await Promise.all([close(unit), close(unit, '2026-05-31'), close(unit, '2026-04-30')])
    await expectExact(unit)
  })

  it('charges the same when a prepared closing is run by two workers while another run bills everything', async () => {
    const { unit } = await system((tx) => seedUnit(tx, accounts))
    const { id } = await system(async (tx) => {
      const user = await tx
        .insertInto('users')
        .values({ side: 'staff', email: 'finance@operator.example', name: 'Finance', language: 'en' })
        .returning('id')
        .executeTakeFirstOrThrow()
      return tx
        .insertInto('closings')
        .values({
          business_unit_id: unit,
          up_to: Temporal.PlainDate.from(upTo),
          currency: 'BRL',
          created_by: user.id,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
    })
    const context = { transact: system, now, stopping: () => false }
    await Promise.all([prepareClosing(context, id), prepareClosing(context, id)])
    await system((tx) => tx.updateTable('closings').set({ state: 'queued' }).where('id', '=', id).execute())
    await Promise.all([runClosing(context, id), close(unit), runClosing(context, id)])
    expect(await system((tx) => readCharges(tx, unit))).toEqual(expected)
    const { not_invoiced, ...books } = await system((tx) => checkBooks(tx, unit))
    expect(books).toMatchObject({ invoices, highest_number: invoices, unbalanced: 0, unfinished: 0 })
    // What the other run billed first has changed since the preview.
    expect(not_invoiced).toBeLessThan(accounts)
  })

  it('keeps the books right when payments, changes of services and a closing meet on the same accounts', async () => {
    const { unit } = await system((tx) => seedUnit(tx, 80))
    await close(unit, '2026-04-30')
    const owner = await connectOwner()
    const { rows: services } = await owner.query<{ id: string; account_id: string }>(
      `select s.id, s.account_id from subscriptions s where s.business_unit_id = $1 and s.status = 'active' order by s.id`,
      [unit],
    )
    const pay = async (accountId: string, amount: number) =>
      demand(
        await system((tx) =>
          recordPayment(
            tx,
            accountId,
            {
              amount,
              method: 'pix',
              received_on: Temporal.PlainDate.from('2026-07-01'),
              reference: null,
              payment_notice_id: null,
            },
            null,
            now(),
          ),
        ),
      )
    const change = async (id: string, quantity: number) =>
      demand(
        await system((tx) =>
          performChange(
            tx,
            id,
            {
              kind: 'price',
              timing: 'date',
              effective_on: Temporal.PlainDate.from('2026-06-20'),
              unit_amount: 10_000 + quantity,
            } as ChangeRequest,
            { now: now(), by: null },
          ),
        ),
      )
    const accountIds = [...new Set(services.map((row) => row.account_id))]
    const work = [
      ...accountIds.flatMap((id, index) => [() => pay(id, 5_000 + index), () => pay(id, 20_000)]),
      ...services.map(
        ({ id }, index) =>
          () =>
            change(id, index),
      ),
    ]
    const [first, second] = [close(unit), close(unit)]
    const lanes = Array.from({ length: 6 }, async (_, lane) => {
      for (let at = lane; at < work.length; at += 6) await work[at]!()
    })
    await Promise.all([first, second, ...lanes])
    // What the changes charged or left to charge is billed; then nothing more is due.
    await close(unit)
    expect(await close(unit)).toMatchObject({ closing_id: null, invoices: 0 })
    const { rows } = await owner.query(
      `select (select count(*)::int from payments where business_unit_id = $1) as payments,
              (select sum(amount)::int from ledger_entries where business_unit_id = $1) as trial_balance,
              (select sum(amount)::int from ledger_entries where business_unit_id = $1 and ledger_account = 'bank')
                - (select sum(amount)::int from payments where business_unit_id = $1) as bank,
              (select count(*)::int from invoices i join invoice_balances b on b.invoice_id = i.id
                where i.business_unit_id = $1 and i.state in ('open', 'paid') and (i.state = 'paid') <> (b.open_amount <= 0)) as wrong_states,
              (select count(*)::int from invoices i join invoice_balances b on b.invoice_id = i.id
                where i.business_unit_id = $1 and b.open_amount < 0) as overpaid,
              (select count(*)::int from (select series, kind, max(number) - count(*) as gap from invoices
                where business_unit_id = $1 group by series, kind) g where gap <> 0) as gaps,
              (select count(*)::int from subscription_components c join subscriptions s on s.id = c.subscription_id
                where s.business_unit_id = $1 and c.role = 'plan'
                  and exists (select from billed_coverage b where b.component_id = c.id
                               and not (b.period <@ daterange(greatest(c.from_date, s.billing_start), c.to_date)))) as outside`,
      [unit],
    )
    expect(rows[0]).toEqual({
      payments: accountIds.length * 2,
      trial_balance: 0,
      bank: 0,
      wrong_states: 0,
      overpaid: 0,
      gaps: 0,
      outside: 0,
    })
    await owner.query('select prove_everything()')
    await owner.end()
  })

  it('charges the same after being stopped between batches', async () => {
    const { unit } = await system((tx) => seedUnit(tx, accounts))
    let batches = 0
    const stopped = demand(
      await closeUnit(pool, {
        business_unit_id: unit,
        up_to: Temporal.PlainDate.from(upTo),
        now,
        stopping: () => batches > 0,
        progress: () => batches++,
      }),
    )
    expect(stopped).toMatchObject({ outcome: 'interrupted', accounts: 40 })
    expect(await close(unit)).toMatchObject({ outcome: 'done' })
    await expectExact(unit)
  })

  it('charges the same after being killed ten times at random moments', async () => {
    const { unit } = await system((tx) => seedUnit(tx, accounts))
    const child = await start(unit)
    const began = performance.now()
    await child.ended
    const whole = performance.now() - began
    const again = await system((tx) => seedUnit(tx, accounts))
    let cutOff = 0
    for (let attempt = 0; attempt < 10; attempt++) {
      const victim = await start(again.unit)
      // Later and later, so that the first ones meet work for sure: whoever is through leaves nothing to be cut off.
      const soon = ((attempt + 1) / 10) * Math.random() * whole
      const timer = setTimeout(() => victim.process.kill('SIGKILL'), soon)
      if ((await victim.ended) === 'SIGKILL') cutOff++
      clearTimeout(timer)
    }
    expect(cutOff).toBeGreaterThan(0)
    const last = await start(again.unit)
    expect(await last.ended).toBe(0)
    await expectExact(unit)
    await expectExact(again.unit)
  })
})

async function connectOwner(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.ownerUrl })
  await client.connect()
  return client
}

/** Starts the child and waits until it has begun to work on the database. */
async function start(
  unit: string,
): Promise<{ process: ChildProcess; ended: Promise<number | string | null> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'close-child.ts')], {
    env: { ...process.env, OFFICE_URL: database.officeUrl, UNIT: unit, UP_TO: upTo, NOW: moment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.resume()
  const ended = new Promise<number | string | null>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? code))
  })
  for (let tries = 0; tries < 400 && child.exitCode === null; tries++) {
    const { rows } = await pool.query(
      `select 1 from pg_stat_activity where application_name = 'close-child' and datname = current_database()`,
    )
    if (rows.length > 0) break
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return { process: child, ended }
}
