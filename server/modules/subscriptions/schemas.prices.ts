import { z } from 'zod'
import { componentRoles, priceModels, subscriptionStatuses } from '../../platform/database.gen.ts'
import { currency, id, minorUnits } from '../../platform/schemas.ts'
import { priceTerms, priceTier } from '../catalogue/index.ts'

export const calculationInput = priceTerms.extend({
  quantities: z.array(z.int().min(0).max(1_000_000_000)).min(1).max(50),
})

export const calculationSchema = z
  .object({
    items: z.array(
      z.object({
        quantity: z.int(),
        amount: minorUnits.meta({ description: 'For a whole period, in minor units' }),
        parts: z.array(
          z
            .object({
              kind: z.enum(['included', 'flat', 'unit', 'package', 'tier']),
              units: z.int().meta({ description: 'How many units, or packages, are charged so' }),
              unit_amount: minorUnits,
              flat_amount: minorUnits,
              amount: minorUnits,
            })
            .meta({ id: 'PricePart' }),
        ),
      }),
    ),
  })
  .meta({ id: 'PriceCalculation' })

export const olderPricesQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(1000).optional(),
})

const whole = 'For a whole period of its own; null where it is metered'

export const olderPricesSchema = z
  .object({
    items: z.array(
      z
        .object({
          component_id: id,
          subscription_id: id,
          account_id: id,
          account_name: z.string(),
          account_number: z.int(),
          contract_number: z.int(),
          status: z.enum(subscriptionStatuses),
          role: z.enum(componentRoles),
          plan_option_id: id.nullable(),
          plan_meter_id: id.nullable(),
          description: z.string(),
          quantity: z.int(),
          currency,
          price_model: z.enum(priceModels),
          unit_amount: minorUnits,
          tiers: z.array(priceTier).nullable(),
          package_size: z.int().nullable(),
          included: z.int(),
          amount: minorUnits.nullable().meta({ description: whole }),
          list_price_model: z.enum(priceModels),
          list_unit_amount: minorUnits,
          list_tiers: z.array(priceTier).nullable(),
          list_package_size: z.int().nullable(),
          list_included: z.int(),
          list_amount: minorUnits.nullable().meta({ description: whole }),
        })
        .meta({ id: 'OlderPrice' }),
    ),
    next_cursor: z.string().nullable(),
    count: z.int().meta({ description: 'How many there are, counted up to 1,000' }),
  })
  .meta({ id: 'OlderPrices' })
