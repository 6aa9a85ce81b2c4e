/**
 * What is given back (billing.md 16, 19–21): pure. Days that were billed and are charged no longer are credited as they were
 * billed: with their price, discount, coupons and taxes. A credit of some days is what these days cost by themselves, so that
 * going there and back on one day nets to nothing; the last credit of a line takes what is left of it.
 */
import {
  type DateRange,
  type DaySpan,
  fromEpochDay,
  subtractSpans,
  toEpochDay,
} from '../../platform/calendar.ts'
import type { LineRole } from '../../platform/database.gen.ts'
import {
  type Cycle,
  cyclePeriodOfDay,
  type DayCount,
  dayFractionOfSpan,
  priceQuantity,
} from '../subscriptions/index.ts'
import {
  type BillableComponent,
  type BillableSubscription,
  type PlannedInvoice,
  type PlannedLine,
  type PlanRules,
  planDaysNow,
  priceDays,
} from './engine.ts'
import { type ComputedTax, computeTaxes, type TaxRounding } from './taxes.ts'

/** A line as it was issued, with what was credited of it until now. Amounts are minor units. */
export type BilledLine = Pick<
  PlannedLine,
  | 'subscription_id'
  | 'component_id'
  | 'plan_id'
  | 'role'
  | 'description'
  | 'from'
  | 'to'
  | 'days'
  | 'of'
  | 'period'
  | 'price_model'
  | 'unit_amount'
  | 'tiers'
  | 'package_size'
  | 'included'
  | 'quantity'
  | 'gross'
  | 'net'
  | 'discount_rule'
  | 'coupons'
  | 'tax'
  | 'tax_included'
  | 'taxes'
> & {
  id: string
  invoice_id: string
  credited_gross: number
  credited_net: number
  credited_tax: number
  credited_tax_included: number
}

/** Days that were billed: one row of the coverage, and the line that billed it (null: days without a price). */
export type BilledDays = {
  id: string
  component_id: string
  from: Temporal.PlainDate
  to: Temporal.PlainDate
  line: BilledLine | null
}

/** A line of a credit note. Amounts are positive: the sign is the document's. */
export type PlannedCreditLine = {
  corrects_line_id: string
  invoice_id: string
  subscription_id: string | null
  component_id: string | null
  plan_id: string | null
  role: LineRole
  description: string
  from: Temporal.PlainDate
  to: Temporal.PlainDate
  days: number
  of: number
  period: DateRange
  price_model: BilledLine['price_model']
  unit_amount: number
  tiers: BilledLine['tiers']
  package_size: number | null
  included: number
  quantity: number
  gross: number
  net: number
  discount_rule: BilledLine['discount_rule']
  coupons: BilledLine['coupons']
  tax: number
  tax_included: number
  taxes: ComputedTax[]
}

/** What becomes of a row of coverage: the days that stay billed, in order; none at all where `keep` is empty. */
export type CoverageCut = { id: string; keep: DateRange[] }

/** A credit note that is due to be issued. */
export type PlannedCreditNote = {
  issue_date: Temporal.PlainDate
  currency: string
  /** Why, in words: it is on the document. */
  reason: string | null
  lines: PlannedCreditLine[]
  taxes: ComputedTax[]
  tax: number
  tax_included: number
  total: number
  cuts: CoverageCut[]
}

type CreditRules = { day_count: DayCount; currency: string; tax_rounding: TaxRounding }

/** What is left to be credited of a line. */
export function leftOf(line: BilledLine) {
  return {
    gross: line.gross - line.credited_gross,
    net: line.net - line.credited_net,
    tax: line.tax - line.credited_tax,
    tax_included: line.tax_included - line.credited_tax_included,
  }
}

/** The months of a line's period: commercial months count 30 each. */
const monthsOfLine = (line: BilledLine, dayCount: DayCount) =>
  dayCount === 'commercial' && line.of % 30 === 0 ? line.of / 30 : 0

function priceOfDays(line: BilledLine, days: number) {
  const price = {
    model: line.price_model,
    unit_amount: line.unit_amount,
    tiers: line.tiers,
    package_size: line.package_size,
    included: line.included,
  }
  const discounts = [
    ...(line.discount_rule ? [line.discount_rule] : []),
    ...line.coupons.map(({ discount }) => discount),
  ]
  return priceDays(priceQuantity(price, line.quantity), discounts, days, line.of)
}

