import { sql } from 'kysely'
import type { SubscriptionStatus } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { beginCoupons } from './coupons.ts'
import { lockSubscription, wasBilled } from './locks.ts'
import { billingStart } from './periods.ts'
import { moveTermDiscount } from './term-discounts.ts'

const running: SubscriptionStatus[] = [
  'awaiting_installation',
  'active',
  'suspended',
  'suspended_administratively',
]

/** Every change of state that there is (house rule 7): from which states, to which, and what it announces. */
const transitions = {
  activate: { from: ['awaiting_installation'], to: 'active', event: 'subscription.activated' },
  suspend: { from: ['active'], to: 'suspended', event: 'subscription.suspended' },
  suspend_administratively: {
    from: ['active'],
    to: 'suspended_administratively',
    event: 'subscription.suspended',
  },
  reactivate: {
    from: ['suspended', 'suspended_administratively'],
    to: 'active',
    event: 'subscription.reactivated',
  },
  cancel: { from: running, to: 'cancelled', event: 'subscription.cancelled' },
} as const satisfies Record<
  string,
  { from: readonly SubscriptionStatus[]; to: SubscriptionStatus; event: string }
>

type Transition = keyof typeof transitions

/** What staff may do with a subscription, as buttons. */
export const subscriptionActions = ['activate', 'suspend', 'reactivate', 'cancel', 'delete'] as const
export type SubscriptionAction = (typeof subscriptionActions)[number]

/** What may be done with a subscription in a state; only what was never billed can be deleted (P10). */
export function listActions(status: SubscriptionStatus, billed: boolean): SubscriptionAction[] {
  return subscriptionActions.filter((action) => (action === 'delete' ? !billed : mayTransit(action, status)))
}

function mayTransit(transition: Transition, status: SubscriptionStatus): boolean {
  return (transitions[transition].from as readonly SubscriptionStatus[]).includes(status)
}

const { compare } = Temporal.PlainDate

/** The subscription, locked, where the transition is possible from its state. */
async function begin(tx: Tx, id: string, transition: Transition, now: Temporal.Instant) {
  const subscription = await lockSubscription(tx, id, now)
  if (isRefusal(subscription)) return subscription
  return mayTransit(transition, subscription.status) ? subscription : refuseState(subscription.status)
}

function refuseState(status: SubscriptionStatus): Refusal {
  return refuse('subscription_state', { params: { status } })
}

/** A subscription whose account is locked: what a transition needs of it. */
type Moved = { id: string; account_id: string; business_unit_id: string; status: SubscriptionStatus }

/**
 * Moves a locked subscription to another state and announces it, where there is a transition between the two. Refuses:
 * subscription_state.
 */
export async function moveSubscription(
  tx: Tx,
  subscription: Moved,
  to: SubscriptionStatus,
): Promise<Refusal | undefined> {
  const transition = (Object.keys(transitions) as Transition[]).find(
    (one) => transitions[one].to === to && mayTransit(one, subscription.status),
  )
  return transition ? transit(tx, subscription, transition) : refuseState(subscription.status)
}

/** The one update of a transition: where another one was faster, nothing is written and the state says why. */
async function transit(
  tx: Tx,
  subscription: Moved,
  transition: Transition,
  columns: {
    activation_date?: Temporal.PlainDate
    billing_start?: Temporal.PlainDate
    end_date?: Temporal.PlainDate
    end_reason?: string
  } = {},
): Promise<Refusal | undefined> {
  const { from, to, event } = transitions[transition]
  const { id } = subscription
  const moved = await tx
    .updateTable('subscriptions')
    .set({ ...columns, status: to })
    .where('id', '=', id)
    .where(sql<boolean>`status = any(${[...from]}::subscription_status[])`)
    .returning('id')
    .executeTakeFirst()
  if (!moved) {
    const current = await tx
      .selectFrom('subscriptions')
      .select('status')
      .where('id', '=', id)
      .executeTakeFirst()
    return refuseState(current?.status ?? subscription.status)
  }
  await announce(tx, event, describe(subscription))
  return undefined
}

function describe(subscription: Moved) {
  return {
    subscription_id: subscription.id,
    account_id: subscription.account_id,
    business_unit_id: subscription.business_unit_id,
  }
}

/**
 * The service was installed on a day (today by default). Charging starts then, or on the agreed start where that is
 * later, after the trial (P5, billing.md 6). Refuses: not_found, subscription_state, invalid_input (a day to come).
 */
export async function activateSubscription(
  tx: Tx,
  id: string,
  input: { date?: Temporal.PlainDate | undefined },
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const subscription = await begin(tx, id, 'activate', now)
  if (isRefusal(subscription)) return subscription
  const date = input.date ?? subscription.today
  if (compare(date, subscription.today) > 0) return refuseField('date', 'date_in_future')
  const billing_start = chargingStart({ ...subscription, activation_date: date })
  const refused = await transit(tx, subscription, 'activate', { activation_date: date, billing_start })
  if (refused) return refused
  await beginCoupons(tx, id, billing_start)
  await moveTermDiscount(tx, id)
  return undefined
}

