import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import styles from './catalogue.module.css'
import { type Permission, useMay } from './session.ts'

/** The pages of the settings, in their order. A new page adds its line here. */
const tabs: { to: string; label: string; needs: Permission }[] = [
  { to: '/settings/sla-profiles', label: 'profiles.sla', needs: 'settings.read' },
  { to: '/settings/threshold-profiles', label: 'profiles.thresholds', needs: 'settings.read' },
  { to: '/settings/providers', label: 'settings.providers', needs: 'settings.read' },
  { to: '/settings/taxes', label: 'settings.taxes', needs: 'settings.read' },
  { to: '/settings/dunning', label: 'shell.dunning', needs: 'dunning.read' },
  { to: '/settings/contract-templates', label: 'shell.contract_templates', needs: 'settings.read' },
  { to: '/settings/sign-in', label: 'signInSettings.tab', needs: 'settings.read' },
  { to: '/settings/api-keys', label: 'shell.api_keys', needs: 'api_keys.read' },
  { to: '/settings/webhooks', label: 'shell.webhooks', needs: 'webhooks.read' },
]

/** What the whole operation follows: one page each. */
export function SettingsNav() {
  const { t } = useTranslation()
  const may = useMay()
  return (
    <nav className={styles.tabs} aria-label={t('shell.settings')}>
      {tabs
        .filter((tab) => may(tab.needs))
        .map((tab) => (
          <Link key={tab.to} to={tab.to} activeOptions={{ includeSearch: false }}>
            {t(tab.label)}
          </Link>
        ))}
    </nav>
  )
}

/** Where the settings begin for somebody: the first page that they may see. */
export function firstSettingsPage(may: (needed: Permission) => boolean): string {
  return tabs.find((tab) => may(tab.needs))?.to ?? '/'
}
