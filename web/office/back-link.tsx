import IconChevronLeft from '@tabler/icons-react/dist/esm/icons/IconChevronLeft.mjs'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

/** The way back to the list that a page came from, over its title. */
export function BackLink({
  to,
  search,
  children,
}: {
  to: string
  search?: Record<string, string>
  children: ReactNode
}) {
  return (
    <Link to={to} search={search ?? {}}>
      <IconChevronLeft size={16} aria-hidden />
      {children}
    </Link>
  )
}
