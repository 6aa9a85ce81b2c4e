import { sql } from 'kysely'
import { today, toEpochDay } from '../../platform/calendar.ts'
import type { ContractPenalty, CycleUnit } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal, refuse } from '../../platform/errors.ts'
import { getSubscription } from '../subscriptions/index.ts'
import { Exact } from './exact.ts'
import { findPlanCycle } from './facts.ts'
import {
  type FormulaFault,
  type FormulaValues,
  type FormulaVariable,
  formulaVariables,
  moneyVariables,
  readFormula,
} from './formula.ts'

/** What was agreed about leaving early. Amounts are minor units. */
export type PenaltyTerms = {
  penalty: ContractPenalty
  penalty_amount: number | null
  penalty_formula: string | null
}

/** The minimum term, half-open; null without one. */
export type Term = { from: Temporal.PlainDate; to: Temporal.PlainDate; months: number } | null

export type PenaltyReason = 'no_penalty' | 'no_term' | 'term_over' | 'fixed' | 'formula'

/** A penalty and how it comes about: everything that is needed to explain it to the customer. */
export type Penalty = {
  /** Minor units; 0 where none is due. */
  amount: number
  reason: PenaltyReason
  formula: string | null
  /** What the formula came to before it was rounded half-up, as a fraction. */
  exact: string | null
  /** The figures that it was computed from: minor units, months, days or counts. */
  values: { name: FormulaVariable; value: string; money: boolean }[]
}

/**
 * The penalty for ending a service on a day: only inside the minimum term, fixed or by formula (billing.md 23); never on a
 * change of plan, which is for the caller to know. Answers with the fault of a formula that cannot be computed.
 */
export function evaluatePenalty(
  terms: PenaltyTerms,
  term: Term,
  onDate: Temporal.PlainDate,
  values: FormulaValues,
): Penalty | { fault: FormulaFault } {
  const none = (reason: PenaltyReason): Penalty => ({
    amount: 0,
    reason,
    formula: null,
    exact: null,
    values: [],
  })
  if (terms.penalty === 'none') return none('no_penalty')
  if (term === null) return none('no_term')
  if (Temporal.PlainDate.compare(onDate, term.to) >= 0) return none('term_over')
  if (terms.penalty === 'fixed') return { ...none('fixed'), amount: terms.penalty_amount ?? 0 }
  const source = terms.penalty_formula ?? ''
  const formula = readFormula(source)
  if ('fault' in formula) return formula
  const result = formula.evaluate(values)
  if ('fault' in result) return result
  return {
    amount: result.amount,
    reason: 'formula',
    formula: source,
    exact: String(result.exact),
    values: usedFigures(source, values),
  }
}

/** The figures that a formula names, in the order of the documentation. */
export function usedFigures(source: string, values: FormulaValues): Penalty['values'] {
  return formulaVariables
    .filter((name) => new RegExp(`\\b${name}\\b`).test(source))
    .map((name) => ({ name, value: String(values[name]), money: moneyVariables.includes(name) }))
}

/** Whole months that have gone by of a term on a day: 31 January and 28 February are one month apart (billing.md 3). */
export function countMonths(from: Temporal.PlainDate, onDate: Temporal.PlainDate): number {
  if (Temporal.PlainDate.compare(onDate, from) <= 0) return 0
  let months = (onDate.year - from.year) * 12 + onDate.month - from.month
  if (Temporal.PlainDate.compare(from.add({ months }), onDate) > 0) months--
  return months
}

/** Months and days of a term, gone by and left on a day; a month that has begun is still left whole. */
export function countTerm(term: Term, onDate: Temporal.PlainDate) {
  if (term === null)
    return { term_months: 0n, months_used: 0n, months_left: 0n, term_days: 0n, days_used: 0n, days_left: 0n }
  const days = toEpochDay(term.to) - toEpochDay(term.from)
  const used = Math.min(days, Math.max(0, toEpochDay(onDate) - toEpochDay(term.from)))
  const months = Math.min(term.months, countMonths(term.from, onDate))
  return {
    term_months: BigInt(term.months),
    months_used: BigInt(months),
    months_left: BigInt(term.months - months),
    term_days: BigInt(days),
    days_used: BigInt(used),
    days_left: BigInt(days - used),
  }
}

/** What an amount per cycle is a month, exactly; thirty days are one. What is charged once is no monthly amount. */
export function perMonth(amount: number, cycle: { unit: CycleUnit; count: number }): Exact {
  const whole = BigInt(amount)
  const count = BigInt(cycle.count)
  if (cycle.unit === 'month') return new Exact(whole, count)
  if (cycle.unit === 'day') return new Exact(whole * 30n, count)
  if (cycle.unit === 'week') return new Exact(whole * 30n, count * 7n)
  return new Exact(0n)
}

