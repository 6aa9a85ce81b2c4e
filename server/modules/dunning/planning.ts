// What a policy does to a debt, and when (B9). Pure: no database, no clock; the run, the simulation, the account's page and
// the portal's banner all ask this one function.
import type {
  DayCount,
  DunningScope,
  DunningStepAction,
  SubscriptionStatus,
} from '../../platform/database.gen.ts'
import { multiply } from '../../platform/money.ts'

/** A step of a policy. `day` counts from the due date, negative before it. */
export type DunningStep = {
  id: string
  /** The same step in every version of the policy. */
  key: string
  day: number
  action: DunningStepAction
  /** ISO days of the week on which it may act; on another it waits for the next. */
  weekdays: readonly number[]
  /** Late fee: a fixed amount in minor units, or null. */
  amount: number | null
  /** Late fee: of the open amount; interest: per month. Hundredths of a percent. */
  basis_points: number | null
  day_count: DayCount | null
  scope: DunningScope | null
}

export type DunningRules = {
  /** Debt that adds up to less causes nothing, in minor units. */
  minimum_amount: number
  /** Documents due earlier are left alone. */
  due_from: Temporal.PlainDate | null
  steps: readonly DunningStep[]
}

/** An unpaid document. Amounts are minor units of the business unit's currency. */
export type DebtDocument = {
  id: string
  number: string
  due_date: Temporal.PlainDate
  open_amount: number
  /** The part of it that late fee and interest may be charged on: not late fee and interest themselves. */
  chargeable: number
  /** What was charged for it already. */
  charged: readonly ('late_fee' | 'interest')[]
}

/** A step that was run before, for a document. */
export type DoneStep = {
  step_key: string
  invoice_id: string
  action: DunningStepAction
  day: number
  on_date: Temporal.PlainDate
}

/** A service that goes on, and the unpaid documents that it is on. */
export type DebtService = { id: string; status: SubscriptionStatus; invoice_ids: readonly string[] }

/** Everything about an account that dunning looks at. */
export type Debt = {
  documents: readonly DebtDocument[]
  done: readonly DoneStep[]
  services: readonly DebtService[]
  /** The last day on which nothing is done. */
  exempt_until: Temporal.PlainDate | null
}

/** What is done on a day; `skipped` is a reminder whose time has passed. */
export type PlannedAction = {
  step: DunningStep
  /** What it counts from: the oldest unpaid document, or the one that is charged. */
  document: DebtDocument
  scheduled_on: Temporal.PlainDate
  on_date: Temporal.PlainDate
  skipped: boolean
  /** What is owed then, or what is open of the document that is charged. */
  open_amount: number
  /** What a late fee or interest comes to. */
  charge: number | null
  /** The services that are suspended or cancelled. */
  subscription_ids: string[]
}

/** A reminder later than this many days after its day is not sent any more. */
const reminderGraceDays = 3

const { compare } = Temporal.PlainDate
const later = (left: Temporal.PlainDate, right: Temporal.PlainDate | null) =>
  right !== null && compare(right, left) > 0 ? right : left
const daysBetween = (from: Temporal.PlainDate, to: Temporal.PlainDate) =>
  from.until(to, { largestUnit: 'days' }).days

const ranks: Record<DunningStepAction, number> = { mail: 0, late_fee: 1, interest: 2, suspend: 3, cancel: 4 }

/** Steps in the order in which they are run. */
export function sortSteps<S extends { day: number; action: DunningStepAction }>(steps: readonly S[]): S[] {
  return [...steps].sort((left, right) => left.day - right.day || ranks[left.action] - ranks[right.action])
}

/** The documents that a policy looks at, the oldest due date first. */
export function listDebts(
  rules: Pick<DunningRules, 'due_from'>,
  documents: readonly DebtDocument[],
): DebtDocument[] {
  return documents
    .filter(
      (one) => one.open_amount > 0 && (rules.due_from === null || compare(one.due_date, rules.due_from) >= 0),
    )
    .sort((left, right) => compare(left.due_date, right.due_date) || (left.id < right.id ? -1 : 1))
}

