import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import { loadTexts } from '../shared/i18n.ts'

const ofService = (id: string) => ({ params: { path: { id } } })

/** What the customer may change of a service, and to what; with the words that it takes. */
export const ownChoicesQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', id, 'change-choices'],
    queryFn: async ({ signal }) => {
      const [choices] = await Promise.all([
        orThrow(api.GET('/api/v1/portal/subscriptions/{id}/change-choices', { ...ofService(id), signal })),
        loadTexts('changes'),
      ])
      return choices
    },
  })

/** The changes of a service, the newest first. */
export const ownChangesQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', id, 'changes'],
    queryFn: async ({ signal }) => {
      const [page] = await Promise.all([
        orThrow(
          api.GET('/api/v1/portal/subscriptions/{id}/changes', {
            params: { path: { id }, query: { limit: 50 } },
            signal,
          }),
        ),
        loadTexts('changes'),
      ])
      return page
    },
  })

/** One change until it is no longer being done: asked again and again meanwhile. */
export const ownChangeQuery = (id: string) =>
  queryOptions({
    queryKey: ['changes', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/portal/changes/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) => (query.state.data?.state === 'requested' ? 700 : false),
  })