/** First day that is charged: from the later of the agreed start and the installation, after the trial. */
export function chargingStart(subscription: {
  start_date: Temporal.PlainDate
  activation_date: Temporal.PlainDate | null
  trial_days: number
  proportional_trial: boolean
  bill_from: Temporal.PlainDate | null
  closing_day: number
}): Temporal.PlainDate {
  const { start_date, activation_date } = subscription
  return billingStart({
    start: activation_date && compare(activation_date, start_date) > 0 ? activation_date : start_date,
    trialDays: subscription.trial_days,
    proportionalTrial: subscription.proportional_trial,
    closingDay: subscription.closing_day,
    billFrom: subscription.bill_from,
  })
}

/**
 * Suspends from a day on (today by default): its days are not charged, now or later (billing.md 21); days that were
 * billed already stay billed. `administrative` is for charges alone, nothing changes on servers (P6). The day may lie
 * in the past, down to the first charged one. Refuses: not_found, subscription_state, invalid_input (a day to come,
 * before the service is charged, or inside an earlier suspension).
 */
export async function suspendSubscription(
  tx: Tx,
  id: string,
  input: {
    date?: Temporal.PlainDate | undefined
    reason?: string | null | undefined
    administrative?: boolean | undefined
  },
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const administrative = input.administrative ?? false
  const transition = administrative ? 'suspend_administratively' : 'suspend'
  const subscription = await begin(tx, id, transition, now)
  if (isRefusal(subscription)) return subscription
  const { today, billing_start } = subscription
  const date = input.date ?? today
  if (compare(date, today) > 0) return refuseField('date', 'date_in_future')
  if (compare(date, today) < 0 && billing_start !== null && compare(date, billing_start) < 0)
    return refuseField('date', 'date_before_charging')
  const overlapping = await tx
    .selectFrom('subscription_suspensions')
    .select('id')
    .where('subscription_id', '=', id)
    .where(sql<boolean>`(upper_inf(period) or upper(period) > ${date}::date)`)
    .executeTakeFirst()
  if (overlapping) return refuseField('date', 'date_in_suspension')
  const refused = await transit(tx, subscription, transition)
  if (refused) return refused
  await tx
    .insertInto('subscription_suspensions')
    .values({
      subscription_id: id,
      account_id: subscription.account_id,
      administrative,
      period: sql`daterange(${date}::date, null)`,
      reason: input.reason ?? null,
    })
    .execute()
  return undefined
}

/**
 * Ends the suspension on a day (today by default), which is charged again; on the day that it began it leaves no
 * trace. Refuses: not_found, subscription_state, invalid_input (a day to come, or before the suspension).
 */
export async function reactivateSubscription(
  tx: Tx,
  id: string,
  input: { date?: Temporal.PlainDate | undefined },
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const subscription = await begin(tx, id, 'reactivate', now)
  if (isRefusal(subscription)) return subscription
  const date = input.date ?? subscription.today
  if (compare(date, subscription.today) > 0) return refuseField('date', 'date_in_future')
  const open = await findOpenSuspension(tx, id)
  if (open && compare(date, open.from) < 0) return refuseField('date', 'date_before_suspension')
  const refused = await transit(tx, subscription, 'reactivate')
  if (refused) return refused
  await closeSuspension(tx, open, date)
  return undefined
}

/**
 * Cancels for good, with its reason; `date` (today by default) is the first day that is no longer charged, and it may
 * be one to come. An open suspension ends with it. Refuses: not_found, subscription_state, invalid_input (before the
 * service began).
 */
export async function cancelSubscription(
  tx: Tx,
  id: string,
  input: { date?: Temporal.PlainDate | undefined; reason: string },
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const subscription = await begin(tx, id, 'cancel', now)
  if (isRefusal(subscription)) return subscription
  const { today, start_date } = subscription
  const date = input.date ?? today
  if (compare(date, today) < 0 && compare(date, start_date) < 0)
    return refuseField('date', 'date_before_start')
  const refused = await transit(tx, subscription, 'cancel', { end_date: date, end_reason: input.reason })
  if (refused) return refused
  await closeSuspension(tx, await findOpenSuspension(tx, id), date)
  return undefined
}

type OpenSuspension = { id: string; from: Temporal.PlainDate }

function findOpenSuspension(tx: Tx, subscriptionId: string): Promise<OpenSuspension | undefined> {
  return tx
    .selectFrom('subscription_suspensions')
    .select(['id', sql<Temporal.PlainDate>`lower(period)`.as('from')])
    .where('subscription_id', '=', subscriptionId)
    .where(sql<boolean>`upper_inf(period)`)
    .executeTakeFirst()
}

async function closeSuspension(
  tx: Tx,
  open: OpenSuspension | undefined,
  date: Temporal.PlainDate,
): Promise<void> {
  if (!open) return
  if (compare(date, open.from) <= 0) {
    await tx.deleteFrom('subscription_suspensions').where('id', '=', open.id).execute()
    return
  }
  await tx
    .updateTable('subscription_suspensions')
    .set({ period: sql`daterange(${open.from}::date, ${date}::date)` })
    .where('id', '=', open.id)
    .execute()
}

/**
 * Deletes a subscription that was a mistake (P10): only one of which no day was ever billed. Refuses: not_found,
 * subscription_was_invoiced (cancel it instead).
 */
export async function deleteSubscription(
  tx: Tx,
  id: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const subscription = await lockSubscription(tx, id, now)
  if (isRefusal(subscription)) return subscription
  if (await wasBilled(tx, id)) return refuse('subscription_was_invoiced')
  await tx.deleteFrom('subscriptions').where('id', '=', id).execute()
  await announce(tx, 'subscription.deleted', describe(subscription))
  return undefined
}
