import { z } from 'zod'
import {
  billingModes,
  componentRoles,
  cycleAlignments,
  cycleUnits,
  discountKinds,
  optionKinds,
  paymentMethods,
  planKinds,
  priceModels,
  subscriptionStatuses,
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
import { planItemSchema, priceTier } from '../catalogue/index.ts'
import { subscriptionActions } from './transitions.ts'

const status = z.enum(subscriptionStatuses)
const statuses = z
  .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(status).max(10))
  .optional()
const date = (description: string) => plainDate.nullable().meta({ description })

const amounts = {
  currency,
  plan_value: minorUnits.meta({ description: 'What the plan costs for a period of its own, as it was sold' }),
  discount: minorUnits.meta({ description: 'What comes off the plan a period' }),
  amount: minorUnits.meta({ description: 'Plan less discount, and options, each for a period of its own' }),
  cycle_unit: z.enum(cycleUnits).meta({ description: 'How often the plan is charged' }),
  cycle_count: z.int(),
  cycle_alignment: z.enum(cycleAlignments),
}

const rowFields = {
  id,
  business_unit_id: id,
  business_unit_name: z.string(),
  account_id: id,
  account_name: z.string(),
  account_number: z.int(),
  number: z.int().meta({ description: 'Within the account, in order of creation' }),
  contract_number: z.int(),
  external_id: z.string().nullable(),
  plan_id: id,
  plan_name: z.string(),
  plan_kind: z.enum(planKinds),
  product_name: z.string(),
  routing_point_id: id.nullable(),
  routing_point_name: z.string().nullable(),
  status,
  start_date: plainDate,
  activation_date: date('Day of installation'),
  end_date: date('First day that is no longer charged'),
  billing_mode: z.enum(billingModes),
  payment_method: z.enum(paymentMethods),
  due_day: z.int(),
  salesperson_id: id.nullable(),
  salesperson_name: z.string().nullable(),
  ...amounts,
  created_at: instant,
  updated_at: instant,
}

export const subscriptionSummarySchema = z.object(rowFields).meta({ id: 'SubscriptionSummary' })

export const componentSchema = z
  .object({
    id,
    role: z.enum(componentRoles),
    plan_option_id: id.nullable(),
    option_kind: z.enum(optionKinds).nullable(),
    description: z.string(),
    unit_amount: minorUnits.meta({ description: 'Price of one, or of a package, or of all: as it was sold' }),
    quantity: z.int(),
    price_model: z.enum(priceModels),
    tiers: z.array(priceTier).nullable(),
    package_size: z.int().nullable(),
    included: z.int().meta({ description: 'Units that cost nothing' }),
    cycle_unit: z.enum(cycleUnits),
    cycle_count: z.int(),
    cycle_alignment: z.enum(cycleAlignments),
    anchor_date: date('A boundary of its own periods; null: computed from its first charged day'),
    amount: minorUnits.meta({ description: 'What a whole period of its own costs, before any discount' }),
    from_date: plainDate.nullable(),
    to_date: plainDate.nullable(),
  })
  .meta({ id: 'SubscriptionComponent' })

const discountFields = {
  discount_kind: z.enum(discountKinds).nullable(),
  discount_amount: minorUnits.nullable(),
  discount_basis_points: z
    .int()
    .nullable()
    .meta({ description: 'Hundredths of a percent: 10000 is all of it' }),
}

export const subscriptionSchema = z
  .object({
    ...rowFields,
    trial_days: z.int(),
    proportional_trial: z.boolean(),
    bill_from: date('First day that is billed here, of a service that another system billed before'),
    billing_start: date('First charged day; null while awaiting installation'),
    end_reason: z.string().nullable(),
    ...discountFields,
    sale_date: plainDate.nullable(),
    term_months: z.int(),
    term_end: date('First day after the minimum term'),
    notes: z.string().nullable(),
    components: z.array(componentSchema),
    suspensions: z.array(
      z
        .object({
          id,
          administrative: z.boolean(),
          from_date: plainDate,
          to_date: date('First day that is charged again; null while it lasts'),
          reason: z.string().nullable(),
          created_at: instant,
        })
        .meta({ id: 'Suspension' }),
    ),
    allowances: z.array(planItemSchema),
    actions: z.array(z.enum(subscriptionActions)).meta({ description: 'What can be done with it now' }),
    billing: z
      .object({
        billed: z.boolean().meta({ description: 'Whether any day was ever billed' }),
        covered_until: date('The days before it are billed'),
        last_closing_date: plainDate.nullable(),
        next_closing_date: date('When the next day that is not billed yet will be'),
        open_invoices: z.int(),
        open_amount: minorUnits.meta({ description: 'What is open of this service’s invoice lines' }),
      })
      .meta({ id: 'SubscriptionBilling' }),
  })
  .meta({ id: 'Subscription' })

const ownFields = {
  id,
  number: z.int(),
  contract_number: z.int(),
  plan_id: id,
  plan_name: z.string(),
  plan_kind: z.enum(planKinds),
  plan_description: z.string().nullable(),
  product_name: z.string(),
  status,
  start_date: plainDate,
  activation_date: plainDate.nullable(),
  trial_days: z.int(),
  proportional_trial: z.boolean(),
  billing_start: date('First charged day'),
  end_date: date('First day that is no longer charged'),
  billing_mode: z.enum(billingModes),
  payment_method: z.enum(paymentMethods),
  due_day: z.int(),
  ...discountFields,
  term_months: z.int(),
  term_end: date('First day after the minimum term'),
  ...amounts,
  covered_until: date('The days before it are billed'),
  next_closing_date: plainDate.nullable(),
  created_at: instant,
}

