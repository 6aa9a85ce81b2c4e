import { z } from 'zod'
import { type App, officeRoute } from '../../platform/http.ts'
import { instant, listQuery, pageOf } from '../../platform/schemas.ts'
import { discardJob, jobStates, listJobs, retryJob } from './jobs.ts'

const tag = 'Jobs'

const jobParams = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) })

const jobSchema = z
  .object({
    id: z.int(),
    task: z.string(),
    state: z.enum(jobStates),
    payload: z.unknown(),
    attempts: z.int(),
    max_attempts: z.int(),
    last_error: z.string().nullable(),
    run_at: instant,
    locked_at: instant.nullable(),
    created_at: instant,
  })
  .meta({ id: 'Job' })

const jobQuery = listQuery(['id', 'run_at', 'task'], '-id').extend({
  state: z.enum(jobStates).optional(),
  task: z.string().max(100).optional(),
})

export function registerJobsOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/jobs',
      operation: 'list_jobs',
      summary: 'What runs, waits and failed in the background',
      description: 'Finished jobs have left the queue. `q` finds by task or error',
      tag,
      permission: 'jobs.read',
      query: jobQuery,
      response: pageOf(jobSchema),
    },
    (tx, { query }) => listJobs(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/jobs/{id}/retry',
      operation: 'retry_job',
      summary: 'Run a job again now',
      tag,
      permission: 'jobs.write',
      params: jobParams,
    },
    (tx, { params }) => retryJob(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/jobs/{id}',
      operation: 'discard_job',
      summary: 'Take a job out of the queue for good',
      tag,
      permission: 'jobs.write',
      params: jobParams,
    },
    (tx, { params }) => discardJob(tx, params.id),
  )
}
