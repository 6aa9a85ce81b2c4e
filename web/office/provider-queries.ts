import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { DebitAttempt, PaymentIntent } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** The kinds of providers, with what each needs to be told. */
export const driversQuery = queryOptions({
  queryKey: ['payment-drivers'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async ({ signal }) => (await orThrow(api.GET('/api/v1/office/payment-drivers', { signal }))).items,
})

/** The ways in which business units are paid. */
export const providersQuery = (archived: boolean) =>
  queryOptions({
    queryKey: ['payment-providers', 'list', archived],
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/payment-providers', {
            params: { query: archived ? { archived: 'true' } : {} },
            signal,
          }),
        )
      ).items,
  })

/** One of them; asked again until a test of it has answered. */
export const providerQuery = (id: string) =>
  queryOptions({
    queryKey: ['payment-providers', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/payment-providers/{id}', { params: { path: { id } }, signal })),
  })

export async function refreshProviders(queryClient: QueryClient): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: ['payment-providers'] })
}

/** What providers were asked for. */
export const intentsSource: TableSource<PaymentIntent> = {
  queryKey: ['payment-intents', 'list'],
  filters: ['business_unit_id', 'account_id', 'provider_id', 'state', 'open'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/payment-intents', { params: { query: query as never }, signal })),
}

/** One payment, and what of it went back. */
export const paymentQuery = (id: string) =>
  queryOptions({
    queryKey: ['payments', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/payments/{id}', { params: { path: { id } }, signal })),
  })

export const reversalsQuery = (paymentId: string) =>
  queryOptions({
    queryKey: ['payments', paymentId, 'reversals'],
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/payment-reversals', {
            params: { query: { payment_id: paymentId, limit: 100 } },
            signal,
          }),
        )
      ).items,
    // What a provider is asked for is answered within seconds.
    refetchInterval: ({ state }) =>
      state.data?.some((one) => ['created', 'sending', 'unknown', 'pending'].includes(one.state))
        ? 3000
        : false,
  })

/** What an account keeps for automatic debit. */
export const storedMethodsQuery = (accountId: string) =>
  infiniteQueryOptions({
    queryKey: ['stored-methods', accountId],
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/office/stored-methods', {
          params: { query: { account_id: accountId, limit: 20, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })

/** The latest runs of automatic debit of a business unit; asked again while one is under way. */
export const debitRunsQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['debit-runs', unitId],
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/debit-runs', {
            params: { query: { business_unit_id: unitId, limit: 5 } },
            signal,
          }),
        )
      ).items,
    refetchInterval: ({ state }) =>
      state.data?.some((one) => one.state === 'queued' || one.state === 'running') ? 1500 : false,
  })

/** Every charge of a business unit by a stored method. */
export const debitAttemptsSource = (unitId: string): TableSource<DebitAttempt> => ({
  queryKey: ['debit-attempts', 'list', unitId],
  filters: ['account_id', 'state'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(
      api.GET('/api/v1/office/debit-attempts', {
        params: { query: { ...query, business_unit_id: unitId } as never },
        signal,
      }),
    ),
})

export const debitPolicyQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['debit-policy', unitId],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/business-units/{id}/debit-policy', {
          params: { path: { id: unitId } },
          signal,
        }),
      ),
  })
