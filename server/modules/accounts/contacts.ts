import { type Insertable, sql, type Updateable } from 'kysely'
import type { Contacts } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal } from '../../platform/errors.ts'
import { getAccount } from './accounts.ts'
import { markStep } from './setup.ts'

type Generated = 'id' | 'account_id' | 'search_text' | 'created_at' | 'updated_at' | 'user_id'
export type ContactInput = Omit<Insertable<Contacts>, Generated>
export type ContactChange = Omit<Updateable<Contacts>, Generated>

const columns = [
  'id',
  'account_id',
  'external_id',
  'first_name',
  'last_name',
  'email',
  'phone',
  'title',
  'topics',
  'is_primary',
  'user_id',
  'created_at',
  'updated_at',
] as const

/** The contacts of an account, the primary one first: at most 500, more than any account has people. */
export function listContacts(tx: Tx, accountId: string) {
  return tx
    .selectFrom('contacts')
    .select(columns)
    .where('account_id', '=', accountId)
    .orderBy('is_primary', 'desc')
    .orderBy('first_name')
    .orderBy('id')
    .limit(500)
    .execute()
}

/** Adds a contact; the first one of an account becomes primary (A3). Refuses: not_found (account), invalid_input. */
export async function createContact(tx: Tx, accountId: string, input: ContactInput, now: Temporal.Instant) {
  const account = await getAccount(tx, accountId)
  if (isRefusal(account)) return account
  await lockPrimary(tx, accountId)
  const others = await tx
    .selectFrom('contacts')
    .select('id')
    .where('account_id', '=', accountId)
    .where('is_primary', '=', true)
    .executeTakeFirst()
  const primary = input.is_primary === true || !others
  if (primary) await clearPrimary(tx, accountId)
  const contact = await tx
    .insertInto('contacts')
    .values({ ...input, account_id: accountId, is_primary: primary })
    .returning(columns)
    .executeTakeFirstOrThrow()
  await markStep(tx, accountId, 'contact', 'done', now)
  return contact
}

/** Changes a contact; "set as primary" takes it from whoever had it (A3). Refuses: not_found, invalid_input. */
export async function updateContact(tx: Tx, id: string, change: ContactChange) {
  const contact = await tx.selectFrom('contacts').select(columns).where('id', '=', id).executeTakeFirst()
  if (!contact) return notFound()
  // Also of one that was primary a moment ago: whoever came first may have taken it meanwhile.
  if (change.is_primary === true) {
    await lockPrimary(tx, contact.account_id)
    await clearPrimary(tx, contact.account_id, id)
  }
  if (!Object.values(change).some((value) => value !== undefined)) return contact
  return tx
    .updateTable('contacts')
    .set(change)
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()
}

/** Removes a contact. Refuses: not_found. */
export async function deleteContact(tx: Tx, id: string): Promise<Refusal | undefined> {
  const gone = await tx.deleteFrom('contacts').where('id', '=', id).returning('id').executeTakeFirst()
  return gone ? undefined : notFound()
}

/** Two who make a contact primary at once come one after the other: both hold the account's row while they do. */
async function lockPrimary(tx: Tx, accountId: string): Promise<void> {
  await tx.selectFrom('accounts').select('id').where('id', '=', accountId).forNoKeyUpdate().execute()
}

async function clearPrimary(tx: Tx, accountId: string, butNot?: string): Promise<void> {
  await tx
    .updateTable('contacts')
    .set({ is_primary: false })
    .where('account_id', '=', accountId)
    .where('is_primary', '=', true)
    .where(sql<boolean>`id is distinct from ${butNot ?? null}::uuid`)
    .execute()
}

export type Recipient = { email: string; name: string }

/**
 * Who gets an account's notices on a topic, for many accounts at once: its contacts who subscribed (at most 20), else
 * the account's own e-mail. An account that nobody can be reached of is left out.
 */
export async function listRecipients(
  tx: Tx,
  accountIds: readonly string[],
  topic: 'billing' | 'services' | 'support',
): Promise<Map<string, Recipient[]>> {
  const found = await sql<Recipient & { account_id: string }>`
    select a.id as account_id, coalesce(c.email, a.email)::text as email, coalesce(c.first_name, a.name) as name
      from accounts a
      left join lateral (select c.email, c.first_name, c.id from contacts c
                          where c.account_id = a.id and c.email is not null and ${topic} = any(c.topics)
                          order by c.is_primary desc, c.id limit 20) c on true
     where a.id = any(${accountIds}::uuid[]) and coalesce(c.email, a.email) is not null`.execute(tx)
  const recipients = new Map<string, Recipient[]>()
  for (const { account_id, email, name } of found.rows) {
    const those = recipients.get(account_id) ?? []
    if (!those.some((other) => other.email.toLowerCase() === email.toLowerCase())) those.push({ email, name })
    recipients.set(account_id, those)
  }
  return recipients
}
