/**
 * A subscription as a timeline, and what a change makes of it (billing.md 4, 19–24). Pure: no clock, no database. Nothing is
 * overwritten: a change ends components on its day and begins their successors, and the day belongs to these.
 */
import { fromEpochDay, toEpochDay } from '../../platform/calendar.ts'
import type {
  ComponentRole,
  CycleAlignment,
  CycleUnit,
  DiscountKind,
  PaymentMethod,
  PriceModel,
  SubscriptionStatus,
} from '../../platform/database.gen.ts'
import { anchorOf, isClosingCycle } from './periods.ts'
import type { Tier } from './pricing.ts'

/** What of the catalogue a component is: at most one of each at a time. */
export type ComponentSlot = {
  role: ComponentRole
  plan_option_id: string | null
  plan_meter_id: string | null
}

/** Everything that decides what a component costs, as it was sold. Amounts are minor units. */
export type ComponentTerms = ComponentSlot & {
  plan_id: string
  description: string
  price_model: PriceModel
  unit_amount: number
  tiers: readonly Tier[] | null
  package_size: number | null
  included: number
  quantity: number
  cycle_unit: CycleUnit
  cycle_count: number
  cycle_alignment: CycleAlignment
  anchor_date: Temporal.PlainDate | null
  discount_kind: DiscountKind | null
  discount_amount: number | null
  discount_basis_points: number | null
}

/** A component on the timeline: [from_date, to_date); null at the start is "from the beginning", at the end "until further notice". */
export type TimelineComponent = ComponentTerms & {
  id: string
  from_date: Temporal.PlainDate | null
  to_date: Temporal.PlainDate | null
}

export type TimelineSuspension = {
  id: string
  administrative: boolean
  for_debt: boolean
  /** Whether days that were billed in advance are given back (billing.md 21). */
  credited: boolean
  reason: string | null
  from_date: Temporal.PlainDate
  to_date: Temporal.PlainDate | null
}

/** A coupon that was redeemed; `plan_ids` are the plans that it is good for, null for all. */
export type TimelineCoupon = {
  id: string
  plan_ids: readonly string[] | null
  from_date: Temporal.PlainDate
  to_date: Temporal.PlainDate | null
}

export type Timeline = {
  id: string
  account_id: string
  plan_id: string
  status: SubscriptionStatus
  trial_days: number
  /** First day that is charged; null while awaiting installation. */
  billing_start: Temporal.PlainDate | null
  /** First day that is no longer charged. */
  end_date: Temporal.PlainDate | null
  end_reason: string | null
  payment_method: PaymentMethod
  due_day: number
  /** The business unit's closing day: boundaries of periods follow from it. */
  closing_day: number
  components: readonly TimelineComponent[]
  suspensions: readonly TimelineSuspension[]
  coupons: readonly TimelineCoupon[]
}

export type DiscountTerms = Pick<
  ComponentTerms,
  'discount_kind' | 'discount_amount' | 'discount_basis_points'
>
export type PriceTerms = Pick<
  ComponentTerms,
  'price_model' | 'unit_amount' | 'tiers' | 'package_size' | 'included'
>
export type CycleTerms = Pick<
  ComponentTerms,
  'cycle_unit' | 'cycle_count' | 'cycle_alignment' | 'anchor_date'
>

/** A change as data, whole: with the prices that were agreed, so that it does the same whenever it is performed. */
export type TimelineChange =
  | {
      kind: 'plan'
      plan_id: string
      /** All that the service consists of from the day on. */
      components: readonly ComponentTerms[]
      /** Days from the day on that cost nothing (P5, P8). */
      free_days: number
    }
  /** `components`: all options of the service from the day on. */
  | { kind: 'options'; components: readonly ComponentTerms[] }
  | { kind: 'quantity'; slot: ComponentSlot; quantity: number }
  | { kind: 'price'; slot: ComponentSlot; price: PriceTerms }
  | { kind: 'discount'; slot: ComponentSlot; discount: DiscountTerms }
  | { kind: 'cycle'; slot: ComponentSlot; cycle: CycleTerms; price: PriceTerms }
  | { kind: 'due_day'; due_day: number; payment_method: PaymentMethod }
  | { kind: 'suspend'; administrative: boolean; for_debt: boolean; credited: boolean; reason: string | null }
  | { kind: 'reactivate' }
  | { kind: 'cancel'; reason: string | null }
  | { kind: 'transfer'; account_id: string }
  | { kind: 'extend_trial'; days: number }

