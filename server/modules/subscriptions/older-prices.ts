import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { ComponentRole, PriceModel, SubscriptionStatus } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'
import type { PriceTier } from '../catalogue/index.ts'

/** How far older prices are counted: beyond, the number is what the list is for. */
const mostCounted = 1000

type OlderPrice = {
  component_id: string
  subscription_id: string
  account_id: string
  account_name: string
  account_number: number
  contract_number: number
  status: SubscriptionStatus
  role: ComponentRole
  plan_option_id: string | null
  plan_meter_id: string | null
  description: string
  quantity: number
  currency: string
  price_model: PriceModel
  unit_amount: number
  tiers: PriceTier[] | null
  package_size: number | null
  included: number
  amount: number | null
  list_price_model: PriceModel
  list_unit_amount: number
  list_tiers: PriceTier[] | null
  list_package_size: number | null
  list_included: number
  list_amount: number | null
}

/**
 * What of a plan is charged at another price than the one that is sold today in its currency and cycle: sold before the
 * price changed, or agreed on. Both amounts are for a whole period of its own, in minor units; of what is metered they are
 * null. `count` goes up to 1,000. Refuses: not_found.
 */
export async function listOlderPrices(
  tx: Tx,
  planId: string,
  request: { limit: number; cursor?: string | undefined },
  now: Temporal.Instant,
) {
  const plan = await tx
    .selectFrom('plans')
    .innerJoin('business_units', 'business_units.id', 'plans.business_unit_id')
    .select('business_units.time_zone')
    .where('plans.id', '=', planId)
    .executeTakeFirst()
  if (!plan) return notFound()
  const older = sql`
      from subscription_components c
      join subscriptions s on s.id = c.subscription_id and s.status not in ('cancelled', 'ended')
      join prices p on p.plan_id = c.plan_id and p.plan_option_id is not distinct from c.plan_option_id
       and p.plan_meter_id is not distinct from c.plan_meter_id and p.currency = s.currency
       and p.cycle_unit = c.cycle_unit and p.cycle_count = c.cycle_count and p.cycle_alignment = c.cycle_alignment
     cross join (select ${today(now, plan.time_zone)}::date as day) d
     where c.plan_id = ${planId} and c.to_date is null
       and (p.valid_from is null or p.valid_from <= d.day) and (p.valid_to is null or p.valid_to > d.day)
       and (p.price_model, p.amount, p.tiers, p.package_size, p.included)
           is distinct from (c.price_model, c.unit_amount, c.tiers, c.package_size, c.included)`
  const after = readCursor(request.cursor)
  const [page, counted] = await Promise.all([
    sql<OlderPrice>`
    select c.id as component_id, c.subscription_id, c.account_id, a.name as account_name, a.number as account_number,
           s.contract_number, s.status, c.role, c.plan_option_id, c.plan_meter_id, c.description, c.quantity, s.currency,
           c.price_model, c.unit_amount, c.tiers, c.package_size, c.included,
           case when c.role <> 'usage' then
             whole_amount(c.price_model, c.unit_amount, c.tiers, c.package_size, c.included, c.quantity) end as amount,
           p.price_model as list_price_model, p.amount as list_unit_amount, p.tiers as list_tiers,
           p.package_size as list_package_size, p.included as list_included,
           case when c.role <> 'usage' then
             whole_amount(p.price_model, p.amount, p.tiers, p.package_size, p.included, c.quantity) end as list_amount
      from (select c.*, p.id as price_id ${older} ${after === null ? sql`` : sql`and c.id > ${after}::uuid`}
             order by c.id limit ${request.limit + 1}) c
      join subscriptions s on s.id = c.subscription_id
      join accounts a on a.id = c.account_id
      join prices p on p.id = c.price_id
     order by c.id`.execute(tx),
    sql<{
      count: number
    }>`select count(*)::int as count from (select ${older} limit ${mostCounted}) o`.execute(tx),
  ])
  const items = page.rows.slice(0, request.limit)
  const last = items.at(-1)
  return {
    items,
    next_cursor: page.rows.length > request.limit && last ? last.component_id : null,
    count: counted.rows[0]!.count,
  }
}

/** A component's id; a cursor that is not ours starts from the beginning. */
function readCursor(cursor: string | undefined): string | null {
  return cursor !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(cursor) ? cursor : null
}
