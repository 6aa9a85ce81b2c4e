import { z } from 'zod'
import {
  contractAcceptances,
  contractDocumentStates,
  contractPenalties,
  contractRenewals,
  serviceContractStates,
  subscriptionStatuses,
} from '../../platform/database.gen.ts'
import {
  currency,
  id,
  instant,
  language,
  listQuery,
  minorUnits,
  name,
  plainDate,
  text,
} from '../../platform/schemas.ts'
import { longestFormula } from './formula.ts'

const date = (description: string) => plainDate.nullable().meta({ description })

// Text of a contract -----------------------------------------------------------------------------------------------

const spans = z.array(z.object({ text: z.string(), bold: z.boolean() }).meta({ id: 'ContractSpan' }))
const block = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('heading'),
      level: z.union([z.literal(1), z.literal(2), z.literal(3)]),
      spans,
    }),
    z.object({ kind: z.literal('paragraph'), spans }),
    z.object({ kind: z.literal('list'), ordered: z.boolean(), start: z.int(), items: z.array(spans) }),
    z.object({ kind: z.literal('table'), head: z.array(spans), rows: z.array(z.array(spans)) }),
    z.object({ kind: z.literal('rule') }),
  ])
  .meta({ id: 'ContractBlock' })
const blocks = z
  .array(block)
  .meta({ description: 'The text, read into headings, paragraphs, lists, tables and rules' })

// Templates --------------------------------------------------------------------------------------------------------

const body = z.string().max(100_000).meta({
  description:
    'Markup: `#` to `###` headings, `-` and `1.` lists, `|` tables, `---` a rule, `**bold**`, `{{variable}}`; a backslash takes a sign’s meaning',
})

const templateFields = {
  id,
  business_unit_id: id,
  business_unit_name: z.string(),
  name: z.string(),
  language,
  version: z.int().meta({ description: 'Counts the changes of the text' }),
  is_default: z.boolean().meta({ description: 'Of its business unit and language' }),
  services: z.int().meta({ description: 'How many services have chosen it' }),
  archived_at: instant.nullable(),
  created_at: instant,
  updated_at: instant,
}
export const templateSummarySchema = z.object(templateFields).meta({ id: 'ContractTemplateSummary' })
export const templateSchema = z
  .object({ ...templateFields, body: z.string() })
  .meta({ id: 'ContractTemplate' })
export const templateInput = z.object({
  business_unit_id: id,
  name: name(120),
  language,
  body,
  is_default: z.boolean().default(false),
})
export const templateChange = z.object({
  name: name(120).optional(),
  body: body.optional(),
  is_default: z.boolean().optional(),
  archived: z.boolean().optional(),
})
export const templateQuery = listQuery(['name', 'updated_at'], 'name').extend({
  business_unit_id: id.optional(),
  language: language.optional(),
  archived: z.enum(['true', 'false']).optional(),
})
export const templatePreviewInput = z.object({
  business_unit_id: id,
  language,
  body,
  subscription_id: id
    .nullable()
    .optional()
    .meta({ description: 'Whose contract it would be; a made-up one without it' }),
})
export const templatePreviewSchema = z
  .object({
    blocks,
    faults: z.array(
      z
        .object({
          code: z.enum(['unknown_variable', 'variable_not_closed', 'template_empty']),
          name: z.string(),
          line: z.int(),
          column: z.int(),
          length: z.int(),
        })
        .meta({ id: 'ContractTemplateFault' }),
    ),
  })
  .meta({ id: 'ContractTemplatePreview' })
export const variablesSchema = z
  .object({
    groups: z.array(
      z.object({
        name: z.enum(['account', 'service', 'unit', 'contract']),
        variables: z.array(
          z
            .object({ name: z.string(), example: z.string(), meaning: z.string() })
            .meta({ id: 'ContractVariable' }),
        ),
      }),
    ),
  })
  .meta({ id: 'ContractVariables' })

