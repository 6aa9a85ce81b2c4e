import { createHash } from 'node:crypto'
import pg from 'pg'
import { firstNames, lastNames } from '../server/modules/demo/names-brazil.ts'

export const units = [
  '00000000-0000-7000-8000-000000000001',
  '00000000-0000-7000-8000-000000000011',
  '00000000-0000-7000-8000-000000000021',
] as const

/** Cookies of an administrator who sees all units and of one who sees the smallest, and what the lists are filtered by. */
export type OfficeGround = {
  everywhere: string
  smallest: string
  plan: string
  closing: string
  build: IndexBuild
}
/** Seconds and bytes of the search's entries and indexes. */
export type IndexBuild = { entries: number; seconds: number; bytes: number }

const filled = [
  'users',
  'accounts',
  'contacts',
  'memberships',
  'contracts',
  'subscriptions',
  'subscription_components',
  'invoices',
  'ledger_entries',
  'payments',
  'payment_notices',
  'notices',
  'audit_log',
]

/**
 * Fills a migrated database with so many accounts in three business units (70, 25 and 5 of a hundred), two contacts and
 * an invoice of each, and what else the office lists: services, payments, notices, the audit log. Names as people have
 * them: few that very many share, very many that few have. Set-based, triggers and foreign keys off: it is the ground, not
 * what is measured; but the search's entries and indexes are built as a migration builds them, and that is timed.
 */
