import { z } from 'zod'
import { discountKinds } from '../../platform/database.gen.ts'
import { currency, id, instant, listQuery, minorUnits, plainDate } from '../../platform/schemas.ts'
import { redemptionStates } from './coupons.ts'

const discountFields = {
  name: z.string(),
  term_months: z
    .int()
    .nullable()
    .meta({ description: 'The minimum term that it is given for; null: by a coupon' }),
  discount_kind: z.enum(discountKinds),
  discount_amount: minorUnits.nullable(),
  discount_basis_points: z.int().nullable().meta({ description: 'Hundredths of a percent: 1000 is 10 %' }),
  currency,
  from_date: plainDate,
  to_date: plainDate.nullable().meta({ description: 'First day without it; null: for ever' }),
}

export const redemptionSchema = z
  .object({
    id,
    coupon_id: id.nullable().meta({ description: 'Null: given for the term' }),
    code: z.string().nullable(),
    ...discountFields,
    subscription_id: id,
    subscription_number: z.int(),
    plan_name: z.string(),
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    created_at: instant,
  })
  .meta({ id: 'CouponRedemption' })

export const serviceCouponsSchema = z
  .object({
    items: z.array(
      redemptionSchema.extend({ state: z.enum(redemptionStates) }).meta({ id: 'ServiceCoupon' }),
    ),
    earliest_from: plainDate.meta({ description: 'First day that no document has billed yet' }),
    default_from: plainDate.meta({ description: 'From when one that is redeemed now lasts' }),
  })
  .meta({ id: 'ServiceCoupons' })

export const ownCouponsSchema = z
  .object({
    items: z.array(
      z.object({ id, ...discountFields, state: z.enum(redemptionStates) }).meta({ id: 'OwnCoupon' }),
    ),
  })
  .meta({ id: 'OwnCoupons' })

export const redemptionInput = z.object({
  code: z.string().trim().min(1).max(40),
  from_date: plainDate
    .optional()
    .meta({ description: 'By default the beginning of the first period that is not billed yet' }),
})
export const redemptionQuery = listQuery(['created_at'], '-created_at').omit({ q: true })
