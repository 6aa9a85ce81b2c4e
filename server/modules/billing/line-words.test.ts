import { describe, expect, it } from 'vitest'
import { type ExplainedLine, explainBriefly } from './line-words.ts'

const date = Temporal.PlainDate.from
const june = { from: date('2026-06-01'), to: date('2026-07-01') }
const line: ExplainedLine = {
  role: 'plan',
  period: june,
  days: 30,
  of_days: 30,
  whole_period: june,
  unit_amount: 1000,
  quantity: 1,
  price_model: 'per_unit',
  included: 0,
  gross: 1000,
  discount: 0,
  discount_kind: null,
  discount_basis_points: null,
  discount_amount: null,
  net: 1000,
  rule: 'test',
}
const say = (change: Partial<ExplainedLine>) =>
  explainBriefly({ ...line, ...change }, 'USD', 'en').replaceAll('\u00a0', ' ')

describe('why a line is its amount', () => {
  const tiers = [
    { up_to: 100, unit_amount: 10, flat_amount: 0 },
    { up_to: null, unit_amount: 8, flat_amount: 500 },
  ]
  it('tells each tier that a quantity goes through, and units that cost nothing', () => {
    const tiered = { price_model: 'tiered' as const, tiers, quantity: 170, included: 20, unit_amount: 0 }
    expect(say({ ...tiered, gross: 1900, net: 1900 })).toBe(
      'Quantity: 170, of which 20 included. 100 × $0.10 + 50 × $0.08 + $5.00 = $19.00. Whole period: $19.00 per month.',
    )
    expect(say({ ...tiered, price_model: 'volume', gross: 1700, net: 1700 })).toContain(
      '150 × $0.08 + $5.00 = $17.00.',
    )
  })

  it('tells packages, one price whatever the quantity, and use', () => {
    const packs = { price_model: 'package' as const, package_size: 100, unit_amount: 500, quantity: 250 }
    expect(say({ ...packs, gross: 1500, net: 1500 })).toContain('3 × package of 100 ($5.00 each) = $15.00.')
    expect(say({ price_model: 'flat', quantity: 7 })).toBe(
      'One price whatever the quantity. Whole period: $10.00 per month.',
    )
    expect(say({ role: 'usage', quantity: 12, unit_amount: 5, gross: 60, net: 60, rule: 'usage' })).toBe(
      'Quantity: 12. 12 × $0.05 = $0.60. Charged after use.',
    )
  })

  it('takes its own discount and each coupon off in order, to the cent', () => {
    const coupons = [
      { name: 'WELCOME', kind: 'percent' as const, basis_points: 1000 },
      { name: 'FRIEND', kind: 'amount' as const, amount: 200 },
    ]
    const own = { discount_kind: 'percent' as const, discount_basis_points: 5000 }
    expect(say({ ...own, coupons, discount: 750, net: 250 })).toBe(
      'Whole period: $10.00 per month. Less a discount of 50% ($5.00): $5.00. ' +
        'Coupon “WELCOME” takes off 10% ($0.50): $4.50. Coupon “FRIEND” takes off $2.00: $2.50.',
    )
  })

  it('tells instalments, fees for being late, and taxes', () => {
    expect(say({ role: 'instalment', instalment: 2, instalments: 6 })).toBe('Instalment 2 of 6: $10.00.')
    expect(say({ role: 'late_fee' })).toBe(
      'Charged once: $10.00. For paying after the due date; charged once per document.',
    )
    expect(say({ role: 'manual', quantity: 2, unit_amount: 500, tax: 190 })).toBe(
      '2 × $5.00 = $10.00. Plus $1.90 tax.',
    )
  })

  it('names the line that a correction is about, and a part that no days explain', () => {
    const corrects = { kind: 'credit_note' as const, document: 'A-17', description: 'Fibre' }
    const half = { days: 15, gross: 500, net: 500 }
    expect(say({ corrects, ...half, rule: 'credit' })).toBe(
      'Gives back from “Fibre” of A-17. 15 of 30 days × $10.00 per month = $5.00.',
    )
    expect(say({ corrects, gross: 123, net: 123, rule: 'credit' })).toBe(
      'Gives back from “Fibre” of A-17. $1.23 of its amount.',
    )
  })
})
