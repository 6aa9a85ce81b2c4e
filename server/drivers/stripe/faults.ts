import Stripe from 'stripe'
import { ProviderRefusal, ProviderSilence } from '../../modules/payments/index.ts'
import type { PaymentFailure } from '../../platform/database.gen.ts'

// https://docs.stripe.com/declines/codes and https://docs.stripe.com/error-codes
const reasons: Record<Exclude<PaymentFailure, 'declined'>, readonly string[]> = {
  insufficient_funds: ['insufficient_funds'],
  expired_method: ['expired_card', 'expired_payment_method', 'invalid_expiry_month', 'invalid_expiry_year'],
  invalid_method: [
    'account_closed',
    'bank_account_declined',
    'bank_account_restricted',
    'bank_account_unusable',
    'billing_invalid_mandate',
    'card_not_supported',
    'currency_not_supported',
    'debit_not_authorized',
    'incorrect_cvc',
    'incorrect_number',
    'incorrect_postal_code',
    'india_recurring_payment_mandate_canceled',
    'incorrect_zip',
    'invalid_account',
    'invalid_bank_account_iban',
    'invalid_cvc',
    'invalid_number',
    'new_account_information_available',
    'no_account',
    'payment_intent_mandate_invalid',
    'payment_method_invalid_parameter',
    'payment_method_restricted',
    'payment_method_unexpected_state',
    'revocation_of_all_authorizations',
    'revocation_of_authorization',
    'stop_payment_order',
    'transaction_not_allowed',
  ],
  authentication_failed: [
    'authentication_failure',
    'authentication_required',
    'authentication_not_handled',
    'mobile_device_authentication_required',
    'offline_pin_required',
    'online_or_offline_pin_required',
    'payment_intent_authentication_failure',
    'setup_intent_authentication_failure',
  ],
  limit_exceeded: [
    'amount_too_large',
    'card_velocity_exceeded',
    'charge_exceeds_source_limit',
    'charge_exceeds_transaction_limit',
    'charge_exceeds_weekly_limit',
    'withdrawal_count_limit_exceeded',
  ],
  suspected_fraud: [
    'fraudulent',
    'highest_risk_level',
    'lost_card',
    'merchant_blacklist',
    'pickup_card',
    'request_blocked',
    'restricted_card',
    'security_violation',
    'stolen_card',
  ],
  provider_error: [
    'issuer_not_available',
    'payment_method_provider_timeout',
    'processing_error',
    'reenter_transaction',
    'try_again_later',
  ],
}

const reasonOf = new Map(
  Object.entries(reasons).flatMap(([reason, codes]) => codes.map((code) => [code, reason as PaymentFailure])),
)

/**
 * Why a charge failed, in our words, by the code of the bank's decline, else by Stripe's own. What nobody explains is a plain
 * `declined`. The detail is codes only: the texts of Stripe are for payers, and in their language.
 */
export function readFailure(error: { code?: string | null; decline_code?: string | null }): {
  reason: PaymentFailure
  detail: string | null
} {
  const codes = [error.decline_code, error.code].filter((code): code is string => !!code)
  const known = codes.map((code) => reasonOf.get(code)).find((reason) => reason !== undefined)
  return { reason: known ?? 'declined', detail: codes.length > 0 ? codes.join(', ') : null }
}

const refusals = new Map([
  ['amount_too_small', 'amount_not_taken'],
  ['amount_too_large', 'amount_not_taken'],
  ['payment_method_unactivated', 'method_not_enabled'],
  ['payment_intent_invalid_parameter', 'method_not_enabled'],
  ['resource_missing', 'unknown_to_provider'],
  ['secret_key_required', 'credentials_refused'],
  ['api_key_expired', 'credentials_refused'],
  ['platform_api_key_expired', 'credentials_refused'],
  ['testmode_charges_only', 'account_not_activated'],
])

/**
 * What an error of the SDK is to the house. No answer, one of a server that broke, and one that says that the same key is being
 * worked on or was used otherwise leave open whether something was done: silence. A refusal did nothing.
 */
export function toFault(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error
  const detail = [error.statusCode, error.code, error.message].filter(Boolean).join(' ')
  switch (error.type) {
    case 'StripeAuthenticationError':
      return new ProviderRefusal('credentials_refused', detail)
    case 'StripePermissionError':
      return new ProviderRefusal('permission_missing', detail)
    case 'StripeCardError':
      return new ProviderRefusal('request_refused', detail)
    case 'StripeInvalidRequestError':
      if (
        error.statusCode !== 409 &&
        error.code !== 'idempotency_key_in_use' &&
        error.code !== 'lock_timeout'
      )
        return new ProviderRefusal(refusals.get(error.code ?? '') ?? 'request_refused', detail)
  }
  return new ProviderSilence(detail)
}

/** Asks Stripe, with its errors told as the house knows them. */
export async function ask<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toFault(error)
  }
}
