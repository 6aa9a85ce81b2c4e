import { isRefusal } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { adjustCredit, recordRefund, writeOffInvoice } from './adjustments.ts'
import { listChart, renameChart } from './chart.ts'
import { formatInvoiceNumber } from './invoices.ts'
import { balanceOf } from './ledger.ts'
import { listJournal, listSheet, listTrialBalance, readTrialBalance } from './ledger-views.ts'
import {
  adjustmentInput,
  chartInput,
  chartSchema,
  journalQuery,
  postingSchema,
  refundInput,
  sheetQuery,
  sheetSchema,
  taxPreviewInput,
  taxPreviewSchema,
  trialQuery,
  trialSchema,
  writeOffInput,
} from './schemas.ledger.ts'
import { balanceSchema } from './schemas.ts'
import { previewTaxes } from './tax-preview.ts'

export function registerLedgerOffice(app: App): void {
  registerBooks(app)
  registerChart(app)
  registerCorrections(app)
}

const nothing = { items: [], next_cursor: null }

function registerBooks(app: App): void {
  const tag = 'Ledger'
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/ledger/trial-balance',
      operation: 'read_trial_balance',
      summary: 'The trial balance of a business unit over a range of days',
      description: 'Debits are positive. `balanced` is its proof: everything adds up to zero',
      tag,
      permission: 'ledger.read',
      query: trialQuery,
      response: trialSchema,
    },
    (tx, { query }) => readTrialBalance(tx, query.business_unit_id, query),
  )
  exportRoute(
    app,
    {
      path: '/ledger/trial-balance.csv',
      operation: 'export_trial_balance',
      summary: 'Export a trial balance',
      tag,
      permission: 'ledger.read',
      query: trialQuery,
      file: 'trial-balance',
    },
    async (tx, query) => {
      const rows = await listTrialBalance(tx, query.business_unit_id, query)
      return isRefusal(rows) ? nothing : { items: rows, next_cursor: null }
    },
    {
      code: (row) => row.code,
      name: (row) => row.name,
      type: (row) => row.type,
      opening: (row) => moneyCell(row.opening, row.currency),
      debits: (row) => moneyCell(row.debits, row.currency),
      credits: (row) => moneyCell(row.credits, row.currency),
      closing: (row) => moneyCell(row.closing, row.currency),
      currency: (row) => row.currency,
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/ledger/journal',
      operation: 'list_postings',
      summary: 'The journal of a business unit: its postings with their entries',
      description: '`q` finds by what finds the customer’s account',
      tag,
      permission: 'ledger.read',
      query: journalQuery,
      response: pageOf(postingSchema),
    },
    (tx, { query }) => listJournal(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/ledger/journal.csv',
      operation: 'export_postings',
      summary: 'Export a journal, an entry in each row',
      tag,
      permission: 'ledger.read',
      query: journalQuery,
      file: 'journal',
    },
    async (tx, query) => {
      const page = await listJournal(tx, query)
      if (isRefusal(page)) return nothing
      return {
        items: page.items.flatMap((posting) => posting.entries.map((entry) => ({ posting, entry }))),
        next_cursor: page.next_cursor,
      }
    },
    {
      on_date: ({ posting }) => posting.on_date,
      posting_id: ({ posting }) => posting.id,
      kind: ({ posting }) => posting.kind,
      code: ({ entry }) => entry.code,
      name: ({ entry }) => entry.name,
      debit: ({ posting, entry }) => moneyCell(entry.amount > 0 ? entry.amount : null, posting.currency),
      credit: ({ posting, entry }) => moneyCell(entry.amount < 0 ? -entry.amount : null, posting.currency),
      currency: ({ posting }) => posting.currency,
      account_number: ({ posting }) => posting.account_number,
      account: ({ posting }) => posting.account_name,
      document: ({ entry }) =>
        entry.document ? formatInvoiceNumber(entry.document.series, entry.document.number) : null,
      payment_id: ({ posting }) => posting.payment_id,
      reason: ({ posting }) => posting.reason,
      created_at: ({ posting }) => posting.created_at,
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/ledger/sheet',
      operation: 'read_ledger_sheet',
      summary: 'The sheet of one account of the ledger, with its running balance',
      description: 'In the business unit’s currency; debits are positive',
      tag,
      permission: 'ledger.read',
      query: sheetQuery,
      response: sheetSchema,
    },
    (tx, { query }) => listSheet(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/ledger/sheet.csv',
      operation: 'export_ledger_sheet',
      summary: 'Export the sheet of an account of the ledger',
      tag,
      permission: 'ledger.read',
      query: sheetQuery,
      file: 'account-sheet',
    },
    async (tx, query) => {
      const page = await listSheet(tx, query)
      if (isRefusal(page)) return nothing
      return {
        items: page.items.map((row) => ({ ...row, currency: page.currency })),
        next_cursor: page.next_cursor,
      }
    },
    {
      on_date: (row) => row.on_date,
      posting_id: (row) => row.id,
      kind: (row) => row.kind,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      document: (row) =>
        row.document ? formatInvoiceNumber(row.document.series, row.document.number) : null,
      reason: (row) => row.reason,
      debit: (row) => moneyCell(row.debit === 0 ? null : row.debit, row.currency),
      credit: (row) => moneyCell(row.credit === 0 ? null : row.credit, row.currency),
      balance: (row) => moneyCell(row.balance, row.currency),
      currency: (row) => row.currency,
    },
  )
}

