// Metered use: told once under a key of the reporter's, counted per day, charged at its period's end; what is told late is
// charged with the next. A record can be taken back until it is billed.
import { sql } from 'kysely'
import { fromEpochDay, today, toEpochDay } from '../../platform/calendar.ts'
import type { SubscriptionStatus } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import type { PriceTier } from '../catalogue/index.ts'
import { anchorOf, cyclePeriodOfDay } from './periods.ts'
import { type PriceModel, priceQuantity } from './pricing.ts'

const { compare } = Temporal.PlainDate

/** For how many days after a service's end its use is still taken in: a closing that bills it comes after that. */
const lateDays = 45

/** Use as it is told: of which meter (its code), how much, on which day (today by default), under which key. */
export type UsageInput = {
  meter: string
  quantity: number
  on_date?: Temporal.PlainDate | undefined
  key: string
}

type ServiceRow = {
  id: string
  account_id: string
  status: SubscriptionStatus
  billing_start: Temporal.PlainDate | null
  end_date: Temporal.PlainDate | null
  time_zone: string
}
type MeterRow = {
  subscription_id: string
  plan_meter_id: string
  code: string
  from_date: Temporal.PlainDate | null
  to_date: Temporal.PlainDate | null
}
type Told = UsageInput & { subscription_id: string }

/**
 * Takes in use of one service: all of it or nothing. A key that is there already with the same content answers what is
 * there, so that a report can be sent again. Refuses: not_found, subscription_state (not installed yet), usage_closed
 * (ended too long ago), usage_key_reused (the key with other content), invalid_input (a meter that the service does not
 * have, a day to come, before it is charged or after its end, a key twice).
 */
export async function recordUsage(
  tx: Tx,
  subscriptionId: string,
  records: readonly UsageInput[],
  now: Temporal.Instant,
) {
  const told = records.map((record) => ({ ...record, subscription_id: subscriptionId }))
  const services = await readServices(tx, [subscriptionId])
  return services.size === 0 ? notFound() : takeIn(tx, told, services, now)
}

/**
 * Takes in use of many services of a business unit, each known by its external id, as {@link recordUsage} does.
 * Refuses also: invalid_input (no service has the external id).
 */
export async function recordUsageOfMany(
  tx: Tx,
  unitId: string,
  records: readonly (UsageInput & { external_id: string })[],
  now: Temporal.Instant,
) {
  const { rows } = await sql<{ id: string; external_id: string }>`
    select s.id, s.external_id from unnest(${[...new Set(records.map((record) => record.external_id))]}::text[]) as w(external_id)
      join subscriptions s on s.business_unit_id = ${unitId}::uuid and s.external_id = w.external_id`.execute(
    tx,
  )
  const ids = new Map(rows.map((row) => [row.external_id, row.id]))
  const told: Told[] = []
  for (const [index, { external_id, ...record }] of records.entries()) {
    const subscription_id = ids.get(external_id)
    if (subscription_id === undefined) return refuseField(`records.${index}.external_id`, 'not_a_choice')
    told.push({ ...record, subscription_id })
  }
  return takeIn(tx, told, await readServices(tx, [...ids.values()]), now)
}

async function readServices(tx: Tx, ids: readonly string[]) {
  const { rows } = await sql<ServiceRow>`
    select s.id, s.account_id, s.status, s.billing_start, s.end_date, u.time_zone
      from subscriptions s join business_units u on u.id = s.business_unit_id
     where s.id = any(${[...ids]}::uuid[])`.execute(tx)
  return new Map(rows.map((row) => [row.id, row]))
}

