import type { ReactNode } from 'react'
import { useEffect, useId } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './page.module.css'

/** Sets the browser's title to the page's, and back to the app's when the page goes. */
export function useDocumentTitle(title: string): void {
  useEffect(() => {
    const before = document.title
    const { app, view } = document.documentElement.dataset
    document.title = [view, title, app].filter(Boolean).join(' · ')
    return () => {
      document.title = before
    }
  }, [title])
}

/**
 * The first line of every page: what it is, its state, its main action. The title is the page's only h1 and the browser's
 * title as well.
 */
export function PageTitle({
  title,
  state,
  subtitle,
  back,
  actions,
}: {
  title: string
  /** A StateBadge. */
  state?: ReactNode
  subtitle?: ReactNode
  /** A link to the list that this came from. */
  back?: ReactNode
  /** The main action last, as a filled button. */
  actions?: ReactNode
}) {
  useDocumentTitle(title)
  return (
    <header className={styles.title}>
      {back && <div className={styles.back}>{back}</div>}
      <div className={styles.line}>
        <div className={styles.headline}>
          <div className={styles.heading}>
            <h1>{title}</h1>
            {state}
          </div>
          {subtitle && <div className={styles.subtitle}>{subtitle}</div>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
    </header>
  )
}

/** One part of a page with its heading: a card, or without a frame when `plain`. A card is never inside another. */
export function Section({
  title,
  description,
  actions,
  plain,
  flush,
  children,
}: {
  title?: ReactNode
  description?: ReactNode
  actions?: ReactNode
  plain?: boolean
  /** Lets a table or a list reach the card's edges. */
  flush?: boolean
  children?: ReactNode
}) {
  const id = useId()
  return (
    <section
      className={styles.section}
      data-plain={plain || undefined}
      data-flush={flush || undefined}
      aria-labelledby={title ? id : undefined}
    >
      {(title || actions) && (
        <div className={styles.sectionHead}>
          <div>
            {title && <h2 id={id}>{title}</h2>}
            {description && <p className={styles.description}>{description}</p>}
          </div>
          {actions && <div className={styles.actions}>{actions}</div>}
        </div>
      )}
      <div className={styles.sectionBody}>{children}</div>
    </section>
  )
}

/** A detail page: left what happens, right what is. One column on a phone. */
export function Columns({ main, aside }: { main: ReactNode; aside: ReactNode }) {
  return (
    <div className={styles.columns}>
      <div className={styles.stack}>{main}</div>
      <aside className={styles.stack}>{aside}</aside>
    </div>
  )
}

/** The parts of a page one under the other, in the page's rhythm. */
export function Stacked({ children }: { children: ReactNode }) {
  return <div className={styles.stack}>{children}</div>
}

/** One fact: a label and its value; `null` and `''` are written as a dash, `false` leaves the fact out. */
export type Fact = [label: ReactNode, value: ReactNode] | false | null | undefined

/** Facts of a thing as a list of labels and values: `<Facts facts={[[t('due'), <DateText … />]]} />`. */
export function Facts({ facts, stacked }: { facts: Fact[]; stacked?: boolean }) {
  return (
    <dl className={styles.facts} data-stacked={stacked || undefined}>
      {facts.map((fact, index) =>
        fact ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: facts keep their place
          <div key={index}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1] === null || fact[1] === undefined || fact[1] === '' ? '–' : fact[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  )
}

/** Where there is nothing yet: what this is for, and the first step. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className={styles.empty}>
      {icon && <div className={styles.emptyIcon}>{icon}</div>}
      <strong>{title}</strong>
      {children && <p>{children}</p>}
      {action && <div className={styles.emptyAction}>{action}</div>}
    </div>
  )
}

/** Grey lines in the shape of text that is on its way. */
export function SkeletonText({ lines = 3 }: { lines?: number }) {
  return (
    <div className={styles.skeletonText} aria-hidden>
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: nothing moves here
        <i key={index} className={styles.bone} />
      ))}
    </div>
  )
}

/** A whole page on its way: title and cards in their places. The pending component of routes. */
export function SkeletonPage({ cards = 3 }: { cards?: number }) {
  const { t } = useTranslation('common')
  return (
    <div className={styles.stack} role="status" aria-label={t('loading')}>
      <i className={`${styles.bone} ${styles.boneTitle}`} />
      {Array.from({ length: cards }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: nothing moves here
        <div key={index} className={styles.section} aria-hidden>
          <div className={styles.sectionBody}>
            <SkeletonText lines={index === 0 ? 4 : 3} />
          </div>
        </div>
      ))}
    </div>
  )
}
