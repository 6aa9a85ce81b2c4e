import { isRefusal } from '../../platform/errors.ts'
import { type App, portalRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { printAccountStatement, printInvoice } from './invoice-print.ts'
import { getInvoice, listInvoices } from './invoices.ts'
import { balanceOf } from './ledger.ts'
import { showReference } from './references.ts'
import {
  balanceSchema,
  movementQuery,
  movementSchema,
  ownInvoiceDetail,
  ownInvoiceQuery,
  ownInvoiceSchema,
  statementQuery,
} from './schemas.ts'
import { listMovements } from './statement.ts'

const tag = 'Invoices'

export function registerBillingPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/invoices',
      operation: 'list_invoices',
      summary: 'List the account’s documents: invoices, credit and debit notes, proformas',
      description: '`q` finds by number',
      tag,
      permission: 'billing',
      query: ownInvoiceQuery,
      response: pageOf(ownInvoiceSchema),
    },
    (tx, { query }, actor, { now }) => listInvoices(tx, { ...query, account_id: actor.account_id! }, now),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/invoices/{id}',
      operation: 'get_invoice',
      summary: 'Read an invoice, each line with why it is that amount',
      tag,
      permission: 'billing',
      params: idParams,
      response: ownInvoiceDetail,
    },
    async (tx, { params }, _actor, { language, now }) => {
      const invoice = await getInvoice(tx, params.id, language, now)
      return isRefusal(invoice) ? invoice : { ...invoice, payments: invoice.payments.map(showReference) }
    },
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/invoices/{id}/pdf',
      operation: 'get_invoice_pdf',
      summary: 'An invoice as PDF, in its own language',
      tag,
      permission: 'billing',
      params: idParams,
      response: 'binary',
    },
    (tx, { params }, _actor, { files, now }) => printInvoice(tx, files, params.id, now),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/statement',
      operation: 'list_movements',
      summary: 'The account’s statement, with its running balance',
      tag,
      permission: 'billing',
      query: movementQuery,
      response: pageOf(movementSchema),
    },
    async (tx, { query }, actor) => {
      const page = await listMovements(tx, actor.account_id!, query)
      return { ...page, items: page.items.map(showReference) }
    },
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/statement.pdf',
      operation: 'get_statement_pdf',
      summary: 'The account’s statement over some days as PDF',
      tag,
      permission: 'billing',
      query: statementQuery,
      response: 'binary',
    },
    (tx, { query }, actor, { files, now }) => printAccountStatement(tx, files, actor.account_id!, query, now),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/balance',
      operation: 'get_balance',
      summary: 'What the account owes, and its credit',
      tag,
      permission: 'billing',
      response: balanceSchema,
    },
    (tx, _input, actor, { now }) => balanceOf(tx, actor.account_id!, now),
  )
}
