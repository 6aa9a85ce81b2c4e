import { useQuery } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import type { ReactNode } from 'react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditEntry } from '../shared/api-types.gen.ts'
import { nameOfLanguage } from '../shared/i18n.ts'
import { useFormats } from '../shared/use-formats.ts'
import styles from './audit.module.css'
import { everyStaffQuery } from './audit-queries.ts'
import { unitsQuery } from './frame-queries.ts'
import { usablePlansQuery } from './service-queries.ts'
import { useMay } from './session.ts'

/** One column of a changed row: `undefined` where the entry does not know it. */
export interface ChangedField {
  column: string
  before: unknown
  after: unknown
}

// What says nothing to a reader: the row's own key, and what the database keeps for itself.
const silent = new Set([
  'tax_id_key',
  'phone_key',
  'id',
  'search_text',
  'sha256',
  'updated_at',
  'password_hash',
])

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

/** What an entry tells, column by column; columns that were empty before and after are left out. */
export function fieldsOf(entry: AuditEntry): ChangedField[] {
  const before = toRecord(entry.before)
  const after = toRecord(entry.after)
  return (
    [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((column) => !silent.has(column))
      // Whose they are stands over the fields already.
      .filter((column) => column !== 'account_id' && column !== 'business_unit_id')
      .map((column) => ({ column, before: before[column], after: after[column] }))
      // Of what was erased the names of the fields are all that there is.
      .filter((field) => entry.redacted_at !== null || !isEmpty(field.before) || !isEmpty(field.after))
  )
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
}

/** The word for a column; `state` of a postal address is no state of affairs. */
export function nameOfColumn(t: TFunction, column: string, objectType: string): string {
  const isPlace = column === 'state' && (objectType === 'accounts' || objectType === 'business_units')
  return t(`audit.name.${isPlace ? 'state_region' : column}`, { defaultValue: column })
}

/** Who did it: a person by name, else what it came through. */
export function nameOfActor(t: TFunction, entry: AuditEntry): string {
  if (entry.actor_id !== null && entry.actor_name) {
    return entry.on_behalf_of
      ? t('audit.on_behalf', { name: entry.actor_name, account: entry.on_behalf_of })
      : entry.actor_name
  }
  if (entry.actor_kind === 'visitor') return t('audit.visitor')
  return t(`audit.way.${entry.way}`, { defaultValue: entry.way })
}

/** The page of the thing that was changed, where it has one. */
export function pageOfObject(entry: AuditEntry): string | null {
  const id = entry.object_id
  const row = { ...toRecord(entry.before), ...toRecord(entry.after) }
  const linked = (path: string, value: unknown) => (typeof value === 'string' ? `${path}/${value}` : null)
  // What was deleted has no page any more, but what it belonged to may.
  const own = entry.action === 'deleted' ? null : id
  switch (entry.object_type) {
    case 'accounts':
      return linked('/accounts', own)
    case 'contacts':
    case 'memberships':
    case 'contracts':
    case 'account_domains':
    case 'invitations':
    case 'ownership_transfers':
    case 'account_change_requests':
    case 'account_adjustments':
    case 'account_tax_exemptions':
      return linked('/accounts', entry.account_id)
    case 'privacy_exports':
      return entry.account_id === null ? null : `/accounts/${entry.account_id}/privacy`
    case 'orders':
      return linked('/orders', own)
    case 'bank_charges':
      return linked('/payments/bank-charges', own)
    case 'support_credit_entries':
      return linked('/accounts', entry.account_id)
    case 'subscriptions':
      return linked('/services', own)
    case 'subscription_components':
    case 'subscription_suspensions':
    case 'subscription_coupons':
    case 'usage_records':
      return linked('/services', row.subscription_id)
    case 'plans':
      return linked('/catalogue/plans', own)
    case 'plan_items':
    case 'plan_options':
    case 'plan_terms':
    case 'plan_prices':
    case 'plan_meters':
    case 'prices':
      return linked('/catalogue/plans', row.plan_id)
    case 'products':
      return '/catalogue/products'
    case 'routing_points':
      return '/catalogue/routing-points'
    case 'coupons':
      return linked('/catalogue/coupons', own)
    case 'taxes':
    case 'product_taxes':
      return '/settings/taxes'
    case 'chart_accounts':
      return '/ledger/chart'
    case 'closings':
      return linked('/closings', own)
    case 'imports':
      return linked('/imports', own)
    case 'business_units':
      return linked('/units', own)
    case 'staff':
      return '/staff'
    case 'jobs':
      return '/jobs'
    default:
      return null
  }
}

// Whose words stand elsewhere already: the column, then the object where the column alone does not tell.
const wordsOf: Record<string, string> = {
  payment_method: 'words.payment_method',
  payment_methods: 'words.payment_method',
  method: 'words.payment_method',
  billing_mode: 'words.billing_mode',
  item: 'words.item',
  permissions: 'accounts.permission',
  topics: 'accounts.topic',
  day_count: 'audit.day_count',
  discount_kind: 'audit.discount_kind',
  interval: 'audit.interval',
  cycle_unit: 'audit.cycle_unit',
  cycle_alignment: 'audit.cycle_alignment',
  price_model: 'audit.price_model',
  suspension_credit: 'audit.suspension_credit',
  purpose: 'audit.purpose',
  side: 'audit.side',
  task: 'jobs.task',
  'accounts.kind': 'words.account_kind',
  'plans.kind': 'words.plan_kind',
  'plan_options.kind': 'words.option_kind',
  'imports.kind': 'audit.import_kind',
  'imports.state': 'common:state.import',
  'closings.state': 'common:state.closing',
  'payment_notices.state': 'common:state.payment_notice',
  'subscriptions.status': 'common:state.subscription',
  'staff.role': 'shell.role',
  'subscription_components.role': 'audit.component_role',
}
const money =
  /^(amount|total|extra_amount|unit_amount|discount_amount|planned_total|issued_total|open_amount)$/
const isDay = (value: string) => /^\d{4}-\d\d-\d\d$/.test(value)
const isInstant = (value: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)
const isId = (value: string) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value)

