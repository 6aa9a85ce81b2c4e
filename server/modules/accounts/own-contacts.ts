import type { NoticeTopic } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'

/** What an owner may say of a contact of their account (A3, A7). */
export type OwnContactChange = {
  first_name?: string | undefined
  last_name?: string | null | undefined
  email?: string | null | undefined
  phone?: string | null | undefined
  title?: string | null | undefined
  topics?: NoticeTopic[] | undefined
  is_primary?: true | undefined
}

const columns = [
  'id',
  'first_name',
  'last_name',
  'email',
  'phone',
  'title',
  'topics',
  'is_primary',
  'user_id',
  'created_at',
] as const

function selectContacts(tx: Tx, accountId: string) {
  return tx.selectFrom('contacts').select(columns).where('account_id', '=', accountId)
}

/** The contacts of the customer's account, the primary one first: at most 500, more than any account has people. */
export function listOwnContacts(tx: Tx, accountId: string) {
  return selectContacts(tx, accountId)
    .orderBy('is_primary', 'desc')
    .orderBy('first_name')
    .orderBy('id')
    .limit(500)
    .execute()
}

/** An owner adds a contact; the first one becomes primary (A3). Refuses: too_many_contacts. */
export async function createOwnContact(
  tx: Tx,
  accountId: string,
  { is_primary, ...input }: OwnContactChange & { first_name: string },
) {
  const known = await listOwnContacts(tx, accountId)
  if (known.length >= 500) return refuse('too_many_contacts', { params: { limit: 500 } })
  const primary = is_primary === true || !known.some((one) => one.is_primary)
  if (primary) await clearPrimary(tx, accountId)
  const { id } = await tx
    .insertInto('contacts')
    .values({ ...input, account_id: accountId, is_primary: primary })
    .returning('id')
    .executeTakeFirstOrThrow()
  return selectContacts(tx, accountId).where('id', '=', id).executeTakeFirstOrThrow()
}

/**
 * An owner changes a contact; the e-mail of one who is a user is the user's own to change. Refuses: not_found,
 * invalid_input (email_of_user).
 */
export async function updateOwnContact(tx: Tx, accountId: string, id: string, change: OwnContactChange) {
  const contact = await selectContacts(tx, accountId).where('id', '=', id).executeTakeFirst()
  if (!contact) return notFound()
  const { is_primary, ...rest } = change
  if (contact.user_id !== null && rest.email !== undefined && rest.email !== contact.email) {
    return refuse('invalid_input', { status: 422, fields: [{ path: 'email', code: 'email_of_user' }] })
  }
  if (is_primary && !contact.is_primary) await clearPrimary(tx, accountId)
  const values = { ...rest, ...(is_primary ? { is_primary } : {}) }
  if (Object.values(values).some((value) => value !== undefined)) {
    await tx.updateTable('contacts').set(values).where('id', '=', id).execute()
  }
  return selectContacts(tx, accountId).where('id', '=', id).executeTakeFirstOrThrow()
}

/** An owner removes a contact; a user of the account stays one. Refuses: not_found. */
export async function deleteOwnContact(tx: Tx, accountId: string, id: string): Promise<Refusal | undefined> {
  const gone = await tx
    .deleteFrom('contacts')
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .returning('id')
    .executeTakeFirst()
  return gone ? undefined : notFound()
}

async function clearPrimary(tx: Tx, accountId: string): Promise<void> {
  await tx
    .updateTable('contacts')
    .set({ is_primary: false })
    .where('account_id', '=', accountId)
    .where('is_primary', '=', true)
    .execute()
}
