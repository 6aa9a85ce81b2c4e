import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { Invoice } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'

export type DocumentKind = Invoice['kind']
export const documentKinds: DocumentKind[] = ['invoice', 'credit_note', 'debit_note', 'proforma']
export const documentStates = [
  'open',
  'overdue',
  'paid',
  'void',
  'issued',
  'offered',
  'converted',
  'expired',
  'withdrawn',
] as const

/** The one-off amounts of an account that wait, the first to be billed first, with the words to say it. */
export const waitingChargesQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['accounts', accountId, 'charges', 'waiting'],
    queryFn: async ({ signal }) => {
      const [charges] = await Promise.all([
        orThrow(
          api.GET('/api/v1/office/accounts/{id}/charges', {
            params: { path: { id: accountId }, query: { state: 'waiting', sort: 'bill_on', limit: 200 } },
            signal,
          }),
        ),
        loadTexts('documents'),
      ])
      return charges
    },
  })