const { compare } = Temporal.PlainDate
const later = (left: Temporal.PlainDate, right: Temporal.PlainDate) =>
  compare(left, right) >= 0 ? left : right
/** The ends of a timeline, where a date is null. */
const dawn = Temporal.PlainDate.from('0001-01-01')
const dusk = Temporal.PlainDate.from('9999-12-31')
const fromOf = (one: { from_date: Temporal.PlainDate | null }) => one.from_date ?? dawn
const toOf = (one: { to_date: Temporal.PlainDate | null }) => one.to_date ?? dusk

/** Whether a component is charged on some day at all: one that was taken back on its own day is not. */
export function isEmptyComponent(component: TimelineComponent): boolean {
  return compare(fromOf(component), toOf(component)) >= 0
}

/** What a service consists of on a day. */
export function componentsOn(timeline: Timeline, day: Temporal.PlainDate): TimelineComponent[] {
  return timeline.components.filter((one) => compare(fromOf(one), day) <= 0 && compare(day, toOf(one)) < 0)
}

/** What a service consists of last: what goes on, or what it ended with. */
export function currentComponents(timeline: Timeline): TimelineComponent[] {
  return timeline.components.filter((one) => one.to_date === null)
}

export function isSlot(component: ComponentSlot, slot: ComponentSlot): boolean {
  return (
    component.role === slot.role &&
    component.plan_option_id === slot.plan_option_id &&
    component.plan_meter_id === slot.plan_meter_id
  )
}

/**
 * A boundary that the periods of a component are counted from; null where they are the closing periods or it has none.
 * A successor keeps it: a change of quantity never moves when days are billed (billing.md 3).
 */
export function anchorDateOf(
  component: TimelineComponent,
  timeline: Pick<Timeline, 'billing_start' | 'closing_day'>,
): Temporal.PlainDate | null {
  const cycle = {
    unit: component.cycle_unit,
    count: component.cycle_count,
    alignment: component.cycle_alignment,
  }
  if (cycle.unit === 'once' || isClosingCycle(cycle)) return null
  if (component.anchor_date !== null) return component.anchor_date
  if (timeline.billing_start === null) return null
  const first = later(fromOf(component), timeline.billing_start)
  return fromEpochDay(anchorOf(cycle, toEpochDay(first), timeline.closing_day))
}

/** Equal for two components if and only if they are charged alike. */
function termsKey(terms: ComponentTerms, anchor: Temporal.PlainDate | null): string {
  return JSON.stringify([
    terms.role,
    terms.plan_id,
    terms.plan_option_id,
    terms.plan_meter_id,
    terms.description,
    terms.price_model,
    terms.unit_amount,
    terms.tiers?.map(({ up_to, unit_amount, flat_amount }) => [up_to, unit_amount, flat_amount]) ?? null,
    terms.package_size,
    terms.included,
    terms.quantity,
    terms.cycle_unit,
    terms.cycle_count,
    terms.cycle_alignment,
    anchor?.toString() ?? null,
    terms.discount_kind,
    terms.discount_amount,
    terms.discount_basis_points,
  ])
}

type Piece = {
  terms: ComponentTerms
  anchor: Temporal.PlainDate | null
  from: Temporal.PlainDate | null
  to: Temporal.PlainDate | null
  /** The component that it was cut from. */
  origin: TimelineComponent | null
}

const pieceFrom = (piece: Piece) => piece.from ?? dawn
const pieceTo = (piece: Piece) => piece.to ?? dusk

/**
 * The timeline after a change on a day. Throws where the change cannot be (what staff can cause is refused before): that
 * is a bug. `newId` makes the ids of components and suspensions that begin.
 */
