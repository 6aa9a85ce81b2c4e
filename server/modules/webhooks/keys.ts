import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { Tx } from '../../platform/database.ts'
import { decryptSecret, encryptSecret } from '../../platform/encryption.ts'
import { createSigningKey } from './signatures.ts'

/** How long the key before a rotation signs beside the new one. */
const overlapHours = 24

const place = (id: string) => `webhook_keys:${id}`

/** Gives an endpoint a new signing key and returns it: it is shown this once. */
export async function addKey(tx: Tx, config: Config, endpointId: string, version: number): Promise<string> {
  const key = createSigningKey()
  // The row's id stands in the ciphertext, so it is made before the row.
  const made = await sql<{ id: string }>`select uuidv7() as id`.execute(tx)
  const { id } = made.rows[0]!
  await tx
    .insertInto('webhook_keys')
    .values({ id, endpoint_id: endpointId, version, key_encrypted: encryptSecret(config, key, place(id)) })
    .execute()
  return key
}

/** The key of an endpoint works on beside the next for a day; one that was before it ends now. */
export async function retireKeys(tx: Tx, endpointId: string, now: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('webhook_keys')
    .set({ expires_at: now })
    .where('endpoint_id', '=', endpointId)
    .where('expires_at', '>', now)
    .execute()
  await tx
    .updateTable('webhook_keys')
    .set({ expires_at: now.add({ hours: overlapHours }) })
    .where('endpoint_id', '=', endpointId)
    .where('expires_at', 'is', null)
    .execute()
}

/**
 * The keys that sign now, of each endpoint the newest first. One that cannot be read (made with another SECRET_KEY) is left
 * out.
 */
export async function readKeys(
  tx: Tx,
  config: Config,
  endpointIds: readonly string[],
  now: Temporal.Instant,
): Promise<Map<string, string[]>> {
  const keys = new Map<string, string[]>()
  if (endpointIds.length === 0) return keys
  const rows = await tx
    .selectFrom('webhook_keys')
    .select(['id', 'endpoint_id', 'key_encrypted'])
    .where(sql<boolean>`endpoint_id = any(${[...new Set(endpointIds)]}::uuid[])`)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .orderBy('version', 'desc')
    .execute()
  for (const row of rows) {
    const key = readKey(config, row)
    if (key !== null) keys.set(row.endpoint_id, [...(keys.get(row.endpoint_id) ?? []), key])
  }
  return keys
}

function readKey(config: Config, row: { id: string; key_encrypted: Buffer }): string | null {
  try {
    return decryptSecret(config, row.key_encrypted, place(row.id))
  } catch {
    return null
  }
}
