import { infiniteQueryOptions } from '@tanstack/react-query'
import { api, orThrow } from './api.ts'
import type { Key } from './api-key-dialogs.tsx'
import { mine } from './side.ts'

// Apart from the page: what a route loads comes with the app's first script, the page itself later.

/** The keys of the operator, or of the account: those that work, and on demand those that have ended. */
export const keysQuery = (ended: boolean) =>
  infiniteQueryOptions({
    queryKey: ['api-keys', { ended }],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET(mine('/api/v1/portal/api-keys'), {
          params: {
            query: {
              ...(ended ? {} : { usable: 'true' }),
              ...(pageParam ? { cursor: pageParam } : {}),
            } as never,
          },
          signal,
        }),
      ) as Promise<{ items: Key[]; next_cursor: string | null }>,
    getNextPageParam: (page) => page.next_cursor,
  })
