import { Anchor } from '@mantine/core'
import IconBook2 from '@tabler/icons-react/dist/esm/icons/IconBook2.mjs'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BusinessUnit, Posting } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { chooseUnit } from '../chosen-unit.ts'
import { unitsQuery } from '../frame-queries.ts'
import { numberOfInvoice } from '../invoice-words.ts'
import { LedgerNav } from '../ledger-nav.tsx'
import { chartQuery, journalSource, postingKinds } from '../ledger-queries.ts'
import { Narrowed } from '../narrowed.tsx'
import { PostingDialog } from '../posting-dialog.tsx'
import { useMay } from '../session.ts'
import styles from '../taxes.module.css'
import { UnitChoice } from '../unit-choice.tsx'

/** The journal: every posting of a business unit. */
export const Route = createFileRoute('/_app/ledger/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps }) => {
    const [units] = await Promise.all([queryClient.ensureQueryData(unitsQuery), loadTexts('books')])
    const unit = chooseUnit(units, deps)
    if (unit) void queryClient.prefetchInfiniteQuery(tableQuery(journalSource(unit.id), deps))
  },
  component: JournalPage,
})

function JournalPage() {
  const { t } = useTranslation('books')
  const { data: units } = useSuspenseQuery(unitsQuery)
  const unit = chooseUnit(units, Route.useSearch())
  return (
    <>
      <PageTitle title={t('ledger.journal')} actions={<UnitChoice />} />
      <LedgerNav />
      <Narrowed />
      {unit && <Journal key={unit.id} unit={unit} />}
    </>
  )
}

/** The accounts of one side of a posting: one by name, several by code. */
function Side({ posting, sign }: { posting: Posting; sign: 1 | -1 }) {
  const entries = posting.entries.filter((entry) => entry.amount * sign > 0)
  const codes = [...new Map(entries.map((entry) => [entry.code, entry.name]))]
  const [only] = codes
  if (codes.length === 1 && only) return <>{`${only[0]} ${only[1]}`}</>
  return <>{codes.map(([code]) => code).join(' · ')}</>
}

function Journal({ unit }: { unit: BusinessUnit }) {
  const { t } = useTranslation('books')
  const may = useMay()
  const { data: chart = [] } = useQuery({ ...chartQuery(unit.id), enabled: may('settings.read') })
  const [shown, setShown] = useState<Posting | null>(null)
  const source = useMemo(() => journalSource(unit.id), [unit.id])
  const columns = useMemo<Column<Posting>[]>(
    () => [
      {
        id: 'on_date',
        header: t('ledger.date'),
        cell: (row) => <DateText value={row.on_date} style="short" />,
        sort: 'on_date',
        width: '7rem',
      },
      {
        id: 'kind',
        header: t('ledger.kind_column'),
        primary: true,
        width: '20%',
        cell: (row) => {
          const about = row.entries.find((entry) => entry.document !== null)?.document
          return (
            <>
              <Anchor component="button" type="button" fw={550} onClick={() => setShown(row)}>
                {t(`kind.${row.kind}`)}
              </Anchor>
              {about && <span className={styles.muted}> {numberOfInvoice(about)}</span>}
            </>
          )
        },
      },
      {
        id: 'account',
        header: t('ledger.customer'),
        cell: (row) => <Link to={`/accounts/${row.account_id}` as never}>{row.account_name}</Link>,
      },
      { id: 'debit', header: t('ledger.debit'), cell: (row) => <Side posting={row} sign={1} /> },
      { id: 'credit', header: t('ledger.credit'), cell: (row) => <Side posting={row} sign={-1} /> },
      { id: 'reason', header: t('ledger.reason'), cell: (row) => row.reason ?? '–', optional: true },
      {
        id: 'posted_at',
        header: t('ledger.posted_at'),
        cell: (row) => <DateText value={row.created_at} />,
        optional: true,
      },
      {
        id: 'amount',
        header: t('ledger.amount'),
        cell: (row) => <Money amount={row.total} currency={row.currency} />,
        align: 'end',
      },
    ],
    [t],
  )
  return (
    <>
      <DataTable
        name="journal"
        label={t('ledger.journal')}
        source={source}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => t(`kind.${row.kind}`)}
        searchHint={t('ledger.search')}
        filters={[
          {
            id: 'ledger_account',
            label: t('ledger.account'),
            options: chart.map((entry) => ({
              value: entry.ledger_account,
              label: `${entry.code} ${entry.name}`,
            })),
          },
          {
            id: 'kind',
            label: t('ledger.kind_column'),
            options: postingKinds.map((value) => ({ value, label: t(`kind.${value}`) })),
          },
          { id: 'from', label: t('ledger.from'), kind: 'date' },
          { id: 'to', label: t('ledger.to'), kind: 'date' },
        ]}
        exportPath="/api/v1/office/ledger/journal.csv"
        empty={
          <EmptyState icon={<IconBook2 size={24} aria-hidden />} title={t('ledger.none')}>
            {t('ledger.none_text')}
          </EmptyState>
        }
      />
      {shown && <PostingDialog posting={shown} onClose={() => setShown(null)} />}
    </>
  )
}
