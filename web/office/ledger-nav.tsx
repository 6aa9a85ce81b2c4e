import { Link, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Search } from '../shared/router.ts'
import styles from './catalogue.module.css'
import { useMay } from './session.ts'

/** Journal, trial balance, chart: the pages of the books, of the same business unit. */
export function LedgerNav() {
  const { t } = useTranslation('books')
  const may = useMay()
  const { business_unit_id } = useSearch({ strict: false }) as Search
  const search = { business_unit_id } as never
  return (
    <nav className={styles.tabs} aria-label={t('ledger.title')}>
      <Link to="/ledger" search={search} activeOptions={{ exact: true, includeSearch: false }}>
        {t('ledger.journal')}
      </Link>
      <Link to="/ledger/trial-balance" search={search} activeOptions={{ includeSearch: false }}>
        {t('ledger.trial')}
      </Link>
      {may('settings.read') && (
        <Link to="/ledger/chart" search={search} activeOptions={{ includeSearch: false }}>
          {t('ledger.chart')}
        </Link>
      )}
    </nav>
  )
}
