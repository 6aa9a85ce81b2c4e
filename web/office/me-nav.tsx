import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import styles from './catalogue.module.css'

/** The pages that belong to the person, not to the work. */
export function MeNav() {
  const { t } = useTranslation()
  return (
    <nav className={styles.tabs} aria-label={t('me.tabs')}>
      <Link to="/me" activeOptions={{ exact: true, includeSearch: false }}>
        {t('me.tab_profile')}
      </Link>
      <Link to="/me/security" activeOptions={{ includeSearch: false }}>
        {t('common:entry.security')}
      </Link>
    </nav>
  )
}
