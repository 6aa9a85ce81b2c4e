import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { DunningAction } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import type { TableSource } from '../shared/table-search.ts'

/** The policies of a business unit, the newest first, with the words that their pages need. */
export const policiesQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['dunning', 'policies', unitId],
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/dunning-policies', {
            params: { query: { business_unit_id: unitId, limit: 100 } },
            signal,
          }),
        )
      ).items,
  })

/** One policy with its steps. */
export const policyQuery = (id: string) =>
  queryOptions({
    queryKey: ['dunning', 'policy', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/dunning-policies/{id}', { params: { path: { id } }, signal })),
  })

/** The last runs of a business unit. */
export const runsQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['dunning', 'runs', unitId],
    refetchInterval: 30_000,
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/dunning-runs', {
            params: { query: { business_unit_id: unitId, limit: 7 } },
            signal,
          }),
        )
      ).items,
  })

/** The default texts of mails, by kind and language. */
export const defaultTextsQuery = queryOptions({
  queryKey: ['dunning', 'texts'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: ({ signal }) => orThrow(api.GET('/api/v1/office/dunning-texts', { signal })),
})

/** What a policy would do up to a day; today where none is given. */
export const simulationQuery = (id: string, asOf: string | undefined) =>
  queryOptions({
    queryKey: ['dunning', 'simulation', id, asOf ?? ''],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/dunning-policies/{id}/simulation', {
          params: { path: { id }, query: asOf ? { as_of: asOf } : {} },
          signal,
        }),
      ),
  })

/** The same, account by account. */
export const simulatedQuery = (id: string, asOf: string | undefined, stepId: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['dunning', 'simulated', id, asOf ?? '', stepId ?? ''],
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/office/dunning-policies/{id}/simulation/actions', {
          params: {
            path: { id },
            query: {
              limit: 25,
              skipped: 'hidden',
              ...(pageParam ? { cursor: pageParam } : {}),
              ...(asOf ? { as_of: asOf } : {}),
              ...(stepId ? { step_id: stepId } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })

/** Where an account stands, with the words to say it. */
export const accountDunningQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', id, 'dunning'],
    queryFn: async ({ signal }) => {
      const [state] = await Promise.all([
        orThrow(api.GET('/api/v1/office/accounts/{id}/dunning', { params: { path: { id } }, signal })),
        loadTexts('dunning'),
      ])
      return state
    },
  })

/** What was done, over all accounts. */
export const actionsSource: TableSource<DunningAction> = {
  queryKey: ['dunning', 'actions'],
  filters: ['business_unit_id', 'account_id', 'action', 'result', 'from', 'to'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/dunning-actions', { params: { query: query as never }, signal })),
}

/** After a policy changed: everything about dunning, and the accounts that show where they stand. */
export async function refreshDunning(queryClient: QueryClient): Promise<void> {
  await Promise.all(['dunning', 'accounts'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })))
}
