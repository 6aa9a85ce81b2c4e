import IconFileText from '@tabler/icons-react/dist/esm/icons/IconFileText.mjs'
import IconReceipt from '@tabler/icons-react/dist/esm/icons/IconReceipt.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BankFileSummary } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle, Stacked } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { bankFilesSource, bankProvidersQuery } from '../bank-file-queries.ts'
import { BankFileBadge } from '../bank-file-words.tsx'
import { BankProviders } from '../bank-providers.tsx'
import { ButtonLink } from '../button-link.tsx'
import { PaymentsNav } from '../payments-nav.tsx'
import { ReturnDialog } from '../return-dialog.tsx'
import { useUnitFilter } from '../unit-filter.ts'

/** Files of banks: what waits to be sent, what went, what came. */
export const Route = createFileRoute('/_app/payments/bank-files/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(bankFilesSource, deps))
    await queryClient.ensureQueryData(bankProvidersQuery)
  },
  component: BankFiles,
})

const fileStates: BankFileSummary['state'][] = [
  'ready',
  'read',
  'applied',
  'faulty',
  'discarded',
  'applying',
  'failed',
]

function BankFiles() {
  const { t } = useTranslation('bankfiles')
  const { number } = useFormats()
  const units = useUnitFilter()
  const { data: providers = [] } = useQuery({ ...bankProvidersQuery, refetchOnMount: 'always' })
  const [uploading, setUploading] = useState<string | null>(null)
  const columns = useMemo<Column<BankFileSummary>[]>(
    () => [
      { id: 'name', header: t('file'), cell: (row) => row.name, primary: true, width: '26%' },
      { id: 'kind', header: t('kind'), cell: (row) => t(`kinds.${row.kind}`) },
      { id: 'provider', header: t('provider'), cell: (row) => row.provider_name },
      { id: 'state', header: t('state_label'), cell: (row) => <BankFileBadge state={row.state} /> },
      {
        id: 'sequence',
        header: t('sequence'),
        cell: (row) => (row.sequence === null ? '–' : number(row.sequence)),
        align: 'end',
      },
      { id: 'records', header: t('records'), cell: (row) => number(row.records), align: 'end' },
      {
        id: 'total',
        header: t('total'),
        cell: (row) => <Money amount={row.total} currency={row.currency} />,
        align: 'end',
      },
      { id: 'unit', header: t('office:words.unit'), cell: (row) => row.business_unit_name, optional: true },
      { id: 'by', header: t('by'), cell: (row) => row.created_by_name ?? t('by_itself') },
      {
        id: 'created_at',
        header: t('created_at'),
        cell: (row) => <DateText value={row.created_at} relative />,
        sort: 'created_at',
      },
    ],
    [t, number],
  )
  return (
    <>
      <PageTitle
        title={t('office:payments.title')}
        actions={
          <ButtonLink
            to="/payments/bank-charges"
            variant="default"
            leftSection={<IconReceipt size={16} aria-hidden />}
          >
            {t('charges_title')}
          </ButtonLink>
        }
      />
      <PaymentsNav />
      <Stacked>
        {providers.length === 0 ? (
          <EmptyState icon={<IconFileText size={24} aria-hidden />} title={t('no_ways')}>
            <p>{t('no_ways_text')}</p>
            <Link to="/settings/providers">{t('to_settings')}</Link>
          </EmptyState>
        ) : (
          <BankProviders providers={providers} onUpload={setUploading} />
        )}
        <DataTable
          name="bank-files"
          label={t('files')}
          source={bankFilesSource}
          columns={columns}
          rowId={(row) => row.id}
          rowLabel={(row) => row.name}
          rowTo={(row) => `/payments/bank-files/${row.id}`}
          searchable={false}
          filters={[
            ...units,
            {
              id: 'provider_id',
              label: t('provider'),
              options: providers.map(({ id, name }) => ({ value: id, label: name })),
            },
            {
              id: 'kind',
              label: t('kind'),
              options: (['remittance', 'return'] as const).map((value) => ({
                value,
                label: t(`kinds.${value}`),
              })),
            },
            {
              id: 'state',
              label: t('state_label'),
              options: fileStates.map((value) => ({ value, label: t(`state.${value}`) })),
            },
          ]}
          empty={
            <EmptyState icon={<IconFileText size={24} aria-hidden />} title={t('empty')}>
              {t('empty_text')}
            </EmptyState>
          }
        />
        <ReturnDialog provider={uploading} opened={uploading !== null} onClose={() => setUploading(null)} />
      </Stacked>
    </>
  )
}
