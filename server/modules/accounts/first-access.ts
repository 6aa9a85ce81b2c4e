import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import type { Language } from '../../platform/translations.ts'

/**
 * First access (A5): the user of an e-mail that an account was bought with, or that a contact has; made if there is
 * none, with memberships: the owner by the purchase e-mail while nobody owns the account. Null where the e-mail is
 * nobody's. Only a link sent to that e-mail may follow: whoever reads it proves that it is theirs.
 */
export async function claimFirstAccess(tx: Tx, email: string, language: Language): Promise<string | null> {
  const found = await sql<{
    id: string | null
  }>`select claim_first_access(${email}, ${language}) as id`.execute(tx)
  return found.rows[0]?.id ?? null
}
