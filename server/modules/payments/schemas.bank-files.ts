import { z } from 'zod'
import {
  bankChargeKinds,
  bankChargeStates,
  bankFileKinds,
  bankFileStates,
  bankInstructionKinds,
  bankLineEffects,
  paymentDrivers,
  paymentFailures,
} from '../../platform/database.gen.ts'
import { currency, id, instant, listQuery, minorUnits, plainDate } from '../../platform/schemas.ts'

export const bankProviderSchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    currency,
    driver: z.enum(paymentDrivers),
    name: z.string(),
    enabled: z.boolean(),
    daily: z.boolean().meta({ description: 'Whether a remittance is made every day by itself' }),
    waiting: z.int().meta({ description: 'Charges and withdrawals that wait for the next remittance' }),
    waiting_amount: minorUnits,
    open: z.int().meta({ description: 'Charges that the bank has and has not ended' }),
    last_remittance_at: instant.nullable(),
    last_return_at: instant.nullable(),
  })
  .meta({ id: 'BankFileProvider' })

const summary = {
  id,
  business_unit_id: id,
  business_unit_name: z.string(),
  currency,
  provider_id: id,
  provider_name: z.string(),
  driver: z.enum(paymentDrivers),
  kind: z.enum(bankFileKinds),
  state: z.enum(bankFileStates),
  name: z.string(),
  sequence: z.int().nullable().meta({ description: 'NSA: the number of the file' }),
  made_on: plainDate.nullable(),
  size: z.int().nullable().meta({ description: 'Bytes' }),
  records: z.int(),
  total: minorUnits.meta({ description: 'Of a remittance what is to be charged, of a return what came in' }),
  fault_count: z.int(),
  error: z.string().nullable(),
  created_by: id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: instant,
  ready_at: instant.nullable(),
  decided_at: instant.nullable(),
  done_at: instant.nullable(),
}

export const bankFileSummarySchema = z.object(summary).meta({ id: 'BankFileSummary' })

export const bankFileSchema = z
  .object({
    ...summary,
    records_done: z.int(),
    faults: z.array(
      z.object({
        code: z.string().meta({ description: 'Stable; its text is `bank_files.fault.<code>` of the office' }),
        line: z.int(),
        params: z.record(z.string(), z.union([z.string(), z.number()])),
      }),
    ),
    effects: z.array(
      z.object({
        effect: z.enum(bankLineEffects),
        records: z.int(),
        amount: minorUnits,
        paid_amount: minorUnits,
      }),
    ),
  })
  .meta({ id: 'BankFile' })

export const bankFileQuery = listQuery(['created_at'], '-created_at')
  .omit({ q: true })
  .extend({
    provider_id: id.optional(),
    business_unit_id: id.optional(),
    kind: z.enum(bankFileKinds).optional(),
    state: z.enum(bankFileStates).optional(),
  })

export const bankLineSchema = z
  .object({
    line: z.int().meta({ description: 'In the file, from 1' }),
    our_number: z.string(),
    movement: z.string().meta({ description: 'The bank’s code (FEBRABAN C044, G059)' }),
    occurrences: z.array(z.string()).meta({ description: 'The bank’s reasons' }),
    amount: minorUnits,
    paid_amount: minorUnits,
    late_amount: minorUnits.meta({ description: 'Fine and interest, as the bank tells them together' }),
    discount_amount: minorUnits,
    abatement_amount: minorUnits,
    iof_amount: minorUnits,
    fee_amount: minorUnits.meta({ description: 'The bank’s: it changes nothing of what was paid' }),
    cost_amount: minorUnits.meta({ description: 'Other costs that the bank kept' }),
    credited_amount: minorUnits.meta({ description: 'What came to the operator’s account' }),
    occurred_on: plainDate.nullable(),
    credited_on: plainDate.nullable(),
    effect: z.enum(bankLineEffects).meta({ description: 'What it did, or would do' }),
    applied_at: instant.nullable(),
    charge_id: id.nullable(),
    account_id: id.nullable(),
    account_name: z.string().nullable(),
    account_number: z.int().nullable(),
    charge_amount: minorUnits.nullable(),
    charge_state: z.enum(bankChargeStates).nullable(),
    due_date: plainDate.nullable(),
    invoices: z.array(z.string()),
  })
  .meta({ id: 'BankFileLine' })

