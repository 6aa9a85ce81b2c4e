// What staff set, for both ways to be paid by Pix.
import { z } from 'zod'
import type { ProviderField } from '../../modules/payments/index.ts'
import { cleanBrText } from '../../platform/br-code.ts'
import { readPixKey } from './keys.ts'

/** Nothing was typed. */
const blank = (value: unknown) => (value === '' || value === null ? undefined : value)

const key = z.string().transform((text, context) => {
  const read = readPixKey(text)
  if (read) return read.key
  context.addIssue({ code: 'custom', message: 'Not a Pix key' })
  return z.NEVER
})
const brText = (most: number) =>
  z
    .string()
    .max(200)
    .transform((text) => cleanBrText(text, most))
    .pipe(z.string().min(1))

export const staticSettings = z.object({ key, name: brText(25), city: brText(15) })
export type StaticSettings = z.infer<typeof staticSettings>
export const staticFields: readonly ProviderField[] = [
  { name: 'key', kind: 'text', required: true },
  { name: 'name', kind: 'text', required: true },
  { name: 'city', kind: 'text', required: true },
]

const address = z.preprocess(
  (value) => (typeof value === 'string' ? value.trim().replace(/\/+$/, '') : value),
  z.url({ protocol: /^https$/ }).max(300),
)

/** A percentage as the API writes it, `2.00`; null where there is none. A comma does for the point. */
const percent = z.preprocess(
  (value) => (typeof value === 'string' ? value.trim().replace(',', '.').replace('%', '').trim() : value),
  z.preprocess(
    blank,
    z
      .string()
      .regex(/^\d{1,2}(\.\d{1,2})?$/)
      .transform((text) => {
        const [whole = '0', decimals = ''] = text.split('.')
        const written = `${Number(whole)}.${decimals.padEnd(2, '0')}`
        return written === '0.00' ? null : written
      })
      .nullable()
      .default(null),
  ),
)
const count = (least: number, most: number, usual: number) =>
  z.preprocess(blank, z.coerce.number().int().min(least).max(most).default(usual))

const webhookProofs = ['token', 'token_and_certificate'] as const

export const pixSettings = z.object({
  api_url: address,
  token_url: address,
  client_id: z.string().trim().min(1).max(300),
  scope: z.preprocess(blank, z.string().trim().max(500).default('')),
  key,
  name: z.preprocess(blank, brText(25).default('RECEBEDOR')),
  city: z.preprocess(blank, brText(15).default('BRASILIA')),
  expires_hours: count(1, 720, 24),
  days_after_due: count(0, 365, 30),
  fine_percent: percent,
  interest_percent: percent,
  discount_percent: percent,
  discount_days: count(0, 90, 0),
  rebate_percent: percent,
  no_webhook: z.preprocess(blank, z.boolean().default(false)),
  webhook_proof: z.preprocess(blank, z.enum(webhookProofs).default('token')),
})
export type PixSettings = z.infer<typeof pixSettings>

const pem = (label: RegExp) =>
  z
    .string()
    .trim()
    .max(20_000)
    .regex(new RegExp(`^-----BEGIN ${label.source}-----[\\s\\S]+-----END ${label.source}-----$`))

export const pixSecrets = z.object({
  client_secret: z.string().trim().min(1).max(1000),
  certificate: pem(/CERTIFICATE/),
  private_key: pem(/(?:RSA |EC )?PRIVATE KEY/),
  ca: z.preprocess(blank, pem(/CERTIFICATE/).optional()),
})
export type PixSecrets = z.infer<typeof pixSecrets>

export const pixFields: readonly ProviderField[] = [
  { name: 'api_url', kind: 'text', required: true },
  { name: 'token_url', kind: 'text', required: true },
  { name: 'client_id', kind: 'text', required: true },
  { name: 'client_secret', kind: 'secret', required: true },
  { name: 'certificate', kind: 'secret_text', required: true },
  { name: 'private_key', kind: 'secret_text', required: true },
  { name: 'ca', kind: 'secret_text', required: false },
  { name: 'scope', kind: 'text', required: false },
  { name: 'key', kind: 'text', required: true },
  { name: 'name', kind: 'text', required: false },
  { name: 'city', kind: 'text', required: false },
  { name: 'expires_hours', kind: 'number', required: false },
  { name: 'days_after_due', kind: 'number', required: false },
  { name: 'fine_percent', kind: 'text', required: false },
  { name: 'interest_percent', kind: 'text', required: false },
  { name: 'discount_percent', kind: 'text', required: false },
  { name: 'discount_days', kind: 'number', required: false },
  { name: 'rebate_percent', kind: 'text', required: false },
  { name: 'no_webhook', kind: 'switch', required: false },
  { name: 'webhook_proof', kind: 'choice', required: false, choices: webhookProofs },
]
