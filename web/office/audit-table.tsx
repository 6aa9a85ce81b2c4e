import { Anchor } from '@mantine/core'
import IconHistory from '@tabler/icons-react/dist/esm/icons/IconHistory.mjs'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditEntry } from '../shared/api-types.gen.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { EmptyState } from '../shared/page.tsx'
import type { TableSource } from '../shared/table-search.ts'
import { useFormats } from '../shared/use-formats.ts'
import styles from './audit.module.css'
import { AuditEntryDialog } from './audit-entry-dialog.tsx'
import { everyStaffQuery } from './audit-queries.ts'
import { fieldsOf, nameOfActor, nameOfColumn, useAuditValues } from './audit-words.tsx'
import { useMay } from './session.ts'

const objectTypes = [
  'account_dunning_exemptions',
  'account_adjustments',
  'account_change_requests',
  'account_domains',
  'account_tax_exemptions',
  'accounts',
  'api_keys',
  'business_units',
  'chart_accounts',
  'closings',
  'contacts',
  'contracts',
  'coupons',
  'dunning_policies',
  'dunning_steps',
  'files',
  'imports',
  'invitations',
  'jobs',
  'memberships',
  'operator_settings',
  'ownership_transfers',
  'passkeys',
  'payment_notices',
  'payments',
  'plan_items',
  'plan_meters',
  'plan_options',
  'plan_terms',
  'plans',
  'prices',
  'privacy_exports',
  'product_taxes',
  'products',
  'routing_points',
  'sla_profiles',
  'staff',
  'subscription_components',
  'subscription_coupons',
  'subscription_suspensions',
  'subscriptions',
  'taxes',
  'threshold_profiles',
  'usage_records',
  'user_totp',
  'users',
  'webhook_endpoints',
]
const actions = [
  'created',
  'changed',
  'deleted',
  'signed_in',
  'exported',
  'downloaded',
  'erased',
  'view_as_started',
]
const ways = ['office', 'portal', 'api_key', 'job', 'import', 'command', 'start', 'database']

/** So many changed fields are said in the row; the entry itself tells all. */
const fieldsShown = 2

/** The entries of the audit log (A10): of everything, or of one account. */
export function AuditTable({
  name,
  source,
  ofAccount,
}: {
  name: string
  source: TableSource<AuditEntry>
  ofAccount?: boolean
}) {
  const { t, i18n } = useTranslation()
  const { exact, date, time } = useFormats()
  const may = useMay()
  const { say, nameOfObject } = useAuditValues()
  const { data: staff = [] } = useQuery({ ...everyStaffQuery, enabled: may('staff.read') })
  const [read, setRead] = useState<AuditEntry | null>(null)
  const columns = useMemo<Column<AuditEntry>[]>(
    () => [
      {
        id: 'what',
        header: t('audit.what'),
        cell: (row) => {
          const object = nameOfObject(row)
          return (
            <>
              <Anchor component="button" type="button" fw={550} data-row-link onClick={() => setRead(row)}>
                {t('audit.line', {
                  object: t(`audit.object.${row.object_type}`, { defaultValue: row.object_type }),
                  action: t(`audit.action.${row.action}`, { defaultValue: row.action }),
                })}
              </Anchor>
              {object !== null && <span className={styles.object}> · {object}</span>}
            </>
          )
        },
        primary: true,
        width: '27%',
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
        width: '30%',
        cell: (row) => {
          if (row.redacted_at !== null)
            return <span className={styles.nothing}>{t('audit.redacted_short')}</span>
          const fields = row.action === 'changed' ? fieldsOf(row) : []
          if (fields.length === 0) return '–'
          return (
            <ul className={styles.changes}>
              {fields.slice(0, fieldsShown).map((field) => (
                <li key={field.column}>
                  {nameOfColumn(t, field.column, row.object_type)}:{' '}
                  <span className={styles.was}>{say(row, field.column, field.before)}</span> →{' '}
                  {say(row, field.column, field.after)}
                </li>
              ))}
              {fields.length > fieldsShown && (
                <li className={styles.was}>
                  {fields
                    .slice(fieldsShown)
                    .map((field) => nameOfColumn(t, field.column, row.object_type))
                    .join(', ')}
                </li>
              )}
            </ul>
          )
        },
      },
      {
        id: 'who',
        header: t('audit.who'),
        cell: (row) => (row.action === 'signed_in' && nameOfObject(row)) || nameOfActor(t, row),
      },
      ...(ofAccount
        ? []
        : [
            {
              id: 'account',
              header: t('audit.account_column'),
              cell: (row: AuditEntry) =>
                row.account_id !== null && row.account_name !== null ? (
                  <Link to="/accounts/$id" params={{ id: row.account_id }}>
                    {row.account_name}
                  </Link>
                ) : (
                  '–'
                ),
            },
          ]),
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
    [t, exact, date, time, nameOfObject, say, ofAccount],
  )
  const types = objectTypes
    .map((value) => ({ value, label: t(`audit.object.${value}`) }))
    .sort((one, other) => one.label.localeCompare(other.label, i18n.language))
  return (
    <>
      <DataTable
        name={name}
        label={ofAccount ? t('accounts.changes') : t('shell.audit')}
        source={source}
        columns={columns}
        rowId={(row) => String(row.id)}
        rowLabel={(row) => t(`audit.object.${row.object_type}`, { defaultValue: row.object_type })}
        searchHint={t('audit.search')}
        views={[
          { label: t('audit.view_all'), search: {} },
          { label: t('audit.view_people'), search: { way: 'office' } },
          { label: t('audit.view_portal'), search: { way: 'portal' } },
          ...(ofAccount ? [] : [{ label: t('audit.view_access'), search: { object_type: 'staff' } }]),
        ]}
        filters={[
          { id: 'object_type', label: t('audit.object_type'), options: types },
          {
            id: 'action',
            label: t('audit.action_filter'),
            options: actions.map((value) => ({ value, label: t(`audit.action.${value}`) })),
          },
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
          { id: 'from', label: t('audit.from'), kind: 'date' as const },
          { id: 'to', label: t('audit.before_day'), kind: 'date' as const },
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
