import { z } from 'zod'
import { sessionMethods } from '../../platform/database.gen.ts'
import { email, id, instant, language, name } from '../../platform/schemas.ts'

/** A secret of ours that comes back: of a link or of a half-done way in. */
const token = z.string().min(1).max(200)
/** Neither too long to hash nor too short to be anybody's. */
const password = z.string().min(1).max(1000)

export const credentials = z.object({ email: z.string().trim().min(1).max(254), password })
export const newPassword = z.object({ token, password: z.string().max(1000) })
export const tokenQuery = z.object({ token })
export const tokenHolder = z
  .object({
    kind: z.enum(['password', 'invitation', 'first_admin']),
    email: z.string().nullable(),
    name: z.string().nullable(),
    language: language.nullable(),
  })
  .meta({ id: 'PasswordLink' })
export const passwordRequest = z.object({
  email: z.string().trim().min(1).max(254),
  unit: z.string().max(40).optional(),
})
export const firstAdmin = z.object({
  token,
  email,
  name: name(200),
  language,
  password: z.string().max(1000),
})

export const signedIn = z
  .discriminatedUnion('state', [
    z.object({
      state: z.literal('signed_in'),
      recovery_codes_left: z
        .int()
        .nullable()
        .meta({ description: 'After a recovery code was used: how many are left' }),
    }),
    z.object({
      state: z.literal('second_factor'),
      challenge: z.string(),
      methods: z.array(z.enum(['totp', 'recovery_code', 'passkey'])),
    }),
  ])
  .meta({ id: 'SignedIn' })

export const codeAnswer = z.object({ challenge: token, code: z.string().trim().min(4).max(40) })

/** What the browser's WebAuthn API takes and gives: JSON of the standard, read by the library. */
const webAuthn = z
  .record(z.string(), z.unknown())
  .meta({ description: 'JSON of WebAuthn Level 3, as the browser takes and gives it' })
export const passkeyOptions = z
  .object({ challenge: z.string(), options: webAuthn })
  .meta({ id: 'PasskeyOptions' })
export const passkeyAnswer = z.object({ challenge: token, response: webAuthn })
export const passkeyOptionsRequest = z.object({ challenge: token.optional() })

export const strengthQuestion = z.object({
  password: z.string().max(1000),
  inputs: z.array(z.string().max(254)).max(10).default([]),
})
export const strength = z
  .object({
    score: z.int().min(0).max(4),
    warning: z.string().nullable().meta({ description: 'A code; its text is security:password.advice' }),
    suggestions: z.array(z.string()).meta({ description: 'Codes; their texts are security:password.advice' }),
    breached: z.boolean().meta({ description: 'One of the passwords that everybody tries first' }),
    acceptable: z.boolean(),
  })
  .meta({ id: 'PasswordStrength' })

export const emailConfirmation = z.object({ token })
export const emailConfirmed = z.object({ email: z.string() })

export const confirmation = z.union([
  z.strictObject({ password }),
  z.strictObject({ code: codeAnswer.shape.code }),
  z.strictObject(passkeyAnswer.shape),
])

export const passkey = z
  .object({
    id,
    name: z.string(),
    created_at: instant,
    last_used_at: instant.nullable(),
    backed_up: z.boolean().meta({ description: 'Kept by a password manager or the maker’s cloud' }),
  })
  .meta({ id: 'Passkey' })
export const passkeyName = z.object({ name: name(100) })
export const newPasskey = passkeyAnswer.extend(passkeyName.shape)

export const security = z
  .object({
    email: z.string(),
    email_verified_at: instant.nullable(),
    new_email: z.string().nullable().meta({ description: 'Waits for its confirmation' }),
    password_set_at: instant.nullable(),
    totp_since: instant.nullable(),
    recovery_codes_left: z.int(),
    passkeys: z.array(passkey),
    identities: z.array(z.object({ issuer: z.string(), created_at: instant })),
    second_factor_demanded: z.boolean().meta({ description: 'The operator demands a second factor' }),
    confirmed_until: instant
      .nullable()
      .meta({ description: 'Until then what changes the way in asks for no other proof' }),
  })
  .meta({ id: 'Security' })

export const ownPassword = z.object({ password: z.string().max(1000) })
export const ownEmail = z.object({ email })
export const accepted = z.object({ accepted: z.literal(true) })
export const totpSecret = z.object({
  secret: z.string().meta({ description: 'Base32, for whoever cannot scan' }),
  uri: z.string().meta({ description: 'otpauth:// address for a QR code' }),
})
export const totpCode = z.object({ code: z.string().trim().min(6).max(10) })
export const recoveryCodes = z
  .object({ recovery_codes: z.array(z.string()) })
  .meta({ description: 'Shown this once' })

export const session = z
  .object({
    id,
    current: z.boolean(),
    browser: z.string().nullable(),
    system: z.string().nullable(),
    device: z.enum(['desktop', 'phone', 'tablet', 'unknown']),
    ip: z.string().nullable(),
    method: z.enum(sessionMethods),
    second_factor: z.boolean(),
    created_at: instant,
    last_seen_at: instant,
    expires_at: instant,
  })
  .meta({ id: 'Session' })

export const photo = z.object({ photo_file_id: id })
