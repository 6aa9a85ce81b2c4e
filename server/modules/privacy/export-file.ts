import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Tx } from '../../platform/database.ts'
import { announce } from '../../platform/events.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import type { JobContext } from '../../platform/jobs.ts'
import { type PersonalDataSource, readPersonalData } from '../../platform/personal-data.ts'
import { writeAudit } from './audit-entry.ts'
import { type PrintedList, printedRows, renderPrivacyPdf } from './export-pdf.ts'
import { keptDays } from './exports.ts'

/** So many rows are read in one transaction: an export of any size holds nothing open for long. */
const rowsAtOnce = 500

type Begun = NonNullable<Awaited<ReturnType<typeof begin>>>

/**
 * Makes the two files of an export: JSON with every row of every declared list, and a PDF for people. It reads page by
 * page and writes as it reads; interrupted, it begins anew and writes the same two files. Throws what the queue tries again.
 */
export async function makeExport(
  context: JobContext,
  services: { files: FileStore; sources: readonly PersonalDataSource[] },
  exportId: string,
): Promise<void> {
  const { sources, files } = services
  const begun = await context.transact((tx) => begin(tx, exportId, sources.length))
  if (!begun) return
  try {
    const madeAt = context.now()
    const printed: PrintedList[] = []
    const json = await files.write(
      begun.json_file_id,
      Readable.from(writeJson(context, sources, begun, madeAt, printed), { objectMode: false }),
    )
    const logo =
      begun.logo_file_id === null || (await files.size(begun.logo_file_id)) === null
        ? null
        : await buffer(files.read(begun.logo_file_id))
    const pdf = await files.write(
      begun.pdf_file_id,
      await renderPrivacyPdf(
        {
          account: { number: begun.account_number, name: begun.account_name, currency: begun.currency },
          made_at: madeAt,
          lists: printed,
        },
        { name: begun.unit_name, accent: begun.accent, logo, time_zone: begun.time_zone },
        begun.language,
      ),
    )
    const kept = await context.transact((tx) => finish(tx, begun, json, pdf, madeAt))
    // The account was erased meanwhile: nothing is left of it.
    if (!kept) for (const id of [begun.json_file_id, begun.pdf_file_id]) await files.remove(id)
  } catch (error) {
    if (context.last_attempt) await context.transact((tx) => fail(tx, exportId, context.now(), error))
    throw error
  }
}

async function begin(tx: Tx, id: string, parts: number) {
  const row = await tx
    .selectFrom('privacy_exports')
    .innerJoin('accounts', 'accounts.id', 'privacy_exports.account_id')
    .innerJoin('business_units', 'business_units.id', 'privacy_exports.business_unit_id')
    .select([
      'privacy_exports.id',
      'privacy_exports.account_id',
      'privacy_exports.business_unit_id',
      'privacy_exports.side',
      'privacy_exports.requested_by',
      'privacy_exports.language',
      'privacy_exports.state',
      'privacy_exports.json_file_id',
      'privacy_exports.pdf_file_id',
      'accounts.number as account_number',
      'accounts.name as account_name',
      'business_units.name as unit_name',
      'business_units.accent',
      'business_units.currency',
      'business_units.time_zone',
      'business_units.logo_file_id',
    ])
    .where('privacy_exports.id', '=', id)
    .executeTakeFirst()
  if (!row || row.state === 'done' || row.state === 'failed') return null
  await tx
    .updateTable('privacy_exports')
    .set({ state: 'running', parts_total: parts, parts_done: 0, rows_done: 0, error: null })
    .where('id', '=', id)
    .execute()
  return row
}

async function* writeJson(
  context: JobContext,
  sources: readonly PersonalDataSource[],
  begun: Begun,
  madeAt: Temporal.Instant,
  printed: PrintedList[],
): AsyncGenerator<Buffer> {
  const head = {
    format: 'zaguan.privacy-export',
    version: 1,
    made_at: madeAt.toString(),
    account: { id: begun.account_id, number: begun.account_number, name: begun.account_name },
    business_unit: { id: begun.business_unit_id, name: begun.unit_name },
  }
  yield Buffer.from(`${JSON.stringify(head, null, 2).slice(0, -2)},\n  "lists": {`)
  let rowsDone = 0
  for (const [index, source] of sources.entries()) {
    const list: PrintedList = { name: source.name, count: 0, rows: [] }
    printed.push(list)
    yield Buffer.from(`${index === 0 ? '' : ','}\n    ${JSON.stringify(source.name)}: [`)
    let after: string | null = null
    do {
      if (context.stopping()) throw new Error('stopping: the next attempt makes the export anew')
      const rows = await context.transact((tx) =>
        readPersonalData(tx, source, begun.account_id, after, rowsAtOnce),
      )
      let text = ''
      for (const { content } of rows) {
        text += `${list.count++ === 0 ? '' : ','}\n      ${JSON.stringify(content)}`
        if (list.rows.length < printedRows) list.rows.push(content)
      }
      rowsDone += rows.length
      if (text) yield Buffer.from(text)
      after = rows.length < rowsAtOnce ? null : rows.at(-1)!.key
    } while (after !== null)
    yield Buffer.from(list.count === 0 ? ']' : '\n    ]')
    await context.transact((tx) =>
      tx
        .updateTable('privacy_exports')
        .set({ parts_done: index + 1, rows_done: rowsDone })
        .where('id', '=', begun.id)
        .where('state', '=', 'running')
        .execute(),
    )
  }
  yield Buffer.from('\n  }\n}\n')
}

type Stored = { size: number; sha256: Buffer }

/** Whether the export is kept: not where the account was erased while it was made. */
async function finish(
  tx: Tx,
  begun: Begun,
  json: Stored,
  pdf: Stored,
  now: Temporal.Instant,
): Promise<boolean> {
  const done = await tx
    .updateTable('privacy_exports')
    .set({
      state: 'done',
      json_size: json.size,
      pdf_size: pdf.size,
      finished_at: now,
      expires_at: now.add({ hours: keptDays * 24 }),
    })
    .where('id', '=', begun.id)
    .where('state', '=', 'running')
    .returning('id')
    .executeTakeFirst()
  if (!done) return false
  const common = {
    purpose: 'privacy_export' as const,
    account_id: begun.account_id,
    business_unit_id: begun.business_unit_id,
    created_by: begun.requested_by,
  }
  const name = `zaguan-${begun.account_number}`
  await recordFile(tx, {
    id: begun.json_file_id,
    name: `${name}.json`,
    media_type: 'application/json',
    ...json,
    ...common,
  })
  await recordFile(tx, {
    id: begun.pdf_file_id,
    name: `${name}.pdf`,
    media_type: 'application/pdf',
    ...pdf,
    ...common,
  })
  await writeAudit(tx, 'made', begun)
  if (begun.side === 'customer') await announce(tx, 'privacy_export.ready', { export_id: begun.id })
  return true
}

async function fail(tx: Tx, id: string, now: Temporal.Instant, error: unknown): Promise<void> {
  await tx
    .updateTable('privacy_exports')
    .set({
      state: 'failed',
      finished_at: now,
      error: (error instanceof Error ? error.message : String(error)).slice(0, 500),
    })
    .where('id', '=', id)
    .where('state', 'in', ['queued', 'running'])
    .execute()
}
