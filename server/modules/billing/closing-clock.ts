import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal } from '../../platform/errors.ts'

/** When a business unit closes by itself, and how far that has come. */
export type ClosingSchedule = {
  business_unit_id: string
  active: boolean
  /** Hour of the business unit's day from which on it is closed. */
  at_hour: number
  /** How many days after a closing date it is closed. */
  days_after: number
  time_zone: string
  closed_to: Temporal.PlainDate | null
  ran_at: Temporal.Instant | null
  next_run_at: Temporal.Instant | null
}

/** The schedule of a business unit; one that nobody set is switched off. Refuses: not_found. */
export async function getSchedule(
  tx: Tx,
  unitId: string,
  now: Temporal.Instant,
): Promise<ClosingSchedule | Refusal> {
  const found = await sql<Omit<ClosingSchedule, 'next_run_at'>>`
    select u.id as business_unit_id, coalesce(s.active, false) as active, coalesce(s.at_hour, 5) as at_hour,
           coalesce(s.days_after, 0) as days_after, u.time_zone, k.closed_to, k.ran_at
      from business_units u
      left join closing_schedules s on s.business_unit_id = u.id
      left join closing_clock k on k.business_unit_id = u.id
     where u.id = ${unitId}`.execute(tx)
  const row = found.rows[0]
  if (!row) return notFound()
  return { ...row, next_run_at: row.active ? nextRun(row, now) : null }
}

/** When the first day that is not closed yet will be: now, where it is overdue. */
function nextRun(schedule: Omit<ClosingSchedule, 'next_run_at'>, now: Temporal.Instant): Temporal.Instant {
  const { closed_to, days_after, at_hour, time_zone } = schedule
  const date = closed_to
    ? closed_to.add({ days: days_after + 1 })
    : now.toZonedDateTimeISO(time_zone).toPlainDate()
  const at = date.toZonedDateTime({ timeZone: time_zone, plainTime: { hour: at_hour } }).toInstant()
  return Temporal.Instant.compare(at, now) < 0 ? now : at
}

/** Sets when a business unit closes by itself. Refuses: not_found. */
export async function setSchedule(
  tx: Tx,
  unitId: string,
  schedule: Pick<ClosingSchedule, 'active' | 'at_hour' | 'days_after'>,
  now: Temporal.Instant,
): Promise<ClosingSchedule | Refusal> {
  const unit = await tx.selectFrom('business_units').select('id').where('id', '=', unitId).executeTakeFirst()
  if (!unit) return notFound()
  await tx
    .insertInto('closing_schedules')
    .values({ business_unit_id: unitId, ...schedule })
    .onConflict((conflict) => conflict.column('business_unit_id').doUpdateSet(schedule))
    .execute()
  return getSchedule(tx, unitId, now)
}

/** A business unit that the clock has to close, up to which day, and since when it should have been. */
export type DueUnit = {
  business_unit_id: string
  up_to: Temporal.PlainDate
  behind_since: Temporal.PlainDate | null
}

/**
 * The business units whose hour has come and that are not closed up to their day yet (B1). A day that was missed is closed
 * with the next one, at whatever hour the clock runs again: `behind_since` is the first such day.
 */
export async function findDueUnits(tx: Tx, now: Temporal.Instant, unitId?: string): Promise<DueUnit[]> {
  const found = await sql<DueUnit>`
    select business_unit_id, up_to, case when closed_to + 1 < up_to then closed_to + 1 end as behind_since
      from (select s.business_unit_id, k.closed_to,
                   ((${now}::timestamptz at time zone u.time_zone) - make_interval(hours => s.at_hour))::date - s.days_after as up_to
              from closing_schedules s
              join business_units u on u.id = s.business_unit_id
              left join closing_clock k on k.business_unit_id = s.business_unit_id
             where s.active ${unitId === undefined ? sql`` : sql`and s.business_unit_id = ${unitId}`}) due
     where closed_to is null or closed_to < up_to
     order by business_unit_id`.execute(tx)
  return found.rows
}

/** Notes that the clock has closed a business unit up to a day; it never goes back. */
export async function noteClosed(
  tx: Tx,
  unitId: string,
  up_to: Temporal.PlainDate,
  now: Temporal.Instant,
): Promise<void> {
  await sql`
    insert into closing_clock as k (business_unit_id, closed_to, ran_at) values (${unitId}, ${up_to}::date, ${now}::timestamptz)
    on conflict (business_unit_id) do update
       set closed_to = greatest(k.closed_to, excluded.closed_to), ran_at = excluded.ran_at`.execute(tx)
}
