import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconTags from '@tabler/icons-react/dist/esm/icons/IconTags.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { PlanSummary } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { ButtonLink } from '../button-link.tsx'
import styles from '../catalogue.module.css'
import { CatalogueNav } from '../catalogue-nav.tsx'
import { plansSource, usableProductsQuery } from '../catalogue-queries.ts'
import { useCycleWords } from '../cycle-words.ts'
import { unitsQuery } from '../frame-queries.ts'
import { planKinds } from '../plan-form.tsx'
import { useMay } from '../session.ts'

/** What can be sold. */
export const Route = createFileRoute('/_app/catalogue/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(plansSource, deps))
  },
  component: Plans,
})

function Plans() {
  const { t } = useTranslation()
  const { number } = useFormats()
  const say = useCycleWords()
  const may = useMay()
  const { data: units = [] } = useQuery(unitsQuery)
  const { data: products = [] } = useQuery(usableProductsQuery)
  const columns = useMemo<Column<PlanSummary>[]>(
    () => [
      {
        id: 'name',
        header: t('catalogue.plan'),
        cell: (row) => row.name,
        sort: 'name',
        primary: true,
        width: '26%',
      },
      { id: 'product', header: t('catalogue.product'), cell: (row) => row.product_name },
      {
        id: 'kind',
        header: t('catalogue.kind'),
        cell: (row) => t(`words.plan_kind.${row.kind}`),
        sort: 'kind',
      },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name },
      {
        id: 'amount',
        header: t('catalogue.prices'),
        cell: (row) =>
          row.amount === null || row.cycle_unit === null ? (
            '–'
          ) : (
            <>
              <Money amount={row.amount} currency={row.currency} />{' '}
              <span className={styles.every}>
                {say({ cycle_unit: row.cycle_unit, cycle_count: row.cycle_count ?? 1 })}
              </span>
            </>
          ),
        sort: 'amount',
        align: 'end',
      },
      {
        id: 'active_subscriptions',
        header: t('catalogue.active'),
        // A list counts that far.
        cell: (row) => (row.active_subscriptions === 1000 ? `${number(1000)}+` : row.active_subscriptions),
        align: 'end',
        width: '7rem',
      },
      {
        id: 'state',
        header: t('accounts.state_column'),
        cell: (row) => <ArchivedBadge archived={row.archived_at !== null} />,
      },
      {
        id: 'trial',
        header: t('services.trial'),
        cell: (row) =>
          row.proportional_trial
            ? t('services.trial_proportional')
            : row.trial_days > 0
              ? t('words.days', { count: row.trial_days })
              : '–',
        optional: true,
      },
      {
        id: 'term',
        header: t('services.term'),
        cell: (row) => (row.term_months > 0 ? t('words.months', { count: row.term_months }) : '–'),
        optional: true,
      },
    ],
    [t, number, say],
  )
  const create = may('catalogue.write') && (
    <ButtonLink to="/catalogue/plans/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {t('shell.new_plan')}
    </ButtonLink>
  )
  return (
    <>
      <PageTitle title={t('shell.catalogue')} actions={create} />
      <CatalogueNav />
      <DataTable
        name="plans"
        label={t('catalogue.plans')}
        source={plansSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.name}
        rowTo={(row) => `/catalogue/plans/${row.id}`}
        searchHint={t('catalogue.search_hint')}
        filters={[
          {
            id: 'business_unit_id',
            label: t('words.unit'),
            options: units.map((unit) => ({ value: unit.id, label: unit.name })),
          },
          {
            id: 'product_id',
            label: t('catalogue.product'),
            options: products.map((one) => ({ value: one.id, label: one.name })),
          },
          {
            id: 'kind',
            label: t('catalogue.kind'),
            options: planKinds.map((value) => ({ value, label: t(`words.plan_kind.${value}`) })),
          },
          {
            id: 'archived',
            label: t('accounts.state_column'),
            options: [
              { value: 'false', label: t('catalogue.sold') },
              { value: 'true', label: t('catalogue.archived') },
            ],
          },
        ]}
        exportPath="/api/v1/office/plans.csv"
        empty={
          <EmptyState icon={<IconTags size={24} aria-hidden />} title={t('catalogue.empty')} action={create}>
            {t('catalogue.empty_text')}
          </EmptyState>
        }
      />
    </>
  )
}

function ArchivedBadge({ archived }: { archived: boolean }) {
  const { t } = useTranslation()
  return (
    <ToneBadge tone={archived ? 'neutral' : 'good'}>
      {t(archived ? 'catalogue.archived' : 'catalogue.sold')}
    </ToneBadge>
  )
}
