import type { TablerIcon } from '@tabler/icons-react'
import { Link, useRouterState } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import styles from './navigation.module.css'

/** One place to go. `count` is what waits there. */
export interface NavItem {
  to: string
  label: string
  icon: TablerIcon
  count?: number
  /** Only the very address is current, not what is below it. For the home page. */
  exact?: boolean
  /** Other addresses that belong to this place: it is current there too. */
  also?: string[]
}

/** A link of a navigation with its icon and what waits. It is `aria-current` by itself. */
export function NavLink({ item, onNavigate }: { item: NavItem; onNavigate?: () => void }) {
  const { t } = useTranslation('common')
  const Icon = item.icon
  const inside = useRouterState({
    select: ({ location: { pathname } }) =>
      item.also?.some((address) => pathname === address || pathname.startsWith(`${address}/`)) ?? false,
  })
  return (
    <Link
      to={item.to}
      activeOptions={{ exact: item.exact ?? false, includeSearch: false }}
      className={styles.link}
      {...(inside ? { 'aria-current': 'page' as const } : {})}
      onClick={onNavigate}
    >
      <Icon size={18} stroke={1.75} aria-hidden />
      <span className={styles.label}>{item.label}</span>
      {item.count !== undefined && item.count > 0 && (
        <span className={styles.count}>
          {item.count > 999 ? '999+' : item.count}
          <span className="visually-hidden"> {t('waiting')}</span>
        </span>
      )}
    </Link>
  )
}

/** The first stop of the keyboard: over the navigation to the content. */
export function SkipLink() {
  const { t } = useTranslation('common')
  return (
    <a href="#main" className={styles.skip}>
      {t('skip')}
    </a>
  )
}