// Formulas ---------------------------------------------------------------------------------------------------------

const formula = z.string().max(longestFormula + 1000)
const formulaFault = z
  .object({
    code: z.string(),
    message: z.string(),
    line: z.int(),
    column: z.int(),
    length: z.int(),
    part: z.string(),
  })
  .meta({ id: 'FormulaFault' })
const figures = z.array(
  z
    .object({
      name: z.string(),
      value: z.string().meta({ description: 'A whole number, or a fraction like 26970/7' }),
      money: z.boolean().meta({ description: 'An amount in minor units' }),
    })
    .meta({ id: 'FormulaFigure' }),
)
export const formulaInput = z.object({
  formula,
  subscription_id: id.nullable().optional(),
  on: plainDate.optional().meta({ description: 'The day it would end; today without it' }),
})
export const formulaCheckSchema = z
  .object({
    fault: formulaFault.nullable(),
    sample: z
      .object({ amount: minorUnits, currency: currency.nullable(), exact: z.string(), figures })
      .nullable()
      .meta({ description: 'With a made-up service: 89.90 a month, after 4 months and 11 days of 12' }),
    service: z
      .object({ amount: minorUnits, currency, exact: z.string().nullable(), figures })
      .nullable()
      .meta({ description: 'With the service that was named, inside its minimum term or not' }),
  })
  .meta({ id: 'FormulaCheck' })
export const formulaVariablesSchema = z
  .object({
    variables: z.array(
      z
        .object({ name: z.string(), meaning: z.string(), money: z.boolean(), sample: z.string() })
        .meta({ id: 'FormulaVariable' }),
    ),
    functions: z.array(z.object({ signature: z.string(), meaning: z.string() })),
    examples: z.array(z.object({ formula: z.string(), meaning: z.string() })),
  })
  .meta({ id: 'FormulaLanguage' })

export const penaltyQuery = z.object({
  on: plainDate.optional().meta({ description: 'First day without the service; today where it is left out' }),
})
export const penaltySchema = z
  .object({
    amount: minorUnits,
    currency,
    on_date: plainDate,
    reason: z.enum(['no_penalty', 'no_term', 'term_over', 'fixed', 'formula']),
    formula: z.string().nullable(),
    exact: z.string().nullable().meta({ description: 'Before it was rounded half-up' }),
    values: figures,
    term: z.object({ from: plainDate, to: plainDate, months: z.int() }).nullable(),
  })
  .meta({ id: 'Penalty' })

// Contracts of services --------------------------------------------------------------------------------------------

const documentFields = {
  id,
  subscription_id: id,
  contract_number: z.int(),
  revision: z.int(),
  template_name: z.string(),
  language,
  title: z.string(),
  plan_name: z.string(),
  state: z.enum(contractDocumentStates),
  issued_at: instant,
  issued_on: plainDate,
  sent_at: instant.nullable(),
  accepted_at: instant.nullable(),
  accepted_on: plainDate.nullable(),
  acceptance: z.enum(contractAcceptances).nullable(),
  accepted_name: z.string().nullable(),
  accepted_email: z.string().nullable(),
  accepted_ip: z.string().nullable(),
  accepted_user_agent: z.string().nullable(),
  sha256: z.string().meta({ description: 'Of the text; it is named when the contract is accepted' }),
  has_signed_copy: z.boolean(),
  closed_at: instant.nullable(),
  decline_reason: z.string().nullable(),
}
const officeFields = {
  ...documentFields,
  account_id: id,
  business_unit_id: id,
  template_version: z.int(),
  issued_by_name: z.string().nullable(),
}
const documentSummarySchema = z.object(officeFields).meta({ id: 'ContractDocumentSummary' })
export const documentSchema = z.object({ ...officeFields, blocks }).meta({ id: 'ContractDocument' })
const ownDocumentSummarySchema = z.object(documentFields).meta({ id: 'OwnContractSummary' })
export const ownDocumentSchema = z.object({ ...documentFields, blocks }).meta({ id: 'OwnContract' })
export const ownDocuments = z.object({ items: z.array(ownDocumentSummarySchema) })
export const ownDocumentQuery = z.object({ subscription_id: id.optional() })

