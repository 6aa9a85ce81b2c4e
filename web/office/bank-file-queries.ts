import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type {
  BankCharge,
  BankFile,
  BankFileLine,
  BankFileSummary,
  BankInstruction,
} from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import type { TableSource } from '../shared/table-search.ts'

/** Whether a file is being worked on in the background. */
export function isBankFileBusy(state: BankFile['state']): boolean {
  return state === 'queued' || state === 'reading' || state === 'applying'
}

/** The ways to be paid by files, with what waits for the next remittance. */
export const bankProvidersQuery = queryOptions({
  queryKey: ['bank-files', 'providers'],
  queryFn: async ({ signal }) => {
    const [found] = await Promise.all([
      orThrow(api.GET('/api/v1/office/bank-file-providers', { signal })),
      loadTexts('bankfiles'),
    ])
    return found.items
  },
})

export const bankFilesSource: TableSource<BankFileSummary> = {
  queryKey: ['bank-files', 'list'],
  filters: ['business_unit_id', 'provider_id', 'kind', 'state'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/bank-files', { params: { query: query as never }, signal })),
}

/** One file; while it is worked on it is asked for every second. */
export const bankFileQuery = (id: string) =>
  queryOptions({
    queryKey: ['bank-files', id],
    queryFn: async ({ signal }) => {
      const [found] = await Promise.all([
        orThrow(api.GET('/api/v1/office/bank-files/{id}', { params: { path: { id } }, signal })),
        loadTexts('bankfiles'),
      ])
      return found
    },
    refetchInterval: ({ state }) => (state.data && isBankFileBusy(state.data.state) ? 1_000 : false),
  })

/** What a return says. `state` of the file belongs to the key: booking changes its lines. */
export const bankLinesSource = (id: string, state: string): TableSource<BankFileLine> => ({
  queryKey: ['bank-files', id, 'lines', state],
  filters: ['effect'],
  defaultSort: 'line',
  fetchPage: (query, signal) =>
    orThrow(
      api.GET('/api/v1/office/bank-files/{id}/lines', {
        params: { path: { id }, query: query as never },
        signal,
      }),
    ),
})

/** What a remittance tells the bank. */
export const bankInstructionsSource = (id: string): TableSource<BankInstruction> => ({
  queryKey: ['bank-files', id, 'instructions'],
  defaultSort: 'created_at',
  fetchPage: (query, signal) =>
    orThrow(
      api.GET('/api/v1/office/bank-files/{id}/instructions', {
        params: { path: { id }, query: query as never },
        signal,
      }),
    ),
})

/** Boletos and debits, whatever became of them. */
export const bankChargesSource: TableSource<BankCharge> = {
  queryKey: ['bank-charges', 'list'],
  filters: ['business_unit_id', 'provider_id', 'account_id', 'state'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/bank-charges', { params: { query: query as never }, signal })),
}

/** One boleto or debit, with what the bank was told of it and what it said. */
export const bankChargeQuery = (id: string) =>
  queryOptions({
    queryKey: ['bank-charges', id],
    queryFn: async ({ signal }) => {
      const [found] = await Promise.all([
        orThrow(api.GET('/api/v1/office/bank-charges/{id}', { params: { path: { id } }, signal })),
        loadTexts('bankfiles'),
      ])
      return found
    },
  })

export async function refreshBankFiles(queryClient: QueryClient): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['bank-files'] }),
    queryClient.invalidateQueries({ queryKey: ['bank-charges'] }),
  ])
}
