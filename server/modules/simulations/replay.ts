import { sql } from 'kysely'
import { daysIn } from '../../platform/calendar.ts'
import type { LedgerAccount } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import {
  type FieldFault,
  isRefusal,
  notFound,
  type Refusal,
  refuse,
  refuseField,
} from '../../platform/errors.ts'
import { exponentOf } from '../../platform/money.ts'
import type { Language } from '../../platform/translations.ts'
import {
  type BillingUnit,
  explainLine,
  type PlanRules,
  readBillingUnits,
  rulesOf,
  type TaxRule,
} from '../billing/index.ts'
import { boundaryOnOrAfter, type DiscountTerms, type PriceTerms } from '../subscriptions/index.ts'
import type { SimulationRequest } from './schemas.ts'
import {
  type SimulatedCycle,
  type SimulatedDocument,
  type SimulatedEvent,
  type SimulatedOption,
  type SimulatedPrice,
  type SimulationInput,
  simulate,
} from './simulation.ts'

const { compare } = Temporal.PlainDate
/** Twenty-five years of daily runs, or of anything that costs as much. */
const mostSteps = 10_000
const farthestYears = 100

type Given = SimulationRequest
type GivenPrice = Given['subscriptions'][number]['plan']
type GivenCycle = NonNullable<Given['subscriptions'][number]['cycle']>
type GivenDiscount = GivenPrice['discount']
/** What of a price says what a quantity costs. */
type GivenTerms = Pick<GivenPrice, 'model' | 'amount' | 'tiers' | 'package_size' | 'included'>

/**
 * Replays what a request describes (see simulate) under the rules of a business unit, its own, or the one's with the
 * other's where it is silent. Writes nothing. Refuses: not_found (business unit), invalid_input with the place of what cannot be.
 */
export async function replay(tx: Tx, given: Given, language: Language) {
  const rules = await chooseRules(tx, given)
  if (isRefusal(rules)) return rules
  const runs = listRuns(given.runs, rules.rules.closing_day)
  if (!Array.isArray(runs)) return runs
  const fault = findFault(given, runs)
  if (fault) return fault
  const input = readInput(given, rules, runs)
  const result = simulate(input)
  if ('fault' in result) return refuseField(result.path, result.fault, result.params)
  const { currency } = rules.rules
  return {
    ...result,
    currency,
    decimals: exponentOf(currency),
    documents: result.documents.map((document) => describeDocument(document, currency, language)),
    accounts: result.accounts.map((account) => ({ ...account, balance: account.owed - account.credit })),
    ledger: (Object.entries(result.ledger) as [LedgerAccount, number][]).map(([ledger_account, amount]) => ({
      ledger_account,
      amount,
    })),
  }
}

type ChosenRules = { rules: PlanRules; taxes: TaxRule[]; billing_mode: 'advance' | 'arrears' }

async function chooseRules(tx: Tx, { business_unit_id, rules: own }: Given): Promise<ChosenRules | Refusal> {
  let unit: (BillingUnit & { billing_mode: 'advance' | 'arrears' }) | null = null
  if (business_unit_id !== undefined) {
    const found = (await readBillingUnits(tx, [business_unit_id])).get(business_unit_id)
    if (!found) return notFound()
    const mode = await sql<{ billing_mode: 'advance' | 'arrears' }>`
      select billing_mode from business_units where id = ${business_unit_id}`.execute(tx)
    unit = { ...found, billing_mode: mode.rows[0]!.billing_mode }
  }
  if (own.time_zone !== undefined && !isTimeZone(own.time_zone))
    return refuseField('rules.time_zone', 'not_a_time_zone')
  const missing: FieldFault[] = unit
    ? []
    : (['currency', 'closing_day'] as const)
        .filter((field) => own[field] === undefined)
        .map((field) => ({ path: `rules.${field}`, code: 'required' }))
  if (missing.length > 0) return refuse('invalid_input', { status: 422, fields: missing })
  const ofUnit = unit ? rulesOf(unit) : null
  // The taxes of a unit belong to its products; a simulated service bears every one of them.
  const taxes = own.taxes?.map((tax) => ({ ...tax, tax_id: tax.name })) ?? [
    ...new Map([...(unit?.taxes.values() ?? [])].flat().map((tax) => [tax.tax_id, tax])).values(),
  ]
  return {
    taxes,
    billing_mode: own.billing_mode ?? unit?.billing_mode ?? 'arrears',
    rules: {
      currency: own.currency ?? ofUnit!.currency,
      closing_day: own.closing_day ?? ofUnit!.closing_day,
      day_count: own.day_count ?? ofUnit?.day_count ?? 'actual',
      tax_rounding: own.tax_rounding ?? ofUnit?.tax_rounding ?? 'document',
      grouping: own.invoice_grouping ?? ofUnit?.grouping ?? 'account',
    },
  }
}

