import { type App, portalRoute } from '../../platform/http.ts'
import { idParams } from '../../platform/schemas.ts'
import {
  acceptContract,
  declineContract,
  getOwnDocument,
  listOwnDocuments,
  printContract,
  readSignedCopy,
} from './documents.ts'
import { acceptInput, declineInput, ownDocumentQuery, ownDocumentSchema, ownDocuments } from './schemas.ts'

const tag = 'Contracts of services'

export function registerContractsPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/contract-documents',
      operation: 'list_contract_documents',
      summary: 'List the contracts of the account’s services',
      tag,
      permission: 'services',
      query: ownDocumentQuery,
      response: ownDocuments,
    },
    async (tx, { query }) => ({ items: await listOwnDocuments(tx, query) }),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/contract-documents/{id}',
      operation: 'get_contract_document',
      summary: 'Read a contract',
      tag,
      permission: 'services',
      params: idParams,
      response: ownDocumentSchema,
    },
    (tx, { params }) => getOwnDocument(tx, params.id),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/contract-documents/{id}/pdf',
      operation: 'print_contract_document',
      summary: 'A contract as PDF',
      tag,
      permission: 'services',
      params: idParams,
      response: 'binary',
    },
    (tx, { params }, _actor, { files }) => printContract(tx, files, params.id),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/contract-documents/{id}/signed-copy',
      operation: 'get_signed_copy',
      summary: 'Download the scan of a contract that was signed on paper',
      tag,
      permission: 'services',
      params: idParams,
      response: 'binary',
    },
    (tx, { params }, _actor, { files }) => readSignedCopy(tx, files, params.id),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/contract-documents/{id}/accept',
      operation: 'accept_contract_document',
      summary: 'Accept the contract that waits',
      description:
        'Who accepts, when, from which address and browser, and the fingerprint of the text are kept. `sha256` names the text that was read',
      tag,
      permission: 'services',
      session: 'person',
      params: idParams,
      body: acceptInput,
      response: ownDocumentSchema,
    },
    (tx, { params, body }, actor, { now, ip, user_agent }) =>
      acceptContract(tx, params.id, body, { user_id: actor.user_id, ip, user_agent }, now),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/contract-documents/{id}/decline',
      operation: 'decline_contract_document',
      summary: 'Decline the contract that waits, with a reason',
      tag,
      permission: 'services',
      session: 'person',
      params: idParams,
      body: declineInput,
      response: ownDocumentSchema,
    },
    (tx, { params, body }, _actor, { now }) => declineContract(tx, params.id, body.reason, now),
  )
}
