import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Exact, readExact } from './exact.ts'
import { type FormulaFault, readFormula, sampleService } from './formula.ts'

const amountOf = (source: string, change: object = {}) => {
  const formula = readFormula(source)
  if ('fault' in formula) throw new Error(JSON.stringify(formula.fault))
  const result = formula.evaluate({ ...sampleService, ...change })
  if ('fault' in result) throw new Error(JSON.stringify(result.fault))
  return result.amount
}
const faultOf = (source: string): FormulaFault => {
  const formula = readFormula(source)
  if (!('fault' in formula)) throw new Error(`${source} is a formula`)
  return formula.fault
}

describe('a formula', () => {
  it.each([
    ['0', 0],
    ['5000', 5000],
    ['price * months_left', 8990 * 8],
    ['price * months_left * 30 / 100', 21576],
    // Exact until it is rounded once, half-up: 8990 / 7 × 3 = 3852.857…
    ['price / 7 * 3', 3853],
    ['1 / 3 * price', 2997],
    ['5 / 2', 3],
    ['0.1 + 0.2 == 0.3 ? 1 : 2', 1],
    ['percent(price, 12.5)', 1124],
    ['min(price * months_left / 2, 30000) + remaining_fee', 48000],
    ['months_used < 6 ? installation_fee : installation_fee * months_left / term_months', 30000],
    ['term_months > 0 && !(days_left < 30) ? discounts_given : 0', 4000],
    ['-price', 0],
    ['max(price - 9000, 0)', 0],
    ['price // what a month costs\n * 2', 17980],
    ['floor(price / 100) * 100', 8900],
  ])('%s comes to %i', (source, amount) => expect(amountOf(source)).toBe(amount))

  it.each([
    ['', 'formula_empty', 1, 1],
    ['price *', 'formula_syntax', 1, 8],
    ['price *\n  (months_left', 'formula_syntax', 2, 15],
    ['price * mounths_left', 'formula_unknown_variable', 1, 9],
    ['price\n  + fee', 'formula_unknown_variable', 2, 5],
    ['price + sqrt(2)', 'formula_unknown_function', 1, 9],
    ['price + "a"', 'formula_not_allowed', 1, 9],
    ['[1, 2].map(x, x)', 'formula_not_allowed', 1, 1],
    ['"a".matches("(a+)+$") ? 1 : 2', 'formula_not_allowed', 1, 1],
    ['price % 7', 'formula_not_allowed', 1, 1],
    ['1u', 'formula_not_allowed', 1, 1],
    ['1e9', 'formula_not_allowed', 1, 1],
    ['price > 3', 'formula_no_amount', 1, 1],
    ['true', 'formula_no_amount', 1, 1],
    ['100 + (price > 3)', 'formula_wrong_types', 1, 1],
    ['price ? 1 : 2', 'formula_wrong_types', 1, 1],
    ['30000 * 2 + (months_left ? 1 : 2)', 'formula_wrong_types', 1, 14],
    ['price / months_used', 'formula_division_by_zero', 1, 1],
    ['price * 999999999999 * 999', 'formula_too_large', 1, 1],
  ] as const)('%s is refused with its place', (source, code, line, column) => {
    const fault = faultOf(source)
    expect([fault.code, fault.line, column === null ? null : fault.column]).toEqual([code, line, column])
  })

  it('is refused where it is too long, too deep or too much', () => {
    expect(faultOf(`${'1+'.repeat(300)}1`).code).toBe('formula_too_complex')
    expect(faultOf(`${'('.repeat(60)}1${')'.repeat(60)}`).code).toBe('formula_too_complex')
    expect(faultOf('1'.repeat(1001))).toMatchObject({ code: 'formula_too_long', column: 1001 })
  })

  it('names the part that is meant', () => {
    expect(faultOf('price * mounths_left')).toMatchObject({ part: 'mounths_left', length: 12 })
    expect(faultOf('30 * 20 * nobody')).toMatchObject({ part: 'nobody', column: 11 })
    expect(faultOf('30 / 7 + (price > 2)')).toMatchObject({ line: 1, column: 1, part: '30 / 7 + (price > 2' })
  })

  it('computes what exact fractions come to, whatever the figures', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000_000 }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (price, left, term) => {
          const amount = amountOf('price * months_left / term_months', {
            price: BigInt(price),
            months_left: BigInt(left),
            term_months: BigInt(term),
          })
          const doubled = 2n * BigInt(price) * BigInt(left)
          expect(BigInt(amount)).toBe((doubled + BigInt(term)) / (2n * BigInt(term)))
        },
      ),
    )
  })
})

describe('an exact fraction', () => {
  it('rounds half-up on the absolute value, and down and up to whole numbers', () => {
    expect(['2.5', '-2.5', '2.4', '0.5'].map((text) => roundOf(text))).toEqual([3n, -3n, 2n, 1n])
    expect([new Exact(-3n, 2n).floor(), new Exact(-3n, 2n).ceil(), new Exact(3n, 2n).floor()]).toEqual([
      -2n,
      -1n,
      1n,
    ])
  })
  it('keeps its divisor positive and as small as can be', () => {
    expect(String(new Exact(6n, -4n))).toBe('-3/2')
    expect(String(readExact('0.30'))).toBe('3/10')
    expect(() => new Exact(1n, 0n)).toThrow()
  })
})

const roundOf = (text: string) =>
  text.startsWith('-') ? readExact(text.slice(1)).negated().round() : readExact(text).round()