export const bankLineQuery = listQuery(['line'], 'line')
  .omit({ q: true })
  .extend({ effect: z.enum(bankLineEffects).optional() })

export const bankInstructionSchema = z
  .object({
    id,
    charge_id: id,
    kind: z.enum(bankInstructionKinds),
    our_number: z.string(),
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    amount: minorUnits,
    abatement: minorUnits.nullable(),
    due_date: plainDate,
    state: z.enum(bankChargeStates),
  })
  .meta({ id: 'BankInstruction' })

export const bankInstructionQuery = listQuery(['created_at'], 'created_at').omit({ q: true })

const chargeSummary = {
  id,
  business_unit_id: id,
  provider_id: id,
  provider_name: z.string(),
  account_id: id,
  account_name: z.string(),
  account_number: z.int(),
  intent_id: id,
  kind: z.enum(bankChargeKinds),
  our_number: z.string(),
  amount: minorUnits,
  currency,
  issued_on: plainDate,
  due_date: plainDate,
  typeable_line: z.string().nullable(),
  state: z.enum(bankChargeStates),
  failure: z.enum(paymentFailures).nullable(),
  failure_codes: z.array(z.string()),
  withdrawn_at: instant.nullable(),
  created_at: instant,
  ended_at: instant.nullable(),
  invoices: z.array(z.string()),
}

export const bankChargeSchema = z.object(chargeSummary).meta({ id: 'BankCharge' })

const rate = z.int().meta({ description: 'Hundredths of a percent' })

export const bankChargeDetailSchema = z
  .object({
    ...chargeSummary,
    business_unit_name: z.string(),
    bar_code: z.string().nullable(),
    fine_rate: rate,
    interest_rate: rate.meta({ description: 'Hundredths of a percent a month' }),
    discount_rate: rate,
    discount_until: plainDate.nullable(),
    abatement: minorUnits.meta({ description: 'What the bank is to take less' }),
    protest_days: z
      .int()
      .meta({ description: 'After so many days from the due date it is protested; 0: not by itself' }),
    protested_at: instant
      .nullable()
      .meta({ description: 'Since when its protest is asked for, or going on' }),
    sent_at: instant.nullable(),
    confirmed_at: instant.nullable(),
    instructions: z
      .array(
        z.object({
          id,
          kind: z.enum(bankInstructionKinds),
          abatement: minorUnits.nullable(),
          due_date: plainDate.nullable(),
          asked_by: id.nullable(),
          asked_by_name: z.string().nullable(),
          created_at: instant,
          bank_file_id: id.nullable().meta({ description: 'The remittance; null while it waits for one' }),
          bank_file_name: z.string().nullable(),
          sent_at: instant.nullable(),
          answered_at: instant.nullable(),
          refused: z.boolean(),
          reasons: z.array(z.string()).meta({ description: 'The bank’s codes of why it refused' }),
        }),
      )
      .meta({ description: 'What the bank was told, or is to be told, the first first' }),
    events: z
      .array(
        z.object({
          bank_file_id: id,
          bank_file_name: z.string(),
          line: z.int(),
          movement: z.string(),
          occurrences: z.array(z.string()),
          effect: z.enum(bankLineEffects),
          paid_amount: minorUnits,
          late_amount: minorUnits,
          discount_amount: minorUnits,
          abatement_amount: minorUnits,
          fee_amount: minorUnits,
          credited_amount: minorUnits,
          occurred_on: plainDate.nullable(),
          credited_on: plainDate.nullable(),
          applied_at: instant.nullable(),
        }),
      )
      .meta({ description: 'What returns said of it' }),
  })
  .meta({ id: 'BankChargeDetail' })

export const dueDateInput = z.strictObject({ due_date: plainDate })
export const abatementInput = z.strictObject({
  amount: minorUnits.min(1).meta({ description: 'To be taken less' }),
})

export const bankChargeQuery = listQuery(
  ['created_at', 'due_date', 'amount', 'account_name'],
  '-created_at',
).extend({
  provider_id: id.optional(),
  business_unit_id: id.optional(),
  account_id: id.optional(),
  state: z.enum(bankChargeStates).optional(),
})
