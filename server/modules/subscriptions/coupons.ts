// Coupons (B11): how one is redeemed on a service, for which days it takes something off, and how it ends.
import { sql } from 'kysely'
import { today, toEpochDay } from '../../platform/calendar.ts'
import type { CycleAlignment, DiscountKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { lockCoupon } from '../catalogue/index.ts'
import { lockSubscription } from './locks.ts'
import { anchorOf, type Cycle, type CycleUnit, cyclePeriod } from './periods.ts'

const { compare } = Temporal.PlainDate
const later = (left: Temporal.PlainDate, right: Temporal.PlainDate) =>
  compare(left, right) >= 0 ? left : right

/** What is judged of a coupon when it is redeemed. */
export type JudgedCoupon = {
  name: string
  discount_kind: DiscountKind
  valid_from: Temporal.PlainDate | null
  valid_until: Temporal.PlainDate | null
  most_redemptions: number | null
  once_per_account: boolean
  plan_ids: readonly string[] | null
  archived_at: Temporal.Instant | null
}

/**
 * Whether a coupon may be redeemed on a day: undefined, or why not (B11). Refusals: coupon_archived, coupon_not_yet,
 * coupon_expired, coupon_used_up, coupon_other_plan, coupon_already_used, coupon_other_currency.
 */
export function judgeCoupon(
  coupon: JudgedCoupon,
  facts: {
    today: Temporal.PlainDate
    plan_id: string
    /** The service's, and the one that the coupon's amount is in. */
    currency: string
    unit_currency: string
    /** By anybody, and by this account. */
    redemptions: number
    own_redemptions: number
  },
): Refusal | undefined {
  const { name, valid_from, valid_until } = coupon
  if (coupon.archived_at !== null) return refuse('coupon_archived', { params: { name } })
  if (valid_from !== null && compare(facts.today, valid_from) < 0)
    return refuse('coupon_not_yet', { params: { name, date: valid_from.toString() } })
  if (valid_until !== null && compare(facts.today, valid_until) >= 0)
    return refuse('coupon_expired', {
      params: { name, date: valid_until.subtract({ days: 1 }).toString() },
    })
  if (coupon.plan_ids !== null && !coupon.plan_ids.includes(facts.plan_id))
    return refuse('coupon_other_plan', { params: { name } })
  if (coupon.discount_kind === 'amount' && facts.currency !== facts.unit_currency)
    return refuse('coupon_other_currency', { params: { name, currency: facts.unit_currency } })
  if (coupon.once_per_account && facts.own_redemptions > 0)
    return refuse('coupon_already_used', { params: { name } })
  if (coupon.most_redemptions !== null && facts.redemptions >= coupon.most_redemptions)
    return refuse('coupon_used_up', { params: { name, limit: coupon.most_redemptions } })
  return undefined
}

/**
 * First day on which a coupon takes nothing off any more: the end of the last of so many billing periods, of which the one
 * that `from` lies in is the first; null where it lasts for ever.
 */
export function couponEnd(
  from: Temporal.PlainDate,
  periods: number | null,
  cycle: Cycle,
  closingDay: number,
): Temporal.PlainDate | null {
  if (periods === null) return null
  let end = from
  for (let period = 0; period < periods; period++) {
    end = cyclePeriod(end, cycle, closingDay).to
    // What is charged once has one period.
    if (cycle.unit === 'once') break
  }
  return end
}

type PlanTimeline = {
  plan_id: string
  cycle: Cycle
  /** First day that is charged, so far as it is known. */
  first: Temporal.PlainDate
  /** First day that no document has billed yet. */
  unbilled: Temporal.PlainDate
}

/** What of a service decides from when to when a coupon lasts: its plan's cycle, and what is billed already. */
async function readPlanTimeline(
  tx: Tx,
  subscription: {
    id: string
    start_date: Temporal.PlainDate
    billing_start: Temporal.PlainDate | null
    closing_day: number
  },
): Promise<PlanTimeline> {
  const found = await sql<{
    plan_id: string
    cycle_unit: CycleUnit
    cycle_count: number
    cycle_alignment: CycleAlignment
    anchor_date: Temporal.PlainDate | null
    from_date: Temporal.PlainDate | null
    covered: Temporal.PlainDate | null
  }>`
    select c.plan_id, c.cycle_unit, c.cycle_count, c.cycle_alignment, c.anchor_date, c.from_date,
           (select max(upper(b.period)) from billed_coverage b join subscription_components o on o.id = b.component_id
             where o.subscription_id = c.subscription_id and o.role = 'plan') as covered
      from subscription_components c
     where c.subscription_id = ${subscription.id} and c.role = 'plan'
     order by c.to_date desc nulls first limit 1`.execute(tx)
  const plan = found.rows[0]
  if (!plan) throw new Error(`subscription ${subscription.id} has no plan component`)
  const charged = subscription.billing_start ?? subscription.start_date
  const first = plan.from_date === null ? charged : later(charged, plan.from_date)
  const shape = { unit: plan.cycle_unit, count: plan.cycle_count, alignment: plan.cycle_alignment }
  const anchor =
    plan.anchor_date === null
      ? anchorOf(shape, toEpochDay(first), subscription.closing_day)
      : toEpochDay(plan.anchor_date)
  return {
    plan_id: plan.plan_id,
    cycle: { ...shape, anchor },
    first,
    unbilled: plan.covered === null ? charged : later(charged, plan.covered),
  }
}

/**
 * From when a coupon lasts where nobody says so: from the beginning of the period that is running, or, where days of it are
 * billed already, from the first that is not.
 */
function defaultStart(
  timeline: PlanTimeline,
  day: Temporal.PlainDate,
  closingDay: number,
): Temporal.PlainDate {
  if (timeline.cycle.unit === 'once' || compare(day, timeline.unbilled) < 0) return timeline.unbilled
  return later(cyclePeriod(day, timeline.cycle, closingDay).from, timeline.unbilled)
}

function selectRedemptions(tx: Tx) {
  return tx
    .selectFrom('subscription_coupons as r')
    .leftJoin('coupons', 'coupons.id', 'r.coupon_id')
    .innerJoin('subscriptions', 'subscriptions.id', 'r.subscription_id')
    .innerJoin('accounts', 'accounts.id', 'r.account_id')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .select([
      'r.id',
      'r.coupon_id',
      'coupons.code',
      'r.term_months',
      'r.name',
      'r.discount_kind',
      'r.discount_amount',
      'r.discount_basis_points',
      'subscriptions.currency',
      'r.subscription_id',
      'subscriptions.number as subscription_number',
      'plans.name as plan_name',
      'r.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'r.from_date',
      'r.to_date',
      'r.created_at',
    ])
}

/**
 * Redeems a coupon on a service (B11): from a day on (by default the beginning of the first period that is not billed yet),
 * for as many billing periods as the coupon says, it takes something off the plan. Its account is locked, and then the
 * coupon, so that no more are redeemed than it allows, however many do it at once; the database refuses what would be
 * more. Refuses: not_found, subscription_state, coupon_unknown, what {@link judgeCoupon} refuses, coupon_running (it is on
 * this service already), invalid_input (`from_date` billed already, or after the service's end).
 */
export async function redeemCoupon(
  tx: Tx,
  input: { subscription_id: string; code: string; from_date?: Temporal.PlainDate | undefined },
  now: Temporal.Instant,
) {
  const subscription = await lockSubscription(tx, input.subscription_id, now)
  if (isRefusal(subscription)) return subscription
  if (subscription.status === 'cancelled' || subscription.status === 'ended')
    return refuse('subscription_state', { params: { status: subscription.status } })
  const coupon = await lockCoupon(tx, subscription.business_unit_id, input.code)
  if (!coupon) return refuse('coupon_unknown', { params: { code: input.code.trim().toUpperCase() } })
  const counted = await sql<{ all: number; own: number; currency: string }>`
    select (select count(*) from (select from subscription_coupons where coupon_id = ${coupon.id}
                                   limit coalesce(${coupon.most_redemptions}::int, 0)) r)::int as all,
           (select count(*) from subscription_coupons where coupon_id = ${coupon.id}
               and account_id = ${subscription.account_id})::int as own,
           (select currency from business_units where id = ${subscription.business_unit_id}) as currency`.execute(
    tx,
  )
  const { all, own, currency } = counted.rows[0]!
  const timeline = await readPlanTimeline(tx, subscription)
  const refused = judgeCoupon(coupon, {
    today: subscription.today,
    plan_id: timeline.plan_id,
    currency: subscription.currency,
    unit_currency: currency,
    redemptions: all,
    own_redemptions: own,
  })
  if (refused) return refused
  const from = input.from_date ?? defaultStart(timeline, subscription.today, subscription.closing_day)
  if (compare(from, timeline.unbilled) < 0)
    return refuseField('from_date', 'billed_before', { date: timeline.unbilled.toString() })
  if (subscription.end_date !== null && compare(from, subscription.end_date) >= 0)
    return refuseField('from_date', 'service_ends_before')
  const to = couponEnd(from, coupon.periods, timeline.cycle, subscription.closing_day)
  const running = await tx
    .selectFrom('subscription_coupons')
    .select('id')
    .where('subscription_id', '=', subscription.id)
    .where('coupon_id', '=', coupon.id)
    .where(sql<boolean>`daterange(from_date, to_date) && daterange(${from}::date, ${to}::date)`)
    .executeTakeFirst()
  if (running) return refuse('coupon_running', { params: { name: coupon.name } })
  const { id } = await tx
    .insertInto('subscription_coupons')
    .values({
      subscription_id: subscription.id,
      account_id: subscription.account_id,
      coupon_id: coupon.id,
      name: coupon.name,
      discount_kind: coupon.discount_kind,
      discount_amount: coupon.discount_amount,
      discount_basis_points: coupon.discount_basis_points,
      from_date: from,
      to_date: to,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return selectRedemptions(tx).where('r.id', '=', id).executeTakeFirstOrThrow()
}

/**
 * Ends a redeemed coupon early: from today on it takes nothing off what is not billed yet; one that has not begun never
 * does. Refuses: not_found, coupon_ended.
 */
export async function endCoupon(tx: Tx, id: string, now: Temporal.Instant) {
  const redeemed = await tx
    .selectFrom('subscription_coupons')
    .select(['subscription_id', 'from_date'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!redeemed) return notFound()
  const subscription = await lockSubscription(tx, redeemed.subscription_id, now)
  if (isRefusal(subscription)) return subscription
  const end = later(redeemed.from_date, subscription.today)
  const ended = await tx
    .updateTable('subscription_coupons')
    .set({ to_date: end })
    .where('id', '=', id)
    .where((eb) => eb.or([eb('to_date', 'is', null), eb('to_date', '>', end)]))
    .returning('id')
    .executeTakeFirst()
  if (!ended) return refuse('coupon_ended')
  return selectRedemptions(tx).where('r.id', '=', id).executeTakeFirstOrThrow()
}

/**
 * Lets the coupons of a service begin when it is charged: those that were redeemed for days before its first charged one
 * (it waited for its installation, or its trial was extended) begin with it and last as long as was promised. Call it when
 * `billing_start` is set or moved to a later day.
 */
export async function beginCoupons(
  tx: Tx,
  subscriptionId: string,
  billingStart: Temporal.PlainDate,
): Promise<void> {
  const early = await tx
    .selectFrom('subscription_coupons as r')
    .innerJoin('coupons', 'coupons.id', 'r.coupon_id')
    .innerJoin('subscriptions as s', 's.id', 'r.subscription_id')
    .innerJoin('business_units as u', 'u.id', 's.business_unit_id')
    .select(['r.id', 'r.to_date', 'r.from_date', 'coupons.periods', 's.start_date', 'u.closing_day'])
    .where('r.subscription_id', '=', subscriptionId)
    .where('r.from_date', '<', billingStart)
    .where((eb) => eb.or([eb('r.to_date', 'is', null), eb('r.to_date', '>', eb.ref('r.from_date'))]))
    .orderBy('r.id')
    .execute()
  for (const redeemed of early) {
    const timeline = await readPlanTimeline(tx, {
      id: subscriptionId,
      start_date: redeemed.start_date,
      billing_start: billingStart,
      closing_day: redeemed.closing_day,
    })
    // Days of it were billed: it has begun.
    if (compare(timeline.unbilled, billingStart) > 0) return
    await tx
      .updateTable('subscription_coupons')
      .set({
        from_date: billingStart,
        to_date: couponEnd(billingStart, redeemed.periods, timeline.cycle, redeemed.closing_day),
      })
      .where('id', '=', redeemed.id)
      .execute()
  }
}

/** What a redeemed coupon is on a day. */
export const redemptionStates = ['coming', 'running', 'ended'] as const
export type RedemptionState = (typeof redemptionStates)[number]

/**
 * What is taken off a service, by coupons and for its term, with what each is today, the latest first; and from when one that is redeemed now would last.
 * Refuses: not_found.
 */
export async function listServiceCoupons(tx: Tx, subscriptionId: string, now: Temporal.Instant) {
  const subscription = await tx
    .selectFrom('subscriptions')
    .innerJoin('business_units', 'business_units.id', 'subscriptions.business_unit_id')
    .select([
      'subscriptions.id',
      'subscriptions.start_date',
      'subscriptions.billing_start',
      'business_units.time_zone',
      'business_units.closing_day',
    ])
    .where('subscriptions.id', '=', subscriptionId)
    .executeTakeFirst()
  if (!subscription) return notFound()
  const day = today(now, subscription.time_zone)
  const [items, timeline] = await Promise.all([
    selectRedemptions(tx).where('r.subscription_id', '=', subscriptionId).orderBy('r.id', 'desc').execute(),
    readPlanTimeline(tx, subscription),
  ])
  return {
    items: items.map((item) => ({ ...item, state: stateOn(item, day) })),
    earliest_from: timeline.unbilled,
    default_from: defaultStart(timeline, day, subscription.closing_day),
  }
}

/** What is taken off one of the account's own services, by coupons and for its term: what each takes off and for how long. Refuses: not_found. */
export async function listOwnCoupons(tx: Tx, subscriptionId: string, now: Temporal.Instant) {
  const subscription = await tx
    .selectFrom('subscriptions')
    .innerJoin('business_units', 'business_units.id', 'subscriptions.business_unit_id')
    .select(['subscriptions.currency', 'business_units.time_zone'])
    .where('subscriptions.id', '=', subscriptionId)
    .executeTakeFirst()
  if (!subscription) return notFound()
  const day = today(now, subscription.time_zone)
  const items = await tx
    .selectFrom('subscription_coupons')
    .select([
      'id',
      'name',
      'term_months',
      'discount_kind',
      'discount_amount',
      'discount_basis_points',
      'from_date',
      'to_date',
    ])
    .where('subscription_id', '=', subscriptionId)
    .orderBy('id', 'desc')
    .execute()
  return {
    items: items
      .filter((item) => item.to_date === null || compare(item.to_date, item.from_date) > 0)
      .map((item) => ({ ...item, currency: subscription.currency, state: stateOn(item, day) })),
  }
}

function stateOn(
  item: { from_date: Temporal.PlainDate; to_date: Temporal.PlainDate | null },
  day: Temporal.PlainDate,
): RedemptionState {
  if (
    item.to_date !== null &&
    (compare(item.to_date, day) <= 0 || compare(item.to_date, item.from_date) === 0)
  )
    return 'ended'
  return compare(item.from_date, day) > 0 ? 'coming' : 'running'
}

/** A page of the redemptions of a coupon, the latest first. Refuses: not_found. */
export async function listRedemptions(tx: Tx, couponId: string, request: ListRequest) {
  const coupon = await tx.selectFrom('coupons').select('id').where('id', '=', couponId).executeTakeFirst()
  if (!coupon) return notFound()
  const tie = { by: sql`r.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(
    selectRedemptions(tx).where('r.coupon_id', '=', couponId),
    request,
    { created_at: tie },
    tie,
  )
}
