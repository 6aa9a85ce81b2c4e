import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkBrCode,
  cleanBrText,
  composeBrCode,
  readBrCode,
  readBrFields,
  shortTxid,
  txidOfNumber,
  uuidOfShortTxid,
  writeBrFields,
} from './br-code.ts'

// As the Central Bank publishes them: "Manual de Padrões para Iniciação do Pix" (static, dynamic), "Manual do BR Code" (with
// another arrangement's fields), the document of the API Pix 2.9.0 (with a recurrence).
const published = {
  static:
    '00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D',
  dynamic:
    '00020101021226700014br.gov.bcb.pix2548pix.example.com/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***630464E4',
  several:
    '00020104141234567890123426580014BR.GOV.BCB.PIX0136123e4567-e12b-12d1-a456-42665544000027300012BR.COM.OUTRO011001234567895204000053039865406123.455802BR5917NOME DO RECEBEDOR6008BRASILIA61087007490062190515RP12345678-201980390012BR.COM.OUTRO01190123.ABCD.3456.WXYZ6304AD38',
  recurrence:
    '00020126180014br.gov.bcb.pix5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac120002630462C9',
  charge_and_recurrence:
    '00020101021226760014br.gov.bcb.pix2554pix.example.com/qr/v2/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/94ed2badcbc04c15b0bb7fa35319489063047741',
  due_and_recurrence:
    '00020101021226810014br.gov.bcb.pix2559pix.example.com/qr/v2/cobv/1e6c54d3ec9449b7a7fc53b6b0f998e75204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/3ffa640fa4f14080adccb949fa2dc0d06304A441',
}

const fulano = {
  recurrence_url: null,
  info: null,
  amount: null,
  name: 'Fulano de Tal',
  city: 'BRASILIA',
  postal_code: null,
  txid: null,
}

const ascii = (most: number) =>
  fc
    .array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength: most })
    .map((codes) => String.fromCharCode(...codes))
const alphanumeric = fc
  .array(fc.constantFrom(...'abcxyzABCXYZ0189'), { minLength: 1, maxLength: 25 })
  .map((letters) => letters.join(''))
const anyCode = fc
  .record({
    target: fc.oneof(
      fc.record({ key: ascii(40), url: fc.constant(null), info: fc.option(ascii(30)) }),
      fc.record({ key: fc.constant(null), url: ascii(70), info: fc.constant(null) }),
    ),
    rest: fc.record({
      recurrence_url: fc.option(ascii(70)),
      amount: fc.option(fc.integer({ min: 1, max: 999_999_999_999 })),
      name: ascii(25),
      city: ascii(15),
      postal_code: fc.option(fc.constantFrom('70074900', '01304001')),
      txid: fc.option(alphanumeric),
      once: fc.option(fc.boolean()),
    }),
  })
  .map(({ target, rest }) => ({ ...target, ...rest }))

describe('the checksum', () => {
  it('is the CRC of EMV codes', () => {
    expect(checkBrCode('123456789')).toBe('29B1')
  })
  it.each(Object.entries(published))('is that of the published example: %s', (_name, text) => {
    expect(checkBrCode(text.slice(0, -4))).toBe(text.slice(-4))
  })
})

