import { type App, officeRoute } from '../../platform/http.ts'
import { idParams } from '../../platform/schemas.ts'
import { eraseAccount, previewErasure } from './erasure.ts'
import { getExport, listExports, readExport, requestExport } from './exports.ts'
import {
  erasureInput,
  erasurePreview,
  exportFileParams,
  exportInput,
  privacyExport,
  privacyExports,
} from './schemas.ts'

const tag = 'Privacy'

export function registerPrivacyOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/privacy-exports',
      operation: 'list_privacy_exports',
      summary: 'The exports of all that is stored about an account',
      tag,
      permission: 'privacy.export',
      params: idParams,
      response: privacyExports,
    },
    (tx, { params }) => listExports(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/privacy-exports',
      operation: 'request_privacy_export',
      summary: 'Export all that is stored about an account',
      description: 'A job makes a JSON file for programs and a PDF for people; they are kept for seven days',
      tag,
      permission: 'privacy.export',
      params: idParams,
      body: exportInput,
      response: privacyExport,
      status: 202,
    },
    (tx, { params, body }, actor) =>
      requestExport(tx, params.id, {
        side: 'staff',
        user_id: actor.user_id,
        language: body.language ?? actor.language,
      }),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/privacy-exports/{id}',
      operation: 'get_privacy_export',
      summary: 'How far an export is',
      tag,
      permission: 'privacy.export',
      params: idParams,
      response: privacyExport,
    },
    (tx, { params }) => getExport(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/privacy-exports/{id}/{format}',
      operation: 'download_privacy_export',
      summary: 'Download an export as JSON or PDF',
      tag,
      permission: 'privacy.export',
      params: exportFileParams,
      response: 'binary',
    },
    (tx, { params }, _actor, { files, now }) => readExport(tx, files, params.id, params.format, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/erasure',
      operation: 'preview_erasure',
      summary: 'What an erasure of an account takes, what stays, and what stands in its way',
      tag,
      permission: 'privacy.erase',
      params: idParams,
      response: erasurePreview,
    },
    (tx, { params }, _actor, { now }) => previewErasure(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/erasure',
      operation: 'erase_account',
      summary: 'Erase who an account is, for good',
      description:
        'Names and contacts are replaced, the books stay. Nothing of it can be undone. Where payment providers keep something of the account they are asked to cancel and forget it first: until then `erased_at` is null and `under_way` says for whom it waits',
      tag,
      permission: 'privacy.erase',
      session: 'person',
      params: idParams,
      body: erasureInput,
      response: erasurePreview,
    },
    (tx, { params, body }, _actor, { now }) => eraseAccount(tx, params.id, body, now),
  )
}
