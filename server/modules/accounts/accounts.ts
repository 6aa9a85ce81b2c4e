import { type Insertable, sql, type Updateable } from 'kysely'
import type { Accounts } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import type { CustomerActor } from '../../platform/http.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { matchAccounts } from '../../platform/word-filter.ts'
import { getUnit } from '../units/index.ts'
import { setDomains } from './domains.ts'
import { checkProfileChoice } from './profiles.ts'
import { beginSetup, markStep } from './setup.ts'
import { readChangedTaxId, readTaxId } from './tax-id.ts'

type Generated =
  | 'id'
  | 'number'
  | 'search_text'
  | 'tax_id_key'
  | 'phone_key'
  | 'created_at'
  | 'updated_at'
  | 'erased_at'
type Domains = {
  /** Mail domains of the account, without @ (A2). */
  domains?: string[] | undefined
}
export type AccountInput = Omit<Insertable<Accounts>, Generated | 'language'> &
  Domains & {
    language?: Accounts['language'] | undefined
    /** Whether the guide goes on with contract, profiles and contact. */
    guided?: boolean | undefined
  }
export type AccountChange = Omit<Updateable<Accounts>, Generated> & Domains

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
  'accounts.tickets_only_from_primary',
  'accounts.sla_profile_id',
  'accounts.threshold_profile_id',
  'accounts.created_at',
  'accounts.updated_at',
  'accounts.erased_at',
] as const

export type AccountFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  city?: string | undefined
  rank?: Accounts['rank'] | undefined
  setup?: 'unfinished' | undefined
}

const domains = sql<string[]>`array(select d.domain::text from account_domains d
  where d.account_id = accounts.id order by d.domain)`
const setupUnfinished = sql<boolean>`exists (select from account_setups s
  where s.account_id = accounts.id and s.finished_at is null)`

/**
 * A page of accounts with what a table shows beside them: how many services run and what is owed (minor units of the
 * business unit's currency). `q` finds by name, number, external id, tax id, e-mail, phone or city, accents forgiven.
 */
export async function listAccounts(tx: Tx, request: ListRequest & AccountFilter) {
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
      domains.as('domains'),
      setupUnfinished.as('setup_unfinished'),
    ])
  if (request.business_unit_id)
    query = query.where('accounts.business_unit_id', '=', request.business_unit_id)
  if (request.city) query = query.where('accounts.city', '=', request.city)
  if (request.rank) query = query.where('accounts.rank', '=', request.rank)
  if (request.setup) query = query.where(setupUnfinished)
  if (request.q) query = query.where(await matchAccounts(tx, request.q))
  return readPage(
    query,
    request,
    {
      name: { by: sql`accounts.name`, value: (row) => row.name, type: 'text' },
      number: { by: sql`accounts.number`, value: (row) => row.number, type: 'bigint' },
      created_at: { by: sql`accounts.created_at`, value: (row) => row.created_at, type: 'timestamptz' },
      city: { by: sql`accounts.city`, value: (row) => row.city, type: 'text', nullable: true },
    },
    { by: sql`accounts.id`, value: (row) => row.id, type: 'uuid' },
  )
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
      domains.as('domains'),
      setupUnfinished.as('setup_unfinished'),
    ])
    .where('accounts.id', '=', id)
    .executeTakeFirst()
  return row ?? notFound()
}

/**
 * Creates an account (A1); language and country default to the business unit's, and a tax id takes its standard form.
 * With `guided` the guide goes on. Refuses: invalid_input (business unit unknown, external id taken, tax_id_invalid,
 * domains as in setDomains, profiles not of the unit).
 */
export async function createAccount(
  tx: Tx,
  input: AccountInput,
  author: { user_id: string | null; now: Temporal.Instant },
) {
  const { domains, guided, ...columns } = input
  const unit = await getUnit(tx, input.business_unit_id)
  if (isRefusal(unit)) return refuseField('business_unit_id', 'not_a_choice')
  const country = input.country ?? unit.country
  const taxId = readTaxId({ country, kind: input.kind ?? 'company' }, input.tax_id)
  if (isRefusal(taxId)) return taxId
  const fault =
    (await checkProfileChoice(tx, 'sla', unit.id, input.sla_profile_id)) ??
    (await checkProfileChoice(tx, 'threshold', unit.id, input.threshold_profile_id))
  if (fault) return fault
  const { id } = await tx
    .insertInto('accounts')
    .values({ ...columns, tax_id: taxId, language: input.language ?? unit.language, country })
    .returning('id')
    .executeTakeFirstOrThrow()
  const account = { id, business_unit_id: unit.id }
  if (domains) {
    const refusal = await setDomains(tx, account, domains)
    if (refusal) return refusal
  }
  if (guided) {
    await beginSetup(tx, account, author.user_id)
    if (input.sla_profile_id || input.threshold_profile_id)
      await markStep(tx, id, 'profiles', 'done', author.now)
  }
  await announce(tx, 'account.created', { account_id: id })
  return getAccount(tx, id)
}

/**
 * Changes an account. Its business unit can change only before it has services, contracts, invoices or payments: the
 * catalogue, currency and books are the unit's, and so are the profiles, which are then chosen anew. A tax id is checked
 * only where it changes. Refuses: not_found, account_has_services, invalid_input.
 */
export async function updateAccount(
  tx: Tx,
  id: string,
  { domains, ...change }: AccountChange,
  now: Temporal.Instant,
) {
  const current = await getAccount(tx, id)
  if (isRefusal(current)) return current
  const set = { ...change }
  const unitId = change.business_unit_id ?? current.business_unit_id
  if (unitId !== current.business_unit_id) {
    const unit = await getUnit(tx, unitId)
    if (isRefusal(unit)) return refuseField('business_unit_id', 'not_a_choice')
    if (await hasHistory(tx, id)) return refuse('account_has_services')
    set.sla_profile_id ??= null
    set.threshold_profile_id ??= null
  }
  const taxId = readChangedTaxId(current, change)
  if (isRefusal(taxId)) return taxId
  if (taxId !== undefined) set.tax_id = taxId
  // A profile that was archived since stays where it was chosen.
  const fault =
    (set.sla_profile_id === current.sla_profile_id
      ? undefined
      : await checkProfileChoice(tx, 'sla', unitId, set.sla_profile_id)) ??
    (set.threshold_profile_id === current.threshold_profile_id
      ? undefined
      : await checkProfileChoice(tx, 'threshold', unitId, set.threshold_profile_id))
  if (fault) return fault
  if (Object.values(set).some((value) => value !== undefined)) {
    await tx.updateTable('accounts').set(set).where('id', '=', id).execute()
  }
  if (domains) {
    const refusal = await setDomains(tx, { id, business_unit_id: unitId }, domains)
    if (refusal) return refusal
  }
  if (change.sla_profile_id !== undefined || change.threshold_profile_id !== undefined)
    await markStep(tx, id, 'profiles', 'done', now)
  await announce(tx, 'account.changed', { account_id: id })
  return getAccount(tx, id)
}

async function hasHistory(tx: Tx, id: string): Promise<boolean> {
  const found = await sql<{ has: boolean }>`select exists (select from subscriptions where account_id = ${id})
    or exists (select from contracts where account_id = ${id})
    or exists (select from invoices where account_id = ${id}) or exists (select from payments where account_id = ${id}) as has`.execute(
    tx,
  )
  return found.rows[0]?.has ?? false
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
