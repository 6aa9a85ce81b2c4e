import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { AccountChangeRequest } from '../shared/api-types.gen.ts'

export type ChangeRequestFilter = {
  state?: AccountChangeRequest['state'] | undefined
  business_unit_id?: string | undefined
}

/** What customers asked to change of their details, the oldest waiting first, else the latest. */
export const changeRequestsQuery = (filter: ChangeRequestFilter) =>
  infiniteQueryOptions({
    queryKey: ['change-requests', filter],
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/office/account-change-requests', {
          params: {
            query: {
              ...filter,
              sort: filter.state === 'pending' ? 'created_at' : '-created_at',
              limit: 50,
              cursor: pageParam ?? undefined,
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })

export const changeRequestQuery = (id: string) =>
  queryOptions({
    queryKey: ['change-requests', 'one', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/account-change-requests/{id}', { params: { path: { id } }, signal })),
  })

/** What of an account waits to be confirmed. */
export const changeRequestsOfQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['change-requests', 'account', accountId],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/account-change-requests', {
          params: { query: { account_id: accountId, state: 'pending', limit: 1 } },
          signal,
        }),
      ),
  })
