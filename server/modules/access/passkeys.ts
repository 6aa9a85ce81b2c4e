import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { openChallenge, readChallenge, takeChallenge } from './challenges.ts'
import { checkSetUp, confirmSession } from './own-security.ts'
import { readSecondFactors } from './second-factors.ts'
import { type Opened, openSession, type Person, type Visitor } from './sessions.ts'
import type { SecondStep } from './sign-in.ts'
import { nameSite, readSite, type Site } from './site.ts'

// Passkeys (WebAuthn): always discoverable and always with the authenticator's own check of the person, so that one alone
// is as good as a password with a second factor.

/** How long a person may take with their authenticator, in seconds. */
const ceremonySeconds = 300

/** How a passkey may sign: Ed25519, ES256, RS256 (COSE), which every authenticator has one of. */
const algorithms = [-8, -7, -257]

/** What a challenge that an authenticator signs was made for; an answer for another purpose is refused. */
type Purpose = 'sign_in' | 'second_factor' | 'confirm' | 'register'
type Ceremony = Pick<Site, 'rp_id' | 'origin'> & {
  purpose: Purpose
  challenge: string
  /** The half-done sign-in that this ends. */
  step?: string
}

/** What a browser is given: `options` for its WebAuthn API, `challenge` comes back with what it answers. */
export type PasskeyOptions = { challenge: string; options: Record<string, unknown> }

/** The passkeys as an authenticator knows them. */
async function listCredentials(tx: Tx, userId: string) {
  const found = await sql<{ credential_id: Buffer; transports: string[] }>`
    select * from list_passkeys_of(${userId})`.execute(tx)
  return found.rows.map((row) => ({
    id: row.credential_id.toString('base64url'),
    transports: row.transports,
  }))
}

async function offerAuthentication(
  tx: Tx,
  visitor: Visitor,
  purpose: Purpose,
  userId: string | null,
  step?: string,
): Promise<PasskeyOptions> {
  const { rp_id, origin } = await readSite(tx, visitor)
  const options = await generateAuthenticationOptions({
    rpID: rp_id,
    userVerification: 'required',
    timeout: ceremonySeconds * 1000,
    // Without a user any passkey of this site may answer: what is offered tells nobody who exists.
    ...(userId === null ? {} : { allowCredentials: await listCredentials(tx, userId) }),
  })
  const data: Ceremony = {
    purpose,
    challenge: options.challenge,
    rp_id,
    origin,
    ...(step === undefined ? {} : { step }),
  }
  const challenge = await openChallenge(tx, 'passkey', visitor.side, userId, data, ceremonySeconds)
  return { challenge, options: { ...options } }
}

/**
 * What the browser needs to sign in by a passkey: alone, or as the second step of a sign-in (`step`, its challenge).
 * Refuses: challenge_expired.
 */
export async function offerPasskeySignIn(
  tx: Tx,
  visitor: Visitor,
  step: string | null,
): Promise<PasskeyOptions | Refusal> {
  if (step === null) return offerAuthentication(tx, visitor, 'sign_in', null)
  const half = await readChallenge<SecondStep>(tx, 'second_factor', visitor.side, step)
  if (!half?.user_id) return refuse('challenge_expired', { status: 410 })
  return offerAuthentication(tx, visitor, 'second_factor', half.user_id, step)
}

/** What the browser needs so that somebody who is signed in proves by a passkey who they are. */
export function offerPasskeyConfirmation(tx: Tx, visitor: Visitor, person: Person): Promise<PasskeyOptions> {
  return offerAuthentication(tx, visitor, 'confirm', person.user_id)
}

const failed = () => refuse('passkey_failed', { status: 401, kept: true })

/**
 * Verifies what an authenticator signed: our challenge, once; our site; the person checked by it; a counter that went on (an
 * older one is a copy's). Returns whose passkey it is. Refuses: challenge_expired, passkey_failed.
 */
