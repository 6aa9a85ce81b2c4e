import IconUserPlus from '@tabler/icons-react/dist/esm/icons/IconUserPlus.mjs'
import IconUsers from '@tabler/icons-react/dist/esm/icons/IconUsers.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { accountsSource } from '../account-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'

/** All accounts: found by any words, filtered, sorted, exported. */
export const Route = createFileRoute('/_app/accounts/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(accountsSource, deps))
  },
  component: Accounts,
})

function Accounts() {
  const { t } = useTranslation()
  const may = useMay()
  const { data: units = [] } = useQuery(unitsQuery)
  const columns = useMemo<Column<Account>[]>(
    () => [
      {
        id: 'name',
        header: t('accounts.name'),
        cell: (row) => row.name,
        sort: 'name',
        primary: true,
        width: '30%',
      },
      {
        id: 'number',
        header: t('accounts.number'),
        cell: (row) => row.number,
        sort: 'number',
        align: 'end',
        width: '6rem',
      },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name },
      {
        id: 'city',
        header: t('accounts.city'),
        cell: (row) => [row.city, row.state].filter(Boolean).join(', ') || '–',
        sort: 'city',
      },
      { id: 'rank', header: t('accounts.rank'), cell: (row) => row.rank ?? '–', width: '6rem' },
      {
        id: 'services',
        header: t('accounts.active_services'),
        cell: (row) => row.active_services,
        align: 'end',
        width: '7rem',
      },
      {
        id: 'owed',
        header: t('accounts.owed'),
        cell: (row) => <Money amount={row.owed} currency={row.currency} />,
        align: 'end',
      },
      { id: 'tax_id', header: t('accounts.tax_id'), cell: (row) => row.tax_id ?? '–', optional: true },
      { id: 'email', header: t('accounts.email'), cell: (row) => row.email ?? '–', optional: true },
      { id: 'phone', header: t('accounts.phone'), cell: (row) => row.phone ?? '–', optional: true },
      {
        id: 'external_id',
        header: t('accounts.external_id'),
        cell: (row) => row.external_id ?? '–',
        optional: true,
      },
      {
        id: 'created_at',
        header: t('accounts.created'),
        cell: (row) => <DateText value={row.created_at} />,
        sort: 'created_at',
        optional: true,
      },
    ],
    [t],
  )
  const create = may('accounts.create') && (
    <ButtonLink to="/accounts/new" leftSection={<IconUserPlus size={16} aria-hidden />}>
      {t('shell.new_account')}
    </ButtonLink>
  )
  return (
    <>
      <PageTitle title={t('shell.accounts')} actions={create} />
      <DataTable
        name="accounts"
        label={t('shell.accounts')}
        source={accountsSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.name}
        rowTo={(row) => `/accounts/${row.id}`}
        searchHint={t('accounts.search_hint')}
        filters={[
          {
            id: 'business_unit_id',
            label: t('words.unit'),
            options: units.map((unit) => ({ value: unit.id, label: unit.name })),
          },
          { id: 'city', label: t('accounts.city'), kind: 'text' },
          {
            id: 'rank',
            label: t('accounts.rank'),
            options: ['A', 'B', 'C'].map((rank) => ({ value: rank, label: rank })),
          },
          {
            id: 'setup',
            label: t('guide.filter'),
            options: [{ value: 'unfinished', label: t('guide.filter_unfinished') }],
          },
        ]}
        exportPath="/api/v1/office/accounts.csv"
        empty={
          <EmptyState
            icon={<IconUsers size={24} aria-hidden />}
            title={t('accounts.empty')}
            action={
              <>
                {create}{' '}
                {may('imports.run') && (
                  <ButtonLink to="/imports" variant="default">
                    {t('shell.new_import')}
                  </ButtonLink>
                )}
              </>
            }
          >
            {t('accounts.empty_text')}
          </EmptyState>
        }
      />
    </>
  )
}