/** A credit line of an amount of a line, or of all that is left; its taxes come with {@link finishCreditNote}. */
export function creditLine(
  line: BilledLine,
  part: { from: Temporal.PlainDate; to: Temporal.PlainDate; days: number; gross: number; net: number },
): PlannedCreditLine {
  const { id, invoice_id, subscription_id, component_id, plan_id, role, description, of, period } = line
  const { price_model, unit_amount, tiers, package_size, included, quantity, discount_rule, coupons } = line
  return {
    corrects_line_id: id,
    invoice_id,
    subscription_id,
    component_id,
    plan_id,
    role,
    description,
    of,
    period,
    price_model,
    unit_amount,
    tiers,
    package_size,
    included,
    quantity,
    discount_rule,
    coupons,
    ...part,
    tax: 0,
    tax_included: 0,
    taxes: [],
  }
}

/**
 * A credit note of its lines: each with the taxes of the line that it corrects, at the rates that were billed; where a line is
 * credited to its end, with what is left of them. A line's `tax` on top may be given where the sum has to be an exact amount.
 * Null where nothing is credited and no day given back.
 */
export function finishCreditNote(
  rules: CreditRules,
  lines: readonly { credit: PlannedCreditLine; billed: BilledLine; tax?: number }[],
  cuts: readonly CoverageCut[],
  issueDate: Temporal.PlainDate,
  reason: string | null,
): PlannedCreditNote | null {
  const priced = lines.filter(({ credit }) => credit.net > 0 || credit.gross > 0)
  if (priced.length === 0 && cuts.length === 0) return null
  const computed = computeTaxes(
    priced.map(({ credit, billed }) => ({ net: credit.net, rules: billed.taxes })),
    rules.tax_rounding,
  )
  for (const [index, { credit, billed, tax }] of priced.entries()) {
    const left = leftOf(billed)
    const whole = credit.net === left.net
    const own = computed.lines[index]!
    credit.tax = tax ?? (whole ? left.tax : Math.min(own.tax, left.tax))
    credit.tax_included = whole ? left.tax_included : Math.min(own.tax_included, left.tax_included)
    credit.taxes = settleTaxes(own.taxes, credit)
  }
  const taxes = new Map<string, ComputedTax>()
  for (const tax of priced.flatMap(({ credit }) => credit.taxes)) {
    const sum = taxes.get(tax.tax_id)
    if (sum) {
      sum.base += tax.base
      sum.amount += tax.amount
    } else taxes.set(tax.tax_id, { ...tax })
  }
  const sum = (of: 'net' | 'tax' | 'tax_included') =>
    priced.reduce((total, { credit }) => total + credit[of], 0)
  return {
    issue_date: issueDate,
    currency: rules.currency,
    reason,
    lines: priced.map(({ credit }) => credit),
    taxes: [...taxes.values()],
    tax: sum('tax'),
    tax_included: sum('tax_included'),
    total: sum('net') + sum('tax'),
    cuts: [...cuts],
  }
}

/** Where a residue or a limit moved a line's tax, its last tax of that kind takes the difference. */
function settleTaxes(
  taxes: readonly ComputedTax[],
  credit: { tax: number; tax_included: number },
): ComputedTax[] {
  const settled = taxes.map((tax) => ({ ...tax }))
  for (const inclusive of [false, true]) {
    const own = settled.filter((tax) => tax.inclusive === inclusive)
    const last = own.at(-1)
    if (!last) continue
    const due = inclusive ? credit.tax_included : credit.tax
    last.amount += due - own.reduce((sum, tax) => sum + tax.amount, 0)
  }
  return settled
}

/** The days of a component that are charged by its timeline; suspended days that are not given back count as charged. */
function listChargeable(
  subscription: BillableSubscription,
  component: BillableComponent,
  givenBack: readonly { from: Temporal.PlainDate; to: Temporal.PlainDate | null }[],
): DaySpan[] {
  const forever = Number.MAX_SAFE_INTEGER
  const from = Math.max(toEpochDay(subscription.billing_start), toEpochDay(component.from))
  const to = Math.min(
    component.to ? toEpochDay(component.to) : forever,
    subscription.end ? toEpochDay(subscription.end) : forever,
  )
  if (from >= to) return []
  const suspended = givenBack.map((range) => ({
    from: toEpochDay(range.from),
    to: range.to ? toEpochDay(range.to) : forever,
  }))
  return component.cycle.unit === 'once' ? [{ from, to }] : subtractSpans([{ from, to }], suspended)
}

/**
 * The credit of every day of a subscription that was billed and is charged no longer by its timeline, as the timeline is
 * after the change. `givenBack`: the suspensions whose billed days are given back (billing.md 21). Use is never given back.
 * Null where there is nothing to credit.
 */
