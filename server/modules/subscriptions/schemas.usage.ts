import { z } from 'zod'
import { priceModels } from '../../platform/database.gen.ts'
import { currency, id, instant, listQuery, minorUnits, plainDate } from '../../platform/schemas.ts'
import { priceTier } from '../catalogue/index.ts'

const meter = z
  .string()
  .min(1)
  .max(40)
  .meta({ description: 'The code of a meter of the service’s plan', example: 'traffic_gb' })
const largest = 1_000_000_000_000

const record = z.object({
  meter,
  quantity: z.int().min(0).max(largest),
  on_date: plainDate.optional().meta({ description: 'The day of the use; today where it is left out' }),
  key: z.string().trim().min(1).max(120).meta({
    description: 'The reporter’s own name of this record: sent again with it, it counts once',
  }),
})

export const usageInput = z.object({ records: z.array(record).min(1).max(1000) })

export const usageOfManyInput = z.object({
  business_unit_id: id,
  records: z
    .array(record.extend({ external_id: z.string().min(1).max(120).meta({ description: 'Of the service' }) }))
    .min(1)
    .max(1000),
})

export const usageSchema = z
  .object({
    id,
    subscription_id: id,
    meter: z.string(),
    meter_name: z.string(),
    unit_name: z.string(),
    on_date: plainDate,
    quantity: z.int(),
    key: z.string(),
    created_at: instant,
    billed_at: instant.nullable(),
    invoice_id: id.nullable(),
    invoice_number: z.string().nullable(),
  })
  .meta({ id: 'UsageRecord' })

export const usageRecorded = z
  .object({
    recorded: z.int().meta({ description: 'How many were new' }),
    repeated: z.int().meta({ description: 'How many were there already, with the same content' }),
    items: z.array(usageSchema),
  })
  .meta({ id: 'UsageRecorded' })

export const usageQuery = listQuery(['on_date'], '-on_date')
  .omit({ q: true })
  .extend({
    subscription_id: id,
    meter: meter.optional(),
    from: plainDate.optional(),
    to: plainDate.optional().meta({ description: 'The first day that is not listed' }),
    state: z.enum(['waiting', 'billed']).optional(),
  })
export const ownUsageQuery = listQuery(['on_date'], '-on_date').omit({ q: true })

export const usageSummarySchema = z
  .object({
    currency,
    today: plainDate,
    meters: z.array(
      z
        .object({
          meter: z.string(),
          name: z.string(),
          unit_name: z.string(),
          price_model: z.enum(priceModels),
          unit_amount: minorUnits,
          tiers: z.array(priceTier).nullable(),
          package_size: z.int().nullable(),
          included: z.int(),
          period_from: plainDate.meta({ description: 'Of the period that is running' }),
          period_to: plainDate.meta({ description: 'Its end, exclusive: the closing that bills it' }),
          days_from: plainDate.meta({ description: 'First of the days that are listed' }),
          used: z.int().meta({ description: 'In the period that is running' }),
          waiting: z.int().meta({ description: 'Not billed yet, late reports of earlier days included' }),
          cost: minorUnits.meta({ description: 'What that would cost if nothing more came, before taxes' }),
          days: z.array(z.object({ on_date: plainDate, quantity: z.int() })),
        })
        .meta({ id: 'MeterUsage' }),
    ),
  })
  .meta({ id: 'UsageSummary' })
