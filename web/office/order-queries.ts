import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { OrderRequestInput, OrderSummary } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import type { TableSource } from '../shared/table-search.ts'
import { refreshAccounts } from './account-queries.ts'

/** Orders and quotes of all accounts. */
export const ordersSource: TableSource<OrderSummary> = {
  queryKey: ['orders', 'list'],
  filters: [
    'state',
    'kind',
    'business_unit_id',
    'account_id',
    'salesperson_id',
    'failed',
    'by_customer',
    'from',
    'to',
  ],
  defaultSort: '-created_at',
  fetchPage: async (query, signal) => {
    const [page] = await Promise.all([
      orThrow(api.GET('/api/v1/office/orders', { params: { query: query as never }, signal })),
      loadTexts('orders'),
    ])
    return page
  },
}

/** One order; what waits for its turn is asked again until it has had it. */
export const orderQuery = (id: string) =>
  queryOptions({
    queryKey: ['orders', id],
    queryFn: async ({ signal }) => {
      const [order] = await Promise.all([
        orThrow(api.GET('/api/v1/office/orders/{id}', { params: { path: { id } }, signal })),
        loadTexts('orders'),
      ])
      return order
    },
    refetchInterval: ({ state: { data } }) =>
      data?.state !== 'open' ? false : data.due === 0 && data.failure_code === null ? 1500 : 20_000,
  })

/** The newest orders of an account. */
export const accountOrdersQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['orders', 'account', accountId],
    queryFn: async ({ signal }) => {
      const [page] = await Promise.all([
        orThrow(
          api.GET('/api/v1/office/orders', {
            params: { query: { account_id: accountId, limit: 5 } },
            signal,
          }),
        ),
        loadTexts('orders'),
      ])
      return page
    },
  })

/** What an order comes to as it is configured; asked again with every choice. */
export const orderQuoteQuery = (
  asked: { account_id: string; request: OrderRequestInput; salesperson_id: string | null } | null,
) =>
  queryOptions({
    queryKey: ['order-quote', asked],
    enabled: asked !== null,
    retry: false,
    gcTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => orThrow(api.POST('/api/v1/office/order-quotes', { body: asked!, signal })),
  })

/** The support credits of an account, given and used. */
export const supportCreditsQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['accounts', accountId, 'support-credits'],
    queryFn: async ({ signal }) => {
      const [credits] = await Promise.all([
        orThrow(
          api.GET('/api/v1/office/accounts/{id}/support-credits', {
            params: { path: { id: accountId }, query: { limit: 5 } },
            signal,
          }),
        ),
        loadTexts('orders'),
      ])
      return credits
    },
  })

/** After something was done with an order: what the screens know of orders, accounts and services is asked again. */
export async function refreshOrders(queryClient: QueryClient): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['orders'] }),
    queryClient.invalidateQueries({ queryKey: ['services'] }),
    queryClient.invalidateQueries({ queryKey: ['today'] }),
    refreshAccounts(queryClient),
  ])
}
