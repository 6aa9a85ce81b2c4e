// Approving everything that is certain of a statement, in the background.
import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import { type SystemActor, type Tx, transactAsSystem } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refusalOfDatabase, refuse } from '../../platform/errors.ts'
import { enqueue, type JobContext } from '../../platform/jobs.ts'
import { bookLine } from './statement-booking.ts'
import { getStatement } from './statement-lists.ts'
import { bookPlainLines } from './statement-plain-lines.ts'

const running = ['queued', 'running'] as const

/**
 * Starts approving every certain proposal of a statement in the background. Refuses: not_found, statement_not_ready,
 * approval_running, bank_line_without_proposal (there is none).
 */
export async function startApproval(tx: Tx, id: string, actorId: string) {
  const row = await tx
    .selectFrom('bank_statements')
    .select(['state', 'approval_state', 'business_unit_id'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!row) return notFound()
  if (row.state !== 'ready') return refuse('statement_not_ready')
  if (
    row.approval_state !== null &&
    (running as readonly string[]).includes(row.approval_state) &&
    (await hasJob(tx, id))
  )
    return refuse('approval_running')
  const count = await sql<{ n: number }>`
    select count(*)::int as n from bank_statement_lines where statement_id = ${id} and state = 'proposed' and confidence = 'certain'`.execute(
    tx,
  )
  const total = count.rows[0]!.n
  if (total === 0) return refuse('bank_line_without_proposal')
  await tx
    .updateTable('bank_statements')
    .set({
      approval_state: 'queued',
      approval_stop: false,
      approval_total: total,
      approval_done: 0,
      approval_booked: 0,
      approval_by: actorId,
    })
    .where('id', '=', id)
    .execute()
  await sql`select write_audit('started', 'bank_statements', ${id}, null, ${row.business_unit_id}::uuid, null,
    ${JSON.stringify({ approving: total })}::jsonb)`.execute(tx)
  await enqueue(tx, 'payments:approve_statement', { statement_id: id }, { key: `bank_approval:${id}` })
  return getStatement(tx, id)
}

async function hasJob(tx: Tx, id: string): Promise<boolean> {
  const found =
    await sql`select from queued_jobs where key = ${`bank_approval:${id}`} and state <> 'failed'`.execute(tx)
  return found.rows.length > 0
}

/** Stops it after the lines that are under way. Refuses: not_found. */
export async function stopApproval(tx: Tx, id: string) {
  await tx
    .updateTable('bank_statements')
    .set({ approval_stop: true })
    .where('id', '=', id)
    .where('approval_state', 'in', [...running])
    .execute()
  return getStatement(tx, id)
}

/** So many lines are booked in one transaction where nothing keeps them apart. */
const together = 100

/** An approval under way: whose it is, and which of the runs of this statement it is. */
type Approval = { statementId: string; attempt: number; by: string | null; actor: SystemActor }
type Goes = 'next' | 'stop' | 'lost'

/**
 * Approves what is certain of a statement: a hundred lines in a transaction, together with the progress, and a line that needs
 * more than a payment of its account, or that something else is done with, in one of its own. One that dies goes on where it
 * was; one that was taken over, or told to stop, books nothing more. The audit log names who asked.
 */
export async function approveStatement(id: string, config: Config, context: JobContext): Promise<void> {
  const begun = await context.transact((tx) =>
    sql<{ attempt: number; by: string | null; name: string | null }>`
      update bank_statements s
         set approval_state = 'running', approval_attempt = approval_attempt + 1
       where s.id = ${id} and s.approval_state in ('queued', 'running', 'interrupted') and not s.approval_stop
      returning s.approval_attempt as attempt, s.approval_by as by, (select name from users u where u.id = s.approval_by) as name`.execute(
      tx,
    ),
  )
  const run = begun.rows[0]
  if (!run) {
    await context.transact((tx) => endApproval(tx, id, null, 'interrupted'))
    return
  }
  const operation = 'payments:approve_statement'
  const approval: Approval = {
    statementId: id,
    attempt: run.attempt,
    by: run.by,
    actor:
      run.by !== null
        ? { kind: 'staff', way: 'job', operation, id: run.by, name: run.name ?? '' }
        : { kind: 'job', way: 'job', operation, name: operation },
  }
  let after = 0
  for (;;) {
    const lines = await context.transact((tx) =>
      tx
        .selectFrom('bank_statement_lines')
        .select(['id', 'position'])
        .where('statement_id', '=', id)
        .where('state', '=', 'proposed')
        .where('confidence', '=', 'certain')
        .where('position', '>', after)
        .orderBy('position')
        .limit(together)
        .execute(),
    )
    const last = lines.at(-1)
    if (!last) break
    const goes = await approveSome(
      approval,
      lines.map((line) => line.id),
      config,
      context,
    )
    if (goes === 'lost') return
    if (goes !== 'next') {
      await context.transact(async (tx) => {
        await endApproval(tx, id, run.attempt, 'interrupted')
        if (goes === 'paused')
          await enqueue(tx, operation, { statement_id: id }, { key: `bank_approval:${id}` })
      })
      return
    }
    after = last.position
  }
  await context.transact((tx) => endApproval(tx, id, run.attempt, 'done'))
}

/** Books some lines at once, then what could not be booked so, one by one. */
async function approveSome(
  approval: Approval,
  ids: readonly string[],
  config: Config,
  context: JobContext,
): Promise<Goes | 'paused'> {
  if (context.stopping()) return 'paused'
  const { goes, left } = await approveTogether(approval, ids, context)
  if (goes !== 'next') return goes
  for (const id of left) {
    if (context.stopping()) return 'paused'
    const next = await approveOne(approval, id, config, context)
    if (next !== 'next') return next
  }
  return 'next'
}

/** Notes so many lines as done. Throws where another run goes on with this statement: what this one did last is not kept. */
async function noteProgress(
  tx: Tx,
  { statementId, attempt }: Approval,
  done: number,
  booked: number,
): Promise<Goes> {
  const told = await sql<{ stop: boolean }>`
    update bank_statements set approval_done = approval_done + ${done}, approval_booked = approval_booked + ${booked}
     where id = ${statementId} and approval_attempt = ${attempt} returning approval_stop as stop`.execute(tx)
  if (told.rows.length === 0) throw new TakenOver()
  return told.rows[0]!.stop ? 'stop' : 'next'
}

/** Whether an exception is only about lines: what they are refused for, by us or by the database. */
const isRefused = (error: unknown) => error instanceof NotBooked || refusalOfDatabase(error) !== null

async function approveTogether(
  approval: Approval,
  ids: readonly string[],
  context: JobContext,
): Promise<{ goes: Goes; left: readonly string[] }> {
  try {
    return await transactAsSystem(context.pool, approval.actor, async (tx) => {
      const booked = await bookPlainLines(tx, ids, approval.by, context.now())
      if (isRefusal(booked)) throw new NotBooked(booked)
      const goes = await noteProgress(tx, approval, booked.size, booked.size)
      return { goes, left: ids.filter((id) => !booked.has(id)) }
    })
  } catch (error) {
    if (error instanceof TakenOver) return { goes: 'lost', left: [] }
    // Which of them it was is found one by one.
    if (isRefused(error)) return { goes: 'next', left: ids }
    throw error
  }
}

async function approveOne(
  approval: Approval,
  lineId: string,
  config: Config,
  context: JobContext,
): Promise<Goes> {
  try {
    return await transactAsSystem(context.pool, approval.actor, async (tx) => {
      const refused = await bookLine(tx, config, lineId, { certain_only: true }, approval.by, context.now())
      if (refused && !refused.kept) throw new NotBooked(refused)
      return noteProgress(tx, approval, 1, refused ? 0 : 1)
    })
  } catch (error) {
    if (error instanceof TakenOver) return 'lost'
    // What one line is refused for is no reason to leave the others.
    if (!isRefused(error)) throw error
  }
  try {
    return await context.transact((tx) => noteProgress(tx, approval, 1, 0))
  } catch (error) {
    if (error instanceof TakenOver) return 'lost'
    throw error
  }
}

class TakenOver extends Error {}
class NotBooked extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

async function endApproval(
  tx: Tx,
  id: string,
  attempt: number | null,
  state: 'done' | 'interrupted',
): Promise<void> {
  let query = tx
    .updateTable('bank_statements')
    .set({ approval_state: state, approval_stop: false })
    .where('id', '=', id)
    .where('approval_state', 'in', [...running])
  if (attempt !== null) query = query.where('approval_attempt', '=', attempt)
  await query.execute()
}
