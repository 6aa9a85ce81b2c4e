// What an order comes to: its deed is done, read, and undone, so that a quote is what the deed does by construction
// (billing.md 18).
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { DocumentKind, LineRole } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal } from '../../platform/errors.ts'
import type { OrderContext, OrderDeed, OrderKind, OrderPart } from '../../platform/order-kinds.ts'
import { lockAccounts } from '../billing/index.ts'

/** A line of what an order is charged, or with `credit` of what it gives back. Amounts are minor units. */
export type QuoteLine = {
  credit: boolean
  role: LineRole
  description: string
  from: string
  to: string
  days: number
  of_days: number
  quantity: number
  gross: number
  discount: number
  net: number
  tax: number
}

/** What an order comes to, as it is kept with it and shown. */
export type StoredQuote = {
  lines: QuoteLine[]
  /** Of its invoices, with taxes. */
  total: number
  /** On top of the prices, and contained in them. */
  tax: number
  tax_included: number
  /** What its credit notes give back. */
  credited: number
  /** What the account's credit pays of it. */
  credit_used: number
  /** What has to be paid now. */
  due: number
  parts: OrderPart[]
  recurring: OrderDeed['recurring']
  freemium: boolean
  starts_on: string | null
  trial_days: number
  /** Of a service that is sold. */
  term?: OrderDeed['term']
}

export type OrderQuote = StoredQuote & {
  title: string
  currency: string
  /** The day that it is for, where the business unit is. */
  quoted_on: Temporal.PlainDate
  terms: string
  token: string
}

type DocumentRow = {
  id: string
  kind: DocumentKind
  total: number
  tax: number
  tax_included: number
  open_amount: number | null
}

/** What a deed did, read from what it wrote. */
export async function readDeed(
  tx: Tx,
  accountId: string,
  kind: OrderKind,
  request: unknown,
  deed: OrderDeed,
  now: Temporal.Instant,
): Promise<OrderQuote> {
  const ids = deed.document_ids
  const unit = await tx
    .selectFrom('accounts')
    .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
    .select(['business_units.currency', 'business_units.time_zone'])
    .where('accounts.id', '=', accountId)
    .executeTakeFirstOrThrow()
  const documents =
    ids.length === 0
      ? []
      : (
          await sql<DocumentRow>`
            select i.id, i.kind, i.total, i.tax, i.tax_included, b.open_amount
              from invoices i left join invoice_balances b on b.invoice_id = i.id
             where i.id = any(${ids}::uuid[]) order by i.kind desc, i.id`.execute(tx)
        ).rows
  const lines =
    ids.length === 0
      ? []
      : (
          await sql<QuoteLine>`
            select i.kind = 'credit_note' as credit, l.role, l.description, lower(l.period)::text as "from",
                   upper(l.period)::text as "to", l.days, l.of_days, l.quantity, l.gross, l.discount, l.net, l.tax
              from invoice_lines l join invoices i on i.id = l.invoice_id
             where l.invoice_id = any(${ids}::uuid[]) order by i.kind desc, l.invoice_id, l.position`.execute(
            tx,
          )
        ).rows
  const charged = documents.filter((document) => document.kind !== 'credit_note')
  const sum = (rows: readonly DocumentRow[], of: (row: DocumentRow) => number) =>
    rows.reduce((total, row) => total + of(row), 0)
  const total = sum(charged, (row) => row.total)
  const due = sum(charged, (row) => row.open_amount ?? 0)
  const stored: StoredQuote = {
    lines,
    total,
    tax: sum(charged, (row) => row.tax),
    tax_included: sum(charged, (row) => row.tax_included),
    credited: sum(documents, (row) => (row.kind === 'credit_note' ? row.total : 0)),
    credit_used: total - due,
    due,
    parts: deed.parts,
    recurring: deed.recurring,
    freemium: deed.freemium && total === 0,
    starts_on: deed.starts_on?.toString() ?? null,
    trial_days: deed.trial_days,
    ...(deed.term ? { term: deed.term } : {}),
  }
  const terms = hash(deed.terms)
  return {
    ...stored,
    title: deed.title.slice(0, 300),
    currency: unit.currency,
    quoted_on: today(now, unit.time_zone),
    terms,
    token: hash([accountId, kind.kind, request, terms, total, due]),
  }
}

const hash = (facts: unknown) => createHash('sha256').update(JSON.stringify(facts)).digest('hex')

/** What of a quote is kept with an order, as columns. */
export function storeQuote(quote: OrderQuote) {
  const { title, currency, quoted_on, terms, token: _token, ...stored } = quote
  return {
    title,
    currency,
    quoted_on,
    terms,
    quote: JSON.stringify(stored),
    total: quote.total,
    due: quote.due,
    recurring_amount: quote.recurring?.amount ?? null,
    recurring_unit: quote.recurring?.cycle_unit ?? null,
    recurring_count: quote.recurring?.cycle_count ?? null,
    freemium: quote.freemium,
  }
}

/**
 * What an order would come to today; nothing of it is written. Refuses: not_found (account), and what its deed refuses.
 */
export async function quoteOrder(
  tx: Tx,
  accountId: string,
  kind: OrderKind,
  request: unknown,
  context: Omit<OrderContext, 'order_id'>,
): Promise<OrderQuote | Refusal> {
  const account = await tx.selectFrom('accounts').select('id').where('id', '=', accountId).executeTakeFirst()
  if (!account) return notFound()
  await sql`savepoint order_quote`.execute(tx)
  try {
    await lockAccounts(tx, [accountId])
    const deed = await kind.perform(tx, accountId, request, { ...context, order_id: null })
    return isRefusal(deed) ? deed : await readDeed(tx, accountId, kind, request, deed, context.now)
  } finally {
    await sql`rollback to savepoint order_quote`.execute(tx)
  }
}
