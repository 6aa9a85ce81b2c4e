import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { SubscriptionSummary } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** The list of services. */
export const servicesSource: TableSource<SubscriptionSummary> = {
  queryKey: ['services', 'list'],
  filters: ['status', 'business_unit_id', 'plan_id', 'salesperson_id'],
  defaultSort: 'account_name',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/subscriptions', { params: { query: query as never }, signal })),
}

/** One service with all that its page shows. */
export const serviceQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/subscriptions/{id}', { params: { path: { id } }, signal })),
  })

/** The newest services of a business unit that go on: examples to look at. */
export const servicesOfUnitQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['services', 'of-unit', unitId],
    enabled: unitId !== '',
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/subscriptions', {
            params: {
              query: { business_unit_id: unitId, status: ['active'], sort: '-start_date', limit: 20 },
            },
            signal,
          }),
        )
      ).items,
  })

/** Who may have sold in a business unit, or in any. */
export const salespeopleQuery = (unitId: string | undefined) =>
  queryOptions({
    queryKey: ['salespeople', unitId ?? 'all'],
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/salespeople', {
            params: { query: { business_unit_id: unitId } },
            signal,
          }),
        )
      ).items,
  })

/** The plans that can be sold, of a business unit or of all; those of a catalogue are few. */
export const usablePlansQuery = (unitId: string | undefined) =>
  queryOptions({
    queryKey: ['plans', 'usable', unitId ?? 'all'],
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/plans', {
            params: { query: { business_unit_id: unitId, archived: 'false', limit: 200 } },
            signal,
          }),
        )
      ).items,
  })

/** Where the connections of a business unit may enter its network. */
export const usableRoutingPointsQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['routing-points', 'usable', unitId],
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/routing-points', {
            params: { query: { business_unit_id: unitId, archived: 'false', limit: 200 } },
            signal,
          }),
        )
      ).items,
  })

/** Only connections enter the network somewhere. */
export function isRouted(kind: SubscriptionSummary['plan_kind']): boolean {
  return kind === 'broadband' || kind === 'additional_point'
}
