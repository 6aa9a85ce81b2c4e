// Money that goes back: refunds by staff or by the provider, and chargebacks of the payer's bank. Each is posted once, when it
// is certain; what it takes back is first the credit that the payment left, then what it paid, the latest due date first.
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { ReversalKind, ReversalState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { enqueue } from '../../platform/jobs.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { lockAccounts, type PostingEntry, post, settleInvoices } from '../billing/index.ts'
import type { ReversedMoney } from './providers.ts'

type ReversedPayment = {
  id: string
  business_unit_id: string
  account_id: string
  provider_id: string | null
  amount: number
  currency: string
  time_zone: string
  /** What has not gone back and is not on its way. */
  left: number
}

/** The payment with its account locked. */
async function lockPayment(tx: Tx, id: string): Promise<ReversedPayment | null> {
  const owner = await tx.selectFrom('payments').select('account_id').where('id', '=', id).executeTakeFirst()
  if (!owner) return null
  await lockAccounts(tx, [owner.account_id])
  const row = await tx
    .selectFrom('payments')
    .innerJoin('business_units', 'business_units.id', 'payments.business_unit_id')
    .select([
      'payments.id',
      'payments.business_unit_id',
      'payments.account_id',
      'payments.provider_id',
      'payments.amount',
      'payments.currency',
      'business_units.time_zone',
      sql<number>`(payments.amount - (select coalesce(sum(r.amount), 0) from payment_reversals r
         where r.payment_id = payments.id and r.state not in ('failed', 'won')))::bigint`.as('left'),
    ])
    .where('payments.id', '=', id)
    .executeTakeFirst()
  return row ?? null
}

/**
 * What a reversal takes back (billing.md 28 read backwards): the credit that the payment left, as far as the account still
 * has it; then what it paid of invoices, which are owed again; then what that credit paid elsewhere since; and what cannot
 * be asked of anybody any more is a loss.
 */
async function takeBack(tx: Tx, payment: ReversedPayment, amount: number): Promise<PostingEntry[]> {
  const { id } = payment
  const [credit, own, used] = await Promise.all([
    sql<{ left: number; available: number }>`
      select coalesce(-sum(amount) filter (where payment_id = ${id}), 0)::bigint as left, coalesce(-sum(amount), 0)::bigint as available
        from ledger_entries where account_id = ${payment.account_id} and ledger_account = 'account_credit'
         and business_unit_id = ${payment.business_unit_id} and currency = ${payment.currency}`.execute(tx),
    sql<{ invoice_id: string; paid: number }>`
      select e.invoice_id, -sum(e.amount)::bigint as paid
        from ledger_entries e join invoices i on i.id = e.invoice_id
       where e.payment_id = ${id} and e.ledger_account = 'receivable'
       group by e.invoice_id, i.due_date, i.id having sum(e.amount) < 0 order by i.due_date desc, i.id desc`.execute(
      tx,
    ),
    sql<{ invoice_id: string; paid: number }>`
      select e.invoice_id, -sum(e.amount)::bigint as paid
        from ledger_entries e join invoices i on i.id = e.invoice_id
       where e.account_id = ${payment.account_id} and e.ledger_account = 'receivable' and e.payment_id is null
         and e.kind in ('credit_used', 'refund', 'chargeback') and e.currency = ${payment.currency}
       group by e.invoice_id, i.due_date, i.id having sum(e.amount) < 0 order by i.due_date desc, i.id desc`.execute(
      tx,
    ),
  ])
  let rest = amount
  const take = (most: number) => {
    const taken = Math.max(0, Math.min(rest, most))
    rest -= taken
    return taken
  }
  const { left, available } = credit.rows[0]!
  const entries: PostingEntry[] = [
    { ledger_account: 'account_credit', amount: take(Math.min(left, available)), payment_id: id },
    ...own.rows.map(({ invoice_id, paid }) => ({
      ledger_account: 'receivable' as const,
      amount: take(paid),
      invoice_id,
      payment_id: id,
    })),
    ...used.rows.map(({ invoice_id, paid }) => ({
      ledger_account: 'receivable' as const,
      amount: take(paid),
      invoice_id,
    })),
  ]
  return [...entries, { ledger_account: 'write_off', amount: rest, payment_id: id }]
}

/** Posts a reversal and marks it done. What was paid by it is owed again. */
async function postReversal(
  tx: Tx,
  payment: ReversedPayment,
  reversal: { id: string; kind: ReversalKind; amount: number },
  provider_ref: string | null,
  at: Temporal.Instant,
  now: Temporal.Instant,
): Promise<void> {
  const entries = await takeBack(tx, payment, reversal.amount)
  await tx
    .updateTable('payment_reversals')
    .set({
      state: 'done',
      done_at: now,
      look_at: null,
      ...(provider_ref === null ? {} : { provider_ref }),
    })
    .where('id', '=', reversal.id)
    .execute()
  await post(tx, [
    {
      kind: reversal.kind,
      business_unit_id: payment.business_unit_id,
      account_id: payment.account_id,
      currency: payment.currency,
      on_date: today(Temporal.Instant.compare(at, now) > 0 ? now : at, payment.time_zone),
      entries: [{ ledger_account: 'bank', amount: -reversal.amount, payment_id: payment.id }, ...entries],
    },
  ])
  await settleInvoices(
    tx,
    entries.flatMap(({ invoice_id, amount }) => (invoice_id && amount > 0 ? [invoice_id] : [])),
    now,
  )
  await announce(
    tx,
    reversal.kind === 'refund' ? 'payment.refunded' : 'payment.charged_back',
    { reversal_id: reversal.id, payment_id: payment.id },
    reversal.id,
  )
}

/**
 * A chargeback that was decided for us, or a refund that did not reach the payer after all: the money came back, and pays again
 * what it paid, else it is credit.
 */
async function postWon(
  tx: Tx,
  payment: ReversedPayment,
  reversal: { id: string; kind: ReversalKind; amount: number },
  at: Temporal.Instant,
  now: Temporal.Instant,
): Promise<void> {
  const owed = await sql<{ invoice_id: string; open_amount: number }>`
    select b.invoice_id, b.open_amount from invoice_balances b join invoices i on i.id = b.invoice_id
     where b.open_amount > 0 and i.state = 'open'
       and b.invoice_id in (select e.invoice_id from ledger_entries e where e.payment_id = ${payment.id} and e.kind = ${reversal.kind}::text::posting_kind
                               and e.ledger_account = 'receivable')
     order by i.due_date, i.id`.execute(tx)
  let rest = reversal.amount
  const paid = owed.rows.flatMap(({ invoice_id, open_amount }) => {
    const amount = Math.min(rest, open_amount)
    rest -= amount
    return amount > 0 ? [{ invoice_id, amount }] : []
  })
  await tx
    .updateTable('payment_reversals')
    .set(
      reversal.kind === 'chargeback'
        ? { state: 'won', done_at: now, look_at: null }
        : { state: 'failed', done_at: null, failure_detail: 'it came back', look_at: null },
    )
    .where('id', '=', reversal.id)
    .execute()
  await post(tx, [
    {
      kind: reversal.kind === 'chargeback' ? 'chargeback_won' : 'refund',
      business_unit_id: payment.business_unit_id,
      account_id: payment.account_id,
      currency: payment.currency,
      on_date: today(Temporal.Instant.compare(at, now) > 0 ? now : at, payment.time_zone),
      entries: [
        { ledger_account: 'bank', amount: reversal.amount, payment_id: payment.id },
        ...paid.map(({ invoice_id, amount }) => ({
          ledger_account: 'receivable' as const,
          amount: -amount,
          invoice_id,
          payment_id: payment.id,
        })),
        { ledger_account: 'account_credit', amount: -rest, payment_id: payment.id },
      ],
    },
  ])
  await settleInvoices(
    tx,
    paid.map(({ invoice_id }) => invoice_id),
    now,
  )
}

const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Books what a provider says went back of a payment, once by our key or the provider's id of it. */
export async function bookReversed(
  tx: Tx,
  paymentId: string,
  money: ReversedMoney,
  now: Temporal.Instant,
): Promise<void> {
  const payment = await lockPayment(tx, paymentId)
  if (!payment) return
  // What stands at the provider where our key does may be another's mark.
  const key = money.key !== null && isId.test(money.key) ? money.key : null
  const known = await tx
    .selectFrom('payment_reversals')
    .select(['id', 'kind', 'state', 'amount'])
    .where('payment_id', '=', paymentId)
    .where('kind', '=', money.kind)
    .where((eb) =>
      key === null
        ? eb('provider_ref', '=', money.ref)
        : eb.or([eb('id', '=', key), eb('provider_ref', '=', money.ref)]),
    )
    .executeTakeFirst()
  // A refund of ours that the provider tells without our key, before its answer came.
  let reversal = known ?? (key === null ? await findOwnRefund(tx, paymentId, money) : undefined)
  // A refund that came back before it was booked, or once more after that, moved nothing.
  if (money.won && money.kind === 'refund' && reversal?.state !== 'done') return
  if (!reversal) {
    reversal = await tx
      .insertInto('payment_reversals')
      .values({
        business_unit_id: payment.business_unit_id,
        account_id: payment.account_id,
        payment_id: payment.id,
        kind: money.kind,
        amount: money.amount,
        currency: payment.currency,
        provider_ref: money.ref,
      })
      .returning(['id', 'kind', 'state', 'amount'])
      .executeTakeFirstOrThrow()
  }
  if (reversal.state !== 'done' && reversal.state !== 'won') {
    await postReversal(tx, payment, reversal, money.ref, money.at, now)
    reversal.state = 'done'
  }
  if (money.won && reversal.state === 'done') await postWon(tx, payment, reversal, money.at, now)
}

/** A refund of so much that was asked for and has no id of the provider yet. */
function findOwnRefund(tx: Tx, paymentId: string, money: ReversedMoney) {
  if (money.kind !== 'refund') return undefined
  return tx
    .selectFrom('payment_reversals')
    .select(['id', 'kind', 'state', 'amount'])
    .where('payment_id', '=', paymentId)
    .where('kind', '=', 'refund')
    .where('amount', '=', money.amount)
    .where('provider_ref', 'is', null)
    .where('state', 'in', ['sending', 'unknown', 'pending'])
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
}

export type RefundInput = {
  amount: number
  reason: string
  /** `provider`: by whoever took the money; `outside`: staff paid it back by hand. */
  by: 'provider' | 'outside'
}

/**
 * Gives money of a payment back (B7). By the provider it waits until that has done it; by hand it is posted at once. What it
 * paid is owed again unless it was credited before: a refund is money, not a correction of a document. Refuses: not_found,
 * invalid_input (more than is left, a part where the provider only gives back all, one that cannot be asked).
 */
export async function requestRefund(
  tx: Tx,
  paymentId: string,
  input: RefundInput,
  refunds: (providerId: string) => Promise<'none' | 'whole' | 'partial'>,
  actorId: string,
  now: Temporal.Instant,
): Promise<{ id: string } | Refusal> {
  const payment = await lockPayment(tx, paymentId)
  if (!payment) return notFound()
  if (input.amount > payment.left)
    return payment.left <= 0
      ? refuse('payment_given_back')
      : refuseField('amount', 'more_than_refundable', { amount: payment.left, currency: payment.currency })
  if (input.by === 'provider') {
    const can = payment.provider_id === null ? 'none' : await refunds(payment.provider_id)
    if (can === 'none') return refuseField('by', 'not_a_choice')
    if (can === 'whole' && input.amount !== payment.amount) return refuseField('amount', 'whole_only')
  }
  const reversal = await tx
    .insertInto('payment_reversals')
    .values({
      business_unit_id: payment.business_unit_id,
      account_id: payment.account_id,
      payment_id: payment.id,
      kind: 'refund',
      amount: input.amount,
      currency: payment.currency,
      reason: input.reason,
      created_by: actorId,
    })
    .returning(['id', 'kind', 'amount'])
    .executeTakeFirstOrThrow()
  if (input.by === 'outside') await postReversal(tx, payment, reversal, null, now, now)
  else await sendRefund(tx, reversal.id)
  return { id: reversal.id }
}

/** The job that takes a refund to its provider, at once or after so many seconds. */
export function sendRefund(tx: Tx, id: string, delay = 0): Promise<void> {
  return enqueue(
    tx,
    'payments:send_refund',
    { reversal_id: id },
    { key: `payments:send_refund:${id}`, ...(delay > 0 ? { delay } : {}) },
  )
}

/** Notes what became of a refund that a provider was asked for. */
export async function endRefund(
  tx: Tx,
  id: string,
  outcome: { state: 'done'; ref: string } | { state: 'failed'; detail: string },
  now: Temporal.Instant,
): Promise<void> {
  const found = await tx
    .selectFrom('payment_reversals')
    .select(['payment_id'])
    .where('id', '=', id)
    .executeTakeFirst()
  const payment = found && (await lockPayment(tx, found.payment_id))
  if (!payment) return
  const reversal = await tx
    .selectFrom('payment_reversals')
    .select(['id', 'kind', 'amount', 'state'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (reversal.state === 'done' || reversal.state === 'won' || reversal.state === 'failed') return
  if (outcome.state === 'done') return postReversal(tx, payment, reversal, outcome.ref, now, now)
  await tx
    .updateTable('payment_reversals')
    .set({ state: 'failed', failure_detail: outcome.detail.slice(0, 500), look_at: null })
    .where('id', '=', id)
    .execute()
}

function selectReversals(tx: Tx) {
  return tx
    .selectFrom('payment_reversals')
    .innerJoin('accounts', 'accounts.id', 'payment_reversals.account_id')
    .leftJoin('users', 'users.id', 'payment_reversals.created_by')
    .select([
      'payment_reversals.id',
      'payment_reversals.payment_id',
      'payment_reversals.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'payment_reversals.kind',
      'payment_reversals.state',
      'payment_reversals.amount',
      'payment_reversals.currency',
      'payment_reversals.provider_ref',
      'payment_reversals.reason',
      'payment_reversals.failure_detail',
      'payment_reversals.created_by',
      'users.name as created_by_name',
      'payment_reversals.created_at',
      'payment_reversals.done_at',
    ])
}

/** A page of what went back or is to go back, the latest first. */
export function listReversals(
  tx: Tx,
  request: ListRequest & {
    payment_id?: string | undefined
    account_id?: string | undefined
    business_unit_id?: string | undefined
    kind?: ReversalKind | undefined
    state?: ReversalState | undefined
  },
) {
  let query = selectReversals(tx)
  for (const column of ['payment_id', 'account_id', 'business_unit_id'] as const) {
    const wanted = request[column]
    if (wanted) query = query.where(`payment_reversals.${column}`, '=', wanted)
  }
  // Written out, not as parameters: the indexes of what is rare serve only who names it.
  if (request.kind) query = query.where(sql<boolean>`payment_reversals.kind = ${sql.lit(request.kind)}`)
  if (request.state) query = query.where(sql<boolean>`payment_reversals.state = ${sql.lit(request.state)}`)
  const byTime = { by: sql`payment_reversals.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: byTime }, byTime)
}

/** One reversal. Refuses: not_found. */
export async function getReversal(tx: Tx, id: string) {
  return (await selectReversals(tx).where('payment_reversals.id', '=', id).executeTakeFirst()) ?? notFound()
}
