import { sql } from 'kysely'
import { z } from 'zod'
import { csvRow } from './csv.ts'
import type { Tx } from './database.ts'
import { type App, Binary, officeRoute, type StaffActor } from './http.ts'
import type { StaffPermission } from './permissions.ts'

/** The whole of a list as CSV, read page by page, in the order and with the filters of the screen. */
export function exportRoute<Q extends z.ZodObject, Row>(
  app: App,
  options: {
    path: string
    operation: string
    summary: string
    tag: string
    query: Q
    permission: StaffPermission
    file: string
  },
  list: (
    tx: Tx,
    query: z.output<Q>,
    actor: StaffActor,
  ) => Promise<{ items: Row[]; next_cursor: string | null }>,
  columns: Record<string, (row: NoInfer<Row>) => unknown>,
): void {
  // The columns that the screen shows, in their order; all of them where it names none that is known.
  const query = options.query.extend({ columns: z.string().max(1000).optional() })
  officeRoute(app, { ...options, query, method: 'GET', response: 'binary' }, async (tx, input, actor) => {
    const { columns: wanted, ...query } = input.query as { columns?: string }
    const named = (wanted ?? '').split(',').filter((name) => Object.hasOwn(columns, name))
    const shown = named.length > 0 ? named : Object.keys(columns)
    await sql`select write_audit('exported', ${options.file}, null, null, null, null, ${JSON.stringify(query)}::jsonb)`.execute(
      tx,
    )
    const chunks: string[] = ['\ufeff', csvRow(shown)]
    let cursor: string | undefined
    do {
      const page = await list(tx, { ...query, cursor, limit: 200 } as z.output<Q>, actor)
      for (const row of page.items) chunks.push(csvRow(shown.map((name) => columns[name]!(row))))
      cursor = page.next_cursor ?? undefined
    } while (cursor)
    return new Binary(Buffer.from(chunks.join('')), 'text/csv; charset=utf-8', `${options.file}.csv`)
  })
}
