import { ProviderRefusal } from '../../modules/payments/index.ts'
import { exponentOf } from '../../platform/money.ts'

// Stripe's smallest units are those of ISO 4217, but for these: they write ISK and UGX with two decimals that are always 00,
// and MGA with none. HUF and TWD are whole only in payouts; charges take their hundredths.
const stripeExponents = new Map([
  ['ISK', 2],
  ['UGX', 2],
  ['MGA', 0],
])

/**
 * An amount of ours (ISO 4217 minor units) as Stripe writes it, an integer of their own smallest unit.
 * @throws ProviderRefusal amount_not_taken where they have no such amount: hundredths of MGA, thousandths of KWD and the like,
 * which they take in steps of ten.
 */
export function toStripeAmount(amount: number, currency: string): number {
  const ours = exponentOf(currency)
  const theirs = stripeExponents.get(currency) ?? ours
  const exact =
    theirs >= ours
      ? BigInt(amount) * 10n ** BigInt(theirs - ours)
      : divideExactly(BigInt(amount), 10n ** BigInt(ours - theirs), currency)
  if (theirs === 3) divideExactly(exact, 10n, currency)
  return toSafe(exact)
}

/** An amount of Stripe's in our minor units. */
export function fromStripeAmount(amount: number, currency: string): number {
  const code = currency.toUpperCase()
  const ours = exponentOf(code)
  const theirs = stripeExponents.get(code) ?? ours
  return toSafe(
    theirs <= ours
      ? BigInt(amount) * 10n ** BigInt(ours - theirs)
      : divideExactly(BigInt(amount), 10n ** BigInt(theirs - ours), code),
  )
}

function divideExactly(amount: bigint, by: bigint, currency: string): bigint {
  if (amount % by !== 0n)
    throw new ProviderRefusal('amount_not_taken', `Stripe takes no such fraction of ${currency}`)
  return amount / by
}

function toSafe(amount: bigint): number {
  const number = Number(amount)
  if (!Number.isSafeInteger(number)) throw new RangeError(`amount out of range: ${amount}`)
  return number
}
