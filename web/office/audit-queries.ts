import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { AuditEntry } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** The audit log, newest first. Days are those of UTC, and `to` is the first day no longer shown. */
export const auditSource: TableSource<AuditEntry> = {
  queryKey: ['audit', 'list'],
  filters: ['object_type', 'way', 'actor_id', 'from', 'to', 'account_id', 'object_id'],
  defaultSort: '-id',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/audit', { params: { query: query as never }, signal })),
}

/** Everybody on the staff, by name: few by nature. */
export const everyStaffQuery = queryOptions({
  queryKey: ['staff', 'all'],
  staleTime: 60_000,
  queryFn: async ({ signal }) =>
    (await orThrow(api.GET('/api/v1/office/staff', { params: { query: { limit: 200 } }, signal }))).items,
})
