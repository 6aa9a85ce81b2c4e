import { z } from 'zod'
import { discountKinds } from '../../platform/database.gen.ts'
import { currency, id, instant, listQuery, minorUnits, name, plainDate } from '../../platform/schemas.ts'
import { couponStates } from './coupons.ts'

export const couponSchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    currency,
    code: z.string(),
    name: z.string(),
    discount_kind: z.enum(discountKinds),
    discount_amount: minorUnits.nullable(),
    discount_basis_points: z.int().nullable().meta({ description: 'Hundredths of a percent: 1000 is 10 %' }),
    periods: z.int().nullable().meta({ description: 'For how many billing periods; null: for ever' }),
    valid_from: plainDate.nullable(),
    valid_until: plainDate.nullable().meta({ description: 'First day on which it is redeemed no more' }),
    most_redemptions: z.int().nullable(),
    once_per_account: z.boolean(),
    plan_ids: z.array(id).nullable().meta({ description: 'Only for these plans; null: for all' }),
    redemptions: z.int().meta({ description: 'How often it was redeemed; a list counts up to 10,000' }),
    state: z.enum(couponStates),
    archived_at: instant.nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Coupon' })

export const couponChange = z.object({
  code: z
    .string()
    .trim()
    .toUpperCase()
    .regex(/^[A-Z0-9][A-Z0-9_-]{1,39}$/)
    .optional(),
  name: name(120).optional(),
  discount_kind: z.enum(discountKinds).optional(),
  discount_amount: z.int().min(1).max(1_000_000_000_000).nullable().optional(),
  discount_basis_points: z.int().min(1).max(10_000).nullable().optional(),
  periods: z.int().min(1).max(600).nullable().optional(),
  valid_from: plainDate.nullable().optional(),
  valid_until: plainDate.nullable().optional(),
  most_redemptions: z.int().min(1).max(1_000_000_000).nullable().optional(),
  once_per_account: z.boolean().optional(),
  plan_ids: z.array(id).min(1).max(500).nullable().optional(),
  archived: z.boolean().optional(),
})
export const couponInput = couponChange
  .omit({ archived: true })
  .required({ code: true, name: true, discount_kind: true })
  .extend({ business_unit_id: id })
export const couponQuery = listQuery(['created_at', 'code', 'name', 'valid_until'], '-created_at').extend({
  business_unit_id: id.optional(),
  state: z.enum(couponStates).optional(),
})
