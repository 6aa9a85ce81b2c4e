import { z } from 'zod'
import {
  closingAccountStates,
  discountKinds,
  documentKinds,
  invoiceStates,
  languageCodes,
  lineRoles,
  paymentMethods,
  postingKinds,
  priceModels,
  runStates,
} from '../../platform/database.gen.ts'
import { currency, id, instant, listQuery, minorUnits, plainDate } from '../../platform/schemas.ts'

const range = z.object({ from: plainDate, to: plainDate }).meta({ description: 'Half-open: [from, to)' })

const lineFields = {
  subscription_id: id.nullable(),
  subscription_number: z.int().nullable(),
  role: z.enum(lineRoles),
  description: z.string(),
  period: range,
  days: z.int(),
  of_days: z.int(),
  whole_period: range,
  unit_amount: minorUnits,
  quantity: z.int(),
  price_model: z.enum(priceModels),
  tiers: z
    .array(z.object({ up_to: z.int().nullable(), unit_amount: minorUnits, flat_amount: minorUnits }))
    .nullable()
    .meta({ description: 'Rising; the last has no end' }),
  package_size: z.int().nullable(),
  included: z.int().meta({ description: 'Units that cost nothing' }),
  gross: minorUnits,
  discount: minorUnits.meta({ description: 'All that came off: the line’s own discount and its coupons' }),
  discount_kind: z.enum(discountKinds).nullable(),
  discount_basis_points: z.int().nullable(),
  discount_amount: minorUnits.nullable(),
  coupons: z
    .array(
      z.object({
        name: z.string(),
        kind: z.enum(discountKinds),
        amount: minorUnits.nullish(),
        basis_points: z.int().nullish(),
        off: minorUnits.nullish().meta({ description: 'What it took off this line' }),
        term_months: z
          .int()
          .nullish()
          .meta({ description: 'It is no coupon, but given for this minimum term' }),
      }),
    )
    .nullable(),
  net: minorUnits,
  tax: minorUnits.meta({ description: 'On top of net' }),
  tax_included: minorUnits.meta({ description: 'Contained in net' }),
  instalment: z.int().nullable(),
  instalments: z.int().nullable(),
  rule: z.string(),
  explanation: z.string().meta({ description: 'Why this amount, in plain words in the caller’s language' }),
}

const documentTaxSchema = z
  .object({
    tax_id: id,
    name: z.string(),
    rate: z.int().meta({ description: 'Millionths: 190000 is 19 %' }),
    inclusive: z.boolean().meta({ description: 'Contained in the prices, else on top of them' }),
    base: minorUnits,
    amount: minorUnits,
  })
  .meta({ id: 'DocumentTax' })

const plannedInvoiceSchema = z
  .object({
    invoice_id: id.nullable().meta({ description: 'Null while it is only planned' }),
    issue_date: plainDate,
    due_date: plainDate,
    currency,
    payment_method: z.enum(paymentMethods),
    subscription_id: id.nullable(),
    gross: minorUnits,
    discount: minorUnits,
    tax: minorUnits,
    tax_included: minorUnits,
    total: minorUnits,
    taxes: z.array(documentTaxSchema),
    lines: z.array(z.object(lineFields).meta({ id: 'PlannedInvoiceLine' })),
  })
  .meta({ id: 'PlannedInvoice' })

// Closings ---------------------------------------------------------------------------------------------------------

const closingFields = {
  id,
  business_unit_id: id,
  business_unit_name: z.string(),
  up_to: plainDate,
  state: z.enum(runStates),
  origin: z.enum(['staff', 'command', 'clock']).meta({ description: 'Who began it' }),
  retry_of_id: id.nullable().meta({ description: 'The closing whose left-out accounts it takes up again' }),
  behind_since: plainDate
    .nullable()
    .meta({ description: 'The first day that a late run of the clock caught up' }),
  caught_up_dates: z.array(plainDate).meta({ description: 'The closing dates that it caught up' }),
  days_late: z.int().meta({ description: 'How many days after it should have run; 0: in time' }),
  accounts_total: z.int(),
  accounts_done: z.int(),
  planned_invoices: z.int(),
  planned_total: minorUnits,
  issued_invoices: z.int(),
  issued_total: minorUnits,
  parked_accounts: z.int(),
  changed_accounts: z.int(),
  currency,
  created_by: id.nullable().meta({ description: 'Null: run by the clock or the command line' }),
  created_by_name: z.string().nullable(),
  error: z.string().nullable(),
  created_at: instant,
  prepared_at: instant.nullable(),
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
}
export const closingSchema = z.object(closingFields).meta({ id: 'Closing' })

const closingAccountFields = {
  account_id: id,
  account_name: z.string(),
  account_number: z.int(),
  state: z.enum(closingAccountStates),
  invoices: z.int(),
  total: minorUnits,
  currency,
  reason: z.string().nullable(),
  reason_text: z.string().nullable(),
  detail: z.string().nullable(),
}
export const closingAccountSchema = z.object(closingAccountFields).meta({ id: 'ClosingAccount' })
export const closingAccountDetail = z
  .object({
    ...closingAccountFields,
    differs: z
      .boolean()
      .meta({ description: 'The account has changed since the preview: the run will leave it out' }),
    invoices: z.array(plannedInvoiceSchema),
    invoice_count: z.int(),
  })
  .meta({ id: 'ClosingAccountDetail' })

