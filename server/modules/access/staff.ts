import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { type ListRequest, type Page, readPage } from '../../platform/pages.ts'
import type { StaffRole } from '../../platform/permissions.ts'
import type { Language } from '../../platform/translations.ts'

export type StaffMember = {
  id: string
  email: string
  name: string
  language: Language
  role: StaffRole
  all_units: boolean
  units: string[]
  disabled_at: Temporal.Instant | null
  password_set_at: Temporal.Instant | null
  created_at: Temporal.Instant
}

function selectStaff(tx: Tx) {
  return tx
    .selectFrom('staff')
    .innerJoin('users', 'users.id', 'staff.user_id')
    .select((eb) => [
      'users.id',
      'users.email',
      'users.name',
      'users.language',
      'staff.role',
      'staff.all_units',
      'users.disabled_at',
      'users.password_set_at',
      'users.created_at',
      sql<string[]>`coalesce((select array_agg(su.business_unit_id) from staff_units su
        where su.user_id = ${eb.ref('staff.user_id')}), '{}')::text[]`.as('units'),
    ])
}

/** A page of staff. */
export function listStaff(
  tx: Tx,
  request: ListRequest & { q?: string | undefined },
): Promise<Page<StaffMember>> {
  let query = selectStaff(tx)
  if (request.q)
    query = query.where(
      sql<boolean>`fold(users.name || ' ' || users.email::text) like '%' || fold(${request.q}) || '%'`,
    )
  return readPage<StaffMember>(
    query as never,
    request,
    {
      name: { by: sql`users.name`, value: (row) => row.name, type: 'text' },
      email: { by: sql`users.email`, value: (row) => row.email, type: 'citext' },
    },
    { by: sql`users.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** One member of staff. Refuses: not_found. */
export async function getStaff(tx: Tx, id: string): Promise<StaffMember | Refusal> {
  return (
    ((await selectStaff(tx).where('users.id', '=', id).executeTakeFirst()) as StaffMember | undefined) ??
    notFound()
  )
}

export type StaffInput = {
  email: string
  name: string
  language: Language
  role: StaffRole
  all_units: boolean
  units: string[]
}

/**
 * Invites a member of staff: the mail carries the link with which they choose their password. Refuses: invalid_input
 * where the e-mail is taken on the staff side, or no business unit was chosen.
 */
export async function inviteStaff(tx: Tx, input: StaffInput): Promise<StaffMember | Refusal> {
  const fault = checkUnits(input)
  if (fault) return fault
  const user = await tx
    .insertInto('users')
    .values({ side: 'staff', email: input.email, name: input.name, language: input.language })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('staff')
    .values({ user_id: user.id, role: input.role, all_units: input.all_units })
    .execute()
  await setUnits(tx, user.id, input.all_units ? [] : input.units)
  await announce(tx, 'staff.invited', { user_id: user.id })
  return getStaff(tx, user.id)
}

/**
 * Changes a member of staff; disabling ends their sessions at the next request. Refuses: not_found,
 * last_admin (somebody must remain who may do everything), own_access (nobody changes their own role or access).
 */
export async function updateStaff(
  tx: Tx,
  id: string,
  change: Partial<StaffInput> & { disabled?: boolean | undefined },
  actorId: string,
  now: Temporal.Instant,
): Promise<StaffMember | Refusal> {
  const member = await getStaff(tx, id)
  if (isRefusal(member)) return member
  const touchesAccess =
    change.role !== undefined ||
    change.disabled !== undefined ||
    change.all_units !== undefined ||
    change.units !== undefined
  if (id === actorId && touchesAccess) return refuse('own_access')
  const allUnits = change.all_units ?? member.all_units
  const fault = checkUnits({ all_units: allUnits, units: change.units ?? member.units })
  if (fault) return fault
  if (
    change.name !== undefined ||
    change.email !== undefined ||
    change.language !== undefined ||
    change.disabled !== undefined
  ) {
    await tx
      .updateTable('users')
      .set({
        name: change.name ?? member.name,
        email: change.email ?? member.email,
        language: change.language ?? member.language,
        disabled_at: change.disabled === undefined ? member.disabled_at : change.disabled ? now : null,
      })
      .where('id', '=', id)
      .execute()
  }
  await tx
    .updateTable('staff')
    .set({ role: change.role ?? member.role, all_units: allUnits })
    .where('user_id', '=', id)
    .execute()
  await setUnits(tx, id, allUnits ? [] : (change.units ?? member.units))
  const admins = await tx
    .selectFrom('staff')
    .innerJoin('users', 'users.id', 'staff.user_id')
    .where('staff.role', '=', 'admin')
    .where('staff.all_units', '=', true)
    .where('users.disabled_at', 'is', null)
    .select('staff.user_id')
    .limit(1)
    .executeTakeFirst()
  if (!admins) return refuse('last_admin')
  return getStaff(tx, id)
}

function checkUnits(input: { all_units: boolean; units: string[] }): Refusal | null {
  return input.all_units || input.units.length > 0
    ? null
    : refuse('invalid_input', { status: 422, fields: [{ path: 'units', code: 'required' }] })
}

async function setUnits(tx: Tx, userId: string, units: string[]): Promise<void> {
  await tx.deleteFrom('staff_units').where('user_id', '=', userId).execute()
  if (units.length === 0) return
  await tx
    .insertInto('staff_units')
    .values([...new Set(units)].map((unit) => ({ user_id: userId, business_unit_id: unit })))
    .execute()
}
