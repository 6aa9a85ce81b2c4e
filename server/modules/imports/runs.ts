import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import { sql } from 'kysely'
import type { ImportKind } from '../../platform/database.gen.ts'
import { type Pool, type SystemActor, type Tx, transactAsSystem } from '../../platform/database.ts'
import { isRefusal, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import type { FileStore } from '../../platform/files.ts'
import { enqueue, type JobHandlers } from '../../platform/jobs.ts'
import { spreadsheetType } from '../../platform/spreadsheets.ts'
import { boundaryOnOrBefore } from '../subscriptions/index.ts'
import { getUnit } from '../units/index.ts'
import { insertImport, keepFile } from './imports.ts'
import { type CompiledMapping, compileMapping, type ImportMapping } from './mapping.ts'
import type { TableRecord } from './records.ts'
import { createRowReader } from './rows.ts'
import { readTable, surveyFile, type TableForm } from './table-file.ts'
import {
  type BatchSettings,
  lockBatch,
  type Outcome,
  rememberBatch,
  writeAccounts,
  writeContacts,
  writeServices,
} from './write.ts'

const batchRows = 2000
/**
 * How many batches are under way together. Rows of accounts and of contacts never meet, so that two batches use two
 * processors; services share accounts, plans and number series, and go one after the other.
 */
const atOnce: Record<ImportKind, number> = { accounts: 2, contacts: 2, services: 1 }

type Pass = 'prepare' | 'run'
type Progress = { rows_done: number; rows_total: number }
type PassResult = {
  state: 'prepared' | 'done' | 'interrupted'
  rows_total: number
  rows_done: number
  created: number
  updated: number
  unchanged: number
  rejected: number
}

type PassOptions = {
  pool: Pool
  actor: SystemActor
  importId: string
  pass: Pass
  open: (fileId: string | null) => AsyncIterable<Buffer>
  now: () => Temporal.Instant
  onProgress?: (progress: Progress) => void
  stopping: () => boolean
  /** In the transaction that notes that the pass was interrupted. */
  onInterrupt?: (tx: Tx) => Promise<void>
}

type Begun = {
  attempt: number
  kind: ImportKind
  file_id: string | null
  rows_total: number
  columns: string[]
  form: TableForm
  mapping: CompiledMapping
  asOf: Temporal.PlainDate
  settings: BatchSettings
}

/**
 * One pass over an import's file: batches of 2,000 rows, each read, checked and written in one transaction together
 * with its rejects and the progress, so that a pass that dies leaves whole batches, and another one ends as if there
 * had been one. `prepare` is the same pass without the writes. Null: the import is not (or no longer) to be passed over.
 */
async function passOver(options: PassOptions): Promise<PassResult | null> {
  const { pool, actor } = options
  const begun = await transactAsSystem(pool, actor, (tx) => begin(tx, options))
  if (isRefusal(begun)) throw new Error(`refused: ${begun.code}`)
  if (!begun) return null
  try {
    return await passBatches(options, begun)
  } catch (error) {
    await transactAsSystem(pool, actor, (tx) =>
      tx
        .updateTable('imports')
        .set({
          state: 'failed',
          error: isMissingFile(error) ? 'file_missing' : 'internal',
          finished_at: options.now(),
        })
        .where('id', '=', options.importId)
        .where('attempt', '=', begun.attempt)
        .execute(),
    )
    throw error
  }
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** Takes the import over from whatever pass came before: that one stops at its next batch. */
async function begin(tx: Tx, { importId, pass, now }: PassOptions): Promise<Begun | null | Refusal> {
  const row = await tx
    .selectFrom('imports')
    .selectAll()
    .where('id', '=', importId)
    .forUpdate()
    .executeTakeFirst()
  // Draft: the mapping was changed after the pass was asked for. Done or prepared: another one was quicker.
  const waiting =
    pass === 'prepare'
      ? ['preparing', 'interrupted', 'failed']
      : ['queued', 'running', 'interrupted', 'failed']
  if (!row || !waiting.includes(row.state)) return null
  const unit = await getUnit(tx, row.business_unit_id)
  if (isRefusal(unit)) return unit
  const mapping = compileMapping(row.mapping as unknown as ImportMapping, row.columns, row.kind)
  if (Array.isArray(mapping)) return refuse('invalid_input', { status: 422, fields: mapping })
  await tx.deleteFrom('import_rejects').where('import_id', '=', importId).execute()
  const attempt = row.attempt + 1
  await tx
    .updateTable('imports')
    .set({
      state: pass === 'prepare' ? 'preparing' : 'running',
      attempt,
      rows_done: 0,
      created: 0,
      updated: 0,
      unchanged: 0,
      rejected: 0,
      error: null,
      started_at: now(),
      finished_at: null,
    })
    .where('id', '=', importId)
    .execute()
  return {
    attempt,
    kind: row.kind,
    file_id: row.file_id,
    rows_total: row.rows_total,
    columns: row.columns,
    form: { format: row.format, sheet: row.sheet, decimal: mapping.decimal },
    mapping,
    asOf: row.as_of,
    settings: {
      unit,
      asOf: row.as_of,
      billFrom: boundaryOnOrBefore(row.as_of, unit.closing_day),
      write: pass === 'run',
      seenAccounts: new Set(),
      columnOf: (target) => mapping.readers.get(target)?.column ?? null,
    },
  }
}

async function passBatches(options: PassOptions, begun: Begun): Promise<PassResult | null> {
  const { pool, actor, importId, pass } = options
  const reader = createRowReader({
    mapping: begun.mapping,
    columns: begun.columns,
    currency: begun.settings.unit.currency,
    asOf: begun.asOf,
  })
  const writers = {
    accounts: (records: TableRecord[]) => prepareBatch(records.map(reader.account), writeAccounts),
    contacts: (records: TableRecord[]) => prepareBatch(records.map(reader.contact), writeContacts),
    services: (records: TableRecord[]) => prepareBatch(records.map(reader.service), writeServices),
  }
  function prepareBatch<Row extends Parameters<typeof rememberBatch>[0][number]>(
    rows: Row[],
    write: (tx: Tx, rows: Row[], settings: BatchSettings) => Promise<Outcome[]>,
  ) {
    return {
      write: (tx: Tx) => write(tx, rows, begun.settings),
      remember: (outcomes: Outcome[]) => rememberBatch(rows, outcomes, begun.settings),
    }
  }

  const total = { created: 0, updated: 0, unchanged: 0, rejected: 0 }
  let done = 0
  let lost = false
  async function passBatch(records: TableRecord[]): Promise<void> {
    const batch = writers[begun.kind](records)
    const outcomes = await repeatIfTaken(() =>
      transactAsSystem(pool, actor, async (tx) => {
        if (begun.settings.write && begun.kind === 'services') await lockBatch(tx, begun.settings.unit.id)
        const found = await batch.write(tx)
        await record(tx, importId, begun, records, found)
        return found
      }),
    )
    if (outcomes === null) {
      lost = true
      return
    }
    batch.remember(outcomes)
    done += records.length
    for (const outcome of outcomes) total[typeof outcome === 'string' ? outcome : 'rejected']++
    options.onProgress?.({ rows_done: done, rows_total: begun.rows_total })
  }
  let stopped = false
  const running = new Set<Promise<void>>()
  try {
    for await (const records of batches(readTable(options.open(begun.file_id), begun.form))) {
      stopped = options.stopping()
      if (stopped || lost) break
      const work = passBatch(records)
      running.add(work)
      work.then(
        () => running.delete(work),
        () => undefined,
      )
      if (running.size >= atOnce[begun.kind]) await Promise.race(running)
    }
    await Promise.all(running)
  } finally {
    await Promise.allSettled(running)
  }
  if (lost) return null
  if (stopped) {
    await transactAsSystem(pool, actor, async (tx) => {
      if (await finish(tx, options, begun, 'interrupted')) await options.onInterrupt?.(tx)
    })
    return { state: 'interrupted', rows_total: begun.rows_total, rows_done: done, ...total }
  }
  const state = pass === 'prepare' ? 'prepared' : 'done'
  const mine = await transactAsSystem(pool, actor, (tx) => finish(tx, options, begun, state))
  return mine ? { state, rows_total: begun.rows_total, rows_done: done, ...total } : null
}

async function finish(
  tx: Tx,
  { importId, now }: PassOptions,
  begun: Begun,
  state: 'prepared' | 'done' | 'interrupted',
): Promise<boolean> {
  const mine = await tx
    .updateTable('imports')
    .set({ state, finished_at: now() })
    .where('id', '=', importId)
    .where('attempt', '=', begun.attempt)
    .returning('id')
    .executeTakeFirst()
  return mine !== undefined
}

/** Notes a batch's rejects and the progress. Throws TakenOver where another pass goes on: this one then writes nothing. */
async function record(
  tx: Tx,
  importId: string,
  begun: Begun,
  records: readonly TableRecord[],
  outcomes: readonly Outcome[],
): Promise<void> {
  const count = { created: 0, updated: 0, unchanged: 0, rejected: 0 }
  const rejects: object[] = []
  for (const [index, outcome] of outcomes.entries()) {
    if (typeof outcome === 'string') count[outcome]++
    else {
      count.rejected++
      const { line, cells } = records[index]!
      rejects.push({ line, cells: cells.map((cell) => cell.slice(0, 2000)), ...outcome })
    }
  }
  const mine = await sql<{ id: string }>`
    update imports
       set rows_done = rows_done + ${records.length}, created = created + ${count.created},
           updated = updated + ${count.updated}, unchanged = unchanged + ${count.unchanged},
           rejected = rejected + ${count.rejected}
     where id = ${importId}::uuid and attempt = ${begun.attempt} returning id`.execute(tx)
  if (mine.rows.length === 0) throw new TakenOver()
  if (rejects.length > 0) {
    await sql`
      insert into import_rejects (import_id, business_unit_id, row_number, code, column_name, value, record)
      select ${importId}::uuid, ${begun.settings.unit.id}::uuid, line, code, "column", value, cells
        from json_to_recordset(${JSON.stringify(rejects)}::json)
          as r(line int, code text, "column" text, value text, cells jsonb)`.execute(tx)
  }
}

/** Another pass took the import over while this one was in a batch, which is rolled back. */
class TakenOver extends Error {}

/**
 * Somebody may create the same external id by hand while a batch runs: the batch is rolled back by the database and,
 * read again, finds what is there now.
 */
async function repeatIfTaken<T>(work: () => Promise<T>): Promise<T | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (error instanceof TakenOver) return null
      if (attempt < 3 && (error as { code?: string }).code === '23505') continue
      throw error
    }
  }
}

