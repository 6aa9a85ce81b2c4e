// Orders: placed, quoted, answered, paid, done. What an order does is its kind's; that it is done once, in the transaction that
// marks it paid, is said here.
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { OrderState } from '../../platform/database.gen.ts'
import { type Pool, type Tx, transactAsSystem } from '../../platform/database.ts'
import {
  isRefusal,
  isRetryable,
  notFound,
  Refusal,
  refusalOfDatabase,
  refuse,
  refuseField,
} from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { enqueue } from '../../platform/jobs.ts'
import { lockAccounts } from '../billing/index.ts'
import { kindOfRequest, orderKindOf } from './kinds.ts'
import { type OrderQuote, quoteOrder, readDeed, storeQuote } from './quotes.ts'

const house = (operation: string) => ({ kind: 'system', way: 'start', operation, name: 'portal' }) as const
const inState = (state: OrderState) => refuse('order_state', { params: { state } })
const { compare } = Temporal.PlainDate

export type OwnPerson = { user_id: string; account_id: string; business_unit_id: string }

/** Has the house do what was ordered where nothing has to be paid for it first. */
const processSoon = (tx: Tx, id: string) =>
  enqueue(tx, 'orders:process', { order_id: id }, { key: `orders:process:${id}` })

// Customers ---------------------------------------------------------------------------------------------------------------

/**
 * What a customer would order comes to, as configured. Their login cannot do it even for a moment: the house does, for the
 * account that they act for, and undoes it. Refuses: invalid_input, order_not_allowed and what the deed refuses.
 */
export async function quoteOwnOrder(
  office: Pool,
  accountId: string,
  request: unknown,
  now: Temporal.Instant,
) {
  const kind = kindOfRequest(request)
  if (isRefusal(kind)) return kind
  const read = kind.readOwn(request)
  return transactAsSystem(office, house('quote_own_order'), async (tx) => {
    const refused = await kind.checkOwn(tx, accountId, read, now)
    return refused ?? quoteOrder(tx, accountId, kind, read, { now, by: null, salesperson_id: null })
  })
}

/**
 * Places an order exactly as it was shown with a token. Where nothing is due it is done within a second; else it waits for its
 * payment. Returns its id. Refuses: order_price_changed (other than what was shown), and what {@link quoteOwnOrder} refuses.
 */
