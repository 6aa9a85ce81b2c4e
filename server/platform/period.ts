import type { DateRange } from './calendar.ts'
import { localeOf } from './translations.ts'

const formatters = new Map<string, Intl.DateTimeFormat>()

/**
 * A half-open range as people say it, with its last day included: [21 May, 31 May) is `May 21 – 30, 2026`,
 * `21–30 may 2026`, `21 – 30 de mai. de 2026` (billing.md 1). An empty range is a bug and throws RangeError.
 */
export function formatPeriod(range: DateRange, language: string): string {
  const last = range.to.subtract({ days: 1 })
  if (Temporal.PlainDate.compare(last, range.from) < 0) throw new RangeError('The period holds no day')
  let formatter = formatters.get(language)
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium' })
    formatters.set(language, formatter)
  }
  return formatter.formatRange(range.from, last)
}
