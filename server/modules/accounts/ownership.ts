import { sql } from 'kysely'
import type { OwnershipTransferState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import type { CustomerActor } from '../../platform/http.ts'
import { lockMembers } from './members.ts'

export type OwnershipTransfer = {
  id: string
  state: OwnershipTransferState
  from_user_id: string
  from_name: string | null
  to_user_id: string
  to_name: string | null
  created_at: Temporal.Instant
  expires_at: Temporal.Instant
  decided_at: Temporal.Instant | null
}

/**
 * The latest offer of an account's ownership that still concerns the caller: pending, or decided in the last two weeks.
 * Row-level security shows it to the two of them and to those who manage users. Null where there is none.
 */
export async function getOwnershipTransfer(tx: Tx, accountId: string): Promise<OwnershipTransfer | null> {
  const found = await sql<OwnershipTransfer>`
    select t.id, case when t.state = 'pending' and t.expires_at <= now() then 'expired' else t.state::text end as state,
           t.from_user_id, giver.name as from_name, t.to_user_id, taker.name as to_name, t.created_at, t.expires_at,
           t.decided_at
      from ownership_transfers t
      left join users giver on giver.id = t.from_user_id
      left join users taker on taker.id = t.to_user_id
     where t.account_id = ${accountId}
       and (t.state = 'pending' or t.decided_at > now() - interval '14 days')
     order by t.id desc limit 1`.execute(tx)
  return found.rows[0] ?? null
}

/**
 * The owner offers the account to another of its users, who hears of it by mail and decides within 14 days; nothing
 * changes until they accept. Refuses: not_found, already_owner, transfer_pending (one offer at a time).
 */
export async function offerOwnership(
  tx: Tx,
  actor: CustomerActor,
  memberId: string,
): Promise<OwnershipTransfer | Refusal> {
  const accountId = actor.account_id!
  await lockMembers(tx, accountId)
  const member = await tx
    .selectFrom('memberships')
    .select(['user_id', sql<string[]>`permissions::text[]`.as('permissions')])
    .where('id', '=', memberId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (!member) return notFound()
  if (member.permissions.includes('owner')) return refuse('already_owner')
  // One that expired makes room for the next.
  await tx
    .updateTable('ownership_transfers')
    .set({ state: 'expired', decided_at: sql`now()` })
    .where('account_id', '=', accountId)
    .where('state', '=', 'pending')
    .where(sql<boolean>`expires_at <= now()`)
    .execute()
  const pending = await tx
    .selectFrom('ownership_transfers')
    .select('id')
    .where('account_id', '=', accountId)
    .where('state', '=', 'pending')
    .executeTakeFirst()
  if (pending) return refuse('transfer_pending')
  const { id } = await tx
    .insertInto('ownership_transfers')
    .values({ account_id: accountId, from_user_id: actor.user_id, to_user_id: member.user_id })
    .returning('id')
    .executeTakeFirstOrThrow()
  await announce(tx, 'ownership.offered', { transfer_id: id })
  return (await getOwnershipTransfer(tx, accountId)) ?? notFound()
}

/**
 * Whoever was offered the account takes it; who offered keeps every permission but ownership. Refuses: not_found,
 * transfer_closed (withdrawn, declined, accepted or expired), transfer_void (the giver no longer owns the account).
 */
export async function acceptOwnership(tx: Tx, id: string): Promise<Refusal | undefined> {
  const done = await sql<{ outcome: string }>`select accept_ownership(${id}) as outcome`.execute(tx)
  const { outcome } = done.rows[0]!
  if (outcome === 'not_found') return notFound()
  if (outcome !== 'accepted') return refuse(outcome)
  await announce(tx, 'ownership.transferred', { transfer_id: id })
  return undefined
}

/** Whoever was offered the account says no. Refuses: not_found, transfer_closed. */
export async function declineOwnership(tx: Tx, actor: CustomerActor, id: string) {
  const mine = await findTransfer(tx, actor, id)
  if (mine?.to_user_id !== actor.user_id) return notFound()
  return decide(tx, id, 'declined')
}

/** An owner takes the offer back. Refuses: not_found, transfer_closed. */
export async function withdrawOwnership(tx: Tx, actor: CustomerActor, id: string) {
  if (!(await findTransfer(tx, actor, id))) return notFound()
  return decide(tx, id, 'withdrawn')
}

function findTransfer(tx: Tx, actor: CustomerActor, id: string) {
  return tx
    .selectFrom('ownership_transfers')
    .select('to_user_id')
    .where('id', '=', id)
    .where('account_id', '=', actor.account_id)
    .executeTakeFirst()
}

async function decide(tx: Tx, id: string, state: 'declined' | 'withdrawn'): Promise<Refusal | undefined> {
  const done = await tx
    .updateTable('ownership_transfers')
    .set({ state, decided_at: sql`now()` })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .returning('id')
    .executeTakeFirst()
  return done ? undefined : refuse('transfer_closed')
}
