import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { Account } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** The list of accounts. */
export const accountsSource: TableSource<Account> = {
  queryKey: ['accounts', 'list'],
  filters: ['business_unit_id', 'city', 'rank', 'setup'],
  defaultSort: 'name',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/accounts', { params: { query: query as never }, signal })),
}

const ofAccount = (id: string) => ({ params: { path: { id } } })

export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', id],
    queryFn: ({ signal }) => orThrow(api.GET('/api/v1/office/accounts/{id}', { ...ofAccount(id), signal })),
  })

/** What the account owes, has overdue and has as credit. */
export const balanceQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', id, 'balance'],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/accounts/{id}/balance', { ...ofAccount(id), signal })),
  })

export const contactsQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', id, 'contacts'],
    queryFn: async ({ signal }) =>
      (await orThrow(api.GET('/api/v1/office/accounts/{id}/contacts', { ...ofAccount(id), signal }))).items,
  })

/** The users of the portal who may act for the account. */
export const membersQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', id, 'members'],
    queryFn: async ({ signal }) =>
      (await orThrow(api.GET('/api/v1/office/accounts/{id}/members', { ...ofAccount(id), signal }))).items,
  })

/** Payment method and due day that the services of the account share. */
export const billingDataQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', id, 'billing-data'],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/accounts/{id}/billing-data', { ...ofAccount(id), signal })),
  })

/** The services of one account, all of them: few by nature. */
export const accountServicesQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', 'account', id],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/subscriptions', {
          params: { query: { account_id: id, sort: 'number', limit: 200 } },
          signal,
        }),
      ),
  })

export const openInvoicesQuery = (id: string) =>
  queryOptions({
    queryKey: ['invoices', 'account', id],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/invoices', {
          params: { query: { account_id: id, state: 'open', sort: 'due_date', limit: 100 } },
          signal,
        }),
      ),
  })

/** What happened to the account's money, newest first, with the balance after each. */
export const statementQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['accounts', id, 'statement'],
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/office/accounts/{id}/statement', {
          params: {
            path: { id },
            query: { limit: pageParam === null ? 8 : 50, cursor: pageParam ?? undefined },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })

/** The latest mails to the account. */
export const accountMailsQuery = (id: string) =>
  queryOptions({
    queryKey: ['notices', 'account', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/notices', { params: { query: { account_id: id, limit: 6 } }, signal })),
  })

/** The latest payments of the account. */
export const accountPaymentsQuery = (id: string) =>
  queryOptions({
    queryKey: ['payments', 'account', id],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/payments', {
          params: { query: { account_id: id, sort: '-received_on', limit: 6 } },
          signal,
        }),
      ),
  })

/** Payments that the customer told of and nobody has approved or rejected yet. */
export const waitingPaymentsQuery = (id: string) =>
  queryOptions({
    queryKey: ['payment-notices', 'account', id],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/payment-notices', {
          params: { query: { account_id: id, state: 'pending', limit: 20 } },
          signal,
        }),
      ),
  })

/** Who changed what of the account lately. */
export const accountAuditQuery = (id: string) =>
  queryOptions({
    queryKey: ['audit', 'account', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/audit', { params: { query: { account_id: id, limit: 8 } }, signal })),
  })

/** After something of an account or its services changed: what the screens know of it is asked again. */
export async function refreshAccounts(queryClient: QueryClient): Promise<void> {
  await Promise.all(
    ['accounts', 'services', 'invoices', 'payments', 'audit', 'today'].map((key) =>
      queryClient.invalidateQueries({ queryKey: [key] }),
    ),
  )
}
