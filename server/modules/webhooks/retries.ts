/** How long after each failed attempt the next one is: over three days in all (Standard Webhooks, "Retries"). Seconds. */
export const retryDelays: readonly number[] = [
  5,
  5 * 60,
  30 * 60,
  2 * 3600,
  5 * 3600,
  10 * 3600,
  14 * 3600,
  20 * 3600,
  24 * 3600,
]

/** How much of a delay chance adds, so that what failed together does not come back together. */
const spread = 0.1

/** After so long without one delivery that arrived, an endpoint is disabled. */
export const failingHours = 72

/**
 * When a delivery is tried again after so many failed tries; null where it was the last. `chance` is from 0 to 1 and adds up
 * to a tenth of the delay.
 */
export function nextTry(tries: number, chance: number, now: Temporal.Instant): Temporal.Instant | null {
  const delay = retryDelays[tries - 1]
  if (delay === undefined) return null
  return now.add({ milliseconds: Math.round(delay * 1000 * (1 + spread * chance)) })
}
