import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { boundaryOnOrBefore } from '../subscriptions/index.ts'

export type TodayFilter = { business_unit_id?: string | undefined }

/**
 * Staff's home: what waits, what is due to be closed, and the figures behind its plots, over the business units that
 * the staff member may see. Each figure is one grouped statement over an index; all of them travel together.
 */
export async function readToday(tx: Tx, now: Temporal.Instant, filter: TodayFilter) {
  const unit = filter.business_unit_id ?? null
  const [waiting, units, revenue, received, receivables, growth] = await Promise.all([
    sql<{
      payment_notices: number
      failed_jobs: number
      failed_notices: number
      awaiting_installation: number
      overdue_invoices: number
      account_changes: number
      failed_orders: number
      unfinished_setups: number
    }>`
      select (select count(*) from payment_notices where state = 'pending' and (${unit}::uuid is null or business_unit_id = ${unit}::uuid)) as payment_notices,
             (select count(*) from queued_jobs where state = 'failed') as failed_jobs,
             (select count(*) from notices where state = 'failed' and (${unit}::uuid is null or business_unit_id = ${unit}::uuid)) as failed_notices,
             (select count(*) from subscriptions where status = 'awaiting_installation' and (${unit}::uuid is null or business_unit_id = ${unit}::uuid)) as awaiting_installation,
             (select count(*) from account_change_requests where state = 'pending' and (${unit}::uuid is null or business_unit_id = ${unit}::uuid)) as account_changes,
             (select count(*) from orders where failure_code is not null and ended_at is null and (${unit}::uuid is null or business_unit_id = ${unit}::uuid)) as failed_orders,
             (select count(*) from invoices i join business_units b on b.id = i.business_unit_id
               where i.state = 'open' and i.due_date < (${now}::timestamptz at time zone b.time_zone)::date
                 and (${unit}::uuid is null or b.id = ${unit}::uuid)) as overdue_invoices,
             (select count(*) from account_setups where finished_at is null and (${unit}::uuid is null or business_unit_id = ${unit}::uuid)) as unfinished_setups`.execute(
      tx,
    ),
    sql<{
      id: string
      name: string
      closing_day: number
      time_zone: string
      last_closed: Temporal.PlainDate | null
    }>`
      select b.id, b.name, b.closing_day, b.time_zone,
             (select max(c.up_to) from closings c where c.business_unit_id = b.id and c.state = 'done') as last_closed
        from business_units b where b.archived_at is null and (${unit}::uuid is null or b.id = ${unit}::uuid) order by b.name`.execute(
      tx,
    ),
    sql<Figure>`
      select to_char(date_trunc('month', issue_date), 'YYYY-MM') as month, currency,
             sum(case when kind = 'credit_note' then -total else total end)::bigint as amount from invoices
       where kind <> 'proforma' and issue_date >= date_trunc('month', ${now}::timestamptz)::date - interval '12 months'
         and (${unit}::uuid is null or business_unit_id = ${unit}::uuid)
       group by 1, 2 order by 1, 2`.execute(tx),
    sql<Figure>`
      select to_char(date_trunc('month', received_on), 'YYYY-MM') as month, currency, sum(amount)::bigint as amount from payments
       where received_on >= date_trunc('month', ${now}::timestamptz)::date - interval '12 months'
         and (${unit}::uuid is null or business_unit_id = ${unit}::uuid)
       group by 1, 2 order by 1, 2`.execute(tx),
    sql<{ bucket: Bucket; currency: string; amount: number; invoices: number }>`
      select case when late <= 0 then 'not_due' when late <= 30 then 'days_1_30' when late <= 60 then 'days_31_60'
                  when late <= 90 then 'days_61_90' else 'days_over_90' end as bucket,
             currency, sum(open_amount)::bigint as amount, count(*) as invoices
        from (select i.currency, (${now}::timestamptz at time zone b.time_zone)::date - i.due_date as late,
                     coalesce(e.open_amount, 0) as open_amount
                from invoices i join business_units b on b.id = i.business_unit_id
                left join (select e.invoice_id, sum(e.amount) as open_amount
                             from ledger_entries e join invoices o on o.id = e.invoice_id and o.state = 'open'
                            where e.ledger_account = 'receivable' group by 1) e on e.invoice_id = i.id
               where i.state = 'open' and (${unit}::uuid is null or b.id = ${unit}::uuid)) open
       group by 1, 2 order by min(late), 2`.execute(tx),
    sql<{ month: string; started: number; ended: number; active: number }>`
      with months as (
        select m::date as first, (m + interval '1 month')::date as next
          from generate_series(date_trunc('month', ${now}::timestamptz) - interval '12 months', date_trunc('month', ${now}::timestamptz), interval '1 month') m),
      -- Every service once: the month that it begins in, and the one that it ends in. What began earlier stands in the first.
      mine as (
        select greatest(date_trunc('month', start_date)::date, (select min(first) from months) - 1) as first,
               date_trunc('month', end_date)::date as last, count(*) as services
          from subscriptions
         where status <> 'awaiting_installation' and billing_start is not null and (${unit}::uuid is null or business_unit_id = ${unit}::uuid)
           and (end_date is null or end_date >= (select min(first) from months))
         group by 1, 2)
      select to_char(months.first, 'YYYY-MM') as month,
             coalesce(sum(services) filter (where mine.first = months.first), 0)::bigint as started,
             coalesce(sum(services) filter (where mine.last = months.first), 0)::bigint as ended,
             coalesce(sum(services) filter (where mine.first <= months.first and (mine.last is null or mine.last > months.first)), 0)::bigint as active
        from months left join mine on mine.first <= months.first and (mine.last is null or mine.last >= months.first)
       group by months.first order by months.first`.execute(tx),
  ])
  const closings_due = units.rows.flatMap((row) => {
    const today = now.toZonedDateTimeISO(row.time_zone).toPlainDate()
    const boundary = boundaryOnOrBefore(today, row.closing_day)
    const done = row.last_closed !== null && Temporal.PlainDate.compare(row.last_closed, boundary) >= 0
    return done
      ? []
      : [
          {
            business_unit_id: row.id,
            business_unit_name: row.name,
            up_to: boundary,
            last_closed: row.last_closed,
          },
        ]
  })
  return {
    waiting: waiting.rows[0]!,
    closings_due,
    revenue: revenue.rows,
    received: received.rows,
    receivables: receivables.rows,
    growth: growth.rows,
  }
}

type Figure = { month: string; currency: string; amount: number }
type Bucket = 'not_due' | 'days_1_30' | 'days_31_60' | 'days_61_90' | 'days_over_90'
