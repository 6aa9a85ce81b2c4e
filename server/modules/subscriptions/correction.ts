import type { BillingMode, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, refuse, refuseField } from '../../platform/errors.ts'
import { type DiscountInput, readDiscount, wholeAmount } from './amounts.ts'
import { lockSubscription, wasBilled } from './locks.ts'
import { checkPaymentMethod, checkRoutingPoint, checkSalesperson } from './sale.ts'
import { getSubscription } from './subscriptions.ts'
import { moveTermDiscount } from './term-discounts.ts'
import { chargingStart } from './transitions.ts'

export type SubscriptionCorrection = DiscountInput & {
  notes?: string | null | undefined
  salesperson_id?: string | null | undefined
  sale_date?: Temporal.PlainDate | null | undefined
  term_months?: number | undefined
  payment_method?: PaymentMethod | undefined
  due_day?: number | undefined
  routing_point_id?: string | null | undefined
  external_id?: string | null | undefined
  trial_days?: number | undefined
  billing_mode?: BillingMode | undefined
  start_date?: Temporal.PlainDate | undefined
  activation_date?: Temporal.PlainDate | undefined
}

/** What decides which days are charged: fixed once any day was. */
const fixedOnceBilled = ['start_date', 'activation_date', 'trial_days', 'billing_mode'] as const

/**
 * Corrects a subscription's data (P8): administrative only, nothing happens on servers. Start, installation, trial and
 * billing mode can be corrected while no day was billed, and charging then starts anew from them; a discount is for
 * what is billed from now on. Refuses: not_found, subscription_was_billed, invalid_input.
 */
export async function correctSubscription(
  tx: Tx,
  id: string,
  change: SubscriptionCorrection,
  now: Temporal.Instant,
) {
  const current = await lockSubscription(tx, id, now)
  if (isRefusal(current)) return current
  const fixed = fixedOnceBilled.filter(
    (column) => change[column] !== undefined && String(change[column]) !== String(current[column]),
  )
  if (fixed.length > 0 && (await wasBilled(tx, id)))
    return refuse('subscription_was_billed', {
      fields: fixed.map((path) => ({ path, code: 'billed_already' })),
    })
  if (change.activation_date !== undefined) {
    if (current.status === 'awaiting_installation' || current.activation_date === null)
      return refuseField('activation_date', 'not_installed_yet')
    if (
      Temporal.PlainDate.compare(change.activation_date, current.today) > 0 &&
      fixed.includes('activation_date')
    )
      return refuseField('activation_date', 'date_in_future')
  }

  const plan = await tx
    .selectFrom('subscription_components')
    .select(['id', wholeAmount.as('whole')])
    .where('subscription_id', '=', id)
    .where('role', '=', 'plan')
    .where('to_date', 'is', null)
    .executeTakeFirst()
  const discount = readDiscount(change, plan?.whole ?? 0)
  if (isRefusal(discount)) return discount
  const { routing_point_id, salesperson_id, payment_method } = change
  const fault =
    (routing_point_id === undefined || routing_point_id === current.routing_point_id
      ? undefined
      : await checkRoutingPoint(tx, current.business_unit_id, current.plan_kind, routing_point_id)) ??
    (salesperson_id === undefined || salesperson_id === current.salesperson_id
      ? undefined
      : await checkSalesperson(tx, current.business_unit_id, salesperson_id)) ??
    (payment_method === current.payment_method
      ? undefined
      : checkPaymentMethod(payment_method, current.payment_methods))
  if (fault) return fault

  const {
    discount_kind: _kind,
    discount_amount: _amount,
    discount_basis_points: _points,
    ...columns
  } = change
  if (plan && Object.keys(discount).length > 0)
    await tx.updateTable('subscription_components').set(discount).where('id', '=', plan.id).execute()
  const dates = moveDates(current, change)
  const set = { ...columns, ...dates }
  if (Object.values(set).some((value) => value !== undefined))
    await tx.updateTable('subscriptions').set(set).where('id', '=', id).execute()
  if (Object.keys(dates).length > 0) await moveTermDiscount(tx, id)
  return getSubscription(tx, id)
}

type Dated = Parameters<typeof chargingStart>[0] & { billing_start: Temporal.PlainDate | null }

/** The dates that follow from a corrected start, installation or trial. */
function moveDates(current: Dated, change: SubscriptionCorrection) {
  const { start_date, activation_date, trial_days } = change
  if (start_date === undefined && activation_date === undefined && trial_days === undefined) return {}
  // Installed on the day it was to start: a corrected start is the same mistake in both dates.
  const together =
    start_date !== undefined &&
    activation_date === undefined &&
    current.activation_date?.equals(current.start_date) === true
  const dates = {
    start_date: start_date ?? current.start_date,
    activation_date: together ? start_date : (activation_date ?? current.activation_date),
    trial_days: trial_days ?? current.trial_days,
  }
  if (current.billing_start === null) return dates
  const unchanged =
    dates.start_date.equals(current.start_date) &&
    dates.trial_days === current.trial_days &&
    String(dates.activation_date) === String(current.activation_date)
  return unchanged ? {} : { ...dates, billing_start: chargingStart({ ...current, ...dates }) }
}
