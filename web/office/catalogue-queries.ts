import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { PlanSummary, Product, RoutingPoint } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** The list of plans. */
export const plansSource: TableSource<PlanSummary> = {
  queryKey: ['plans', 'list'],
  filters: ['business_unit_id', 'product_id', 'kind', 'archived'],
  defaultSort: 'position',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/plans', { params: { query: query as never }, signal })),
}

export const productsSource: TableSource<Product> = {
  queryKey: ['products', 'list'],
  filters: ['business_unit_id', 'archived'],
  defaultSort: 'position',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/products', { params: { query: query as never }, signal })),
}

export const routingPointsSource: TableSource<RoutingPoint> = {
  queryKey: ['routing-points', 'list'],
  filters: ['business_unit_id', 'archived'],
  defaultSort: 'name',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/routing-points', { params: { query: query as never }, signal })),
}

/** A plan with its prices, items and options. */
export const planQuery = (id: string) =>
  queryOptions({
    queryKey: ['plans', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/plans/{id}', { params: { path: { id } }, signal })),
  })

/** The products that plans may belong to; those of a catalogue are few. */
export const usableProductsQuery = queryOptions({
  queryKey: ['products', 'usable'],
  staleTime: 60_000,
  queryFn: async ({ signal }) =>
    (
      await orThrow(
        api.GET('/api/v1/office/products', { params: { query: { archived: 'false', limit: 200 } }, signal }),
      )
    ).items,
})

/** After something of the catalogue changed. */
export async function refreshCatalogue(queryClient: QueryClient): Promise<void> {
  await Promise.all(
    ['plans', 'products', 'routing-points'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })),
  )
}
