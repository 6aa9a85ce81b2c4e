import { Link, useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import styles from './section-nav.module.css'

/**
 * The pages of one place, side by side over their titles: `{ to, label }`, the current one marked, and in view where a
 * phone is too narrow for all.
 */
export function SectionNav({ label, items }: { label: string; items: { to: string; label: string }[] }) {
  const list = useRef<HTMLUListElement>(null)
  const path = useLocation({ select: (location) => location.pathname })
  useEffect(() => {
    const current = list.current?.querySelector(`a[href="${path}"]`)
    if (list.current && current instanceof HTMLElement) {
      const room = list.current.clientWidth - current.offsetWidth
      list.current.scrollLeft = current.offsetLeft - list.current.offsetLeft - room / 2
    }
  }, [path])
  return (
    <nav className={styles.nav} aria-label={label}>
      <ul ref={list}>
        {items.map((item) => (
          <li key={item.to}>
            <Link to={item.to} activeOptions={{ exact: true, includeSearch: false }}>
              {item.label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** Ways to narrow a list that live in the address: each is a link, the chosen one marked. */
export function FilterNav<Value extends string>({
  label,
  param,
  chosen,
  options,
}: {
  label: string
  param: string
  chosen: Value
  options: { value: Value; label: string }[]
}) {
  return (
    <nav className={styles.filter} aria-label={label}>
      <ul>
        {options.map((option) => (
          <li key={option.value}>
            <Link
              to="."
              search={{ [param]: option.value }}
              replace
              resetScroll={false}
              activeOptions={{ exact: true, includeSearch: true }}
              // The first option is what an address without the parameter shows.
              aria-current={option.value === chosen ? 'true' : undefined}
              data-chosen={option.value === chosen || undefined}
            >
              {option.label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
