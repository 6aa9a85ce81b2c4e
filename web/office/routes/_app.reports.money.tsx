import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Chart } from '../../shared/charts.tsx'
import { addDays } from '../../shared/formats.ts'
import { DateInput } from '../../shared/inputs.tsx'
import { Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { type Search, stringifySearch } from '../../shared/router.ts'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { localToday } from '../calendar-day.ts'
import { unitsQuery } from '../frame-queries.ts'
import {
  billedQuery,
  closingMonthsQuery,
  paymentMonthsQuery,
  type ReportScope,
  receivablesQuery,
  type Split,
  scopeOf,
  splits,
} from '../report-queries.ts'
import styles from '../reports.module.css'
import { LedgerProof, ReportFiles, ReportsHead } from '../reports-frame.tsx'

/** Money that is owed, was billed, was paid and was closed, each proven by the ledger. */
export const Route = createFileRoute('/_app/reports/money')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchQuery(receivablesQuery(scopeOf(deps)))
    void queryClient.prefetchQuery(paymentMonthsQuery(scopeOf(deps)))
    void queryClient.prefetchQuery(closingMonthsQuery(scopeOf(deps)))
  },
  component: MoneyReports,
})

function MoneyReports() {
  const search = Route.useSearch() as Search
  const navigate = Route.useNavigate()
  const { business_unit_id, currency } = scopeOf(search)
  const scope = { business_unit_id, currency }
  return (
    <Stacked>
      <ReportsHead
        search={search}
        onChange={(change) =>
          void navigate({ search: { ...search, ...change } as never, replace: true, resetScroll: false })
        }
      />
      <div className={styles.plots}>
        <Owed scope={scope} />
        <Paid scope={scope} />
      </div>
      <Billed scope={scope} />
      <Closed scope={scope} />
    </Stacked>
  )
}

function Owed({ scope }: { scope: ReportScope }) {
  const { t } = useTranslation()
  const { money, moneyShort } = useFormats()
  const { data, error, refetch } = useQuery(receivablesQuery(scope))
  if (!data) return <div>{error && <ProblemAlert error={error} onRetry={refetch} />}</div>
  const sum = data.buckets.reduce((total, bucket) => total + bucket.amount, 0)
  const linkTo = (from: string | null, to: string | null) =>
    `/invoices${stringifySearch({
      state: 'open',
      ...(scope.business_unit_id ? { business_unit_id: scope.business_unit_id } : {}),
      ...(from ? { due_from: from } : {}),
      ...(to ? { due_to: to } : {}),
    })}`
  return (
    <Chart
      kind="bar"
      title={t('reports.receivables')}
      description={
        <>
          {money(sum, data.currency)} · <LedgerProof sum={sum} ledger={data.ledger} />
        </>
      }
      series={[{ id: 'amount', label: t('reports.receivables'), color: 2 }]}
      points={data.buckets.map((bucket) => ({
        label: t(`today.bucket.${bucket.bucket}`),
        values: { amount: bucket.amount },
        to: linkTo(bucket.from_due, bucket.to_due),
      }))}
      format={(value) => money(value, data.currency)}
      formatShort={(value) => moneyShort(value, data.currency)}
      aside={<ReportFiles path="receivables" query={scope as never} />}
    />
  )
}

function Paid({ scope }: { scope: ReportScope }) {
  const { t } = useTranslation()
  const { money, moneyShort, month } = useFormats()
  const { data, error, refetch } = useQuery(paymentMonthsQuery(scope))
  if (!data) return <div>{error && <ProblemAlert error={error} onRetry={refetch} />}</div>
  const methods = [...new Set(data.rows.map((row) => row.method))]
  const months = [...new Set(data.rows.map((row) => row.month))]
  const sum = data.rows.reduce((total, row) => total + row.amount, 0)
  return (
    <Chart
      kind="stacked"
      title={t('reports.payments')}
      description={
        <>
          {money(sum, data.currency)} · <LedgerProof sum={sum} ledger={data.ledger} />
        </>
      }
      series={methods.map((method) => ({ id: method, label: t(`words.payment_method.${method}`) }))}
      points={months.map((one) => ({
        label: month(one),
        values: Object.fromEntries(
          data.rows.filter((row) => row.month === one).map((row) => [row.method, row.amount]),
        ),
        to: `/payments/received${stringifySearch({
          from: `${one}-01`,
          to: addDays(`${one}-28`, 4).slice(0, 8).concat('01'),
          ...(scope.business_unit_id ? { business_unit_id: scope.business_unit_id } : {}),
        })}`,
      }))}
      format={(value) => money(value, data.currency)}
      formatShort={(value) => moneyShort(value, data.currency)}
      aside={<ReportFiles path="payments" query={scope as never} />}
    />
  )
}

