/**
 * What is to be invoiced for an account, as a pure function of what it has (billing.md 1–10, 13, 17, 21, 24; B1–B3).
 *
 * Each piece of service that is not billed yet belongs to exactly one date of issue, and which one depends
 * only on the piece: that is why one late run gives the same invoices as a run on every closing date.
 */
import {
  type DateRange,
  type DaySpan,
  fromEpochDay,
  subtractSpans,
  toEpochDay,
} from '../../platform/calendar.ts'
import type { LineRole } from '../../platform/database.gen.ts'
import { roundFraction } from '../../platform/money.ts'
import {
  anchorOf,
  boundaryDayAfter,
  type Cycle,
  type CycleUnit,
  cyclePeriodOfDay,
  type DayCount,
  dayFractionOfSpan,
  isClosingDay,
  type Price,
  type PriceModel,
  priceQuantity,
  type Tier,
} from '../subscriptions/index.ts'
import { type ComputedTax, computeTaxes, type TaxRounding, type TaxRule } from './taxes.ts'

export type BillingMode = 'advance' | 'arrears'
export type ComponentRole = 'plan' | 'option' | 'usage'
export type InvoiceGrouping = 'account' | 'subscription'
export type { LineRole }

/** `amount`: minor units off a whole period. `percent`: basis points, 10000 is all of it. */
export type RecurringDiscount = { kind: 'amount'; amount: number } | { kind: 'percent'; basis_points: number }

/** A coupon that was redeemed, or what the plan takes off for its term: what comes off the plan while it lasts. */
export type AppliedCoupon = {
  id: string
  name: string
  /** Given for a minimum term of so many months. */
  term_months?: number | undefined
  discount: RecurringDiscount
  from: Temporal.PlainDate
  to: Temporal.PlainDate | null
}

/** Metered use of one day that is not billed yet; `ids` are its records. */
export type UsageOfDay = { on: Temporal.PlainDate; quantity: number; ids: string[] }

/** Something of a subscription with a price per period. */
export type BillableComponent = {
  id: string
  role: ComponentRole
  plan_id: string
  description: string
  /** For a whole period of its cycle. */
  price: Price
  quantity: number
  cycle: { unit: CycleUnit; count: number; alignment: Cycle['alignment']; anchor: Temporal.PlainDate | null }
  /** Its own discount, as it was agreed. */
  discount: RecurringDiscount | null
  from: Temporal.PlainDate
  to: Temporal.PlainDate | null
  /** The days that are billed already. */
  covered: readonly DateRange[]
  taxes: readonly TaxRule[]
  /** Of a meter, by day. */
  usage?: readonly UsageOfDay[]
}

export type BillableSubscription = {
  id: string
  billing_mode: BillingMode
  /** The first day that is charged; see `billingStart`. */
  billing_start: Temporal.PlainDate
  /** The first day that is no longer charged. */
  end: Temporal.PlainDate | null
  /** What comes off the component with the role `plan`, after its own discount. */
  coupons: readonly AppliedCoupon[]
  /** Days that are never charged; an open one has no `to`. */
  suspensions: readonly { from: Temporal.PlainDate; to: Temporal.PlainDate | null }[]
  components: readonly BillableComponent[]
}

/** A one-off amount that waits for a closing. */
export type BillableCharge = {
  id: string
  subscription_id: string | null
  kind: 'fee' | 'instalment' | 'manual' | 'penalty' | 'late_fee' | 'interest'
  description: string
  unit_amount: number
  quantity: number
  bill_on: Temporal.PlainDate
  instalment: number | null
  instalments: number | null
  taxes: readonly TaxRule[]
}

export type PlanInput = {
  closing_day: number
  day_count: DayCount
  currency: string
  tax_rounding: TaxRounding
  grouping: InvoiceGrouping
  /** The last day on which a date of issue is looked for. */
  up_to: Temporal.PlainDate
  subscriptions: readonly BillableSubscription[]
  charges: readonly BillableCharge[]
}

