import { type Insertable, sql, type Updateable } from 'kysely'
import type { Accounts } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import type { CustomerActor } from '../../platform/http.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { getUnit } from '../units/index.ts'

type Generated = 'id' | 'number' | 'search_text' | 'created_at' | 'updated_at'
export type AccountInput = Omit<Insertable<Accounts>, Generated | 'language'> & {
  language?: Accounts['language'] | undefined
}
export type AccountChange = Omit<Updateable<Accounts>, Generated>

const columns = [
  'accounts.id',
  'accounts.number',
  'accounts.business_unit_id',
  'accounts.external_id',
  'accounts.kind',
  'accounts.name',
  'accounts.rank',
  'accounts.tax_id',
  'accounts.email',
  'accounts.phone',
  'accounts.fax',
  'accounts.address',
  'accounts.city',
  'accounts.state',
  'accounts.country',
  'accounts.postal_code',
  'accounts.language',
  'accounts.notes',
  'accounts.created_at',
  'accounts.updated_at',
] as const

export type AccountFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  city?: string | undefined
  rank?: Accounts['rank'] | undefined
}

/**
 * A page of accounts with what a table shows beside them: how many services run and what is owed (minor units of the
 * business unit's currency). `q` finds by name, number, external id, tax id, e-mail, phone or city, accents forgiven.
 */
export function listAccounts(tx: Tx, request: ListRequest & AccountFilter) {
  let query = tx
    .selectFrom('accounts')
    .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
    .select(columns)
    .select([
      'business_units.name as business_unit_name',
      'business_units.currency as currency',
      sql<number>`(select count(*) from subscriptions s where s.account_id = accounts.id and s.status = 'active')`.as(
        'active_services',
      ),
      sql<number>`coalesce((select sum(e.amount) from ledger_entries e
        where e.account_id = accounts.id and e.ledger_account in ('receivable', 'account_credit')), 0)::bigint`.as(
        'owed',
      ),
    ])
  if (request.business_unit_id)
    query = query.where('accounts.business_unit_id', '=', request.business_unit_id)
  if (request.city) query = query.where('accounts.city', '=', request.city)
  if (request.rank) query = query.where('accounts.rank', '=', request.rank)
  for (const word of (request.q ?? '').split(/\s+/).filter(Boolean).slice(0, 6)) {
    query = query.where(sql<boolean>`accounts.search_text like '%' || fold(${escapeLike(word)}) || '%'`)
  }
  return readPage(
    query,
    request,
    {
      name: { by: sql`accounts.name`, value: (row) => row.name, type: 'text' },
      number: { by: sql`accounts.number`, value: (row) => row.number, type: 'bigint' },
      created_at: { by: sql`accounts.created_at`, value: (row) => row.created_at, type: 'timestamptz' },
      city: { by: sql`accounts.city`, value: (row) => row.city, type: 'text' },
    },
    { by: sql`accounts.id`, value: (row) => row.id, type: 'uuid' },
  )
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)
}

/** One account with its business unit and balances. Refuses: not_found. */
export async function getAccount(tx: Tx, id: string) {
  const row = await tx
    .selectFrom('accounts')
    .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
    .select(columns)
    .select([
      'business_units.name as business_unit_name',
      'business_units.currency as currency',
      sql<number>`(select count(*) from subscriptions s where s.account_id = accounts.id and s.status = 'active')`.as(
        'active_services',
      ),
      sql<number>`coalesce((select sum(e.amount) from ledger_entries e
        where e.account_id = accounts.id and e.ledger_account in ('receivable', 'account_credit')), 0)::bigint`.as(
        'owed',
      ),
    ])
    .where('accounts.id', '=', id)
    .executeTakeFirst()
  return row ?? notFound()
}

/**
 * Creates an account (A1); language and country default to the business unit's. Refuses: invalid_input (business
 * unit unknown, external id taken).
 */
export async function createAccount(tx: Tx, input: AccountInput) {
  const unit = await getUnit(tx, input.business_unit_id)
  if (isRefusal(unit))
    return refuse('invalid_input', {
      status: 422,
      fields: [{ path: 'business_unit_id', code: 'not_a_choice' }],
    })
  const { id } = await tx
    .insertInto('accounts')
    .values({ ...input, language: input.language ?? unit.language, country: input.country ?? unit.country })
    .returning('id')
    .executeTakeFirstOrThrow()
  return getAccount(tx, id)
}

