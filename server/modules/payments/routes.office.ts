import { isRefusal } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import {
  approvePaymentNotice,
  getPaymentNotice,
  listPaymentNotices,
  readNoticeFits,
  rejectPaymentNotice,
} from './payment-notices.ts'
import { getPayment, listPayments, recordPayment } from './payments.ts'
import { readReceipt } from './receipts.ts'
import {
  approval,
  noticeFits,
  paymentInput,
  paymentNoticeQuery,
  paymentNoticeSchema,
  paymentQuery,
  paymentSchema,
  receiptParams,
  rejection,
} from './schemas.ts'
import { approveNoticeByLine } from './statement-booking.ts'

const tag = 'Payments'

export function registerPaymentsOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-notices',
      operation: 'list_payment_notices',
      summary: 'List what customers say they paid',
      description: '`q` finds by account name or reference',
      tag,
      permission: 'payments.read',
      query: paymentNoticeQuery,
      response: pageOf(paymentNoticeSchema),
    },
    (tx, { query }) => listPaymentNotices(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-notices/{id}',
      operation: 'get_payment_notice',
      summary: 'Read a payment notice',
      tag,
      permission: 'payments.read',
      params: idParams,
      response: paymentNoticeSchema,
    },
    (tx, { params }) => getPaymentNotice(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-notices/{id}/receipt',
      operation: 'get_receipt',
      summary: 'Download the receipt of a payment notice',
      tag,
      permission: 'payments.read',
      params: idParams,
      response: 'binary',
    },
    (tx, { params }, _actor, context) => readReceipt(tx, context.files, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-notices/{id}/receipts/{file_id}',
      operation: 'get_notice_receipt',
      summary: 'Download one of the receipts of a payment notice',
      tag,
      permission: 'payments.read',
      params: receiptParams,
      response: 'binary',
    },
    (tx, { params }, _actor, context) => readReceipt(tx, context.files, params.id, params.file_id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-notices/{id}/fits',
      operation: 'get_notice_fits',
      summary: 'See what a payment notice may be the money of',
      description: 'Open invoices and orders of the account, and undecided bank lines of the same amount',
      tag,
      permission: 'payments.read',
      params: idParams,
      response: noticeFits,
    },
    (tx, { params }) => readNoticeFits(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/payment-notices/{id}/approve',
      operation: 'approve_payment_notice',
      summary: 'Approve a payment notice: it becomes a payment',
      description:
        'Amount, method, date and what it pays may be corrected, or a line of a bank statement named that it is. What its invoices do not take is account credit',
      tag,
      permission: 'payments.decide',
      params: idParams,
      body: approval,
      response: paymentNoticeSchema,
    },
    (tx, { params, body: { bank_line_id, ...correction } }, actor, context) =>
      bank_line_id
        ? approveNoticeByLine(tx, params.id, bank_line_id, correction, actor.user_id, context.now)
        : approvePaymentNotice(tx, params.id, correction, actor.user_id, context.now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/payment-notices/{id}/reject',
      operation: 'reject_payment_notice',
      summary: 'Reject a payment notice; the customer is told the reason',
      tag,
      permission: 'payments.decide',
      params: idParams,
      body: rejection,
      response: paymentNoticeSchema,
    },
    (tx, { params, body }, actor, context) =>
      rejectPaymentNotice(tx, params.id, body.reason, actor.user_id, context.now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payments',
      operation: 'list_payments',
      summary: 'List payments',
      description: '`q` finds by account name or reference; `to` is the first day no longer shown',
      tag,
      permission: 'payments.read',
      query: paymentQuery,
      response: pageOf(paymentSchema),
    },
    (tx, { query }) => listPayments(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/payments.csv',
      operation: 'export_payments',
      summary: 'Export payments',
      tag,
      permission: 'payments.read',
      query: paymentQuery,
      file: 'payments',
      screen: { unit: 'business_unit', by: 'recorded_by' },
    },
    (tx, query) => listPayments(tx, query),
    {
      received_on: (row) => row.received_on,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      business_unit: (row) => row.business_unit_name,
      amount: (row) => moneyCell(row.amount, row.currency),
      currency: (row) => row.currency,
      method: (row) => row.method,
      reference: (row) => row.reference,
      invoices: (row) => row.invoices.map((invoice) => invoice.number).join(' '),
      credited: (row) => moneyCell(row.credited, row.currency),
      late_fee: (row) => moneyCell(row.late_fee, row.currency),
      interest: (row) => moneyCell(row.interest, row.currency),
      discount: (row) => moneyCell(row.discount, row.currency),
      documents: (row) => row.documents.map((document) => document.number).join(' '),
      recorded_by: (row) => row.recorded_by_name,
      created_at: (row) => row.created_at,
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payments/{id}',
      operation: 'get_payment',
      summary: 'Read a payment',
      tag,
      permission: 'payments.read',
      params: idParams,
      response: paymentSchema,
    },
    (tx, { params }) => getPayment(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/payments',
      operation: 'record_payment',
      summary: 'Record a payment',
      description:
        'Without `invoice_ids` it pays the open invoices, the oldest due date first; the rest is account credit',
      tag,
      permission: 'payments.decide',
      params: idParams,
      body: paymentInput,
      response: paymentSchema,
      status: 201,
    },
    async (tx, { params, body }, actor, context) => {
      const payment = await recordPayment(
        tx,
        params.id,
        { ...body, payment_notice_id: null },
        actor.user_id,
        context.now,
      )
      return isRefusal(payment) ? payment : getPayment(tx, payment.id)
    },
  )
}
