import { sql } from 'kysely'
import type {
  BillingMode,
  ItemKind,
  OptionKind,
  PlanKind,
  PriceInterval,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { getUnit } from '../units/index.ts'
import { archiving, type CatalogueFilter } from './products.ts'

/** Monthly price in minor units. */
export type PriceInput = { currency: string; interval?: PriceInterval | undefined; amount: number }
/** What a plan allows of a kind of item (P1); `extra_amount` in minor units of the business unit's currency. */
export type ItemInput = {
  item: ItemKind
  included?: number | undefined
  maximum?: number | null | undefined
  extra_amount?: number | null | undefined
}
/** Something that may be added to the plan for a monthly amount in the business unit's currency. */
export type OptionInput = {
  id?: string | undefined
  kind?: OptionKind | undefined
  name: string
  amount: number
  archived?: boolean | undefined
}
type PlanColumns = {
  product_id: string
  name: string
  kind: PlanKind
  description?: string | null | undefined
  proportional_trial?: boolean | undefined
  trial_days?: number | undefined
  billing_mode?: BillingMode | null | undefined
  term_months?: number | undefined
  position?: number | undefined
}
type PlanParts = {
  prices: PriceInput[]
  items?: ItemInput[] | undefined
  options?: OptionInput[] | undefined
}
export type PlanInput = PlanColumns & PlanParts & { business_unit_id: string }
export type PlanChange = Partial<PlanColumns & PlanParts> & { archived?: boolean | undefined }

export type PlanFilter = CatalogueFilter & { kind?: PlanKind | undefined; product_id?: string | undefined }

/** How far a list counts what runs on a plan: beyond, the number is what its own page is for. */
const mostCounted = 1000

function selectPlans(tx: Tx, counted: number | null) {
  return tx
    .selectFrom('plans')
    .innerJoin('business_units', 'business_units.id', 'plans.business_unit_id')
    .innerJoin('products', 'products.id', 'plans.product_id')
    .leftJoin('plan_prices', (join) =>
      join
        .onRef('plan_prices.plan_id', '=', 'plans.id')
        .onRef('plan_prices.currency', '=', 'business_units.currency')
        .on('plan_prices.interval', '=', 'month'),
    )
    .select([
      'plans.id',
      'plans.business_unit_id',
      'business_units.name as business_unit_name',
      'plans.product_id',
      'products.name as product_name',
      'plans.name',
      'plans.kind',
      'plans.description',
      'plans.proportional_trial',
      'plans.trial_days',
      'plans.billing_mode',
      'plans.term_months',
      'plans.position',
      'business_units.currency',
      'plan_prices.amount',
      'plans.archived_at',
      'plans.created_at',
      'plans.updated_at',
      sql<number>`(select count(*) from (select from subscriptions s
        where s.plan_id = plans.id and s.status = 'active' limit ${counted}) running)`.as(
        'active_subscriptions',
      ),
    ])
}

/**
 * A page of plans, each with its monthly price (minor units of the business unit's currency) and how many run, counted up
 * to 1,000: a list costs the same however many there are.
 */
export function listPlans(tx: Tx, request: ListRequest & PlanFilter) {
  let query = selectPlans(tx, mostCounted)
  if (request.business_unit_id) query = query.where('plans.business_unit_id', '=', request.business_unit_id)
  if (request.product_id) query = query.where('plans.product_id', '=', request.product_id)
  if (request.kind) query = query.where('plans.kind', '=', request.kind)
  if (request.archived)
    query = query.where('plans.archived_at', request.archived === 'true' ? 'is not' : 'is', null)
  for (const word of (request.q ?? '').split(/\s+/).filter(Boolean).slice(0, 6)) {
    query = query.where(sql<boolean>`position(fold(${word}) in fold(plans.name || ' ' || products.name)) > 0`)
  }
  return readPage(
    query,
    request,
    {
      position: { by: sql`plans.position`, value: (row) => row.position, type: 'int' },
      name: { by: sql`plans.name`, value: (row) => row.name, type: 'text' },
      amount: { by: sql`plan_prices.amount`, value: (row) => row.amount, type: 'bigint', nullable: true },
      kind: { by: sql`plans.kind`, value: (row) => row.kind, type: 'plan_kind' },
      created_at: { by: sql`plans.created_at`, value: (row) => row.created_at, type: 'timestamptz' },
    },
    { by: sql`plans.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** One plan with its prices, items and options. Refuses: not_found. */
export async function getPlan(tx: Tx, id: string) {
  const [plan, prices, items, options] = await Promise.all([
    selectPlans(tx, null).where('plans.id', '=', id).executeTakeFirst(),
    tx
      .selectFrom('plan_prices')
      .select(['currency', 'interval', 'amount'])
      .where('plan_id', '=', id)
      .orderBy('currency')
      .orderBy('interval')
      .execute(),
    listPlanItems(tx, id),
    tx
      .selectFrom('plan_options')
      .select([
        'id',
        'kind',
        'name',
        'amount',
        'position',
        'archived_at',
        sql<boolean>`exists (select from subscription_components c where c.plan_option_id = plan_options.id)`.as(
          'sold',
        ),
      ])
      .where('plan_id', '=', id)
      .orderBy(sql`archived_at is not null`)
      .orderBy('position')
      .orderBy('id')
      .execute(),
  ])
  return plan ? { ...plan, prices, items, options } : notFound()
}

/** What a plan allows of each kind of item, in the order in which kinds are declared. */
export function listPlanItems(tx: Tx, planId: string) {
  return tx
    .selectFrom('plan_items')
    .select(['item', 'included', 'maximum', 'extra_amount'])
    .where('plan_id', '=', planId)
    .orderBy('item')
    .execute()
}

/**
 * Creates a plan with all that belongs to it (P1). Refuses: invalid_input (business unit or product unknown, no price
 * in the business unit's currency, the same price, item or option twice, name taken).
 */
export async function createPlan(tx: Tx, input: PlanInput) {
  const unit = await getUnit(tx, input.business_unit_id)
  if (isRefusal(unit)) return refuseField('business_unit_id', 'not_a_choice')
  const { prices, items = [], options = [], ...columns } = input
  const fault =
    (await checkProduct(tx, input.business_unit_id, input.product_id)) ??
    checkPrices(prices, unit.currency) ??
    checkItems(items) ??
    checkOptions(options)
  if (fault) return fault
  const { id } = await tx.insertInto('plans').values(columns).returning('id').executeTakeFirstOrThrow()
  await writePrices(tx, id, prices)
  await writeItems(tx, id, items)
  const refused = await writeOptions(tx, id, options)
  return refused ?? getPlan(tx, id)
}

/**
 * Changes a plan; prices, items and options that are given replace the former ones as a whole. What was sold keeps its
 * price, trial and mode: a plan's change is for new subscriptions. Refuses: not_found, plan_has_subscriptions (another
 * kind), invalid_input.
 */
export async function updatePlan(tx: Tx, id: string, change: PlanChange, now: Temporal.Instant) {
  const current = await tx
    .selectFrom('plans')
    .select(['business_unit_id', 'product_id', 'kind', 'archived_at'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!current) return notFound()
  const { prices, items, options, archived, ...columns } = change
  if (columns.product_id !== undefined && columns.product_id !== current.product_id) {
    const fault = await checkProduct(tx, current.business_unit_id, columns.product_id)
    if (fault) return fault
  }
  if (columns.kind !== undefined && columns.kind !== current.kind) {
    const sold = await tx
      .selectFrom('subscriptions')
      .select('id')
      .where('plan_id', '=', id)
      .executeTakeFirst()
    if (sold) return refuse('plan_has_subscriptions')
  }
  if (prices) {
    const unit = await getUnit(tx, current.business_unit_id)
    if (isRefusal(unit)) return unit
    const fault = checkPrices(prices, unit.currency)
    if (fault) return fault
  }
  const fault = checkItems(items ?? []) ?? checkOptions(options ?? [])
  if (fault) return fault

  const set = { ...columns, ...archiving(archived, current.archived_at, now) }
  if (Object.values(set).some((value) => value !== undefined))
    await tx.updateTable('plans').set(set).where('id', '=', id).execute()
  if (prices) await writePrices(tx, id, prices)
  if (items) await writeItems(tx, id, items)
  const refused = options ? await writeOptions(tx, id, options, now) : undefined
  return refused ?? getPlan(tx, id)
}

async function checkProduct(tx: Tx, unitId: string, productId: string): Promise<Refusal | undefined> {
  const product = await tx
    .selectFrom('products')
    .select('id')
    .where('id', '=', productId)
    .where('business_unit_id', '=', unitId)
    .where('archived_at', 'is', null)
    .executeTakeFirst()
  return product ? undefined : refuseField('product_id', 'not_a_choice')
}

function checkPrices(prices: readonly PriceInput[], currency: string): Refusal | undefined {
  const twice = findTwice(prices.map((price) => `${price.currency} ${price.interval ?? 'month'}`))
  if (twice !== undefined) return refuseField(`prices.${twice}.currency`, 'listed_twice')
  return prices.some((price) => price.currency === currency)
    ? undefined
    : refuseField('prices', 'price_needed', { currency })
}

function checkItems(items: readonly ItemInput[]): Refusal | undefined {
  const twice = findTwice(items.map((item) => item.item))
  if (twice !== undefined) return refuseField(`items.${twice}.item`, 'listed_twice')
  for (const [index, { included = 0, maximum = null }] of items.entries()) {
    if (maximum !== null && maximum < included)
      return refuseField(`items.${index}.maximum`, 'too_small', { limit: included })
  }
  return undefined
}

function checkOptions(options: readonly OptionInput[]): Refusal | undefined {
  const twice =
    findTwice(options.map((option) => option.name)) ??
    findTwice(options.map((option, index) => option.id ?? `new ${index}`))
  return twice === undefined ? undefined : refuseField(`options.${twice}.name`, 'listed_twice')
}

/** The index of the first value that stood before; undefined where each stands once. */
function findTwice(values: readonly string[]): number | undefined {
  const index = values.findIndex((value, at) => values.indexOf(value) < at)
  return index === -1 ? undefined : index
}

async function writePrices(tx: Tx, planId: string, prices: readonly PriceInput[]): Promise<void> {
  const rows = prices.map((price) => ({ ...price, interval: price.interval ?? 'month', plan_id: planId }))
  await tx
    .deleteFrom('plan_prices')
    .where('plan_id', '=', planId)
    .where(
      sql<boolean>`(currency || ' ' || interval::text) <> all(${rows.map((row) => `${row.currency} ${row.interval}`)}::text[])`,
    )
    .execute()
  await tx
    .insertInto('plan_prices')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['plan_id', 'currency', 'interval'])
        .doUpdateSet((eb) => ({ amount: eb.ref('excluded.amount') })),
    )
    .execute()
}

async function writeItems(tx: Tx, planId: string, items: readonly ItemInput[]): Promise<void> {
  await tx
    .deleteFrom('plan_items')
    .where('plan_id', '=', planId)
    .where(sql<boolean>`item::text <> all(${items.map((item) => item.item)}::text[])`)
    .execute()
  if (items.length === 0) return
  await tx
    .insertInto('plan_items')
    .values(items.map((item) => ({ maximum: null, extra_amount: null, ...item, plan_id: planId })))
    .onConflict((conflict) =>
      conflict.columns(['plan_id', 'item']).doUpdateSet((eb) => ({
        included: eb.ref('excluded.included'),
        maximum: eb.ref('excluded.maximum'),
        extra_amount: eb.ref('excluded.extra_amount'),
      })),
    )
    .execute()
}

/**
 * Makes the options of a plan what was given: one with an id, or with the name of one that is there, changes that one;
 * the rest is new. What is not given goes, or is archived where somebody has it: sold options keep their id.
 */
async function writeOptions(
  tx: Tx,
  planId: string,
  options: readonly OptionInput[],
  now?: Temporal.Instant,
): Promise<Refusal | undefined> {
  const there = await tx
    .selectFrom('plan_options')
    .select([
      'id',
      'name',
      'archived_at',
      sql<boolean>`exists (select from subscription_components c where c.plan_option_id = plan_options.id)`.as(
        'sold',
      ),
    ])
    .where('plan_id', '=', planId)
    .execute()
  const byId = new Map(there.map((option) => [option.id, option]))
  const taken = new Set(options.flatMap((option) => (option.id === undefined ? [] : [option.id])))
  const byName = new Map(
    there.filter((option) => !taken.has(option.id)).map((option) => [option.name, option]),
  )

  const wanted: { input: OptionInput; former: (typeof there)[number] | undefined }[] = []
  for (const [index, input] of options.entries()) {
    if (input.id !== undefined && !byId.has(input.id))
      return refuseField(`options.${index}.id`, 'not_a_choice')
    wanted.push({ input, former: input.id === undefined ? byName.get(input.name) : byId.get(input.id) })
  }
  const kept = new Set(wanted.flatMap(({ former }) => (former ? [former.id] : [])))
  const moment = now ?? null
  for (const option of there.filter(({ id }) => !kept.has(id))) {
    if (!option.sold) await tx.deleteFrom('plan_options').where('id', '=', option.id).execute()
    else if (option.archived_at === null)
      await tx.updateTable('plan_options').set({ archived_at: moment }).where('id', '=', option.id).execute()
  }
  for (const [position, { input, former }] of wanted.entries()) {
    const row = {
      kind: input.kind ?? 'option',
      name: input.name,
      amount: input.amount,
      position,
      archived_at: input.archived ? (former?.archived_at ?? moment) : null,
    }
    if (former) await tx.updateTable('plan_options').set(row).where('id', '=', former.id).execute()
    else
      await tx
        .insertInto('plan_options')
        .values({ ...row, plan_id: planId })
        .execute()
  }
  return undefined
}
