/**
 * Calendar dates and half-open ranges of them (billing.md 1). A day can also be a plain number, its distance
 * in days from 1970-01-01; loops over many ranges use that, because comparing numbers is far cheaper than
 * comparing dates.
 */
import { localeOf } from './translations.ts'

/** The days from `from` up to, but without, `to`. */
export type DateRange = { from: Temporal.PlainDate; to: Temporal.PlainDate }

/** A {@link DateRange} of epoch days. */
export type DaySpan = { from: number; to: number }

/** Days between 1970-01-01 and a date of the proleptic Gregorian calendar; month is 1 to 12. */
export function epochDayOf(year: number, month: number, day: number): number {
  // Years start in March here, so that the leap day is the last day of the year.
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** Year, month (1 to 12) and day of an epoch day. */
export function civilOf(epochDay: number): { year: number; month: number; day: number } {
  const shifted = epochDay + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}

/** Days of a month; month is 1 to 12. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** The epoch day of a date of the ISO calendar. */
export function toEpochDay(date: Temporal.PlainDate): number {
  return epochDayOf(date.year, date.month, date.day)
}

const dates = new Map<number, Temporal.PlainDate>()

/** The date of an epoch day. A date never changes, so that who asks for the same day gets the same object. */
export function fromEpochDay(epochDay: number): Temporal.PlainDate {
  let date = dates.get(epochDay)
  if (date === undefined) {
    const { year, month, day } = civilOf(epochDay)
    date = new Temporal.PlainDate(year, month, day)
    if (dates.size >= 50_000) dates.clear()
    dates.set(epochDay, date)
  }
  return date
}

/** The spans sorted, without empty ones, and with overlapping or touching ones joined. */
function mergeSpans(spans: readonly DaySpan[]): DaySpan[] {
  const sorted = spans.filter((span) => span.from < span.to).sort((left, right) => left.from - right.from)
  const merged: DaySpan[] = []
  for (const span of sorted) {
    const last = merged[merged.length - 1]
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else merged.push({ from: span.from, to: span.to })
  }
  return merged
}

/** The days of `spans` that are in none of `minus`, merged and in order. */
export function subtractSpans(spans: readonly DaySpan[], minus: readonly DaySpan[]): DaySpan[] {
  const holes = mergeSpans(minus)
  const left: DaySpan[] = []
  let index = 0
  for (const span of mergeSpans(spans)) {
    let from = span.from
    while (index < holes.length && holes[index]!.to <= from) index++
    // A hole may reach into the next span, so this walk does not consume the holes.
    for (let at = index; at < holes.length && holes[at]!.from < span.to; at++) {
      const hole = holes[at]!
      if (hole.from > from) left.push({ from, to: hole.from })
      from = Math.max(from, hole.to)
    }
    if (from < span.to) left.push({ from, to: span.to })
  }
  return left
}

const toSpan = (range: DateRange): DaySpan => ({ from: toEpochDay(range.from), to: toEpochDay(range.to) })
const toRange = (span: DaySpan): DateRange => ({ from: fromEpochDay(span.from), to: fromEpochDay(span.to) })

/** Whether a range holds no day. */
export function isEmpty(range: DateRange): boolean {
  return daysIn(range) === 0
}

/** Number of days of a range; 0 when it is empty or inverted. */
export function daysIn(range: DateRange): number {
  return Math.max(0, toEpochDay(range.to) - toEpochDay(range.from))
}

/** The days that two ranges share; an empty range when there are none. */
export function intersect(left: DateRange, right: DateRange): DateRange {
  const from = Temporal.PlainDate.compare(left.from, right.from) >= 0 ? left.from : right.from
  const to = Temporal.PlainDate.compare(left.to, right.to) <= 0 ? left.to : right.to
  return { from, to: Temporal.PlainDate.compare(from, to) > 0 ? from : to }
}

/** The ranges in order, without empty ones, and with overlapping or touching ones joined. */
export function merge(ranges: readonly DateRange[]): DateRange[] {
  return mergeSpans(ranges.map(toSpan)).map(toRange)
}

/** The days of `ranges` that are in none of `minus`, merged and in order. */
export function subtract(ranges: readonly DateRange[], minus: readonly DateRange[]): DateRange[] {
  return subtractSpans(ranges.map(toSpan), minus.map(toSpan)).map(toRange)
}

/** The calendar date in a time zone at an instant. */
export function today(now: Temporal.Instant, timeZone: string): Temporal.PlainDate {
  return now.toZonedDateTimeISO(timeZone).toPlainDate()
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** A date as people of a language write it, with the month as a word: `21 de mai. de 2026`, `May 21, 2026`. */
export function formatDate(date: Temporal.PlainDate, language: string): string {
  let formatter = formatters.get(language)
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium' })
    formatters.set(language, formatter)
  }
  return formatter.format(date)
}
