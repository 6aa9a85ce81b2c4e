/**
 * What a change costs (billing.md 18–24): the days that were billed and are charged no longer, the days that had been billed and
 * have another price now, and on leaving the penalty and what is left of instalments. One computation for the preview and
 * for what is done.
 */

import { formatDate } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal } from '../../platform/errors.ts'
import { type Language, translator } from '../../platform/translations.ts'
import {
  type BillableCharge,
  type BillableSubscription,
  type BilledDays,
  type BillingUnit,
  billableComponent,
  loadServices,
  type PlannedCreditNote,
  type PlannedInvoice,
  planChargesNow,
  planInvoices,
  planSettlement,
  readBilledDays,
  readBillingUnits,
  rulesOf,
  type Service,
  type TaxRule,
} from '../billing/index.ts'
import { computePenalty } from '../contracts/index.ts'
import type { StoredTimeline, Timeline, TimelineChange } from '../subscriptions/index.ts'
import type { ChangeCosts, CostLine } from './schemas.ts'

/** The penalty as it was shown: performed exactly so, even where it waits for its day. */
export type AgreedPenalty = { amount: number; reason: string; formula: string | null; waived: boolean }

export type Settlement = {
  unit: BillingUnit
  credit: PlannedCreditNote | null
  /** Days that had been billed, at their new price. */
  days: PlannedInvoice | null
  /** Penalty and remaining instalments. */
  oneOff: PlannedInvoice | null
  penalty: AgreedPenalty | null
  services: readonly Service[]
  next: { date: Temporal.PlainDate; amount: number } | null
}

/** What stands for a penalty's charge until it is written. */
export const penaltyPlaceholder = 'penalty'

const { compare } = Temporal.PlainDate
const latest = (left: Temporal.PlainDate, right: Temporal.PlainDate) =>
  compare(left, right) >= 0 ? left : right

/** The taxes that components of plans bear for an account, by plan. */
async function readTaxes(
  tx: Tx,
  unit: BillingUnit,
  accountId: string,
  planIds: readonly string[],
  today: Temporal.PlainDate,
): Promise<Map<string, readonly TaxRule[]>> {
  if (unit.taxes.size === 0 || planIds.length === 0) return new Map()
  const [plans, exemptions] = await Promise.all([
    tx
      .selectFrom('plans')
      .select(['id', 'product_id'])
      .where('id', 'in', [...planIds])
      .execute(),
    tx
      .selectFrom('account_tax_exemptions')
      .select(['tax_id', 'until'])
      .where('account_id', '=', accountId)
      .execute(),
  ])
  const exempt = new Set(
    exemptions.filter(({ until }) => until === null || compare(until, today) > 0).map(({ tax_id }) => tax_id),
  )
  return new Map(
    plans.map(({ id, product_id }) => [
      id,
      (unit.taxes.get(product_id) ?? []).filter((rule) => !exempt.has(rule.tax_id)),
    ]),
  )
}

/** A timeline as the engine bills it; `before` is the same service as it is stored. */
export function describeTimeline(
  before: BillableSubscription,
  after: Timeline,
  taxesOf: (planId: string) => readonly TaxRule[],
): BillableSubscription {
  const start = after.billing_start!
  const known = new Map(before.components.map((one) => [one.id, one]))
  const coupons = new Map(after.coupons.map((one) => [one.id, one]))
  return {
    id: before.id,
    billing_mode: before.billing_mode,
    billing_start: start,
    end: after.end_date,
    coupons: before.coupons.map((coupon) => ({
      ...coupon,
      to: coupons.get(coupon.id)?.to_date ?? coupon.to,
    })),
    suspensions: after.suspensions.map(({ from_date, to_date }) => ({ from: from_date, to: to_date })),
    components: after.components.map((component) => {
      const stored = known.get(component.id)
      const { from, to, ...terms } = billableComponent(component, start, {
        covered: [],
        taxes: taxesOf(component.plan_id),
      })
      return { ...(stored ?? terms), from, to }
    }),
  }
}

/** What closings will have billed of a service before a day to come: so that a preview shows what will be given back then. */
function foreseeBilling(unit: BillingUnit, service: Service, on: Temporal.PlainDate): BilledDays[] {
  const planned = planInvoices({
    ...rulesOf(unit),
    up_to: on.subtract({ days: 1 }),
    subscriptions: [service],
    charges: [],
  })
  if ('parked' in planned) return []
  return planned.invoices.flatMap((invoice, document) =>
    invoice.coverage.map((covered, index) => {
      const line = covered.line_index === null ? null : invoice.lines[covered.line_index]!
      return {
        id: `foreseen-${document}-${index}`,
        component_id: covered.component_id,
        from: covered.from,
        to: covered.to,
        line: line && {
          ...line,
          id: `foreseen-${document}-${covered.line_index}`,
          invoice_id: `foreseen-${document}`,
          credited_gross: 0,
          credited_net: 0,
          credited_tax: 0,
          credited_tax_included: 0,
        },
      }
    }),
  )
}

