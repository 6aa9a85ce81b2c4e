import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { createToken, hashPassword, hashToken, verifyPassword } from '../../platform/secrets.ts'
import type { Language } from '../../platform/translations.ts'
import { openChallenge, takeChallenge, tryChallenge } from './challenges.ts'
import { checkPassword } from './password-strength.ts'
import { readSecondFactors, verifyCode } from './second-factors.ts'
import { type Opened, openSession, type Side, type Visitor } from './sessions.ts'
import { readSite } from './site.ts'

/** How long a link to choose a password, or to confirm an e-mail, works. */
export const passwordLinkMinutes = 60
/** How long an invitation works. */
export const invitationDays = 7

/** Wrong passwords per 15 minutes for one e-mail from one address or from one known browser. */
const triesPerAddress = 10
/** Tries per 15 minutes for one e-mail from everywhere but its known browsers, against guessing from many addresses. */
const triesPerEmail = 100
/** Wrong codes for one user within an hour from everywhere but known browsers, and from each of those. */
const codesPerHour = 10
/** Wrong codes at one sign-in. */
const codesPerChallenge = 5
/** How long the second step of a sign-in may take. */
const secondFactorSeconds = 600

export type SecondFactorMethod = 'totp' | 'recovery_code' | 'passkey'
/** The first factor was right, and another is asked for. */
export type Asked = { state: 'second_factor'; challenge: string; methods: SecondFactorMethod[] }

/** What the second step of a sign-in goes on with. */
export type SecondStep = { method: 'password' | 'link' }

/**
 * Signs in by e-mail and password (A5). The answer and its time are the same whether or not the e-mail exists and whatever
 * else its user has set up. Tries in a browser that the user signed in with before count for that browser alone, so that
 * nobody locks others out (OWASP, device cookies). Refuses: sign_in_failed, too_many_tries.
 */
export async function signIn(
  tx: Tx,
  visitor: Visitor,
  input: { email: string; password: string },
): Promise<Opened | Asked | Refusal> {
  const email = input.email.toLowerCase()
  const device = visitor.device_token === null ? null : hashToken(visitor.device_token)
  const found = await sql<{ user_id: string | null; password_hash: string | null; known: boolean }>`
    select f.user_id, f.password_hash, coalesce(is_known_device(f.user_id, ${device}), false) as known
      from (values (1)) as one left join find_sign_in(${visitor.side}, ${email}) f on true`.execute(tx)
  const user = found.rows[0]!
  const near = user.known
    ? `sign-in:${visitor.side}:${email}:device:${device!.toString('hex')}`
    : `sign-in:${visitor.side}:${email}:${visitor.ip}`
  const within = await sql<{ near: boolean; all: boolean }>`
    select take_rate(${near}, ${triesPerAddress}, 900) as near,
           ${user.known}::boolean or take_rate(${`sign-in:${visitor.side}:${email}`}, ${triesPerEmail}, 900) as all`.execute(
    tx,
  )
  if (!within.rows[0]!.near || !within.rows[0]!.all)
    return refuse('too_many_tries', { status: 429, kept: true })
  const right = await verifyPassword(user.password_hash, input.password)
  if (!right || user.user_id === null) return refuse('sign_in_failed', { status: 401, kept: true })
  // Only what fails counts against this address: whoever knows the password is not guessing.
  await sql`select forget_rate(${near})`.execute(tx)
  return goOn(tx, visitor, user.user_id, 'password')
}

/**
 * The first factor was right: asks for another where the user has one (and, of passkeys alone, where the operator demands
 * one: else whoever knows the password could set up their own), or opens the session.
 */
async function goOn(
  tx: Tx,
  visitor: Visitor,
  userId: string,
  method: SecondStep['method'],
): Promise<Opened | Asked> {
  const factors = await readSecondFactors(tx, userId)
  if (!factors.totp && !(factors.demanded && factors.passkeys > 0)) {
    return openSession(tx, visitor, userId, { method, secondFactor: false })
  }
  const data: SecondStep = { method }
  return {
    state: 'second_factor',
    challenge: await openChallenge(tx, 'second_factor', visitor.side, userId, data, secondFactorSeconds),
    methods: [
      ...(factors.totp ? (['totp'] as const) : []),
      ...(factors.totp && factors.recovery_codes > 0 ? (['recovery_code'] as const) : []),
      ...(factors.passkeys > 0 ? (['passkey'] as const) : []),
    ],
  }
}

/**
 * The second step by a code of the app or a recovery code. Refuses: challenge_expired (too late, too many tries, used),
 * second_factor_failed, too_many_tries.
 */
export async function signInByCode(
  tx: Tx,
  visitor: Visitor,
  input: { challenge: string; code: string },
): Promise<Opened | Refusal> {
  const step = await tryChallenge<SecondStep>(
    tx,
    'second_factor',
    visitor.side,
    input.challenge,
    codesPerChallenge,
  )
  if (!step?.user_id) return refuse('challenge_expired', { status: 410, kept: true })
  const proof = await verifyLimited(tx, visitor, step.user_id, input.code)
  if (isRefusal(proof)) return proof
  await takeChallenge(tx, 'second_factor', visitor.side, input.challenge)
  return openSession(tx, visitor, step.user_id, {
    method: step.data.method,
    secondFactor: true,
    recoveryCodesLeft: proof.kind === 'recovery_code' ? proof.left : null,
  })
}

