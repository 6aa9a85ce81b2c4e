import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type {
  BillingMode,
  CycleAlignment,
  CycleUnit,
  ItemKind,
  OptionKind,
  PlanKind,
  SuspensionCredit,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { getUnit } from '../units/index.ts'
import { choosePrice, listSoldPrices, type PriceInput, readPrices, writePrices } from './prices.ts'
import { archiving, type CatalogueFilter } from './products.ts'

/** What a plan allows of a kind of item (P1); `extra_amount` in minor units of the business unit's currency. */
export type ItemInput = {
  item: ItemKind
  included?: number | undefined
  maximum?: number | null | undefined
  extra_amount?: number | null | undefined
}
/** Something that may be added to the plan; `amount` is short for one price a month in the business unit's currency. */
export type OptionInput = {
  id?: string | undefined
  kind?: OptionKind | undefined
  name: string
  amount?: number | undefined
  prices?: PriceInput[] | undefined
  archived?: boolean | undefined
}
/** Something of a plan whose use is counted, told under `code` and charged at the end of its period. */
export type MeterInput = {
  id?: string | undefined
  code: string
  name: string
  unit_name: string
  prices: PriceInput[]
  archived?: boolean | undefined
}
/** A minimum term to choose; `discount_basis_points` come off the plan's recurring price while it lasts. */
export type TermInput = { term_months: number; discount_basis_points?: number | null | undefined }
type PlanColumns = {
  product_id: string
  name: string
  kind: PlanKind
  description?: string | null | undefined
  proportional_trial?: boolean | undefined
  trial_days?: number | undefined
  billing_mode?: BillingMode | null | undefined
  term_months?: number | undefined
  suspension_credit?: SuspensionCredit | undefined
  position?: number | undefined
}
type PlanParts = {
  prices: PriceInput[]
  items?: ItemInput[] | undefined
  options?: OptionInput[] | undefined
  meters?: MeterInput[] | undefined
  terms?: TermInput[] | undefined
}
export type PlanInput = PlanColumns & PlanParts & { business_unit_id: string }
export type PlanChange = Partial<PlanColumns & PlanParts> & { archived?: boolean | undefined }

export type PlanFilter = CatalogueFilter & { kind?: PlanKind | undefined; product_id?: string | undefined }

/** How far a list counts what runs on a plan: beyond, the number is what its own page is for. */
const mostCounted = 1000

/**
 * What a plan is known by: its price of one in the business unit's currency on the day that it is there, a month of the
 * closing day before other cycles.
 */
const leadingPrice = (now: Temporal.Instant) => sql<{
  amount: number
  cycle_unit: CycleUnit
  cycle_count: number
  cycle_alignment: CycleAlignment
}>`(select whole_amount(p.price_model, p.amount, p.tiers, p.package_size, 0, 1) as amount, p.cycle_unit, p.cycle_count,
      p.cycle_alignment
    from prices p cross join (select (${now}::timestamptz at time zone business_units.time_zone)::date as day) today
   where p.plan_id = plans.id and p.plan_option_id is null and p.plan_meter_id is null
     and p.currency = business_units.currency
     and (p.valid_from is null or p.valid_from <= today.day) and (p.valid_to is null or p.valid_to > today.day)
   order by p.cycle_unit desc, p.cycle_count, p.cycle_alignment limit 1)`

function selectPlans(tx: Tx, counted: number | null, now: Temporal.Instant) {
  return tx
    .selectFrom('plans')
    .innerJoin('business_units', 'business_units.id', 'plans.business_unit_id')
    .innerJoin('products', 'products.id', 'plans.product_id')
    .leftJoinLateral(leadingPrice(now).as('price'), (join) => join.onTrue())
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
      'plans.suspension_credit',
      'plans.position',
      'business_units.currency',
      'business_units.time_zone',
      'price.amount',
      'price.cycle_unit',
      'price.cycle_count',
      'price.cycle_alignment',
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
 * A page of plans, each with its leading price of today (minor units of the business unit's currency, for its cycle) and
 * how many run, counted up to 1,000: a list costs the same however many there are.
 */
export function listPlans(tx: Tx, request: ListRequest & PlanFilter, now: Temporal.Instant) {
  let query = selectPlans(tx, mostCounted, now)
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
      amount: { by: sql`price.amount`, value: (row) => row.amount, type: 'bigint', nullable: true },
      kind: { by: sql`plans.kind`, value: (row) => row.kind, type: 'plan_kind' },
      created_at: { by: sql`plans.created_at`, value: (row) => row.created_at, type: 'timestamptz' },
    },
    { by: sql`plans.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** What of an option or a meter says that somebody has it: it keeps its id then. */
const sold = (column: 'plan_option_id' | 'plan_meter_id', of: 'plan_options' | 'plan_meters') =>
  sql<boolean>`exists (select from subscription_components c where c.${sql.ref(column)} = ${sql.ref(`${of}.id`)})`

/**
 * One plan with what it is sold for (prices of today and to come), its items, options and meters; `day` is today where its
 * business unit is. Refuses: not_found.
 */
export async function getPlan(tx: Tx, id: string, now: Temporal.Instant) {
  const row = await selectPlans(tx, null, now).where('plans.id', '=', id).executeTakeFirst()
  if (!row) return notFound()
  const { time_zone, ...plan } = row
  const day = today(now, time_zone)
  const [all, items, terms, options, meters] = await Promise.all([
    listSoldPrices(tx, id, day),
    listPlanItems(tx, id),
    listPlanTerms(tx, id),
    tx
      .selectFrom('plan_options')
      .select([
        'id',
        'kind',
        'name',
        'position',
        'archived_at',
        sold('plan_option_id', 'plan_options').as('sold'),
      ])
      .where('plan_id', '=', id)
      .orderBy(sql`archived_at is not null`)
      .orderBy('position')
      .orderBy('id')
      .execute(),
    tx
      .selectFrom('plan_meters')
      .select([
        'id',
        'code',
        'name',
        'unit_name',
        'position',
        'archived_at',
        sold('plan_meter_id', 'plan_meters').as('sold'),
      ])
      .where('plan_id', '=', id)
      .orderBy(sql`archived_at is not null`)
      .orderBy('position')
      .orderBy('id')
      .execute(),
  ])
  const bare = ({ plan_option_id: _option, plan_meter_id: _meter, ...price }: (typeof all)[number]) => price
  return {
    ...plan,
    day,
    prices: all.filter((price) => price.plan_option_id === null && price.plan_meter_id === null).map(bare),
    items,
    terms,
    options: options.map((option) => {
      const prices = all.filter((price) => price.plan_option_id === option.id).map(bare)
      const { currency } = plan
      return { ...option, amount: choosePrice(prices, { currency, day })?.amount ?? null, prices }
    }),
    meters: meters.map((meter) => ({
      ...meter,
      prices: all.filter((price) => price.plan_meter_id === meter.id).map(bare),
    })),
  }
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

/** The terms that a plan is offered for beside its own, the shortest first; its own is among them where it takes something off. */
function listPlanTerms(tx: Tx, planId: string) {
  return tx
    .selectFrom('plan_terms')
    .select(['term_months', 'discount_basis_points'])
    .where('plan_id', '=', planId)
    .orderBy('term_months')
    .execute()
}

/**
 * Creates a plan with all that belongs to it (P1). Refuses: invalid_input (business unit or product unknown, no price
 * of today in the business unit's currency, a price that cannot be, the same price, item, option or meter twice, name
 * taken).
 */
export async function createPlan(tx: Tx, input: PlanInput, now: Temporal.Instant) {
  const unit = await getUnit(tx, input.business_unit_id)
  if (isRefusal(unit)) return refuseField('business_unit_id', 'not_a_choice')
  const day = today(now, unit.time_zone)
  const { prices, items = [], options = [], meters = [], terms = [], ...columns } = input
  const fault = await checkProduct(tx, input.business_unit_id, input.product_id)
  if (fault) return fault
  const parts = readParts({ prices, items, options, meters, terms }, unit.currency, day)
  if (isRefusal(parts)) return parts
  const { id } = await tx.insertInto('plans').values(columns).returning('id').executeTakeFirstOrThrow()
  return (await writeParts(tx, id, parts, day, now)) ?? getPlan(tx, id, now)
}

/**
 * Changes a plan; prices, items, options and meters that are given replace the former ones as a whole. What was sold
 * keeps its price, trial and mode: a plan's change is for new subscriptions, and a former price stays known. Refuses:
 * not_found, plan_has_subscriptions (another kind), invalid_input.
 */
export async function updatePlan(tx: Tx, id: string, change: PlanChange, now: Temporal.Instant) {
  const current = await tx
    .selectFrom('plans')
    .select(['business_unit_id', 'product_id', 'kind', 'archived_at'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!current) return notFound()
  const { prices, items, options, meters, terms, archived, ...columns } = change
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
  const unit = await getUnit(tx, current.business_unit_id)
  if (isRefusal(unit)) return unit
  const day = today(now, unit.time_zone)
  const parts = readParts({ prices, items, options, meters, terms }, unit.currency, day)
  if (isRefusal(parts)) return parts

  const set = { ...columns, ...archiving(archived, current.archived_at, now) }
  if (Object.values(set).some((value) => value !== undefined))
    await tx.updateTable('plans').set(set).where('id', '=', id).execute()
  return (await writeParts(tx, id, parts, day, now)) ?? getPlan(tx, id, now)
}

/** The parts of a plan that were given, checked and as they will be kept. */
function readParts(input: Partial<PlanParts>, currency: string, day: Temporal.PlainDate) {
  const { prices, items, options, meters, terms } = input
  const fault =
    checkItems(items ?? []) ??
    checkNames('options', options ?? []) ??
    checkMeters(meters ?? []) ??
    checkTerms(terms ?? [])
  if (fault) return fault
  const read = prices && readPrices(prices, 'prices', day)
  if (isRefusal(read)) return read
  if (read && !read.some((price) => price.currency === currency && price.valid_from === null))
    return refuseField('prices', 'price_needed', { currency })

  const optionPrices: Priced<OptionInput>[] = []
  for (const [index, option] of (options ?? []).entries()) {
    if (option.amount === undefined && option.prices === undefined)
      return refuseField(`options.${index}.amount`, 'required')
    const short = option.amount === undefined ? [] : [{ currency, amount: option.amount }]
    const own = readPrices(option.prices ?? short, `options.${index}.prices`, day)
    if (isRefusal(own)) return own
    optionPrices.push({ input: option, prices: own })
  }
  const meterPrices: Priced<MeterInput>[] = []
  for (const [index, meter] of (meters ?? []).entries()) {
    const own = readPrices(meter.prices, `meters.${index}.prices`, day)
    if (isRefusal(own)) return own
    const once = own.findIndex((price) => price.cycle_unit === 'once')
    if (once !== -1) return refuseField(`meters.${index}.prices.${once}.cycle_unit`, 'not_for_usage')
    meterPrices.push({ input: meter, prices: own })
  }
  return { prices: read, items, terms, options: options && optionPrices, meters: meters && meterPrices }
}

type ReadPrices = Exclude<ReturnType<typeof readPrices>, Refusal>
type Priced<I> = { input: I; prices: ReadPrices }
type PlanPartsRead = Exclude<ReturnType<typeof readParts>, Refusal>

async function writeParts(
  tx: Tx,
  planId: string,
  parts: PlanPartsRead,
  day: Temporal.PlainDate,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  if (parts.prices) await writePrices(tx, { plan_id: planId }, parts.prices, day)
  if (parts.items) await writeItems(tx, planId, parts.items)
  if (parts.terms) await writeTerms(tx, planId, parts.terms)
  if (parts.options) {
    const refused = await writeOptions(tx, planId, parts.options, day, now)
    if (refused) return refused
  }
  return parts.meters && writeMeters(tx, planId, parts.meters, day, now)
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

function checkItems(items: readonly ItemInput[]): Refusal | undefined {
  const twice = findTwice(items.map((item) => item.item))
  if (twice !== undefined) return refuseField(`items.${twice}.item`, 'listed_twice')
  for (const [index, { included = 0, maximum = null }] of items.entries()) {
    if (maximum !== null && maximum < included)
      return refuseField(`items.${index}.maximum`, 'too_small', { limit: included })
  }
  return undefined
}

function checkNames(
  path: string,
  parts: readonly { id?: string | undefined; name: string }[],
): Refusal | undefined {
  const twice =
    findTwice(parts.map((part) => part.name)) ??
    findTwice(parts.map((part, index) => part.id ?? `new ${index}`))
  return twice === undefined ? undefined : refuseField(`${path}.${twice}.name`, 'listed_twice')
}

function checkMeters(meters: readonly MeterInput[]): Refusal | undefined {
  const twice = findTwice(meters.map((meter) => meter.code))
  return twice === undefined
    ? checkNames('meters', meters)
    : refuseField(`meters.${twice}.code`, 'listed_twice')
}

function checkTerms(terms: readonly TermInput[]): Refusal | undefined {
  const twice = findTwice(terms.map((term) => String(term.term_months)))
  if (twice !== undefined) return refuseField(`terms.${twice}.term_months`, 'listed_twice')
  const loose = terms.findIndex(
    (term) => term.term_months === 0 && (term.discount_basis_points ?? null) !== null,
  )
  return loose === -1 ? undefined : refuseField(`terms.${loose}.discount_basis_points`, 'term_needed')
}

/** The index of the first value that stood before; undefined where each stands once. */
function findTwice(values: readonly string[]): number | undefined {
  const index = values.findIndex((value, at) => values.indexOf(value) < at)
  return index === -1 ? undefined : index
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

/** Makes the terms of a plan what was given: what is sold keeps what it was sold with. */
async function writeTerms(tx: Tx, planId: string, terms: readonly TermInput[]): Promise<void> {
  await tx
    .deleteFrom('plan_terms')
    .where('plan_id', '=', planId)
    .where(sql<boolean>`term_months <> all(${terms.map((term) => term.term_months)}::int[])`)
    .execute()
  if (terms.length === 0) return
  await tx
    .insertInto('plan_terms')
    .values(
      terms.map(({ term_months, discount_basis_points = null }) => ({
        plan_id: planId,
        term_months,
        discount_basis_points,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['plan_id', 'term_months'])
        .doUpdateSet((eb) => ({ discount_basis_points: eb.ref('excluded.discount_basis_points') })),
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
  options: readonly Priced<OptionInput>[],
  day: Temporal.PlainDate,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const there = await tx
    .selectFrom('plan_options')
    .select(['id', 'name', 'archived_at', sold('plan_option_id', 'plan_options').as('sold')])
    .where('plan_id', '=', planId)
    .execute()
  const inputs = options.map(({ input }) => input)
  const matched = matchParts('options', there, inputs, (part) => part.name)
  if (isRefusal(matched)) return matched
  for (const option of matched.dropped) {
    if (!option.sold) await tx.deleteFrom('plan_options').where('id', '=', option.id).execute()
    else if (option.archived_at === null)
      await tx.updateTable('plan_options').set({ archived_at: now }).where('id', '=', option.id).execute()
  }
  for (const [position, { input, prices }] of options.entries()) {
    const former = matched.former[position]
    const row = {
      kind: input.kind ?? ('option' as const),
      name: input.name,
      position,
      archived_at: input.archived ? (former?.archived_at ?? now) : null,
    }
    if (former) await tx.updateTable('plan_options').set(row).where('id', '=', former.id).execute()
    const plan_option_id =
      former?.id ??
      (
        await tx
          .insertInto('plan_options')
          .values({ ...row, plan_id: planId })
          .returning('id')
          .executeTakeFirstOrThrow()
      ).id
    await writePrices(tx, { plan_id: planId, plan_option_id }, prices, day)
  }
  return undefined
}

/** Makes the meters of a plan what was given, as {@link writeOptions} does; here the code says which one it is. */
async function writeMeters(
  tx: Tx,
  planId: string,
  meters: readonly Priced<MeterInput>[],
  day: Temporal.PlainDate,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const there = await tx
    .selectFrom('plan_meters')
    .select(['id', 'code', 'archived_at', sold('plan_meter_id', 'plan_meters').as('sold')])
    .where('plan_id', '=', planId)
    .execute()
  const inputs = meters.map(({ input }) => input)
  const matched = matchParts('meters', there, inputs, (part) => part.code)
  if (isRefusal(matched)) return matched
  for (const meter of matched.dropped) {
    if (!meter.sold) await tx.deleteFrom('plan_meters').where('id', '=', meter.id).execute()
    else if (meter.archived_at === null)
      await tx.updateTable('plan_meters').set({ archived_at: now }).where('id', '=', meter.id).execute()
  }
  for (const [position, { input, prices }] of meters.entries()) {
    const former = matched.former[position]
    // What reports use knows it by its code.
    if (former?.sold && former.code !== input.code)
      return refuseField(`meters.${position}.code`, 'code_in_use')
    const row = {
      code: input.code,
      name: input.name,
      unit_name: input.unit_name,
      position,
      archived_at: input.archived ? (former?.archived_at ?? now) : null,
    }
    if (former) await tx.updateTable('plan_meters').set(row).where('id', '=', former.id).execute()
    const plan_meter_id =
      former?.id ??
      (
        await tx
          .insertInto('plan_meters')
          .values({ ...row, plan_id: planId })
          .returning('id')
          .executeTakeFirstOrThrow()
      ).id
    await writePrices(tx, { plan_id: planId, plan_meter_id }, prices, day)
  }
  return undefined
}

/** Which part that is there each given one changes (by its id, else by what it is known by), and which are left over. */
function matchParts<R extends { id: string }, I extends { id?: string | undefined }, K extends R & I>(
  path: string,
  there: readonly R[],
  given: readonly I[],
  knownBy: (part: Pick<K, keyof R & keyof I>) => string,
): { former: (R | undefined)[]; dropped: R[] } | Refusal {
  const byId = new Map(there.map((part) => [part.id, part]))
  const taken = new Set(given.flatMap((part) => (part.id === undefined ? [] : [part.id])))
  const known = (part: R | I) => knownBy(part as unknown as K)
  const byName = new Map(there.filter((part) => !taken.has(part.id)).map((part) => [known(part), part]))
  for (const [index, part] of given.entries())
    if (part.id !== undefined && !byId.has(part.id)) return refuseField(`${path}.${index}.id`, 'not_a_choice')
  const former = given.map((part) => (part.id === undefined ? byName.get(known(part)) : byId.get(part.id)))
  const kept = new Set(former.flatMap((part) => (part ? [part.id] : [])))
  return { former, dropped: there.filter((part) => !kept.has(part.id)) }
}
