import { type Command, exitCodes, UsageError, type Voice } from '../command-line.ts'
import { type Config, processRoles } from '../platform/config.ts'
import { createFirstAdminLink, type Database, openDatabase, startProcess } from '../start.ts'

/** Waits for the signal that ends a server; a second one ends it at once. */
function waitForSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(exitCodes.failed))
        resolve()
      })
    }
  })
}

/** Serves until a signal ends it; `announce` says what people need to know once it answers. */
export async function serveUntilSignal(
  config: Config,
  database: Database,
  role: (typeof processRoles)[number],
  announce: (address: string | null) => Promise<void>,
): Promise<number> {
  const ended = waitForSignal()
  try {
    const running = await startProcess(config, database, role)
    try {
      await announce(running.address)
      await ended
    } finally {
      await running.stop()
    }
  } finally {
    await database.close()
  }
  return exitCodes.done
}

function readRole(given: string | boolean | undefined, fallback: (typeof processRoles)[number]) {
  const role = processRoles.find((one) => one === (given ?? fallback))
  if (!role) throw new UsageError(`--role is one of ${processRoles.join(', ')}`)
  return role
}

async function serve(config: Config, role: (typeof processRoles)[number], voice: Voice): Promise<number> {
  const database = await openDatabase(config, voice.log)
  return serveUntilSignal(config, database, role, async (address) => {
    const link = await createFirstAdminLink(config, database.office)
    voice.result({ address, role, first_admin_link: link }, [
      address === null
        ? 'Working on jobs.'
        : `Zaguan answers at ${config.publicUrl} (staff: ${config.publicUrl}/office/)`,
      ...(link === null
        ? []
        : [
            '',
            'Nobody can sign in yet. This link makes the first administrator, once, within a day:',
            '',
            `  ${link}`,
            '',
          ]),
    ])
  })
}

export const serveCommand: Command = {
  summary: 'Serve the API and the web apps, and work on jobs; --role all (default), web or worker',
  usage: '[--role all|web|worker]',
  positionals: [],
  options: { role: { type: 'string' } },
  run: ({ config, options, voice }) => serve(config, readRole(options.role, 'all'), voice),
}

export const workerCommand: Command = {
  summary: 'Work on jobs alone: the same as serve --role worker',
  usage: '',
  positionals: [],
  options: {},
  run: ({ config, voice }) => serve(config, 'worker', voice),
}
