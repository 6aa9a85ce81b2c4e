import { type RawBuilder, sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import { today } from '../../platform/calendar.ts'
import type { ClosingAccountState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { enqueue } from '../../platform/jobs.ts'
import { boundaryOnOrBefore } from '../subscriptions/index.ts'
import { keepComparison } from './closing-comparison.ts'
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

/** Accounts of one transaction: few enough to be over soon, many enough to share what each statement costs. */
const batchSizes = { least: 20, most: 500, batches: 64 }

/** How many connections of this process work at a closing unless somebody says otherwise. */
export const usualWorkers = 2

/** What a long run needs of the process that it runs in: a job's context fits, and so does the command line's. */
export type RunContext = {
  transact: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  now: () => Temporal.Instant
  /** Asked between batches: true ends the run, which goes on when it is started again. */
  stopping: () => boolean
  progress?: ((done: number, total: number) => void) | undefined
  /** Batches that this process works at at once, each on a connection of its own. */
  workers?: number | undefined
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

/**
 * Takes up again what a closing left out, and nothing else: a closing of its own over the accounts that were parked or had
 * changed, with a preview like any other (billing.md 14, 18). One that is under way already is returned. Refuses:
 * not_found, closing_not_done, closing_nothing_left.
 */
export async function retryClosing(
  tx: Tx,
  id: string,
  created_by: string,
): Promise<{ id: string } | Refusal> {
  const closing = await tx
    .selectFrom('closings')
    .select(['state', 'business_unit_id', 'up_to', 'currency', 'parked_accounts', 'changed_accounts'])
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (!closing) return notFound()
  if (closing.state !== 'done') return refuse('closing_not_done')
  if (closing.parked_accounts + closing.changed_accounts === 0) return refuse('closing_nothing_left')
  const { business_unit_id, up_to, currency } = closing
  const begun = await tx
    .selectFrom('closings')
    .select('id')
    .where('retry_of_id', '=', id)
    .where('state', '<>', 'done')
    .executeTakeFirst()
  if (begun) return begun
  const made = await tx
    .insertInto('closings')
    .values({ business_unit_id, up_to, currency, created_by, retry_of_id: id })
    .returning('id')
    .executeTakeFirstOrThrow()
  await enqueue(tx, 'billing:prepare_closing', { closing_id: made.id }, { key: `prepare_closing:${made.id}` })
  return made
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
  // As many jobs as there may be workers: each is taken by whichever process is free, and they share the batches.
  for (let worker = 1; worker <= usualWorkers; worker++)
    await enqueue(tx, 'billing:run_closing', { closing_id: id }, { key: `run_closing:${id}:${worker}` })
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

type Closing = {
  id: string
  business_unit_id: string
  up_to: Temporal.PlainDate
  created_by: string | null
  retry_of_id: string | null
}

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
    .returning(['id', 'business_unit_id', 'up_to', 'created_by', 'retry_of_id'])
    .executeTakeFirst()
  return entered ?? null
}

/** A business unit as billing reads it. @throws where there is none. */
export async function demandUnit(tx: Tx, id: string): Promise<BillingUnit> {
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

// The work, batch by batch -----------------------------------------------------------------------------------------

/** Accounts of a closing that are worked at together, in one transaction. */
type Batch = { id: number; account_ids: string[] }

/** What a batch came to. */
type BatchOutcome = { invoices: number; total: number; parked: number; changed: number }

/** Cuts the accounts that a closing looks at into batches. Returns how many accounts there are. */
export async function listBatches(tx: Tx, closingId: string, accounts: RawBuilder<unknown>): Promise<number> {
  const { least, most, batches } = batchSizes
  const listed = await sql<{ n: number }>`
    with due as materialized (
      select account_id, row_number() over (order by account_id) - 1 as place, count(*) over () as n
        from (select distinct account_id from (${accounts}) every_row) one_each),
    written as (
      insert into closing_batches (closing_id, accounts, account_ids)
      select ${closingId}, count(*), array_agg(account_id order by account_id)
        from due group by place / greatest(${least}::int, least(${most}::int, n / ${batches}::int))
       order by min(place)),
    counted as (select count(*)::int as n from due)
    update closings c set accounts_total = counted.n from counted where c.id = ${closingId} returning counted.n`.execute(
    tx,
  )
  return listed.rows[0]!.n
}

/** The phases of a closing, each with the column that says when a batch has been through it. */
const phases = { plan: sql.ref('planned_at'), charge: sql.ref('done_at') }

type Phase = keyof typeof phases

/** Locks a batch that nobody else is working at. */
async function takeBatch(tx: Tx, closingId: string, phase: Phase): Promise<Batch | null> {
  const taken = await sql<Batch>`
    select id, account_ids from closing_batches where closing_id = ${closingId} and ${phases[phase]} is null
     order by id limit 1 for update skip locked`.execute(tx)
  return taken.rows[0] ?? null
}

async function finishBatch(
  tx: Tx,
  phase: Phase,
  batch: Batch,
  outcome: BatchOutcome,
  now: Temporal.Instant,
): Promise<void> {
  // An account that the preview parked is not looked at again: it stays counted.
  const before = phase === 'plan' ? sql`0` : sql`parked`
  await sql`
    update closing_batches
       set ${phases[phase]} = ${now}::timestamptz, invoices = ${outcome.invoices}::int, total = ${outcome.total}::bigint,
           parked = ${before} + ${outcome.parked}::int, changed = ${outcome.changed}::int where id = ${batch.id}`.execute(
    tx,
  )
}

async function countBatches(
  tx: Tx,
  closingId: string,
  phase: Phase,
): Promise<{ done: number; left: number }> {
  const found = await sql<{ done: number; left: number }>`
    select coalesce(sum(accounts) filter (where ${phases[phase]} is not null), 0)::int as done,
           count(*) filter (where ${phases[phase]} is null)::int as left
      from closing_batches where closing_id = ${closingId}`.execute(tx)
  return found.rows[0]!
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

/** Writes accounts' rows, or changes those that a preview wrote. */
async function markAccounts(tx: Tx, closing: Closing, marks: readonly Mark[]): Promise<void> {
  if (marks.length === 0) return
  const row = sql`unnest(${arrayLiteral(marks.map((mark) => mark.account_id))}::uuid[],
                  ${arrayLiteral(marks.map((mark) => mark.state))}::closing_account_state[],
                  ${arrayLiteral(marks.map((mark) => mark.invoices))}::int[], ${arrayLiteral(marks.map((mark) => mark.total))}::bigint[],
                  ${arrayLiteral(marks.map((mark) => mark.fingerprint?.toString('hex') ?? null))}::text[],
                  ${arrayLiteral(marks.map((mark) => mark.reason))}::text[], ${arrayLiteral(marks.map((mark) => mark.detail))}::text[])
           m (account_id, state, invoices, total, fingerprint, reason, detail)`
  await sql`
    insert into closing_accounts (closing_id, account_id, business_unit_id, state, invoices, total, fingerprint, reason, detail)
    select ${closing.id}, m.account_id, ${closing.business_unit_id}, m.state, m.invoices, m.total, decode(m.fingerprint, 'hex'),
           m.reason, m.detail from ${row}
    on conflict (closing_id, account_id) do update
       set state = excluded.state, invoices = excluded.invoices, total = excluded.total, reason = excluded.reason,
           detail = excluded.detail, fingerprint = coalesce(excluded.fingerprint, closing_accounts.fingerprint)`.execute(
    tx,
  )
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

function outcomeOf(marks: readonly Mark[]): BatchOutcome {
  const outcome: BatchOutcome = { invoices: 0, total: 0, parked: 0, changed: 0 }
  for (const mark of marks) {
    outcome.invoices += mark.invoices
    outcome.total += mark.total
    if (mark.state === 'parked') outcome.parked++
    if (mark.state === 'changed') outcome.changed++
  }
  return outcome
}

/**
 * Works at batches until none is left, several at once, together with whatever other process does the same: each batch is
 * locked by who works at it, and what is killed gives its batch back. `refused` is asked what to do where the database
 * refused a batch; without it, a refusal is an exception.
 */
async function workThrough(
  context: RunContext,
  closingId: string,
  phase: Phase,
  work: (tx: Tx, batch: Batch) => Promise<BatchOutcome>,
  refused?: (batch: Batch, error: DatabaseFault) => Promise<void>,
): Promise<RunOutcome> {
  let failed = false
  const total = context.progress
    ? await context.transact(async (tx) => {
        const found = await sql<{
          n: number
        }>`select coalesce(sum(accounts), 0)::int as n from closing_batches where closing_id = ${closingId}`.execute(
          tx,
        )
        return found.rows[0]!.n
      })
    : 0
  const takeTurns = async (): Promise<RunOutcome> => {
    for (;;) {
      if (failed || context.stopping()) return 'interrupted'
      let batch: Batch | null = null
      try {
        await context.transact(async (tx) => {
          batch = await takeBatch(tx, closingId, phase)
          if (batch) await finishBatch(tx, phase, batch, await work(tx, batch), context.now())
        })
      } catch (error) {
        if (!refused || !batch || !isDataFault(error)) {
          failed = true
          throw error
        }
        await refused(batch, error as DatabaseFault)
      }
      if (batch) {
        if (context.progress) {
          const { done } = await context.transact((tx) => countBatches(tx, closingId, phase))
          context.progress(done, total)
        }
        continue
      }
      const { left } = await context.transact((tx) => countBatches(tx, closingId, phase))
      if (left === 0) return 'done'
      // Others hold the last ones: should they be killed, these are ours.
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const outcomes = await Promise.all(Array.from({ length: context.workers ?? 1 }, takeTurns))
  return outcomes.includes('interrupted') ? 'interrupted' : 'done'
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
    const listed = await sql`select from closing_batches where closing_id = ${closing.id} limit 1`.execute(tx)
    if (listed.rows.length === 0) {
      const accounts =
        closing.retry_of_id === null
          ? selectDueAccounts(unit, closing.up_to)
          : sql`select account_id from closing_accounts
                 where closing_id = ${closing.retry_of_id} and state in ('parked', 'changed')`
      await listBatches(tx, closing.id, accounts)
    }
    return { closing, unit }
  })
  if (!begun) return 'done'
  const { closing, unit } = begun
  const outcome = await workThrough(context, closingId, 'plan', (tx, batch) =>
    planBatchOf(tx, closing, unit, batch),
  )
  if (outcome === 'done') {
    await context.transact(async (tx) => {
      const prepared = await sql`
        update closings c
           set state = 'prepared', prepared_at = ${context.now()}::timestamptz, accounts_total = t.accounts,
               accounts_done = t.accounts, planned_invoices = t.invoices, planned_total = t.total,
               parked_accounts = t.parked
          from (select count(*)::int as accounts, coalesce(sum(invoices), 0)::int as invoices,
                       coalesce(sum(total), 0)::bigint as total, (count(*) filter (where state = 'parked'))::int as parked
                  from closing_accounts where closing_id = ${closingId}) t
         where c.id = ${closingId} and c.state = 'preparing' returning c.id`.execute(tx)
      if (prepared.rows.length > 0) await keepComparison(tx, closing)
    })
  }
  return outcome
}

async function planBatchOf(tx: Tx, closing: Closing, unit: BillingUnit, batch: Batch): Promise<BatchOutcome> {
  const plans = await planAccounts(tx, unit, batch.account_ids, closing.up_to)
  const marks: Mark[] = []
  for (const [account_id, plan] of plans) {
    if ('parked' in plan) marks.push(park(account_id, plan.parked, plan.detail))
    else {
      const { documents, fingerprint } = plan
      const [invoices, total] = [countInvoices(documents), totalOf(documents)]
      marks.push({ account_id, state: 'planned', invoices, total, fingerprint, reason: null, detail: null })
    }
  }
  await markAccounts(tx, closing, marks)
  return outcomeOf(marks)
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
    return closing && { closing, unit: await demandUnit(tx, closing.business_unit_id) }
  })
  if (!begun) return 'done'
  const { closing, unit } = begun
  const outcome = await workThrough(
    context,
    closingId,
    'charge',
    (tx, batch) => chargeBatchOf(tx, closing, unit, batch, context.now()),
    // After the database refused a batch, its accounts go one by one, so that only the one at fault is left out.
    (batch, error) =>
      context.transact((tx) =>
        batch.account_ids.length > 1
          ? splitBatch(tx, batch)
          : parkRefused(tx, closing, batch, error, context.now()),
      ),
  )
  if (outcome === 'done') await context.transact((tx) => finishClosing(tx, closing, context.now()))
  return outcome
}

type DatabaseFault = Error & { code: string; constraint?: string }

/** Whether the database refused the data (classes 22 and 23), not the connection or the moment. */
function isDataFault(error: unknown): boolean {
  return error instanceof Error && /^2[23]/.test((error as DatabaseFault).code ?? '')
}

async function splitBatch(tx: Tx, batch: Batch): Promise<void> {
  await sql`
    with whole as (
      delete from closing_batches where id = (
        select id from closing_batches where id = ${batch.id} and done_at is null for update skip locked)
      returning closing_id, account_ids, planned_at)
    insert into closing_batches (closing_id, accounts, account_ids, planned_at)
    select w.closing_id, 1, array[a.id], w.planned_at from whole w cross join unnest(w.account_ids) a (id)`.execute(
    tx,
  )
}

async function parkRefused(
  tx: Tx,
  closing: Closing,
  batch: Batch,
  fault: DatabaseFault,
  now: Temporal.Instant,
): Promise<void> {
  const detail = {
    code: fault.code,
    constraint: fault.constraint ?? '',
    message: fault.message.slice(0, 300),
  }
  const rows = await sql`
    select from closing_batches where id = ${batch.id} and done_at is null for update skip locked`.execute(tx)
  if (rows.rows.length === 0) return
  const marks = [park(batch.account_ids[0]!, 'database_refused', detail)]
  await markAccounts(tx, closing, marks)
  await finishBatch(tx, 'charge', batch, outcomeOf(marks), now)
}

async function chargeBatchOf(
  tx: Tx,
  closing: Closing,
  unit: BillingUnit,
  batch: Batch,
  now: Temporal.Instant,
): Promise<BatchOutcome> {
  const shown = closing.created_by === null ? null : await readFingerprints(tx, closing.id, batch)
  const ids = shown ? [...shown.keys()] : batch.account_ids
  await lockAccounts(tx, ids)
  const plans = await planAccounts(tx, unit, ids, closing.up_to)
  const due: DueDocument[] = []
  const marks: Mark[] = []
  const dropped: string[] = []
  for (const account_id of ids) {
    const plan = plans.get(account_id)
    const fingerprint = shown?.get(account_id) ?? null
    if (fingerprint !== null && !isSame(plan, fingerprint)) {
      const nothing = { invoices: 0, total: 0, fingerprint: null, reason: null, detail: null }
      marks.push({ account_id, state: 'changed', ...nothing })
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
        fingerprint: null,
        reason: null,
        detail: null,
      })
    }
  }
  // The documents come last: from the moment that they have their numbers, whoever bills the same series waits.
  await Promise.all([
    markAccounts(tx, closing, marks),
    shown ? dropAccounts(tx, closing.id, dropped) : undefined,
    issueDocuments(tx, unit, due, { closing_id: closing.id, now }),
  ])
  return outcomeOf(marks)
}

/** What the preview showed of the accounts of a batch. */
async function readFingerprints(
  tx: Tx,
  closingId: string,
  batch: Batch,
): Promise<Map<string, Buffer | null>> {
  const found = await sql<{ account_id: string; fingerprint: Buffer | null }>`
    select account_id, fingerprint from closing_accounts
     where closing_id = ${closingId} and account_id = any(${batch.account_ids}::uuid[]) and state = 'planned'
     order by account_id`.execute(tx)
  return new Map(found.rows.map((row) => [row.account_id, row.fingerprint]))
}

function isSame(plan: AccountPlan | undefined, fingerprint: Buffer): boolean {
  return plan !== undefined && 'documents' in plan && plan.fingerprint.equals(fingerprint)
}

/** Writes what a closing came to. One without a preview that found nothing new leaves no trace. */
async function finishClosing(tx: Tx, closing: Closing, now: Temporal.Instant): Promise<void> {
  const done = await sql<{ told: boolean }>`
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
     where c.id = ${closing.id} and c.state = 'running'
    returning c.charged or c.created_by is not null as told`.execute(tx)
  if (done.rows.length === 0) return
  if (done.rows[0]!.told) return keepComparison(tx, closing)
  // What the clock could not bill yesterday either is told once; the command line says it each time that it is asked.
  const told = await sql`
    select from closings c join closing_accounts a on a.closing_id = c.id
     where c.id = ${closing.id} and (c.origin <> 'clock' or not exists (
       select from closing_accounts p join closings before on before.id = p.closing_id
        where p.account_id = a.account_id and p.state = a.state and p.reason is not distinct from a.reason
          and before.id < c.id and before.state = 'done')) limit 1`.execute(tx)
  if (told.rows.length > 0) return keepComparison(tx, closing)
  await tx.deleteFrom('closing_accounts').where('closing_id', '=', closing.id).execute()
  await tx.deleteFrom('closings').where('id', '=', closing.id).execute()
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
