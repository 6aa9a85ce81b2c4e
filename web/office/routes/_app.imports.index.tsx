import IconFileImport from '@tabler/icons-react/dist/esm/icons/IconFileImport.mjs'
import IconUpload from '@tabler/icons-react/dist/esm/icons/IconUpload.mjs'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ImportSummary } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle, Stacked } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { StateBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText } from '../../shared/values.tsx'
import { ImportFiles } from '../import-files.tsx'
import { importKinds, importsSource } from '../import-queries.ts'
import { NewImportDialog } from '../new-import-dialog.tsx'
import { PermittedButton } from '../permitted-button.tsx'
import { useUnitFilter } from '../unit-filter.ts'

/** Every file that was uploaded, and what became of it. */
export const Route = createFileRoute('/_app/imports/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(importsSource, deps))
  },
  component: Imports,
})

function Imports() {
  const { t } = useTranslation()
  const { number } = useFormats()
  const units = useUnitFilter()
  const [creating, setCreating] = useState(false)
  const columns = useMemo<Column<ImportSummary>[]>(
    () => [
      { id: 'file', header: t('imports.file'), cell: (row) => row.file_name, primary: true, width: '24%' },
      { id: 'kind', header: t('imports.kind'), cell: (row) => t(`imports.kinds.${row.kind}`) },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name },
      {
        id: 'state',
        header: t('imports.state'),
        cell: (row) => <StateBadge kind="import" state={row.state} />,
      },
      { id: 'rows', header: t('imports.rows'), cell: (row) => number(row.rows_total), align: 'end' },
      { id: 'created', header: t('imports.created'), cell: (row) => number(row.created), align: 'end' },
      { id: 'updated', header: t('imports.updated'), cell: (row) => number(row.updated), align: 'end' },
      { id: 'rejected', header: t('imports.rejected'), cell: (row) => number(row.rejected), align: 'end' },
      { id: 'by', header: t('imports.by'), cell: (row) => row.created_by_name ?? '–' },
      {
        id: 'created_at',
        header: t('imports.uploaded'),
        cell: (row) => <DateText value={row.created_at} relative />,
        sort: 'created_at',
      },
    ],
    [t, number],
  )
  const create = (
    <PermittedButton
      needs="imports.run"
      leftSection={<IconUpload size={16} aria-hidden />}
      onClick={() => setCreating(true)}
    >
      {t('imports.new')}
    </PermittedButton>
  )
  const states: ImportSummary['state'][] = [
    'draft',
    'preparing',
    'prepared',
    'queued',
    'running',
    'done',
    'failed',
  ]
  return (
    <Stacked>
      <PageTitle title={t('shell.imports')} actions={create} />
      <ImportFiles />
      <DataTable
        name="imports"
        label={t('shell.imports')}
        source={importsSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.file_name}
        rowTo={(row) => `/imports/${row.id}`}
        searchable={false}
        filters={[
          ...units,
          {
            id: 'kind',
            label: t('imports.kind'),
            options: importKinds.map((value) => ({ value, label: t(`imports.kinds.${value}`) })),
          },
          {
            id: 'state',
            label: t('imports.state'),
            options: states.map((value) => ({ value, label: t(`common:state.import.${value}`) })),
          },
        ]}
        empty={
          <EmptyState
            icon={<IconFileImport size={24} aria-hidden />}
            title={t('imports.empty')}
            action={create}
          >
            {t('imports.empty_text')}
          </EmptyState>
        }
      />
      <NewImportDialog opened={creating} onClose={() => setCreating(false)} />
    </Stacked>
  )
}
