import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal } from '../../platform/errors.ts'
import {
  diffTimeline,
  pickTerms,
  type Timeline,
  type TimelineComponent,
  type TimelineSuspension,
} from './timeline.ts'
import { moveSubscription } from './transitions.ts'

/** A subscription's timeline with what its business unit says; `today` is the unit's calendar date. */
export type StoredTimeline = Timeline & {
  business_unit_id: string
  number: number
  contract_number: number
  start_date: Temporal.PlainDate
  activation_date: Temporal.PlainDate | null
  term_months: number
  currency: string
  time_zone: string
  today: Temporal.PlainDate
}

/**
 * The timeline of a subscription, null where there is none. Whoever wants to change it locks the account before. It reads what
 * the portal may read, so that a customer's preview is the same computation.
 */
export async function loadTimeline(
  tx: Tx,
  id: string,
  now: Temporal.Instant,
): Promise<StoredTimeline | null> {
  const [row, components, suspensions, coupons] = await Promise.all([
    tx
      .selectFrom('subscriptions')
      .innerJoin('business_units', 'business_units.id', 'subscriptions.business_unit_id')
      .select([
        'subscriptions.id',
        'subscriptions.business_unit_id',
        'subscriptions.account_id',
        'subscriptions.number',
        'subscriptions.contract_number',
        'subscriptions.plan_id',
        'subscriptions.status',
        'subscriptions.start_date',
        'subscriptions.activation_date',
        'subscriptions.trial_days',
        'subscriptions.billing_start',
        'subscriptions.end_date',
        'subscriptions.end_reason',
        'subscriptions.payment_method',
        'subscriptions.due_day',
        'subscriptions.term_months',
        'subscriptions.currency',
        'business_units.closing_day',
        'business_units.time_zone',
      ])
      .where('subscriptions.id', '=', id)
      .executeTakeFirst(),
    listTimelineComponents(tx, id),
    listTimelineSuspensions(tx, id),
    tx
      .selectFrom('subscription_coupons')
      .leftJoin('coupons', 'coupons.id', 'subscription_coupons.coupon_id')
      .select([
        'subscription_coupons.id',
        // What is given for a term is its plan's.
        sql<string[] | null>`case when subscription_coupons.term_months is null then coupons.plan_ids
          else array[(select s.plan_id from subscriptions s where s.id = subscription_coupons.subscription_id)] end`.as(
          'plan_ids',
        ),
        'subscription_coupons.from_date',
        'subscription_coupons.to_date',
      ])
      .where('subscription_coupons.subscription_id', '=', id)
      .orderBy('subscription_coupons.id')
      .execute(),
  ])
  return row ? { ...row, today: today(now, row.time_zone), components, suspensions, coupons } : null
}

function listTimelineComponents(tx: Tx, id: string): Promise<TimelineComponent[]> {
  return tx
    .selectFrom('subscription_components')
    .select([
      'id',
      'role',
      'plan_id',
      'plan_option_id',
      'plan_meter_id',
      'description',
      'price_model',
      'unit_amount',
      sql<TimelineComponent['tiers']>`tiers`.as('tiers'),
      'package_size',
      'included',
      'quantity',
      'cycle_unit',
      'cycle_count',
      'cycle_alignment',
      'anchor_date',
      'discount_kind',
      'discount_amount',
      'discount_basis_points',
      'from_date',
      'to_date',
    ])
    .where('subscription_id', '=', id)
    .orderBy('role')
    .orderBy('id')
    .execute()
}

function listTimelineSuspensions(tx: Tx, id: string): Promise<TimelineSuspension[]> {
  return tx
    .selectFrom('subscription_suspensions')
    .select([
      'id',
      'administrative',
      'for_debt',
      'credited',
      'reason',
      sql<Temporal.PlainDate>`lower(period)`.as('from_date'),
      sql<Temporal.PlainDate | null>`upper(period)`.as('to_date'),
    ])
    .where('subscription_id', '=', id)
    .orderBy(sql`lower(period)`)
    .execute()
}

/**
 * Writes exactly what differs between two timelines of a locked subscription; a change of state is announced. Components that
 * are empty and that nothing refers to leave no row behind. Refuses: subscription_state.
 */
