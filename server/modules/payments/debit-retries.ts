// When an invoice is charged again after a refusal (B8): a pure function of the business unit's policy and of what was refused.
import type { PaymentFailure } from '../../platform/database.gen.ts'

/** Reasons that may pass: money may come in, a limit is renewed, a network works again. */
export const passingReasons = [
  'insufficient_funds',
  'limit_exceeded',
  'declined',
  'provider_error',
  'authentication_failed',
] as const satisfies PaymentFailure[]

/** Reasons that stay: a card that is expired, unknown or reported stolen is charged by itself no more, whatever a policy says. */
export const lastingReasons = [
  'expired_method',
  'invalid_method',
  'suspected_fraud',
] as const satisfies PaymentFailure[]

type PassingReason = (typeof passingReasons)[number]

/** By reason: how many days after its first refusal an invoice is charged again, after its second, and so on. */
export type Retries = Record<PassingReason, number[]>

export type RetryPolicy = {
  retries: Retries
  /** How often an invoice is charged by itself in all, by whichever methods and for whichever reasons. */
  most_attempts: number
}

/** What a business unit does that says nothing else. */
export const defaultRetryPolicy: RetryPolicy = {
  retries: {
    insufficient_funds: [2, 5, 10],
    limit_exceeded: [1, 3, 7],
    declined: [3, 7],
    provider_error: [1, 1, 2],
    authentication_failed: [],
  },
  most_attempts: 8,
}

const isPassing = (reason: PaymentFailure): reason is PassingReason =>
  (passingReasons as readonly PaymentFailure[]).includes(reason)

/**
 * The day on which an invoice is charged again by itself; null: not any more. `refusals` are those of the invoice by the method
 * that was refused, the last one last: each reason has a schedule of its own, which another reason in between does not use up.
 * `attempts` is how often the invoice was charged in all, `on` the day of the last refusal.
 */
export function planRetry(
  policy: RetryPolicy,
  refusals: readonly PaymentFailure[],
  attempts: number,
  on: Temporal.PlainDate,
): Temporal.PlainDate | null {
  const last = refusals.at(-1)
  if (last === undefined || attempts >= policy.most_attempts) return null
  if (!isPassing(last) || refusals.some((reason) => !isPassing(reason))) return null
  const times = refusals.filter((reason) => reason === last).length
  const days = policy.retries[last][times - 1]
  return days === undefined ? null : on.add({ days })
}
