import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { ChangeRequestInput, SubscriptionChange } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import type { TableSource } from '../shared/table-search.ts'

/** What can be chosen for a change of a service, with the words that its dialogs need. */
export const changeChoicesQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', id, 'change-choices'],
    queryFn: async ({ signal }) => {
      const [choices] = await Promise.all([
        orThrow(
          api.GET('/api/v1/office/subscriptions/{id}/change-choices', { params: { path: { id } }, signal }),
        ),
        loadTexts('changes'),
      ])
      return choices
    },
  })

/** What a change would do and cost; asked again with every choice. */
export const changePreviewQuery = (id: string, change: ChangeRequestInput | null) =>
  queryOptions({
    queryKey: ['services', id, 'change-preview', change],
    enabled: change !== null,
    retry: false,
    gcTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/changes/preview', {
          params: { path: { id } },
          body: { change: change! },
          signal,
        }),
      ),
  })

/** The last changes of a service, those to come first. */
export const serviceChangesQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', id, 'changes'],
    queryFn: async ({ signal }) => {
      const [page] = await Promise.all([
        orThrow(
          api.GET('/api/v1/office/subscriptions/{id}/changes', {
            params: { path: { id }, query: { limit: 100 } },
            signal,
          }),
        ),
        loadTexts('changes'),
      ])
      return page
    },
  })

/** Changes of services of all accounts. */
export const changesSource: TableSource<SubscriptionChange> = {
  queryKey: ['changes', 'list'],
  filters: ['state', 'kind', 'business_unit_id', 'account_id', 'from', 'to'],
  defaultSort: '-effective_on',
  fetchPage: async (query, signal) => {
    const [page] = await Promise.all([
      orThrow(api.GET('/api/v1/office/changes', { params: { query: query as never }, signal })),
      loadTexts('changes'),
    ])
    return page
  },
}
