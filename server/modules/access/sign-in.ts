import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import {
  createToken,
  hashPassword,
  hashToken,
  shortestPassword,
  verifyPassword,
} from '../../platform/secrets.ts'
import type { Language } from '../../platform/translations.ts'

export type Side = 'customer' | 'staff'

/** How long a session lasts. */
const sessionDays = 30
/** How long a link to choose a password works. */
export const passwordLinkMinutes = 60
/** How long an invitation works. */
export const invitationDays = 7

/** Tries per 15 minutes for one e-mail from one address; others' tries from elsewhere do not lock anybody out. */
const triesPerAddress = 10
/** Tries per 15 minutes for one e-mail from everywhere, against guessing from many addresses. */
const triesPerEmail = 100

/**
 * Signs in by e-mail and password (A5) and opens a session. The answer and its time are the same whether or not the
 * e-mail exists. Refuses: sign_in_failed, too_many_tries.
 */
export async function signIn(
  tx: Tx,
  options: {
    side: Side
    email: string
    password: string
    ip: string
    userAgent: string
    now: Temporal.Instant
  },
): Promise<{ token: string; expires: Temporal.Instant } | Refusal> {
  const email = options.email.toLowerCase()
  const within = await sql<{ near: boolean; all: boolean }>`
    select take_rate(${`sign-in:${options.side}:${email}:${options.ip}`}, ${triesPerAddress}, 900) as near,
           take_rate(${`sign-in:${options.side}:${email}`}, ${triesPerEmail}, 900) as all`.execute(tx)
  if (!within.rows[0]!.near || !within.rows[0]!.all)
    return refuse('too_many_tries', { status: 429, kept: true })
  const found = await sql<{ user_id: string; password_hash: string | null }>`
    select user_id, password_hash from find_sign_in(${options.side}, ${email})`.execute(tx)
  const user = found.rows[0]
  const right = await verifyPassword(user?.password_hash, options.password)
  if (!right || !user) return refuse('sign_in_failed', { status: 401, kept: true })
  // Only what fails counts against this address: whoever knows the password is not guessing.
  await sql`select forget_rate(${`sign-in:${options.side}:${email}:${options.ip}`})`.execute(tx)
  return openSession(tx, user.user_id, options)
}

/** Opens a session for a user who has proved who they are. The token goes into a cookie; only its hash is stored. */
async function openSession(
  tx: Tx,
  userId: string,
  options: { ip: string; userAgent: string; now: Temporal.Instant },
): Promise<{ token: string; expires: Temporal.Instant }> {
  const token = createToken()
  const expires = options.now.add({ hours: sessionDays * 24 })
  await sql`select open_session(${userId}, ${hashToken(token)}, ${sessionDays * 86_400}, ${options.ip}, ${options.userAgent}, 'password', false, null)`.execute(
    tx,
  )
  await sql`select write_audit('signed_in', 'users', ${userId}::text, null, null, null, null)`.execute(tx)
  return { token, expires }
}

/** Ends the session of a token. */
export async function signOut(tx: Tx, token: string): Promise<void> {
  await sql`select close_session(${hashToken(token)})`.execute(tx)
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

/**
 * Chooses a password with a link and signs the user in. Refuses: link_invalid, invalid_input (password too short).
 */
export async function choosePassword(
  tx: Tx,
  options: {
    side: Side
    token: string
    password: string
    ip: string
    userAgent: string
    now: Temporal.Instant
  },
): Promise<{ token: string; expires: Temporal.Instant } | Refusal> {
  const weak = checkPassword(options.password)
  if (weak) return weak
  const hash = await hashPassword(options.password)
  const done = await sql<{ user_id: string; first_password: boolean }>`
    select * from set_password_by_token(${hashToken(options.token)}, ${options.side}, ${hash})`.execute(tx)
  const changed = done.rows[0]
  if (!changed) return refuse('link_invalid', { status: 410 })
  // Whoever had a password is told that it changed; a first one is no news.
  if (!changed.first_password) await announce(tx, 'password.changed', { user_id: changed.user_id })
  return openSession(tx, changed.user_id, options)
}

/** Refuses a password that is too short. */
function checkPassword(password: string): Refusal | null {
  return [...password].length >= shortestPassword
    ? null
    : refuse('invalid_input', {
        status: 422,
        fields: [{ path: 'password', code: 'too_short', params: { limit: shortestPassword } }],
      })
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
  options: {
    token: string
    email: string
    name: string
    language: Language
    password: string
    ip: string
    userAgent: string
    now: Temporal.Instant
  },
): Promise<{ token: string; expires: Temporal.Instant } | Refusal> {
  const weak = checkPassword(options.password)
  if (weak) return weak
  const hash = await hashPassword(options.password)
  const made = await sql<{ id: string | null }>`
    select create_first_admin(${hashToken(options.token)}, ${options.email}, ${options.name}, ${options.language}, ${hash}) as id`.execute(
    tx,
  )
  const userId = made.rows[0]?.id
  if (!userId) return refuse('link_invalid', { status: 410 })
  return openSession(tx, userId, options)
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
