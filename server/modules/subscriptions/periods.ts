/**
 * Billing periods: from one closing date to the next, half-open (billing.md 1–6). Every boundary is computed
 * from the closing day itself, never from the boundary before it, so day 31 is 31 Jan, 29 Feb, 31 Mar.
 */
import {
  civilOf,
  type DateRange,
  type DaySpan,
  daysInMonth,
  epochDayOf,
  fromEpochDay,
  toEpochDay,
} from '../../platform/calendar.ts'

/** How the days of a period are counted: as they are, or as thirtieths of a commercial month. */
export type DayCount = 'actual' | 'commercial'

/** How much of a period something took: `days` out of `of`. */
export type DayFraction = { days: number; of: number }

/** Whether a number is a day of the month that a closing can be set to. */
export function isClosingDay(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 31
}

/** The boundary of a month as an epoch day; month may run over by one (0 or 13). */
function boundaryOfMonth(year: number, month: number, closingDay: number): number {
  if (!isClosingDay(closingDay)) throw new RangeError(`not a closing day: ${closingDay}`)
  const y = month === 0 ? year - 1 : month === 13 ? year + 1 : year
  const m = month === 0 ? 12 : month === 13 ? 1 : month
  return epochDayOf(y, m, Math.min(closingDay, daysInMonth(y, m)))
}

/** {@link boundaryOnOrBefore} for epoch days. */
export function boundaryDayOnOrBefore(epochDay: number, closingDay: number): number {
  const { year, month } = civilOf(epochDay)
  const boundary = boundaryOfMonth(year, month, closingDay)
  return boundary <= epochDay ? boundary : boundaryOfMonth(year, month - 1, closingDay)
}

/** {@link boundaryAfter} for epoch days. */
export function boundaryDayAfter(epochDay: number, closingDay: number): number {
  const { year, month } = civilOf(epochDay)
  const boundary = boundaryOfMonth(year, month, closingDay)
  return boundary > epochDay ? boundary : boundaryOfMonth(year, month + 1, closingDay)
}

/**
 * The last closing date that is not after a date.
 * @throws RangeError when the closing day is not 1 to 31.
 */
export function boundaryOnOrBefore(date: Temporal.PlainDate, closingDay: number): Temporal.PlainDate {
  return fromEpochDay(boundaryDayOnOrBefore(toEpochDay(date), closingDay))
}

/**
 * The first closing date that is after a date.
 * @throws RangeError when the closing day is not 1 to 31.
 */
export function boundaryAfter(date: Temporal.PlainDate, closingDay: number): Temporal.PlainDate {
  return fromEpochDay(boundaryDayAfter(toEpochDay(date), closingDay))
}

/**
 * The first closing date that is not before a date.
 * @throws RangeError when the closing day is not 1 to 31.
 */
export function boundaryOnOrAfter(date: Temporal.PlainDate, closingDay: number): Temporal.PlainDate {
  return fromEpochDay(boundaryDayAfter(toEpochDay(date) - 1, closingDay))
}

/**
 * The period that a date is in; a closing date is the first day of the period that it opens (B1).
 * @throws RangeError when the closing day is not 1 to 31.
 */
export function periodOf(date: Temporal.PlainDate, closingDay: number): DateRange {
  return { from: boundaryOnOrBefore(date, closingDay), to: boundaryAfter(date, closingDay) }
}

// Cycles of every length ------------------------------------------------------------------------------------------

export type CycleUnit = 'once' | 'day' | 'week' | 'month'

/**
 * How often something is charged. `closing`: its periods end on the business unit's closing day; `anniversary`: on an
 * anchor day of its own. `anchor` is one of its boundaries, as an epoch day; every other one is computed from it.
 */
export type Cycle = {
  unit: CycleUnit
  count: number
  alignment: 'closing' | 'anniversary'
  anchor: number
}

/** Whether a cycle's periods are the closing periods themselves. */
export function isClosingCycle(cycle: Pick<Cycle, 'unit' | 'count' | 'alignment'>): boolean {
  return cycle.unit === 'month' && cycle.count === 1 && cycle.alignment === 'closing'
}

/**
 * The boundary that a cycle without one of its own is counted from, as an epoch day: its first charged day, or the
 * first closing on or after it, so that what precedes is a stub of a whole period (billing.md 3).
 */
export function anchorOf(
  cycle: Pick<Cycle, 'unit' | 'count' | 'alignment'>,
  firstChargedDay: number,
  closingDay: number,
): number {
  return cycle.alignment === 'anniversary' || cycle.unit !== 'month'
    ? firstChargedDay
    : boundaryDayAfter(firstChargedDay - 1, closingDay)
}

/** The boundary that is `months` after the anchor: of the anchor's day, clamped to a short month (billing.md 3). */
function monthBoundary(anchorMonth: number, months: number, day: number): number {
  const index = anchorMonth + months
  const year = Math.floor(index / 12)
  const month = index - year * 12 + 1
  return epochDayOf(year, month, Math.min(day, daysInMonth(year, month)))
}

/**
 * The period of a cycle that a day is in, half-open, as epoch days; a boundary is the first day of the period that it
 * opens. What is charged once has that day alone.
 * @throws RangeError when the closing day is not 1 to 31.
 */
