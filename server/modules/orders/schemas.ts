import { z } from 'zod'
import {
  cycleAlignments,
  cycleUnits,
  documentKinds,
  intentStates,
  invoiceStates,
  lineRoles,
  optionKinds,
  orderStates,
  paymentMethods,
  paymentNoticeStates,
  planKinds,
  priceModels,
  subscriptionStatuses,
} from '../../platform/database.gen.ts'
import type { OrderKind } from '../../platform/order-kinds.ts'
import { currency, id, instant, listQuery, minorUnits, plainDate, text } from '../../platform/schemas.ts'
import { planItemSchema, priceTier } from '../catalogue/index.ts'

const flag = z.enum(['true', 'false'])
const cycle = { cycle_unit: z.enum(cycleUnits), cycle_count: z.int() }

const recurring = z
  .object({ amount: minorUnits, ...cycle })
  .nullable()
  .meta({ description: 'What it costs a period from then on; null where nothing recurs' })

const quoteFields = {
  lines: z.array(
    z
      .object({
        credit: z.boolean().meta({ description: 'What it gives back, of a credit note' }),
        role: z.enum(lineRoles),
        description: z.string(),
        from: z.iso.date(),
        to: z.iso.date(),
        days: z.int(),
        of_days: z.int(),
        quantity: z.int(),
        gross: minorUnits,
        discount: minorUnits,
        net: minorUnits,
        tax: minorUnits.meta({ description: 'On top of net' }),
      })
      .meta({ id: 'OrderLine' }),
  ),
  total: minorUnits.meta({ description: 'What its invoices come to, with taxes' }),
  tax: minorUnits.meta({ description: 'On top of the prices' }),
  tax_included: minorUnits,
  credited: minorUnits.meta({ description: 'What its credit notes give back' }),
  credit_used: minorUnits.meta({ description: 'What the account’s credit pays of it' }),
  due: minorUnits.meta({ description: 'What has to be paid now' }),
  parts: z.array(
    z
      .object({
        role: z.enum(['plan', 'option', 'usage', 'pack']),
        description: z.string(),
        quantity: z.int(),
        amount: minorUnits.meta({ description: 'Of a whole period of its own; of usage the price of one' }),
        ...cycle,
      })
      .meta({ id: 'OrderPart' }),
  ),
  recurring,
  freemium: z.boolean().meta({ description: 'It costs nothing at all, now or later' }),
  starts_on: z.iso
    .date()
    .nullable()
    .meta({ description: 'The first charged day; null while it is not known' }),
  trial_days: z.int(),
  term: z
    .object({
      months: z.int().meta({ description: 'Minimum term; 0: none' }),
      discount_basis_points: z
        .int()
        .nullable()
        .meta({ description: 'What it takes off the plan while it lasts, contained in what recurs' }),
      to_date: z.iso.date().nullable().meta({ description: 'First day without that' }),
      amount_after: minorUnits.nullable().meta({ description: 'What recurs from then on' }),
    })
    .optional()
    .meta({ description: 'Of a service that is sold' }),
}

const storedQuote = z.object(quoteFields).meta({ id: 'StoredOrderQuote' })

const token = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'Of the quote that was seen: exactly that is placed, or nothing' })

export const orderQuoteSchema = z
  .object({ ...quoteFields, title: z.string(), currency, quoted_on: plainDate, token })
  .meta({ id: 'OrderQuote' })

const rowFields = {
  id,
  number: z.int().meta({ description: 'Of the business unit’s own series' }),
  kind: z.string().meta({ description: 'What does it: `subscription`, `change`, `support_pack`' }),
  state: z.enum(orderStates),
  title: z.string(),
  currency,
  total: minorUnits.meta({ description: 'What its invoices come to, with taxes' }),
  due: minorUnits.meta({ description: 'What of that is paid by money: the account’s credit pays the rest' }),
  recurring_amount: minorUnits.nullable(),
  recurring_unit: z.enum(cycleUnits).nullable(),
  recurring_count: z.int().nullable(),
  freemium: z.boolean(),
  valid_until: plainDate.nullable().meta({ description: 'Last day on which a quote can be accepted' }),
  payable_until: plainDate.nullable().meta({
    description:
      'Last day on which an order that waits for its payment can be paid: then it expires; null: for ever, or it does not wait',
  }),
  by_customer: z.boolean(),
  subscription_id: id.nullable().meta({ description: 'The service that became of it, or that it changed' }),
  target_subscription_id: id.nullable().meta({ description: 'The service that it is to change' }),
  created_at: instant,
  placed_at: instant.nullable(),
  paid_at: instant.nullable(),
  processed_at: instant.nullable(),
  ended_at: instant.nullable(),
}

