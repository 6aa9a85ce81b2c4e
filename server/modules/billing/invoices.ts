import { sql } from 'kysely'
import type { DateRange } from '../../platform/calendar.ts'
import type { ComponentRole, DiscountKind, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import type { Language } from '../../platform/translations.ts'
import { matchAccounts } from '../../platform/word-filter.ts'
import { explainLine } from './line-words.ts'

/** An invoice's number as people read and write it: `A-17`. */
export function formatInvoiceNumber(series: string, number: number): string {
  return `${series}-${number}`
}

export type InvoiceFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  closing_id?: string | undefined
  state?: 'open' | 'paid' | 'overdue' | undefined
  due_from?: Temporal.PlainDate | undefined
  due_to?: Temporal.PlainDate | undefined
  issued_from?: Temporal.PlainDate | undefined
  issued_to?: Temporal.PlainDate | undefined
}

const columns = [
  'invoices.id',
  'invoices.business_unit_id',
  'invoices.account_id',
  'invoices.closing_id',
  'invoices.series',
  'invoices.number',
  'invoices.state',
  'invoices.issue_date',
  'invoices.due_date',
  'invoices.currency',
  'invoices.language',
  'invoices.payment_method',
  'invoices.gross',
  'invoices.discount',
  'invoices.total',
  'invoices.created_at',
  'invoices.paid_at',
] as const

/** The day that it is in the invoice's business unit. */
const unitToday = (now: Temporal.Instant) =>
  sql`(${now}::timestamptz at time zone business_units.time_zone)::date`
const openAmount = sql<number>`(select coalesce(sum(e.amount), 0) from ledger_entries e
  where e.invoice_id = invoices.id and e.ledger_account = 'receivable')::bigint`

function selectInvoices(tx: Tx, now: Temporal.Instant) {
  return tx
    .selectFrom('invoices')
    .innerJoin('accounts', 'accounts.id', 'invoices.account_id')
    .innerJoin('business_units', 'business_units.id', 'invoices.business_unit_id')
    .select(columns)
    .select([
      'accounts.name as account_name',
      'accounts.number as account_number',
      'business_units.name as business_unit_name',
      openAmount.as('open_amount'),
      sql<boolean>`(invoices.state = 'open' and invoices.due_date < ${unitToday(now)})`.as('overdue'),
    ])
}

/**
 * A page of invoices. `q` finds by number (with or without the series) or, where no account is given, by what finds the
 * account; `overdue` is open and past its due date in the business unit's calendar.
 */
export async function listInvoices(tx: Tx, request: ListRequest & InvoiceFilter, now: Temporal.Instant) {
  let query = selectInvoices(tx, now)
  if (request.business_unit_id)
    query = query.where('invoices.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('invoices.account_id', '=', request.account_id)
  if (request.closing_id) query = query.where('invoices.closing_id', '=', request.closing_id)
  if (request.state) query = query.where('invoices.state', '=', request.state === 'paid' ? 'paid' : 'open')
  if (request.state === 'overdue') query = query.where(sql<boolean>`invoices.due_date < ${unitToday(now)}`)
  if (request.due_from) query = query.where('invoices.due_date', '>=', request.due_from)
  if (request.due_to) {
    query = query.where('invoices.due_date', '<=', request.due_to)
    // None is due before it is issued: said, so that the order by day of issue begins there.
    query = query.where('invoices.issue_date', '<=', request.due_to)
  }
  if (request.issued_from) query = query.where('invoices.issue_date', '>=', request.issued_from)
  if (request.issued_to) query = query.where('invoices.issue_date', '<=', request.issued_to)
  if (request.q) query = query.where(await matchInvoices(tx, request.q, request.account_id !== undefined))
  return readPage(
    query,
    request,
    {
      issue_date: { by: sql`invoices.issue_date`, value: (row) => row.issue_date, type: 'date' },
      due_date: { by: sql`invoices.due_date`, value: (row) => row.due_date, type: 'date' },
      number: { by: sql`invoices.number`, value: (row) => row.number, type: 'bigint' },
      total: { by: sql`invoices.total`, value: (row) => row.total, type: 'bigint' },
    },
    { by: sql`invoices.id`, value: (row) => row.id, type: 'uuid' },
  )
}

async function matchInvoices(tx: Tx, q: string, oneAccount: boolean) {
  const numbered = /^(?:([A-Za-z0-9-]{1,10}?)[-\s/]?)?0*(\d{1,15})$/.exec(q.trim())
  if (numbered) {
    const [, series, number] = numbered
    return sql<boolean>`invoices.number = ${Number(number)} ${
      series ? sql`and invoices.series = ${series.toUpperCase()}` : sql``
    }`
  }
  // Within one account there is nothing but numbers to find by, and the portal's login reads no search text.
  return oneAccount ? sql<boolean>`false` : matchAccounts(tx, q, 'invoices.account_id')
}

/** A line as it is stored, or as it would be: everything that "why this amount?" is answered from (billing.md 17). */
export type LineFacts = {
  subscription_id: string | null
  role: ComponentRole
  description: string
  period: DateRange
  days: number
  of_days: number
  whole_period: DateRange
  unit_amount: number
  quantity: number
  gross: number
  discount: number
  discount_kind: DiscountKind | null
  discount_basis_points: number | null
  discount_amount: number | null
  net: number
  rule: string
}

/** A line with its amount in plain words. */
export function describeLine<L extends LineFacts>(line: L, currency: string, language: Language) {
  return { ...line, explanation: explainLine(line, currency, language) }
}

export type AppliedPayment = {
  kind: 'payment' | 'credit_used'
  on_date: Temporal.PlainDate
  amount: number
  payment_id: string | null
  method: PaymentMethod | null
  reference: string | null
}

/**
 * One invoice with its lines, each with its amount in plain words in `language`, what is open of it, and what was paid.
 * Refuses: not_found.
 */
export async function getInvoice(tx: Tx, id: string, language: Language, now: Temporal.Instant) {
  const [invoice, lines, payments] = await Promise.all([
    selectInvoices(tx, now)
      .select([
        sql<Record<string, string | number | null>>`invoices.customer`.as('customer'),
        sql<Record<string, string | null>>`invoices.issuer`.as('issuer'),
      ])
      .where('invoices.id', '=', id)
      .executeTakeFirst(),
    sql<LineFacts & { id: string; position: number; subscription_number: number | null }>`
      select l.id, l.position, l.subscription_id, s.number as subscription_number, l.role, l.description, l.period,
             l.days, l.of_days, l.whole_period, l.unit_amount, l.quantity, l.gross, l.discount, l.discount_kind,
             l.discount_basis_points, l.discount_amount, l.net, l.rule
        from invoice_lines l left join subscriptions s on s.id = l.subscription_id
       where l.invoice_id = ${id} order by l.position`.execute(tx),
    sql<AppliedPayment>`
      select e.kind, e.on_date, -e.amount as amount, e.payment_id, p.method, p.reference
        from ledger_entries e left join payments p on p.id = e.payment_id
       where e.invoice_id = ${id} and e.ledger_account = 'receivable' and e.kind <> 'invoice'
       order by e.on_date, e.id`.execute(tx),
  ])
  if (!invoice) return notFound()
  return {
    ...invoice,
    lines: lines.rows.map((line) => describeLine(line, invoice.currency, language)),
    payments: payments.rows,
  }
}
