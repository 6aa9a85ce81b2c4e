/**
 * Money is an integer number of minor units next to an ISO 4217 code. Every calculation here goes through
 * BigInt, and every result is checked to be a safe integer, so no amount is ever a rounded float (billing.md 8).
 */
import { localeOf } from './translations.ts'

/** An exact quotient. The denominator may have either sign, but is never zero. */
export type Fraction = { numerator: bigint; denominator: bigint }

/** The ISO 4217 currencies whose minor unit is not a hundredth. */
const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...[
    'BIF',
    'CLP',
    'DJF',
    'GNF',
    'ISK',
    'JPY',
    'KMF',
    'KRW',
    'PYG',
    'RWF',
    'UGX',
    'UYI',
    'VND',
    'VUV',
    'XAF',
    'XOF',
    'XPF',
  ].map((code) => [code, 0] as const),
  ...['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'].map((code) => [code, 3] as const),
  ...['CLF', 'UYW'].map((code) => [code, 4] as const),
])

/**
 * Number of decimals of a currency: JPY 0, BRL 2, KWD 3 (billing.md 8).
 * @throws RangeError when the code is not three capital letters.
 */
export function exponentOf(currency: string): number {
  if (!/^[A-Z]{3}$/.test(currency)) throw new RangeError(`not an ISO 4217 code: ${currency}`)
  return EXPONENTS.get(currency) ?? 2
}

function toSafeNumber(value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new RangeError(`amount out of range: ${value}`)
  return number
}

function toBigInt(value: number | bigint): bigint {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`not a safe integer: ${value}`)
  }
  return BigInt(value)
}

/**
 * The nearest integer to an exact fraction; a half goes away from zero, so a credit mirrors its charge
 * (billing.md 9).
 * @throws RangeError when the denominator is zero or the result is no safe integer.
 */
export function roundFraction(fraction: Fraction): number {
  const { numerator, denominator } = fraction
  if (denominator === 0n) throw new RangeError('denominator is zero')
  const n = numerator < 0n ? -numerator : numerator
  const d = denominator < 0n ? -denominator : denominator
  const magnitude = toSafeNumber((2n * n + d) / (2n * d))
  if (magnitude === 0) return 0
  return numerator < 0n === denominator < 0n ? magnitude : -magnitude
}

/**
 * `amount × numerator ÷ denominator` in minor units, rounded once from the exact fraction (billing.md 8, 9):
 * 24995 × 3 ÷ 30 is 2500.
 * @throws RangeError when an argument or the result is no safe integer, or the denominator is zero.
 */
export function multiply(amount: number, numerator: number | bigint, denominator: number | bigint): number {
  return roundFraction({
    numerator: toBigInt(amount) * toBigInt(numerator),
    denominator: toBigInt(denominator),
  })
}

/**
 * Splits a total by weights so that the parts add up to it exactly: largest remainder, ties by order
 * (billing.md 9). A negative total gives the mirrored parts of the positive one. A part whose weight is zero
 * is zero.
 * @throws RangeError when a total other than zero meets weights that add up to zero.
 */
export function spread(total: number, weights: readonly (number | bigint)[]): number[] {
  let exact = weights.map(toBigInt)
  let sum = exact.reduce((left, right) => left + right, 0n)
  let rest = toBigInt(total)
  if (rest === 0n) return weights.map(() => 0)
  if (sum === 0n) throw new RangeError('nothing to spread over: the weights add up to zero')
  if (sum < 0n) {
    exact = exact.map((weight) => -weight)
    sum = -sum
  }
  const mirrored = rest < 0n
  if (mirrored) rest = -rest
  const shares = exact.map((weight, index) => {
    const product = rest * weight
    // BigInt division truncates; the remainder has to be in [0, sum) for negative weights too.
    const remainder = ((product % sum) + sum) % sum
    return { index, part: (product - remainder) / sum, remainder }
  })
  let residue = rest - shares.reduce((left, share) => left + share.part, 0n)
  const byRemainder = [...shares].sort((left, right) =>
    left.remainder === right.remainder ? left.index - right.index : left.remainder > right.remainder ? -1 : 1,
  )
  for (const share of byRemainder) {
    if (residue === 0n) break
    share.part += 1n
    residue -= 1n
  }
  return shares.map(({ part }) => toSafeNumber(mirrored ? -part : part))
}

/**
 * Minor units as an exact decimal text with a point and the currency's decimals: 2985 BRL → `29.85`.
 * @throws RangeError when the amount is no safe integer.
 */
