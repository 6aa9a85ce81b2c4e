// Closing at once, without a preview: the command line, the clock, and single accounts.
import { sql } from 'kysely'
import { type Pool, type SystemActor, type Tx, transactAsSystem } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import {
  checkUpTo,
  demandUnit,
  listBatches,
  type RunContext,
  type RunOutcome,
  runClosing,
  usualWorkers,
} from './closings.ts'
import { issueDocuments } from './issuing.ts'
import { lockAccounts } from './ledger.ts'
import {
  type BillingUnit,
  countInvoices,
  planAccounts,
  readBillingUnits,
  selectDueAccounts,
  totalOf,
} from './planning.ts'

const previewBatch = 500

export type CloseResult = {
  outcome: RunOutcome
  /** Null where nothing was due. */
  closing_id: string | null
  accounts: number
  invoices: number
  /** In minor units of `currency`. */
  total: number
  currency: string
  /** Accounts that could not be billed; see the closing. */
  parked: number
}

const commandActor: SystemActor = { kind: 'system', way: 'command', operation: 'close_unit' }

/**
 * Closes a business unit up to a date in this process: finds every day that is not billed yet and bills it
 * (billing.md 13). Run again it writes nothing; stopped or killed anywhere and run again, or run by several processes
 * at once, it ends the same. Refuses: not_found, invalid_input (the date is too far ahead).
 */
export async function closeUnit(
  pool: Pool,
  input: {
    business_unit_id: string
    up_to: Temporal.PlainDate
    now: () => Temporal.Instant
    stopping?: () => boolean
    progress?: (done: number, total: number) => void
    actor?: SystemActor
    /** Batches at once; two unless said otherwise. */
    workers?: number
    /** Set by the clock, with the first day that it catches up. */
    clock?: { behind_since: Temporal.PlainDate | null }
  },
): Promise<CloseResult | Refusal> {
  const context: RunContext = {
    workers: input.workers ?? usualWorkers,
    transact: (work) => transactAsSystem(pool, input.actor ?? commandActor, work),
    now: input.now,
    stopping: input.stopping ?? (() => false),
    progress: input.progress,
  }
  const unit = await context.transact(async (tx) => {
    const found = (await readBillingUnits(tx, [input.business_unit_id])).get(input.business_unit_id)
    if (!found) return notFound()
    return checkUpTo(found, input.up_to, input.now()) ?? found
  })
  if (isRefusal(unit)) return unit
  const result: CloseResult = {
    outcome: 'done',
    closing_id: null,
    accounts: 0,
    invoices: 0,
    total: 0,
    currency: unit.currency,
    parked: 0,
  }
  // What became due after an unfinished closing had listed its accounts is for one more.
  for (let resumed = true; resumed && result.outcome === 'done'; ) {
    const opened = await context.transact((tx) =>
      openDirectClosing(tx, unit, input.up_to, input.now(), input.clock ?? null),
    )
    if (opened === null) break
    resumed = opened.resumed
    result.outcome = await runClosing(context, opened.id)
    const counted = await context.transact((tx) => countClosing(tx, opened.id))
    if (counted.accounts === 0 && result.outcome === 'done') continue
    result.closing_id = opened.id
    result.accounts += counted.accounts
    result.invoices += counted.invoices
    result.total += counted.total
    result.parked = counted.parked
  }
  return result
}

export type PreviewResult = Omit<CloseResult, 'closing_id'>

/**
 * What closeUnit would bill now, by the same planning, and nothing is written. Refuses: not_found, invalid_input (the
 * date is too far ahead).
 */
