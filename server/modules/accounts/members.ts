import { sql } from 'kysely'
import type { MembershipPermission } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'

/** The users who may act for an account, with what they may do there. */
export function listMembers(tx: Tx, accountId: string) {
  return tx
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .where('memberships.account_id', '=', accountId)
    .select([
      'memberships.id',
      'memberships.user_id',
      'users.email',
      'users.name',
      'users.password_set_at',
      'memberships.created_at',
      sql<MembershipPermission[]>`memberships.permissions::text[]`.as('permissions'),
    ])
    .orderBy('memberships.created_at')
    .orderBy('memberships.id')
    .limit(500)
    .execute()
}

/** Changes what a user may do in an account. Refuses: not_found, last_owner (an account that has an owner keeps one). */
export async function updateMember(
  tx: Tx,
  id: string,
  permissions: MembershipPermission[],
): Promise<Refusal | undefined> {
  const member = await tx
    .selectFrom('memberships')
    .select(['account_id', sql<string[]>`permissions::text[]`.as('permissions')])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!member) return notFound()
  if (
    member.permissions.includes('owner') &&
    !permissions.includes('owner') &&
    !(await hasOtherOwner(tx, member.account_id, id))
  ) {
    return refuse('last_owner')
  }
  await tx
    .updateTable('memberships')
    .set({ permissions: sql`${permissions}::membership_permission[]` })
    .where('id', '=', id)
    .execute()
  return undefined
}

/** Takes a user's access to an account away. Refuses: not_found, last_owner. */
export async function removeMember(tx: Tx, id: string): Promise<Refusal | undefined> {
  const member = await tx
    .selectFrom('memberships')
    .select(['account_id', sql<string[]>`permissions::text[]`.as('permissions')])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!member) return notFound()
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
