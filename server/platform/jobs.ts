import { EventEmitter } from 'node:events'
import { Logger, type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker'
import { sql } from 'kysely'
import type { Pool as PgPool } from 'pg'
import { type Pool, type SystemActor, type Tx, transactAsSystem } from './database.ts'
import { isRefusal, type Refusal } from './errors.ts'
import type { Metrics } from './metrics.ts'

/** JSON that a job carries: ids and dates as text, nothing that could change meanwhile. */
export type JobPayload = { [key: string]: string | number | boolean | null | string[] }

export type JobOptions = {
  /** While a job with this key waits, adding it again replaces it: at most one is pending. */
  key?: string
  /** Jobs of one queue run one after the other. */
  queue?: string
  runAt?: Temporal.Instant
  /** Seconds from now on, by the clock of the queue itself. */
  delay?: number
  maxAttempts?: number
}

/**
 * Adds a job in the transaction that causes it (house rule 5): it runs if and only if the transaction commits.
 * Task names are `module:verb_noun`.
 */
export async function enqueue(
  tx: Tx,
  task: string,
  payload: JobPayload,
  options: JobOptions = {},
): Promise<void> {
  await sql`select enqueue_job(${task}, ${JSON.stringify(payload)}::json, ${options.key ?? null}, ${options.queue ?? null},
    coalesce(${options.runAt ?? null}::timestamptz, now() + make_interval(secs => ${options.delay ?? null}::int)),
    ${options.maxAttempts ?? 12})`.execute(tx)
}

/** Everything a background handler gets. `transact` opens a transaction under the office login, named after the task. */
export type JobContext = {
  pool: Pool
  now: () => Temporal.Instant
  transact: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  /** Set when the process is stopping: a long job ends its batch and returns; it goes on at the next start. */
  stopping: () => boolean
  /** Whether an exception now is final: the job is not tried again. */
  last_attempt: boolean
  log: { info(detail: object, message: string): void; error(detail: object, message: string): void }
}

export type JobHandler = (payload: JobPayload, context: JobContext) => Promise<void>
export type JobHandlers = Record<string, JobHandler>
/** Recurring jobs: task name → crontab times (UTC). */
export type Schedule = Record<string, string>

/**
 * Starts working on the queue until `stop()`. Handlers are found by task name. A refusal returned by a handler's
 * transaction is for the handler to deal with; an exception is kept on the job, which is tried again with back-off.
 */
export async function startWorker(options: {
  ownerPool: PgPool
  officePool: Pool
  handlers: JobHandlers
  schedule: Schedule
  concurrency: number
  now: () => Temporal.Instant
  log: JobContext['log']
  metrics: Metrics
}): Promise<{ stop(): Promise<void> }> {
  let stopping = false
  const tasks: TaskList = {}
  for (const [name, handler] of Object.entries(options.handlers)) {
    tasks[name] = async (payload, helpers) => {
      const actor: SystemActor = { kind: 'job', way: 'job', operation: name, name }
      const began = performance.now()
      let outcome: 'done' | 'failed' = 'failed'
      try {
        await handler(payload as JobPayload, {
          pool: options.officePool,
          now: options.now,
          transact: (work) => transactAsSystem(options.officePool, actor, work),
          stopping: () => stopping || (helpers.abortSignal?.aborted ?? false),
          last_attempt: helpers.job.attempts >= helpers.job.max_attempts,
          log: options.log,
        })
        outcome = 'done'
      } catch (error) {
        options.log.error({ task: name, job: String(helpers.job.id), err: error }, 'job failed')
        throw error
      } finally {
        options.metrics.observeJob(name, outcome, (performance.now() - began) / 1000)
      }
    }
  }
  const crontab = Object.entries(options.schedule)
    .map(([task, times]) => `${times} ${task}`)
    .join('\n')
  const presence = await keepPresence(options.ownerPool, options.log)
  const runner: Runner = await run({
    pgPool: options.ownerPool,
    events: presence.events,
    taskList: tasks,
    crontab,
    concurrency: options.concurrency,
    noHandleSignals: true,
    pollInterval: 1000,
    logger: new Logger(() => (level, message) => {
      if (level === 'error') options.log.error({ source: 'worker' }, message)
    }),
  })
  runner.promise.catch((error: unknown) => options.log.error({ err: error }, 'worker stopped'))
  return {
    async stop() {
      stopping = true
      await runner.stop()
      await presence.end()
    },
  }
}

const presenceKey = 'zaguan.worker'

/**
 * Gives the jobs of killed processes back to the queue. Each worker holds an advisory lock named after it for as long as
 * its process lives; a job that is locked by a worker whose lock is free belongs to nobody any more. Checked before
 * this process takes its first job, and every half minute for the others'.
 */
async function keepPresence(pool: PgPool, log: JobContext['log']) {
  const client = await pool.connect()
  const events: WorkerEvents = new EventEmitter()
  let lost = false
  client.on('error', () => {
    lost = true
  })
  // One after the other: workers are made faster than a connection takes their locks.
  let held: Promise<unknown> = Promise.resolve()
  const hold = (workerId: string) => {
    held = held
      .then(() =>
        client.query('select pg_advisory_lock(hashtext($1), hashtext($2))', [presenceKey, workerId]),
      )
      .catch((error: Error) => {
        log.error({ err: error }, 'a worker could not show that it lives')
      })
  }
  // Jobs are locked by the pool of workers where it fetches them for all of them, else by the worker itself.
  events.on('pool:create', ({ workerPool }) => hold(workerPool.id))
  events.on('worker:create', ({ worker }) => hold(worker.workerId))
  const sweep = async () => {
    const dead = await pool.query(
      `select graphile_worker.force_unlock_workers(array_agg(w.locked_by)) from (
         select distinct locked_by from graphile_worker._private_jobs where locked_by is not null
         union select distinct locked_by from graphile_worker._private_job_queues where locked_by is not null) w
        where not exists (
          select from pg_locks l where l.locktype = 'advisory' and l.granted and l.objsubid = 2
             and l.database = (select oid from pg_database where datname = current_database())
             and l.classid = (hashtext($1)::bigint & 4294967295)::oid
             and l.objid = (hashtext(w.locked_by)::bigint & 4294967295)::oid)
       having count(*) > 0`,
      [presenceKey],
    )
    if (dead.rowCount) log.info({}, 'gave the jobs of a killed process back to the queue')
  }
  await sweep()
  const timer = setInterval(
    () => void sweep().catch((error: Error) => log.error({ err: error }, 'sweep failed')),
    30_000,
  )
  return {
    events,
    async end() {
      clearInterval(timer)
      // Destroyed, not returned: with the connection go its locks.
      client.release(lost ? new Error('lost') : true)
    },
  }
}

/** Unwraps what cannot be refused: a job that gets a refusal where none is possible has found a bug. */
export function demand<T>(value: T | Refusal): T {
  if (isRefusal(value)) throw new Error(`refused: ${value.code} ${JSON.stringify(value.params)}`)
  return value
}