export function applyChange(
  timeline: Timeline,
  change: TimelineChange,
  on: Temporal.PlainDate,
  newId: () => string,
): Timeline {
  switch (change.kind) {
    case 'plan':
      return {
        ...replaceFrom(timeline, on, change.components, change.free_days, () => true, newId),
        plan_id: change.plan_id,
        coupons: timeline.coupons.map((coupon) =>
          coupon.plan_ids !== null &&
          !coupon.plan_ids.includes(change.plan_id) &&
          compare(toOf(coupon), on) > 0
            ? { ...coupon, to_date: later(on, coupon.from_date) }
            : coupon,
        ),
      }
    case 'options':
      return replaceFrom(timeline, on, change.components, 0, (one) => one.role === 'option', newId)
    case 'quantity':
      return editFrom(timeline, on, change.slot, (terms) => ({ ...terms, quantity: change.quantity }), newId)
    case 'price':
      return editFrom(timeline, on, change.slot, (terms) => ({ ...terms, ...change.price }), newId)
    case 'discount':
      return editFrom(timeline, on, change.slot, (terms) => ({ ...terms, ...change.discount }), newId)
    case 'cycle':
      return editFrom(
        timeline,
        on,
        change.slot,
        (terms) => ({ ...terms, ...change.price, ...change.cycle }),
        newId,
        true,
      )
    case 'due_day':
      return { ...timeline, due_day: change.due_day, payment_method: change.payment_method }
    case 'suspend':
      return {
        ...timeline,
        status: change.administrative ? 'suspended_administratively' : 'suspended',
        suspensions: [
          ...timeline.suspensions,
          {
            id: newId(),
            administrative: change.administrative,
            for_debt: change.for_debt,
            credited: change.credited,
            reason: change.reason,
            from_date: on,
            to_date: null,
          },
        ],
      }
    case 'reactivate':
      return { ...timeline, status: 'active', suspensions: endSuspension(timeline, on) }
    case 'cancel':
      return endTimeline(timeline, on, change.reason)
    case 'transfer':
      return endTimeline(timeline, on, null)
    case 'extend_trial':
      return {
        ...timeline,
        trial_days: timeline.trial_days + change.days,
        billing_start: timeline.billing_start?.add({ days: change.days }) ?? null,
      }
  }
}

function endTimeline(timeline: Timeline, on: Temporal.PlainDate, reason: string | null): Timeline {
  return {
    ...timeline,
    status: 'cancelled',
    end_date: on,
    end_reason: reason,
    suspensions: endSuspension(timeline, on),
  }
}

/** The suspension that lasts ends on a day, which is charged again; on the day that it began it leaves no trace. */
function endSuspension(timeline: Timeline, on: Temporal.PlainDate): TimelineSuspension[] {
  return timeline.suspensions.flatMap((one) => {
    if (one.to_date !== null) return [one]
    return compare(on, one.from_date) <= 0 ? [] : [{ ...one, to_date: on }]
  })
}

/** From a day on, what `of` names is no longer as it was but as given. What is charged once is never begun again. */
function replaceFrom(
  timeline: Timeline,
  on: Temporal.PlainDate,
  wanted: readonly ComponentTerms[],
  freeDays: number,
  of: (component: TimelineComponent) => boolean,
  newId: () => string,
): Timeline {
  const day = toEpochDay(on)
  const begin = on.add({ days: freeDays })
  const pieces: Piece[] = []
  const kept = new Set<ComponentTerms>()
  for (const component of timeline.components) {
    if (isEmptyComponent(component)) continue
    const anchor = anchorDateOf(component, timeline)
    const whole = { terms: component, anchor, from: component.from_date, to: component.to_date }
    if (!of(component) || toEpochDay(toOf(component)) <= day) {
      pieces.push({ ...whole, origin: component })
      continue
    }
    const same =
      component.cycle_unit === 'once' && component.to_date === null
        ? wanted.find((terms) => isSlot(terms, component) && terms.cycle_unit === 'once')
        : undefined
    if (same && !kept.has(same)) {
      kept.add(same)
      pieces.push({ ...whole, origin: component })
    } else if (toEpochDay(fromOf(component)) < day) pieces.push({ ...whole, to: on, origin: component })
  }
  for (const terms of wanted) {
    if (kept.has(terms)) continue
    pieces.push({
      terms,
      anchor: continueAnchor(timeline, on, terms),
      from: begin,
      to: null,
      origin: null,
    })
  }
  return { ...timeline, components: reconcile(timeline, on, pieces, newId) }
}

