import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuseField } from '../../platform/errors.ts'
import type { Page } from '../../platform/pages.ts'
import { findUnit, listDebtors, loadDebts } from './debts.ts'
import { type PlannedAction, planDunning } from './planning.ts'
import { loadRules } from './rules.ts'

/** So many accounts are read at once. */
const batch = 1000
/** How far ahead one may look: the last step comes at most two years after a due date. */
const longest = 800

type Case = { account_id: string; planned: PlannedAction[] }

async function openSimulation(
  tx: Tx,
  policyId: string,
  asOf: Temporal.PlainDate | undefined,
  now: Temporal.Instant,
) {
  const rules = await loadRules(tx, policyId)
  if (!rules) return notFound()
  const unit = await findUnit(tx, rules.business_unit_id, now)
  if (!unit) return notFound()
  const horizon = asOf ?? unit.today
  if (Temporal.PlainDate.compare(horizon, unit.today) < 0) return refuseField('as_of', 'in_the_past')
  if (Temporal.PlainDate.compare(horizon, unit.today.add({ days: longest })) > 0)
    return refuseField('as_of', 'too_far_ahead', { days: longest })
  // A notice comes before its document is due.
  const lead = Math.max(0, ...rules.steps.map((step) => -step.day))
  const ids = await listDebtors(tx, unit.id, horizon.add({ days: lead }))
  return { rules, unit, horizon, ids }
}

type Opened = Exclude<Awaited<ReturnType<typeof openSimulation>>, Refusal>

async function planBatch(tx: Tx, opened: Opened, ids: readonly string[]): Promise<Case[]> {
  const { rules, unit, horizon } = opened
  const debts = await loadDebts(tx, ids, unit.today)
  return ids.map((account_id) => ({
    account_id,
    planned: planDunning(rules, debts.get(account_id)!, unit.today, horizon),
  }))
}

/**
 * What a policy, in force or not, would do to today's debtors up to a day (today where it is left out) if nobody paid: per
 * step how many accounts and how much. The same planning as the run's; nothing is written. The fingerprint changes when
 * the policy or any of the numbers does. Refuses: not_found, invalid_input (a day in the past or too far ahead).
 */
export async function summarizeSimulation(
  tx: Tx,
  policyId: string,
  asOf: Temporal.PlainDate | undefined,
  now: Temporal.Instant,
) {
  const opened = await openSimulation(tx, policyId, asOf, now)
  if (isRefusal(opened)) return opened
  const { rules, unit, horizon, ids } = opened
  const steps = rules.steps.map((step) => ({
    step_id: step.id,
    day: step.day,
    action: step.action,
    accounts: 0,
    documents: 0,
    skipped: 0,
    open_amount: 0,
    charge: 0,
    services: 0,
  }))
  const byStep = new Map(steps.map((step) => [step.step_id, step]))
  let affected = 0
  for (let at = 0; at < ids.length; at += batch) {
    for (const { planned } of await planBatch(tx, opened, ids.slice(at, at + batch))) {
      if (planned.some((one) => !one.skipped)) affected++
      const met = new Set<string>()
      for (const one of planned) {
        const sums = byStep.get(one.step.id)!
        if (one.skipped) {
          sums.skipped++
          continue
        }
        if (!met.has(one.step.id)) sums.accounts++
        met.add(one.step.id)
        sums.documents++
        sums.open_amount += one.open_amount
        sums.charge += one.charge ?? 0
        sums.services += one.subscription_ids.length
      }
    }
  }
  const { minimum_amount, charge_due_days, due_from } = rules
  const fingerprint = createHash('sha256')
    .update(
      JSON.stringify([
        rules.steps,
        minimum_amount,
        charge_due_days,
        due_from,
        unit.today,
        horizon,
        affected,
        steps,
      ]),
    )
    .digest('hex')
  return {
    policy_id: policyId,
    business_unit_id: unit.id,
    currency: unit.currency,
    today: unit.today,
    as_of: horizon,
    debtors: ids.length,
    affected,
    steps,
    fingerprint,
  }
}

/** What would be done to one account, with the account. */
export type SimulatedAction = {
  account_id: string
  account_number: number
  account_name: string
  step_id: string
  action: PlannedAction['step']['action']
  day: number
  on_date: Temporal.PlainDate
  skipped: boolean
  invoice_id: string
  number: string
  due_date: Temporal.PlainDate
  open_amount: number
  charge: number | null
  services: number
  currency: string
}

/**
 * A page of the single actions of a simulation, account by account; a page ends with an account, so it may be a little
 * longer than asked for. Refuses like summarizeSimulation.
 */
export async function listSimulatedActions(
  tx: Tx,
  policyId: string,
  request: {
    limit: number
    cursor?: string | undefined
    as_of?: Temporal.PlainDate | undefined
    step_id?: string | undefined
    skipped?: 'shown' | 'hidden' | undefined
  },
  now: Temporal.Instant,
): Promise<Page<SimulatedAction> | Refusal> {
  const opened = await openSimulation(tx, policyId, request.as_of, now)
  if (isRefusal(opened)) return opened
  const { unit } = opened
  const after = readCursor(request.cursor)
  const ids = after === null ? opened.ids : opened.ids.filter((id) => id > after)
  const cases: Case[] = []
  let found = 0
  let next_cursor: string | null = null
  search: for (let at = 0; at < ids.length; at += batch) {
    for (const one of await planBatch(tx, opened, ids.slice(at, at + batch))) {
      const planned = one.planned.filter(
        (action) =>
          (request.step_id === undefined || action.step.id === request.step_id) &&
          !(action.skipped && request.skipped === 'hidden'),
      )
      if (planned.length === 0) continue
      if (found >= request.limit) {
        next_cursor = Buffer.from(cases.at(-1)!.account_id).toString('base64url')
        break search
      }
      cases.push({ account_id: one.account_id, planned })
      found += planned.length
    }
  }
  const { rows: accounts } = await sql<{ id: string; number: number; name: string }>`
    select id, number, name from accounts where id = any(${cases.map((one) => one.account_id)}::uuid[])`.execute(
    tx,
  )
  const named = new Map(accounts.map((account) => [account.id, account]))
  const items = cases.flatMap(({ account_id, planned }) => {
    const account = named.get(account_id)!
    return planned.map((one) => ({
      account_id,
      account_number: account.number,
      account_name: account.name,
      step_id: one.step.id,
      action: one.step.action,
      day: one.step.day,
      on_date: one.on_date,
      skipped: one.skipped,
      invoice_id: one.document.id,
      number: one.document.number,
      due_date: one.document.due_date,
      open_amount: one.open_amount,
      charge: one.charge,
      services: one.subscription_ids.length,
      currency: unit.currency,
    }))
  })
  return { items, next_cursor }
}

function readCursor(cursor: string | undefined): string | null {
  const text = cursor === undefined ? '' : Buffer.from(cursor, 'base64url').toString()
  return /^[0-9a-f-]{36}$/.test(text) ? text : null
}
