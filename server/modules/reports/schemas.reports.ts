import { z } from 'zod'
import { paymentMethods } from '../../platform/database.gen.ts'
import { currency, id, listQuery, minorUnits, plainDate } from '../../platform/schemas.ts'
import { ageBuckets } from './money.ts'
import { dimensions, movementKinds } from './revenue.ts'

const filter = {
  business_unit_id: id.optional(),
  currency: currency
    .optional()
    .meta({ description: 'That of the business unit, or of most of them, where it is left out' }),
}
const ofServices = { ...filter, plan_id: id.optional(), salesperson_id: id.optional() }
const months = z.coerce.number().int().min(1).max(36).default(13)
const range = {
  from: plainDate.optional(),
  to: plainDate.optional().meta({ description: 'First day that does not count any more' }),
}

export const revenueQuery = z.object({ ...ofServices, months })
export const splitQuery = z.object({ ...ofServices, by: z.enum(dimensions).default('plan') })
export const cohortQuery = z.object({ ...ofServices, months: months.default(12) })
export const movementListQuery = listQuery(['difference', 'account_name'], '-difference')
  .omit({ q: true })
  .extend({ ...ofServices, from: plainDate, to: plainDate, kind: z.enum(movementKinds).optional() })
export const receivablesQuery = z.object(filter)
export const billedQuery = z.object({ ...filter, ...range, by: z.enum(dimensions).default('plan') })
export const monthsQuery = z.object({ ...filter, months })

const monthFields = {
  month: z.string().meta({ description: '2026-05' }),
  from: plainDate,
  to: plainDate.meta({ description: 'First day of the next month, or today' }),
  start: minorUnits,
  new: minorUnits,
  expansion: minorUnits,
  reactivation: minorUnits,
  contraction: minorUnits,
  churn: minorUnits,
  transfer: minorUnits,
  end: minorUnits,
}
const revenueMonthSchema = z.object(monthFields).meta({ id: 'RevenueMonth' })
export const revenueSchema = z
  .object({
    currency,
    services: z.int().meta({ description: 'That bring something today' }),
    months: z.array(revenueMonthSchema),
  })
  .meta({ id: 'RecurringRevenue' })

export const splitSchema = z
  .object({
    currency,
    rows: z.array(
      z.object({ id: id.nullable(), name: z.string().nullable(), amount: minorUnits, services: z.int() }),
    ),
  })
  .meta({ id: 'RevenueSplit' })

export const movementSchema = z
  .object({
    subscription_id: id,
    number: z.int(),
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    business_unit_id: id,
    business_unit_name: z.string(),
    plan_id: id,
    plan_name: z.string(),
    kind: z.enum(movementKinds),
    before: minorUnits,
    after: minorUnits,
    difference: minorUnits,
    currency,
  })
  .meta({ id: 'RevenueMovement' })

export const cohortSchema = z
  .object({
    months: z.array(
      z.object({
        month: z.string(),
        services: z.int(),
        kept: z.array(z.int()).meta({ description: 'How many went on after 1, 2, 3 … months' }),
      }),
    ),
  })
  .meta({ id: 'Cohorts' })

const proof = minorUnits.meta({ description: 'The same by the ledger: equal to the cent' })

export const receivablesSchema = z
  .object({
    currency,
    ledger: proof,
    buckets: z.array(
      z.object({
        bucket: z.enum(ageBuckets),
        from_due: plainDate.nullable(),
        to_due: plainDate.nullable(),
        documents: z.int(),
        amount: minorUnits,
        units: z.array(
          z.object({
            business_unit_id: id,
            business_unit_name: z.string(),
            documents: z.int(),
            amount: minorUnits,
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'Receivables' })

export const billedSchema = z
  .object({
    currency,
    from: plainDate,
    to: plainDate,
    ledger: proof,
    rows: z.array(
      z.object({ id: id.nullable(), name: z.string().nullable(), amount: minorUnits, documents: z.int() }),
    ),
  })
  .meta({ id: 'Billed' })

export const paymentMonthsSchema = z
  .object({
    currency,
    ledger: proof,
    rows: z.array(
      z.object({ month: z.string(), method: z.enum(paymentMethods), payments: z.int(), amount: minorUnits }),
    ),
  })
  .meta({ id: 'PaymentMonths' })

export const closingMonthsSchema = z
  .object({
    currency,
    rows: z.array(
      z.object({
        month: z.string(),
        business_unit_id: id,
        business_unit_name: z.string(),
        closings: z.int(),
        invoices: z.int(),
        amount: minorUnits,
        parked: z.int(),
      }),
    ),
  })
  .meta({ id: 'ClosingMonths' })
