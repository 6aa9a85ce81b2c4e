import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'

export type Scope = { currency: string; today: Temporal.PlainDate }

/** The currency of a report, and what day it is there: of the unit, or of the currency that most units bill in, the oldest first. */
export async function chooseScope(
  tx: Tx,
  query: { currency?: string | undefined; business_unit_id?: string | undefined },
  now: Temporal.Instant,
): Promise<Scope> {
  const found = await sql<{ currency: string; today: Temporal.PlainDate }>`
    select currency, (${now}::timestamptz at time zone min(time_zone))::date as today from business_units
     where archived_at is null
       ${query.business_unit_id ? sql`and id = ${query.business_unit_id}` : sql``}
       ${query.currency ? sql`and currency = ${query.currency}` : sql``}
     group by currency order by count(*) desc, min(created_at) limit 1`.execute(tx)
  return (
    found.rows[0] ?? { currency: query.currency ?? 'USD', today: now.toZonedDateTimeISO('UTC').toPlainDate() }
  )
}
