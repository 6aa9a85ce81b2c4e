import IconChevronDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs'
import IconLogout from '@tabler/icons-react/dist/esm/icons/IconLogout.mjs'
import IconMenu2 from '@tabler/icons-react/dist/esm/icons/IconMenu2.mjs'
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Brand, Logo } from './brand.tsx'
import { Dialog } from './dialog.tsx'
import { JobTray, type TrayJob } from './job-tray.tsx'
import { Menu, type MenuItem } from './menu.tsx'
import { type NavItem, NavLink, SkipLink } from './navigation.tsx'
import styles from './office-shell.module.css'
import { useLanguageItems, useThemeItems } from './preferences.tsx'
import { UserAvatar } from './user-avatar.tsx'

/** Who is signed in. */
export interface ShellUser {
  name: string
  email: string
  /** The `photo_file_id`. */
  photo: string | null
}

/**
 * The frame of the office: areas of work at the left with what waits in each, search on top, long jobs, and the user's
 * menu. On a small screen the areas are behind a button.
 */
export function OfficeShell({
  brand,
  unit,
  nav,
  user,
  userItems = [],
  jobs = [],
  onSearch,
  onSignOut,
  onLanguage,
  children,
}: {
  brand: Brand
  /** Chooses the business unit that is shown, for staff of several. */
  unit?: { label: string; items: MenuItem[] }
  /** Groups of areas; a line of space stands between them. */
  nav: NavItem[][]
  user: ShellUser
  /** More lines for the user's menu. */
  userItems?: MenuItem[]
  jobs?: TrayJob[]
  /** Opens the command palette; ⌘K and Ctrl K do so too. */
  onSearch: () => void
  onSignOut: () => void
  /** Keeps the chosen language with the user. */
  onLanguage?: (language: string) => void
  children: ReactNode
}) {
  const { t } = useTranslation('common')
  const [railOpened, setRailOpened] = useState(false)
  const languageItems = useLanguageItems(onLanguage)
  const themeItems = useThemeItems()

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && !event.shiftKey && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        onSearch()
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [onSearch])

  const areas = (onNavigate?: () => void) => (
    <div className={styles.areas}>
      {nav.map((group, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: groups keep their place
        <ul key={index}>
          {group.map((item) => (
            <li key={item.to}>
              <NavLink item={item} onNavigate={onNavigate} />
            </li>
          ))}
        </ul>
      ))}
    </div>
  )
  const unitMenu = unit && (
    <Menu
      label={`${t('business_unit')}: ${unit.label}`}
      align="start"
      className={styles.unit}
      items={unit.items}
      trigger={
        <>
          <span className={styles.unitName}>{unit.label}</span>
          <IconChevronDown size={16} aria-hidden />
        </>
      }
    />
  )
  const mac = /mac|iphone|ipad/i.test(navigator.userAgent)

  return (
    <div className={styles.shell}>
      <SkipLink />
      <nav className={styles.rail} aria-label={t('areas')}>
        <Link to="/" className={styles.home}>
          <Logo brand={brand} />
        </Link>
        {unitMenu}
        {areas()}
      </nav>
      <div className={styles.side}>
        <header className={styles.bar}>
          <button
            type="button"
            className={styles.burger}
            aria-label={t('areas')}
            aria-expanded={railOpened}
            onClick={() => setRailOpened(true)}
          >
            <IconMenu2 size={20} aria-hidden />
          </button>
          <button type="button" className={styles.search} onClick={onSearch}>
            <IconSearch size={16} aria-hidden />
            <span>{t('palette.open')}</span>
            <kbd aria-hidden>{mac ? '⌘K' : 'Ctrl K'}</kbd>
          </button>
          <div className={styles.tools}>
            <JobTray jobs={jobs} />
            <Menu
              label={`${t('user_menu')}: ${user.name}`}
              trigger={<UserAvatar name={user.name} photo={user.photo} size={30} />}
              items={[
                `${user.name} · ${user.email}`,
                ...userItems,
                t('theme.label'),
                ...themeItems,
                t('language'),
                ...languageItems,
                t('session'),
                { label: t('action.sign_out'), icon: IconLogout, onClick: onSignOut },
              ]}
            />
          </div>
        </header>
        <main id="main" tabIndex={-1} className={styles.main}>
          {children}
        </main>
      </div>
      <Dialog opened={railOpened} onClose={() => setRailOpened(false)} title={brand.name} side>
        <nav aria-label={t('areas')} className={styles.drawer}>
          {unitMenu}
          {areas(() => setRailOpened(false))}
        </nav>
      </Dialog>
    </div>
  )
}
