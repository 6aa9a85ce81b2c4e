import { type Price, priceQuantity } from './pricing.ts'

/** A stretch of a quantity that one rule of its price makes, in minor units; `units` of them are charged. */
export type PricePart = {
  kind: 'included' | 'flat' | 'unit' | 'package' | 'tier'
  units: number
  unit_amount: number
  flat_amount: number
  amount: number
}

/**
 * How the price of a quantity for a whole period comes about, part by part: what is included first, then each tier or
 * package. The parts add up to what {@link priceQuantity} says, in minor units.
 */
export function explainQuantity(price: Price, quantity: number): PricePart[] {
  if (price.model === 'flat') return [part('flat', quantity, price.unit_amount, 0, BigInt(price.unit_amount))]
  const free = Math.min(quantity, price.included)
  const parts = free > 0 ? [part('included', free, 0, 0, 0n)] : []
  const charged = quantity - free
  if (charged === 0) return parts
  const whole = priceQuantity(price, quantity)
  if (price.model === 'per_unit') return [...parts, part('unit', charged, price.unit_amount, 0, whole)]
  if (price.model === 'package') {
    const packages = Math.ceil(charged / (price.package_size ?? 1))
    return [...parts, part('package', packages, price.unit_amount, 0, whole)]
  }
  const tiers = price.tiers ?? []
  if (price.model === 'volume') {
    const tier = tiers.find(({ up_to }) => up_to === null || charged <= up_to)
    return tier ? [...parts, part('tier', charged, tier.unit_amount, tier.flat_amount, whole)] : parts
  }
  let from = 0
  for (const tier of tiers) {
    if (charged <= from) break
    const to = tier.up_to === null ? charged : Math.min(charged, tier.up_to)
    const amount = BigInt(tier.unit_amount) * BigInt(to - from) + BigInt(tier.flat_amount)
    parts.push(part('tier', to - from, tier.unit_amount, tier.flat_amount, amount))
    from = to
  }
  return parts
}

function part(
  kind: PricePart['kind'],
  units: number,
  unit_amount: number,
  flat_amount: number,
  amount: bigint,
): PricePart {
  return { kind, units, unit_amount, flat_amount, amount: Number(amount) }
}
