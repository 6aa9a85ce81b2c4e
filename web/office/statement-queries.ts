import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { BankLine, BankStatement, BankStatementSummary } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'
import { refreshAccounts } from './account-queries.ts'

/** Statements that were brought in, newest first. */
export const statementsSource: TableSource<BankStatementSummary> = {
  queryKey: ['bank-statements', 'list'],
  filters: ['business_unit_id', 'bank_account_id', 'state'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/bank-statements', { params: { query: query as never }, signal })),
}

/** Whether something of a statement is being worked on in the background. */
export function isStatementBusy(found: BankStatement): boolean {
  return (
    found.state === 'reading' ||
    (found.state === 'ready' && found.lines_matched < found.lines_read) ||
    isApproving(found)
  )
}

export function isApproving(found: Pick<BankStatement, 'approval_state'>): boolean {
  return found.approval_state === 'queued' || found.approval_state === 'running'
}

/** One statement; while it is worked on it is asked for every second. */
export const statementQuery = (id: string) =>
  queryOptions({
    queryKey: ['bank-statements', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/bank-statements/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data && isStatementBusy(state.data) ? 1_000 : false),
  })

/** The lines of a statement, as the bank told them. */
export const linesSource = (statementId: string): TableSource<BankLine> => ({
  queryKey: ['bank-lines', statementId],
  filters: ['state', 'confidence', 'direction', 'kind'],
  defaultSort: 'position',
  fetchPage: (query, signal) =>
    orThrow(
      api.GET('/api/v1/office/bank-lines', {
        params: { query: { ...query, statement_id: statementId } as never },
        signal,
      }),
    ),
})

/** One line with what it may pay. */
export const lineQuery = (id: string) =>
  queryOptions({
    queryKey: ['bank-lines', 'one', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/bank-lines/{id}', { params: { path: { id } }, signal })),
  })

/** What of a statement still waits for a decision, in the order of the file. */
export const undecidedQuery = (statementId: string) =>
  queryOptions({
    queryKey: ['bank-lines', statementId, 'undecided'],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/bank-lines', {
          params: {
            query: { statement_id: statementId, state: 'undecided', sort: 'position', limit: 200 } as never,
          },
          signal,
        }),
      ),
  })

/** The business units' accounts at banks. */
export const bankAccountsQuery = queryOptions({
  queryKey: ['bank-accounts'],
  queryFn: ({ signal }) =>
    orThrow(api.GET('/api/v1/office/bank-accounts', { params: { query: {} }, signal })),
})

/** After something was decided: lines, statements, notices and balances are asked again. */
export async function refreshStatements(queryClient: QueryClient): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['bank-lines'] }),
    queryClient.invalidateQueries({ queryKey: ['bank-statements'] }),
    queryClient.invalidateQueries({ queryKey: ['payment-notices'] }),
    queryClient.invalidateQueries({ queryKey: ['payments'] }),
    refreshAccounts(queryClient),
  ])
}
