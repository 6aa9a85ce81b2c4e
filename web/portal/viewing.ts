import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'

// Staff who see the portal as a customer (A11): this tab was opened by the office.

const flag = 'zaguan.viewing'

/** As whom, since when, until when, and whether anything may be changed. */
export const viewQuery = queryOptions({
  queryKey: ['view-as'],
  staleTime: 60_000,
  queryFn: ({ signal }) => orThrow(api.GET('/api/v1/portal/view-as', { signal })),
})

/** Whether this tab was opened to see the portal as a customer, even where that has ended meanwhile. */
export function isViewingTab(): boolean {
  try {
    return sessionStorage.getItem(flag) !== null
  } catch {
    return false
  }
}

export function markViewingTab(viewing: boolean): void {
  try {
    if (viewing) sessionStorage.setItem(flag, '1')
    else sessionStorage.removeItem(flag)
  } catch {
    // A browser that keeps nothing shows the sign-in at the end instead of saying that the view has ended.
  }
}

/** Ends the view and leads back to the customer in the office. */
export async function stopViewing(accountId: string | null): Promise<void> {
  await orThrow(api.DELETE('/api/v1/portal/view-as'))
  markViewingTab(false)
  window.location.assign(accountId === null ? '/office/' : `/office/accounts/${accountId}`)
}
