import { sql } from 'kysely'
import type { AccountChangeState, AccountKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import type { CustomerActor } from '../../platform/http.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'

/** What a business unit may want to confirm before it counts (A7). */
export type SensitiveDetails = {
  name?: string | undefined
  tax_id?: string | null | undefined
  kind?: AccountKind | undefined
}

const columns = [
  'account_change_requests.id',
  'account_change_requests.account_id',
  'account_change_requests.business_unit_id',
  'account_change_requests.changes',
  'account_change_requests.previous',
  'account_change_requests.state',
  'account_change_requests.reason',
  'account_change_requests.created_at',
  'account_change_requests.decided_at',
] as const

/** What the customer's account waits for, or what was refused of it last; null where neither. */
export async function getOwnChangeRequest(tx: Tx, accountId: string) {
  const last = await tx
    .selectFrom('account_change_requests')
    .select([
      'account_change_requests.id',
      'account_change_requests.changes',
      'account_change_requests.previous',
      'account_change_requests.state',
      'account_change_requests.reason',
      'account_change_requests.created_at',
      'account_change_requests.decided_at',
    ])
    .where('account_id', '=', accountId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last && (last.state === 'pending' || last.state === 'rejected') ? last : null
}

/** Asks staff to confirm changes of a customer's details. Refuses: change_pending (one request at a time). */
export async function requestAccountChange(
  tx: Tx,
  actor: CustomerActor,
  changes: SensitiveDetails,
  previous: SensitiveDetails,
): Promise<Refusal | undefined> {
  const pending = await tx
    .selectFrom('account_change_requests')
    .select('id')
    .where('account_id', '=', actor.account_id)
    .where('state', '=', 'pending')
    .executeTakeFirst()
  if (pending) return refuse('change_pending')
  await tx
    .insertInto('account_change_requests')
    .values({
      account_id: actor.account_id!,
      business_unit_id: actor.business_unit_id!,
      requested_by: actor.user_id,
      changes: JSON.stringify(changes),
      previous: JSON.stringify(previous),
    })
    .execute()
  return undefined
}

/** The customer takes a request back. Refuses: not_found, change_decided. */
export async function withdrawAccountChange(tx: Tx, id: string): Promise<Refusal | undefined> {
  const done = await tx
    .updateTable('account_change_requests')
    .set({ state: 'withdrawn', decided_at: sql`now()` })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .returning('id')
    .executeTakeFirst()
  if (done) return undefined
  const known = await tx
    .selectFrom('account_change_requests')
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst()
  return known ? refuse('change_decided') : notFound()
}

export type ChangeRequestFilter = {
  state?: AccountChangeState | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
}

function selectRequests(tx: Tx) {
  return tx
    .selectFrom('account_change_requests')
    .innerJoin('accounts', 'accounts.id', 'account_change_requests.account_id')
    .innerJoin('business_units', 'business_units.id', 'account_change_requests.business_unit_id')
    .innerJoin('users as asker', 'asker.id', 'account_change_requests.requested_by')
    .leftJoin('users as decider', 'decider.id', 'account_change_requests.decided_by')
    .select(columns)
    .select([
      'accounts.name as account_name',
      'accounts.number as account_number',
      'business_units.name as business_unit_name',
      'asker.name as requested_by_name',
      'asker.email as requested_by_email',
      'decider.name as decided_by_name',
    ])
}

const newest = { by: sql`account_change_requests.id`, value: (row: { id: string }) => row.id, type: 'uuid' }

/** A page of what customers asked to change; ids are made in the order of time, so they are what it sorts by. */
export function listChangeRequests(tx: Tx, request: ListRequest & ChangeRequestFilter) {
  let query = selectRequests(tx)
  if (request.state) query = query.where('account_change_requests.state', '=', request.state)
  if (request.business_unit_id)
    query = query.where('account_change_requests.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('account_change_requests.account_id', '=', request.account_id)
  return readPage(query, request, { created_at: newest }, newest)
}

/** One request of a customer. Refuses: not_found. */
export async function getChangeRequest(tx: Tx, id: string) {
  return (
    (await selectRequests(tx).where('account_change_requests.id', '=', id).executeTakeFirst()) ?? notFound()
  )
}

/**
 * Staff confirm a request: what was asked for stands in the account, in the same transaction, and the customer hears of
 * it. Refuses: not_found, change_decided.
 */
export async function approveChangeRequest(tx: Tx, id: string, staffId: string) {
  const request = await decideRequest(tx, id, { state: 'approved', decided_by: staffId, reason: null })
  if (isRefusal(request)) return request
  const { name, tax_id, kind } = request.changes as SensitiveDetails
  await tx
    .updateTable('accounts')
    .set({
      ...(name === undefined ? {} : { name }),
      ...(tax_id === undefined ? {} : { tax_id }),
      ...(kind === undefined ? {} : { kind }),
    })
    .where('id', '=', request.account_id)
    .execute()
  await announce(tx, 'account.changed', { account_id: request.account_id })
  return getChangeRequest(tx, id)
}

/** Staff refuse a request, with the reason that the customer reads. Refuses: not_found, change_decided. */
export async function rejectChangeRequest(tx: Tx, id: string, reason: string, staffId: string) {
  const request = await decideRequest(tx, id, { state: 'rejected', decided_by: staffId, reason })
  return isRefusal(request) ? request : getChangeRequest(tx, id)
}

async function decideRequest(
  tx: Tx,
  id: string,
  decision: { state: 'approved' | 'rejected'; decided_by: string; reason: string | null },
) {
  const decided = await tx
    .updateTable('account_change_requests')
    .set({ ...decision, decided_at: sql`now()` })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .returning(['account_id', 'changes'])
    .executeTakeFirst()
  if (!decided) {
    const known = await getChangeRequest(tx, id)
    return isRefusal(known) ? known : refuse('change_decided')
  }
  await announce(tx, 'account_change.decided', { request_id: id })
  return decided
}