export const ownSubscriptionSummarySchema = z.object(ownFields).meta({ id: 'OwnSubscriptionSummary' })
export const ownSubscriptionSchema = z
  .object({
    ...ownFields,
    components: z.array(componentSchema),
    suspensions: z.array(
      z.object({ from_date: plainDate, to_date: plainDate.nullable(), administrative: z.boolean() }),
    ),
    allowances: z.array(planItemSchema),
  })
  .meta({ id: 'OwnSubscription' })

const days = z.int().min(0).max(3650)
const dueDay = z.int().min(1).max(31)
const discountInput = {
  discount_kind: z.enum(discountKinds).nullable().optional(),
  discount_amount: z.int().min(1).max(1_000_000_000_000).nullable().optional(),
  discount_basis_points: z.int().min(1).max(10_000).nullable().optional(),
}

const cycleChoice = z
  .object({
    cycle_unit: z.enum(cycleUnits),
    cycle_count: z.int().min(1).max(366).default(1),
    cycle_alignment: z
      .enum(cycleAlignments)
      .optional()
      .meta({ description: 'Left out: the closing day where there is a price for it' }),
  })
  .meta({ description: 'A cycle that the catalogue has a price for' })

export const subscriptionInput = z.object({
  plan_id: id,
  quantity: z.int().min(1).max(1_000_000).default(1).meta({ description: 'How many of the plan' }),
  currency: currency.optional().meta({ description: 'The business unit’s where it is left out' }),
  cycle: cycleChoice
    .optional()
    .meta({ description: 'The plan’s first where it is left out: a month before a year' }),
  anchor_date: plainDate.nullable().optional().meta({
    description:
      'A boundary of the periods of what has an anchor day; its first charged day where it is left out',
  }),
  coupon_code: text(40).optional(),
  status: z.enum(['awaiting_installation', 'active']).default('active'),
  start_date: plainDate.optional().meta({ description: 'Today where it is left out' }),
  activation_date: plainDate.nullable().optional(),
  routing_point_id: id.nullable().optional(),
  trial_days: days.optional().meta({ description: 'The plan’s where it is left out' }),
  billing_mode: z.enum(billingModes).optional(),
  payment_method: z.enum(paymentMethods).optional(),
  due_day: dueDay.optional(),
  ...discountInput,
  salesperson_id: id.nullable().optional(),
  sale_date: plainDate.nullable().optional(),
  term_months: z.int().min(0).max(600).optional(),
  notes: text(10_000).optional(),
  external_id: text(120).optional(),
  options: z
    .array(
      z.object({
        plan_option_id: id,
        quantity: z.int().min(1).max(1_000_000).default(1),
        cycle: cycleChoice
          .optional()
          .meta({ description: 'The plan’s where it is left out and there is a price for it' }),
      }),
    )
    .max(200)
    .default([]),
})

export const subscriptionCorrection = z.object({
  notes: text(10_000).optional(),
  salesperson_id: id.nullable().optional(),
  sale_date: plainDate.nullable().optional(),
  term_months: z.int().min(0).max(600).optional(),
  payment_method: z.enum(paymentMethods).optional(),
  due_day: dueDay.optional(),
  routing_point_id: id.nullable().optional(),
  external_id: text(120).optional(),
  ...discountInput,
  trial_days: days.optional(),
  billing_mode: z.enum(billingModes).optional(),
  start_date: plainDate.optional(),
  activation_date: plainDate.optional(),
})

const when = plainDate.optional().meta({ description: 'Today where it is left out' })
export const activation = z.object({ date: when })
export const suspension = z.object({
  date: when,
  reason: text(500).optional(),
  administrative: z
    .boolean()
    .default(false)
    .meta({ description: 'Charges stop and nothing changes on servers' }),
})
export const reactivation = z.object({ date: when })
export const cancellation = z.object({ date: when, reason: name(500) })

export const subscriptionQuery = listQuery(
  ['account_name', 'start_date', 'number', 'contract_number', 'status'],
  'account_name',
).extend({
  business_unit_id: id.optional(),
  account_id: id.optional(),
  status: statuses,
  plan_id: id.optional(),
  salesperson_id: id.optional(),
})
export const ownSubscriptionQuery = listQuery(['number', 'status', 'start_date'], 'number')
  .omit({ q: true })
  .extend({ status: statuses })

export const billingDataSchema = z
  .object({
    payment_method: z.enum(paymentMethods),
    due_day: z.int(),
    chosen: z.boolean().meta({ description: 'False while they are only the business unit’s defaults' }),
    uniform: z.boolean().meta({ description: 'Whether all services that go on have them' }),
    subscriptions: z.int().meta({ description: 'How many services go on' }),
  })
  .meta({ id: 'BillingData' })
export const billingDataChange = z.object({
  payment_method: z.enum(paymentMethods).optional(),
  due_day: dueDay.optional(),
})

export const salespeopleQuery = z.object({ business_unit_id: id.optional() })
export const salespeople = z.object({
  items: z.array(z.object({ id, name: z.string() }).meta({ id: 'Salesperson' })),
})
