import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import { todayQuery } from './frame-queries.ts'

/** What waits and the figures of one business unit, or of all. */
export const todayOfUnitQuery = (unit: string | undefined) =>
  unit === undefined
    ? todayQuery
    : queryOptions({
        queryKey: ['today', unit],
        refetchInterval: 60_000,
        queryFn: ({ signal }) =>
          orThrow(api.GET('/api/v1/office/today', { params: { query: { business_unit_id: unit } }, signal })),
      })
