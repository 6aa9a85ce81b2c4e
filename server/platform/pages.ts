import { type Expression, type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import type { DB } from './database.gen.ts'

export type Page<T> = { items: T[]; next_cursor: string | null }

/**
 * One sort column: the SQL it orders by, how its value is read from a row for the cursor, and its SQL type. Where it may be
 * null that is said: an index serves an order that says where nulls stand only if it was made for that.
 */
export type SortKey<Row> = {
  by: RawBuilder<unknown>
  value: (row: Row) => unknown
  type: string
  nullable?: true
}

export type ListRequest = { limit: number; cursor?: string | undefined; sort: string }

/**
 * Reads one page by keyset: no offset, so that page 1,000 costs what page 1 costs. `keys` maps the API's sort names
 * to columns; the last column must be unique (`tie`, ascending or descending as the sort is) so that no row is
 * skipped or repeated. Nulls sort as the smallest. A cursor that is not ours starts from the beginning.
 */
export async function readPage<Row>(
  // biome-ignore lint/suspicious/noExplicitAny: the builder's table list differs with each query and plays no part here
  query: SelectQueryBuilder<DB, any, Row>,
  request: ListRequest,
  keys: Record<string, SortKey<Row>>,
  tie: SortKey<Row>,
): Promise<Page<Row>> {
  const descending = request.sort.startsWith('-')
  const key = keys[request.sort.replace(/^-/, '')]
  if (!key) throw new Error(`no sort key ${request.sort}`)
  const columns = key === tie ? [tie] : [key, tie]
  const from = request.cursor === undefined ? null : readCursor(request.cursor, request.sort, columns.length)
  let sorted = query
  if (from) sorted = sorted.where(after(columns, from, descending))
  for (const column of columns) {
    sorted = sorted.orderBy(column.by as Expression<unknown>, (order) => {
      const directed = descending ? order.desc() : order.asc()
      if (!column.nullable) return directed
      return descending ? directed.nullsLast() : directed.nullsFirst()
    })
  }
  const rows = (await sorted.limit(request.limit + 1).execute()) as Row[]
  const items = rows.slice(0, request.limit)
  const last = items.at(-1)
  return {
    items,
    next_cursor:
      rows.length > request.limit && last
        ? writeCursor(
            request.sort,
            columns.map((column) => column.value(last)),
          )
        : null,
  }
}

function after<Row>(
  columns: SortKey<Row>[],
  from: (string | null)[],
  descending: boolean,
): Expression<SqlBool> {
  const [first, second] = columns
  const typed = (column: SortKey<Row>, value: string | null) => sql`${value}::${sql.raw(column.type)}`
  const beyond = descending ? sql`<` : sql`>`
  if (!second) return sql<SqlBool>`${first!.by} ${beyond} ${typed(first!, from[0]!)}`
  const value = from[0] ?? null
  const tied = sql<SqlBool>`${second.by} ${beyond} ${typed(second, from[1]!)}`
  if (value === null) {
    return descending
      ? sql<SqlBool>`(${first!.by} is null and ${tied})`
      : sql<SqlBool>`(${first!.by} is not null or ${tied})`
  }
  const next = sql<SqlBool>`(${first!.by}, ${second.by}) ${beyond} (${typed(first!, value)}, ${typed(second, from[1]!)})`
  if (first!.nullable) return descending ? sql<SqlBool>`(${next} or ${first!.by} is null)` : next
  // The same once more for the first column alone: where the two are of different tables, no index serves the pair.
  const reached = descending ? sql`<=` : sql`>=`
  return sql<SqlBool>`(${first!.by} ${reached} ${typed(first!, value)} and ${next})`
}

function writeCursor(sort: string, values: unknown[]): string {
  return Buffer.from(
    JSON.stringify([sort, ...values.map((value) => (value === null ? null : String(value)))]),
  ).toString('base64url')
}

function readCursor(cursor: string, sort: string, length: number): (string | null)[] | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (!Array.isArray(parsed) || parsed.length !== length + 1 || parsed[0] !== sort) return null
    const values = parsed.slice(1)
    return values.every((value) => value === null || typeof value === 'string') ? values : null
  } catch {
    return null
  }
}