export function cyclePeriodOfDay(day: number, cycle: Cycle, closingDay: number): DaySpan {
  if (cycle.unit === 'once') return { from: day, to: day + 1 }
  if (cycle.unit !== 'month') {
    const step = cycle.count * (cycle.unit === 'week' ? 7 : 1)
    const from = cycle.anchor + Math.floor((day - cycle.anchor) / step) * step
    return { from, to: from + step }
  }
  if (isClosingCycle(cycle))
    return { from: boundaryDayOnOrBefore(day, closingDay), to: boundaryDayAfter(day, closingDay) }
  if (!isClosingDay(closingDay)) throw new RangeError(`not a closing day: ${closingDay}`)
  const anchor = civilOf(cycle.anchor)
  const anchorDay = cycle.alignment === 'closing' ? closingDay : anchor.day
  const anchorMonth = anchor.year * 12 + anchor.month - 1
  const at = civilOf(day)
  let months = Math.floor((at.year * 12 + at.month - 1 - anchorMonth) / cycle.count) * cycle.count
  if (monthBoundary(anchorMonth, months, anchorDay) > day) months -= cycle.count
  return {
    from: monthBoundary(anchorMonth, months, anchorDay),
    to: monthBoundary(anchorMonth, months + cycle.count, anchorDay),
  }
}

/** {@link cyclePeriodOfDay} for a date. */
export function cyclePeriod(date: Temporal.PlainDate, cycle: Cycle, closingDay: number): DateRange {
  const { from, to } = cyclePeriodOfDay(toEpochDay(date), cycle, closingDay)
  return { from: fromEpochDay(from), to: fromEpochDay(to) }
}

/** Parts of a period that have passed when a day begins: 0 at its start, `of` (30 a month) at its end, never falling. */
function commercialPosition(epochDay: number, period: DaySpan, of: number): number {
  if (epochDay <= period.from) return 0
  if (epochDay >= period.to) return of
  const from = civilOf(period.from)
  const to = civilOf(period.to)
  const at = civilOf(epochDay)
  // At most one end of a period is clamped to a short month, so the later day is where the period is anchored.
  const anchor = Math.min(30, Math.max(from.day, to.day))
  const months = (at.year - from.year) * 12 + at.month - from.month
  return Math.min(of, Math.max(0, months * 30 + Math.min(30, at.day) - anchor))
}

/** {@link dayFraction} for epoch days; `months` is the length of the period, 0 where it is counted in days. */
export function dayFractionOfSpan(
  span: DaySpan,
  period: DaySpan,
  dayCount: DayCount,
  months = 1,
): DayFraction {
  if (span.from > span.to || span.from < period.from || span.to > period.to) {
    throw new RangeError('the range is not inside the period')
  }
  if (dayCount === 'actual' || months === 0) return { days: span.to - span.from, of: period.to - period.from }
  const of = months * 30
  return { days: commercialPosition(span.to, period, of) - commercialPosition(span.from, period, of), of }
}

/**
 * How much of a period a range inside it takes (billing.md 3, 5). Actual: its days over the period's days.
 * Commercial: the difference of 30E/360 positions over 30; the parts of a period always add up to 30, so a
 * day 31 may count nothing and the end of a short month more than one.
 * @throws RangeError when the range is inverted or not inside the period.
 */
export function dayFraction(range: DateRange, period: DateRange, dayCount: DayCount): DayFraction {
  return dayFractionOfSpan(
    { from: toEpochDay(range.from), to: toEpochDay(range.to) },
    { from: toEpochDay(period.from), to: toEpochDay(period.to) },
    dayCount,
  )
}

/**
 * The first day that is charged (billing.md 6, P5): the start plus the trial days, or with a proportional
 * trial the first closing on or after the start, whatever the trial days. Never before `billFrom`, the day
 * from which a service that came from another system is billed here.
 * @throws RangeError when the trial days are no whole number from 0, or the closing day is not 1 to 31.
 */
export function billingStart(input: {
  start: Temporal.PlainDate
  trialDays: number
  proportionalTrial: boolean
  closingDay: number
  billFrom?: Temporal.PlainDate | null
}): Temporal.PlainDate {
  if (!Number.isInteger(input.trialDays) || input.trialDays < 0) {
    throw new RangeError(`not a number of trial days: ${input.trialDays}`)
  }
  const start = input.proportionalTrial
    ? boundaryOnOrAfter(input.start, input.closingDay)
    : input.start.add({ days: input.trialDays })
  return input.billFrom && Temporal.PlainDate.compare(input.billFrom, start) > 0 ? input.billFrom : start
}

/**
 * The closing date that bills the next day that is not billed yet; null when there is none to come: not begun, ended
 * and billed, or suspended until who knows when. In arrears it is the end of that day's period; in advance its start,
 * or the end where the service begins or resumes inside the period (billing.md 13, 21).
 * @throws RangeError when the closing day is not 1 to 31.
 */
export function nextClosing(input: {
  billingMode: 'advance' | 'arrears'
  closingDay: number
  billingStart: Temporal.PlainDate | null
  coveredUntil: Temporal.PlainDate | null
  end: Temporal.PlainDate | null
  suspensions: readonly { from: Temporal.PlainDate; to: Temporal.PlainDate | null }[]
}): Temporal.PlainDate | null {
  const { compare } = Temporal.PlainDate
  const { billingStart: start, coveredUntil: covered, end } = input
  if (start === null) return null
  let day = covered !== null && compare(covered, start) > 0 ? covered : start
  for (const { from, to } of [...input.suspensions].sort((left, right) => compare(left.from, right.from))) {
    if (compare(from, day) > 0) break
    if (to === null) return null
    if (compare(to, day) > 0) day = to
  }
  if (end !== null && compare(day, end) >= 0) return null
  return input.billingMode === 'advance'
    ? boundaryOnOrAfter(day, input.closingDay)
    : boundaryAfter(day, input.closingDay)
}
