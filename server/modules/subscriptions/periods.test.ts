import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromEpochDay, toEpochDay } from '../../platform/calendar.ts'
import {
  billingStart,
  boundaryAfter,
  boundaryOnOrAfter,
  boundaryOnOrBefore,
  type DayCount,
  dayFraction,
  nextClosing,
  periodOf,
} from './periods.ts'

const date = (text: string) => Temporal.PlainDate.from(text)
const range = (from: string, to: string) => ({ from: date(from), to: date(to) })
const closingDays = fc.integer({ min: 1, max: 31 })
const dates = fc.integer({ min: 10_000, max: 30_000 }).map(fromEpochDay)

describe('boundaries', () => {
  test('day 31 clamps and comes back (billing.md 3)', () => {
    const seen = []
    let boundary = date('2027-12-31')
    for (let month = 0; month < 6; month++) {
      seen.push(boundary.toString())
      boundary = boundaryAfter(boundary, 31)
    }
    expect(seen).toEqual(['2027-12-31', '2028-01-31', '2028-02-29', '2028-03-31', '2028-04-30', '2028-05-31'])
  })

  test.each([
    ['2026-05-31', 31, '2026-05-31', '2026-05-31', '2026-06-30'],
    ['2026-05-30', 31, '2026-04-30', '2026-05-31', '2026-05-31'],
    ['2026-02-28', 30, '2026-02-28', '2026-02-28', '2026-03-30'],
    ['2026-03-01', 29, '2026-02-28', '2026-03-29', '2026-03-29'],
    ['2026-01-01', 1, '2026-01-01', '2026-01-01', '2026-02-01'],
    ['2026-01-01', 15, '2025-12-15', '2026-01-15', '2026-01-15'],
    ['2026-12-20', 15, '2026-12-15', '2027-01-15', '2027-01-15'],
  ])('%s closing on %i', (day, closingDay, onOrBefore, onOrAfter, after) => {
    expect(boundaryOnOrBefore(date(day), closingDay).toString()).toBe(onOrBefore)
    expect(boundaryOnOrAfter(date(day), closingDay).toString()).toBe(onOrAfter)
    expect(boundaryAfter(date(day), closingDay).toString()).toBe(after)
  })

  test('agree with clamping a month in Temporal, and every date is in one period', () => {
    fc.assert(
      fc.property(dates, closingDays, (day, closingDay) => {
        const { from, to } = periodOf(day, closingDay)
        expect(toEpochDay(from) <= toEpochDay(day) && toEpochDay(day) < toEpochDay(to)).toBe(true)
        for (const boundary of [from, to]) {
          const { year, month } = boundary
          expect(boundary.equals(Temporal.PlainDate.from({ year, month, day: closingDay }))).toBe(true)
        }
        expect(from.toPlainYearMonth().add({ months: 1 }).equals(to.toPlainYearMonth())).toBe(true)
        expect(boundaryOnOrBefore(from, closingDay).equals(from)).toBe(true)
        expect(boundaryOnOrAfter(from, closingDay).equals(from)).toBe(true)
      }),
    )
  })

  test.each([0, 32, 1.5, Number.NaN])('closing day %d is refused', (closingDay) => {
    expect(() => boundaryAfter(date('2026-05-01'), closingDay)).toThrow(RangeError)
  })
})

