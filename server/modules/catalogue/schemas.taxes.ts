import { z } from 'zod'
import { id, instant, listQuery, name, plainDate } from '../../platform/schemas.ts'

const rate = z.int().min(0).max(1_000_000).meta({ description: 'Millionths: 190000 is 19 %' })

export const taxSchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    name: z.string(),
    rate,
    inclusive: z.boolean().meta({ description: 'Contained in the price, else on top of it' }),
    position: z.int(),
    products: z.int().meta({ description: 'How many products bear it' }),
    used: z.boolean().meta({ description: 'An issued document charged it: its rate never changes again' }),
    archived_at: instant.nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Tax' })

export const taxChange = z.object({
  name: name(60).optional(),
  rate: rate.optional(),
  inclusive: z.boolean().optional(),
  archived: z.boolean().optional(),
})
export const taxInput = taxChange
  .omit({ archived: true })
  .required({ name: true, rate: true })
  .extend({ business_unit_id: id })
export const taxQuery = z.object({ business_unit_id: id.optional() })
export const taxOrder = z.object({
  tax_ids: z.array(id).min(1).max(100).meta({ description: 'In this order; those not named follow' }),
})

export const productTaxesSchema = z
  .object({ product_id: id, product_name: z.string(), business_unit_id: id, tax_ids: z.array(id) })
  .meta({ id: 'ProductTaxes' })
export const productTaxesQuery = listQuery(['name'], 'name').extend({ business_unit_id: id })
export const productTaxesInput = z.object({
  tax_ids: z.array(id).max(10).meta({ description: 'All of them: what is not listed goes' }),
})

export const accountTaxSchema = z
  .object({
    tax_id: id,
    name: z.string(),
    rate,
    inclusive: z.boolean(),
    archived_at: instant.nullable(),
    exemption: z
      .object({
        reason: z.string(),
        until: plainDate.nullable().meta({ description: 'First day on which it is charged again' }),
        in_force: z.boolean(),
        created_at: instant,
        created_by_name: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'AccountTax' })
export const exemptionParams = z.object({ id, tax_id: id })
export const exemptionInput = z.object({
  reason: name(500),
  until: plainDate
    .nullable()
    .default(null)
    .meta({ description: 'First day on which the tax is charged again; null: for good' }),
})
