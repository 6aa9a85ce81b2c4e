import IconSignature from '@tabler/icons-react/dist/esm/icons/IconSignature.mjs'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ServiceContractSummary } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { addDays } from '../../shared/formats.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { ButtonLink } from '../button-link.tsx'
import { serviceContractsSource } from '../contract-queries.ts'
import { ContractState, contractStates } from '../contract-words.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { Narrowed } from '../narrowed.tsx'
import { useUnitFilter } from '../unit-filter.ts'

/** The contracts of all services: how they stand, and until when they are valid. */
export const Route = createFileRoute('/_app/contracts')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(serviceContractsSource, deps))
    return loadTexts('contracts')
  },
  component: Contracts,
})

function Contracts() {
  const { t } = useTranslation('contracts')
  const { t: office } = useTranslation()
  const units = useUnitFilter()
  const columns = useMemo<Column<ServiceContractSummary>[]>(
    () => [
      {
        id: 'account',
        header: t('ui.account'),
        cell: (row) => row.account_name,
        sort: 'account_name',
        primary: true,
        width: '22%',
      },
      {
        id: 'contract_number',
        header: t('ui.number'),
        cell: (row) => row.contract_number,
        sort: 'contract_number',
        align: 'end',
        width: '7rem',
      },
      { id: 'plan', header: t('ui.plan'), cell: (row) => row.plan_name },
      { id: 'state', header: t('ui.state'), cell: (row) => <ContractState state={row.state} /> },
      {
        id: 'valid_until',
        header: t('ui.valid_until'),
        cell: (row) =>
          row.valid_until === null ? t('ui.no_end') : <DateText value={addDays(row.valid_until, -1)} />,
        sort: 'valid_until',
      },
      {
        id: 'renewal',
        header: t('ui.renewal'),
        cell: (row) => t(`renewal.${row.renewal}`),
      },
      {
        id: 'template',
        header: t('ui.template'),
        cell: (row) => row.template_name ?? '–',
        optional: true,
      },
      {
        id: 'installation_fee',
        header: t('ui.fee'),
        cell: (row) => <Money amount={row.installation_fee} currency={row.currency} />,
        align: 'end',
        optional: true,
      },
      {
        id: 'instalments',
        header: t('ui.instalments'),
        cell: (row) => row.instalments,
        align: 'end',
        optional: true,
      },
      {
        id: 'penalty',
        header: t('ui.penalty'),
        cell: (row) => t(`penalty.${row.penalty}`),
        optional: true,
      },
      {
        id: 'sale_date',
        header: t('ui.sale_date'),
        cell: (row) => <DateText value={row.sale_date} />,
        optional: true,
      },
      {
        id: 'unit',
        header: office('words.unit'),
        cell: (row) => row.business_unit_name,
        optional: true,
      },
    ],
    [t, office],
  )
  return (
    <>
      <PageTitle title={t('ui.list')} subtitle={t('ui.list_text')} />
      <Narrowed />
      <DataTable
        name="contracts"
        label={t('ui.list')}
        source={serviceContractsSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => `${row.contract_number}, ${row.account_name}`}
        rowTo={(row) => `/services/${row.subscription_id}`}
        searchHint={t('ui.search_hint')}
        views={[
          { label: t('ui.view_all'), search: {} },
          { label: t('ui.view_waiting'), search: { state: 'waiting' } },
          { label: t('ui.view_in_force'), search: { state: 'in_force' } },
          { label: t('ui.view_expired'), search: { state: 'expired' } },
          { label: t('ui.view_declined'), search: { state: 'declined' } },
        ]}
        filters={[
          {
            id: 'state',
            label: t('ui.state'),
            options: contractStates.map((value) => ({ value, label: t(`state.${value}`) })),
          },
          ...units,
          {
            id: 'renewal',
            label: t('ui.renewal'),
            options: (['none', 'automatic', 'on_request'] as const).map((value) => ({
              value,
              label: t(`renewal.${value}`),
            })),
          },
          { id: 'until', label: t('ui.until_filter'), kind: 'date' },
        ]}
        exportPath="/api/v1/office/service-contracts.csv"
        empty={
          <EmptyState
            icon={<IconSignature size={24} aria-hidden />}
            title={t('ui.none')}
            action={<ButtonLink to="/services">{office('shell.services')}</ButtonLink>}
          >
            {t('ui.none_text')}
          </EmptyState>
        }
      />
    </>
  )
}
