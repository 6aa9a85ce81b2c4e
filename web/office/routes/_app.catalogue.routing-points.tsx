import { Anchor, Button } from '@mantine/core'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconRouter from '@tabler/icons-react/dist/esm/icons/IconRouter.mjs'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { RoutingPoint } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { useProblemToast } from '../../shared/toasts.tsx'
import { CatalogueNav } from '../catalogue-nav.tsx'
import { refreshCatalogue, routingPointsSource } from '../catalogue-queries.ts'
import { unitsQuery } from '../frame-queries.ts'
import { NamedDialog } from '../named-dialog.tsx'
import { useMay } from '../session.ts'

/** Where connections enter the network. */
export const Route = createFileRoute('/_app/catalogue/routing-points')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(routingPointsSource, deps))
  },
  component: List,
})

function List() {
  const { t } = useTranslation()
  const may = useMay()
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const [edited, setEdited] = useState<RoutingPoint | 'new' | null>(null)
  const archive = useMutation({
    mutationFn: ({ id, archived }: { id: string; archived: boolean }) =>
      orThrow(
        api.PATCH('/api/v1/office/routing-points/{id}', { params: { path: { id } }, body: { archived } }),
      ),
    onSuccess: () => {
      setEdited(null)
      return refreshCatalogue(queryClient)
    },
    onError: useProblemToast(),
  })
  const editable = may('catalogue.write')
  const columns = useMemo<Column<RoutingPoint>[]>(
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
      { id: 'about', header: t('catalogue.notes'), cell: (row) => row.notes ?? '–' },

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
      {t('catalogue.routing_point_new')}
    </Button>
  )
  const current = edited === 'new' ? null : edited
  return (
    <>
      <PageTitle title={t('catalogue.routing_points')} actions={create} />
      <CatalogueNav />
      <DataTable
        name="routing-points"
        label={t('catalogue.routing_points')}
        source={routingPointsSource}
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
            icon={<IconRouter size={24} aria-hidden />}
            title={t('catalogue.routing_point_empty')}
            action={create}
          >
            {t('catalogue.routing_point_empty_text')}
          </EmptyState>
        }
      />
      {edited !== null && (
        <NamedDialog
          title={t(current ? 'catalogue.routing_point_edit' : 'catalogue.routing_point_new')}
          aboutLabel={t('catalogue.notes')}
          units={units.filter((unit) => unit.archived_at === null)}
          isNew={current === null}
          archived={current?.archived_at != null}
          initial={{
            business_unit_id:
              current?.business_unit_id ?? units.find((unit) => unit.archived_at === null)?.id ?? '',
            name: current?.name ?? '',
            about: current?.notes ?? '',
            position: 0,
          }}
          onArchive={(archived) => current && archive.mutate({ id: current.id, archived })}
          onClose={() => setEdited(null)}
          onSave={async (values, key) => {
            const body = { name: values.name, notes: values.about }
            await (current === null
              ? orThrow(
                  api.POST('/api/v1/office/routing-points', {
                    body: { ...body, business_unit_id: values.business_unit_id },
                    headers: idempotent(key),
                  }),
                )
              : orThrow(
                  api.PATCH('/api/v1/office/routing-points/{id}', {
                    params: { path: { id: current.id } },
                    body,
                  }),
                ))
            await refreshCatalogue(queryClient)
          }}
        />
      )}
    </>
  )
}
