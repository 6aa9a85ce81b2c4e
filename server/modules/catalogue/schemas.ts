import { z } from 'zod'
import {
  billingModes,
  itemKinds,
  optionKinds,
  planKinds,
  priceIntervals,
} from '../../platform/database.gen.ts'
import { currency, id, instant, listQuery, minorUnits, name, text } from '../../platform/schemas.ts'

const flag = z.enum(['true', 'false'])
const amount = z.int().min(0).max(1_000_000_000_000).meta({ description: 'Minor units' })
const position = z.int().min(0).max(1_000_000)

/** One tier of a price: up to how many units it goes (the last has no end) and what it costs. */
export const priceTier = z
  .object({
    up_to: z.int().min(1).max(1_000_000_000_000).nullable(),
    unit_amount: amount,
    flat_amount: amount.default(0),
  })
  .meta({ id: 'PriceTier' })

export type PriceTier = z.output<typeof priceTier>

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
  term_months: z.int(),
  position: z.int(),
  currency: currency.meta({ description: 'The business unit’s currency' }),
  amount: minorUnits.nullable().meta({ description: 'Monthly price in the business unit’s currency' }),
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

export const planSchema = z
  .object({
    ...planFields,
    prices: z.array(z.object({ currency, interval: z.enum(priceIntervals), amount: minorUnits })),
    items: z.array(planItemSchema),
    options: z.array(
      z
        .object({
          id,
          kind: z.enum(optionKinds),
          name: z.string(),
          amount: minorUnits,
          position: z.int(),
          archived_at: instant.nullable(),
          sold: z.boolean().meta({ description: 'Whether some service has it: removing it archives it' }),
        })
        .meta({ id: 'PlanOption' }),
    ),
  })
  .meta({ id: 'Plan' })

const priceInput = z.object({
  currency,
  interval: z.enum(priceIntervals).default('month'),
  amount,
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
  amount,
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
  position: position.optional(),
  prices: z
    .array(priceInput)
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'All of them: what is not listed goes' }),
  items: z.array(itemInput).max(50).optional().meta({ description: 'All of them: what is not listed goes' }),
  options: z.array(optionInput).max(200).optional().meta({
    description:
      'All of them, in order. With its id an option is changed; one that is not listed is removed, or archived where it was sold',
  }),
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
