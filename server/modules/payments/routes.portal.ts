import { isRefusal } from '../../platform/errors.ts'
import { type App, type CustomerActor, portalRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import {
  getOwnPaymentNotice,
  listOwnPaymentNotices,
  notifyPayment,
  readPaymentOptions,
} from './payment-notices.ts'
import { largestReceipt, readReceipt, recordReceipt } from './receipts.ts'
import {
  ownPaymentNotice,
  ownPaymentNoticeQuery,
  paymentNoticeInput,
  paymentOptions,
  receiptParams,
  receiptSchema,
} from './schemas.ts'

const tag = 'Payments'

/** The account that the customer acts for: a route with a membership permission always has one. */
const ownerOf = (actor: CustomerActor) => ({
  account_id: actor.account_id!,
  business_unit_id: actor.business_unit_id!,
  user_id: actor.user_id,
})

export function registerPaymentsPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/payment-options',
      operation: 'get_payment_options',
      summary: 'How invoices can be paid',
      tag,
      permission: 'billing',
      response: paymentOptions,
    },
    (tx, _input, actor) => readPaymentOptions(tx, actor.business_unit_id!),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/receipts',
      operation: 'upload_receipt',
      summary: 'Upload a receipt, to be attached to a payment notice',
      description:
        'A picture or a PDF up to 10 MB; it is kept as it is. One that no notice uses is removed after a day',
      tag,
      permission: 'billing',
      perMinute: 20,
      upload: { maxBytes: largestReceipt },
      response: receiptSchema,
      status: 201,
    },
    (tx, { upload }, actor, context) => recordReceipt(tx, context.files, upload!, ownerOf(actor)),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/payment-notices',
      operation: 'list_payment_notices',
      summary: 'List the account’s payment notices',
      tag,
      permission: 'billing',
      query: ownPaymentNoticeQuery,
      response: pageOf(ownPaymentNotice),
    },
    (tx, { query }, actor) => listOwnPaymentNotices(tx, actor.account_id!, query),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/payment-notices',
      operation: 'notify_payment',
      summary: 'Tell that invoices, or an order, were paid',
      description: 'No balance changes until staff approve it',
      tag,
      permission: 'billing',
      body: paymentNoticeInput,
      response: ownPaymentNotice,
      status: 201,
    },
    (tx, { body }, actor, context) => notifyPayment(tx, ownerOf(actor), body, context.now),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/payment-notices/{id}',
      operation: 'get_payment_notice',
      summary: 'Read a payment notice',
      tag,
      permission: 'billing',
      params: idParams,
      response: ownPaymentNotice,
    },
    (tx, { params }, actor) => getOwnPaymentNotice(tx, actor.account_id!, params.id),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/payment-notices/{id}/receipt',
      operation: 'get_receipt',
      summary: 'Download the receipt of a payment notice',
      tag,
      permission: 'billing',
      params: idParams,
      response: 'binary',
    },
    async (tx, { params }, actor, context) => {
      const notice = await getOwnPaymentNotice(tx, actor.account_id!, params.id)
      return isRefusal(notice) ? notice : readReceipt(tx, context.files, notice.id)
    },
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/payment-notices/{id}/receipts/{file_id}',
      operation: 'get_notice_receipt',
      summary: 'Download one of the receipts of a payment notice',
      tag,
      permission: 'billing',
      params: receiptParams,
      response: 'binary',
    },
    async (tx, { params }, actor, context) => {
      const notice = await getOwnPaymentNotice(tx, actor.account_id!, params.id)
      return isRefusal(notice) ? notice : readReceipt(tx, context.files, notice.id, params.file_id)
    },
  )
}
