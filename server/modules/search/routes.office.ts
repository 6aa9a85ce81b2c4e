import { type App, officeRoute } from '../../platform/http.ts'
import type { SearchKind } from '../../platform/search-kinds.ts'
import { foundSchema, searchQuery } from './schemas.ts'
import { searchEverything } from './search.ts'

/** The search over everything that the modules declare. */
export function registerSearchOffice(app: App, kinds: readonly SearchKind[]): void {
  const names = kinds.map(({ kind }) => kind) as [string, ...string[]]
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/search',
      operation: 'search',
      summary: 'Find anything in one box',
      description:
        'Exact hits first; accents, punctuation of numbers and typing errors are forgiven. At most eight of a kind and twenty in all; only what the caller may see',
      tag: 'Search',
      permission: 'any_staff',
      query: searchQuery(names),
      response: foundSchema(names),
    },
    async (tx, { query }, actor) => {
      const permitted = kinds.filter(
        ({ kind, permission }) =>
          actor.permissions.includes(permission) && (query.kinds === undefined || query.kinds.includes(kind)),
      )
      return {
        items: await searchEverything(
          tx,
          query.q,
          permitted.map(({ kind }) => kind),
        ),
      }
    },
  )
}
