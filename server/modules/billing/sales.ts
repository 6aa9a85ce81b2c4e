// A sale with its first days billed at once: what an order of a service does when it is paid (B5).
import { z } from 'zod'
import { today, toEpochDay } from '../../platform/calendar.ts'
import type { PlanKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type notFound, refuse, refuseField } from '../../platform/errors.ts'
import { type OrderDeed, orderKind } from '../../platform/order-kinds.ts'
import {
  createSubscription,
  cyclePeriodOfDay,
  type SubscriptionInput,
  subscriptionInput,
} from '../subscriptions/index.ts'
import { readDiscount } from './billable.ts'
import { planDaysNow, priceDays } from './engine.ts'
import { issueDocuments } from './issuing.ts'
import {
  type BillingUnit,
  loadServices,
  readBillingUnits,
  rulesOf,
  type Service,
  withTerms,
} from './planning.ts'

/** A service as it was sold, and as billing reads it: with no `service` nothing of it is charged yet. */
export async function sell(tx: Tx, accountId: string, input: SubscriptionInput, now: Temporal.Instant) {
  const sold = await createSubscription(tx, accountId, input, now)
  if (isRefusal(sold)) return sold
  const unit = (await readBillingUnits(tx, [sold.business_unit_id])).get(sold.business_unit_id)!
  const taken = await tx
    .selectFrom('subscription_coupons')
    .select([
      'name',
      'term_months',
      'discount_kind',
      'discount_amount',
      'discount_basis_points',
      'from_date',
      'to_date',
    ])
    .where('subscription_id', '=', sold.id)
    .execute()
  const coupon = taken.find((one) => one.term_months === null)
  const term = taken.find((one) => one.term_months !== null)
  const loaded = (await loadServices(tx, unit, [accountId], sold.start_date)).get(accountId)
  const services = loaded?.services ?? []
  return { sold, unit, coupon, term, services, service: services.find(({ id }) => id === sold.id) }
}
export type Sale = Exclude<Awaited<ReturnType<typeof sell>>, { code: string }>

/**
 * What of a new service is billed on the day of its sale: in advance the rest of the period that its first day is in, and what
 * is charged once. In arrears, and while it is tried, nothing of its days is.
 */
function planFirstDays(unit: BillingUnit, service: Service, day: Temporal.PlainDate) {
  const first = toEpochDay(service.billing_start)
  if (first > toEpochDay(day)) return null
  return planDaysNow(rulesOf(unit), day, service, (_component, cycle) => {
    if (cycle.unit === 'once') return first + 1
    return service.billing_mode === 'advance' ? cyclePeriodOfDay(first, cycle, unit.closing_day).to : first
  })
}

/**
 * Sells a service from today on and issues the invoice of its first days at once. Refuses what the sale refuses, and
 * currency_differs.
 */
async function sellNow(
  tx: Tx,
  accountId: string,
  input: SubscriptionInput,
  now: Temporal.Instant,
): Promise<(Sale & { invoice_ids: string[] }) | ReturnType<typeof notFound>> {
  const sale = await sell(tx, accountId, input, now)
  if (isRefusal(sale)) return sale
  const { sold, unit, services, service } = sale
  if (sold.currency !== unit.currency)
    return refuseField('plan_id', 'plan_without_price', { currency: unit.currency })
  const invoice = service ? planFirstDays(unit, service, today(now, unit.time_zone)) : null
  if (!invoice) return { ...sale, invoice_ids: [] }
  const { invoice_ids } = await issueDocuments(
    tx,
    unit,
    [{ account_id: accountId, document: withTerms(unit, services, invoice) }],
    { closing_id: null, now },
  )
  return { ...sale, invoice_ids }
}

// As an order ------------------------------------------------------------------------------------------------------------

/** What waits for somebody who installs it: customers order it only where its plan says so. */
const connections: readonly PlanKind[] = ['dial_up', 'broadband', 'additional_point']

const ownRequest = subscriptionInput
  .pick({ plan_id: true, quantity: true, cycle: true, coupon_code: true, options: true, term_months: true })
  .extend({ kind: z.literal('subscription') })
  .meta({ id: 'OwnSubscriptionOrder' })
const staffRequest = subscriptionInput
  .pick({
    plan_id: true,
    quantity: true,
    cycle: true,
    coupon_code: true,
    options: true,
    routing_point_id: true,
    trial_days: true,
    billing_mode: true,
    payment_method: true,
    due_day: true,
    discount_kind: true,
    discount_amount: true,
    discount_basis_points: true,
    term_months: true,
    notes: true,
  })
  .extend({
    kind: z.literal('subscription'),
    status: z
      .enum(['awaiting_installation', 'active'])
      .optional()
      .meta({ description: 'Left out: active, and a connection waits for its installation' }),
  })
  .meta({ id: 'SubscriptionOrder' })

