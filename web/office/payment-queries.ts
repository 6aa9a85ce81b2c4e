import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { Payment, PaymentNotice } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'
import { refreshAccounts } from './account-queries.ts'

/** Which notices of payments a queue shows. */
export interface NoticeFilter {
  state: PaymentNotice['state'] | undefined
  account_id: string | undefined
  business_unit_id: string | undefined
}

/** What customers say they paid: what waits with the oldest first, what is decided with the newest first. */
export const paymentNoticesQuery = (filter: NoticeFilter) =>
  infiniteQueryOptions({
    queryKey: ['payment-notices', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/office/payment-notices', {
          params: {
            query: {
              ...filter,
              sort: filter.state === 'pending' ? 'created_at' : '-created_at',
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

/** One notice of a payment. */
export const paymentNoticeQuery = (id: string) =>
  queryOptions({
    queryKey: ['payment-notices', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/payment-notices/{id}', { params: { path: { id } }, signal })),
  })

/** What a receipt is by its first bytes, whatever it was called. */
export type Receipt = { kind: 'image'; blob: Blob } | { kind: 'file' }

const imageTypes: [string, string][] = [
  ['89504e47', 'image/png'],
  ['ffd8ff', 'image/jpeg'],
  ['52494646', 'image/webp'],
  ['47494638', 'image/gif'],
]

/** What a notice may be the money of: the account's open invoices and orders, and lines of the bank. */
export const noticeFitsQuery = (id: string) =>
  queryOptions({
    queryKey: ['payment-notices', id, 'fits'],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/payment-notices/{id}/fits', { params: { path: { id } }, signal })),
  })

/** A receipt of a notice, to be shown where it is a picture. Its kind is what its bytes say: strangers send it. */
export const receiptQuery = (id: string, fileId: string) =>
  queryOptions({
    queryKey: ['payment-notices', id, 'receipt', fileId],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<Receipt> => {
      const bytes = (await orThrow(
        api.GET('/api/v1/office/payment-notices/{id}/receipts/{file_id}', {
          params: { path: { id, file_id: fileId } },
          parseAs: 'arrayBuffer',
          signal,
        }),
      )) as unknown as ArrayBuffer
      const head = [...new Uint8Array(bytes.slice(0, 4))]
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join('')
      const type = imageTypes.find(([magic]) => head.startsWith(magic))?.[1]
      return type ? { kind: 'image', blob: new Blob([bytes], { type }) } : { kind: 'file' }
    },
  })

/** Every payment that came in. */
export const paymentsSource: TableSource<Payment> = {
  queryKey: ['payments', 'list'],
  filters: ['business_unit_id', 'account_id', 'method', 'from', 'to'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/payments', { params: { query: query as never }, signal })),
}

/** After a notice was decided: what the screens know of payments and balances is asked again. */
export async function refreshPayments(queryClient: QueryClient): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['payment-notices', 'list'] }),
    queryClient.invalidateQueries({ queryKey: ['payment-notices', 'account'] }),
    refreshAccounts(queryClient),
  ])
}