/** The boundary of what was there before on the day, where the cycle is the same: so nothing is billed at another time. */
function continueAnchor(
  timeline: Timeline,
  on: Temporal.PlainDate,
  terms: ComponentTerms,
): Temporal.PlainDate | null {
  const sameCycle = (one: TimelineComponent) =>
    one.cycle_unit === terms.cycle_unit &&
    one.cycle_count === terms.cycle_count &&
    one.cycle_alignment === terms.cycle_alignment
  const before = timeline.components.filter(
    (one) =>
      !isEmptyComponent(one) &&
      sameCycle(one) &&
      compare(fromOf(one), on) <= 0 &&
      compare(toOf(one), on) >= 0,
  )
  const origin =
    before.find((one) => isSlot(one, terms)) ??
    before.find((one) => one.role === terms.role) ??
    before.find((one) => one.role === 'plan')
  return origin ? anchorDateOf(origin, timeline) : terms.anchor_date
}

/** From a day on, every component of a slot has other terms; the days before it keep theirs. */
function editFrom(
  timeline: Timeline,
  on: Temporal.PlainDate,
  slot: ComponentSlot,
  edit: (terms: ComponentTerms) => ComponentTerms,
  newId: () => string,
  newCycle = false,
): Timeline {
  const day = toEpochDay(on)
  const pieces: Piece[] = []
  for (const component of timeline.components) {
    if (isEmptyComponent(component)) continue
    const anchor = anchorDateOf(component, timeline)
    const whole = { terms: component, anchor, from: component.from_date, to: component.to_date }
    if (!isSlot(component, slot) || toEpochDay(toOf(component)) <= day) {
      pieces.push({ ...whole, origin: component })
      continue
    }
    const terms = edit(component)
    const cut = toEpochDay(fromOf(component)) < day
    if (cut) pieces.push({ ...whole, to: on, origin: component })
    pieces.push({
      terms,
      anchor: newCycle ? terms.anchor_date : anchor,
      from: cut ? on : component.from_date,
      to: component.to_date,
      origin: cut ? null : component,
    })
  }
  return { ...timeline, components: reconcile(timeline, on, pieces, newId) }
}

/**
 * Pieces as components, with as little change as can be: equal neighbours that meet on or after the day of the change are
 * one again, so that what is taken back on its own day leaves nothing behind; a component whose pieces are all gone stays
 * as an empty one, because its days may have been billed and then credited.
 */
function reconcile(
  timeline: Timeline,
  on: Temporal.PlainDate,
  pieces: readonly Piece[],
  newId: () => string,
): TimelineComponent[] {
  const merged: Piece[] = []
  const sorted = [...pieces].sort((left, right) => compare(pieceFrom(left), pieceFrom(right)))
  for (const piece of sorted) {
    const key = termsKey(piece.terms, piece.anchor)
    const before =
      compare(pieceFrom(piece), on) >= 0 && piece.terms.cycle_unit !== 'once'
        ? merged.find(
            (one) =>
              isSlot(one.terms, piece.terms) &&
              compare(pieceTo(one), pieceFrom(piece)) === 0 &&
              termsKey(one.terms, one.anchor) === key,
          )
        : undefined
    if (before) before.to = piece.to
    else merged.push({ ...piece })
  }
  const left = new Set(merged)
  const stays = new Map<TimelineComponent, Piece>()
  // What is charged comes before what was taken back: an empty one is only used again where it is needed.
  const inOrder = [...timeline.components].sort(
    (one, other) => Number(isEmptyComponent(one)) - Number(isEmptyComponent(other)),
  )
  for (const component of inOrder) {
    const key = termsKey(component, anchorDateOf(component, timeline))
    const found = [...left].find(
      (piece) =>
        compare(pieceFrom(piece), fromOf(component)) === 0 && termsKey(piece.terms, piece.anchor) === key,
    )
    if (!found) continue
    left.delete(found)
    stays.set(component, found)
  }
  const components = timeline.components.map((component) => {
    const piece = stays.get(component)
    if (piece) return { ...component, to_date: piece.to }
    if (isEmptyComponent(component)) return component
    return { ...component, to_date: component.from_date ?? emptyDay(component, timeline, on) }
  })
  for (const piece of merged) {
    if (!left.has(piece)) continue
    components.push({
      ...pickTerms(piece.terms),
      id: newId(),
      anchor_date: piece.anchor,
      from_date: piece.from,
      to_date: piece.to,
    })
  }
  return components
}