/**
 * Changes an account. Its business unit can change only before it has services, invoices or payments: the catalogue,
 * currency and books are the unit's. Refuses: not_found, account_has_services, invalid_input.
 */
export async function updateAccount(tx: Tx, id: string, change: AccountChange) {
  const current = await getAccount(tx, id)
  if (isRefusal(current)) return current
  if (change.business_unit_id !== undefined && change.business_unit_id !== current.business_unit_id) {
    const unit = await getUnit(tx, change.business_unit_id)
    if (isRefusal(unit))
      return refuse('invalid_input', {
        status: 422,
        fields: [{ path: 'business_unit_id', code: 'not_a_choice' }],
      })
    if (await hasHistory(tx, id)) return refuse('account_has_services')
  }
  if (Object.values(change).some((value) => value !== undefined)) {
    await tx.updateTable('accounts').set(change).where('id', '=', id).execute()
  }
  return getAccount(tx, id)
}

async function hasHistory(tx: Tx, id: string): Promise<boolean> {
  const found = await sql<{ has: boolean }>`select exists (select from subscriptions where account_id = ${id})
    or exists (select from invoices where account_id = ${id}) or exists (select from payments where account_id = ${id}) as has`.execute(
    tx,
  )
  return found.rows[0]?.has ?? false
}

/** What a customer may change of their own account (A7). */
export type OwnAccountChange = Pick<
  AccountChange,
  'name' | 'tax_id' | 'phone' | 'fax' | 'address' | 'city' | 'state' | 'country' | 'postal_code' | 'language'
>

const ownColumns = columns.filter(
  (column) => !['accounts.notes', 'accounts.rank', 'accounts.external_id'].includes(column),
) as Exclude<(typeof columns)[number], 'accounts.notes' | 'accounts.rank' | 'accounts.external_id'>[]

/** The account that the customer works in: row-level security shows no other one. Refuses: not_found. */
export async function getOwnAccount(tx: Tx, id: string) {
  return (
    (await tx.selectFrom('accounts').select(ownColumns).where('id', '=', id).executeTakeFirst()) ?? notFound()
  )
}

/** Changes the customer's own account; the audit log keeps before and after. Refuses: not_found. */
export async function updateOwnAccount(tx: Tx, id: string, change: OwnAccountChange) {
  if (Object.values(change).some((value) => value !== undefined)) {
    await tx.updateTable('accounts').set(change).where('id', '=', id).execute()
  }
  return getOwnAccount(tx, id)
}

/**
 * The accounts that whoever came in may switch to: all of a customer's own; of an API key, and of staff who view as a
 * customer, the one that they are in.
 */
export async function listEnterable(tx: Tx, actor: CustomerActor) {
  if (actor.api_key_id !== null || actor.viewer_name !== null) {
    return tx
      .selectFrom('accounts')
      .where('id', '=', actor.account_id)
      .select(['id', 'name', 'number', sql<string[]>`${actor.permissions}::text[]`.as('permissions')])
      .execute()
  }
  return tx
    .selectFrom('memberships')
    .innerJoin('accounts', 'accounts.id', 'memberships.account_id')
    .where('memberships.user_id', '=', actor.user_id)
    .select([
      'accounts.id',
      'accounts.name',
      'accounts.number',
      sql<string[]>`memberships.permissions::text[]`.as('permissions'),
    ])
    .orderBy('accounts.name')
    .orderBy('accounts.id')
    .limit(200)
    .execute()
}

/** Makes an account the one that this session works in. Refuses: not_found where the user is not a member. */
export async function switchAccount(
  tx: Tx,
  sessionId: string,
  userId: string,
  accountId: string,
): Promise<Refusal | undefined> {
  const member = await tx
    .selectFrom('memberships')
    .select('id')
    .where('user_id', '=', userId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (!member) return notFound()
  await tx.updateTable('sessions').set({ account_id: accountId }).where('id', '=', sessionId).execute()
  return undefined
}
