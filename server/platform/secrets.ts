import { createHash, randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'

/** A new secret for a cookie or a link: 256 bits, URL-safe. */
export function createToken(): string {
  return randomBytes(32).toString('base64url')
}

/** What is stored of a token. A fast hash is enough: the token itself has full entropy. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

// OWASP's second recommendation for argon2id: 19 MiB, two passes. The library works off the event loop.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export function hashPassword(password: string): Promise<string> {
  return hash(password, cost)
}

let decoy: Promise<string> | undefined

/**
 * Whether the password is right. Without a stored hash it verifies against a decoy and answers false, so that an
 * unknown e-mail takes as long as a known one.
 */
export async function verifyPassword(stored: string | null | undefined, password: string): Promise<boolean> {
  decoy ??= hashPassword(createToken())
  const matches = await verify(stored ?? (await decoy), password)
  return matches && Boolean(stored)
}

/** The shortest password that is accepted (NIST SP 800-63B: length counts, composition rules do not). */
export const shortestPassword = 10
