import { Anchor, Button } from '@mantine/core'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconTags from '@tabler/icons-react/dist/esm/icons/IconTags.mjs'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { Product } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { useProblemToast } from '../../shared/toasts.tsx'
import { CatalogueNav } from '../catalogue-nav.tsx'
import { productsSource, refreshCatalogue } from '../catalogue-queries.ts'
import { unitsQuery } from '../frame-queries.ts'
import { NamedDialog } from '../named-dialog.tsx'
import { useMay } from '../session.ts'

/** Families of plans: what the catalogue is sorted by. */
export const Route = createFileRoute('/_app/catalogue/products')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(productsSource, deps))
  },
  component: List,
})

function List() {
  const { t } = useTranslation()
  const may = useMay()
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const [edited, setEdited] = useState<Product | 'new' | null>(null)
  const archive = useMutation({
    mutationFn: ({ id, archived }: { id: string; archived: boolean }) =>
      orThrow(api.PATCH('/api/v1/office/products/{id}', { params: { path: { id } }, body: { archived } })),
    onSuccess: () => {
      setEdited(null)
      return refreshCatalogue(queryClient)
    },
    onError: useProblemToast(),
  })
  const editable = may('catalogue.write')
  const columns = useMemo<Column<Product>[]>(
    () => [
      {
        id: 'name',
        header: t('catalogue.name'),
        cell: (row) =>
          editable ? (
            <Anchor component="button" type="button" fw={550} onClick={() => setEdited(row)}>
              {row.name}
            </Anchor>
          ) : (
            row.name
          ),
        sort: 'name',
        primary: true,
        width: '28%',
      },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name },
      { id: 'about', header: t('catalogue.description'), cell: (row) => row.description ?? '–' },
      {
        id: 'plans',
        header: t('catalogue.plans'),
        cell: (row) => row.plans,
        align: 'end',
        width: '6rem',
      },
      {
        id: 'position',
        header: t('catalogue.position'),
        cell: (row) => row.position,
        sort: 'position',
        align: 'end',
        width: '7rem',
      },
      {
        id: 'state',
        header: t('accounts.state_column'),
        cell: (row) => (
          <ToneBadge tone={row.archived_at !== null ? 'neutral' : 'good'}>
            {t(row.archived_at !== null ? 'catalogue.archived' : 'catalogue.in_use')}
          </ToneBadge>
        ),
      },
    ],
    [t, editable],
  )
  const create = editable && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEdited('new')}>
      {t('catalogue.product_new')}
    </Button>
  )
  const current = edited === 'new' ? null : edited
  return (
    <>
      <PageTitle title={t('catalogue.products')} actions={create} />
      <CatalogueNav />
      <DataTable
        name="products"
        label={t('catalogue.products')}
        source={productsSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.name}
        filters={[
          {
            id: 'business_unit_id',
            label: t('words.unit'),
            options: units.map((unit) => ({ value: unit.id, label: unit.name })),
          },
          {
            id: 'archived',
            label: t('accounts.state_column'),
            options: [
              { value: 'false', label: t('catalogue.in_use') },
              { value: 'true', label: t('catalogue.archived') },
            ],
          },
        ]}
        empty={
          <EmptyState
            icon={<IconTags size={24} aria-hidden />}
            title={t('catalogue.product_empty')}
            action={create}
          >
            {t('catalogue.product_empty_text')}
          </EmptyState>
        }
      />
      {edited !== null && (
        <NamedDialog
          title={t(current ? 'catalogue.product_edit' : 'catalogue.product_new')}
          aboutLabel={t('catalogue.description')}
          withPosition
          units={units.filter((unit) => unit.archived_at === null)}
          isNew={current === null}
          archived={current?.archived_at != null}
          initial={{
            business_unit_id:
              current?.business_unit_id ?? units.find((unit) => unit.archived_at === null)?.id ?? '',
            name: current?.name ?? '',
            about: current?.description ?? '',
            position: current?.position ?? 0,
          }}
          onArchive={(archived) => current && archive.mutate({ id: current.id, archived })}
          onClose={() => setEdited(null)}
          onSave={async (values, key) => {
            const body = { name: values.name, description: values.about, position: Number(values.position) }
            await (current === null
              ? orThrow(
                  api.POST('/api/v1/office/products', {
                    body: { ...body, business_unit_id: values.business_unit_id },
                    headers: idempotent(key),
                  }),
                )
              : orThrow(
                  api.PATCH('/api/v1/office/products/{id}', { params: { path: { id: current.id } }, body }),
                ))
            await refreshCatalogue(queryClient)
          }}
        />
      )}
    </>
  )
}
