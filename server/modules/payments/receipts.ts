import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import { Binary, type Upload } from '../../platform/http.ts'
import { readStart } from './statement-text.ts'

/** The largest receipt that is taken, in bytes. */
export const largestReceipt = 10_000_000

/**
 * Keeps an uploaded receipt as it is, for the account: a picture or a PDF, told by what is in it. Refuses: file_needed (it is
 * empty), receipt_format.
 */
export async function recordReceipt(
  tx: Tx,
  files: FileStore,
  upload: Upload,
  owner: { account_id: string; business_unit_id: string; user_id: string },
): Promise<{ file_id: string; name: string; size: number } | Refusal> {
  if (upload.size === 0) return refuse('file_needed', { status: 422 })
  const media_type = recognizeReceipt(await readStart(files.read(upload.id), 1024))
  if (media_type === null) return refuse('receipt_format', { status: 422 })
  await recordFile(tx, {
    id: upload.id,
    purpose: 'receipt',
    name: upload.name,
    media_type,
    size: upload.size,
    sha256: upload.sha256,
    account_id: owner.account_id,
    business_unit_id: owner.business_unit_id,
    created_by: owner.user_id,
  })
  return { file_id: upload.id, name: upload.name, size: upload.size }
}

/** What a receipt is by its first bytes, whatever it is called; null: neither a picture nor a PDF. */
function recognizeReceipt(start: Buffer): string | null {
  const ascii = (from: number, to: number) => start.subarray(from, to).toString('latin1')
  // A mark or blanks may stand before it.
  if (/^[\s\u00ef\u00bb\u00bf]{0,16}%PDF/.test(ascii(0, 32))) return 'application/pdf'
  if (start.length < 12) return null
  if (start[0] === 0xff && start[1] === 0xd8 && start[2] === 0xff) return 'image/jpeg'
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'image/png'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'image/webp'
  if (/^GIF8[79]a/.test(ascii(0, 6))) return 'image/gif'
  if (ascii(4, 8) === 'ftyp') {
    const brands = ascii(8, Math.min(start.readUInt32BE(0), 64))
    if (/avi[fs]/.test(brands)) return 'image/avif'
    // What telephones make.
    if (/hei[csx]|hevc|mif1|msf1/.test(brands)) return 'image/heic'
  }
  return null
}

/**
 * A receipt of a payment notice, the first or the one that is named, always as a download of no particular type: it is what a
 * stranger uploaded. Refuses: not_found.
 */
export async function readReceipt(
  tx: Tx,
  files: FileStore,
  noticeId: string,
  fileId?: string,
): Promise<Binary | Refusal> {
  let query = tx
    .selectFrom('payment_notices')
    .innerJoin('payment_notice_receipts as r', 'r.payment_notice_id', 'payment_notices.id')
    .innerJoin('files', 'files.id', 'r.file_id')
    .select(['files.id', 'files.name'])
    .where('payment_notices.id', '=', noticeId)
  if (fileId !== undefined) query = query.where('r.file_id', '=', fileId)
  const file = await query.orderBy('r.position').limit(1).executeTakeFirst()
  if (!file || (await files.size(file.id)) === null) return notFound()
  return new Binary(files.read(file.id), 'application/octet-stream', file.name)
}

/** Forgets receipts that were uploaded more than a day ago and never became part of a notice. Returns their ids. */
export async function removeUnusedReceipts(tx: Tx, now: Temporal.Instant): Promise<string[]> {
  const gone = await sql<{ id: string }>`
    delete from files f where f.purpose = 'receipt' and f.created_at < ${now.subtract({ hours: 24 })}::timestamptz
       and not exists (select from payment_notices n where n.receipt_file_id = f.id)
       and not exists (select from payment_notice_receipts r where r.file_id = f.id)
    returning f.id`.execute(tx)
  return gone.rows.map((row) => row.id)
}
