import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  civilOf,
  type DateRange,
  daysIn,
  daysInMonth,
  formatDate,
  fromEpochDay,
  intersect,
  isEmpty,
  merge,
  subtract,
  today,
  toEpochDay,
} from './calendar.ts'

const date = (text: string) => Temporal.PlainDate.from(text)
const range = (from: string, to: string): DateRange => ({ from: date(from), to: date(to) })
const show = (ranges: readonly DateRange[]) => ranges.map(({ from, to }) => `${from}/${to}`)

const days = fc.integer({ min: 20_000, max: 20_060 })
const ranges = fc.array(
  fc.tuple(days, days).map(([from, to]) => ({ from: fromEpochDay(from), to: fromEpochDay(to) })),
  { maxLength: 8 },
)
function daySet(list: readonly DateRange[]): Set<number> {
  const set = new Set<number>()
  for (const { from, to } of list) for (let day = toEpochDay(from); day < toEpochDay(to); day++) set.add(day)
  return set
}

describe('epoch days', () => {
  test('agree with Temporal for any date', () => {
    const epoch = date('1970-01-01')
    fc.assert(
      fc.property(fc.integer({ min: -900_000, max: 2_900_000 }), (day) => {
        const expected = epoch.add({ days: day })
        expect(civilOf(day)).toEqual({ year: expected.year, month: expected.month, day: expected.day })
        expect(toEpochDay(expected)).toBe(day)
        expect(fromEpochDay(day).equals(expected)).toBe(true)
        expect(daysInMonth(expected.year, expected.month)).toBe(expected.daysInMonth)
      }),
    )
  })
})

describe('ranges', () => {
  test('intersect', () => {
    expect(show([intersect(range('2026-05-01', '2026-05-20'), range('2026-05-10', '2026-06-01'))])).toEqual([
      '2026-05-10/2026-05-20',
    ])
    expect(isEmpty(intersect(range('2026-05-01', '2026-05-10'), range('2026-05-10', '2026-06-01')))).toBe(
      true,
    )
    expect(daysIn(intersect(range('2026-05-01', '2026-05-02'), range('2026-06-10', '2026-06-11')))).toBe(0)
  })

  test('daysIn counts half-open, over a change of clocks too', () => {
    expect(daysIn(range('2026-03-01', '2026-04-01'))).toBe(31)
    expect(daysIn(range('2026-04-01', '2026-03-01'))).toBe(0)
  })

  test('merge joins what touches', () => {
    expect(
      show(
        merge([
          range('2026-05-10', '2026-05-20'),
          range('2026-05-01', '2026-05-10'),
          range('2026-06-01', '2026-06-01'),
          range('2026-05-25', '2026-05-26'),
        ]),
      ),
    ).toEqual(['2026-05-01/2026-05-20', '2026-05-25/2026-05-26'])
  })

  test('subtract splits', () => {
    expect(
      show(
        subtract(
          [range('2026-05-01', '2026-06-01'), range('2026-07-01', '2026-07-10')],
          [range('2026-05-10', '2026-05-12'), range('2026-05-31', '2026-07-02')],
        ),
      ),
    ).toEqual(['2026-05-01/2026-05-10', '2026-05-12/2026-05-31', '2026-07-02/2026-07-10'])
  })

  test('merge and subtract hold exactly the right days, in order and apart', () => {
    fc.assert(
      fc.property(ranges, ranges, (list, minus) => {
        const merged = merge(list)
        expect(daySet(merged)).toEqual(daySet(list))
        const left = subtract(list, minus)
        const removed = daySet(minus)
        expect(daySet(left)).toEqual(new Set([...daySet(list)].filter((day) => !removed.has(day))))
        for (const result of [merged, left]) {
          expect(result.some(isEmpty)).toBe(false)
          for (let at = 1; at < result.length; at++) {
            expect(Temporal.PlainDate.compare(result[at - 1]!.to, result[at]!.from)).toBe(-1)
          }
        }
      }),
    )
  })
})

test('today is a matter of the time zone', () => {
  const now = Temporal.Instant.from('2026-06-01T02:30:00Z')
  expect(today(now, 'America/Sao_Paulo').toString()).toBe('2026-05-31')
  expect(today(now, 'Europe/Madrid').toString()).toBe('2026-06-01')
})

test.each([
  ['pt-BR', '21 de mai. de 2026'],
  ['es', '21 de may de 2026'],
  ['en', 'May 21, 2026'],
])('formatDate in %s', (language, text) => {
  expect(formatDate(date('2026-05-21'), language)).toBe(text)
})
