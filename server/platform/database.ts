import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import pg from 'pg'
import type { DateRange } from './calendar.ts'
import type { DB } from './database.gen.ts'
import { isRefusal, isRetryable } from './errors.ts'

/** One open transaction: every domain function takes it first. What it may see was set when it was entered. */
export type Tx = Kysely<DB>

/** The connections of one login. */
export type Pool = pg.Pool

const oids = { int8: 20, date: 1082, timestamptz: 1184, daterange: 3912, int8Array: 1016 }

function parseInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`an integer beyond what is exact: ${text}`)
  return value
}

function parseDateRange(text: string): DateRange | null {
  const found = /^\[([^,]+),([^)]*)\)$/.exec(text)
  if (!found) return null
  // An open end is a range that lasts; `to` is then null, which only suspensions use.
  return {
    from: Temporal.PlainDate.from(found[1]!),
    to: (found[2] ? Temporal.PlainDate.from(found[2]) : null) as Temporal.PlainDate,
  }
}

const dates = new Map<string, Temporal.PlainDate>()

/** Rows share their days: each is read once, and a date never changes. */
function parseDate(text: string): Temporal.PlainDate {
  let date = dates.get(text)
  if (date === undefined) {
    date = Temporal.PlainDate.from(text)
    if (dates.size >= 50_000) dates.clear()
    dates.set(text, date)
  }
  return date
}

const parsers: Record<number, (text: string) => unknown> = {
  [oids.int8]: parseInteger,
  [oids.date]: parseDate,
  [oids.timestamptz]: (text) => Temporal.Instant.from(text.replace(' ', 'T')),
  [oids.daterange]: parseDateRange,
  [oids.int8Array]: (text) => (text === '{}' ? [] : text.slice(1, -1).split(',').map(parseInteger)),
}

const parseText = (text: string) => text
const parseTextArray = pg.types.getTypeParser(1009 as never, 'text') as (text: string) => unknown
/** Arrays of our own enums and domains: their oids are the database's, everything above the built-in range. */
const firstOwnOid = 16384

function typeParser(oid: number, format?: string) {
  if (format === 'binary') return pg.types.getTypeParser(oid, 'binary')
  const own = parsers[oid]
  if (own) return own
  if (oid >= firstOwnOid)
    return (text: string) =>
      text.startsWith('{') && text.endsWith('}') ? parseTextArray(text) : parseText(text)
  return pg.types.getTypeParser(oid, 'text')
}

/** Opens a pool on one login. Queries of one transaction are pipelined: what does not wait for an answer shares a trip. */
export function openPool(url: string, size: number, name = 'zaguan'): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    application_name: name,
    pipeline: true,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 15_000,
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  } as pg.PoolConfig)
  // An idle connection that breaks (database restarted) must not end the process; the next query opens another.
  pool.on('error', () => undefined)
  return pool
}

/** Parameters as PostgreSQL reads them: Temporal as ISO text, ranges half-open, bigint exact. */
function toParameter(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? value.toString() : value
  if (value instanceof Temporal.PlainDate || value instanceof Temporal.Instant) return value.toString()
  if (Array.isArray(value)) return value.map(toParameter)
  if (isDateRange(value)) return `[${value.from},${value.to ?? ''})`
  return value
}

function isDateRange(value: object): value is DateRange {
  return 'from' in value && value.from instanceof Temporal.PlainDate && Object.keys(value).length === 2
}

/** How many different statements are kept prepared; whatever comes after is planned each time. */
const mostPrepared = 500
const statementNames = new Map<string, string>()

/**
 * The name under which a statement is prepared on each connection: planning a page's query costs more than running it.
 * Statements whose text grows with their input (long lists of values) stay unnamed.
 */
function statementName(text: string, parameters: number): string | undefined {
  const known = statementNames.get(text)
  if (known !== undefined) return known
  if (statementNames.size >= mostPrepared || parameters > 40) return undefined
  const name = `z${statementNames.size}`
  statementNames.set(text, name)
  return name
}

class ClientConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient
  constructor(client: pg.PoolClient) {
    this.#client = client
  }
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const name = statementName(query.sql, query.parameters.length)
    const values = query.parameters.map(toParameter)
    const result = await this.#client.query(
      name ? { name, text: query.sql, values } : { text: query.sql, values },
    )
    return { rows: result.rows as R[], numAffectedRows: BigInt(result.rowCount ?? 0) }
  }
  // biome-ignore lint/correctness/useYield: a pipelined connection cannot hold a cursor open; large reads go by pages
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not possible here: read by pages')
  }
}

/** Binds Kysely to the one connection of a transaction: nothing can run outside of it or nest in it. */
class ClientDriver implements Driver {
  readonly #connection: ClientConnection
  constructor(client: pg.PoolClient) {
    this.#connection = new ClientConnection(client)
  }
  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }
  async beginTransaction(): Promise<void> {
    throw new Error('a transaction does not nest')
  }
  async commitTransaction(): Promise<void> {}
  async rollbackTransaction(): Promise<void> {}
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {}
}

function bind(client: pg.PoolClient): Tx {
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new ClientDriver(client),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}

/** What a transaction begins with: one statement that says who acts and what they may see. */
export type Entrance = { name: string; text: string; values: unknown[] }

/**
 * Runs `work` in one transaction: begin and the entrance travel together, a returned Refusal or an exception rolls
 * back, a serialization failure or deadlock runs it again (three times in all). `entered` is the first row that the
 * entrance returned.
 */
export async function transact<T>(
  pool: Pool,
  entrance: Entrance,
  work: (tx: Tx, entered: Record<string, unknown> | undefined) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      const [, entered] = await Promise.all([
        client.query('begin'),
        client.query({ name: entrance.name, text: entrance.text, values: entrance.values }),
      ])
      const result = await work(bind(client), entered.rows[0])
      await client.query(isRefusal(result) && !result.kept ? 'rollback' : 'commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((failure: Error) => {
        broken = failure
      })
      if (attempt < 3 && isRetryable(error)) continue
      throw error
    } finally {
      client.release(broken)
    }
  }
}

/** The entrance of jobs and the command line: sees every business unit, and the audit log names it. */
function systemEntrance(actor: SystemActor): Entrance {
  return {
    name: 'enter_system',
    text: `select set_config('zaguan.units', '*', true), set_config('zaguan.user_id', $2, true),
                  set_config('zaguan.actor', $1, true)`,
    values: [JSON.stringify(actor), actor.id ?? ''],
  }
}

/** Who acts when no request does. `way` is how: a job or the command line; `operation` the task or command. */
export type SystemActor = {
  kind: 'job' | 'system' | 'staff'
  way: 'job' | 'command' | 'start'
  operation: string
  name?: string
  id?: string
}

/** A transaction of a job or of the command line, under the office login. A refusal is returned, like anywhere. */
export async function transactAsSystem<T>(
  pool: Pool,
  actor: SystemActor,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return transact(pool, systemEntrance(actor), work)
}
