import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spreadInstalments } from './charges.ts'
import { boundaryOnOrAfter } from './periods.ts'

const date = Temporal.PlainDate.from
const days = fc.integer({ min: 0, max: 4000 }).map((offset) => date('2024-01-01').add({ days: offset }))

describe('spreadInstalments', () => {
  it('gives the larger parts first, one a closing, clamped to short months', () => {
    expect(
      spreadInstalments(10_000, 3, date('2026-01-15'), 31).map((part) => [
        part.unit_amount,
        String(part.bill_on),
      ]),
    ).toEqual([
      [3334, '2026-01-31'],
      [3333, '2026-02-28'],
      [3333, '2026-03-31'],
    ])
  })

  it('is the amount to the cent, in parts that differ by one at most, on closings that follow each other', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000_000_000 }),
        fc.integer({ min: 1, max: 120 }),
        days,
        fc.integer({ min: 1, max: 31 }),
        (total, count, first, closingDay) => {
          const parts = spreadInstalments(total, count, first, closingDay)
          const amounts = parts.map((part) => part.unit_amount)
          expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBe(total)
          expect(Math.max(...amounts) - Math.min(...amounts)).toBeLessThanOrEqual(1)
          expect(amounts).toEqual([...amounts].sort((one, other) => other - one))
          expect(parts.map((part) => part.instalment)).toEqual(parts.map((_, index) => index + 1))
          expect(String(parts[0]?.bill_on)).toBe(String(boundaryOnOrAfter(first, closingDay)))
          for (const [index, part] of parts.entries()) {
            const before = parts[index - 1]
            if (before) expect(before.bill_on.until(part.bill_on).days).toBeGreaterThanOrEqual(28)
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})
