import { z } from 'zod'
import type { UserSide } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal } from '../../platform/errors.ts'
import { id } from '../../platform/schemas.ts'
import type { Language } from '../../platform/translations.ts'
import { accountSchema, getAccount, getOwnAccount, ownAccountSchema } from '../accounts/index.ts'
import { getInvoice, invoiceDetail, ownInvoiceDetail, showReference } from '../billing/index.ts'
import {
  contractDocumentSchema,
  getContractDocument,
  getOwnContractDocument,
  ownContractDocumentSchema,
} from '../contracts/index.ts'
import { dunningActionSchema, getDunningAction, getOwnDunning, ownDunningSchema } from '../dunning/index.ts'
import { getOrder, getOwnOrder, orderSchema, ownOrderSchema } from '../orders/index.ts'
import {
  getOwnMethod,
  getPayment,
  getReversal,
  ownMethodSchema,
  paymentSchema,
  reversalSchema,
} from '../payments/index.ts'
import {
  getOwnSubscription,
  getSubscription,
  ownSubscriptionSchema,
  subscriptionSchema,
} from '../subscriptions/index.ts'

// What webhooks tell (A12): the catalogue of event types. What a message carries is the object as the API of that side shows
// it: an account's endpoints never get more than the portal shows.

/** What is asked of an object: in which language words are, and the account that it belongs to. */
export type View = { now: Temporal.Instant; language: Language; account_id: string }

/** An object as one side sees it. */
type Part = {
  schema: z.ZodType
  read: (tx: Tx, id: string, view: View) => Promise<unknown>
}
const part = <S extends z.ZodType>(
  schema: S,
  read: (tx: Tx, id: string, view: View) => Promise<z.output<S> | Refusal>,
): Part => ({ schema, read })

// What a customer sees of money that came in is on their invoices and their statement: these columns, and no name of staff.
const ownPayment = paymentSchema
  .pick({
    id: true,
    amount: true,
    currency: true,
    method: true,
    received_on: true,
    reference: true,
    invoices: true,
    credited: true,
    created_at: true,
  })
  .meta({ id: 'OwnPayment' })
const ownReversal = reversalSchema
  .pick({
    id: true,
    payment_id: true,
    kind: true,
    state: true,
    amount: true,
    currency: true,
    created_at: true,
    done_at: true,
  })
  .meta({ id: 'OwnPaymentReversal' })

/** A provider's own id of the money is none of what the portal shows. */
const hideReference = <P extends { reference: string | null; provider_id: string | null }>(payment: P) => {
  const { reference } = showReference({ ...payment, by_provider: payment.provider_id !== null })
  return { ...payment, reference }
}
const readOwnPayment = async (tx: Tx, paymentId: string) => {
  const payment = await getPayment(tx, paymentId)
  return isRefusal(payment) ? payment : hideReference(payment)
}

const readReversal = async (tx: Tx, reversalId: string) => {
  const reversal = await getReversal(tx, reversalId)
  if (isRefusal(reversal)) return reversal
  const payment = await getPayment(tx, reversal.payment_id)
  return isRefusal(payment) ? payment : { reversal, payment }
}

/** Everything that an event can be about, as each side sees it. */
export const objects = {
  invoice: {
    staff: part(invoiceDetail, (tx, invoiceId, view) => getInvoice(tx, invoiceId, view.language, view.now)),
    customer: part(ownInvoiceDetail, async (tx, invoiceId, view) => {
      const invoice = await getInvoice(tx, invoiceId, view.language, view.now)
      return isRefusal(invoice) ? invoice : { ...invoice, payments: invoice.payments.map(showReference) }
    }),
  },
  payment: {
    staff: part(paymentSchema, (tx, paymentId) => getPayment(tx, paymentId)),
    customer: part(ownPayment, readOwnPayment),
  },
  reversal: {
    staff: part(z.object({ reversal: reversalSchema, payment: paymentSchema }), readReversal),
    customer: part(z.object({ reversal: ownReversal, payment: ownPayment }), async (tx, reversalId) => {
      const found = await readReversal(tx, reversalId)
      return isRefusal(found) ? found : { ...found, payment: hideReference(found.payment) }
    }),
  },
  stored_method: {
    staff: part(ownMethodSchema.extend({ account_id: id }), async (tx, methodId, view) => {
      const method = await getOwnMethod(tx, view.account_id, methodId)
      return isRefusal(method) ? method : { ...method, account_id: view.account_id }
    }),
    customer: part(ownMethodSchema, (tx, methodId, view) => getOwnMethod(tx, view.account_id, methodId)),
  },
  subscription: {
    staff: part(subscriptionSchema, (tx, subscriptionId) => getSubscription(tx, subscriptionId)),
    customer: part(ownSubscriptionSchema, (tx, subscriptionId) => getOwnSubscription(tx, subscriptionId)),
  },
  order: {
    staff: part(orderSchema, (tx, orderId, view) => getOrder(tx, orderId, view.language) as never),
    customer: part(ownOrderSchema, (tx, orderId) => getOwnOrder(tx, orderId) as never),
  },
  account: {
    staff: part(accountSchema, (tx, accountId) => getAccount(tx, accountId)),
    customer: part(ownAccountSchema, (tx, accountId) => getOwnAccount(tx, accountId) as never),
  },
  contract: {
    staff: part(contractDocumentSchema, (tx, documentId) => getContractDocument(tx, documentId)),
    customer: part(ownContractDocumentSchema, (tx, documentId) => getOwnContractDocument(tx, documentId)),
  },
  dunning: {
    staff: part(dunningActionSchema, (tx, actionId) => getDunningAction(tx, actionId)),
    customer: part(ownDunningSchema, (tx, _actionId, view) => getOwnDunning(tx, view.account_id, view.now)),
  },
} as const satisfies Record<string, Record<UserSide, Part>>

