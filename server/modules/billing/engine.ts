/**
 * What is to be invoiced for an account, as a pure function of what it has (billing.md 1–9, 13, 17, 21; B1–B3).
 *
 * Each piece of service that is not billed yet belongs to exactly one closing date, and which one depends
 * only on the piece: that is why one late run gives the same invoices as a run on every closing date.
 */
import {
  type DateRange,
  type DaySpan,
  fromEpochDay,
  subtractSpans,
  toEpochDay,
} from '../../platform/calendar.ts'
import { roundFraction } from '../../platform/money.ts'
import {
  boundaryDayAfter,
  boundaryDayOnOrBefore,
  type DayCount,
  dayFractionOfSpan,
  isClosingDay,
} from '../subscriptions/index.ts'

export type BillingMode = 'advance' | 'arrears'
export type ComponentRole = 'plan' | 'option'

/** `amount`: minor units off a whole period. `percent`: basis points, 10000 is all of it. */
export type RecurringDiscount = { kind: 'amount'; amount: number } | { kind: 'percent'; basis_points: number }

/** Something of a subscription with a price per period. */
export type BillableComponent = {
  id: string
  role: ComponentRole
  description: string
  /** Price of one for a whole period, in minor units. */
  unit_amount: number
  quantity: number
  from: Temporal.PlainDate
  to: Temporal.PlainDate | null
  /** The days that are billed already. */
  covered: readonly DateRange[]
}

export type BillableSubscription = {
  id: string
  billing_mode: BillingMode
  /** The first day that is charged; see `billingStart`. */
  billing_start: Temporal.PlainDate
  /** The first day that is no longer charged. */
  end: Temporal.PlainDate | null
  /** Taken off the component with the role `plan`. */
  discount: RecurringDiscount | null
  /** Days that are never charged; an open one has no `to`. */
  suspensions: readonly { from: Temporal.PlainDate; to: Temporal.PlainDate | null }[]
  components: readonly BillableComponent[]
}

export type PlanInput = {
  closing_day: number
  day_count: DayCount
  currency: string
  /** The last day on which a closing date is looked for. */
  up_to: Temporal.PlainDate
  subscriptions: readonly BillableSubscription[]
}

/** A line with everything that explains its amount (billing.md 17). Amounts are minor units. */
export type PlannedLine = {
  subscription_id: string
  component_id: string
  role: ComponentRole
  description: string
  from: Temporal.PlainDate
  to: Temporal.PlainDate
  /** `days` out of `of` of the period were charged, counted as `day_count` says. */
  days: number
  of: number
  day_count: DayCount
  period: DateRange
  unit_amount: number
  quantity: number
  /** unit_amount × quantity × days ÷ of. */
  gross: number
  discount: number
  /** gross − discount, rounded once from the exact fraction. */
  net: number
  discount_rule: RecurringDiscount | null
  rule: 'recurring_advance' | 'recurring_arrears'
  /** Whether the line begins on the component's first charged day. */
  first: boolean
  /** Whether the line is only a part of its period. */
  stub: boolean
}

/** Days that the invoice bills. Without a line they cost nothing, but count as billed all the same. */
export type PlannedCoverage = {
  subscription_id: string
  component_id: string
  from: Temporal.PlainDate
  to: Temporal.PlainDate
  line_index: number | null
}

/** What one closing date bills. Without lines there is no invoice to issue, only coverage to record. */
export type PlannedInvoice = {
  issue_date: Temporal.PlainDate
  currency: string
  lines: PlannedLine[]
  /** Sum of the lines' net, in minor units. */
  total: number
  coverage: PlannedCoverage[]
}

/** Why an account cannot be billed by itself (billing.md 14). */
export type ParkCode =
  | 'closing_day_invalid'
  | 'component_range_inverted'
  | 'component_amount_invalid'
  | 'component_quantity_invalid'
  | 'component_coverage_inverted'
  | 'plan_components_overlap'
  | 'suspension_inverted'
  | 'discount_invalid'
  | 'amount_out_of_range'

export type Parked = { parked: ParkCode; detail: Record<string, string | number> }
export type PlanResult = { invoices: PlannedInvoice[] } | Parked

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0

