import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  exponentOf,
  formatMoney,
  fromDecimal,
  multiply,
  parseMoney,
  roundFraction,
  spread,
  toDecimal,
} from './money.ts'

const amounts = fc.integer({ min: -(2 ** 50), max: 2 ** 50 })
const currencies = fc.constantFrom('BRL', 'USD', 'ARS', 'MXN', 'JPY', 'CLP', 'KWD', 'CLF')

describe('exponentOf', () => {
  test.each([
    ['BRL', 2],
    ['JPY', 0],
    ['CLP', 0],
    ['PYG', 0],
    ['KWD', 3],
    ['CLF', 4],
  ])('%s has %i decimals', (currency, exponent) => {
    expect(exponentOf(currency)).toBe(exponent)
  })

  test('refuses what is no currency code', () => {
    expect(() => exponentOf('brl')).toThrow(RangeError)
    expect(() => exponentOf('')).toThrow(RangeError)
  })
})

describe('roundFraction and multiply', () => {
  test.each([
    [1n, 2n, 1],
    [-1n, 2n, -1],
    [1n, -2n, -1],
    [3n, 2n, 2],
    [149n, 100n, 1],
    [-149n, 100n, -1],
    [0n, 7n, 0],
  ])('%i / %i is %i', (numerator, denominator, expected) => {
    expect(roundFraction({ numerator, denominator })).toBe(expected)
  })

  test('249.95 × 3 / 30 is 25.00 (billing.md 8)', () => {
    expect(multiply(24_995, 3, 30)).toBe(2500)
  })

  test('never gives a negative zero', () => {
    expect(Object.is(multiply(-1, 1, 10), 0)).toBe(true)
  })

  test('refuses floats, division by zero and results that are not exact', () => {
    expect(() => multiply(0.1, 1, 1)).toThrow(RangeError)
    expect(() => multiply(1, 1, 0)).toThrow(RangeError)
    expect(() => multiply(Number.MAX_SAFE_INTEGER, 2, 1)).toThrow(RangeError)
  })

  test('a credit mirrors its charge, and the error is at most a half', () => {
    fc.assert(
      fc.property(amounts, fc.bigInt(1n, 10_000n), fc.bigInt(1n, 10_000n), (amount, part, whole) => {
        fc.pre(part <= whole)
        const rounded = multiply(amount, part, whole)
        expect(multiply(-amount, part, whole) + rounded).toBe(0)
        const error = 2n * (BigInt(rounded) * whole - BigInt(amount) * part)
        expect(error <= whole && error >= -whole).toBe(true)
      }),
    )
  })
})

describe('spread', () => {
  test.each([
    [100, [1, 1, 1], [34, 33, 33]],
    [-100, [1, 1, 1], [-34, -33, -33]],
    [1, [1, 1], [1, 0]],
    [10, [0, 1, 2], [0, 3, 7]],
    [0, [0, 0], [0, 0]],
    [0, [], []],
    [7, [300, -100], [11, -4]],
    [100, [-1, -1, -2], [25, 25, 50]],
  ])('%i by %j is %j', (total, weights, parts) => {
    expect(spread(total, weights)).toEqual(parts)
  })

  test('refuses to lose a total that has nothing to go to', () => {
    expect(() => spread(1, [])).toThrow(RangeError)
    expect(() => spread(1, [0, 0])).toThrow(RangeError)
    expect(() => spread(1, [1, -1])).toThrow(RangeError)
  })

  test('adds up to the total, mirrors, and stays within one unit of the exact share', () => {
    fc.assert(
      fc.property(amounts, fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 20 }), (total, weights) => {
        const sum = weights.reduce((left, right) => left + right, 0)
        fc.pre(sum > 0)
        const parts = spread(total, weights)
        expect(parts.reduce((left, right) => left + right, 0)).toBe(total)
        expect(spread(-total, weights)).toEqual(parts.map((part) => (part === 0 ? 0 : -part)))
        for (const [index, part] of parts.entries()) {
          const distance = BigInt(part) * BigInt(sum) - BigInt(total) * BigInt(weights[index]!)
          expect(distance < BigInt(sum) && distance > -BigInt(sum)).toBe(true)
        }
      }),
    )
  })

  test('adds up with credits among the weights', () => {
    const weights = fc.array(fc.integer({ min: -10_000, max: 10_000 }), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), weights, (total, list) => {
        fc.pre(list.reduce((left, right) => left + right, 0) !== 0)
        expect(spread(total, list).reduce((left, right) => left + right, 0)).toBe(total)
      }),
    )
  })
})

