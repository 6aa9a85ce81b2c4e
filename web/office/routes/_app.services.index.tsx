import IconPackage from '@tabler/icons-react/dist/esm/icons/IconPackage.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { SubscriptionSummary } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { StateBadge } from '../../shared/state-badge.tsx'
import { states } from '../../shared/states.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { ButtonLink } from '../button-link.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { salespeopleQuery, servicesSource, usablePlansQuery } from '../service-queries.ts'
import { ServicesNav } from '../services-nav.tsx'

/** All services of all accounts. */
export const Route = createFileRoute('/_app/services/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(servicesSource, deps))
  },
  component: Services,
})

function Services() {
  const { t } = useTranslation()
  const search = Route.useSearch() as Search
  const { data: units = [] } = useQuery(unitsQuery)
  const { data: people = [] } = useQuery(salespeopleQuery(undefined))
  const { data: plans = [] } = useQuery(usablePlansQuery(search.business_unit_id))
  const columns = useMemo<Column<SubscriptionSummary>[]>(
    () => [
      {
        id: 'account',
        header: t('services.account'),
        cell: (row) => row.account_name,
        sort: 'account_name',
        primary: true,
        width: '24%',
      },
      { id: 'plan', header: t('services.plan'), cell: (row) => row.plan_name },
      {
        id: 'status',
        header: t('accounts.state_column'),
        cell: (row) => <StateBadge kind="subscription" state={row.status} />,
        sort: 'status',
      },
      {
        id: 'contract_number',
        header: t('services.contract'),
        cell: (row) => row.contract_number,
        sort: 'contract_number',
        align: 'end',
        width: '7rem',
      },
      {
        id: 'start_date',
        header: t('services.start_date'),
        cell: (row) => <DateText value={row.start_date} />,
        sort: 'start_date',
      },
      {
        id: 'amount',
        header: t('services.amount_month'),
        cell: (row) => <Money amount={row.amount} currency={row.currency} />,
        align: 'end',
      },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name, optional: true },
      { id: 'product', header: t('catalogue.product'), cell: (row) => row.product_name, optional: true },
      {
        id: 'kind',
        header: t('catalogue.kind'),
        cell: (row) => t(`words.plan_kind.${row.plan_kind}`),
        optional: true,
      },
      {
        id: 'routing_point',
        header: t('services.routing_point'),
        cell: (row) => row.routing_point_name ?? '–',
        optional: true,
      },
      {
        id: 'salesperson',
        header: t('services.salesperson'),
        cell: (row) => row.salesperson_name ?? '–',
        optional: true,
      },
      {
        id: 'payment_method',
        header: t('accounts.payment_method'),
        cell: (row) => t(`words.payment_method.${row.payment_method}`),
        optional: true,
      },
      {
        id: 'due_day',
        header: t('accounts.due_day'),
        cell: (row) => row.due_day,
        align: 'end',
        optional: true,
      },
      {
        id: 'billing_mode',
        header: t('services.billing_mode'),
        cell: (row) => t(`words.billing_mode.${row.billing_mode}`),
        optional: true,
      },
      {
        id: 'end_date',
        header: t('services.end_date'),
        cell: (row) => <DateText value={row.end_date} />,
        optional: true,
      },
      {
        id: 'external_id',
        header: t('accounts.external_id'),
        cell: (row) => row.external_id ?? '–',
        optional: true,
      },
    ],
    [t],
  )
  return (
    <>
      <PageTitle title={t('shell.services')} />
      <ServicesNav />
      <DataTable
        name="services"
        label={t('shell.services')}
        source={servicesSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => `${row.plan_name}, ${row.account_name}`}
        rowTo={(row) => `/services/${row.id}`}
        searchHint={t('services.search_hint')}
        views={[
          { label: t('services.view_all'), search: {} },
          { label: t('services.view_active'), search: { status: 'active' } },
          { label: t('services.view_awaiting'), search: { status: 'awaiting_installation' } },
          { label: t('services.view_suspended'), search: { status: 'suspended' } },
          {
            label: t('common:state.subscription.suspended_administratively'),
            search: { status: 'suspended_administratively' },
          },
          { label: t('services.view_cancelled'), search: { status: 'cancelled' } },
        ]}
        filters={[
          {
            id: 'status',
            label: t('accounts.state_column'),
            options: Object.keys(states.subscription).map((value) => ({
              value,
              label: t(`common:state.subscription.${value}`),
            })),
          },
          {
            id: 'business_unit_id',
            label: t('words.unit'),
            options: units.map((unit) => ({ value: unit.id, label: unit.name })),
          },
          {
            id: 'plan_id',
            label: t('services.plan'),
            options: plans.map((plan) => ({ value: plan.id, label: plan.name })),
          },
          {
            id: 'salesperson_id',
            label: t('services.salesperson'),
            options: people.map((one) => ({ value: one.id, label: one.name })),
          },
        ]}
        exportPath="/api/v1/office/subscriptions.csv"
        empty={
          <EmptyState
            icon={<IconPackage size={24} aria-hidden />}
            title={t('services.empty')}
            action={<ButtonLink to="/accounts">{t('services.empty_action')}</ButtonLink>}
          >
            {t('services.empty_text')}
          </EmptyState>
        }
      />
    </>
  )
}
