import { Button } from '@mantine/core'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconScale from '@tabler/icons-react/dist/esm/icons/IconScale.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { BusinessUnit, TrialBalance } from '../../shared/api-types.gen.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { DateInput } from '../../shared/inputs.tsx'
import { PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { type Search, stringifySearch } from '../../shared/router.ts'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { localToday } from '../calendar-day.ts'
import { chooseUnit } from '../chosen-unit.ts'
import { unitsQuery } from '../frame-queries.ts'
import { monthsBack } from '../ledger-days.ts'
import { LedgerNav } from '../ledger-nav.tsx'
import { trialQuery } from '../ledger-queries.ts'
import styles from '../taxes.module.css'
import { UnitChoice } from '../unit-choice.tsx'

/** The trial balance of a business unit, with its proof. */
export const Route = createFileRoute('/_app/ledger/trial-balance')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps }) => {
    const [units] = await Promise.all([queryClient.ensureQueryData(unitsQuery), loadTexts('books')])
    const unit = chooseUnit(units, deps)
    if (unit) await queryClient.ensureQueryData(trialQuery(unit.id, deps.from, deps.to))
  },
  component: TrialPage,
})

function TrialPage() {
  const { t } = useTranslation('books')
  const { data: units } = useSuspenseQuery(unitsQuery)
  const unit = chooseUnit(units, Route.useSearch())
  return (
    <>
      <PageTitle title={t('ledger.trial')} actions={<UnitChoice />} />
      <LedgerNav />
      {unit && <Trial unit={unit} />}
    </>
  )
}

function Trial({ unit }: { unit: BusinessUnit }) {
  const { t } = useTranslation('books')
  const search = Route.useSearch()
  const navigate = useNavigate()
  const { data: trial } = useSuspenseQuery(trialQuery(unit.id, search.from, search.to))
  const set = (days: { from?: string | undefined; to?: string | undefined }) =>
    void navigate({ to: '.', search: { ...search, ...days } as never, replace: true, resetScroll: false })
  const today = localToday(unit.time_zone)
  const ranges = [
    [t('ledger.this_month'), monthsBack(today, 0)],
    [t('ledger.last_month'), monthsBack(today, 1)],
    [t('ledger.this_year'), { from: `${today.slice(0, 4)}-01-01`, to: `${today.slice(0, 4)}-12-31` }],
    [t('ledger.everything'), { from: undefined, to: undefined }],
  ] as const
  const file = (format: 'csv' | 'xlsx') =>
    `/api/v1/office/ledger/trial-balance.${format}${stringifySearch({
      business_unit_id: unit.id,
      from: search.from,
      to: search.to,
    })}`
  return (
    <Stacked>
      <div className={styles.days}>
        <DateInput
          label={t('ledger.from')}
          value={search.from ?? ''}
          onChange={(event) => set({ from: event.currentTarget.value || undefined })}
        />
        <DateInput
          label={t('ledger.to')}
          value={search.to ?? ''}
          onChange={(event) => set({ to: event.currentTarget.value || undefined })}
        />
        {ranges.map(([label, range]) => (
          <Button
            key={label}
            variant={range.from === search.from && range.to === search.to ? 'light' : 'default'}
            aria-pressed={range.from === search.from && range.to === search.to}
            onClick={() => set(range)}
          >
            {label}
          </Button>
        ))}
        {(['csv', 'xlsx'] as const).map((format) => (
          <Button
            key={format}
            component="a"
            href={file(format)}
            download
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            {t(`ledger.${format}`)}
          </Button>
        ))}
      </div>
      {trial.balances.map((balance) => (
        <Balance
          key={balance.currency}
          balance={balance}
          title={
            trial.balances.length > 1 ? t('ledger.in_currency', { currency: balance.currency }) : unit.name
          }
          search={{ business_unit_id: unit.id, from: search.from, to: search.to }}
          linked={balance.currency === unit.currency}
        />
      ))}
    </Stacked>
  )
}

function Balance({
  balance,
  title,
  search,
  linked,
}: {
  balance: TrialBalance['balances'][number]
  title: string
  search: Search
  /** The sheets are in the business unit's currency. */
  linked: boolean
}) {
  const { t } = useTranslation('books')
  const { money } = useFormats()
  const { currency, totals } = balance
  const amount = (value: number) => <Money amount={value} currency={currency} />
  const sums = ['opening', 'debits', 'credits', 'closing'] as const
  return (
    <>
      {balance.balanced ? (
        <Callout tone="good" icon={<IconScale size={20} aria-hidden />} title={t('ledger.balanced')}>
          <p>{t('ledger.balanced_text')}</p>
        </Callout>
      ) : (
        <Callout tone="bad" icon={<IconScale size={20} aria-hidden />} title={t('ledger.unbalanced')}>
          <p>
            {t('ledger.unbalanced_text', {
              amount: money(Math.abs(totals.debits - totals.credits) || Math.abs(totals.closing), currency),
            })}
          </p>
        </Callout>
      )}
      <Section title={title} description={t('ledger.sides')} flush>
        <SimpleTable
          label={t('ledger.trial')}
          rows={[
            ...balance.rows.map((row) => ({ ...row, total: false })),
            { ...totals, ledger_account: null, code: '', name: t('ledger.totals'), type: null, total: true },
          ]}
          rowId={(row) => row.ledger_account ?? 'totals'}
          columns={[
            {
              id: 'account',
              header: t('ledger.account'),
              primary: true,
              width: '30%',
              cell: (row) =>
                row.total ? (
                  <strong>{row.name}</strong>
                ) : linked ? (
                  <Link to={`/ledger/${row.ledger_account}` as never} search={search as never}>
                    {row.code} {row.name}
                  </Link>
                ) : (
                  `${row.code} ${row.name}`
                ),
            },
            {
              id: 'type',
              header: t('ledger.type_column'),
              cell: (row) => (row.type === null ? '' : t(`ledger.type.${row.type}`)),
            },
            ...sums.map((sum) => ({
              id: sum,
              header: t(`ledger.${sum}`),
              align: 'end' as const,
              cell: (row: { total: boolean } & Record<(typeof sums)[number], number>) =>
                row.total ? <strong>{amount(row[sum])}</strong> : amount(row[sum]),
            })),
          ]}
        />
      </Section>
    </>
  )
}
