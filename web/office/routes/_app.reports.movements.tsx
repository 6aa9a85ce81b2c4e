import IconArrowsUpDown from '@tabler/icons-react/dist/esm/icons/IconArrowsUpDown.mjs'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { RevenueMovement } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { movementKinds, movementsSource } from '../report-queries.ts'
import { useUnitFilter } from '../unit-filter.ts'

/** This month, where the address says no days. */
function withDays(search: Search): Search {
  const today = new Date().toISOString().slice(0, 10)
  return { ...search, from: search.from || `${today.slice(0, 8)}01`, to: search.to || today }
}

/** The services behind a month of recurring revenue. */
export const Route = createFileRoute('/_app/reports/movements')({
  validateSearch: (search: Record<string, unknown>) => withDays(search as Search),
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(movementsSource, deps))
  },
  component: Movements,
})

function Movements() {
  const { t } = useTranslation()
  const { date } = useFormats()
  const search = Route.useSearch() as Search
  const units = useUnitFilter()
  const columns = useMemo<Column<RevenueMovement>[]>(
    () => [
      {
        id: 'account',
        header: t('words.account'),
        cell: (row) => row.account_name,
        sort: 'account_name',
        primary: true,
      },
      { id: 'plan', header: t('reports.split_by.plan'), cell: (row) => row.plan_name },
      { id: 'kind', header: t('reports.movement'), cell: (row) => t(`reports.kind.${row.kind}`) },
      {
        id: 'before',
        header: t('reports.before_amount'),
        cell: (row) => <Money amount={row.before} currency={row.currency} />,
        align: 'end',
      },
      {
        id: 'after',
        header: t('reports.after_amount'),
        cell: (row) => <Money amount={row.after} currency={row.currency} />,
        align: 'end',
      },
      {
        id: 'difference',
        header: t('reports.difference'),
        cell: (row) => <Money amount={row.difference} currency={row.currency} />,
        sort: 'difference',
        align: 'end',
      },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name, optional: true },
    ],
    [t],
  )
  return (
    <>
      <PageTitle
        back={<BackLink to="/reports">{t('reports.recurring')}</BackLink>}
        title={t('reports.movements')}
        subtitle={t('reports.between', {
          from: date(search.from ?? '', 'long'),
          to: date(search.to ?? '', 'long'),
        })}
      />
      <DataTable
        name="revenue-movements"
        label={t('reports.movements')}
        source={movementsSource}
        columns={columns}
        rowId={(row) => row.subscription_id}
        rowLabel={(row) => row.account_name}
        rowTo={(row) => `/services/${row.subscription_id}`}
        filters={[
          ...units,
          {
            id: 'kind',
            label: t('reports.movement'),
            options: movementKinds.map((value) => ({ value, label: t(`reports.kind.${value}`) })),
          },
          { id: 'from', label: t('reports.from'), kind: 'date' },
          { id: 'to', label: t('reports.before'), kind: 'date' },
        ]}
        exportPath="/api/v1/office/reports/recurring-revenue/movements.csv"
        empty={
          <EmptyState icon={<IconArrowsUpDown size={24} aria-hidden />} title={t('reports.no_movements')}>
            {t('reports.no_movements_text')}
          </EmptyState>
        }
      />
    </>
  )
}
