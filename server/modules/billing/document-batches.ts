// Many documents as PDF in one go: asked for, made by a job, kept for three days.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import { Binary } from '../../platform/http.ts'
import { enqueue, type JobContext } from '../../platform/jobs.ts'
import { writeArchive } from '../../platform/zip-writer.ts'
import type { PrintLook } from './document-sheet.ts'
import { readPrintedPayments } from './invoice-payment.ts'
import type { PrintableDocument } from './invoice-pdf.ts'
import { nameFile, readPrintLook, toPrintable } from './invoice-print.ts'
import { getInvoice, type InvoiceFilter, listInvoiceIds } from './invoices.ts'
import { type PrintPiece, print } from './printing.ts'

/** So many documents at most in one go. */
const mostDocuments = 100_000
/** So many in one ZIP file: some 200 MB, and what is done again after an interruption. */
const documentsInPart = 5000
/** So many are read and printed at once: others' documents come in between. */
const documentsAtOnce = 25
/** So many days the files are kept. */
const keptDays = 3

const columns = [
  'document_batches.id',
  'document_batches.closing_id',
  'document_batches.documents_total',
  'document_batches.documents_done',
  'document_batches.error',
  'document_batches.created_at',
  'document_batches.finished_at',
  'document_batches.expires_at',
  'document_batches.removed_at',
] as const

/** A check of the table leaves out the other states of long runs. */
const state = sql<'queued' | 'running' | 'done' | 'failed' | 'interrupted'>`document_batches.state`.as(
  'state',
)

/** The ZIP files that are ready. */
const parts = sql<{ part: number; documents: number; size: number }[]>`coalesce((
  select json_agg(json_build_object('part', p.part, 'documents', p.documents, 'size', p.size) order by p.part)
    from document_batch_parts p where p.batch_id = document_batches.id), '[]')`.as('parts')

const selectBatches = (tx: Tx, userId: string) =>
  tx
    .selectFrom('document_batches')
    .select(columns)
    .select([state, parts])
    .where('document_batches.requested_by', '=', userId)

/** The latest batches that somebody asked for, at most 20, newest first. */
export async function listDocumentBatches(tx: Tx, userId: string) {
  const items = await selectBatches(tx, userId).orderBy('document_batches.id', 'desc').limit(20).execute()
  return { items }
}

/** One of one's own batches, with how far it is. Refuses: not_found. */
export async function getDocumentBatch(tx: Tx, id: string, userId: string) {
  const row = await selectBatches(tx, userId).where('document_batches.id', '=', id).executeTakeFirst()
  return row ?? notFound()
}

/**
 * Asks for the PDFs of all documents that a filter of the invoice list leaves now: a job makes ZIP files of 5,000 each.
 * Refuses: document_batch_empty, document_batch_too_large.
 */
