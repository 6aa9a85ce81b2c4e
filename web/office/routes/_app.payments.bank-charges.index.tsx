import IconReceipt from '@tabler/icons-react/dist/esm/icons/IconReceipt.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { BankCharge } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { bankChargesSource, bankProvidersQuery } from '../bank-file-queries.ts'
import { BankChargeBadge } from '../bank-file-words.tsx'
import styles from '../bank-files.module.css'
import { Narrowed } from '../narrowed.tsx'
import { useUnitFilter } from '../unit-filter.ts'

/** Every boleto and debit, and what became of it. */
export const Route = createFileRoute('/_app/payments/bank-charges/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(bankChargesSource, deps))
    await queryClient.ensureQueryData(bankProvidersQuery)
  },
  component: BankCharges,
})

const states: BankCharge['state'][] = ['registered', 'sent', 'confirmed', 'paid', 'rejected', 'written_off']

function BankCharges() {
  const { t } = useTranslation('bankfiles')
  const units = useUnitFilter()
  const { data: providers } = useSuspenseQuery(bankProvidersQuery)
  const columns = useMemo<Column<BankCharge>[]>(
    () => [
      {
        id: 'account',
        header: t('account'),
        cell: (row) => row.account_name,
        sort: 'account_name',
        primary: true,
        width: '22%',
      },
      {
        id: 'our_number',
        header: t('our_number'),
        cell: (row) => <span className={styles.number}>{row.our_number}</span>,
      },
      { id: 'kind', header: t('kind'), cell: (row) => t(`charge_kind.${row.kind}`) },
      {
        id: 'state',
        header: t('state_label'),
        cell: (row) => <BankChargeBadge state={row.state} />,
      },
      {
        id: 'reasons',
        header: t('reasons'),
        cell: (row) => row.failure_codes.join(' ') || '–',
        optional: true,
      },
      { id: 'invoices', header: t('invoices'), cell: (row) => row.invoices.join(', ') || '–' },
      {
        id: 'due_date',
        header: t('due_date'),
        cell: (row) => <DateText value={row.due_date} />,
        sort: 'due_date',
      },
      {
        id: 'amount',
        header: t('amount'),
        cell: (row) => <Money amount={row.amount} currency={row.currency} />,
        sort: 'amount',
        align: 'end',
      },
      { id: 'provider', header: t('provider'), cell: (row) => row.provider_name },
      {
        id: 'typeable_line',
        header: t('typeable_line'),
        cell: (row) => <span className={styles.number}>{row.typeable_line ?? '–'}</span>,
        optional: true,
      },
      {
        id: 'created_at',
        header: t('created_at'),
        cell: (row) => <DateText value={row.created_at} relative />,
        sort: 'created_at',
      },
    ],
    [t],
  )
  return (
    <>
      <PageTitle
        back={<BackLink to="/payments/bank-files">{t('title')}</BackLink>}
        title={t('charges_title')}
      />
      <Narrowed />
      <DataTable
        name="bank-charges"
        label={t('charges_title')}
        source={bankChargesSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.our_number}
        rowTo={(row) => `/payments/bank-charges/${row.id}`}
        searchHint={t('search_hint')}
        filters={[
          ...units,
          {
            id: 'provider_id',
            label: t('provider'),
            options: providers.map(({ id, name }) => ({ value: id, label: name })),
          },
          {
            id: 'state',
            label: t('state_label'),
            options: states.map((value) => ({ value, label: t(`charge_state.${value}`) })),
          },
        ]}
        exportPath="/api/v1/office/bank-charges.csv"
        empty={
          <EmptyState icon={<IconReceipt size={24} aria-hidden />} title={t('charges_empty')}>
            {t('charges_empty_text')}
          </EmptyState>
        }
      />
    </>
  )
}