/** verifyCode, counted per hour for the browser where it is known, else for the user. Refuses: see signInByCode. */
export async function verifyLimited(tx: Tx, visitor: Visitor, userId: string, code: string) {
  const device = visitor.device_token === null ? null : hashToken(visitor.device_token)
  const found = await sql<{ known: boolean }>`
    select coalesce(is_known_device(${userId}, ${device}), false) as known`.execute(tx)
  const key = found.rows[0]!.known
    ? `second-factor:${userId}:device:${device!.toString('hex')}`
    : `second-factor:${userId}`
  const within = await sql<{ ok: boolean }>`select take_rate(${key}, ${codesPerHour}, 3600) as ok`.execute(tx)
  if (!within.rows[0]!.ok) return refuse('too_many_tries', { status: 429, kept: true })
  const proof = await verifyCode(tx, visitor.config, userId, code, visitor.now)
  if (!proof) return refuse('second_factor_failed', { status: 401, kept: true })
  await sql`select forget_rate(${key})`.execute(tx)
  return proof
}

/**
 * Makes a link secret with which a user chooses a password. The caller sends it; it works once and for a limited
 * time, and choosing a password ends every session and every other link of the user. Sessions and links expire by the
 * database's clock, which every process shares.
 */
export async function issuePasswordToken(
  tx: Tx,
  userId: string,
  kind: 'password' | 'invitation',
): Promise<string> {
  const token = createToken()
  const seconds = kind === 'password' ? passwordLinkMinutes * 60 : invitationDays * 86_400
  await sql`select issue_user_token(${kind}, ${userId}, ${hashToken(token)}, ${seconds})`.execute(tx)
  return token
}

export type TokenHolder = {
  kind: 'password' | 'invitation' | 'first_admin'
  email: string | null
  name: string | null
  language: Language | null
}

/** Whose link this is, for the page that asks for the password. Refuses: link_invalid. */
export async function readPasswordToken(tx: Tx, side: Side, token: string): Promise<TokenHolder | Refusal> {
  const found = await sql<TokenHolder>`
    select kind, email, name, language from read_user_token(${hashToken(token)}, ${side})`.execute(tx)
  return found.rows[0] ?? refuse('link_invalid', { status: 410 })
}

/** What others know of a person and of where they sign in: a password made of it is weak. */
export async function listKnownWords(
  tx: Tx,
  visitor: Pick<Visitor, 'host' | 'config'>,
  person: { email: string | null; name: string | null },
): Promise<string[]> {
  const site = await readSite(tx, visitor)
  return [person.email, person.name, site.name, site.rp_id].filter((word) => word !== null)
}

/**
 * Chooses a password with a link and signs the user in, or asks for their second factor. Refuses: link_invalid,
 * invalid_input (checkPassword).
 */
export async function choosePassword(
  tx: Tx,
  visitor: Visitor,
  input: { token: string; password: string },
): Promise<Opened | Asked | Refusal> {
  const holder = await readPasswordToken(tx, visitor.side, input.token)
  if (isRefusal(holder)) return holder
  const weak = await checkPassword(visitor.config, input.password, await listKnownWords(tx, visitor, holder))
  if (weak) return weak
  const hash = await hashPassword(input.password)
  const done = await sql<{ user_id: string; first_password: boolean }>`
    select * from set_password_by_token(${hashToken(input.token)}, ${visitor.side}, ${hash})`.execute(tx)
  const changed = done.rows[0]
  if (!changed) return refuse('link_invalid', { status: 410 })
  // Whoever had a password is told that it changed; a first one is no news.
  if (!changed.first_password) await announce(tx, 'password.changed', { user_id: changed.user_id })
  return goOn(tx, visitor, changed.user_id, 'link')
}

/** Makes the one-time link secret of a new installation. It is refused once there is staff. */
export async function issueFirstAdminToken(tx: Tx): Promise<string> {
  const token = createToken()
  await sql`select issue_user_token('first_admin', null, ${hashToken(token)}, 86400)`.execute(tx)
  return token
}

/** Creates the first administrator by the one-time link and signs them in. Refuses: link_invalid, invalid_input. */
export async function createFirstAdmin(
  tx: Tx,
  visitor: Visitor,
  input: { token: string; email: string; name: string; language: Language; password: string },
): Promise<Opened | Refusal> {
  const weak = await checkPassword(visitor.config, input.password, await listKnownWords(tx, visitor, input))
  if (weak) return weak
  const hash = await hashPassword(input.password)
  const made = await sql<{ id: string | null }>`
    select create_first_admin(${hashToken(input.token)}, ${input.email}, ${input.name}, ${input.language}, ${hash}) as id`.execute(
    tx,
  )
  const userId = made.rows[0]?.id
  if (!userId) return refuse('link_invalid', { status: 410 })
  return openSession(tx, visitor, userId, { method: 'link', secondFactor: false })
}

/** Mails per hour that one e-mail, and one address, may cause. */
const linksPerEmail = 5
const linksPerAddress = 30

/**
 * Whether a link may be sent now. Over the limit nothing is sent, and the answer to the asker stays the same: it
 * never tells whether the e-mail exists.
 */
export async function requestPassword(tx: Tx, side: Side, email: string, ip: string): Promise<boolean> {
  const within = await sql<{ email: boolean; address: boolean }>`
    select take_rate(${`link:${side}:${email.toLowerCase()}`}, ${linksPerEmail}, 3600) as email,
           take_rate(${`link:${side}:${ip}`}, ${linksPerAddress}, 3600) as address`.execute(tx)
  return Boolean(within.rows[0]?.email && within.rows[0]?.address)
}
