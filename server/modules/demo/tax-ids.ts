// Tax ids with right check digits for people and companies that do not exist.
import type { Random } from './random.ts'

const weigh = (digits: string, weights: readonly number[]) =>
  weights.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0)

/** The last digit of modulus 11 as Brazil counts it: remainders 0 and 1 give 0. */
const brazilianDigit = (sum: number) => (sum % 11 < 2 ? 0 : 11 - (sum % 11))

/** Both check digits of the first nine digits of a CPF. */
export function cpfCheck(nine: string): string {
  const first = brazilianDigit(weigh(nine, [10, 9, 8, 7, 6, 5, 4, 3, 2]))
  return `${first}${brazilianDigit(weigh(nine + first, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]))}`
}

/** Both check digits of the first twelve digits of a CNPJ. */
export function cnpjCheck(twelve: string): string {
  const first = brazilianDigit(weigh(twelve, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]))
  return `${first}${brazilianDigit(weigh(twelve + first, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]))}`
}

/** The check digit of the first ten digits of a CUIT; null where it would be 10, which is never given out. */
export function cuitCheck(ten: string): string | null {
  const digit = (11 - (weigh(ten, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11
  return digit === 10 ? null : String(digit)
}

/** The two check digits of the first seven digits of a British VAT number. */
export function vatCheck(seven: string): string {
  return String(97 - (weigh(seven, [8, 7, 6, 5, 4, 3, 2]) % 97)).padStart(2, '0')
}

/** A person's tax number in Brazil: `123.456.789-09`. */
export function createCpf(random: Random): string {
  const nine = `${random.integer(1, 4)}${random.digits(8)}`
  return `${nine.slice(0, 3)}.${nine.slice(3, 6)}.${nine.slice(6)}-${cpfCheck(nine)}`
}

/** A company's tax number in Brazil: `12.345.678/0001-95`. */
export function createCnpj(random: Random): string {
  const twelve = `${random.integer(10, 58)}${random.digits(6)}0001`
  const grouped = `${twelve.slice(0, 2)}.${twelve.slice(2, 5)}.${twelve.slice(5, 8)}/${twelve.slice(8)}`
  return `${grouped}-${cnpjCheck(twelve)}`
}

/** A tax number in Argentina: `30-71234567-1`; people's begin with 20 or 27, companies' with 30. */
export function createCuit(random: Random, kind: 'company' | 'person'): string {
  for (;;) {
    const ten =
      kind === 'company'
        ? `30${random.integer(70, 71)}${random.digits(6)}`
        : `${random.pick(['20', '27'])}${random.integer(18, 41)}${random.digits(6)}`
    const check = cuitCheck(ten)
    if (check !== null) return `${ten.slice(0, 2)}-${ten.slice(2)}-${check}`
  }
}

/** A company's tax number in the United States or the United Kingdom. */
export function createForeignTaxId(random: Random, country: string): string {
  if (country === 'GB') {
    const seven = `${random.integer(2, 3)}${random.digits(6)}`
    return `GB ${seven.slice(0, 3)} ${seven.slice(3)} ${vatCheck(seven)}`
  }
  return `${random.integer(81, 88)}-${random.digits(7)}`
}
