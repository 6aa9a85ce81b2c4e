import { z } from 'zod'
import {
  documentKinds,
  invoiceStates,
  orderStates,
  paymentDrivers,
  paymentMethods,
  paymentNoticeStates,
} from '../../platform/database.gen.ts'
import {
  currency,
  id,
  instant,
  listQuery,
  minorUnits,
  name,
  plainDate,
  text,
} from '../../platform/schemas.ts'

const amount = z.int().min(1).meta({ description: 'Integer minor units of the business unit’s currency' })
const method = z.enum(paymentMethods)

export const receiptSchema = z
  .object({ file_id: id, name: z.string(), size: z.int() })
  .meta({ id: 'Receipt' })

export const paymentOptions = z
  .object({ currency, methods: z.array(method), instructions: z.string().nullable() })
  .meta({ id: 'PaymentOptions' })

const notifiedInvoice = z
  .object({
    id,
    number: z.string(),
    due_date: z.iso.date(),
    total: minorUnits,
    open_amount: minorUnits,
    state: z.enum(invoiceStates),
  })
  .meta({ id: 'NotifiedInvoice' })

const ownFields = {
  id,
  amount: minorUnits,
  currency,
  method,
  paid_on: plainDate,
  reference: z.string().nullable(),
  note: z.string().nullable(),
  receipt_file_id: id.nullable(),
  receipt_name: z.string().nullable(),
  receipt_size: z.int().nullable(),
  receipts: z
    .array(z.object({ file_id: id, name: z.string(), size: z.int(), media_type: z.string() }))
    .meta({ description: 'The first is `receipt_file_id`, too' }),
  state: z.enum(paymentNoticeStates),
  rejection_reason: z.string().nullable(),
  created_at: instant,
  decided_at: instant.nullable(),
  invoices: z.array(notifiedInvoice),
  order: z
    .object({
      id,
      number: z.int(),
      title: z.string(),
      state: z.enum(orderStates),
      due: minorUnits,
    })
    .nullable()
    .meta({ description: 'The order that it pays, instead of invoices' }),
}

export const ownPaymentNotice = z.object(ownFields).meta({ id: 'OwnPaymentNotice' })
export const paymentNoticeSchema = z
  .object({
    ...ownFields,
    business_unit_id: id,
    business_unit_name: z.string(),
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    created_by: id.nullable(),
    created_by_name: z.string().nullable(),
    created_by_email: z.string().nullable(),
    decided_by: id.nullable(),
    decided_by_name: z.string().nullable(),
    payment_id: id.nullable(),
    fitting_lines: z
      .int()
      .meta({ description: 'Undecided bank lines of the same amount within a week of its day' }),
  })
  .meta({ id: 'PaymentNotice' })

export const paymentNoticeInput = z.object({
  invoice_ids: z.array(id).max(50).default([]).meta({ description: 'What it pays; empty for an order' }),
  order_id: id.nullable().default(null),
  amount,
  method,
  paid_on: plainDate,
  reference: text(200).default(null),
  note: text(2000).default(null),
  receipts: z.array(id).max(10).default([]).meta({ description: 'What was uploaded before, in order' }),
  receipt_file_id: id.nullable().default(null).meta({ description: 'One receipt; `receipts` takes several' }),
})

export const ownPaymentNoticeQuery = listQuery(['created_at'], '-created_at')
  .omit({ q: true })
  .extend({ state: z.enum(paymentNoticeStates).optional() })
export const paymentNoticeQuery = listQuery(
  ['created_at', 'paid_on', 'amount', 'account_name'],
  '-created_at',
).extend({
  state: z.enum(paymentNoticeStates).optional(),
  business_unit_id: id.optional(),
  account_id: id.optional(),
})

/** What staff may correct while approving; what is left out stays as the customer said. */
export const approval = z.object({
  amount: amount.optional(),
  method: method.optional(),
  received_on: plainDate.optional(),
  invoice_ids: z
    .array(id)
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'Other open invoices of the account' }),
  order_id: id.optional().meta({ description: 'An open order of the account instead' }),
  bank_line_id: id.optional().meta({
    description: 'The bank’s line that it is: amount and day are the line’s, which is booked by it',
  }),
})
export const receiptParams = z.object({ id, file_id: id })
export const rejection = z.object({ reason: name(1000) })

/** What a notice may be the money of. */
export const noticeFits = z
  .object({
    invoices: z.array(
      z.object({
        id,
        number: z.string(),
        due_date: plainDate,
        open_amount: minorUnits,
        chosen: z.boolean().meta({ description: 'The notice names it' }),
        fits: z.boolean().meta({ description: 'What is open of it is the notice’s amount' }),
      }),
    ),
    owed: minorUnits.meta({ description: 'What is open of what the notice names' }),
    owed_in_all: minorUnits,
    all_fit: z.boolean().meta({ description: 'All open invoices add up to the notice’s amount' }),
    orders: z.array(z.object({ id, number: z.int(), title: z.string(), due: minorUnits, fits: z.boolean() })),
    lines: z.array(
      z.object({
        id,
        statement_id: id,
        bank_account_name: z.string(),
        booked_on: plainDate,
        amount: minorUnits,
        currency,
        counterparty_name: z.string().nullable(),
        description: z.string(),
        days: z.int(),
      }),
    ),
  })
  .meta({ id: 'PaymentNoticeFits' })

export const paymentSchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    amount: minorUnits,
    currency,
    method,
    received_on: plainDate,
    reference: z.string().nullable(),
    payment_notice_id: id.nullable(),
    order_id: id.nullable(),
    intent_id: id.nullable(),
    provider_id: id.nullable(),
    provider_name: z.string().nullable(),
    driver: z.enum(paymentDrivers).nullable(),
    provider_ref: z.string().nullable().meta({ description: 'The provider’s own id of the money' }),
    recorded_by: id.nullable(),
    recorded_by_name: z.string().nullable(),
    created_at: instant,
    invoices: z
      .array(z.object({ id, number: z.string(), amount: minorUnits }))
      .meta({ description: 'What it paid of each invoice' }),
    credited: minorUnits.meta({ description: 'What became account credit' }),
    reversed: minorUnits.meta({ description: 'What was refunded or charged back' }),
    late_fee: minorUnits.meta({ description: 'What of it the provider collected as a fine for paying late' }),
    interest: minorUnits.meta({ description: 'What of it the provider collected as interest' }),
    discount: minorUnits.meta({
      description: 'What the provider took off: for paying early, or as an abatement',
    }),
    documents: z
      .array(z.object({ id, kind: z.enum(documentKinds), number: z.string(), total: minorUnits }))
      .meta({
        description:
          'What was issued because of that: the debit note of late fee and interest, the credit note of the discount',
      }),
  })
  .meta({ id: 'Payment' })

export const paymentInput = z.object({
  amount,
  method,
  received_on: plainDate,
  reference: text(200).default(null),
  invoice_ids: z
    .array(id)
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'What it pays; omitted: every open invoice, the oldest due date first' }),
})
export const paymentQuery = listQuery(
  ['created_at', 'received_on', 'amount', 'account_name'],
  '-created_at',
).extend({
  business_unit_id: id.optional(),
  account_id: id.optional(),
  method: method.optional(),
  from: plainDate.optional(),
  to: plainDate.optional(),
})
