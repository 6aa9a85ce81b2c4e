import type { ChangeTiming, SubscriptionStatus } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import {
  anchorDateOf,
  type ComponentSlot,
  type ComponentTerms,
  componentsOn,
  currentComponents,
  cyclePeriod,
  isEmptyComponent,
  isSlot,
  pickTerms,
  type StoredTimeline,
  type TimelineChange,
  type TimelineComponent,
} from '../subscriptions/index.ts'
import {
  choosePrice,
  cycleOf,
  isCountable,
  loadOffers,
  meterTerms,
  type Offer,
  optionTerms,
  planTerms,
  yearlyRate,
} from './offer.ts'
import type { ChangeRequest } from './schemas.ts'

/** A change as it was understood: what it does, when, and what of the service is lost by it. */
export type Resolved = {
  change: TimelineChange
  on: Temporal.PlainDate
  timing: ChangeTiming
  /** Options that the new plan lacks. */
  dropped: string[]
}

const { compare } = Temporal.PlainDate
const running: SubscriptionStatus[] = [
  'awaiting_installation',
  'active',
  'suspended',
  'suspended_administratively',
]
const allowedIn: Record<ChangeRequest['kind'], readonly SubscriptionStatus[]> = {
  plan: running,
  quantity: running,
  options: running,
  price: running,
  discount: running,
  cycle: running,
  due_day: running,
  suspend: ['active'],
  reactivate: ['suspended', 'suspended_administratively'],
  transfer: ['awaiting_installation', 'active'],
  cancel: running,
  extend_trial: ['awaiting_installation', 'active'],
}

/**
 * When the period of a service ends that a day is in: of its plan; of one in its trial, when that ends. What becomes effective
 * then is neither credited nor charged twice.
 */
export function periodEnd(timeline: StoredTimeline, day: Temporal.PlainDate): Temporal.PlainDate {
  const start = timeline.billing_start
  if (start !== null && compare(start, day) > 0) return start
  const plan =
    componentsOn(timeline, day).find((one) => one.role === 'plan') ??
    currentComponents(timeline).find((one) => one.role === 'plan')
  const anchor = plan ? anchorDateOf(plan, timeline) : null
  const cycle =
    plan && plan.cycle_unit !== 'once'
      ? { unit: plan.cycle_unit, count: plan.cycle_count, alignment: plan.cycle_alignment }
      : { unit: 'month' as const, count: 1, alignment: 'closing' as const }
  const epoch = (date: Temporal.PlainDate) =>
    Temporal.PlainDate.from('1970-01-01').until(date, { largestUnit: 'days' }).days
  return cyclePeriod(day, { ...cycle, anchor: anchor ? epoch(anchor) : 0 }, timeline.closing_day).to
}

/**
 * Understands what is asked for: checks it against the service and the catalogue, fixes the prices, and says when it
 * becomes effective. Nothing is written. Refuses: subscription_state, invalid_input.
 */
export async function resolveChange(
  tx: Tx,
  timeline: StoredTimeline,
  request: ChangeRequest,
): Promise<Resolved | Refusal> {
  if (!allowedIn[request.kind].includes(timeline.status) && !isScheduledReactivation(timeline, request))
    return refuse('subscription_state', { params: { status: timeline.status } })
  const understood = await understand(tx, timeline, request)
  if (isRefusal(understood)) return understood
  const { change, dropped } = understood
  const timing = request.timing ?? (request.effective_on ? 'date' : defaultTiming(timeline, change))
  const on =
    timing === 'now'
      ? timeline.today
      : timing === 'period_end'
        ? periodEnd(timeline, timeline.today)
        : request.effective_on
  if (on === undefined) return refuseField('effective_on', 'required')
  const fault = checkDay(timeline, change, on)
  return fault ?? { change, on, timing, dropped }
}

