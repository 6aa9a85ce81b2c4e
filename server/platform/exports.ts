import { createWriteStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { sql } from 'kysely'
import { z } from 'zod'
import { csvRow } from './csv.ts'
import type { Tx } from './database.ts'
import { type App, Binary, officeRoute, type RequestContext, type StaffActor } from './http.ts'
import type { StaffPermission } from './permissions.ts'
import { type ListCell, spreadsheetType, writeSpreadsheet } from './spreadsheets.ts'

/** The forms that every list can be had in. */
export const listFormats = ['csv', 'xlsx'] as const
export type ListFormat = (typeof listFormats)[number]

/** Rows are read in pages of so many, and no more of them are in memory. */
const pageRows = 1000

/**
 * The whole of a list as a file, in the order and with the filters of the screen: `path` ends in `.csv`, and the same
 * list as a workbook is beside it under `.xlsx`. Days are dates in both, amounts (`moneyCell`) exact decimals with
 * their currency; no cell of either is ever run as a formula.
 */
export function exportRoute<Q extends z.ZodObject, Row>(
  app: App,
  options: {
    path: `${string}.csv`
    operation: string
    summary: string
    tag: string
    query: Q
    permission: StaffPermission
    file: string
    /** Columns that the screen has under another name than the file: the screen's name → the file's. */
    screen?: Readonly<Record<string, string>>
  },
  list: (
    tx: Tx,
    query: z.output<Q>,
    actor: StaffActor,
    context: RequestContext,
  ) => Promise<{ items: Row[]; next_cursor: string | null }>,
  columns: Record<string, (row: NoInfer<Row>) => ListCell>,
): void {
  // The columns that the screen shows, in their order; all of them where it names none that is known.
  const query = options.query.extend({ columns: z.string().max(1000).optional() })
  for (const format of listFormats) {
    const described = {
      ...options,
      query,
      method: 'GET',
      response: 'binary',
      ...(format === 'xlsx' && {
        path: options.path.replace(/\.csv$/, '.xlsx'),
        operation: `${options.operation}_xlsx`,
        summary: `${options.summary} as a workbook`,
      }),
    } as const
    officeRoute(app, described, async (tx, input, actor, context) => {
      const { columns: wanted, ...query } = input.query as { columns?: string }
      const headers = chooseColumns(columns, wanted, options.screen)
      await sql`select write_audit('exported', ${options.file}, null, null, null, null, ${JSON.stringify(query)}::jsonb)`.execute(
        tx,
      )
      async function* rows() {
        let cursor: string | undefined
        do {
          const page = await list(tx, { ...query, cursor, limit: pageRows } as z.output<Q>, actor, context)
          for (const row of page.items) yield headers.map((name) => columns[name]!(row))
          cursor = page.next_cursor ?? undefined
        } while (cursor)
      }
      return writeList(app.config.dataDir, { format, file: options.file, headers, rows: rows() })
    })
  }
}

function chooseColumns(
  columns: object,
  wanted: string | undefined,
  screen: Readonly<Record<string, string>> = {},
): string[] {
  const named = (wanted ?? '')
    .split(',')
    .map((name) => screen[name] ?? name)
    .filter((name) => Object.hasOwn(columns, name))
  if (named.length === 0) return Object.keys(columns)
  // What an amount is of stands beside it, whether the screen has a column for it or not.
  return Object.hasOwn(columns, 'currency') && !named.includes('currency') ? [...named, 'currency'] : named
}

/**
 * Writes a list into a file and answers with it. It is complete before the first byte goes out: what fails on the way is
 * an error and no half file, and no transaction waits for a slow reader.
 */
export async function writeList(
  folder: string,
  list: {
    format: ListFormat
    /** Without its ending; also the sheet's name. */
    file: string
    headers: readonly string[]
    rows: AsyncIterable<readonly ListCell[]>
  },
): Promise<Binary> {
  const { format, file, headers, rows } = list
  const own = await mkdtemp(join(folder, 'export-'))
  try {
    const path = join(own, format)
    if (format === 'xlsx') await writeSpreadsheet(path, file, headers, rows)
    else await pipeline(Readable.from(csvText(headers, rows)), createWriteStream(path, { mode: 0o600 }))
    const written = await open(path, 'r')
    const type = format === 'xlsx' ? spreadsheetType : 'text/csv; charset=utf-8'
    return new Binary(written.createReadStream(), type, `${file}.${format}`)
  } finally {
    // What is open can still be read; nothing is left behind when the process dies.
    await rm(own, { recursive: true, force: true })
  }
}

async function* csvText(headers: readonly string[], rows: AsyncIterable<readonly ListCell[]>) {
  let text = `\ufeff${csvRow(headers)}`
  for await (const row of rows) {
    text += csvRow(row)
    if (text.length > 60_000) {
      yield text
      text = ''
    }
  }
  yield text
}
