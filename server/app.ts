import { registerAccessOffice, registerSignInOffice, registerSignInPortal } from './modules/access/index.ts'
import { registerAccountsOffice, registerAccountsPortal } from './modules/accounts/index.ts'
import { registerReportsOffice, registerReportsPortal } from './modules/reports/index.ts'
import { registerUnitsOffice, registerUnitsPublic } from './modules/units/index.ts'
import type { Config } from './platform/config.ts'
import { type Listeners, listen } from './platform/events.ts'
import type { FileStore } from './platform/files.ts'
import { type App, createServer } from './platform/http.ts'
import type { JobHandlers, Schedule } from './platform/jobs.ts'
import type { Mailer } from './platform/mail.ts'

/** The one explicit list of modules: their routes on each side, in the order of the house. */
const registrations: ((app: App) => void)[] = [
  registerUnitsPublic,
  registerSignInPortal,
  registerSignInOffice,
  registerUnitsOffice,
  registerAccessOffice,
  registerAccountsPortal,
  registerAccountsOffice,
  registerReportsPortal,
  registerReportsOffice,
]

/** Who listens to what happened. */
const listeners: Listeners = {}

/** What background handlers need of the process that they run in. */
export type JobServices = { config: Config; mailer: Mailer; files: FileStore }

/** Every background handler, by task name. */
export function createJobHandlers(_services: JobServices): JobHandlers {
  return {}
}

/** What runs by the clock (UTC). */
export const schedule: Schedule = {}

/** Builds the server with every module's routes; it does not listen yet. */
export async function createApp(options: Parameters<typeof createServer>[0]): Promise<App> {
  listen(listeners)
  const app = await createServer(options)
  await app.server.after()
  for (const register of registrations) register(app)
  return app
}
