import IconChevronDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs'
import IconLogout from '@tabler/icons-react/dist/esm/icons/IconLogout.mjs'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type Brand, Logo } from './brand.tsx'
import { Menu, type MenuItem } from './menu.tsx'
import { type NavItem, NavLink, SkipLink } from './navigation.tsx'
import styles from './portal-shell.module.css'
import { useLanguageItems, useThemeItems } from './preferences.tsx'
import { SupportFooter } from './support-footer.tsx'
import { UserAvatar } from './user-avatar.tsx'

/** The accounts that the user may act for, and which one this is. */
export interface AccountChoice {
  current: { id: string; name: string }
  all: { id: string; name: string; detail?: string }[]
  onChoose: (id: string) => void
}

/**
 * The frame of the portal: the unit's logo and name, whose account this is, where one can go (at the bottom on a phone),
 * and how to reach people in the footer.
 */
export function PortalShell({
  brand,
  accounts,
  nav,
  user,
  userItems = [],
  onSignOut,
  signOutLabel,
  onLanguage,
  banner,
  children,
}: {
  brand: Brand
  accounts?: AccountChoice
  /** At most five: they are the bottom bar of a phone too. */
  nav: NavItem[]
  user: { name: string; email: string; photo: string | null }
  userItems?: MenuItem[]
  onSignOut: () => void
  /** What leaving is called where it is not signing out. */
  signOutLabel?: string | undefined
  onLanguage?: ((language: string) => void) | undefined
  /** Over everything, on every page. */
  banner?: ReactNode
  children: ReactNode
}) {
  const { t } = useTranslation('common')
  const languageItems = useLanguageItems(onLanguage)
  const themeItems = useThemeItems()
  return (
    <div className={styles.shell}>
      <SkipLink />
      {banner}
      <header className={styles.header}>
        <div className={styles.top}>
          <Link to="/" className={styles.home}>
            <Logo brand={brand} size={32} />
          </Link>
          <div className={styles.tools}>
            {accounts && accounts.all.length > 1 && (
              <Menu
                label={`${t('account')}: ${accounts.current.name}`}
                className={styles.account}
                trigger={
                  <>
                    <span className={styles.accountName}>{accounts.current.name}</span>
                    <IconChevronDown size={16} aria-hidden />
                  </>
                }
                items={accounts.all.map((one) => ({
                  label: one.name,
                  detail: one.detail,
                  checked: one.id === accounts.current.id,
                  onClick: () => accounts.onChoose(one.id),
                }))}
              />
            )}
            <Menu
              label={`${t('user_menu')}: ${user.name}`}
              trigger={<UserAvatar name={user.name} photo={user.photo} size={32} />}
              items={[
                `${user.name} · ${user.email}`,
                ...userItems,
                t('theme.label'),
                ...themeItems,
                t('language'),
                ...languageItems,
                t('session'),
                { label: signOutLabel ?? t('action.sign_out'), icon: IconLogout, onClick: onSignOut },
              ]}
            />
          </div>
        </div>
        <nav className={styles.nav} aria-label={t('pages')}>
          <ul>
            {nav.map((item) => (
              <li key={item.to}>
                <NavLink item={item} />
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <main id="main" tabIndex={-1} className={styles.main}>
        {children}
      </main>
      <SupportFooter brand={brand} />
    </div>
  )
}
