import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { Closing, ClosingAccount, Invoice } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** The list of closings, newest first. */
export const closingsSource: TableSource<Closing> = {
  queryKey: ['closings', 'list'],
  filters: ['business_unit_id', 'state'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/closings', { params: { query: query as never }, signal })),
}

/** Whether a closing is being worked on in the background. */
export function isClosingBusy(state: Closing['state']): boolean {
  return state === 'draft' || state === 'preparing' || state === 'queued' || state === 'running'
}

/** One closing; while it is worked on it is asked for every second. */
export const closingQuery = (id: string) =>
  queryOptions({
    queryKey: ['closings', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/closings/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data && isClosingBusy(state.data.state) ? 1_000 : false),
  })

/** The accounts of a closing. `state` of the closing belongs to the key: another state has other rows. */
export const closingAccountsSource = (id: string, state: string): TableSource<ClosingAccount> => ({
  queryKey: ['closings', id, 'accounts', state],
  filters: ['state'],
  defaultSort: 'account_name',
  fetchPage: (query, signal) =>
    orThrow(
      api.GET('/api/v1/office/closings/{id}/accounts', {
        params: { path: { id }, query: query as never },
        signal,
      }),
    ),
})

/** What a closing plans for one account, or has charged. */
export const closingAccountQuery = (id: string, account: string) =>
  queryOptions({
    queryKey: ['closings', id, 'account', account],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/closings/{id}/accounts/{account_id}', {
          params: { path: { id, account_id: account } },
          signal,
        }),
      ),
  })

/** The list of invoices, newest first. */
export const invoicesSource: TableSource<Invoice> = {
  queryKey: ['invoices', 'list'],
  filters: [
    'business_unit_id',
    'kind',
    'state',
    'total_from',
    'total_to',
    'due_from',
    'due_to',
    'issued_from',
    'issued_to',
    'account_id',
    'closing_id',
  ],
  defaultSort: '-issue_date',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/invoices', { params: { query: query as never }, signal })),
}

/** One invoice with its lines, each explained in the language of the screen. */
export const invoiceQuery = (id: string) =>
  queryOptions({
    queryKey: ['invoices', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/invoices/{id}', { params: { path: { id } }, signal })),
  })
