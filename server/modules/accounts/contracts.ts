import { sql } from 'kysely'
import type { ContractType } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { getAccount } from './accounts.ts'
import { checkProfileChoice } from './profiles.ts'
import { markStep } from './setup.ts'

/** Where a contract stands on its business unit's calendar day; archived ones keep their place. */
export const contractStates = ['upcoming', 'active', 'ended'] as const
export type ContractState = (typeof contractStates)[number]

export type ContractChange = {
  name?: string | undefined
  type?: ContractType | undefined
  start_date?: Temporal.PlainDate | undefined
  /** First day on which it is no longer in force. */
  end_date?: Temporal.PlainDate | null | undefined
  /** Minor units of the business unit's currency; what they pay for depends on the type. */
  amount?: number | undefined
  /** Of a block of hours alone. */
  included_minutes?: number | null | undefined
  sla_profile_id?: string | null | undefined
  notes?: string | null | undefined
  archived?: boolean | undefined
}
export type ContractInput = Omit<ContractChange, 'archived'> & {
  name: string
  type: ContractType
  start_date: Temporal.PlainDate
  amount: number
}
export type ContractFilter = {
  q?: string | undefined
  account_id?: string | undefined
  business_unit_id?: string | undefined
  type?: ContractType | undefined
  state?: ContractState | undefined
  archived?: 'true' | 'false' | undefined
}

function selectContracts(tx: Tx, now: Temporal.Instant) {
  const today = sql`(${now}::timestamptz at time zone business_units.time_zone)::date`
  const state = sql<ContractState>`case when contracts.start_date > ${today} then 'upcoming'
    when contracts.end_date <= ${today} then 'ended' else 'active' end`
  const query = tx
    .selectFrom('contracts')
    .innerJoin('accounts', 'accounts.id', 'contracts.account_id')
    .innerJoin('business_units', 'business_units.id', 'contracts.business_unit_id')
    .leftJoin('sla_profiles', 'sla_profiles.id', 'contracts.sla_profile_id')
    .select([
      'contracts.id',
      'contracts.account_id',
      'accounts.name as account_name',
      'contracts.business_unit_id',
      'business_units.name as business_unit_name',
      'contracts.name',
      'contracts.type',
      state.as('state'),
      'contracts.start_date',
      'contracts.end_date',
      'contracts.currency',
      'contracts.amount',
      'contracts.included_minutes',
      'contracts.sla_profile_id',
      'sla_profiles.name as sla_profile_name',
      'contracts.notes',
      'contracts.archived_at',
      'contracts.created_at',
      'contracts.updated_at',
    ])
  return { query, state }
}

/** A page of contracts (P12), of one account or of all; `q` finds by the contract's or the account's name. */
export function listContracts(tx: Tx, request: ListRequest & ContractFilter, now: Temporal.Instant) {
  const selected = selectContracts(tx, now)
  let { query } = selected
  if (request.account_id) query = query.where('contracts.account_id', '=', request.account_id)
  if (request.business_unit_id)
    query = query.where('contracts.business_unit_id', '=', request.business_unit_id)
  if (request.type) query = query.where('contracts.type', '=', request.type)
  if (request.state) query = query.where(sql<boolean>`${selected.state} = ${request.state}`)
  if (request.archived)
    query = query.where('contracts.archived_at', request.archived === 'true' ? 'is not' : 'is', null)
  if (request.q)
    query = query.where(
      sql<boolean>`position(fold(${request.q}) in fold(contracts.name || ' ' || accounts.name)) > 0`,
    )
  return readPage(
    query,
    request,
    {
      start_date: { by: sql`contracts.start_date`, value: (row) => row.start_date, type: 'date' },
      end_date: { by: sql`contracts.end_date`, value: (row) => row.end_date, type: 'date', nullable: true },
      name: { by: sql`contracts.name`, value: (row) => row.name, type: 'text' },
      account_name: { by: sql`accounts.name`, value: (row) => row.account_name, type: 'text' },
    },
    { by: sql`contracts.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** One contract. Refuses: not_found. */
export async function getContract(tx: Tx, id: string, now: Temporal.Instant) {
  return (
    (await selectContracts(tx, now).query.where('contracts.id', '=', id).executeTakeFirst()) ?? notFound()
  )
}

/**
 * Records what was agreed with an account, in the currency of its business unit (P12). Refuses: not_found (account),
 * invalid_input (ends before it begins, a block of hours without hours, SLA profile not of the business unit).
 */
export async function createContract(tx: Tx, accountId: string, input: ContractInput, now: Temporal.Instant) {
  const account = await getAccount(tx, accountId)
  if (isRefusal(account)) return account
  const fault =
    checkTerms(input) ?? (await checkProfileChoice(tx, 'sla', account.business_unit_id, input.sla_profile_id))
  if (fault) return fault
  const { id } = await tx
    .insertInto('contracts')
    .values({
      ...input,
      account_id: accountId,
      business_unit_id: account.business_unit_id,
      currency: account.currency,
      included_minutes: input.type === 'block_hours' ? input.included_minutes : null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await markStep(tx, accountId, 'contract', 'done', now)
  return getContract(tx, id, now)
}

/** Changes, ends (by its end date), archives or brings back a contract. Refuses: not_found, invalid_input. */
export async function updateContract(tx: Tx, id: string, change: ContractChange, now: Temporal.Instant) {
  const current = await getContract(tx, id, now)
  if (isRefusal(current)) return current
  const { archived, ...columns } = change
  const after = { ...current, ...withoutUndefined(columns) }
  const fault =
    checkTerms(after) ??
    (change.sla_profile_id === current.sla_profile_id
      ? undefined
      : await checkProfileChoice(tx, 'sla', current.business_unit_id, change.sla_profile_id))
  if (fault) return fault
  await tx
    .updateTable('contracts')
    .set({
      ...columns,
      included_minutes: after.type === 'block_hours' ? after.included_minutes : null,
      ...(archived === undefined ? {} : { archived_at: archived ? (current.archived_at ?? now) : null }),
    })
    .where('id', '=', id)
    .execute()
  return getContract(tx, id, now)
}

function checkTerms(
  terms: Pick<ContractInput, 'type' | 'start_date' | 'end_date' | 'included_minutes'>,
): Refusal | undefined {
  if (terms.end_date && Temporal.PlainDate.compare(terms.end_date, terms.start_date) <= 0)
    return refuseField('end_date', 'not_after_start')
  if (terms.type === 'block_hours' && !terms.included_minutes)
    return refuseField('included_minutes', 'required')
  return undefined
}

function withoutUndefined<T extends object>(change: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as never
}