export function toDecimal(amount: number, currency: string): string {
  const exponent = exponentOf(currency)
  const value = toBigInt(amount)
  const digits = (value < 0n ? -value : value).toString().padStart(exponent + 1, '0')
  const sign = value < 0n ? '-' : ''
  if (exponent === 0) return sign + digits
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

/** Minor units of an unsigned whole part and decimals; null when they are finer than the currency. */
function combine(whole: string, decimals: string, currency: string): number | null {
  const exponent = exponentOf(currency)
  const significant = decimals.replace(/0+$/, '')
  if (significant.length > exponent) return null
  const amount = Number(BigInt(whole + significant.padEnd(exponent, '0')))
  return Number.isSafeInteger(amount) ? amount : null
}

/**
 * The reverse of {@link toDecimal}, for machine-written decimals (`29.85`, `-3`, `10.5000`): minor units, or
 * null when the text is no such decimal, is finer than the currency, or too large.
 */
export function fromDecimal(text: string, currency: string): number | null {
  const match = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text)
  if (!match) return null
  const amount = combine(match[2]!, match[3] ?? '', currency)
  return amount === null || match[1] === '' || amount === 0 ? amount : -amount
}

const formatters = new Map<string, Intl.NumberFormat>()

/**
 * An amount of minor units as people of a language write it: `R$ 1.234,56`. Decimals follow ISO 4217, and the
 * value reaches Intl as decimal text, so it is exact for every safe integer.
 */
export function formatMoney(amount: number, currency: string, language: string): string {
  const key = `${language} ${currency}`
  let formatter = formatters.get(key)
  if (!formatter) {
    const exponent = exponentOf(currency)
    formatter = new Intl.NumberFormat(localeOf(language), {
      style: 'currency',
      currency,
      minimumFractionDigits: exponent,
      maximumFractionDigits: exponent,
      // Spanish would leave 1234,50 without its point, which makes columns of amounts ragged.
      useGrouping: 'always',
    })
    formatters.set(key, formatter)
  }
  return formatter.format(toDecimal(amount, currency) as Intl.StringNumericLiteral)
}

/** Where the symbols that people write next to an amount are taken from. */
const SYMBOL_LOCALES = ['en', 'pt-BR', 'es', 'es-419', 'es-BO', 'es-CR', 'es-PE', 'es-PY', 'es-UY']
const markers = new Map<string, readonly string[]>()

function markersOf(currency: string): readonly string[] {
  const known = markers.get(currency)
  if (known) return known
  const found = new Set([currency.toLowerCase()])
  for (const locale of SYMBOL_LOCALES) {
    for (const currencyDisplay of ['symbol', 'narrowSymbol'] as const) {
      const parts = new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay })
      const symbol = parts.formatToParts(0).find((part) => part.type === 'currency')?.value
      if (symbol) found.add(symbol.toLowerCase())
    }
  }
  const longestFirst = [...found].sort((left, right) => right.length - left.length)
  markers.set(currency, longestFirst)
  return longestFirst
}

/** `1.234.567`, `1,234`, `1 234`, `1'234`: the digits when the groups are whole ones, otherwise null. */
function joinGroups(text: string): string | null {
  if (/^\d*$/.test(text)) return text
  const match = /^[1-9]\d{0,2}(?:([ .,'])\d{3})(?:\1\d{3})*$/.exec(text)
  return match ? text.replace(/\D/g, '') : null
}

/**
 * Minor units of an amount that a person or another system wrote: `1.234,56`, `1,234.56`, `1234.5`, `29.85`,
 * `R$ 10,00`, `-3`. Null when it is no amount, is finer than the currency, names another currency, is too
 * large, or can be read in two ways (`1.234` in a currency with decimals).
 */
export function parseMoney(text: string, currency: string): number | null {
  if (text.length > 64) return null
  let rest = text
    .replace(/[\s\u00a0\u202f\u2009]+/g, ' ')
    .replace(/\u2212/g, '-')
    .replace(/\u2019/g, "'")
    .trim()
    .toLowerCase()
  let negative = false
  const takeSign = () => {
    if (negative || !rest.startsWith('-')) return
    negative = true
    rest = rest.slice(1).trim()
  }
  takeSign()
  for (const marker of markersOf(currency)) {
    if (rest.startsWith(marker)) rest = rest.slice(marker.length).trim()
    else if (rest.endsWith(marker)) rest = rest.slice(0, -marker.length).trim()
    else continue
    break
  }
  takeSign()

  const amount = parseUnsigned(rest, currency)
  return amount === null || !negative || amount === 0 ? amount : -amount
}

function parseUnsigned(text: string, currency: string): number | null {
  if (!/^[\d.,' ]*\d$/.test(text)) return null
  const last = Math.max(text.lastIndexOf('.'), text.lastIndexOf(','))
  if (last === -1) {
    const whole = joinGroups(text)
    return whole === null ? null : combine(whole, '', currency)
  }
  const before = text.slice(0, last)
  const after = text.slice(last + 1)
  const separator = text[last]!
  if (!/^\d+$/.test(after)) return null
  const grouped = joinGroups(text)
  if (before.includes(separator)) return grouped === null ? null : combine(grouped, '', currency)
  if (grouped !== null && /^\d+$/.test(before)) {
    // One separator and three digits: thousands for sure only where the currency has no decimals.
    return exponentOf(currency) === 0 ? combine(grouped, '', currency) : null
  }
  const whole = joinGroups(before)
  if (whole === null) return null
  return combine(whole === '' ? '0' : whole, after, currency)
}
