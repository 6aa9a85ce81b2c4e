import { sql } from 'kysely'
import type { CycleAlignment, CycleUnit, PriceModel } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'

/** One tier of a price, in minor units: `flat_amount` is due once the tier is reached; the last has no end. */
export type PriceTier = { up_to: number | null; unit_amount: number; flat_amount: number }

/** How often something is charged, and whether on the closing day or on a day of its own. */
export type PriceCycle = { cycle_unit: CycleUnit; cycle_count: number; cycle_alignment: CycleAlignment }

/** What a quantity costs for a whole cycle; `amount` in minor units of the whole, of one, or of a package. */
export type PriceTerms = {
  price_model: PriceModel
  amount: number
  tiers: PriceTier[] | null
  package_size: number | null
  /** Units that cost nothing. */
  included: number
}

/** A price as the catalogue has it, from a day (null: since it is there) until another (null: none is known). */
export type CataloguePrice = { id: string; currency: string } & PriceCycle &
  PriceTerms & { valid_from: Temporal.PlainDate | null; valid_to: Temporal.PlainDate | null }

/** A price as it is asked for; a month of the closing day and a price of one by default. */
export type PriceInput = {
  currency: string
  cycle_unit?: CycleUnit | undefined
  cycle_count?: number | undefined
  cycle_alignment?: CycleAlignment | undefined
  price_model?: PriceModel | undefined
  amount?: number | null | undefined
  tiers?: { up_to: number | null; unit_amount: number; flat_amount?: number | undefined }[] | null | undefined
  package_size?: number | null | undefined
  included?: number | undefined
  /** Null or not after today: the price of today. Later: from that day on. */
  valid_from?: Temporal.PlainDate | null | undefined
}

type WantedPrice = { currency: string } & PriceCycle & PriceTerms & { valid_from: Temporal.PlainDate | null }

/** Whose price it is: a plan's own, or one of its options or meters. */
export type PriceOwner = { plan_id: string; plan_option_id?: string; plan_meter_id?: string }

const { compare } = Temporal.PlainDate
const isTiered = (model: PriceModel) => model === 'tiered' || model === 'volume'

/** What two prices have in common that cannot be sold at once. */
const offerOf = (price: { currency: string } & PriceCycle) =>
  [price.currency, price.cycle_unit, price.cycle_count, price.cycle_alignment].join(' ')

/** Whether two prices ask the same of everybody. */
function sameTerms(left: PriceTerms, right: PriceTerms): boolean {
  return termsOf(left) === termsOf(right)
}
const termsOf = (price: PriceTerms) =>
  JSON.stringify([
    price.price_model,
    price.amount,
    price.tiers?.map((tier) => [tier.up_to, tier.unit_amount, tier.flat_amount]) ?? null,
    price.package_size,
    price.included,
  ])

/** Whether a price is sold on a day. */
export function isInForce(
  price: Pick<CataloguePrice, 'valid_from' | 'valid_to'>,
  day: Temporal.PlainDate,
): boolean {
  return (
    (price.valid_from === null || compare(price.valid_from, day) <= 0) &&
    (price.valid_to === null || compare(price.valid_to, day) > 0)
  )
}

/**
 * What a quantity will cost, as it will be kept. Refuses invalid_input under `at`: an amount, tiers or a package that its
 * model needs, tiers that do not rise to an open end.
 */
export function readTerms(
  input: Pick<PriceInput, 'price_model' | 'amount' | 'tiers' | 'package_size' | 'included'>,
  at: string,
): PriceTerms | Refusal {
  const path = (name: string) => (at === '' ? name : `${at}.${name}`)
  const price_model = input.price_model ?? 'per_unit'
  const tiers = isTiered(price_model) ? (input.tiers ?? null) : null
  if (isTiered(price_model)) {
    if (!tiers || tiers.length === 0) return refuseField(path('tiers'), 'required')
    const fault = findTierFault(tiers)
    if (fault !== undefined) return refuseField(path(`tiers.${fault}.up_to`), 'tiers_must_rise')
  } else if ((input.amount ?? null) === null) return refuseField(path('amount'), 'required')
  if (price_model === 'package' && (input.package_size ?? null) === null)
    return refuseField(path('package_size'), 'required')
  return {
    price_model,
    amount: isTiered(price_model) ? 0 : input.amount!,
    tiers: tiers?.map((tier) => ({ ...tier, flat_amount: tier.flat_amount ?? 0 })) ?? null,
    package_size: price_model === 'package' ? input.package_size! : null,
    included: price_model === 'flat' ? 0 : (input.included ?? 0),
  }
}

