import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { LedgerSheetRow, Posting, TrialBalance } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import type { TableSource } from '../shared/table-search.ts'

export type LedgerAccount = TrialBalance['balances'][number]['rows'][number]['ledger_account']
export type PostingKind = Posting['kind']

/** Every kind of posting, as filters offer them. */
export const postingKinds: PostingKind[] = [
  'invoice',
  'payment',
  'credit_used',
  'credit_note',
  'debit_note',
  'adjustment',
  'refund',
  'write_off',
  'opening',
]

/** The chart of accounts of a business unit, with the words of the books. */
export const chartQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['chart', unitId],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const [chart] = await Promise.all([
        orThrow(
          api.GET('/api/v1/office/business-units/{id}/chart', { params: { path: { id: unitId } }, signal }),
        ),
        loadTexts('books'),
      ])
      return chart.items
    },
  })

/** The postings of a business unit. */
export const journalSource = (unitId: string): TableSource<Posting> => ({
  queryKey: ['ledger', 'journal'],
  filters: ['from', 'to', 'kind', 'ledger_account', 'account_id'],
  defaultSort: '-on_date',
  fixed: { business_unit_id: unitId },
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/ledger/journal', { params: { query: query as never }, signal })),
})

/** What was posted to one account of the ledger, with the balance after each. */
export const sheetSource = (unitId: string, account: string): TableSource<LedgerSheetRow> => ({
  queryKey: ['ledger', 'sheet'],
  filters: ['from', 'to'],
  defaultSort: '-on_date',
  fixed: { business_unit_id: unitId, ledger_account: account },
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/ledger/sheet', { params: { query: query as never }, signal })),
})

/** The trial balance of a business unit over a range of days, both included. */
export const trialQuery = (unitId: string, from: string | undefined, to: string | undefined) =>
  queryOptions({
    queryKey: ['ledger', 'trial', unitId, from ?? '', to ?? ''],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/ledger/trial-balance', {
          params: {
            query: { business_unit_id: unitId, ...(from ? { from } : {}), ...(to ? { to } : {}) },
          },
          signal,
        }),
      ),
  })

/** After the chart was renamed. */
export async function refreshChart(queryClient: QueryClient): Promise<void> {
  await Promise.all(['chart', 'ledger'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })))
}