const document = z
  .object({
    id,
    kind: z.enum(documentKinds),
    number: z.string(),
    state: z.enum(invoiceStates),
    issue_date: z.iso.date(),
    due_date: z.iso.date(),
    total: minorUnits,
    open_amount: minorUnits,
  })
  .meta({ id: 'OrderDocument' })
const service = z
  .object({
    id,
    number: z.int(),
    contract_number: z.int(),
    status: z.enum(subscriptionStatuses),
    plan_name: z.string(),
  })
  .meta({ id: 'OrderService' })
const detailFields = {
  request: z.record(z.string(), z.unknown()).meta({ description: 'What was asked for, as the API takes it' }),
  quote: storedQuote,
  note: z.string().nullable(),
  quoted_on: plainDate,
  documents: z.array(document),
  service: service.nullable(),
}

export const orderSummarySchema = z
  .object({
    ...rowFields,
    business_unit_id: id,
    business_unit_name: z.string(),
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    created_by_name: z.string().nullable(),
    salesperson_id: id.nullable(),
    salesperson_name: z.string().nullable(),
    failure_code: z.string().nullable().meta({ description: 'Why it could not be done' }),
  })
  .meta({ id: 'OrderSummary' })

export const orderSchema = orderSummarySchema
  .extend({
    ...detailFields,
    failure: z.string().nullable().meta({ description: 'Why it could not be done, in words' }),
    ended_by_name: z.string().nullable(),
    payments: z.array(
      z
        .object({
          id,
          amount: minorUnits,
          currency,
          method: z.enum(paymentMethods),
          received_on: plainDate,
          reference: z.string().nullable(),
        })
        .meta({ id: 'OrderPayment' }),
    ),
    intents: z.array(
      z
        .object({
          id,
          provider_name: z.string(),
          method: z.enum(paymentMethods),
          state: z.enum(intentStates),
          amount: minorUnits,
          currency,
          created_at: instant,
          ended_at: instant.nullable(),
        })
        .meta({ id: 'OrderIntent' }),
    ),
    notices: z.array(
      z
        .object({
          id,
          amount: minorUnits,
          currency,
          method: z.enum(paymentMethods),
          state: z.enum(paymentNoticeStates),
          created_at: instant,
        })
        .meta({ id: 'OrderPaymentNotice' }),
    ),
    processable: z.boolean(),
    cancellable: z.boolean(),
    withdrawable: z.boolean(),
  })
  .meta({ id: 'Order' })

const ownMarks = {
  delayed: z.boolean().meta({ description: 'It is paid for or costs nothing, and we have to look at it' }),
  payable: z.boolean().meta({ description: 'It waits for its payment' }),
  cancellable: z.boolean(),
  answerable: z.boolean().meta({ description: 'A quote that can be accepted or declined' }),
}
export const ownOrderSummarySchema = z.object({ ...rowFields, ...ownMarks }).meta({ id: 'OwnOrderSummary' })
export const ownOrderSchema = z
  .object({
    ...rowFields,
    ...ownMarks,
    ...detailFields,
    intent_id: id.nullable().meta({ description: 'A payment of it that is on its way' }),
    notified: z.boolean().meta({ description: 'A notice of its payment waits for approval' }),
  })
  .meta({ id: 'OwnOrder' })

const states = z
  .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.enum(orderStates)).max(7))
  .optional()
const kind = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/)
  .optional()

