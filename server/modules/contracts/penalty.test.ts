import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleService } from './formula.ts'
import { countMonths, countTerm, evaluatePenalty, perMonth, type Term } from './penalty.ts'

const day = (text: string) => Temporal.PlainDate.from(text)
const term: Term = { from: day('2026-01-31'), to: day('2027-01-31'), months: 12 }

describe('the months of a term', () => {
  it('count from its first day, clamped and come back (billing.md 3)', () => {
    const cases: [string, number][] = [
      ['2026-01-30', 0],
      ['2026-01-31', 0],
      ['2026-02-27', 0],
      ['2026-02-28', 1],
      ['2026-03-30', 1],
      ['2026-03-31', 2],
      ['2027-01-30', 11],
      ['2027-01-31', 12],
    ]
    for (const [on, months] of cases) expect(countMonths(day('2026-01-31'), day(on)), on).toBe(months)
  })
  it('and its days add up on every day of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -40, max: 500 }), (offset) => {
        const counted = countTerm(term, day('2026-01-31').add({ days: offset }))
        expect(counted.months_used + counted.months_left).toBe(12n)
        expect(counted.days_used + counted.days_left).toBe(365n)
        expect(counted.days_left >= 0n && counted.months_left >= 0n).toBe(true)
      }),
    )
  })
})

describe('a price', () => {
  it('is said a month, exactly, whatever its cycle', () => {
    expect(String(perMonth(10_000, { unit: 'month', count: 3 }))).toBe('10000/3')
    expect(String(perMonth(10_000, { unit: 'day', count: 15 }))).toBe('20000')
    expect(String(perMonth(700, { unit: 'week', count: 1 }))).toBe('3000')
    expect(String(perMonth(700, { unit: 'once', count: 1 }))).toBe('0')
  })
})

describe('a penalty', () => {
  const fixed = { penalty: 'fixed', penalty_amount: 500, penalty_formula: null } as const
  const formula = (source: string) =>
    ({ penalty: 'formula', penalty_amount: null, penalty_formula: source }) as const
  const amountOn = (terms: Parameters<typeof evaluatePenalty>[0], on: string, within: Term = term) =>
    evaluatePenalty(terms, within, day(on), { ...sampleService, ...countTerm(within, day(on)) })

  it('is due up to the last day of the minimum term (billing.md 23)', () => {
    expect(amountOn(fixed, '2027-01-30')).toMatchObject({ amount: 500, reason: 'fixed' })
    expect(amountOn(fixed, '2027-01-31')).toMatchObject({ amount: 0, reason: 'term_over' })
    expect(amountOn(fixed, '2026-02-01', null)).toMatchObject({ amount: 0, reason: 'no_term' })
  })
  it('falls as the months go by, and tells what it was made of', () => {
    const amounts = Array.from({ length: 12 }, (_, months) => {
      const on = day('2026-01-31').add({ months }).toString()
      const penalty = amountOn(formula('installation_fee * months_left / term_months'), on)
      return 'fault' in penalty ? -1 : penalty.amount
    })
    expect(amounts).toEqual([30000, 27500, 25000, 22500, 20000, 17500, 15000, 12500, 10000, 7500, 5000, 2500])
    expect(amountOn(formula('price'), '2026-06-01')).toMatchObject({
      values: [{ name: 'price', value: '8990', money: true }],
    })
  })
  it('that cannot be computed on a day says where', () => {
    expect(amountOn(formula('price / (days_used - 1)'), '2026-02-01')).toMatchObject({
      fault: { code: 'formula_division_by_zero', line: 1, column: 1 },
    })
  })
})
