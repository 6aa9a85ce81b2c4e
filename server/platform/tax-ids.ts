import { entityValidators, euVat, personValidators, stdnum, type Validator } from 'stdnum'

/** What a tax id turned out to be; `national` is a country's own number beside VAT, `free` one that nobody checks here. */
export type TaxIdKind = 'cpf' | 'cnpj' | 'cuit' | 'rfc' | 'nit' | 'rut' | 'vat' | 'national' | 'free'

export type TaxIdCheck =
  | { ok: true; kind: TaxIdKind; normalised: string; formatted: string }
  /** `expected` names the document in words that need no translation: `CNPJ`, `CPF / CNPJ`, `VAT (DE)`. */
  | { ok: false; code: 'tax_id_invalid'; expected: string }

const europeanUnion = new Set(
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' '),
)

/** What Mexico writes on invoices to the public and to foreigners: real, though no check digit fits. */
const genericRfcs = ['XAXX010101000', 'XEXX010101000']

/**
 * Whether a tax id can be one of its country: form and check digits, nothing is asked of any register. Brazil (CPF, CNPJ
 * incl. the alphanumeric one of 2026), Argentina (CUIT), Mexico (RFC), Colombia (NIT), Chile and Uruguay (RUT), the
 * European Union (VAT; without the country's letters also its other numbers of people and companies). Any text is
 * good elsewhere, and where no country is known. `account` is what the number belongs to, where that decides what is
 * expected. `formatted` is the standard form, to be stored; `normalised` its letters and digits alone (A1).
 */
export function checkTaxId(
  country: string | null | undefined,
  account: 'company' | 'person' | null | undefined,
  text: string,
): TaxIdCheck {
  const typed = text.trim().normalize('NFC')
  const normalised = typed.toUpperCase().replaceAll(/[^A-Z0-9Ñ&]/g, '')
  const fault = (expected: string): TaxIdCheck => ({ ok: false, code: 'tax_id_invalid', expected })
  const checked = (kind: TaxIdKind, id: string, number = normalised): TaxIdCheck | null => {
    const validator = stdnum[country!]?.[id]
    return validator?.validate(number).isValid
      ? { ok: true, kind, normalised: number, formatted: validator.format(number) }
      : null
  }
  switch (country) {
    case 'BR': {
      // A number of one digit repeated passes the arithmetic and belongs to nobody.
      const repeated = /^(.)\1*$/.test(normalised)
      if (normalised.length === 11) return (!repeated && checked('cpf', 'cpf')) || fault('CPF')
      if (normalised.length === 14) return (!repeated && checked('cnpj', 'cnpj')) || fault('CNPJ')
      return fault(account === 'company' ? 'CNPJ' : account === 'person' ? 'CPF' : 'CPF / CNPJ')
    }
    case 'AR':
      return checked('cuit', 'cuit') ?? fault('CUIT')
    case 'MX': {
      const known = genericRfcs.includes(normalised)
      const complete = normalised.length === 12 || normalised.length === 13
      if (!known && !(complete && stdnum.MX?.rfc?.validate(normalised).isValid)) return fault('RFC')
      return { ok: true, kind: 'rfc', normalised, formatted: normalised }
    }
    case 'CO':
      return (normalised.length === 10 && checked('nit', 'nit')) || fault('NIT')
    case 'CL':
      return checked('rut', 'rut') ?? fault('RUT')
    case 'UY':
      return checked('rut', 'rut') ?? fault('RUT')
    default:
      if (country && europeanUnion.has(country)) return checkEuropean(country, normalised)
      return { ok: true, kind: 'free', normalised, formatted: typed }
  }
}

function checkEuropean(country: string, normalised: string): TaxIdCheck {
  const letters = country === 'GR' ? 'EL' : country
  const prefixed = normalised.startsWith(letters) || normalised.startsWith(country)
  const number = prefixed ? normalised.slice(2) : normalised
  const vat = find(euVat[country], number)
  if (vat) {
    const compact = vat.compact(number)
    return { ok: true, kind: 'vat', normalised: letters + compact, formatted: letters + compact }
  }
  // Whoever is not registered for VAT has another number of the country, which bears no letters of it.
  const national = prefixed
    ? undefined
    : find([...(entityValidators[country] ?? []), ...(personValidators[country] ?? [])], normalised)
  return national
    ? { ok: true, kind: 'national', normalised, formatted: national.format(normalised) }
    : { ok: false, code: 'tax_id_invalid', expected: `VAT (${letters})` }
}

function find(validators: readonly Validator[] | undefined, number: string): Validator | undefined {
  return validators?.find((validator) => validator.validate(number).isValid)
}
