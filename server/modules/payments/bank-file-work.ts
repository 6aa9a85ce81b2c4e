// What the jobs on files of banks share: what they need of the house, and the file that one of them works on.
import type { Config } from '../../platform/config.ts'
import type { Tx } from '../../platform/database.ts'
import type { FileStore } from '../../platform/files.ts'
import type { JobContext } from '../../platform/jobs.ts'
import type { BankFileFormat, BankFileFormats } from './bank-file-format.ts'

export type BankFileServices = { files: FileStore; config: Config; formats: BankFileFormats }
export type BankFileJob = JobContext & BankFileServices

/** A file that a job works on, with its provider and what reads and writes its layout. */
export type OpenFile = {
  id: string
  provider_id: string
  business_unit_id: string
  file_id: string | null
  sequence: number | null
  settings: unknown
  format: BankFileFormat
  made_at: Temporal.PlainDateTime
}

/** The file for update, as long as it is in this state; null where it is not any more. */
export async function openFile(
  tx: Tx,
  formats: BankFileFormats,
  id: string,
  state: 'queued' | 'reading',
): Promise<OpenFile | null> {
  const row = await tx
    .selectFrom('bank_files')
    .innerJoin('payment_providers', 'payment_providers.id', 'bank_files.provider_id')
    .innerJoin('business_units', 'business_units.id', 'bank_files.business_unit_id')
    .select([
      'bank_files.id',
      'bank_files.provider_id',
      'bank_files.business_unit_id',
      'bank_files.file_id',
      'bank_files.sequence',
      'bank_files.created_at',
      'payment_providers.driver',
      'payment_providers.settings',
      'business_units.time_zone',
    ])
    .where('bank_files.id', '=', id)
    .where('bank_files.state', '=', state)
    .forUpdate('bank_files')
    .executeTakeFirst()
  const format = row && formats.get(row.driver)
  if (!row || !format) return null
  return {
    ...row,
    format,
    // The same file, however often it is written.
    made_at: row.created_at.toZonedDateTimeISO(row.time_zone).toPlainDateTime(),
  }
}
