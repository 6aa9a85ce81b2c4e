import { z } from 'zod'
import {
  bankLineKinds,
  bankLineStates,
  bankStatementFormats,
  bankStatementStates,
  proposalConfidences,
  runStates,
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
import { csvDelimiters, csvMapping } from './statement-csv.ts'
import { statementFaultCodes, statementWarningCodes } from './statement-lines.ts'
import { proposalReasons } from './statement-proposals.ts'

export const bankAccountSchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    name: z.string(),
    bank: z.string().nullable(),
    last_digits: z.string().nullable(),
    currency,
    csv_known: z
      .boolean()
      .meta({ description: 'Whether it is remembered what the columns of its CSV files mean' }),
    recognised: z
      .boolean()
      .meta({ description: 'Whether statements that name their account are known to be its' }),
    read_to: plainDate.nullable().meta({ description: 'Last day of the statements that were read' }),
    undecided: z.int(),
    archived_at: instant.nullable(),
    created_at: instant,
  })
  .meta({ id: 'BankAccount' })

const number = z
  .string()
  .trim()
  .min(2)
  .max(40)
  .nullable()
  .meta({ description: 'Never kept: a hash of it recognises statements, the last digits are shown' })

export const bankAccountInput = z.object({
  business_unit_id: id,
  name: name(80),
  bank: text(80).default(null),
  number: number.default(null),
  currency: currency.optional(),
})
export const bankAccountChange = z.object({
  name: name(80).optional(),
  bank: text(80).optional(),
  number: number.optional(),
  archived: z.boolean().optional(),
})
export const bankAccountQuery = z.object({ business_unit_id: id.optional() })

const params = z.record(z.string(), z.union([z.string(), z.number()]))

const statementFields = {
  id,
  business_unit_id: id,
  business_unit_name: z.string(),
  bank_account_id: id.nullable(),
  bank_account_name: z.string().nullable(),
  bank_account_digits: z.string().nullable(),
  currency: z.string().nullable(),
  file_name: z.string(),
  file_size: z.int(),
  format: z.enum(bankStatementFormats),
  state: z.enum(bankStatementStates),
  period_from: plainDate.nullable(),
  period_to: plainDate.nullable().meta({ description: 'The last day' }),
  opening_balance: minorUnits.nullable(),
  closing_balance: minorUnits.nullable(),
  lines_read: z.int(),
  lines_new: z.int(),
  lines_repeated: z.int().meta({ description: 'Lines that an earlier statement had already' }),
  lines_matched: z.int().meta({ description: 'Up to which line it was looked for what they pay' }),
  error: z.enum(statementFaultCodes).nullable(),
  error_line: z.int().nullable().meta({ description: 'The line of the file' }),
  error_params: params,
  warnings: z.array(z.object({ code: z.enum(statementWarningCodes), params })),
  approval_state: z
    .enum(runStates)
    .nullable()
    .meta({ description: 'The run that approves all that is certain' }),
  approval_total: z.int(),
  approval_done: z.int(),
  approval_booked: z.int(),
  open: z.int(),
  proposed: z.int(),
  certain: z.int(),
  certain_amount: minorUnits,
  booked: z.int(),
  ignored: z.int(),
  created_by: id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: instant,
  finished_at: instant.nullable(),
}
export const statementSummary = z.object(statementFields).meta({ id: 'BankStatementSummary' })
export const statementSchema = z
  .object({
    ...statementFields,
    columns: z.array(z.string()),
    sample: z
      .array(z.array(z.string()))
      .meta({ description: 'The first rows of a CSV file that is not read yet' }),
    mapping: csvMapping
      .nullable()
      .meta({ description: 'What was set, or at first what the header suggests' }),
    mappable: z.boolean().meta({ description: 'Whether the columns may (still) be named' }),
  })
  .meta({ id: 'BankStatement' })

export const statementQuery = listQuery(['created_at'], '-created_at').extend({
  business_unit_id: id.optional(),
  bank_account_id: id.optional(),
  state: z.enum(bankStatementStates).optional(),
})
export const uploadFields = z.object({
  business_unit_id: id,
  bank_account_id: z
    .union([id, z.literal('')])
    .optional()
    .transform((value) => value || null),
})
export const mappingInput = z.object({ mapping: csvMapping })
export const surveyInput = z.object({
  delimiter: z.enum(csvDelimiters),
  header_line: z.int().min(1).max(200),
})

const proposalSchema = z
  .object({
    id,
    rank: z.int(),
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    invoices: z.array(z.object({ id, number: z.string(), due_date: z.iso.date(), open_amount: minorUnits })),
    order_id: id.nullable(),
    order_number: z.int().nullable(),
    payment_notice_id: id.nullable(),
    intent_id: id.nullable(),
    payment_id: id.nullable().meta({ description: 'The payment that it is already' }),
    reason: z.enum(proposalReasons),
    confidence: z.enum(proposalConfidences),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
    chosen: z.boolean().meta({ description: 'Staff said so' }),
  })
  .meta({ id: 'BankLineProposal' })

export const lineSchema = z
  .object({
    id,
    business_unit_id: id,
    statement_id: id,
    bank_account_id: id,
    bank_account_name: z.string(),
    position: z.int(),
    booked_on: plainDate,
    amount: minorUnits.meta({ description: 'Minor units; negative: it went out' }),
    currency,
    kind: z.enum(bankLineKinds),
    bank_id: z.string().nullable(),
    end_to_end_id: z.string().nullable(),
    counterparty_name: z.string().nullable(),
    counterparty_tax_id: z.string().nullable(),
    counterparty_last_digits: z.string().nullable(),
    description: z.string(),
    reference: z.string().nullable(),
    state: z.enum(bankLineStates),
    confidence: z.enum(proposalConfidences).nullable().meta({ description: 'Of the best proposal' }),
    reason: z.enum(proposalReasons).nullable().meta({ description: 'Why it was booked so' }),
    recognised: z.boolean().meta({ description: 'It was booked before by other means' }),
    account_id: id.nullable(),
    account_name: z.string().nullable(),
    account_number: z.int().nullable(),
    payment_id: id.nullable(),
    ignore_reason: z.string().nullable(),
    decided_by: id.nullable(),
    decided_by_name: z.string().nullable(),
    decided_at: instant.nullable(),
    proposals: z.array(proposalSchema),
  })
  .meta({ id: 'BankLine' })

export const lineQuery = listQuery(['position', 'booked_on', 'amount'], 'booked_on').extend({
  business_unit_id: id.optional(),
  bank_account_id: id.optional(),
  statement_id: id.optional(),
  state: z.enum([...bankLineStates, 'undecided']).optional(),
  confidence: z.enum(proposalConfidences).optional(),
  kind: z.enum(bankLineKinds).optional(),
  direction: z.enum(['in', 'out']).optional(),
  from: plainDate.optional(),
  to: plainDate.optional(),
})
export const lineApproval = z.object({
  proposal_id: id.optional().meta({ description: 'Which of its proposals; the best without it' }),
})
export const linesApproval = z.object({ ids: z.array(id).min(1).max(100) })
export const linesApproved = z
  .object({
    items: z.array(
      z.object({
        id,
        booked: z.boolean(),
        code: z.string().nullable().meta({ description: 'Why it was not booked' }),
      }),
    ),
  })
  .meta({ id: 'BankLinesApproved' })
export const lineChoice = z.object({
  account_id: id,
  invoice_ids: z.array(id).max(50).default([]).meta({ description: 'None: the oldest first' }),
  order_id: id.nullable().default(null),
})
export const lineIgnoring = z.object({ reason: text(500).default(null) })