export const closingDetail = z
  .object({
    ...closingFields,
    accounts_per_second: z
      .number()
      .nullable()
      .meta({ description: 'The pace of the last batches, while it runs' }),
    seconds_left: z.int().nullable().meta({ description: 'At that pace; null: not known' }),
    retried_by_id: id
      .nullable()
      .meta({ description: 'The last closing that took up what this one left out' }),
    previous: z
      .object({ id, up_to: plainDate, invoices: z.int(), total: minorUnits, finished_at: instant })
      .nullable(),
    differences: z
      .object({
        new: z.int(),
        gone: z.int(),
        changed: z.int(),
        items: z.array(
          z.object({
            account_id: id,
            account_name: z.string(),
            account_number: z.int(),
            kind: z.enum(['new', 'gone', 'changed']),
            previous_total: minorUnits,
            total: minorUnits,
            difference: minorUnits,
          }),
        ),
      })
      .nullable()
      .meta({ description: 'Against the closing of the month before: how many, and the 20 largest' }),
    warnings: z
      .array(closingAccountSchema)
      .meta({ description: 'The first 20 accounts that cannot be billed' }),
  })
  .meta({ id: 'ClosingDetail' })

export const closingInput = z.object({ business_unit_id: id, up_to: plainDate })
export const closingQuery = listQuery(['created_at', 'up_to'], '-created_at').extend({
  business_unit_id: id.optional(),
  state: z.enum(runStates).optional(),
})
/** When a business unit closes by itself. */
const scheduleFields = {
  active: z.boolean(),
  at_hour: z.int().min(0).max(23).meta({ description: 'In the business unit’s time zone' }),
  days_after: z.int().min(0).max(28).meta({ description: 'How many days after a closing date it is closed' }),
}
export const closingScheduleInput = z.object(scheduleFields)
export const closingScheduleSchema = z
  .object({
    business_unit_id: id,
    ...scheduleFields,
    time_zone: z.string(),
    closed_to: plainDate.nullable().meta({ description: 'How far the clock has closed' }),
    ran_at: instant.nullable(),
    next_run_at: instant.nullable().meta({ description: 'Null: it is switched off' }),
  })
  .meta({ id: 'ClosingSchedule' })
export const closingAccountQuery = listQuery(['account_name', 'total'], 'account_name').extend({
  state: z.enum(closingAccountStates).optional(),
})
export const closingAccountParams = z.object({ id, account_id: id })

export const nextInvoiceQuery = z.object({ up_to: plainDate.optional() })
export const nextInvoiceSchema = z
  .object({
    up_to: plainDate,
    next_closing: plainDate.meta({ description: 'The first closing date after `up_to`' }),
    currency,
    reason: z.string().nullable().meta({ description: 'Why the account cannot be billed' }),
    reason_text: z.string().nullable(),
    total: minorUnits,
    invoices: z.array(plannedInvoiceSchema),
  })
  .meta({ id: 'NextInvoice' })

// Invoices ---------------------------------------------------------------------------------------------------------

const invoiceFields = {
  id,
  kind: z.enum(documentKinds).meta({
    description: 'Amounts of credit notes are positive: the sign is the kind’s. A proforma is no debt',
  }),
  series: z.string(),
  number: z.int(),
  state: z.enum(invoiceStates).meta({
    description:
      '`open` is a debt; `void`: credited whole before anything was paid; `issued`: a credit note; proformas are `offered`, `converted`, `expired` or `withdrawn`',
  }),
  overdue: z.boolean(),
  issue_date: plainDate,
  due_date: plainDate.meta({ description: 'Of a proforma: the last day on which it stands' }),
  subscription_id: id.nullable().meta({ description: 'Of an invoice of one service' }),
  currency,
  language: z.enum(languageCodes),
  payment_method: z.enum(paymentMethods),
  gross: minorUnits,
  discount: minorUnits,
  tax: minorUnits.meta({ description: 'On top of the prices' }),
  tax_included: minorUnits.meta({ description: 'Contained in the prices' }),
  total: minorUnits,
  open_amount: minorUnits.meta({ description: 'What is still owed of it' }),
  created_at: instant,
  paid_at: instant.nullable(),
}
const officeFields = {
  business_unit_id: id,
  business_unit_name: z.string(),
  account_id: id,
  account_name: z.string(),
  account_number: z.int(),
  closing_id: id.nullable(),
}
const party = z.record(z.string(), z.union([z.string(), z.number()]).nullable())
const invoiceLineSchema = z
  .object({
    id,
    position: z.int(),
    ...lineFields,
    corrects: z
      .object({
        line_id: id,
        invoice_id: id,
        document: z.string(),
        description: z.string(),
        kind: z.enum(['credit_note', 'debit_note']),
      })
      .nullable()
      .meta({ description: 'The line of another document that this one corrects' }),
    credited: minorUnits.meta({ description: 'What credit notes gave back of it, tax on top included' }),
  })
  .meta({ id: 'InvoiceLine' })
