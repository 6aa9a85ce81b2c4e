import { sql } from 'kysely'
import { staffRoles } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import type { StaffActor } from '../../platform/http.ts'
import { type ListRequest, type Page, readPage } from '../../platform/pages.ts'
import { listPermissions, type StaffPermission, type StaffRole } from '../../platform/permissions.ts'
import type { Language } from '../../platform/translations.ts'

export type StaffMember = {
  id: string
  email: string
  name: string
  language: Language
  role: StaffRole
  all_units: boolean
  units: string[]
  /** Single permissions beyond the role's. */
  granted: StaffPermission[]
  /** Single permissions of the role that they do not have. */
  withheld: StaffPermission[]
  /** All in all, what they may do. */
  permissions: StaffPermission[]
  photo_file_id: string | null
  has_second_factor: boolean
  last_seen_at: Temporal.Instant | null
  disabled_at: Temporal.Instant | null
  password_set_at: Temporal.Instant | null
  created_at: Temporal.Instant
}
type StaffRow = Omit<StaffMember, 'permissions' | 'has_second_factor' | 'last_seen_at'>

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
      'users.photo_file_id',
      'users.disabled_at',
      'users.password_set_at',
      'users.created_at',
      sql<StaffPermission[]>`${eb.ref('staff.granted')}::text[]`.as('granted'),
      sql<StaffPermission[]>`${eb.ref('staff.withheld')}::text[]`.as('withheld'),
      sql<string[]>`coalesce((select array_agg(su.business_unit_id) from staff_units su
        where su.user_id = ${eb.ref('staff.user_id')}), '{}')::text[]`.as('units'),
    ])
}

/** Adds what only the database may look up of other people: second factor and last sign of life. */
async function completeStaff(tx: Tx, rows: StaffRow[]): Promise<StaffMember[]> {
  const found = await sql<{
    user_id: string
    has_second_factor: boolean
    last_seen_at: Temporal.Instant | null
  }>`
    select * from staff_access(${rows.map((row) => row.id)}::uuid[])`.execute(tx)
  const access = new Map(found.rows.map((row) => [row.user_id, row]))
  return rows.map((row) => ({
    ...row,
    permissions: listPermissions(row.role, row.granted, row.withheld),
    has_second_factor: access.get(row.id)?.has_second_factor ?? false,
    last_seen_at: access.get(row.id)?.last_seen_at ?? null,
  }))
}

/** A page of staff. */
export async function listStaff(
  tx: Tx,
  request: ListRequest & { q?: string | undefined },
): Promise<Page<StaffMember>> {
  let query = selectStaff(tx)
  if (request.q)
    query = query.where(
      sql<boolean>`fold(users.name || ' ' || users.email::text) like '%' || fold(${request.q}) || '%'`,
    )
  const page = await readPage<StaffRow>(
    query as never,
    request,
    {
      name: { by: sql`users.name`, value: (row) => row.name, type: 'text' },
      email: { by: sql`users.email`, value: (row) => row.email, type: 'citext' },
    },
    { by: sql`users.id`, value: (row) => row.id, type: 'uuid' },
  )
  return { ...page, items: await completeStaff(tx, page.items) }
}

/** One member of staff. Refuses: not_found. */
export async function getStaff(tx: Tx, id: string): Promise<StaffMember | Refusal> {
  const row = (await selectStaff(tx).where('users.id', '=', id).executeTakeFirst()) as StaffRow | undefined
  return row ? (await completeStaff(tx, [row]))[0]! : notFound()
}

export type StaffInput = {
  email: string
  name: string
  language: Language
  role: StaffRole
  all_units: boolean
  units: string[]
  granted?: StaffPermission[] | undefined
  withheld?: StaffPermission[] | undefined
}

/** Who gives access away. An API key gives at most what it has itself. */
export type Granter = Pick<
  StaffActor,
  'user_id' | 'role' | 'all_units' | 'units' | 'permissions' | 'api_key_id'
>