/** Values of the audit log in words: money with its currency, days as people say them, ids by the name behind them. */
export function useAuditValues() {
  const { t } = useTranslation()
  const formats = useFormats()
  const may = useMay()
  const { data: units } = useQuery(unitsQuery)
  const { data: staff } = useQuery({ ...everyStaffQuery, enabled: may('staff.read') })
  const { data: plans } = useQuery({ ...usablePlansQuery(undefined), enabled: may('catalogue.read') })
  return useMemo(() => {
    const names = new Map(
      [...(units ?? []), ...(staff ?? []), ...(plans ?? [])].map((one) => [one.id, one.name] as const),
    )
    const say = (entry: AuditEntry, column: string, value: unknown): ReactNode => {
      if (entry.redacted_at !== null && isEmpty(value)) return '–'
      if (isEmpty(value)) return <span className={styles.nothing}>{t('audit.empty_value')}</span>
      if (typeof value === 'boolean') return t(value ? 'common:yes' : 'common:no')
      if (typeof value === 'number') {
        if (money.test(column)) {
          const row = { ...toRecord(entry.before), ...toRecord(entry.after) }
          const unit = units?.find((one) => one.id === entry.business_unit_id)
          const currency = typeof row.currency === 'string' ? row.currency : unit?.currency
          return currency ? formats.money(value, currency) : value
        }
        if (column === 'discount_basis_points') return formats.percent(value / 10_000)
        if (column === 'size') return formats.bytes(value)
        return column === 'number' || column === 'contract_number' ? value : formats.number(value)
      }
      if (Array.isArray(value)) {
        return value.every((one) => typeof one === 'string')
          ? value.map((one) => word(entry, column, one)).join(', ')
          : write(value)
      }
      if (typeof value === 'object') return write(value)
      const text = String(value)
      const range = /^\[(\d{4}-\d\d-\d\d),(\d{4}-\d\d-\d\d)?\)$/.exec(text)
      if (range?.[1]) return formats.period(range[1], range[2] ?? null)
      if (isDay(text)) return formats.date(text, 'long')
      if (isInstant(text)) return formats.exact(text)
      if (isId(text)) {
        const name = names.get(text)
        return name ?? <code title={text}>{`…${text.slice(-12)}`}</code>
      }
      if (column === 'accent') {
        return (
          <span className={styles.colour}>
            <i style={{ background: text }} aria-hidden />
            {text}
          </span>
        )
      }
      return word(entry, column, text)
    }
    const word = (entry: AuditEntry, column: string, text: string): string => {
      if (column === 'language') return nameOfLanguage(text)
      const words = wordsOf[`${entry.object_type}.${column}`] ?? wordsOf[column]
      return words ? t(`${words}.${text.replace(':', '.')}`, { defaultValue: text }) : text
    }
    /** What is known of the thing by its name. */
    const nameOfObject = (entry: AuditEntry): string | null => {
      const row = { ...toRecord(entry.before), ...toRecord(entry.after) }
      const named =
        row.name ??
        row.file_name ??
        row.description ??
        [row.first_name, row.last_name].filter(Boolean).join(' ')
      if (typeof named === 'string' && named !== '') return named
      if (entry.object_type === 'jobs' && typeof row.task === 'string') return word(entry, 'task', row.task)
      return (entry.object_id && names.get(entry.object_id)) || null
    }
    return { say, nameOfObject }
  }, [t, formats, units, staff, plans])
}

function write(value: unknown): ReactNode {
  return <code className={styles.raw}>{JSON.stringify(value, null, 1)}</code>
}
