import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import type { ListRequest, Page } from '../../platform/pages.ts'

export type AuditFilter = {
  /** Words of who acted or of what stood in the row, by their beginnings; or whole an id, a request's number, an IP address. */
  q?: string | undefined
  account_id?: string | undefined
  business_unit_id?: string | undefined
  object_type?: string | undefined
  object_id?: string | undefined
  actor_id?: string | undefined
  actor_kind?: string | undefined
  action?: string | undefined
  way?: string | undefined
  request_id?: string | undefined
  from?: Temporal.PlainDate | undefined
  to?: Temporal.PlainDate | undefined
}

export type AuditRow = {
  id: number
  at: Temporal.Instant
  actor_kind: string
  actor_id: string | null
  actor_name: string | null
  /** The account or member that staff were seeing the portal as (A11). */
  on_behalf_of: string | null
  way: string
  operation: string
  action: string
  object_type: string
  object_id: string | null
  account_id: string | null
  account_name: string | null
  business_unit_id: string | null
  before: unknown
  after: unknown
  ip: string | null
  request_id: string | null
  /** When the values were erased with an account; the names of the columns are left. */
  redacted_at: Temporal.Instant | null
}

/**
 * A page of the audit log (A10), by default newest first, at a price that does not grow with the log: the database reads
 * it by the index of what is asked for. `from` and `to` are days in UTC, `to` the first one no longer shown.
 */
export async function listAudit(tx: Tx, request: ListRequest & AuditFilter): Promise<Page<AuditRow>> {
  const { limit, cursor, sort, from, to, ...rest } = request
  const filter = Object.fromEntries(
    Object.entries({
      ...rest,
      from: from && `${from}T00:00:00Z`,
      to: to && `${to}T00:00:00Z`,
    }).filter(([, value]) => value !== undefined && value !== ''),
  )
  const descending = sort.startsWith('-')
  const order = descending ? sql`desc` : sql`asc`
  const found = await sql<AuditRow>`
    select l.*, host(l.ip) as ip, a.name as account_name
      from read_audit(${JSON.stringify(filter)}::jsonb, ${readCursor(cursor)}::bigint, ${descending}, ${limit + 1}) l
      left join accounts a on a.id = l.account_id
     order by l.id ${order}`.execute(tx)
  const items = found.rows.slice(0, limit)
  const last = items.at(-1)
  const next_cursor =
    found.rows.length > limit && last ? Buffer.from(String(last.id)).toString('base64url') : null
  return { items, next_cursor }
}

/** The id after which the page begins; a cursor that is not ours starts from the beginning. */
function readCursor(cursor: string | undefined): string | null {
  const text = Buffer.from(cursor ?? '', 'base64url').toString()
  return /^\d{1,18}$/.test(text) ? text : null
}
