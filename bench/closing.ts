import { closeUnit, previewUnit } from '../server/modules/billing/index.ts'
import { openPool } from '../server/platform/database.ts'
import { demand } from '../server/platform/jobs.ts'
import { copyTables, countRows, dumpTables, runStatements } from './copy.ts'
import type { BenchServer, Row } from './run.ts'

const unit = '00000000-0000-7000-8000-000000000001'
const product = '00000000-0000-7000-8000-000000000002'
const plan = '00000000-0000-7000-8000-000000000003'
const option = '00000000-0000-7000-8000-000000000004'
const month = '2026-05-31'
const now = () => Temporal.Instant.from('2026-06-01T12:00:00Z')

/** What a closing writes of documents, in the order in which COPY may bring them. */
const written = [
  { table: 'closings', of: (closing: string) => `id = '${closing}'` },
  { table: 'invoices', of: (closing: string) => `closing_id = '${closing}'` },
  {
    table: 'invoice_lines',
    of: (closing: string) => `invoice_id in (select id from invoices where closing_id = '${closing}')`,
  },
  { table: 'billed_coverage', of: (closing: string) => `closing_id = '${closing}'` },
  {
    table: 'ledger_entries',
    of: (closing: string) => `invoice_id in (select id from invoices where closing_id = '${closing}')`,
  },
]

/**
 * Closing one month of so many accounts with a service of two lines each, after so many months that are closed already,
 * against COPY of the very rows that it wrote (ready, in files) into the same tables, with their indexes and triggers, of a
 * copy of the database that was made before; by two workers, by one, and as a preview that writes nothing.
 */
export async function benchClosing(
  server: BenchServer,
  accounts: number,
  options: { history?: number; alone?: boolean } = {},
): Promise<Row[]> {
  const history = options.history ?? 0
  const what = `${accounts.toLocaleString('en')} accounts${history ? `, ${history} months before` : ''}`
  const database = await server.createDatabase()
  await runStatements(database.ownerUrl, seed(accounts, history))
  const twin = await server.createDatabase(database)
  const single = options.alone ? await server.createDatabase(database) : undefined
  const keyed = options.alone ? await server.createDatabase(database) : undefined
  const up_to = Temporal.PlainDate.from(month)
  try {
    await runStatements(database.ownerUrl, ['checkpoint'])
    const pool = openPool(database.officeUrl, 6)
    const previewed = await time(() => previewUnit(pool, { business_unit_id: unit, up_to, now }))
    const closed = await time(() => closeUnit(pool, { business_unit_id: unit, up_to, now, workers: 2 }))
    await pool.end()
    const { invoices, total, closing_id } = demand(closed.result)
    if (invoices !== accounts) throw new Error(`${invoices} invoices of ${accounts} accounts`)
    const preview = demand(previewed.result)
    if (preview.total !== total) throw new Error('the preview was another')

    const dumps = await dumpTables(
      database.ownerUrl,
      written.map(({ table, of }) => ({ table, where: of(closing_id!) })),
      server.folder,
    )
    const [head, ...documents] = dumps
    await copyTables(twin.ownerUrl, [head!])
    const copied = await copyTables(twin.ownerUrl, documents)
    if ((await countRows(twin.ownerUrl, 'ledger_entries')) !== accounts * 2 * (history + 1))
      throw new Error('COPY brought other rows')

    const rate = (seconds: number) => `${Math.round(accounts / seconds).toLocaleString('en')} invoices/s`
    const limit = `${rate(copied)} by COPY of the rows`
    const row = (name: string, seconds: number, aim: string): Row => ({
      name: `closing, ${what}: ${name}`,
      ours: rate(seconds),
      limit,
      ratio: copied / seconds,
      aim,
      value: accounts / seconds,
    })
    const rows = [row('two workers', closed.seconds, 'at least 1.3')]
    if (keyed) {
      await runStatements(keyed.ownerUrl, foreignKeys)
      await copyTables(keyed.ownerUrl, [head!])
      const byKeys = await copyTables(keyed.ownerUrl, documents)
      rows.push({
        ...row('two workers', closed.seconds, 'watched'),
        limit: `${rate(byKeys)} by COPY into tables with foreign keys`,
        ratio: byKeys / closed.seconds,
      })
    }
    if (single) {
      const own = openPool(single.officeUrl, 3)
      const alone = await time(() => closeUnit(own, { business_unit_id: unit, up_to, now, workers: 1 }))
      await own.end()
      demand(alone.result)
      rows.push(row('one worker', alone.seconds, 'watched'))
    }
    rows.push({
      ...row('preview', previewed.seconds, 'no slower than the run'),
      limit: `${rate(closed.seconds)} by the run`,
      ratio: closed.seconds / previewed.seconds,
    })
    return rows
  } finally {
    await single?.drop()
    await keyed?.drop()
    await twin.drop()
    await database.drop()
  }
}

