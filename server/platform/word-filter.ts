import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Tx } from './database.ts'

/**
 * The condition of a list whose accounts hold every word of a text (name, number, external id, tax id, e-mail, phone, city;
 * accents forgiven). Few accounts are named by their ids, which an index has; where they are many, a page is full before
 * long, and the text is compared as the list is read. `column` holds the account in the list's own table;
 * `otherwiseFound` says that the text is a number of something, which no search of all accounts need be added to.
 */
export async function matchAccounts(
  tx: Tx,
  text: string,
  column = 'accounts.id',
  otherwiseFound = false,
): Promise<RawBuilder<SqlBool>> {
  const words = splitWords(text)
  const found = await sql<{ ids: string[] | null }>`select find_account_ids(${words}::text[]) as ids`.execute(
    tx,
  )
  const ids = found.rows[0]?.ids
  if (ids) return sql<SqlBool>`${sql.ref(column)} = any(${ids}::uuid[])`
  if (otherwiseFound) return sql<SqlBool>`false`
  return sql<SqlBool>`(${sql.join(
    words.map(
      (word) =>
        sql`accounts.search_text like '%' || fold(${word.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}) || '%'`,
    ),
    sql` and `,
  )})`
}

/** The words of a list's search: what more is typed says nothing more. */
export function splitWords(text: string): string[] {
  return text.split(/\s+/).filter(Boolean).slice(0, 6)
}

/** The ids of the objects of a kind of the search whose number begins so, punctuation forgiven. */
export async function findByKey(tx: Tx, kind: string, key: string): Promise<string[]> {
  const found = await sql<{ ids: string[] }>`select find_by_key(${kind}, ${key}) as ids`.execute(tx)
  return found.rows[0]?.ids ?? []
}
