import { Logger, runOnce, type TaskList } from 'graphile-worker'
import pg from 'pg'
import { createJobHandlers } from '../server/app.ts'
import { transactAsSystem } from '../server/platform/database.ts'
import type { JobHandlers } from '../server/platform/jobs.ts'
import { createMailer, type Mailer } from '../server/platform/mail.ts'
import type { TestApi } from './api.ts'

export type JobFailure = { task: string; message: string }

const silent = new Logger(() => () => undefined)

/**
 * Runs every job that waits, and those that they add, to the end, as a worker would, in this process and by the
 * test's clock. Without a mailer mails are kept. Throws if a job failed, unless failures are expected: then it returns
 * them; a failed job waits for its back-off, so it runs once here. `handlers` stand in for those of the house.
 */
export async function runJobs(
  api: TestApi,
  options: { mailer?: Mailer; failing?: boolean; handlers?: JobHandlers } = {},
): Promise<JobFailure[]> {
  const mailer = options.mailer ?? createMailer({ smtpUrl: null, from: api.config.mailFrom })
  const handlers = {
    ...createJobHandlers({ config: api.config, mailer, files: api.files }),
    ...options.handlers,
  }
  const failures: JobFailure[] = []
  const tasks: TaskList = {}
  for (const [task, handler] of Object.entries(handlers)) {
    tasks[task] = async (payload, helpers) => {
      try {
        await handler(payload as never, {
          pool: api.office,
          now: api.now,
          transact: (work) =>
            transactAsSystem(api.office, { kind: 'job', way: 'job', operation: task, name: task }, work),
          stopping: () => false,
          last_attempt: helpers.job.attempts >= helpers.job.max_attempts,
          log: { info: () => undefined, error: () => undefined },
        })
      } catch (error) {
        failures.push({ task, message: error instanceof Error ? error.message : String(error) })
        throw error
      }
    }
  }
  const pool = new pg.Pool({ connectionString: api.database.ownerUrl, max: 4 })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  try {
    await runOnce({ pgPool: pool, taskList: tasks, noHandleSignals: true, logger: silent, concurrency: 2 })
    const unknown = await pool.query(
      'select distinct task from queued_jobs where attempts = 0 and run_at <= now() and not task = any($1)',
      [Object.keys(handlers)],
    )
    if (unknown.rows.length > 0)
      throw new Error(`nobody handles ${unknown.rows.map((row) => row.task).join(', ')}`)
  } finally {
    await pool.end()
  }
  if (failures.length > 0 && !options.failing)
    throw new Error(failures.map(({ task, message }) => `${task}: ${message}`).join('\n'))
  return failures
}
