// Approving everything that is certain of a statement, in the background.
import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import { type SystemActor, type Tx, transactAsSystem } from '../../platform/database.ts'
import { notFound, type Refusal, refusalOfDatabase, refuse } from '../../platform/errors.ts'
import { enqueue, type JobContext } from '../../platform/jobs.ts'
import { bookLine } from './statement-booking.ts'
import { getStatement } from './statement-lists.ts'

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

/** Stops it after the line that is under way. Refuses: not_found. */
export async function stopApproval(tx: Tx, id: string) {
  await tx
    .updateTable('bank_statements')
    .set({ approval_stop: true })
    .where('id', '=', id)
    .where('approval_state', 'in', [...running])
    .execute()
  return getStatement(tx, id)
}

/**
 * Approves what is certain of a statement, a transaction for each line together with the progress. One that dies goes on where
 * it was; one that was taken over, or told to stop, books nothing more. The audit log names who asked.
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
  const actor: SystemActor =
    run.by !== null
      ? {
          kind: 'staff',
          way: 'job',
          operation: 'payments:approve_statement',
          id: run.by,
          name: run.name ?? '',
        }
      : {
          kind: 'job',
          way: 'job',
          operation: 'payments:approve_statement',
          name: 'payments:approve_statement',
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
        .limit(200)
        .execute(),
    )
    for (const line of lines) {
      if (context.stopping()) {
        await context.transact(async (tx) => {
          await endApproval(tx, id, run.attempt, 'interrupted')
          await enqueue(
            tx,
            'payments:approve_statement',
            { statement_id: id },
            { key: `bank_approval:${id}` },
          )
        })
        return
      }
      const goes = await approveOne(id, line.id, run.attempt, run.by, actor, config, context)
      if (goes === 'stop') {
        await context.transact((tx) => endApproval(tx, id, run.attempt, 'interrupted'))
        return
      }
      if (goes === 'lost') return
    }
    const last = lines.at(-1)
    if (!last) break
    after = last.position
  }
  await context.transact((tx) => endApproval(tx, id, run.attempt, 'done'))
}

async function approveOne(
  statementId: string,
  lineId: string,
  attempt: number,
  actorId: string | null,
  actor: SystemActor,
  config: Config,
  context: JobContext,
): Promise<'next' | 'stop' | 'lost'> {
  const progress = (tx: Tx, booked: number) =>
    sql<{ stop: boolean }>`
      update bank_statements set approval_done = approval_done + 1, approval_booked = approval_booked + ${booked}
       where id = ${statementId} and approval_attempt = ${attempt} returning approval_stop as stop`.execute(
      tx,
    )
  try {
    return await transactAsSystem(context.pool, actor, async (tx) => {
      const refused = await bookLine(tx, config, lineId, { certain_only: true }, actorId, context.now())
      if (refused && !refused.kept) throw new NotBooked(refused)
      const told = await progress(tx, refused ? 0 : 1)
      // Another run goes on with this statement: what this one did last is not kept.
      if (told.rows.length === 0) throw new TakenOver()
      return told.rows[0]!.stop ? 'stop' : 'next'
    })
  } catch (error) {
    if (error instanceof TakenOver) return 'lost'
    // What one line is refused for, by us or by the database, is no reason to leave the others.
    if (!(error instanceof NotBooked) && refusalOfDatabase(error) === null) throw error
    const told = await context.transact((tx) => progress(tx, 0))
    return told.rows[0] === undefined ? 'lost' : told.rows[0].stop ? 'stop' : 'next'
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
