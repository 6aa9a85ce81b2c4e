/**
 * What a quantity costs for a whole period, by the price that it was sold at (P1, billing.md 8): exact integers of minor
 * units. The database has the same rule as `whole_amount`, for lists.
 */
import type { PriceModel } from '../../platform/database.gen.ts'

export type { PriceModel }

/** Units up to and including `up_to` (the last tier has no end); `flat_amount` is due once the tier is reached. */
export type Tier = { up_to: number | null; unit_amount: number; flat_amount: number }

export type Price = {
  model: PriceModel
  /** Of the whole (`flat`), of one (`per_unit`), or of a package (`package`), in minor units. */
  unit_amount: number
  tiers: readonly Tier[] | null
  package_size: number | null
  /** Units that cost nothing. */
  included: number
}

/**
 * The price of a quantity for a whole period, in minor units.
 * `flat`: the same whatever the quantity. `per_unit`: each at its price. `tiered`: each unit at the price of the tier that it
 * falls in. `volume`: all units at the price of the tier that the quantity reaches. `package`: each package that is begun.
 */
export function priceQuantity(price: Price, quantity: number): bigint {
  const unit = BigInt(price.unit_amount)
  if (price.model === 'flat') return unit
  const charged = BigInt(Math.max(0, quantity - price.included))
  if (price.model === 'per_unit') return unit * charged
  if (price.model === 'package') {
    const size = BigInt(price.package_size ?? 1)
    return unit * ((charged + size - 1n) / size)
  }
  return price.model === 'volume'
    ? priceVolume(price.tiers ?? [], charged)
    : priceTiers(price.tiers ?? [], charged)
}

function priceVolume(tiers: readonly Tier[], charged: bigint): bigint {
  if (charged === 0n) return 0n
  const reached = tiers.find((tier) => tier.up_to === null || charged <= BigInt(tier.up_to))
  return reached ? BigInt(reached.unit_amount) * charged + BigInt(reached.flat_amount) : 0n
}

function priceTiers(tiers: readonly Tier[], charged: bigint): bigint {
  let total = 0n
  let from = 0n
  for (const tier of tiers) {
    if (charged <= from) break
    const to = tier.up_to === null || charged < BigInt(tier.up_to) ? charged : BigInt(tier.up_to)
    total += BigInt(tier.unit_amount) * (to - from) + BigInt(tier.flat_amount)
    from = to
  }
  return total
}
