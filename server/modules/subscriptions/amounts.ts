import { type Expression, sql } from 'kysely'
import type { ComponentRole, DiscountKind } from '../../platform/database.gen.ts'
import { type Refusal, refuseField } from '../../platform/errors.ts'
import { multiply } from '../../platform/money.ts'

/** The discount as its columns: nothing, an amount (minor units) or a percentage (basis points) off the plan. */
export type DiscountColumns = {
  discount_kind: DiscountKind | null
  discount_amount: number | null
  discount_basis_points: number | null
}
export type DiscountInput = { [K in keyof DiscountColumns]?: DiscountColumns[K] | undefined }

/** What a whole month costs, in minor units: the plan, what comes off it, and all that is to be paid. */
export type MonthlyAmounts = { plan_value: number; discount: number; amount: number }

/** The largest monthly amount of one service: what a price may be at most, so that sums stay exact. */
export const largestAmount = 1_000_000_000_000

/** What of a subscription is charged now: components that ended count no more. */
type PricedComponent = {
  role: ComponentRole
  unit_amount: number
  quantity: number
  to_date: Temporal.PlainDate | null
}

/**
 * The monthly amounts of a subscription, in minor units. The discount comes off the plan alone and never below zero;
 * what is left of a percentage is rounded half-up once, as the closing does it (billing.md 9).
 */
export function computeAmounts(
  components: readonly PricedComponent[],
  discount: DiscountColumns,
): MonthlyAmounts {
  let plan = 0
  let options = 0
  for (const component of components) {
    if (component.to_date !== null) continue
    const value = component.unit_amount * component.quantity
    if (component.role === 'plan') plan += value
    else options += value
  }
  const off = discountOf(plan, discount)
  return { plan_value: plan, discount: off, amount: plan - off + options }
}

function discountOf(plan: number, discount: DiscountColumns): number {
  if (discount.discount_kind === 'amount') return Math.min(plan, discount.discount_amount ?? 0)
  if (discount.discount_kind === 'percent')
    return plan - multiply(plan, 10_000 - (discount.discount_basis_points ?? 0), 10_000)
  return 0
}

/** {@link computeAmounts} in SQL, over `value.plan_value`, `value.options_value` and the columns of `subscriptions`. */
export const discountSql: Expression<number> = sql<number>`(case subscriptions.discount_kind
  when 'amount' then least(value.plan_value, subscriptions.discount_amount)
  when 'percent' then value.plan_value - round(value.plan_value::numeric * (10000 - subscriptions.discount_basis_points) / 10000)
  else 0 end)::bigint`

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