/** Where a component without a first day ends once nothing is left of it: before the first day that could be charged. */
function emptyDay(
  component: TimelineComponent,
  timeline: Timeline,
  on: Temporal.PlainDate,
): Temporal.PlainDate {
  const start = timeline.billing_start
  const end = start !== null && compare(start, on) < 0 ? start : on
  return component.to_date !== null && compare(component.to_date, end) < 0 ? component.to_date : end
}

/** The terms alone, in one order of keys. */
export function pickTerms(terms: ComponentTerms): ComponentTerms {
  return {
    role: terms.role,
    plan_id: terms.plan_id,
    plan_option_id: terms.plan_option_id,
    plan_meter_id: terms.plan_meter_id,
    description: terms.description,
    price_model: terms.price_model,
    unit_amount: terms.unit_amount,
    tiers: terms.tiers,
    package_size: terms.package_size,
    included: terms.included,
    quantity: terms.quantity,
    cycle_unit: terms.cycle_unit,
    cycle_count: terms.cycle_count,
    cycle_alignment: terms.cycle_alignment,
    anchor_date: terms.anchor_date,
    discount_kind: terms.discount_kind,
    discount_amount: terms.discount_amount,
    discount_basis_points: terms.discount_basis_points,
  }
}

/** What of two timelines of one subscription differs: exactly what has to be written. */
export type TimelineDifference = {
  components: {
    begun: TimelineComponent[]
    ended: { id: string; to_date: Temporal.PlainDate | null; empty: boolean }[]
  }
  suspensions: {
    begun: TimelineSuspension[]
    ended: { id: string; from_date: Temporal.PlainDate; to_date: Temporal.PlainDate | null }[]
    gone: string[]
  }
  coupons: { id: string; to_date: Temporal.PlainDate | null }[]
  columns: Partial<Pick<Timeline, 'plan_id' | 'trial_days' | 'billing_start' | 'end_date' | 'end_reason'>>
}

const sameDate = (left: Temporal.PlainDate | null, right: Temporal.PlainDate | null) =>
  String(left) === String(right)

/** The difference of two timelines of one subscription. */
export function diffTimeline(before: Timeline, after: Timeline): TimelineDifference {
  const components = new Map(before.components.map((one) => [one.id, one]))
  const suspensions = new Map(before.suspensions.map((one) => [one.id, one]))
  const coupons = new Map(before.coupons.map((one) => [one.id, one]))
  const staying = new Set(after.suspensions.map((one) => one.id))
  const columns: TimelineDifference['columns'] = {}
  if (before.plan_id !== after.plan_id) columns.plan_id = after.plan_id
  if (before.trial_days !== after.trial_days) columns.trial_days = after.trial_days
  if (!sameDate(before.billing_start, after.billing_start)) columns.billing_start = after.billing_start
  if (!sameDate(before.end_date, after.end_date)) columns.end_date = after.end_date
  if (before.end_reason !== after.end_reason) columns.end_reason = after.end_reason
  return {
    components: {
      begun: after.components.filter((one) => !components.has(one.id)),
      ended: after.components.flatMap((one) => {
        const was = components.get(one.id)
        return was && !sameDate(was.to_date, one.to_date)
          ? [{ id: one.id, to_date: one.to_date, empty: isEmptyComponent(one) }]
          : []
      }),
    },
    suspensions: {
      begun: after.suspensions.filter((one) => !suspensions.has(one.id)),
      ended: after.suspensions.flatMap((one) => {
        const was = suspensions.get(one.id)
        return was && !sameDate(was.to_date, one.to_date)
          ? [{ id: one.id, from_date: one.from_date, to_date: one.to_date }]
          : []
      }),
      gone: before.suspensions.filter((one) => !staying.has(one.id)).map((one) => one.id),
    },
    coupons: after.coupons.flatMap((one) => {
      const was = coupons.get(one.id)
      return was && !sameDate(was.to_date, one.to_date) ? [{ id: one.id, to_date: one.to_date }] : []
    }),
    columns,
  }
}

/** The timeline of a service that another account takes over on a day: what it has then, at the prices it was sold for. */
export function transferredComponents(
  timeline: Timeline,
  on: Temporal.PlainDate,
): (ComponentTerms & { from_date: Temporal.PlainDate | null })[] {
  return componentsOn(timeline, on)
    .filter((one) => one.cycle_unit !== 'once')
    .map((one) => ({ ...pickTerms(one), anchor_date: null, from_date: null }))
}
