import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import type { Debt, DebtDocument, DebtService, DoneStep } from './planning.ts'

/**
 * The accounts of a business unit with an unpaid document that is due on a day or before, in the order of their ids:
 * whom dunning can concern.
 */
export async function listDebtors(tx: Tx, unitId: string, dueTo: Temporal.PlainDate): Promise<string[]> {
  const found = await sql<{ account_id: string }>`
    select distinct account_id from invoices
     where business_unit_id = ${unitId} and state = 'open' and due_date <= ${dueTo}::date
     order by account_id`.execute(tx)
  return found.rows.map((row) => row.account_id)
}

/**
 * What accounts owe and what was done about it, read in four statements whatever their number. `today` is the business
 * unit's calendar day. An account that owes nothing has no documents.
 */
export async function loadDebts(
  tx: Tx,
  accountIds: readonly string[],
  today: Temporal.PlainDate,
): Promise<Map<string, Debt>> {
  const [documents, done, services, exemptions] = await Promise.all([
    sql<DebtDocument & { account_id: string }>`
      select i.account_id, i.id, i.series || '-' || i.number as number, i.due_date, b.open_amount,
             greatest(least(b.open_amount, i.total - late.amount), 0)::bigint as chargeable,
             coalesce((select array_agg(c.role::text) from late_charges c where c.invoice_id = i.id), '{}') as charged
        from invoices i
        join invoice_balances b on b.invoice_id = i.id
       cross join lateral (
         select coalesce(sum(l.net + l.tax), 0)::bigint as amount from invoice_lines l
          where l.invoice_id = i.id and l.role in ('late_fee', 'interest')) late
       where i.account_id = any(${accountIds}::uuid[]) and i.state = 'open' and b.open_amount > 0
       order by i.due_date, i.id`.execute(tx),
    sql<DoneStep & { account_id: string }>`
      select a.account_id, a.step_key, a.invoice_id, a.action, a.day, a.on_date
        from dunning_actions a join invoices i on i.id = a.invoice_id
       where a.account_id = any(${accountIds}::uuid[]) and i.state = 'open'`.execute(tx),
    sql<DebtService & { account_id: string }>`
      select s.account_id, s.id, s.status,
             coalesce((select array_agg(distinct l.invoice_id::text)
                         from invoice_lines l join invoices i on i.id = l.invoice_id
                        where l.subscription_id = s.id and i.account_id = s.account_id and i.state = 'open'), '{}') as invoice_ids
        from subscriptions s
       where s.account_id = any(${accountIds}::uuid[])
         and s.status in ('awaiting_installation', 'active', 'suspended', 'suspended_administratively')
       order by s.id`.execute(tx),
    sql<{ account_id: string; until: Temporal.PlainDate }>`
      select account_id, until from account_dunning_exemptions
       where account_id = any(${accountIds}::uuid[]) and lifted_at is null and until >= ${today}::date`.execute(
      tx,
    ),
  ])
  const debts = new Map<string, { -readonly [K in keyof Debt]: Debt[K] }>(
    accountIds.map((id) => [id, { documents: [], done: [], services: [], exempt_until: null }]),
  )
  for (const { account_id, ...row } of documents.rows)
    (debts.get(account_id)!.documents as DebtDocument[]).push(row)
  for (const { account_id, ...row } of done.rows) (debts.get(account_id)!.done as DoneStep[]).push(row)
  for (const { account_id, ...row } of services.rows)
    (debts.get(account_id)!.services as DebtService[]).push(row)
  for (const { account_id, until } of exemptions.rows) debts.get(account_id)!.exempt_until = until
  return debts
}

/** A business unit as dunning needs it, with its calendar day; null where there is none. */
export async function findUnit(tx: Tx, unitId: string, now: Temporal.Instant) {
  const found = await sql<{
    id: string
    name: string
    currency: string
    time_zone: string
    today: Temporal.PlainDate
  }>`
    select id, name, currency, time_zone, (${now}::timestamptz at time zone time_zone)::date as today
      from business_units where id = ${unitId}`.execute(tx)
  return found.rows[0] ?? null
}