describe('a published code', () => {
  it.each(Object.entries(published))('is read and written field by field: %s', (_name, text) => {
    expect(writeBrFields(readBrFields(text)!)).toBe(text)
    expect(typeof readBrCode(text)).toBe('object')
  })
  it('says what the manual says', () => {
    const key = '123e4567-e12b-12d1-a456-426655440000'
    expect(readBrCode(published.static)).toEqual({ ...fulano, key, url: null, once: null })
    const url = 'pix.example.com/8b3da2f39a4140d1a91abd93113bd441'
    expect(readBrCode(published.dynamic)).toEqual({ ...fulano, key: null, url, once: true })
    expect(readBrCode(published.several)).toEqual({
      ...fulano,
      key,
      url: null,
      once: null,
      name: 'NOME DO RECEBEDOR',
      amount: 12_345,
      postal_code: '70074900',
      txid: 'RP12345678-2019',
    })
    expect(readBrCode(published.recurrence)).toMatchObject({
      key: null,
      url: null,
      recurrence_url: 'pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac120002',
    })
  })
  it('is written the same', () => {
    for (const text of [
      published.static,
      published.dynamic,
      published.charge_and_recurrence,
      published.due_and_recurrence,
    ]) {
      const read = readBrCode(text)
      if (typeof read === 'string') throw new Error(read)
      expect(composeBrCode(read)).toBe(text)
    }
  })
})

describe('any code', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyCode, (code) => {
        expect(readBrCode(composeBrCode(code))).toEqual(code)
      }),
      { numRuns: 500 },
    )
  })
  it('is refused with any one character changed', () => {
    fc.assert(
      fc.property(anyCode, fc.nat(), fc.integer({ min: 0x20, max: 0x7e }), (code, place, letter) => {
        const text = composeBrCode(code)
        const at = place % text.length
        const changed = text.slice(0, at) + String.fromCharCode(letter) + text.slice(at + 1)
        fc.pre(changed !== text)
        // A change within the last eight leaves no checksum to compare, or another one.
        expect(['checksum', 'malformed']).toContain(readBrCode(changed))
        if (at < text.length - 8) expect(readBrCode(changed)).toBe('checksum')
      }),
      { numRuns: 1000 },
    )
  })
  it('reads whatever comes without throwing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), (text) => {
        readBrCode(text)
        readBrCode(`${text}6304${checkBrCode(`${text}6304`)}`)
      }),
      { numRuns: 500 },
    )
  })
})

describe('what a code cannot say', () => {
  const code = { key: 'a@b.example', name: 'A', city: 'B' }
  it.each([
    ['neither key nor address', { ...code, key: null }],
    ['both', { ...code, url: 'pix.example.com/1' }],
    ['a long name', { ...code, name: 'A'.repeat(26) }],
    ['no name', { ...code, name: '' }],
    ['a long city', { ...code, city: 'A'.repeat(16) }],
    ['letters with marks', { ...code, name: 'São' }],
    ['a txid with a dash', { ...code, txid: 'A-1' }],
    ['a long txid', { ...code, txid: 'A'.repeat(26) }],
    ['nothing to pay', { ...code, amount: 0 }],
    ['more than fits', { ...code, info: 'x'.repeat(80) }],
  ])('is not written: %s', (_name, fields) => {
    expect(() => composeBrCode(fields)).toThrow(RangeError)
  })
  it('is not read as a Pix', () => {
    const other = '00020126300012BR.COM.OUTRO011001234567895204000053039865802BR5901A6001B62070503***6304'
    expect(readBrCode(other + checkBrCode(other))).toBe('not_pix')
    expect(readBrCode('')).toBe('malformed')
    const cut = `${published.static.slice(0, 50)}6304`
    expect(readBrCode(cut + checkBrCode(cut))).toBe('malformed')
  })
})

describe('texts and txids', () => {
  it('are cleaned', () => {
    expect(cleanBrText('Açaí & Cia. – São José', 25)).toBe('Acai & Cia. Sao Jose')
    expect(cleanBrText('São José dos Campos', 15)).toBe('Sao Jose dos Ca')
    expect(txidOfNumber('A-123')).toBe('A123')
  })
  it('a short txid leads back to its uuid', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(shortTxid(uuid)).toMatch(/^[0-9A-Z]{25}$/)
        expect(uuidOfShortTxid(shortTxid(uuid))).toBe(uuid)
      }),
    )
    expect(uuidOfShortTxid('Z'.repeat(25))).toBeNull()
    expect(uuidOfShortTxid('A123')).toBeNull()
  })
})
