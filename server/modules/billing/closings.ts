import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { ClosingAccountState } from '../../platform/database.gen.ts'
import { type Pool, type SystemActor, type Tx, transactAsSystem } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { enqueue } from '../../platform/jobs.ts'
import { boundaryOnOrBefore } from '../subscriptions/index.ts'
import { type DueDocument, issueDocuments } from './issuing.ts'
import { lockAccounts } from './ledger.ts'
import {
  type AccountPlan,
  type BillingUnit,
  countInvoices,
  type ParkReason,
  planAccounts,
  readBillingUnits,
  selectDueAccounts,
  totalOf,
} from './planning.ts'

/** How far ahead a closing date may be closed: a month early, whatever the length of the months. */
const farthestDays = 62
const planBatch = 500
const runBatch = 200

/** What a long run needs of the process that it runs in: a job's context fits, and so does the command line's. */
export type RunContext = {
  transact: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  now: () => Temporal.Instant
  /** Asked between batches: true ends the run, which goes on when it is started again. */
  stopping: () => boolean
  progress?: ((done: number, total: number) => void) | undefined
}

export type RunOutcome = 'done' | 'interrupted'

// Life of a closing ------------------------------------------------------------------------------------------------

/**
 * Begins a closing of a business unit up to a date: its preview is prepared in the background. Refuses: not_found;
 * invalid_input where the date is too far ahead or before every closing date of the calendar.
 */
export async function createClosing(
  tx: Tx,
  input: { business_unit_id: string; up_to: Temporal.PlainDate; created_by: string },
  now: Temporal.Instant,
): Promise<string | Refusal> {
  const unit = (await readBillingUnits(tx, [input.business_unit_id])).get(input.business_unit_id)
  if (!unit) return refuseField('business_unit_id', 'not_a_choice')
  const fault = checkUpTo(unit, input.up_to, now)
  if (fault) return fault
  const { id } = await tx
    .insertInto('closings')
    .values({ ...input, currency: unit.currency })
    .returning('id')
    .executeTakeFirstOrThrow()
  await enqueue(tx, 'billing:prepare_closing', { closing_id: id }, { key: `prepare_closing:${id}` })
  return id
}

/** Refuses a date whose last closing date is more than 62 days ahead of the business unit's today. */
export function checkUpTo(
  unit: BillingUnit,
  up_to: Temporal.PlainDate,
  now: Temporal.Instant,
): Refusal | null {
  const boundary = boundaryOnOrBefore(up_to, unit.closing_day)
  const ahead = today(now, unit.time_zone).until(boundary, { largestUnit: 'days' }).days
  return ahead > farthestDays ? refuseField('up_to', 'too_far_ahead', { days: farthestDays }) : null
}

/**
 * Runs what the preview showed, in the background. Starting it again while it runs is harmless: it is how a run that
 * was cut off goes on at once. Refuses: not_found, closing_not_prepared, closing_done.
 */
export async function startClosing(tx: Tx, id: string): Promise<Refusal | undefined> {
  const closing = await tx
    .selectFrom('closings')
    .select(['state', 'prepared_at'])
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (!closing) return notFound()
  if (closing.state === 'done') return refuse('closing_done')
  if (closing.prepared_at === null) return refuse('closing_not_prepared')
  await tx
    .updateTable('closings')
    .set({ state: 'queued', error: null })
    .where('id', '=', id)
    .where('state', 'in', ['prepared', 'failed'])
    .execute()
  await enqueue(tx, 'billing:run_closing', { closing_id: id }, { key: `run_closing:${id}` })
  return undefined
}

