import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { OrderState, PaymentMethod, PaymentNoticeState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { findByKey, matchAccounts } from '../../platform/word-filter.ts'
import { recordPayment } from './payments.ts'

/** What a customer says they paid (B5). The amount is in minor units of the business unit's currency. */
export type PaymentNoticeInput = {
  /** What it pays: invoices, or an order. */
  invoice_ids: string[]
  order_id?: string | null | undefined
  amount: number
  method: PaymentMethod
  paid_on: Temporal.PlainDate
  reference: string | null
  note: string | null
  /** The receipts, in the order in which they are shown. */
  receipts?: string[] | undefined
  /** One receipt, as it was told before there could be several. */
  receipt_file_id?: string | null | undefined
}

export type PaymentNoticeFilter = {
  q?: string | undefined
  state?: PaymentNoticeState | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
}

type NotifiedInvoice = {
  id: string
  number: string
  due_date: string
  total: number
  open_amount: number
  state: 'open' | 'paid'
}
type NotifiedOrder = { id: string; number: number; title: string; state: OrderState; due: number }
export type NoticeReceipt = { file_id: string; name: string; size: number; media_type: string }

/** Columns that both sides see. */
function selectNotices(tx: Tx) {
  return tx
    .selectFrom('payment_notices')
    .leftJoin('files', 'files.id', 'payment_notices.receipt_file_id')
    .select((eb) => [
      'payment_notices.id',
      'payment_notices.amount',
      'payment_notices.currency',
      'payment_notices.method',
      'payment_notices.paid_on',
      'payment_notices.reference',
      'payment_notices.note',
      'payment_notices.receipt_file_id',
      'files.name as receipt_name',
      'files.size as receipt_size',
      'payment_notices.state',
      'payment_notices.rejection_reason',
      'payment_notices.created_at',
      'payment_notices.decided_at',
      sql<NotifiedInvoice[]>`(
        select coalesce(json_agg(json_build_object('id', i.id, 'number', i.series || '-' || i.number, 'due_date', i.due_date,
                                                   'total', i.total, 'open_amount', b.open_amount, 'state', i.state)
                                 order by i.due_date, i.series, i.number), '[]')
          from payment_notice_invoices ni
          join invoices i on i.id = ni.invoice_id
          join invoice_balances b on b.invoice_id = i.id
         where ni.payment_notice_id = ${eb.ref('payment_notices.id')})`.as('invoices'),
      sql<NotifiedOrder | null>`(
        select json_build_object('id', o.id, 'number', o.number, 'title', o.title, 'state', o.state, 'due', o.due)
          from orders o where o.id = ${eb.ref('payment_notices.order_id')})`.as('order'),
      sql<NoticeReceipt[]>`(
        select coalesce(json_agg(json_build_object('file_id', f.id, 'name', f.name, 'size', f.size, 'media_type', f.media_type)
                                 order by r.position), '[]')
          from payment_notice_receipts r join files f on f.id = r.file_id
         where r.payment_notice_id = ${eb.ref('payment_notices.id')})`.as('receipts'),
    ])
}

/** A line of a bank may be the money of a notice that is so many days older or younger. */
const fittingDays = 7

function selectForStaff(tx: Tx) {
  return selectNotices(tx)
    .innerJoin('accounts', 'accounts.id', 'payment_notices.account_id')
    .innerJoin('business_units', 'business_units.id', 'payment_notices.business_unit_id')
    .leftJoin('users as notifier', 'notifier.id', 'payment_notices.created_by')
    .leftJoin('users as decider', 'decider.id', 'payment_notices.decided_by')
    .leftJoin('payments', 'payments.payment_notice_id', 'payment_notices.id')
    .select([
      'payment_notices.business_unit_id',
      'business_units.name as business_unit_name',
      'payment_notices.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'payment_notices.created_by',
      'notifier.name as created_by_name',
      'notifier.email as created_by_email',
      'payment_notices.decided_by',
      'decider.name as decided_by_name',
      'payments.id as payment_id',
      // Lines of the bank that may be this money, while nobody has decided.
      sql<number>`(case when payment_notices.state = 'pending' then (
        select count(*)::int from bank_statement_lines l
         where l.business_unit_id = payment_notices.business_unit_id and l.amount = payment_notices.amount
           and l.state in ('open', 'proposed')
           and l.booked_on between payment_notices.paid_on - ${fittingDays}::int and payment_notices.paid_on + ${fittingDays}::int) else 0 end)`.as(
        'fitting_lines',
      ),
    ])
}

const byTime = { by: sql`payment_notices.id`, value: (row: { id: string }) => row.id, type: 'uuid' }

/** A page of payment notices. `q` finds by account name or reference. */
export async function listPaymentNotices(tx: Tx, request: ListRequest & PaymentNoticeFilter) {
  let query = selectForStaff(tx)
  // Written out, not as a parameter: the index of what is pending serves only who names it.
  if (request.state) query = query.where(sql<boolean>`payment_notices.state = ${sql.lit(request.state)}`)
  if (request.business_unit_id)
    query = query.where('payment_notices.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('payment_notices.account_id', '=', request.account_id)
  if (request.q) {
    const ids = await findByKey(tx, 'payment_notice', request.q)
    const byAccount = await matchAccounts(tx, request.q, 'payment_notices.account_id', ids.length > 0)
    query = query.where(
      ids.length === 0 ? byAccount : sql<boolean>`(${byAccount} or payment_notices.id = any(${ids}::uuid[]))`,
    )
  }
  return readPage(
    query,
    request,
    {
      // Ids are made in the order of time.
      created_at: byTime,
      paid_on: { by: sql`payment_notices.paid_on`, value: (row) => row.paid_on, type: 'date' },
      amount: { by: sql`payment_notices.amount`, value: (row) => row.amount, type: 'bigint' },
      account_name: { by: sql`accounts.name`, value: (row) => row.account_name, type: 'text' },
    },
    byTime,
  )
}

/** One payment notice with its account and invoices. Refuses: not_found. */
export async function getPaymentNotice(tx: Tx, id: string) {
  return (await selectForStaff(tx).where('payment_notices.id', '=', id).executeTakeFirst()) ?? notFound()
}

/** A page of the account's own payment notices. */
export function listOwnPaymentNotices(
  tx: Tx,
  accountId: string,
  request: ListRequest & { state?: PaymentNoticeState | undefined },
) {
  let query = selectNotices(tx).where('payment_notices.account_id', '=', accountId)
  if (request.state) query = query.where('payment_notices.state', '=', request.state)
  return readPage(query, request, { created_at: byTime }, byTime)
}

/** One of the account's own payment notices. Refuses: not_found. */
export async function getOwnPaymentNotice(tx: Tx, accountId: string, id: string) {
  const row = await selectNotices(tx)
    .where('payment_notices.account_id', '=', accountId)
    .where('payment_notices.id', '=', id)
    .executeTakeFirst()
  return row ?? notFound()
}

/** How the account's business unit is paid: methods, and its words on how to. */
export async function readPaymentOptions(tx: Tx, unitId: string) {
  const row = await tx
    .selectFrom('business_units')
    .select([
      'currency',
      'payment_instructions as instructions',
      sql<PaymentMethod[]>`payment_methods::text[]`.as('methods'),
    ])
    .where('id', '=', unitId)
    .executeTakeFirst()
  return row ?? notFound()
}

/**
 * Takes a customer's word that invoices or an order were paid (billing.md 29): no balance changes until staff decide. Announces
 * payment.notified. Refuses: invalid_input (an invoice or order that is not theirs or not open, a method that the business
 * unit does not take, a date to come in its time zone, a receipt that is not theirs or of another notice), notice_pending (one
 * of the invoices, or the order, is in a notice that waits).
 */
export async function notifyPayment(
  tx: Tx,
  owner: { account_id: string; business_unit_id: string; user_id: string },
  input: PaymentNoticeInput,
  now: Temporal.Instant,
) {
  // Two notices of one account at once: the second sees the first.
  await sql`select pg_advisory_xact_lock(hashtext('zaguan.payment_notice'), hashtext(${owner.account_id}))`.execute(
    tx,
  )
  const unit = await tx
    .selectFrom('business_units')
    .select(['currency', 'time_zone', sql<PaymentMethod[]>`payment_methods::text[]`.as('payment_methods')])
    .where('id', '=', owner.business_unit_id)
    .executeTakeFirst()
  if (!unit) return notFound()
  if (!unit.payment_methods.includes(input.method)) return refuseField('method', 'not_a_choice')
  if (Temporal.PlainDate.compare(input.paid_on, today(now, unit.time_zone)) > 0)
    return refuseField('paid_on', 'in_the_future')
  const ids = [...new Set(input.invoice_ids)]
  const order_id = input.order_id ?? null
  if (order_id !== null) {
    const refused =
      ids.length > 0
        ? refuseField('invoice_ids', 'not_a_choice')
        : await refuseOrder(tx, owner.account_id, order_id, unit.currency)
    if (refused) return refused
  } else {
    const refused =
      ids.length === 0
        ? refuseField('invoice_ids', 'too_small', { limit: 1 })
        : await refuseInvoices(tx, owner.account_id, ids, unit.currency)
    if (refused) return refused
  }
  const receipts = [
    ...new Set([...(input.receipts ?? []), ...(input.receipt_file_id ? [input.receipt_file_id] : [])]),
  ]
  const field = input.receipts?.length ? 'receipts' : 'receipt_file_id'
  if (receipts.length > mostReceipts) return refuseField(field, 'too_big', { limit: mostReceipts })
  if (receipts.length > 0) {
    const own = await sql<{ id: string }>`
      select f.id from files f
       where f.id = any(${receipts}::uuid[]) and f.account_id = ${owner.account_id} and f.purpose = 'receipt'
         and not exists (select from payment_notice_receipts r where r.file_id = f.id)`.execute(tx)
    if (own.rows.length !== receipts.length) return refuseField(field, 'not_a_choice')
  }
  const { id } = await tx
    .insertInto('payment_notices')
    .values({
      amount: input.amount,
      method: input.method,
      paid_on: input.paid_on,
      reference: input.reference,
      note: input.note,
      receipt_file_id: receipts[0] ?? null,
      order_id,
      business_unit_id: owner.business_unit_id,
      account_id: owner.account_id,
      currency: unit.currency,
      created_by: owner.user_id,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (ids.length > 0)
    await tx
      .insertInto('payment_notice_invoices')
      .values(
        ids.map((invoice) => ({ payment_notice_id: id, invoice_id: invoice, account_id: owner.account_id })),
      )
      .execute()
  // The first is written by the notice itself.
  if (receipts.length > 1)
    await tx
      .insertInto('payment_notice_receipts')
      .values(
        receipts.slice(1).map((file_id, index) => ({
          payment_notice_id: id,
          file_id,
          account_id: owner.account_id,
          position: index + 2,
        })),
      )
      .execute()
  await announce(tx, 'payment.notified', { payment_notice_id: id })
  return getOwnPaymentNotice(tx, owner.account_id, id)
}

/** So many receipts prove one payment at most. */
const mostReceipts = 10

async function refuseInvoices(
  tx: Tx,
  accountId: string,
  ids: string[],
  currency: string,
): Promise<Refusal | null> {
  const invoices = await sql<{ id: string; number: string; pending: boolean }>`
    select i.id, i.series || '-' || i.number as number,
           exists (select from payment_notice_invoices ni join payment_notices n on n.id = ni.payment_notice_id
                    where ni.invoice_id = i.id and n.state = 'pending') as pending
      from invoices i
     where i.id = any(${ids}::uuid[]) and i.account_id = ${accountId} and i.state = 'open'
       and i.currency = ${currency}`.execute(tx)
  if (invoices.rows.length !== ids.length) return refuseField('invoice_ids', 'not_a_choice')
  const waiting = invoices.rows.find((invoice) => invoice.pending)
  return waiting ? refuse('notice_pending', { params: { number: waiting.number } }) : null
}

async function refuseOrder(tx: Tx, accountId: string, id: string, currency: string): Promise<Refusal | null> {
  const order = await tx
    .selectFrom('orders')
    .select([
      'number',
      sql<boolean>`exists (select from payment_notices n where n.order_id = orders.id and n.state = 'pending')`.as(
        'pending',
      ),
    ])
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .where('state', '=', 'open')
    .where('currency', '=', currency)
    .executeTakeFirst()
  if (!order) return refuseField('order_id', 'not_a_choice')
  return order.pending ? refuse('notice_pending', { params: { number: String(order.number) } }) : null
}

/** What staff may correct of what the customer said, when they approve it. */
export type Correction = {
  amount?: number | undefined
  method?: PaymentMethod | undefined
  received_on?: Temporal.PlainDate | undefined
  /** Other invoices of the account, or an order of it, instead of what the notice names. */
  invoice_ids?: string[] | undefined
  order_id?: string | null | undefined
}

/**
 * Approves a payment notice: it becomes exactly one payment, of the notice's invoices alone, or of its order, which is done with
 * it; what they do not take is account credit (billing.md 28, 29). Whoever decides second is refused. Refuses: not_found,
 * notice_decided, invalid_input (received in the future, an invoice or order that is not the account's or not open).
 */
export async function approvePaymentNotice(
  tx: Tx,
  id: string,
  correction: Correction,
  actorId: string | null,
  now: Temporal.Instant,
) {
  // One statement decides: a second one waits for it and then finds nothing pending.
  const notice = await tx
    .updateTable('payment_notices')
    .set({ state: 'approved', decided_by: actorId, decided_at: now })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .returning(['account_id', 'amount', 'currency', 'method', 'paid_on', 'reference', 'order_id'])
    .executeTakeFirst()
  if (!notice) return refuseUndecidable(tx, id)
  const invoices = await tx
    .selectFrom('payment_notice_invoices')
    .select('invoice_id')
    .where('payment_notice_id', '=', id)
    .execute()
  const order_id =
    correction.order_id !== undefined
      ? correction.order_id
      : correction.invoice_ids === undefined
        ? notice.order_id
        : null
  if (correction.order_id) {
    const order = await tx
      .selectFrom('orders')
      .select('id')
      .where('id', '=', correction.order_id)
      .where('account_id', '=', notice.account_id)
      .where('currency', '=', notice.currency)
      .where('state', '=', 'open')
      .executeTakeFirst()
    if (!order) return refuseField('order_id', 'not_a_choice')
  }
  const payment = await recordPayment(
    tx,
    notice.account_id,
    {
      amount: correction.amount ?? notice.amount,
      method: correction.method ?? notice.method,
      received_on: correction.received_on ?? notice.paid_on,
      reference: notice.reference,
      ...(order_id === null
        ? { invoice_ids: correction.invoice_ids ?? invoices.map(({ invoice_id }) => invoice_id) }
        : { order_id }),
      payment_notice_id: id,
    },
    actorId,
    now,
  )
  return isRefusal(payment) ? payment : getPaymentNotice(tx, id)
}

/**
 * Rejects a payment notice; the customer is told why and may send another. Announces payment.rejected. Refuses:
 * not_found, notice_decided.
 */
export async function rejectPaymentNotice(
  tx: Tx,
  id: string,
  reason: string,
  actorId: string,
  now: Temporal.Instant,
) {
  const notice = await tx
    .updateTable('payment_notices')
    .set({ state: 'rejected', decided_by: actorId, decided_at: now, rejection_reason: reason })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .returning('id')
    .executeTakeFirst()
  if (!notice) return refuseUndecidable(tx, id)
  await announce(tx, 'payment.rejected', { payment_notice_id: id })
  return getPaymentNotice(tx, id)
}

async function refuseUndecidable(tx: Tx, id: string): Promise<Refusal> {
  const notice = await tx.selectFrom('payment_notices').select('id').where('id', '=', id).executeTakeFirst()
  return notice ? refuse('notice_decided') : notFound()
}

/**
 * What a notice may be the money of: the account's open invoices and orders, which of them add up to its amount, and the
 * bank's lines of the same amount around its day. Refuses: not_found.
 */
export async function readNoticeFits(tx: Tx, id: string) {
  const notice = await tx
    .selectFrom('payment_notices')
    .select(['business_unit_id', 'account_id', 'amount', 'currency', 'paid_on', 'order_id'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!notice) return notFound()
  const invoices = await sql<{
    id: string
    number: string
    due_date: Temporal.PlainDate
    open_amount: number
    chosen: boolean
  }>`
    select i.id, i.series || '-' || i.number as number, i.due_date, b.open_amount,
           exists (select from payment_notice_invoices ni where ni.payment_notice_id = ${id} and ni.invoice_id = i.id) as chosen
      from invoices i join invoice_balances b on b.invoice_id = i.id
     where i.account_id = ${notice.account_id} and i.state = 'open' and i.currency = ${notice.currency}
     order by i.due_date, i.series, i.number limit 50`.execute(tx)
  const orders = await tx
    .selectFrom('orders')
    .select(['id', 'number', 'title', 'due'])
    .where('account_id', '=', notice.account_id)
    .where('state', '=', 'open')
    .where('currency', '=', notice.currency)
    .orderBy('id', 'desc')
    .limit(20)
    .execute()
  const lines = await tx
    .selectFrom('bank_statement_lines')
    .innerJoin('bank_accounts', 'bank_accounts.id', 'bank_statement_lines.bank_account_id')
    .select([
      'bank_statement_lines.id',
      'bank_statement_lines.statement_id',
      'bank_accounts.name as bank_account_name',
      'bank_statement_lines.booked_on',
      'bank_statement_lines.amount',
      'bank_statement_lines.currency',
      'bank_statement_lines.counterparty_name',
      'bank_statement_lines.description',
    ])
    .where('bank_statement_lines.business_unit_id', '=', notice.business_unit_id)
    .where('bank_statement_lines.amount', '=', notice.amount)
    .where('bank_statement_lines.currency', '=', notice.currency)
    .where('bank_statement_lines.state', 'in', ['open', 'proposed'])
    .where('bank_statement_lines.booked_on', '>=', notice.paid_on.subtract({ days: fittingDays }))
    .where('bank_statement_lines.booked_on', '<=', notice.paid_on.add({ days: fittingDays }))
    .orderBy('bank_statement_lines.booked_on')
    .limit(20)
    .execute()
  const owed = (rows: readonly { open_amount: number }[]) =>
    rows.reduce((total, row) => total + row.open_amount, 0)
  const chosen = invoices.rows.filter((row) => row.chosen)
  const all = owed(invoices.rows)
  return {
    invoices: invoices.rows.map((row) => ({ ...row, fits: row.open_amount === notice.amount })),
    /** What is owed of what it names. */
    owed:
      notice.order_id === null
        ? owed(chosen)
        : (orders.find((order) => order.id === notice.order_id)?.due ?? 0),
    owed_in_all: all,
    all_fit: invoices.rows.length > 1 && all === notice.amount,
    orders: orders.map((order) => ({ ...order, fits: order.due === notice.amount })),
    lines: lines.map((line) => ({ ...line, days: Math.abs(line.booked_on.until(notice.paid_on).days) })),
  }
}
