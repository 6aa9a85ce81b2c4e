// What staff write beside the closings: charges that wait, invoices by hand, credit and debit notes, proformas.
import { isRefusal } from '../../platform/errors.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { getAccount } from '../accounts/index.ts'
import { createCharges, listCharges, withdrawCharge } from '../subscriptions/index.ts'
import { issueCreditNote, rebillDocument, voidDocument } from './corrections.ts'
import { issueDebitNote, issueManualInvoice, previewDocuments, writeDocuments } from './documents.ts'
import { convertProforma, createProformas, withdrawProforma } from './proformas.ts'
import {
  chargeInput,
  chargeQuery,
  chargeSchema,
  chargesSchema,
  creditNoteInput,
  debitNoteInput,
  documentsPreview,
  documentsWritten,
  manualInvoiceInput,
  proformaInput,
  rebillInput,
  voidInput,
} from './schemas.documents.ts'

const tag = 'Documents'
const write = { tag, permission: 'documents.write', params: idParams } as const
const preview = { ...write, method: 'POST', response: documentsPreview } as const
const issue = { ...write, method: 'POST', response: documentsWritten, status: 201 } as const
const shown = 'Nothing is written. Its token, sent with the same request, writes exactly what was shown'

export function registerDocumentsOffice(app: App): void {
  registerCharges(app)
  registerInvoicesByHand(app)
  registerNotes(app)
  registerProformas(app)
}

function registerCharges(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/charges',
      operation: 'list_charges',
      summary: 'List the one-off amounts of an account: waiting, billed, withdrawn',
      tag,
      permission: 'billing.read',
      params: idParams,
      query: chargeQuery,
      response: pageOf(chargeSchema),
    },
    async (tx, { params, query }) => {
      const account = await getAccount(tx, params.id)
      return isRefusal(account) ? account : listCharges(tx, { ...query, account_id: params.id })
    },
  )
  officeRoute(
    app,
    {
      ...write,
      method: 'POST',
      path: '/accounts/{id}/charges',
      operation: 'create_charge',
      summary: 'Add an amount that the next closing bills, or the next ones in instalments',
      body: chargeInput,
      response: chargesSchema,
      status: 201,
    },
    async (tx, { params, body }, actor, { now }) => {
      const ids = await createCharges(tx, params.id, body, actor.user_id, now)
      if (isRefusal(ids)) return ids
      const page = await listCharges(tx, { account_id: params.id, limit: 200, sort: '-created_at' })
      return { items: page.items.filter((charge) => ids.includes(charge.id)).reverse() }
    },
  )
  officeRoute(
    app,
    {
      ...write,
      method: 'POST',
      path: '/charges/{id}/withdraw',
      operation: 'withdraw_charge',
      summary: 'Take back an amount that was not billed yet',
    },
    (tx, { params }, _actor, { now }) => withdrawCharge(tx, params.id, now),
  )
}

function registerInvoicesByHand(app: App): void {
  officeRoute(
    app,
    {
      ...preview,
      path: '/accounts/{id}/invoices/preview',
      operation: 'preview_manual_invoice',
      summary: 'What an invoice written by hand would be, with its taxes',
      description: shown,
      body: manualInvoiceInput,
    },
    (tx, { params, body }, actor, { language, now }) =>
      previewDocuments(tx, language, now, () => issueManualInvoice(tx, params.id, body, actor.user_id, now)),
  )
  officeRoute(
    app,
    {
      ...issue,
      path: '/accounts/{id}/invoices',
      operation: 'issue_manual_invoice',
      summary: 'Issue an invoice written by hand',
      body: manualInvoiceInput,
    },
    (tx, { params, body }, actor, { language, now }) =>
      writeDocuments(tx, language, now, body.token, () =>
        issueManualInvoice(tx, params.id, body, actor.user_id, now),
      ),
  )
}

