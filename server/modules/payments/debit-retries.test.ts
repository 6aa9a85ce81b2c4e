import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PaymentFailure, paymentFailures } from '../../platform/database.gen.ts'
import {
  defaultRetryPolicy,
  lastingReasons,
  passingReasons,
  planRetry,
  type RetryPolicy,
} from './debit-retries.ts'

const day = Temporal.PlainDate.from('2026-05-20')
const policy: RetryPolicy = {
  retries: {
    insufficient_funds: [2, 5, 10],
    limit_exceeded: [1, 3],
    declined: [3],
    provider_error: [1, 1, 2],
    authentication_failed: [],
  },
  most_attempts: 6,
}

describe('the day of the next charge', () => {
  it.each<[string, PaymentFailure[], string | null]>([
    ['a first refusal', ['insufficient_funds'], '2026-05-22'],
    ['a second of the same reason', ['insufficient_funds', 'insufficient_funds'], '2026-05-25'],
    ['a third', ['insufficient_funds', 'insufficient_funds', 'insufficient_funds'], '2026-05-30'],
    [
      'a fourth, which its reason has no day for',
      ['insufficient_funds', 'insufficient_funds', 'insufficient_funds', 'insufficient_funds'],
      null,
    ],
    ['a first of one reason after one of another', ['insufficient_funds', 'provider_error'], '2026-05-21'],
    [
      'a second of a reason with another in between',
      ['insufficient_funds', 'provider_error', 'insufficient_funds'],
      '2026-05-25',
    ],
    ['a reason whose days are used up, after others', ['declined', 'limit_exceeded', 'declined'], null],
    ['a reason without days', ['authentication_failed'], null],
    ['a stolen card', ['suspected_fraud'], null],
    ['an expired card', ['expired_method'], null],
    ['an unknown card', ['invalid_method'], null],
    ['anything by a card that was found stolen', ['suspected_fraud', 'insufficient_funds'], null],
    ['no refusal', [], null],
  ])('%s', (_name, refusals, expected) => {
    expect(planRetry(policy, refusals, refusals.length, day)?.toString() ?? null).toBe(expected)
  })

  it('is none once the invoice was charged as often as it may be in all, by whichever methods', () => {
    expect(planRetry(policy, ['insufficient_funds'], 5, day)?.toString()).toBe('2026-05-22')
    expect(planRetry(policy, ['insufficient_funds'], 6, day)).toBeNull()
    expect(planRetry({ ...policy, most_attempts: 1 }, ['insufficient_funds'], 1, day)).toBeNull()
  })

  it('crosses months as days do', () => {
    const end = Temporal.PlainDate.from('2028-02-27')
    expect(planRetry(policy, ['insufficient_funds'], 1, end)?.toString()).toBe('2028-02-29')
  })

  it('knows each reason that there is, as one that passes or one that stays', () => {
    expect([...passingReasons, ...lastingReasons].toSorted()).toEqual([...paymentFailures].toSorted())
    expect(Object.keys(defaultRetryPolicy.retries).toSorted()).toEqual([...passingReasons].toSorted())
  })
})

const anyPolicy: fc.Arbitrary<RetryPolicy> = fc.record({
  retries: fc.record(
    Object.fromEntries(
      passingReasons.map((reason) => [reason, fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 10 })]),
    ) as Record<(typeof passingReasons)[number], fc.Arbitrary<number[]>>,
  ),
  most_attempts: fc.integer({ min: 1, max: 20 }),
})
/** What each charge of an invoice comes to, and whether its customer has stored another card by then. */
const anyStory = fc.array(
  fc.record({ reason: fc.constantFrom(...paymentFailures), another: fc.boolean(), late: fc.nat(3) }),
  { minLength: 1, maxLength: 60 },
)

describe('whatever is refused, in whichever order', () => {
  it('an invoice is charged no more often than it may be, not before its day, and never again by a card that is not good', () => {
    fc.assert(
      fc.property(anyPolicy, anyStory, (anyOne, story) => {
        let attempts = 0
        let on = day
        let refusals: PaymentFailure[] = []
        const counted = new Map<PaymentFailure, number>()
        for (const { reason, another, late } of story) {
          // What the run does: a charge, and its refusal.
          attempts++
          expect(attempts).toBeLessThanOrEqual(anyOne.most_attempts)
          refusals = [...refusals, reason]
          counted.set(reason, (counted.get(reason) ?? 0) + 1)
          const next = planRetry(anyOne, refusals, attempts, on)
          const schedule: number[] = isLasting(reason)
            ? []
            : anyOne.retries[reason as (typeof passingReasons)[number]]
          const times = counted.get(reason)!
          if (next !== null) {
            // Its own reason allows it, once for each day of its list.
            expect(times).toBeLessThanOrEqual(schedule.length)
            expect(on.until(next).days).toBe(schedule[times - 1])
            expect(Temporal.PlainDate.compare(next, on)).toBeGreaterThan(0)
            expect(refusals.some(isLasting)).toBe(false)
            on = next.add({ days: late })
            continue
          }
          // Nothing more by itself, for a reason that can be named.
          expect(
            attempts >= anyOne.most_attempts || refusals.some(isLasting) || times > schedule.length,
          ).toBe(true)
          if (!another || attempts >= anyOne.most_attempts) return
          refusals = []
          counted.clear()
          on = on.add({ days: 1 + late })
        }
      }),
      { numRuns: 500 },
    )
  })
})

const isLasting = (reason: PaymentFailure) => (lastingReasons as readonly PaymentFailure[]).includes(reason)
