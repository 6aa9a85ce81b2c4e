import { Button, Radio, TextInput } from '@mantine/core'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconShoppingCart from '@tabler/icons-react/dist/esm/icons/IconShoppingCart.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useDeferredValue, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { OrderSummary } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { Dialog, DialogActions } from '../../shared/dialog.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText } from '../../shared/values.tsx'
import { accountsSource } from '../account-queries.ts'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import listStyles from '../list.module.css'
import { Narrowed } from '../narrowed.tsx'
import { ordersSource } from '../order-queries.ts'
import { OrderPrice, OrderRecurring, OrderState, orderKinds, orderStates } from '../order-words.tsx'
import { useMay } from '../session.ts'
import { useUnitFilter } from '../unit-filter.ts'

/** Orders and quotes of all accounts: what waits, what could not be done, and what was. */
export const Route = createFileRoute('/_app/orders/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(ordersSource, deps))
    return loadTexts('orders')
  },
  component: Orders,
})

function Orders() {
  const { t } = useTranslation('orders')
  const { t: to } = useTranslation()
  const units = useUnitFilter()
  const may = useMay()
  const [adding, setAdding] = useState(false)
  const columns = useMemo<Column<OrderSummary>[]>(
    () => [
      {
        id: 'number',
        header: t('list.number'),
        cell: (row) => row.number,
        sort: 'number',
        align: 'end',
        width: '6rem',
      },
      {
        id: 'title',
        header: t('list.title_column'),
        cell: (row) => (
          <>
            {row.title}
            <small className={listStyles.detail}>{t(`kind.${row.kind}`, { defaultValue: row.kind })}</small>
          </>
        ),
        primary: true,
        width: '26%',
      },
      { id: 'account', header: t('list.account'), cell: (row) => row.account_name, sort: 'account_name' },
      { id: 'state', header: t('list.state'), cell: (row) => <OrderState order={row} /> },
      {
        id: 'total',
        header: t('list.total'),
        cell: (row) => (
          <>
            <OrderPrice order={row} />
            {(row.recurring_amount ?? 0) > 0 && (
              <small className={listStyles.detail}>
                <OrderRecurring order={row} />
              </small>
            )}
          </>
        ),
        sort: 'total',
        align: 'end',
      },
      {
        id: 'created_at',
        header: t('list.created_at'),
        cell: (row) => <DateText value={row.created_at} />,
        sort: 'created_at',
      },
      {
        id: 'by',
        header: t('list.by'),
        cell: (row) => (row.by_customer ? t('list.customer') : (row.created_by_name ?? '–')),
        optional: true,
      },
      {
        id: 'salesperson',
        header: to('services.salesperson'),
        cell: (row) => row.salesperson_name ?? '–',
        optional: true,
      },
      {
        id: 'valid_until',
        header: t('list.valid_until'),
        cell: (row) => <DateText value={row.valid_until} />,
        optional: true,
      },
      {
        id: 'payable_until',
        header: t('list.payable_until'),
        cell: (row) => <DateText value={row.payable_until} />,
        optional: true,
      },
      {
        id: 'processed_at',
        header: t('list.processed_at'),
        cell: (row) => <DateText value={row.processed_at} />,
        optional: true,
      },
      { id: 'unit', header: to('words.unit'), cell: (row) => row.business_unit_name, optional: true },
    ],
    [t, to],
  )
  return (
    <>
      <PageTitle
        title={t('list.title')}
        subtitle={t('list.text')}
        actions={
          may('orders.write') && (
            <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
              {t('new.title')}
            </Button>
          )
        }
      />
      <Narrowed />
      <DataTable
        name="orders"
        label={t('list.title')}
        source={ordersSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => `${row.number}, ${row.title}`}
        rowTo={(row) => `/orders/${row.id}`}
        searchHint={t('list.search_hint')}
        views={[
          { label: t('list.view_all'), search: {} },
          { label: t('list.view_failed'), search: { failed: 'true' } },
          { label: t('list.view_open'), search: { state: 'open' } },
          { label: t('list.view_quoted'), search: { state: 'quoted' } },
          { label: t('list.view_processed'), search: { state: 'processed' } },
          { label: t('state.expired'), search: { state: 'expired' } },
        ]}
        filters={[
          ...units,
          {
            id: 'state',
            label: t('list.state'),
            options: orderStates.map((value) => ({ value, label: t(`state.${value}`) })),
          },
          {
            id: 'kind',
            label: t('list.kind'),
            options: orderKinds.map((value) => ({ value, label: t(`kind.${value}`) })),
          },
          {
            id: 'failed',
            label: t('list.view_failed'),
            options: [{ value: 'true', label: t('list.only_failed') }],
          },
          {
            id: 'by_customer',
            label: t('list.by'),
            options: [
              { value: 'true', label: t('list.customer') },
              { value: 'false', label: t('list.staff') },
            ],
          },
          { id: 'from', label: t('list.from'), kind: 'date' },
          { id: 'to', label: t('list.to'), kind: 'date' },
        ]}
        exportPath="/api/v1/office/orders.csv"
        empty={
          <EmptyState icon={<IconShoppingCart size={24} aria-hidden />} title={t('list.none')}>
            {t('list.none_text')}
          </EmptyState>
        }
      />
      {adding && <ForWhom onClose={() => setAdding(false)} />}
    </>
  )
}

/** Whom an order is for: an account, found by its name or number. */
function ForWhom({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('orders')
  const { t: to } = useTranslation()
  const router = useRouter()
  const [q, setQ] = useState('')
  const [id, setId] = useState('')
  const asked = useDeferredValue(q.trim())
  const found = useQuery({
    queryKey: ['accounts', 'to-order', asked],
    enabled: asked.length > 1,
    queryFn: ({ signal }) => accountsSource.fetchPage({ q: asked, limit: 8 }, signal),
  })
  const accounts = (found.data?.items ?? []).filter((one) => one.erased_at === null)
  return (
    <Dialog opened onClose={onClose} title={t('new.for_whom')}>
      <form
        className={formStyles.body}
        onSubmit={(event) => {
          event.preventDefault()
          if (id !== '') void router.navigate({ to: `/accounts/${id}/new-order` } as never)
        }}
      >
        <TextInput
          label={t('new.account')}
          description={t('new.account_help')}
          type="search"
          autoComplete="off"
          data-autofocus
          value={q}
          onChange={(event) => {
            setQ(event.currentTarget.value)
            setId('')
          }}
        />
        <ProblemAlert error={found.error} onRetry={found.refetch} />
        {asked.length > 1 && found.isSuccess && accounts.length === 0 && <p>{t('new.account_none')}</p>}
        {accounts.length > 0 && (
          <Radio.Group label={t('new.account_choose')} value={id} onChange={setId}>
            <div className={formStyles.checks}>
              {accounts.map((one) => (
                <Radio
                  key={one.id}
                  value={one.id}
                  label={one.name}
                  description={`${to('accounts.number_of', { number: one.number })} · ${one.business_unit_name}`}
                />
              ))}
            </div>
          </Radio.Group>
        )}
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {to('common:action.cancel')}
          </Button>
          <Button type="submit" disabled={id === ''}>
            {t('new.next')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
