import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, exitCodes, expectDone, UsageError } from '../command-line.ts'
import { type ImportMapping, importFile, mappingSchema } from '../modules/imports/index.ts'
import { openDatabase } from '../start.ts'

const kinds = ['accounts', 'contacts', 'services'] as const

export const importCommand: Command = {
  summary: 'Import a CSV file or the first sheet of a workbook (.xlsx); safe to repeat (A4, B13)',
  usage: `${kinds.join('|')} FILE --mapping FILE --business-unit SLUG [--as-of DATE] [--preview]`,
  positionals: ['kind', 'file'],
  options: {
    mapping: { type: 'string' },
    'business-unit': { type: 'string' },
    'as-of': { type: 'string' },
    preview: { type: 'boolean' },
  },
  async run({ config, args, options, voice }) {
    const kind = kinds.find((one) => one === args.kind)
    if (!kind) throw new UsageError(`What to import is one of ${kinds.join(', ')}`)
    if (typeof options.mapping !== 'string')
      throw new UsageError('--mapping FILE says which column is what; see docs/import.md')
    if (typeof options['business-unit'] !== 'string')
      throw new UsageError('--business-unit SLUG says where to')
    const mapping = await readMapping(options.mapping)
    const database = await openDatabase(config, voice.log)
    try {
      const result = expectDone(
        await importFile(database.office, database.files, {
          kind,
          business_unit: options['business-unit'],
          path: resolve(args.file!),
          mapping,
          as_of: readDate(options['as-of'], '--as-of'),
          preview: options.preview === true,
          now: () => Temporal.Now.instant(),
          onProgress: (progress) => voice.progress(progress.rows_done, progress.rows_total, 'rows'),
          stopping: voice.stopping,
        }),
      )
      voice.result(result, [
        `${options.preview === true ? 'Would import' : 'Imported'} ${result.rows_done} rows: ${result.created} created, ${result.updated} updated, ${result.unchanged} unchanged, ${result.rejected} rejected.`,
        ...(result.rejected > 0
          ? [`The rejected rows and why: ${config.publicUrl}/office/imports/${result.import_id}`]
          : []),
      ])
      if (result.state === 'interrupted') return exitCodes.interrupted
      return result.rejected > 0 ? exitCodes.partly : exitCodes.done
    } finally {
      await database.close()
    }
  },
}

async function readMapping(path: string): Promise<ImportMapping> {
  let given: unknown
  try {
    given = JSON.parse(await readFile(resolve(path), 'utf8'))
  } catch (error) {
    throw new UsageError(`${path} cannot be read as JSON: ${(error as Error).message}`)
  }
  const mapping = mappingSchema.safeParse(given)
  if (mapping.success) return mapping.data
  throw new UsageError(
    `${path} is no mapping: ${mapping.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
  )
}

/** Reads a date option; undefined where it is left out. */
export function readDate(given: string | boolean | undefined, name: string): Temporal.PlainDate | undefined {
  if (given === undefined) return undefined
  try {
    return Temporal.PlainDate.from(String(given))
  } catch {
    throw new UsageError(`${name} is a date such as 2026-05-31`)
  }
}
