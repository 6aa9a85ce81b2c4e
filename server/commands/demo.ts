import pg from 'pg'
import { type Command, exitCodes } from '../command-line.ts'
import { createDemo, type DemoPerson } from '../modules/demo/index.ts'
import { openDatabase } from '../start.ts'
import { serveUntilSignal } from './serve.ts'

export const demoCommand: Command = {
  summary: 'Make a demonstration operator in an empty database, and serve it; --no-serve only makes it',
  usage: '[--no-serve]',
  positionals: [],
  options: { 'no-serve': { type: 'boolean' } },
  async run({ config, options, voice }) {
    const database = await openDatabase(config, voice.log)
    // Before anything listens: the invoices of two years ago cause no mail today.
    const ownerPool = new pg.Pool({ connectionString: database.ownerUrl, max: 1 })
    const summary = await createDemo({
      officePool: database.office,
      ownerPool,
      files: database.files,
      now: Temporal.Now.instant(),
      log: ({ done, total, what }) => voice.progress(done, total, what),
      origin: config.publicUrl,
    }).catch(async (error: unknown) => {
      await ownerPool.end()
      await database.close()
      throw error
    })
    await ownerPool.end()
    const tell = async (address: string | null) => {
      const { people, units } = summary
      const width = Math.max(...people.map((person) => person.email.length))
      voice.result(
        { address, portal: config.publicUrl, office: `${config.publicUrl}/office/`, people, units },
        [
          '',
          `Customers  ${config.publicUrl}/`,
          ...units.map((unit) => `           ${config.publicUrl}/?unit=${unit.slug}   ${unit.name}`),
          `Staff      ${config.publicUrl}/office/`,
          `API        ${config.publicUrl}/api/docs`,
          '',
          'Who may sign in:',
          ...people.map(
            (person) =>
              `  ${person.side.padEnd(8)}  ${person.email.padEnd(width)}  ${person.password}  ${describePerson(person)}`,
          ),
          '',
        ],
      )
    }
    if (options['no-serve'] === true) {
      await database.close()
      await tell(null)
      return exitCodes.done
    }
    return serveUntilSignal(config, database, 'all', tell)
  },
}

function describePerson(person: DemoPerson): string {
  return [person.name, person.role ?? person.account, person.unit].filter(Boolean).join(', ')
}