function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** The days of the runs, in order, each once. */
function listRuns(given: Given['runs'], closingDay: number): Temporal.PlainDate[] | Refusal {
  if (Array.isArray(given))
    return [...new Map(given.map((day) => [day.toString(), day])).values()].sort(compare)
  const { from, to, every } = given
  if (compare(to, from) < 0) return refuseField('runs.to', 'date_before_start')
  if (daysIn({ from, to }) > farthestYears * 366)
    return refuseField('runs.to', 'simulation_too_large', { most: farthestYears })
  const days: Temporal.PlainDate[] = []
  for (
    let day = every === 'closing' ? boundaryOnOrAfter(from, closingDay) : from;
    compare(day, to) <= 0;
    day =
      every === 'closing'
        ? boundaryOnOrAfter(day.add({ days: 1 }), closingDay)
        : day.add({ days: every === 'week' ? 7 : 1 })
  )
    days.push(day)
  return days
}

/** What the schema cannot say: names that are taken, services that nobody knows, far too much of it. */
function findFault(given: Given, runs: readonly Temporal.PlainDate[]): Refusal | null {
  const names = new Set<string>()
  for (const [index, { id, options, meters }] of given.subscriptions.entries()) {
    if (names.has(id)) return refuseField(`subscriptions.${index}.id`, 'listed_twice')
    names.add(id)
    const codes = [...options, ...meters].map(({ code }) => code)
    if (new Set(codes).size < codes.length)
      return refuseField(`subscriptions.${index}.options`, 'listed_twice')
  }
  const most = mostSteps
  if (runs.length * Math.max(1, given.subscriptions.length) > most)
    return refuseField('runs', 'simulation_too_large', { most })
  const days = [
    ...runs,
    ...given.events.map(({ on }) => on),
    ...given.subscriptions.map(({ start }) => start),
  ]
  const [first, last] = [
    days.reduce((left, right) => (compare(left, right) <= 0 ? left : right)),
    days.reduce((left, right) => (compare(left, right) >= 0 ? left : right)),
  ]
  if (last.year - first.year > farthestYears)
    return refuseField('runs', 'simulation_too_large', { most: farthestYears })
  return findPriceFault(given)
}

/** A price by tiers needs them, and a package its size. */
function findPriceFault(given: Given): Refusal | null {
  const prices: (readonly [GivenTerms, string])[] = []
  for (const [index, { plan, options, meters }] of given.subscriptions.entries()) {
    prices.push([plan, `subscriptions.${index}.plan`])
    for (const [at, option] of options.entries())
      prices.push([option, `subscriptions.${index}.options.${at}`])
    for (const [at, meter] of meters.entries()) prices.push([meter, `subscriptions.${index}.meters.${at}`])
  }
  for (const [index, event] of given.events.entries()) {
    if (event.kind === 'plan') prices.push([event.plan, `events.${index}.plan`])
    if (event.kind === 'price' || event.kind === 'cycle') prices.push([event.price, `events.${index}.price`])
    if (event.kind === 'add_option') prices.push([event.option, `events.${index}.option`])
  }
  for (const [{ model, tiers, package_size }, path] of prices) {
    if (model === 'tiered' || model === 'volume') {
      const rising = tiers?.every(({ up_to }, at) =>
        at === tiers.length - 1 ? up_to === null : up_to !== null && up_to > (tiers[at - 1]?.up_to ?? 0),
      )
      if (!tiers?.length || !rising) return refuseField(`${path}.tiers`, 'tiers_must_rise')
    } else if (model === 'package' && package_size === null)
      return refuseField(`${path}.package_size`, 'required')
  }
  return null
}

// From the request's words to the engine's -------------------------------------------------------------------------

function readPrice({ model, amount, tiers, package_size, included }: GivenTerms): PriceTerms {
  const tiered = model === 'tiered' || model === 'volume'
  return {
    price_model: model,
    unit_amount: amount,
    tiers: tiered ? tiers : null,
    package_size: model === 'package' ? package_size : null,
    included,
  }
}