describe('dayFraction', () => {
  const may = range('2026-04-30', '2026-05-31')

  test.each<[string, string, DayCount, number, number]>([
    ['2026-05-21', '2026-05-31', 'actual', 10, 31],
    ['2026-05-11', '2026-05-31', 'actual', 20, 31],
    ['2026-04-30', '2026-05-31', 'actual', 31, 31],
    ['2026-05-21', '2026-05-31', 'commercial', 9, 30],
    ['2026-04-30', '2026-05-31', 'commercial', 30, 30],
    ['2026-05-21', '2026-05-21', 'commercial', 0, 30],
  ])('%s to %s %s is %i of %i', (from, to, dayCount, days, of) => {
    expect(dayFraction(range(from, to), may, dayCount)).toEqual({ days, of })
  })

  test.each([
    ['2026-01-31', '2026-02-28'],
    ['2026-02-28', '2026-03-31'],
    ['2028-01-31', '2028-02-29'],
    ['2026-02-01', '2026-03-01'],
    ['2026-02-28', '2026-03-28'],
    ['2026-12-15', '2027-01-15'],
  ])('the whole period %s to %s is 30 of 30 in a commercial month', (from, to) => {
    expect(dayFraction(range(from, to), range(from, to), 'commercial')).toEqual({ days: 30, of: 30 })
  })

  test('counts 30E/360 around a short month', () => {
    const february = range('2026-01-31', '2026-02-28')
    expect(dayFraction(range('2026-02-01', '2026-02-28'), february, 'commercial').days).toBe(29)
    expect(dayFraction(range('2026-02-27', '2026-02-28'), february, 'commercial').days).toBe(3)
    const march = range('2026-02-28', '2026-03-31')
    expect(dayFraction(range('2026-02-28', '2026-03-02'), march, 'commercial').days).toBe(2)
    expect(dayFraction(range('2026-03-30', '2026-03-31'), march, 'commercial').days).toBe(0)
  })

  test('any split adds up to the whole and never falls', () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 })
    const dayCounts = fc.constantFrom<DayCount>('actual', 'commercial')
    fc.assert(
      fc.property(dates, closingDays, cuts, dayCounts, (day, closingDay, shares, dayCount) => {
        const period = periodOf(day, closingDay)
        const length = toEpochDay(period.to) - toEpochDay(period.from)
        const points = [0, ...shares.map((share) => Math.round(share * length)), length]
          .sort((left, right) => left - right)
          .map((offset) => period.from.add({ days: offset }))
        let sum = 0
        for (let at = 1; at < points.length; at++) {
          const { days, of } = dayFraction({ from: points[at - 1]!, to: points[at]! }, period, dayCount)
          expect(days).toBeGreaterThanOrEqual(0)
          expect(of).toBe(dayCount === 'commercial' ? 30 : length)
          sum += days
        }
        expect(sum).toBe(dayCount === 'commercial' ? 30 : length)
      }),
    )
  })

  test('refuses a range outside its period', () => {
    expect(() => dayFraction(range('2026-04-29', '2026-05-02'), may, 'actual')).toThrow(RangeError)
    expect(() => dayFraction(range('2026-05-02', '2026-05-01'), may, 'actual')).toThrow(RangeError)
  })
})

describe('billingStart (P5)', () => {
  const base = { start: date('2026-05-21'), trialDays: 0, proportionalTrial: false, closingDay: 31 }

  test.each([
    [{}, '2026-05-21'],
    [{ trialDays: 20 }, '2026-06-10'],
    [{ proportionalTrial: true }, '2026-05-31'],
    [{ proportionalTrial: true, trialDays: 20 }, '2026-05-31'],
    [{ proportionalTrial: true, start: date('2026-05-31') }, '2026-05-31'],
    [{ billFrom: date('2026-07-01') }, '2026-07-01'],
    [{ billFrom: date('2026-01-01') }, '2026-05-21'],
    [{ billFrom: null, trialDays: 1 }, '2026-05-22'],
  ])('%j gives %s', (change, expected) => {
    expect(billingStart({ ...base, ...change }).toString()).toBe(expected)
  })

  test('refuses half a trial day', () => {
    expect(() => billingStart({ ...base, trialDays: 0.5 })).toThrow(RangeError)
    expect(() => billingStart({ ...base, trialDays: -1 })).toThrow(RangeError)
  })
})

describe('the next closing', () => {
  const arrears = {
    billingMode: 'arrears',
    closingDay: 31,
    coveredUntil: null,
    end: null,
    suspensions: [],
  } as const
  const closing = (change: Partial<Parameters<typeof nextClosing>[0]>) =>
    nextClosing({ ...arrears, billingStart: date('2026-05-21'), ...change })?.toString() ?? null

  test('is the end of the first period that is not billed in arrears, its start in advance', () => {
    expect(closing({})).toBe('2026-05-31')
    expect(closing({ billingStart: date('2026-05-31') })).toBe('2026-06-30')
    expect(closing({ coveredUntil: date('2026-05-31') })).toBe('2026-06-30')
    expect(closing({ billingMode: 'advance' })).toBe('2026-05-31')
    expect(closing({ billingMode: 'advance', billingStart: date('2026-05-31') })).toBe('2026-05-31')
    expect(closing({ billingMode: 'advance', coveredUntil: date('2026-06-30') })).toBe('2026-06-30')
  })

  test('is none before the service begins, after all of it is billed, or while it is suspended', () => {
    expect(closing({ billingStart: null })).toBeNull()
    expect(closing({ coveredUntil: date('2026-06-30'), end: date('2026-06-10') })).toBeNull()
    expect(closing({ end: date('2026-05-21') })).toBeNull()
    expect(closing({ end: date('2026-05-25') })).toBe('2026-05-31')
    expect(closing({ suspensions: [{ from: date('2026-05-10'), to: null }] })).toBeNull()
    expect(closing({ suspensions: [{ from: date('2026-05-22'), to: null }] })).toBe('2026-05-31')
  })

  test('passes over days that are suspended', () => {
    const suspensions = [
      { from: date('2026-06-02'), to: date('2026-07-05') },
      { from: date('2026-05-20'), to: date('2026-06-02') },
    ]
    expect(closing({ suspensions })).toBe('2026-07-31')
    expect(closing({ suspensions, end: date('2026-07-05') })).toBeNull()
  })
})
