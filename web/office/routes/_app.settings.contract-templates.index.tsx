import IconFileText from '@tabler/icons-react/dist/esm/icons/IconFileText.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContractTemplateSummary } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { languages, loadTexts, nameOfLanguage } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { DateText } from '../../shared/values.tsx'
import { ButtonLink } from '../button-link.tsx'
import { templatesSource } from '../contract-queries.ts'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'
import { SettingsNav } from '../settings-nav.tsx'
import { useUnitFilter } from '../unit-filter.ts'

/** The texts that contracts of services are made from. */
export const Route = createFileRoute('/_app/settings/contract-templates/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(templatesSource, deps))
    return loadTexts('contracts')
  },
  component: Templates,
})

function Templates() {
  const { t } = useTranslation('contracts')
  const { t: office } = useTranslation()
  const may = useMay()
  const units = useUnitFilter()
  const columns = useMemo<Column<ContractTemplateSummary>[]>(
    () => [
      {
        id: 'name',
        header: t('ui.name'),
        cell: (row) => row.name,
        sort: 'name',
        primary: true,
        width: '30%',
      },
      { id: 'unit', header: office('words.unit'), cell: (row) => row.business_unit_name },
      { id: 'language', header: t('ui.language'), cell: (row) => nameOfLanguage(row.language) },
      { id: 'version', header: t('ui.version'), cell: (row) => row.version, align: 'end', width: '6rem' },
      { id: 'services', header: t('ui.services'), cell: (row) => row.services, align: 'end', width: '6rem' },
      {
        id: 'updated_at',
        header: t('ui.updated'),
        cell: (row) => <DateText value={row.updated_at} />,
        sort: 'updated_at',
      },
      {
        id: 'state',
        header: t('ui.state'),
        cell: (row) =>
          row.archived_at !== null ? (
            <ToneBadge tone="neutral">{office('catalogue.archived')}</ToneBadge>
          ) : row.is_default ? (
            <ToneBadge tone="good">{t('ui.default')}</ToneBadge>
          ) : (
            <ToneBadge tone="info">{office('catalogue.in_use')}</ToneBadge>
          ),
      },
    ],
    [t, office],
  )
  const create = may('settings.write') && (
    <ButtonLink to="/settings/contract-templates/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {t('ui.template_new')}
    </ButtonLink>
  )
  return (
    <>
      <PageTitle title={t('ui.templates')} subtitle={t('ui.templates_text')} actions={create} />
      <SettingsNav />
      <DataTable
        name="contract-templates"
        label={t('ui.templates')}
        source={templatesSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.name}
        rowTo={(row) => `/settings/contract-templates/${row.id}`}
        filters={[
          ...units,
          {
            id: 'language',
            label: t('ui.language'),
            options: languages.map((value) => ({ value, label: nameOfLanguage(value) })),
          },
          {
            id: 'archived',
            label: t('ui.state'),
            options: [
              { value: 'false', label: office('catalogue.in_use') },
              { value: 'true', label: office('catalogue.archived') },
            ],
          },
        ]}
        empty={
          <EmptyState
            icon={<IconFileText size={24} aria-hidden />}
            title={t('ui.template_none')}
            action={create}
          >
            {t('ui.template_none_text')}
          </EmptyState>
        }
      />
    </>
  )
}
