import { isRefusal } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { getAccount } from '../accounts/index.ts'
import {
  getClosing,
  getClosingAccount,
  listClosingAccounts,
  listClosings,
  previewAccount,
} from './closing-views.ts'
import { createClosing, discardClosing, startClosing } from './closings.ts'
import { printInvoice } from './invoice-print.ts'
import { getInvoice, listInvoices } from './invoices.ts'
import { balanceOf } from './ledger.ts'
import {
  balanceSchema,
  closingAccountDetail,
  closingAccountParams,
  closingAccountQuery,
  closingAccountSchema,
  closingDetail,
  closingInput,
  closingQuery,
  closingSchema,
  invoiceDetail,
  invoiceQuery,
  invoiceSchema,
  movementQuery,
  movementSchema,
  nextInvoiceQuery,
  nextInvoiceSchema,
} from './schemas.ts'
import { listMovements } from './statement.ts'

export function registerBillingOffice(app: App): void {
  registerClosings(app)
  registerInvoices(app)
}

function registerClosings(app: App): void {
  const tag = 'Closings'
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/closings',
      operation: 'list_closings',
      summary: 'List closings',
      tag,
      permission: 'billing.read',
      query: closingQuery,
      response: pageOf(closingSchema),
    },
    (tx, { query }) => listClosings(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/closings',
      operation: 'create_closing',
      summary: 'Prepare the closing of a business unit up to a date',
      description:
        'Nothing is charged: the preview is prepared in the background; see its progress by reading it',
      tag,
      permission: 'billing.run',
      body: closingInput,
      response: closingDetail,
      status: 201,
    },
    async (tx, { body }, actor, { now, language }) => {
      const created = await createClosing(tx, { ...body, created_by: actor.user_id }, now)
      return isRefusal(created) ? created : getClosing(tx, created, language)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/closings/{id}',
      operation: 'get_closing',
      summary: 'Read a closing: progress, totals, differences to the last one, warnings',
      tag,
      permission: 'billing.read',
      params: idParams,
      response: closingDetail,
    },
    (tx, { params }, _actor, { language }) => getClosing(tx, params.id, language),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/closings/{id}/accounts',
      operation: 'list_closing_accounts',
      summary: 'List the accounts of a closing',
      tag,
      permission: 'billing.read',
      params: idParams,
      query: closingAccountQuery,
      response: pageOf(closingAccountSchema),
    },
    (tx, { params, query }, _actor, { language }) => listClosingAccounts(tx, params.id, query, language),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/closings/{id}/accounts/{account_id}',
      operation: 'get_closing_account',
      summary: 'Read what a closing will invoice, or has invoiced, for an account',
      tag,
      permission: 'billing.read',
      params: closingAccountParams,
      response: closingAccountDetail,
    },
    (tx, { params }, _actor, { language, now }) =>
      getClosingAccount(tx, params.id, params.account_id, language, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/closings/{id}/run',
      operation: 'run_closing',
      summary: 'Charge exactly what the preview shows',
      description: 'Accounts that have changed since the preview are left out and marked `changed`',
      tag,
      permission: 'billing.run',
      params: idParams,
      response: closingDetail,
      status: 202,
    },
    async (tx, { params }, _actor, { language }) =>
      (await startClosing(tx, params.id)) ?? getClosing(tx, params.id, language),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/closings/{id}/discard',
      operation: 'discard_closing',
      summary: 'Throw a preview away',
      tag,
      permission: 'billing.run',
      params: idParams,
    },
    (tx, { params }) => discardClosing(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/next-invoice',
      operation: 'get_next_invoice',
      summary: 'What an account would be billed up to a date, by default its next closing date',
      tag,
      permission: 'billing.read',
      params: idParams,
      query: nextInvoiceQuery,
      response: nextInvoiceSchema,
    },
    (tx, { params, query }, _actor, { language, now }) =>
      previewAccount(tx, params.id, query.up_to, language, now),
  )
}

function registerInvoices(app: App): void {
  const tag = 'Invoices'
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/invoices',
      operation: 'list_invoices',
      summary: 'List and find invoices',
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
      summary: 'Export invoices',
      tag,
      permission: 'billing.read',
      query: invoiceQuery,
      file: 'invoices',
      screen: { unit: 'business_unit', method: 'payment_method' },
    },
    (tx, query) => listInvoices(tx, query, app.now()),
    {
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
      gross: (row) => moneyCell(row.gross, row.currency),
      discount: (row) => moneyCell(row.discount, row.currency),
      total: (row) => moneyCell(row.total, row.currency),
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