/** A service that runs may have the end of a suspension scheduled that is to come, too. */
function isScheduledReactivation(timeline: StoredTimeline, request: ChangeRequest): boolean {
  return (
    request.kind === 'reactivate' &&
    timeline.status === 'active' &&
    request.effective_on !== undefined &&
    compare(request.effective_on, timeline.today) > 0
  )
}

/** Upgrades now, downgrades and other periods at the period's end (billing.md 19); everything else now. */
function defaultTiming(timeline: StoredTimeline, change: TimelineChange): ChangeTiming {
  if (change.kind === 'cycle') return 'period_end'
  if (change.kind !== 'plan' && change.kind !== 'quantity' && change.kind !== 'options') return 'now'
  return isDowngrade(timeline, change) ? 'period_end' : 'now'
}

/** Whether the service costs less after a change than before it. */
function isDowngrade(timeline: StoredTimeline, change: TimelineChange): boolean {
  const current = currentComponents(timeline)
  const after =
    change.kind === 'plan'
      ? change.components
      : change.kind === 'options'
        ? [...current.filter((one) => one.role !== 'option'), ...change.components]
        : change.kind === 'quantity'
          ? current.map((one) => (isSlot(one, change.slot) ? { ...one, quantity: change.quantity } : one))
          : current
  return yearlyRate(after) < yearlyRate(current)
}

/** Whether a change may become effective on a day. */
export function checkDay(
  timeline: StoredTimeline,
  change: TimelineChange,
  on: Temporal.PlainDate,
): Refusal | undefined {
  const { today, billing_start, start_date, end_date } = timeline
  if (compare(on, today) < 0) {
    const earliest = change.kind === 'cancel' ? start_date : (billing_start ?? today)
    if (compare(on, earliest) < 0)
      return refuseField(
        'effective_on',
        change.kind === 'cancel' ? 'date_before_start' : 'date_before_charging',
      )
  }
  if (compare(on, today.add({ years: 2 })) > 0) return refuseField('effective_on', 'date_too_far')
  if (
    change.kind !== 'cancel' &&
    change.kind !== 'due_day' &&
    end_date !== null &&
    compare(on, end_date) >= 0
  )
    return refuseField('effective_on', 'date_after_end')
  if (change.kind === 'suspend') {
    const overlaps = timeline.suspensions.some((one) => one.to_date === null || compare(one.to_date, on) > 0)
    if (overlaps) return refuseField('effective_on', 'date_in_suspension')
  }
  if (change.kind === 'reactivate') {
    const open = timeline.suspensions.find((one) => one.to_date === null)
    if (open && compare(on, open.from_date) < 0) return refuseField('effective_on', 'date_before_suspension')
  }
  if (change.kind === 'extend_trial' && billing_start !== null && compare(billing_start, today) < 0)
    return refuseField('days', 'trial_over')
  return undefined
}

type Understood = { change: TimelineChange; dropped: string[] }