export type ObjectKind = keyof typeof objects

type EventDescription = { object: ObjectKind; description: string }

/** Every event type, in the order in which it is shown: what happened, and what its messages carry. */
export const eventTypes = {
  'account.created': { object: 'account', description: 'An account was created.' },
  'account.changed': {
    object: 'account',
    description: 'Details of an account were changed, by staff or by the customer.',
  },
  'contract.accepted': {
    object: 'contract',
    description: 'A contract was accepted in the portal, or marked as signed on paper.',
  },
  'quote.offered': {
    object: 'order',
    description: 'Staff made a quote: the customer accepts or declines it in the portal.',
  },
  'order.placed': {
    object: 'order',
    description: 'An order was placed: it waits for its payment, or is done at once where nothing is due.',
  },
  'order.processed': { object: 'order', description: 'An order was done: what was bought is there.' },
  'order.failed': {
    object: 'order',
    description:
      'An order was paid and could not be done: the money is credit of the account, staff look at it.',
  },
  'order.cancelled': { object: 'order', description: 'An order was cancelled before it was done.' },
  'order.expired': {
    object: 'order',
    description: 'Nobody accepted a quote by its last day, or an order was not paid in time.',
  },
  'subscription.created': { object: 'subscription', description: 'A service was sold.' },
  'subscription.activated': {
    object: 'subscription',
    description:
      'A service that waited for its installation was activated. One that is sold active is told by its sale alone.',
  },
  'subscription.suspended': {
    object: 'subscription',
    description: 'A service was suspended, by staff, by the customer’s debt, or administratively.',
  },
  'subscription.reactivated': { object: 'subscription', description: 'A suspended service works again.' },
  'subscription.changed': {
    object: 'subscription',
    description: 'A change of a service was done: plan, quantity, options, price, cycle or owner.',
  },
  'subscription.cancelled': {
    object: 'subscription',
    description: 'A service was cancelled; `end_date` is its first day without it.',
  },
  'invoice.issued': { object: 'invoice', description: 'An invoice was issued.' },
  'invoice.paid': {
    object: 'invoice',
    description:
      'Nothing is owed of an invoice or debit note any more. Sent again where it was open in between, such as after a chargeback.',
  },
  'invoice.voided': {
    object: 'invoice',
    description: 'An invoice or debit note was credited whole before anything of it was paid.',
  },
  'debit_note.issued': {
    object: 'invoice',
    description: 'A debit note was issued, by staff or for late payment.',
  },
  'credit_note.issued': { object: 'invoice', description: 'A credit note was issued.' },
  'proforma.issued': { object: 'invoice', description: 'A proforma was offered.' },
  'payment.received': { object: 'payment', description: 'Money came in and was booked, whoever took it.' },
  'payment.refunded': { object: 'reversal', description: 'Money of a payment was given back.' },
  'payment.charged_back': { object: 'reversal', description: 'The payer’s bank took a payment back.' },
  'payment_method.stored': { object: 'stored_method', description: 'A customer stored a method of payment.' },
  'payment_method.removed': {
    object: 'stored_method',
    description: 'A stored method of payment was removed.',
  },
  'payment_method.expired': {
    object: 'stored_method',
    description:
      'The day came from which a stored method of payment is no longer good: it is not charged any more.',
  },
  'dunning.acted': {
    object: 'dunning',
    description: 'A step of dunning was done: a reminder, a suspension, a cancellation.',
  },
} as const satisfies Record<string, EventDescription>

export type EventType = keyof typeof eventTypes
export const eventNames = Object.keys(eventTypes) as EventType[]

/** What the test button of an endpoint sends; no endpoint chooses it. */
export const testType = 'webhook.test'

/** The object of an event as one side sees it, ready to be sent; null where it is gone. */
export async function readObject(
  tx: Tx,
  type: EventType,
  side: UserSide,
  objectId: string,
  view: View,
): Promise<unknown> {
  const { schema, read } = objects[eventTypes[type].object][side] as Part
  const found = await read(tx, objectId, view)
  return isRefusal(found) ? null : z.encode(schema, found)
}