export async function requestDocumentBatch(
  tx: Tx,
  filter: InvoiceFilter,
  userId: string,
  now: Temporal.Instant,
) {
  const ids = await listInvoiceIds(tx, filter, now, mostDocuments)
  if (ids === null)
    return refuse('document_batch_too_large', { status: 422, params: { most: mostDocuments } })
  if (ids.length === 0) return refuse('document_batch_empty', { status: 422 })
  const units = await sql<{ id: string }>`
    select distinct business_unit_id as id from invoices where id = any(${ids}::uuid[])`.execute(tx)
  const { id } = await tx
    .insertInto('document_batches')
    .values({
      requested_by: userId,
      business_unit_ids: units.rows.map((unit) => unit.id),
      closing_id: filter.closing_id ?? null,
      filter: JSON.stringify(filter),
      documents_total: ids.length,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx.insertInto('document_batch_selections').values({ batch_id: id, invoice_ids: ids }).execute()
  await enqueueBatch(tx, id)
  return getDocumentBatch(tx, id, userId)
}

/** Batches are made one after the other. */
const enqueueBatch = (tx: Tx, id: string) =>
  enqueue(
    tx,
    'billing:print_documents',
    { batch_id: id },
    { key: `billing:print_documents:${id}`, queue: 'document_batches' },
  )

/** Ends a batch that is being made; what is ready of it goes. Refuses: not_found, document_batch_over. */
export async function cancelDocumentBatch(tx: Tx, id: string, userId: string, now: Temporal.Instant) {
  const found = await getDocumentBatch(tx, id, userId)
  if (isRefusal(found)) return found
  const ended = await tx
    .updateTable('document_batches')
    .set({ state: 'interrupted', finished_at: now })
    .where('id', '=', id)
    .where('state', 'in', ['queued', 'running'])
    .returning('id')
    .executeTakeFirst()
  if (!ended) return refuse('document_batch_over')
  await enqueue(tx, 'billing:remove_document_batches', {})
  return getDocumentBatch(tx, id, userId)
}

/**
 * A ZIP file of a batch, as a download; the audit log notes who took it. Refuses: not_found, document_batch_not_ready,
 * document_batch_gone (it was removed after three days).
 */
export async function readDocumentBatch(
  tx: Tx,
  files: FileStore,
  which: { id: string; part: number },
  userId: string,
  now: Temporal.Instant,
): Promise<Binary | Refusal> {
  const batch = await getDocumentBatch(tx, which.id, userId)
  if (isRefusal(batch)) return batch
  if (batch.state === 'queued' || batch.state === 'running') return refuse('document_batch_not_ready')
  const over = batch.expires_at === null || Temporal.Instant.compare(batch.expires_at, now) <= 0
  const file = await tx
    .selectFrom('document_batch_parts')
    .select('file_id')
    .where('batch_id', '=', which.id)
    .where('part', '=', which.part)
    .executeTakeFirst()
  if (over || !file || (await files.size(file.file_id)) === null)
    return refuse('document_batch_gone', { status: 410 })
  await sql`select write_audit('downloaded', 'document_batches', ${which.id}, null, null, null,
    ${JSON.stringify({ part: which.part })}::jsonb)`.execute(tx)
  const day = batch.created_at.toString().slice(0, 10)
  const several = batch.parts.length > 1 ? `-${which.part}` : ''
  return new Binary(files.read(file.file_id), 'application/zip', `zaguan-pdf-${day}${several}.zip`)
}

/** Takes batches that are over out of the books; returns the files whose bytes are to be removed. */
export async function removeDocumentBatches(tx: Tx, now: Temporal.Instant): Promise<string[]> {
  const gone = await sql<{ file_id: string }>`
    with over as (
      update document_batches set removed_at = ${now}
       where removed_at is null
         and (state = 'done' and expires_at <= ${now} or state in ('failed', 'interrupted'))
      returning id),
    selections as (delete from document_batch_selections s using over where s.batch_id = over.id)
    delete from document_batch_parts p using over where p.batch_id = over.id returning p.file_id`.execute(tx)
  const ids = gone.rows.map(({ file_id }) => file_id)
  if (ids.length > 0) await tx.deleteFrom('files').where('id', 'in', ids).execute()
  return ids
}

// The job ----------------------------------------------------------------------------------------------------------

/** The process stops: the job goes on at the next start. */
class Stopping extends Error {}
/** Somebody ended the batch. */
class Ended extends Error {}

/** Named after batch and part, so that a part that is made again is the same file. */
function fileIdOf(batchId: string, part: number): string {
  const hash = createHash('sha256').update(`${batchId} ${part}`).digest('hex')
  return hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5')
}

type Batch = { id: string; ids: string[]; done: { part: number; documents: number }[] }

/**
 * Makes the ZIP files of a batch, one after the other. Interrupted, it goes on with the file that it was at. Throws what the
 * queue tries again.
 */
export async function printDocuments(context: JobContext, files: FileStore, batchId: string): Promise<void> {
  const batch = await context.transact((tx) => beginBatch(tx, batchId, context.now()))
  if (!batch) return
  const printer = new BatchPrinter(context, files, batch)
  try {
    for (let part = batch.done.length + 1; printer.printed < batch.ids.length; part++)
      await printer.makePart(part)
    await context.transact((tx) => endBatch(tx, batchId, context.now()))
  } catch (error) {
    if (error instanceof Ended) return
    if (error instanceof Stopping) {
      await context.transact((tx) => enqueueBatch(tx, batchId))
      return
    }
    if (context.last_attempt)
      await context.transact((tx) =>
        tx
          .updateTable('document_batches')
          .set({ state: 'failed', finished_at: context.now(), error: String(error).slice(0, 500) })
          .where('id', '=', batchId)
          .where('state', '=', 'running')
          .execute(),
      )
    throw error
  }
}

async function beginBatch(tx: Tx, id: string, now: Temporal.Instant): Promise<Batch | null> {
  const begun = await tx
    .updateTable('document_batches')
    .set({ state: 'running', started_at: sql`coalesce(started_at, ${now})`, error: null })
    .where('id', '=', id)
    .where('state', 'in', ['queued', 'running'])
    .returning('id')
    .executeTakeFirst()
  if (!begun) return null
  const { invoice_ids } = await tx
    .selectFrom('document_batch_selections')
    .select('invoice_ids')
    .where('batch_id', '=', id)
    .executeTakeFirstOrThrow()
  const done = await tx
    .selectFrom('document_batch_parts')
    .select(['part', 'documents'])
    .where('batch_id', '=', id)
    .orderBy('part')
    .execute()
  return { id, ids: invoice_ids, done }
}

async function endBatch(tx: Tx, id: string, now: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('document_batches')
    .set({ state: 'done', finished_at: now, expires_at: now.add({ hours: 24 * keptDays }) })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute()
}

class BatchPrinter {
  printed: number
  #context: JobContext
  #files: FileStore
  #batch: Batch
  #looks: PrintLook[] = []
  /** Place of a unit's look in the list, its time zone and folder. */
  #units = new Map<string, { look: number; timeZone: string; folder: string }>()
  #told = 0

  constructor(context: JobContext, files: FileStore, batch: Batch) {
    this.#context = context
    this.#files = files
    this.#batch = batch
    this.printed = batch.done.reduce((sum, { documents }) => sum + documents, 0)
  }

  /** One ZIP file, written as it is printed; it is in the books once all of it is on the disk. */
  async makePart(part: number): Promise<void> {
    const { id } = this.#batch
    const ids = this.#batch.ids.slice(this.printed, this.printed + documentsInPart)
    const fileId = fileIdOf(id, part)
    const bytes = Readable.from(writeArchive(this.#printAll(ids)), { objectMode: false })
    const { size, sha256 } = await this.#files.write(fileId, bytes)
    const kept = await this.#context.transact(async (tx) => {
      const running = await this.#tell(tx, this.printed)
      if (!running) return false
      const name = `${id}-${part}.zip`
      await recordFile(tx, {
        id: fileId,
        purpose: 'document_batch',
        name,
        media_type: 'application/zip',
        size,
        sha256,
      })
      const row = { batch_id: id, part, file_id: fileId, documents: ids.length, size }
      await tx.insertInto('document_batch_parts').values(row).execute()
      return true
    })
    if (kept) return
    await this.#files.remove(fileId)
    throw new Ended('somebody ended the batch')
  }

  /** Prints in slices: while one is on its way to the disk, the next is read and printed. */
  async *#printAll(ids: readonly string[]): AsyncGenerator<{ name: string; bytes: Uint8Array }> {
    let next = this.#printSlice(ids.slice(0, documentsAtOnce))
    for (let from = 0; from < ids.length; from += documentsAtOnce) {
      const slice = await next
      const following = ids.slice(from + documentsAtOnce, from + 2 * documentsAtOnce)
      if (following.length > 0) {
        next = this.#printSlice(following)
        // It is awaited in the next round; until then nobody listens.
        next.catch(() => undefined)
      }
      yield* slice
      this.printed += slice.length
      if (this.#context.stopping()) throw new Stopping('the process stops')
      if (
        this.printed - this.#told >= 250 &&
        !(await this.#context.transact((tx) => this.#tell(tx, this.printed)))
      )
        throw new Ended('somebody ended the batch')
    }
  }

  async #printSlice(ids: readonly string[]): Promise<{ name: string; bytes: Uint8Array }[]> {
    const read = await this.#context.transact((tx) => this.#readSlice(tx, ids))
    const answers = await print({ looks: this.#looks, pieces: read.map(({ piece }) => piece) })
    return read.map(({ name }, i) => {
      const answer = answers[i]!
      if ('fault' in answer) throw new Error(`${name}: ${answer.fault}`)
      return { name, bytes: answer.pdf }
    })
  }

  async #readSlice(tx: Tx, ids: readonly string[]): Promise<{ name: string; piece: PrintPiece }[]> {
    const now = this.#context.now()
    const found = await Promise.all(ids.map((id) => getInvoice(tx, id, 'en', now)))
    const slice: { name: string; piece: PrintPiece }[] = []
    const payable = found.flatMap((invoice) => (isRefusal(invoice) ? [] : [invoice]))
    const payments = await readPrintedPayments(tx, payable, now)
    for (const invoice of found) {
      if (isRefusal(invoice)) throw new Error('a document of the batch is gone')
      let unit = this.#units.get(invoice.business_unit_id)
      if (!unit) {
        const known = await readPrintLook(tx, this.#files, invoice.business_unit_id)
        if (isRefusal(known)) throw new Error('a business unit of the batch is gone')
        const look = this.#looks.push(known.look) - 1
        unit = { look, timeZone: known.unit.time_zone, folder: known.unit.slug }
        this.#units.set(invoice.business_unit_id, unit)
      }
      const document: PrintableDocument = toPrintable(invoice, unit.timeZone, payments.get(invoice.id))
      slice.push({ name: `${unit.folder}/${nameFile(document)}`, piece: { look: unit.look, document } })
    }
    return slice
  }

  /** Notes how far it is; false where somebody ended the batch. */
  async #tell(tx: Tx, done: number): Promise<boolean> {
    this.#told = done
    const told = await tx
      .updateTable('document_batches')
      .set({ documents_done: done })
      .where('id', '=', this.#batch.id)
      .where('state', '=', 'running')
      .returning('id')
      .executeTakeFirst()
    return told !== undefined
  }
}
