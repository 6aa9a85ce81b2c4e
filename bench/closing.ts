import { closeUnit } from '../server/modules/billing/index.ts'
import { openPool } from '../server/platform/database.ts'
import { demand } from '../server/platform/jobs.ts'
import { copyTables, countRows, dumpTables, runStatements } from './copy.ts'
import type { BenchServer, Row } from './run.ts'

const unit = '00000000-0000-7000-8000-000000000001'
const product = '00000000-0000-7000-8000-000000000002'
const plan = '00000000-0000-7000-8000-000000000003'
const written = ['invoices', 'invoice_lines', 'billed_coverage', 'ledger_entries']

/**
 * Closing one month of so many accounts with a service each, against COPY of the rows that it wrote into the same
 * tables, with their foreign keys, indexes and triggers, of a copy of the database made before.
 */
export async function benchClosing(server: BenchServer, accounts: number): Promise<Row[]> {
  const database = await server.createDatabase()
  await runStatements(database.ownerUrl, seed(accounts))
  const twin = await server.createDatabase(database)
  try {
    await runStatements(database.ownerUrl, ['checkpoint'])
    const pool = openPool(database.officeUrl, 4)
    const began = performance.now()
    const closed = demand(
      await closeUnit(pool, {
        business_unit_id: unit,
        up_to: Temporal.PlainDate.from('2026-05-31'),
        now: () => Temporal.Instant.from('2026-06-01T12:00:00Z'),
      }),
    )
    const seconds = (performance.now() - began) / 1000
    await pool.end()
    if (closed.invoices !== accounts) throw new Error(`${closed.invoices} invoices of ${accounts} accounts`)
    // What invoices point to is there already: the closing is one row.
    await copyTables(twin.ownerUrl, await dumpTables(database.ownerUrl, ['closings'], server.folder))
    const copied = await copyTables(
      twin.ownerUrl,
      await dumpTables(database.ownerUrl, written, server.folder),
    )
    if ((await countRows(twin.ownerUrl, 'ledger_entries')) !== accounts * 2)
      throw new Error('COPY brought other rows')
    const [ours, limit] = [accounts / seconds, accounts / copied]
    return [
      {
        name: `closing one month, ${accounts.toLocaleString('en')} accounts`,
        ours: `${ours.toFixed(0)} invoices/s`,
        limit: `${limit.toFixed(0)} invoices/s by COPY of the rows`,
        ratio: limit / ours,
        aim: 'watched',
        value: ours,
      },
    ]
  } finally {
    await twin.drop()
    await database.drop()
  }
}

function seed(accounts: number): string[] {
  return [
    `insert into business_units (id, slug, name, legal_name, country, currency, time_zone, language, closing_day)
     values ('${unit}', 'bench', 'Bench', 'Bench Ltda.', 'BR', 'BRL', 'America/Sao_Paulo', 'pt-BR', 31)`,
    `insert into products (id, business_unit_id, name) values ('${product}', '${unit}', 'Internet')`,
    `insert into plans (id, business_unit_id, product_id, name, kind)
     values ('${plan}', '${unit}', '${product}', 'Fibra 500', 'broadband')`,
    `insert into accounts (business_unit_id, external_id, name, email, city, language)
     select '${unit}', n, 'Account ' || n, 'user' || n || '@bench.example', 'City ' || n % 500, 'pt-BR'
       from generate_series(1, ${accounts}) n`,
    `insert into subscriptions (business_unit_id, account_id, number, contract_number, plan_id, status, start_date,
                                billing_start, billing_mode, currency, payment_method, due_day)
     select '${unit}', id, 1, external_id::int, '${plan}', 'active', '2025-01-01', '2026-04-30', 'arrears', 'BRL', 'pix', 10
       from accounts`,
    `insert into subscription_components (subscription_id, account_id, plan_id, role, description, unit_amount, from_date)
     select id, account_id, plan_id, 'plan', 'Fibra 500', 9990, billing_start from subscriptions`,
    'vacuum analyze',
  ]
}
