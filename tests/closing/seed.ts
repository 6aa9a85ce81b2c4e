import { sql } from 'kysely'
import type { Tx } from '../../server/platform/database.ts'

export type Seeded = { unit: string; accounts: number; services: number }

/**
 * A business unit (closing day 31) with so many accounts of one or two services each, in advance and in arrears, some
 * with options, discounts, suspensions, ends or free of charge: by number, so that every run has the same.
 */
export async function seedUnit(tx: Tx, accounts: number, start = '2026-03-11'): Promise<Seeded> {
  const { rows } = await sql<{ id: string; plan: string }>`
    with unit as (
      insert into business_units (slug, name, legal_name, country, currency, time_zone, language, closing_day)
      values ('seeded-' || substr(uuidv7()::text, 25), 'Seeded', 'Seeded Ltda.', 'BR', 'BRL', 'America/Sao_Paulo', 'pt-BR', 31)
      returning id),
    product as (insert into products (business_unit_id, name) select id, 'Internet' from unit returning id, business_unit_id),
    plan as (insert into plans (business_unit_id, product_id, name, kind)
             select business_unit_id, id, 'Fibra 500', 'broadband' from product returning id)
    select unit.id, plan.id as plan from unit, plan`.execute(tx)
  const { id: unit, plan } = rows[0]!
  await sql`insert into plan_options (plan_id, name) values (${plan}, 'Fixed address')`.execute(tx)
  await sql`
    insert into accounts (business_unit_id, external_id, name, language)
    select ${unit}, 'seed-' || n, 'Account ' || n, 'pt-BR' from generate_series(1, ${accounts}::int) n`.execute(
    tx,
  )
  await sql`
    insert into subscriptions (business_unit_id, account_id, number, contract_number, plan_id, status, start_date,
                               billing_start, end_date, billing_mode, currency, payment_method, due_day)
    select ${unit}, a.id, s, (n * 2 + s), ${plan}, case when n % 13 = 0 then 'ended' else 'active' end::subscription_status,
           ${start}::date + (n % 40), ${start}::date + (n % 40),
           case when n % 13 = 0 then ${start}::date + 60 end, case when (n + s) % 2 = 0 then 'arrears' else 'advance' end::billing_mode,
           'BRL', 'pix', 10
      from (select id, substr(external_id, 6)::int as n from accounts where business_unit_id = ${unit}) a
     cross join generate_series(1, 2) s
     where s = 1 or n % 3 = 0`.execute(tx)
  await sql`
    insert into subscription_components (subscription_id, account_id, plan_id, role, plan_option_id, description, unit_amount, quantity,
                                         discount_kind, discount_basis_points, from_date)
    select s.id, s.account_id, s.plan_id, 'plan'::component_role, null::uuid, 'Fibra 500', case when s.contract_number % 17 = 0 then 0 else 9990 end, 1,
           case when substr(a.external_id, 6)::int % 5 = 0 then 'percent' end::discount_kind,
           case when substr(a.external_id, 6)::int % 5 = 0 then 1250 end, s.billing_start
      from subscriptions s join accounts a on a.id = s.account_id where s.business_unit_id = ${unit}
    union all
    select s.id, s.account_id, s.plan_id, 'option', o.id, 'Fixed address', 990, 1 + s.contract_number % 2, null, null, s.billing_start
      from subscriptions s join plan_options o on o.plan_id = s.plan_id
     where s.business_unit_id = ${unit} and s.contract_number % 4 = 0`.execute(tx)
  const suspended = await sql`
    insert into subscription_suspensions (subscription_id, account_id, administrative, period)
    select id, account_id, false, daterange(billing_start + 20, billing_start + 33)
      from subscriptions where business_unit_id = ${unit} and contract_number % 7 = 0 returning id`.execute(
    tx,
  )
  if (accounts >= 20 && suspended.rows.length === 0) throw new Error('the seed has no suspension')
  const counted = await sql<{
    n: number
  }>`select count(*) as n from subscriptions where business_unit_id = ${unit}`.execute(tx)
  return { unit, accounts, services: counted.rows[0]!.n }
}

/** What was charged, account by account, without ids or numbers: equal for two units seeded alike and closed right. */
export async function readCharges(tx: Tx, unit: string): Promise<string[]> {
  const { rows } = await sql<{ charge: string }>`
    select a.external_id || ' ' || i.issue_date || ' ' || i.due_date || ' ' || i.total || ' ' || l.position || ' ' || l.period
           || ' ' || l.days || '/' || l.of_days || ' ' || l.unit_amount || '×' || l.quantity || ' ' || l.net as charge
      from invoices i join accounts a on a.id = i.account_id join invoice_lines l on l.invoice_id = i.id
     where i.business_unit_id = ${unit} order by 1`.execute(tx)
  return rows.map((row) => row.charge)
}

/** Everything that may never be wrong, as one row of counts: all of them zero but the first three. */
export async function checkBooks(tx: Tx, unit: string) {
  const { rows } = await sql<Record<string, number>>`
    select (select count(*) from invoices where business_unit_id = ${unit}) as invoices,
           (select coalesce(max(number), 0) from invoices where business_unit_id = ${unit}) as highest_number,
           (select next - 1 from number_series where business_unit_id = ${unit} and series = 'invoice:A') as taken_numbers,
           (select count(*) from (select posting_id from ledger_entries where business_unit_id = ${unit}
                                   group by posting_id having sum(amount) <> 0) x) as unbalanced,
           (select count(*) from invoices i where business_unit_id = ${unit} and total <>
             (select coalesce(sum(amount), 0) from ledger_entries e where e.invoice_id = i.id and kind = 'invoice'
                 and ledger_account = 'receivable')) as unposted,
           (select count(*) from invoices i where business_unit_id = ${unit} and total <>
             (select coalesce(sum(net), 0) from invoice_lines l where l.invoice_id = i.id)) as wrong_totals,
           (select count(*) from invoice_lines l join invoices i on i.id = l.invoice_id
             where i.business_unit_id = ${unit}
               and not exists (select from billed_coverage b where b.invoice_line_id = l.id and b.period = l.period)) as uncovered,
           (select count(*) from closing_accounts where business_unit_id = ${unit} and state <> 'invoiced') as not_invoiced,
           (select count(*) from closings where business_unit_id = ${unit} and state <> 'done') as unfinished`.execute(
    tx,
  )
  return rows[0]!
}