async function understand(
  tx: Tx,
  timeline: StoredTimeline,
  request: ChangeRequest,
): Promise<Understood | Refusal> {
  const plain = (change: TimelineChange): Understood => ({ change, dropped: [] })
  switch (request.kind) {
    case 'plan':
      return resolvePlan(tx, timeline, request)
    case 'options': {
      const change = await resolveOptions(tx, timeline, request)
      return isRefusal(change) ? change : plain(change)
    }
    case 'quantity': {
      const component = findComponent(timeline, request.component_id)
      if (!component || component.role === 'usage') return refuseField('component_id', 'not_a_choice')
      if (!isCountable(component)) return refuseField('quantity', 'not_countable')
      if (component.quantity === request.quantity) return refuseField('quantity', 'unchanged')
      return plain({ kind: 'quantity', slot: slotOf(component), quantity: request.quantity })
    }
    case 'price': {
      const component = findComponent(timeline, request.component_id)
      if (!component) return refuseField('component_id', 'not_a_choice')
      if (component.cycle_unit === 'once') return refuseField('component_id', 'charged_once')
      const price_model = request.price_model ?? component.price_model
      const tiered = price_model === 'tiered' || price_model === 'volume'
      const tiers = tiered ? (request.tiers ?? component.tiers) : null
      if (tiered && !isRising(tiers)) return refuseField('tiers', 'tiers_must_rise')
      const package_size = price_model === 'package' ? (request.package_size ?? component.package_size) : null
      if (price_model === 'package' && package_size === null) return refuseField('package_size', 'required')
      const price = {
        price_model,
        unit_amount: tiered ? 0 : request.unit_amount,
        tiers,
        package_size,
        included: price_model === 'flat' ? 0 : (request.included ?? component.included),
      }
      return plain({ kind: 'price', slot: slotOf(component), price })
    }
    case 'discount': {
      const component = findComponent(timeline, request.component_id)
      if (!component || component.role === 'usage') return refuseField('component_id', 'not_a_choice')
      const { discount_kind } = request
      if (discount_kind === 'amount' && (request.discount_amount ?? null) === null)
        return refuseField('discount_amount', 'required')
      if (discount_kind === 'percent' && (request.discount_basis_points ?? null) === null)
        return refuseField('discount_basis_points', 'required')
      return plain({
        kind: 'discount',
        slot: slotOf(component),
        discount: {
          discount_kind,
          discount_amount: discount_kind === 'amount' ? request.discount_amount! : null,
          discount_basis_points: discount_kind === 'percent' ? request.discount_basis_points! : null,
        },
      })
    }
    case 'cycle':
      return resolveCycle(tx, timeline, request)
    case 'due_day': {
      if (request.due_day === undefined && request.payment_method === undefined)
        return refuseField('due_day', 'required')
      const change = {
        kind: 'due_day' as const,
        due_day: request.due_day ?? timeline.due_day,
        payment_method: request.payment_method ?? timeline.payment_method,
      }
      if (request.payment_method !== undefined) {
        const unit = await tx
          .selectFrom('business_units')
          .select('payment_methods')
          .where('id', '=', timeline.business_unit_id)
          .executeTakeFirst()
        if (!unit?.payment_methods.includes(request.payment_method))
          return refuseField('payment_method', 'not_a_choice')
      }
      return plain(change)
    }
    case 'suspend': {
      const plan = await tx
        .selectFrom('plans')
        .select('suspension_credit')
        .where('id', '=', timeline.plan_id)
        .executeTakeFirst()
      const rule = plan?.suspension_credit ?? 'unless_debt'
      return plain({
        kind: 'suspend',
        administrative: request.administrative,
        for_debt: request.for_debt,
        credited: rule === 'always' || (rule === 'unless_debt' && !request.for_debt),
        reason: request.reason ?? null,
      })
    }
    case 'reactivate':
      return plain({ kind: 'reactivate' })
    case 'transfer': {
      const account = await tx
        .selectFrom('accounts')
        .select(['id', 'business_unit_id', 'erased_at'])
        .where('id', '=', request.account_id)
        .executeTakeFirst()
      if (!account || account.business_unit_id !== timeline.business_unit_id || account.erased_at !== null)
        return refuseField('account_id', 'not_a_choice')
      if (account.id === timeline.account_id) return refuseField('account_id', 'same_account')
      return plain({ kind: 'transfer', account_id: account.id })
    }
    case 'cancel':
      return plain({ kind: 'cancel', reason: request.reason })
    case 'extend_trial':
      return plain({ kind: 'extend_trial', days: request.days })
  }
}

/** What of a service is meant: the plan unless said otherwise. */
function findComponent(timeline: StoredTimeline, id: string | undefined): TimelineComponent | undefined {
  const current = currentComponents(timeline)
  return id === undefined ? current.find((one) => one.role === 'plan') : current.find((one) => one.id === id)
}

const slotOf = ({ role, plan_option_id, plan_meter_id }: ComponentTerms): ComponentSlot => ({
  role,
  plan_option_id,
  plan_meter_id,
})