describe('decimals', () => {
  test.each([
    [2985, 'BRL', '29.85'],
    [-5, 'BRL', '-0.05'],
    [0, 'BRL', '0.00'],
    [1234, 'JPY', '1234'],
    [1234, 'KWD', '1.234'],
    [Number.MAX_SAFE_INTEGER, 'BRL', '90071992547409.91'],
  ])('%i %s is %s and back', (amount, currency, text) => {
    expect(toDecimal(amount, currency)).toBe(text)
    expect(fromDecimal(text, currency)).toBe(amount)
  })

  test.each(['', '1,5', '1.', '.5', '+1', '1e3', ' 1', '1.005', 'NaN', '99999999999999999'])(
    'refuses %j',
    (text) => {
      expect(fromDecimal(text, 'BRL')).toBeNull()
    },
  )

  test('a negative zero is zero', () => {
    expect(Object.is(fromDecimal('-0.00', 'BRL'), 0)).toBe(true)
    expect(Object.is(parseMoney('-0,00', 'BRL'), 0)).toBe(true)
  })
})

describe('formatMoney', () => {
  const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ')

  test.each([
    [123_456, 'BRL', 'pt-BR', 'R$ 1.234,56'],
    [123_456, 'ARS', 'es', '$ 1.234,56'],
    [123_456, 'USD', 'en', '$1,234.56'],
    [-2985, 'USD', 'en', '-$29.85'],
    [1234, 'JPY', 'en', '¥1,234'],
    [1234, 'KWD', 'en', 'KWD 1.234'],
    [Number.MAX_SAFE_INTEGER, 'BRL', 'pt-BR', 'R$ 90.071.992.547.409,91'],
  ])('%i %s in %s', (amount, currency, language, text) => {
    expect(plain(formatMoney(amount, currency, language))).toBe(text)
  })
})

describe('parseMoney', () => {
  test.each([
    ['1.234,56', 'BRL', 123_456],
    ['1,234.56', 'BRL', 123_456],
    ['1234.5', 'BRL', 123_450],
    ['1234,5', 'BRL', 123_450],
    ['29.85', 'BRL', 2985],
    ['R$ 10,00', 'BRL', 1000],
    ['r$10', 'BRL', 1000],
    ['10,00 BRL', 'BRL', 1000],
    ['BRL 10', 'BRL', 1000],
    ['US$ 1,234.50', 'USD', 123_450],
    ['$5', 'USD', 500],
    ['$ 1.234.567,89', 'ARS', 123_456_789],
    ['1.234.567', 'BRL', 123_456_700],
    ['1 234,56', 'BRL', 123_456],
    ['1’234.56', 'BRL', 123_456],
    ['-R$ 3,50', 'BRL', -350],
    ['R$ -3,50', 'BRL', -350],
    ['\u22123.50', 'BRL', -350],
    [',5', 'BRL', 50],
    ['0.05', 'BRL', 5],
    ['10.5000', 'BRL', 1050],
    ['1.234', 'CLP', 1234],
    ['1.234.567', 'CLP', 1_234_567],
    ['1.234,00', 'CLP', 1234],
    ['¥1,000', 'JPY', 1000],
    ['0.500', 'KWD', 500],
    ['1234.567', 'KWD', 1_234_567],
    ['1,234.567', 'KWD', 1_234_567],
  ])('%j %s is %i', (text, currency, amount) => {
    expect(parseMoney(text, currency)).toBe(amount)
  })

  test.each([
    ['', 'BRL'],
    ['   ', 'BRL'],
    ['R$', 'BRL'],
    ['-', 'BRL'],
    ['--1', 'BRL'],
    ['-R$ -1', 'BRL'],
    ['abc', 'BRL'],
    ['1.234', 'BRL'],
    ['1,234', 'USD'],
    ['1.234', 'KWD'],
    ['12.34.56', 'BRL'],
    ['1.23,45', 'BRL'],
    ['1,234,56', 'BRL'],
    ['1.234.567,891', 'BRL'],
    ['29.855', 'BRL'],
    ['1234.567', 'BRL'],
    ['1.5', 'JPY'],
    ['US$ 10', 'BRL'],
    ['€ 10', 'BRL'],
    ['10 20', 'BRL'],
    ['1e5', 'BRL'],
    ['5.', 'BRL'],
    ['1.234 567', 'BRL'],
    ['99999999999999999999', 'BRL'],
    ['1'.repeat(100), 'BRL'],
  ])('%j %s is refused', (text, currency) => {
    expect(parseMoney(text, currency)).toBeNull()
  })

  test('reads back what formatMoney wrote, or refuses it', () => {
    fc.assert(
      fc.property(amounts, currencies, fc.constantFrom('pt-BR', 'es', 'en'), (amount, currency, language) => {
        const parsed = parseMoney(formatMoney(amount, currency, language), currency)
        if (exponentOf(currency) === 3) expect([amount, null]).toContain(parsed)
        else expect(parsed).toBe(amount)
      }),
    )
  })

  test('never throws and never gives anything but a safe integer', () => {
    const noise = fc.string({ unit: fc.constantFrom(..."0123456789.,- $R'"), maxLength: 20 })
    fc.assert(
      fc.property(noise, currencies, (text, currency) => {
        const parsed = parseMoney(text, currency)
        expect(parsed === null || Number.isSafeInteger(parsed)).toBe(true)
      }),
    )
  })
})
