import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { SubscriptionChange } from '../shared/api-types.gen.ts'
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
