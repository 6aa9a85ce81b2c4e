import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { api, orThrow } from '../shared/api.ts'
import type { CustomerSession } from '../shared/api-types.gen.ts'
import { changeLanguage, hasChosenLanguage } from '../shared/i18n.ts'
import { showLook } from './look.ts'

/** Who is signed in, in which account, and what they may do there. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }) => {
    const session = await orThrow(api.GET('/api/v1/portal/session', { signal }))
    // The language of the user counts until another is chosen in this browser.
    if (!hasChosenLanguage()) await changeLanguage(session.language)
    return session
  },
})

/** What needs the customer, what they have, what they owe. It brings the look of their business unit too. */
export const homeQuery = queryOptions({
  queryKey: ['home'],
  refetchInterval: 60_000,
  queryFn: async ({ signal }) => {
    const home = await orThrow(api.GET('/api/v1/portal/home', { signal }))
    showLook(home.unit)
    return home
  },
})

type Permission = CustomerSession['permissions'][number]

/** Whether this user may do something in this account; the owner may do everything (A6). */
export function maySession(session: CustomerSession, needed: Permission): boolean {
  return session.permissions.includes('owner') || session.permissions.includes(needed)
}

/** The session of whoever is signed in, inside the pages that need one. */
export function useSession(): CustomerSession {
  return useRouteContext({ from: '/_app', select: (context) => context.session })
}

/** After somebody signed in or moved to another account: nothing of before is shown again. */
export function forgetEverything(queryClient: QueryClient): void {
  queryClient.clear()
}
