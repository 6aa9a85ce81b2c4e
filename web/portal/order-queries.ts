import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { OwnOrder, OwnOrderRequest } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'

/** What can be ordered, at today's prices, with the words of the shop. */
export const shopQuery = queryOptions({
  queryKey: ['shop'],
  queryFn: async ({ signal }) => {
    const [shop] = await Promise.all([orThrow(api.GET('/api/v1/portal/shop', { signal })), loadTexts('shop')])
    return shop
  },
})

/** What an order comes to as it is configured; nothing is written. */
export const orderQuoteQuery = (request: OwnOrderRequest | null) =>
  queryOptions({
    queryKey: ['order-quote', request],
    enabled: request !== null,
    retry: false,
    gcTime: 0,
    staleTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      orThrow(api.POST('/api/v1/portal/order-quotes', { body: { request: request! }, signal })),
  })

/** How a list of orders may be narrowed. */
export const orderFilters = ['all', 'waiting', 'processed', 'ended'] as const
export type OrderFilter = (typeof orderFilters)[number]

const statesOf: Record<OrderFilter, OwnOrder['state'][] | undefined> = {
  all: undefined,
  waiting: ['quoted', 'open', 'paid'],
  processed: ['processed'],
  ended: ['declined', 'expired', 'cancelled'],
}

/** The account's orders and quotes, newest first. */
export const ordersQuery = (filter: OrderFilter) =>
  infiniteQueryOptions({
    queryKey: ['orders', 'list', filter],
    queryFn: async ({ pageParam, signal }) => {
      const [page] = await Promise.all([
        orThrow(
          api.GET('/api/v1/portal/orders', {
            params: { query: { state: statesOf[filter], limit: 30, cursor: pageParam ?? undefined } },
            signal,
          }),
        ),
        loadTexts('shop'),
      ])
      return page
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: 60_000,
  })

/** Whether something happens to an order by itself in the next seconds. */
export function isMoving(order: OwnOrder): boolean {
  if (order.state === 'open') return order.intent_id !== null || !order.payable
  return order.state === 'paid' && !order.delayed
}

/** One order with what it comes to; asked every second while something happens to it. */
export const orderQuery = (id: string) =>
  queryOptions({
    queryKey: ['orders', id],
    queryFn: async ({ signal }) => {
      const [order] = await Promise.all([
        orThrow(api.GET('/api/v1/portal/orders/{id}', { params: { path: { id } }, signal })),
        loadTexts('shop'),
      ])
      return order
    },
    refetchInterval: (query) => {
      const order = query.state.data
      if (!order || order.ended_at !== null || order.state === 'processed') return false
      return isMoving(order) ? 1500 : 15_000
    },
  })

/** The account's support credits, and where the latest of them come from. */
export const supportCreditsQuery = queryOptions({
  queryKey: ['support-credits'],
  queryFn: ({ signal }) =>
    orThrow(api.GET('/api/v1/portal/support-credits', { params: { query: { limit: 10 } }, signal })),
})
