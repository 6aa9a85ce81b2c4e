import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Cohorts, RecurringRevenue } from '../../shared/api-types.gen.ts'
import { Chart } from '../../shared/charts.tsx'
import { Section, SkeletonPage, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { type Search, stringifySearch } from '../../shared/router.ts'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { Figures } from '../figures.tsx'
import { unitsQuery } from '../frame-queries.ts'
import {
  cohortsQuery,
  movementKinds,
  type ReportScope,
  revenueQuery,
  type Split,
  scopeOf,
  splitQuery,
  splits,
} from '../report-queries.ts'
import styles from '../reports.module.css'
import { ReportFiles, ReportsHead } from '../reports-frame.tsx'

/** Recurring revenue: how much, what moved it, of what it consists, and who stays. */
export const Route = createFileRoute('/_app/reports/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchQuery(revenueQuery(scopeOf(deps)))
    void queryClient.prefetchQuery(splitQuery(scopeOf(deps), 'plan'))
    void queryClient.prefetchQuery(cohortsQuery(scopeOf(deps)))
  },
  component: Reports,
})

function Reports() {
  const search = Route.useSearch() as Search
  const navigate = Route.useNavigate()
  const scope = scopeOf(search)
  const revenue = useQuery(revenueQuery(scope))
  return (
    <Stacked>
      <ReportsHead
        search={search}
        onChange={(change) =>
          void navigate({ search: { ...search, ...change } as never, replace: true, resetScroll: false })
        }
      />
      <ProblemAlert error={revenue.error} onRetry={revenue.refetch} />
      {revenue.data ? (
        <>
          <Summary revenue={revenue.data} />
          <Movements revenue={revenue.data} scope={scope} />
          <SplitRevenue scope={scope} search={search} />
          <CohortTable scope={scope} />
        </>
      ) : (
        !revenue.error && <SkeletonPage cards={3} />
      )}
    </Stacked>
  )
}

function Summary({ revenue }: { revenue: RecurringRevenue }) {
  const { t } = useTranslation()
  const { percent } = useFormats()
  const last = revenue.months.at(-1)
  // The last whole month says how many leave; the one that is under way does not yet.
  const whole = revenue.months.at(-2)
  if (!last) return null
  const gone = whole ? -(whole.churn + whole.contraction) : 0
  return (
    <Figures
      figures={[
        {
          id: 'mrr',
          label: t('reports.mrr'),
          value: <Money amount={last.end} currency={revenue.currency} />,
          note: t('reports.services', { count: revenue.services }),
        },
        {
          id: 'arr',
          label: t('reports.arr'),
          value: <Money amount={last.end * 12} currency={revenue.currency} />,
        },
        {
          id: 'month',
          label: t('reports.this_month'),
          value: <Money amount={last.end - last.start} currency={revenue.currency} />,
          tone: last.end < last.start ? 'warning' : 'good',
        },
        whole !== undefined &&
          whole.start > 0 && {
            id: 'churn',
            label: t('reports.churn_rate'),
            value: percent(gone / whole.start),
            note: t('reports.last_month'),
          },
      ]}
    />
  )
}

const linkTo = (month: RecurringRevenue['months'][number], scope: ReportScope) =>
  `/reports/movements${stringifySearch({ ...scope, from: month.from, to: month.to } as Record<string, string>)}`

function Movements({ revenue, scope }: { revenue: RecurringRevenue; scope: ReportScope }) {
  const { t } = useTranslation()
  const { money, moneyShort, month } = useFormats()
  const format = (value: number) => money(value, revenue.currency)
  const formatShort = (value: number) => moneyShort(value, revenue.currency)
  const named = { ...scope, currency: revenue.currency }
  return (
    <div className={styles.plots}>
      <Chart
        kind="line"
        title={t('reports.mrr')}
        description={t('reports.mrr_text')}
        series={[{ id: 'end', label: t('reports.mrr') }]}
        points={revenue.months.map((one) => ({
          label: month(one.month),
          values: { end: one.end },
          to: linkTo(one, named),
        }))}
        format={format}
        formatShort={formatShort}
        aside={<ReportFiles path="recurring-revenue" query={{ ...scope }} />}
      />
      <Chart
        kind="stacked"
        title={t('reports.movements')}
        description={t('reports.movements_text')}
        series={movementKinds.map((kind) => ({ id: kind, label: t(`reports.kind.${kind}`) }))}
        points={revenue.months.map((one) => ({
          label: month(one.month),
          values: Object.fromEntries(movementKinds.map((kind) => [kind, one[kind]])),
          to: linkTo(one, named),
        }))}
        format={format}
        formatShort={formatShort}
      />
    </div>
  )
}

