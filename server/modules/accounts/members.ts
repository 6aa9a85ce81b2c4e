import { sql } from 'kysely'
import type { MembershipPermission } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'
import type { CustomerActor } from '../../platform/http.ts'
import { mayMember } from '../../platform/permissions.ts'

function selectMembers(tx: Tx, accountId: string) {
  return tx
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .where('memberships.account_id', '=', accountId)
    .select([
      'memberships.id',
      'memberships.user_id',
      'users.email',
      'users.name',
      'users.photo_file_id',
      'memberships.created_at',
      sql<MembershipPermission[]>`memberships.permissions::text[]`.as('permissions'),
    ])
    .orderBy(sql`'owner' = any(memberships.permissions)`, 'desc')
    .orderBy('memberships.created_at')
    .orderBy('memberships.id')
    .limit(500)
}

/** The users who may act for an account, with what they may do there, for staff: owners first. */
export function listMembers(tx: Tx, accountId: string) {
  return selectMembers(tx, accountId).select('users.password_set_at').execute()
}

/**
 * The users of the customer's account (A6): row-level security shows all of them to owners and to those who manage users,
 * and to others only themselves.
 */
export function listOwnMembers(tx: Tx, accountId: string) {
  return selectMembers(tx, accountId).execute()
}

/** Changes of an account's members come one after the other. */
export async function lockMembers(tx: Tx, accountId: string): Promise<void> {
  await sql`select lock_members(${accountId})`.execute(tx)
}

type Membership = { account_id: string; user_id: string; permissions: string[] }

/** A membership as it is once nobody else changes the account's members any more; undefined where there is none. */
async function findMembership(tx: Tx, id: string): Promise<Membership | undefined> {
  const found = tx
    .selectFrom('memberships')
    .select(['account_id', 'user_id', sql<string[]>`permissions::text[]`.as('permissions')])
    .where('id', '=', id)
  const seen = await found.executeTakeFirst()
  if (!seen) return undefined
  await lockMembers(tx, seen.account_id)
  return found.executeTakeFirst()
}

async function setPermissions(tx: Tx, id: string, permissions: readonly MembershipPermission[]) {
  await tx
    .updateTable('memberships')
    .set({ permissions: sql`${inOrder(permissions)}::membership_permission[]` })
    .where('id', '=', id)
    .execute()
}

const order: MembershipPermission[] = ['owner', 'billing', 'services', 'support', 'licences', 'users']

/** Each permission once, in the order in which screens show them; the owner has all of them. */
export function inOrder(permissions: readonly MembershipPermission[]): MembershipPermission[] {
  return permissions.includes('owner') ? order : order.filter((one) => permissions.includes(one))
}

/** Staff change what a user may do in an account. Refuses: not_found, last_owner (an account that has an owner keeps one). */
export async function updateMember(
  tx: Tx,
  id: string,
  permissions: MembershipPermission[],
): Promise<Refusal | undefined> {
  const member = await findMembership(tx, id)
  if (!member) return notFound()
  if (
    member.permissions.includes('owner') &&
    !permissions.includes('owner') &&
    !(await hasOtherOwner(tx, member.account_id, id))
  ) {
    return refuse('last_owner')
  }
  await setPermissions(tx, id, permissions)
  return undefined
}

/**
 * Staff take a user's access to an account away: at once, with the keys that they made for it. Refuses: not_found,
 * last_owner.
 */
export async function removeMember(tx: Tx, id: string): Promise<Refusal | undefined> {
  const member = await findMembership(tx, id)
  if (!member) return notFound()
  if (member.permissions.includes('owner') && !(await hasOtherOwner(tx, member.account_id, id)))
    return refuse('last_owner')
  await tx.deleteFrom('memberships').where('id', '=', id).execute()
  return undefined
}

/** What one may give who holds these: an owner everything but ownership, others what they hold themselves (A6). */
export function mayGive(
  held: readonly MembershipPermission[],
  given: readonly MembershipPermission[],
): boolean {
  return given.every((one) => one !== 'owner' && mayMember(held, one))
}

/**
 * A customer changes what another user may do in the account; what is added, they hold themselves. Refuses: not_found,
 * own_permissions (one's own), owner_only (an owner's, by somebody who is none), permission_not_held, last_owner.
 */
export async function updateOwnMember(
  tx: Tx,
  actor: CustomerActor,
  id: string,
  permissions: MembershipPermission[],
): Promise<Refusal | undefined> {
  const member = await findMembership(tx, id)
  if (!member || member.account_id !== actor.account_id) return notFound()
  if (member.user_id === actor.user_id) return refuse('own_permissions', { status: 403 })
  if (member.permissions.includes('owner')) {
    if (!actor.permissions.includes('owner')) return refuse('owner_only', { status: 403 })
    if (!(await hasOtherOwner(tx, member.account_id, id))) return refuse('last_owner')
  }
  const added = permissions.filter((one) => !member.permissions.includes(one))
  if (!mayGive(actor.permissions, added)) return refuse('permission_not_held', { status: 403 })
  await setPermissions(tx, id, permissions)
  return undefined
}

/**
 * A customer takes another's access to the account away, or leaves it themselves: at once, with the keys of whoever goes.
 * Refuses: not_found, not_permitted, owner_only (an owner, by somebody who is none), last_owner.
 */
export async function removeOwnMember(
  tx: Tx,
  actor: CustomerActor,
  id: string,
): Promise<Refusal | undefined> {
  const member = await findMembership(tx, id)
  if (!member || member.account_id !== actor.account_id) return notFound()
  if (member.user_id !== actor.user_id) {
    if (!mayMember(actor.permissions, 'users')) return notFound()
    if (member.permissions.includes('owner') && !actor.permissions.includes('owner'))
      return refuse('owner_only', { status: 403 })
  }
  if (member.permissions.includes('owner') && !(await hasOtherOwner(tx, member.account_id, id)))
    return refuse('last_owner')
  await tx.deleteFrom('memberships').where('id', '=', id).execute()
  return undefined
}

async function hasOtherOwner(tx: Tx, accountId: string, butNot: string): Promise<boolean> {
  const other = await tx
    .selectFrom('memberships')
    .select('id')
    .where('account_id', '=', accountId)
    .where('id', '<>', butNot)
    .where(sql<boolean>`'owner' = any(permissions)`)
    .executeTakeFirst()
  return other !== undefined
}
