import { z } from 'zod'
import {
  billingModes,
  cycleAlignments,
  cycleUnits,
  itemKinds,
  optionKinds,
  planKinds,
  priceModels,
  suspensionCredits,
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

const flag = z.enum(['true', 'false'])
const amount = z.int().min(0).max(1_000_000_000_000).meta({ description: 'Minor units' })
const position = z.int().min(0).max(1_000_000)

/** One tier of a price: up to how many units it goes (the last has no end) and what it costs. */
export const priceTier = z
  .object({
    up_to: z.int().min(1).max(1_000_000_000_000).nullable().meta({ description: 'Null: the last one' }),
    unit_amount: amount,
    flat_amount: amount.default(0).meta({ description: 'Due once the tier is reached, in minor units' }),
  })
  .meta({ id: 'PriceTier' })

const date = (description: string) => plainDate.nullable().meta({ description })
const cycleCount = z.int().min(1).max(366)

const priceFields = {
  id,
  currency,
  cycle_unit: z.enum(cycleUnits),
  cycle_count: z.int().meta({ description: 'A quarter is three months, a year twelve' }),
  cycle_alignment: z
    .enum(cycleAlignments)
    .meta({ description: 'Ends on the closing day, or on an anchor day of its own' }),
  price_model: z.enum(priceModels),
  amount: minorUnits.meta({
    description: 'Of the whole (flat), of one (per_unit) or of a package; 0 with tiers',
  }),
  tiers: z.array(priceTier).nullable(),
  package_size: z.int().nullable(),
  included: z.int().meta({ description: 'Units that cost nothing' }),
  valid_from: date('Null: since the plan is there'),
  valid_to: date('First day on which it is no longer sold; null: none is known'),
}

const priceSchema = z.object(priceFields).meta({ id: 'Price' })

export const priceVersionSchema = z
  .object({
    ...priceFields,
    plan_option_id: id.nullable(),
    plan_meter_id: id.nullable(),
    name: z.string().nullable().meta({ description: 'Of the option or the meter; null: of the plan itself' }),
    created_at: instant,
  })
  .meta({ id: 'PriceVersion' })

export const priceVersionQuery = listQuery(['created_at'], '-created_at').omit({ q: true })

/** How much a quantity costs: what of a price decides it. */
export const priceTerms = z.object({
  price_model: z.enum(priceModels).default('per_unit'),
  amount: amount.nullable().optional().meta({ description: 'Needed without tiers' }),
  tiers: z.array(priceTier).min(1).max(50).nullable().optional().meta({ description: 'Tiered and volume' }),
  package_size: z.int().min(1).max(1_000_000_000).nullable().optional(),
  included: z.int().min(0).max(1_000_000_000_000).default(0),
})

export const productSchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    position: z.int(),
    plans: z.int().meta({ description: 'How many plans that are not archived it has' }),
    archived_at: instant.nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Product' })

export const productChange = z.object({
  name: name(120).optional(),
  description: text(2000).optional(),
  position: position.optional(),
  archived: z.boolean().optional(),
})
export const productInput = productChange
  .omit({ archived: true })
  .required({ name: true })
  .extend({ business_unit_id: id })

export const productQuery = listQuery(['position', 'name', 'created_at'], 'position').extend({
  business_unit_id: id.optional(),
  archived: flag.optional(),
})

export const routingPointSchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    name: z.string(),
    notes: z.string().nullable(),
    archived_at: instant.nullable(),
  })
  .meta({ id: 'RoutingPoint', description: 'Where a connection enters the network: a tower, a building' })

export const routingPointChange = z.object({
  name: name(120).optional(),
  notes: text(2000).optional(),
  archived: z.boolean().optional(),
})
export const routingPointInput = routingPointChange
  .omit({ archived: true })
  .required({ name: true })
  .extend({ business_unit_id: id })

export const routingPointQuery = listQuery(['name'], 'name').extend({
  business_unit_id: id.optional(),
  archived: flag.optional(),
})

const planFields = {
  id,
  business_unit_id: id,
  business_unit_name: z.string(),
  product_id: id,
  product_name: z.string(),
  name: z.string(),
  kind: z.enum(planKinds),
  description: z.string().nullable(),
  proportional_trial: z.boolean().meta({ description: 'Free until the first closing' }),
  trial_days: z.int(),
  billing_mode: z.enum(billingModes).nullable().meta({ description: 'Null: what the business unit says' }),
  term_months: z
    .int()
    .meta({ description: 'Its own minimum term: that of a sale for which no other is chosen' }),
  suspension_credit: z
    .enum(suspensionCredits)
    .meta({ description: 'Whether days billed in advance and lost to a suspension are given back' }),
  position: z.int(),
  currency: currency.meta({ description: 'The business unit’s currency' }),
  amount: minorUnits.nullable().meta({
    description:
      'Price of one in the business unit’s currency today, for the cycle beside it; null: not sold',
  }),
  cycle_unit: z.enum(cycleUnits).nullable(),
  cycle_count: z.int().nullable(),
  cycle_alignment: z.enum(cycleAlignments).nullable(),
  active_subscriptions: z.int().meta({ description: 'How many run on it; a list counts up to 1,000' }),
  archived_at: instant.nullable(),
  created_at: instant,
  updated_at: instant,
}

