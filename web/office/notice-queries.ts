import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { Notice } from '../shared/api-types.gen.ts'
import type { Search } from '../shared/router.ts'

export const noticeStates: Notice['state'][] = ['queued', 'sent', 'kept', 'failed']
export const noticeKinds: Notice['kind'][] = [
  'invoice_issued',
  'payment_notice_received',
  'payment_approved',
  'payment_rejected',
  'dunning_reminder',
  'dunning_suspended',
  'dunning_reactivated',
  'dunning_cancelled',
  'password_reset',
  'password_changed',
  'email_change',
  'email_changed',
  'sign_in_methods_changed',
  'staff_invitation',
  'member_invitation',
  'ownership_offered',
  'ownership_transferred',
  'account_change_decided',
]

/** Which mails the mailbox shows. */
export interface MailFilter {
  q: string | undefined
  state: Notice['state'] | undefined
  kind: Notice['kind'] | undefined
  business_unit_id: string | undefined
  account_id: string | undefined
}

/** What the address of the mailbox asks for. */
export function mailFilterOf(search: Search): MailFilter {
  return {
    q: search.q || undefined,
    state: noticeStates.find((one) => one === search.state),
    kind: noticeKinds.find((one) => one === search.kind),
    business_unit_id: search.business_unit_id || undefined,
    account_id: search.account_id || undefined,
  }
}

/** The mails that were written, newest first. */
export const mailsQuery = (filter: MailFilter) =>
  infiniteQueryOptions({
    queryKey: ['notices', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/office/notices', {
          params: { query: { ...filter, limit: 50, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: 60_000,
  })

/** One mail; while it waits to be sent it is asked for again. */
export const mailQuery = (id: string) =>
  queryOptions({
    queryKey: ['notices', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/notices/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.state === 'queued' ? 3_000 : false),
  })

/** After a mail was sent again. */
export async function refreshMails(queryClient: QueryClient): Promise<void> {
  await Promise.all(['notices', 'today'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })))
}
