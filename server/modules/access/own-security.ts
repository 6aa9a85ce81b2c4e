import { sql } from 'kysely'
import { confirmedMinutes } from '../../platform/actors.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { hashPassword, verifyPassword } from '../../platform/secrets.ts'
import { checkPassword } from './password-strength.ts'
import { readSecondFactors } from './second-factors.ts'
import { knowDevice, type Opened, type Person, type Visitor } from './sessions.ts'
import { listKnownWords, verifyLimited } from './sign-in.ts'

/** How somebody signs in, for their own page. */
export async function readSecurity(tx: Tx, person: Person) {
  const user = await tx
    .selectFrom('users')
    .select(['email', 'email_verified_at', 'password_set_at'])
    .where('id', '=', person.user_id)
    .executeTakeFirstOrThrow()
  const factors = await readSecondFactors(tx, person.user_id)
  const change = await sql<{ new_email: string | null }>`select own_email_change() as new_email`.execute(tx)
  const totp = await tx
    .selectFrom('user_totp')
    .select('confirmed_at')
    .where('user_id', '=', person.user_id)
    .executeTakeFirst()
  const passkeys = await tx
    .selectFrom('passkeys')
    .select(['id', 'name', 'created_at', 'last_used_at', 'backed_up'])
    .where('user_id', '=', person.user_id)
    .orderBy('id')
    .execute()
  const identities =
    person.side === 'staff'
      ? await tx
          .selectFrom('user_identities')
          .select(['issuer', 'created_at'])
          .where('user_id', '=', person.user_id)
          .orderBy('created_at')
          .execute()
      : []
  return {
    ...user,
    new_email: change.rows[0]?.new_email ?? null,
    totp_since: totp?.confirmed_at ?? null,
    recovery_codes_left: factors.recovery_codes,
    passkeys,
    identities,
    second_factor_demanded: factors.demanded,
    confirmed_until: person.confirmed_at?.add({ minutes: confirmedMinutes }) ?? null,
  }
}

/** Wrong passwords per 15 minutes in one session. */
const confirmationsPerSession = 10

/** Notes that the person proved who they are: for a while they may change their way in. */
export async function confirmSession(tx: Tx, person: Person, secondFactor: boolean): Promise<void> {
  await sql`select confirm_session(${person.session_id}, ${secondFactor})`.execute(tx)
}

/** Proves by the password who is there. Refuses: confirmation_failed, too_many_tries, second_factor_needed. */
export async function confirmByPassword(
  tx: Tx,
  person: Person,
  password: string,
): Promise<Refusal | undefined> {
  const barred = await checkSetUp(tx, person)
  if (barred) return barred
  const key = `confirm:${person.session_id}`
  const within = await sql<{ ok: boolean }>`
    select take_rate(${key}, ${confirmationsPerSession}, 900) as ok`.execute(tx)
  if (!within.rows[0]!.ok) return refuse('too_many_tries', { status: 429, kept: true })
  const own = await sql<{ hash: string | null }>`select own_password_hash() as hash`.execute(tx)
  if (!(await verifyPassword(own.rows[0]?.hash, password)))
    return refuse('confirmation_failed', { status: 401, kept: true })
  await sql`select forget_rate(${key})`.execute(tx)
  await confirmSession(tx, person, false)
}

/** Proves by a code who is there. Refuses: second_factor_failed, too_many_tries. */
export async function confirmByCode(
  tx: Tx,
  visitor: Visitor,
  person: Person,
  code: string,
): Promise<Refusal | undefined> {
  const proof = await verifyLimited(tx, visitor, person.user_id, code)
  if (isRefusal(proof)) return proof
  await confirmSession(tx, person, true)
}

/**
 * Whoever came in with a password alone, where the operator demands a second factor, may set one up only while they have
 * none: else the password alone would be enough to add another. Refuses: second_factor_needed.
 */
export async function checkSetUp(tx: Tx, person: Person): Promise<Refusal | null> {
  if (person.side !== 'staff' || !person.second_factor_missing) return null
  const { totp, passkeys } = await readSecondFactors(tx, person.user_id)
  return totp || passkeys > 0 ? refuse('second_factor_needed', { status: 403 }) : null
}

/**
 * Sets the own password; every other session and every link ends, and browsers are known anew. Refuses: invalid_input
 * (checkPassword), second_factor_needed.
 */
export async function setOwnPassword(
  tx: Tx,
  visitor: Visitor,
  person: Person,
  password: string,
): Promise<Opened['device'] | Refusal> {
  const weak =
    (await checkSetUp(tx, person)) ??
    (await checkPassword(visitor.config, password, await listKnownWords(tx, visitor, person)))
  if (weak) return weak
  const before = await sql<{ hash: string | null }>`select own_password_hash() as hash`.execute(tx)
  const hash = await hashPassword(password)
  await sql`select set_own_password(${hash}, ${person.session_id})`.execute(tx)
  if (before.rows[0]?.hash) await announce(tx, 'password.changed', { user_id: person.user_id })
  else await announce(tx, 'sign_in_methods.changed', { user_id: person.user_id, change: 'password_added' })
  return knowDevice(tx, { ...visitor, device_token: null }, person.user_id)
}

/** Removes the own password of somebody who signs in by passkey. Refuses: last_way_in, second_factor_needed. */
export async function removeOwnPassword(
  tx: Tx,
  visitor: Visitor,
  person: Person,
): Promise<Opened['device'] | Refusal> {
  const barred = await checkSetUp(tx, person)
  if (barred) return barred
  const done = await sql<{ done: boolean }>`
    select set_own_password(null, ${person.session_id}) as done`.execute(tx)
  if (!done.rows[0]!.done) return refuse('last_way_in')
  await announce(tx, 'sign_in_methods.changed', { user_id: person.user_id, change: 'password_removed' })
  return knowDevice(tx, { ...visitor, device_token: null }, person.user_id)
}
