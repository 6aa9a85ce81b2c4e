// What Stripe's objects say of a charge or a set-up, as the house knows it.

import type Stripe from 'stripe'
import type { PayerAction, ReversedMoney, Standing, UsedMethod } from '../../modules/payments/index.ts'
import { fromStripeAmount } from './amounts.ts'
import { readFailure } from './faults.ts'

/** Under these names what is ours stands in Stripe's metadata. */
export const marks = {
  intent: 'zaguan_intent',
  account: 'zaguan_account',
  reversal: 'zaguan_reversal',
  /** How the payer takes part: `form` (Stripe's form, any number of tries), `stored` (a kept method, one try), `absent`. */
  payer: 'zaguan_payer',
  /** Until when the payer may act, in seconds since 1970. */
  expires: 'zaguan_expires',
} as const

export const toInstant = (seconds: number) => Temporal.Instant.fromEpochMilliseconds(seconds * 1000)

const brands: Record<string, string> = {
  amex: 'American Express',
  cartes_bancaires: 'Cartes Bancaires',
  diners: 'Diners Club',
  discover: 'Discover',
  eftpos_au: 'eftpos',
  elo: 'Elo',
  hipercard: 'Hipercard',
  jcb: 'JCB',
  mastercard: 'Mastercard',
  unionpay: 'UnionPay',
  visa: 'Visa',
}

/** Brand and last digits of a method that Stripe keeps; null where it is of a kind that we do not charge again. */
function readMethod(
  method: Stripe.PaymentMethod | string | null,
  customer: string | null,
): UsedMethod | null {
  if (method === null || typeof method === 'string') return null
  const reference = { customer: customer ?? idOf(method.customer), payment_method: method.id }
  if (method.card) {
    const { brand, last4, exp_month, exp_year } = method.card
    return {
      brand: brands[brand] ?? brand,
      last_digits: readDigits(last4),
      expires_on: Temporal.PlainDate.from({ year: exp_year, month: exp_month, day: 1 }).add({ months: 1 }),
      reference,
    }
  }
  if (method.sepa_debit)
    return { brand: 'SEPA', last_digits: readDigits(method.sepa_debit.last4), expires_on: null, reference }
  return null
}

/** An IBAN may end in letters. */
function readDigits(text: string | null): string | null {
  return /[0-9]{2,4}$/.exec(text ?? '')?.[0] ?? null
}

export function idOf(thing: { id: string } | string | null | undefined): string | null {
  return thing === null || thing === undefined ? null : typeof thing === 'string' ? thing : thing.id
}

export type Moved = { refunds: readonly Stripe.Refund[]; disputes: readonly Stripe.Dispute[] }

/** What a charge stands at. `moved` is what went back of it. */
export function readPayment(intent: Stripe.PaymentIntent, moved: Moved, publishableKey: string): Standing {
  const base = { ref: intent.id, received: [], reversed: [], action: null } satisfies Partial<Standing>
  const action: PayerAction | null = intent.client_secret
    ? { kind: 'stripe', publishable_key: publishableKey, client_secret: intent.client_secret, setup: false }
    : null
  const alone = intent.metadata[marks.payer] === 'absent'
  switch (intent.status) {
    case 'succeeded': {
      const charge = intent.latest_charge
      // Without its charge there is no id to book the money by: it will be asked again.
      if (charge === null || typeof charge === 'string') return { ...base, state: 'pending' }
      return {
        ...base,
        state: 'succeeded',
        received: [
          {
            ref: charge.id,
            amount: fromStripeAmount(charge.amount_captured, charge.currency),
            at: toInstant(charge.created),
          },
        ],
        reversed: [
          ...moved.refunds.flatMap((refund) => readRefunded(refund, charge.id)),
          ...moved.disputes.flatMap((dispute) => readDisputed(dispute, charge.id)),
        ],
        method: readMethod(intent.payment_method, idOf(intent.customer)),
      }
    }
    case 'canceled':
      return { ...base, state: intent.cancellation_reason === 'abandoned' ? 'expired' : 'cancelled' }
    case 'requires_action':
      if (alone)
        return {
          ...base,
          state: 'failed',
          failure: { reason: 'authentication_failed', detail: 'requires_action' },
        }
      return { ...base, state: 'action_needed', action }
    case 'requires_payment_method':
      // A kept method was tried and refused; in the form the payer just takes another.
      if (intent.metadata[marks.payer] !== 'form')
        return { ...base, state: 'failed', failure: readFailure(intent.last_payment_error ?? {}) }
      return { ...base, state: 'action_needed', action }
    case 'requires_confirmation':
      return { ...base, state: 'action_needed', action }
    default:
      return { ...base, state: 'pending' }
  }
}

/**
 * A refund that was made; one on its way is not money that went back yet. One that the payer's bank did not take fails after it
 * had succeeded, and its money is ours again.
 */
function readRefunded(refund: Stripe.Refund, charge: string): ReversedMoney[] {
  const returned = refund.status === 'failed' || refund.status === 'canceled'
  if (refund.status !== 'succeeded' && !returned) return []
  return [
    {
      ref: refund.id,
      kind: 'refund',
      amount: fromStripeAmount(refund.amount, refund.currency),
      at: toInstant(refund.created),
      key: refund.metadata?.[marks.reversal] ?? null,
      payment_ref: charge,
      ...(returned ? { won: true } : {}),
    },
  ]
}

/** A dispute takes the money at once and gives it back when it is won; an inquiry (`warning_…`) takes nothing. */
function readDisputed(dispute: Stripe.Dispute, charge: string): ReversedMoney[] {
  if (dispute.status.startsWith('warning_') || dispute.status === 'prevented') return []
  return [
    {
      ref: dispute.id,
      kind: 'chargeback',
      amount: fromStripeAmount(dispute.amount, dispute.currency),
      at: toInstant(dispute.created),
      key: null,
      payment_ref: charge,
      won: dispute.status === 'won',
    },
  ]
}

/** What a set-up stands at. */
export function readSetup(setup: Stripe.SetupIntent, publishableKey: string): Standing {
  const base = { ref: setup.id, received: [], reversed: [], action: null } satisfies Partial<Standing>
  switch (setup.status) {
    case 'succeeded': {
      const method = readMethod(setup.payment_method, idOf(setup.customer))
      return method === null ? { ...base, state: 'pending' } : { ...base, state: 'succeeded', method }
    }
    case 'canceled':
      return { ...base, state: setup.cancellation_reason === 'abandoned' ? 'expired' : 'cancelled' }
    case 'processing':
      return { ...base, state: 'pending' }
    default:
      return {
        ...base,
        state: 'action_needed',
        action: setup.client_secret
          ? {
              kind: 'stripe',
              publishable_key: publishableKey,
              client_secret: setup.client_secret,
              setup: true,
            }
          : null,
      }
  }
}
