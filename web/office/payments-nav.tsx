import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import styles from './catalogue.module.css'

/** What waits for approval, and every payment. */
export function PaymentsNav() {
  const { t } = useTranslation()
  return (
    <nav className={styles.tabs} aria-label={t('shell.payments')}>
      <Link to="/payments" activeOptions={{ exact: true, includeSearch: false }}>
        {t('payments.to_approve')}
      </Link>
      <Link to="/payments/received" activeOptions={{ includeSearch: false }}>
        {t('payments.received')}
      </Link>
      <Link to="/bank-statements" activeOptions={{ includeSearch: false }}>
        {t('payments.statements')}
      </Link>
      <Link to="/payments/providers" activeOptions={{ includeSearch: false }}>
        {t('payments.by_providers')}
      </Link>
      <Link to="/payments/debits" activeOptions={{ includeSearch: false }}>
        {t('payments.debits')}
      </Link>
      <Link to="/payments/bank-files" activeOptions={{ includeSearch: false }}>
        {t('payments.bank_files')}
      </Link>
    </nav>
  )
}