function isRising(tiers: readonly { up_to: number | null }[] | null): boolean {
  if (tiers === null || tiers.length === 0 || tiers.at(-1)?.up_to !== null) return false
  return tiers.every(({ up_to }, index) => {
    const before = tiers[index - 1]?.up_to ?? 0
    return index === tiers.length - 1 ? true : up_to !== null && up_to > before
  })
}

/** On the day that something ended, it comes back as it had been sold: there and back nets to nothing. */
function takeBack(timeline: StoredTimeline, wanted: ComponentTerms): ComponentTerms {
  const gone = timeline.components.find(
    (one) =>
      !isEmptyComponent(one) &&
      one.to_date !== null &&
      one.to_date.equals(timeline.today) &&
      one.plan_id === wanted.plan_id &&
      isSlot(one, wanted) &&
      one.quantity === wanted.quantity,
  )
  return gone ? { ...pickTerms(gone), anchor_date: anchorDateOf(gone, timeline) } : wanted
}

async function offerOf(tx: Tx, timeline: StoredTimeline, planId: string): Promise<Offer | undefined> {
  const [offer] = await loadOffers(tx, {
    business_unit_id: timeline.business_unit_id,
    currency: timeline.currency,
    day: timeline.today,
    plan_ids: [planId],
  })
  return offer
}

type Request<K extends ChangeRequest['kind']> = Extract<ChangeRequest, { kind: K }>

async function resolvePlan(
  tx: Tx,
  timeline: StoredTimeline,
  request: Request<'plan'>,
): Promise<Understood | Refusal> {
  const [offer, before] = await Promise.all([
    offerOf(tx, timeline, request.plan_id),
    offerOf(tx, timeline, timeline.plan_id),
  ])
  if (!offer || !before || offer.archived) return refuseField('plan_id', 'not_a_choice')
  const isRouted = (kind: Offer['kind']) => kind === 'broadband' || kind === 'additional_point'
  if (isRouted(offer.kind) !== isRouted(before.kind)) return refuseField('plan_id', 'other_kind_of_plan')
  if (offer.id === timeline.plan_id) return refuseField('plan_id', 'unchanged')
  const cycle = cycleOf(timeline)
  const price = choosePrice(offer.prices, cycle)
  if (!price) return refuseField('plan_id', 'plan_without_price', { currency: timeline.currency })

  const current = currentComponents(timeline)
  const was = current.find((one) => one.role === 'plan')
  const sold = planTerms(offer, price, request.quantity ?? (was && isCountable(was) ? was.quantity : 1))
  const plan = takeBack(timeline, sold)
  const discount =
    request.keep_discount && was
      ? {
          discount_kind: was.discount_kind,
          discount_amount: was.discount_amount,
          discount_basis_points: was.discount_basis_points,
        }
      : { discount_kind: null, discount_amount: null, discount_basis_points: null }
  const components: ComponentTerms[] = [plan === sold ? { ...plan, ...discount } : plan]
  const dropped: string[] = []
  if (request.options) {
    for (const [index, chosen] of request.options.entries()) {
      const option = offer.options.find((one) => one.id === chosen.plan_option_id && !one.archived)
      const terms = option && optionTerms(offer, option, chosen.quantity, price)
      if (!terms) return refuseField(`options.${index}.plan_option_id`, 'not_a_choice')
      if (components.some((one) => isSlot(one, terms)))
        return refuseField(`options.${index}.plan_option_id`, 'listed_twice')
      components.push(takeBack(timeline, terms))
    }
  }
  for (const option of current.filter((one) => one.role === 'option')) {
    const match = offer.options.find((one) => one.name === option.description && !one.archived)
    if (request.options) {
      if (!match || !components.some((one) => one.plan_option_id === match.id))
        dropped.push(option.description)
      continue
    }
    const terms = match && optionTerms(offer, match, option.quantity, price)
    if (terms) components.push(takeBack(timeline, terms))
    else if (request.missing_options === 'keep') components.push({ ...pickTerms(option), anchor_date: null })
    else dropped.push(option.description)
  }
  components.push(...meterTerms(offer, price))
  return {
    change: { kind: 'plan', plan_id: offer.id, components, free_days: request.trial_days },
    dropped,
  }
}

