import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { api, orThrow } from '../shared/api.ts'
import type { StaffSession } from '../shared/api-types.gen.ts'
import { changeLanguage, hasChosenLanguage } from '../shared/i18n.ts'
import { forgetRecent } from '../shared/recent-entries.ts'

/** Who is signed in, and what their role may do. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }) => {
    const session = await orThrow(api.GET('/api/v1/office/session', { signal }))
    // The language of the user counts until another is chosen in this browser.
    if (!hasChosenLanguage()) await changeLanguage(session.language)
    return session
  },
})

/** What a role may do, in the API's words: 'accounts.write'. */
export type Permission = StaffSession['permissions'][number]

/** The session of whoever is signed in, inside the pages that need one. */
export function useSession(): StaffSession {
  return useRouteContext({ from: '/_app', select: (context) => context.session })
}

/** Whether the role of whoever is signed in may do something: `const may = useMay()`, `may('accounts.write')`. */
export function useMay(): (needed: Permission) => boolean {
  const { permissions } = useSession()
  return (needed) => permissions.includes(needed)
}

/** After somebody signed in or out: nothing of before is shown again. */
export function forgetEverything(queryClient: QueryClient): void {
  queryClient.clear()
  forgetRecent()
}
