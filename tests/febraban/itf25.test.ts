import { describe, expect, it } from 'vitest'
import { composeBars } from '../../server/platform/itf25.ts'

/** Reads bars back as a scanner does: widths of bars and spaces. */
function scan({ bars, modules }: ReturnType<typeof composeBars>): string {
  const widths = bars.flatMap((bar, i) => {
    const next = bars[i + 1]?.at ?? modules
    return next > bar.at + bar.width ? [bar.width, next - bar.at - bar.width] : [bar.width]
  })
  expect(widths.slice(0, 4)).toEqual([1, 1, 1, 1])
  expect(widths.slice(-3)).toEqual([3, 1, 1])
  const digits = ['00110', '10001', '01001', '11000', '00101', '10100', '01100', '00011', '10010', '01010']
  let text = ''
  for (let at = 4; at < widths.length - 3; at += 10) {
    const ten = widths.slice(at, at + 10).map((width) => (width === 3 ? '1' : '0'))
    for (const start of [0, 1]) text += digits.indexOf([0, 2, 4, 6, 8].map((i) => ten[i + start]).join(''))
  }
  return text
}

describe('the bars of a boleto', () => {
  it('are read back', () => {
    const code = '00193373700000001000500940144816060680935031'
    expect(scan(composeBars(code))).toBe(code)
    expect(composeBars(code)).toMatchObject({ modules: 405 })
    expect(composeBars(code).bars).toHaveLength(2 + 22 * 5 + 2)
  })
  it('are of digits in pairs', () => {
    expect(() => composeBars('123')).toThrow(RangeError)
    expect(() => composeBars('12a4')).toThrow(RangeError)
    expect(() => composeBars('')).toThrow(RangeError)
  })
})
