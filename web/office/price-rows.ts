import type { Price } from '../shared/api-types.gen.ts'

/** A tier as it is typed; the last one has no end. */
export interface TierRow {
  key: string
  up_to: number | string
  unit_amount: number | null
  flat_amount: number | null
}

/** A price as it is typed. */
export interface PriceRow {
  /** Stable while the form is open. */
  key: string
  currency: string
  cycle_unit: Price['cycle_unit']
  cycle_count: number | string
  cycle_alignment: Price['cycle_alignment']
  price_model: Price['price_model']
  amount: number | null
  tiers: TierRow[]
  package_size: number | string
  included: number | string
  /** The day to come from which it is sold; '' is the price of today. */
  valid_from: string
  /** What is said of one that is sold already: since when, and until when. */
  since: string | null
  until: string | null
}

export const isTiered = (model: Price['price_model']): boolean => model === 'tiered' || model === 'volume'

const newTier = (): TierRow => ({
  key: crypto.randomUUID(),
  up_to: '',
  unit_amount: null,
  flat_amount: null,
})

/** Two tiers to begin with: one with an end, and what is above it. */
export const firstTiers = (): TierRow[] => [newTier(), newTier()]

/** A price as a form begins it: a month of the closing day, each unit at its price. */
export function newPrice(currency: string, of: Partial<PriceRow> = {}): PriceRow {
  return {
    currency,
    cycle_unit: 'month',
    cycle_count: 1,
    cycle_alignment: 'closing',
    price_model: 'per_unit',
    amount: null,
    tiers: [],
    package_size: '',
    included: 0,
    valid_from: '',
    since: null,
    until: null,
    ...of,
    key: crypto.randomUUID(),
  }
}

/** A tier after another one. */
export function withTierAfter(tiers: TierRow[], index: number): { tiers: TierRow[]; key: string } {
  const added = newTier()
  const at = Math.min(index + 1, tiers.length - 1)
  return { tiers: [...tiers.slice(0, at), added, ...tiers.slice(at)], key: added.key }
}

/** Prices of the catalogue as rows; `day` is today where they are sold. */
export function rowsOfPrices(prices: Price[], day: string): PriceRow[] {
  return prices.map((price) => {
    const coming = price.valid_from !== null && price.valid_from > day
    return {
      key: price.id,
      currency: price.currency,
      cycle_unit: price.cycle_unit,
      cycle_count: price.cycle_count,
      cycle_alignment: price.cycle_alignment,
      price_model: price.price_model,
      amount: isTiered(price.price_model) ? null : price.amount,
      tiers: (price.tiers ?? []).map((tier) => ({
        key: crypto.randomUUID(),
        up_to: tier.up_to ?? '',
        unit_amount: tier.unit_amount,
        flat_amount: tier.flat_amount === 0 ? null : tier.flat_amount,
      })),
      package_size: price.package_size ?? '',
      included: price.included,
      valid_from: coming ? (price.valid_from ?? '') : '',
      since: coming ? null : price.valid_from,
      until: price.valid_to,
    }
  })
}

/** What of a row decides what a quantity costs, as the API takes it. */
export function termsOfRow(row: PriceRow) {
  const tiered = isTiered(row.price_model)
  return {
    price_model: row.price_model,
    amount: tiered ? null : row.amount,
    tiers: tiered
      ? row.tiers.map((tier, index) => ({
          up_to: index === row.tiers.length - 1 || tier.up_to === '' ? null : Number(tier.up_to),
          unit_amount: tier.unit_amount ?? 0,
          flat_amount: tier.flat_amount ?? 0,
        }))
      : null,
    package_size: row.price_model === 'package' && row.package_size !== '' ? Number(row.package_size) : null,
    included: row.price_model === 'flat' || row.included === '' ? 0 : Number(row.included),
  }
}

/** A row as the API takes it. */
export function bodyOfPrice(row: PriceRow) {
  return {
    ...termsOfRow(row),
    currency: row.currency,
    cycle_unit: row.cycle_unit,
    cycle_count: row.cycle_unit === 'once' || row.cycle_count === '' ? 1 : Number(row.cycle_count),
    cycle_alignment: row.cycle_alignment,
    valid_from: row.valid_from === '' ? null : row.valid_from,
  }
}

/** Whether something of it is missing still. */
export function lacksSomething(row: PriceRow): boolean {
  if (!/^[A-Z]{3}$/.test(row.currency)) return true
  if (row.price_model === 'package' && row.package_size === '') return true
  if (!isTiered(row.price_model)) return row.amount === null
  return row.tiers.some(
    (tier, index) => tier.unit_amount === null || (index < row.tiers.length - 1 && tier.up_to === ''),
  )
}
