import { join } from 'node:path'
import pg from 'pg'
import { createApp, createJobHandlers, schedule } from './app.ts'
import { demandSecretKey, issueFirstAdminToken } from './modules/access/index.ts'
import { readPageLook } from './modules/units/index.ts'
import type { Config } from './platform/config.ts'
import { openPool, type Pool, transactAsSystem } from './platform/database.ts'
import { startEmbeddedPostgres } from './platform/embedded-postgres.ts'
import { createDiskStore, type FileStore } from './platform/files.ts'
import type { App } from './platform/http.ts'
import { demand, startWorker } from './platform/jobs.ts'
import { createMailer } from './platform/mail.ts'
import { loginUrl, migrate } from './platform/migrations.ts'
import { serveWeb } from './platform/web.ts'

const projectRoot = join(import.meta.dirname, '..')
const version = '0.1.0'

/** What is said while starting, to a person or a log. */
export type StartLog = { info(message: string): void; warn(message: string): void }

/** The database of this installation, migrated, with a pool on each login. */
export type Database = {
  ownerUrl: string
  portal: Pool
  office: Pool
  files: FileStore
  close(): Promise<void>
}

/** The passwords that an administrator chose for the two logins: a migration keeps them. */
export function readLoginPasswords(config: Config): { portalPassword?: string; officePassword?: string } {
  const read = (url: string | null) => (url === null ? '' : decodeURIComponent(new URL(url).password))
  const [portalPassword, officePassword] = [read(config.portalUrl), read(config.officeUrl)]
  return { ...(portalPassword ? { portalPassword } : {}), ...(officePassword ? { officePassword } : {}) }
}

/**
 * Opens the database that the configuration names, or the own one in the data folder, which is started for it; brings
 * it to this program's version. Safe from several processes at once.
 */
export async function openDatabase(config: Config, log: StartLog): Promise<Database> {
  const embedded =
    config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null
  try {
    const ownerUrl = embedded?.url ?? config.databaseUrl!
    const { applied } = await migrate(ownerUrl, { log, ...readLoginPasswords(config) })
    if (applied.length > 0) log.info(`migrated the database: ${applied.join(', ')}`)
    const portal = openPool(config.portalUrl ?? loginUrl(ownerUrl, 'zaguan_portal'), config.databasePool)
    const office = openPool(config.officeUrl ?? loginUrl(ownerUrl, 'zaguan_office'), config.databasePool)
    return {
      ownerUrl,
      portal,
      office,
      files: createDiskStore(join(config.dataDir, 'files')),
      async close() {
        await Promise.allSettled([portal.end(), office.end()])
        await embedded?.stop()
      },
    }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

/** A running Zaguan process. */
export type Running = {
  app: App | null
  /** Where it answers; null for a worker alone. */
  address: string | null
  stop(): Promise<void>
}

/**
 * Starts serving, working or both over an open database. Several such processes may share one database, with one key.
 * `now` is the clock of everything in it.
 */
export async function startProcess(
  config: Config,
  database: Database,
  role: 'all' | 'web' | 'worker',
  now: () => Temporal.Instant = () => Temporal.Now.instant(),
): Promise<Running> {
  const { portal, office, files } = database
  await transactAsSystem(
    office,
    { kind: 'system', way: 'start', operation: 'demand_secret_key' },
    async (tx) => demandSecretKey(tx, config),
  )
  const app = await createApp({ config, portal, office, files, now, version })
  const stops: (() => Promise<unknown>)[] = []
  let address: string | null = null
  if (role !== 'worker') {
    await serveWeb(app, join(projectRoot, 'dist'), (unit, host) => readPageLook(portal, unit, host))
    app.metrics.gauge('zaguan_jobs_waiting', 'Jobs that wait or are tried again', () =>
      countJobs(office, false),
    )
    app.metrics.gauge('zaguan_jobs_failed', 'Jobs that have failed for good', () => countJobs(office, true))
    address = await app.server.listen({ port: config.port, host: config.host })
  } else {
    await app.server.ready()
  }
  stops.push(() => app.server.close())
  if (role !== 'web') {
    const mailer = createMailer({ smtpUrl: config.smtpUrl, from: config.mailFrom })
    const ownerPool = new pg.Pool({ connectionString: database.ownerUrl, max: 6, application_name: 'zaguan' })
    // A connection that breaks is replaced; without a listener it would end the process.
    ownerPool.on('error', () => undefined)
    ownerPool.on('connect', (client) => client.on('error', () => undefined))
    const worker = await startWorker({
      ownerPool,
      officePool: office,
      handlers: createJobHandlers({ config, mailer, files }),
      schedule,
      concurrency: 3,
      now,
      log: app.server.log,
      metrics: app.metrics,
    })
    stops.unshift(async () => {
      await worker.stop()
      await ownerPool.end()
      mailer.close()
    })
  }
  return {
    app,
    address,
    async stop() {
      for (const stop of stops) await stop()
    },
  }
}

async function countJobs(pool: Pool, failed: boolean): Promise<number> {
  const found = await pool.query(`select count(*) as n from queued_jobs where (state = 'failed') = $1`, [
    failed,
  ])
  return found.rows[0].n
}

/** The address of the one-time link that makes the first administrator; null once there is staff. */
export async function createFirstAdminLink(config: Config, office: Pool): Promise<string | null> {
  return transactAsSystem(
    office,
    { kind: 'system', way: 'start', operation: 'create_first_admin_link' },
    async (tx) => {
      const staff = await tx.selectFrom('staff').select('user_id').limit(1).executeTakeFirst()
      if (staff) return null
      return `${config.publicUrl}/office/first-admin?token=${demand(await issueFirstAdminToken(tx))}`
    },
  )
}
