import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTaxId } from './tax-ids.ts'

type Case = [country: string, typed: string, formatted: string, kind: string]

/** Numbers as the authorities of each country publish them in their own examples, or that are public knowledge. */
const good: Case[] = [
  ['BR', '111.444.777-35', '111.444.777-35', 'cpf'],
  ['BR', '52998224725', '529.982.247-25', 'cpf'],
  ['BR', '00.000.000/0001-91', '00.000.000/0001-91', 'cnpj'], // Banco do Brasil
  ['BR', '33000167000101', '33.000.167/0001-01', 'cnpj'], // Petrobras
  ['BR', ' 11 222 333 0001 81 ', '11.222.333/0001-81', 'cnpj'],
  // The example of the Receita Federal for the alphanumeric CNPJ of July 2026.
  ['BR', '12.ABC.345/01DE-35', '12.ABC.345/01DE-35', 'cnpj'],
  ['BR', '12abc34501de35', '12.ABC.345/01DE-35', 'cnpj'],
  ['AR', '20055361682', '20-05536168-2', 'cuit'],
  ['AR', '30-50001091-2', '30-50001091-2', 'cuit'], // Banco de la Nación Argentina
  ['AR', '33.69345023.9', '33-69345023-9', 'cuit'], // AFIP
  ['MX', 'gode 561231 gr8', 'GODE561231GR8', 'rfc'],
  ['MX', 'XAXX-010101-000', 'XAXX010101000', 'rfc'], // the public
  ['MX', 'XEXX010101000', 'XEXX010101000', 'rfc'], // foreigners
  ['MX', 'MAB-930714-8T4', 'MAB9307148T4', 'rfc'],
  ['CO', '2131234321', '213.123.432-1', 'nit'],
  ['CO', '899.999.068-1', '899.999.068-1', 'nit'], // Ecopetrol
  ['CL', '12531909-2', '12.531.909-2', 'rut'],
  ['CL', '97.030.000-7', '97.030.000-7', 'rut'], // BancoEstado
  ['CL', '10.101.309-k', '10.101.309-K', 'rut'],
  ['UY', '21 100342 001 7', '21-100342-001-7', 'rut'],
  ['DE', 'DE 136 695 976', 'DE136695976', 'vat'],
  ['DE', '136695976', 'DE136695976', 'vat'],
  ['ES', 'ES B-58378431', 'ESB58378431', 'vat'],
  ['ES', '54362315-K', 'ES54362315K', 'vat'],
  ['FR', 'fr 40 303 265 045', 'FR40303265045', 'vat'],
  ['IT', 'IT 00743110157', 'IT00743110157', 'vat'],
  ['PT', '501 964 843', 'PT501964843', 'vat'],
  ['GR', 'EL 094259216', 'EL094259216', 'vat'],
  ['AT', 'AT U13585627', 'ATU13585627', 'vat'],
  ['NL', 'NL004495445B01', 'NL004495445B01', 'vat'],
  ['BE', 'BE 0428.759.497', 'BE0428759497', 'vat'],
  ['PL', '856-73-46-215', 'PL8567346215', 'vat'],
  ['IE', 'IE6433435F', 'IE6433435F', 'vat'],
  ['FR', '732 829 320', '732 829 320', 'national'], // a SIREN
  ['US', '12-3456789', '12-3456789', 'free'],
  ['GB', ' anything ', 'anything', 'free'],
]

