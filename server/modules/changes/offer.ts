import { sql } from 'kysely'
import type {
  CycleAlignment,
  CycleUnit,
  OptionKind,
  PlanKind,
  PriceModel,
  SuspensionCredit,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import {
  type ComponentTerms,
  currentComponents,
  type Price,
  priceQuantity,
  type Tier,
  type Timeline,
} from '../subscriptions/index.ts'

/** A price of the catalogue as components are sold by it. Amounts are minor units. */
export type OfferedPrice = {
  price_model: PriceModel
  unit_amount: number
  tiers: Tier[] | null
  package_size: number | null
  included: number
  cycle_unit: CycleUnit
  cycle_count: number
  cycle_alignment: CycleAlignment
}

/** A plan with all that is sold of it on a day, in a currency. */
export type Offer = {
  id: string
  name: string
  product_id: string
  product_name: string
  kind: PlanKind
  description: string | null
  trial_days: number
  archived: boolean
  suspension_credit: SuspensionCredit
  customer_changes_plan: boolean
  customer_changes_quantity: boolean
  customer_changes_options: boolean
  customer_cancels: boolean
  prices: OfferedPrice[]
  options: { id: string; name: string; kind: OptionKind; archived: boolean; prices: OfferedPrice[] }[]
  meters: { id: string; name: string; archived: boolean; prices: OfferedPrice[] }[]
}

type PriceRow = OfferedPrice & {
  plan_id: string
  plan_option_id: string | null
  plan_meter_id: string | null
}

const routed = sql<boolean>`(plans.kind in ('broadband', 'additional_point'))`

/**
 * The plans of a business unit with what is sold of them on a day: one of them, or all that a service of a kind may change to
 * (connections to connections). Few by nature: a catalogue has hundreds of plans, not millions.
 */
export async function loadOffers(
  tx: Tx,
  where: { business_unit_id: string; currency: string; day: Temporal.PlainDate } & (
    | { plan_ids: readonly string[] }
    | { like: string }
  ),
): Promise<Offer[]> {
  let query = tx
    .selectFrom('plans')
    .innerJoin('products', 'products.id', 'plans.product_id')
    .select([
      'plans.id',
      'plans.name',
      'plans.product_id',
      'products.name as product_name',
      'plans.kind',
      'plans.description',
      'plans.trial_days',
      sql<boolean>`plans.archived_at is not null`.as('archived'),
      'plans.suspension_credit',
      'plans.customer_changes_plan',
      'plans.customer_changes_quantity',
      'plans.customer_changes_options',
      'plans.customer_cancels',
    ])
    .where('plans.business_unit_id', '=', where.business_unit_id)
  if ('plan_ids' in where) query = query.where('plans.id', 'in', [...where.plan_ids])
  else
    query = query
      .where('plans.archived_at', 'is', null)
      .where(
        sql<boolean>`${routed} = (select p.kind in ('broadband', 'additional_point') from plans p where p.id = ${where.like})`,
      )
  const plans = await query
    .orderBy('plans.position')
    .orderBy('plans.name')
    .orderBy('plans.id')
    .limit(1000)
    .execute()
  if (plans.length === 0) return []
  const ids = plans.map((plan) => plan.id)
  const [prices, options, meters] = await Promise.all([
    sql<PriceRow>`
      select plan_id, plan_option_id, plan_meter_id, price_model, amount as unit_amount, tiers, package_size, included,
             cycle_unit, cycle_count, cycle_alignment
        from prices
       where plan_id = any(${ids}::uuid[]) and currency = ${where.currency}
         and (valid_from is null or valid_from <= ${where.day}::date) and (valid_to is null or valid_to > ${where.day}::date)
       order by plan_id, cycle_unit desc, cycle_count, cycle_alignment, id`.execute(tx),
    tx
      .selectFrom('plan_options')
      .select(['id', 'plan_id', 'name', 'kind', sql<boolean>`archived_at is not null`.as('archived')])
      .where('plan_id', 'in', ids)
      .orderBy('position')
      .orderBy('id')
      .execute(),
    tx
      .selectFrom('plan_meters')
      .select(['id', 'plan_id', 'name', sql<boolean>`archived_at is not null`.as('archived')])
      .where('plan_id', 'in', ids)
      .orderBy('position')
      .orderBy('id')
      .execute(),
  ])
  const pricesOf = (of: (row: PriceRow) => boolean) =>
    prices.rows.filter(of).map(({ plan_id: _p, plan_option_id: _o, plan_meter_id: _m, ...price }) => price)
  return plans.map((plan) => ({
    ...plan,
    prices: pricesOf(
      (row) => row.plan_id === plan.id && row.plan_option_id === null && row.plan_meter_id === null,
    ),
    options: options
      .filter((one) => one.plan_id === plan.id)
      .map(({ plan_id: _, ...one }) => ({
        ...one,
        prices: pricesOf((row) => row.plan_option_id === one.id),
      })),
    meters: meters
      .filter((one) => one.plan_id === plan.id)
      .map(({ plan_id: _, ...one }) => ({ ...one, prices: pricesOf((row) => row.plan_meter_id === one.id) })),
  }))
}

type WantedCycle = Pick<OfferedPrice, 'cycle_unit' | 'cycle_count' | 'cycle_alignment'>

/** The price with the cycle that the service has, else a monthly one, else the first. */
export function choosePrice(prices: readonly OfferedPrice[], wanted: WantedCycle): OfferedPrice | undefined {
  const same = prices.filter(
    (price) => price.cycle_unit === wanted.cycle_unit && price.cycle_count === wanted.cycle_count,
  )
  return (
    same.find((price) => price.cycle_alignment === wanted.cycle_alignment) ??
    same[0] ??
    prices.find((price) => price.cycle_unit === 'month' && price.cycle_count === 1) ??
    prices[0]
  )
}

const undiscounted = { discount_kind: null, discount_amount: null, discount_basis_points: null }

function termsOf(
  price: OfferedPrice,
  what: Pick<
    ComponentTerms,
    'role' | 'plan_id' | 'plan_option_id' | 'plan_meter_id' | 'description' | 'quantity'
  >,
): ComponentTerms {
  return { ...what, ...price, anchor_date: null, ...undiscounted }
}

/** A plan as it would be sold. */
export function planTerms(offer: Offer, price: OfferedPrice, quantity: number): ComponentTerms {
  return termsOf(price, {
    role: 'plan',
    plan_id: offer.id,
    plan_option_id: null,
    plan_meter_id: null,
    description: offer.name,
    quantity,
  })
}

/** An option as it would be sold; undefined where it has no price in the currency. */
export function optionTerms(
  offer: Offer,
  option: Offer['options'][number],
  quantity: number,
  cycle: WantedCycle,
): ComponentTerms | undefined {
  const price = choosePrice(option.prices, cycle)
  return (
    price &&
    termsOf(price, {
      role: 'option',
      plan_id: offer.id,
      plan_option_id: option.id,
      plan_meter_id: null,
      description: option.name,
      quantity,
    })
  )
}

/** The meters of a plan as they would be sold. */
export function meterTerms(offer: Offer, cycle: WantedCycle): ComponentTerms[] {
  return offer.meters.flatMap((meter) => {
    const price = meter.archived ? undefined : choosePrice(meter.prices, cycle)
    return price
      ? [
          termsOf(price, {
            role: 'usage',
            plan_id: offer.id,
            plan_option_id: null,
            plan_meter_id: meter.id,
            description: meter.name,
            quantity: 1,
          }),
        ]
      : []
  })
}

function priceOf(terms: Omit<OfferedPrice, 'cycle_unit' | 'cycle_count' | 'cycle_alignment'>): Price {
  return {
    model: terms.price_model,
    unit_amount: terms.unit_amount,
    tiers: terms.tiers,
    package_size: terms.package_size,
    included: terms.included,
  }
}

/** What a component costs for a whole period of its own before and after its discount, in minor units. */
export function amountsOf(terms: ComponentTerms): { whole: number; discount: number; amount: number } {
  const whole = Number(
    priceQuantity(priceOf({ ...terms, tiers: terms.tiers as Tier[] | null }), terms.quantity),
  )
  let left = BigInt(whole)
  if (terms.discount_kind === 'amount') left -= BigInt(terms.discount_amount ?? 0)
  if (terms.discount_kind === 'percent')
    left = (left * BigInt(10_000 - (terms.discount_basis_points ?? 0)) + 5000n) / 10_000n
  const amount = left < 0n ? 0 : Number(left)
  return { whole, discount: whole - amount, amount }
}

/** Whether what something costs depends on how many there are. */
export function isCountable(terms: Pick<ComponentTerms, 'price_model' | 'role' | 'cycle_unit'>): boolean {
  return terms.role !== 'usage' && terms.price_model !== 'flat' && terms.cycle_unit !== 'once'
}

const daysOf = (unit: CycleUnit, count: number) =>
  BigInt(unit === 'month' ? count * 30 : unit === 'week' ? count * 7 : count)

/** What components cost in 360 days, for comparing what has different periods; what is charged once does not count. */
export function yearlyRate(components: readonly ComponentTerms[]): bigint {
  return components
    .filter((one) => one.cycle_unit !== 'once' && one.role !== 'usage')
    .reduce(
      (sum, one) =>
        sum + (BigInt(amountsOf(one).amount) * 360n * 1000n) / daysOf(one.cycle_unit, one.cycle_count),
      0n,
    )
}

/** The cycle of the service: of its plan, else a month of the closing day. */
export function cycleOf(timeline: Timeline): WantedCycle {
  const plan = currentComponents(timeline).find((one) => one.role === 'plan')
  return plan && plan.cycle_unit !== 'once'
    ? { cycle_unit: plan.cycle_unit, cycle_count: plan.cycle_count, cycle_alignment: plan.cycle_alignment }
    : { cycle_unit: 'month', cycle_count: 1, cycle_alignment: 'closing' }
}
