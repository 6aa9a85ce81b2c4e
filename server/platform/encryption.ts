import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, ConfigError, readSecretKey } from './config.ts'

// What must be read again and nobody may read in the database or a backup of it alone (secrets of one-time codes, of the
// identity provider) is encrypted with the key of this installation: SECRET_KEY, else `secret.key` in the data folder.

/** The name of the key's file in the data folder. */
export const secretKeyFile = 'secret.key'

/** Which form a ciphertext has: a later form gets another number, and this one stays readable. */
const version = 1
const ivBytes = 12
const tagBytes = 16

type Keys = { encryption: Buffer; digest: Buffer; check: Buffer }
const known = new WeakMap<Config, Keys>()

/**
 * The keys of this installation; a new data folder gets a key at first use. Throws a ConfigError where `secret.key` holds
 * none.
 */
function keysOf(config: Config): Keys {
  const ready = known.get(config)
  if (ready) return ready
  const key = config.secretKey ?? readOrCreateKey(config.dataDir)
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', key, '', `zaguan ${purpose}`, 32))
  const keys = { encryption: derive('encryption'), digest: derive('digest'), check: derive('check') }
  known.set(config, keys)
  return keys
}

function readOrCreateKey(folder: string): Buffer {
  const path = join(folder, secretKeyFile)
  const found = readKey(path)
  if (found) return found
  mkdirSync(folder, { recursive: true })
  // Of several processes that start at once one names its draft; the others read what it wrote.
  const draft = `${path}.${randomUUID()}`
  writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flush: true })
  try {
    linkSync(draft, path)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return readKey(path)!
}

function readKey(path: string): Buffer | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null
    throw error
  }
  const key = readSecretKey(text.trim())
  if (!key) throw new ConfigError(`${path} holds no key of 32 bytes: put the one of this installation back`)
  return key
}

/**
 * Encrypts a text with AES-256-GCM. `place` is where it will stand (table and row): the ciphertext opens nowhere else.
 * Form: version, 12 bytes of nonce, 16 bytes of tag, ciphertext.
 */
export function encryptSecret(config: Config, text: string, place: string): Buffer {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', keysOf(config).encryption, iv)
  cipher.setAAD(Buffer.from(`${version}:${place}`))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.from([version]), iv, cipher.getAuthTag(), body])
}

/** Decrypts what encryptSecret gave for the same place. Throws where it was changed, moved, or made with another key. */
export function decryptSecret(config: Config, bytes: Buffer, place: string): string {
  if (bytes[0] !== version || bytes.length < 1 + ivBytes + tagBytes)
    throw new Error(`no ciphertext of ours: ${place}`)
  const iv = bytes.subarray(1, 1 + ivBytes)
  const tag = bytes.subarray(1 + ivBytes, 1 + ivBytes + tagBytes)
  const decipher = createDecipheriv('aes-256-gcm', keysOf(config).encryption, iv, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(`${version}:${place}`))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(bytes.subarray(1 + ivBytes + tagBytes)), decipher.final()]).toString(
    'utf8',
  )
}

/** A keyed hash, for secrets short enough to be guessed by whoever holds the table alone (recovery codes). */
export function digestSecret(config: Config, text: string, place: string): Buffer {
  return createHmac('sha256', keysOf(config).digest).update(`${place}\0${text}`).digest()
}

/** What tells two keys apart without telling anything about either. */
export function secretKeyCheck(config: Config): Buffer {
  return keysOf(config).check
}
