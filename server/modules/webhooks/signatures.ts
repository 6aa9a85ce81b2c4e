import { createHmac, randomBytes } from 'node:crypto'

// Standard Webhooks, "Signature scheme": symmetric keys, `whsec_` and base64; a signature is the HMAC-SHA256 of id, time and
// body, joined by dots.

const prefix = 'whsec_'
const keyBytes = 32

/** A new signing key. */
export function createSigningKey(): string {
  return prefix + randomBytes(keyBytes).toString('base64')
}

/** The signature of one key: `v1,` and base64. `seconds` since 1970 is the time of this attempt. */
export function signMessage(key: string, eventId: string, seconds: number, body: string): string {
  const secret = Buffer.from(key.slice(prefix.length), 'base64')
  return `v1,${createHmac('sha256', secret).update(`${eventId}.${seconds}.${body}`).digest('base64')}`
}

/** The headers of a delivery, signed with every key that is valid, separated by spaces. */
export function signedHeaders(
  keys: readonly string[],
  eventId: string,
  now: Temporal.Instant,
  body: string,
): Record<string, string> {
  const seconds = Math.floor(now.epochMilliseconds / 1000)
  return {
    'webhook-id': eventId,
    'webhook-timestamp': String(seconds),
    'webhook-signature': keys.map((key) => signMessage(key, eventId, seconds, body)).join(' '),
  }
}