export async function placeOwnOrder(
  tx: Tx,
  office: Pool,
  input: { request: unknown; token: string },
  person: OwnPerson,
  now: Temporal.Instant,
): Promise<{ id: string } | Refusal> {
  const quote = await quoteOwnOrder(office, person.account_id, input.request, now)
  if (isRefusal(quote)) return quote
  if (quote.token !== input.token) return refuse('order_price_changed')
  const kind = orderKindOf(String((input.request as { kind: unknown }).kind))
  const request = kind.readOwn(input.request)
  const { id } = await tx
    .insertInto('orders')
    .values({
      ...storeQuote(quote),
      business_unit_id: person.business_unit_id,
      account_id: person.account_id,
      kind: kind.kind,
      state: 'open',
      request: JSON.stringify(request),
      target_subscription_id: kind.targetOf(request),
      by_customer: true,
      created_by: person.user_id,
      placed_at: now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await placed(tx, id, quote.due)
  return { id }
}

async function placed(tx: Tx, id: string, due: number): Promise<void> {
  if (due === 0) await processSoon(tx, id)
  await announce(tx, 'order.placed', { order_id: id })
}

/** An order of the account that the customer acts for: row-level security says so. */
function findOwn(tx: Tx, id: string) {
  return tx
    .selectFrom('orders')
    .innerJoin('business_units', 'business_units.id', 'orders.business_unit_id')
    .select(['orders.id', 'orders.state', 'orders.terms', 'orders.valid_until', 'business_units.time_zone'])
    .where('orders.id', '=', id)
    .executeTakeFirst()
}

async function answer(
  tx: Tx,
  id: string,
  what: 'accept' | 'decline' | 'cancel',
  day: Temporal.PlainDate,
  now: Temporal.Instant,
): Promise<boolean> {
  const done = await sql<{ done: boolean }>`
    select answer_own_order(${id}, ${what}, ${day}::date, ${now}::timestamptz) as done`.execute(tx)
  return done.rows[0]?.done ?? false
}

/**
 * Accepts a quote of staff at the prices that it says. Where they are others by now the quote is renewed and shown anew.
 * Refuses: not_found, order_state (answered already), quote_expired, order_price_changed, and what its deed refuses.
 */
export async function acceptOwnQuote(
  tx: Tx,
  office: Pool,
  id: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const order = await findOwn(tx, id)
  if (!order) return notFound()
  if (order.state === 'expired') return refuse('quote_expired')
  if (order.state !== 'quoted') return inState(order.state)
  const day = today(now, order.time_zone)
  if (compare(order.valid_until!, day) < 0) return refuse('quote_expired')
  const renewed = await transactAsSystem(office, house('accept_own_quote'), (own) => renewQuote(own, id, now))
  if (isRefusal(renewed)) return renewed
  if (renewed.terms !== order.terms) return refuse('order_price_changed')
  if (!(await answer(tx, id, 'accept', day, now))) return inState(order.state)
  await placed(tx, id, renewed.due)
  return undefined
}

/** Declines a quote of staff. Refuses: not_found, order_state. */
export async function declineOwnQuote(
  tx: Tx,
  id: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  return end(tx, id, 'decline', now)
}

/** Cancels an order that is not paid. Refuses: not_found, order_state. */
export async function cancelOwnOrder(
  tx: Tx,
  id: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  return end(tx, id, 'cancel', now)
}

async function end(
  tx: Tx,
  id: string,
  what: 'decline' | 'cancel',
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const order = await findOwn(tx, id)
  if (!order) return notFound()
  if (!(await answer(tx, id, what, today(now, order.time_zone), now))) return inState(order.state)
  await announce(tx, 'order.cancelled', { order_id: id })
  return undefined
}

// Staff -------------------------------------------------------------------------------------------------------------------

export type StaffOrder = {
  account_id: string
  request: unknown
  /** Whether it is offered to the customer first, until a day (its last). */
  as: 'order' | 'quote'
  valid_until?: Temporal.PlainDate | null | undefined
  note?: string | null | undefined
  salesperson_id?: string | null | undefined
  /** Of the quote that was seen: exactly that is placed. */
  token?: string | undefined
}

/** What an order for a customer comes to, with staff's own terms. Refuses: not_found, and what its deed refuses. */
export async function quoteStaffOrder(
  tx: Tx,
  accountId: string,
  request: unknown,
  by: { user_id: string; salesperson_id?: string | null | undefined },
  now: Temporal.Instant,
): Promise<OrderQuote | Refusal> {
  const kind = kindOfRequest(request)
  if (isRefusal(kind)) return kind
  return quoteOrder(tx, accountId, kind, request, {
    now,
    by: by.user_id,
    salesperson_id: by.salesperson_id ?? null,
  })
}

/**
 * Orders for a customer, or offers it to them as a quote. Returns the id. Refuses: not_found, invalid_input, order_price_changed,
 * and what the deed refuses.
 */
export async function createOrder(
  tx: Tx,
  input: StaffOrder,
  by: string,
  now: Temporal.Instant,
): Promise<{ id: string } | Refusal> {
  const quote = await quoteStaffOrder(
    tx,
    input.account_id,
    input.request,
    { user_id: by, salesperson_id: input.salesperson_id },
    now,
  )
  if (isRefusal(quote)) return quote
  if (input.token !== undefined && input.token !== quote.token) return refuse('order_price_changed')
  const offered = input.as === 'quote'
  const valid_until = offered ? (input.valid_until ?? null) : null
  if (offered && valid_until === null) return refuseField('valid_until', 'required')
  if (valid_until && compare(valid_until, quote.quoted_on) < 0)
    return refuseField('valid_until', 'passed_already')
  const kind = orderKindOf(String((input.request as { kind: unknown }).kind))
  const account = await tx
    .selectFrom('accounts')
    .select('business_unit_id')
    .where('id', '=', input.account_id)
    .executeTakeFirstOrThrow()
  const { id } = await tx
    .insertInto('orders')
    .values({
      ...storeQuote(quote),
      business_unit_id: account.business_unit_id,
      account_id: input.account_id,
      kind: kind.kind,
      state: offered ? 'quoted' : 'open',
      request: JSON.stringify(input.request),
      target_subscription_id: kind.targetOf(input.request),
      valid_until,
      note: input.note ?? null,
      salesperson_id: input.salesperson_id ?? null,
      created_by: by,
      placed_at: offered ? null : now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (offered) await announce(tx, 'quote.offered', { order_id: id })
  else await placed(tx, id, quote.due)
  return { id }
}

/**
 * Cancels an order that is not done: what was paid for it stays the account's credit. A quote is withdrawn. Refuses: not_found,
 * order_state.
 */
export async function cancelOrder(
  tx: Tx,
  id: string,
  what: 'cancel' | 'withdraw',
  by: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const order = await lockOrder(tx, id)
  if (!order) return notFound()
  const states: OrderState[] = what === 'withdraw' ? ['quoted'] : ['open', 'paid']
  if (!states.includes(order.state)) return inState(order.state)
  await tx
    .updateTable('orders')
    .set({ state: 'cancelled', ended_at: now, ended_by: by })
    .where('id', '=', id)
    .execute()
  await announce(tx, 'order.cancelled', { order_id: id })
  return undefined
}

// The deed ----------------------------------------------------------------------------------------------------------------

/** An order with its account locked: two deeds of one account never see the same. */
async function lockOrder(tx: Tx, id: string) {
  const found = await tx.selectFrom('orders').select('account_id').where('id', '=', id).executeTakeFirst()
  if (!found) return null
  await lockAccounts(tx, [found.account_id])
  const order = await tx
    .selectFrom('orders')
    .innerJoin('business_units', 'business_units.id', 'orders.business_unit_id')
    .selectAll('orders')
    .select('business_units.time_zone')
    .where('orders.id', '=', id)
    .forUpdate('orders')
    .executeTakeFirst()
  return order ?? null
}
type LockedOrder = NonNullable<Awaited<ReturnType<typeof lockOrder>>>

/** What an order comes to today, kept with it. Refuses: not_found, order_state, and what its deed refuses. */
async function renewQuote(tx: Tx, id: string, now: Temporal.Instant): Promise<OrderQuote | Refusal> {
  const order = await lockOrder(tx, id)
  if (!order) return notFound()
  if (order.state !== 'open' && order.state !== 'quoted') return inState(order.state)
  const quote = await quoteOrder(tx, order.account_id, orderKindOf(order.kind), order.request, {
    now,
    by: null,
    salesperson_id: order.salesperson_id,
  })
  if (isRefusal(quote)) return tellGone(quote)
  const changed =
    quote.terms !== order.terms ||
    quote.total !== order.total ||
    quote.due !== order.due ||
    compare(quote.quoted_on, order.quoted_on) !== 0
  if (changed) {
    const { currency: _currency, ...columns } = storeQuote(quote)
    await tx.updateTable('orders').set(columns).where('id', '=', id).execute()
  }
  return quote
}

/** What has to be paid for an order now. */
export type PayableOrder = {
  id: string
  account_id: string
  business_unit_id: string
  number: number
  /** In minor units, above zero. */
  amount: number
  currency: string
  /** What it is of, in the catalogue's words. */
  title: string
}

/**
 * What has to be paid for an order today. It is quoted anew by the house, in a transaction of its own: `tx` must hold no lock on
 * the account. Where that is another amount than the order said, the order says it from then on and order_price_changed is
 * refused once, so that nobody pays what they have not seen. Refuses: not_found, order_state (not open), order_nothing_due,
 * order_price_changed, and what the deed refuses.
 */
export async function readPayableOrder(
  tx: Tx,
  office: Pool,
  id: string,
  now: Temporal.Instant,
): Promise<PayableOrder | Refusal> {
  const order = await tx
    .selectFrom('orders')
    .select(['id', 'account_id', 'business_unit_id', 'number', 'state', 'due', 'terms'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!order) return notFound()
  const { state, due, terms, ...facts } = order
  if (state !== 'open') return inState(state)
  const quote = await transactAsSystem(office, house('read_payable_order'), (own) => renewQuote(own, id, now))
  if (isRefusal(quote)) return quote
  if (quote.due !== due || quote.terms !== terms) return refuse('order_price_changed')
  if (quote.due === 0) return refuse('order_nothing_due')
  return { ...facts, amount: quote.due, currency: quote.currency, title: quote.title }
}

/**
 * Quotes an order anew that waits for its payment since another day, so that its page shows what it costs today. What has become
 * impossible is left as it was: paying it says so.
 */
export async function refreshOwnOrder(
  tx: Tx,
  office: Pool,
  id: string,
  now: Temporal.Instant,
): Promise<void> {
  const order = await tx
    .selectFrom('orders')
    .innerJoin('business_units', 'business_units.id', 'orders.business_unit_id')
    .select(['orders.state', 'orders.quoted_on', 'business_units.time_zone'])
    .where('orders.id', '=', id)
    .executeTakeFirst()
  if (order?.state !== 'open' || compare(order.quoted_on, today(now, order.time_zone)) === 0) return
  await transactAsSystem(office, house('refresh_own_order'), (own) => renewQuote(own, id, now))
}

/** As {@link refreshOwnOrder}, for staff. */
export async function refreshOrder(tx: Tx, id: string, now: Temporal.Instant): Promise<Refusal | undefined> {
  const renewed = await renewQuote(tx, id, now)
  return isRefusal(renewed) ? renewed : undefined
}

/**
 * What a deed refuses of an order that was placed, for those who no longer choose anything: what of the catalogue is gone.
 */
function tellGone(refusal: Refusal): Refusal {
  const [field] = refusal.fields
  if (refusal.code !== 'invalid_input' || !field) return refusal
  if (field.path === 'plan_id') return refuse('order_plan_gone')
  if (field.path.startsWith('options')) return refuse('order_option_gone')
  return field.path === 'cycle' ? refuse('order_cycle_gone') : refusal
}

type Doing = {
  now: Temporal.Instant
  by: string | null
  /** Whether money for it is booked in this transaction, or was before. */
  paid: boolean
  /** Whether other prices than those that were shown are all right: staff say so. */
  at_any_price: boolean
}

/**
 * Does what was ordered, inside a savepoint: with a refusal or a fault everything of it is undone and the transaction goes on. A
 * deadlock or a lost connection is thrown: the whole transaction is tried again.
 */
async function perform(tx: Tx, order: LockedOrder, { now, by, at_any_price }: Doing) {
  const kind = orderKindOf(order.kind)
  await sql`savepoint order_deed`.execute(tx)
  try {
    const deed = await kind.perform(tx, order.account_id, order.request, {
      order_id: order.id,
      now,
      by,
      salesperson_id: order.salesperson_id,
    })
    if (!isRefusal(deed)) {
      const quote = await readDeed(tx, order.account_id, kind, order.request, deed, now)
      if (at_any_price || quote.terms === order.terms) return { deed, quote }
    }
    await sql`rollback to savepoint order_deed`.execute(tx)
    return isRefusal(deed) ? tellGone(deed) : refuse('order_price_changed')
  } catch (error) {
    if (isRetryable(error)) throw error
    await sql`rollback to savepoint order_deed`.execute(tx)
    return refusalOfDatabase(error) ?? refuse('order_fault', { status: 500 })
  }
}

/** Does an order and notes what became of it. Returns the invoices that it issued; none where it failed. */
async function deliver(tx: Tx, order: LockedOrder, doing: Doing): Promise<string[] | Refusal> {
  const done = await perform(tx, order, doing)
  const paid_at = order.paid_at ?? (doing.paid ? doing.now : null)
  if (isRefusal(done)) {
    await tx
      .updateTable('orders')
      .set({
        state: paid_at === null ? 'open' : 'paid',
        paid_at,
        failure_code: done.fields[0]?.code ?? done.code,
        failure_detail: JSON.stringify({ code: done.code, params: done.params, fields: done.fields }),
      })
      .where('id', '=', order.id)
      .execute()
    await announce(tx, 'order.failed', { order_id: order.id })
    return done
  }
  const { deed, quote } = done
  const { currency: _currency, ...columns } = storeQuote(quote)
  await tx
    .updateTable('orders')
    .set({
      ...columns,
      state: 'processed',
      paid_at,
      processed_at: doing.now,
      ended_at: doing.now,
      ended_by: doing.by,
      subscription_id: deed.subscription_id,
      failure_code: null,
      failure_detail: null,
    })
    .where('id', '=', order.id)
    .execute()
  if (deed.document_ids.length > 0)
    await tx
      .insertInto('order_invoices')
      .values(
        deed.document_ids.map((invoice_id) => ({
          order_id: order.id,
          invoice_id,
          account_id: order.account_id,
        })),
      )
      .execute()
  await announce(tx, 'order.processed', { order_id: order.id })
  return listInvoices(tx, order.id)
}

/** What an order has to be paid by: its invoices, without credit notes. */
async function listInvoices(tx: Tx, orderId: string): Promise<string[]> {
  const found = await tx
    .selectFrom('order_invoices')
    .innerJoin('invoices', 'invoices.id', 'order_invoices.invoice_id')
    .select('invoices.id')
    .where('order_invoices.order_id', '=', orderId)
    .where('invoices.kind', '=', 'invoice')
    .orderBy('invoices.id')
    .execute()
  return found.map((row) => row.id)
}

/**
 * An order is being paid, in the transaction that books the money: what was ordered is done (once, however often this is
 * called), its invoices are issued, and their ids come back to be paid. Where it cannot be done the order keeps why, staff are
 * told, and nothing comes back: the money is the account's credit then. So it is where the order has ended, which staff are told,
 * and with an `amount` that is less than what was asked for: that credit makes the order cheaper.
 */
export async function payOrder(
  tx: Tx,
  orderId: string,
  now: Temporal.Instant,
  amount?: number,
): Promise<string[]> {
  const order = await lockOrder(tx, orderId)
  if (!order) return []
  // Done before it was paid: the money pays what it left open.
  if (order.state === 'processed') {
    if (order.paid_at === null)
      await tx.updateTable('orders').set({ paid_at: now }).where('id', '=', orderId).execute()
    return listInvoices(tx, orderId)
  }
  const day = today(now, order.time_zone)
  const acceptable = order.state === 'quoted' && compare(order.valid_until!, day) >= 0
  if (order.state !== 'open' && order.state !== 'paid' && !acceptable) {
    if (order.ended_at !== null)
      await tx.updateTable('orders').set({ paid_at: now }).where('id', '=', orderId).execute()
    await announce(tx, 'order.paid_late', { order_id: orderId })
    return []
  }
  if (amount !== undefined && order.paid_at === null && amount < order.due) return []
  // Whoever pays a quote accepts it.
  if (acceptable) {
    await tx.updateTable('orders').set({ state: 'open', placed_at: now }).where('id', '=', orderId).execute()
    order.state = 'open'
  }
  const done = await deliver(tx, order, { now, by: null, paid: true, at_any_price: false })
  return isRefusal(done) ? [] : done
}

/**
 * Does what was ordered without waiting for its payment, or once more where it failed: at the prices of today. Its invoices stay
 * open for what no credit pays. Refuses: not_found, order_state, and what the deed refuses (nothing is noted then: whoever
 * asks is told).
 */
export async function processOrder(
  tx: Tx,
  id: string,
  by: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const order = await lockOrder(tx, id)
  if (!order) return notFound()
  if (order.state !== 'open' && order.state !== 'paid') return inState(order.state)
  const done = await deliver(tx, order, { now, by, paid: false, at_any_price: true })
  return isRefusal(done) ? done : undefined
}

/**
 * Does an order for which nothing has to be paid: the job behind placing one. What has come to cost something meanwhile waits
 * for its payment. Doing it again does nothing.
 */
export async function processFreeOrder(tx: Tx, id: string, now: Temporal.Instant): Promise<void> {
  const order = await lockOrder(tx, id)
  if (order?.state !== 'open') return
  const quote = await quoteOrder(tx, order.account_id, orderKindOf(order.kind), order.request, {
    now,
    by: null,
    salesperson_id: order.salesperson_id,
  })
  if (!(quote instanceof Refusal) && quote.due > 0) {
    await renewQuote(tx, id, now)
    return
  }
  await deliver(tx, order, { now, by: null, paid: false, at_any_price: false })
}

/** Lets quotes expire whose last day has passed in their business unit's calendar, and tells programs. Returns how many. */
export async function expireQuotes(tx: Tx, now: Temporal.Instant): Promise<number> {
  const expired = await sql<{ id: string }>`
    update orders o set state = 'expired', ended_at = ${now}::timestamptz
      from business_units u
     where u.id = o.business_unit_id and o.state = 'quoted'
       and o.valid_until < (${now}::timestamptz at time zone u.time_zone)::date
    returning o.id`.execute(tx)
  for (const { id } of expired.rows) await announce(tx, 'order.expired', { order_id: id })
  return expired.rows.length
}

/**
 * The last day on which each row of `orders`, joined with its business unit, can be paid before it expires; null where it waits
 * for no payment, could not be done, or never expires.
 */
export const payableUntil = sql<Temporal.PlainDate | null>`(case when orders.state = 'open' and orders.failure_code is null
    and orders.due > 0 and business_units.order_expiry_days > 0
  then (orders.placed_at at time zone business_units.time_zone)::date + business_units.order_expiry_days end)`

/** What pays an order: a payment that is on its way, or a notice that waits for approval. */
const beingPaid = sql<boolean>`(exists (select from payment_intents i where i.order_id = orders.id and i.ended_at is null)
  or exists (select from payment_notices n where n.order_id = orders.id and n.state = 'pending'))`

function selectOverdue(tx: Tx, now: Temporal.Instant) {
  return tx
    .selectFrom('orders')
    .innerJoin('business_units', 'business_units.id', 'orders.business_unit_id')
    .select(['orders.id', 'orders.account_id'])
    .where('orders.state', '=', 'open')
    .where('orders.failure_code', 'is', null)
    .where('orders.due', '>', 0)
    .where(sql<boolean>`${payableUntil} < (${now}::timestamptz at time zone business_units.time_zone)::date`)
    .where(sql<boolean>`not ${beingPaid}`)
}

/**
 * Lets orders expire that have waited for their payment longer than their business unit says, in its calendar; never one for which
 * a payment is under way. A batch of them, those after an id first: returns how many, and the id to go on after, null at the end.
 */
export async function expireOrders(
  tx: Tx,
  now: Temporal.Instant,
  after: string | null,
  limit = 200,
): Promise<{ expired: number; after: string | null }> {
  let query = selectOverdue(tx, now)
  if (after !== null) query = query.where('orders.id', '>', after)
  const found = await query.orderBy('orders.id').limit(limit).execute()
  if (found.length === 0) return { expired: 0, after: null }
  await lockAccounts(tx, [...new Set(found.map((row) => row.account_id))])
  // Whoever began to pay one meanwhile is waited for here, and then seen.
  await tx
    .selectFrom('orders')
    .select('id')
    .where(
      'id',
      'in',
      found.map((row) => row.id),
    )
    .orderBy('id')
    .forUpdate()
    .execute()
  const still = await selectOverdue(tx, now)
    .where(
      'orders.id',
      'in',
      found.map((row) => row.id),
    )
    .execute()
  if (still.length > 0)
    await tx
      .updateTable('orders')
      .set({ state: 'expired', ended_at: now })
      .where(
        'id',
        'in',
        still.map((row) => row.id),
      )
      .execute()
  for (const { id } of still) await announce(tx, 'order.expired', { order_id: id })
  return { expired: still.length, after: found.length < limit ? null : found.at(-1)!.id }
}
