import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import { Secret, TOTP } from 'otpauth'
import type { Config } from '../../platform/config.ts'
import type { Tx } from '../../platform/database.ts'
import { decryptSecret, digestSecret, encryptSecret } from '../../platform/encryption.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { demandSecretKey } from './secret-key.ts'

// One-time codes by time (RFC 6238: SHA-1, six digits, 30 seconds, which every authenticator app understands) and the
// recovery codes for whoever lost theirs.

const period = 30
/** A clock may be off by one step. */
const window = 1
const recoveryCodeCount = 10
/** Without letters that look like figures or like each other. */
const alphabet = '23456789abcdefghjkmnpqrstuvwxyz'

const placeOf = (userId: string) => `user_totp:${userId}`
const recoveryPlace = (userId: string) => `recovery_codes:${userId}`

export type SecondFactors = {
  totp: boolean
  recovery_codes: number
  passkeys: number
  /** The operator demands one of this user. */
  demanded: boolean
}

/** What somebody has beside the password. Asked only of whom the first factor is right: it tells that the user exists. */
export async function readSecondFactors(tx: Tx, userId: string): Promise<SecondFactors> {
  const found = await sql<SecondFactors>`select * from read_second_factors(${userId})`.execute(tx)
  return found.rows[0] ?? { totp: false, recovery_codes: 0, passkeys: 0, demanded: false }
}

/** What a code proved: one of the app, or a recovery code, which is used up. */
export type CodeProof = { kind: 'totp' } | { kind: 'recovery_code'; left: number }

/**
 * Whether a code is the user's: six digits of the app, each step of time once, or a recovery code, once. Null where it is
 * not.
 */
export async function verifyCode(
  tx: Tx,
  config: Config,
  userId: string,
  code: string,
  now: Temporal.Instant,
): Promise<CodeProof | null> {
  const plain = code.replaceAll(/[\s-]/g, '').toLowerCase()
  if (/^\d{6}$/.test(plain)) {
    const found = await sql<{ secret_encrypted: Buffer }>`select * from read_totp(${userId})`.execute(tx)
    const stored = found.rows[0]?.secret_encrypted
    if (!stored) return null
    const step = findStep(decryptSecret(config, stored, placeOf(userId)), plain, now)
    if (step === null) return null
    const used = await sql<{ fresh: boolean }>`select use_totp_step(${userId}, ${step}) as fresh`.execute(tx)
    return used.rows[0]?.fresh ? { kind: 'totp' } : null
  }
  const used = await sql<{ left: number | null }>`
    select use_recovery_code(${userId}, ${digestSecret(config, plain, recoveryPlace(userId))}) as left`.execute(
    tx,
  )
  const left = used.rows[0]?.left ?? null
  return left === null ? null : { kind: 'recovery_code', left }
}

/** The step of time that a code is of, within the window; null where it is of none. */
function findStep(secret: string, code: string, now: Temporal.Instant): number | null {
  const timestamp = now.epochMilliseconds
  const delta = TOTP.validate({
    token: code,
    secret: Secret.fromBase32(secret),
    algorithm: 'SHA1',
    digits: 6,
    period,
    timestamp,
    window,
  })
  return delta === null ? null : TOTP.counter({ period, timestamp }) + delta
}

/**
 * Makes a secret for an authenticator app, as text and as the address that its QR code holds (`issuer`: whose app entry it
 * is). It counts once a code of it was seen; one that is in use works until then.
 */
export async function startTotp(
  tx: Tx,
  config: Config,
  user: { id: string; email: string },
  issuer: string,
): Promise<{ secret: string; uri: string }> {
  await demandSecretKey(tx, config)
  const secret = new Secret({ size: 20 })
  const pending = encryptSecret(config, secret.base32, placeOf(user.id))
  await tx
    .insertInto('user_totp')
    .values({ user_id: user.id, pending_encrypted: pending })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ pending_encrypted: pending }))
    .execute()
  const totp = new TOTP({
    issuer: issuer.replaceAll(':', ' '),
    label: user.email,
    secret,
    algorithm: 'SHA1',
    digits: 6,
    period,
  })
  return { secret: secret.base32, uri: totp.toString() }
}

