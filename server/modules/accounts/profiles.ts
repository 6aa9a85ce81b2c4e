import { sql } from 'kysely'
import type { SlaCoverage, ThresholdMetric, TicketPriority } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { getUnit } from '../units/index.ts'

/** Minutes of covered time within which a ticket of a priority is answered, and resolved. */
export type SlaTarget = {
  priority: TicketPriority
  first_response_minutes: number
  resolution_minutes: number
}
/** Above what a metric warns or is critical, in the metric's unit, and for how long. */
export type Threshold = {
  metric: ThresholdMetric
  warning: number | null
  critical: number | null
  for_minutes: number
}

type ProfileChange = {
  name?: string | undefined
  description?: string | null | undefined
  is_default?: boolean | undefined
  archived?: boolean | undefined
}
export type SlaProfileChange = ProfileChange & {
  coverage?: SlaCoverage | undefined
  /** ISO days of the week; with the times where the coverage is business_hours, else null. */
  business_days?: number[] | null | undefined
  /** `08:00`, in the business unit's time zone. */
  opens_at?: string | null | undefined
  closes_at?: string | null | undefined
  targets?: SlaTarget[] | undefined
}
export type SlaProfileInput = Omit<SlaProfileChange, 'archived'> & {
  business_unit_id: string
  name: string
  targets: SlaTarget[]
}
export type ThresholdProfileChange = ProfileChange & { thresholds?: Threshold[] | undefined }
export type ThresholdProfileInput = Omit<ThresholdProfileChange, 'archived'> & {
  business_unit_id: string
  name: string
  thresholds: Threshold[]
}

export type ProfileFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  archived?: 'true' | 'false' | undefined
}

type ProfileKind = 'sla' | 'threshold'
const tables = { sla: 'sla_profiles', threshold: 'threshold_profiles' } as const
const fields = { sla: 'sla_profile_id', threshold: 'threshold_profile_id' } as const

function selectSla(tx: Tx) {
  return tx
    .selectFrom('sla_profiles')
    .innerJoin('business_units', 'business_units.id', 'sla_profiles.business_unit_id')
    .select([
      'sla_profiles.id',
      'sla_profiles.business_unit_id',
      'business_units.name as business_unit_name',
      'sla_profiles.name',
      'sla_profiles.description',
      'sla_profiles.coverage',
      'sla_profiles.business_days',
      sql<string | null>`to_char(sla_profiles.opens_at, 'HH24:MI')`.as('opens_at'),
      sql<string | null>`to_char(sla_profiles.closes_at, 'HH24:MI')`.as('closes_at'),
      'sla_profiles.is_default',
      sql<
        SlaTarget[]
      >`(select coalesce(json_agg(json_build_object('priority', t.priority, 'first_response_minutes',
          t.first_response_minutes, 'resolution_minutes', t.resolution_minutes) order by t.priority desc), '[]')
          from sla_targets t where t.profile_id = sla_profiles.id)`.as('targets'),
      sql<number>`(select count(*) from accounts a where a.sla_profile_id = sla_profiles.id)`.as('accounts'),
      'sla_profiles.archived_at',
      'sla_profiles.created_at',
      'sla_profiles.updated_at',
    ])
}