/**
 * The penalty for ending a service on a day, with everything that explains it (billing.md 23). Minor units of the
 * service's currency. Refuses: not_found, penalty_not_computable (the formula divides by zero on that day, or comes to
 * more than a document can hold).
 */
export async function computePenalty(
  tx: Tx,
  subscriptionId: string,
  onDate: Temporal.PlainDate,
): Promise<(Penalty & { on_date: Temporal.PlainDate; currency: string; term: Term }) | Refusal> {
  const loaded = await loadPenalty(tx, subscriptionId, onDate)
  if (isRefusal(loaded)) return loaded
  const { terms, term, values, currency } = loaded
  const penalty = evaluatePenalty(terms, term, onDate, values)
  if ('fault' in penalty)
    return refuse('penalty_not_computable', {
      params: { part: penalty.fault.part, line: penalty.fault.line, column: penalty.fault.column },
    })
  return { ...penalty, on_date: onDate, currency, term }
}

/** What a formula is about a service on a day. Refuses: not_found. */
export async function loadPenalty(tx: Tx, subscriptionId: string, onDate: Temporal.PlainDate) {
  const subscription = await getSubscription(tx, subscriptionId)
  if (isRefusal(subscription)) return subscription
  const [agreed, plan, billed, fee] = await Promise.all([
    tx
      .selectFrom('service_contracts')
      .select([
        'penalty',
        'penalty_amount',
        'penalty_formula',
        'installation_fee',
        'instalments',
        'fee_charged_at',
        'renewal_binds',
        'renewed_from',
        'renewed_until',
      ])
      .where('subscription_id', '=', subscriptionId)
      .executeTakeFirst(),
    findPlanCycle(tx, subscriptionId, subscription.plan_id),
    sql<{ discounts: number; billed: number }>`
      select coalesce(sum(case i.kind when 'credit_note' then -l.discount else l.discount end), 0)::bigint as discounts,
             coalesce(sum(case i.kind when 'credit_note' then -l.net else l.net end), 0)::bigint as billed
        from invoice_lines l join invoices i on i.id = l.invoice_id
       where l.subscription_id = ${subscriptionId} and i.kind in ('invoice', 'debit_note', 'credit_note')
         and l.role in ('plan', 'option', 'usage')`.execute(tx),
    sql<{ count: number; amount: number }>`
      select count(*) as count, coalesce(sum(h.unit_amount * h.quantity), 0)::bigint as amount
        from service_contracts c join charges h on h.id = any(c.fee_charge_ids)
       where c.subscription_id = ${subscriptionId} and h.billed_at is null and h.withdrawn_at is null`.execute(
      tx,
    ),
  ])
  const start = subscription.activation_date ?? subscription.start_date
  const term: Term =
    agreed?.renewal_binds && agreed.renewed_from && agreed.renewed_until
      ? {
          from: agreed.renewed_from,
          to: agreed.renewed_until,
          months: countMonths(agreed.renewed_from, agreed.renewed_until),
        }
      : subscription.term_months === 0
        ? null
        : {
            from: start,
            to: start.add({ months: subscription.term_months }),
            months: subscription.term_months,
          }
  const installation = agreed?.installation_fee ?? 0
  const charged = agreed?.fee_charged_at != null
  const values: FormulaValues = {
    price: perMonth(subscription.plan_value - subscription.discount, plan.cycle),
    plan_value: perMonth(subscription.plan_value, plan.cycle),
    discount: perMonth(subscription.discount, plan.cycle),
    service_value: perMonth(subscription.amount, plan.cycle),
    ...countTerm(term, onDate),
    installation_fee: BigInt(installation),
    instalments: BigInt(agreed?.instalments ?? 1),
    remaining_instalments: BigInt(
      charged ? fee.rows[0]!.count : installation === 0 ? 0 : (agreed?.instalments ?? 1),
    ),
    remaining_fee: BigInt(charged ? fee.rows[0]!.amount : installation),
    discounts_given: BigInt(billed.rows[0]!.discounts),
    billed: BigInt(billed.rows[0]!.billed),
  }
  return {
    terms: {
      penalty: agreed?.penalty ?? ('none' as const),
      penalty_amount: agreed?.penalty_amount ?? null,
      penalty_formula: agreed?.penalty_formula ?? null,
    } satisfies PenaltyTerms,
    term,
    values,
    currency: subscription.currency,
  }
}

/** The day on which a service's business unit is now. Refuses: not_found. */
export async function unitToday(tx: Tx, subscriptionId: string, now: Temporal.Instant) {
  const row = await tx
    .selectFrom('subscriptions')
    .innerJoin('business_units', 'business_units.id', 'subscriptions.business_unit_id')
    .select('business_units.time_zone')
    .where('subscriptions.id', '=', subscriptionId)
    .executeTakeFirst()
  return row && today(now, row.time_zone)
}
