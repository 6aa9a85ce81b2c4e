import { expect, it } from 'vitest'
import { formatMinutes, parseMinutes } from './duration-input.tsx'

it.each([
  ['90', 90],
  ['90 min', 90],
  ['1h30', 90],
  ['1 h 30 min', 90],
  ['1:30', 90],
  ['1,5 h', 90],
  ['1.5h', 90],
  ['4 horas', 240],
  ['2 hours 5 minutes', 125],
  ['', null],
  ['soon', null],
  ['1:90', null],
])('%s is %s minutes', (text, minutes) => {
  expect(parseMinutes(text)).toBe(minutes)
})

it('what is written is read again', () => {
  for (const minutes of [1, 30, 60, 90, 240, 1440, 6001])
    expect(parseMinutes(formatMinutes(minutes))).toBe(minutes)
  expect(formatMinutes(270)).toBe('4 h 30 min')
})
