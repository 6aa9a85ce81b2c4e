import { useTranslation } from 'react-i18next'
import { SectionNav } from './section-nav.tsx'
import { maySession, useSession } from './session.ts'

/** Invoices, what was paid, and the statement: the pages about money. */
export function BillingNav() {
  const { t } = useTranslation()
  const session = useSession()
  return (
    <SectionNav
      label={t('tabs.billing_label')}
      items={[
        { to: '/invoices', label: t('tabs.invoices') },
        { to: '/payments', label: t('tabs.payments') },
        { to: '/payment-methods', label: t('tabs.methods') },
        { to: '/statement', label: t('tabs.statement') },
        // With the services, for those who see them.
        ...(maySession(session, 'services') ? [] : [{ to: '/orders', label: t('tabs.orders') }]),
      ]}
    />
  )
}

/** What the account has, what else there is, and what was ordered. */
export function ServicesNav() {
  const { t } = useTranslation()
  return (
    <SectionNav
      label={t('tabs.services_label')}
      items={[
        { to: '/services', label: t('tabs.services') },
        { to: '/shop', label: t('tabs.shop') },
        { to: '/orders', label: t('tabs.orders') },
      ]}
    />
  )
}

/** The account and the user in it. What is the person's alone is not there for staff who view as a customer. */
export function AccountNav() {
  const { t } = useTranslation()
  const session = useSession()
  const person = session.viewer_name === null
  return (
    <SectionNav
      label={t('tabs.account_label')}
      items={[
        { to: '/account', label: t('tabs.account') },
        { to: '/users', label: t('tabs.users') },
        { to: '/contacts', label: t('tabs.contacts') },
        ...(person && session.permissions.includes('owner')
          ? [
              { to: '/api-keys', label: t('tabs.api_keys') },
              { to: '/webhooks', label: t('tabs.webhooks') },
            ]
          : []),
        ...(person
          ? [
              { to: '/user', label: t('tabs.user') },
              { to: '/security', label: t('common:entry.security') },
            ]
          : []),
        ...(person && session.permissions.includes('owner')
          ? [{ to: '/privacy', label: t('tabs.privacy') }]
          : []),
      ]}
    />
  )
}
