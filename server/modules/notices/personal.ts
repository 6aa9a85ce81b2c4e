import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { NoticeKind, UserSide } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import type { MailLook } from '../../platform/mail-layout.ts'
import type { SignInChange } from '../../platform/mail-params.ts'
import { type ComposedMail, composeMail } from '../../platform/mail-template.ts'
import type { Language } from '../../platform/translations.ts'
import {
  invitationDays,
  issueEmailChangeToken,
  issuePasswordToken,
  passwordLinkMinutes,
} from '../access/index.ts'
import { claimFirstAccess } from '../accounts/index.ts'
import { emailConfirmationLink, passwordLink, signInLink, webhooksLink } from './links.ts'
import { loadLooks, operatorLook } from './looks.ts'
import { queueDelivery } from './queue.ts'

// Mails to a person about their own access. The account that they belong to never sees them.

export type Side = UserSide

type Person = {
  id: string
  side: Side
  email: string
  name: string
  language: Language
  has_password: boolean
  unit: { id: string; slug: string; time_zone: string } | null
  look: MailLook
}

/**
 * Answers "forgot my password" and first access (A5): makes the user where the e-mail may have one, and sends a link.
 * An e-mail that is nobody's gets nothing. `unitSlug` is the business unit whose page was asked on; the mail has its
 * look where the person is a customer of it, else that of the person's first account. Returns the notice or null.
 */
export async function sendRequestedPasswordLink(
  tx: Tx,
  request: { side: Side; email: string; language: Language; unit_slug: string | null },
  origin: string,
): Promise<string | null> {
  const userId =
    request.side === 'customer'
      ? await claimFirstAccess(tx, request.email, request.language)
      : await findStaffUser(tx, request.email)
  return userId === null ? null : sendPasswordLink(tx, userId, request.unit_slug, origin)
}

/** Sends a person a fresh link to choose a password; null where the user is gone or disabled. */
export async function sendPasswordLink(
  tx: Tx,
  userId: string,
  unitSlug: string | null,
  origin: string,
): Promise<string | null> {
  const person = await findPerson(tx, userId, unitSlug)
  if (!person) return null
  const token = await issuePasswordToken(tx, person.id, 'password')
  const mail = composeMail(
    'password_reset',
    {
      name: person.name,
      purpose: person.has_password ? 'forgotten' : 'first_access',
      link: passwordLink(origin, person.side, token, person.unit?.slug ?? null),
      valid_minutes: passwordLinkMinutes,
    },
    person.language,
    person.look,
  )
  return queuePersonal(tx, 'password_reset', person, mail, true)
}

/** Sends a member of staff the link of their invitation; null where the user is gone or disabled. */
export async function sendInvitation(tx: Tx, userId: string, origin: string): Promise<string | null> {
  const person = await findPerson(tx, userId, null)
  if (!person) return null
  const token = await issuePasswordToken(tx, person.id, 'invitation')
  const mail = composeMail(
    'staff_invitation',
    {
      name: person.name,
      invited_by: (await findInviter(tx, userId)) ?? operatorLook.name,
      link: passwordLink(origin, person.side, token, null),
      valid_hours: invitationDays * 24,
    },
    person.language,
    person.look,
  )
  return queuePersonal(tx, 'staff_invitation', person, mail, true)
}

/** Tells a person that their password was changed, so that it never happens unseen; null where the user is gone. */
export async function sendPasswordChanged(
  tx: Tx,
  userId: string,
  now: Temporal.Instant,
  origin: string,
): Promise<string | null> {
  const person = await findPerson(tx, userId, null)
  if (!person) return null
  const mail = composeMail(
    'password_changed',
    {
      name: person.name,
      date: today(now, person.unit?.time_zone ?? 'UTC'),
      link: signInLink(origin, person.side, person.unit?.slug ?? null),
    },
    person.language,
    person.look,
  )
  return queuePersonal(tx, 'password_changed', person, mail, false)
}

/** Sends the link that confirms a new e-mail to that address; null where the change was withdrawn or the user is gone. */
export async function sendEmailChange(
  tx: Tx,
  userId: string,
  newEmail: string,
  origin: string,
): Promise<string | null> {
  const person = await findPerson(tx, userId, null)
  const token = person && (await issueEmailChangeToken(tx, userId, newEmail))
  if (!person || !token) return null
  const mail = composeMail(
    'email_change',
    {
      name: person.name,
      link: emailConfirmationLink(origin, person.side, token, person.unit?.slug ?? null),
      valid_minutes: passwordLinkMinutes,
    },
    person.language,
    person.look,
  )
  return queuePersonal(tx, 'email_change', { ...person, email: newEmail }, mail, true)
}

