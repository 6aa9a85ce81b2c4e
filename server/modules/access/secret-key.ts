import { sql } from 'kysely'
import { type Config, ConfigError } from '../../platform/config.ts'
import type { Tx } from '../../platform/database.ts'
import { secretKeyCheck } from '../../platform/encryption.ts'

/**
 * Makes sure that this process has the key with which the secrets of this database are encrypted. While nothing is
 * encrypted any key will do; two are never mixed. Throws a ConfigError that says what to do.
 */
export async function demandSecretKey(tx: Tx, config: Config): Promise<void> {
  const found = await sql<{
    ours: boolean
  }>`select check_secret_key(${secretKeyCheck(config)}) as ours`.execute(tx)
  if (!found.rows[0]?.ours)
    throw new ConfigError(
      'Secrets in this database were encrypted with another key. Every process on one database needs the same: set SECRET_KEY ' +
        'to it, or put its secret.key into DATA_DIR (it is in the backup). If the key is lost, authenticator apps and the ' +
        'secret of the identity provider are too: docs/operations.md says how to start without them.',
    )
}