export async function saveTimeline(
  tx: Tx,
  before: StoredTimeline,
  after: Timeline,
): Promise<Refusal | undefined> {
  const { id, account_id } = before
  const { components, suspensions, coupons, columns } = diffTimeline(before, after)
  if (before.status !== after.status) {
    // A row that is cancelled has its end: the columns go first.
    if (Object.keys(columns).length > 0)
      await tx.updateTable('subscriptions').set(columns).where('id', '=', id).execute()
    const refused = await moveSubscription(tx, before, after.status)
    if (isRefusal(refused)) return refused
  } else if (Object.keys(columns).length > 0) {
    await tx.updateTable('subscriptions').set(columns).where('id', '=', id).execute()
  }
  // At most one plan goes on at a time: what ends makes room first.
  const ended = [...components.ended].sort(
    (left, right) => Number(left.to_date === null) - Number(right.to_date === null),
  )
  for (const one of ended) {
    await tx
      .updateTable('subscription_components')
      .set({ to_date: one.to_date })
      .where('id', '=', one.id)
      .execute()
  }
  const empty = ended.filter((one) => one.empty).map((one) => one.id)
  if (empty.length > 0) {
    await sql`
      delete from subscription_components c where c.id = any(${empty}::uuid[])
         and not exists (select from invoice_lines l where l.component_id = c.id)
         and not exists (select from billed_coverage b where b.component_id = c.id)`.execute(tx)
  }
  if (components.begun.length > 0) {
    await tx
      .insertInto('subscription_components')
      .values(
        components.begun.map((one) => ({
          ...pickTerms(one),
          id: one.id,
          subscription_id: id,
          account_id,
          tiers: one.tiers === null ? null : JSON.stringify(one.tiers),
          from_date: one.from_date,
          to_date: one.to_date,
        })),
      )
      .execute()
  }
  if (suspensions.gone.length > 0)
    await tx.deleteFrom('subscription_suspensions').where('id', 'in', suspensions.gone).execute()
  for (const one of suspensions.ended) {
    await tx
      .updateTable('subscription_suspensions')
      .set({ period: sql`daterange(${one.from_date}::date, ${one.to_date}::date)` })
      .where('id', '=', one.id)
      .execute()
  }
  for (const one of suspensions.begun) {
    await tx
      .insertInto('subscription_suspensions')
      .values({
        id: one.id,
        subscription_id: id,
        account_id,
        administrative: one.administrative,
        for_debt: one.for_debt,
        credited: one.credited,
        reason: one.reason,
        period: sql`daterange(${one.from_date}::date, ${one.to_date}::date)`,
      })
      .execute()
  }
  for (const one of coupons) {
    await tx
      .updateTable('subscription_coupons')
      .set({ to_date: one.to_date })
      .where('id', '=', one.id)
      .execute()
  }
  return undefined
}

/**
 * Opens the subscription of an account that takes over a service from a day on (P9, billing.md 22): its own number and
 * contract number, the components at the prices they were sold for. Both accounts are locked. Returns its id.
 */
export async function insertTransferred(
  tx: Tx,
  from: StoredTimeline,
  to: {
    id: string
    account_id: string
    on: Temporal.PlainDate
    components: readonly (Parameters<typeof pickTerms>[0] & { id: string })[]
    term_months: number
    payment_method: Timeline['payment_method'] | null
    due_day: number | null
  },
): Promise<string> {
  const started = from.billing_start !== null && Temporal.PlainDate.compare(from.billing_start, to.on) > 0
  await sql`
    insert into subscriptions (id, business_unit_id, account_id, number, contract_number, plan_id, routing_point_id, status,
                               start_date, trial_days, proportional_trial, billing_start, billing_mode, currency,
                               payment_method, due_day, salesperson_id, activation_date, term_months, notes, transferred_from_id)
    select ${to.id}::uuid, s.business_unit_id, ${to.account_id}::uuid,
           (select coalesce(max(o.number), 0) + 1 from subscriptions o where o.account_id = ${to.account_id}::uuid),
           take_numbers(s.business_unit_id, 'contract', 1), s.plan_id, s.routing_point_id, ${from.status}::subscription_status, ${to.on}::date, 0, false,
           case when s.billing_start is null then null
                when ${started} then s.billing_start else ${to.on}::date end,
           s.billing_mode, s.currency, coalesce(${to.payment_method}::payment_method, s.payment_method),
           coalesce(${to.due_day}::smallint, s.due_day), s.salesperson_id,
           case when s.activation_date is null then null else ${to.on}::date end, ${to.term_months}::int, s.notes, s.id
      from subscriptions s where s.id = ${from.id}`.execute(tx)
  if (to.components.length > 0) {
    await tx
      .insertInto('subscription_components')
      .values(
        to.components.map((one) => ({
          ...pickTerms(one),
          id: one.id,
          subscription_id: to.id,
          account_id: to.account_id,
          tiers: one.tiers === null ? null : JSON.stringify(one.tiers),
        })),
      )
      .execute()
  }
  // The term goes on, and so does what is taken off for it.
  await sql`
    insert into subscription_coupons (subscription_id, account_id, term_months, name, discount_kind, discount_basis_points,
                                      from_date, to_date)
    select ${to.id}::uuid, ${to.account_id}::uuid, r.term_months, r.name, r.discount_kind, r.discount_basis_points,
           greatest(r.from_date, ${to.on}::date), r.to_date
      from subscription_coupons r
     where r.subscription_id = ${from.id} and r.term_months is not null and r.to_date > ${to.on}::date and r.to_date > r.from_date`.execute(
    tx,
  )
  await tx.updateTable('subscriptions').set({ transferred_to_id: to.id }).where('id', '=', from.id).execute()
  return to.id
}