function SplitRevenue({ scope, search }: { scope: ReportScope; search: Search }) {
  const { t } = useTranslation()
  const { percent } = useFormats()
  const [by, setBy] = useState<Split>('plan')
  const { data, error, refetch } = useQuery(splitQuery(scope, by))
  const total = data?.rows.reduce((sum, row) => sum + row.amount, 0) ?? 0
  const filterOf: Record<Split, string> = {
    plan: 'plan_id',
    business_unit: 'business_unit_id',
    salesperson: 'salesperson_id',
  }
  return (
    <Section
      title={t('reports.split')}
      flush
      actions={
        <>
          <ReportFiles path="recurring-revenue/split" query={{ ...scope, by }} />
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
      {data && (
        <SimpleTable
          label={t('reports.split')}
          rows={data.rows.slice(0, 50)}
          rowId={(row) => row.id ?? 'none'}
          columns={[
            {
              id: 'name',
              header: t(`reports.split_by.${by}`),
              primary: true,
              cell: (row) =>
                row.id === null ? (
                  t('reports.nobody')
                ) : (
                  <Link to="/reports" search={{ ...search, [filterOf[by]]: row.id } as never}>
                    {row.name}
                  </Link>
                ),
            },
            { id: 'services', header: t('shell.services'), align: 'end', cell: (row) => row.services },
            {
              id: 'share',
              header: t('reports.share'),
              align: 'end',
              cell: (row) => (total > 0 ? percent(row.amount / total) : '–'),
            },
            {
              id: 'amount',
              header: t('reports.mrr'),
              align: 'end',
              cell: (row) => <Money amount={row.amount} currency={data.currency} />,
            },
          ]}
        />
      )}
    </Section>
  )
}

function CohortTable({ scope }: { scope: ReportScope }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery(cohortsQuery(scope))
  return (
    <Section
      title={t('reports.cohorts')}
      description={t('reports.cohorts_text')}
      actions={<ReportFiles path="cohorts" query={{ ...scope }} />}
    >
      <ProblemAlert error={error} onRetry={refetch} />
      {data && <CohortRows cohorts={data} />}
    </Section>
  )
}

function CohortRows({ cohorts }: { cohorts: Cohorts }) {
  const { t } = useTranslation()
  const { month, percent } = useFormats()
  const rows = cohorts.months.filter((one) => one.services > 0)
  const ages = Array.from({ length: Math.max(0, ...rows.map((one) => one.kept.length)) }, (_, age) => age + 1)
  if (rows.length === 0) return <p className={styles.nothing}>{t('reports.no_cohorts')}</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className={styles.scroll} tabIndex={0} aria-label={t('reports.cohorts_text')}>
      <table className={styles.cohorts}>
        <thead>
          <tr>
            <th scope="col">{t('reports.began')}</th>
            <th scope="col">{t('shell.services')}</th>
            {ages.map((age) => (
              <th key={age} scope="col">
                {t('reports.after_months', { months: age })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.month}>
              <th scope="row">{month(one.month)}</th>
              <td>{one.services}</td>
              {ages.map((age) => {
                const kept = one.kept[age - 1]
                const share = kept === undefined ? 0 : kept / one.services
                return (
                  <td
                    key={age}
                    data-share={kept === undefined ? undefined : ''}
                    style={{ '--share': share } as never}
                  >
                    {kept === undefined ? '' : percent(share)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
