import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool, type Tx, transactAsSystem } from '../../server/platform/database.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../server/platform/embedded-postgres.ts'
import { loginUrl, migrate } from '../../server/platform/migrations.ts'
import { checkBooks, readCharges, seedUnit } from './seed.ts'

/** `CLOSING_CRASH_ACCOUNTS=20000` takes a few minutes; the first closing date of the seed charges nearly all of them. */
const accounts = Number(process.env.CLOSING_CRASH_ACCOUNTS ?? 5_000)
const kills = { process: 3, server: 3 }
const upTo = '2026-04-30'
const moment = '2026-05-01T12:00:00Z'

let folder: string
let postgres: EmbeddedPostgres
let officeUrl: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zaguan-crash-'))
  await startServer()
  await migrate(postgres.url)
})
/** Durable, as shipped: what is killed has to find everything again that it had promised. */
async function startServer(): Promise<void> {
  postgres = await startEmbeddedPostgres({ dataDir: folder, log: { info() {}, warn() {} } })
  officeUrl = loginUrl(postgres.url, 'zaguan_office')
}
afterAll(async () => {
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
})

async function transact<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const pool = openPool(officeUrl, 1)
  try {
    return await transactAsSystem(pool, { kind: 'system', way: 'command', operation: 'test' }, work)
  } finally {
    await pool.end()
  }
}

async function asOwner<R>(text: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: postgres.url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

function startChild(unit: string): { process: ChildProcess; ended: Promise<number | string | null> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'close-child.ts')], {
    env: { ...process.env, OFFICE_URL: officeUrl, UNIT: unit, UP_TO: upTo, NOW: moment },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  child.stdout.resume()
  const ended = new Promise<number | string | null>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? code))
  })
  return { process: child, ended }
}

/** Waits until a closing has come at least so far; false where it ended before. */
async function waitForInvoices(unit: string, least: number, child: ChildProcess): Promise<boolean> {
  for (;;) {
    const [row] = await asOwner<{ n: number }>(
      `select count(*)::int as n from invoices where business_unit_id = '${unit}'`,
    )
    if (row!.n >= least) return true
    if (child.exitCode !== null || child.signalCode !== null) return false
    await sleep(20)
  }
}

/** Waits until the server answers again: it is brought back by whoever noticed that it is gone, or by the next start. */
async function waitForServer(): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await asOwner('select 1')
      return
    } catch (error) {
      if (tries > 1500) throw error
      if (tries % 300 === 0) await startServer().catch(() => undefined)
      await sleep(100)
    }
  }
}

/** SIGKILL for the server and every process of it, as when a machine loses its power. */
async function killServer(): Promise<void> {
  const [{ directory, pids }] = (await asOwner<{ directory: string; pids: number[] }>(
    `select current_setting('data_directory') as directory,
            (select array_agg(pid) from pg_stat_activity where pid <> pg_backend_pid()) as pids`,
  )) as [{ directory: string; pids: number[] }]
  const postmaster = Number(readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')[0])
  for (const pid of [postmaster, ...pids]) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It was gone with the server before its turn came.
    }
  }
}

/** What every undisturbed run comes to, whatever is killed: computed once, by a run that nothing is done to. */
let expected: string[]

async function expectWhole(unit: string): Promise<void> {
  const books = await transact((tx) => checkBooks(tx, unit))
  expect(books).toMatchObject({
    unbalanced: 0,
    unposted: 0,
    wrong_totals: 0,
    uncovered: 0,
    not_invoiced: 0,
    unfinished: 0,
  })
  expect(books.highest_number).toBe(books.invoices)
  expect(books.taken_numbers).toBe(books.invoices)
  const charges = await transact((tx) => readCharges(tx, unit))
  expect(charges.length).toBe(expected.length)
  expect(charges).toEqual(expected)
  await asOwner('select prove_everything()')
  expect(
    await asOwner(
      `select (select coalesce(sum(amount), 0)::text from ledger_entries) as trial_balance,
              (select coalesce(sum(debits - credits), 0)::text from ledger_days) as days,
              (select count(*)::int from awaited_documents) as awaited`,
    ),
  ).toEqual([{ trial_balance: '0', days: '0', awaited: 0 }])
}

async function seed(): Promise<string> {
  const { unit } = await transact((tx) => seedUnit(tx, accounts))
  await asOwner('vacuum analyze')
  return unit
}

describe(`a closing of ${accounts} accounts`, () => {
  it('runs undisturbed, as what the others are measured by', async () => {
    const unit = await seed()
    const child = startChild(unit)
    expect(await child.ended).toBe(0)
    expected = await transact((tx) => readCharges(tx, unit))
    expect(expected.length).toBeGreaterThan(accounts / 2)
    await expectWhole(unit)
  }, 900_000)

  it('has nothing missing, double or unbalanced after its process and PostgreSQL were killed again and again', async () => {
    const unit = await seed()
    const cutOff = { process: 0, server: 0 }
    let done = 0
    const more = async () => {
      const [row] = await asOwner<{ n: number }>(
        `select count(*)::int as n from invoices where business_unit_id = '${unit}'`,
      )
      done = row!.n
      // Somewhere in the next eighth of the work, and somewhere within a batch.
      return done + Math.ceil(Math.random() * (accounts / 8))
    }
    for (let turn = 0; turn < kills.process; turn++) {
      const victim = startChild(unit)
      if (await waitForInvoices(unit, await more(), victim.process)) {
        await sleep(Math.random() * 60)
        victim.process.kill('SIGKILL')
      }
      if ((await victim.ended) === 'SIGKILL') cutOff.process++
    }
    for (let turn = 0; turn < kills.server; turn++) {
      const victim = startChild(unit)
      if (await waitForInvoices(unit, await more(), victim.process)) {
        await sleep(Math.random() * 60)
        await killServer()
        cutOff.server++
      }
      expect(await victim.ended).not.toBe('SIGKILL')
      await waitForServer()
    }
    expect(cutOff.process).toBeGreaterThan(0)
    expect(cutOff.server).toBeGreaterThan(0)
    const last = startChild(unit)
    expect(await last.ended).toBe(0)
    await expectWhole(unit)
  }, 900_000)
})
