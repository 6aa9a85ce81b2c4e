// The shop: what of its business unit's catalogue a customer may order, at the prices of today.
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { CycleAlignment, CycleUnit, PriceModel } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isOrderable } from '../billing/index.ts'

type PriceRow = {
  plan_id: string
  plan_option_id: string | null
  plan_meter_id: string | null
  cycle_unit: CycleUnit
  cycle_count: number
  cycle_alignment: CycleAlignment
  price_model: PriceModel
  amount: number
  tiers: { up_to: number | null; unit_amount: number; flat_amount: number }[] | null
  package_size: number | null
  included: number
  /** Of one, in minor units. */
  one: number
}

/**
 * The products of a business unit with the plans that its customers may order: those with a price of today in its currency, each
 * with its cycles, what it contains and what can be added. A catalogue has hundreds of plans, not millions.
 */
export async function readShop(tx: Tx, unitId: string, now: Temporal.Instant) {
  const unit = await tx
    .selectFrom('business_units')
    .select(['currency', 'time_zone'])
    .where('id', '=', unitId)
    .executeTakeFirstOrThrow()
  const day = today(now, unit.time_zone)
  const [plans, prices, options, meters, items, terms] = await Promise.all([
    tx
      .selectFrom('plans')
      .innerJoin('products', 'products.id', 'plans.product_id')
      .select([
        'plans.id',
        'plans.name',
        'plans.kind',
        'plans.description',
        'plans.trial_days',
        'plans.proportional_trial',
        'plans.term_months',
        'plans.support_credits',
        'plans.customer_orders',
        'products.id as product_id',
        'products.name as product_name',
        'products.description as product_description',
      ])
      .where('plans.business_unit_id', '=', unitId)
      .where('plans.archived_at', 'is', null)
      .where('products.archived_at', 'is', null)
      .orderBy('products.position')
      .orderBy('products.name')
      .orderBy('products.id')
      .orderBy('plans.position')
      .orderBy('plans.name')
      .orderBy('plans.id')
      .limit(1000)
      .execute(),
    sql<PriceRow>`
      select r.plan_id, r.plan_option_id, r.plan_meter_id, r.cycle_unit, r.cycle_count, r.cycle_alignment, r.price_model, r.amount,
             r.tiers, r.package_size, r.included,
             whole_amount(r.price_model, r.amount, r.tiers, r.package_size, r.included, 1) as one
        from prices r join plans p on p.id = r.plan_id
       where p.business_unit_id = ${unitId} and p.archived_at is null and r.currency = ${unit.currency}
         and (r.valid_from is null or r.valid_from <= ${day}::date) and (r.valid_to is null or r.valid_to > ${day}::date)
       order by r.cycle_unit desc, r.cycle_count, r.cycle_alignment, r.id`.execute(tx),
    tx
      .selectFrom('plan_options')
      .innerJoin('plans', 'plans.id', 'plan_options.plan_id')
      .select(['plan_options.id', 'plan_options.plan_id', 'plan_options.name', 'plan_options.kind'])
      .where('plans.business_unit_id', '=', unitId)
      .where('plan_options.archived_at', 'is', null)
      .orderBy('plan_options.position')
      .orderBy('plan_options.id')
      .execute(),
    tx
      .selectFrom('plan_meters')
      .innerJoin('plans', 'plans.id', 'plan_meters.plan_id')
      .select(['plan_meters.id', 'plan_meters.plan_id', 'plan_meters.name', 'plan_meters.unit_name'])
      .where('plans.business_unit_id', '=', unitId)
      .where('plan_meters.archived_at', 'is', null)
      .orderBy('plan_meters.position')
      .orderBy('plan_meters.id')
      .execute(),
    tx
      .selectFrom('plan_items')
      .innerJoin('plans', 'plans.id', 'plan_items.plan_id')
      .select([
        'plan_items.plan_id',
        'plan_items.item',
        'plan_items.included',
        'plan_items.maximum',
        'plan_items.extra_amount',
      ])
      .where('plans.business_unit_id', '=', unitId)
      .orderBy('plan_items.item')
      .execute(),
    tx
      .selectFrom('plan_terms')
      .innerJoin('plans', 'plans.id', 'plan_terms.plan_id')
      .select(['plan_terms.plan_id', 'plan_terms.term_months', 'plan_terms.discount_basis_points'])
      .where('plans.business_unit_id', '=', unitId)
      .execute(),
  ])
  const ofOwner = Map.groupBy(prices.rows, (row) => row.plan_option_id ?? row.plan_meter_id ?? row.plan_id)
  const pricesOf = (id: string) =>
    (ofOwner.get(id) ?? []).map(({ plan_id: _p, plan_option_id: _o, plan_meter_id: _m, ...price }) => price)
  const offered = plans.flatMap(({ customer_orders, ...plan }) => {
    const own = pricesOf(plan.id)
    if (own.length === 0 || !isOrderable({ kind: plan.kind, customer_orders })) return []
    const pack = plan.kind === 'support_pack' && plan.support_credits > 0
    const chosen = terms.filter((term) => term.plan_id === plan.id).map(({ plan_id: _, ...term }) => term)
    const ownTerm = { term_months: plan.term_months, discount_basis_points: null }
    return [
      {
        ...plan,
        order_kind: pack ? ('support_pack' as const) : ('subscription' as const),
        prices: own,
        terms: pack
          ? []
          : (chosen.some((term) => term.term_months === plan.term_months)
              ? chosen
              : [...chosen, ownTerm]
            ).sort((left, right) => left.term_months - right.term_months),
        items: items.filter((item) => item.plan_id === plan.id).map(({ plan_id: _, ...item }) => item),
        options: pack
          ? []
          : options
              .filter((option) => option.plan_id === plan.id)
              .map(({ plan_id: _, ...option }) => ({ ...option, prices: pricesOf(option.id) }))
              .filter((option) => option.prices.length > 0),
        meters: meters
          .filter((meter) => meter.plan_id === plan.id)
          .map(({ plan_id: _, ...meter }) => ({ ...meter, prices: pricesOf(meter.id) }))
          .filter((meter) => meter.prices.length > 0),
      },
    ]
  })
  const products = [...Map.groupBy(offered, (plan) => plan.product_id)].map(([id, group]) => ({
    id,
    name: group[0]!.product_name,
    description: group[0]!.product_description,
    plans: group.map(
      ({ product_id: _id, product_name: _name, product_description: _description, ...plan }) => plan,
    ),
  }))
  return { currency: unit.currency, day, products }
}