export const planSummarySchema = z.object(planFields).meta({ id: 'PlanSummary' })

export const planItemSchema = z
  .object({
    item: z.enum(itemKinds),
    included: z.int(),
    maximum: z.int().nullable().meta({ description: 'Null: as many as the customer wants' }),
    extra_amount: minorUnits.nullable().meta({
      description: 'Monthly price of each beyond the included; null: no more than the included',
    }),
  })
  .meta({ id: 'PlanItem' })

const planTerm = z
  .object({
    term_months: z.int().meta({ description: '0: without a minimum term' }),
    discount_basis_points: z
      .int()
      .nullable()
      .meta({ description: 'Off the plan’s recurring price while the term lasts: 1000 is 10 %' }),
  })
  .meta({ id: 'PlanTerm' })

export const planSchema = z
  .object({
    ...planFields,
    day: plainDate.meta({ description: 'Today where its business unit is' }),
    prices: z.array(priceSchema).meta({ description: 'What is sold today or later' }),
    items: z.array(planItemSchema),
    terms: z.array(planTerm).meta({
      description:
        'Minimum terms to choose beside its own; its own is among them where it takes something off',
    }),
    options: z.array(
      z
        .object({
          id,
          kind: z.enum(optionKinds),
          name: z.string(),
          amount: minorUnits.nullable().meta({ description: 'Of the first of its prices in that currency' }),
          prices: z.array(priceSchema),
          position: z.int(),
          archived_at: instant.nullable(),
          sold: z.boolean().meta({ description: 'Whether some service has it: removing it archives it' }),
        })
        .meta({ id: 'PlanOption' }),
    ),
    meters: z.array(
      z
        .object({
          id,
          code: z.string(),
          name: z.string(),
          unit_name: z.string(),
          prices: z.array(priceSchema),
          position: z.int(),
          archived_at: instant.nullable(),
          sold: z.boolean(),
        })
        .meta({ id: 'PlanMeter', description: 'Something whose use is counted and charged afterwards' }),
    ),
  })
  .meta({ id: 'Plan' })

const priceInput = priceTerms.extend({
  currency,
  cycle_unit: z.enum(cycleUnits).default('month'),
  cycle_count: cycleCount.default(1),
  cycle_alignment: z.enum(cycleAlignments).optional().meta({
    description: 'The closing day for months where it is left out; days and weeks have an anchor',
  }),
  valid_from: plainDate
    .nullable()
    .optional()
    .meta({ description: 'From a day to come; left out or in the past: the price of today' }),
})
const itemInput = z.object({
  item: z.enum(itemKinds),
  included: z.int().min(0).max(1_000_000).default(0),
  maximum: z.int().min(0).max(1_000_000).nullable().default(null),
  extra_amount: amount.nullable().default(null),
})
const optionInput = z.object({
  id: id.optional(),
  kind: z.enum(optionKinds).default('option'),
  name: name(120),
  amount: amount
    .optional()
    .meta({ description: 'Short for one price a month in the business unit’s currency' }),
  prices: z.array(priceInput).max(50).optional(),
  archived: z.boolean().default(false),
})
const meterInput = z.object({
  id: id.optional(),
  code: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,39}$/)
    .meta({ description: 'What reports of use say', example: 'traffic_gb' }),
  name: name(120),
  unit_name: name(40).meta({ example: 'GB' }),
  prices: z.array(priceInput).min(1).max(50),
  archived: z.boolean().default(false),
})

export const planChange = z.object({
  product_id: id.optional(),
  name: name(120).optional(),
  kind: z.enum(planKinds).optional(),
  description: text(2000).optional(),
  proportional_trial: z.boolean().optional(),
  trial_days: z.int().min(0).max(3650).optional(),
  billing_mode: z.enum(billingModes).nullable().optional(),
  term_months: z.int().min(0).max(600).optional(),
  suspension_credit: z.enum(suspensionCredits).optional(),
  position: position.optional(),
  prices: z.array(priceInput).min(1).max(50).optional().meta({
    description:
      'All of today and to come: one that changes ends today and stays known, one that is not listed is sold no more',
  }),
  items: z.array(itemInput).max(50).optional().meta({ description: 'All of them: what is not listed goes' }),
  options: z.array(optionInput).max(200).optional().meta({
    description:
      'All of them, in order. With its id an option is changed; one that is not listed is removed, or archived where it was sold',
  }),
  meters: z
    .array(meterInput)
    .max(50)
    .optional()
    .meta({ description: 'All of them, in order, as the options' }),
  terms: z
    .array(
      z.object({
        term_months: z.int().min(0).max(600),
        discount_basis_points: z.int().min(1).max(10_000).nullable().default(null),
      }),
    )
    .max(20)
    .optional()
    .meta({ description: 'All of them: what is not listed is offered no more' }),
  archived: z.boolean().optional(),
})
export const planInput = planChange
  .omit({ archived: true })
  .required({ product_id: true, name: true, kind: true, prices: true })
  .extend({ business_unit_id: id })

export const planQuery = listQuery(['position', 'name', 'amount', 'kind', 'created_at'], 'position').extend({
  business_unit_id: id.optional(),
  product_id: id.optional(),
  kind: z.enum(planKinds).optional(),
  archived: flag.optional(),
})
