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
    fee_amount: minorUnits,
    occurred_on: plainDate.nullable(),
    credited_on: plainDate.nullable(),
    effect: z.enum(bankLineEffects).meta({ description: 'What it did, or would do' }),
    applied_at: instant.nullable(),
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
    charge_id: id,
    kind: z.enum(bankInstructionKinds),
    our_number: z.string(),
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    amount: minorUnits,
    due_date: plainDate,
    state: z.enum(bankChargeStates),
  })
  .meta({ id: 'BankInstruction' })

export const bankInstructionQuery = listQuery(['created_at'], 'created_at').omit({ q: true })

export const bankChargeSchema = z
  .object({
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
  })
  .meta({ id: 'BankCharge' })

export const bankChargeQuery = listQuery(
  ['created_at', 'due_date', 'amount', 'account_name'],
  '-created_at',
).extend({
  provider_id: id.optional(),
  business_unit_id: id.optional(),
  account_id: id.optional(),
  state: z.enum(bankChargeStates).optional(),
})
