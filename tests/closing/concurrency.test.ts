import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareClosing, runClosing } from '../../server/modules/billing/closings.ts'
import { closeUnit } from '../../server/modules/billing/index.ts'
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
  pool = openPool(database.officeUrl, 10)
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

  it.each([2, 3])('charges the same when %i processes close it at once', async (processes) => {
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
