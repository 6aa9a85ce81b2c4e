import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { OwnPaymentIntent } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'

/** Every way to pay that the business unit offers this account, with the words to say them. */
export const choicesQuery = queryOptions({
  queryKey: ['payment-choices'],
  queryFn: async ({ signal }) => {
    const [choices] = await Promise.all([
      orThrow(api.GET('/api/v1/portal/payment-choices', { signal })),
      loadTexts('pay'),
    ])
    return choices
  },
})

/** The payment methods that this account keeps at its providers. */
export const storedMethodsQuery = queryOptions({
  queryKey: ['stored-methods'],
  queryFn: async ({ signal }) => {
    const [page] = await Promise.all([
      orThrow(api.GET('/api/v1/portal/stored-methods', { signal })),
      loadTexts('pay'),
    ])
    return page.items
  },
})

/** How long a payment is looked at every second, before it is looked at more seldom. */
const eagerMs = 60_000

/** One payment until it is over: asked again and again meanwhile, while somebody looks. */
export const intentQuery = (id: string, openedAt = Date.now()) =>
  queryOptions({
    queryKey: ['payment-intents', id],
    staleTime: 0,
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/portal/payment-intents/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) =>
      query.state.data && isOver(query.state.data) ? false : Date.now() - openedAt < eagerMs ? 1000 : 5000,
    refetchIntervalInBackground: false,
    refetchOnWindowFocus: true,
  })

/** Lets the provider be asked now what became of a payment. Whatever comes of it, the page asks us again and again. */
export async function askProvider(id: string): Promise<void> {
  await api.POST('/api/v1/portal/payment-intents/{id}/look-up', { params: { path: { id } } })
}

/** Whether nothing can become of a payment any more. */
export function isOver(intent: Pick<OwnPaymentIntent, 'ended_at'>): boolean {
  return intent.ended_at !== null
}

/** What is to be paid: invoices, or an order. */
export type PayTarget = { invoice_ids: string[] } | { order_id: string }

/** The payment that is on its way for any of the same by the same method, where there is one. */
export async function findOpenIntent(
  target: PayTarget,
  method: OwnPaymentIntent['method'],
): Promise<OwnPaymentIntent | undefined> {
  const page = await orThrow(
    api.GET('/api/v1/portal/payment-intents', { params: { query: { open: 'true', limit: 100 } } }),
  )
  return page.items.find(
    (one) =>
      one.method === method &&
      ('order_id' in target
        ? one.order_id === target.order_id
        : one.invoices.some(({ id }) => target.invoice_ids.includes(id))),
  )
}

/**
 * Goes to the page of a payment as a new document: only that page may show the forms of providers, and a document keeps the
 * policy that it was loaded with.
 */
export function openPayment(id: string): void {
  window.location.assign(`/pay/${id}`)
}

const forwardedKey = (id: string) => `zaguan.forwarded.${id}`

/** Whether this tab was sent to the provider's page of a payment before: it is sent there by itself once. */
export function wasForwarded(id: string): boolean {
  try {
    return sessionStorage.getItem(forwardedKey(id)) !== null
  } catch {
    // Where nothing can be kept nobody is sent twice either: the button does it.
    return true
  }
}

/** Keeps the page of a payment from sending anybody on by itself. */
export function markForwarded(id: string): void {
  try {
    sessionStorage.setItem(forwardedKey(id), '1')
  } catch {
    // Nothing is sent on where nothing can be kept.
  }
}