/** The tables as they would be with PostgreSQL's own foreign keys and exclusion, instead of proofs once per statement. */
const foreignKeys = [
  ...['invoices', 'invoice_lines', 'billed_coverage', 'ledger_entries'].map(
    (table) => `alter table ${table} disable trigger ${table}_proved`,
  ),
  `alter table invoices
     add foreign key (business_unit_id) references business_units (id), add foreign key (account_id) references accounts (id),
     add foreign key (closing_id) references closings (id), add foreign key (subscription_id) references subscriptions (id),
     add foreign key (about_invoice_id) references invoices (id), add foreign key (proforma_id) references invoices (id)`,
  `alter table invoice_lines
     add foreign key (invoice_id, account_id) references invoices (id, account_id),
     add foreign key (subscription_id) references subscriptions (id),
     add foreign key (component_id) references subscription_components (id),
     add foreign key (corrects_line_id) references invoice_lines (id),
     add foreign key (charge_id, account_id) references charges (id, account_id)`,
  `alter table billed_coverage
     add foreign key (component_id) references subscription_components (id),
     add foreign key (invoice_line_id) references invoice_lines (id), add foreign key (closing_id) references closings (id),
     add exclude using gist (component_id with =, period with &&)`,
  'drop index billed_coverage_component',
  `alter table ledger_entries
     add foreign key (business_unit_id) references business_units (id),
     add foreign key (invoice_id, account_id) references invoices (id, account_id),
     add foreign key (payment_id, account_id) references payments (id, account_id)`,
]

async function time<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const began = performance.now()
  const result = await work()
  return { result, seconds: (performance.now() - began) / 1000 }
}

export function seed(accounts: number, history: number): string[] {
  // The months before end where the month that is closed begins.
  const start = `(date '2026-04-30' - make_interval(months => ${history}))::date`
  return [
    `set zaguan.actor = '{"kind": "system", "way": "command", "operation": "bench"}'`,
    // The search of accounts is not what is measured, and takes longer than everything else.
    'alter table accounts disable trigger user',
    'alter table subscriptions disable trigger user',
    'alter table subscription_components disable trigger user',
    `insert into business_units (id, slug, name, legal_name, country, currency, time_zone, language, closing_day)
     values ('${unit}', 'bench', 'Bench', 'Bench Ltda.', 'BR', 'BRL', 'America/Sao_Paulo', 'pt-BR', 31)`,
    `insert into products (id, business_unit_id, name) values ('${product}', '${unit}', 'Internet')`,
    `insert into plans (id, business_unit_id, product_id, name, kind)
     values ('${plan}', '${unit}', '${product}', 'Fibra 500', 'broadband')`,
    `insert into plan_options (id, plan_id, name) values ('${option}', '${plan}', 'Fixed address')`,
    `insert into accounts (business_unit_id, external_id, name, email, city, language)
     select '${unit}', n, 'Account ' || n, 'user' || n || '@bench.example', 'City ' || n % 500, 'pt-BR'
       from generate_series(1, ${accounts}) n`,
    `insert into subscriptions (business_unit_id, account_id, number, contract_number, plan_id, status, start_date,
                                billing_start, billing_mode, currency, payment_method, due_day)
     select '${unit}', id, 1, external_id::int, '${plan}', 'active', '2024-01-01', ${start}, 'arrears', 'BRL', 'pix', 10
       from accounts`,
    `insert into subscription_components (subscription_id, account_id, plan_id, role, plan_option_id, description, unit_amount, from_date)
     select s.id, s.account_id, s.plan_id, r.role::component_role, r.option_id, r.description, r.amount, s.billing_start
       from subscriptions s
      cross join (values ('plan', null::uuid, 'Fibra 500', 9990), ('option', '${option}', 'Fixed address', 990))
              r (role, option_id, description, amount)`,
    'alter table accounts enable trigger user',
    'alter table subscriptions enable trigger user',
    'alter table subscription_components enable trigger user',
    ...(history > 0 ? pastMonths(history) : []),
    'vacuum analyze',
  ]
}

