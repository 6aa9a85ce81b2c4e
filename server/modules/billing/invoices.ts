import { sql } from 'kysely'
import type { DateRange } from '../../platform/calendar.ts'
import type {
  DiscountKind,
  DocumentKind,
  InvoiceState,
  LineRole,
  PaymentMethod,
  PostingKind,
  PriceModel,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'
import { exponentOf, fromDecimal } from '../../platform/money.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import type { Language } from '../../platform/translations.ts'
import { matchAccounts } from '../../platform/word-filter.ts'
import type { Tier } from '../subscriptions/index.ts'
import { explainLine, type LineCoupon } from './line-words.ts'

/** An invoice's number as people read and write it: `A-17`. */
export function formatInvoiceNumber(series: string, number: number): string {
  return `${series}-${number}`
}

/** How a document stands, as lists ask for it: `overdue` is open and past its due date. */
export type StateFilter = InvoiceState | 'overdue'

export type InvoiceFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  subscription_id?: string | undefined
  closing_id?: string | undefined
  kind?: DocumentKind | undefined
  state?: StateFilter | undefined
  due_from?: Temporal.PlainDate | undefined
  due_to?: Temporal.PlainDate | undefined
  issued_from?: Temporal.PlainDate | undefined
  issued_to?: Temporal.PlainDate | undefined
  /** Totals as decimals in each document's own currency (`100.50`), both included. */
  total_from?: string | undefined
  total_to?: string | undefined
}

