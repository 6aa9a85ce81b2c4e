import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explainQuantity } from './price-parts.ts'
import { type Price, priceQuantity } from './pricing.ts'

const amount = fc.integer({ min: 0, max: 1_000_000 })
const tiers = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 6 }),
    fc.array(fc.tuple(amount, amount), { minLength: 7, maxLength: 7 }),
  )
  .map(([ends, amounts]) =>
    [...ends.sort((left, right) => left - right), null].map((up_to, index) => ({
      up_to,
      unit_amount: amounts[index]![0],
      flat_amount: amounts[index]![1],
    })),
  )
const price: fc.Arbitrary<Price> = fc.record({
  model: fc.constantFrom('flat', 'per_unit', 'tiered', 'volume', 'package'),
  unit_amount: amount,
  tiers,
  package_size: fc.integer({ min: 1, max: 50 }),
  included: fc.integer({ min: 0, max: 100 }),
})

describe('the parts of a price', () => {
  it('add up to the price of the quantity, whatever its model', () => {
    fc.assert(
      fc.property(price, fc.integer({ min: 0, max: 1000 }), (of, quantity) => {
        const parts = explainQuantity(of, quantity)
        expect(parts.reduce((sum, part) => sum + BigInt(part.amount), 0n)).toBe(priceQuantity(of, quantity))
      }),
    )
  })

  it('say what is included, then each tier', () => {
    const of: Price = {
      model: 'tiered',
      unit_amount: 0,
      tiers: [
        { up_to: 10, unit_amount: 100, flat_amount: 0 },
        { up_to: null, unit_amount: 50, flat_amount: 200 },
      ],
      package_size: null,
      included: 2,
    }
    expect(explainQuantity(of, 17)).toEqual([
      { kind: 'included', units: 2, unit_amount: 0, flat_amount: 0, amount: 0 },
      { kind: 'tier', units: 10, unit_amount: 100, flat_amount: 0, amount: 1000 },
      { kind: 'tier', units: 5, unit_amount: 50, flat_amount: 200, amount: 450 },
    ])
  })
})