/** A page of SLA profiles; `q` finds by name. */
export function listSlaProfiles(tx: Tx, request: ListRequest & ProfileFilter) {
  let query = selectSla(tx)
  if (request.business_unit_id)
    query = query.where('sla_profiles.business_unit_id', '=', request.business_unit_id)
  if (request.archived)
    query = query.where('sla_profiles.archived_at', request.archived === 'true' ? 'is not' : 'is', null)
  if (request.q)
    query = query.where(sql<boolean>`position(fold(${request.q}) in fold(sla_profiles.name)) > 0`)
  return readPage(
    query,
    request,
    {
      name: { by: sql`sla_profiles.name`, value: (row) => row.name, type: 'text' },
      created_at: { by: sql`sla_profiles.created_at`, value: (row) => row.created_at, type: 'timestamptz' },
    },
    { by: sql`sla_profiles.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** One SLA profile with its targets. Refuses: not_found. */
export async function getSlaProfile(tx: Tx, id: string) {
  return (await selectSla(tx).where('sla_profiles.id', '=', id).executeTakeFirst()) ?? notFound()
}

/** Defines how soon tickets are answered and resolved. Refuses: invalid_input (unit, name taken, hours, targets). */
export async function createSlaProfile(tx: Tx, input: SlaProfileInput) {
  if (isRefusal(await getUnit(tx, input.business_unit_id)))
    return refuseField('business_unit_id', 'not_a_choice')
  const { targets, ...columns } = input
  const fault = checkHours(columns) ?? checkTargets(targets)
  if (fault) return fault
  if (input.is_default) await clearDefault(tx, 'sla', input.business_unit_id)
  const { id } = await tx
    .insertInto('sla_profiles')
    .values({ ...columns, ...hoursOf(columns) })
    .returning('id')
    .executeTakeFirstOrThrow()
  await writeTargets(tx, { id, business_unit_id: input.business_unit_id }, targets)
  return getSlaProfile(tx, id)
}

/**
 * Changes, archives or brings back an SLA profile: accounts that have it follow at once. Refuses: not_found,
 * invalid_input, profile_is_default (the default is not archived; make another one the default first).
 */
export async function updateSlaProfile(tx: Tx, id: string, change: SlaProfileChange, now: Temporal.Instant) {
  const current = await getSlaProfile(tx, id)
  if (isRefusal(current)) return current
  const { archived, targets, ...columns } = change
  const hours = {
    coverage: change.coverage ?? current.coverage,
    business_days: change.business_days === undefined ? current.business_days : change.business_days,
    opens_at: change.opens_at === undefined ? current.opens_at : change.opens_at,
    closes_at: change.closes_at === undefined ? current.closes_at : change.closes_at,
  }
  const fault = checkHours(hours) ?? (targets && checkTargets(targets)) ?? checkDefault(current, change)
  if (fault) return fault
  if (change.is_default && !current.is_default) await clearDefault(tx, 'sla', current.business_unit_id)
  await tx
    .updateTable('sla_profiles')
    .set({ ...columns, ...hoursOf(hours), ...archiving(archived, current.archived_at, now) })
    .where('id', '=', id)
    .execute()
  if (targets) await writeTargets(tx, current, targets)
  return getSlaProfile(tx, id)
}

type Hours = Pick<SlaProfileChange, 'coverage' | 'business_days' | 'opens_at' | 'closes_at'>

function checkHours(hours: Hours): Refusal | undefined {
  if (hours.coverage !== 'business_hours') return undefined
  for (const field of ['business_days', 'opens_at', 'closes_at'] as const)
    if (!hours[field] || hours[field].length === 0) return refuseField(field, 'required')
  return hours.closes_at! > hours.opens_at! ? undefined : refuseField('closes_at', 'not_after_opening')
}

function hoursOf(hours: Hours) {
  return hours.coverage === 'business_hours'
    ? {
        business_days: [...new Set(hours.business_days)].sort(),
        opens_at: hours.opens_at,
        closes_at: hours.closes_at,
      }
    : { business_days: null, opens_at: null, closes_at: null }
}

function checkTargets(targets: readonly SlaTarget[]): Refusal | undefined {
  for (const [index, target] of targets.entries()) {
    if (targets.findIndex((one) => one.priority === target.priority) < index)
      return refuseField(`targets.${index}.priority`, 'listed_twice')
    if (target.resolution_minutes < target.first_response_minutes)
      return refuseField(`targets.${index}.resolution_minutes`, 'before_first_response')
  }
  return undefined
}

async function writeTargets(
  tx: Tx,
  profile: { id: string; business_unit_id: string },
  targets: readonly SlaTarget[],
): Promise<void> {
  await sql`delete from sla_targets where profile_id = ${profile.id}
    and priority::text <> all(${targets.map((one) => one.priority)}::text[])`.execute(tx)
  if (targets.length === 0) return
  await sql`insert into sla_targets (profile_id, business_unit_id, priority, first_response_minutes, resolution_minutes)
    select ${profile.id}, ${profile.business_unit_id}, priority, first_response_minutes, resolution_minutes
      from json_to_recordset(${JSON.stringify(targets)}::json)
           as t(priority ticket_priority, first_response_minutes int, resolution_minutes int)
    on conflict (profile_id, priority) do update
      set first_response_minutes = excluded.first_response_minutes, resolution_minutes = excluded.resolution_minutes`.execute(
    tx,
  )
}

function selectThresholds(tx: Tx) {
  return tx
    .selectFrom('threshold_profiles')
    .innerJoin('business_units', 'business_units.id', 'threshold_profiles.business_unit_id')
    .select([
      'threshold_profiles.id',
      'threshold_profiles.business_unit_id',
      'business_units.name as business_unit_name',
      'threshold_profiles.name',
      'threshold_profiles.description',
      'threshold_profiles.is_default',
      sql<
        Threshold[]
      >`(select coalesce(json_agg(json_build_object('metric', t.metric, 'warning', t.warning, 'critical',
          t.critical, 'for_minutes', t.for_minutes) order by t.metric), '[]')
          from thresholds t where t.profile_id = threshold_profiles.id)`.as('thresholds'),
      sql<number>`(select count(*) from accounts a where a.threshold_profile_id = threshold_profiles.id)`.as(
        'accounts',
      ),
      'threshold_profiles.archived_at',
      'threshold_profiles.created_at',
      'threshold_profiles.updated_at',
    ])
}

/** A page of alert threshold profiles; `q` finds by name. */
export function listThresholdProfiles(tx: Tx, request: ListRequest & ProfileFilter) {
  let query = selectThresholds(tx)
  if (request.business_unit_id)
    query = query.where('threshold_profiles.business_unit_id', '=', request.business_unit_id)
  if (request.archived)
    query = query.where('threshold_profiles.archived_at', request.archived === 'true' ? 'is not' : 'is', null)
  if (request.q)
    query = query.where(sql<boolean>`position(fold(${request.q}) in fold(threshold_profiles.name)) > 0`)
  return readPage(
    query,
    request,
    {
      name: { by: sql`threshold_profiles.name`, value: (row) => row.name, type: 'text' },
      created_at: {
        by: sql`threshold_profiles.created_at`,
        value: (row) => row.created_at,
        type: 'timestamptz',
      },
    },
    { by: sql`threshold_profiles.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** One alert threshold profile. Refuses: not_found. */
export async function getThresholdProfile(tx: Tx, id: string) {
  return (await selectThresholds(tx).where('threshold_profiles.id', '=', id).executeTakeFirst()) ?? notFound()
}

/** Defines when devices raise alerts. Refuses: invalid_input (unit, name taken, limits). */
export async function createThresholdProfile(tx: Tx, input: ThresholdProfileInput) {
  if (isRefusal(await getUnit(tx, input.business_unit_id)))
    return refuseField('business_unit_id', 'not_a_choice')
  const { thresholds, ...columns } = input
  const fault = checkThresholds(thresholds)
  if (fault) return fault
  if (input.is_default) await clearDefault(tx, 'threshold', input.business_unit_id)
  const { id } = await tx
    .insertInto('threshold_profiles')
    .values(columns)
    .returning('id')
    .executeTakeFirstOrThrow()
  await writeThresholds(tx, { id, business_unit_id: input.business_unit_id }, thresholds)
  return getThresholdProfile(tx, id)
}

/** Changes, archives or brings back an alert threshold profile. Refuses: not_found, invalid_input, profile_is_default. */
export async function updateThresholdProfile(
  tx: Tx,
  id: string,
  change: ThresholdProfileChange,
  now: Temporal.Instant,
) {
  const current = await getThresholdProfile(tx, id)
  if (isRefusal(current)) return current
  const { archived, thresholds, ...columns } = change
  const fault = (thresholds && checkThresholds(thresholds)) ?? checkDefault(current, change)
  if (fault) return fault
  if (change.is_default && !current.is_default) await clearDefault(tx, 'threshold', current.business_unit_id)
  const set = { ...columns, ...archiving(archived, current.archived_at, now) }
  if (Object.values(set).some((value) => value !== undefined))
    await tx.updateTable('threshold_profiles').set(set).where('id', '=', id).execute()
  if (thresholds) await writeThresholds(tx, current, thresholds)
  return getThresholdProfile(tx, id)
}

/** What a metric's limits may be, in its unit: per cent, minutes, degrees Celsius, milliseconds. */
const thresholdLimits: Record<ThresholdMetric, { lowest: number; highest: number }> = {
  cpu: { lowest: 1, highest: 100 },
  memory: { lowest: 1, highest: 100 },
  disk: { lowest: 1, highest: 100 },
  offline: { lowest: 1, highest: 10_080 },
  temperature: { lowest: -50, highest: 200 },
  packet_loss: { lowest: 1, highest: 100 },
  latency: { lowest: 1, highest: 60_000 },
}

function checkThresholds(thresholds: readonly Threshold[]): Refusal | undefined {
  for (const [index, { metric, warning, critical }] of thresholds.entries()) {
    const at = (field: string) => `thresholds.${index}.${field}`
    if (thresholds.findIndex((one) => one.metric === metric) < index)
      return refuseField(at('metric'), 'listed_twice')
    if (warning === null && critical === null) return refuseField(at('critical'), 'required')
    const { lowest, highest } = thresholdLimits[metric]
    for (const [field, value] of Object.entries({ warning, critical })) {
      if (value !== null && value < lowest) return refuseField(at(field), 'too_small', { limit: lowest })
      if (value !== null && value > highest) return refuseField(at(field), 'too_big', { limit: highest })
    }
    if (warning !== null && critical !== null && warning >= critical)
      return refuseField(at('critical'), 'not_above_warning')
  }
  return undefined
}

async function writeThresholds(
  tx: Tx,
  profile: { id: string; business_unit_id: string },
  thresholds: readonly Threshold[],
): Promise<void> {
  await sql`delete from thresholds where profile_id = ${profile.id}
    and metric::text <> all(${thresholds.map((one) => one.metric)}::text[])`.execute(tx)
  if (thresholds.length === 0) return
  await sql`insert into thresholds (profile_id, business_unit_id, metric, warning, critical, for_minutes)
    select ${profile.id}, ${profile.business_unit_id}, metric, warning, critical, for_minutes
      from json_to_recordset(${JSON.stringify(thresholds)}::json)
           as t(metric threshold_metric, warning int, critical int, for_minutes int)
    on conflict (profile_id, metric) do update
      set warning = excluded.warning, critical = excluded.critical, for_minutes = excluded.for_minutes`.execute(
    tx,
  )
}

/**
 * Whether a profile may be chosen for an account or contract: of the business unit, and in use. Null and undefined
 * choose none. Refuses: invalid_input (not_a_choice).
 */
export async function checkProfileChoice(
  tx: Tx,
  kind: ProfileKind,
  unitId: string,
  profileId: string | null | undefined,
): Promise<Refusal | undefined> {
  if (profileId === null || profileId === undefined) return undefined
  const found = await tx
    .selectFrom(tables[kind])
    .select('id')
    .where('id', '=', profileId)
    .where('business_unit_id', '=', unitId)
    .where('archived_at', 'is', null)
    .executeTakeFirst()
  return found ? undefined : refuseField(fields[kind], 'not_a_choice')
}

function checkDefault(
  current: { is_default: boolean; archived_at: Temporal.Instant | null },
  change: ProfileChange,
): Refusal | undefined {
  const isDefault = change.is_default ?? current.is_default
  const archived = change.archived ?? current.archived_at !== null
  return isDefault && archived ? refuse('profile_is_default') : undefined
}

/** One default per business unit: whoever is first holds the unit's row, so that two at once do not meet. */
async function clearDefault(tx: Tx, kind: ProfileKind, unitId: string): Promise<void> {
  await tx.selectFrom('business_units').select('id').where('id', '=', unitId).forNoKeyUpdate().execute()
  await tx
    .updateTable(tables[kind])
    .set({ is_default: false })
    .where('business_unit_id', '=', unitId)
    .where('is_default', '=', true)
    .execute()
}

function archiving(archived: boolean | undefined, current: Temporal.Instant | null, now: Temporal.Instant) {
  return archived === undefined ? {} : { archived_at: archived ? (current ?? now) : null }
}
