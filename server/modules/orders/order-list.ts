// Orders as they are shown, to staff and to customers.
import { sql } from 'kysely'
import type { DocumentKind, InvoiceState, OrderState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { matchAccounts } from '../../platform/word-filter.ts'
import { payableUntil } from './orders.ts'
import type { StoredQuote } from './quotes.ts'

export type OrderFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  salesperson_id?: string | undefined
  state?: OrderState[] | undefined
  kind?: string | undefined
  failed?: 'true' | 'false' | undefined
  by_customer?: 'true' | 'false' | undefined
  from?: Temporal.PlainDate | undefined
  to?: Temporal.PlainDate | undefined
}

const columns = [
  'orders.id',
  'orders.number',
  'orders.kind',
  'orders.state',
  'orders.title',
  'orders.currency',
  'orders.total',
  'orders.due',
  'orders.recurring_amount',
  'orders.recurring_unit',
  'orders.recurring_count',
  'orders.freemium',
  'orders.valid_until',
  'orders.by_customer',
  'orders.subscription_id',
  'orders.target_subscription_id',
  'orders.failure_code',
  'orders.created_at',
  'orders.placed_at',
  'orders.paid_at',
  'orders.processed_at',
  'orders.ended_at',
] as const

function selectForStaff(tx: Tx) {
  return tx
    .selectFrom('orders')
    .innerJoin('accounts', 'accounts.id', 'orders.account_id')
    .innerJoin('business_units', 'business_units.id', 'orders.business_unit_id')
    .leftJoin('users as author', 'author.id', 'orders.created_by')
    .leftJoin('users as seller', 'seller.id', 'orders.salesperson_id')
    .select(columns)
    .select(payableUntil.as('payable_until'))
    .select([
      'orders.business_unit_id',
      'business_units.name as business_unit_name',
      'orders.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'author.name as created_by_name',
      'orders.salesperson_id',
      'seller.name as salesperson_name',
    ])
}

/** Whether something about an order waits for staff. */
const failed = sql<boolean>`(orders.failure_code is not null and orders.ended_at is null)`

/**
 * A page of orders and quotes, the newest first. `q` finds by account or by the order's number; the day on which it was made
 * is in [from, to), where its business unit is.
 */
