import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'

/** One business unit with all its settings. */
export const unitQuery = (id: string) =>
  queryOptions({
    queryKey: ['units', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/business-units/{id}', { params: { path: { id } }, signal })),
  })

/** After a business unit was created or changed. */
export async function refreshUnits(queryClient: QueryClient): Promise<void> {
  await Promise.all(['units', 'today'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })))
}
