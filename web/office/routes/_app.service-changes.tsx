import { Button } from '@mantine/core'
import IconCalendarClock from '@tabler/icons-react/dist/esm/icons/IconCalendarClock.mjs'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SubscriptionChange } from '../../shared/api-types.gen.ts'
import { ChangeState, useChangeWords } from '../../shared/change-state.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { changesSource } from '../change-queries.ts'
import listStyles from '../list.module.css'
import { Narrowed } from '../narrowed.tsx'
import { WithdrawDialog } from '../service-changes.tsx'
import { ServicesNav } from '../services-nav.tsx'
import { useMay } from '../session.ts'
import { useUnitFilter } from '../unit-filter.ts'

const states = ['scheduled', 'failed', 'done', 'withdrawn', 'requested'] as const
const kinds = [
  'plan',
  'quantity',
  'options',
  'price',
  'discount',
  'cycle',
  'due_day',
  'suspend',
  'reactivate',
  'transfer',
  'cancel',
  'extend_trial',
] as const

/** Changes of services of all accounts: what waits for its day, what failed, and what was done. */
export const Route = createFileRoute('/_app/service-changes')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(changesSource, deps))
    return loadTexts('changes')
  },
  component: Changes,
})

function Changes() {
  const { t } = useTranslation('changes')
  const { t: to } = useTranslation()
  const units = useUnitFilter()
  const may = useMay()
  const words = useChangeWords()
  const [withdrawing, setWithdrawing] = useState<SubscriptionChange | null>(null)
  const mayWrite = may('subscriptions.write')
  const columns = useMemo<Column<SubscriptionChange>[]>(
    () => [
      {
        id: 'effective_on',
        header: t('list.effective_on'),
        cell: (row) => <DateText value={row.effective_on} />,
        sort: 'effective_on',
      },
      {
        id: 'kind',
        header: t('list.kind'),
        cell: (row) => (
          <>
            {words(row)}
            {row.failure && <small className={listStyles.detail}>{row.failure}</small>}
          </>
        ),
        primary: true,
        width: '30%',
      },
      {
        id: 'account',
        header: t('list.account'),
        cell: (row) => <Link to={`/accounts/${row.account_id}`}>{row.account_name}</Link>,
      },
      { id: 'state', header: t('list.state'), cell: (row) => <ChangeState state={row.state} /> },
      {
        id: 'credited',
        header: t('list.credited'),
        cell: (row) =>
          row.credit_total === 0 ? '–' : <Money amount={row.credit_total} currency={row.currency} />,
        align: 'end',
      },
      {
        id: 'charged',
        header: t('list.charged'),
        cell: (row) =>
          row.charge_total === 0 ? '–' : <Money amount={row.charge_total} currency={row.currency} />,
        align: 'end',
      },
      { id: 'by', header: t('list.by'), cell: (row) => row.requested_by_name ?? '–', optional: true },
      { id: 'reason', header: t('list.reason'), cell: (row) => row.reason ?? '–', optional: true },
      { id: 'unit', header: to('words.unit'), cell: (row) => row.business_unit_name, optional: true },
      {
        id: 'created_at',
        header: t('list.created_at'),
        cell: (row) => <DateText value={row.created_at} />,
        sort: 'created_at',
        optional: true,
      },
      ...(mayWrite
        ? [
            {
              id: 'actions',
              header: t('list.actions'),
              cell: (row: SubscriptionChange) =>
                row.withdrawable ? (
                  <Button
                    size="xs"
                    variant="default"
                    onClick={(event) => {
                      event.stopPropagation()
                      setWithdrawing(row)
                    }}
                  >
                    {t('withdraw.action')}
                  </Button>
                ) : (
                  '–'
                ),
            },
          ]
        : []),
    ],
    [t, to, words, mayWrite],
  )
  return (
    <>
      <PageTitle title={to('shell.services')} />
      <ServicesNav />
      <Narrowed />
      <DataTable
        name="service-changes"
        label={t('list.title')}
        source={changesSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => `${words(row)}, ${row.account_name}`}
        rowTo={(row) => `/services/${row.subscription_id}`}
        searchHint={t('list.search_hint')}
        views={[
          { label: t('list.view_all'), search: {} },
          {
            label: t('state.scheduled'),
            search: { state: 'scheduled', sort: 'effective_on' },
          },
          { label: t('state.failed'), search: { state: 'failed' } },
        ]}
        filters={[
          ...units,
          {
            id: 'state',
            label: t('list.state'),
            options: states.map((value) => ({ value, label: t(`state.${value}`) })),
          },
          {
            id: 'kind',
            label: t('list.kind'),
            options: kinds.map((value) => ({ value, label: t(`kind.${value}`) })),
          },
          { id: 'from', label: t('list.from'), kind: 'date' },
          { id: 'to', label: t('list.to'), kind: 'date' },
        ]}
        exportPath="/api/v1/office/changes.csv"
        empty={
          <EmptyState icon={<IconCalendarClock size={24} aria-hidden />} title={t('list.none')}>
            {t('list.none_text')}
          </EmptyState>
        }
      />
      {withdrawing && <WithdrawDialog change={withdrawing} onClose={() => setWithdrawing(null)} />}
    </>
  )
}