/**
 * Prices as they will be kept. Refuses invalid_input under `path`: what {@link readTerms} refuses, a cycle that does not go
 * with the closing day, the same price twice.
 */
export function readPrices(
  prices: readonly PriceInput[],
  path: string,
  day: Temporal.PlainDate,
): WantedPrice[] | Refusal {
  const wanted: WantedPrice[] = []
  const seen = new Set<string>()
  for (const [index, input] of prices.entries()) {
    const at = `${path}.${index}`
    const cycle_unit = input.cycle_unit ?? 'month'
    const ofDays = cycle_unit === 'day' || cycle_unit === 'week'
    const cycle_alignment = input.cycle_alignment ?? (ofDays ? 'anniversary' : 'closing')
    if (ofDays && cycle_alignment === 'closing')
      return refuseField(`${at}.cycle_alignment`, 'not_for_this_cycle')
    const terms = readTerms(input, at)
    if (isRefusal(terms)) return terms
    const from = input.valid_from ?? null
    const price: WantedPrice = {
      currency: input.currency,
      cycle_unit,
      cycle_count: cycle_unit === 'once' ? 1 : (input.cycle_count ?? 1),
      cycle_alignment,
      ...terms,
      valid_from: from !== null && compare(from, day) > 0 ? from : null,
    }
    const key = `${offerOf(price)} ${price.valid_from ?? ''}`
    if (seen.has(key)) return refuseField(`${at}.currency`, 'listed_twice')
    seen.add(key)
    wanted.push(price)
  }
  return wanted
}

/** The first tier that does not rise above the one before, or that has an end as the last or none before it. */
function findTierFault(tiers: readonly { up_to: number | null }[]): number | undefined {
  let last = 0
  for (const [index, { up_to }] of tiers.entries()) {
    const isLast = index === tiers.length - 1
    if ((up_to === null) !== isLast || (up_to !== null && up_to <= last)) return index
    last = up_to ?? last
  }
  return undefined
}

type Version = WantedPrice & { valid_to: Temporal.PlainDate | null }

/**
 * Makes the prices of today and of the days to come what was asked: a price that changes ends today and its successor
 * begins, so that every earlier one stays known; what is not asked for is sold no more. `prices` come from
 * {@link readPrices}.
 */
export async function writePrices(
  tx: Tx,
  owner: PriceOwner,
  prices: readonly WantedPrice[],
  day: Temporal.PlainDate,
): Promise<void> {
  const all = await selectPrices(tx)
    .where('plan_id', '=', owner.plan_id)
    .where(sql<boolean>`plan_option_id is not distinct from ${owner.plan_option_id ?? null}::uuid`)
    .where(sql<boolean>`plan_meter_id is not distinct from ${owner.plan_meter_id ?? null}::uuid`)
    .orderBy('valid_from')
    .execute()
  const open = all.filter((price) => price.valid_to === null || compare(price.valid_to, day) > 0)
  const begun = all.length > 0
  for (const offer of new Set([...open, ...prices].map(offerOf))) {
    const there = open.filter((price) => offerOf(price) === offer)
    const wanted = prices
      .filter((price) => offerOf(price) === offer)
      .sort((left, right) => compare(left.valid_from ?? day, right.valid_from ?? day))
    const current = there.find((price) => isInForce(price, day))
    const next = wanted.find((price) => price.valid_from === null)
    const kept = current && next && sameTerms(current, next) ? current : undefined
    const versions: Version[] = wanted.map((price, index) => ({
      ...price,
      valid_from: price.valid_from ?? (begun ? day : null),
      valid_to: wanted[index + 1]?.valid_from ?? null,
    }))
    const [first] = versions
    const fresh = kept ? versions.slice(1) : versions
    const later = there.filter((price) => price !== current)
    const settled =
      later.length === fresh.length && fresh.every((price, index) => sameVersion(price, later[index]!))
    if (!settled && later.length > 0) {
      const ids = later.map((price) => price.id)
      await tx.deleteFrom('prices').where('id', 'in', ids).execute()
    }
    if (current && !kept && current.valid_from?.equals(day)) {
      await tx.deleteFrom('prices').where('id', '=', current.id).execute()
    } else if (current) {
      const until = kept ? (first?.valid_to ?? null) : day
      if (String(current.valid_to) !== String(until))
        await tx.updateTable('prices').set({ valid_to: until }).where('id', '=', current.id).execute()
    }
    if (!settled && fresh.length > 0) {
      await tx
        .insertInto('prices')
        .values(fresh.map((price) => ({ ...owner, ...price, tiers: tiersJson(price.tiers) })))
        .execute()
    }
  }
}

