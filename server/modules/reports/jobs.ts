import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'

export const jobStates = ['running', 'failed', 'retrying', 'queued'] as const
export type JobState = (typeof jobStates)[number]

export type QueuedJob = {
  id: number
  task: string
  state: JobState
  payload: unknown
  attempts: number
  max_attempts: number
  last_error: string | null
  run_at: Temporal.Instant
  locked_at: Temporal.Instant | null
  created_at: Temporal.Instant
}

/**
 * A page of what runs, waits and failed; what is done has left the queue. The payload is shown without the e-mail
 * addresses of people who asked for a password.
 */
export function listJobs(
  tx: Tx,
  request: ListRequest & { state?: JobState | undefined; task?: string | undefined; q?: string | undefined },
) {
  let query = tx
    .selectFrom('queued_jobs')
    .select([
      sql<number>`id`.as('id'),
      sql<string>`task`.as('task'),
      sql<JobState>`state`.as('state'),
      sql<unknown>`case jsonb_typeof(payload::jsonb) when 'object' then payload::jsonb - 'email' end`.as(
        'payload',
      ),
      sql<number>`attempts::int`.as('attempts'),
      sql<number>`max_attempts::int`.as('max_attempts'),
      'last_error',
      sql<Temporal.Instant>`run_at`.as('run_at'),
      'locked_at',
      sql<Temporal.Instant>`created_at`.as('created_at'),
    ])
  if (request.state) query = query.where('state', '=', request.state)
  if (request.task) query = query.where('task', '=', request.task)
  if (request.q)
    query = query.where(
      sql<boolean>`strpos(lower(task || ' ' || coalesce(last_error, '')), lower(${request.q})) > 0`,
    )
  const tie = { by: sql`id`, value: (row: QueuedJob) => row.id, type: 'bigint' }
  return readPage<QueuedJob>(
    query as never,
    request,
    {
      id: tie,
      run_at: { by: sql`run_at`, value: (row) => row.run_at, type: 'timestamptz' },
      task: { by: sql`task`, value: (row) => row.task, type: 'text' },
    },
    tie,
  )
}

/** Runs a job again now, with all its attempts before it. Refuses: not_found, job_running. */
export async function retryJob(tx: Tx, id: number): Promise<Refusal | undefined> {
  return changeJob(tx, id, 'retried')
}

/** Takes a job out of the queue for good: its effect will not happen. Refuses: not_found, job_running. */
export async function discardJob(tx: Tx, id: number): Promise<Refusal | undefined> {
  return changeJob(tx, id, 'discarded')
}

async function changeJob(tx: Tx, id: number, action: 'retried' | 'discarded'): Promise<Refusal | undefined> {
  const job = await sql<{ task: string }>`select task from queued_jobs where id = ${id}`.execute(tx)
  const task = job.rows[0]?.task
  if (task === undefined) return notFound()
  const change = action === 'retried' ? sql`retry_job(${id})` : sql`discard_job(${id})`
  const changed = await sql<{ done: boolean }>`select ${change} as done`.execute(tx)
  // The queue lets nobody touch a job that a worker holds.
  if (!changed.rows[0]?.done) return refuse('job_running')
  await sql`select write_audit(${action}, 'jobs', ${String(id)}, null, null, null,
                               jsonb_build_object('task', ${task}::text))`.execute(tx)
  return undefined
}