export async function fillOffice(ownerUrl: string, accounts: number): Promise<OfficeGround> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  const run = (text: string, values: unknown[] = []) => client.query(text, values)
  await run(
    `set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '512MB'; set work_mem = '256MB'; select setseed(0.5)`,
  )
  // Indexes that no constraint needs are made after the rows: minutes instead of an hour for a million accounts.
  const dropIndexes = async (tables: string[]) => {
    const { rows } = await client.query<{ name: string; definition: string }>(
      `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
        where indrelid = any($1::regclass[]) and not exists (select from pg_constraint where conindid = indexrelid)`,
      [tables],
    )
    for (const { name } of rows) await run(`drop index ${name}`)
    return async () => {
      for (const { definition } of rows) await run(definition)
    }
  }
  const restoreIndexes = await dropIndexes(filled)

  const names = (table: string, list: readonly string[], synthetic: number) =>
    run(
      `create temp table ${table} as select row_number() over () - 1 as n, name
         from (select name from unnest($1::text[]) name
               union all
               select initcap(string_agg(substr('babebibobucacecicocudadedidodufafefifofugagegigogujajejijojulalelilolumamemimomunaneninonuparapepipirorusasesisosutatetitotuvavevivovuzazezizozu',
                        1 + 2 * floor(random() * 70 + 0 * s)::int, 2), '')) || case when s % 3 = 0 then 'ão' when s % 3 = 1 then 'ni' else 's' end
                 from generate_series(1, ${synthetic}) s cross join generate_series(1, 3) syllable group by s) all_names`,
      [list],
    )
  await names('first_names', firstNames, 1500)
  await names('last_names', lastNames, 25_000)
  await names('cities', ['São Paulo', 'Campinas', 'Santo André', 'Osasco'], 400)
  const count = async (table: string) => Number((await run(`select count(*) as n from ${table}`)).rows[0].n)
  const [firsts, lasts, cities] = [
    await count('first_names'),
    await count('last_names'),
    await count('cities'),
  ]
  const pick = (of: number, skew: number) => `floor(${of} * power(random(), ${skew}))::int`

  for (const [index, id] of units.entries()) {
    await run(
      `insert into business_units (id, slug, name, legal_name, country, currency, time_zone, language, closing_day)
       values ($1, $2, $3, $3 || ' Ltda.', 'BR', 'BRL', 'America/Sao_Paulo', 'pt-BR', 31)`,
      [id, `bench${index}`, `Bench ${index}`],
    )
    await run(
      `insert into chart_accounts (business_unit_id, ledger_account, type, code, name)
       select $1, c.ledger_account, c.type, c.code, c.name from default_chart('pt-BR') c`,
      [id],
    )
    await run(
      `insert into coupons (business_unit_id, code, name, discount_kind, discount_basis_points)
       select $1, 'CUPOM' || n, 'Cupom ' || n, 'percent', 1000 from generate_series(1, 200) n`,
      [id],
    )
    await run(
      `with product as (insert into products (business_unit_id, name) values ($1, 'Internet') returning id)
       insert into plans (business_unit_id, product_id, name, kind)
       select $1, product.id, 'Fibra ' || n * 50, 'broadband' from product, generate_series(1, 20) n`,
      [id],
    )
    await run(
      `insert into routing_points (business_unit_id, name) select $1, 'Torre ' || n from generate_series(1, 50) n`,
      [id],
    )
    await run(
      `insert into closings (business_unit_id, up_to, state, currency, created_at)
       select $1, (date '2024-01-31' + n * 30), 'done', 'BRL', timestamptz '2024-01-31' + n * interval '30 days' from generate_series(1, 24) n`,
      [id],
    )
    await run(
      `insert into imports (business_unit_id, kind, file_name, mapping, as_of, state) select $1, 'accounts', 'f' || n || '.csv', '{}', '2026-01-01', 'done' from generate_series(1, 30) n`,
      [id],
    )
  }
  await run(
    `create temp table plan_of as select id, business_unit_id, row_number() over (partition by business_unit_id order by id) - 1 as n from plans`,
  )
  await run(`create temp table ids as
    select n, uuidv7() as account, uuidv7() as person, uuidv7() as subscription, uuidv7() as invoice, uuidv7() as payment,
           ('{${units.join(',')}}'::uuid[])[case when r < 0.7 then 1 when r < 0.95 then 2 else 3 end] as unit,
           ${pick(firsts, 3)} as f, ${pick(lasts, 4)} as l1, ${pick(lasts, 4)} as l2, ${pick(cities, 2)} as c,
           random() < 0.6 as is_person, lpad((random() * 99999999999)::bigint::text, 11, '0') as tax,
           '9' || lpad((random() * 99999999)::bigint::text, 8, '0') as phone,
           timestamptz '2018-01-01' + n * interval '4 minutes' as since
      from (select n, random() as r from generate_series(1, ${accounts}) n) numbers`)
  await run('create index on ids (n); analyze ids')
  await run(`insert into accounts (id, number, business_unit_id, external_id, kind, name, rank, tax_id, email, phone, address, city, postal_code, language, created_at)
    select i.account, i.n, i.unit, 'C-' || i.n, (case when i.is_person then 'person' else 'company' end)::account_kind,
           case when i.is_person then f.name || ' ' || a.name || ' ' || b.name
                else (array['Padaria', 'Mercado', 'Auto Peças', 'Clínica', 'Escola', 'Construtora', 'Farmácia', 'Hotel'])[1 + i.n % 8] || ' ' || a.name || ' ' || (array['Ltda.', 'ME', 'e Filhos', 'S.A.'])[1 + i.n % 4] end,
           (array['A', 'B', 'C', null])[1 + i.n % 4]::account_rank,
           substr(i.tax, 1, 3) || '.' || substr(i.tax, 4, 3) || '.' || substr(i.tax, 7, 3) || '-' || substr(i.tax, 10, 2),
           search_code(f.name) || i.n || '@bench.example', '+55 11 ' || substr(i.phone, 1, 5) || '-' || substr(i.phone, 6),
           'Rua das Flores, ' || i.n % 2000, c.name, lpad((i.n % 99999)::text, 5, '0') || '-000', 'pt-BR', i.since
      from ids i join first_names f on f.n = i.f join last_names a on a.n = i.l1 join last_names b on b.n = i.l2 join cities c on c.n = i.c`)
  await run(`insert into contacts (account_id, external_id, first_name, last_name, email, phone, is_primary)
    select i.account, 'P-' || i.n || '-' || k, f.name, a.name, search_code(f.name) || '.' || i.n || '.' || k || '@people.example',
           '(11) ' || substr(i.phone, k, 4) || '-' || lpad(((i.n::bigint * 7919 + k * 104729) % 10000)::text, 4, '0'), k = 1
      from (select ids.*, k, ${pick(firsts, 3)} as cf, ${pick(lasts, 4)} as cl from ids cross join generate_series(1, 2) k) i
      join first_names f on f.n = i.cf join last_names a on a.n = i.cl`)
  await run(`insert into users (id, side, email, name, language)
    select i.person, 'customer', 'user' || i.n || '@bench.example', f.name || ' ' || a.name, 'pt-BR'
      from ids i join first_names f on f.n = i.f join last_names a on a.n = i.l1 where i.n % 5 = 0`)
  await run(
    `insert into memberships (user_id, account_id, permissions) select person, account, '{owner}' from ids where n % 5 = 0`,
  )
  await run(`insert into contracts (account_id, business_unit_id, name, type, start_date, currency, amount)
    select account, unit, 'Suporte ' || n, 'flat_retainer', '2026-01-01', 'BRL', 10000 from ids where n % 20 = 0`)
  await run(`insert into subscriptions (id, business_unit_id, account_id, number, external_id, contract_number, plan_id, status, start_date, billing_start, end_date, billing_mode, currency, payment_method, due_day)
    select i.subscription, i.unit, i.account, 1, 'S-' || i.n, i.n, p.id, (array['active', 'active', 'active', 'suspended', 'cancelled'])[1 + i.n % 5]::subscription_status,
           date '2018-01-01' + (i.n % 3000)::int, date '2018-01-01' + (i.n % 3000)::int, case when i.n % 5 = 4 then date '2026-01-01' end, 'arrears', 'BRL', 'pix', 10
      from ids i join plan_of p on p.business_unit_id = i.unit and p.n = i.n % 20`)
  await run(`insert into subscription_components (subscription_id, account_id, plan_id, role, description, unit_amount)
    select i.subscription, i.account, p.id, 'plan', 'Fibra', 9990 from ids i join plan_of p on p.business_unit_id = i.unit and p.n = i.n % 20`)
  const closing = (
    await run(`select id from closings where business_unit_id = $1 order by id limit 1`, [units[0]])
  ).rows[0].id as string
  await run(`insert into invoices (id, business_unit_id, account_id, closing_id, series, number, state, issue_date, due_date, currency, language, payment_method, gross, discount, total, customer, issuer, paid_at)
    select invoice, unit, account, case when n % 1000 = 0 and unit = '${units[0]}' then '${closing}'::uuid end, 'A', n,
           (case when n % 2 = 0 then 'paid' else 'open' end)::invoice_state, date '2024-01-31' + (n % 800)::int, date '2024-02-10' + (n % 800)::int,
           'BRL', 'pt-BR', 'pix', 9990, 0, 9990, '{}', '{}', case when n % 2 = 0 then now() end from ids`)
  await run(`insert into payments (id, business_unit_id, account_id, amount, currency, method, received_on, reference)
    select payment, unit, account, 9990, 'BRL', (array['pix', 'boleto', 'card'])[1 + n % 3]::payment_method, date '2024-02-01' + (n % 800)::int,
           'E' || n || '-' || substr(tax, 1, 4) from ids where n % 2 = 0`)
  await run(`insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date, invoice_id)
    select invoice, 'invoice', unit, account, side.name, side.amount, 'BRL', date '2024-01-31' + (n % 800)::int, invoice
      from ids cross join (values ('receivable'::ledger_account, 9990), ('revenue', -9990)) side (name, amount)`)
  await run(`insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date, invoice_id, payment_id)
    select payment, 'payment', unit, account, side.name, side.amount, 'BRL', date '2024-02-01' + (n % 800)::int, invoice, payment
      from ids cross join (values ('receivable'::ledger_account, -9990), ('bank', 9990)) side (name, amount) where n % 2 = 0`)
  await run(`with credit as (select account, unit, n, uuidv7() as posting from ids where n % 5000 = 0)
    insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date)
    select posting, 'adjustment', unit, account, side.name, side.amount, 'BRL', date '2024-02-01' + (n % 800)::int
      from credit cross join (values ('adjustments'::ledger_account, 500), ('account_credit', -500)) side (name, amount)`)
  await run('select rebuild_ledger_days()')
  await run(`insert into payment_notices (business_unit_id, account_id, amount, currency, method, paid_on, reference, state, decided_at, rejection_reason)
    select unit, account, 9990, 'BRL', 'pix', date '2026-05-01', 'W' || n, (case when n % 200 = 0 then 'pending' else 'approved' end)::payment_notice_state,
           case when n % 200 = 0 then null else now() end, null from ids where n % 10 = 0`)
  await run(`insert into notices (kind, business_unit_id, account_id, to_email, language, subject, html, text_body, state)
    select 'invoice_issued', unit, account, 'user' || n || '@bench.example', 'pt-BR', 'Sua fatura ' || n, repeat('x', 100), 'x', (case when n % 100 = 0 then 'failed' else 'sent' end)::notice_state from ids`)
  await run(`insert into audit_log (at, actor_kind, actor_name, way, operation, action, object_type, object_id, account_id, business_unit_id, after)
    select since, 'staff', 'Ana', 'office', 'create_account', 'created', 'accounts', account::text, account, unit, '{"name": "x"}' from ids`)
  await restoreIndexes()

  const cookies: string[] = []
  for (const [index, all] of [true, false].entries()) {
    const token = `bench-office-${index}`
    const { rows } = await run(
      `insert into users (side, email, name, language) values ('staff', $1, $2, 'en') returning id`,
      [`staff${index}@bench.example`, `Staff ${index}`],
    )
    await run(`insert into staff (user_id, role, all_units) values ($1, 'admin', $2)`, [rows[0].id, all])
    if (!all)
      await run('insert into staff_units (user_id, business_unit_id) values ($1, $2)', [rows[0].id, units[2]])
    await run(
      `insert into sessions (token_hash, user_id, expires_at) values ($1, $2, now() + interval '1 day')`,
      [createHash('sha256').update(token).digest(), rows[0].id],
    )
    cookies.push(`zaguan_office=${token}`)
  }
  await run('analyze')

  const restoreSearch = await dropIndexes(['search_entries', 'search_dictionary'])
  await run('truncate search_entries, search_dictionary')
  await run('checkpoint')
  const began = performance.now()
  const kinds = await run(
    `select substr(relname, 11) as kind from pg_class where relkind = 'v' and relname like 'search\\_of\\_%' order by 1`,
  )
  for (const { kind } of kinds.rows) await run('select refresh_search($1)', [kind])
  await restoreSearch()
  const seconds = (performance.now() - began) / 1000
  await run('set session_replication_role = origin')
  await run('vacuum analyze')
  const { rows } = await run(
    `select (select count(*) from search_entries) as entries, pg_total_relation_size('search_entries') + pg_total_relation_size('search_dictionary') as bytes`,
  )
  const plan = (await run('select id from plan_of where business_unit_id = $1 and n = 3', [units[0]])).rows[0]
    .id
  await client.end()
  return {
    everywhere: cookies[0]!,
    smallest: cookies[1]!,
    plan,
    closing,
    build: { entries: Number(rows[0].entries), seconds, bytes: Number(rows[0].bytes) },
  }
}
