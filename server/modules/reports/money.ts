import { sql } from 'kysely'
import type { LedgerAccount, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import type { Dimension } from './revenue.ts'

export type MoneyFilter = { currency: string; business_unit_id?: string | undefined }

export const ageBuckets = ['not_due', 'days_1_30', 'days_31_60', 'days_61_90', 'days_over_90'] as const
export type AgeBucket = (typeof ageBuckets)[number]

const ofUnit = (filter: MoneyFilter, column: string) =>
  filter.business_unit_id ? sql`and ${sql.ref(column)} = ${filter.business_unit_id}` : sql``

/**
 * What is owed, by how late it is in each business unit's calendar: its sum is the ledger's receivables to the cent. `to_due` is
 * the latest due date of a bucket and `from_due` the earliest, for the list of its documents.
 */
export async function readReceivables(
  tx: Tx,
  filter: MoneyFilter,
  now: Temporal.Instant,
  today: Temporal.PlainDate,
) {
  const [{ rows }, ledger] = await Promise.all([
    sql<{
      bucket: AgeBucket
      business_unit_id: string
      business_unit_name: string
      documents: number
      amount: number
    }>`
      select case when late <= 0 then 'not_due' when late <= 30 then 'days_1_30' when late <= 60 then 'days_31_60'
                  when late <= 90 then 'days_61_90' else 'days_over_90' end as bucket,
             business_unit_id, business_unit_name, count(*) as documents, sum(open_amount)::bigint as amount
        from (select i.business_unit_id, b.name as business_unit_name,
                     (${now}::timestamptz at time zone b.time_zone)::date - i.due_date as late,
                     (select coalesce(sum(e.amount), 0) from ledger_entries e
                       where e.invoice_id = i.id and e.ledger_account = 'receivable') as open_amount
                from invoices i join business_units b on b.id = i.business_unit_id
               where i.state = 'open' and i.currency = ${filter.currency} ${ofUnit(filter, 'i.business_unit_id')}) open
       group by 1, 2, 3`.execute(tx),
    sumOfLedger(tx, filter, ['receivable'], null, null),
  ])
  const limits: Record<AgeBucket, [number | null, number | null]> = {
    not_due: [0, null],
    days_1_30: [-30, -1],
    days_31_60: [-60, -31],
    days_61_90: [-90, -61],
    days_over_90: [null, -91],
  }
  const day = (days: number | null) => (days === null ? null : today.add({ days }))
  return {
    ledger: ledger.get('receivable') ?? 0,
    buckets: ageBuckets.map((bucket) => {
      const own = rows.filter((row) => row.bucket === bucket)
      return {
        bucket,
        from_due: day(limits[bucket][0]),
        to_due: day(limits[bucket][1]),
        documents: own.reduce((sum, row) => sum + row.documents, 0),
        amount: own.reduce((sum, row) => sum + row.amount, 0),
        units: own.map(({ business_unit_id, business_unit_name, documents, amount }) => ({
          business_unit_id,
          business_unit_name,
          documents,
          amount,
        })),
      }
    }),
  }
}

/** The sums of ledger accounts over days [from, to), from the daily totals that the database keeps. */
async function sumOfLedger(
  tx: Tx,
  filter: MoneyFilter,
  accounts: readonly LedgerAccount[],
  from: Temporal.PlainDate | null,
  to: Temporal.PlainDate | null,
): Promise<Map<LedgerAccount, number>> {
  const { rows } = await sql<{ ledger_account: LedgerAccount; amount: number }>`
    select ledger_account, sum(debits - credits)::bigint as amount from ledger_days
     where currency = ${filter.currency} and ledger_account = any(${[...accounts]}::ledger_account[])
       ${from ? sql`and on_date >= ${from}::date` : sql``} ${to ? sql`and on_date < ${to}::date` : sql``}
       ${ofUnit(filter, 'business_unit_id')}
     group by 1`.execute(tx)
  return new Map(rows.map((row) => [row.ledger_account, row.amount]))
}

const incomeAccounts: LedgerAccount[] = ['revenue', 'late_fees', 'interest', 'penalties']

/**
 * What was billed in [from, to) without its taxes, credit notes taken off, split by business unit, plan or salesperson; with what
 * the ledger's income accounts say of the same days: the two are equal to the cent.
 */
export async function splitBilled(
  tx: Tx,
  filter: MoneyFilter,
  by: Dimension,
  from: Temporal.PlainDate,
  to: Temporal.PlainDate,
) {
  const key = {
    business_unit: sql`i.business_unit_id`,
    plan: sql`l.plan_id`,
    salesperson: sql`s.salesperson_id`,
  }[by]
  const table = { business_unit: 'business_units', plan: 'plans', salesperson: 'users' }[by]
  const [{ rows }, ledger] = await Promise.all([
    sql<{ id: string | null; name: string | null; amount: number; documents: number }>`
      select t.key as id, n.name, t.amount, t.documents
        from (select ${key} as key, sum(case when i.kind = 'credit_note' then l.tax_included - l.net else l.net - l.tax_included end)::bigint as amount,
                     count(distinct i.id) as documents
                from invoices i join invoice_lines l on l.invoice_id = i.id
                left join subscriptions s on s.id = l.subscription_id
               where i.kind <> 'proforma' and i.currency = ${filter.currency} and i.issue_date >= ${from}::date
                 and i.issue_date < ${to}::date ${ofUnit(filter, 'i.business_unit_id')}
               group by 1) t
        left join ${sql.table(table)} n on n.id = t.key
       order by t.amount desc, t.key`.execute(tx),
    sumOfLedger(tx, filter, incomeAccounts, from, to),
  ])
  return { rows, ledger: -[...ledger.values()].reduce((sum, amount) => sum + amount, 0) }
}

/** Payments by month and method in [from, to), by the day on which they were received; with what the bank account took in. */
export async function readPaymentMonths(
  tx: Tx,
  filter: MoneyFilter,
  from: Temporal.PlainDate,
  to: Temporal.PlainDate,
) {
  const [{ rows }, ledger] = await Promise.all([
    sql<{ month: string; method: PaymentMethod; payments: number; amount: number }>`
      select to_char(received_on, 'YYYY-MM') as month, method, count(*) as payments, sum(amount)::bigint as amount
        from payments where currency = ${filter.currency} and received_on >= ${from}::date and received_on < ${to}::date
         ${ofUnit(filter, 'business_unit_id')}
       group by 1, 2 order by 1, 2`.execute(tx),
    sql<{ amount: number }>`
      select coalesce(sum(e.amount), 0)::bigint as amount from ledger_entries e
       where e.kind = 'payment' and e.ledger_account = 'bank' and e.currency = ${filter.currency}
         and e.on_date >= ${from}::date and e.on_date < ${to}::date ${ofUnit(filter, 'e.business_unit_id')}`.execute(
      tx,
    ),
  ])
  return { rows, ledger: ledger.rows[0]!.amount }
}

/** What closings came to, by month of their closing date and business unit, in [from, to). */
export async function readClosingMonths(
  tx: Tx,
  filter: MoneyFilter,
  from: Temporal.PlainDate,
  to: Temporal.PlainDate,
) {
  const { rows } = await sql<{
    month: string
    business_unit_id: string
    business_unit_name: string
    closings: number
    invoices: number
    amount: number
    parked: number
  }>`
    select to_char(c.up_to, 'YYYY-MM') as month, c.business_unit_id, b.name as business_unit_name, count(*) as closings,
           sum(c.issued_invoices)::bigint as invoices, sum(c.issued_total)::bigint as amount, sum(c.parked_accounts)::bigint as parked
      from closings c join business_units b on b.id = c.business_unit_id
     where c.state = 'done' and c.currency = ${filter.currency} and c.up_to >= ${from}::date and c.up_to < ${to}::date
       ${ofUnit(filter, 'c.business_unit_id')}
     group by 1, 2, 3 order by 1, 3`.execute(tx)
  return rows
}
