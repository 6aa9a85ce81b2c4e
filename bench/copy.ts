import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'

/** What a table held, as COPY writes it: the file and the columns in it. */
export type Dump = { table: string; columns: string; file: string }

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Writes rows of tables to files, without the columns that the database computes. */
export function dumpTables(
  url: string,
  tables: readonly (string | { table: string; where: string })[],
  folder: string,
): Promise<Dump[]> {
  return withClient(url, async (client) => {
    const dumps: Dump[] = []
    for (const chosen of tables) {
      const { table, where } = typeof chosen === 'string' ? { table: chosen, where: 'true' } : chosen
      const { rows } = await client.query<{ columns: string }>(
        `select string_agg(quote_ident(column_name), ', ' order by ordinal_position) as columns
           from information_schema.columns where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'`,
        [table],
      )
      const { columns } = rows[0]!
      const file = join(folder, `${table}.copy`)
      await pipeline(
        client.query(copyTo(`copy (select ${columns} from ${table} where ${where}) to stdout`)),
        createWriteStream(file),
      )
      dumps.push({ table, columns, file })
    }
    return dumps
  })
}

/** Loads dumps, one COPY each, into the live tables with all their rules. Returns the seconds that it took. */
export function copyTables(url: string, dumps: readonly Dump[]): Promise<number> {
  return withClient(url, async (client) => {
    await client.query(`set zaguan.actor = '{"kind": "system", "way": "command", "operation": "copy"}'`)
    await client.query('checkpoint')
    const began = performance.now()
    for (const { table, columns, file } of dumps) {
      await pipeline(createReadStream(file), client.query(copyFrom(`copy ${table} (${columns}) from stdin`)))
    }
    return (performance.now() - began) / 1000
  })
}

/** Runs statements as the owner, on one connection. */
export function runStatements(url: string, statements: readonly string[]): Promise<void> {
  return withClient(url, async (client) => {
    for (const statement of statements) await client.query(statement)
  })
}

/** How many rows a table holds. */
export function countRows(url: string, table: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ n: string }>(`select count(*) as n from ${table}`)
    return Number(rows[0]!.n)
  })
}
