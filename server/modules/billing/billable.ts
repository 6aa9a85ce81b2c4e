import type { ComponentTerms } from '../subscriptions/index.ts'
import type { BillableComponent, RecurringDiscount } from './engine.ts'

/** A discount as its columns: nothing, an amount (minor units) or basis points. */
export type DiscountRow = Pick<ComponentTerms, 'discount_kind' | 'discount_amount' | 'discount_basis_points'>

/** A discount from its columns. */
export function readDiscount(row: DiscountRow): RecurringDiscount | null {
  if (row.discount_kind === 'amount') return { kind: 'amount', amount: row.discount_amount! }
  if (row.discount_kind === 'percent') return { kind: 'percent', basis_points: row.discount_basis_points! }
  return null
}

/** What the timeline says of a component, and what billing knows of it besides. */
type Stored = Omit<ComponentTerms, 'plan_option_id' | 'plan_meter_id'> & {
  id: string
  from_date: Temporal.PlainDate | null
  to_date: Temporal.PlainDate | null
}

/**
 * A component of a timeline as the engine bills it. Without a day of its own it begins with the service; one that ended before
 * charging began, in a trial, was never charged.
 */
export function billableComponent(
  stored: Stored,
  billingStart: Temporal.PlainDate,
  known: Pick<BillableComponent, 'covered' | 'taxes'>,
): BillableComponent {
  const { to_date: to } = stored
  const start = to !== null && Temporal.PlainDate.compare(to, billingStart) < 0 ? to : billingStart
  return {
    id: stored.id,
    role: stored.role,
    plan_id: stored.plan_id,
    description: stored.description,
    price: {
      model: stored.price_model,
      unit_amount: stored.unit_amount,
      tiers: stored.tiers,
      package_size: stored.package_size,
      included: stored.included,
    },
    quantity: stored.quantity,
    cycle: {
      unit: stored.cycle_unit,
      count: stored.cycle_count,
      alignment: stored.cycle_alignment,
      anchor: stored.anchor_date,
    },
    discount: readDiscount(stored),
    from: stored.from_date ?? start,
    to,
    ...known,
  }
}
