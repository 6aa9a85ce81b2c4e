import { z } from 'zod'
import { cycleAlignments, cycleUnits, discountKinds, lineRoles } from '../../platform/database.gen.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { currency, idParams, minorUnits, plainDate } from '../../platform/schemas.ts'
import { componentSchema, subscriptionInput } from '../subscriptions/index.ts'
import { quoteSale } from './sale-quotes.ts'

const saleQuoteSchema = z
  .object({
    currency,
    plan_value: minorUnits.meta({ description: 'What the plan costs for a period of its own' }),
    discount: minorUnits,
    amount: minorUnits.meta({ description: 'Plan less discount, and options that are charged as often' }),
    cycle_unit: z.enum(cycleUnits),
    cycle_count: z.int(),
    cycle_alignment: z.enum(cycleAlignments),
    billing_start: plainDate
      .nullable()
      .meta({ description: 'First charged day; null while awaiting installation' }),
    components: z.array(componentSchema.omit({ id: true })),
    term: z
      .object({
        months: z.int(),
        discount_basis_points: z.int(),
        to_date: plainDate.meta({ description: 'First day without it' }),
        amount: minorUnits.meta({ description: 'What `amount` is while the term lasts' }),
      })
      .nullable()
      .meta({ description: 'What the plan takes off for the term' }),
    coupon: z
      .object({
        name: z.string(),
        discount_kind: z.enum(discountKinds),
        discount_amount: minorUnits.nullable(),
        discount_basis_points: z.int().nullable(),
        from_date: plainDate,
        to_date: plainDate.nullable(),
      })
      .nullable(),
    first_invoice: z
      .object({
        issue_date: plainDate,
        due_date: plainDate,
        total: minorUnits,
        tax: minorUnits.meta({ description: 'On top of the prices' }),
        tax_included: minorUnits,
        lines: z.array(
          z.object({
            role: z.enum(lineRoles),
            description: z.string(),
            from: plainDate,
            to: plainDate,
            days: z.int(),
            of_days: z.int(),
            quantity: z.int(),
            gross: minorUnits,
            discount: minorUnits,
            net: minorUnits,
          }),
        ),
      })
      .nullable()
      .meta({ description: 'The invoice that bills its first days, of this service alone' }),
  })
  .meta({ id: 'SaleQuote' })

export function registerSaleQuotes(app: App): void {
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/subscriptions/quote',
      operation: 'quote_subscription',
      summary: 'Show what a sale would cost: its components and its first invoice',
      description: 'Takes what the sale takes and refuses what it refuses; nothing is written',
      tag: 'Subscriptions',
      permission: 'subscriptions.write',
      params: idParams,
      body: subscriptionInput,
      response: saleQuoteSchema,
    },
    (tx, { params, body }, _actor, { now }) => quoteSale(tx, params.id, body, now),
  )
}
