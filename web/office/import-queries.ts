import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { ImportReject, ImportSummary } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** What can be imported. */
export const importKinds = ['accounts', 'contacts', 'services'] as const
export type ImportKind = (typeof importKinds)[number]

/** The list of imports, newest first. */
export const importsSource: TableSource<ImportSummary> = {
  queryKey: ['imports', 'list'],
  filters: ['business_unit_id', 'kind', 'state'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/imports', { params: { query: query as never }, signal })),
}

/** Whether an import is being worked on in the background. */
export function isImportBusy(state: ImportSummary['state']): boolean {
  return state === 'preparing' || state === 'queued' || state === 'running'
}

/** One import; while it is worked on it is asked for every second. */
export const importQuery = (id: string) =>
  queryOptions({
    queryKey: ['imports', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/imports/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data && isImportBusy(state.data.state) ? 1_000 : false),
  })

/** The rows that an import leaves out. `state` of the import belongs to the key: each pass finds them anew. */
export const rejectsSource = (id: string, state: string): TableSource<ImportReject> => ({
  queryKey: ['imports', id, 'rejects', state],
  filters: ['code'],
  defaultSort: 'row_number',
  fetchPage: (query, signal) =>
    orThrow(
      api.GET('/api/v1/office/imports/{id}/rejects', {
        params: { path: { id }, query: query as never },
        signal,
      }),
    ),
})
