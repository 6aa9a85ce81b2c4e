import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'

/** How an account differs from the closing of the month before. Amounts are minor units. */
export type ClosingDifference = {
  account_id: string
  account_name: string
  account_number: number
  kind: 'new' | 'gone' | 'changed'
  previous_total: number
  total: number
  difference: number
}

/** A closing against the one of the month before: how many accounts differ, and those that differ most. */
export type ClosingComparison = {
  previous_id: string
  new: number
  gone: number
  changed: number
  items: Omit<ClosingDifference, 'account_name' | 'account_number'>[]
}

const shownDifferences = 20

/**
 * Compares a closing that was just prepared or done with the one of the month before and keeps the result on it: neither
 * changes any more, and at a million accounts comparing takes seconds. A closing that takes up what another left out is
 * compared with none. The month before is the closing up to the day nearest to a month earlier, else the last one before.
 */
export async function keepComparison(tx: Tx, closing: { id: string }): Promise<void> {
  await sql`
    with this as (select id, business_unit_id, up_to from closings where id = ${closing.id} and retry_of_id is null),
    previous as (
      select p.id from closings p join this on p.business_unit_id = this.business_unit_id
       where p.state = 'done' and p.issued_invoices > 0 and p.retry_of_id is null and p.id <> this.id
         and (p.up_to, p.id) < (this.up_to, this.id)
       order by (p.up_to between (this.up_to - interval '1 month')::date - 10 and (this.up_to - interval '1 month')::date + 10) desc,
                case when p.up_to between (this.up_to - interval '1 month')::date - 10 and (this.up_to - interval '1 month')::date + 10
                     then abs(p.up_to - (this.up_to - interval '1 month')::date) else this.up_to - p.up_to end,
                p.issued_invoices desc, p.id desc
       limit 1),
    compared as materialized (
      select account_id, coalesce(p.total, 0) as previous_total, coalesce(c.total, 0) as total,
             case when p.account_id is null then 'new' when c.account_id is null then 'gone' else 'changed' end as kind
        from (select account_id, total from closing_accounts
               where closing_id = (select id from previous) and state = 'invoiced' and invoices > 0) p
        full join (select account_id, total, state from closing_accounts
                    where closing_id = (select id from this) and (invoices > 0 or state in ('parked', 'changed'))) c
       using (account_id)
       where (c.state is null or c.state in ('planned', 'invoiced')) and p.total is distinct from c.total),
    largest as (
      select account_id, kind, previous_total, total, total - previous_total as difference from compared
       order by abs(total - previous_total) desc, account_id limit ${shownDifferences})
    update closings
       set comparison = (
         select jsonb_build_object('previous_id', previous.id,
                  'new', (select count(*) from compared where kind = 'new'),
                  'gone', (select count(*) from compared where kind = 'gone'),
                  'changed', (select count(*) from compared where kind = 'changed'),
                  'items', (select coalesce(jsonb_agg(to_jsonb(largest) order by abs(difference) desc, account_id), '[]') from largest))
           from previous)
     where id = (select id from this)`.execute(tx)
}

/** The closing that a kept comparison is against, and its differences with the accounts' names of today. */
export async function readComparison(tx: Tx, comparison: ClosingComparison) {
  const [previous, accounts] = await Promise.all([
    sql<{
      id: string
      up_to: Temporal.PlainDate
      invoices: number
      total: number
      finished_at: Temporal.Instant
    }>`
      select id, up_to, issued_invoices as invoices, issued_total as total, finished_at from closings
       where id = ${comparison.previous_id}`.execute(tx),
    sql<{ id: string; name: string; number: number }>`
      select id, name, number from accounts where id = any(${comparison.items.map((item) => item.account_id)}::uuid[])`.execute(
      tx,
    ),
  ])
  const accountOf = new Map(accounts.rows.map((row) => [row.id, row]))
  const items = comparison.items.flatMap((item): ClosingDifference[] => {
    const account = accountOf.get(item.account_id)
    return account ? [{ ...item, account_name: account.name, account_number: account.number }] : []
  })
  const { new: added, gone, changed } = comparison
  return { previous: previous.rows[0] ?? null, differences: { new: added, gone, changed, items } }
}