async function resolveOptions(
  tx: Tx,
  timeline: StoredTimeline,
  request: Request<'options'>,
): Promise<TimelineChange | Refusal> {
  const offer = await offerOf(tx, timeline, timeline.plan_id)
  if (!offer) return notFound()
  const current = currentComponents(timeline).filter((one) => one.role === 'option')
  const cycle = cycleOf(timeline)
  const components: ComponentTerms[] = []
  for (const [index, { plan_option_id, quantity }] of request.options.entries()) {
    const path = `options.${index}.plan_option_id`
    if (components.some((one) => one.plan_option_id === plan_option_id))
      return refuseField(path, 'listed_twice')
    const has = current.find((one) => one.plan_option_id === plan_option_id)
    if (has) {
      // What it has keeps the price that it was sold for, whatever the catalogue says now.
      if (has.cycle_unit === 'once' && has.quantity !== quantity)
        return refuseField(`options.${index}.quantity`, 'charged_once')
      components.push({ ...pickTerms(has), quantity })
      continue
    }
    const option = offer.options.find((one) => one.id === plan_option_id && !one.archived)
    const terms = option && optionTerms(offer, option, quantity, cycle)
    if (!terms) return refuseField(path, 'not_a_choice')
    components.push(takeBack(timeline, terms))
  }
  const same =
    components.length === current.length &&
    components.every((one) => current.some((other) => isSlot(one, other) && other.quantity === one.quantity))
  return same ? refuseField('options', 'unchanged') : { kind: 'options', components }
}

async function resolveCycle(
  tx: Tx,
  timeline: StoredTimeline,
  request: Request<'cycle'>,
): Promise<Understood | Refusal> {
  const component = findComponent(timeline, request.component_id)
  if (!component || component.role === 'usage') return refuseField('component_id', 'not_a_choice')
  if (component.cycle_unit === 'once') return refuseField('component_id', 'charged_once')
  const { cycle_unit, cycle_count } = request
  const cycle_alignment =
    cycle_unit === 'month' ? (request.cycle_alignment ?? component.cycle_alignment) : ('anniversary' as const)
  if (cycle_unit !== 'month' && request.cycle_alignment === 'closing')
    return refuseField('cycle_alignment', 'not_for_this_cycle')
  const same =
    component.cycle_unit === cycle_unit &&
    component.cycle_count === cycle_count &&
    component.cycle_alignment === cycle_alignment
  if (same) return refuseField('cycle_count', 'unchanged')
  let price = {
    price_model: component.price_model,
    unit_amount: request.unit_amount ?? component.unit_amount,
    tiers: component.tiers,
    package_size: component.package_size,
    included: component.included,
  }
  if (request.unit_amount === undefined) {
    const offer = await offerOf(tx, timeline, component.plan_id)
    const prices =
      component.plan_option_id === null
        ? offer?.prices
        : offer?.options.find((one) => one.id === component.plan_option_id)?.prices
    const offered =
      prices?.filter((one) => one.cycle_unit === cycle_unit && one.cycle_count === cycle_count) ?? []
    const found = offered.find((one) => one.cycle_alignment === cycle_alignment) ?? offered[0]
    if (!found) return refuseField('unit_amount', 'no_price_for_cycle')
    const { cycle_unit: _u, cycle_count: _c, cycle_alignment: _a, ...terms } = found
    price = terms
  }
  const cycle = { cycle_unit, cycle_count, cycle_alignment, anchor_date: null }
  return { change: { kind: 'cycle', slot: slotOf(component), cycle, price }, dropped: [] }
}