export async function previewUnit(
  pool: Pool,
  input: {
    business_unit_id: string
    up_to: Temporal.PlainDate
    now: () => Temporal.Instant
    stopping?: () => boolean
    progress?: (done: number, total: number) => void
  },
): Promise<PreviewResult | Refusal> {
  const transactHere = <T>(work: (tx: Tx) => Promise<T>) => transactAsSystem(pool, commandActor, work)
  const found = await transactHere(async (tx) => {
    const unit = (await readBillingUnits(tx, [input.business_unit_id])).get(input.business_unit_id)
    if (!unit) return notFound()
    const fault = checkUpTo(unit, input.up_to, input.now())
    if (fault) return fault
    const due = await sql<{ account_id: string }>`${selectDueAccounts(unit, input.up_to)}`.execute(tx)
    return { unit, ids: due.rows.map((row) => row.account_id) }
  })
  if (isRefusal(found)) return found
  const { unit, ids } = found
  const result: PreviewResult = {
    outcome: 'done',
    accounts: 0,
    invoices: 0,
    total: 0,
    currency: unit.currency,
    parked: 0,
  }
  for (let from = 0; from < ids.length; from += previewBatch) {
    if (input.stopping?.()) return { ...result, outcome: 'interrupted' }
    const batch = ids.slice(from, from + previewBatch)
    const plans = await transactHere((tx) => planAccounts(tx, unit, batch, input.up_to))
    for (const plan of plans.values()) {
      result.accounts++
      if ('parked' in plan) result.parked++
      else {
        result.invoices += countInvoices(plan.documents)
        result.total += totalOf(plan.documents)
      }
    }
    input.progress?.(from + batch.length, ids.length)
  }
  return result
}

async function countClosing(tx: Tx, id: string) {
  const counted = await sql<{ accounts: number; invoices: number; total: number; parked: number }>`
    select count(*) as accounts, coalesce(sum(invoices), 0)::bigint as invoices,
           coalesce(sum(total), 0)::bigint as total, count(*) filter (where state = 'parked') as parked
      from closing_accounts where closing_id = ${id} and state in ('invoiced', 'parked')`.execute(tx)
  return counted.rows[0]!
}

/**
 * The unfinished closing without a preview up to this date, so that a run that was cut off goes on and one that is
 * under way is joined; else a new one over every account with something due. Null where nothing is.
 */
async function openDirectClosing(
  tx: Tx,
  unit: BillingUnit,
  up_to: Temporal.PlainDate,
  now: Temporal.Instant,
  clock: { behind_since: Temporal.PlainDate | null } | null,
): Promise<{ id: string; resumed: boolean } | null> {
  await sql`select pg_advisory_xact_lock(hashtext('zaguan.closing'), hashtext(${unit.id}))`.execute(tx)
  const unfinished = await tx
    .selectFrom('closings')
    .select('id')
    .where('business_unit_id', '=', unit.id)
    .where('up_to', '=', up_to)
    .where('created_by', 'is', null)
    .where('state', 'in', ['running', 'failed'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (unfinished) return { id: unfinished.id, resumed: true }
  const { id } = await tx
    .insertInto('closings')
    .values({
      business_unit_id: unit.id,
      up_to,
      state: 'running',
      currency: unit.currency,
      prepared_at: now,
      started_at: now,
      origin: clock ? 'clock' : 'command',
      behind_since: clock?.behind_since ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const total = await listBatches(tx, id, selectDueAccounts(unit, up_to))
  if (total > 0) return { id, resumed: false }
  await tx.deleteFrom('closings').where('id', '=', id).execute()
  return null
}

/**
 * Bills one account up to a date, in the caller's transaction and without a closing around it. Refuses: not_found,
 * invalid_input (too far ahead), account_parked (its state cannot be billed).
 */
export async function closeAccount(
  tx: Tx,
  input: { account_id: string; up_to: Temporal.PlainDate },
  now: Temporal.Instant,
): Promise<{ invoice_ids: string[]; total: number } | Refusal> {
  await lockAccounts(tx, [input.account_id])
  const account = await tx
    .selectFrom('accounts')
    .select('business_unit_id')
    .where('id', '=', input.account_id)
    .executeTakeFirst()
  if (!account) return notFound()
  const unit = await demandUnit(tx, account.business_unit_id)
  const fault = checkUpTo(unit, input.up_to, now)
  if (fault) return fault
  const plan = (await planAccounts(tx, unit, [input.account_id], input.up_to)).get(input.account_id)
  if (!plan) return { invoice_ids: [], total: 0 }
  if ('parked' in plan) return refuse('account_parked', { params: { reason: plan.parked } })
  const due = plan.documents.map((document) => ({ account_id: input.account_id, document }))
  return issueDocuments(tx, unit, due, { closing_id: null, now })
}
