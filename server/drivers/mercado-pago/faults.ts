import {
  MercadoPagoError,
  MPAuthenticationError,
  MPBadRequestError,
  MPForbiddenError,
  MPNotFoundError,
  MPPaymentError,
  MPValidationError,
} from 'mercadopago'
import { ProviderRefusal, ProviderSilence } from '../../modules/payments/index.ts'
import type { PaymentFailure } from '../../platform/database.gen.ts'

// The reasons of status_detail: https://www.mercadopago.com/developers/en/docs/checkout-api/response-handling/collection-results
const reasons: Record<Exclude<PaymentFailure, 'declined'>, readonly string[]> = {
  insufficient_funds: ['cc_rejected_insufficient_amount', 'insufficient_amount'],
  expired_method: ['cc_rejected_bad_filled_date', 'cc_rejected_card_expired'],
  invalid_method: [
    'cc_rejected_bad_filled_card_number',
    'cc_rejected_bad_filled_other',
    'cc_rejected_bad_filled_security_code',
    'cc_rejected_card_disabled',
    'cc_rejected_card_type_not_allowed',
    'rejected_insufficient_data',
  ],
  authentication_failed: [
    'cc_rejected_3ds_challenge',
    'cc_rejected_3ds_mandatory',
    'cc_rejected_call_for_authorize',
  ],
  limit_exceeded: ['cc_amount_rate_limit_exceeded', 'cc_rejected_max_attempts', 'amount_limit_exceeded'],
  suspected_fraud: ['cc_rejected_blacklist', 'cc_rejected_high_risk', 'rejected_high_risk'],
  provider_error: ['bank_error', 'rejected_by_issuer_timeout', 'cc_rejected_time_out'],
}

const reasonOf = new Map(
  Object.entries(reasons).flatMap(([reason, codes]) => codes.map((code) => [code, reason as PaymentFailure])),
)

/** Why a payment was rejected, in our words; what nobody explains is a plain `declined`. */
export function readFailure(status_detail: string | undefined): {
  reason: PaymentFailure
  detail: string | null
} {
  return { reason: reasonOf.get(status_detail ?? '') ?? 'declined', detail: status_detail ?? null }
}

/**
 * What an error of the SDK is to the house. An answer that refuses (400, 401, 402, 403, 404, 422) did nothing; everything else,
 * from a broken connection to a key that is being worked on, leaves open whether something was done.
 */
export function toFault(error: unknown): unknown {
  if (!(error instanceof MercadoPagoError)) return error
  const detail = [error.status || null, error.error, error.message].filter(Boolean).join(' ')
  if (error instanceof MPAuthenticationError) return new ProviderRefusal('credentials_refused', detail)
  if (error instanceof MPForbiddenError) return new ProviderRefusal('permission_missing', detail)
  if (error instanceof MPNotFoundError) return new ProviderRefusal('unknown_to_provider', detail)
  if (
    error instanceof MPBadRequestError ||
    error instanceof MPValidationError ||
    error instanceof MPPaymentError
  )
    return new ProviderRefusal('request_refused', detail)
  return new ProviderSilence(detail)
}

/** Asks Mercado Pago, with its errors told as the house knows them. */
export async function ask<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toFault(error)
  }
}

/** What an answer must have to be one: the SDK hands on a broken body as an empty object. */
export function need<T>(value: T | null | undefined, name: string): T {
  if (value === null || value === undefined)
    throw new ProviderSilence(`the answer has no ${name}: it cannot be read`)
  return value
}
