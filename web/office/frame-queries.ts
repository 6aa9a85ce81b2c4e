import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { TrayJob } from '../shared/job-tray.tsx'
import type { Permission } from './session.ts'

/** What waits in each area, and the figures of the home page. */
export const todayQuery = queryOptions({
  queryKey: ['today'],
  refetchInterval: 60_000,
  queryFn: ({ signal }) => orThrow(api.GET('/api/v1/office/today', { signal })),
})

/** The business units that the signed-in person works for: few by nature. */
export const unitsQuery = queryOptions({
  queryKey: ['units', 'all'],
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }) => (await orThrow(api.GET('/api/v1/office/business-units', { signal }))).items,
})

/** A long piece of work as the tray shows it, without words yet. */
export interface RecentRun {
  id: string
  kind: 'closing' | 'import'
  state: TrayJob['state']
  progress: number | null
  unit: string
  /** What else tells it from others: the day of a closing, the file of an import. */
  detail: string
}

const goingOn = ['preparing', 'queued', 'running']
const recentMs = 12 * 3_600_000

/** Closings and imports that go on, or ended within hours. Asked often only while something goes on. */
export const recentRunsQuery = (may: (needed: Permission) => boolean) =>
  queryOptions({
    queryKey: ['recent-runs'],
    queryFn: async ({ signal }): Promise<RecentRun[]> => {
      const query = { limit: 5, sort: '-created_at' } as const
      const [closings, imports] = await Promise.all([
        may('billing.read')
          ? orThrow(api.GET('/api/v1/office/closings', { params: { query }, signal }))
          : { items: [] },
        may('imports.read')
          ? orThrow(api.GET('/api/v1/office/imports', { params: { query: { limit: 5 } }, signal }))
          : { items: [] },
      ])
      const since = new Date(Date.now() - recentMs).toISOString()
      const shown = (one: { state: string; created_at: string }) =>
        goingOn.includes(one.state) || (one.created_at > since && !['draft', 'prepared'].includes(one.state))
      return [
        ...closings.items.filter(shown).map((one) => ({
          id: one.id,
          kind: 'closing' as const,
          state: one.state === 'preparing' ? 'running' : one.state,
          progress: one.accounts_total > 0 ? one.accounts_done / one.accounts_total : null,
          unit: one.business_unit_name,
          detail: one.up_to,
        })),
        ...imports.items.filter(shown).map((one) => ({
          id: one.id,
          kind: 'import' as const,
          state: one.state === 'preparing' ? 'running' : one.state,
          progress: one.rows_total ? one.rows_done / one.rows_total : null,
          unit: one.business_unit_name,
          detail: one.file_name,
        })),
      ]
    },
    refetchInterval: ({ state }) =>
      state.data?.some((one) => one.state === 'running' || one.state === 'queued') ? 3_000 : 60_000,
  })
