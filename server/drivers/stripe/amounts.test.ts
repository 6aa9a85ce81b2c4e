import { describe, expect, it } from 'vitest'
import { fromStripeAmount, toStripeAmount } from './amounts.ts'

describe('amounts as Stripe writes them', () => {
  // https://docs.stripe.com/currencies: zero-decimal, special cases, three-decimal.
  it.each([
    ['BRL', 12_345, 12_345],
    ['EUR', 1, 1],
    ['HUF', 100_000, 100_000],
    ['TWD', 80_045, 80_045],
    ['JPY', 500, 500],
    ['CLP', 990, 990],
    ['PYG', 15_000, 15_000],
    ['ISK', 5, 500],
    ['UGX', 5, 500],
    ['MGA', 500, 5],
    ['KWD', 5_120, 5_120],
    ['TND', 10, 10],
  ])('%s %d is %d there, and back', (currency, ours, theirs) => {
    expect(toStripeAmount(ours, currency)).toBe(theirs)
    expect(fromStripeAmount(theirs, currency.toLowerCase())).toBe(ours)
  })

  it('refuses fractions that they do not have', () => {
    expect(() => toStripeAmount(5_123, 'KWD')).toThrow(expect.objectContaining({ code: 'amount_not_taken' }))
    expect(() => toStripeAmount(550, 'MGA')).toThrow(expect.objectContaining({ code: 'amount_not_taken' }))
    expect(() => fromStripeAmount(550, 'isk')).toThrow(expect.objectContaining({ code: 'amount_not_taken' }))
  })
})
