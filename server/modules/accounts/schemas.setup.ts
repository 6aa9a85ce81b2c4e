import { z } from 'zod'
import {
  contractTypes,
  setupSteps as setupStepStates,
  slaCoverages,
  thresholdMetrics,
  ticketPriorities,
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
import { contractStates } from './contracts.ts'
import { duplicateReasons } from './duplicates.ts'
import { setupSteps } from './setup.ts'

const flag = z.enum(['true', 'false'])

export const setupSchema = z
  .object({
    account_id: id,
    contract: z.enum(setupStepStates),
    profiles: z.enum(setupStepStates),
    contact: z.enum(setupStepStates),
    created_by_name: z.string().nullable(),
    created_at: instant,
    finished_at: instant.nullable(),
  })
  .meta({ id: 'AccountSetup', description: 'How far the guided creation of an account came' })

export const setupSkip = z.object({ step: z.enum(setupSteps) })

export const duplicateSchema = z
  .object({
    id,
    number: z.int(),
    name: z.string(),
    tax_id: z.string().nullable(),
    email: z.string().nullable(),
    city: z.string().nullable(),
    business_unit_id: id,
    business_unit_name: z.string(),
    reason: z.enum(duplicateReasons),
  })
  .meta({ id: 'LikelyDuplicate' })

const typed = (longest: number) => z.string().trim().max(longest).optional()
export const duplicateQuery = z.object({
  business_unit_id: id.optional(),
  name: typed(200),
  tax_id: typed(40),
  email: typed(254),
  phone: typed(60),
  domains: z
    .preprocess(
      (value) => (typeof value === 'string' ? [value] : value),
      z.array(z.string().trim().max(260)).max(50),
    )
    .optional(),
  except: id.optional().meta({ description: 'An account that is not looked for' }),
})

export const contractSchema = z
  .object({
    id,
    account_id: id,
    account_name: z.string(),
    business_unit_id: id,
    business_unit_name: z.string(),
    name: z.string(),
    type: z.enum(contractTypes),
    state: z
      .enum(contractStates)
      .meta({ description: 'On today’s date of the business unit, in [start_date, end_date)' }),
    start_date: plainDate,
    end_date: plainDate.nullable().meta({ description: 'First day on which it is no longer in force' }),
    currency,
    amount: minorUnits.meta({
      description:
        'Per month (flat_retainer, remote_monitoring, online_backup), per hour (hourly, project_hourly), of the block (block_hours, block_money), of the whole (project_flat_fee)',
    }),
    included_minutes: z.int().nullable().meta({ description: 'Of a block of hours; null otherwise' }),
    sla_profile_id: id.nullable().meta({ description: 'Instead of the account’s' }),
    sla_profile_name: z.string().nullable(),
    notes: z.string().nullable(),
    archived_at: instant.nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Contract' })

export const contractChange = z.object({
  name: name(200).optional(),
  type: z.enum(contractTypes).optional(),
  start_date: plainDate.optional(),
  end_date: plainDate.nullable().optional(),
  amount: z.int().min(0).max(1_000_000_000_000).meta({ description: 'Minor units' }).optional(),
  included_minutes: z.int().min(1).max(6_000_000).nullable().optional(),
  sla_profile_id: id.nullable().optional(),
  notes: text(10_000).optional(),
  archived: z.boolean().optional(),
})
export const contractInput = contractChange
  .omit({ archived: true })
  .required({ name: true, type: true, start_date: true, amount: true })

export const contractQuery = listQuery(
  ['start_date', 'end_date', 'name', 'account_name'],
  '-start_date',
).extend({
  account_id: id.optional(),
  business_unit_id: id.optional(),
  type: z.enum(contractTypes).optional(),
  state: z.enum(contractStates).optional(),
  archived: flag.optional(),
})

const profileFields = {
  id,
  business_unit_id: id,
  business_unit_name: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  is_default: z.boolean().meta({ description: 'What accounts of the business unit follow that chose none' }),
  accounts: z.int().meta({ description: 'How many accounts chose it' }),
  archived_at: instant.nullable(),
  created_at: instant,
  updated_at: instant,
}
const profileChange = {
  name: name(120).optional(),
  description: text(1000).optional(),
  is_default: z.boolean().optional(),
  archived: z.boolean().optional(),
}
export const profileQuery = listQuery(['name', 'created_at'], 'name').extend({
  business_unit_id: id.optional(),
  archived: flag.optional(),
})

const minutes = z.int().min(1).max(525_600)
const slaTarget = z.object({
  priority: z.enum(ticketPriorities),
  first_response_minutes: minutes,
  resolution_minutes: minutes,
})
const clock = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
  .meta({ example: '08:30' })

export const slaProfileSchema = z
  .object({
    ...profileFields,
    coverage: z.enum(slaCoverages),
    business_days: z.array(z.int()).nullable().meta({ description: 'ISO days of the week, 1 is Monday' }),
    opens_at: z.string().nullable(),
    closes_at: z.string().nullable(),
    targets: z.array(slaTarget).meta({
      description:
        'In minutes of covered time, most urgent first; a priority that is missing is promised nothing',
    }),
  })
  .meta({ id: 'SlaProfile' })
export const slaProfileChange = z.object({
  ...profileChange,
  coverage: z.enum(slaCoverages).optional(),
  business_days: z.array(z.int().min(1).max(7)).max(7).nullable().optional(),
  opens_at: clock.nullable().optional(),
  closes_at: clock.nullable().optional(),
  targets: z.array(slaTarget).min(1).max(4).optional(),
})
export const slaProfileInput = slaProfileChange
  .omit({ archived: true })
  .required({ name: true, targets: true })
  .extend({ business_unit_id: id })

const limit = z.int().min(-1000).max(1_000_000).nullable()
const threshold = z.object({
  metric: z.enum(thresholdMetrics),
  warning: limit,
  critical: limit,
  for_minutes: z.int().min(0).max(1440),
})
export const thresholdProfileSchema = z
  .object({
    ...profileFields,
    thresholds: z.array(threshold).meta({
      description:
        'Per cent (cpu, memory, disk, packet_loss), minutes (offline), degrees Celsius (temperature), milliseconds (latency)',
    }),
  })
  .meta({ id: 'ThresholdProfile' })
export const thresholdProfileChange = z.object({
  ...profileChange,
  thresholds: z.array(threshold).min(1).max(7).optional(),
})
export const thresholdProfileInput = thresholdProfileChange
  .omit({ archived: true })
  .required({ name: true, thresholds: true })
  .extend({ business_unit_id: id })
