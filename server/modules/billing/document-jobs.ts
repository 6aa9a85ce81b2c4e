import type { FileStore } from '../../platform/files.ts'
import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { printDocuments, removeDocumentBatches } from './document-batches.ts'

/** The background work on printed documents. */
export function createDocumentJobs(files: FileStore): JobHandlers {
  return {
    'billing:print_documents': (payload, context) => printDocuments(context, files, String(payload.batch_id)),
    // The rows went first: bytes without a row are waste, a row without bytes would be a broken promise.
    'billing:remove_document_batches': async (_payload, { transact, now }) => {
      for (const id of await transact((tx) => removeDocumentBatches(tx, now()))) await files.remove(id)
    },
  }
}

/** When it runs by itself (UTC). */
export const documentSchedule: Schedule = { 'billing:remove_document_batches': '11 * * * *' }
