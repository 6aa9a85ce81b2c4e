import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'

/** Notes in the audit log what happened to an export: that it was made, or which of its files somebody took. */
export async function writeAudit(
  tx: Tx,
  action: 'made' | 'downloaded',
  which: { id: string; account_id: string; business_unit_id: string },
  detail: { format: string } | null = null,
): Promise<void> {
  await sql`select write_audit(${action}, 'privacy_exports', ${which.id}, ${which.account_id}::uuid,
    ${which.business_unit_id}::uuid, null, ${detail === null ? null : JSON.stringify(detail)}::jsonb)`.execute(
    tx,
  )
}
