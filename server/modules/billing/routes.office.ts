import type { DocumentKind } from '../../platform/database.gen.ts'
import { isRefusal } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { getAccount } from '../accounts/index.ts'
import { printAccountStatement, printInvoice } from './invoice-print.ts'
import { getInvoice, listInvoices } from './invoices.ts'
import { balanceOf } from './ledger.ts'
import { registerDocumentBatches } from './routes.batches.ts'
import { registerClosings } from './routes.closings.ts'
import { registerDocumentsOffice } from './routes.documents.ts'
import {
  balanceSchema,
  invoiceDetail,
  invoiceQuery,
  invoiceSchema,
  movementQuery,
  movementSchema,
  statementQuery,
} from './schemas.ts'
import { listMovements } from './statement.ts'

export function registerBillingOffice(app: App): void {
  registerDocumentsOffice(app)
  registerDocumentBatches(app)
  registerClosings(app)
  registerInvoices(app)
}

/** What a credit note says is less: so that a column of the file adds up. */
const signOf = (row: { kind: DocumentKind }) => (row.kind === 'credit_note' ? -1 : 1)

function registerInvoices(app: App): void {
  const tag = 'Invoices'
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/invoices',
      operation: 'list_invoices',
      summary: 'List and find documents: invoices, credit and debit notes, proformas',
      description: '`q` finds by number, or by what finds the account',
      tag,
      permission: 'billing.read',
      query: invoiceQuery,
      response: pageOf(invoiceSchema),
    },
    (tx, { query }, _actor, { now }) => listInvoices(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/invoices.csv',
      operation: 'export_invoices',
      summary: 'Export documents; amounts of credit notes are negative',
      tag,
      permission: 'billing.read',
      query: invoiceQuery,
      file: 'invoices',
      screen: { unit: 'business_unit', method: 'payment_method' },
    },
    (tx, query) => listInvoices(tx, query, app.now()),
    {
      kind: (row) => row.kind,
      series: (row) => row.series,
      number: (row) => row.number,
      state: (row) => row.state,
      overdue: (row) => row.overdue,
      issue_date: (row) => row.issue_date,
      due_date: (row) => row.due_date,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      business_unit: (row) => row.business_unit_name,
      payment_method: (row) => row.payment_method,
      gross: (row) => moneyCell(signOf(row) * row.gross, row.currency),
      discount: (row) => moneyCell(signOf(row) * row.discount, row.currency),
      tax: (row) => moneyCell(signOf(row) * row.tax, row.currency),
      tax_included: (row) => moneyCell(signOf(row) * row.tax_included, row.currency),
      total: (row) => moneyCell(signOf(row) * row.total, row.currency),
      open: (row) => moneyCell(row.open_amount, row.currency),
      currency: (row) => row.currency,
      paid_at: (row) => row.paid_at,
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/invoices/{id}',
      operation: 'get_invoice',
      summary: 'Read an invoice, each line with why it is that amount',
      tag,
      permission: 'billing.read',
      params: idParams,
      response: invoiceDetail,
    },
    (tx, { params }, _actor, { language, now }) => getInvoice(tx, params.id, language, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/invoices/{id}/pdf',
      operation: 'get_invoice_pdf',
      summary: 'An invoice as PDF, in its own language',
      tag,
      permission: 'billing.read',
      params: idParams,
      response: 'binary',
    },
    (tx, { params }, _actor, { files, now }) => printInvoice(tx, files, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/statement',
      operation: 'list_movements',
      summary: 'The statement of an account, with its running balance',
      tag,
      permission: 'billing.read',
      params: idParams,
      query: movementQuery,
      response: pageOf(movementSchema),
    },
    async (tx, { params, query }) => {
      const account = await getAccount(tx, params.id)
      return isRefusal(account) ? account : listMovements(tx, params.id, query)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/statement.pdf',
      operation: 'get_statement_pdf',
      summary: 'The statement of an account over some days as PDF, in the account’s language',
      tag,
      permission: 'billing.read',
      params: idParams,
      query: statementQuery,
      response: 'binary',
    },
    (tx, { params, query }, _actor, { files, now }) =>
      printAccountStatement(tx, files, params.id, query, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/balance',
      operation: 'get_balance',
      summary: 'What an account owes, and its credit',
      tag,
      permission: 'billing.read',
      params: idParams,
      response: balanceSchema,
    },
    async (tx, { params }, _actor, { now }) => {
      const account = await getAccount(tx, params.id)
      return isRefusal(account) ? account : balanceOf(tx, params.id, now)
    },
  )
}
