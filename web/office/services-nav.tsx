import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import styles from './catalogue.module.css'

/** Services, and what changes of them. */
export function ServicesNav() {
  const { t } = useTranslation()
  return (
    <nav className={styles.tabs} aria-label={t('shell.services')}>
      <Link to="/services" activeOptions={{ exact: true, includeSearch: false }}>
        {t('services.nav_all')}
      </Link>
      <Link to="/service-changes" activeOptions={{ includeSearch: false }}>
        {t('services.nav_changes')}
      </Link>
    </nav>
  )
}
