import { Anchor } from '@mantine/core'
import IconFilter from '@tabler/icons-react/dist/esm/icons/IconFilter.mjs'
import IconHistory from '@tabler/icons-react/dist/esm/icons/IconHistory.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditEntry } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { useFormats } from '../../shared/use-formats.ts'
import styles from '../audit.module.css'
import { AuditEntryDialog } from '../audit-entry-dialog.tsx'
import { auditSource, everyStaffQuery } from '../audit-queries.ts'
import { fieldsOf, nameOfActor, nameOfColumn, useAuditValues } from '../audit-words.tsx'
import { unitsQuery } from '../frame-queries.ts'
import narrowedStyles from '../narrowed.module.css'
import { Narrowed } from '../narrowed.tsx'
import { useMay } from '../session.ts'

const objectTypes = [
  'accounts',
  'business_units',
  'closings',
  'contacts',
  'files',
  'imports',
  'jobs',
  'memberships',
  'payment_notices',
  'payments',
  'plan_items',
  'plan_options',
  'plan_prices',
  'plans',
  'products',
  'routing_points',
  'staff',
  'subscription_components',
  'subscription_suspensions',
  'subscriptions',
  'users',
]
const ways = ['office', 'portal', 'job', 'command', 'start', 'database']

/** Who changed what, when and through what (A10). */
export const Route = createFileRoute('/_app/audit')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient, session }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    if (session.permissions.includes('staff.read')) void queryClient.prefetchQuery(everyStaffQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(auditSource, deps))
  },
  component: Audit,
})

function Audit() {
  const { t, i18n } = useTranslation()
  const { exact, date, time } = useFormats()
  const may = useMay()
  const search = Route.useSearch() as Search
  const { nameOfObject } = useAuditValues()
  const { data: staff = [] } = useQuery({ ...everyStaffQuery, enabled: may('staff.read') })
  const [read, setRead] = useState<AuditEntry | null>(null)
  const columns = useMemo<Column<AuditEntry>[]>(
    () => [
      {
        id: 'what',
        header: t('audit.what'),
        cell: (row) => {
          const name = nameOfObject(row)
          return (
            <>
              <Anchor component="button" type="button" fw={550} data-row-link onClick={() => setRead(row)}>
                {t('audit.line', {
                  object: t(`audit.object.${row.object_type}`, { defaultValue: row.object_type }),
                  action: t(`audit.action.${row.action}`, { defaultValue: row.action }),
                })}
              </Anchor>
              {name !== null && <span className={styles.object}> · {name}</span>}
            </>
          )
        },
        primary: true,
        width: '34%',
      },
      {
        id: 'at',
        header: t('audit.at'),
        cell: (row) => (
          <time dateTime={row.at} title={exact(row.at)}>
            {date(row.at)}, {time(row.at)}
          </time>
        ),
        sort: 'id',
      },
      {
        id: 'fields',
        header: t('audit.fields'),
        cell: (row) =>
          row.action === 'changed'
            ? fieldsOf(row)
                .map((field) => nameOfColumn(t, field.column, row.object_type))
                .join(', ') || '–'
            : '–',
      },
      {
        id: 'who',
        header: t('audit.who'),
        cell: (row) => (row.action === 'signed_in' && nameOfObject(row)) || nameOfActor(t, row),
      },
      {
        id: 'way',
        header: t('audit.way_column'),
        cell: (row) => t(`audit.way.${row.way}`, { defaultValue: row.way }),
      },
      {
        id: 'operation',
        header: t('audit.operation'),
        cell: (row) => <code>{row.operation}</code>,
        optional: true,
      },
      { id: 'ip', header: t('audit.ip'), cell: (row) => row.ip ?? '–', optional: true },
      {
        id: 'request_id',
        header: t('audit.request_id'),
        cell: (row) => (row.request_id === null ? '–' : <code>{row.request_id}</code>),
        optional: true,
      },
    ],
    [t, exact, date, time, nameOfObject],
  )
  const types = objectTypes
    .map((value) => ({ value, label: t(`audit.object.${value}`) }))
    .sort((one, other) => one.label.localeCompare(other.label, i18n.language))
  return (
    <>
      <PageTitle title={t('shell.audit')} subtitle={t('audit.subtitle')} />
      <Narrowed />
      {search.object_id && (
        <p className={narrowedStyles.note}>
          <IconFilter size={16} aria-hidden />
          <span>{t('audit.only_object')}</span>
          <Link to="." search={((before: Search) => ({ ...before, object_id: undefined })) as never}>
            {t('words.show_all')}
          </Link>
        </p>
      )}
      <DataTable
        name="audit"
        label={t('shell.audit')}
        source={auditSource}
        columns={columns}
        rowId={(row) => String(row.id)}
        rowLabel={(row) => t(`audit.object.${row.object_type}`, { defaultValue: row.object_type })}
        searchable={false}
        views={[
          { label: t('audit.view_all'), search: {} },
          { label: t('audit.view_people'), search: { way: 'office' } },
          { label: t('audit.view_portal'), search: { way: 'portal' } },
          { label: t('audit.view_access'), search: { object_type: 'staff' } },
        ]}
        filters={[
          { id: 'object_type', label: t('audit.object_type'), options: types },
          {
            id: 'way',
            label: t('audit.way_column'),
            options: ways.map((value) => ({ value, label: t(`audit.way.${value}`) })),
          },
          ...(staff.length > 0
            ? [
                {
                  id: 'actor_id',
                  label: t('audit.person'),
                  options: staff.map((one) => ({ value: one.id, label: one.name })),
                },
              ]
            : []),
          { id: 'from', label: t('audit.from'), kind: 'date' },
          { id: 'to', label: t('audit.before_day'), kind: 'date' },
        ]}
        exportPath="/api/v1/office/audit.csv"
        empty={
          <EmptyState icon={<IconHistory size={24} aria-hidden />} title={t('audit.none')}>
            {t('audit.none_text')}
          </EmptyState>
        }
      />
      {read && <AuditEntryDialog entry={read} onClose={() => setRead(null)} />}
    </>
  )
}
