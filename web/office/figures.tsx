import type { ReactNode } from 'react'
import type { Tone } from '../shared/theme.ts'
import styles from './figures.module.css'

/** One number that a page is about, what it counts, and what to know of it. */
export interface Figure {
  id: string
  label: string
  value: ReactNode
  note?: ReactNode
  tone?: Tone
}

/** The numbers that a page is about, in one line where there is room. */
export function Figures({ figures }: { figures: (Figure | false)[] }) {
  return (
    <dl className={styles.figures}>
      {figures.map(
        (figure) =>
          figure && (
            <div key={figure.id} className={styles.figure} data-tone={figure.tone}>
              <dt>{figure.label}</dt>
              <dd>{figure.value}</dd>
              {figure.note && <dd className={styles.note}>{figure.note}</dd>}
            </div>
          ),
      )}
    </dl>
  )
}
