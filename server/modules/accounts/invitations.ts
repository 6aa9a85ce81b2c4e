import { sql } from 'kysely'
import type { MembershipPermission, StaffPermission, StaffRole } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { type FieldFault, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import type { CustomerActor, StaffActor } from '../../platform/http.ts'
import { listPermissions } from '../../platform/permissions.ts'
import { hashPassword, hashToken } from '../../platform/secrets.ts'
import type { Language } from '../../platform/translations.ts'
import { checkPassword, type Opened, openSession, type Visitor } from '../access/index.ts'
import { inOrder, lockMembers, mayGive } from './members.ts'

/** Mails with an invitation that one account may cause in an hour. */
const invitationsPerHour = 30

/** How long an invitation to an account works; the database counts it. */
export const memberInvitationDays = 7

const open = sql<boolean>`invitations.accepted_at is null and invitations.declined_at is null and invitations.withdrawn_at is null`
/** How long an invitation that was declined stays in the list. */
const listed = sql<boolean>`invitations.accepted_at is null and invitations.withdrawn_at is null
  and (invitations.declined_at is null or invitations.declined_at > now() - interval '14 days')`

/** Who was invited to an account and has not come: waiting, expired, and declined in the last two weeks. Newest first. */
export function listInvitations(tx: Tx, accountId: string) {
  return tx
    .selectFrom('invitations')
    .leftJoin('users', 'users.id', 'invitations.invited_by')
    .where('invitations.account_id', '=', accountId)
    .where(listed)
    .select([
      'invitations.id',
      'invitations.email',
      sql<MembershipPermission[]>`invitations.permissions::text[]`.as('permissions'),
      'users.name as invited_by_name',
      'invitations.by_staff',
      'invitations.created_at',
      'invitations.expires_at',
      sql<'open' | 'expired' | 'declined'>`case when invitations.declined_at is not null then 'declined'
        when invitations.expires_at <= now() then 'expired' else 'open' end`.as('state'),
    ])
    .orderBy('invitations.id', 'desc')
    .limit(500)
    .execute()
}

async function getInvitation(tx: Tx, accountId: string, id: string) {
  const rows = await listInvitations(tx, accountId)
  return rows.find((row) => row.id === id) ?? notFound()
}

export type InvitationInput = { email: string; permissions: MembershipPermission[] }

/**
 * A customer invites somebody to their account (A6). What they hear never tells whether the e-mail is known here. Refuses:
 * permission_not_held, invalid_input (email: already_member, already_invited), too_many_invitations.
 */
export async function inviteMember(tx: Tx, actor: CustomerActor, input: InvitationInput) {
  if (!mayGive(actor.permissions, input.permissions)) return refuse('permission_not_held', { status: 403 })
  const account = { id: actor.account_id!, business_unit_id: actor.business_unit_id! }
  return addInvitation(tx, account, input, (values) =>
    tx
      .insertInto('invitations')
      .values({ ...values, invited_by: actor.user_id })
      .returning('id')
      .executeTakeFirstOrThrow(),
  )
}

/**
 * Staff invite somebody to an account; they make an owner only where there is none, since ownership changes hands by
 * consent. Refuses: not_found, account_has_owner, and what inviteMember refuses of the e-mail.
 */
export async function inviteMemberAsStaff(
  tx: Tx,
  actor: StaffActor,
  accountId: string,
  input: InvitationInput,
) {
  const account = await tx
    .selectFrom('accounts')
    .select(['id', 'business_unit_id'])
    .where('id', '=', accountId)
    .executeTakeFirst()
  if (!account) return notFound()
  if (input.permissions.includes('owner')) {
    await lockMembers(tx, accountId)
    const owner = await tx
      .selectFrom('memberships')
      .select('id')
      .where('account_id', '=', accountId)
      .where(sql<boolean>`'owner' = any(permissions)`)
      .executeTakeFirst()
    if (owner) return refuse('account_has_owner')
  }
  return addInvitation(tx, account, input, (values) =>
    tx
      .insertInto('invitations')
      .values({ ...values, invited_by: actor.user_id, by_staff: true })
      .returning('id')
      .executeTakeFirstOrThrow(),
  )
}

async function addInvitation(
  tx: Tx,
  account: { id: string; business_unit_id: string },
  { email, permissions }: InvitationInput,
  insert: (values: {
    account_id: string
    business_unit_id: string
    email: string
    permissions: ReturnType<typeof sql<MembershipPermission[]>>
  }) => Promise<{ id: string }>,
) {
  const tooMany = await takeInvitationRate(tx, account.id)
  if (tooMany) return tooMany
  await lockMembers(tx, account.id)
  const member = await tx
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select('memberships.id')
    .where('memberships.account_id', '=', account.id)
    .where('users.email', '=', email)
    .executeTakeFirst()
  if (member) return refuseEmail('already_member')
  // One that expired makes room for the next.
  await tx
    .updateTable('invitations')
    .set({ withdrawn_at: sql`now()` })
    .where('account_id', '=', account.id)
    .where('email', '=', email)
    .where(open)
    .where(sql<boolean>`expires_at <= now()`)
    .execute()
  const waiting = await tx
    .selectFrom('invitations')
    .select('id')
    .where('account_id', '=', account.id)
    .where('email', '=', email)
    .where(open)
    .executeTakeFirst()
  if (waiting) return refuseEmail('already_invited')
  const { id } = await insert({
    account_id: account.id,
    business_unit_id: account.business_unit_id,
    email,
    permissions: sql<MembershipPermission[]>`${inOrder(permissions)}::membership_permission[]`,
  })
  await announce(tx, 'member.invited', { invitation_id: id })
  return getInvitation(tx, account.id, id)
}

function refuseEmail(code: FieldFault['code']): Refusal {
  return refuse('invalid_input', { fields: [{ path: 'email', code }] })
}

async function takeInvitationRate(tx: Tx, accountId: string): Promise<Refusal | undefined> {
  const taken = await sql<{ within: boolean }>`
    select take_rate(${`invitations:${accountId}`}, ${invitationsPerHour}, 3600) as within`.execute(tx)
  if (taken.rows[0]?.within) return undefined
  return refuse('too_many_invitations', { status: 429, params: { limit: invitationsPerHour }, kept: true })
}

/**
 * Sends an invitation again with a fresh link; the one before no longer works, and its time begins anew. Refuses:
 * not_found, invitation_closed (declined, accepted or withdrawn), invitation_void (whoever invited may no longer give what
 * it gives), too_many_invitations.
 */
export async function resendInvitation(tx: Tx, id: string) {
  const invitation = await findInvitation(tx, id)
  if (!invitation) return notFound()
  if (!invitation.is_open) return refuse('invitation_closed')
  const still = await sql<{ may: boolean | null }>`
    select may_invite(i.invited_by, i.account_id, i.permissions) as may from invitations i where i.id = ${id}`.execute(
    tx,
  )
  if (!still.rows[0]?.may) return refuse('invitation_void')
  const tooMany = await takeInvitationRate(tx, invitation.account_id)
  if (tooMany) return tooMany
  await tx
    .updateTable('invitations')
    .set({ expires_at: sql`now() + ${`${memberInvitationDays} days`}::interval` })
    .where('id', '=', id)
    .execute()
  await announce(tx, 'member.invited', { invitation_id: id })
  return getInvitation(tx, invitation.account_id, id)
}

/** Takes an invitation back: its link no longer works. Refuses: not_found, invitation_closed. */
export async function withdrawInvitation(tx: Tx, id: string): Promise<Refusal | undefined> {
  const gone = await tx
    .updateTable('invitations')
    .set({ withdrawn_at: sql`now()` })
    .where('id', '=', id)
    .where(open)
    .returning('id')
    .executeTakeFirst()
  if (gone) return undefined
  return (await findInvitation(tx, id)) ? refuse('invitation_closed') : notFound()
}

function findInvitation(tx: Tx, id: string) {
  return tx
    .selectFrom('invitations')
    .select(['id', 'account_id', open.as('is_open')])
    .where('id', '=', id)
    .executeTakeFirst()
}

type InvitationState = 'open' | 'used' | 'declined' | 'withdrawn' | 'expired' | 'void'

type ReadInvitation = {
  state: InvitationState
  email: string
  permissions: MembershipPermission[]
  account_id: string
  account_name: string
  unit_slug: string
  unit_name: string
  invited_by_name: string
  expires_at: Temporal.Instant
  person: 'new' | 'known'
  person_name: string | null
  language: Language
  inviter_role: StaffRole | null
  inviter_granted: StaffPermission[] | null
  inviter_withheld: StaffPermission[] | null
}

/**
 * What the page of an invitation shows to whoever holds its link. `void`: whoever invited may no longer give what it
 * gives. Refuses: invitation_invalid (no such link, or a newer one was sent).
 */
export async function readInvitation(tx: Tx, token: string) {
  const found = await sql<ReadInvitation>`
    select state, email, permissions::text[] as permissions, account_id, account_name, unit_slug, unit_name, invited_by_name,
           expires_at, person, person_name, language, inviter_role, inviter_granted::text[] as inviter_granted,
           inviter_withheld::text[] as inviter_withheld
      from read_invitation(${hashToken(token)})`.execute(tx)
  const row = found.rows[0]
  if (!row) return refuse('invitation_invalid', { status: 410 })
  const { inviter_role, inviter_granted, inviter_withheld, ...invitation } = row
  const mayNoMore =
    inviter_role !== null &&
    !listPermissions(inviter_role, inviter_granted ?? [], inviter_withheld ?? []).includes('accounts.write')
  return invitation.state === 'open' && mayNoMore ? { ...invitation, state: 'void' as const } : invitation
}

/** Every outcome of the database but success, as a refusal. */
function refuseOutcome(outcome: string): Refusal {
  switch (outcome) {
    case 'invitation_for_other':
      return refuse(outcome, { status: 403 })
    case 'invitation_known_user':
      return refuse(outcome)
    default:
      return refuse(outcome, { status: 410 })
  }
}

/** Refuses what readInvitation knows of an invitation that can no longer be used. */
async function checkOpen(tx: Tx, token: string): Promise<Refusal | undefined> {
  const invitation = await readInvitation(tx, token)
  if ('state' in invitation) {
    return invitation.state === 'open' ? undefined : refuse(`invitation_${invitation.state}`, { status: 410 })
  }
  return invitation
}

/**
 * Whoever is signed in, with the e-mail that was invited, joins the account, and works in it from here on. Refuses:
 * invitation_invalid, invitation_used, invitation_declined, invitation_withdrawn, invitation_expired, invitation_void,
 * invitation_for_other (another e-mail).
 */
export async function acceptInvitation(
  tx: Tx,
  actor: CustomerActor,
  token: string,
): Promise<{ account_id: string } | Refusal> {
  const closed = await checkOpen(tx, token)
  if (closed) return closed
  const done = await sql<{ outcome: string; account_id: string }>`
    select outcome, account_id from accept_invitation(${hashToken(token)})`.execute(tx)
  const { outcome, account_id } = done.rows[0]!
  if (outcome !== 'accepted') return refuseOutcome(outcome)
  await tx.updateTable('sessions').set({ account_id }).where('id', '=', actor.session_id).execute()
  return { account_id }
}

/**
 * Whoever never signed in joins by the link alone: the mailbox proves who they are. Makes their user and signs them in.
 * Refuses: what acceptInvitation refuses, invitation_known_user (they sign in first), invalid_input (password).
 */
export async function joinByInvitation(
  tx: Tx,
  visitor: Visitor,
  options: { token: string; name: string; language: Language; password: string },
): Promise<Opened | Refusal> {
  const invitation = await readInvitation(tx, options.token)
  if (!('state' in invitation)) return invitation
  if (invitation.state !== 'open') return refuse(`invitation_${invitation.state}`, { status: 410 })
  if (invitation.person === 'known') return refuse('invitation_known_user')
  const weak = await checkPassword(visitor.config, options.password, [
    invitation.email,
    options.name,
    invitation.account_name,
    invitation.unit_name,
  ])
  if (weak) return weak
  const done = await sql<{ outcome: string; user_id: string }>`
    select outcome, user_id from join_by_invitation(${hashToken(options.token)}, ${options.name}, ${options.language},
                                                    ${await hashPassword(options.password)})`.execute(tx)
  const { outcome, user_id } = done.rows[0]!
  if (outcome !== 'accepted') return refuseOutcome(outcome)
  return openSession(tx, visitor, user_id, { method: 'link', secondFactor: false })
}

/** Whoever holds the link says no. Refuses: invitation_invalid, invitation_used, invitation_withdrawn, invitation_expired. */
export async function declineInvitation(tx: Tx, token: string): Promise<Refusal | undefined> {
  const done = await sql<{
    outcome: string
  }>`select decline_invitation(${hashToken(token)}) as outcome`.execute(tx)
  const { outcome } = done.rows[0]!
  return outcome === 'declined' ? undefined : refuseOutcome(outcome)
}