/**
 * The oldest unpaid document, from which dunning counts (billing.md 30): small rests before it count for nothing as long
 * as the debt up to them stays below the minimum. Null where all of it does. `debts` are sorted by due date.
 */
export function findOldest(debts: readonly DebtDocument[], minimum: number): DebtDocument | null {
  let sum = 0
  for (const document of debts) {
    sum += document.open_amount
    if (sum >= Math.max(1, minimum)) return document
  }
  return null
}

/** What is past its due date on a day, in minor units. */
export function sumOverdue(debts: readonly DebtDocument[], today: Temporal.PlainDate): number {
  return debts.reduce((sum, one) => (compare(one.due_date, today) < 0 ? sum + one.open_amount : sum), 0)
}

/** Whether an account that was suspended may have its services back: nothing overdue above the minimum is left. */
export function isSettled(
  rules: Pick<DunningRules, 'due_from' | 'minimum_amount'>,
  documents: readonly DebtDocument[],
  today: Temporal.PlainDate,
): boolean {
  return sumOverdue(listDebts(rules, documents), today) < Math.max(1, rules.minimum_amount)
}

/** The first day from `day` on that is one of the days of the week. */
function nextAllowed(day: Temporal.PlainDate, weekdays: readonly number[]): Temporal.PlainDate {
  for (let days = 0; days < 7; days++) {
    const date = day.add({ days })
    if (weekdays.includes(date.dayOfWeek)) return date
  }
  return day
}

/** Least common multiple of 28, 29, 30 and 31: what days of any months are exact parts of. */
const monthParts = 377_580

/**
 * Late fee on what is open of a document: a fixed amount, or a rate in basis points rounded half-up once (billing.md 9).
 */
export function computeLateFee(step: Pick<DunningStep, 'amount' | 'basis_points'>, base: number): number {
  return step.amount ?? multiply(base, step.basis_points ?? 0, 10_000)
}

/**
 * Simple interest for the days after the due date, at a rate in basis points per month: each day is a thirtieth
 * (`commercial`) or the exact part of its own month (`actual`). One exact fraction, rounded half-up once.
 */
export function computeInterest(
  step: Pick<DunningStep, 'basis_points' | 'day_count'>,
  base: number,
  due: Temporal.PlainDate,
  days: number,
): number {
  const rate = BigInt(step.basis_points ?? 0)
  if (step.day_count === 'commercial') return multiply(base, rate * BigInt(days), 300_000n)
  let parts = 0
  const end = due.add({ days: days + 1 })
  for (let from = due.add({ days: 1 }); compare(from, end) < 0; ) {
    const next = from.with({ day: 1 }).add({ months: 1 })
    const to = compare(next, end) < 0 ? next : end
    parts += daysBetween(from, to) * (monthParts / from.daysInMonth)
    from = to
  }
  return multiply(base, rate * BigInt(parts), 10_000n * BigInt(monthParts))
}

/**
 * What a policy does to a debt from `today` up to and including `horizon` (today where it is left out), in order, if
 * nothing is paid meanwhile. The days count from the oldest unpaid document, each step once for it; late fee and interest
 * count from each document's own due date, once for each and never on themselves (billing.md 30). A step whose day has
 * passed is run today; a reminder that is more than three days late is skipped. A cancellation keeps its distance to the
 * suspension, however late that came.
 */
