import { sql } from 'kysely'
import type { DocumentKind, PaymentMethod, PostingKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'

/** One thing that happened to an account's money: a document, a payment, or what staff corrected by hand. */
export type Movement = {
  /** The posting's id. */
  id: string
  kind: PostingKind
  on_date: Temporal.PlainDate
  /** What it changed of what the account owes, in minor units: positive for an invoice, negative for a payment. */
  amount: number
  /** How much credit it gave (positive) or used (negative). */
  credit: number
  /** What the account owed after it, less its credit. */
  balance: number
  currency: string
  invoice_id: string | null
  invoice_series: string | null
  invoice_number: number | null
  /** What kind of document that is. */
  invoice_kind: DocumentKind | null
  payment_id: string | null
  method: PaymentMethod | null
  reference: string | null
  /** The reference is a provider's id of the money. */
  by_provider: boolean
  /** Why staff corrected by hand. */
  reason: string | null
}

/**
 * A page of an account's statement: the postings of the ledger on what it owes and its credit, with the running
 * balance, by date. A payment of several invoices is one movement; credit that pays an invoice changes no balance. A credit
 * note names itself, not the invoice that owes less by it.
 */
export function listMovements(
  tx: Tx,
  accountId: string,
  request: ListRequest & { from?: Temporal.PlainDate | undefined; to?: Temporal.PlainDate | undefined },
) {
  let query = tx
    .selectFrom(
      sql<Movement>`(
        with postings as (
          select e.posting_id as id, e.kind, e.on_date, e.currency, min(e.id::text)::uuid as first,
                 sum(e.amount)::bigint as amount,
                 coalesce(-sum(e.amount) filter (where e.ledger_account = 'account_credit'), 0)::bigint as credit,
                 case when count(distinct e.invoice_id) = 1 then min(e.invoice_id::text)::uuid end as invoice_id,
                 min(e.payment_id::text)::uuid as payment_id
            from ledger_entries e
           where e.account_id = ${accountId} and e.ledger_account in ('receivable', 'account_credit')
           group by e.posting_id, e.kind, e.on_date, e.currency)
        select p.id, p.kind, p.on_date, p.amount, p.credit, p.currency, p.first, i.id as invoice_id, p.payment_id,
               sum(p.amount) over (partition by p.currency order by p.on_date, p.first)::bigint as balance,
               i.series as invoice_series, i.number as invoice_number, i.kind as invoice_kind,
               coalesce(y.method, j.method) as method, coalesce(y.reference, j.reference) as reference, j.reason,
               y.provider_id is not null as by_provider
          from postings p
          left join lateral (
            select e.invoice_id from ledger_entries e
             where p.kind = 'credit_note' and e.posting_id = p.id and e.ledger_account <> 'receivable'
               and e.invoice_id is not null limit 1) note on true
          left join invoices i on i.id = coalesce(note.invoice_id, p.invoice_id)
          left join payments y on y.id = p.payment_id
          left join account_adjustments j on j.id = p.id)`.as('movements'),
    )
    .select([
      'movements.id',
      'movements.kind',
      'movements.on_date',
      'movements.amount',
      'movements.credit',
      'movements.balance',
      'movements.currency',
      'movements.invoice_id',
      'movements.invoice_series',
      'movements.invoice_number',
      'movements.invoice_kind',
      'movements.payment_id',
      'movements.method',
      'movements.reference',
      'movements.by_provider',
      'movements.reason',
      sql<string>`movements.first`.as('first'),
    ])
  if (request.from) query = query.where('movements.on_date', '>=', request.from)
  if (request.to) query = query.where('movements.on_date', '<=', request.to)
  return readPage(
    query,
    request,
    { on_date: { by: sql`movements.on_date`, value: (row) => row.on_date, type: 'date' } },
    { by: sql`movements.first`, value: (row) => row.first, type: 'uuid' },
  )
}