function Billed({ scope }: { scope: ReportScope }) {
  const { t } = useTranslation()
  const { money } = useFormats()
  const today = localToday(undefined)
  const [by, setBy] = useState<Split>('plan')
  const [from, setFrom] = useState(`${addDays(`${today.slice(0, 8)}01`, -1).slice(0, 8)}01`)
  const [to, setTo] = useState(addDays(today, 1))
  const { data, error, refetch } = useQuery({
    ...billedQuery(scope, by, from, to),
    enabled: from !== '' && to !== '',
  })
  const sum = data?.rows.reduce((total, row) => total + row.amount, 0) ?? 0
  return (
    <Section
      title={t('reports.billed')}
      description={t('reports.billed_text')}
      flush
      actions={
        <>
          <ReportFiles path="billed" query={{ ...scope, by, from, to }} />
          <DateInput
            size="xs"
            aria-label={t('reports.from')}
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <DateInput
            size="xs"
            aria-label={t('reports.before')}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
          <NativeSelect
            size="xs"
            aria-label={t('reports.by')}
            data={splits.map((value) => ({ value, label: t(`reports.split_by.${value}`) }))}
            value={by}
            onChange={(event) => setBy(event.currentTarget.value as Split)}
          />
        </>
      }
    >
      <ProblemAlert error={error} onRetry={refetch} />
      {data && data.rows.length === 0 && <p className={styles.nothing}>{t('reports.nothing_billed')}</p>}
      {data && data.rows.length > 0 && (
        <SimpleTable
          label={t('reports.billed')}
          rows={data.rows.slice(0, 100)}
          rowId={(row) => row.id ?? 'none'}
          columns={[
            {
              id: 'name',
              header: t(`reports.split_by.${by}`),
              primary: true,
              cell: (row) => row.name ?? t('reports.nobody'),
            },
            { id: 'documents', header: t('reports.documents'), align: 'end', cell: (row) => row.documents },
            {
              id: 'amount',
              header: t('reports.amount'),
              align: 'end',
              cell: (row) => <Money amount={row.amount} currency={data.currency} />,
            },
          ]}
          footer={[
            { label: t('reports.sum'), value: <Money amount={sum} currency={data.currency} />, strong: true },
            {
              label: sum === data.ledger ? t('reports.proven') : t('reports.unproven'),
              value: money(data.ledger, data.currency),
            },
          ]}
        />
      )}
    </Section>
  )
}

function Closed({ scope }: { scope: ReportScope }) {
  const { t } = useTranslation()
  const { month } = useFormats()
  const { data, error, refetch } = useQuery(closingMonthsQuery(scope))
  return (
    <Section
      title={t('shell.closings')}
      flush
      actions={<ReportFiles path="closings" query={scope as never} />}
    >
      <ProblemAlert error={error} onRetry={refetch} />
      {data && data.rows.length === 0 && <p className={styles.nothing}>{t('reports.nothing_closed')}</p>}
      {data && data.rows.length > 0 && (
        <SimpleTable
          label={t('shell.closings')}
          rows={[...data.rows].reverse()}
          rowId={(row) => `${row.month} ${row.business_unit_id}`}
          columns={[
            { id: 'month', header: t('reports.month'), primary: true, cell: (row) => month(row.month) },
            { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name },
            { id: 'closings', header: t('shell.closings'), align: 'end', cell: (row) => row.closings },
            { id: 'invoices', header: t('shell.invoices'), align: 'end', cell: (row) => row.invoices },
            { id: 'parked', header: t('reports.parked'), align: 'end', cell: (row) => row.parked },
            {
              id: 'amount',
              header: t('reports.amount'),
              align: 'end',
              cell: (row) => <Money amount={row.amount} currency={data.currency} />,
            },
          ]}
        />
      )}
    </Section>
  )
}
