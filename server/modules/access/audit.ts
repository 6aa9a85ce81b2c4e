import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'

export type AuditFilter = {
  account_id?: string | undefined
  object_type?: string | undefined
  object_id?: string | undefined
  actor_id?: string | undefined
  way?: string | undefined
  from?: Temporal.PlainDate | undefined
  to?: Temporal.PlainDate | undefined
}

/** A page of the audit log (A10), newest first; `to` is the first day no longer shown, days in UTC. */
export function listAudit(tx: Tx, request: ListRequest & AuditFilter) {
  let query = tx.selectFrom('audit_log').selectAll()
  if (request.account_id) query = query.where('account_id', '=', request.account_id)
  if (request.object_type) query = query.where('object_type', '=', request.object_type)
  if (request.object_id) query = query.where('object_id', '=', request.object_id)
  if (request.actor_id) query = query.where('actor_id', '=', request.actor_id)
  if (request.way) query = query.where('way', '=', request.way)
  if (request.from) query = query.where(sql<boolean>`at >= ${request.from}::date`)
  if (request.to) query = query.where(sql<boolean>`at < ${request.to}::date`)
  const key = { by: sql`audit_log.id`, value: (row: { id: number }) => row.id, type: 'bigint' }
  return readPage(query, request, { id: key }, key)
}