async function* batches(table: ReturnType<typeof readTable>): AsyncGenerator<TableRecord[]> {
  let waiting: TableRecord[] = []
  for await (const { records } of table) {
    waiting = waiting.concat(records)
    let from = 0
    for (; waiting.length - from >= batchRows; from += batchRows) yield waiting.slice(from, from + batchRows)
    waiting = waiting.slice(from)
  }
  if (waiting.length > 0) yield waiting
}

/** The jobs of this module: a pass asked for in the office. The audit log names who asked. */
export function createImportJobs(files: FileStore): JobHandlers {
  const handle =
    (pass: Pass): JobHandlers[string] =>
    async (payload, context) => {
      const importId = String(payload.import_id)
      const asker = await context.transact((tx) =>
        tx
          .selectFrom('imports')
          .innerJoin('users', 'users.id', 'imports.created_by')
          .select(['users.id', 'users.name'])
          .where('imports.id', '=', importId)
          .executeTakeFirst(),
      )
      const operation = `imports:${pass}`
      const actor: SystemActor =
        asker && !isRefusal(asker)
          ? { kind: 'staff', way: 'job', operation, id: asker.id, name: asker.name }
          : { kind: 'job', way: 'job', operation, name: operation }
      await passOver({
        pool: context.pool,
        actor,
        importId,
        pass,
        open: (fileId) => files.read(fileId ?? ''),
        now: context.now,
        stopping: context.stopping,
        // The process stops: the next one, or another that runs already, begins again.
        onInterrupt: (tx) => enqueue(tx, operation, { import_id: importId }, { key: `import:${importId}` }),
      })
    }
  return { 'imports:prepare': handle('prepare'), 'imports:run': handle('run') }
}

