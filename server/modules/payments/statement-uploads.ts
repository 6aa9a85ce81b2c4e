// Bank statements as they are uploaded, named and discarded; nothing of them is read yet.
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import type { Upload } from '../../platform/http.ts'
import { enqueue } from '../../platform/jobs.ts'
import { type CsvMapping, checkMapping, csvMapping, surveyCsv } from './statement-csv.ts'
import { getStatement } from './statement-lists.ts'
import { readStart, recognizeFormat } from './statement-text.ts'

/** The largest statement that is taken, in bytes. */
export const largestStatement = 52_428_800

/**
 * Takes an uploaded statement in. A CSV file waits for its columns to be named; the others are read in the background. Nothing
 * is booked. The bank account may be left out where the file names its own. Refuses: file_needed, invalid_input (business
 * unit, bank account), statement_format (no form that is read), statement_account_needed (CSV), statement_repeated (the very
 * same file was read for this bank account).
 */
export async function createStatement(
  tx: Tx,
  files: FileStore,
  upload: Upload,
  input: { business_unit_id: string; bank_account_id: string | null },
  actorId: string,
) {
  if (upload.size === 0) return refuse('file_needed', { status: 422 })
  const unit = await tx
    .selectFrom('business_units')
    .select('id')
    .where('id', '=', input.business_unit_id)
    .executeTakeFirst()
  if (!unit) return refuseField('business_unit_id', 'not_a_choice')
  const account =
    input.bank_account_id === null ? null : await findBankAccount(tx, unit.id, input.bank_account_id)
  if (input.bank_account_id !== null && !account) return refuseField('bank_account_id', 'not_a_choice')
  const start = await readStart(files.read(upload.id))
  const format = recognizeFormat(start)
  if (format === null) return refuse('statement_format', { status: 422 })
  if (format === 'csv' && !account) return refuse('statement_account_needed', { status: 422 })
  if (account) {
    const repeated = await findRepeated(tx, account.id, upload.sha256)
    if (repeated) return repeated
  }
  const survey =
    format === 'csv' ? surveyCsv(decodeStart(start), rememberedMapping(account?.csv_mapping)) : null
  if (format === 'csv' && !survey) return refuse('statement_format', { status: 422 })
  await recordFile(tx, {
    id: upload.id,
    purpose: 'bank_statement',
    name: upload.name,
    media_type: upload.media_type,
    size: upload.size,
    sha256: upload.sha256,
    business_unit_id: unit.id,
    created_by: actorId,
  })
  const { id } = await tx
    .insertInto('bank_statements')
    .values({
      business_unit_id: unit.id,
      bank_account_id: account?.id ?? null,
      file_id: upload.id,
      file_name: upload.name,
      file_size: upload.size,
      sha256: upload.sha256,
      format,
      state: survey ? 'draft' : 'reading',
      columns: survey?.columns ?? [],
      sample: JSON.stringify(survey?.sample ?? []),
      mapping: survey ? JSON.stringify(survey.mapping) : null,
      created_by: actorId,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (!survey) await enqueueReading(tx, id)
  return getStatement(tx, id)
}

function decodeStart(start: Buffer): string {
  if (start[0] === 0xff && start[1] === 0xfe) return new TextDecoder('utf-16le').decode(start)
  const text = new TextDecoder('utf-8').decode(start, { stream: true })
  // A sign that is cut at the end is no sign of another charset.
  return text.slice(0, -4).includes('\ufffd')
    ? new TextDecoder('windows-1252').decode(start)
    : text.replace(/^\ufeff/, '')
}

/** What a CSV file's columns were said to mean, where that is still understood. */
export function rememberedMapping(stored: unknown): CsvMapping | null {
  const read = csvMapping.safeParse(stored)
  return read.success ? read.data : null
}

/** A bank account that takes statements. */
export async function findBankAccount(tx: Tx, unitId: string, id: string) {
  return tx
    .selectFrom('bank_accounts')
    .select(['id', 'currency', 'last_digits', 'csv_mapping'])
    .where('id', '=', id)
    .where('business_unit_id', '=', unitId)
    .where('archived_at', 'is', null)
    .executeTakeFirst()
}

async function findRepeated(
  tx: Tx,
  accountId: string,
  sha256: Buffer,
  except?: string,
): Promise<Refusal | null> {
  let query = tx
    .selectFrom('bank_statements')
    .select(['file_name', 'created_at'])
    .where('bank_account_id', '=', accountId)
    .where('sha256', '=', sha256)
    .where('state', 'in', ['reading', 'ready'])
  if (except) query = query.where('id', '<>', except)
  const found = await query.executeTakeFirst()
  return found
    ? refuse('statement_repeated', {
        params: { file: found.file_name, date: found.created_at.toString().slice(0, 10) },
      })
    : null
}

/** Has a statement read, or what it pays looked for, in the background. */
export function enqueueReading(tx: Tx, id: string): Promise<void> {
  return enqueue(
    tx,
    'payments:read_statement',
    { statement_id: id },
    { key: `bank_statement:${id}`, maxAttempts: 3 },
  )
}

/**
 * Shows a CSV file's columns anew, by another delimiter or header line: what they mean is guessed for them. Refuses:
 * not_found, statement_read, invalid_input.
 */
export async function surveyStatement(
  tx: Tx,
  files: FileStore,
  id: string,
  form: { delimiter: CsvMapping['delimiter']; header_line: number },
) {
  const row = await lockStatement(tx, id)
  if (!row) return notFound()
  if (row.format !== 'csv' || !isMappable(row.state) || row.file_id === null) return refuse('statement_read')
  const text = decodeStart(await readStart(files.read(row.file_id)))
  const lines = text.split(/\r\n?|\n/)
  // The lines above are dropped, so that the one that was named is found as the first.
  const survey = surveyCsv(lines.slice(form.header_line - 1).join('\n'), null)
  const header = lines[form.header_line - 1]
  if (!survey || header === undefined || !header.includes(form.delimiter))
    return refuseField('header_line', 'not_a_choice')
  const exact = surveyCsv(lines.slice(form.header_line - 1).join('\n'), {
    ...survey.mapping,
    ...form,
    header_line: 1,
    columns: emptyColumns,
    text: [],
  })!
  const same = survey.mapping.delimiter === form.delimiter && survey.mapping.header_line === 1
  await tx
    .updateTable('bank_statements')
    .set({
      columns: exact.columns,
      sample: JSON.stringify(exact.sample),
      mapping: JSON.stringify({ ...(same ? survey.mapping : exact.mapping), ...form }),
    })
    .where('id', '=', id)
    .execute()
  return getStatement(tx, id)
}

const emptyColumns: CsvMapping['columns'] = {
  date: null,
  amount: null,
  credit: null,
  debit: null,
  direction: null,
  name: null,
  tax_id: null,
  reference: null,
  bank_id: null,
  end_to_end_id: null,
  account: null,
  balance: null,
}

const isMappable = (state: string) => state === 'draft' || state === 'failed'

/** A statement's whole row, locked. */
export function lockStatement(tx: Tx, id: string) {
  return tx.selectFrom('bank_statements').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/**
 * Reads a CSV file by what its columns mean, which is remembered for the bank account. Refuses: not_found, statement_read
 * (already, or the file is gone), statement_repeated, invalid_input (by field).
 */
export async function readByMapping(tx: Tx, id: string, mapping: CsvMapping) {
  const row = await lockStatement(tx, id)
  if (!row) return notFound()
  if (row.format !== 'csv' || !isMappable(row.state) || row.file_id === null) return refuse('statement_read')
  const faults = checkMapping(mapping, row.columns)
  if (faults.length > 0) return refuse('invalid_input', { status: 422, fields: faults })
  const repeated = await findRepeated(tx, row.bank_account_id!, row.sha256, id)
  if (repeated) return repeated
  await tx
    .updateTable('bank_statements')
    .set({
      mapping: JSON.stringify(mapping),
      state: 'reading',
      error: null,
      error_line: null,
      error_params: '{}',
    })
    .where('id', '=', id)
    .execute()
  await tx
    .updateTable('bank_accounts')
    .set({ csv_mapping: JSON.stringify(mapping) })
    .where('id', '=', row.bank_account_id!)
    .execute()
  await enqueueReading(tx, id)
  return getStatement(tx, id)
}

/** Forgets a statement of which nothing was taken, and its file. Refuses: not_found, statement_read. */
export async function discardStatement(tx: Tx, id: string): Promise<Refusal | undefined> {
  const row = await lockStatement(tx, id)
  if (!row) return notFound()
  if (!isMappable(row.state)) return refuse('statement_read')
  await tx.deleteFrom('bank_statements').where('id', '=', id).execute()
  if (row.file_id !== null) await enqueue(tx, 'payments:drop_statement_file', { file_id: row.file_id })
  return undefined
}

/** Drafts and failed files that nobody went on with for a day: the file's row goes, then its bytes. Returns their ids. */
export async function forgetStatementFiles(tx: Tx, now: Temporal.Instant): Promise<string[]> {
  const gone = await sql<{ id: string }>`
    delete from files f where f.purpose = 'bank_statement' and f.created_at < ${now.subtract({ hours: 24 })}::timestamptz
       and not exists (select from bank_statements s where s.file_id = f.id and s.state = 'reading')
    returning f.id`.execute(tx)
  await sql`update bank_statements set sample = '[]' where file_id is null and sample <> '[]' and state in ('draft', 'failed')`.execute(
    tx,
  )
  return gone.rows.map((row) => row.id)
}
