import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'

/** The users of the account; who does not manage users sees themselves. */
export const membersQuery = queryOptions({
  queryKey: ['members'],
  queryFn: async ({ signal }) => (await orThrow(api.GET('/api/v1/portal/members', { signal }))).items,
})

/** Who was invited and has not come yet. */
export const invitationsQuery = queryOptions({
  queryKey: ['members', 'invitations'],
  queryFn: async ({ signal }) => (await orThrow(api.GET('/api/v1/portal/invitations', { signal }))).items,
})

/** The offer of the account's ownership, if there is one. */
export const transferQuery = queryOptions({
  queryKey: ['members', 'transfer'],
  queryFn: async ({ signal }) =>
    (await orThrow(api.GET('/api/v1/portal/ownership-transfer', { signal }))).transfer,
})

/** The contacts of the account. */
export const contactsQuery = queryOptions({
  queryKey: ['contacts'],
  queryFn: async ({ signal }) => (await orThrow(api.GET('/api/v1/portal/contacts', { signal }))).items,
})

/** After something of the account's people changed: what the screens know of it is asked again. */
export async function refreshMembers(queryClient: QueryClient): Promise<void> {
  await Promise.all(
    ['members', 'contacts', 'home', 'session'].map((key) =>
      queryClient.invalidateQueries({ queryKey: [key] }),
    ),
  )
}
