import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { Coupon } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import type { TableSource } from '../shared/table-search.ts'

export const couponsSource: TableSource<Coupon> = {
  queryKey: ['coupons', 'list'],
  filters: ['business_unit_id', 'state'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/coupons', { params: { query: query as never }, signal })),
}

/** One coupon, with the words that its page needs. */
export const couponQuery = (id: string) =>
  queryOptions({
    queryKey: ['coupons', id],
    queryFn: async ({ signal }) => {
      const [coupon] = await Promise.all([
        orThrow(api.GET('/api/v1/office/coupons/{id}', { params: { path: { id } }, signal })),
        loadTexts('books'),
      ])
      return coupon
    },
  })

/** Who redeemed it, the latest first. */
export const redemptionsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['coupons', id, 'redemptions'],
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/office/coupons/{id}/redemptions', {
          params: { path: { id }, query: { limit: 25, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })

/** The plans of a business unit that a coupon may be for. */
export const unitPlansQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['plans', 'of-unit', unitId],
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/plans', {
            params: { query: { business_unit_id: unitId, limit: 200, sort: 'name' } },
            signal,
          }),
        )
      ).items,
  })

/** The coupons of a service, and from when one that is redeemed now lasts. */
export const serviceCouponsQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', id, 'coupons'],
    queryFn: async ({ signal }) => {
      const [coupons] = await Promise.all([
        orThrow(api.GET('/api/v1/office/subscriptions/{id}/coupons', { params: { path: { id } }, signal })),
        loadTexts('books'),
      ])
      return coupons
    },
  })

/** After a coupon was changed, redeemed or ended: what services cost and what is billed next may be another. */
export async function refreshCoupons(queryClient: QueryClient): Promise<void> {
  await Promise.all(
    ['coupons', 'services', 'accounts', 'subscriptions'].map((key) =>
      queryClient.invalidateQueries({ queryKey: [key] }),
    ),
  )
}