const sameVersion = (left: Version, right: Version) =>
  sameTerms(left, right) &&
  String(left.valid_from) === String(right.valid_from) &&
  String(left.valid_to) === String(right.valid_to)

/** Tiers as a column takes them: an array would be taken for one of PostgreSQL's. */
function tiersJson(tiers: readonly PriceTier[] | null): string | null {
  return tiers === null ? null : JSON.stringify(tiers)
}

function selectPrices(tx: Tx) {
  return tx
    .selectFrom('prices')
    .select([
      'id',
      'plan_option_id',
      'plan_meter_id',
      'currency',
      'cycle_unit',
      'cycle_count',
      'cycle_alignment',
      'price_model',
      'amount',
      sql<PriceTier[] | null>`tiers`.as('tiers'),
      'package_size',
      'included',
      'valid_from',
      'valid_to',
    ])
}

/** What of a plan is sold on a day or later: its own prices, its options' and its meters', the shortest month first. */
export function listSoldPrices(tx: Tx, planId: string, day: Temporal.PlainDate) {
  return selectPrices(tx)
    .where('plan_id', '=', planId)
    .where(sql<boolean>`(valid_to is null or valid_to > ${day}::date)`)
    .orderBy('currency')
    .orderBy('cycle_unit', 'desc')
    .orderBy('cycle_count')
    .orderBy('cycle_alignment')
    .orderBy(sql`valid_from nulls first`)
    .execute()
}

/** Every price that a plan, its options and its meters ever had, the newest first. Refuses: not_found. */
export async function listPriceVersions(tx: Tx, planId: string, request: ListRequest) {
  const plan = await tx.selectFrom('plans').select('id').where('id', '=', planId).executeTakeFirst()
  if (!plan) return notFound()
  const query = selectPrices(tx)
    .where('prices.plan_id', '=', planId)
    .leftJoin('plan_options', 'plan_options.id', 'prices.plan_option_id')
    .leftJoin('plan_meters', 'plan_meters.id', 'prices.plan_meter_id')
    .clearSelect()
    .select([
      'prices.id',
      'prices.plan_option_id',
      'prices.plan_meter_id',
      sql<string | null>`coalesce(plan_options.name, plan_meters.name)`.as('name'),
      'prices.currency',
      'prices.cycle_unit',
      'prices.cycle_count',
      'prices.cycle_alignment',
      'prices.price_model',
      'prices.amount',
      sql<PriceTier[] | null>`prices.tiers`.as('tiers'),
      'prices.package_size',
      'prices.included',
      'prices.valid_from',
      'prices.valid_to',
      'prices.created_at',
    ])
  return readPage(
    query,
    request,
    {
      created_at: { by: sql`prices.created_at`, value: (row) => row.created_at, type: 'timestamptz' },
    },
    { by: sql`prices.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/**
 * The price that is sold on a day in a currency: of the cycle that is asked for, else of the first that there is, a
 * month before a year. Undefined where there is none.
 */
export function choosePrice<P extends CataloguePrice>(
  prices: readonly P[],
  wanted: {
    currency: string
    day: Temporal.PlainDate
    cycle?:
      | { cycle_unit: CycleUnit; cycle_count: number; cycle_alignment?: CycleAlignment | undefined }
      | undefined
  },
): P | undefined {
  const { currency, day, cycle } = wanted
  const sold = prices.filter((price) => price.currency === currency && isInForce(price, day))
  if (!cycle) return sold[0]
  return sold.find(
    (price) =>
      price.cycle_unit === cycle.cycle_unit &&
      price.cycle_count === cycle.cycle_count &&
      (cycle.cycle_alignment === undefined || price.cycle_alignment === cycle.cycle_alignment),
  )
}

/** A price as the columns of what is sold by it: a component keeps them whatever the catalogue does later. */
export function soldAt(price: PriceTerms & PriceCycle) {
  return {
    price_model: price.price_model,
    unit_amount: price.amount,
    tiers: tiersJson(price.tiers),
    package_size: price.package_size,
    included: price.included,
    cycle_unit: price.cycle_unit,
    cycle_count: price.cycle_count,
    cycle_alignment: price.cycle_alignment,
  }
}