/** Whether customers may order a plan by themselves. */
export const isOrderable = (plan: { kind: PlanKind; customer_orders: boolean | null }) =>
  plan.customer_orders ?? !connections.includes(plan.kind)

/** A service, sold on the day on which it is paid. */
export const subscriptionOrders = orderKind({
  kind: 'subscription',
  request: staffRequest,
  own: ownRequest,
  readOwn: (request) => request,
  async checkOwn(tx, _accountId, request) {
    const plan = await tx
      .selectFrom('plans')
      .select(['kind', 'customer_orders', 'support_credits', 'term_months'])
      .where('id', '=', request.plan_id)
      .executeTakeFirst()
    if (!plan || (plan.kind === 'support_pack' && plan.support_credits > 0))
      return refuseField('plan_id', 'not_a_choice')
    if (!isOrderable(plan)) return refuse('order_not_allowed', { status: 403 })
    const { term_months = plan.term_months } = request
    if (term_months === plan.term_months) return undefined
    // Customers choose among what is offered; staff agree on any term.
    const offered = await tx
      .selectFrom('plan_terms')
      .select('id')
      .where('plan_id', '=', request.plan_id)
      .where('term_months', '=', term_months)
      .executeTakeFirst()
    return offered ? undefined : refuseField('term_months', 'not_a_choice')
  },
  async perform(tx, accountId, request, { now, salesperson_id }) {
    const { kind: _kind, status, ...input } = request
    const plan = await tx
      .selectFrom('plans')
      .select('kind')
      .where('id', '=', request.plan_id)
      .executeTakeFirst()
    const waits = plan !== undefined && connections.includes(plan.kind)
    const sale = await sellNow(
      tx,
      accountId,
      { ...input, status: status ?? (waits ? 'awaiting_installation' : 'active'), salesperson_id },
      now,
    )
    return isRefusal(sale) ? sale : describeSale(sale)
  },
})

/** What a whole period of a new service costs while its term lasts: as it is billed then, rounded once (billing.md 9). */
export function priceInTerm({ sold, term }: Sale): { plan: number; all: number } {
  const plain = sold.plan_value - sold.discount
  if (!term) return { plan: plain, all: sold.amount }
  const own = readDiscount(sold)
  const inTerm = { kind: 'percent', basis_points: term.discount_basis_points! } as const
  const { net } = priceDays(BigInt(sold.plan_value), [...(own ? [own] : []), inTerm], 1, 1)
  return { plan: net, all: sold.amount - plain + net }
}

function describeSale(sale: Sale & { invoice_ids: string[] }): OrderDeed {
  const { sold, coupon, term, invoice_ids } = sale
  const price = priceInTerm(sale)
  const parts = sold.components.map((one) => ({
    role: one.role,
    description: one.description,
    quantity: one.quantity,
    amount: one.role === 'usage' ? one.unit_amount : one.role === 'plan' ? price.plan : one.amount,
    cycle_unit: one.cycle_unit,
    cycle_count: one.cycle_count,
  }))
  const quantity = parts.find(({ role }) => role === 'plan')?.quantity ?? 1
  return {
    title: quantity > 1 ? `${quantity} × ${sold.plan_name}` : sold.plan_name,
    document_ids: invoice_ids,
    subscription_id: sold.id,
    parts,
    recurring:
      sold.cycle_unit === 'once'
        ? null
        : { amount: price.all, cycle_unit: sold.cycle_unit, cycle_count: sold.cycle_count },
    term: {
      months: sold.term_months,
      discount_basis_points: term?.discount_basis_points ?? null,
      to_date: term?.to_date?.toString() ?? null,
      amount_after: term ? sold.amount : null,
    },
    // What a term alone makes free is not free for ever.
    freemium:
      !term &&
      parts.every(({ amount }) => amount === 0) &&
      sold.components.every(({ tiers }) => tiers === null),
    starts_on: sold.billing_start,
    trial_days: sold.trial_days,
    terms: {
      components: sold.components.map(
        ({ id: _id, from_date: _from, to_date: _to, anchor_date: _anchor, ...component }) => component,
      ),
      discount: [sold.discount_kind, sold.discount_amount, sold.discount_basis_points],
      coupon: coupon
        ? [coupon.name, coupon.discount_kind, coupon.discount_amount, coupon.discount_basis_points]
        : null,
      billing_mode: sold.billing_mode,
      trial: [sold.trial_days, sold.proportional_trial],
      term_months: sold.term_months,
      ...(term ? { term_discount: term.discount_basis_points } : {}),
    },
  }
}