const detailFields = {
  subscription_number: z.int().nullable(),
  reason: z.string().nullable().meta({ description: 'Why staff wrote it' }),
  about_invoice_id: id.nullable().meta({ description: 'The document that a credit or debit note is about' }),
  proforma_id: id.nullable().meta({ description: 'The proforma that an invoice was made from' }),
  customer: party.meta({ description: 'The customer as they were on issue' }),
  issuer: party.meta({ description: 'The business unit as it was on issue' }),
  lines: z.array(invoiceLineSchema),
  taxes: z.array(documentTaxSchema),
  credited: minorUnits.meta({ description: 'What credit notes gave back of it' }),
  related: z
    .array(
      z
        .object({
          id,
          kind: z.enum(documentKinds),
          series: z.string(),
          number: z.int(),
          state: z.enum(invoiceStates),
          issue_date: plainDate,
          currency,
          total: minorUnits,
          relation: z.enum(['about', 'correction', 'proforma', 'invoice']),
        })
        .meta({ id: 'RelatedDocument' }),
    )
    .meta({ description: 'Documents that it corrects, that correct it, that it was made from or into' }),
  payments: z
    .array(
      z.object({
        kind: z.enum(postingKinds).meta({ description: '`credit_used`: paid from the account’s credit' }),
        on_date: plainDate,
        amount: minorUnits,
        payment_id: id.nullable(),
        method: z.enum(paymentMethods).nullable(),
        reference: z.string().nullable(),
        document_id: id.nullable().meta({ description: 'The credit note that did it' }),
        document_number: z.string().nullable(),
      }),
    )
    .meta({ description: 'What changed what is owed of it: payments, credit used, credit notes' }),
}

export const invoiceSchema = z.object({ ...invoiceFields, ...officeFields }).meta({ id: 'Invoice' })
export const invoiceDetail = z
  .object({ ...invoiceFields, ...officeFields, ...detailFields })
  .meta({ id: 'InvoiceDetail' })
export const ownInvoiceSchema = z.object(invoiceFields).meta({ id: 'OwnInvoice' })
// Staff's reason stands on credit and debit notes alone, and these are made to be read by the customer.
export const ownInvoiceDetail = z
  .object({ ...invoiceFields, ...detailFields })
  .meta({ id: 'OwnInvoiceDetail' })

const decimalFilter = z
  .string()
  .regex(/^\d{1,12}([.,]\d{0,4})?$/)
  .meta({ description: 'A decimal in each document’s own currency', example: '100.50' })
export const ownInvoiceQuery = listQuery(['issue_date', 'due_date', 'number', 'total'], '-issue_date').extend(
  {
    kind: z.enum(documentKinds).optional(),
    state: z.enum([...invoiceStates, 'overdue']).optional(),
    subscription_id: id.optional(),
    due_from: plainDate.optional(),
    due_to: plainDate.optional(),
    issued_from: plainDate.optional(),
    issued_to: plainDate.optional(),
    total_from: decimalFilter.optional(),
    total_to: decimalFilter.optional(),
  },
)
export const invoiceQuery = ownInvoiceQuery.extend({
  business_unit_id: id.optional(),
  account_id: id.optional(),
  closing_id: id.optional(),
})

// Statement --------------------------------------------------------------------------------------------------------

export const movementSchema = z
  .object({
    id,
    kind: z.enum(postingKinds),
    on_date: plainDate,
    amount: minorUnits.meta({ description: 'Positive: owed more; negative: paid' }),
    credit: minorUnits.meta({ description: 'Positive: credit given; negative: credit used' }),
    balance: minorUnits.meta({ description: 'Owed after it, less credit' }),
    currency,
    invoice_id: id.nullable().meta({ description: 'Null where it concerns several invoices or none' }),
    invoice_series: z.string().nullable(),
    invoice_number: z.int().nullable(),
    invoice_kind: z.enum(documentKinds).nullable(),
    payment_id: id.nullable(),
    method: z.enum(paymentMethods).nullable(),
    reference: z.string().nullable(),
    reason: z.string().nullable().meta({ description: 'Why it was corrected by hand' }),
  })
  .meta({ id: 'Movement' })
export const movementQuery = listQuery(['on_date'], '-on_date').extend({
  from: plainDate.optional(),
  to: plainDate.optional(),
})
/** The days of a printed statement: the last twelve months where nothing is said. */
export const statementQuery = z.object({ from: plainDate.optional(), to: plainDate.optional() })
export const balanceSchema = z
  .object({
    currency,
    owed: minorUnits,
    overdue: minorUnits,
    credit: minorUnits,
    balance: minorUnits.meta({ description: 'Owed less credit' }),
    open_invoices: z.int(),
  })
  .meta({ id: 'Balance' })