/**
 * Takes an authenticator app into use by a code of it, and gives ten new recovery codes, which are never shown again.
 * Refuses: totp_not_started, second_factor_failed.
 */
export async function confirmTotp(
  tx: Tx,
  config: Config,
  userId: string,
  code: string,
  now: Temporal.Instant,
): Promise<string[] | Refusal> {
  const row = await tx
    .selectFrom('user_totp')
    .select('pending_encrypted')
    .where('user_id', '=', userId)
    .forUpdate()
    .executeTakeFirst()
  if (!row?.pending_encrypted) return refuse('totp_not_started')
  const secret = decryptSecret(config, row.pending_encrypted, placeOf(userId))
  const step = findStep(secret, code.replaceAll(/\s/g, ''), now)
  if (step === null) return refuse('second_factor_failed', { status: 401, kept: true })
  await tx
    .updateTable('user_totp')
    .set({
      secret_encrypted: row.pending_encrypted,
      pending_encrypted: null,
      confirmed_at: now,
      last_step: step,
    })
    .where('user_id', '=', userId)
    .execute()
  const codes = await renewRecoveryCodes(tx, config, userId)
  await announce(tx, 'sign_in_methods.changed', { user_id: userId, change: 'totp_added' })
  return codes
}

/**
 * Removes the authenticator app and the recovery codes. Refuses: totp_missing, second_factor_demanded (the operator wants
 * one and there is no passkey).
 */
export async function removeTotp(tx: Tx, userId: string): Promise<Refusal | undefined> {
  const { demanded, passkeys } = await readSecondFactors(tx, userId)
  if (demanded && passkeys === 0) return refuse('second_factor_demanded')
  const removed = await tx
    .deleteFrom('user_totp')
    .where('user_id', '=', userId)
    .returning('confirmed_at')
    .executeTakeFirst()
  if (!removed?.confirmed_at) return refuse('totp_missing')
  await tx.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
  await announce(tx, 'sign_in_methods.changed', { user_id: userId, change: 'totp_removed' })
}

/**
 * Removes the second factors of a member of an account who lost them, and ends their sessions: they come back by password or
 * link. Refuses: not_found.
 */
export async function resetMemberSecondFactor(tx: Tx, memberId: string): Promise<Refusal | undefined> {
  const member = await tx
    .selectFrom('memberships')
    .select('user_id')
    .where('id', '=', memberId)
    .executeTakeFirst()
  if (!member) return notFound()
  await sql`select reset_second_factor(${member.user_id})`.execute(tx)
  await announce(tx, 'sign_in_methods.changed', { user_id: member.user_id, change: 'second_factor_reset' })
}

/** Ten new recovery codes; those before no longer work. Refuses: totp_missing. */
export async function replaceRecoveryCodes(
  tx: Tx,
  config: Config,
  userId: string,
): Promise<string[] | Refusal> {
  const { totp } = await readSecondFactors(tx, userId)
  if (!totp) return refuse('totp_missing')
  const codes = await renewRecoveryCodes(tx, config, userId)
  await announce(tx, 'sign_in_methods.changed', { user_id: userId, change: 'recovery_codes_renewed' })
  return codes
}

/** Randomness here makes secrets, never a result: nothing could be done again with another's. */
function createRecoveryCode(): string {
  const letters = Array.from({ length: 10 }, () => alphabet[randomInt(alphabet.length)])
  return `${letters.slice(0, 5).join('')}-${letters.slice(5).join('')}`
}

async function renewRecoveryCodes(tx: Tx, config: Config, userId: string): Promise<string[]> {
  const codes = Array.from({ length: recoveryCodeCount }, createRecoveryCode)
  await tx.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
  await tx
    .insertInto('recovery_codes')
    .values(
      codes.map((code) => ({
        user_id: userId,
        code_hash: digestSecret(config, code.replace('-', ''), recoveryPlace(userId)),
      })),
    )
    .execute()
  return codes
}
