import { createSandboxDriver } from '../server/drivers/sandbox/driver.ts'
import { createDebitJobs, type Drivers } from '../server/modules/payments/index.ts'
import { readConfig } from '../server/platform/config.ts'
import { openPool, transactAsSystem } from '../server/platform/database.ts'
import { seed } from './closing.ts'
import { copyTables, countRows, dumpTables, runStatements } from './copy.ts'
import type { BenchServer, Row } from './run.ts'

const unit = '00000000-0000-7000-8000-000000000001'
const provider = '00000000-0000-7000-8000-000000000005'
const run = '00000000-0000-7000-8000-000000000006'
const now = () => Temporal.Instant.from('2026-06-01T12:00:00Z')

/** What a run of automatic debit writes, in the order in which COPY may bring it: our book and the sandbox's. */
const written = [
  'payment_intents',
  'payment_intent_invoices',
  'debit_attempts',
  'sandbox_charges',
  'sandbox_movements',
  'payments',
  { table: 'ledger_entries', where: "kind = 'payment'" },
]

/**
 * Charging so many due invoices of as many accounts by their stored methods at the sandbox, in one run that is stopped half way and
 * goes on, against COPY of the very rows that it wrote (in both books) into a copy of the database that was made before. Stopping
 * is part of its time; the mails that follow are not.
 */
export async function benchChargeRun(server: BenchServer, invoices: number): Promise<Row[]> {
  const database = await server.createDatabase()
  await runStatements(database.ownerUrl, [...seed(invoices, 1), ...storedMethods])
  const twin = await server.createDatabase(database)
  const office = openPool(database.officeUrl, 6)
  const config = readConfig({ DATA_DIR: server.folder, LOG_LEVEL: 'silent' })
  const driver = createSandboxDriver({ config })
  const drivers: Drivers = new Map([[driver.kind, driver]])
  let stopped = false
  let transactions = 0
  const jobs = createDebitJobs({ config, drivers })
  const charge = () =>
    jobs['payments:run_debits']!(
      { run_id: run },
      {
        pool: office,
        now,
        transact: (work) => {
          transactions++
          return transactAsSystem(
            office,
            { kind: 'job', way: 'job', operation: 'payments:run_debits', name: 'payments:run_debits' },
            work,
          )
        },
        stopping: () => !stopped && transactions > invoices / 500,
        last_attempt: false,
        log: { info: () => undefined, error: () => undefined },
      },
    )
  try {
    await runStatements(database.ownerUrl, ['checkpoint'])
    const began = performance.now()
    await charge()
    const half = await countRows(database.ownerUrl, 'payments')
    stopped = true
    await charge()
    const seconds = (performance.now() - began) / 1000
    await office.end()
    const paid = await countRows(database.ownerUrl, 'payments')
    if (half === 0 || half >= invoices) throw new Error(`it was not stopped half way: ${half} of ${invoices}`)
    if (paid !== invoices || (await countRows(database.ownerUrl, 'sandbox_movements')) !== invoices)
      throw new Error(`${paid} payments of ${invoices} invoices`)
    const dumps = await dumpTables(database.ownerUrl, written, server.folder)
    const copied = await copyTables(twin.ownerUrl, dumps)
    const rate = (time: number) => `${Math.round(invoices / time).toLocaleString('en')} charges/s`
    return [
      {
        name: `automatic debit of ${invoices.toLocaleString('en')} invoices at the sandbox, stopped half way and gone on`,
        ours: `${rate(seconds)} (${Math.round(seconds)} s)`,
        limit: `${rate(copied)} by COPY of the rows of both books`,
        ratio: copied / seconds,
        aim: 'watched',
        value: invoices / seconds,
      },
    ]
  } finally {
    await twin.drop()
    await database.drop()
  }
}

/** A card of the sandbox for every account, charged by itself. */
const storedMethods = [
  `insert into payment_providers (id, business_unit_id, driver, name, methods, enabled)
   values ('${provider}', '${unit}', 'sandbox', 'Sandbox', '{card}', true)`,
  `insert into sandbox_methods (provider_id, business_unit_id, ref, method, scenario, brand, last_digits, created_at)
   select '${provider}', '${unit}', 'bench_' || id, 'card', 'success', 'Visa', '4242', now() from accounts`,
  'alter table stored_methods disable trigger user',
  `insert into stored_methods (business_unit_id, account_id, provider_id, method, brand, last_digits, reference, automatic)
   select '${unit}', id, '${provider}', 'card', 'Visa', '4242', jsonb_build_object('method', 'bench_' || id), true from accounts`,
  'alter table stored_methods enable trigger user',
  `insert into debit_runs (id, business_unit_id, on_date, currency, by_clock) values ('${run}', '${unit}', '2026-06-01', 'BRL', false)`,
  'vacuum analyze',
]