async function takeIn(
  tx: Tx,
  told: readonly Told[],
  services: ReadonlyMap<string, ServiceRow>,
  now: Temporal.Instant,
) {
  const meters = await sql<MeterRow>`
    select c.subscription_id, c.plan_meter_id, m.code, c.from_date, c.to_date
      from subscription_components c join plan_meters m on m.id = c.plan_meter_id
     where c.subscription_id = any(${[...services.keys()]}::uuid[]) and c.role = 'usage'
     order by c.subscription_id, c.from_date nulls first`.execute(tx)
  const metersOf = Map.groupBy(meters.rows, (row) => `${row.subscription_id} ${row.code}`)
  const days = new Map<string, Temporal.PlainDate>()
  const dayIn = (timeZone: string) => {
    const day = days.get(timeZone) ?? today(now, timeZone)
    days.set(timeZone, day)
    return day
  }
  const rows: RecordRow[] = []
  const byKey = new Map<string, RecordRow>()
  for (const [index, record] of told.entries()) {
    const path = `records.${index}`
    const service = services.get(record.subscription_id)!
    const day = dayIn(service.time_zone)
    const on_date = record.on_date ?? day
    const fault = judgeDay(service, on_date, day, `${path}.on_date`)
    if (fault) return fault
    const meter = findMeter(metersOf.get(`${service.id} ${record.meter}`) ?? [], on_date)
    if (!meter) return refuseField(`${path}.meter`, 'not_a_choice')
    const row = {
      index,
      subscription_id: service.id,
      account_id: service.account_id,
      plan_meter_id: meter.plan_meter_id,
      code: meter.code,
      on_date,
      dated: record.on_date !== undefined,
      quantity: record.quantity,
      key: record.key,
    }
    const known = byKey.get(`${service.id} ${record.key}`)
    if (
      known &&
      (known.code !== row.code || known.quantity !== row.quantity || !known.on_date.equals(on_date))
    )
      return refuseField(`${path}.key`, 'listed_twice')
    if (!known) {
      byKey.set(`${service.id} ${record.key}`, row)
      rows.push(row)
    }
  }
  const added = await insertUsage(tx, rows)
  const stored = await readByKeys(tx, rows)
  for (const row of rows) {
    const there = stored.get(`${row.subscription_id} ${row.key}`)!
    // Told without a day it is the same report on any day.
    const same =
      there.meter === row.code &&
      there.quantity === row.quantity &&
      (!row.dated || there.on_date.equals(row.on_date))
    if (!same)
      return refuse('usage_key_reused', {
        params: { key: row.key },
        fields: [{ path: `records.${row.index}.key`, code: 'key_reused' }],
      })
  }
  return {
    recorded: added,
    repeated: told.length - added,
    items: told.map((record) => stored.get(`${record.subscription_id} ${record.key}`)!),
  }
}

type RecordRow = {
  index: number
  subscription_id: string
  account_id: string
  plan_meter_id: string
  code: string
  on_date: Temporal.PlainDate
  dated: boolean
  quantity: number
  key: string
}

/** Whether use of a day can be taken in today: undefined, or why not. */
function judgeDay(
  service: ServiceRow,
  on: Temporal.PlainDate,
  day: Temporal.PlainDate,
  path: string,
): Refusal | undefined {
  if (service.billing_start === null)
    return refuse('subscription_state', { params: { status: service.status } })
  if (compare(on, day) > 0) return refuseField(path, 'date_in_future')
  if (compare(on, service.billing_start) < 0) return refuseField(path, 'date_before_charging')
  if (service.end_date === null) return undefined
  if (compare(day, service.end_date.add({ days: lateDays })) >= 0)
    return refuse('usage_closed', { params: { days: lateDays } })
  return compare(on, service.end_date) >= 0 ? refuseField(path, 'after_end') : undefined
}

/** The meter of a code that counted on a day, else the nearest after or before it: the service kept it under another plan. */
function findMeter(meters: readonly MeterRow[], on: Temporal.PlainDate): MeterRow | undefined {
  return (
    meters.findLast(
      ({ from_date, to_date }) =>
        (from_date === null || compare(from_date, on) <= 0) && (to_date === null || compare(on, to_date) < 0),
    ) ??
    meters.find(({ from_date }) => from_date !== null && compare(from_date, on) > 0) ??
    meters.at(-1)
  )
}

/** How many were new: one insert for all of them, whatever their services. */
async function insertUsage(tx: Tx, rows: readonly RecordRow[]): Promise<number> {
  const { rows: added } = await sql<{ id: string }>`
    insert into usage_records (subscription_id, account_id, plan_meter_id, on_date, quantity, key)
    select * from unnest(${rows.map((row) => row.subscription_id)}::uuid[], ${rows.map((row) => row.account_id)}::uuid[],
      ${rows.map((row) => row.plan_meter_id)}::uuid[], ${rows.map((row) => row.on_date.toString())}::date[],
      ${rows.map((row) => row.quantity)}::bigint[], ${rows.map((row) => row.key)}::text[])
    on conflict (subscription_id, key) do nothing returning id`.execute(tx)
  return added.length
}

