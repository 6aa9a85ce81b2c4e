import { sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import type { LedgerAccount, PostingKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { announce } from '../../platform/events.ts'

/** One side of a posting, in minor units: debits positive, credits negative. */
export type PostingEntry = {
  ledger_account: LedgerAccount
  amount: number
  /** Needed for `receivable`: every debt is the debt of an invoice. */
  invoice_id?: string | null
  payment_id?: string | null
}

/** Something that happened to an account's money. Its entries add up to zero, or the database refuses it. */
export type Posting = {
  kind: PostingKind
  business_unit_id: string
  account_id: string
  currency: string
  on_date: Temporal.PlainDate
  entries: readonly PostingEntry[]
}

/**
 * Locks accounts against everything else that moves their money (closings, payments, use of credit) until the
 * transaction ends. Always in the order of their ids, so that two never wait for each other.
 */
export async function lockAccounts(tx: Tx, accountIds: readonly string[]): Promise<void> {
  await sql`
    select count(*) from (
      select from accounts where id = any(${arrayLiteral(accountIds)}::uuid[]) order by id for no key update) locked`.execute(
    tx,
  )
}

/**
 * Writes postings to the ledger (X3, billing.md 11) in one statement, as the database demands. Entries of amount zero
 * are left out. Throws where a posting does not balance: that is a bug.
 */
export async function post(tx: Tx, postings: readonly Posting[]): Promise<void> {
  const rows = postings.flatMap((posting, index) =>
    posting.entries.filter((entry) => entry.amount !== 0).map((entry) => ({ index, posting, entry })),
  )
  if (rows.length === 0) return
  await sql`
    with postings as materialized (
      select n, uuidv7() as posting_id from generate_series(0, ${postings.length - 1}::int) n)
    insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency,
                                on_date, invoice_id, payment_id)
    select p.posting_id, e.kind, e.business_unit_id, e.account_id, e.ledger_account, e.amount, e.currency, e.on_date,
           e.invoice_id, e.payment_id
      from unnest(${arrayLiteral(rows.map((row) => row.index))}::int[], ${arrayLiteral(rows.map((row) => row.posting.kind))}::posting_kind[],
                  ${arrayLiteral(rows.map((row) => row.posting.business_unit_id))}::uuid[],
                  ${arrayLiteral(rows.map((row) => row.posting.account_id))}::uuid[],
                  ${arrayLiteral(rows.map((row) => row.entry.ledger_account))}::ledger_account[],
                  ${arrayLiteral(rows.map((row) => row.entry.amount))}::bigint[],
                  ${arrayLiteral(rows.map((row) => row.posting.currency))}::text[],
                  ${arrayLiteral(rows.map((row) => row.posting.on_date))}::date[],
                  ${arrayLiteral(rows.map((row) => row.entry.invoice_id ?? null))}::uuid[],
                  ${arrayLiteral(rows.map((row) => row.entry.payment_id ?? null))}::uuid[])
           e (n, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date, invoice_id, payment_id)
      join postings p on p.n = e.n`.execute(tx)
}

/**
 * Lets the state of invoices follow the ledger: paid once nothing of them is owed, void where all of it was credited before
 * anything was paid, open otherwise. Call it after every
 * posting that touches a receivable. Announces invoices.settled, for what a payment causes (billing.md 27). Returns the
 * invoices that became paid.
 */
export async function settleInvoices(
  tx: Tx,
  invoiceIds: readonly string[],
  now: Temporal.Instant,
): Promise<string[]> {
  if (invoiceIds.length === 0) return []
  const changed = await sql<{ id: string; state: string }>`
    update invoices i
       set state = s.state, paid_at = case when s.state = 'paid' then ${now}::timestamptz end
      from (select b.invoice_id,
                   case when b.open_amount > 0 then 'open'
                        when exists (select from ledger_entries e
                                      where e.invoice_id = b.invoice_id and e.ledger_account = 'receivable' and e.amount < 0)
                         and not exists (select from ledger_entries e
                                          where e.invoice_id = b.invoice_id and e.ledger_account = 'receivable'
                                            and e.amount < 0 and e.kind <> 'credit_note') then 'void'
                        else 'paid' end::invoice_state as state
              from invoice_balances b where b.invoice_id = any(${invoiceIds}::uuid[])) s
     where i.id = s.invoice_id and i.state <> s.state
    returning i.id, i.state`.execute(tx)
  await announce(tx, 'invoices.settled', { invoice_ids: [...invoiceIds] })
  return changed.rows.filter((row) => row.state === 'paid').map((row) => row.id)
}

/** Those of some accounts that have credit in any currency. */
export async function findCredit(tx: Tx, accountIds: readonly string[]): Promise<string[]> {
  const found = await sql<{ account_id: string }>`
    select distinct account_id
      from (select account_id from ledger_entries
             where account_id = any(${arrayLiteral(accountIds)}::uuid[]) and ledger_account = 'account_credit'
             group by account_id, business_unit_id, currency having sum(amount) < 0) credited`.execute(tx)
  return found.rows.map((row) => row.account_id)
}

/**
 * Uses the credit of accounts for their open invoices, the oldest first and in part where it does not suffice
 * (billing.md 28), and settles these. The accounts must be locked. Returns the invoices that became paid by it.
 */
export async function applyAccountCredit(
  tx: Tx,
  accountIds: readonly string[],
  now: Temporal.Instant,
): Promise<string[]> {
  if (accountIds.length === 0) return []
  const used = await sql<{ invoice_id: string | null }>`
    with credit as (
      select business_unit_id, account_id, currency, -sum(amount) as available
        from ledger_entries where account_id = any(${accountIds}::uuid[]) and ledger_account = 'account_credit'
       group by business_unit_id, account_id, currency having sum(amount) < 0),
    owed as (
      select i.id, i.business_unit_id, i.account_id, i.currency, i.issue_date, b.open_amount, credit.available,
             sum(b.open_amount) over (partition by i.account_id, i.business_unit_id, i.currency
                                      order by i.issue_date, i.series, i.number) - b.open_amount as before
        from credit
        join invoices i using (business_unit_id, account_id, currency)
        join invoice_balances b on b.invoice_id = i.id
       where i.state = 'open' and b.open_amount > 0),
    uses as materialized (
      select uuidv7() as posting_id, owed.*, least(open_amount, available - before)::bigint as amount,
             greatest((${now}::timestamptz at time zone u.time_zone)::date, issue_date) as on_date
        from owed join business_units u on u.id = owed.business_unit_id
       where available > before)
    insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency,
                                on_date, invoice_id)
    select posting_id, 'credit_used', business_unit_id, account_id, side.ledger_account, side.amount, currency, on_date,
           side.invoice_id
      from uses cross join lateral (values ('account_credit'::ledger_account, uses.amount, null::uuid),
                                           ('receivable', -uses.amount, uses.id)) side (ledger_account, amount, invoice_id)
    returning invoice_id`.execute(tx)
  return settleInvoices(
    tx,
    used.rows.flatMap((row) => (row.invoice_id === null ? [] : [row.invoice_id])),
    now,
  )
}

/** What an account owes and has, in minor units of its business unit's currency. */
export type Balance = {
  currency: string
  /** What is open of its invoices. */
  owed: number
  /** The part of it that is past its due date, in the business unit's calendar. */
  overdue: number
  /** Credit that no invoice has used yet. */
  credit: number
  /** Owed less credit. */
  balance: number
  open_invoices: number
}

/** The balance of an account: sums of ledger entries, never a stored number (billing.md 11). */
export async function balanceOf(tx: Tx, accountId: string, now: Temporal.Instant): Promise<Balance> {
  const found = await sql<Balance>`
    select u.currency, o.owed, o.overdue, o.open_invoices, c.credit, (o.owed - c.credit)::bigint as balance
      from accounts a
      join business_units u on u.id = a.business_unit_id
     cross join lateral (
       select coalesce(sum(b.open_amount), 0)::bigint as owed, count(*) as open_invoices,
              coalesce(sum(b.open_amount) filter (
                where i.due_date < (${now}::timestamptz at time zone u.time_zone)::date), 0)::bigint as overdue
         from invoices i join invoice_balances b on b.invoice_id = i.id
        where i.account_id = a.id and i.state = 'open') o
     cross join lateral (
       select coalesce(-sum(e.amount), 0)::bigint as credit from ledger_entries e
        where e.account_id = a.id and e.ledger_account = 'account_credit') c
     where a.id = ${accountId}`.execute(tx)
  const row = found.rows[0]
  if (!row) throw new Error(`no account ${accountId}`)
  return row
}