const rowFields = {
  subscription_id: id,
  contract_number: z.int(),
  currency,
  status: z.enum(subscriptionStatuses),
  template_id: id.nullable(),
  template_name: z.string().nullable(),
  installation_fee: minorUnits,
  instalments: z.int(),
  start_date: plainDate,
  activation_date: plainDate.nullable(),
  sale_date: plainDate.nullable(),
  term_months: z.int().meta({ description: 'Validity and minimum term; 0: none' }),
  state: z.enum(serviceContractStates),
  valid_until: date('First day after its validity'),
  renewal: z.enum(contractRenewals),
  renewal_months: z.int().nullable(),
  penalty: z.enum(contractPenalties),
}
export const serviceContractSummarySchema = z
  .object({
    id,
    ...rowFields,
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    business_unit_id: id,
    business_unit_name: z.string(),
    plan_name: z.string(),
    created_at: instant,
  })
  .meta({ id: 'ServiceContractSummary' })
export const serviceContractSchema = z
  .object({
    id: id.nullable().meta({ description: 'Null while nothing was agreed' }),
    ...rowFields,
    account_id: id,
    business_unit_id: id,
    renewal_binds: z.boolean().meta({ description: 'Whether a renewal begins a minimum term anew' }),
    renewed_from: plainDate.nullable(),
    renewed_until: plainDate.nullable(),
    penalty_amount: minorUnits.nullable(),
    penalty_formula: z.string().nullable(),
    fee_charged_at: instant
      .nullable()
      .meta({ description: 'When the installation fee was handed to billing' }),
    instalments_billed: z.int(),
    instalments_waiting: z.int(),
    documents: z.array(documentSummarySchema),
  })
  .meta({ id: 'ServiceContract' })

/** What is agreed about a service; whatever is left out stays as it is. */
export const contractDataInput = z.object({
  template_id: id.nullable().optional(),
  installation_fee: z.int().min(0).max(1_000_000_000_000).optional(),
  instalments: z.int().min(1).max(60).optional(),
  term_months: z.int().min(0).max(600).optional(),
  renewal: z.enum(contractRenewals).optional(),
  renewal_months: z.int().min(1).max(600).nullable().optional(),
  renewal_binds: z.boolean().optional(),
  penalty: z.enum(contractPenalties).optional(),
  penalty_amount: z.int().min(0).max(1_000_000_000_000).nullable().optional(),
  penalty_formula: text(longestFormula + 1000).optional(),
})

const states = z
  .preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(z.enum(serviceContractStates)).max(10),
  )
  .optional()
export const serviceContractQuery = listQuery(
  ['created_at', 'valid_until', 'account_name', 'contract_number'],
  '-created_at',
).extend({
  business_unit_id: id.optional(),
  account_id: id.optional(),
  state: states,
  renewal: z.enum(contractRenewals).optional(),
  until: plainDate.optional().meta({ description: 'Those that end up to this day and go on until then' }),
})

export const issueInput = z.object({
  template_id: id
    .optional()
    .meta({ description: 'The service’s own, or the business unit’s default without it' }),
  send: z.boolean().default(false),
})
export const documentPreviewQuery = z.object({ template_id: id.optional() })
export const documentPreviewSchema = z
  .object({
    template_id: id,
    template_name: z.string(),
    language,
    title: z.string(),
    revision: z.int(),
    blocks,
  })
  .meta({ id: 'ContractPreview' })
export const renewInput = z.object({ months: z.int().min(1).max(600) })
export const signFields = z.object({ signed_on: plainDate, signed_by: name(200) })
export const acceptInput = z.object({
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description: 'Of the text that was read' }),
})
export const declineInput = z.object({ reason: name(1000) })
