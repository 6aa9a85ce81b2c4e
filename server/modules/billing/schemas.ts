import { z } from 'zod'
import {
  closingAccountStates,
  componentRoles,
  discountKinds,
  invoiceStates,
  languageCodes,
  paymentMethods,
  postingKinds,
  runStates,
} from '../../platform/database.gen.ts'
import { currency, id, instant, listQuery, minorUnits, plainDate } from '../../platform/schemas.ts'

const range = z.object({ from: plainDate, to: plainDate }).meta({ description: 'Half-open: [from, to)' })

const lineFields = {
  subscription_id: id.nullable(),
  subscription_number: z.int().nullable(),
  role: z.enum(componentRoles),
  description: z.string(),
  period: range,
  days: z.int(),
  of_days: z.int(),
  whole_period: range,
  unit_amount: minorUnits,
  quantity: z.int(),
  gross: minorUnits,
  discount: minorUnits,
  discount_kind: z.enum(discountKinds).nullable(),
  discount_basis_points: z.int().nullable(),
  discount_amount: minorUnits.nullable(),
  net: minorUnits,
  rule: z.string(),
  explanation: z.string().meta({ description: 'Why this amount, in plain words in the caller’s language' }),
}

const plannedInvoiceSchema = z
  .object({
    invoice_id: id.nullable().meta({ description: 'Null while it is only planned' }),
    issue_date: plainDate,
    due_date: plainDate,
    currency,
    payment_method: z.enum(paymentMethods),
    gross: minorUnits,
    discount: minorUnits,
    total: minorUnits,
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
      .meta({ description: 'Against the last closing that is done: how many, and the 20 largest' }),
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
  series: z.string(),
  number: z.int(),
  state: z.enum(invoiceStates),
  overdue: z.boolean(),
  issue_date: plainDate,
  due_date: plainDate,
  currency,
  language: z.enum(languageCodes),
  payment_method: z.enum(paymentMethods),
  gross: minorUnits,
  discount: minorUnits,
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
const detailFields = {
  customer: party.meta({ description: 'The customer as they were on issue' }),
  issuer: party.meta({ description: 'The business unit as it was on issue' }),
  lines: z.array(z.object({ id, position: z.int(), ...lineFields }).meta({ id: 'InvoiceLine' })),
  payments: z
    .array(
      z.object({
        kind: z.enum(postingKinds).meta({ description: '`credit_used`: paid from the account’s credit' }),
        on_date: plainDate,
        amount: minorUnits,
        payment_id: id.nullable(),
        method: z.enum(paymentMethods).nullable(),
        reference: z.string().nullable(),
      }),
    )
    .meta({ description: 'What was paid of it' }),
}

export const invoiceSchema = z.object({ ...invoiceFields, ...officeFields }).meta({ id: 'Invoice' })
export const invoiceDetail = z
  .object({ ...invoiceFields, ...officeFields, ...detailFields })
  .meta({ id: 'InvoiceDetail' })
export const ownInvoiceSchema = z.object(invoiceFields).meta({ id: 'OwnInvoice' })
export const ownInvoiceDetail = z
  .object({ ...invoiceFields, ...detailFields })
  .meta({ id: 'OwnInvoiceDetail' })

export const ownInvoiceQuery = listQuery(['issue_date', 'due_date', 'number', 'total'], '-issue_date').extend(
  {
    state: z.enum(['open', 'paid', 'overdue']).optional(),
    due_from: plainDate.optional(),
    due_to: plainDate.optional(),
    issued_from: plainDate.optional(),
    issued_to: plainDate.optional(),
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
    payment_id: id.nullable(),
    method: z.enum(paymentMethods).nullable(),
    reference: z.string().nullable(),
  })
  .meta({ id: 'Movement' })
export const movementQuery = listQuery(['on_date'], '-on_date').extend({
  from: plainDate.optional(),
  to: plainDate.optional(),
})
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
