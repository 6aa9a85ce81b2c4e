import type { TablerIcon } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import shared from './credentials.module.css'
import styles from './security.module.css'
import type { Tone } from './theme.ts'

/** One way in or one place where one is signed in: what it is, words about it, what can be done. */
export function SecurityRow({
  icon: Icon,
  tone,
  title,
  state,
  children,
  actions,
}: {
  icon: TablerIcon
  tone?: Tone | undefined
  title: ReactNode
  /** A word beside the title, as a badge. */
  state?: ReactNode
  /** Lines below it. */
  children?: ReactNode
  actions?: ReactNode
}) {
  return (
    <li className={styles.row}>
      <span className={shared.icon} data-tone={tone} aria-hidden>
        <Icon size={20} stroke={1.75} />
      </span>
      <div className={styles.words}>
        <div>
          <span>{title}</span>
          {state}
        </div>
        {children}
      </div>
      {actions && <div className={styles.buttons}>{actions}</div>}
    </li>
  )
}