export function planCredits(
  rules: CreditRules,
  after: BillableSubscription,
  billed: readonly BilledDays[],
  context: {
    issue_date: Temporal.PlainDate
    reason: string | null
    givenBack: readonly { from: Temporal.PlainDate; to: Temporal.PlainDate | null }[]
  },
): PlannedCreditNote | null {
  const components = new Map(after.components.map((component) => [component.id, component]))
  const lines: { credit: PlannedCreditLine; billed: BilledLine }[] = []
  const cuts: CoverageCut[] = []
  for (const row of billed) {
    const component = components.get(row.component_id)
    if (component?.role === 'usage') continue
    const span = { from: toEpochDay(row.from), to: toEpochDay(row.to) }
    const chargeable = component ? listChargeable(after, component, context.givenBack) : []
    const excess = subtractSpans([span], chargeable)
    if (excess.length === 0) continue
    const keep = subtractSpans([span], excess)
    cuts.push({
      id: row.id,
      keep: keep.map(({ from, to }) => ({ from: fromEpochDay(from), to: fromEpochDay(to) })),
    })
    if (row.line) lines.push(...creditDays(rules, row.line, excess, keep.length === 0))
  }
  return finishCreditNote(rules, lines, cuts, context.issue_date, context.reason)
}

/** The credits of some days of a line; `last` when none of its days stays billed: then all that is left of it. */
function creditDays(rules: CreditRules, line: BilledLine, excess: readonly DaySpan[], last: boolean) {
  const left = leftOf(line)
  const period = { from: toEpochDay(line.period.from), to: toEpochDay(line.period.to) }
  return excess.map((span, index) => {
    const { days } = dayFractionOfSpan(span, period, rules.day_count, monthsOfLine(line, rules.day_count))
    const own = priceOfDays(line, days)
    const residue = last && index === excess.length - 1
    const net = residue ? left.net : Math.min(own.net, left.net)
    const gross = Math.max(net, residue ? left.gross : Math.min(own.gross, left.gross))
    left.net -= net
    left.gross -= gross
    return {
      billed: line,
      credit: creditLine(line, {
        from: fromEpochDay(span.from),
        to: fromEpochDay(span.to),
        days,
        gross,
        net,
      }),
    }
  })
}

/** What a change costs at once: days given back, and days charged at what they cost now. */
export type Settlement = { credit: PlannedCreditNote | null; invoice: PlannedInvoice | null }

/**
 * What the change from one timeline to another costs on a day (billing.md 19): credits of what was billed and is charged no
 * longer; and with `charge`, the days that had been billed up to the same day as before, at their new price. A change never
 * alters when days are billed, but that a period of its own which it opens in advance is charged with it. In arrears nothing had been
 * billed, and each price gets its days at the closing.
 * @throws RangeError when an amount is no safe integer.
 */
export function planSettlement(
  rules: PlanRules,
  after: BillableSubscription,
  billed: readonly BilledDays[],
  context: {
    today: Temporal.PlainDate
    reason: string | null
    givenBack: readonly { from: Temporal.PlainDate; to: Temporal.PlainDate | null }[]
    charge: boolean
  },
): Settlement {
  const credit = planCredits(rules, after, billed, {
    issue_date: context.today,
    reason: context.reason,
    givenBack: context.givenBack,
  })
  if (!context.charge) return { credit, invoice: null }
  const roles = new Map(after.components.map((component) => [component.id, component]))
  const horizon = billed.reduce((latest, row) => {
    const component = roles.get(row.component_id)
    if (component?.role === 'usage' || component?.cycle.unit === 'once') return latest
    return Math.max(latest, toEpochDay(row.to))
  }, Number.MIN_SAFE_INTEGER)
  const cutOf = new Map(credit?.cuts.map((cut) => [cut.id, cut.keep]) ?? [])
  const coverage = Map.groupBy(
    billed.flatMap((row) =>
      (cutOf.get(row.id) ?? [{ from: row.from, to: row.to }]).map((range) => ({
        ...range,
        id: row.component_id,
      })),
    ),
    (row) => row.id,
  )
  const settled: BillableSubscription = {
    ...after,
    components: after.components.map((component) => ({
      ...component,
      covered: coverage.get(component.id) ?? [],
    })),
  }
  const today = toEpochDay(context.today)
  const until = (component: BillableComponent, cycle: Cycle): number => {
    if (after.billing_mode !== 'advance') return horizon
    const from = Math.max(toEpochDay(component.from), toEpochDay(after.billing_start))
    if (cycle.unit === 'once') return from <= today ? from + 1 : horizon
    const period = cyclePeriodOfDay(from, cycle, rules.closing_day)
    const opens =
      cycle.alignment === 'anniversary' && period.from === from && from <= today && component.to === null
    return opens && !coverage.has(component.id) ? Math.max(horizon, period.to) : horizon
  }
  return { credit, invoice: planDaysNow(rules, context.today, settled, until) }
}