/**
 * What somebody may give to others: what they hold themselves. Acting in a customer's name is part of no role, so an
 * administrator in person gives it singly (A11).
 */
export function listGrantable(granter: Granter): StaffPermission[] {
  return granter.role === 'admin' && granter.api_key_id === null
    ? [...granter.permissions, 'accounts.act_as']
    : granter.permissions
}

/** What each role may do, from the one that may do everything to the one that only reads. */
export function listRoles(): { role: StaffRole; permissions: StaffPermission[] }[] {
  return staffRoles.map((role) => ({ role, permissions: listPermissions(role) }))
}

type Access = Pick<StaffMember, 'role' | 'all_units' | 'units' | 'granted' | 'withheld'>

/** Refuses beyond_own_access: nobody gives, takes or touches access that is more than their own (A10). */
function checkReach(granter: Granter, access: Access): Refusal | null {
  const grantable = listGrantable(granter)
  const within =
    listPermissions(access.role, access.granted, access.withheld).every((one) => grantable.includes(one)) &&
    (granter.all_units || (!access.all_units && access.units.every((unit) => granter.units.includes(unit))))
  return within ? null : refuse('beyond_own_access', { status: 403 })
}

/** Single permissions as they are kept: beyond the role, or of the role. What is given wins over what is withheld. */
function settleAccess(access: Access): Access {
  const ofRole = listPermissions(access.role)
  return {
    role: access.role,
    all_units: access.all_units,
    units: access.all_units ? [] : [...new Set(access.units)],
    granted: [...new Set(access.granted)].filter((one) => !ofRole.includes(one)),
    withheld: [...new Set(access.withheld)].filter(
      (one) => ofRole.includes(one) && !access.granted.includes(one),
    ),
  }
}

/**
 * Invites a member of staff: the mail carries the link with which they choose their password. Refuses: invalid_input
 * where the e-mail is taken on the staff side, or no business unit was chosen; beyond_own_access.
 */
export async function inviteStaff(
  tx: Tx,
  input: StaffInput,
  granter: Granter,
): Promise<StaffMember | Refusal> {
  const access = settleAccess({ ...input, granted: input.granted ?? [], withheld: input.withheld ?? [] })
  const fault = checkUnits(access) ?? checkReach(granter, access)
  if (fault) return fault
  const user = await tx
    .insertInto('users')
    .values({ side: 'staff', email: input.email, name: input.name, language: input.language })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('staff')
    .values({
      user_id: user.id,
      role: access.role,
      all_units: access.all_units,
      granted: sql`${access.granted}::staff_permission[]`,
      withheld: sql`${access.withheld}::staff_permission[]`,
    })
    .execute()
  await setUnits(tx, user.id, access.units)
  await announce(tx, 'staff.invited', { user_id: user.id })
  return getStaff(tx, user.id)
}

/** How many times in an hour somebody's invitation may be sent. */
const invitationsPerHour = 5

/** Sends the invitation once more; the link before it ends. Refuses: not_found, invitation_used, resend_too_often. */
export async function resendInvitation(tx: Tx, id: string): Promise<Refusal | undefined> {
  const member = await getStaff(tx, id)
  if (isRefusal(member)) return member
  if (member.password_set_at !== null || member.disabled_at !== null) return refuse('invitation_used')
  const taken = await sql<{ within: boolean }>`
    select take_rate(${`staff-invitation:${id}`}, ${invitationsPerHour}, 3600) as within`.execute(tx)
  if (!taken.rows[0]?.within) return refuse('resend_too_often', { status: 429, kept: true })
  await announce(tx, 'staff.invited', { user_id: id })
  return undefined
}

export type StaffChange = Partial<StaffInput> & { disabled?: boolean | undefined }

/**
 * Changes a member of staff. Disabling ends their sessions; losing a permission, a business unit or the right to view
 * as a customer holds from the next request on. Refuses: not_found, last_admin (somebody must remain who may do
 * everything), own_access (nobody changes their own role or access), beyond_own_access (nobody gives what they do not
 * hold, nor changes somebody who may do more), invalid_input.
 */
