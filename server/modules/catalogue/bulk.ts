import { sql } from 'kysely'
import type { BillingMode, PlanKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'

/** A plan that an import sells: by name, with what it is made of where it does not exist yet. */
export type WantedPlan = {
  name: string
  product: string
  kind: PlanKind
  /** Monthly list price of a plan that is made now, in minor units: each subscription has its own. */
  amount: number
  options: string[]
}

export type KnownPlan = {
  id: string
  billing_mode: BillingMode | null
  /** Option ids by name. */
  options: Map<string, string>
}

/**
 * The plans of a business unit by name, each with the options that are wanted of it. Products, plans and options that
 * are missing are made (P1); what exists is never changed, an archived plan included.
 */
export async function ensurePlans(
  tx: Tx,
  unit: { id: string; currency: string },
  wanted: readonly WantedPlan[],
): Promise<Map<string, KnownPlan>> {
  if (wanted.length === 0) return new Map()
  const names = wanted.map((plan) => plan.name)
  const known = await findPlans(tx, unit.id, names)
  const missing = wanted.filter((plan) => !known.has(plan.name))
  const options = wanted.flatMap((plan) =>
    plan.options
      .filter((option) => !known.get(plan.name)?.options.has(option))
      .map((option) => ({ plan: plan.name, name: option })),
  )
  if (missing.length === 0 && options.length === 0) return known
  if (missing.length > 0) {
    const rows = JSON.stringify(missing.map((plan, ord) => ({ ...plan, ord })))
    await sql`
      insert into products (business_unit_id, name)
      select ${unit.id}::uuid, product from json_to_recordset(${rows}::json) as r(product text, ord int)
       group by product order by min(ord)
      on conflict (business_unit_id, name) do nothing`.execute(tx)
    await sql`
      insert into plans (business_unit_id, product_id, name, kind)
      select ${unit.id}::uuid, p.id, r.name, r.kind
        from json_to_recordset(${rows}::json) as r(ord int, name text, product text, kind plan_kind)
        join products p on p.business_unit_id = ${unit.id}::uuid and p.name = r.product
       order by r.ord
      on conflict (business_unit_id, name) do nothing`.execute(tx)
    await sql`
      insert into prices (plan_id, currency, amount)
      select p.id, ${unit.currency}, r.amount
        from json_to_recordset(${rows}::json) as r(ord int, name text, amount bigint)
        join plans p on p.business_unit_id = ${unit.id}::uuid and p.name = r.name
       order by r.ord
      on conflict do nothing`.execute(tx)
  }
  if (options.length > 0) {
    const rows = JSON.stringify(options.map((option, position) => ({ ...option, position })))
    await sql`
      with added as (
        insert into plan_options (plan_id, name, position)
        select p.id, r.name, r.position
          from json_to_recordset(${rows}::json) as r(plan text, name text, position int)
          join plans p on p.business_unit_id = ${unit.id}::uuid and p.name = r.plan
         order by r.position
        on conflict (plan_id, name) do nothing returning id, plan_id)
      insert into prices (plan_id, plan_option_id, currency, amount)
      select plan_id, id, ${unit.currency}, 0 from added`.execute(tx)
  }
  return findPlans(tx, unit.id, names)
}

async function findPlans(tx: Tx, unitId: string, names: readonly string[]): Promise<Map<string, KnownPlan>> {
  const { rows } = await sql<{
    id: string
    name: string
    billing_mode: BillingMode | null
    options: Record<string, string> | null
  }>`
    select p.id, p.name, p.billing_mode,
           (select jsonb_object_agg(o.name, o.id) from plan_options o where o.plan_id = p.id) as options
      from plans p where p.business_unit_id = ${unitId}::uuid and p.name = any(${[...names]}::text[])`.execute(
    tx,
  )
  return new Map(
    rows.map((row) => [
      row.name,
      { id: row.id, billing_mode: row.billing_mode, options: new Map(Object.entries(row.options ?? {})) },
    ]),
  )
}
