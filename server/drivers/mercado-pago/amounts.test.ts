import { describe, expect, it } from 'vitest'
import { fromApiAmount, toApiAmount } from './amounts.ts'

describe("amounts as Mercado Pago's API writes them", () => {
  it('are exact for every cent up to a thousand, in JSON and back', () => {
    for (let cents = 0; cents <= 100_000; cents++) {
      const json = JSON.stringify({ amount: toApiAmount(cents, 'BRL') })
      const [whole, decimals = ''] = json.slice('{"amount":'.length, -1).split('.')
      if (Number(whole) * 100 + Number(decimals.padEnd(2, '0')) !== cents || decimals.length > 2)
        throw new Error(`${cents} was written ${json}`)
      if (fromApiAmount(JSON.parse(json).amount, 'BRL') !== cents) throw new Error(`${json} is not ${cents}`)
    }
  })

  it('follow the currency, and refuse what it does not have', () => {
    expect(toApiAmount(5_990, 'CLP')).toBe(5_990)
    expect(fromApiAmount(5_990, 'CLP')).toBe(5_990)
    expect(toApiAmount(999_999_999_999_999, 'BRL')).toBe(9_999_999_999_999.99)
    expect(fromApiAmount(9_999_999_999_999.99, 'BRL')).toBe(999_999_999_999_999)
    expect(() => toApiAmount(1_000_000_000_000_001, 'BRL')).toThrow(RangeError)
    expect(() => fromApiAmount(0.1 + 0.2, 'BRL')).toThrow(RangeError)
    expect(() => fromApiAmount(5.5, 'CLP')).toThrow(RangeError)
  })
})
