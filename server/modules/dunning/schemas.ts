import { z } from 'zod'
import {
  dayCounts,
  dunningPolicyStates,
  dunningResults,
  dunningScopes,
  dunningStepActions,
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
} from '../../platform/schemas.ts'
import { dunningVariables } from './texts.ts'

const action = z.enum(dunningStepActions)
const text = z.object({ subject: z.string().trim().max(200), body: z.string().trim().max(5000) })
const textsInput = z
  .object({ 'pt-BR': text, es: text, en: text })
  .meta({ description: `Plain text per language; in braces: ${dunningVariables.join(', ')}` })
const texts = z.object({ 'pt-BR': text, es: text, en: text }).meta({ id: 'DunningTexts' })

const stepFields = {
  day: z
    .int()
    .min(-60)
    .max(730)
    .meta({ description: 'Days after the due date of the oldest unpaid document; before it where negative' }),
  action,
  weekdays: z
    .array(z.int().min(1).max(7))
    .min(1)
    .max(7)
    .meta({ description: 'ISO days of the week on which the step may act' }),
  amount: z.int().min(1).max(1_000_000_000_000).nullable().meta({ description: 'Late fee, in minor units' }),
  basis_points: z.int().min(1).max(100_000).nullable().meta({
    description: 'Hundredths of a percent: late fee of the open amount, interest per month',
  }),
  day_count: z.enum(dayCounts).nullable().meta({
    description:
      'Interest: a day is a thirtieth of a month (commercial) or the part of its own month (actual)',
  }),
  scope: z.enum(dunningScopes).nullable().meta({
    description: 'Suspension and cancellation: all services, or those on the overdue documents',
  }),
  texts: texts.nullable(),
}

export const policySummarySchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    currency,
    time_zone: z.string(),
    unit_day_count: z.enum(dayCounts),
    name: z.string(),
    state: z.enum(dunningPolicyStates),
    minimum_amount: minorUnits.meta({ description: 'Debt that adds up to less causes nothing' }),
    charge_due_days: z.int(),
    due_from: plainDate.nullable(),
    run_hour: z.int(),
    step_count: z.int(),
    created_at: instant,
    created_by_name: z.string().nullable(),
    updated_at: instant,
    switched_on_at: instant.nullable(),
    switched_on_by_name: z.string().nullable(),
    switched_off_at: instant.nullable(),
    switched_off_by_name: z.string().nullable(),
  })
  .meta({ id: 'DunningPolicySummary' })

export const policySchema = policySummarySchema
  .extend({ steps: z.array(z.object({ id, key: id, ...stepFields }).meta({ id: 'DunningStep' })) })
  .meta({ id: 'DunningPolicy' })

export const policyQuery = listQuery(['created_at'], '-created_at')
  .omit({ q: true })
  .extend({ business_unit_id: id.optional(), state: z.enum(dunningPolicyStates).optional() })

export const policyInput = z.object({
  business_unit_id: id,
  name: name(120),
  copy_of: id.optional().meta({ description: 'A policy of the business unit whose steps it begins with' }),
  empty: z.boolean().default(false).meta({ description: 'Without the template’s steps' }),
})

const stepInput = z
  .object({
    ...stepFields,
    key: id.optional().meta({ description: 'Of a step that the policy has: what it did is not done again' }),
    weekdays: stepFields.weekdays.default([1, 2, 3, 4, 5, 6, 7]),
    amount: stepFields.amount.default(null),
    basis_points: stepFields.basis_points.default(null),
    day_count: stepFields.day_count.default(null),
    scope: stepFields.scope.default(null),
    texts: textsInput.nullable().default(null),
  })
  .meta({ id: 'DunningStepDraft' })

export const policyChange = z.object({
  name: name(120).optional(),
  minimum_amount: z.int().min(0).max(1_000_000_000_000).optional(),
  charge_due_days: z.int().min(0).max(90).optional(),
  due_from: plainDate.nullable().optional(),
  run_hour: z.int().min(0).max(23).optional(),
  steps: z.array(stepInput).max(40).optional().meta({ description: 'All steps, in place of those before' }),
})

export const switchOn = z.object({
  as_of: plainDate.optional().meta({ description: 'Up to when that simulation went; today where left out' }),
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description: 'Of the simulation that was seen' }),
})

export const defaultTextsSchema = z
  .object({ before: texts, due: texts, after: texts, last: texts, suspended: texts, cancelled: texts })
  .meta({ id: 'DunningDefaultTexts' })

const asOf = plainDate
  .optional()
  .meta({ description: 'Up to this day if nothing is paid; today where left out' })
