import IconBook2 from '@tabler/icons-react/dist/esm/icons/IconBook2.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { BusinessUnit, LedgerSheetRow } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, Facts, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { chooseUnit } from '../chosen-unit.ts'
import { unitsQuery } from '../frame-queries.ts'
import { numberOfInvoice } from '../invoice-words.ts'
import { sheetSource, trialQuery } from '../ledger-queries.ts'
import { UnitChoice } from '../unit-choice.tsx'

/** The sheet of one account of the ledger: what was posted to it, with its running balance. */
export const Route = createFileRoute('/_app/ledger/$account')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps, params }) => {
    const [units] = await Promise.all([queryClient.ensureQueryData(unitsQuery), loadTexts('books')])
    const unit = chooseUnit(units, deps)
    if (!unit) return
    void queryClient.prefetchInfiniteQuery(tableQuery(sheetSource(unit.id, params.account), deps))
    await queryClient.ensureQueryData(trialQuery(unit.id, deps.from, deps.to))
  },
  component: SheetPage,
})

function SheetPage() {
  const { data: units } = useSuspenseQuery(unitsQuery)
  const unit = chooseUnit(units, Route.useSearch())
  const { account } = Route.useParams()
  return unit ? <Sheet key={`${unit.id} ${account}`} unit={unit} account={account} /> : null
}

function Sheet({ unit, account }: { unit: BusinessUnit; account: string }) {
  const { t } = useTranslation('books')
  const search = Route.useSearch()
  const { data: trial } = useSuspenseQuery(trialQuery(unit.id, search.from, search.to))
  const row = trial.balances
    .find((balance) => balance.currency === unit.currency)
    ?.rows.find((one) => one.ledger_account === account)
  const source = useMemo(() => sheetSource(unit.id, account), [unit.id, account])
  const columns = useMemo<Column<LedgerSheetRow>[]>(
    () => [
      {
        id: 'on_date',
        header: t('ledger.date'),
        cell: (one) => <DateText value={one.on_date} />,
        sort: 'on_date',
        width: '9rem',
      },
      {
        id: 'kind',
        header: t('ledger.kind_column'),
        primary: true,
        width: '24%',
        cell: (one) => (
          <>
            {t(`kind.${one.kind}`)}{' '}
            {one.document && (
              <Link to={`/invoices/${one.document.id}` as never}>{numberOfInvoice(one.document)}</Link>
            )}
          </>
        ),
      },
      {
        id: 'account',
        header: t('ledger.customer'),
        cell: (one) => <Link to={`/accounts/${one.account_id}` as never}>{one.account_name}</Link>,
      },
      { id: 'reason', header: t('ledger.reason'), cell: (one) => one.reason ?? '–', optional: true },
      {
        id: 'debit',
        header: t('ledger.debit'),
        align: 'end',
        cell: (one) => (one.debit === 0 ? '' : <Money amount={one.debit} currency={unit.currency} />),
      },
      {
        id: 'credit',
        header: t('ledger.credit'),
        align: 'end',
        cell: (one) => (one.credit === 0 ? '' : <Money amount={one.credit} currency={unit.currency} />),
      },
      {
        id: 'balance',
        header: t('ledger.balance'),
        align: 'end',
        cell: (one) => <Money amount={one.balance} currency={unit.currency} />,
      },
    ],
    [t, unit.currency],
  )
  const sum = (value: number) => <Money amount={value} currency={unit.currency} />
  const title = row ? `${row.code} ${row.name}` : t('ledger.sheet')
  return (
    <>
      <PageTitle
        back={
          <BackLink
            to="/ledger/trial-balance"
            search={{ business_unit_id: search.business_unit_id, from: search.from, to: search.to } as never}
          >
            {t('ledger.trial')}
          </BackLink>
        }
        title={title}
        subtitle={[unit.name, row && t(`ledger.type.${row.type}`)].filter(Boolean).join(' · ')}
        actions={<UnitChoice />}
      />
      <Stacked>
        {row && (
          <Section>
            <Facts
              facts={[
                [t('ledger.opening'), sum(row.opening)],
                [t('ledger.debits'), sum(row.debits)],
                [t('ledger.credits'), sum(row.credits)],
                [t('ledger.closing'), <strong key="closing">{sum(row.closing)}</strong>],
              ]}
            />
          </Section>
        )}
        <DataTable
          name="account-sheet"
          label={title}
          source={source}
          columns={columns}
          rowId={(one) => one.id}
          rowLabel={(one) => t(`kind.${one.kind}`)}
          searchable={false}
          filters={[
            { id: 'from', label: t('ledger.from'), kind: 'date' },
            { id: 'to', label: t('ledger.to'), kind: 'date' },
          ]}
          exportPath="/api/v1/office/ledger/sheet.csv"
          empty={
            <EmptyState icon={<IconBook2 size={24} aria-hidden />} title={t('ledger.no_rows')}>
              {t('ledger.none_text')}
            </EmptyState>
          }
        />
      </Stacked>
    </>
  )
}
