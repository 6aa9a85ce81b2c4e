import { z } from 'zod'
import {
  accountTypes,
  documentKinds,
  ledgerAccounts,
  paymentMethods,
  postingKinds,
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

const ledgerAccount = z.enum(ledgerAccounts)
const code = z
  .string()
  .trim()
  .regex(/^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$/)
const days = {
  from: plainDate.optional(),
  to: plainDate.optional().meta({ description: 'Both days included' }),
}

export const chartSchema = z.object({
  items: z.array(
    z
      .object({
        ledger_account: ledgerAccount,
        type: z.enum(accountTypes),
        code: z.string(),
        name: z.string(),
      })
      .meta({ id: 'ChartAccount' }),
  ),
})
export const chartInput = z.object({
  items: z
    .array(z.object({ ledger_account: ledgerAccount, code, name: name(120) }))
    .min(1)
    .max(50),
})

const sums = { opening: minorUnits, debits: minorUnits, credits: minorUnits, closing: minorUnits }
export const trialQuery = z.object({ business_unit_id: id, ...days })
export const trialSchema = z
  .object({
    business_unit_id: id,
    business_unit_name: z.string(),
    from: plainDate.nullable(),
    to: plainDate.nullable(),
    balances: z.array(
      z.object({
        currency,
        rows: z.array(
          z
            .object({
              ledger_account: ledgerAccount,
              code: z.string(),
              name: z.string(),
              type: z.enum(accountTypes),
              ...sums,
            })
            .meta({ id: 'TrialBalanceRow' }),
        ),
        totals: z.object(sums),
        balanced: z
          .boolean()
          .meta({ description: 'Openings and closings add up to zero, debits equal credits' }),
      }),
    ),
  })
  .meta({ id: 'TrialBalance' })

const document = z
  .object({ id, kind: z.enum(documentKinds), series: z.string(), number: z.int() })
  .meta({ id: 'PostedDocument' })
const postingFields = {
  id,
  kind: z.enum(postingKinds),
  on_date: plainDate,
  account_id: id,
  account_name: z.string(),
  account_number: z.int(),
  payment_id: id.nullable(),
  reason: z.string().nullable().meta({ description: 'Why staff corrected by hand' }),
}
export const postingSchema = z
  .object({
    ...postingFields,
    currency,
    total: minorUnits.meta({ description: 'The sum of its debits' }),
    created_at: instant,
    entries: z.array(
      z.object({
        ledger_account: ledgerAccount,
        code: z.string(),
        name: z.string(),
        amount: minorUnits.meta({ description: 'Debits positive, credits negative' }),
        document: document.nullable(),
      }),
    ),
  })
  .meta({ id: 'Posting' })
export const journalQuery = listQuery(['on_date'], '-on_date').extend({
  business_unit_id: id,
  ...days,
  kind: z.enum(postingKinds).optional(),
  ledger_account: ledgerAccount.optional(),
  code: code.optional().meta({ description: 'The same by its code in the chart' }),
  account_id: id.optional(),
})

const sheetRowSchema = z
  .object({
    ...postingFields,
    document: document.nullable(),
    debit: minorUnits,
    credit: minorUnits,
    balance: minorUnits.meta({ description: 'After it; debits positive' }),
  })
  .meta({ id: 'LedgerSheetRow' })
export const sheetSchema = z
  .object({
    currency,
    opening: minorUnits.meta({ description: 'Before the first of the days' }),
    closing: minorUnits.meta({ description: 'After the last of the days' }),
    items: z.array(sheetRowSchema),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'LedgerSheet' })
export const sheetQuery = listQuery(['on_date'], '-on_date')
  .omit({ q: true })
  .extend({ business_unit_id: id, ledger_account: ledgerAccount, ...days })

const amount = z.int().min(1).max(1_000_000_000_000).meta({ description: 'Minor units' })
const reason = name(500).meta({ description: 'The customer sees it in the statement' })

export const adjustmentInput = z.object({
  amount: z
    .int()
    .min(-1_000_000_000_000)
    .max(1_000_000_000_000)
    .refine((value) => value !== 0)
    .meta({ description: 'Minor units; above zero credit is given, below it is taken' }),
  reason,
})
export const refundInput = z.object({
  amount,
  method: z.enum(paymentMethods),
  on_date: plainDate.optional().meta({ description: 'When it was paid back; today by default' }),
  reference: text(200).default(null),
  reason,
})
export const writeOffInput = z.object({
  amount: amount.optional().meta({ description: 'All that is still owed of it by default' }),
  reason,
})

export const taxPreviewInput = z.object({
  business_unit_id: id,
  amount: z.int().min(0).max(1_000_000_000_000).meta({ description: 'A price, in minor units' }),
  tax_ids: z.array(id).max(10),
})
export const taxPreviewSchema = z
  .object({
    currency,
    amount: minorUnits,
    net: minorUnits.meta({ description: 'What is left of the price without the taxes that it contains' }),
    tax: minorUnits.meta({ description: 'On top of the price' }),
    tax_included: minorUnits.meta({ description: 'Contained in the price' }),
    total: minorUnits.meta({ description: 'What the customer pays' }),
    taxes: z.array(
      z.object({
        tax_id: id,
        name: z.string(),
        rate: z.int(),
        inclusive: z.boolean(),
        base: minorUnits,
        amount: minorUnits,
      }),
    ),
  })
  .meta({ id: 'TaxPreview' })