async function verifyPasskey(
  tx: Tx,
  visitor: Visitor,
  purposes: Purpose[],
  input: { challenge: string; response: Record<string, unknown> },
): Promise<{ user_id: string; ceremony: Ceremony } | Refusal> {
  const taken = await takeChallenge<Ceremony>(tx, 'passkey', visitor.side, input.challenge)
  if (!taken || !purposes.includes(taken.data.purpose))
    return refuse('challenge_expired', { status: 410, kept: true })
  const response = input.response as unknown as AuthenticationResponseJSON
  if (typeof response.id !== 'string' || response.id.length > 1400) return failed()
  const found = await sql<{
    id: string
    user_id: string
    public_key: Buffer
    counter: number
    transports: string[]
  }>`select * from find_passkey(${visitor.side}, ${Buffer.from(response.id, 'base64url')})`.execute(tx)
  const passkey = found.rows[0]
  if (!passkey || (taken.user_id !== null && taken.user_id !== passkey.user_id)) return failed()
  const handle = response.response?.userHandle
  if (handle && Buffer.from(handle, 'base64url').toString() !== passkey.user_id) return failed()
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: taken.data.challenge,
      expectedOrigin: taken.data.origin,
      expectedRPID: taken.data.rp_id,
      requireUserVerification: true,
      credential: {
        id: response.id,
        publicKey: new Uint8Array(passkey.public_key),
        counter: passkey.counter,
      },
    })
    if (!verified) return failed()
    await sql`select use_passkey(${passkey.id}, ${authenticationInfo.newCounter}, ${authenticationInfo.credentialBackedUp})`.execute(
      tx,
    )
  } catch {
    // The library throws on whatever is wrong; which of it is nobody's business but the audit log's.
    await sql`select write_audit('passkey_refused', 'passkeys', ${passkey.id}::text, null, null, null, null)`.execute(
      tx,
    )
    return failed()
  }
  return { user_id: passkey.user_id, ceremony: taken.data }
}

/** Signs in by a passkey, alone or as the second step. Refuses: challenge_expired, passkey_failed. */
export async function signInByPasskey(
  tx: Tx,
  visitor: Visitor,
  input: { challenge: string; response: Record<string, unknown> },
): Promise<Opened | Refusal> {
  const proof = await verifyPasskey(tx, visitor, ['sign_in', 'second_factor'], input)
  if (isRefusal(proof)) return proof
  const { step } = proof.ceremony
  if (step !== undefined && !(await takeChallenge(tx, 'second_factor', visitor.side, step)))
    return refuse('challenge_expired', { status: 410, kept: true })
  return openSession(tx, visitor, proof.user_id, { method: 'passkey', secondFactor: true })
}

/** Proves by a passkey who is there. Refuses: challenge_expired, passkey_failed. */
export async function confirmByPasskey(
  tx: Tx,
  visitor: Visitor,
  person: Person,
  input: { challenge: string; response: Record<string, unknown> },
): Promise<Refusal | undefined> {
  const proof = await verifyPasskey(tx, visitor, ['confirm'], input)
  if (isRefusal(proof)) return proof
  if (proof.user_id !== person.user_id) return failed()
  await confirmSession(tx, person, true)
}

/** So many passkeys one person may have. */
const mostPasskeys = 25