function findDiscountFault(discount: RecurringDiscount | null): boolean {
  if (discount === null) return false
  if (discount.kind === 'amount') return !isCount(discount.amount)
  return !isCount(discount.basis_points) || discount.basis_points > 10_000
}

/** Gross and net of `days / of` of a period, each rounded once from its exact fraction (billing.md 9). */
function priceLine(
  whole: number,
  discount: RecurringDiscount | null,
  days: number,
  of: number,
): { gross: number; net: number } {
  if (days === of && discount === null) return { gross: whole, net: whole }
  const price = BigInt(whole) * BigInt(days)
  const denominator = BigInt(of)
  const gross = roundFraction({ numerator: price, denominator })
  if (discount === null) return { gross, net: gross }
  if (discount.kind === 'amount') {
    const reduced = BigInt(Math.max(0, whole - discount.amount)) * BigInt(days)
    return { gross, net: roundFraction({ numerator: reduced, denominator }) }
  }
  const kept = BigInt(10_000 - discount.basis_points)
  return { gross, net: roundFraction({ numerator: price * kept, denominator: denominator * 10_000n }) }
}

/**
 * The recurring invoices of one account (same currency, one closing day) for every closing date up to and
 * including `up_to`, oldest first; nothing when all days are covered.
 *
 * In arrears a closing date bills the days before it. In advance it bills the period that it opens, plus the
 * first days of a service that began since the closing date before; a service is not billed before it begins,
 * nor one that is suspended before it resumes. Suspended days are never billed (billing.md 21). The input's
 * order decides the order of the lines.
 *
 * An impossible state comes back as `parked` with a stable code (billing.md 14), never as an exception.
 */
export function planInvoices(input: PlanInput): PlanResult {
  const { closing_day, day_count, currency } = input
  if (!isClosingDay(closing_day)) return { parked: 'closing_day_invalid', detail: { closing_day } }
  const lastBoundary = boundaryDayOnOrBefore(toEpochDay(input.up_to), closing_day)
  const horizons = { arrears: lastBoundary, advance: boundaryDayAfter(lastBoundary, closing_day) }
  const invoices = new Map<number, PlannedInvoice>()

  for (const subscription of input.subscriptions) {
    const fault = findSubscriptionFault(subscription)
    if (fault) return fault
    const horizon = horizons[subscription.billing_mode]
    const billingStart = toEpochDay(subscription.billing_start)
    const end = Math.min(horizon, subscription.end ? toEpochDay(subscription.end) : horizon)
    const suspended: DaySpan[] = subscription.suspensions.map(({ from, to }) => ({
      from: toEpochDay(from),
      to: to ? toEpochDay(to) : Number.MAX_SAFE_INTEGER,
    }))
    const plans: DaySpan[] = []

    for (const component of subscription.components) {
      const componentFault = findComponentFault(subscription, component)
      if (componentFault) return componentFault
      const from = toEpochDay(component.from)
      const to = component.to ? toEpochDay(component.to) : Number.MAX_SAFE_INTEGER
      if (component.role === 'plan' && from < to) {
        if (plans.some((plan) => from < plan.to && plan.from < to)) {
          return {
            parked: 'plan_components_overlap',
            detail: { subscription_id: subscription.id, component_id: component.id },
          }
        }
        plans.push({ from, to })
      }

      // Converting is what costs most where the coverage is long, so each range is looked at once.
      const covered: DaySpan[] = []
      for (const range of component.covered) {
        const span = { from: toEpochDay(range.from), to: toEpochDay(range.to) }
        if (span.to < span.from) {
          return {
            parked: 'component_coverage_inverted',
            detail: {
              subscription_id: subscription.id,
              component_id: component.id,
              from: range.from.toString(),
              to: range.to.toString(),
            },
          }
        }
        covered.push(span)
      }

      const start = Math.max(billingStart, from)
      const stop = Math.min(end, to)
      if (start >= stop) continue
      const stretches = subtractSpans([{ from: start, to: stop }], suspended)
      for (const stretch of stretches) {
        for (const open of subtractSpans([stretch], covered)) {
          let at = open.from
          while (at < open.to) {
            const period = {
              from: boundaryDayOnOrBefore(at, closing_day),
              to: boundaryDayAfter(at, closing_day),
            }
            const piece = { from: at, to: Math.min(open.to, period.to) }
            at = piece.to
            // In advance, a stretch that begins inside the period was not there yet when the period opened.
            const opened = subscription.billing_mode === 'advance' && stretch.from <= period.from
            const issueDay = opened ? period.from : period.to
            if (issueDay > lastBoundary) continue
            let invoice = invoices.get(issueDay)
            if (!invoice) {
              invoice = { issue_date: fromEpochDay(issueDay), currency, lines: [], total: 0, coverage: [] }
              invoices.set(issueDay, invoice)
            }
            addPiece(
              invoice,
              subscription,
              component,
              piece,
              period,
              day_count,
              piece.from === stretches[0]!.from,
            )
            if (!Number.isSafeInteger(invoice.total)) return parkAmount(subscription, component)
          }
        }
      }
    }
  }

  return {
    invoices: [...invoices].sort(([left], [right]) => left - right).map(([, invoice]) => invoice),
  }
}

