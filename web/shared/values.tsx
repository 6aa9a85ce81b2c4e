import type { DateStyle } from './formats.ts'
import { useFormats } from './use-formats.ts'
import styles from './values.module.css'

/** An amount of money: `<Money amount={invoice.total} currency="BRL" />`. `amount` is an integer of minor units. */
export function Money({
  amount,
  currency,
  size,
}: {
  amount: number
  currency: string
  /** `large` is the one figure that a page is about. */
  size?: 'large'
}) {
  const { money } = useFormats()
  return (
    <span className={styles.money} data-size={size} data-negative={amount < 0 || undefined}>
      {money(amount, currency)}
    </span>
  )
}

/** A day or an instant like people say it, the exact one on hover. `relative` says 'in 3 days', 'yesterday'. */
export function DateText({
  value,
  style,
  relative,
  empty = '–',
}: {
  /** `YYYY-MM-DD`, or an ISO 8601 instant; null shows `empty`. */
  value: string | null | undefined
  style?: DateStyle
  relative?: boolean
  empty?: string
}) {
  const formats = useFormats()
  if (!value) return <span className={styles.empty}>{empty}</span>
  return (
    <time dateTime={value} title={formats.exact(value)} className={styles.date}>
      {relative ? formats.relative(value) : formats.date(value, style)}
    </time>
  )
}

/** A half-open period in inclusive words: `<PeriodText from="2026-05-01" to="2026-06-01" />` is 1 – 31 May 2026. */
export function PeriodText({
  from,
  to,
  style,
}: {
  from: string
  to: string | null
  style?: 'medium' | 'long'
}) {
  const { period } = useFormats()
  return <span className={styles.period}>{period(from, to, style)}</span>
}