const columns = [
  'invoices.id',
  'invoices.business_unit_id',
  'invoices.account_id',
  'invoices.closing_id',
  'invoices.subscription_id',
  'invoices.kind',
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
  'invoices.tax',
  'invoices.tax_included',
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
 * A page of documents of every kind, or of one. `q` finds by number (with or without the series) or, where no account is given, by what finds the
 * account; `overdue` is open and past its due date in the business unit's calendar.
 */
export async function listInvoices(tx: Tx, request: ListRequest & InvoiceFilter, now: Temporal.Instant) {
  const { query } = await narrow(selectInvoices(tx, now), tx, request, now)
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

type InvoiceQuery = ReturnType<typeof selectInvoices>

/** The documents of a query that a filter leaves. */
async function narrow(found: InvoiceQuery, tx: Tx, request: InvoiceFilter, now: Temporal.Instant) {
  let query = found
  if (request.business_unit_id)
    query = query.where('invoices.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('invoices.account_id', '=', request.account_id)
  if (request.closing_id) query = query.where('invoices.closing_id', '=', request.closing_id)
  if (request.subscription_id) query = query.where('invoices.subscription_id', '=', request.subscription_id)
  // Written out, not as parameters: the indexes of what is rare serve only who names it.
  if (request.kind) query = query.where(sql<boolean>`invoices.kind = ${sql.lit(request.kind)}`)
  if (request.state) {
    const state: InvoiceState = request.state === 'overdue' ? 'open' : request.state
    query = query.where(sql<boolean>`invoices.state = ${sql.lit(state)}`)
  }
  if (request.state === 'overdue') query = query.where(sql<boolean>`invoices.due_date < ${unitToday(now)}`)
  if (request.total_from) query = query.where(await matchTotal(tx, '>=', request.total_from))
  if (request.total_to) query = query.where(await matchTotal(tx, '<=', request.total_to))
  if (request.due_from) query = query.where('invoices.due_date', '>=', request.due_from)
  if (request.due_to) {
    query = query.where('invoices.due_date', '<=', request.due_to)
    // None is due before it is issued: said, so that the order by day of issue begins there.
    query = query.where('invoices.issue_date', '<=', request.due_to)
  }
  if (request.issued_from) query = query.where('invoices.issue_date', '>=', request.issued_from)
  if (request.issued_to) query = query.where('invoices.issue_date', '<=', request.issued_to)
  if (request.q) query = query.where(await matchInvoices(tx, request.q, request.account_id !== undefined))
  return { query }
}

/**
 * The ids of all documents that a filter leaves, by unit, kind and number; null where they are more than `most`.
 */
export async function listInvoiceIds(
  tx: Tx,
  filter: InvoiceFilter,
  now: Temporal.Instant,
  most: number,
): Promise<string[] | null> {
  const { query } = await narrow(selectInvoices(tx, now), tx, filter, now)
  const rows = await query
    .clearSelect()
    .select('invoices.id')
    .orderBy('invoices.business_unit_id')
    .orderBy('invoices.kind')
    .orderBy('invoices.series')
    .orderBy('invoices.number')
    .limit(most + 1)
    .execute()
  return rows.length > most ? null : rows.map(({ id }) => id)
}

/** Totals on one side of a decimal: so many minor units of each currency that there is. */
async function matchTotal(tx: Tx, side: '>=' | '<=', decimal: string) {
  const found = await tx.selectFrom('business_units').select('currency').distinct().execute()
  const [whole = '0', fraction = ''] = decimal.replace(',', '.').split('.')
  const conditions = found.map(({ currency }) => {
    const exponent = exponentOf(currency)
    const bound = fromDecimal(
      exponent === 0 ? whole : `${whole}.${fraction.padEnd(exponent, '0').slice(0, exponent)}`,
      currency,
    )
    return sql<boolean>`(invoices.currency = ${currency} and invoices.total ${sql.raw(side)} ${bound})`
  })
  return sql<boolean>`(${sql.join(conditions, sql` or `)})`
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
  role: LineRole
  description: string
  period: DateRange
  days: number
  of_days: number
  whole_period: DateRange
  unit_amount: number
  quantity: number
  price_model: PriceModel
  tiers: Tier[] | null
  package_size: number | null
  included: number
  gross: number
  discount: number
  discount_kind: DiscountKind | null
  discount_basis_points: number | null
  discount_amount: number | null
  coupons: LineCoupon[] | null
  net: number
  tax: number
  tax_included: number
  instalment: number | null
  instalments: number | null
  rule: string
}

/** A line of another document, which this one corrects (billing.md 16). */
export type CorrectedLine = {
  line_id: string
  invoice_id: string
  document: string
  description: string
  kind: 'credit_note' | 'debit_note'
}

/** A line with its amount in plain words. */
export function describeLine<L extends LineFacts & { corrects?: CorrectedLine | null }>(
  line: L,
  currency: string,
  language: Language,
) {
  return { ...line, explanation: explainLine(line, currency, language) }
}

/** What changed what is owed of a document after its issue: payments, credit, credit notes, write-offs. */
export type AppliedPayment = {
  kind: PostingKind
  on_date: Temporal.PlainDate
  amount: number
  payment_id: string | null
  method: PaymentMethod | null
  reference: string | null
  /** The reference is a provider's id of the money. */
  by_provider: boolean
  /** The credit note that did it. */
  document_id: string | null
  document_number: string | null
}

/** A tax of a document, on the sum of its base (billing.md 10). */
export type DocumentTax = {
  tax_id: string
  name: string
  /** Millionths: 190000 is 19 %. */
  rate: number
  /** Contained in the prices, else on top of them. */
  inclusive: boolean
  base: number
  amount: number
}

/** Another document that has to do with this one. */
export type RelatedDocument = {
  id: string
  kind: DocumentKind
  series: string
  number: number
  state: InvoiceState
  issue_date: Temporal.PlainDate
  currency: string
  total: number
  /** `about`: the one that this corrects; `correction`: corrects this; `proforma`, `invoice`: made from it, or of it. */
  relation: 'about' | 'correction' | 'proforma' | 'invoice'
}

type StoredLine = LineFacts & {
  id: string
  position: number
  subscription_number: number | null
  corrects: CorrectedLine | null
  /** What credit notes gave back of it, tax on top included. */
  credited: number
}

/**
 * One document with its lines, each with its amount in plain words in `language`, its taxes, what is open of it, what was
 * paid and credited, and the documents that have to do with it. Refuses: not_found.
 */
export async function getInvoice(tx: Tx, id: string, language: Language, now: Temporal.Instant) {
  const [invoice, lines, payments, taxes, related] = await Promise.all([
    selectInvoices(tx, now)
      .leftJoin('subscriptions', 'subscriptions.id', 'invoices.subscription_id')
      .select([
        'invoices.reason',
        'invoices.about_invoice_id',
        'invoices.proforma_id',
        'subscriptions.number as subscription_number',
        sql<Record<string, string | number | null>>`invoices.customer`.as('customer'),
        sql<Record<string, string | null>>`invoices.issuer`.as('issuer'),
      ])
      .where('invoices.id', '=', id)
      .executeTakeFirst(),
    sql<StoredLine>`
      select l.id, l.position, l.subscription_id, s.number as subscription_number, l.role, l.description, l.period,
             l.days, l.of_days, l.whole_period, l.unit_amount, l.quantity, l.price_model, l.tiers, l.package_size, l.included,
             l.gross, l.discount, l.discount_kind, l.discount_basis_points, l.discount_amount, l.coupons, l.net, l.tax,
             l.tax_included, l.instalment, l.instalments, l.rule,
             case when c.id is not null then json_build_object('line_id', c.id, 'invoice_id', d.id,
               'document', d.series || '-' || d.number, 'description', c.description, 'kind', i.kind) end as corrects,
             coalesce((select sum(k.net + k.tax) from invoice_lines k join invoices n on n.id = k.invoice_id
                        where k.corrects_line_id = l.id and n.kind = 'credit_note'), 0)::bigint as credited
        from invoice_lines l
        join invoices i on i.id = l.invoice_id
        left join subscriptions s on s.id = l.subscription_id
        left join invoice_lines c on c.id = l.corrects_line_id
        left join invoices d on d.id = c.invoice_id
       where l.invoice_id = ${id} order by l.position`.execute(tx),
    sql<AppliedPayment>`
      select e.kind, e.on_date, -e.amount as amount, e.payment_id, p.method, p.reference,
             p.provider_id is not null as by_provider, d.id as document_id,
             d.series || '-' || d.number as document_number
        from ledger_entries e
        left join payments p on p.id = e.payment_id
        left join lateral (
          select n.id, n.series, n.number from ledger_entries o join invoices n on n.id = o.invoice_id
           where e.kind = 'credit_note' and o.posting_id = e.posting_id and n.kind = 'credit_note' limit 1) d on true
       where e.invoice_id = ${id} and e.ledger_account = 'receivable' and e.kind not in ('invoice', 'debit_note')
       order by e.on_date, e.id`.execute(tx),
    sql<DocumentTax>`
      select tax_id, name, rate, inclusive, base, amount from invoice_taxes where invoice_id = ${id} order by id`.execute(
      tx,
    ),
    sql<RelatedDocument>`
      with found as (
        select about_invoice_id as id, 'about' as relation from invoices where id = ${id} and about_invoice_id is not null
        union
        select c.invoice_id, 'about' from invoice_lines l join invoice_lines c on c.id = l.corrects_line_id
         where l.invoice_id = ${id}
        union
        select id, 'correction' from invoices where about_invoice_id = ${id}
        union
        select c.invoice_id, 'correction' from invoice_lines l join invoice_lines c on c.corrects_line_id = l.id
         where l.invoice_id = ${id}
        union
        select proforma_id, 'proforma' from invoices where id = ${id} and proforma_id is not null
        union
        select id, 'invoice' from invoices where proforma_id = ${id})
      select i.id, i.kind, i.series, i.number, i.state, i.issue_date, i.currency, i.total, f.relation
        from found f join invoices i on i.id = f.id order by i.issue_date, i.id`.execute(tx),
  ])
  if (!invoice) return notFound()
  const described = lines.rows.map((line) => describeLine(line, invoice.currency, language))
  return {
    ...invoice,
    /** What credit notes gave back of it, and what they still could. */
    credited: described.reduce((sum, line) => sum + line.credited, 0),
    lines: described,
    payments: payments.rows,
    taxes: taxes.rows,
    related: related.rows,
  }
}