function addPiece(
  invoice: PlannedInvoice,
  subscription: BillableSubscription,
  component: BillableComponent,
  piece: DaySpan,
  period: DaySpan,
  dayCount: DayCount,
  first: boolean,
): void {
  const { days, of } = dayFractionOfSpan(piece, period, dayCount)
  const discountRule = component.role === 'plan' ? subscription.discount : null
  const { gross, net } = priceLine(component.unit_amount * component.quantity, discountRule, days, of)
  const from = fromEpochDay(piece.from)
  const to = fromEpochDay(piece.to)
  let lineIndex: number | null = null
  if (gross !== 0) {
    lineIndex = invoice.lines.length
    invoice.total += net
    invoice.lines.push({
      subscription_id: subscription.id,
      component_id: component.id,
      role: component.role,
      description: component.description,
      from,
      to,
      days,
      of,
      day_count: dayCount,
      period: { from: fromEpochDay(period.from), to: fromEpochDay(period.to) },
      unit_amount: component.unit_amount,
      quantity: component.quantity,
      gross,
      discount: gross - net,
      net,
      discount_rule: discountRule,
      rule: subscription.billing_mode === 'advance' ? 'recurring_advance' : 'recurring_arrears',
      first,
      stub: piece.from !== period.from || piece.to !== period.to,
    })
  }
  invoice.coverage.push({
    subscription_id: subscription.id,
    component_id: component.id,
    from,
    to,
    line_index: lineIndex,
  })
}

function parkAmount(subscription: BillableSubscription, component: BillableComponent): Parked {
  return {
    parked: 'amount_out_of_range',
    detail: { subscription_id: subscription.id, component_id: component.id },
  }
}

function findSubscriptionFault(subscription: BillableSubscription): Parked | null {
  if (findDiscountFault(subscription.discount)) {
    return { parked: 'discount_invalid', detail: { subscription_id: subscription.id } }
  }
  for (const { from, to } of subscription.suspensions) {
    if (to && toEpochDay(to) < toEpochDay(from)) {
      return {
        parked: 'suspension_inverted',
        detail: { subscription_id: subscription.id, from: from.toString(), to: to.toString() },
      }
    }
  }
  return null
}

function findComponentFault(subscription: BillableSubscription, component: BillableComponent): Parked | null {
  const detail = { subscription_id: subscription.id, component_id: component.id }
  const { from, to, unit_amount, quantity } = component
  if (to && toEpochDay(to) < toEpochDay(from)) {
    return {
      parked: 'component_range_inverted',
      detail: { ...detail, from: from.toString(), to: to.toString() },
    }
  }
  if (!isCount(unit_amount)) {
    return { parked: 'component_amount_invalid', detail: { ...detail, unit_amount } }
  }
  if (!isCount(quantity)) return { parked: 'component_quantity_invalid', detail: { ...detail, quantity } }
  if (!Number.isSafeInteger(unit_amount * quantity)) return parkAmount(subscription, component)
  return null
}
