import { type InfiniteData, infiniteQueryOptions } from '@tanstack/react-query'
import type { Search } from './router.ts'

/** A page of a list as every list of the API answers: the cursor of the next one, null on the last. */
export interface Page<Row> {
  items: Row[]
  next_cursor: string | null
}

/** What a list is asked for: `q`, `sort` (`-name` is descending), `cursor`, `limit`, and the filters by their name. */
export type TableRequest = Record<string, string | number | undefined>

/** Where the rows of a table come from. The same object feeds the table and the loader that fetches ahead. */
export interface TableSource<Row> {
  /** The cache key; changing things invalidates it: `queryClient.invalidateQueries({ queryKey: ['invoices'] })`. */
  queryKey: readonly unknown[]
  /** `(request, signal) => orThrow(api.GET('/api/v1/office/invoices', { params: { query: request }, signal }))`. */
  fetchPage: (request: TableRequest, signal: AbortSignal) => Promise<Page<Row>>
  /** Names of the filters, as in the address and in the API. */
  filters?: string[]
  /** `-issued_on`: what the API does without being asked. */
  defaultSort?: string
  /** Always asked for, whatever the address says: the account whose page this is. */
  fixed?: TableRequest
}

const pageSize = 50

/** What the address asks of the API: search, order and filters, without what only concerns the screen. */
export function requestOf(
  source: Pick<TableSource<unknown>, 'filters' | 'defaultSort' | 'fixed'>,
  search: Search,
) {
  const request: TableRequest = { sort: search.sort ?? source.defaultSort }
  if (search.q) request.q = search.q
  for (const name of source.filters ?? []) if (search[name]) request[name] = search[name]
  return { ...request, ...source.fixed }
}

/** The query of a table: `loader: ({ context, deps }) => context.queryClient.prefetchInfiniteQuery(tableQuery(source, deps))`. */
export function tableQuery<Row>(source: TableSource<Row>, search: Search) {
  const request = requestOf(source, search)
  return infiniteQueryOptions<Page<Row>, Error, InfiniteData<Page<Row>>, readonly unknown[], string | null>({
    queryKey: [...source.queryKey, request],
    queryFn: ({ pageParam, signal }) =>
      source.fetchPage({ ...request, limit: pageSize, cursor: pageParam ?? undefined }, signal),
    initialPageParam: null,
    getNextPageParam: (page) => page.next_cursor,
  })
}
