import { describe, expect, it } from 'vitest'
import { computeMonthly, toBasisPoints } from './amounts.ts'

const none = { kind: '', amount: null, basisPoints: null } as const

describe('what a service costs a month', () => {
  it('adds options to the plan', () => {
    expect(computeMonthly(9_990, [{ amount: 1_500, quantity: 2 }], none)).toEqual({
      plan: 9_990,
      discount: 0,
      options: 3_000,
      total: 12_990,
    })
  })
  it('takes a discount off the plan alone, never below zero', () => {
    const options = [{ amount: 500, quantity: 1 }]
    expect(computeMonthly(1_000, options, { kind: 'amount', amount: 5_000, basisPoints: null }).total).toBe(
      500,
    )
  })
  it('rounds what is left of a percentage half-up once', () => {
    // 12.5% off 99.90 leaves 87.4125: 87.41. 50% off 0.01 leaves half a cent: one cent.
    const percent = (basisPoints: number) => ({ kind: 'percent', amount: null, basisPoints }) as const
    expect(computeMonthly(9_990, [], percent(1_250)).total).toBe(8_741)
    expect(computeMonthly(1, [], percent(5_000)).total).toBe(1)
    expect(computeMonthly(9_990, [], percent(10_000)).total).toBe(0)
  })
  it('reads percentages as hundredths', () => {
    expect(toBasisPoints(12.5)).toBe(1_250)
    expect(toBasisPoints('0.29')).toBe(29)
    expect(toBasisPoints('')).toBeNull()
    expect(toBasisPoints(120)).toBe(10_000)
  })
})
