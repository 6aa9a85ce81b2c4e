import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type {
  BillingMode,
  CycleAlignment,
  CycleUnit,
  PaymentMethod,
  PlanKind,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import {
  type CataloguePrice,
  choosePrice,
  getPlan,
  listUsableRoutingPoints,
  type PriceCycle,
  soldAt,
} from '../catalogue/index.ts'
import { getUnit } from '../units/index.ts'
import { type DiscountInput, largestAmount, readDiscount } from './amounts.ts'
import { readBillingDefaults } from './billing-data.ts'
import { redeemCoupon } from './coupons.ts'
import { lockAccount } from './locks.ts'
import { priceQuantity } from './pricing.ts'
import { getSubscription } from './subscriptions.ts'
import { giveTermDiscount } from './term-discounts.ts'
import { chargingStart } from './transitions.ts'

/** A cycle that the catalogue has a price for; without its alignment, the one of the closing day before others. */
export type CycleChoice = {
  cycle_unit: CycleUnit
  cycle_count: number
  cycle_alignment?: CycleAlignment | undefined
}

export type SubscriptionInput = DiscountInput & {
  plan_id: string
  /** How many of the plan; one by default. */
  quantity?: number | undefined
  /** The business unit's by default; else one that the plan has a price in. */
  currency?: string | undefined
  /** The plan's first by default: a month before a year. */
  cycle?: CycleChoice | undefined
  /** A boundary of the periods of what has an own anchor day; its first charged day by default. */
  anchor_date?: Temporal.PlainDate | null | undefined
  /** Redeemed on it, with everything that this may refuse. */
  coupon_code?: string | null | undefined
  /** Active by default. */
  status?: 'awaiting_installation' | 'active' | undefined
  /** Today by default. */
  start_date?: Temporal.PlainDate | undefined
  /** The day of installation of one that is active: the start by default. */
  activation_date?: Temporal.PlainDate | null | undefined
  routing_point_id?: string | null | undefined
  trial_days?: number | undefined
  billing_mode?: BillingMode | undefined
  payment_method?: PaymentMethod | undefined
  due_day?: number | undefined
  salesperson_id?: string | null | undefined
  sale_date?: Temporal.PlainDate | null | undefined
  term_months?: number | undefined
  notes?: string | null | undefined
  external_id?: string | null | undefined
  /** First day that is billed here, of a service that another system billed before. */
  bill_from?: Temporal.PlainDate | null | undefined
  options?:
    | { plan_option_id: string; quantity?: number | undefined; cycle?: CycleChoice | undefined }[]
    | undefined
}

const routedKinds: PlanKind[] = ['broadband', 'additional_point']

/**
 * Subscribes an account to a plan of its business unit (P1–P5), at today's prices, which it then keeps: the plan, each
 * option and each meter becomes a component with its own price and cycle; what the plan offers for the term is taken off while it lasts. The contract number is taken from the unit's
 * series, the number from the account; payment method and due day are those of the account's first service. Refuses:
 * not_found (account), invalid_input (plan, price, option, routing point or salesperson that cannot be chosen; payment
 * data other than the first service's; discount above the price), and what a coupon refuses.
 */
export async function createSubscription(
  tx: Tx,
  accountId: string,
  input: SubscriptionInput,
  now: Temporal.Instant,
) {
  const account = await lockAccount(tx, accountId)
  if (!account) return notFound()
  const [unit, plan] = await Promise.all([
    getUnit(tx, account.business_unit_id),
    getPlan(tx, input.plan_id, now),
  ])
  if (isRefusal(unit)) return unit
  if (isRefusal(plan) || plan.business_unit_id !== unit.id || plan.archived_at !== null)
    return refuseField('plan_id', 'not_a_choice')
  const currency = input.currency ?? unit.currency
  const parts = chooseParts(plan, input, currency)
  if (isRefusal(parts)) return parts
  const discount = readDiscount(input, parts[0]!.whole)
  if (isRefusal(discount)) return discount
  const defaults = await readBillingDefaults(tx, accountId)
  const fault =
    (await checkRoutingPoint(tx, unit.id, plan.kind, input.routing_point_id ?? null)) ??
    (await checkSalesperson(tx, unit.id, input.salesperson_id ?? null)) ??
    checkPaymentData(input, defaults, unit.payment_methods)
  if (fault) return fault

  const status = input.status ?? 'active'
  const start_date = input.start_date ?? today(now, unit.time_zone)
  const dates = {
    start_date,
    activation_date: status === 'active' ? (input.activation_date ?? start_date) : null,
    trial_days: input.trial_days ?? plan.trial_days,
    proportional_trial: plan.proportional_trial,
    bill_from: input.bill_from ?? null,
  }
  const term_months = input.term_months ?? plan.term_months
  const billing_start =
    status === 'active' ? chargingStart({ ...dates, closing_day: unit.closing_day }) : null
  // The contract's series is locked last and shortest: every sale of the business unit waits for it.
  const { id } = await tx
    .insertInto('subscriptions')
    .values({
      ...dates,
      business_unit_id: unit.id,
      account_id: accountId,
      number: sql<number>`(select coalesce(max(s.number), 0) + 1 from subscriptions s where s.account_id = ${accountId})`,
      contract_number: sql<number>`take_numbers(${unit.id}, 'contract', 1)`,
      external_id: input.external_id ?? null,
      plan_id: plan.id,
      routing_point_id: input.routing_point_id ?? null,
      status,
      billing_start,
      billing_mode: input.billing_mode ?? plan.billing_mode ?? unit.billing_mode,
      currency,
      payment_method:
        defaults?.payment_method ?? input.payment_method ?? unit.payment_methods[0] ?? 'bank_transfer',
      due_day: defaults?.due_day ?? input.due_day ?? unit.due_day,
      salesperson_id: input.salesperson_id ?? null,
      sale_date: input.sale_date ?? null,
      term_months,
      notes: input.notes ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('subscription_components')
    .values(
      parts.map(({ whole: _whole, price, ...part }) => ({
        ...part,
        ...soldAt(price),
        ...(part.role === 'plan' && discount),
        subscription_id: id,
        account_id: accountId,
        plan_id: plan.id,
        anchor_date: hasAnchor(price) ? (input.anchor_date ?? null) : null,
      })),
    )
    .execute()
  const offered = plan.terms.find((term) => term.term_months === term_months)?.discount_basis_points ?? null
  // What is charged once has no term to be cheaper in.
  if (offered !== null && parts[0]!.price.cycle_unit !== 'once')
    await giveTermDiscount(
      tx,
      { id, account_id: accountId, ...dates, billing_start, term_months },
      offered,
      unit.language,
    )
  if ((input.coupon_code ?? null) !== null) {
    const redeemed = await redeemCoupon(tx, { subscription_id: id, code: input.coupon_code! }, now)
    if (isRefusal(redeemed)) return redeemed
  }
  await announce(tx, 'subscription.created', {
    subscription_id: id,
    account_id: accountId,
    business_unit_id: unit.id,
  })
  return getSubscription(tx, id)
}

type ChosenPlan = Exclude<Awaited<ReturnType<typeof getPlan>>, Refusal>

/** A component as it is sold; `whole` is what a whole period of its cycle costs, in minor units. */
type SoldPart = {
  role: 'plan' | 'option' | 'usage'
  plan_option_id: string | null
  plan_meter_id: string | null
  description: string
  quantity: number
  price: CataloguePrice
  whole: number
}

/** Whether it has periods on a day of its own. */
const hasAnchor = (cycle: PriceCycle) =>
  cycle.cycle_alignment === 'anniversary' && cycle.cycle_unit !== 'once'

/**
 * What is sold of a plan, the plan itself first, at the prices of today: of the cycle that was chosen, else for an option
 * or a meter the plan's own cycle before any other. What is metered comes with the plan.
 */
function chooseParts(plan: ChosenPlan, input: SubscriptionInput, currency: string): SoldPart[] | Refusal {
  const { day } = plan
  const price = choosePrice(plan.prices, { currency, day, cycle: input.cycle })
  if (!price) {
    const other = choosePrice(plan.prices, { currency, day })
    return other
      ? refuseField('cycle', 'not_a_choice')
      : refuseField('plan_id', 'plan_without_price', { currency })
  }
  const like = <P extends CataloguePrice>(prices: readonly P[]) =>
    choosePrice(prices, { currency, day, cycle: price }) ??
    choosePrice(prices, {
      currency,
      day,
      cycle: { cycle_unit: price.cycle_unit, cycle_count: price.cycle_count },
    }) ??
    choosePrice(prices, { currency, day })

  const parts: SoldPart[] = []
  let total = 0n
  const add = (part: Omit<SoldPart, 'whole'>, path: string): Refusal | undefined => {
    const whole = priceQuantity(
      { ...part.price, model: part.price.price_model, unit_amount: part.price.amount },
      part.quantity,
    )
    total += whole
    if (total > BigInt(largestAmount)) return refuseField(path, 'amount_too_large')
    parts.push({ ...part, whole: Number(whole) })
    return undefined
  }
  const bare = { plan_option_id: null, plan_meter_id: null }
  const fault = add(
    { ...bare, role: 'plan', description: plan.name, quantity: input.quantity ?? 1, price },
    'quantity',
  )
  if (fault) return fault
  for (const [index, { plan_option_id, quantity = 1, cycle }] of (input.options ?? []).entries()) {
    const path = `options.${index}`
    const option = plan.options.find(({ id, archived_at }) => id === plan_option_id && archived_at === null)
    if (!option) return refuseField(`${path}.plan_option_id`, 'not_a_choice')
    if (parts.some((part) => part.plan_option_id === option.id))
      return refuseField(`${path}.plan_option_id`, 'listed_twice')
    const own = cycle ? choosePrice(option.prices, { currency, day, cycle }) : like(option.prices)
    if (!own) {
      return cycle
        ? refuseField(`${path}.cycle`, 'not_a_choice')
        : refuseField(`${path}.plan_option_id`, 'option_without_price', { currency })
    }
    const refused = add(
      { ...bare, role: 'option', plan_option_id: option.id, description: option.name, quantity, price: own },
      `${path}.quantity`,
    )
    if (refused) return refused
  }
  for (const meter of plan.meters.filter(({ archived_at }) => archived_at === null)) {
    const own = like(meter.prices)
    // A meter that is not sold in this currency counts nothing here.
    if (own)
      parts.push({
        ...bare,
        role: 'usage',
        plan_meter_id: meter.id,
        description: meter.name,
        quantity: 1,
        price: own,
        whole: 0,
      })
  }
  return parts
}

/** A connection has a routing point wherever its business unit keeps any; nothing else has one (P2). */
export async function checkRoutingPoint(
  tx: Tx,
  unitId: string,
  kind: PlanKind,
  routingPointId: string | null,
): Promise<Refusal | undefined> {
  if (!routedKinds.includes(kind))
    return routingPointId === null ? undefined : refuseField('routing_point_id', 'not_for_this_plan')
  const usable = await listUsableRoutingPoints(tx, unitId)
  if (routingPointId === null)
    return usable.length === 0 ? undefined : refuseField('routing_point_id', 'required')
  return usable.some(({ id }) => id === routingPointId)
    ? undefined
    : refuseField('routing_point_id', 'not_a_choice')
}

/** Staff who may have sold in a business unit, by name: few by nature. */
export function listSalespeople(tx: Tx, unitId: string | undefined) {
  let query = tx
    .selectFrom('staff')
    .innerJoin('users', 'users.id', 'staff.user_id')
    .select(['users.id', 'users.name'])
    .where('users.disabled_at', 'is', null)
  if (unitId !== undefined)
    query = query.where(sql<boolean>`(staff.all_units or exists (select from staff_units su
      where su.user_id = staff.user_id and su.business_unit_id = ${unitId}))`)
  return query.orderBy('users.name').orderBy('users.id').limit(500).execute()
}

/** A salesperson is staff of the business unit. */
export async function checkSalesperson(
  tx: Tx,
  unitId: string,
  salespersonId: string | null,
): Promise<Refusal | undefined> {
  if (salespersonId === null) return undefined
  const people = await listSalespeople(tx, unitId)
  return people.some(({ id }) => id === salespersonId)
    ? undefined
    : refuseField('salesperson_id', 'not_a_choice')
}

/** On creation, payment data are the first service's (P3): others are chosen afterwards, on purpose. */
function checkPaymentData(
  input: SubscriptionInput,
  first: { payment_method: PaymentMethod; due_day: number } | undefined,
  methods: readonly PaymentMethod[],
): Refusal | undefined {
  const { payment_method, due_day } = input
  if (first) {
    const fields = [
      ...(payment_method !== undefined && payment_method !== first.payment_method ? ['payment_method'] : []),
      ...(due_day !== undefined && due_day !== first.due_day ? ['due_day'] : []),
    ]
    return fields.length === 0
      ? undefined
      : refuse('invalid_input', {
          status: 422,
          fields: fields.map((path) => ({ path, code: 'as_first_service' })),
        })
  }
  return checkPaymentMethod(payment_method, methods)
}

/** A payment method that the business unit takes. */
export function checkPaymentMethod(
  method: PaymentMethod | undefined,
  methods: readonly PaymentMethod[],
): Refusal | undefined {
  return method === undefined || methods.includes(method)
    ? undefined
    : refuseField('payment_method', 'not_a_choice')
}
