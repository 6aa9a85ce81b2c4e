import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import { loadTexts } from '../shared/i18n.ts'

/** How a list of invoices may be narrowed: `open` includes what is overdue. */
export const invoiceFilters = ['open', 'paid', 'credit_note', 'proforma', 'all'] as const
export type InvoiceFilter = (typeof invoiceFilters)[number]

/** The account's invoices: open ones by due date, the others newest first. */
export const invoicesQuery = (filter: InvoiceFilter) =>
  infiniteQueryOptions({
    queryKey: ['invoices', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/portal/invoices', {
          params: {
            query: {
              state: filter === 'open' || filter === 'paid' ? filter : undefined,
              kind: filter === 'credit_note' || filter === 'proforma' ? filter : undefined,
              sort: filter === 'open' ? 'due_date' : '-issue_date',
              limit: 50,
              cursor: pageParam ?? undefined,
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: 60_000,
  })

/** Everything open, for the page that pays it. */
export const openInvoicesQuery = queryOptions({
  queryKey: ['invoices', 'open'],
  queryFn: async ({ signal }) => {
    const page = await orThrow(
      api.GET('/api/v1/portal/invoices', {
        params: { query: { state: 'open', sort: 'due_date', limit: 50 } },
        signal,
      }),
    )
    return page.items
  },
})

/** One invoice with its lines, each explained in the language of the screen. */
export const invoiceQuery = (id: string) =>
  queryOptions({
    queryKey: ['invoices', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/portal/invoices/{id}', { params: { path: { id } }, signal })),
    refetchInterval: 60_000,
  })

/** What this account told of payments, newest first. */
export const paymentsQuery = infiniteQueryOptions({
  queryKey: ['payments', 'list'],
  queryFn: ({ pageParam, signal }) =>
    orThrow(
      api.GET('/api/v1/portal/payment-notices', {
        params: { query: { limit: 50, cursor: pageParam ?? undefined } },
        signal,
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
  refetchInterval: 60_000,
})

/** One payment that was told of. */
export const paymentQuery = (id: string) =>
  queryOptions({
    queryKey: ['payments', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/portal/payment-notices/{id}', { params: { path: { id } }, signal })),
  })

/** What happened to the account's money, newest first, with the balance after each. */
export const statementQuery = infiniteQueryOptions({
  queryKey: ['statement'],
  queryFn: async ({ pageParam, signal }) => {
    const [page] = await Promise.all([
      orThrow(
        api.GET('/api/v1/portal/statement', {
          params: { query: { limit: 50, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
      loadTexts('money'),
    ])
    return page
  },
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
})

/** How people call an invoice: its series and its number. */
export function numberOfInvoice(invoice: { series: string; number: number }): string {
  return `${invoice.series}-${invoice.number}`
}

/** The word for how an invoice stands: what is open and late is overdue. */
export function stateOfInvoice(invoice: { state: string; overdue: boolean }): string {
  return invoice.state === 'open' && invoice.overdue ? 'overdue' : invoice.state
}
