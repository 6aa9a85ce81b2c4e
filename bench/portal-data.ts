import { createHash } from 'node:crypto'
import pg from 'pg'

/**
 * Fills a migrated database with so many accounts, each with a user, a service with an option, a paid and an open invoice with
 * their lines and ledger entries, and three mails. Set-based, triggers and foreign keys off: it is the ground, not what is
 * measured. Returns cookies of sessions of 2,000 accounts spread over all.
 */
export async function fillPortal(ownerUrl: string, accounts: number): Promise<string[]> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  await client.query(
    `set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '512MB'`,
  )
  const run = (text: string) => client.query(text)
  // Indexes that no constraint needs are made after the rows: minutes instead of an hour for a million accounts.
  const indexes = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      where indrelid = any('{users,accounts,memberships,subscriptions,subscription_components,invoices,ledger_entries,notices}'::regclass[])
        and not exists (select from pg_constraint where conindid = indexrelid)`,
  )
  for (const { name } of indexes.rows) await run(`drop index ${name}`)
  await run(`insert into business_units (id, slug, name, legal_name, country, currency, time_zone, language, closing_day)
    values ('00000000-0000-7000-8000-000000000001', 'bench', 'Bench', 'Bench Ltda.', 'BR', 'BRL', 'America/Sao_Paulo', 'pt-BR', 31)`)
  await run(
    `insert into products (id, business_unit_id, name) values ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001', 'Internet')`,
  )
  await run(`insert into plans (id, business_unit_id, product_id, name, kind)
    values ('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 'Fibra 500', 'broadband')`)
  await run(`create temp table ids as select n, uuidv7() as account, uuidv7() as person, uuidv7() as subscription,
    uuidv7() as component, uuidv7() as paid, uuidv7() as due from generate_series(1, ${accounts}) n`)
  await run(
    `insert into users (id, side, email, name, language) select person, 'customer', 'user' || n || '@bench.example', 'User ' || n, 'pt-BR' from ids`,
  )
  await run(`insert into accounts (id, number, business_unit_id, name, email, city, language)
    select account, n, '00000000-0000-7000-8000-000000000001', 'Account ' || n, 'user' || n || '@bench.example', 'City ' || n % 500, 'pt-BR' from ids`)
  await run(
    `insert into memberships (user_id, account_id, permissions) select person, account, '{owner}' from ids`,
  )
  await run(`insert into subscriptions (id, business_unit_id, account_id, number, contract_number, plan_id, status, start_date, billing_start, billing_mode, currency, payment_method, due_day)
    select subscription, '00000000-0000-7000-8000-000000000001', account, 1, n, '00000000-0000-7000-8000-000000000003', 'active', '2025-01-01', '2025-01-01', 'arrears', 'BRL', 'pix', 10 from ids`)
  await run(
    `insert into subscription_components (id, subscription_id, account_id, plan_id, role, description, unit_amount) select component, subscription, account, '00000000-0000-7000-8000-000000000003', 'plan', 'Fibra 500', 9990 from ids`,
  )
  for (const [column, number, state, paid, due] of [
    ['paid', 'n', 'paid', `now()`, '2026-04-10'],
    ['due', `n + ${accounts}`, 'open', 'null', '2026-06-10'],
  ]) {
    await run(`insert into invoices (id, business_unit_id, account_id, series, number, state, issue_date, due_date, currency, language, payment_method, gross, discount, total, customer, issuer, paid_at)
      select ${column}, '00000000-0000-7000-8000-000000000001', account, 'A', ${number}, '${state}', '2026-03-31', '${due}', 'BRL', 'pt-BR', 'pix', 9990, 0, 9990, '{}', '{}', ${paid} from ids`)
    await run(`insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date, invoice_id)
      select ids.${column}, 'invoice', '00000000-0000-7000-8000-000000000001', account, side.name, side.amount, 'BRL', '2026-03-31', ids.${column}
        from ids cross join (values ('receivable'::ledger_account, 9990), ('revenue', -9990)) side (name, amount)`)
  }
  await run(`insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date, invoice_id)
    select subscription, 'payment', '00000000-0000-7000-8000-000000000001', account, side.name, side.amount, 'BRL', '2026-04-09', paid
      from ids cross join (values ('receivable'::ledger_account, -9990), ('bank', 9990)) side (name, amount)`)
  await run(`insert into notices (kind, business_unit_id, account_id, to_email, language, subject, html, text_body, state)
    select 'invoice_issued', '00000000-0000-7000-8000-000000000001', account, 'user' || n || '@bench.example', 'pt-BR', 'Sua fatura ' || n, repeat('x', 200), repeat('x', 100), 'kept'
      from ids cross join generate_series(1, 3)`)
  for (const { definition } of indexes.rows) await run(definition)
  const cookies: string[] = []
  const step = Math.max(1, Math.floor(accounts / 2000))
  const people = await client.query(`select person, n from ids where n % ${step} = 0 limit 2000`)
  for (const { person, n } of people.rows) {
    const token = `bench-token-${n}`
    await client.query(
      `insert into sessions (token_hash, user_id, expires_at) values ($1, $2, now() + interval '1 day')`,
      [createHash('sha256').update(token).digest(), person],
    )
    cookies.push(`zaguan_portal=${token}`)
  }
  await client.query('set session_replication_role = origin')
  await client.query('vacuum analyze')
  await client.end()
  return cookies
}
