import { describe, expect, it } from 'vitest'
import type { Price } from '../shared/api-types.gen.ts'
import {
  bodyOfPrice,
  firstTiers,
  lacksSomething,
  newPrice,
  rowsOfPrices,
  withTierAfter,
} from './price-rows.ts'

const price: Price = {
  id: 'p',
  currency: 'BRL',
  cycle_unit: 'month',
  cycle_count: 3,
  cycle_alignment: 'anniversary',
  price_model: 'tiered',
  amount: 0,
  tiers: [
    { up_to: 10, unit_amount: 100, flat_amount: 0 },
    { up_to: null, unit_amount: 50, flat_amount: 200 },
  ],
  package_size: null,
  included: 2,
  valid_from: '2026-05-01',
  valid_to: null,
}

describe('the rows of prices', () => {
  it('give back what the catalogue said, one that is sold already without its day', () => {
    const { id: _id, valid_to: _to, ...same } = price
    const [row] = rowsOfPrices([price], '2026-05-21')
    expect(bodyOfPrice(row!)).toEqual({ ...same, amount: null, valid_from: null })
    const [coming] = rowsOfPrices([{ ...price, valid_from: '2026-06-01' }], '2026-05-21')
    expect(bodyOfPrice(coming!).valid_from).toBe('2026-06-01')
  })

  it('say what is missing still', () => {
    expect(lacksSomething(newPrice('BRL'))).toBe(true)
    expect(lacksSomething(newPrice('BRL', { amount: 1 }))).toBe(false)
    expect(lacksSomething(newPrice('', { amount: 1 }))).toBe(true)
    expect(lacksSomething(newPrice('BRL', { price_model: 'package', amount: 1 }))).toBe(true)
    const tiers = firstTiers().map((tier) => ({ ...tier, unit_amount: 1 }))
    expect(lacksSomething(newPrice('BRL', { price_model: 'volume', tiers }))).toBe(true)
    tiers[0]!.up_to = 5
    expect(lacksSomething(newPrice('BRL', { price_model: 'volume', tiers }))).toBe(false)
  })

  it('get a tier between the others, and above the last one none', () => {
    const tiers = firstTiers()
    const after = withTierAfter(tiers, 1)
    expect(after.tiers.map(({ key }) => key)).toEqual([tiers[0]!.key, after.key, tiers[1]!.key])
  })
})
