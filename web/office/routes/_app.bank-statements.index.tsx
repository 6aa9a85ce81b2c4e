import IconBuildingBank from '@tabler/icons-react/dist/esm/icons/IconBuildingBank.mjs'
import IconUpload from '@tabler/icons-react/dist/esm/icons/IconUpload.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BankStatementSummary } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText } from '../../shared/values.tsx'
import { ButtonLink } from '../button-link.tsx'
import { NewStatementDialog } from '../new-statement-dialog.tsx'
import { PaymentsNav } from '../payments-nav.tsx'
import { PermittedButton } from '../permitted-button.tsx'
import { bankAccountsQuery, statementsSource } from '../statement-queries.ts'
import { StatementState } from '../statement-words.tsx'
import styles from '../statements.module.css'
import { useUnitFilter } from '../unit-filter.ts'

/** Statements of the business units' bank accounts, and how much of each is decided. */
export const Route = createFileRoute('/_app/bank-statements/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(statementsSource, deps))
  },
  component: BankStatements,
})

const states = ['draft', 'reading', 'ready', 'failed'] as const

function BankStatements() {
  const { t } = useTranslation()
  const { number, date } = useFormats()
  const units = useUnitFilter()
  const { data: accounts } = useQuery(bankAccountsQuery)
  const [creating, setCreating] = useState(false)
  const columns = useMemo<Column<BankStatementSummary>[]>(
    () => [
      {
        id: 'file',
        header: t('statements.statement'),
        primary: true,
        width: '26%',
        cell: (row) => row.file_name,
      },
      {
        id: 'account',
        header: t('statements.account'),
        cell: (row) =>
          [row.bank_account_name, row.bank_account_digits && `…${row.bank_account_digits}`]
            .filter(Boolean)
            .join(' ') || '–',
      },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name, optional: true },
      {
        id: 'period',
        header: t('statements.period'),
        cell: (row) =>
          row.period_from && row.period_to ? `${date(row.period_from)} – ${date(row.period_to)}` : '–',
      },
      {
        id: 'state',
        header: t('statements.state_label'),
        cell: (row) => <StatementState state={row.state} />,
      },
      {
        id: 'undecided',
        header: t('statements.undecided'),
        align: 'end',
        cell: (row) =>
          row.state === 'ready' ? (
            row.open + row.proposed > 0 ? (
              <strong>{number(row.open + row.proposed)}</strong>
            ) : (
              <span className={styles.muted}>0</span>
            )
          ) : (
            '–'
          ),
      },
      {
        id: 'booked',
        header: t('statements.booked'),
        align: 'end',
        cell: (row) => (row.state === 'ready' ? number(row.booked) : '–'),
      },
      {
        id: 'lines',
        header: t('statements.lines'),
        align: 'end',
        cell: (row) => number(row.lines_read),
        optional: true,
      },
      { id: 'by', header: t('statements.by'), cell: (row) => row.created_by_name ?? '–', optional: true },
      {
        id: 'created_at',
        header: t('statements.uploaded'),
        sort: 'created_at',
        cell: (row) => <DateText value={row.created_at} relative />,
      },
    ],
    [t, number, date],
  )
  const create = (
    <PermittedButton
      needs="payments.decide"
      leftSection={<IconUpload size={16} aria-hidden />}
      onClick={() => setCreating(true)}
    >
      {t('statements.new')}
    </PermittedButton>
  )
  const shown = accounts?.items ?? []
  return (
    <>
      <PageTitle
        title={t('statements.title')}
        actions={
          <>
            <ButtonLink to="/bank-statements/accounts" variant="default">
              {t('statements.accounts')}
            </ButtonLink>
            {create}
          </>
        }
      />
      <PaymentsNav />
      <DataTable
        name="bank-statements"
        label={t('statements.title')}
        source={statementsSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.file_name}
        rowTo={(row) => `/bank-statements/${row.id}`}
        searchHint={t('statements.search_file')}
        filters={[
          ...units,
          ...(shown.length > 1
            ? [
                {
                  id: 'bank_account_id',
                  label: t('statements.account'),
                  options: shown.map((one) => ({ value: one.id, label: one.name })),
                },
              ]
            : []),
          {
            id: 'state',
            label: t('statements.state_label'),
            options: states.map((value) => ({ value, label: t(`statements.state.${value}`) })),
          },
        ]}
        empty={
          <EmptyState
            icon={<IconBuildingBank size={24} aria-hidden />}
            title={t('statements.empty')}
            action={create}
          >
            {t('statements.empty_text')}
          </EmptyState>
        }
      />
      {creating && <NewStatementDialog onClose={() => setCreating(false)} />}
    </>
  )
}
