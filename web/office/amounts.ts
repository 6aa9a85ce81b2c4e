/** What comes off a plan: an amount of minor units, or hundredths of a percent. */
export interface Discount {
  kind: '' | 'amount' | 'percent'
  amount: number | null
  basisPoints: number | null
}

/** The monthly amounts of a service, in minor units. */
export interface MonthlyAmounts {
  plan: number
  discount: number
  options: number
  total: number
}

/**
 * What a service will cost a month, in minor units, as the server computes it: the discount comes off the plan alone and
 * never below zero; what is left of a percentage is rounded half-up once (billing.md 9).
 */
export function computeMonthly(
  planAmount: number,
  options: readonly { amount: number; quantity: number }[],
  discount: Discount,
): MonthlyAmounts {
  const sum = options.reduce((total, one) => total + BigInt(one.amount) * BigInt(one.quantity), 0n)
  const off = discountOf(planAmount, discount)
  return {
    plan: planAmount,
    discount: off,
    options: toNumber(sum),
    total: toNumber(BigInt(planAmount - off) + sum),
  }
}

function discountOf(planAmount: number, discount: Discount): number {
  if (discount.kind === 'amount') return Math.min(planAmount, discount.amount ?? 0)
  if (discount.kind === 'percent') {
    const left = (BigInt(planAmount) * BigInt(10_000 - (discount.basisPoints ?? 0)) + 5_000n) / 10_000n
    return planAmount - toNumber(left)
  }
  return 0
}

/** Beyond what a number holds exactly there is no amount: the server refuses far less. */
function toNumber(value: bigint): number {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : Number.MAX_SAFE_INTEGER
}

/** Hundredths of a percent out of a percentage that was typed (12.5 is 1250); null when it is none. */
export function toBasisPoints(percent: number | string): number | null {
  if (percent === '') return null
  const points = Math.round(Number(percent) * 100)
  return Number.isSafeInteger(points) ? Math.max(0, Math.min(10_000, points)) : null
}
