import { getParser } from 'bowser'
import { sql } from 'kysely'
import type { SessionMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal } from '../../platform/errors.ts'
import type { CustomerActor, RequestContext, StaffActor } from '../../platform/http.ts'
import { createToken, hashToken } from '../../platform/secrets.ts'

export type Side = 'customer' | 'staff'

/** Whoever is signed in, on either side. */
export type Person = StaffActor | CustomerActor

/** Who knocks: what a request tells of the browser before anybody is signed in. */
export type Visitor = Pick<
  RequestContext,
  'now' | 'ip' | 'user_agent' | 'session_token' | 'device_token' | 'config' | 'host'
> & { side: Side }

/** Who knocks on which side. */
export const visitorOf = (context: RequestContext, side: Side): Visitor => ({ ...context, side })

/** A session that was opened: its token and the device's go into cookies. */
export type Opened = {
  state: 'signed_in'
  token: string
  expires: Temporal.Instant
  device: { token: string; expires: Temporal.Instant }
  /** How many recovery codes are left after one was used, else null. */
  recovery_codes_left: number | null
}

/** How long a session lasts; a member of staff's ends after 12 hours without a request (enter_office). */
const sessionDays = 30
/** How long a browser stays known; each sign-in begins it anew. */
const deviceDays = 400

/**
 * Opens a session for somebody who proved who they are, always with a new token; the session that the browser held
 * before is closed (session fixation). The browser is known from now on.
 */
export async function openSession(
  tx: Tx,
  visitor: Visitor,
  userId: string,
  how: { method: SessionMethod; secondFactor: boolean; recoveryCodesLeft?: number | null },
): Promise<Opened> {
  const token = createToken()
  const before = visitor.session_token === null ? null : hashToken(visitor.session_token)
  await sql`select open_session(${userId}, ${hashToken(token)}, ${sessionDays * 86_400}, ${visitor.ip}, ${visitor.user_agent},
    ${how.method}, ${how.secondFactor}, ${before})`.execute(tx)
  await sql`select write_audit('signed_in', 'users', ${userId}::text, null, null, null,
    jsonb_build_object('method', ${how.method}::text, 'second_factor', ${how.secondFactor}::boolean))`.execute(
    tx,
  )
  return {
    state: 'signed_in',
    token,
    expires: visitor.now.add({ hours: sessionDays * 24 }),
    device: await knowDevice(tx, visitor, userId),
    recovery_codes_left: how.recoveryCodesLeft ?? null,
  }
}

/** Remembers the browser in which a user signed in: others' wrong passwords do not lock them out there. */
export async function knowDevice(
  tx: Tx,
  visitor: Pick<Visitor, 'now' | 'device_token'>,
  userId: string,
): Promise<Opened['device']> {
  const given = visitor.device_token
  const token = given !== null && /^[\w-]{43}$/.test(given) ? given : createToken()
  await sql`select know_device(${userId}, ${hashToken(token)})`.execute(tx)
  return { token, expires: visitor.now.add({ hours: deviceDays * 24 }) }
}

/** Ends the session of a token. */
export async function signOut(tx: Tx, token: string): Promise<void> {
  await sql`select close_session(${hashToken(token)})`.execute(tx)
}

type Browser = {
  browser: string | null
  system: string | null
  device: 'desktop' | 'phone' | 'tablet' | 'unknown'
}

/** What a browser calls itself, in words: `Firefox 140`, `Windows`, and what it runs on. */
function describeBrowser(userAgent: string | null): Browser {
  const unknown: Browser = { browser: null, system: null, device: 'unknown' }
  if (!userAgent) return unknown
  try {
    const { browser, os, platform } = getParser(userAgent).getResult()
    const device =
      platform.type === 'desktop' || platform.type === 'tablet'
        ? platform.type
        : platform.type === 'mobile'
          ? 'phone'
          : 'unknown'
    const named = [browser.name, browser.version?.split('.')[0]].filter(Boolean).join(' ')
    return { browser: named || null, system: os.name ?? null, device }
  } catch {
    return unknown
  }
}

/** The own sessions that are open, the newest used first, with the browser in words; `currentId` is the one that asks. */
export async function listSessions(tx: Tx, userId: string, currentId: string | null) {
  const rows = await tx
    .selectFrom('sessions')
    .select(['id', 'ip', 'user_agent', 'method', 'second_factor', 'created_at', 'last_seen_at', 'expires_at'])
    .where('user_id', '=', userId)
    .where('expires_at', '>', sql<Temporal.Instant>`now()`)
    .orderBy('last_seen_at', 'desc')
    .orderBy('id', 'desc')
    .limit(200)
    .execute()
  return rows.map(({ user_agent, ...row }) => ({
    ...row,
    current: row.id === currentId,
    ...describeBrowser(user_agent),
  }))
}

/** Ends one of the own sessions. Refuses: not_found. */
export async function endSession(tx: Tx, userId: string, id: string): Promise<Refusal | undefined> {
  const ended = await tx
    .deleteFrom('sessions')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst()
  if (!ended) return notFound()
  await sql`select write_audit('session_ended', 'users', ${userId}::text, null, null, null, null)`.execute(tx)
}

/** Ends every own session but the one that asks. */
export async function endOtherSessions(tx: Tx, userId: string, currentId: string | null): Promise<void> {
  await tx
    .deleteFrom('sessions')
    .where('user_id', '=', userId)
    .where('id', 'is distinct from', currentId)
    .execute()
  await sql`select write_audit('sessions_ended', 'users', ${userId}::text, null, null, null, null)`.execute(
    tx,
  )
}