/** Months that are closed already, as a closing of each would have left them; their triggers need not prove it. */
function pastMonths(history: number): string[] {
  const tables = ['invoices', 'invoice_lines', 'billed_coverage', 'ledger_entries']
  const months = Array.from({ length: history }, (_, index) => history - index)
  return [
    ...tables.map((table) => `alter table ${table} disable trigger user`),
    ...months.flatMap((ago, index) => {
      const until = `(date '2026-04-30' - make_interval(months => ${ago - 1}))::date`
      const first = `(date '2026-04-30' - make_interval(months => ${ago}))::date`
      return [
        `insert into invoices (business_unit_id, account_id, series, number, state, issue_date, due_date, currency, language,
                               payment_method, gross, discount, total, customer, issuer)
         select '${unit}', id, 'A', ${index} * (select count(*) from accounts) + row_number() over (order by id), 'open',
                ${until}, ${until} + 10, 'BRL', 'pt-BR', 'pix', 10980, 0, 10980,
                jsonb_build_object('number', number, 'name', name, 'email', email, 'city', city, 'tax_id', null, 'address', null),
                jsonb_build_object('name', 'Bench', 'legal_name', 'Bench Ltda.', 'country', 'BR') from accounts order by id`,
        `insert into invoice_lines (invoice_id, account_id, position, subscription_id, component_id, plan_id, role, description,
                                    period, days, of_days, whole_period, unit_amount, quantity, gross, discount, net, rule)
         select i.id, i.account_id, case c.role when 'plan' then 1 else 2 end, c.subscription_id, c.id, c.plan_id,
                c.role::text::line_role, c.description, daterange(${first}, ${until}), 30, 30, daterange(${first}, ${until}),
                c.unit_amount, 1, c.unit_amount, 0, c.unit_amount, 'recurring_arrears'
           from invoices i join subscription_components c on c.account_id = i.account_id where i.issue_date = ${until}
          order by i.id`,
        `insert into billed_coverage (component_id, account_id, period, invoice_line_id)
         select l.component_id, l.account_id, l.period, l.id
           from invoices i join invoice_lines l on l.invoice_id = i.id where i.issue_date = ${until} order by i.id`,
        `insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date, invoice_id)
         select p.posting_id, 'invoice', '${unit}', p.account_id, side.ledger_account, side.amount, 'BRL', ${until}, p.id
           from (select id, account_id, uuidv7() as posting_id from invoices where issue_date = ${until} order by id offset 0) p
          cross join (values ('receivable'::ledger_account, 10980::bigint), ('revenue', -10980)) side (ledger_account, amount)`,
      ]
    }),
    `insert into number_series (business_unit_id, series, next)
     select '${unit}', 'invoice:A', 1 + ${history} * (select count(*) from accounts)`,
    ...tables.map((table) => `alter table ${table} enable trigger user`),
    'select rebuild_ledger_days()',
  ]
}
