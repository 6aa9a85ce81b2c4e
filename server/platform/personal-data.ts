import { type RawBuilder, sql } from 'kysely'
import type { Tx } from './database.ts'

// What is stored about an account. Each module declares its own part in personal-data.ts and offers it at its front as
// `personalData`; app.ts gathers the parts for the privacy module, which knows none of their tables.

/** A list of the export: usually one table. */
export type PersonalDataSource = {
  /** The name of the list in the file: the table's. */
  name: string
  /**
   * A statement that selects `key`, by which pages go on, and `content` as JSON, of all rows of an account. No secret, no
   * hash, nothing that serves the database alone.
   */
  select: (accountId: string) => RawBuilder<unknown>
  /** The SQL type of the key. */
  key: 'uuid' | 'bigint' | 'text'
}

export type PersonalRow = { key: string; content: Record<string, unknown> }

/** The rows of an account after a key, at most `limit` of them, in the order of the key. */
export async function readPersonalData(
  tx: Tx,
  source: PersonalDataSource,
  accountId: string,
  after: string | null,
  limit: number,
): Promise<PersonalRow[]> {
  const further = after === null ? sql`` : sql`where key > ${after}::${sql.raw(source.key)}`
  const found = await sql<PersonalRow>`
    select key::text as key, content from (${source.select(accountId)}) rows ${further} order by rows.key limit ${limit}`.execute(
    tx,
  )
  return found.rows
}

/** The whole rows of a table that has the account's id, without some columns. */
export function rowsOfAccount(
  table: string,
  options: { without?: readonly string[]; column?: string } = {},
): PersonalDataSource {
  const without = ['search_text', ...(options.without ?? [])]
  return {
    name: table,
    key: 'uuid',
    select: (accountId) => sql`
      select id as key, to_jsonb(t) - ${without}::text[] as content from ${sql.table(table)} t
       where ${sql.ref(`t.${options.column ?? 'account_id'}`)} = ${accountId}`,
  }
}
