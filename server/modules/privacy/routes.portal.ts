import { type App, portalRoute } from '../../platform/http.ts'
import { idParams } from '../../platform/schemas.ts'
import { getExport, listExports, readExport, requestExport } from './exports.ts'
import { exportFileParams, exportInput, privacyExport, privacyExports } from './schemas.ts'

const tag = 'Privacy'

/** The owner's own export: only the person, neither a program nor staff who view as them. */
export function registerPrivacyPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/privacy-exports',
      operation: 'list_own_privacy_exports',
      summary: 'The exports of all that is stored about the account',
      tag,
      permission: 'owner',
      session: 'person',
      response: privacyExports,
    },
    (tx, _input, actor) => listExports(tx, actor.account_id!),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/privacy-exports',
      operation: 'request_own_privacy_export',
      summary: 'Export all that is stored about the account',
      description:
        'A job makes a JSON file for programs and a PDF for people; a mail tells when they are there, for seven days',
      tag,
      permission: 'owner',
      session: 'person',
      perMinute: 10,
      body: exportInput,
      response: privacyExport,
      status: 202,
    },
    (tx, { body }, actor) =>
      requestExport(tx, actor.account_id!, {
        side: 'customer',
        user_id: actor.user_id,
        language: body.language ?? actor.language,
      }),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/privacy-exports/{id}',
      operation: 'get_own_privacy_export',
      summary: 'How far an export is',
      tag,
      permission: 'owner',
      session: 'person',
      params: idParams,
      response: privacyExport,
    },
    (tx, { params }) => getExport(tx, params.id),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/privacy-exports/{id}/{format}',
      operation: 'download_own_privacy_export',
      summary: 'Download an export as JSON or PDF',
      tag,
      permission: 'owner',
      session: 'person',
      params: exportFileParams,
      response: 'binary',
    },
    (tx, { params }, _actor, { files, now }) => readExport(tx, files, params.id, params.format, now),
  )
}
