// The operator itself: business units with their logos, what they sell, who works there.
import type { Tx } from '../../platform/database.ts'
import type { FileStore } from '../../platform/files.ts'
import { demand } from '../../platform/jobs.ts'
import { createPlan, createProduct, createRoutingPoint, updatePlan } from '../catalogue/index.ts'
import { createUnit, setUnitLogo } from '../units/index.ts'
import { logos } from './logos.ts'
import { type DemoUnit, demoStaff, demoUnits, type UnitSlug } from './operator.ts'
import { createId, createRandom } from './random.ts'

export type FoundedPlan = { id: string; options: Map<string, string> }
export type FoundedUnit = {
  id: string
  /** By name. */
  plans: Map<string, FoundedPlan>
  routingPoints: Map<string, string>
}
export type Founded = {
  units: Map<UnitSlug, FoundedUnit> /** User ids by the key of `demoStaff`. */
  staff: Map<string, string>
}

/** Writes business units, logos, catalogue and staff; nobody has a password yet. */
export async function foundOperator(tx: Tx, files: FileStore, now: Temporal.Instant): Promise<Founded> {
  const units = new Map<UnitSlug, FoundedUnit>()
  for (const unit of demoUnits) units.set(unit.slug, await foundUnit(tx, files, unit, now))
  const staff = new Map<string, string>()
  for (const { key, name, email, language, role, units: only } of demoStaff) {
    const user = await tx
      .insertInto('users')
      .values({ side: 'staff', email, name, language })
      .returning('id')
      .executeTakeFirstOrThrow()
    await tx
      .insertInto('staff')
      .values({ user_id: user.id, role, all_units: only === null })
      .execute()
    for (const slug of only ?? []) {
      await tx
        .insertInto('staff_units')
        .values({ user_id: user.id, business_unit_id: units.get(slug)!.id })
        .execute()
    }
    staff.set(key, user.id)
  }
  return { units, staff }
}

async function foundUnit(
  tx: Tx,
  files: FileStore,
  unit: DemoUnit,
  now: Temporal.Instant,
): Promise<FoundedUnit> {
  const { routingPoints, products, ...settings } = unit
  const { id } = demand(await createUnit(tx, settings))
  const logoId = createId(createRandom(`logo:${unit.slug}`), now)
  demand(await setUnitLogo(tx, files, id, Buffer.from(logos[unit.slug]), logoId, null))
  const founded: FoundedUnit = { id, plans: new Map(), routingPoints: new Map() }
  for (const point of routingPoints) {
    const created = demand(await createRoutingPoint(tx, { business_unit_id: id, ...point }))
    founded.routingPoints.set(point.name, created.id)
  }
  for (const [position, { name, description, plans }] of products.entries()) {
    const product = demand(await createProduct(tx, { business_unit_id: id, name, description, position }))
    for (const [index, plan] of plans.entries()) {
      const created = demand(
        await createPlan(
          tx,
          {
            business_unit_id: id,
            product_id: product.id,
            name: plan.name,
            kind: plan.kind,
            description: plan.description,
            proportional_trial: plan.proportionalTrial ?? false,
            trial_days: plan.trialDays ?? 0,
            term_months: plan.termMonths ?? 0,
            terms: plan.terms,
            position: index,
            prices: [{ currency: unit.currency, amount: plan.amount }],
            items: plan.items,
            options: plan.options?.map(({ name: option, amount, kind }) => ({ name: option, amount, kind })),
          },
          now,
        ),
      )
      if (plan.archived) demand(await updatePlan(tx, created.id, { archived: true }, now))
      const options = new Map(created.options.map((option) => [option.name, option.id]))
      founded.plans.set(plan.name, { id: created.id, options })
    }
  }
  return founded
}
