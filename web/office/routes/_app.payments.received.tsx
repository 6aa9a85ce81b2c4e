import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Payment } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { Narrowed } from '../narrowed.tsx'
import { paymentsSource } from '../payment-queries.ts'
import { PaymentsNav } from '../payments-nav.tsx'
import { useUnitFilter } from '../unit-filter.ts'

/** Every payment that came in, and what it paid. */
export const Route = createFileRoute('/_app/payments/received')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(paymentsSource, deps))
  },
  component: Payments,
})

const methods: Payment['method'][] = [
  'pix',
  'boleto',
  'bank_transfer',
  'card',
  'bank_debit',
  'cash',
  'cheque',
  'other',
]

/** What it paid, and the credit notes of what was taken off. */
function listDocuments({ invoices, documents }: Payment): { id: string; number: string }[] {
  const paid = new Set(invoices.map(({ id }) => id))
  return [...invoices, ...documents.filter(({ id }) => !paid.has(id))]
}

function Payments() {
  const { t } = useTranslation()
  const units = useUnitFilter()
  const columns = useMemo<Column<Payment>[]>(
    () => [
      {
        id: 'account',
        header: t('payments.account'),
        cell: (row) => row.account_name,
        sort: 'account_name',
        primary: true,
        width: '24%',
      },
      {
        id: 'received_on',
        header: t('payments.received_on'),
        cell: (row) => <DateText value={row.received_on} />,
        sort: 'received_on',
      },
      { id: 'method', header: t('payments.method'), cell: (row) => t(`words.payment_method.${row.method}`) },
      { id: 'provider', header: t('payments.provider'), cell: (row) => row.provider_name ?? '–' },
      { id: 'reference', header: t('payments.reference'), cell: (row) => row.reference ?? '–' },
      {
        id: 'invoices',
        header: t('payments.invoices'),
        cell: (row) =>
          row.invoices.length === 0
            ? '–'
            : listDocuments(row).map((document, index) => (
                <span key={document.id}>
                  {index > 0 && ', '}
                  <Link to="/invoices/$id" params={{ id: document.id }}>
                    {document.number}
                  </Link>
                </span>
              )),
      },
      {
        id: 'amount',
        header: t('payments.amount'),
        cell: (row) => <Money amount={row.amount} currency={row.currency} />,
        sort: 'amount',
        align: 'end',
      },
      {
        id: 'credited',
        header: t('payments.credited'),
        cell: (row) => (row.credited === 0 ? '–' : <Money amount={row.credited} currency={row.currency} />),
        align: 'end',
      },
      {
        id: 'reversed',
        header: t('payments.reversed'),
        cell: (row) => (row.reversed === 0 ? '–' : <Money amount={row.reversed} currency={row.currency} />),
        align: 'end',
      },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name, optional: true },
      {
        id: 'by',
        header: t('payments.recorded_by'),
        cell: (row) => row.recorded_by_name ?? '–',
        optional: true,
      },
      {
        id: 'created_at',
        header: t('payments.recorded_at'),
        cell: (row) => <DateText value={row.created_at} />,
        sort: 'created_at',
        optional: true,
      },
    ],
    [t],
  )
  return (
    <>
      <PageTitle title={t('payments.title')} />
      <PaymentsNav />
      <Narrowed />
      <DataTable
        name="payments"
        label={t('payments.received')}
        source={paymentsSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.account_name}
        rowTo={(row) => `/payments/${row.id}`}
        searchHint={t('payments.search_hint')}
        filters={[
          ...units,
          {
            id: 'method',
            label: t('payments.method'),
            options: methods.map((value) => ({ value, label: t(`words.payment_method.${value}`) })),
          },
          { id: 'from', label: t('payments.from'), kind: 'date' },
          { id: 'to', label: t('payments.before'), kind: 'date' },
        ]}
        exportPath="/api/v1/office/payments.csv"
        empty={
          <EmptyState icon={<IconCash size={24} aria-hidden />} title={t('payments.none')}>
            {t('payments.none_text')}
          </EmptyState>
        }
      />
    </>
  )
}