/** The penalty of leaving on a day, null where the change is no leaving. Refuses what the contracts refuse. */
async function assessPenalty(
  tx: Tx,
  before: StoredTimeline,
  change: TimelineChange,
  on: Temporal.PlainDate,
  agreed: AgreedPenalty | null | undefined,
  waived: boolean,
): Promise<AgreedPenalty | null | Refusal> {
  if (change.kind !== 'cancel') return null
  if (agreed !== undefined) return agreed
  const found = await computePenalty(tx, before.id, on)
  if (isRefusal(found)) return found
  if (found.amount === 0) return null
  return { amount: found.amount, reason: found.reason, formula: found.formula, waived }
}

/**
 * Everything that the change from one timeline to another costs, computed and nothing written. Refuses:
 * penalty_not_computable.
 */
export async function settle(
  tx: Tx,
  before: StoredTimeline,
  after: Timeline,
  context: {
    change: TimelineChange
    on: Temporal.PlainDate
    /** The day on which the documents are issued: today, or the day to come of what is only scheduled. */
    today: Temporal.PlainDate
    language: Language
    penalty: AgreedPenalty | null | undefined
    waived: boolean
  },
): Promise<Settlement | Refusal> {
  const { change, on } = context
  const unit = (await readBillingUnits(tx, [before.business_unit_id])).get(before.business_unit_id)!
  const penalty = await assessPenalty(tx, before, change, on, context.penalty, context.waived)
  if (isRefusal(penalty)) return penalty
  const account = (await loadServices(tx, unit, [before.account_id], before.today)).get(before.account_id)
  const services = account?.services ?? []
  const service = services.find(({ id }) => id === before.id)
  const future = compare(on, before.today) > 0
  const issued = future ? on : context.today
  const leaving = change.kind === 'cancel' || change.kind === 'transfer'

  const t = translator(context.language)
  const waiting = (account?.charges ?? []).filter((charge) => charge.subscription_id === before.id)
  const dueNow: BillableCharge[] = leaving
    ? waiting
        .filter((charge) => charge.kind === 'instalment')
        .map((charge) => ({ ...charge, bill_on: issued }))
    : []
  if (penalty && !penalty.waived && penalty.amount > 0) {
    dueNow.push({
      id: penaltyPlaceholder,
      subscription_id: before.id,
      kind: 'penalty',
      description: t('pdf:change.penalty', { date: formatDate(on, context.language) }),
      unit_amount: penalty.amount,
      quantity: 1,
      bill_on: issued,
      instalment: null,
      instalments: null,
      taxes: [],
    })
  }
  const oneOff = dueNow.length === 0 ? null : planChargesNow(rulesOf(unit), issued, dueNow, before.id)
  const result = { unit, penalty, oneOff, services }
  if (!service || after.billing_start === null)
    return {
      ...result,
      credit: null,
      days: null,
      next: await foreseeNext(tx, unit, before, after, change, on),
    }

  const planIds = [...new Set(after.components.map((one) => one.plan_id))]
  const taxes = await readTaxes(tx, unit, before.account_id, planIds, before.today)
  const described = describeTimeline(service, after, (planId) => taxes.get(planId) ?? [])
  const billed = [
    ...(await readBilledDays(tx, before.id)),
    // A cancellation is known to billing from the moment on which it is scheduled.
    ...(future && change.kind !== 'cancel' ? foreseeBilling(unit, service, on) : []),
  ]
  const { credit, invoice } = planSettlement(rulesOf(unit), described, billed, {
    today: issued,
    reason: t(`pdf:change.${change.kind}`, { date: formatDate(on, context.language) }),
    givenBack: after.suspensions
      .filter((one) => one.credited)
      .map(({ from_date, to_date }) => ({ from: from_date, to: to_date })),
    charge: true,
  })
  const charged = new Set(dueNow.map(({ id }) => id))
  const next =
    change.kind === 'transfer'
      ? await foreseeNext(tx, unit, before, after, change, on)
      : nextInvoice(
          unit,
          cover(described, billed, credit, invoice),
          waiting.filter(({ id }) => !charged.has(id)),
          change.kind === 'cancel' ? before.today : latest(issued, before.today),
        )
  return { ...result, credit, days: invoice, next }
}

