import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import { Binary, type Upload } from '../../platform/http.ts'

/** The largest receipt that is taken, in bytes. */
export const largestReceipt = 10_000_000

/** Keeps an uploaded receipt as it is, for the account. Refuses: file_needed (it is empty). */
export async function recordReceipt(
  tx: Tx,
  upload: Upload,
  owner: { account_id: string; business_unit_id: string; user_id: string },
): Promise<{ file_id: string; name: string; size: number } | Refusal> {
  if (upload.size === 0) return refuse('file_needed', { status: 422 })
  await recordFile(tx, {
    id: upload.id,
    purpose: 'receipt',
    name: upload.name,
    media_type: upload.media_type,
    size: upload.size,
    sha256: upload.sha256,
    account_id: owner.account_id,
    business_unit_id: owner.business_unit_id,
    created_by: owner.user_id,
  })
  return { file_id: upload.id, name: upload.name, size: upload.size }
}

/**
 * The receipt of a payment notice, always as a download of no particular type: it is what a stranger uploaded.
 * Refuses: not_found.
 */
export async function readReceipt(tx: Tx, files: FileStore, noticeId: string): Promise<Binary | Refusal> {
  const file = await tx
    .selectFrom('payment_notices')
    .innerJoin('files', 'files.id', 'payment_notices.receipt_file_id')
    .select(['files.id', 'files.name'])
    .where('payment_notices.id', '=', noticeId)
    .executeTakeFirst()
  if (!file || (await files.size(file.id)) === null) return notFound()
  return new Binary(files.read(file.id), 'application/octet-stream', file.name)
}

/** Forgets receipts that were uploaded more than a day ago and never became part of a notice. Returns their ids. */
export async function removeUnusedReceipts(tx: Tx, now: Temporal.Instant): Promise<string[]> {
  const gone = await sql<{ id: string }>`
    delete from files f where f.purpose = 'receipt' and f.created_at < ${now.subtract({ hours: 24 })}::timestamptz
       and not exists (select from payment_notices n where n.receipt_file_id = f.id)
    returning f.id`.execute(tx)
  return gone.rows.map((row) => row.id)
}
