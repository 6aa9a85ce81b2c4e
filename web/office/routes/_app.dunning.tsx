import IconAlarm from '@tabler/icons-react/dist/esm/icons/IconAlarm.mjs'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { DunningAction } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import type { Tone } from '../../shared/theme.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { ButtonLink } from '../button-link.tsx'
import styles from '../dunning.module.css'
import { actionsSource } from '../dunning-queries.ts'
import { stepActions, wordsOfDay } from '../dunning-words.tsx'
import { Narrowed } from '../narrowed.tsx'
import { useUnitFilter } from '../unit-filter.ts'

/** Everything that was done because accounts did not pay. */
export const Route = createFileRoute('/_app/dunning')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(actionsSource, deps))
    await loadTexts('dunning')
  },
  component: Done,
})

const tones: Record<DunningAction['result'], Tone> = { done: 'good', nothing: 'neutral', skipped: 'warning' }
const results: DunningAction['result'][] = ['done', 'nothing', 'skipped']

function Done() {
  const { t } = useTranslation('dunning')
  const units = useUnitFilter()
  const columns = useMemo<Column<DunningAction>[]>(
    () => [
      {
        id: 'account',
        header: t('done.account'),
        cell: (row) => row.account_name,
        primary: true,
        width: '20%',
      },
      {
        id: 'on_date',
        header: t('done.on'),
        cell: (row) => <DateText value={row.on_date} />,
        sort: 'created_at',
      },
      {
        id: 'action',
        header: t('done.action'),
        cell: (row) => (
          <>
            {t(`action.${row.action}`)}
            <small className={styles.detail}>{wordsOfDay(t, row.day)}</small>
          </>
        ),
      },
      {
        id: 'result',
        header: t('done.result'),
        cell: (row) => (
          <>
            <ToneBadge tone={tones[row.result]}>{t(`result.${row.result}`)}</ToneBadge>
            {row.reason !== null && <small className={styles.detail}>{t(`reason.${row.reason}`)}</small>}
          </>
        ),
      },
      {
        id: 'document',
        header: t('done.document'),
        cell: (row) => (
          <>
            <Link to="/invoices/$id" params={{ id: row.invoice_id }}>
              {row.number}
            </Link>
            <small className={styles.detail}>
              <DateText value={row.due_date} />
            </small>
          </>
        ),
      },
      {
        id: 'amount',
        header: t('done.amount'),
        cell: (row) => <Money amount={row.open_amount} currency={row.currency} />,
        align: 'end',
      },
      {
        id: 'charged',
        header: t('done.charged'),
        cell: (row) =>
          row.charged === null ? (
            '–'
          ) : (
            <>
              <Money amount={row.charged} currency={row.currency} />
              {row.document_id !== null && (
                <small className={styles.detail}>
                  <Link to="/invoices/$id" params={{ id: row.document_id }}>
                    {row.document_number}
                  </Link>
                </small>
              )}
            </>
          ),
        align: 'end',
      },
      {
        id: 'services',
        header: t('done.services'),
        cell: (row) => (row.services === 0 ? '–' : row.services),
        align: 'end',
      },
      { id: 'mails', header: t('done.mails'), cell: (row) => row.mails, align: 'end', optional: true },
      { id: 'unit', header: t('unit'), cell: (row) => row.business_unit_name, optional: true },
      { id: 'policy', header: t('done.policy'), cell: (row) => row.policy_name, optional: true },
    ],
    [t],
  )
  return (
    <>
      <PageTitle
        title={t('done.title')}
        subtitle={t('done.subtitle')}
        actions={
          <ButtonLink to="/settings/dunning" variant="default">
            {t('done.settings')}
          </ButtonLink>
        }
      />
      <Narrowed />
      <DataTable
        name="dunning"
        label={t('done.title')}
        source={actionsSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => `${row.account_name}, ${t(`action.${row.action}`)}`}
        rowTo={(row) => `/accounts/${row.account_id}`}
        searchHint={t('done.search')}
        filters={[
          ...units,
          {
            id: 'action',
            label: t('done.action'),
            options: stepActions.map((value) => ({ value, label: t(`action.${value}`) })),
          },
          {
            id: 'result',
            label: t('done.result'),
            options: results.map((value) => ({ value, label: t(`result.${value}`) })),
          },
          { id: 'from', label: t('done.from'), kind: 'date' },
          { id: 'to', label: t('done.to'), kind: 'date' },
        ]}
        exportPath="/api/v1/office/dunning-actions.csv"
        empty={
          <EmptyState icon={<IconAlarm size={24} aria-hidden />} title={t('done.none')}>
            {t('done.none_text')}
          </EmptyState>
        }
      />
    </>
  )
}
