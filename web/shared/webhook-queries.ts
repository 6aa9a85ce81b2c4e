import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from './api.ts'
import type { OwnWebhookDelivery, WebhookDeliveryDetail, WebhookEndpoint } from './api-types.gen.ts'
import { mine } from './side.ts'

// Apart from the pages: what a route loads comes with the app's first script, the pages themselves later.

/** An endpoint of either side; of an account without what only the office shows. */
export type Endpoint = Omit<WebhookEndpoint, 'account_id' | 'business_unit_id' | 'business_unit_name'> &
  Partial<Pick<WebhookEndpoint, 'account_id' | 'business_unit_id' | 'business_unit_name'>>
export type Delivery = OwnWebhookDelivery & { account_id?: string | null; account_name?: string | null }
export type DeliveryDetail = Omit<WebhookDeliveryDetail, 'account_id' | 'account_name'> &
  Pick<Delivery, 'account_id' | 'account_name'>

/** The endpoints of the operator, or of the account: few by nature. */
export const endpointsQuery = () =>
  queryOptions({
    queryKey: ['webhooks', 'endpoints'],
    queryFn: async ({ signal }) => {
      const page = await orThrow(
        api.GET(mine('/api/v1/portal/webhook-endpoints'), {
          params: { query: { limit: 100 } as never },
          signal,
        }),
      )
      return page.items as Endpoint[]
    },
  })

export const endpointQuery = (id: string) =>
  queryOptions({
    queryKey: ['webhooks', 'endpoints', id],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET(mine('/api/v1/portal/webhook-endpoints/{id}'), { params: { path: { id } }, signal }),
      ) as Promise<Endpoint>,
  })

export interface LogFilter {
  state?: string
  type?: string
  q?: string
}

/** What was sent to an endpoint, the latest first; read again while something is on its way. */
export const deliveriesQuery = (endpointId: string, filter: LogFilter) =>
  infiniteQueryOptions({
    queryKey: ['webhooks', 'deliveries', endpointId, filter],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET(mine('/api/v1/portal/webhook-deliveries'), {
          params: {
            query: {
              endpoint_id: endpointId,
              limit: 25,
              ...(filter.state ? { state: filter.state } : {}),
              ...(filter.type ? { type: filter.type } : {}),
              ...(filter.q ? { q: filter.q } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            } as never,
          },
          signal,
        }),
      ) as Promise<{ items: Delivery[]; next_cursor: string | null }>,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) =>
      state.data?.pages[0]?.items.some((one) => one.state === 'pending') ? 3000 : false,
  })

export const deliveryQuery = (id: string) =>
  queryOptions({
    queryKey: ['webhooks', 'delivery', id],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET(mine('/api/v1/portal/webhook-deliveries/{id}'), { params: { path: { id } }, signal }),
      ) as Promise<DeliveryDetail>,
    refetchInterval: ({ state }) => (state.data?.state === 'pending' ? 2000 : false),
  })

/** What webhooks tell, each with an example. */
export const eventsQuery = () =>
  queryOptions({
    queryKey: ['webhooks', 'events'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) =>
      (await orThrow(api.GET(mine('/api/v1/portal/webhook-events'), { signal }))).items,
  })
