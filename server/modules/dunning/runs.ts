import { sql } from 'kysely'
import type { DunningResult } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { enqueue, type JobContext } from '../../platform/jobs.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { issueLateCharges, type LateCharges, lockAccounts } from '../billing/index.ts'
import { performChange } from '../changes/index.ts'
import { describeCharge } from './charges.ts'
import { findUnit, listDebtors, loadDebts } from './debts.ts'
import { type PlannedAction, planDunning } from './planning.ts'
import { loadRules } from './rules.ts'

type Rules = NonNullable<Awaited<ReturnType<typeof loadRules>>>
type Unit = NonNullable<Awaited<ReturnType<typeof findUnit>>>

/**
 * Starts the day's run of every business unit with a policy in force whose hour has come, in its own time zone: once a
 * day, whenever this is called, also after a downtime. Returns the runs.
 */
export async function startRuns(tx: Tx, now: Temporal.Instant): Promise<string[]> {
  const started = await sql<{ id: string }>`
    insert into dunning_runs (business_unit_id, policy_id, on_date, started_at)
    select u.id, p.id, local.at::date, ${now}::timestamptz
      from dunning_policies p join business_units u on u.id = p.business_unit_id
     cross join lateral (select ${now}::timestamptz at time zone u.time_zone as at) local
     where p.state = 'in_force' and extract(hour from local.at) >= p.run_hour
    on conflict (business_unit_id, on_date) do nothing
    returning id`.execute(tx)
  const ids = started.rows.map((row) => row.id)
  for (const id of ids) await continueRun(tx, id)
  return ids
}

/** Goes on with a run: at most one job of each waits. */
function continueRun(tx: Tx, id: string): Promise<void> {
  return enqueue(tx, 'dunning:run', { run_id: id }, { key: `dunning:run:${id}` })
}

/** So many accounts are looked at together; those with something to do are then locked and dealt with one by one. */
const batch = 500

/**
 * Runs a policy over the debtors of its business unit for today. Each account is a transaction of its own, planned afresh
 * under the account's lock, so that it may be interrupted, repeated, and run twice at once; one that fails is noted and
 * the others go on.
 */
export async function runDunning(
  context: Pick<JobContext, 'transact' | 'now' | 'stopping' | 'log'>,
  runId: string,
): Promise<void> {
  const begun = await context.transact((tx) => openRun(tx, runId, context.now()))
  if (!begun) return
  const { ids, rules, unit } = begun
  for (let at = 0; at < ids.length; at += batch) {
    if (context.stopping()) return context.transact((tx) => continueRun(tx, runId))
    const due = await context.transact((tx) => listDue(tx, rules, unit, ids.slice(at, at + batch)))
    if (due === null) break
    for (const accountId of due) {
      if (context.stopping()) return context.transact((tx) => continueRun(tx, runId))
      try {
        await context.transact((tx) => dunAccount(tx, rules, unit, accountId, context.now()))
      } catch (error) {
        if (isBroken(error)) throw error
        context.log.error({ err: error, account: accountId }, 'dunning of an account failed')
        await context.transact((tx) => noteFailure(tx, runId, unit.id, accountId, error))
      }
    }
  }
  await context.transact((tx) => finishRun(tx, runId, ids.length, context.now()))
}

/** Whether it is the connection or the server that failed, not the account: then the job is tried again. */
function isBroken(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && (/^(08|53|57|58)/.test(code) || code.startsWith('E'))
}

async function openRun(tx: Tx, runId: string, now: Temporal.Instant) {
  const run = await tx
    .selectFrom('dunning_runs')
    .select(['business_unit_id', 'policy_id'])
    .where('id', '=', runId)
    .where('finished_at', 'is', null)
    .executeTakeFirst()
  if (!run) return null
  const [rules, unit] = await Promise.all([
    loadRules(tx, run.policy_id),
    findUnit(tx, run.business_unit_id, now),
  ])
  if (!rules || !unit) return null
  const lead = Math.max(0, ...rules.steps.map((step) => -step.day))
  return { rules, unit, ids: await listDebtors(tx, unit.id, unit.today.add({ days: lead })) }
}