function registerChart(app: App): void {
  const tag = 'Ledger'
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/business-units/{id}/chart',
      operation: 'list_chart',
      summary: 'The chart of accounts of a business unit',
      tag,
      permission: 'settings.read',
      params: idParams,
      response: chartSchema,
    },
    async (tx, { params }) => {
      const items = await listChart(tx, params.id)
      return isRefusal(items) ? items : { items }
    },
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/business-units/{id}/chart',
      operation: 'rename_chart',
      summary: 'Give accounts of the chart other codes and names',
      tag,
      permission: 'settings.write',
      params: idParams,
      body: chartInput,
      response: chartSchema,
    },
    async (tx, { params, body }) => {
      const items = await renameChart(tx, params.id, body.items)
      return isRefusal(items) ? items : { items }
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/taxes/preview',
      operation: 'preview_taxes',
      summary: 'What a price becomes with some taxes',
      tag: 'Taxes',
      permission: 'settings.read',
      body: taxPreviewInput,
      response: taxPreviewSchema,
    },
    (tx, { body }) => previewTaxes(tx, body),
  )
}

function registerCorrections(app: App): void {
  const tag = 'Ledger'
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/adjustments',
      operation: 'adjust_credit',
      summary: 'Give an account credit, or take it',
      description: 'Credit that is given pays open invoices at once, the oldest first',
      tag,
      permission: 'documents.write',
      params: idParams,
      body: adjustmentInput,
      response: balanceSchema,
      status: 201,
    },
    async (tx, { params, body }, actor, { now }) =>
      (await adjustCredit(tx, params.id, body, actor.user_id, now)) ?? balanceOf(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/refunds',
      operation: 'record_refund',
      summary: 'Record credit that was paid back',
      tag,
      permission: 'documents.write',
      params: idParams,
      body: refundInput,
      response: balanceSchema,
      status: 201,
    },
    async (tx, { params, body }, actor, { now }) =>
      (await recordRefund(tx, params.id, body, actor.user_id, now)) ?? balanceOf(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/invoices/{id}/write-off',
      operation: 'write_off_invoice',
      summary: 'Give up what is still owed of an invoice',
      tag,
      permission: 'documents.write',
      params: idParams,
      body: writeOffInput,
    },
    (tx, { params, body }, actor, { now }) => writeOffInvoice(tx, params.id, body, actor.user_id, now),
  )
}
