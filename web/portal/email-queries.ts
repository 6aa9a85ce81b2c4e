import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'

/** The mails that were written to this account, newest first. */
export const emailsQuery = infiniteQueryOptions({
  queryKey: ['emails', 'list'],
  queryFn: ({ pageParam, signal }) =>
    orThrow(
      api.GET('/api/v1/portal/notices', {
        params: { query: { limit: 50, cursor: pageParam ?? undefined } },
        signal,
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
  refetchInterval: 60_000,
})

/** One mail, to be read in full. */
export const emailQuery = (id: string) =>
  queryOptions({
    queryKey: ['emails', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/portal/notices/{id}', { params: { path: { id } }, signal })),
  })
