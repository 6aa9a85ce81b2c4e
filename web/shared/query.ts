import { QueryClient } from '@tanstack/react-query'
import { isTransient, toProblem } from './problem.ts'

/**
 * The cache of what the API answered. Reads are tried again only when that can help; writes never by themselves, and they
 * fail at once without a network, so that the form keeps what was typed and can say so.
 */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 20_000,
        gcTime: 5 * 60_000,
        networkMode: 'offlineFirst',
        retry: (failures, error) => failures < 2 && isTransient(toProblem(error)),
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 4_000),
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
}
