import { Button } from '@mantine/core'
import type { TablerIcon } from '@tabler/icons-react'
import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import type { Tone } from '../shared/theme.ts'
import styles from './list.module.css'

/** Rows of one thing each, inside a flush Section. */
export function List({ label, children }: { label?: string; children: ReactNode }) {
  return (
    <ul className={styles.list} aria-label={label}>
      {children}
    </ul>
  )
}

/** The small square that says of what kind a row is, or how urgent. */
export function Tile({ icon: Icon, tone }: { icon: TablerIcon; tone?: Tone | 'accent' }) {
  return (
    <span className={styles.tile} data-tone={tone} aria-hidden>
      <Icon size={20} stroke={1.75} />
    </span>
  )
}

/**
 * One row: what it is, what is to be known, the amount at the end, and what can be done. Give the link of `name` the class
 * `coverLink` and the whole row leads there.
 */
export function Row({
  lead,
  name,
  detail,
  end,
  actions,
  line,
  stacked,
}: {
  lead: ReactNode
  name: ReactNode
  detail?: ReactNode
  end?: ReactNode
  actions?: ReactNode
  /** A line over the first row too, where something stands above the list. */
  line?: boolean
  /** On a phone what stands at the end moves under the words, which need the room. */
  stacked?: boolean
}) {
  return (
    <li
      className={styles.row}
      data-wide={actions ? true : undefined}
      data-first-line={line || undefined}
      data-stacked={stacked || undefined}
    >
      {lead}
      <div className={styles.words}>
        <div className={styles.name}>{name}</div>
        {detail && <div className={styles.detail}>{detail}</div>}
      </div>
      {end && <div className={styles.end}>{end}</div>}
      {actions && <div className={styles.actions}>{actions}</div>}
    </li>
  )
}

/** The class of a link that covers its row. */
export const coverLink: string | undefined = styles.cover

/** The end of a list that is read in pages: the button for more, or why more did not come. */
export function MoreRows({
  query,
}: {
  query: Pick<
    UseInfiniteQueryResult<unknown>,
    'hasNextPage' | 'isFetchingNextPage' | 'isFetchNextPageError' | 'error' | 'fetchNextPage'
  >
}) {
  const { t } = useTranslation('common')
  if (query.isFetchNextPageError) {
    return <ProblemAlert error={query.error} onRetry={() => query.fetchNextPage()} />
  }
  if (!query.hasNextPage) return null
  return (
    <div className={styles.more}>
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
        {t('table.more')}
      </Button>
    </div>
  )
}