describe('a tax id', () => {
  it.each(good)('of %s typed as %s is kept as %s', (country, typed, formatted, kind) => {
    expect(checkTaxId(country, null, typed)).toMatchObject({ ok: true, kind, formatted })
    // What was stored is good when it comes back.
    expect(checkTaxId(country, null, formatted)).toMatchObject({ ok: true, formatted })
  })

  it.each([
    ['BR', '111.444.777-36', 'CPF'],
    ['BR', '111.111.111-11', 'CPF'],
    ['BR', '00.000.000/0000-00', 'CNPJ'],
    ['BR', '12.ABC.345/01DE-36', 'CNPJ'],
    ['BR', '12.ABC.345/01DE-3A', 'CNPJ'],
    ['BR', '123', 'CPF / CNPJ'],
    ['AR', '20-05536168-3', 'CUIT'],
    ['AR', '99-05536168-2', 'CUIT'],
    ['MX', 'GODE561231GR7', 'RFC'],
    ['MX', 'GODE561231', 'RFC'],
    ['MX', 'GODE561331GR8', 'RFC'],
    ['CO', '213.123.432-2', 'NIT'],
    ['CO', '213.123.432', 'NIT'],
    ['CL', '12.531.909-3', 'RUT'],
    ['UY', '21-100342-001-8', 'RUT'],
    ['DE', 'DE136695977', 'VAT (DE)'],
    ['GR', 'EL 123456789', 'VAT (EL)'],
    ['ES', 'ES54362315Z', 'VAT (ES)'],
    ['PT', '', 'VAT (PT)'],
  ])('of %s cannot be %s: a %s is expected', (country, typed, expected) => {
    expect(checkTaxId(country, null, typed)).toEqual({ ok: false, code: 'tax_id_invalid', expected })
  })

  it('of Brazil that is neither is asked of the account’s kind', () => {
    expect(checkTaxId('BR', 'company', '1')).toMatchObject({ expected: 'CNPJ' })
    expect(checkTaxId('BR', 'person', '1')).toMatchObject({ expected: 'CPF' })
    expect(checkTaxId('BR', 'company', '111.444.777-35')).toMatchObject({ ok: true, kind: 'cpf' })
  })

  it('of no country is any text', () => {
    expect(checkTaxId(null, null, '111')).toMatchObject({ ok: true, kind: 'free', formatted: '111' })
    expect(checkTaxId(undefined, 'person', 'é')).toMatchObject({ ok: true })
  })

  it('with one digit changed is refused', () => {
    // Not those whose check digit overlooks some changes by design: a place that weighs 11, two remainders that share a digit.
    const weighed = good.filter(
      ([country, , formatted, kind]) =>
        ['cpf', 'cnpj', 'cuit', 'rut', 'vat'].includes(kind) &&
        country !== 'NL' &&
        !formatted.startsWith('33-'),
    )
    fc.assert(
      fc.property(fc.constantFrom(...weighed), fc.nat(), fc.integer({ min: 1, max: 9 }), (one, place, by) => {
        const [country, , formatted, kind] = one
        const places = [...formatted].flatMap((sign, at) => (/\d/.test(sign) ? [at] : []))
        const at = places[place % places.length]!
        const digit = (Number(formatted[at]) + by) % 10
        const changed = formatted.slice(0, at) + digit + formatted.slice(at + 1)
        const result = checkTaxId(country, null, changed)
        expect(result.ok, `${kind} ${changed}`).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('with another check digit is refused', () => {
    for (const [country, , formatted, kind] of good) {
      if (['free', 'national', 'rfc'].includes(kind) || country === 'NL' || !/\d$/.test(formatted)) continue
      for (let by = 1; by <= 9; by++) {
        const changed = formatted.slice(0, -1) + ((Number(formatted.at(-1)) + by) % 10)
        expect(checkTaxId(country, null, changed).ok, changed).toBe(false)
      }
    }
  })

  it('is never a reason to fail, whatever is typed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          'BR',
          'AR',
          'MX',
          'CO',
          'CL',
          'UY',
          'DE',
          'ES',
          'FR',
          'IT',
          'GR',
          'HU',
          'SK',
          'US',
          '',
        ),
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        (country, text) => {
          expect(typeof checkTaxId(country, null, text).ok).toBe('boolean')
        },
      ),
      { numRuns: 2000 },
    )
  })
})