export async function updateStaff(
  tx: Tx,
  id: string,
  change: StaffChange,
  granter: Granter,
  now: Temporal.Instant,
): Promise<StaffMember | Refusal> {
  // Two who take each other's access away at once come one after the other: one administrator remains.
  await sql`select pg_advisory_xact_lock(hashtext('zaguan.staff'))`.execute(tx)
  const member = await getStaff(tx, id)
  if (isRefusal(member)) return member
  const keys = ['role', 'disabled', 'all_units', 'units', 'granted', 'withheld'] as const
  if (id === granter.user_id) {
    if (keys.some((key) => change[key] !== undefined)) return refuse('own_access')
    // A program may not open another mailbox's door to the person who answers for it.
    if (granter.api_key_id !== null && change.email !== undefined) return refuse('own_access')
  }
  const access = settleAccess({
    role: change.role ?? member.role,
    all_units: change.all_units ?? member.all_units,
    units: change.units ?? member.units,
    granted: change.granted ?? member.granted,
    withheld: change.withheld ?? member.withheld,
  })
  const fault =
    checkUnits(access) ??
    (id === granter.user_id ? null : (checkReach(granter, member) ?? checkReach(granter, access)))
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
  if (id !== granter.user_id) {
    await tx
      .updateTable('staff')
      .set({
        role: access.role,
        all_units: access.all_units,
        granted: sql`${access.granted}::staff_permission[]`,
        withheld: sql`${access.withheld}::staff_permission[]`,
      })
      .where('user_id', '=', id)
      .execute()
    await setUnits(tx, id, access.units)
    await endWhatWasLost(tx, member, access, change.disabled === true)
    if (!(await hasWholeAdmin(tx))) return refuse('last_admin')
  }
  return getStaff(tx, id)
}

/** What somebody opened with access that they no longer have ends in the same transaction. */
async function endWhatWasLost(tx: Tx, before: StaffMember, after: Access, disabled: boolean): Promise<void> {
  const permissions = listPermissions(after.role, after.granted, after.withheld)
  const lost = (one: StaffPermission) => before.permissions.includes(one) && !permissions.includes(one)
  const fewerUnits =
    !after.all_units && (before.all_units || before.units.some((unit) => !after.units.includes(unit)))
  if (disabled || lost('accounts.view_as') || fewerUnits)
    await sql`select end_views(${before.id}, false)`.execute(tx)
  else if (lost('accounts.act_as')) await sql`select end_views(${before.id}, true)`.execute(tx)
  if (disabled) await sql`select end_sessions_of(${before.id})`.execute(tx)
}

/** Whether somebody is left who sees every business unit and may do all that a role gives. */
async function hasWholeAdmin(tx: Tx): Promise<boolean> {
  const admin = await tx
    .selectFrom('staff')
    .innerJoin('users', 'users.id', 'staff.user_id')
    .where('staff.role', '=', 'admin')
    .where('staff.all_units', '=', true)
    .where(sql<boolean>`staff.withheld = '{}'`)
    .where('users.disabled_at', 'is', null)
    .select('staff.user_id')
    .limit(1)
    .executeTakeFirst()
  return admin !== undefined
}

/**
 * Takes the second factor of somebody who lost it away: passkeys, one-time codes and recovery codes go, every session
 * ends; they sign in with their password and set it up anew. Refuses: not_found, own_access, beyond_own_access.
 */
export async function resetStaffSecondFactor(
  tx: Tx,
  id: string,
  granter: Granter,
): Promise<Refusal | undefined> {
  const member = await getStaff(tx, id)
  if (isRefusal(member)) return member
  if (id === granter.user_id) return refuse('own_access')
  const fault = checkReach(granter, member)
  if (fault) return fault
  await sql`select reset_second_factor(${id})`.execute(tx)
  await announce(tx, 'sign_in_methods.changed', { user_id: id, change: 'second_factor_reset' })
  return undefined
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
