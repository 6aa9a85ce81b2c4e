import IconFileInvoice from '@tabler/icons-react/dist/esm/icons/IconFileInvoice.mjs'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Invoice } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { StateBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { invoicesSource } from '../billing-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import { DocumentBatchButton } from '../document-batch.tsx'
import { documentKinds, documentStates } from '../document-queries.ts'
import { signOfDocument } from '../document-words.ts'
import { numberOfInvoice, stateOfInvoice } from '../invoice-words.ts'
import { Narrowed } from '../narrowed.tsx'
import { useUnitFilter } from '../unit-filter.ts'

/** All documents: by kind, state, due date, unit, account, closing or number. */
export const Route = createFileRoute('/_app/invoices/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(invoicesSource, deps))
    return loadTexts('documents')
  },
  component: Invoices,
})

function Invoices() {
  const { t } = useTranslation()
  const units = useUnitFilter()
  const columns = useMemo<Column<Invoice>[]>(
    () => [
      {
        id: 'number',
        header: t('documents:document'),
        cell: (row) => `${t(`documents:kind.${row.kind}`)} ${numberOfInvoice(row)}`,
        sort: 'number',
        primary: true,
        width: '10.5rem',
      },
      { id: 'account', header: t('invoices.account'), cell: (row) => row.account_name },
      {
        id: 'state',
        header: t('invoices.state'),
        cell: (row) => <StateBadge kind="invoice" state={stateOfInvoice(row)} />,
      },
      {
        id: 'issue_date',
        header: t('invoices.issued'),
        cell: (row) => <DateText value={row.issue_date} />,
        sort: 'issue_date',
      },
      {
        id: 'due_date',
        header: t('invoices.due'),
        cell: (row) => <DateText value={row.due_date} />,
        sort: 'due_date',
      },
      {
        id: 'total',
        header: t('invoices.total'),
        cell: (row) => <Money amount={signOfDocument(row.kind) * row.total} currency={row.currency} />,
        sort: 'total',
        align: 'end',
      },
      {
        id: 'open',
        header: t('invoices.open'),
        cell: (row) =>
          row.open_amount === 0 ? '–' : <Money amount={row.open_amount} currency={row.currency} />,
        align: 'end',
      },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name, optional: true },
      {
        id: 'method',
        header: t('invoices.method'),
        cell: (row) => t(`words.payment_method.${row.payment_method}`),
        optional: true,
      },
      {
        id: 'tax',
        header: t('documents:taxes'),
        cell: (row) =>
          row.tax + row.tax_included === 0 ? (
            '–'
          ) : (
            <Money amount={signOfDocument(row.kind) * (row.tax + row.tax_included)} currency={row.currency} />
          ),
        align: 'end',
        optional: true,
      },
      {
        id: 'paid_at',
        header: t('invoices.paid_on'),
        cell: (row) => <DateText value={row.paid_at} />,
        optional: true,
      },
    ],
    [t],
  )
  return (
    <>
      <PageTitle title={t('shell.invoices')} actions={<DocumentBatchButton search={Route.useSearch()} />} />
      <Narrowed />
      <DataTable
        name="invoices"
        label={t('shell.invoices')}
        source={invoicesSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => `${t(`documents:kind.${row.kind}`)} ${numberOfInvoice(row)}`}
        rowTo={(row) => `/invoices/${row.id}`}
        searchHint={t('invoices.search_hint')}
        views={[
          { label: t('invoices.view_all'), search: {} },
          { label: t('invoices.view_open'), search: { state: 'open', sort: 'due_date' } },
          { label: t('invoices.view_overdue'), search: { state: 'overdue', sort: 'due_date' } },
          { label: t('invoices.view_paid'), search: { state: 'paid' } },
          { label: t('documents:kinds.credit_note'), search: { kind: 'credit_note' } },
          { label: t('documents:kinds.debit_note'), search: { kind: 'debit_note' } },
          { label: t('documents:kinds.proforma'), search: { kind: 'proforma' } },
        ]}
        filters={[
          ...units,
          {
            id: 'kind',
            label: t('documents:kind_label'),
            options: documentKinds.map((value) => ({ value, label: t(`documents:kind.${value}`) })),
          },
          {
            id: 'state',
            label: t('invoices.state'),
            options: documentStates.map((value) => ({
              value,
              label: t(`common:state.invoice.${value}`),
            })),
          },
          { id: 'due_from', label: t('invoices.due_from'), kind: 'date' },
          { id: 'due_to', label: t('invoices.due_to'), kind: 'date' },
          { id: 'issued_from', label: t('invoices.issued_from'), kind: 'date' },
          { id: 'issued_to', label: t('invoices.issued_to'), kind: 'date' },
          { id: 'total_from', label: t('documents:total_from'), kind: 'text' },
          { id: 'total_to', label: t('documents:total_to'), kind: 'text' },
        ]}
        exportPath="/api/v1/office/invoices.csv"
        empty={
          <EmptyState
            icon={<IconFileInvoice size={24} aria-hidden />}
            title={t('invoices.empty')}
            action={
              <ButtonLink to="/closings" variant="default">
                {t('shell.closings')}
              </ButtonLink>
            }
          >
            {t('invoices.empty_text')}
          </EmptyState>
        }
      />
    </>
  )
}
