import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { computeTaxes, type TaxRule } from './taxes.ts'

const tax = (tax_id: string, rate: number, inclusive = false): TaxRule => ({
  tax_id,
  name: tax_id,
  rate,
  inclusive,
})
const iva = tax('IVA', 210_000)
const iss = tax('ISS', 50_000, true)
const pis = tax('PIS', 16_500, true)
const city = tax('City', 12_345)

describe('taxes (B10, billing.md 10)', () => {
  test.each<[string, { net: number; rules: TaxRule[] }[], number, number]>([
    ['21 % on top of 100.00', [{ net: 10_000, rules: [iva] }], 2100, 0],
    ['21 % on the sum, not on each of three', [333, 333, 333].map((net) => ({ net, rules: [iva] })), 210, 0],
    ['5 % inside 100.00 is 4.76', [{ net: 10_000, rules: [iss] }], 0, 476],
    ['two inside at once share the base', [{ net: 10_000, rules: [iss, pis] }], 0, 469 + 155],
    ['one inside, one on top of what is left', [{ net: 10_000, rules: [iss, iva] }], 2000, 476],
    ['no rule, no tax', [{ net: 10_000, rules: [] }], 0, 0],
    ['half a cent goes up', [{ net: 50, rules: [tax('One', 10_000)] }], 1, 0],
  ])('%s', (_name, lines, on, inside) => {
    const { lines: results } = computeTaxes(lines, 'document')
    expect(results.reduce((sum, line) => sum + line.tax, 0)).toBe(on)
    expect(results.reduce((sum, line) => sum + line.tax_included, 0)).toBe(inside)
  })

  test('per line rounds on every line', () => {
    const lines = [333, 333, 333].map((net) => ({ net, rules: [iva] }))
    expect(computeTaxes(lines, 'line').taxes).toMatchObject([{ base: 999, amount: 210 }])
    const cents = [1, 1, 1].map((net) => ({ net, rules: [iva] }))
    expect(computeTaxes(cents, 'line').taxes).toMatchObject([{ amount: 0 }])
    expect(computeTaxes(cents, 'document').taxes).toMatchObject([{ amount: 1 }])
  })

  test('parts add up to their taxes, and what is inside never exceeds the price', () => {
    const someLines = fc.array(
      fc.record({ net: fc.nat(1_000_000), rules: fc.subarray([iva, iss, pis, city]) }),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(someLines, fc.constantFrom('document' as const, 'line' as const), (lines, rounding) => {
        const { lines: results, taxes } = computeTaxes(lines, rounding)
        for (const [index, line] of results.entries()) {
          expect(line.tax_included).toBeLessThanOrEqual(lines[index]!.net)
          expect(line.taxes.map(({ tax_id }) => tax_id).sort()).toEqual(
            lines[index]!.rules.map(({ tax_id }) => tax_id).sort(),
          )
        }
        const sum = (inclusive: boolean) =>
          taxes.filter((one) => one.inclusive === inclusive).reduce((total, one) => total + one.amount, 0)
        expect(sum(false)).toBe(results.reduce((total, line) => total + line.tax, 0))
        expect(sum(true)).toBe(results.reduce((total, line) => total + line.tax_included, 0))
      }),
    )
  })
})