export const orderQuery = listQuery(
  ['created_at', 'placed_at', 'number', 'total', 'account_name'],
  '-created_at',
).extend({
  business_unit_id: id.optional(),
  account_id: id.optional(),
  salesperson_id: id.optional(),
  state: states,
  kind,
  failed: flag.optional().meta({ description: 'Those that could not be done and wait for staff' }),
  by_customer: flag.optional(),
  from: plainDate.optional(),
  to: plainDate.optional(),
})
export const ownOrderQuery = listQuery(['created_at', 'number', 'total'], '-created_at')
  .omit({ q: true })
  .extend({ state: states, kind })

// What is asked for: each kind says what it takes ---------------------------------------------------------------------------

type Requests = [z.ZodObject, ...z.ZodObject[]]

/** What staff and customers send, made of what the kinds declare. */
export function requestSchemas(kinds: readonly OrderKind[]) {
  const staff = z
    .discriminatedUnion('kind', kinds.map(({ request }) => request) as Requests)
    .meta({ id: 'OrderRequest' })
  const own = z
    .discriminatedUnion('kind', kinds.map((one) => one.own) as Requests)
    .meta({ id: 'OwnOrderRequest' })
  return {
    ownQuote: z.object({ request: own }),
    ownOrder: z.object({ request: own, token }),
    staffQuote: z.object({ account_id: id, request: staff, salesperson_id: id.nullable().optional() }),
    staffOrder: z.object({
      account_id: id,
      request: staff,
      as: z
        .enum(['order', 'quote'])
        .default('order')
        .meta({ description: 'A quote is offered to the customer, who accepts it in the portal' }),
      valid_until: plainDate
        .nullable()
        .optional()
        .meta({ description: 'Last day on which a quote can be accepted' }),
      note: text(2000).optional().meta({ description: 'Told to the customer with it' }),
      salesperson_id: id.nullable().optional(),
      token: token.optional(),
    }),
  }
}

// The shop ------------------------------------------------------------------------------------------------------------------

const shopPrice = z
  .object({
    ...cycle,
    cycle_alignment: z.enum(cycleAlignments),
    price_model: z.enum(priceModels),
    amount: minorUnits.meta({
      description: 'Of the whole (flat), of one (per_unit) or of a package; 0 with tiers',
    }),
    tiers: z.array(priceTier).nullable(),
    package_size: z.int().nullable(),
    included: z.int().meta({ description: 'Units that cost nothing' }),
    one: minorUnits.meta({ description: 'What one costs for a whole period' }),
  })
  .meta({ id: 'ShopPrice' })

export const shopSchema = z
  .object({
    currency,
    day: plainDate.meta({ description: 'The day that the prices are of' }),
    products: z.array(
      z
        .object({
          id,
          name: z.string(),
          description: z.string().nullable(),
          plans: z.array(
            z
              .object({
                id,
                name: z.string(),
                kind: z.enum(planKinds),
                description: z.string().nullable(),
                order_kind: z
                  .enum(['subscription', 'support_pack'])
                  .meta({ description: 'The `kind` of the request that orders it' }),
                trial_days: z.int(),
                proportional_trial: z.boolean().meta({ description: 'Free until the first closing' }),
                term_months: z.int().meta({ description: 'Minimum term where none is chosen' }),
                terms: z
                  .array(
                    z
                      .object({
                        term_months: z.int().meta({ description: '0: without a minimum term' }),
                        discount_basis_points: z
                          .int()
                          .nullable()
                          .meta({ description: 'Off the plan’s recurring price while it lasts' }),
                      })
                      .meta({ id: 'ShopTerm' }),
                  )
                  .meta({ description: 'All that can be chosen, its own among them' }),
                support_credits: z.int(),
                prices: z.array(shopPrice).meta({ description: 'The cycles that it is sold in' }),
                items: z.array(planItemSchema),
                options: z.array(
                  z
                    .object({ id, name: z.string(), kind: z.enum(optionKinds), prices: z.array(shopPrice) })
                    .meta({ id: 'ShopOption' }),
                ),
                meters: z.array(
                  z
                    .object({ id, name: z.string(), unit_name: z.string(), prices: z.array(shopPrice) })
                    .meta({ id: 'ShopMeter' }),
                ),
              })
              .meta({ id: 'ShopPlan' }),
          ),
        })
        .meta({ id: 'ShopProduct' }),
    ),
  })
  .meta({ id: 'Shop' })