export async function listOrders(tx: Tx, request: ListRequest & OrderFilter) {
  let query = selectForStaff(tx)
  if (request.business_unit_id) query = query.where('orders.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('orders.account_id', '=', request.account_id)
  if (request.salesperson_id) query = query.where('orders.salesperson_id', '=', request.salesperson_id)
  // Written out, not as parameters: the indexes of the rarer states serve only who names them.
  if (request.state?.length)
    query = query.where(
      sql<boolean>`orders.state in (${sql.join(request.state.map((state) => sql.lit(state)))})`,
    )
  if (request.kind) query = query.where('orders.kind', '=', request.kind)
  if (request.failed) query = query.where(request.failed === 'true' ? failed : sql<boolean>`not ${failed}`)
  if (request.by_customer) query = query.where('orders.by_customer', '=', request.by_customer === 'true')
  const startOf = (day: Temporal.PlainDate) =>
    sql<Temporal.Instant>`(${day}::date::timestamp at time zone business_units.time_zone)`
  // Days begin at other moments in other places: these bounds are those of the whole world, for the index.
  const roughly = (day: Temporal.PlainDate) => day.toZonedDateTime('UTC').toInstant()
  if (request.from)
    query = query
      .where('orders.created_at', '>=', roughly(request.from.subtract({ days: 1 })))
      .where('orders.created_at', '>=', startOf(request.from))
  if (request.to)
    query = query
      .where('orders.created_at', '<', roughly(request.to.add({ days: 1 })))
      .where('orders.created_at', '<', startOf(request.to))
  if (request.q) {
    const number = /^#?(\d{1,15})$/.exec(request.q.trim())?.[1]
    const byAccount = await matchAccounts(tx, request.q, 'orders.account_id', number !== undefined)
    query = query.where(
      number === undefined
        ? byAccount
        : sql<boolean>`(${byAccount} or orders.number = ${Number(number)}::bigint)`,
    )
  }
  const tie = { by: sql`orders.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(
    query,
    request,
    {
      // Ids are made in the order of time.
      created_at: tie,
      placed_at: {
        by: sql`orders.placed_at`,
        value: (row) => row.placed_at,
        type: 'timestamptz',
        nullable: true,
      },
      total: { by: sql`orders.total`, value: (row) => row.total, type: 'bigint' },
      number: { by: sql`orders.number`, value: (row) => row.number, type: 'bigint' },
      account_name: { by: sql`accounts.name`, value: (row) => row.account_name, type: 'text' },
    },
    tie,
  )
}

type Fault = { path: string; code: string; params?: Record<string, string | number> }
type StoredRefusal = { code: string; params?: Record<string, string | number>; fields?: Fault[] }

/** Why an order could not be done, in words of whoever reads it. */
function tellFailure(detail: unknown, language: Language): string | null {
  if (detail === null || typeof detail !== 'object') return null
  const refusal = detail as StoredRefusal
  const t = translator(language)
  const [field] = refusal.fields ?? []
  return field
    ? t(`errors:field.${field.code}`, field.params ?? {})
    : t(`errors:${refusal.code}.detail`, refusal.params ?? {})
}

/** The invoices and credit notes of an order, and what is open of them. */
async function listDocuments(tx: Tx, orderId: string) {
  const found = await sql<{
    id: string
    kind: DocumentKind
    number: string
    state: InvoiceState
    issue_date: string
    due_date: string
    total: number
    open_amount: number
  }>`select i.id, i.kind, i.series || '-' || i.number as number, i.state, i.issue_date::text as issue_date,
            i.due_date::text as due_date, i.total,
            case when i.kind = 'invoice' then coalesce(b.open_amount, 0) else 0 end as open_amount
       from order_invoices oi join invoices i on i.id = oi.invoice_id
       left join invoice_balances b on b.invoice_id = i.id
      where oi.order_id = ${orderId} order by i.kind, i.id`.execute(tx)
  return found.rows
}

/** The service that an order made or changed. */
async function readService(tx: Tx, id: string | null) {
  if (id === null) return null
  const found = await tx
    .selectFrom('subscriptions')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .select([
      'subscriptions.id',
      'subscriptions.number',
      'subscriptions.contract_number',
      'subscriptions.status',
      'plans.name as plan_name',
    ])
    .where('subscriptions.id', '=', id)
    .executeTakeFirst()
  return found ?? null
}

const isOpen = (state: OrderState) => state === 'open' || state === 'paid'

/** One order with its lines, documents, service and payments. Refuses: not_found. */
export async function getOrder(tx: Tx, id: string, language: Language) {
  const row = await selectForStaff(tx)
    .leftJoin('users as ender', 'ender.id', 'orders.ended_by')
    .select([
      'orders.request',
      'orders.quote',
      'orders.note',
      'orders.quoted_on',
      'orders.failure_detail',
      'ender.name as ended_by_name',
    ])
    .where('orders.id', '=', id)
    .executeTakeFirst()
  if (!row) return notFound()
  const { failure_detail, quote, request, ...order } = row
  const [documents, service, payments, intents, notices] = await Promise.all([
    listDocuments(tx, id),
    readService(tx, order.subscription_id ?? order.target_subscription_id),
    tx
      .selectFrom('payments')
      .select(['id', 'amount', 'currency', 'method', 'received_on', 'reference'])
      .where('order_id', '=', id)
      .orderBy('id')
      .execute(),
    tx
      .selectFrom('payment_intents')
      .innerJoin('payment_providers', 'payment_providers.id', 'payment_intents.provider_id')
      .select([
        'payment_intents.id',
        'payment_providers.name as provider_name',
        'payment_intents.method',
        'payment_intents.state',
        'payment_intents.amount',
        'payment_intents.currency',
        'payment_intents.created_at',
        'payment_intents.ended_at',
      ])
      .where('payment_intents.order_id', '=', id)
      .orderBy('payment_intents.id', 'desc')
      .limit(50)
      .execute(),
    tx
      .selectFrom('payment_notices')
      .select(['id', 'amount', 'currency', 'method', 'state', 'created_at'])
      .where('order_id', '=', id)
      .orderBy('id', 'desc')
      .limit(50)
      .execute(),
  ])
  return {
    ...order,
    request: request as Record<string, unknown>,
    quote: quote as StoredQuote,
    failure: tellFailure(failure_detail, language),
    documents,
    service,
    payments,
    intents,
    notices,
    processable: isOpen(order.state),
    cancellable: isOpen(order.state),
    withdrawable: order.state === 'quoted',
  }
}

export type OwnOrderFilter = { state?: OrderState[] | undefined; kind?: string | undefined }

function selectOwn(tx: Tx) {
  return tx
    .selectFrom('orders')
    .innerJoin('business_units', 'business_units.id', 'orders.business_unit_id')
    .select(columns)
    .select(payableUntil.as('payable_until'))
}

/** A page of the orders and quotes of the customer's account, the newest first. */
export async function listOwnOrders(tx: Tx, request: ListRequest & OwnOrderFilter) {
  let query = selectOwn(tx)
  if (request.state?.length) query = query.where('orders.state', 'in', request.state)
  if (request.kind) query = query.where('orders.kind', '=', request.kind)
  const tie = { by: sql`orders.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  const page = await readPage(
    query,
    request,
    {
      created_at: tie,
      total: { by: sql`orders.total`, value: (row) => row.total, type: 'bigint' },
      number: { by: sql`orders.number`, value: (row) => row.number, type: 'bigint' },
    },
    tie,
  )
  return { ...page, items: page.items.map(describeOwn) }
}

function describeOwn<R extends { state: OrderState; due: number; failure_code: string | null }>(row: R) {
  const { failure_code, ...order } = row
  return {
    ...order,
    // Why it waits for us is our affair.
    delayed: failure_code !== null && isOpen(order.state),
    payable: order.state === 'open' && order.due > 0,
    cancellable: order.state === 'open',
    answerable: order.state === 'quoted',
  }
}

/** One order of the customer's account with its lines, documents and service. Refuses: not_found. */
export async function getOwnOrder(tx: Tx, id: string) {
  const row = await selectOwn(tx)
    .select(['orders.request', 'orders.quote', 'orders.note', 'orders.quoted_on'])
    .where('orders.id', '=', id)
    .executeTakeFirst()
  if (!row) return notFound()
  const { quote, request, ...order } = row
  const [documents, service, waiting] = await Promise.all([
    listDocuments(tx, id),
    readService(tx, order.subscription_id ?? order.target_subscription_id),
    sql<{ intent_id: string | null; notified: boolean }>`
      select (select i.id from payment_intents i where i.order_id = ${id} and i.ended_at is null order by i.id desc limit 1) as intent_id,
             exists (select from payment_notices n where n.order_id = ${id} and n.state = 'pending') as notified`.execute(
      tx,
    ),
  ])
  return {
    ...describeOwn(order),
    request: request as Record<string, unknown>,
    quote: quote as StoredQuote,
    documents,
    service,
    ...waiting.rows[0]!,
  }
}
