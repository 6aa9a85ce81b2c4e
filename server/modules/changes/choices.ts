import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import {
  type ComponentTerms,
  currentComponents,
  loadTimeline,
  type StoredTimeline,
} from '../subscriptions/index.ts'
import {
  amountsOf,
  choosePrice,
  cycleOf,
  isCountable,
  loadOffers,
  type Offer,
  optionTerms,
  planTerms,
  yearlyRate,
} from './offer.ts'
import { periodEnd } from './resolution.ts'
import type { ChangeChoices, ChangeRequest } from './schemas.ts'

/** What of a plan's options can be had, in the cycle of the service. */
function listOptions(offer: Offer, cycle: ReturnType<typeof cycleOf>): ChangeChoices['options'] {
  return offer.options.flatMap((option) => {
    const price = option.archived ? undefined : choosePrice(option.prices, cycle)
    return price
      ? [
          {
            id: option.id,
            kind: option.kind,
            name: option.name,
            price_model: price.price_model,
            unit_amount: price.unit_amount,
            cycle_unit: price.cycle_unit,
            cycle_count: price.cycle_count,
          },
        ]
      : []
  })
}

/** What a service would consist of on a plan, for telling what it would cost. */
function sketch(timeline: StoredTimeline, offer: Offer) {
  const cycle = cycleOf(timeline)
  const price = choosePrice(offer.prices, cycle)
  if (!price) return null
  const current = currentComponents(timeline)
  const was = current.find((one) => one.role === 'plan')
  const plan = planTerms(offer, price, was && isCountable(was) ? was.quantity : 1)
  const missing: string[] = []
  const components: ComponentTerms[] = [plan]
  for (const option of current.filter((one) => one.role === 'option')) {
    const match = offer.options.find((one) => one.name === option.description && !one.archived)
    const terms = match && optionTerms(offer, match, option.quantity, price)
    if (terms) components.push(terms)
    else missing.push(option.description)
  }
  return { price, plan, components, missing }
}

/**
 * What can be chosen for a change of a service: plans, options, quantities, cycles, and the days that matter. For customers
 * only what their plan leaves to them. Refuses: not_found.
 */
export async function listChoices(
  tx: Tx,
  subscriptionId: string,
  now: Temporal.Instant,
  side: 'office' | 'portal',
): Promise<ChangeChoices | Refusal> {
  const timeline = await loadTimeline(tx, subscriptionId, now)
  if (timeline === null) return notFound()
  const offers = await loadOffers(tx, {
    business_unit_id: timeline.business_unit_id,
    currency: timeline.currency,
    day: timeline.today,
    like: timeline.plan_id,
  })
  const own =
    offers.find(({ id }) => id === timeline.plan_id) ??
    (
      await loadOffers(tx, {
        business_unit_id: timeline.business_unit_id,
        currency: timeline.currency,
        day: timeline.today,
        plan_ids: [timeline.plan_id],
      })
    )[0]
  if (!own) return notFound()
  const current = currentComponents(timeline)
  const cycle = cycleOf(timeline)
  const portal = side === 'portal'
  const runs = timeline.status === 'active' || timeline.status === 'awaiting_installation'
  const rate = yearlyRate(current)
  const plan = current.find((one) => one.role === 'plan')
  const mayPlan = !portal || (runs && own.customer_changes_plan)
  const countable = plan !== undefined && isCountable(plan)
  const plans = mayPlan ? offers.filter((offer) => offer.id !== own.id && isReachable(offer, own, side)) : []
  const reachable = plans.flatMap((offer) => {
    const drawn = sketch(timeline, offer)
    if (!drawn) return []
    return [
      {
        id: offer.id,
        name: offer.name,
        product_name: offer.product_name,
        kind: offer.kind,
        description: offer.description,
        trial_days: offer.trial_days,
        price_model: drawn.price.price_model,
        unit_amount: drawn.price.unit_amount,
        amount: amountsOf(drawn.plan).whole,
        cycle_unit: drawn.price.cycle_unit,
        cycle_count: drawn.price.cycle_count,
        upgrade: yearlyRate(drawn.components) >= rate,
        options: listOptions(offer, drawn.price),
        missing: drawn.missing,
      },
    ]
  })
  const options = listOptions(own, cycle)
  return {
    currency: timeline.currency,
    today: timeline.today,
    earliest: timeline.billing_start,
    period_end: periodEnd(timeline, timeline.today),
    plan_id: timeline.plan_id,
    may_plan: mayPlan && reachable.length > 0,
    may_quantity: countable && (!portal || (runs && own.customer_changes_quantity)),
    may_options:
      (options.length > 0 || current.some((one) => one.role === 'option')) &&
      (!portal || (runs && own.customer_changes_options)),
    may_cancel: !portal || own.customer_cancels,
    components: current.map((one) => ({
      id: one.id,
      role: one.role,
      plan_option_id: one.plan_option_id,
      description: one.description,
      quantity: one.quantity,
      countable: isCountable(one),
      price_model: one.price_model,
      unit_amount: one.unit_amount,
      amount: amountsOf(one).amount,
      cycle_unit: one.cycle_unit,
      cycle_count: one.cycle_count,
      cycle_alignment: one.cycle_alignment,
      discount_kind: one.discount_kind,
      discount_amount: one.discount_amount,
      discount_basis_points: one.discount_basis_points,
    })),
    options,
    prices: own.prices
      .filter((price) => price.cycle_unit !== 'once')
      .map((price) => ({
        cycle_unit: price.cycle_unit,
        cycle_count: price.cycle_count,
        cycle_alignment: price.cycle_alignment,
        price_model: price.price_model,
        unit_amount: price.unit_amount,
        amount: amountsOf(planTerms(own, price, plan?.quantity ?? 1)).whole,
      })),
    plans: reachable,
  }
}

/** Customers go between plans of one kind that allow it. */
function isReachable(offer: Offer, own: Offer, side: 'office' | 'portal'): boolean {
  return side === 'office' || (offer.kind === own.kind && offer.customer_changes_plan && !offer.archived)
}

/**
 * Whether a customer may ask for a change of a service by themselves: what its plan leaves to them, on no day that has
 * passed. Refuses: not_found, change_not_allowed, invalid_input.
 */
export async function checkOwnRequest(
  tx: Tx,
  subscriptionId: string,
  request: ChangeRequest,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const choices = await listChoices(tx, subscriptionId, now, 'portal')
  if (!('plans' in choices)) return choices
  const forbidden = refuse('change_not_allowed', { status: 403 })
  switch (request.kind) {
    case 'plan':
      if (!choices.may_plan) return forbidden
      return choices.plans.some(({ id }) => id === request.plan_id)
        ? undefined
        : refuseField('plan_id', 'not_a_choice')
    case 'quantity': {
      const component = choices.components.find(({ id }) => id === request.component_id)
      const option = component?.role === 'option'
      return (option ? choices.may_options : choices.may_quantity) ? undefined : forbidden
    }
    case 'options':
      return choices.may_options ? undefined : forbidden
    case 'cancel':
      if (!choices.may_cancel) return forbidden
      return request.effective_on !== undefined &&
        Temporal.PlainDate.compare(request.effective_on, choices.today) < 0
        ? refuseField('effective_on', 'date_in_past')
        : undefined
    default:
      return forbidden
  }
}
