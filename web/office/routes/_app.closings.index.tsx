import IconCalendarCheck from '@tabler/icons-react/dist/esm/icons/IconCalendarCheck.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Closing } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { StateBadge, ToneBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { closingsSource } from '../billing-queries.ts'
import styles from '../closings.module.css'
import { todayQuery } from '../frame-queries.ts'
import { NewClosingDialog } from '../new-closing-dialog.tsx'
import { PermittedButton } from '../permitted-button.tsx'
import { useUnitFilter } from '../unit-filter.ts'

/** Every closing that was previewed or run. */
export const Route = createFileRoute('/_app/closings/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(closingsSource, deps))
  },
  component: Closings,
})

function Closings() {
  const { t } = useTranslation()
  const units = useUnitFilter()
  const { data: today } = useQuery(todayQuery)
  const [creating, setCreating] = useState(false)
  const columns = useMemo<Column<Closing>[]>(
    () => [
      {
        id: 'up_to',
        header: t('closings.up_to'),
        cell: (row) => <DateText value={row.up_to} style="long" />,
        sort: 'up_to',
        primary: true,
      },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name },
      {
        id: 'state',
        header: t('closings.state'),
        cell: (row) => <StateBadge kind="closing" state={row.state} />,
      },
      {
        id: 'invoices',
        header: t('closings.invoices'),
        cell: (row) => (row.state === 'done' ? row.issued_invoices : row.planned_invoices),
        align: 'end',
      },
      {
        id: 'total',
        header: t('closings.total'),
        cell: (row) => (
          <Money
            amount={row.state === 'done' ? row.issued_total : row.planned_total}
            currency={row.currency}
          />
        ),
        align: 'end',
      },
      {
        id: 'parked',
        header: t('closings.set_aside'),
        cell: (row) => row.parked_accounts + row.changed_accounts,
        align: 'end',
      },
      {
        id: 'by',
        header: t('closings.by'),
        cell: (row) => (
          <>
            {row.origin === 'staff' ? row.created_by_name : t(`closings.origin_${row.origin}`)}
            {row.days_late > 0 && (
              <span className={styles.late}>
                <ToneBadge tone="warning">{t('closings.late_badge', { count: row.days_late })}</ToneBadge>
              </span>
            )}
          </>
        ),
      },
      {
        id: 'created_at',
        header: t('closings.begun'),
        cell: (row) => <DateText value={row.created_at} relative />,
        sort: 'created_at',
      },
    ],
    [t],
  )
  const create = (
    <PermittedButton
      needs="billing.run"
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setCreating(true)}
    >
      {t('closings.new')}
    </PermittedButton>
  )
  const states: Closing['state'][] = ['preparing', 'prepared', 'queued', 'running', 'done', 'failed']
  return (
    <>
      <PageTitle title={t('closings.title')} subtitle={t('closings.subtitle')} actions={create} />
      <DataTable
        name="closings"
        label={t('closings.title')}
        source={closingsSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => `${row.business_unit_name}, ${row.up_to}`}
        rowTo={(row) => `/closings/${row.id}`}
        searchable={false}
        filters={[
          ...units,
          {
            id: 'state',
            label: t('closings.state'),
            options: states.map((value) => ({ value, label: t(`common:state.closing.${value}`) })),
          },
        ]}
        empty={
          <EmptyState
            icon={<IconCalendarCheck size={24} aria-hidden />}
            title={t('closings.empty')}
            action={create}
          >
            {t('closings.empty_text')}
          </EmptyState>
        }
      />
      <NewClosingDialog
        opened={creating}
        onClose={() => setCreating(false)}
        suggestion={today?.closings_due[0]}
      />
    </>
  )
}
