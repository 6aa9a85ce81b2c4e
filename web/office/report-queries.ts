import { queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { RevenueMovement } from '../shared/api-types.gen.ts'
import type { Search } from '../shared/router.ts'
import type { TableSource } from '../shared/table-search.ts'

/** What all reports of a page are about. */
export interface ReportScope {
  business_unit_id?: string | undefined
  currency?: string | undefined
  plan_id?: string | undefined
  salesperson_id?: string | undefined
}

/** The scope that the address says. */
export function scopeOf(search: Search): ReportScope {
  return {
    business_unit_id: search.business_unit_id || undefined,
    currency: search.currency || undefined,
    plan_id: search.plan_id || undefined,
    salesperson_id: search.salesperson_id || undefined,
  }
}

/** The ways in which a sum is split. */
export const splits = ['plan', 'business_unit', 'salesperson'] as const
export type Split = (typeof splits)[number]

export const revenueQuery = (scope: ReportScope) =>
  queryOptions({
    queryKey: ['reports', 'revenue', scope],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/reports/recurring-revenue', { params: { query: scope }, signal })),
  })

export const splitQuery = (scope: ReportScope, by: Split) =>
  queryOptions({
    queryKey: ['reports', 'split', scope, by],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/reports/recurring-revenue/split', {
          params: { query: { ...scope, by } },
          signal,
        }),
      ),
  })

export const cohortsQuery = (scope: ReportScope) =>
  queryOptions({
    queryKey: ['reports', 'cohorts', scope],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/reports/cohorts', { params: { query: scope }, signal })),
  })

export const receivablesQuery = (scope: ReportScope) =>
  queryOptions({
    queryKey: ['reports', 'receivables', scope],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/reports/receivables', { params: { query: scope }, signal })),
  })

export const billedQuery = (scope: ReportScope, by: Split, from: string, to: string) =>
  queryOptions({
    queryKey: ['reports', 'billed', scope, by, from, to],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/reports/billed', { params: { query: { ...scope, by, from, to } }, signal }),
      ),
  })

export const paymentMonthsQuery = (scope: ReportScope) =>
  queryOptions({
    queryKey: ['reports', 'payments', scope],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/reports/payments', { params: { query: scope }, signal })),
  })

export const closingMonthsQuery = (scope: ReportScope) =>
  queryOptions({
    queryKey: ['reports', 'closings', scope],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/reports/closings', { params: { query: scope }, signal })),
  })

/** The services behind the movements of some days. */
export const movementsSource: TableSource<RevenueMovement> = {
  queryKey: ['reports', 'movements'],
  filters: ['from', 'to', 'kind', 'business_unit_id', 'currency', 'plan_id', 'salesperson_id'],
  defaultSort: '-difference',
  fetchPage: (query, signal) =>
    orThrow(
      api.GET('/api/v1/office/reports/recurring-revenue/movements', {
        params: { query: query as never },
        signal,
      }),
    ),
}

/** What moved recurring revenue, in the order of the plot. */
export const movementKinds = ['new', 'expansion', 'reactivation', 'contraction', 'churn', 'transfer'] as const
