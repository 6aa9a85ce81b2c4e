// A sale as it is configured, whether it becomes a service at once or an order: what is chosen, and what there is to choose.
import { useQuery } from '@tanstack/react-query'
import type { BusinessUnit, Plan, PlanSummary, Price } from '../shared/api-types.gen.ts'
import { planQuery } from './catalogue-queries.ts'
import { cycleKey } from './cycle-words.ts'
import { bodyOfDiscount, type DiscountValues } from './discount.ts'
import { isSold } from './price-words.ts'
import { isRouted, usableRoutingPointsQuery } from './service-queries.ts'

/** What is chosen of a plan. */
export type SaleValues = DiscountValues & {
  plan_id: string
  quantity: number | string
  currency: string
  cycle: string
  options: Record<string, number>
  term_months: number | string
  routing_point_id: string
  coupon_code: string
}

/** A sale as its form begins. */
export const initialSale = (currency: string): SaleValues => ({
  plan_id: '',
  quantity: 1,
  currency,
  cycle: '',
  options: {},
  term_months: 0,
  routing_point_id: '',
  discount_kind: '',
  discount_amount: null,
  discount_percent: '',
  coupon_code: '',
})

/** The form that holds a sale, with whatever it holds beside. */
export interface SaleForm {
  values: SaleValues
  errors: Record<string, string>
  set<Name extends keyof SaleValues>(name: Name, value: SaleValues[Name]): void
  field(name: keyof SaleValues): {
    name: string
    value: string
    error: string | undefined
    onChange: (event: { currentTarget: { value: string } }) => void
  }
}

/** The terms that a plan is offered for, its own among them, the shortest first. */
export function termsOf(plan: Pick<Plan, 'terms' | 'term_months'>): Plan['terms'] {
  const own = plan.terms.some((term) => term.term_months === plan.term_months)
    ? []
    : [{ term_months: plan.term_months, discount_basis_points: null }]
  return [...plan.terms, ...own].sort((left, right) => left.term_months - right.term_months)
}

/** What can be chosen of the plan that is, as a business unit sells it. */
export function useSaleChoices(values: SaleValues, unit: BusinessUnit, plans: readonly PlanSummary[]) {
  const { data: points = [] } = useQuery(usableRoutingPointsQuery(unit.id))
  const { data: plan, error } = useQuery({ ...planQuery(values.plan_id), enabled: values.plan_id !== '' })
  const summary = plans.find((one) => one.id === values.plan_id)
  const offers = plan ? plan.prices.filter((price) => isSold(price, plan.day)) : []
  const cycles = offers.filter((price) => price.currency === values.currency)
  return {
    plans,
    plan,
    summary,
    error,
    currencies: [...new Set(offers.map((price) => price.currency))],
    cycles,
    price: cycles.find((price) => cycleKey(price) === values.cycle) ?? cycles[0],
    points,
    routed: summary !== undefined && isRouted(summary.kind) && points.length > 0,
  }
}
export type SaleChoices = ReturnType<typeof useSaleChoices>

/** The sale as the API takes it. */
export function bodyOfSale(sale: SaleValues, { routed }: Pick<SaleChoices, 'routed'>) {
  const [cycle_unit, cycle_count, cycle_alignment] = sale.cycle.split(' ')
  return {
    plan_id: sale.plan_id,
    quantity: Number(sale.quantity) || 1,
    cycle:
      sale.cycle === ''
        ? undefined
        : {
            cycle_unit: cycle_unit as Price['cycle_unit'],
            cycle_count: Number(cycle_count),
            cycle_alignment: cycle_alignment as Price['cycle_alignment'],
          },
    options: bodyOfOptions(sale.options),
    term_months: Number(sale.term_months) || 0,
    routing_point_id: routed ? sale.routing_point_id || null : null,
    ...bodyOfDiscount(sale),
    coupon_code: sale.coupon_code.trim(),
  }
}

/** The same for its price: where it enters the network says nothing about that. */
export const bodyOfQuote = (sale: SaleValues, choices: Pick<SaleChoices, 'routed' | 'points'>) =>
  bodyOfSale({ ...sale, routing_point_id: sale.routing_point_id || choices.points[0]?.id || '' }, choices)

/** How many of each option, as the API takes it. */
const bodyOfOptions = (options: Record<string, number>) =>
  Object.entries(options).map(([plan_option_id, quantity]) => ({ plan_option_id, quantity }))