/** A line with everything that explains its amount (billing.md 17). Amounts are minor units. */
export type PlannedLine = {
  subscription_id: string | null
  component_id: string | null
  charge_id: string | null
  plan_id: string | null
  role: LineRole
  description: string
  from: Temporal.PlainDate
  to: Temporal.PlainDate
  /** `days` out of `of` of the period were charged, counted as `day_count` says. */
  days: number
  of: number
  day_count: DayCount
  period: DateRange
  price_model: PriceModel
  unit_amount: number
  tiers: readonly Tier[] | null
  package_size: number | null
  included: number
  quantity: number
  /** The whole period's price × days ÷ of. */
  gross: number
  discount: number
  /** gross − discount, rounded once from the exact fraction. */
  net: number
  discount_rule: RecurringDiscount | null
  /** What came off after that, in order. */
  coupons: { name: string; discount: RecurringDiscount; term_months?: number | undefined }[]
  /** On top of net, and contained in it. */
  tax: number
  tax_included: number
  taxes: ComputedTax[]
  rule: 'recurring_advance' | 'recurring_arrears' | 'once' | 'usage' | 'charge'
  instalment: number | null
  instalments: number | null
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

/** What is billed on one date of issue. Without lines there is no invoice to issue, only coverage to record. */
export type PlannedInvoice = {
  issue_date: Temporal.PlainDate
  currency: string
  /** Set where each service has its own invoice. */
  subscription_id: string | null
  lines: PlannedLine[]
  taxes: ComputedTax[]
  tax: number
  tax_included: number
  /** Sum of the lines' net, and the tax on top, in minor units. */
  total: number
  coverage: PlannedCoverage[]
  /** The usage records that it bills, with their line; without one they are included in what was sold. */
  usage: { ids: string[]; line_index: number | null }[]
}

/** Why an account cannot be billed by itself (billing.md 14). */
export type ParkCode =
  | 'closing_day_invalid'
  | 'component_range_inverted'
  | 'component_amount_invalid'
  | 'component_quantity_invalid'
  | 'component_coverage_inverted'
  | 'component_cycle_invalid'
  | 'plan_components_overlap'
  | 'suspension_inverted'
  | 'discount_invalid'
  | 'amount_out_of_range'

export type Parked = { parked: ParkCode; detail: Record<string, string | number> }
export type PlanResult = { invoices: PlannedInvoice[] } | Parked

const forever = Number.MAX_SAFE_INTEGER
const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0

// Prices -----------------------------------------------------------------------------------------------------------

function isDiscountValid(discount: RecurringDiscount | null): boolean {
  if (discount === null) return true
  if (discount.kind === 'amount') return isCount(discount.amount)
  return isCount(discount.basis_points) && discount.basis_points <= 10_000
}

/**
 * Gross and net of `days / of` of a whole period's price, each rounded once from its exact fraction (billing.md 9). An amount
 * comes off the whole period, a percentage off what is left, in order; never below zero.
 * @throws RangeError when a result is no safe integer.
 */
export function priceDays(
  whole: bigint,
  discounts: readonly RecurringDiscount[],
  days: number,
  of: number,
): { gross: number; net: number } {
  const gross = roundFraction({ numerator: whole * BigInt(days), denominator: BigInt(of) })
  if (discounts.length === 0) return { gross, net: gross }
  let numerator = whole
  let denominator = 1n
  for (const discount of discounts) {
    if (discount.kind === 'amount') {
      numerator -= BigInt(discount.amount) * denominator
      if (numerator < 0n) numerator = 0n
    } else {
      numerator *= BigInt(10_000 - discount.basis_points)
      denominator *= 10_000n
    }
  }
  return {
    gross,
    net: roundFraction({ numerator: numerator * BigInt(days), denominator: denominator * BigInt(of) }),
  }
}

/** How many months a cycle's period has; 0 where it is counted in days. */
const monthsOf = (unit: CycleUnit, count: number) => (unit === 'month' ? count : 0)

// Planning ---------------------------------------------------------------------------------------------------------

/** What of the unit every line is made with. */
export type PlanRules = Pick<
  PlanInput,
  'closing_day' | 'day_count' | 'currency' | 'tax_rounding' | 'grouping'
>

/** Collects what falls on each date of issue. */
class Documents {
  readonly #invoices = new Map<string, PlannedInvoice>()
  readonly rules: PlanRules
  constructor(rules: PlanRules) {
    this.rules = rules
  }

  /** The invoice of a day, of the account or of one of its services. */
  of(issueDay: number, subscriptionId: string | null): PlannedInvoice {
    const own = this.rules.grouping === 'subscription' ? subscriptionId : null
    const key = `${issueDay} ${own}`
    let invoice = this.#invoices.get(key)
    if (!invoice) {
      invoice = {
        issue_date: fromEpochDay(issueDay),
        currency: this.rules.currency,
        subscription_id: own,
        lines: [],
        taxes: [],
        tax: 0,
        tax_included: 0,
        total: 0,
        coverage: [],
        usage: [],
      }
      this.#invoices.set(key, invoice)
    }
    return invoice
  }

  /** All of them, oldest first, with their taxes. @throws RangeError when a total is no safe integer. */
  finish(taxesOf: (line: PlannedLine) => readonly TaxRule[]): PlannedInvoice[] {
    const all = [...this.#invoices.values()].sort((left, right) =>
      Temporal.PlainDate.compare(left.issue_date, right.issue_date),
    )
    for (const invoice of all) addTaxes(invoice, taxesOf, this.rules.tax_rounding)
    return all
  }
}

function addTaxes(
  invoice: PlannedInvoice,
  taxesOf: (line: PlannedLine) => readonly TaxRule[],
  rounding: TaxRounding,
): void {
  const taxed = invoice.lines.map((line) => ({ net: line.net, rules: taxesOf(line) }))
  if (taxed.some(({ rules }) => rules.length > 0)) {
    const computed = computeTaxes(taxed, rounding)
    for (const [index, line] of invoice.lines.entries()) Object.assign(line, computed.lines[index]!)
    invoice.taxes = computed.taxes
    for (const line of invoice.lines) {
      invoice.tax += line.tax
      invoice.tax_included += line.tax_included
    }
  }
  invoice.total = invoice.lines.reduce((sum, line) => sum + line.net, invoice.tax)
  if (!Number.isSafeInteger(invoice.total)) throw new RangeError('the total is out of range')
}

/** A component with its days as numbers, which loops over many are far faster with. */
type Days = {
  subscription: BillableSubscription
  component: BillableComponent
  cycle: Cycle
  /** The stretches in which it is charged, without its suspensions. */
  stretches: DaySpan[]
  covered: DaySpan[]
}

function readDays(
  subscription: BillableSubscription,
  component: BillableComponent,
  closingDay: number,
): Days {
  const from = toEpochDay(component.from)
  const start = Math.max(toEpochDay(subscription.billing_start), from)
  const to = component.to ? toEpochDay(component.to) : forever
  const end = subscription.end ? toEpochDay(subscription.end) : forever
  const suspended = subscription.suspensions.map((range) => ({
    from: toEpochDay(range.from),
    to: range.to ? toEpochDay(range.to) : forever,
  }))
  const { unit, count, alignment, anchor } = component.cycle
  const cycle: Cycle = {
    unit,
    count,
    alignment,
    anchor: anchor ? toEpochDay(anchor) : anchorOf(component.cycle, start, closingDay),
  }
  // What is charged once is charged on its first day, whatever rests later.
  const stop = unit === 'once' ? Math.min(start + 1, to, end) : Math.min(to, end)
  const open = start < stop ? [{ from: start, to: stop }] : []
  return {
    subscription,
    component,
    cycle,
    stretches: unit === 'once' ? open : subtractSpans(open, suspended),
    covered: component.covered.map((range) => ({ from: toEpochDay(range.from), to: toEpochDay(range.to) })),
  }
}

/** A piece of one period that is charged together: nothing about its price changes inside. */
type Piece = { span: DaySpan; period: DaySpan; stretch: DaySpan }

/** The pieces of what is not billed yet, before `until`, cut at the boundaries of periods and of coupons. */
function* listPieces(days: Days, closingDay: number, until: number): Generator<Piece> {
  const cuts =
    days.component.role === 'plan' && days.subscription.coupons.length > 0
      ? days.subscription.coupons.flatMap((coupon) => [
          toEpochDay(coupon.from),
          ...(coupon.to ? [toEpochDay(coupon.to)] : []),
        ])
      : null
  for (const stretch of days.stretches) {
    const limited = { from: stretch.from, to: Math.min(stretch.to, until) }
    for (const open of subtractSpans([limited], days.covered)) {
      let at = open.from
      while (at < open.to) {
        const period = cyclePeriodOfDay(at, days.cycle, closingDay)
        let to = Math.min(open.to, period.to)
        if (cuts) for (const cut of cuts) if (cut > at && cut < to) to = cut
        yield { span: { from: at, to }, period, stretch }
        at = to
      }
    }
  }
}

/**
 * The day on which a piece is billed. In arrears its period's end; in advance its period's start, or the end where the
 * service begins or resumes inside it: a stretch that was not there yet when the period opened (billing.md 13, 21).
 */
function issueDayOf(piece: Piece, days: Days, closingDay: number): number {
  if (days.cycle.unit === 'once')
    return days.cycle.alignment === 'anniversary'
      ? piece.span.from
      : boundaryDayAfter(piece.span.from - 1, closingDay)
  const opened =
    days.component.role !== 'usage' &&
    days.subscription.billing_mode === 'advance' &&
    piece.stretch.from <= piece.period.from
  return opened ? piece.period.from : piece.period.to
}

/** The discounts on a piece: the component's own, then the coupons of that time (on the plan alone). */
function discountsOf(days: Days, span: DaySpan): PlannedLine['coupons'] {
  if (days.component.role !== 'plan') return []
  return days.subscription.coupons
    .filter(({ from, to }) => toEpochDay(from) <= span.from && (to === null || toEpochDay(to) >= span.to))
    .map(({ name, discount, term_months }) => ({ name, discount, ...(term_months ? { term_months } : {}) }))
}

function makeLine(days: Days, piece: Piece, rules: PlanRules, quantity: number): PlannedLine {
  const { component, subscription, cycle } = days
  const { span, period } = piece
  const usage = component.role === 'usage'
  const { days: counted, of } = dayFractionOfSpan(
    span,
    period,
    rules.day_count,
    monthsOf(cycle.unit, cycle.count),
  )
  const coupons = discountsOf(days, span)
  const discounts = [
    ...(component.discount ? [component.discount] : []),
    ...coupons.map(({ discount }) => discount),
  ]
  const whole = priceQuantity(component.price, quantity)
  // What was used costs what it costs, however long the period was.
  const { gross, net } = usage ? priceDays(whole, discounts, 1, 1) : priceDays(whole, discounts, counted, of)
  return {
    subscription_id: subscription.id,
    component_id: component.id,
    charge_id: null,
    plan_id: component.plan_id,
    role: component.role,
    description: component.description,
    from: fromEpochDay(span.from),
    to: fromEpochDay(span.to),
    days: counted,
    of,
    day_count: rules.day_count,
    period: { from: fromEpochDay(period.from), to: fromEpochDay(period.to) },
    price_model: component.price.model,
    unit_amount: component.price.unit_amount,
    tiers: component.price.tiers,
    package_size: component.price.package_size,
    included: component.price.included,
    quantity,
    gross,
    discount: gross - net,
    net,
    discount_rule: component.discount,
    coupons,
    tax: 0,
    tax_included: 0,
    taxes: [],
    rule: usage
      ? 'usage'
      : cycle.unit === 'once'
        ? 'once'
        : subscription.billing_mode === 'advance'
          ? 'recurring_advance'
          : 'recurring_arrears',
    instalment: null,
    instalments: null,
    first: span.from === days.stretches[0]?.from,
    stub: span.from !== period.from || span.to !== period.to,
  }
}

/** Adds a piece's line, where it costs anything, and says which one it is. */
function addLine(invoice: PlannedInvoice, line: PlannedLine): number | null {
  // A commercial month's 31st can count nothing: its days are billed without a line, as those of what is free.
  if (line.gross === 0 || line.days === 0) return null
  invoice.lines.push(line)
  invoice.total += line.net
  if (!Number.isSafeInteger(invoice.total)) throw new RangeError('the total is out of range')
  return invoice.lines.length - 1
}

/** Bills a piece: its line, its days, and the use that falls on them. */
function addPiece(
  invoice: PlannedInvoice,
  days: Days,
  piece: Piece,
  rules: PlanRules,
  used: { quantity: number; ids: string[] } | null,
): void {
  const line = makeLine(days, piece, rules, used ? used.quantity : days.component.quantity)
  const line_index = addLine(invoice, line)
  if (used && used.ids.length > 0) invoice.usage.push({ ids: used.ids, line_index })
  invoice.coverage.push({
    subscription_id: days.subscription.id,
    component_id: days.component.id,
    from: line.from,
    to: line.to,
    line_index,
  })
}

/** Use that no line has billed yet, taken by day in order. */
function* takeUsage(usage: readonly UsageOfDay[]) {
  const sorted = [...usage].sort((left, right) => Temporal.PlainDate.compare(left.on, right.on))
  let at = 0
  let until: number = yield { quantity: 0, ids: [] as string[] }
  for (;;) {
    let quantity = 0
    const ids: string[] = []
    while (at < sorted.length && toEpochDay(sorted[at]!.on) < until) {
      quantity += sorted[at]!.quantity
      ids.push(...sorted[at]!.ids)
      at++
    }
    until = yield { quantity, ids }
  }
}

/**
 * The recurring invoices of one account (same currency, one closing day) for every date of issue up to and
 * including `up_to`, oldest first; nothing when all days are covered.
 *
 * In arrears the end of a period bills it. In advance its start does, plus the first days of a service that began
 * inside the period before; a service is not billed before it begins, nor one that is suspended before it resumes.
 * Suspended days are never billed (billing.md 21). Use is billed at its period's end, a late record with the next
 * one. The input's order decides the order of the lines.
 *
 * An impossible state comes back as `parked` with a stable code (billing.md 14), never as an exception.
 */
export function planInvoices(input: PlanInput): PlanResult {
  const { closing_day } = input
  if (!isClosingDay(closing_day)) return { parked: 'closing_day_invalid', detail: { closing_day } }
  const upTo = toEpochDay(input.up_to)
  const documents = new Documents(input)
  const taxesOf = new Map<string, readonly TaxRule[]>()

  for (const subscription of input.subscriptions) {
    const fault = findSubscriptionFault(subscription)
    if (fault) return fault
    for (const component of subscription.components) {
      const detail = { subscription_id: subscription.id, component_id: component.id }
      try {
        const days = readDays(subscription, component, closing_day)
        taxesOf.set(component.id, component.taxes)
        planComponent(days, input, documents, upTo)
      } catch (error) {
        if (error instanceof RangeError) return { parked: 'amount_out_of_range', detail }
        throw error
      }
    }
  }
  for (const charge of input.charges) {
    taxesOf.set(charge.id, charge.taxes)
    planCharge(charge, input, documents, upTo)
  }
  try {
    const invoices = documents.finish((line) => taxesOf.get(line.component_id ?? line.charge_id!) ?? [])
    return { invoices }
  } catch (error) {
    if (error instanceof RangeError) return { parked: 'amount_out_of_range', detail: {} }
    throw error
  }
}

function planComponent(days: Days, input: PlanInput, documents: Documents, upTo: number): void {
  const { closing_day } = input
  const { component, subscription } = days
  // No piece that begins after the period of `up_to` is due by then.
  const horizon = days.cycle.unit === 'once' ? upTo + 1 : cyclePeriodOfDay(upTo, days.cycle, closing_day).to
  const usage = component.role === 'usage' ? takeUsage(component.usage ?? []) : null
  usage?.next(0)
  for (const piece of listPieces(days, closing_day, horizon)) {
    const issueDay = issueDayOf(piece, days, closing_day)
    if (issueDay > upTo) continue
    const used = usage?.next(piece.span.to).value ?? null
    addPiece(documents.of(issueDay, subscription.id), days, piece, input, used)
  }
  if (usage) planLateUsage(days, usage, input, documents, upTo)
}

/** Use that was told after its meter had ended and been billed: with the period that `up_to` is in the first to close. */
function planLateUsage(
  days: Days,
  usage: ReturnType<typeof takeUsage>,
  input: PlanInput,
  documents: Documents,
  upTo: number,
): void {
  const last = days.stretches.at(-1)
  if (!last || last.to === forever) return
  const issueDay = cyclePeriodOfDay(upTo, days.cycle, input.closing_day).from
  if (last.to > issueDay) return
  const used = usage.next(issueDay).value
  if (!used || used.ids.length === 0) return
  const period = cyclePeriodOfDay(last.to - 1, days.cycle, input.closing_day)
  const span = { from: Math.max(period.from, last.from), to: last.to }
  const piece: Piece = { span, period, stretch: last }
  const invoice = documents.of(issueDay, days.subscription.id)
  const line_index = addLine(invoice, makeLine(days, piece, input, used.quantity))
  invoice.usage.push({ ids: used.ids, line_index })
}

/** A one-off amount is billed by the first closing on or after its day; of a service with own periods, by theirs. */
function planCharge(charge: BillableCharge, input: PlanInput, documents: Documents, upTo: number): void {
  const day = toEpochDay(charge.bill_on)
  if (day > upTo) return
  const service = input.subscriptions.find(({ id }) => id === charge.subscription_id)
  const plan = service?.components.find(({ role }) => role === 'plan')
  const own = service && plan && plan.cycle.alignment === 'anniversary' && plan.cycle.unit !== 'once'
  const cycle = own ? readDays(service, plan, input.closing_day).cycle : null
  const boundary = cycle
    ? cyclePeriodOfDay(day - 1, cycle, input.closing_day).to
    : boundaryDayAfter(day - 1, input.closing_day)
  if (boundary > upTo) return
  documents.of(boundary, charge.subscription_id).lines.push(makeChargeLine(charge, input.day_count))
}

/** A one-off amount as a line: it is what it is, on its day. */
function makeChargeLine(charge: BillableCharge, dayCount: DayCount): PlannedLine {
  const day = { from: charge.bill_on, to: charge.bill_on.add({ days: 1 }) }
  const gross = charge.unit_amount * charge.quantity
  if (!Number.isSafeInteger(gross)) throw new RangeError('the amount is out of range')
  return {
    subscription_id: charge.subscription_id,
    component_id: null,
    charge_id: charge.id,
    plan_id: null,
    role: charge.kind,
    description: charge.description,
    ...day,
    days: 1,
    of: 1,
    day_count: dayCount,
    period: day,
    price_model: 'per_unit',
    unit_amount: charge.unit_amount,
    tiers: null,
    package_size: null,
    included: 0,
    quantity: charge.quantity,
    gross,
    discount: 0,
    net: gross,
    discount_rule: null,
    coupons: [],
    tax: 0,
    tax_included: 0,
    taxes: [],
    rule: 'charge',
    instalment: charge.instalment,
    instalments: charge.instalments,
    first: true,
    stub: false,
  }
}

/**
 * Bills days of components at once, whatever their period: what a change charges where the days had been billed before
 * (billing.md 19). `until` says for each component up to which day. All on one document of `issue_date`; null where
 * nothing is left to be billed.
 * @throws RangeError when an amount is no safe integer.
 */
export function planDaysNow(
  rules: PlanRules,
  issueDate: Temporal.PlainDate,
  subscription: BillableSubscription,
  until: (component: BillableComponent, cycle: Cycle) => number,
): PlannedInvoice | null {
  const documents = new Documents(rules)
  const issueDay = toEpochDay(issueDate)
  const taxesOf = new Map<string, readonly TaxRule[]>()
  for (const component of subscription.components) {
    if (component.role === 'usage') continue
    const days = readDays(subscription, component, rules.closing_day)
    taxesOf.set(component.id, component.taxes)
    for (const piece of listPieces(days, rules.closing_day, until(component, days.cycle)))
      addPiece(documents.of(issueDay, subscription.id), days, piece, rules, null)
  }
  return documents.finish((line) => taxesOf.get(line.component_id!) ?? [])[0] ?? null
}

/**
 * A document of one-off amounts alone, with its taxes: a manual invoice, a debit note.
 * @throws RangeError when an amount is no safe integer.
 */
export function planChargesNow(
  rules: PlanRules,
  issueDate: Temporal.PlainDate,
  charges: readonly BillableCharge[],
  subscriptionId: string | null = null,
): PlannedInvoice {
  const documents = new Documents(rules)
  const invoice = documents.of(toEpochDay(issueDate), subscriptionId)
  for (const charge of charges) invoice.lines.push(makeChargeLine(charge, rules.day_count))
  const taxes = new Map(charges.map((charge) => [charge.id, charge.taxes]))
  documents.finish((line) => taxes.get(line.charge_id!) ?? [])
  return invoice
}

// Impossible states ------------------------------------------------------------------------------------------------

function findSubscriptionFault(subscription: BillableSubscription): Parked | null {
  if (subscription.coupons.some(({ discount }) => !isDiscountValid(discount)))
    return { parked: 'discount_invalid', detail: { subscription_id: subscription.id } }
  for (const { from, to } of subscription.suspensions) {
    if (to && toEpochDay(to) < toEpochDay(from)) {
      return {
        parked: 'suspension_inverted',
        detail: { subscription_id: subscription.id, from: from.toString(), to: to.toString() },
      }
    }
  }
  const plans: DaySpan[] = []
  for (const component of subscription.components) {
    const fault = findComponentFault(subscription, component)
    if (fault) return fault
    if (component.role !== 'plan') continue
    const from = toEpochDay(component.from)
    const to = component.to ? toEpochDay(component.to) : forever
    if (from >= to) continue
    if (plans.some((plan) => from < plan.to && plan.from < to))
      return {
        parked: 'plan_components_overlap',
        detail: { subscription_id: subscription.id, component_id: component.id },
      }
    plans.push({ from, to })
  }
  return null
}

function findComponentFault(subscription: BillableSubscription, component: BillableComponent): Parked | null {
  const detail = { subscription_id: subscription.id, component_id: component.id }
  const { from, to, quantity, price, cycle } = component
  if (to && toEpochDay(to) < toEpochDay(from)) {
    return {
      parked: 'component_range_inverted',
      detail: { ...detail, from: from.toString(), to: to.toString() },
    }
  }
  if (!isDiscountValid(component.discount)) return { parked: 'discount_invalid', detail }
  if (!isCount(price.unit_amount)) {
    return { parked: 'component_amount_invalid', detail: { ...detail, unit_amount: price.unit_amount } }
  }
  const tiered = price.model === 'tiered' || price.model === 'volume'
  const tiersValid = !tiered || (price.tiers !== null && price.tiers.at(-1)?.up_to === null)
  const packageValid = price.model !== 'package' || (price.package_size ?? 0) > 0
  if (!tiersValid || !packageValid) return { parked: 'component_amount_invalid', detail }
  if (!isCount(quantity)) return { parked: 'component_quantity_invalid', detail: { ...detail, quantity } }
  if (!Number.isSafeInteger(cycle.count) || cycle.count < 1)
    return { parked: 'component_cycle_invalid', detail: { ...detail, count: cycle.count } }
  for (const range of component.covered) {
    if (toEpochDay(range.to) < toEpochDay(range.from)) {
      return {
        parked: 'component_coverage_inverted',
        detail: { ...detail, from: range.from.toString(), to: range.to.toString() },
      }
    }
  }
  return null
}
