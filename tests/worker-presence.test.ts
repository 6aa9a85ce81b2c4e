import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { enqueue, startWorker } from '../server/platform/jobs.ts'
import { startTestApi, type TestApi } from './api.ts'
import { until } from './processes.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())

// A job that is locked under a name for which nobody holds the advisory lock counts as a killed process's, and would be
// run a second time while it runs: an import of half a minute began again.
it('shows for every job that runs that its process lives', async () => {
  const ownerPool = new pg.Pool({ connectionString: api.database.ownerUrl, max: 6 })
  ownerPool.on('error', () => undefined)
  ownerPool.on('connect', (client) => client.on('error', () => undefined))
  let finish: () => void = () => undefined
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  let runs = 0
  const worker = await startWorker({
    ownerPool,
    officePool: api.office,
    handlers: {
      'imports:run': async () => {
        runs++
        await finished
      },
    },
    schedule: {},
    concurrency: 2,
    now: api.now,
    log: { info: () => undefined, error: () => undefined },
    metrics: { observeJob: () => undefined } as never,
  })
  try {
    await api.system((tx) => enqueue(tx, 'imports:run', {}))
    await until('the job runs', 20, async () => runs === 1)
    const { rows } = await ownerPool.query(
      `select exists (select from pg_locks l where l.locktype = 'advisory' and l.granted and l.objsubid = 2
                         and l.database = (select oid from pg_database where datname = current_database())
                         and l.objid = (hashtext(j.locked_by)::bigint & 4294967295)::oid) as alive
         from graphile_worker._private_jobs j where j.locked_by is not null`,
    )
    expect(rows).toEqual([{ alive: true }])
  } finally {
    finish()
    await worker.stop()
    await ownerPool.end()
  }
})
