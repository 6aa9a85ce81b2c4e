import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'

/** How a hit was found, the best first. */
export const matches = ['exact', 'start', 'words', 'similar'] as const

export type Hit = {
  kind: string
  id: string
  title: string
  detail: string | null
  account_id: string | null
  account_name: string | null
  business_unit_name: string | null
  matched: (typeof matches)[number]
}

/**
 * What staff may mean by a text, of the given kinds, in the business units that they see: at most eight of a kind and
 * twenty in all. Numbers, tax ids, e-mails and phones are found with or without punctuation, words without accents; only
 * when hardly anything is found so, words that are similar are looked for (A13).
 */
export async function searchEverything(tx: Tx, text: string, kinds: readonly string[]): Promise<Hit[]> {
  if (text.trim() === '' || kinds.length === 0) return []
  const found = await sql<Hit>`select * from search_everything(${text}, ${kinds}::text[])`.execute(tx)
  return found.rows
}

/** Forgets the words that no name has any more; typing errors are then not led to them. */
export async function tidyDictionary(tx: Tx): Promise<void> {
  await sql`select tidy_search_dictionary()`.execute(tx)
}
