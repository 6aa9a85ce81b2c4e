import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, orThrow } from '../shared/api.ts'
import type { ContractTemplateSummary, ServiceContractSummary } from '../shared/api-types.gen.ts'
import type { TableSource } from '../shared/table-search.ts'

/** The contracts of all services. */
export const serviceContractsSource: TableSource<ServiceContractSummary> = {
  queryKey: ['service-contracts', 'list'],
  filters: ['state', 'business_unit_id', 'renewal', 'until'],
  defaultSort: '-created_at',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/service-contracts', { params: { query: query as never }, signal })),
}

/** What was agreed about a service, and its documents. */
export const serviceContractQuery = (id: string) =>
  queryOptions({
    queryKey: ['service-contracts', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/subscriptions/{id}/contract', { params: { path: { id } }, signal })),
  })

/** What ending a service would cost today. */
export const penaltyQuery = (id: string) =>
  queryOptions({
    queryKey: ['service-contracts', id, 'penalty'],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/subscriptions/{id}/penalty', { params: { path: { id } }, signal })),
  })

/** A service's contract as it would be issued now. */
export const contractPreviewQuery = (id: string, templateId: string) =>
  queryOptions({
    queryKey: ['service-contracts', id, 'preview', templateId],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/subscriptions/{id}/contract/preview', {
          params: { path: { id }, query: templateId === '' ? {} : { template_id: templateId } },
          signal,
        }),
      ),
  })

/** A contract as it was issued. */
export const contractDocumentQuery = (id: string) =>
  queryOptions({
    queryKey: ['contract-documents', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/contract-documents/{id}', { params: { path: { id } }, signal })),
  })

/** The list of templates. */
export const templatesSource: TableSource<ContractTemplateSummary> = {
  queryKey: ['contract-templates', 'list'],
  filters: ['business_unit_id', 'language', 'archived'],
  defaultSort: 'name',
  fetchPage: (query, signal) =>
    orThrow(api.GET('/api/v1/office/contract-templates', { params: { query: query as never }, signal })),
}

/** The templates of a business unit that can be chosen: few by nature. */
export const usableTemplatesQuery = (unitId: string) =>
  queryOptions({
    queryKey: ['contract-templates', 'usable', unitId],
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/contract-templates', {
            params: { query: { business_unit_id: unitId, archived: 'false', limit: 200 } },
            signal,
          }),
        )
      ).items,
  })

/** One template with its text. */
export const templateQuery = (id: string) =>
  queryOptions({
    queryKey: ['contract-templates', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/office/contract-templates/{id}', { params: { path: { id } }, signal })),
  })

/** What a template may ask for, in the language of the screen. */
export const contractVariablesQuery = (language: string) =>
  queryOptions({
    queryKey: ['contract-variables', language],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) =>
      (await orThrow(api.GET('/api/v1/office/contract-variables', { signal }))).groups,
  })

/** What a text would say, and what is wrong with it. */
export const templatePreviewQuery = (input: {
  business_unit_id: string
  language: string
  body: string
  subscription_id: string | null
}) =>
  queryOptions({
    queryKey: ['contract-templates', 'preview', input],
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    enabled: input.business_unit_id !== '',
    queryFn: ({ signal }) =>
      orThrow(
        api.POST('/api/v1/office/contract-templates/preview', {
          body: { ...input, language: input.language as 'en' },
          signal,
        }),
      ),
  })

/** What a formula may say, in the language of the screen. */
export const formulaLanguageQuery = (language: string) =>
  queryOptions({
    queryKey: ['formula-language', language],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => orThrow(api.GET('/api/v1/office/penalty-formulas/language', { signal })),
  })

/** Whether a formula can be computed, and what it comes to. */
export const formulaCheckQuery = (formula: string, subscriptionId: string | null, language: string) =>
  queryOptions({
    queryKey: ['formula-check', formula, subscriptionId, language],
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    enabled: formula.trim() !== '',
    queryFn: ({ signal }) =>
      orThrow(
        api.POST('/api/v1/office/penalty-formulas/check', {
          body: { formula, subscription_id: subscriptionId },
          signal,
        }),
      ),
  })

/** After a contract changed: itself, the lists, the service that it is of. */
export async function refreshContracts(queryClient: QueryClient): Promise<void> {
  await Promise.all(
    ['service-contracts', 'contract-documents', 'services', 'accounts'].map((key) =>
      queryClient.invalidateQueries({ queryKey: [key] }),
    ),
  )
}

/** After a template changed. */
export function refreshTemplates(queryClient: QueryClient): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ['contract-templates'] })
}
