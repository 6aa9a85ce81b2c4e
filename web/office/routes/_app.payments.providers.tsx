import { Button } from '@mantine/core'
import IconCreditCard from '@tabler/icons-react/dist/esm/icons/IconCreditCard.mjs'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { PaymentIntent } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { DateText, Money } from '../../shared/values.tsx'
import { Narrowed } from '../narrowed.tsx'
import { PaymentsNav } from '../payments-nav.tsx'
import { intentsSource } from '../provider-queries.ts'
import { IntentBadge } from '../provider-words.tsx'
import styles from '../providers.module.css'
import { useMay } from '../session.ts'
import { useUnitFilter } from '../unit-filter.ts'

/** What providers were asked for, and what became of it. */
export const Route = createFileRoute('/_app/payments/providers')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(intentsSource, deps))
    await loadTexts('providers')
  },
  component: Intents,
})

const states: PaymentIntent['state'][] = [
  'created',
  'sending',
  'unknown',
  'action_needed',
  'pending',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
]

function Intents() {
  const { t } = useTranslation('providers')
  const may = useMay()
  const units = useUnitFilter()
  const columns = useMemo<Column<PaymentIntent>[]>(
    () => [
      {
        id: 'account',
        header: t('office:payments.account'),
        cell: (row) => row.account_name,
        primary: true,
        width: '22%',
      },
      {
        id: 'created_at',
        header: t('office.asked_at'),
        cell: (row) => <DateText value={row.created_at} />,
        sort: 'created_at',
      },
      {
        id: 'provider',
        header: t('office.provider'),
        cell: (row) => row.provider_name,
      },
      {
        id: 'method',
        header: t('office:payments.method'),
        cell: (row) => t(`office:words.payment_method.${row.method}`),
        optional: true,
      },
      {
        id: 'invoices',
        header: t('office.what_for'),
        cell: (row) => {
          if (row.purpose === 'setup') return t('office.setup')
          if (row.order_id !== null)
            return (
              <Link to="/orders/$id" params={{ id: row.order_id }}>
                {t('office.order')}
              </Link>
            )
          return row.invoices.map((invoice, index) => (
            <span key={invoice.id}>
              {index > 0 && ', '}
              <Link to="/invoices/$id" params={{ id: invoice.id }}>
                {invoice.number}
              </Link>
            </span>
          ))
        },
      },
      {
        id: 'amount',
        header: t('office:payments.amount'),
        cell: (row) =>
          row.purpose === 'setup' ? '–' : <Money amount={row.amount} currency={row.currency} />,
        align: 'end',
      },
      { id: 'state', header: t('office.state'), cell: (row) => <IntentBadge intent={row} /> },
      {
        id: 'why',
        header: t('office.why'),
        cell: (row) => (row.failure === null ? '–' : t(`office.failure.${row.failure}`)),
      },
      {
        id: 'detail',
        header: t('office.provider_words'),
        cell: (row) => row.failure_detail ?? '–',
        optional: true,
      },
      {
        id: 'ref',
        header: t('office.provider_ref'),
        cell: (row) =>
          row.driver === 'sandbox' && row.provider_ref !== null ? (
            <a href={`/sandbox/${row.provider_ref}`} target="_blank" rel="noreferrer">
              {row.provider_ref}
            </a>
          ) : (
            (row.provider_ref ?? '–')
          ),
        optional: true,
      },
      { id: 'unit', header: t('office:words.unit'), cell: (row) => row.business_unit_name, optional: true },
      ...(may('payments.decide')
        ? [
            {
              id: 'actions',
              header: t('office.actions'),
              cell: (row: PaymentIntent) => (row.ended_at === null ? <Actions intent={row} /> : '–'),
            },
          ]
        : []),
    ],
    [t, may],
  )
  return (
    <>
      <PageTitle title={t('office:payments.title')} />
      <PaymentsNav />
      <Narrowed />
      <DataTable
        name="payment-intents"
        label={t('office.intents')}
        source={intentsSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.account_name}
        rowTo={(row) => `/accounts/${row.account_id}`}
        searchHint={t('office.search_hint')}
        filters={[
          ...units,
          {
            id: 'state',
            label: t('office.state'),
            options: states.map((value) => ({ value, label: t(`office.intent.${value}`) })),
          },
          { id: 'open', label: t('office.open'), options: [{ value: 'true', label: t('office.open_only') }] },
        ]}
        empty={
          <EmptyState icon={<IconCreditCard size={24} aria-hidden />} title={t('office.no_intents')}>
            {t('office.no_intents_text')}
          </EmptyState>
        }
      />
    </>
  )
}

function Actions({ intent }: { intent: PaymentIntent }) {
  const { t } = useTranslation('providers')
  const queryClient = useQueryClient()
  const act = useMutation({
    mutationFn: (what: 'look-up' | 'cancel') =>
      orThrow(
        what === 'cancel'
          ? api.POST('/api/v1/office/payment-intents/{id}/cancel', { params: { path: { id: intent.id } } })
          : api.POST('/api/v1/office/payment-intents/{id}/look-up', { params: { path: { id: intent.id } } }),
      ),
    onSuccess: () => {
      showToast({ tone: 'good', title: t('office.asked') })
      // The provider's answer comes within seconds.
      for (const wait of [1500, 5000])
        setTimeout(() => void queryClient.invalidateQueries({ queryKey: intentsSource.queryKey }), wait)
    },
    onError: useProblemToast(),
  })
  const about = { account: intent.account_name }
  return (
    <span className={styles.row}>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={t('office.ask_about', about)}
        loading={act.isPending}
        onClick={() => act.mutate('look-up')}
      >
        {t('office.ask')}
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={t('office.give_up_of', about)}
        disabled={act.isPending}
        onClick={() => act.mutate('cancel')}
      >
        {t('office.give_up')}
      </Button>
    </span>
  )
}
