import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import { loadTexts } from '../shared/i18n.ts'

/** The taxes of a business unit in their order, with the words that their page needs. */
export const taxesQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['taxes', unitId],
    queryFn: async ({ signal }) => {
      const [page] = await Promise.all([
        orThrow(api.GET('/api/v1/office/taxes', { params: { query: { business_unit_id: unitId } }, signal })),
        loadTexts('books'),
      ])
      return page.items
    },
  })

/** The products of a business unit with the taxes that each bears: those of a catalogue are few. */
export const productTaxesQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['taxes', 'products', unitId],
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/product-taxes', {
            params: { query: { business_unit_id: unitId, limit: 200 } },
            signal,
          }),
        )
      ).items,
  })

/** The taxes of an account, and which it is exempt from, with their words. */
export const accountTaxesQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', id, 'taxes'],
    queryFn: async ({ signal }) => {
      const [page] = await Promise.all([
        orThrow(api.GET('/api/v1/office/accounts/{id}/taxes', { params: { path: { id } }, signal })),
        loadTexts('books'),
      ])
      return page.items
    },
  })

export const refreshTaxes = (queryClient: QueryClient) =>
  queryClient.invalidateQueries({ queryKey: ['taxes'] })
