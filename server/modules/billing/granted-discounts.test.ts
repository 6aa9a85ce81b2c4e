import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BilledLine } from './credits.ts'
import { splitDiscount } from './granted-discounts.ts'

const line = (net: number, tax: number, credited_net = 0, credited_tax = 0): BilledLine =>
  ({
    id: `${net}`,
    gross: net,
    net,
    tax,
    tax_included: 0,
    credited_gross: credited_net,
    credited_net,
    credited_tax,
    credited_tax_included: 0,
  }) as BilledLine

const amounts = (lines: BilledLine[], amount: number) =>
  splitDiscount(lines, amount).map(({ net, tax }) => [net, tax])

describe('a discount on a document', () => {
  it('is net and tax as the document is, over its lines', () => {
    expect(amounts([line(8_403, 1_597)], 500)).toEqual([[420, 80]])
    expect(amounts([line(9_000, 0), line(1_000, 0)], 500)).toEqual([
      [450, 0],
      [50, 0],
    ])
    // 1.03 of 19 % on top is no sum of a net and its own tax; it is one of these.
    expect(amounts([line(10_000, 1_900)], 103)).toEqual([[87, 16]])
    expect(amounts([line(100, 19, 60, 11)], 500)).toEqual([[40, 8]])
    expect(amounts([line(0, 0)], 500)).toEqual([])
  })

  it('is the amount to the cent, and never more than a line has left', () => {
    const billed = fc
      .record({
        net: fc.integer({ min: 0, max: 5_000 }),
        rate: fc.integer({ min: 0, max: 99 }),
        part: fc.nat(100),
      })
      .map(({ net, rate, part }) => {
        const tax = Math.round((net * rate) / 100)
        return line(net, tax, Math.floor((net * part) / 100), Math.floor((tax * part) / 100))
      })
    fc.assert(
      fc.property(
        fc.array(billed, { maxLength: 8 }),
        fc.integer({ min: 0, max: 60_000 }),
        (lines, amount) => {
          const parts = splitDiscount(lines, amount)
          const left = lines.reduce(
            (sum, one) => sum + one.net - one.credited_net + one.tax - one.credited_tax,
            0,
          )
          expect(parts.reduce((sum, { net, tax }) => sum + net + tax, 0)).toBe(Math.min(amount, left))
          for (const { billed: of, net, tax } of parts) {
            expect(net).toBeGreaterThan(0)
            expect(tax).toBeGreaterThanOrEqual(0)
            expect(net).toBeLessThanOrEqual(of.net - of.credited_net)
            expect(tax).toBeLessThanOrEqual(of.tax - of.credited_tax)
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
