import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import styles from './catalogue.module.css'
import { useMay } from './session.ts'

/** What there is of an account: all of it at once, what was changed, and the personal data. */
export function AccountTabs({ id }: { id: string }) {
  const { t } = useTranslation()
  const may = useMay()
  if (!may('audit.read') && !may('privacy.export') && !may('privacy.erase')) return null
  return (
    <nav className={styles.tabs} aria-label={t('privacy.pages_of_account')}>
      <Link to="/accounts/$id" params={{ id }} activeOptions={{ exact: true, includeSearch: false }}>
        {t('privacy.overview')}
      </Link>
      {may('audit.read') && (
        <Link to="/accounts/$id/changes" params={{ id }} activeOptions={{ includeSearch: false }}>
          {t('accounts.changes')}
        </Link>
      )}
      {(may('privacy.export') || may('privacy.erase')) && (
        <Link to="/accounts/$id/privacy" params={{ id }} activeOptions={{ includeSearch: false }}>
          {t('privacy.title')}
        </Link>
      )}
    </nav>
  )
}
