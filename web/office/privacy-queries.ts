import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'

/** The latest exports of an account; asked again while one is being made. */
export const privacyExportsQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['privacy', accountId, 'exports'],
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/accounts/{id}/privacy-exports', {
            params: { path: { id: accountId } },
            signal,
          }),
        )
      ).items,
    refetchInterval: ({ state }) =>
      state.data?.some((one) => one.state === 'queued' || one.state === 'running') ? 1_000 : false,
  })

/** What an erasure takes, leaves, and what stands in its way. */
export const erasureQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['privacy', accountId, 'erasure'],
    // What stands in the way is dealt with on other pages: it is looked at anew.
    staleTime: 0,
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/accounts/{id}/erasure', { params: { path: { id: accountId } }, signal }),
      ),
    refetchInterval: ({ state }) => (state.data?.under_way?.state === 'under_way' ? 1_500 : false),
  })

/** After an account was erased nothing that was read of it is shown again, not even for a moment. */
export async function forgetAccount(queryClient: QueryClient): Promise<void> {
  queryClient.removeQueries({ type: 'inactive', predicate: ({ queryKey }) => queryKey[0] !== 'session' })
  await queryClient.invalidateQueries()
}