function selectUsage(tx: Tx) {
  return tx
    .selectFrom('usage_records')
    .innerJoin('plan_meters', 'plan_meters.id', 'usage_records.plan_meter_id')
    .leftJoin('invoice_lines', 'invoice_lines.id', 'usage_records.invoice_line_id')
    .leftJoin('invoices', 'invoices.id', 'invoice_lines.invoice_id')
    .select([
      'usage_records.id',
      'usage_records.subscription_id',
      'plan_meters.code as meter',
      'plan_meters.name as meter_name',
      'plan_meters.unit_name',
      'usage_records.on_date',
      'usage_records.quantity',
      'usage_records.key',
      'usage_records.created_at',
      'usage_records.billed_at',
      'invoices.id as invoice_id',
      sql<string | null>`invoices.series || '-' || invoices.number`.as('invoice_number'),
    ])
}

type UsageRow = Awaited<ReturnType<ReturnType<typeof selectUsage>['execute']>>[number]

async function readByKeys(tx: Tx, rows: readonly RecordRow[]): Promise<Map<string, UsageRow>> {
  const found = await selectUsage(tx)
    .where(
      sql<boolean>`(usage_records.subscription_id, usage_records.key) in (select * from unnest(
        ${rows.map((row) => row.subscription_id)}::uuid[], ${rows.map((row) => row.key)}::text[]))`,
    )
    .execute()
  return new Map(found.map((row) => [`${row.subscription_id} ${row.key}`, row]))
}

export type UsageFilter = {
  subscription_id: string
  meter?: string | undefined
  from?: Temporal.PlainDate | undefined
  to?: Temporal.PlainDate | undefined
  state?: 'waiting' | 'billed' | undefined
}

