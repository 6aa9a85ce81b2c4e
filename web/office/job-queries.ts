import type { QueryClient } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { Job } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** What is in the queue: running, waiting, tried again, failed. */
export const jobsSource: TableSource<Job> = {
  queryKey: ['jobs', 'list'],
  filters: ['state', 'task'],
  defaultSort: '-id',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/jobs', { params: { query: query as never }, signal })),
}

/** After jobs were retried or discarded. */
export async function refreshJobs(queryClient: QueryClient): Promise<void> {
  await Promise.all(['jobs', 'today'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })))
}
