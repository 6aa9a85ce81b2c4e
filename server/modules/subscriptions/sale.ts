import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { BillingMode, PaymentMethod, PlanKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { getPlan, listUsableRoutingPoints } from '../catalogue/index.ts'
import { getUnit } from '../units/index.ts'
import { type DiscountInput, largestAmount, readDiscount } from './amounts.ts'
import { readBillingDefaults } from './billing-data.ts'
import { lockAccount } from './locks.ts'
import { getSubscription } from './subscriptions.ts'
import { chargingStart } from './transitions.ts'

export type SubscriptionInput = DiscountInput & {
  plan_id: string
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
  options?: { plan_option_id: string; quantity?: number | undefined }[] | undefined
}

const routedKinds: PlanKind[] = ['broadband', 'additional_point']

/**
 * Subscribes an account to a plan of its business unit (P2–P5), at today's prices, which it then keeps. The contract
 * number is taken from the unit's series, the number from the account; payment method and due day are those of the
 * account's first service. Refuses: not_found (account), invalid_input (plan, option, routing point or salesperson that
 * cannot be chosen; payment data other than the first service's; discount above the price).
 */
export async function createSubscription(
  tx: Tx,
  accountId: string,
  input: SubscriptionInput,
  now: Temporal.Instant,
) {
  const account = await lockAccount(tx, accountId)
  if (!account) return notFound()
  const [unit, plan] = await Promise.all([getUnit(tx, account.business_unit_id), getPlan(tx, input.plan_id)])
  if (isRefusal(unit)) return unit
  if (isRefusal(plan) || plan.business_unit_id !== unit.id || plan.archived_at !== null)
    return refuseField('plan_id', 'not_a_choice')
  if (plan.amount === null) return refuseField('plan_id', 'plan_without_price', { currency: unit.currency })

  const options = chooseOptions(plan, input.options ?? [])
  if (isRefusal(options)) return options
  const discount = readDiscount(input, plan.amount)
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
      billing_start: status === 'active' ? chargingStart({ ...dates, closing_day: unit.closing_day }) : null,
      billing_mode: input.billing_mode ?? plan.billing_mode ?? unit.billing_mode,
      currency: unit.currency,
      payment_method:
        defaults?.payment_method ?? input.payment_method ?? unit.payment_methods[0] ?? 'bank_transfer',
      due_day: defaults?.due_day ?? input.due_day ?? unit.due_day,
      salesperson_id: input.salesperson_id ?? null,
      sale_date: input.sale_date ?? null,
      term_months: input.term_months ?? plan.term_months,
      notes: input.notes ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('subscription_components')
    .values([
      {
        subscription_id: id,
        account_id: accountId,
        ...discount,
        role: 'plan' as const,
        plan_id: plan.id,
        description: plan.name,
        unit_amount: plan.amount,
        quantity: 1,
      },
      ...options.map((option) => ({
        subscription_id: id,
        account_id: accountId,
        role: 'option' as const,
        plan_id: plan.id,
        plan_option_id: option.id,
        description: option.name,
        unit_amount: option.amount,
        quantity: option.quantity,
      })),
    ])
    .execute()
  await announce(tx, 'subscription.created', {
    subscription_id: id,
    account_id: accountId,
    business_unit_id: unit.id,
  })
  return getSubscription(tx, id)
}

type ChosenPlan = Exclude<Awaited<ReturnType<typeof getPlan>>, Refusal>

/** The chosen options of a plan, each with how many of it. */
function chooseOptions(plan: ChosenPlan, chosen: NonNullable<SubscriptionInput['options']>) {
  let total = plan.amount ?? 0
  const options: (ChosenPlan['options'][number] & { quantity: number })[] = []
  for (const [index, { plan_option_id, quantity = 1 }] of chosen.entries()) {
    const path = `options.${index}`
    const option = plan.options.find(({ id, archived_at }) => id === plan_option_id && archived_at === null)
    if (!option) return refuseField(`${path}.plan_option_id`, 'not_a_choice')
    if (options.some(({ id }) => id === option.id))
      return refuseField(`${path}.plan_option_id`, 'listed_twice')
    total += option.amount * quantity
    if (total > largestAmount) return refuseField(`${path}.quantity`, 'amount_too_large')
    options.push({ ...option, quantity })
  }
  return options
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