/** Tells the address before that somebody signs in with another now; null where the user is gone. */
export async function sendEmailChanged(
  tx: Tx,
  change: { user_id: string; old_email: string; new_email: string },
  now: Temporal.Instant,
  origin: string,
): Promise<string | null> {
  const person = await findPerson(tx, change.user_id, null)
  if (!person) return null
  const mail = composeMail(
    'email_changed',
    {
      name: person.name,
      date: today(now, person.unit?.time_zone ?? 'UTC'),
      new_email: change.new_email,
      link: signInLink(origin, person.side, person.unit?.slug ?? null),
    },
    person.language,
    person.look,
  )
  return queuePersonal(tx, 'email_changed', { ...person, email: change.old_email }, mail, false)
}

/** Tells a person what changed in how they sign in, so that it never happens unseen; null where the user is gone. */
export async function sendSignInMethodsChanged(
  tx: Tx,
  change: { user_id: string; change: SignInChange; passkey: string | null },
  now: Temporal.Instant,
  origin: string,
): Promise<string | null> {
  const person = await findPerson(tx, change.user_id, null)
  if (!person) return null
  const mail = composeMail(
    'sign_in_methods_changed',
    {
      name: person.name,
      date: today(now, person.unit?.time_zone ?? 'UTC'),
      change: change.change,
      passkey: change.passkey,
      link: signInLink(origin, person.side, person.unit?.slug ?? null),
    },
    person.language,
    person.look,
  )
  return queuePersonal(tx, 'sign_in_methods_changed', person, mail, false)
}

/** Tells a member of staff that an endpoint of the operator was switched off; null where they are gone. */
export async function sendWebhookDisabledToStaff(
  tx: Tx,
  userId: string,
  endpoint: { url: string; cause: 'gone' | 'failing' },
  origin: string,
): Promise<string | null> {
  const person = await findPerson(tx, userId, null)
  if (!person) return null
  const mail = composeMail(
    'webhook_disabled',
    { name: person.name, ...endpoint, link: webhooksLink(origin, 'staff') },
    person.language,
    person.look,
  )
  return queuePersonal(tx, 'webhook_disabled', person, mail, false)
}

async function queuePersonal(
  tx: Tx,
  kind: NoticeKind,
  person: Person,
  mail: ComposedMail,
  secret: boolean,
): Promise<string> {
  const queued = await sql<{ id: string }>`
    select queue_personal_notice(${kind}, ${person.id}, ${person.unit?.id ?? null}, ${person.email}, ${person.language},
                                 ${mail.subject}, ${mail.html}, ${mail.text}, ${secret}) as id`.execute(tx)
  const { id } = queued.rows[0]!
  await queueDelivery(tx, [id])
  return id
}

async function findStaffUser(tx: Tx, email: string): Promise<string | null> {
  const user = await tx
    .selectFrom('users')
    .innerJoin('staff', 'staff.user_id', 'users.id')
    .select('users.id')
    .where('users.side', '=', 'staff')
    .where('users.email', '=', email)
    .executeTakeFirst()
  return user?.id ?? null
}

async function findPerson(tx: Tx, userId: string, unitSlug: string | null): Promise<Person | null> {
  const user = await tx
    .selectFrom('users')
    .select(['id', 'side', 'email', 'name', 'language', 'password_set_at'])
    .where('id', '=', userId)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  if (!user) return null
  const unitId = user.side === 'customer' ? await findUnitOf(tx, userId, unitSlug) : null
  const unit = unitId === null ? undefined : (await loadLooks(tx, [unitId])).get(unitId)
  return {
    ...user,
    has_password: user.password_set_at !== null,
    unit: unitId !== null && unit ? { id: unitId, slug: unit.slug, time_zone: unit.time_zone } : null,
    look: unit?.look ?? operatorLook,
  }
}

/** The business unit of the person's first account, or the one with the slug where they have an account there. */
async function findUnitOf(tx: Tx, userId: string, slug: string | null): Promise<string | null> {
  const found = await sql<{ id: string }>`
    select u.id from memberships m
      join accounts a on a.id = m.account_id
      join business_units u on u.id = a.business_unit_id
     where m.user_id = ${userId}
     order by u.slug = ${slug} desc nulls last, m.created_at, m.id limit 1`.execute(tx)
  return found.rows[0]?.id ?? null
}

/** Who invited a member of staff: the audit log knows. */
async function findInviter(tx: Tx, userId: string): Promise<string | null> {
  const entry = await tx
    .selectFrom('audit_log')
    .select('actor_name')
    .where('object_type', '=', 'staff')
    .where('object_id', '=', userId)
    .where('action', '=', 'created')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return entry?.actor_name ?? null
}
