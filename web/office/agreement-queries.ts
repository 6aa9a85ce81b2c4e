import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { SlaProfile, ThresholdProfile } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** The contracts of an account, the newest first; those that were archived stay out. */
export const contractsQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['accounts', accountId, 'contracts'],
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/contracts', {
            params: { query: { account_id: accountId, archived: 'false', limit: 200 } },
            signal,
          }),
        )
      ).items,
  })

/** How far the guided creation of an account came; null where it was created without the guide. */
export const setupQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['accounts', accountId, 'setup'],
    queryFn: async ({ signal }) => {
      const reply = await api.GET('/api/v1/office/accounts/{id}/setup', {
        params: { path: { id: accountId } },
        signal,
      })
      return reply.response.status === 404 ? null : orThrow(Promise.resolve(reply))
    },
  })

/** The list of SLA profiles. */
export const slaProfilesSource: TableSource<SlaProfile> = {
  queryKey: ['sla-profiles', 'list'],
  filters: ['business_unit_id', 'archived'],
  defaultSort: 'name',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/sla-profiles', { params: { query: query as never }, signal })),
}

/** The list of alert threshold profiles. */
export const thresholdProfilesSource: TableSource<ThresholdProfile> = {
  queryKey: ['threshold-profiles', 'list'],
  filters: ['business_unit_id', 'archived'],
  defaultSort: 'name',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/threshold-profiles', { params: { query: query as never }, signal })),
}

/** The SLA profiles of a business unit, archived ones too: an account may still have one. */
export const unitSlaProfilesQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['sla-profiles', 'unit', unitId],
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/sla-profiles', {
            params: { query: { business_unit_id: unitId, limit: 200 } },
            signal,
          }),
        )
      ).items,
  })

/** The alert threshold profiles of a business unit, archived ones too. */
export const unitThresholdProfilesQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['threshold-profiles', 'unit', unitId],
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/threshold-profiles', {
            params: { query: { business_unit_id: unitId, limit: 200 } },
            signal,
          }),
        )
      ).items,
  })

/** After a profile changed: lists of profiles, and accounts that show theirs. */
export async function refreshProfiles(queryClient: QueryClient): Promise<void> {
  await Promise.all(
    ['sla-profiles', 'threshold-profiles', 'accounts'].map((key) =>
      queryClient.invalidateQueries({ queryKey: [key] }),
    ),
  )
}
