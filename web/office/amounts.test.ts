import { expect, it } from 'vitest'
import { toBasisPoints } from './amounts.ts'

it('reads percentages as hundredths', () => {
  expect(toBasisPoints(12.5)).toBe(1_250)
  expect(toBasisPoints('0.29')).toBe(29)
  expect(toBasisPoints('')).toBeNull()
  expect(toBasisPoints(120)).toBe(10_000)
})
