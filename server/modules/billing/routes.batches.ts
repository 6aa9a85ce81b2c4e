import { type App, officeRoute } from '../../platform/http.ts'
import { idParams } from '../../platform/schemas.ts'
import {
  cancelDocumentBatch,
  getDocumentBatch,
  listDocumentBatches,
  readDocumentBatch,
  requestDocumentBatch,
} from './document-batches.ts'
import {
  documentBatchesSchema,
  documentBatchInput,
  documentBatchPartParams,
  documentBatchSchema,
} from './schemas.batches.ts'

const tag = 'Documents'
const permission = 'billing.read' as const

export function registerDocumentBatches(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/document-batches',
      operation: 'list_document_batches',
      summary: 'The PDFs of many documents that one asked for',
      tag,
      permission,
      response: documentBatchesSchema,
    },
    (tx, _input, actor) => listDocumentBatches(tx, actor.user_id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/document-batches',
      operation: 'request_document_batch',
      summary: 'Print all documents that a filter leaves',
      description: 'A job makes ZIP files of up to 5,000 PDFs each; they are kept for three days',
      tag,
      permission,
      body: documentBatchInput,
      response: documentBatchSchema,
      status: 202,
      perMinute: 20,
    },
    (tx, { body }, actor, { now }) => requestDocumentBatch(tx, body, actor.user_id, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/document-batches/{id}',
      operation: 'get_document_batch',
      summary: 'How far the PDFs of many documents are',
      tag,
      permission,
      params: idParams,
      response: documentBatchSchema,
    },
    (tx, { params }, actor) => getDocumentBatch(tx, params.id, actor.user_id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/document-batches/{id}/cancel',
      operation: 'cancel_document_batch',
      summary: 'End the printing of many documents',
      tag,
      permission,
      params: idParams,
      response: documentBatchSchema,
    },
    (tx, { params }, actor, { now }) => cancelDocumentBatch(tx, params.id, actor.user_id, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/document-batches/{id}/parts/{part}',
      operation: 'download_document_batch',
      summary: 'Download a ZIP file of the PDFs',
      tag,
      permission,
      params: documentBatchPartParams,
      response: 'binary',
    },
    (tx, { params }, actor, { files, now }) => readDocumentBatch(tx, files, params, actor.user_id, now),
  )
}
