import { randomUUID } from 'node:crypto'
import { sql, type Updateable } from 'kysely'
import type { ImportKind, Imports, RunState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type ListFormat, writeList } from '../../platform/exports.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import type { Binary } from '../../platform/http.ts'
import { enqueue } from '../../platform/jobs.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { getUnit } from '../units/index.ts'
import { compileMapping, type ImportMapping, suggestMapping } from './mapping.ts'
import { nameRejectColumns, rejectColumnNames } from './reject-columns.ts'
import type { RejectCode } from './rows.ts'
import { type FileSurvey, surveyFile } from './table-file.ts'

const columns = [
  'imports.id',
  'imports.business_unit_id',
  'imports.kind',
  'imports.file_name',
  'imports.format',
  'imports.sheet',
  'imports.state',
  'imports.as_of',
  'imports.rows_total',
  'imports.rows_done',
  'imports.created',
  'imports.updated',
  'imports.unchanged',
  'imports.rejected',
  'imports.error',
  'imports.created_by',
  'imports.created_at',
  'imports.started_at',
  'imports.finished_at',
] as const

function selectImports(tx: Tx) {
  return tx
    .selectFrom('imports')
    .innerJoin('business_units', 'business_units.id', 'imports.business_unit_id')
    .leftJoin('users', 'users.id', 'imports.created_by')
    .select(columns)
    .select(['business_units.name as business_unit_name', 'users.name as created_by_name'])
}

export type ImportFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  kind?: ImportKind | undefined
  state?: RunState | undefined
}

