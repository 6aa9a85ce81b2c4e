// What providers say of a charge, brought into the books. Everything here may be called again with the same, in any order, and
// by several at once: what is booked is known by the provider's own ids (billing.md 25, 26).
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { Config } from '../../platform/config.ts'
import type { IntentState, PaymentFailure, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { lockAccounts } from '../billing/index.ts'
import { askAbout } from './intents.ts'
import { recordPayment } from './payments.ts'
import type { ReceivedMoney, Standing } from './providers.ts'
import { bookReversed } from './reversals.ts'
import { keepMethod } from './stored-methods.ts'

export type LockedIntent = {
  id: string
  account_id: string
  business_unit_id: string
  provider_id: string
  method: PaymentMethod
  purpose: 'payment' | 'setup'
  amount: number
  currency: string
  order_id: string | null
  stored_method_id: string | null
  store: boolean
  state: IntentState
  provider_ref: string | null
  created_by: string | null
  ended_at: Temporal.Instant | null
  looks: number
}

/** The intent, with its account locked against everything else that moves its money; null where there is none. */
export async function lockIntent(tx: Tx, id: string): Promise<LockedIntent | null> {
  const found = await tx
    .selectFrom('payment_intents')
    .select('account_id')
    .where('id', '=', id)
    .executeTakeFirst()
  if (!found) return null
  await lockAccounts(tx, [found.account_id])
  const row = await tx
    .selectFrom('payment_intents')
    .select([
      'id',
      'account_id',
      'business_unit_id',
      'provider_id',
      'method',
      'purpose',
      'amount',
      'currency',
      'order_id',
      'stored_method_id',
      'store',
      'state',
      'provider_ref',
      'created_by',
      'ended_at',
      'looks',
    ])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row ?? null
}

// Seconds until a provider is asked again of its own accord; a call of theirs or the customer's coming back asks at once.
const pauses = [5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600]

/** When to ask again what became of something that was asked for so many times already. */
export function nextLook(looks: number, now: Temporal.Instant): Temporal.Instant {
  return now.add({ seconds: pauses[Math.min(looks, pauses.length - 1)]! })
}

/** What an intent becomes by what its provider says. */
function stateOf(standing: Standing, received: number, purpose: 'payment' | 'setup'): IntentState | null {
  if (received > 0) return 'succeeded'
  if (standing.state === 'absent') return null
  // Success without money is no success: the provider will be asked again.
  if (standing.state === 'succeeded' && purpose === 'payment') return 'pending'
  return standing.state
}

/**
 * Applies what a provider says of an intent: books the money and reversals that are not booked yet, keeps the method where
 * that was asked for, and moves the intent on. Whatever a payment causes is in the same transaction or a job of it. Returns
 * the intent's state. `asks` false: the provider cannot be asked, its money arrives by files.
 */
export async function applyStanding(
  tx: Tx,
  config: Config,
  intentId: string,
  standing: Standing,
  now: Temporal.Instant,
  asks = true,
): Promise<IntentState | null> {
  const intent = await lockIntent(tx, intentId)
  if (!intent) return null
  for (const money of standing.received) await bookReceived(tx, intent, money, now)
  const paid = await tx
    .selectFrom('payments')
    .select(['id', 'provider_ref'])
    .where('intent_id', '=', intent.id)
    .orderBy('id')
    .execute()
  for (const money of standing.reversed) {
    const payment = paid.find((row) => row.provider_ref === money.payment_ref) ?? paid[0]
    // What went back before we learnt that it came is booked with it, the next time that the provider is asked.
    if (payment) await bookReversed(tx, payment.id, money, now)
  }
  const wanted = stateOf(standing, paid.length, intent.purpose)
  const ended = intent.ended_at !== null
  const state = wanted === null || (ended && wanted !== 'succeeded') ? intent.state : wanted
  if (
    state === 'succeeded' &&
    intent.state !== 'succeeded' &&
    standing.method &&
    (intent.store || intent.purpose === 'setup')
  )
    await keepMethod(tx, config, intent, standing.method)
  const over = state === 'succeeded' || state === 'failed' || state === 'cancelled' || state === 'expired'
  const look_at = over || !asks ? null : nextLook(intent.looks, now)
  const failure: PaymentFailure | null = state === 'failed' ? (standing.failure?.reason ?? 'declined') : null
  if (!ended || state !== intent.state) {
    await tx
      .updateTable('payment_intents')
      .set({
        state,
        provider_ref: intent.provider_ref ?? standing.ref,
        action: over
          ? null
          : standing.action === undefined
            ? sql`action`
            : standing.action === null
              ? null
              : JSON.stringify(standing.action),
        ...(standing.expires_at ? { expires_at: standing.expires_at } : {}),
        failure,
        failure_detail: failure === null ? null : (standing.failure?.detail?.slice(0, 500) ?? null),
        look_at,
        looks: intent.looks + 1,
        ended_at: over ? (intent.ended_at ?? now) : null,
        ...(over ? { details_encrypted: null } : {}),
      })
      .where('id', '=', intent.id)
      .execute()
    if (look_at !== null) await askAbout(tx, intent.id, look_at)
    if (over && state !== intent.state)
      await announce(tx, 'payment_intent.ended', { intent_id: intent.id, state }, intent.id)
  }
  return state
}

/** Books money that a provider took for an intent, once by the provider's id of it. */
async function bookReceived(
  tx: Tx,
  intent: LockedIntent,
  money: ReceivedMoney,
  now: Temporal.Instant,
): Promise<void> {
  const known = await tx
    .selectFrom('payments')
    .select('id')
    .where('provider_id', '=', intent.provider_id)
    .where('provider_ref', '=', money.ref)
    .executeTakeFirst()
  if (known || money.amount <= 0) return
  const [unit, invoices, earlier] = await Promise.all([
    tx
      .selectFrom('business_units')
      .select('time_zone')
      .where('id', '=', intent.business_unit_id)
      .executeTakeFirstOrThrow(),
    tx
      .selectFrom('payment_intent_invoices')
      .select('invoice_id')
      .where('intent_id', '=', intent.id)
      .execute(),
    tx.selectFrom('payments').select('id').where('intent_id', '=', intent.id).executeTakeFirst(),
  ])
  // A provider's clock may be ahead of ours.
  const at = Temporal.Instant.compare(money.at, now) > 0 ? now : money.at
  const payment = await recordPayment(
    tx,
    intent.account_id,
    {
      amount: money.amount,
      method: intent.method,
      received_on: today(at, unit.time_zone),
      reference: money.ref.slice(0, 200),
      // The order is fulfilled by the first money; what comes again for it is credit.
      ...(intent.order_id === null
        ? { invoice_ids: invoices.map(({ invoice_id }) => invoice_id) }
        : earlier
          ? { invoice_ids: [] }
          : { order_id: intent.order_id }),
      provider: { provider_id: intent.provider_id, provider_ref: money.ref, intent_id: intent.id },
    },
    null,
    now,
  )
  if (isRefusal(payment)) throw new Error(`money of intent ${intent.id} was refused: ${payment.code}`)
}