export function planDunning(
  rules: DunningRules,
  debt: Debt,
  today: Temporal.PlainDate,
  horizon: Temporal.PlainDate = today,
): PlannedAction[] {
  const debts = listDebts(rules, debt.documents)
  const oldest = findOldest(debts, rules.minimum_amount)
  if (oldest === null) return []
  const earliest = later(today, debt.exempt_until?.add({ days: 1 }) ?? null)
  const steps = sortSteps(rules.steps)
  const planned: PlannedAction[] = []
  for (const step of steps) {
    if (step.action === 'late_fee' || step.action === 'interest')
      planned.push(...planCharges(step, debts, rules.minimum_amount, debt.done, earliest))
  }
  // The suspensions of this debt, run before or in this plan: a cancellation counts from when they came.
  const suspensions: { day: number; on_date: Temporal.PlainDate }[] = debt.done.filter(
    (one) => one.action === 'suspend' && one.invoice_id === oldest.id,
  )
  for (const step of steps) {
    if (step.action === 'late_fee' || step.action === 'interest') continue
    if (debt.done.some((one) => one.step_key === step.key && one.invoice_id === oldest.id)) continue
    const scheduled_on = oldest.due_date.add({ days: step.day })
    const spaced =
      step.action === 'cancel'
        ? suspensions
            .filter((one) => one.day < step.day)
            .reduce((day, one) => later(day, one.on_date.add({ days: step.day - one.day })), scheduled_on)
        : scheduled_on
    const due = nextAllowed(spaced, step.weekdays)
    const on_date = nextAllowed(later(due, earliest), step.weekdays)
    const skipped =
      step.action === 'mail' &&
      (daysBetween(due, on_date) > reminderGraceDays ||
        (step.day < 0 && compare(on_date, oldest.due_date) > 0))
    const until = later(on_date, oldest.due_date)
    const owed = debts.filter((one) => compare(one.due_date, until) <= 0)
    if (step.action === 'suspend') suspensions.push({ day: step.day, on_date })
    planned.push({
      step,
      document: oldest,
      scheduled_on,
      on_date,
      skipped,
      open_amount: owed.reduce((sum, one) => sum + one.open_amount, 0),
      charge: null,
      subscription_ids: [],
    })
  }
  planned.sort(
    (left, right) =>
      compare(left.on_date, right.on_date) ||
      left.step.day - right.step.day ||
      ranks[left.step.action] - ranks[right.step.action] ||
      compare(left.document.due_date, right.document.due_date),
  )
  // Which services a step takes follows from what came before it, in the order of the days on which they act.
  const running = new Map(debt.services.map((service) => [service.id, service.status]))
  for (const one of planned) {
    const until = later(one.on_date, oldest.due_date)
    const owed = debts.filter((document) => compare(document.due_date, until) <= 0)
    one.subscription_ids = chooseServices(one.step, debt.services, running, owed, one.on_date)
  }
  return planned.filter((one) => compare(one.on_date, horizon) <= 0)
}

function planCharges(
  step: DunningStep,
  debts: readonly DebtDocument[],
  minimum: number,
  done: readonly DoneStep[],
  earliest: Temporal.PlainDate,
): PlannedAction[] {
  const kind = step.action as 'late_fee' | 'interest'
  return debts.flatMap((document) => {
    if (document.chargeable < Math.max(1, minimum) || document.charged.includes(kind)) return []
    if (done.some((one) => one.step_key === step.key && one.invoice_id === document.id)) return []
    const charge =
      kind === 'late_fee'
        ? computeLateFee(step, document.chargeable)
        : computeInterest(step, document.chargeable, document.due_date, step.day)
    if (charge <= 0) return []
    const scheduled_on = document.due_date.add({ days: step.day })
    return [
      {
        step,
        document,
        scheduled_on,
        on_date: nextAllowed(later(scheduled_on, earliest), step.weekdays),
        skipped: false,
        open_amount: document.open_amount,
        charge,
        subscription_ids: [],
      },
    ]
  })
}

/** The services that a step takes, and what becomes of them in what is planned after it. */
function chooseServices(
  step: DunningStep,
  services: readonly DebtService[],
  running: Map<string, SubscriptionStatus>,
  owed: readonly DebtDocument[],
  on: Temporal.PlainDate,
): string[] {
  if (step.action !== 'suspend' && step.action !== 'cancel') return []
  const overdue = new Set(owed.filter((one) => compare(one.due_date, on) < 0).map((one) => one.id))
  const chosen: string[] = []
  for (const service of services) {
    const status = running.get(service.id)
    const takes =
      step.action === 'suspend' ? status === 'active' : status !== undefined && status !== 'cancelled'
    if (!takes) continue
    if (step.scope === 'documents' && !service.invoice_ids.some((id) => overdue.has(id))) continue
    running.set(service.id, step.action === 'suspend' ? 'suspended' : 'cancelled')
    chosen.push(service.id)
  }
  return chosen
}