export const simulationQuery = z.object({ as_of: asOf })
export const simulationSchema = z
  .object({
    policy_id: id,
    business_unit_id: id,
    currency,
    today: plainDate,
    as_of: plainDate,
    debtors: z.int().meta({ description: 'Accounts with something due' }),
    affected: z.int().meta({ description: 'Accounts with which something would be done' }),
    steps: z.array(
      z
        .object({
          step_id: id,
          day: z.int(),
          action,
          accounts: z.int(),
          documents: z.int(),
          skipped: z.int().meta({ description: 'Reminders whose time has passed' }),
          open_amount: minorUnits,
          charge: minorUnits.meta({ description: 'Late fee or interest that would be charged' }),
          services: z.int().meta({ description: 'Services that would be suspended or cancelled' }),
        })
        .meta({ id: 'SimulatedStep' }),
    ),
    fingerprint: z.string(),
  })
  .meta({ id: 'DunningSimulation' })

export const simulatedQuery = listQuery(['account_id'], 'account_id')
  .omit({ q: true, sort: true })
  .extend({
    as_of: asOf,
    step_id: id.optional(),
    skipped: z
      .enum(['shown', 'hidden'])
      .default('shown')
      .meta({ description: 'Reminders whose time has passed' }),
  })
export const simulatedSchema = z
  .object({
    account_id: id,
    account_number: z.int(),
    account_name: z.string(),
    step_id: id,
    action,
    day: z.int(),
    on_date: plainDate,
    skipped: z.boolean(),
    invoice_id: id,
    number: z.string(),
    due_date: plainDate,
    open_amount: minorUnits,
    charge: minorUnits.nullable(),
    services: z.int(),
    currency,
  })
  .meta({ id: 'SimulatedDunning' })

export const actionSchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    policy_id: id,
    policy_name: z.string(),
    action,
    day: z.int(),
    invoice_id: id,
    number: z.string(),
    due_date: plainDate,
    scheduled_on: plainDate,
    on_date: plainDate,
    result: z.enum(dunningResults),
    reason: z.string().nullable(),
    open_amount: minorUnits,
    charged: minorUnits.nullable(),
    currency,
    document_id: id.nullable(),
    document_number: z.string().nullable(),
    services: z.int(),
    mails: z.int(),
    created_at: instant,
  })
  .meta({ id: 'DunningAction' })

export const actionQuery = listQuery(['created_at'], '-created_at').extend({
  business_unit_id: id.optional(),
  account_id: id.optional(),
  action: action.optional(),
  result: z.enum(dunningResults).optional(),
  from: plainDate.optional(),
  to: plainDate.optional(),
})

export const runSchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    policy_id: id,
    policy_name: z.string(),
    on_date: plainDate,
    accounts: z.int(),
    done: z.int(),
    skipped: z.int(),
    failed: z.int(),
    started_at: instant,
    finished_at: instant.nullable(),
    failures: z.array(z.object({ account_id: id, account_name: z.string(), message: z.string() })),
  })
  .meta({ id: 'DunningRun' })
export const runQuery = listQuery(['started_at'], '-started_at')
  .omit({ q: true })
  .extend({ business_unit_id: id.optional() })

const oldest = z
  .object({
    invoice_id: id,
    number: z.string(),
    due_date: plainDate,
    open_amount: minorUnits,
    days: z.int().meta({ description: 'Days past its due date; negative while it is not due' }),
  })
  .nullable()
const next = z
  .object({
    action,
    day: z.int(),
    on_date: plainDate,
    charge: minorUnits.nullable(),
    services: z.int(),
  })
  .meta({ id: 'DunningNext' })

export const accountDunningSchema = z
  .object({
    currency,
    today: plainDate,
    policy_id: id.nullable(),
    policy_name: z.string().nullable(),
    overdue: minorUnits,
    oldest,
    suspended_services: z.int().meta({ description: 'Services that dunning suspended and that still rest' }),
    exemption: z
      .object({
        until: plainDate.meta({ description: 'The last day on which nothing is done' }),
        reason: z.string(),
        created_at: instant,
        created_by_name: z.string().nullable(),
      })
      .nullable(),
    next: next.nullable(),
    coming: z.array(next),
    done: z.array(actionSchema),
  })
  .meta({ id: 'AccountDunning' })

export const exemption = z.object({
  until: plainDate.meta({ description: 'The last day on which nothing is done' }),
  reason: name(500),
})

export const ownDunningSchema = z
  .object({
    currency,
    today: plainDate,
    overdue: minorUnits,
    oldest,
    exempt_until: plainDate.nullable(),
    suspended_services: z.int(),
    overdue_invoice_ids: z.array(id),
    next: next.nullable(),
  })
  .meta({ id: 'OwnDunning' })

export const previewQuery = z.object({
  business_unit_id: id,
  language,
  action: z.enum(['mail', 'suspend', 'cancel']),
  day: z.coerce.number().int().min(-60).max(730),
  subject: z.string().max(200),
  body: z.string().max(5000),
})
