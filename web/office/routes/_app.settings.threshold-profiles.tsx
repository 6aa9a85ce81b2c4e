import { Anchor, Button } from '@mantine/core'
import IconBellRinging from '@tabler/icons-react/dist/esm/icons/IconBellRinging.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { ThresholdProfile } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { refreshProfiles, thresholdProfilesSource } from '../agreement-queries.ts'
import { unitsQuery } from '../frame-queries.ts'
import { ThresholdProfileDialog } from '../profile-dialogs.tsx'
import { useMay } from '../session.ts'
import { SettingsNav } from '../settings-nav.tsx'
import { useUnitFilter } from '../unit-filter.ts'

/** When devices of accounts raise alerts. */
export const Route = createFileRoute('/_app/settings/threshold-profiles')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(thresholdProfilesSource, deps))
  },
  component: Profiles,
})

function Profiles() {
  const { t } = useTranslation()
  const may = useMay()
  const queryClient = useQueryClient()
  const unitFilter = useUnitFilter()
  const { data: units = [] } = useQuery(unitsQuery)
  const [edited, setEdited] = useState<ThresholdProfile | 'new' | null>(null)
  const editable = may('settings.write')
  const archive = useMutation({
    mutationFn: ({ id, archived }: { id: string; archived: boolean }) =>
      orThrow(
        api.PATCH('/api/v1/office/threshold-profiles/{id}', { params: { path: { id } }, body: { archived } }),
      ),
    onSuccess: () => {
      setEdited(null)
      return refreshProfiles(queryClient)
    },
    onError: useProblemToast(),
  })
  const columns = useMemo<Column<ThresholdProfile>[]>(
    () => [
      {
        id: 'name',
        header: t('profiles.name'),
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
        width: '24%',
      },
      { id: 'unit', header: t('words.unit'), cell: (row) => row.business_unit_name },
      {
        id: 'metrics',
        header: t('profiles.thresholds_label'),
        cell: (row) => row.thresholds.map((one) => t(`profiles.metric.${one.metric}`)).join(', '),
      },
      {
        id: 'accounts',
        header: t('profiles.chosen_by'),
        cell: (row) => row.accounts,
        align: 'end',
        width: '7rem',
      },
      {
        id: 'state',
        header: t('accounts.state_column'),
        cell: (row) =>
          row.archived_at !== null ? (
            <ToneBadge tone="neutral">{t('catalogue.archived')}</ToneBadge>
          ) : row.is_default ? (
            <ToneBadge tone="good">{t('profiles.default_badge')}</ToneBadge>
          ) : (
            <ToneBadge tone="info">{t('catalogue.in_use')}</ToneBadge>
          ),
      },
    ],
    [t, editable],
  )
  const create = editable && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEdited('new')}>
      {t('profiles.threshold_new')}
    </Button>
  )
  return (
    <>
      <PageTitle title={t('profiles.thresholds')} subtitle={t('profiles.thresholds_text')} actions={create} />
      <SettingsNav />
      <DataTable
        name="threshold-profiles"
        label={t('profiles.thresholds')}
        source={thresholdProfilesSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.name}
        filters={[
          ...unitFilter,
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
            icon={<IconBellRinging size={24} aria-hidden />}
            title={t('profiles.threshold_empty')}
            action={create}
          >
            {t('profiles.threshold_empty_text')}
          </EmptyState>
        }
      />
      {edited !== null && (
        <ThresholdProfileDialog
          profile={edited === 'new' ? null : edited}
          units={units.filter((unit) => unit.archived_at === null)}
          onArchive={(archived) => edited !== 'new' && archive.mutate({ id: edited.id, archived })}
          onClose={() => setEdited(null)}
          onDone={(profile) => {
            showToast({ tone: 'good', title: t('profiles.saved', { name: profile.name }) })
            void refreshProfiles(queryClient)
          }}
        />
      )}
    </>
  )
}