/** Which of these accounts there is something to do with; null where the policy is no longer in force. */
async function listDue(tx: Tx, rules: Rules, unit: Unit, ids: readonly string[]): Promise<string[] | null> {
  const [state, debts] = await Promise.all([
    tx.selectFrom('dunning_policies').select('state').where('id', '=', rules.id).executeTakeFirst(),
    loadDebts(tx, ids, unit.today),
  ])
  if (state?.state !== 'in_force') return null
  return ids.filter((id) => planDunning(rules, debts.get(id)!, unit.today).length > 0)
}

/**
 * Does with an account what its policy says for today: the account is locked and its debt read under that lock, so that a
 * payment or another run at the same time comes before or after. Returns what was done.
 */
export async function dunAccount(
  tx: Tx,
  rules: Rules,
  unit: Unit,
  accountId: string,
  now: Temporal.Instant,
): Promise<PlannedAction[]> {
  await lockAccounts(tx, [accountId])
  const debt = (await loadDebts(tx, [accountId], unit.today)).get(accountId)!
  const planned = planDunning(rules, debt, unit.today)
  if (planned.length === 0) return []
  const account = await tx
    .selectFrom('accounts')
    .select('language')
    .where('id', '=', accountId)
    .executeTakeFirstOrThrow()
  const notes = await chargeLate(tx, rules, unit, accountId, planned, account.language, now)
  for (const one of planned) {
    const taken = one.skipped ? [] : await takeServices(tx, one, account.language, now)
    const serves = one.step.action === 'suspend' || one.step.action === 'cancel'
    const result: DunningResult = one.skipped ? 'skipped' : serves && taken.length === 0 ? 'nothing' : 'done'
    const { id } = await tx
      .insertInto('dunning_actions')
      .values({
        business_unit_id: unit.id,
        account_id: accountId,
        policy_id: rules.id,
        step_id: one.step.id,
        step_key: one.step.key,
        action: one.step.action,
        day: one.step.day,
        invoice_id: one.document.id,
        scheduled_on: one.scheduled_on,
        on_date: one.on_date,
        result,
        reason: one.skipped ? 'reminder_late' : result === 'nothing' ? 'no_service' : null,
        open_amount: one.open_amount,
        charged: one.charge,
        document_id: notes.get(one.document.id)?.get(one.step.action) ?? null,
        currency: unit.currency,
        subscription_ids: sql<string[]>`${taken}::uuid[]`,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    if (one.step.action === 'suspend' && taken.length > 0) await markSuspensions(tx, id, accountId, taken)
    if (result === 'done' && one.charge === null) await announce(tx, 'dunning.acted', { action_id: id })
  }
  return planned
}

/** One debit note for each document that something is charged for. Returns document → action → debit note. */
async function chargeLate(
  tx: Tx,
  rules: Rules,
  unit: Unit,
  accountId: string,
  planned: readonly PlannedAction[],
  language: Language,
  now: Temporal.Instant,
): Promise<Map<string, Map<string, string>>> {
  const charged = new Map<string, PlannedAction[]>()
  for (const one of planned) {
    if (one.charge === null) continue
    charged.set(one.document.id, [...(charged.get(one.document.id) ?? []), one])
  }
  const due: LateCharges[] = [...charged].map(([about_invoice_id, actions]) => ({
    about_invoice_id,
    issue_date: unit.today,
    due_date: unit.today.add({ days: rules.charge_due_days }),
    lines: actions.map((one) => ({
      role: one.step.action as 'late_fee' | 'interest',
      description: describeCharge(one, unit.currency, language),
      amount: one.charge!,
    })),
  }))
  const ids = await issueLateCharges(tx, unit, accountId, due, now)
  return new Map(
    [...charged].map(([documentId, actions], index) => [
      documentId,
      new Map(actions.map((one) => [one.step.action as string, ids[index]!])),
    ]),
  )
}

/** Suspends or cancels what a step takes. What somebody changed meanwhile is left as it is. Returns what was taken. */
async function takeServices(
  tx: Tx,
  planned: PlannedAction,
  language: Language,
  now: Temporal.Instant,
): Promise<string[]> {
  const taken: string[] = []
  if (planned.subscription_ids.length === 0) return taken
  const reason = translator(language)(`mail:dunning.reason.${planned.step.action}`, {
    number: planned.document.number,
  })
  for (const id of planned.subscription_ids) {
    // What becomes of the days that were billed is for the module of changes to settle (billing.md 19 to 21).
    const changed = await performChange(
      tx,
      id,
      planned.step.action === 'suspend'
        ? { kind: 'suspend', timing: 'now', administrative: false, for_debt: true, reason }
        : { kind: 'cancel', timing: 'now', penalty: false, reason },
      { now, by: null, quiet: true },
    )
    if (!isRefusal(changed)) taken.push(id)
  }
  return taken
}

async function markSuspensions(
  tx: Tx,
  actionId: string,
  accountId: string,
  subscriptionIds: readonly string[],
): Promise<void> {
  await sql`
    insert into dunning_suspensions (action_id, account_id, subscription_id, suspension_id)
    select ${actionId}, ${accountId}, p.subscription_id, p.id from subscription_suspensions p
     where p.subscription_id = any(${subscriptionIds}::uuid[]) and upper_inf(p.period)`.execute(tx)
}

async function noteFailure(
  tx: Tx,
  runId: string,
  unitId: string,
  accountId: string,
  error: unknown,
): Promise<void> {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, 300)
  await tx
    .insertInto('dunning_failures')
    .values({ run_id: runId, business_unit_id: unitId, account_id: accountId, message })
    .onConflict((conflict) => conflict.columns(['run_id', 'account_id']).doUpdateSet({ message }))
    .execute()
}

/** Counts what a run came to: from what it wrote, so that one that was cut off and went on is whole. */
async function finishRun(tx: Tx, runId: string, accounts: number, now: Temporal.Instant): Promise<void> {
  await sql`
    update dunning_runs r
       set finished_at = ${now}::timestamptz, accounts = ${accounts}, done = c.done, skipped = c.skipped,
           failed = (select count(*)::int from dunning_failures f where f.run_id = r.id)
      from (select r2.id, count(a.id) filter (where a.result <> 'skipped')::int as done,
                   count(a.id) filter (where a.result = 'skipped')::int as skipped
              from dunning_runs r2
              left join dunning_actions a on a.business_unit_id = r2.business_unit_id and a.on_date = r2.on_date
             where r2.id = ${runId} group by r2.id) c
     where r.id = c.id and r.finished_at is null`.execute(tx)
}

/** A page of runs, the newest first, with the accounts that failed. */
export function listRuns(tx: Tx, request: ListRequest & { business_unit_id?: string | undefined }) {
  let query = tx
    .selectFrom('dunning_runs')
    .innerJoin('business_units', 'business_units.id', 'dunning_runs.business_unit_id')
    .innerJoin('dunning_policies', 'dunning_policies.id', 'dunning_runs.policy_id')
    .select([
      'dunning_runs.id',
      'dunning_runs.business_unit_id',
      'business_units.name as business_unit_name',
      'dunning_runs.policy_id',
      'dunning_policies.name as policy_name',
      'dunning_runs.on_date',
      'dunning_runs.accounts',
      'dunning_runs.done',
      'dunning_runs.skipped',
      'dunning_runs.failed',
      'dunning_runs.started_at',
      'dunning_runs.finished_at',
      sql<{ account_id: string; account_name: string; message: string }[]>`(
        select coalesce(json_agg(json_build_object('account_id', a.id, 'account_name', a.name, 'message', f.message)
                                 order by f.id), '[]')
          from (select * from dunning_failures f where f.run_id = dunning_runs.id order by f.id limit 50) f
          join accounts a on a.id = f.account_id)`.as('failures'),
    ])
  if (request.business_unit_id)
    query = query.where('dunning_runs.business_unit_id', '=', request.business_unit_id)
  const tie = { by: sql`dunning_runs.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { started_at: tie }, tie)
}
