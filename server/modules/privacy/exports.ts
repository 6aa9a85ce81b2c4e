import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'
import type { FileStore } from '../../platform/files.ts'
import { Binary } from '../../platform/http.ts'
import { enqueue } from '../../platform/jobs.ts'
import type { Language } from '../../platform/translations.ts'
import { writeAudit } from './audit-entry.ts'

/** So long the files of an export can be downloaded; then they are removed. */
export const keptDays = 7

export type ExportFormat = 'json' | 'pdf'

const columns = [
  'privacy_exports.id',
  'privacy_exports.account_id',
  'privacy_exports.side',
  'privacy_exports.language',
  'privacy_exports.parts_total',
  'privacy_exports.parts_done',
  'privacy_exports.rows_done',
  'privacy_exports.json_size',
  'privacy_exports.pdf_size',
  'privacy_exports.created_at',
  'privacy_exports.finished_at',
  'privacy_exports.expires_at',
  'privacy_exports.removed_at',
] as const

/** A check of the table leaves out the other states of long runs. */
const state = sql<'queued' | 'running' | 'done' | 'failed'>`privacy_exports.state`.as('state')

/**
 * The latest exports of an account, at most 20, newest first; an owner sees those that owners asked for. Refuses: not_found.
 */
export async function listExports(tx: Tx, accountId: string) {
  const account = await tx.selectFrom('accounts').select('id').where('id', '=', accountId).executeTakeFirst()
  if (!account) return notFound()
  const items = await tx
    .selectFrom('privacy_exports')
    .leftJoin('users', 'users.id', 'privacy_exports.requested_by')
    .select(columns)
    .select(['users.name as requested_by_name', state])
    .where('privacy_exports.account_id', '=', accountId)
    .orderBy('privacy_exports.id', 'desc')
    .limit(20)
    .execute()
  return { items }
}

/**
 * Asks for an export of all that is stored about an account: a job makes it. Refuses: not_found, account_erased,
 * privacy_export_running (one at a time for each side).
 */
export async function requestExport(
  tx: Tx,
  accountId: string,
  who: { side: 'staff' | 'customer'; user_id: string; language: Language },
) {
  const account = await tx
    .selectFrom('accounts')
    .select(['id', 'business_unit_id'])
    .where('id', '=', accountId)
    .executeTakeFirst()
  if (!account) return notFound()
  const running = await tx
    .selectFrom('privacy_exports')
    .select('id')
    .where('account_id', '=', accountId)
    .where('side', '=', who.side)
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirst()
  if (running) return refuse('privacy_export_running')
  const { id } = await tx
    .insertInto('privacy_exports')
    .values({
      account_id: accountId,
      business_unit_id: account.business_unit_id,
      side: who.side,
      requested_by: who.user_id,
      language: who.language,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await enqueue(tx, 'privacy:make_export', { export_id: id }, { key: `privacy:export:${id}` })
  return getExport(tx, id)
}

/** One export with how far it is. Refuses: not_found. */
export async function getExport(tx: Tx, id: string) {
  const row = await tx
    .selectFrom('privacy_exports')
    .leftJoin('users', 'users.id', 'privacy_exports.requested_by')
    .select(columns)
    .select(['users.name as requested_by_name', state])
    .where('privacy_exports.id', '=', id)
    .executeTakeFirst()
  return row ?? notFound()
}

/**
 * A file of an export, as a download; the audit log notes who took it. Refuses: not_found, privacy_export_not_ready,
 * privacy_export_gone (it was removed after seven days).
 */
export async function readExport(
  tx: Tx,
  files: FileStore,
  id: string,
  format: ExportFormat,
  now: Temporal.Instant,
): Promise<Binary | Refusal> {
  const row = await tx
    .selectFrom('privacy_exports')
    .innerJoin('accounts', 'accounts.id', 'privacy_exports.account_id')
    .select([
      'privacy_exports.id',
      'privacy_exports.account_id',
      'privacy_exports.business_unit_id',
      'privacy_exports.state',
      'privacy_exports.json_file_id',
      'privacy_exports.pdf_file_id',
      'privacy_exports.expires_at',
      'privacy_exports.removed_at',
      'accounts.number',
    ])
    .where('privacy_exports.id', '=', id)
    .executeTakeFirst()
  if (!row) return notFound()
  if (row.state !== 'done') return refuse('privacy_export_not_ready')
  const over = row.expires_at !== null && Temporal.Instant.compare(row.expires_at, now) <= 0
  const file = format === 'pdf' ? row.pdf_file_id : row.json_file_id
  if (row.removed_at !== null || over || (await files.size(file)) === null)
    return refuse('privacy_export_gone', { status: 410 })
  await writeAudit(tx, 'downloaded', row, { format })
  const type = format === 'pdf' ? 'application/pdf' : 'application/json'
  return new Binary(files.read(file), type, `zaguan-${row.number}.${format}`)
}

/** Takes the exports whose time is over out of the books; returns the files whose bytes are to be removed. */
export async function removeExpiredExports(tx: Tx, now: Temporal.Instant): Promise<string[]> {
  const gone = await tx
    .updateTable('privacy_exports')
    .set({ removed_at: now })
    .where('state', '=', 'done')
    .where('removed_at', 'is', null)
    .where('expires_at', '<=', now)
    .returning(['json_file_id', 'pdf_file_id'])
    .execute()
  const files = gone.flatMap((row) => [row.json_file_id, row.pdf_file_id])
  if (files.length > 0) await tx.deleteFrom('files').where('id', 'in', files).execute()
  return files
}