function registerNotes(app: App): void {
  officeRoute(
    app,
    {
      ...preview,
      path: '/invoices/{id}/credit-notes/preview',
      operation: 'preview_credit_note',
      summary: 'What a credit note on a document would give back',
      description: `${shown}. What is owed of the document is reduced first; only money that was paid becomes account credit`,
      body: creditNoteInput,
    },
    (tx, { params, body }, actor, { language, now }) =>
      previewDocuments(tx, language, now, () => issueCreditNote(tx, params.id, body, actor.user_id, now)),
  )
  officeRoute(
    app,
    {
      ...issue,
      path: '/invoices/{id}/credit-notes',
      operation: 'issue_credit_note',
      summary: 'Issue a credit note on a document, whole or in part',
      body: creditNoteInput,
    },
    (tx, { params, body }, actor, { language, now }) =>
      writeDocuments(tx, language, now, body.token, () =>
        issueCreditNote(tx, params.id, body, actor.user_id, now),
      ),
  )
  officeRoute(
    app,
    {
      ...preview,
      path: '/invoices/{id}/void/preview',
      operation: 'preview_void',
      summary: 'What voiding an unpaid document would write',
      description: shown,
      body: voidInput,
    },
    (tx, { params, body }, actor, { language, now }) =>
      previewDocuments(tx, language, now, () => voidDocument(tx, params.id, body, actor.user_id, now)),
  )
  officeRoute(
    app,
    {
      ...issue,
      path: '/invoices/{id}/void',
      operation: 'void_invoice',
      summary: 'Void a document of which nothing was paid: it is credited whole',
      description:
        'With `rebill` its days, use and one-off amounts wait for the next closing as if it had never been',
      body: voidInput,
    },
    (tx, { params, body }, actor, { language, now }) =>
      writeDocuments(tx, language, now, body.token, () =>
        voidDocument(tx, params.id, body, actor.user_id, now),
      ),
  )
  officeRoute(
    app,
    {
      ...preview,
      path: '/invoices/{id}/correct/preview',
      operation: 'preview_correction',
      summary: 'What voiding a document and billing its days anew would write',
      description: shown,
      body: rebillInput,
    },
    (tx, { params, body }, actor, { language, now }) =>
      previewDocuments(tx, language, now, () => rebillDocument(tx, params.id, body, actor.user_id, now)),
  )
  officeRoute(
    app,
    {
      ...issue,
      path: '/invoices/{id}/correct',
      operation: 'correct_invoice',
      summary: 'Void a document and bill its days anew, as they are now',
      body: rebillInput,
    },
    (tx, { params, body }, actor, { language, now }) =>
      writeDocuments(tx, language, now, body.token, () =>
        rebillDocument(tx, params.id, body, actor.user_id, now),
      ),
  )
  officeRoute(
    app,
    {
      ...preview,
      path: '/invoices/{id}/debit-notes/preview',
      operation: 'preview_debit_note',
      summary: 'What a debit note on a document would be, with its taxes',
      description: shown,
      body: debitNoteInput,
    },
    (tx, { params, body }, actor, { language, now }) =>
      previewDocuments(tx, language, now, () => issueDebitNote(tx, params.id, body, actor.user_id, now)),
  )
  officeRoute(
    app,
    {
      ...issue,
      path: '/invoices/{id}/debit-notes',
      operation: 'issue_debit_note',
      summary: 'Issue a debit note: a further amount on a document',
      body: debitNoteInput,
    },
    (tx, { params, body }, actor, { language, now }) =>
      writeDocuments(tx, language, now, body.token, () =>
        issueDebitNote(tx, params.id, body, actor.user_id, now),
      ),
  )
}

function registerProformas(app: App): void {
  officeRoute(
    app,
    {
      ...preview,
      path: '/accounts/{id}/proformas/preview',
      operation: 'preview_proforma',
      summary: 'What a proforma would say: of lines by hand, or of what is billed next',
      description: shown,
      body: proformaInput,
    },
    (tx, { params, body }, _actor, { language, now }) =>
      previewDocuments(tx, language, now, () => createProformas(tx, params.id, body, now)),
  )
  officeRoute(
    app,
    {
      ...issue,
      path: '/accounts/{id}/proformas',
      operation: 'create_proforma',
      summary: 'Offer a proforma: no debt, and in no ledger, until it becomes an invoice',
      body: proformaInput,
    },
    (tx, { params, body }, _actor, { language, now }) =>
      writeDocuments(tx, language, now, body.token, () => createProformas(tx, params.id, body, now)),
  )
  officeRoute(
    app,
    {
      ...issue,
      path: '/invoices/{id}/convert',
      operation: 'convert_proforma',
      summary: 'Make the invoice that a proforma offers',
    },
    (tx, { params }, _actor, { language, now }) =>
      writeDocuments(tx, language, now, undefined, () => convertProforma(tx, params.id, now)),
  )
  officeRoute(
    app,
    {
      ...write,
      method: 'POST',
      path: '/invoices/{id}/withdraw',
      operation: 'withdraw_proforma',
      summary: 'Withdraw a proforma that is not answered yet',
    },
    (tx, { params }, _actor, { now }) => withdrawProforma(tx, params.id, now),
  )
}