function readDiscountTerms(discount: GivenDiscount): DiscountTerms {
  return {
    discount_kind: discount?.kind ?? null,
    discount_amount: discount?.kind === 'amount' ? discount.amount! : null,
    discount_basis_points: discount?.kind === 'percent' ? discount.basis_points! : null,
  }
}

const readSold = (given: Omit<GivenPrice, 'name'>, description: string): SimulatedPrice => ({
  ...readPrice(given),
  ...readDiscountTerms(given.discount),
  description,
  quantity: given.quantity,
})

function readCycle(cycle: GivenCycle | undefined): SimulatedCycle {
  const unit = cycle?.unit ?? 'month'
  const own = unit === 'day' || unit === 'week'
  return {
    cycle_unit: unit,
    cycle_count: cycle?.count ?? 1,
    cycle_alignment: own ? 'anniversary' : (cycle?.alignment ?? 'closing'),
    anchor_date: cycle?.anchor ?? null,
  }
}

const readOption = (option: Given['subscriptions'][number]['options'][number]): SimulatedOption => ({
  ...readSold(option, option.name ?? option.code),
  code: option.code,
  cycle: option.cycle ? readCycle(option.cycle) : null,
})

function readInput(given: Given, chosen: ChosenRules, runs: Temporal.PlainDate[]): SimulationInput {
  return {
    rules: chosen.rules,
    taxes: chosen.taxes,
    runs,
    subscriptions: given.subscriptions.map((one) => ({
      ref: one.id,
      account: one.account,
      start: one.start,
      trial_days: one.trial_days,
      proportional_trial: one.proportional_trial,
      billing_mode: one.billing_mode ?? chosen.billing_mode,
      cycle: readCycle(one.cycle),
      plan: readSold(one.plan, one.plan.name),
      options: one.options.map(readOption),
      meters: one.meters.map(readOption),
      taxed: one.taxed,
    })),
    events: given.events.map(readEvent),
  }
}

function readEvent(event: Given['events'][number]): SimulatedEvent {
  switch (event.kind) {
    case 'plan':
      return {
        ...event,
        plan: readSold(event.plan, event.plan.name),
        cycle: event.cycle ? readCycle(event.cycle) : null,
      }
    case 'price':
      return { ...event, price: readPrice(event.price) }
    case 'discount':
      return { ...event, discount: readDiscountTerms(event.discount) }
    case 'coupon':
      return { ...event, discount: readDiscountTerms(event.discount) }
    case 'cycle':
      return { ...event, cycle: readCycle(event.cycle), price: readPrice(event.price) }
    case 'add_option':
      return { ...event, option: readOption(event.option) }
    case 'charge': {
      const { amount, ...rest } = event
      return { ...rest, unit_amount: amount }
    }
    default:
      return event
  }
}

// And back ---------------------------------------------------------------------------------------------------------

function describeDocument(document: SimulatedDocument, currency: string, language: Language) {
  return {
    ...document,
    lines: document.lines.map((line) => {
      const rule = 'rule' in line ? line.rule : 'credit'
      const facts = {
        role: line.role,
        description: line.description,
        period: { from: line.from, to: line.to },
        days: line.days,
        of_days: line.of,
        whole_period: line.period,
        price_model: line.price_model,
        unit_amount: line.unit_amount,
        tiers: line.tiers,
        package_size: line.package_size,
        included: line.included,
        quantity: line.quantity,
        gross: line.gross,
        discount: line.gross - line.net,
        discount_kind: line.discount_rule?.kind ?? null,
        discount_basis_points:
          line.discount_rule?.kind === 'percent' ? line.discount_rule.basis_points : null,
        discount_amount: line.discount_rule?.kind === 'amount' ? line.discount_rule.amount : null,
        coupons: line.coupons.map(({ name, discount }) => ({
          name,
          kind: discount.kind,
          amount: discount.kind === 'amount' ? discount.amount : null,
          basis_points: discount.kind === 'percent' ? discount.basis_points : null,
        })),
        net: line.net,
        tax: line.tax,
        tax_included: line.tax_included,
        instalment: 'instalment' in line ? line.instalment : null,
        instalments: 'instalments' in line ? line.instalments : null,
        corrects:
          'corrects_line_id' in line
            ? { kind: 'credit_note' as const, document: `#${line.invoice_id}`, description: line.description }
            : null,
        rule,
      }
      return {
        ...facts,
        subscription: line.subscription_id,
        explanation: explainLine(facts, currency, language),
      }
    }),
  }
}