/** A page of imports; `q` finds by file name. */
export function listImports(tx: Tx, request: ListRequest & ImportFilter) {
  let query = selectImports(tx)
  if (request.business_unit_id) query = query.where('imports.business_unit_id', '=', request.business_unit_id)
  if (request.kind) query = query.where('imports.kind', '=', request.kind)
  if (request.state) query = query.where('imports.state', '=', request.state)
  if (request.q)
    query = query.where(sql<boolean>`position(fold(${request.q}) in fold(imports.file_name)) > 0`)
  return readPage(
    query,
    request,
    { created_at: { by: sql`imports.created_at`, value: (row) => row.created_at, type: 'timestamptz' } },
    { by: sql`imports.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** One import with the file's columns, its first rows and the mapping. Refuses: not_found. */
export async function getImport(tx: Tx, id: string) {
  const row = await selectImports(tx)
    .select(['imports.columns', 'imports.sample', 'imports.mapping', 'imports.sheets'])
    .where('imports.id', '=', id)
    .executeTakeFirst()
  return row
    ? {
        ...row,
        sample: row.sample as unknown as string[][],
        mapping: row.mapping as unknown as ImportMapping,
      }
    : notFound()
}

/**
 * Begins an import: reads the stored file's columns and proposes a mapping; nothing is imported yet. The import's date
 * is today in the business unit's time zone until the mapping sets another. Refuses: invalid_input (business unit), and
 * whatever surveyFile refuses.
 */
export async function createImport(
  tx: Tx,
  files: FileStore,
  input: {
    business_unit_id: string
    kind: ImportKind
    file: { id: string; name: string; media_type: string; size: number; sha256: Buffer }
    created_by: string | null
    now: Temporal.Instant
  },
) {
  const unit = await getUnit(tx, input.business_unit_id)
  if (isRefusal(unit)) return refuseField('business_unit_id', 'not_a_choice')
  const survey = await surveyFile(files.read(input.file.id))
  if (isRefusal(survey)) return survey
  const { file } = input
  await recordFile(tx, {
    id: file.id,
    purpose: 'import',
    name: file.name,
    media_type: file.media_type,
    size: file.size,
    sha256: file.sha256,
    business_unit_id: unit.id,
    created_by: input.created_by,
  })
  const id = await insertImport(tx, {
    unitId: unit.id,
    kind: input.kind,
    fileId: file.id,
    fileName: file.name,
    survey,
    mapping: suggestMapping(input.kind, survey.columns, survey.sample),
    asOf: input.now.toZonedDateTimeISO(unit.time_zone).toPlainDate(),
    createdBy: input.created_by,
  })
  return getImport(tx, id)
}

/** Records an import as a draft and returns its id. */
export async function insertImport(
  tx: Tx,
  row: {
    unitId: string
    kind: ImportKind
    fileId: string | null
    fileName: string
    survey: FileSurvey
    mapping: ImportMapping
    asOf: Temporal.PlainDate
    createdBy: string | null
  },
): Promise<string> {
  const { id } = await tx
    .insertInto('imports')
    .values({
      business_unit_id: row.unitId,
      kind: row.kind,
      file_id: row.fileId,
      file_name: row.fileName,
      format: row.survey.format,
      sheets: row.survey.sheets,
      sheet: row.survey.sheet,
      columns: row.survey.columns,
      sample: JSON.stringify(row.survey.sample),
      mapping: JSON.stringify(row.mapping),
      as_of: row.asOf,
      rows_total: row.survey.rows,
      created_by: row.createdBy,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

const settled: RunState[] = ['draft', 'prepared', 'failed', 'interrupted']

async function lockImport(tx: Tx, id: string) {
  return tx
    .selectFrom('imports')
    .select(['id', 'state', 'kind', 'columns', 'mapping', 'file_id', 'sheets'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/**
 * Sets what the columns mean, and the import's date. What was previewed is forgotten. Refuses: not_found,
 * import_running, import_finished, invalid_input (by field: an unknown column or target, a missing one).
 */
export async function setMapping(
  tx: Tx,
  id: string,
  mapping: ImportMapping,
  asOf: Temporal.PlainDate | undefined,
) {
  const current = await lockImport(tx, id)
  if (!current) return notFound()
  if (!settled.includes(current.state))
    return refuse(current.state === 'done' ? 'import_finished' : 'import_running')
  const compiled = compileMapping(mapping, current.columns, current.kind)
  if (Array.isArray(compiled)) return refuse('invalid_input', { status: 422, fields: compiled })
  await redraft(tx, id, { mapping: JSON.stringify(mapping), ...(asOf ? { as_of: asOf } : {}) })
  return getImport(tx, id)
}

/** Changes what a pass depends on: what was previewed is forgotten. */
async function redraft(tx: Tx, id: string, change: Updateable<Imports>): Promise<void> {
  await tx.deleteFrom('import_rejects').where('import_id', '=', id).execute()
  await tx
    .updateTable('imports')
    .set({
      ...change,
      state: 'draft',
      rows_done: 0,
      created: 0,
      updated: 0,
      unchanged: 0,
      rejected: 0,
      error: null,
    })
    .where('id', '=', id)
    .execute()
}

/**
 * Imports another sheet of the workbook: its columns are read and a mapping is suggested anew. Refuses: not_found,
 * import_running, import_finished, invalid_input (no such sheet), import_file_not_kept, import_file_empty and whatever
 * else surveyFile refuses.
 */
export async function chooseSheet(tx: Tx, files: FileStore, id: string, sheet: string) {
  const current = await lockImport(tx, id)
  if (!current) return notFound()
  if (!settled.includes(current.state))
    return refuse(current.state === 'done' ? 'import_finished' : 'import_running')
  if (!current.sheets.includes(sheet)) return refuseField('sheet', 'not_a_choice')
  if (current.file_id === null) return refuse('import_file_not_kept')
  const survey = await surveyFile(files.read(current.file_id), sheet)
  if (isRefusal(survey)) return survey
  await redraft(tx, id, {
    sheet,
    columns: survey.columns,
    sample: JSON.stringify(survey.sample),
    mapping: JSON.stringify(suggestMapping(current.kind, survey.columns, survey.sample)),
    rows_total: survey.rows,
  })
  return getImport(tx, id)
}

/**
 * Starts a pass over the file in the background: `prepare` counts what the run will do and finds the bad rows, without
 * writing anything else; `run` imports. A pass whose job is gone (its process was killed) can be started again. Refuses:
 * not_found, import_running, import_finished, import_not_prepared, import_file_not_kept, invalid_input (the mapping
 * cannot be used).
 */
export async function startPass(tx: Tx, id: string, pass: 'prepare' | 'run') {
  const current = await lockImport(tx, id)
  if (!current) return notFound()
  if (current.state === 'done') return refuse('import_finished')
  if (!settled.includes(current.state) && (await hasJob(tx, id))) return refuse('import_running')
  if (current.file_id === null) return refuse('import_file_not_kept')
  if (pass === 'run' && (current.state === 'draft' || current.state === 'preparing'))
    return refuse('import_not_prepared')
  const compiled = compileMapping(current.mapping as unknown as ImportMapping, current.columns, current.kind)
  if (Array.isArray(compiled)) return refuse('invalid_input', { status: 422, fields: compiled })
  await tx
    .updateTable('imports')
    .set({ state: pass === 'prepare' ? 'preparing' : 'queued', rows_done: 0, error: null })
    .where('id', '=', id)
    .execute()
  await enqueue(tx, `imports:${pass}`, { import_id: id }, { key: `import:${id}`, maxAttempts: 5 })
  return getImport(tx, id)
}

async function hasJob(tx: Tx, id: string): Promise<boolean> {
  const found =
    await sql`select from queued_jobs where key = ${`import:${id}`} and state <> 'failed'`.execute(tx)
  return found.rows.length > 0
}

/** The text of a reject's code in a language. */
function describeReject(code: string, language: Language): string {
  return translator(language)(`imports:reject.${code}`)
}

/** A page of the rows that were or would be left out, in the file's order. Refuses: not_found. */
export async function listRejects(
  tx: Tx,
  importId: string,
  request: ListRequest & { code?: RejectCode | undefined },
  language: Language,
) {
  const found = await tx.selectFrom('imports').select('id').where('id', '=', importId).executeTakeFirst()
  if (!found) return notFound()
  let query = tx
    .selectFrom('import_rejects')
    .select(['row_number', 'code', 'column_name', 'value', 'record'])
    .where('import_id', '=', importId)
  if (request.code) query = query.where('code', '=', request.code)
  const tie = {
    by: sql`row_number`,
    value: (row: { row_number: number }) => row.row_number,
    type: 'int',
  }
  const page = await readPage(query, request, { row_number: tie }, tie)
  return {
    next_cursor: page.next_cursor,
    items: page.items.map((row) => ({
      ...row,
      code: row.code as RejectCode,
      record: row.record as unknown as string[],
      message: describeReject(row.code, language),
    })),
  }
}

/**
 * The rows that were left out, in the form of the file that was uploaded or the one that is asked for: the file's own
 * columns, then its line, the reason and what it was about, so that it can be corrected and imported again as it is.
 * Bytes that were no UTF-8 are read as Latin-1, quotes that were left open are gone, and cells beyond the header stand
 * after the reason. Refuses: not_found.
 */
export async function writeRejectsFile(
  tx: Tx,
  importId: string,
  options: { folder: string; format: ListFormat; language: Language },
): Promise<Binary | Refusal> {
  const { language } = options
  const found = await tx
    .selectFrom('imports')
    .select(['columns', 'file_name'])
    .where('id', '=', importId)
    .executeTakeFirst()
  if (!found) return notFound()
  const width = found.columns.length
  // A file of rejected rows that is imported has the reasons of before, which say nothing any more.
  const own = found.columns.flatMap((name, index) => (rejectColumnNames.has(name) ? [] : [{ name, index }]))
  async function* rows() {
    let after = 0
    for (;;) {
      const page = await tx
        .selectFrom('import_rejects')
        .select(['row_number', 'code', 'column_name', 'value', 'record'])
        .where('import_id', '=', importId)
        .where('row_number', '>', after)
        .orderBy('row_number')
        .limit(2000)
        .execute()
      for (const row of page) {
        const told = row.record as unknown as string[]
        const cells = row.code === 'quote_open' ? told.map((cell) => cell.replaceAll('"', '')) : told
        const reason = [row.row_number, describeReject(row.code, language), row.column_name, row.value]
        yield [...own.map(({ index }) => cells[index] ?? ''), ...reason, ...cells.slice(width)]
      }
      if (page.length === 0) return
      after = page.at(-1)!.row_number
    }
  }
  const name = found.file_name.replace(/\.\w{1,5}$/, '')
  return writeList(options.folder, {
    format: options.format,
    file: `${name}-${translator(language)('imports:rejects_file.name')}`,
    headers: [...own.map((column) => column.name), ...nameRejectColumns(language)],
    rows: rows(),
  })
}

/** Keeps a copy of a file from the command line, so that the office can show and repeat the import. */
export async function keepFile(
  tx: Tx,
  files: FileStore,
  input: { unitId: string; name: string; type: string; source: NodeJS.ReadableStream },
): Promise<string> {
  const id = randomUUID()
  const stored = await files.write(id, input.source as Parameters<FileStore['write']>[1])
  await recordFile(tx, {
    id,
    purpose: 'import',
    name: input.name,
    media_type: input.type,
    ...stored,
    business_unit_id: input.unitId,
  })
  return id
}