/** Throws a preview away. Refuses: not_found, and closing_running once anything may have been charged. */
export async function discardClosing(tx: Tx, id: string): Promise<Refusal | undefined> {
  const closing = await tx
    .selectFrom('closings')
    .select(['state', 'started_at'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!closing) return notFound()
  if (closing.started_at !== null || closing.state === 'queued') return refuse('closing_running')
  await tx.deleteFrom('closing_accounts').where('closing_id', '=', id).execute()
  await tx.deleteFrom('closings').where('id', '=', id).execute()
  return undefined
}

type Closing = { id: string; business_unit_id: string; up_to: Temporal.PlainDate }

/** Enters a state if the closing is in one of `from`; null where it is not, or is gone. */
async function enterState(
  tx: Tx,
  id: string,
  state: 'preparing' | 'running',
  from: readonly ('draft' | 'preparing' | 'queued' | 'running' | 'failed')[],
): Promise<Closing | null> {
  const entered = await tx
    .updateTable('closings')
    .set({
      state,
      error: null,
      ...(state === 'running' ? { started_at: sql<Temporal.Instant>`coalesce(started_at, now())` } : {}),
    })
    .where('id', '=', id)
    .where('state', 'in', from)
    .where('prepared_at', state === 'running' ? 'is not' : 'is', null)
    .returning(['id', 'business_unit_id', 'up_to'])
    .executeTakeFirst()
  return entered ?? null
}

async function demandUnit(tx: Tx, id: string): Promise<BillingUnit> {
  const unit = (await readBillingUnits(tx, [id])).get(id)
  if (!unit) throw new Error(`no business unit ${id}`)
  return unit
}

/** Notes on the closing why its job failed; the job itself is tried again and goes on where it was. */
export async function failClosing(tx: Tx, id: string, error: unknown): Promise<void> {
  await tx
    .updateTable('closings')
    .set({ state: 'failed', error: (error instanceof Error ? error.message : String(error)).slice(0, 1000) })
    .where('id', '=', id)
    .where('state', 'in', ['draft', 'preparing', 'queued', 'running'])
    .execute()
}

// The work, account by account -------------------------------------------------------------------------------------

/**
 * Takes accounts of a closing that nobody else is working on. Where it finds none, either all is done or others are
 * at the last ones: `left` tells.
 */
async function takeAccounts(
  tx: Tx,
  closingId: string,
  unplanned: boolean,
  after: string | null,
  limit: number,
) {
  const taken = await sql<{ account_id: string; fingerprint: Buffer | null }>`
    select account_id, fingerprint from closing_accounts
     where closing_id = ${closingId} and state = 'planned' ${unplanned ? sql`and fingerprint is null` : sql``}
       ${after === null ? sql`` : sql`and account_id > ${after}::uuid`}
     order by account_id limit ${limit} for update skip locked`.execute(tx)
  return taken.rows
}

async function countLeft(tx: Tx, closingId: string, unplanned: boolean): Promise<number> {
  const found = await sql<{ n: number }>`
    select count(*) as n from closing_accounts
     where closing_id = ${closingId} and state = 'planned' ${unplanned ? sql`and fingerprint is null` : sql``}`.execute(
    tx,
  )
  return found.rows[0]!.n
}

/** One account's row of a closing, as it is to be. */
type Mark = {
  account_id: string
  state: ClosingAccountState
  invoices: number
  total: number
  fingerprint: Buffer | null
  reason: string | null
  detail: string | null
}

async function markAccounts(tx: Tx, closingId: string, marks: readonly Mark[]): Promise<void> {
  if (marks.length === 0) return
  await sql`
    update closing_accounts c
       set state = m.state, invoices = m.invoices, total = m.total,
           fingerprint = coalesce(decode(m.fingerprint, 'hex'), c.fingerprint), reason = m.reason, detail = m.detail
      from unnest(${marks.map((mark) => mark.account_id)}::uuid[],
                  ${marks.map((mark) => mark.state)}::closing_account_state[],
                  ${marks.map((mark) => mark.invoices)}::int[], ${marks.map((mark) => mark.total)}::bigint[],
                  ${marks.map((mark) => mark.fingerprint?.toString('hex') ?? null)}::text[],
                  ${marks.map((mark) => mark.reason)}::text[], ${marks.map((mark) => mark.detail)}::text[])
           m (account_id, state, invoices, total, fingerprint, reason, detail)
     where c.closing_id = ${closingId} and c.account_id = m.account_id`.execute(tx)
}

async function dropAccounts(tx: Tx, closingId: string, accountIds: readonly string[]): Promise<void> {
  if (accountIds.length === 0) return
  await sql`delete from closing_accounts where closing_id = ${closingId} and account_id = any(${accountIds}::uuid[])`.execute(
    tx,
  )
}

function park(account_id: string, reason: ParkReason, detail: Record<string, string | number>): Mark {
  return {
    account_id,
    state: 'parked',
    invoices: 0,
    total: 0,
    fingerprint: null,
    reason,
    detail: JSON.stringify(detail),
  }
}

/** Works in batches until nothing is left, with a short wait where others hold the last accounts. */
async function workThrough(
  context: RunContext,
  closingId: string,
  unplanned: boolean,
  total: number,
  batch: (after: string | null) => Promise<string | null>,
): Promise<RunOutcome> {
  let after: string | null = null
  for (;;) {
    if (context.stopping()) return 'interrupted'
    const last: string | null = await batch(after)
    if (last !== null) {
      after = last
      if (context.progress) {
        const left = await context.transact((tx) => countLeft(tx, closingId, unplanned))
        context.progress(total - left, total)
      }
      continue
    }
    if (after !== null) {
      after = null
      continue
    }
    const left = await context.transact((tx) => countLeft(tx, closingId, unplanned))
    if (left === 0) return 'done'
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The accounts that a closing looks at, written as its rows. Repeatable. Returns how many there are. */
async function listAccounts(tx: Tx, unit: BillingUnit, closing: Closing): Promise<number> {
  await sql`
    insert into closing_accounts (closing_id, account_id, business_unit_id, state)
    select ${closing.id}, due.account_id, ${unit.id}, 'planned' from (${selectDueAccounts(unit, closing.up_to)}) due
    on conflict do nothing`.execute(tx)
  const counted = await sql<{ n: number }>`
    update closings c set accounts_total = (select count(*) from closing_accounts a where a.closing_id = c.id)
     where c.id = ${closing.id} returning accounts_total as n`.execute(tx)
  return counted.rows[0]!.n
}

/**
 * Prepares the preview of a closing: each account with something due is planned and fingerprinted, or parked with its
 * reason. Interruptible, repeatable, and safe from several processes at once. A closing that is not there to be
 * prepared (discarded, prepared already) is left alone.
 */
export async function prepareClosing(context: RunContext, closingId: string): Promise<RunOutcome> {
  const begun = await context.transact(async (tx) => {
    const closing = await enterState(tx, closingId, 'preparing', ['draft', 'preparing', 'failed'])
    if (!closing) return null
    const unit = await demandUnit(tx, closing.business_unit_id)
    return { closing, total: await listAccounts(tx, unit, closing) }
  })
  if (!begun) return 'done'
  const { closing, total } = begun
  const outcome = await workThrough(context, closingId, true, total, (after) =>
    context.transact((tx) => planBatchOf(tx, closing, after)),
  )
  if (outcome === 'done') {
    await context.transact((tx) =>
      sql`
        update closings c
           set state = 'prepared', prepared_at = ${context.now()}::timestamptz, accounts_total = t.accounts,
               accounts_done = t.accounts, planned_invoices = t.invoices, planned_total = t.total,
               parked_accounts = t.parked
          from (select count(*)::int as accounts, coalesce(sum(invoices), 0)::int as invoices,
                       coalesce(sum(total), 0)::bigint as total, (count(*) filter (where state = 'parked'))::int as parked
                  from closing_accounts where closing_id = ${closingId}) t
         where c.id = ${closingId} and c.state = 'preparing'`.execute(tx),
    )
  }
  return outcome
}

async function planBatchOf(tx: Tx, closing: Closing, after: string | null): Promise<string | null> {
  const taken = await takeAccounts(tx, closing.id, true, after, planBatch)
  if (taken.length === 0) return null
  const unit = await demandUnit(tx, closing.business_unit_id)
  const ids = taken.map((row) => row.account_id)
  const plans = await planAccounts(tx, unit, ids, closing.up_to)
  const marks: Mark[] = []
  for (const [account_id, plan] of plans) {
    if ('parked' in plan) marks.push(park(account_id, plan.parked, plan.detail))
    else {
      const { documents, fingerprint } = plan
      const [invoices, total] = [countInvoices(documents), totalOf(documents)]
      marks.push({ account_id, state: 'planned', invoices, total, fingerprint, reason: null, detail: null })
    }
  }
  await markAccounts(tx, closing.id, marks)
  await dropAccounts(
    tx,
    closing.id,
    ids.filter((id) => !plans.has(id)),
  )
  return ids.at(-1)!
}

/**
 * Runs a closing. Each batch of accounts is one transaction: locked, planned afresh, compared with what the preview
 * showed, and charged where it is the same; otherwise the account is `changed` and nothing of it is charged
 * (billing.md 18). A closing without a preview charges what it finds. Interruptible, repeatable, and safe from several
 * processes at once: the accounts' locks let only one of them charge a day.
 */
export async function runClosing(context: RunContext, closingId: string): Promise<RunOutcome> {
  const begun = await context.transact(async (tx) => {
    const closing = await enterState(tx, closingId, 'running', ['queued', 'running', 'failed'])
    if (!closing) return null
    const counted = await sql<{ n: number }>`
      select count(*) as n from closing_accounts where closing_id = ${closingId}`.execute(tx)
    return { closing, total: counted.rows[0]!.n }
  })
  if (!begun) return 'done'
  const { closing, total } = begun
  // After the database refused a batch, its accounts go one by one, so that only the one at fault is left out.
  let single = 0
  const outcome = await workThrough(context, closingId, false, total, async (after) => {
    const limit = single > 0 ? 1 : runBatch
    let taken: string[] = []
    try {
      const last = await context.transact((tx) => {
        taken = []
        return runBatchOf(tx, closing, after, limit, context.now(), taken)
      })
      single = Math.max(0, single - 1)
      return last
    } catch (error) {
      if (!isDataFault(error) || taken.length === 0) throw error
      if (taken.length > 1) single = taken.length
      else await context.transact((tx) => parkRefused(tx, closing, taken[0]!, error as DatabaseFault))
      return after
    }
  })
  if (outcome === 'done') await context.transact((tx) => finishClosing(tx, closing, context.now()))
  return outcome
}

type DatabaseFault = Error & { code: string; constraint?: string }

/** Whether the database refused the data (classes 22 and 23), not the connection or the moment. */
function isDataFault(error: unknown): boolean {
  return error instanceof Error && /^2[23]/.test((error as DatabaseFault).code ?? '')
}

async function parkRefused(tx: Tx, closing: Closing, accountId: string, fault: DatabaseFault): Promise<void> {
  const detail = {
    code: fault.code,
    constraint: fault.constraint ?? '',
    message: fault.message.slice(0, 300),
  }
  const rows =
    await sql`select from closing_accounts where closing_id = ${closing.id} and account_id = ${accountId}
    and state = 'planned' for update skip locked`.execute(tx)
  if (rows.rows.length > 0) await markAccounts(tx, closing.id, [park(accountId, 'database_refused', detail)])
}

async function runBatchOf(
  tx: Tx,
  closing: Closing,
  after: string | null,
  limit: number,
  now: Temporal.Instant,
  taken: string[],
): Promise<string | null> {
  const rows = await takeAccounts(tx, closing.id, false, after, limit)
  if (rows.length === 0) return null
  for (const row of rows) taken.push(row.account_id)
  await lockAccounts(tx, taken)
  const unit = await demandUnit(tx, closing.business_unit_id)
  const plans = await planAccounts(tx, unit, taken, closing.up_to)
  const due: DueDocument[] = []
  const marks: Mark[] = []
  const dropped: string[] = []
  for (const { account_id, fingerprint } of rows) {
    const plan = plans.get(account_id)
    if (fingerprint !== null && !isSame(plan, fingerprint)) {
      const mark = {
        state: 'changed',
        invoices: 0,
        total: 0,
        fingerprint: null,
        reason: null,
        detail: null,
      } as const
      marks.push({ account_id, ...mark })
    } else if (!plan) dropped.push(account_id)
    else if ('parked' in plan) marks.push(park(account_id, plan.parked, plan.detail))
    else {
      for (const document of plan.documents) due.push({ account_id, document })
      const [invoices, total] = [countInvoices(plan.documents), totalOf(plan.documents)]
      marks.push({
        account_id,
        state: 'invoiced',
        invoices,
        total,
        fingerprint: plan.fingerprint,
        reason: null,
        detail: null,
      })
    }
  }
  await Promise.all([markAccounts(tx, closing.id, marks), dropAccounts(tx, closing.id, dropped)])
  await issueDocuments(tx, unit, due, { closing_id: closing.id, now })
  return taken.at(-1)!
}

function isSame(plan: AccountPlan | undefined, fingerprint: Buffer): boolean {
  return plan !== undefined && 'documents' in plan && plan.fingerprint.equals(fingerprint)
}

/** Writes what a closing came to. One without a preview that found nothing leaves no trace. */
async function finishClosing(tx: Tx, closing: Closing, now: Temporal.Instant): Promise<void> {
  await sql`
    update closings c
       set state = 'done', finished_at = ${now}::timestamptz, accounts_total = t.accounts, accounts_done = t.accounts,
           issued_invoices = t.invoices, issued_total = t.total, parked_accounts = t.parked,
           changed_accounts = t.changed
      from (select count(*)::int as accounts,
                   coalesce(sum(invoices) filter (where state = 'invoiced'), 0)::int as invoices,
                   coalesce(sum(total) filter (where state = 'invoiced'), 0)::bigint as total,
                   (count(*) filter (where state = 'parked'))::int as parked,
                   (count(*) filter (where state = 'changed'))::int as changed
              from closing_accounts where closing_id = ${closing.id}) t
     where c.id = ${closing.id} and c.state = 'running'`.execute(tx)
  await sql`delete from closings c where c.id = ${closing.id} and c.state = 'done' and c.created_by is null
    and not exists (select from closing_accounts a where a.closing_id = c.id)`.execute(tx)
}

// Closing at once, without a preview -------------------------------------------------------------------------------

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
  },
): Promise<CloseResult | Refusal> {
  const context: RunContext = {
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
    const opened = await context.transact((tx) => openDirectClosing(tx, unit, input.up_to, input.now()))
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
  for (let from = 0; from < ids.length; from += planBatch) {
    if (input.stopping?.()) return { ...result, outcome: 'interrupted' }
    const batch = ids.slice(from, from + planBatch)
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
  const opened = await sql<{ id: string }>`
    with due as materialized (${selectDueAccounts(unit, up_to)}),
    closing as (
      insert into closings (business_unit_id, up_to, state, currency, accounts_total, prepared_at, started_at)
      select ${unit.id}, ${up_to}::date, 'running', ${unit.currency}, (select count(*) from due),
             ${now}::timestamptz, ${now}::timestamptz
       where exists (select from due)
      returning id),
    accounts as (
      insert into closing_accounts (closing_id, account_id, business_unit_id, state)
      select closing.id, due.account_id, ${unit.id}, 'planned' from closing, due)
    select id from closing`.execute(tx)
  const id = opened.rows[0]?.id
  return id === undefined ? null : { id, resumed: false }
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

// Background -------------------------------------------------------------------------------------------------------

/** Goes on with a closing when this process, which is stopping, is started again or another one takes it. */
export async function continueLater(
  tx: Tx,
  task: 'prepare_closing' | 'run_closing',
  id: string,
): Promise<void> {
  await enqueue(tx, `billing:${task}`, { closing_id: id }, { key: `${task}:${id}` })
}