/** What the browser needs to make a passkey. Refuses: second_factor_needed, too_many_passkeys. */
export async function offerRegistration(
  tx: Tx,
  visitor: Visitor,
  person: Person,
): Promise<PasskeyOptions | Refusal> {
  const barred = await checkSetUp(tx, person)
  if (barred) return barred
  const known = await listCredentials(tx, person.user_id)
  if (known.length >= mostPasskeys) return refuse('too_many_passkeys', { params: { limit: mostPasskeys } })
  const site = await readSite(tx, visitor)
  const options = await generateRegistrationOptions({
    rpName: await nameSite(tx, site, person),
    rpID: site.rp_id,
    userName: person.email,
    userDisplayName: person.name,
    userID: new Uint8Array(Buffer.from(person.user_id)),
    timeout: ceremonySeconds * 1000,
    attestationType: 'none',
    supportedAlgorithmIDs: algorithms,
    excludeCredentials: known,
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  const data: Ceremony = {
    purpose: 'register',
    challenge: options.challenge,
    rp_id: site.rp_id,
    origin: site.origin,
  }
  const challenge = await openChallenge(tx, 'passkey', visitor.side, person.user_id, data, ceremonySeconds)
  return { challenge, options: { ...options } }
}

/**
 * Keeps a passkey that the browser made; its person counts as having proved who they are. Refuses: challenge_expired,
 * passkey_failed, passkey_known.
 */
export async function addPasskey(
  tx: Tx,
  visitor: Visitor,
  person: Person,
  input: { challenge: string; response: Record<string, unknown>; name: string },
) {
  const taken = await takeChallenge<Ceremony>(tx, 'passkey', visitor.side, input.challenge)
  if (taken?.data.purpose !== 'register' || taken.user_id !== person.user_id)
    return refuse('challenge_expired', { status: 410, kept: true })
  const response = input.response as unknown as RegistrationResponseJSON
  let info: NonNullable<Awaited<ReturnType<typeof verifyRegistrationResponse>>['registrationInfo']>
  try {
    const result = await verifyRegistrationResponse({
      response,
      expectedChallenge: taken.data.challenge,
      expectedOrigin: taken.data.origin,
      expectedRPID: taken.data.rp_id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    })
    if (!result.verified) return failed()
    info = result.registrationInfo
  } catch {
    return failed()
  }
  const transports = (info.credential.transports ?? [])
    .filter((name) => /^[\w-]{1,20}$/.test(name))
    .slice(0, 8)
  const kept = await tx
    .insertInto('passkeys')
    .values({
      user_id: person.user_id,
      credential_id: Buffer.from(info.credential.id, 'base64url'),
      public_key: Buffer.from(info.credential.publicKey),
      counter: info.credential.counter,
      transports,
      backed_up: info.credentialBackedUp,
      name: input.name,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning(['id', 'name', 'created_at', 'last_used_at', 'backed_up'])
    .executeTakeFirst()
  if (!kept) return refuse('passkey_known', { kept: true })
  await confirmSession(tx, person, true)
  await announce(tx, 'sign_in_methods.changed', {
    user_id: person.user_id,
    change: 'passkey_added',
    name: kept.name,
  })
  return kept
}

/** Names a passkey. Refuses: not_found. */
export async function renamePasskey(tx: Tx, userId: string, id: string, name: string) {
  const row = await tx
    .updateTable('passkeys')
    .set({ name })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning(['id', 'name', 'created_at', 'last_used_at', 'backed_up'])
    .executeTakeFirst()
  return row ?? notFound()
}

/**
 * Removes a passkey. Refuses: not_found, last_way_in (no password and no other passkey), second_factor_demanded (the operator
 * wants one and nothing else is), second_factor_needed.
 */
export async function removePasskey(tx: Tx, person: Person, id: string): Promise<Refusal | undefined> {
  const barred = await checkSetUp(tx, person)
  if (barred) return barred
  // One after the other: two at once must not remove the last two.
  await sql`select lock_own_user()`.execute(tx)
  const removed = await tx
    .deleteFrom('passkeys')
    .where('id', '=', id)
    .where('user_id', '=', person.user_id)
    .returning('name')
    .executeTakeFirst()
  if (!removed) return notFound()
  const factors = await readSecondFactors(tx, person.user_id)
  if (factors.passkeys === 0) {
    const own = await sql<{ hash: string | null }>`select own_password_hash() as hash`.execute(tx)
    if (own.rows[0]?.hash === null) return refuse('last_way_in')
    if (factors.demanded && !factors.totp) return refuse('second_factor_demanded')
  }
  await announce(tx, 'sign_in_methods.changed', {
    user_id: person.user_id,
    change: 'passkey_removed',
    name: removed.name,
  })
}
