import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouteContext, useRouter } from '@tanstack/react-router'
import { api, orThrow } from '../shared/api.ts'
import type { CustomerSession } from '../shared/api-types.gen.ts'
import { changeLanguage, hasChosenLanguage } from '../shared/i18n.ts'
import { useProblemToast } from '../shared/toasts.tsx'
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

/** Ends the session and leads to the sign-in; nothing that was read is kept. */
export function useSignOut() {
  const router = useRouter()
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => orThrow(api.DELETE('/api/v1/portal/session')),
    onSuccess: async () => {
      await router.navigate({ to: '/sign-in', search: {}, replace: true })
      queryClient.clear()
    },
    onError: useProblemToast(),
  })
}

/** Moves to another account of this user: its home, and nothing of the one before. */
export function useEnterAccount() {
  const router = useRouter()
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      orThrow(api.POST('/api/v1/portal/accounts/{id}/enter', { params: { path: { id } } })),
    onSuccess: async () => {
      queryClient.clear()
      await router.navigate({ to: '/' })
      await router.invalidate()
    },
    onError: useProblemToast(),
  })
}