type FileImport = {
  kind: ImportKind
  /** Slug or id. */
  business_unit: string
  path: string
  mapping: ImportMapping
  /** Today in the business unit's time zone where it is left out. */
  as_of?: Temporal.PlainDate | undefined
  /** Only count what would happen. */
  preview?: boolean
  now: () => Temporal.Instant
  onProgress?: (progress: Progress) => void
  stopping?: () => boolean
  actor?: SystemActor
}

/**
 * Imports a file from the disk at once (the command line; the demonstration): the same passes as in the office, and
 * listed there. With a file store a copy of the file is kept. Refuses: import_file_missing, invalid_input (business
 * unit, mapping), and whatever surveyFile refuses.
 */
export async function importFile(
  pool: Pool,
  files: FileStore | null,
  input: FileImport,
): Promise<(PassResult & { import_id: string }) | Refusal> {
  const actor: SystemActor = input.actor ?? {
    kind: 'system',
    way: 'command',
    operation: `import_${input.kind}`,
    name: 'zaguan',
  }
  try {
    await access(input.path)
  } catch {
    return refuse('import_file_missing', { status: 422, params: { path: input.path } })
  }
  const survey = await surveyFile(createReadStream(input.path))
  if (isRefusal(survey)) return survey
  const compiled = compileMapping(input.mapping, survey.columns, input.kind)
  if (Array.isArray(compiled)) return refuse('invalid_input', { status: 422, fields: compiled })
  const created = await transactAsSystem(pool, actor, async (tx) => {
    const unit = await tx
      .selectFrom('business_units')
      .select(['id', 'time_zone'])
      .where(sql<boolean>`slug = ${input.business_unit} or id::text = ${input.business_unit}`)
      .executeTakeFirst()
    if (!unit) return refuseField('business_unit', 'not_a_choice')
    const name = basename(input.path).slice(-200)
    const fileId = files
      ? await keepFile(tx, files, {
          unitId: unit.id,
          name,
          type: survey.format === 'xlsx' ? spreadsheetType : 'text/csv',
          source: createReadStream(input.path),
        })
      : null
    const id = await insertImport(tx, {
      unitId: unit.id,
      kind: input.kind,
      fileId,
      fileName: name,
      survey,
      mapping: input.mapping,
      asOf: input.as_of ?? input.now().toZonedDateTimeISO(unit.time_zone).toPlainDate(),
      createdBy: null,
    })
    await tx
      .updateTable('imports')
      .set({ state: input.preview ? 'preparing' : 'queued' })
      .where('id', '=', id)
      .execute()
    return { id }
  })
  if (isRefusal(created)) return created
  const result = await passOver({
    pool,
    actor,
    importId: created.id,
    pass: input.preview ? 'prepare' : 'run',
    open: () => createReadStream(input.path),
    now: input.now,
    ...(input.onProgress ? { onProgress: input.onProgress } : {}),
    stopping: input.stopping ?? (() => false),
  })
  // Nobody else knows of this import yet.
  if (!result) throw new Error('the import was taken over')
  return { ...result, import_id: created.id }
}