/** A page of the use of a service, the latest day first. */
export function listUsage(tx: Tx, request: ListRequest & UsageFilter) {
  let query = selectUsage(tx).where('usage_records.subscription_id', '=', request.subscription_id)
  if (request.meter) query = query.where('plan_meters.code', '=', request.meter)
  if (request.from) query = query.where('usage_records.on_date', '>=', request.from)
  if (request.to) query = query.where('usage_records.on_date', '<', request.to)
  if (request.state)
    query = query.where('usage_records.billed_at', request.state === 'billed' ? 'is not' : 'is', null)
  return readPage(
    query,
    request,
    { on_date: { by: sql`usage_records.on_date`, value: (row) => row.on_date, type: 'date' } },
    { by: sql`usage_records.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** Takes back a record that was a mistake. Refuses: not_found, usage_was_billed. */
export async function deleteUsage(tx: Tx, id: string): Promise<Refusal | undefined> {
  const record = await tx
    .selectFrom('usage_records')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!record) return notFound()
  if (record.billed_at !== null) return refuse('usage_was_billed')
  await tx.deleteFrom('usage_records').where('id', '=', id).execute()
  const { account_id, on_date, quantity, key } = record
  await sql`select write_audit('deleted', 'usage_records', ${id}, ${account_id}::uuid, null,
    ${JSON.stringify({ subscription_id: record.subscription_id, on_date, quantity, key })}::jsonb, null)`.execute(
    tx,
  )
  return undefined
}

type SummaryRow = {
  component_id: string
  plan_meter_id: string
  meter: string
  name: string
  unit_name: string
  price_model: PriceModel
  unit_amount: number
  tiers: PriceTier[] | null
  package_size: number | null
  included: number
  cycle_unit: 'day' | 'week' | 'month'
  cycle_count: number
  cycle_alignment: 'closing' | 'anniversary'
  anchor_date: Temporal.PlainDate | null
  from_date: Temporal.PlainDate | null
}

/** How many days a plot of use goes back at least. */
const shownDays = 30

/**
 * What a service used, by meter: in the period that is running, what of it waits to be billed and what that would cost if
 * nothing more came (minor units, before taxes), and how much on each day. Refuses: not_found.
 */
export async function summarizeUsage(tx: Tx, subscriptionId: string, now: Temporal.Instant) {
  const service = await tx
    .selectFrom('subscriptions')
    .innerJoin('business_units', 'business_units.id', 'subscriptions.business_unit_id')
    .select([
      'subscriptions.currency',
      'subscriptions.billing_start',
      'subscriptions.end_date',
      'business_units.time_zone',
      'business_units.closing_day',
    ])
    .where('subscriptions.id', '=', subscriptionId)
    .executeTakeFirst()
  if (!service) return notFound()
  const day = today(now, service.time_zone)
  const { rows } = await sql<SummaryRow>`
    select c.id as component_id, c.plan_meter_id, m.code as meter, m.name, m.unit_name, c.price_model, c.unit_amount, c.tiers,
           c.package_size, c.included, c.cycle_unit, c.cycle_count, c.cycle_alignment, c.anchor_date, c.from_date
      from subscription_components c join plan_meters m on m.id = c.plan_meter_id
     where c.subscription_id = ${subscriptionId} and c.role = 'usage' and c.to_date is null
     order by m.position, m.id`.execute(tx)
  const meters = []
  for (const row of rows) meters.push(await summarizeMeter(tx, subscriptionId, row, service, day))
  return { currency: service.currency, today: day, meters }
}

async function summarizeMeter(
  tx: Tx,
  subscriptionId: string,
  row: SummaryRow,
  service: { billing_start: Temporal.PlainDate | null; closing_day: number },
  day: Temporal.PlainDate,
) {
  const shape = { unit: row.cycle_unit, count: row.cycle_count, alignment: row.cycle_alignment }
  const began = service.billing_start ?? day
  const first = row.from_date !== null && compare(row.from_date, began) > 0 ? row.from_date : began
  const anchor = row.anchor_date
    ? toEpochDay(row.anchor_date)
    : anchorOf(shape, toEpochDay(first), service.closing_day)
  const periodOfDay = (on: Temporal.PlainDate) =>
    cyclePeriodOfDay(toEpochDay(on), { ...shape, anchor }, service.closing_day)
  const span = periodOfDay(day)
  const period = { from: fromEpochDay(span.from), to: fromEpochDay(span.to) }
  const back = day.subtract({ days: shownDays - 1 })
  const since = compare(back, period.from) < 0 ? back : period.from
  const [{ rows: days }, coverage] = await Promise.all([
    sql<{ on_date: Temporal.PlainDate; quantity: number; waiting: number }>`
      select on_date, sum(quantity)::bigint as quantity,
             coalesce(sum(quantity) filter (where billed_at is null), 0)::bigint as waiting
        from usage_records
       where subscription_id = ${subscriptionId} and plan_meter_id = ${row.plan_meter_id}
         and (billed_at is null or on_date >= ${since}::date)
       group by on_date order by on_date`.execute(tx),
    sql<{ until: Temporal.PlainDate | null }>`
      select max(upper(period)) as until from billed_coverage where component_id = ${row.component_id}`.execute(
      tx,
    ),
  ])
  // Each period is charged for itself; what was told late, with the first that is not billed yet.
  const covered = coverage.rows[0]!.until
  const open = covered !== null && compare(covered, first) > 0 ? covered : first
  const waitingOf = new Map<number, number>()
  for (const { on_date, waiting } of days) {
    const { from } = periodOfDay(compare(on_date, open) < 0 ? open : on_date)
    waitingOf.set(from, (waitingOf.get(from) ?? 0) + waiting)
  }
  const inPeriod = days.filter(({ on_date }) => compare(on_date, period.from) >= 0)
  const { price_model, unit_amount, tiers, package_size, included } = row
  const price = { model: price_model, unit_amount, tiers, package_size, included }
  let cost = 0n
  for (const waiting of waitingOf.values()) cost += priceQuantity(price, waiting)
  return {
    meter: row.meter,
    name: row.name,
    unit_name: row.unit_name,
    price_model,
    unit_amount,
    tiers,
    package_size,
    included,
    period_from: period.from,
    period_to: period.to,
    days_from: since,
    used: inPeriod.reduce((sum, { quantity }) => sum + quantity, 0),
    waiting: days.reduce((sum, { waiting }) => sum + waiting, 0),
    cost: Number(cost < BigInt(Number.MAX_SAFE_INTEGER) ? cost : Number.MAX_SAFE_INTEGER),
    days: days
      .filter(({ on_date }) => compare(on_date, since) >= 0)
      .map(({ on_date, quantity }) => ({ on_date, quantity })),
  }
}

/** The use of one of the customer's own services. Refuses: not_found. */
export async function listOwnUsage(tx: Tx, subscriptionId: string, request: ListRequest) {
  const own = await tx
    .selectFrom('subscriptions')
    .select('id')
    .where('id', '=', subscriptionId)
    .executeTakeFirst()
  if (!own) return notFound()
  return listUsage(tx, { ...request, subscription_id: subscriptionId })
}
