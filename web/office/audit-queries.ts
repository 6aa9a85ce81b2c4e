import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { AuditEntry } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

const auditFilters = ['object_type', 'action', 'way', 'actor_id', 'from', 'to']

/** The audit log, newest first. Days are those of UTC, and `to` is the first day no longer shown. */
export const auditSource: TableSource<AuditEntry> = {
  queryKey: ['audit', 'list'],
  filters: [...auditFilters, 'account_id', 'object_id', 'request_id'],
  defaultSort: '-id',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/audit', { params: { query: query as never }, signal })),
}

/** What was changed of one account. */
export const accountAuditSource = (id: string): TableSource<AuditEntry> => ({
  ...auditSource,
  queryKey: ['audit', 'account', id],
  filters: auditFilters,
  fixed: { account_id: id },
})

/** Everybody on the staff, by name: few by nature. */
export const everyStaffQuery = queryOptions({
  queryKey: ['staff', 'all'],
  staleTime: 60_000,
  queryFn: async ({ signal }) =>
    (await orThrow(api.GET('/api/v1/office/staff', { params: { query: { limit: 200 } }, signal }))).items,
})
