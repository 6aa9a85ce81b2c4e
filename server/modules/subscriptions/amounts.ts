import { type RawBuilder, sql } from 'kysely'
import type { CycleAlignment, CycleUnit, DiscountKind } from '../../platform/database.gen.ts'
import { type Refusal, refuseField } from '../../platform/errors.ts'

/** The discount as its columns: nothing, an amount (minor units) or a percentage (basis points) off the plan. */
export type DiscountColumns = {
  discount_kind: DiscountKind | null
  discount_amount: number | null
  discount_basis_points: number | null
}
export type DiscountInput = { [K in keyof DiscountColumns]?: DiscountColumns[K] | undefined }

/** The largest monthly amount of one service: what a price may be at most, so that sums stay exact. */
export const largestAmount = 1_000_000_000_000

/**
 * The price of a row of `subscription_components` for a whole period of its own, in minor units, before any discount:
 * the plain model without a function call, which a list of many would feel.
 */
export const wholeAmount: RawBuilder<number> = sql<number>`(case when subscription_components.price_model = 'per_unit'
    and subscription_components.included = 0
  then subscription_components.unit_amount * subscription_components.quantity
  else whole_amount(subscription_components.price_model, subscription_components.unit_amount, subscription_components.tiers,
    subscription_components.package_size, subscription_components.included, subscription_components.quantity) end)`

/** What is left of it after the component's own discount, rounded half-up once (billing.md 9). */
const leftAmount = sql<number>`(case when subscription_components.discount_kind is null then ${wholeAmount}
  else discounted_amount(${wholeAmount}, subscription_components.discount_kind, subscription_components.discount_amount,
    subscription_components.discount_basis_points) end)`

/**
 * What each row of `subscriptions` costs for whole periods as it is now, in minor units, and the discount and cycle of its
 * plan: to join laterally. Options count where they are charged as often as the plan; components that ended count no more,
 * and usage is what it will be.
 */
export const currentAmounts = sql<
  {
    plan_value: number
    discount: number
    options_value: number
    cycle_unit: CycleUnit
    cycle_count: number
    cycle_alignment: CycleAlignment
  } & DiscountColumns
>`(select coalesce(sum(${wholeAmount}) filter (where subscription_components.role = 'plan'), 0)::bigint as plan_value,
      coalesce(sum(${wholeAmount} - ${leftAmount}) filter (where subscription_components.role = 'plan'), 0)::bigint as discount,
      coalesce(sum(${leftAmount}) filter (where subscription_components.role = 'option'
        and subscription_components.cycle_unit = plan.cycle_unit and subscription_components.cycle_count = plan.cycle_count),
        0)::bigint as options_value,
      max(plan.discount_kind) as discount_kind,
      max(plan.discount_amount) as discount_amount,
      max(plan.discount_basis_points) as discount_basis_points,
      coalesce(max(plan.cycle_unit), 'month') as cycle_unit,
      coalesce(max(plan.cycle_count), 1) as cycle_count,
      coalesce(max(plan.cycle_alignment), 'closing') as cycle_alignment
    from subscription_components
    left join subscription_components plan on plan.subscription_id = subscription_components.subscription_id
     and plan.role = 'plan' and plan.to_date is null
   where subscription_components.subscription_id = subscriptions.id and subscription_components.to_date is null
     and subscription_components.role <> 'usage')`

/**
 * The columns of a discount that was given whole; nothing where none was given, all null where it was taken away.
 * Refuses: invalid_input (its amount or percentage is missing, or it is more than the plan costs).
 */
export function readDiscount(input: DiscountInput, planValue: number): Partial<DiscountColumns> | Refusal {
  const { discount_kind: kind, discount_amount: amount, discount_basis_points: basisPoints } = input
  if (kind === undefined) {
    const loose = (amount ?? null) !== null || (basisPoints ?? null) !== null
    return loose ? refuseField('discount_kind', 'required') : {}
  }
  if (kind === null) return { discount_kind: null, discount_amount: null, discount_basis_points: null }
  if (kind === 'percent') {
    if ((basisPoints ?? null) === null) return refuseField('discount_basis_points', 'required')
    return { discount_kind: kind, discount_amount: null, discount_basis_points: basisPoints! }
  }
  if ((amount ?? null) === null) return refuseField('discount_amount', 'required')
  if (amount! > planValue) return refuseField('discount_amount', 'discount_too_large')
  return { discount_kind: kind, discount_amount: amount!, discount_basis_points: null }
}