/** The service with what is billed of it once the change is done. */
function cover(
  service: BillableSubscription,
  billed: readonly BilledDays[],
  credit: PlannedCreditNote | null,
  invoice: PlannedInvoice | null,
): BillableSubscription {
  const cuts = new Map(credit?.cuts.map(({ id, keep }) => [id, keep]) ?? [])
  const days = [
    ...billed.flatMap((row) =>
      (cuts.get(row.id) ?? [{ from: row.from, to: row.to }]).map((range) => ({
        ...range,
        id: row.component_id,
      })),
    ),
    ...(invoice?.coverage ?? []).map(({ component_id, from, to }) => ({ id: component_id, from, to })),
  ]
  return {
    ...service,
    components: service.components.map((component) => ({
      ...component,
      covered: days.filter(({ id }) => id === component.id).map(({ from, to }) => ({ from, to })),
    })),
  }
}

/** The first invoice of a service that costs anything. */
function nextInvoice(
  unit: BillingUnit,
  service: BillableSubscription,
  charges: readonly BillableCharge[],
  from: Temporal.PlainDate,
): Settlement['next'] {
  for (const months of [2, 13, 62]) {
    const planned = planInvoices({
      ...rulesOf(unit),
      grouping: 'account',
      up_to: from.add({ months }),
      subscriptions: [service],
      charges,
    })
    if ('parked' in planned) return null
    const first = planned.invoices.find((invoice) => invoice.lines.length > 0)
    if (first) return { date: first.issue_date, amount: first.total }
  }
  return null
}

/** The first invoice at the account that takes a service over. */
async function foreseeNext(
  tx: Tx,
  unit: BillingUnit,
  before: StoredTimeline,
  after: Timeline,
  change: TimelineChange,
  on: Temporal.PlainDate,
): Promise<Settlement['next']> {
  if (change.kind !== 'transfer' || before.billing_start === null) return null
  const planIds = [...new Set(after.components.map((one) => one.plan_id))]
  const taxes = await readTaxes(tx, unit, change.account_id, planIds, before.today)
  const mode = await tx
    .selectFrom('subscriptions')
    .select('billing_mode')
    .where('id', '=', before.id)
    .executeTakeFirstOrThrow()
  // Coupons stay behind; what is taken off for the term goes along.
  const terms = await tx
    .selectFrom('subscription_coupons')
    .select(['id', 'name', 'term_months', 'discount_basis_points', 'from_date', 'to_date'])
    .where('subscription_id', '=', before.id)
    .where('term_months', 'is not', null)
    .whereRef('to_date', '>', 'from_date')
    .execute()
  const start = latest(before.billing_start, on)
  const going = after.components.filter(
    (one) =>
      one.cycle_unit !== 'once' &&
      one.role !== 'usage' &&
      (one.from_date === null || compare(one.from_date, on) <= 0) &&
      (one.to_date === null || compare(one.to_date, on) > 0),
  )
  return nextInvoice(
    unit,
    {
      id: before.id,
      billing_mode: mode.billing_mode,
      billing_start: start,
      end: null,
      coupons: terms.map((one) => ({
        id: one.id,
        name: one.name,
        term_months: one.term_months!,
        discount: { kind: 'percent', basis_points: one.discount_basis_points! },
        from: one.from_date,
        to: one.to_date,
      })),
      suspensions: [],
      components: going.map((one) =>
        billableComponent({ ...one, anchor_date: null, from_date: start, to_date: null }, start, {
          covered: [],
          taxes: taxes.get(one.plan_id) ?? [],
        }),
      ),
    },
    [],
    start,
  )
}

/** A line as it is shown. */
function describeLine(
  line: Pick<
    PlannedInvoice['lines'][number],
    | 'role'
    | 'description'
    | 'from'
    | 'to'
    | 'days'
    | 'of'
    | 'quantity'
    | 'unit_amount'
    | 'price_model'
    | 'net'
    | 'tax'
  > & { instalment?: number | null; instalments?: number | null },
): CostLine {
  const { role, description, from, to, days, of, quantity, unit_amount, price_model, net, tax } = line
  return {
    role,
    description,
    from,
    to,
    days,
    of,
    quantity,
    unit_amount,
    price_model,
    net,
    tax,
    total: net + tax,
    instalment: line.instalment ?? null,
    instalments: line.instalments ?? null,
  }
}

/** A settlement as it is shown. */
export function describeCosts(settlement: Settlement): ChangeCosts {
  const credits = (settlement.credit?.lines ?? []).map(describeLine)
  const charges = (settlement.days?.lines ?? []).map(describeLine)
  const oneOff = (settlement.oneOff?.lines ?? []).map(describeLine)
  const credit_total = settlement.credit?.total ?? 0
  const charge_total = (settlement.days?.total ?? 0) + (settlement.oneOff?.total ?? 0)
  return {
    currency: settlement.unit.currency,
    credits,
    charges,
    one_off: oneOff,
    credit_total,
    charge_total,
    net: charge_total - credit_total,
    penalty: settlement.penalty,
    next: settlement.next,
  }
}
