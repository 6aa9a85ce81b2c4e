import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { Staff } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** The roles, from the one that may do everything to the one that only reads. */
export const staffRoles: Staff['role'][] = ['admin', 'finance', 'sales', 'support', 'technician', 'auditor']

/** What each role may do, and what may be given to others. */
export const staffRolesQuery = queryOptions({
  queryKey: ['staff', 'roles'],
  staleTime: 5 * 60_000,
  queryFn: ({ signal }) => orThrow(api.GET('/api/v1/office/staff-roles', { signal })),
})

/** Everybody on the staff. */
export const staffSource: TableSource<Staff> = {
  queryKey: ['staff', 'list'],
  defaultSort: 'name',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/staff', { params: { query: query as never }, signal })),
}

/** The word for how somebody stands: invited until they chose a password. */
export function stateOfStaff(member: Staff): 'active' | 'invited' | 'disabled' {
  if (member.disabled_at !== null) return 'disabled'
  return member.password_set_at === null ? 'invited' : 'active'
}

/** After somebody was invited or changed. */
export async function refreshStaff(queryClient: QueryClient): Promise<void> {
  await Promise.all(
    ['staff', 'salespeople', 'notices'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })),
  )
}
