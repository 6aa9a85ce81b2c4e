import { z } from 'zod'
import { chargeKinds } from '../../platform/database.gen.ts'
import { currency, id, instant, listQuery, minorUnits, name, plainDate } from '../../platform/schemas.ts'
import { chargeStates } from '../subscriptions/index.ts'
import { invoiceDetail } from './schemas.ts'

// Charges that wait --------------------------------------------------------------------------------------------------

export const chargeSchema = z
  .object({
    id,
    account_id: id,
    subscription_id: id.nullable(),
    subscription_number: z.int().nullable(),
    kind: z.enum(chargeKinds),
    description: z.string(),
    unit_amount: minorUnits,
    quantity: z.int(),
    amount: minorUnits,
    currency,
    bill_on: plainDate.meta({ description: 'The closing on or after this day bills it' }),
    product_id: id.nullable(),
    product_name: z.string().nullable(),
    instalment: z.int().nullable(),
    instalments: z.int().nullable(),
    created_by_name: z.string().nullable(),
    created_at: instant,
    withdrawn_at: instant.nullable(),
    billed_at: instant.nullable(),
    invoice_id: id.nullable().meta({ description: 'The document that billed it' }),
    invoice_number: z.string().nullable(),
    state: z.enum(chargeStates),
  })
  .meta({ id: 'Charge' })
export const chargeQuery = listQuery(['created_at', 'bill_on'], 'bill_on')
  .omit({ q: true })
  .extend({
    state: z.enum(chargeStates).optional(),
  })

const amount = minorUnits.min(0).max(1_000_000_000_000)
const lineInput = {
  description: name(200),
  unit_amount: amount,
  quantity: z.int().min(1).max(1_000_000).default(1),
  product_id: id.nullish().meta({ description: 'Whose taxes it has; none without it' }),
}
export const chargeInput = z.object({
  ...lineInput,
  subscription_id: id.nullish(),
  bill_on: plainDate
    .nullish()
    .meta({ description: 'The closing on or after this day bills it; by default today' }),
  instalments: z
    .int()
    .min(1)
    .max(120)
    .default(1)
    .meta({ description: 'Over how many closings the whole amount is spread' }),
})
export const chargesSchema = z.object({ items: z.array(chargeSchema) })

// Documents ------------------------------------------------------------------------------------------------------------

/** What a step would write, and the token with which exactly that is written. */
export const documentsPreview = z
  .object({
    token: z
      .string()
      .meta({ description: 'Send it with the same request: it writes exactly this, or refuses' }),
    documents: z.array(invoiceDetail),
    credit_given: minorUnits.meta({ description: 'How much account credit comes of it' }),
  })
  .meta({ id: 'DocumentsPreview' })
export const documentsWritten = z
  .object({ documents: z.array(invoiceDetail) })
  .meta({ id: 'DocumentsWritten' })

const token = z
  .string()
  .length(64)
  .optional()
  .meta({ description: 'Of the preview; without it nothing is compared' })
const reason = name(1000).meta({ description: 'Stands on the document' })

export const manualInvoiceInput = z.object({
  subscription_id: id.nullish().meta({ description: 'An invoice of one service' }),
  due_date: plainDate.nullish().meta({ description: 'By default as the account’s invoices' }),
  lines: z.array(z.object(lineInput)).max(200).default([]),
  charge_ids: z.array(id).max(200).default([]).meta({ description: 'Waiting charges that it bills, too' }),
  token,
})

export const creditNoteInput = z.object({
  reason,
  lines: z
    .array(
      z.object({
        line_id: id,
        amount: minorUnits
          .min(1)
          .nullish()
          .meta({ description: 'Tax on top included; without it all that is left of the line' }),
      }),
    )
    .min(1)
    .max(500)
    .nullish()
    .meta({ description: 'Without it all that is left of the document' }),
  release_days: z
    .boolean()
    .default(false)
    .meta({ description: 'Days of lines that are credited to the end may be billed again' }),
  token,
})
export const voidInput = z.object({
  reason,
  rebill: z
    .boolean()
    .default(true)
    .meta({ description: 'Its days, use and one-off amounts wait to be billed again' }),
  token,
})
export const rebillInput = z.object({
  reason,
  token,
})
export const debitNoteInput = z.object({
  reason,
  due_date: plainDate.nullish(),
  lines: z
    .array(
      z.object({
        ...lineInput,
        unit_amount: minorUnits.min(1).max(1_000_000_000_000),
        line_id: id.nullish().meta({ description: 'The line that it adds to: its taxes apply' }),
      }),
    )
    .min(1)
    .max(200),
  token,
})
export const proformaInput = z.object({
  source: z.enum(['lines', 'next_invoice']).default('lines'),
  up_to: plainDate.nullish().meta({ description: 'Of `next_invoice`: what is billed up to that day' }),
  subscription_id: id.nullish(),
  valid_until: plainDate,
  lines: z.array(z.object(lineInput)).max(200).default([]),
  token,
})
