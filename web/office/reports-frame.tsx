import { NativeSelect } from '@mantine/core'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { PageTitle } from '../shared/page.tsx'
import type { Search } from '../shared/router.ts'
import navStyles from './catalogue.module.css'
import { unitsQuery } from './frame-queries.ts'
import type { ReportScope } from './report-queries.ts'
import styles from './reports.module.css'

/** The title of the reports with what they are about, and the ways between them. */
export function ReportsHead({ search, onChange }: { search: Search; onChange: (change: Search) => void }) {
  const { t } = useTranslation()
  const { data: units = [] } = useQuery(unitsQuery)
  const currencies = [...new Set(units.map((unit) => unit.currency))].sort()
  const scope = { business_unit_id: search.business_unit_id, currency: search.currency }
  return (
    <>
      <PageTitle
        title={t('reports.title')}
        subtitle={t('reports.subtitle')}
        actions={
          <div className={styles.filters}>
            {units.length > 1 && (
              <NativeSelect
                aria-label={t('words.unit')}
                value={search.business_unit_id ?? ''}
                data={[
                  { value: '', label: t('today.all_units') },
                  ...units.map((unit) => ({ value: unit.id, label: unit.name })),
                ]}
                onChange={(event) =>
                  onChange({
                    business_unit_id: event.currentTarget.value || undefined,
                    currency: undefined,
                    plan_id: undefined,
                    salesperson_id: undefined,
                  })
                }
              />
            )}
            {currencies.length > 1 && !search.business_unit_id && (
              <NativeSelect
                aria-label={t('today.currency')}
                value={search.currency ?? ''}
                data={[{ value: '', label: t('reports.any_currency') }, ...currencies]}
                onChange={(event) => onChange({ currency: event.currentTarget.value || undefined })}
              />
            )}
          </div>
        }
      />
      <nav className={navStyles.tabs} aria-label={t('reports.title')}>
        <Link to="/reports" search={scope as never} activeOptions={{ exact: true, includeSearch: false }}>
          {t('reports.recurring')}
        </Link>
        <Link to="/reports/money" search={scope as never} activeOptions={{ includeSearch: false }}>
          {t('reports.money')}
        </Link>
      </nav>
    </>
  )
}

/** The same figures as a file. */
export function ReportFiles({
  path,
  query,
}: {
  path: string
  query: ReportScope & Record<string, string | undefined>
}) {
  const { t } = useTranslation()
  const asked = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => (value ? [[name, value] as [string, string]] : [])),
  ).toString()
  return (
    <span className={styles.files}>
      {(['csv', 'xlsx'] as const).map((format) => (
        <a key={format} href={`/api/v1/office/reports/${path}.${format}${asked ? `?${asked}` : ''}`} download>
          <IconDownload size={14} aria-hidden /> {t(`reports.${format}`)}
        </a>
      ))}
    </span>
  )
}

/** That a sum is the ledger's own, or that it is not. */
export function LedgerProof({ sum, ledger }: { sum: number; ledger: number }) {
  const { t } = useTranslation()
  return (
    <span className={styles.proof} data-tone={sum === ledger ? 'good' : 'bad'}>
      {sum === ledger ? t('reports.proven') : t('reports.unproven')}
    </span>
  )
}
