// What every form of bank statement comes to: facts of the statement and its lines. Readers are pure: bytes in, parts out, in
// bounded memory; they book nothing. A number of an account or a card leaves a reader only to be hashed.

import { createHash } from 'node:crypto'
import type { BankLineKind } from '../../platform/database.gen.ts'
import { exponentOf } from '../../platform/money.ts'

/** One movement. `amount` is signed minor units: what went out is negative. `line` is where it begins in the file. */
export type StatementLine = {
  line: number
  booked_on: Temporal.PlainDate
  amount: number
  currency: string
  kind: BankLineKind
  /** What the bank knows it by; null where the form has nothing of the kind. */
  bank_id: string | null
  end_to_end_id: string | null
  counterparty_name: string | null
  /** Letters and digits alone. */
  counterparty_tax_id: string | null
  counterparty_last_digits: string | null
  description: string
  reference: string | null
}

/** What is known of a statement; what a form does not say is null. */
export type StatementFacts = {
  /** The account as the file writes it. It is hashed and forgotten. */
  account_number: string | null
  currency: string | null
  period_from: Temporal.PlainDate | null
  /** The last day. */
  period_to: Temporal.PlainDate | null
  opening_balance: number | null
  closing_balance: number | null
}

/** Something that does not stand in the way but that people should know. */
export type StatementWarning = { code: StatementWarningCode; params: Record<string, string | number> }
export const statementWarningCodes = [
  'balance_differs',
  'entries_not_booked',
  'rows_left_out',
  'other_accounts',
  'batch_not_itemised',
] as const
export type StatementWarningCode = (typeof statementWarningCodes)[number]

/**
 * What a reader gives: `head` begins a statement (a file may hold several), `line` is of the one that began last, `foot`
 * adds to its facts.
 */
export type StatementPart =
  | { part: 'head'; facts: StatementFacts }
  | { part: 'line'; line: StatementLine }
  | { part: 'foot'; facts: Partial<StatementFacts> }
  | { part: 'warning'; warning: StatementWarning }

export const statementFaultCodes = [
  'not_a_statement',
  'empty',
  'truncated',
  'bad_record',
  'bad_amount',
  'bad_date',
  'bad_total',
  'bad_xml',
  'dtd_refused',
  'line_too_long',
  'wrong_currency',
  'wrong_account',
  'several_accounts',
  'account_unknown',
  'account_needed',
  'repeated',
  'mapping_needed',
  'file_missing',
  'internal',
] as const
export type StatementFaultCode = (typeof statementFaultCodes)[number]

/** What is wrong with a file, and where: nothing of it is taken. */
export class StatementFault extends Error {
  readonly code: StatementFaultCode
  readonly line: number | null
  readonly params: Record<string, string | number>
  constructor(code: StatementFaultCode, line: number | null, params: Record<string, string | number> = {}) {
    super(`${code}${line === null ? '' : ` in line ${line}`}`)
    this.code = code
    this.line = line
    this.params = params
  }
}

export const noFacts: StatementFacts = {
  account_number: null,
  currency: null,
  period_from: null,
  period_to: null,
  opening_balance: null,
  closing_balance: null,
}

/**
 * An amount as text in minor units, never through a float. `decimal` is the sign between units and their parts; `auto` takes
 * the last one there is, where that leaves no doubt (`1.234` of a currency with two decimals does). Signs may stand before
 * or behind, brackets are a minus. Null: it is no amount, or has more decimals than the currency.
 */
export function readAmount(text: string, currency: string, decimal: ',' | '.' | 'auto' = '.'): number | null {
  let body = text.replaceAll(/[\s\u00a0\u202f']/g, '').replace(/^(R\$|US\$|[€$£]|[A-Z]{3})/, '')
  let negative = false
  const bracketed = /^\((.*)\)$/.exec(body)
  if (bracketed) {
    negative = true
    body = bracketed[1]!
  }
  const signed = /^([+\-\u2212]?)(.*?)([+\-\u2212]?)$/.exec(body)!
  if (signed[1] !== '' && signed[3] !== '') return null
  if (/[-\u2212]/.test(signed[1]! + signed[3]!)) negative = !negative
  body = signed[2]!.replace(/^(R\$|US\$|[€$£])/, '')
  if (!/^[\d.,]+$/.test(body)) return null
  const exponent = exponentOf(currency)
  const point = decimal === 'auto' ? findPoint(body) : decimal
  const at = point === null ? -1 : body.lastIndexOf(point)
  const whole = at === -1 ? body : body.slice(0, at)
  const parts = at === -1 ? '' : body.slice(at + 1)
  if (!/^\d*$/.test(parts)) return null
  const grouping = point === ',' ? '.' : ','
  // Thousands stand in threes or not at all.
  const grouped = whole.split(point === null ? /[.,]/ : grouping)
  if (
    grouped.length > 1 &&
    !(/^\d{1,3}$/.test(grouped[0]!) && grouped.slice(1).every((three) => /^\d{3}$/.test(three)))
  )
    return null
  const digits = grouped.join('')
  if (!/^\d*$/.test(digits) || digits + parts === '') return null
  if (parts.length > exponent && /[1-9]/.test(parts.slice(exponent))) return null
  const value =
    BigInt(digits || '0') * 10n ** BigInt(exponent) +
    BigInt(parts.slice(0, exponent).padEnd(exponent, '0') || '0')
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return null
  const amount = Number(value)
  return negative && amount !== 0 ? -amount : amount
}

function findPoint(body: string): ',' | '.' | null {
  const comma = body.lastIndexOf(',')
  const dot = body.lastIndexOf('.')
  if (comma === -1 && dot === -1) return null
  if (comma !== -1 && dot !== -1) return comma > dot ? ',' : '.'
  const sign = comma === -1 ? '.' : ','
  // The same sign twice groups thousands.
  return body.indexOf(sign) === body.lastIndexOf(sign) ? sign : null
}

/** A day by its parts; null where there is no such day. */
export function readDay(year: string, month: string, day: string): Temporal.PlainDate | null {
  if (!/^\d{4}$/.test(year) || !/^\d{1,2}$/.test(month) || !/^\d{1,2}$/.test(day)) return null
  try {
    return Temporal.PlainDate.from(
      { year: Number(year), month: Number(month), day: Number(day) },
      { overflow: 'reject' },
    )
  } catch {
    return null
  }
}

/** The last four letters or digits of a number; null where there are fewer than two. */
export function lastDigits(number: string | null): string | null {
  const digits =
    number
      ?.toUpperCase()
      .replaceAll(/[^0-9A-Z]/g, '')
      .slice(-4) ?? ''
  return digits.length >= 2 ? digits : null
}

/** A tax id as it is compared: letters and digits alone; null where it is hidden (`***.123.456-**`) or too short to be one. */
export function cleanTaxId(text: string | null): string | null {
  if (text === null || /[*x•]{2}/i.test(text.replace(/^X[AE]XX/i, ''))) return null
  const clean = text.toUpperCase().replaceAll(/[^0-9A-Z]/g, '')
  return clean.length >= 7 && clean.length <= 20 && !/^0+$/.test(clean) ? clean : null
}

/** Text of a bank in one line, without what no database holds and without the numbers of accounts and cards. */
export function cleanText(text: string, longest: number, numbers: readonly (string | null)[] = []): string {
  let clean = text
    .replaceAll(/[\p{Cc}\ufffd]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  for (const number of numbers) {
    const told = number?.trim() ?? ''
    if (told.length > 4 && clean.includes(told)) clean = clean.replaceAll(told, hide(told))
  }
  clean = clean
    // IBAN, in groups or not.
    .replaceAll(/\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?\b/g, (found) =>
      isIban(found.replaceAll(' ', '')) ? hide(found.replaceAll(' ', '')) : found,
    )
    .replaceAll(
      /(?<!\d)(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|6\d{3}|3[47]\d{2})[ -]?\d{4}[ -]?\d{4}[ -]?\d{3,4}(?!\d)/g,
      (found) => {
        const digits = found.replaceAll(/\D/g, '')
        return passesLuhn(digits) ? hide(digits) : found
      },
    )
    // What follows the words for an account is its number.
    .replaceAll(
      /\b(C\/C|CONTA|CTA|CUENTA|ACCOUNT|ACCT)(\s*(?:CORRENTE|N[ºO°.]*)?[\s:.]*)(\d[\d.\-/]{4,}\d|\d{5,})/gi,
      (_all, word, gap, number) => `${word}${gap}${hide(number)}`,
    )
  return clean.slice(0, longest).trim()
}

const hide = (number: string) => `…${number.replaceAll(/[^0-9A-Za-z]/g, '').slice(-4)}`

function isIban(text: string): boolean {
  // A creditor reference (ISO 11649) has the same check digits.
  if (text.length < 15 || text.length > 34 || text.startsWith('RF')) return false
  let rest = 0
  for (const sign of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(sign, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let n = 0; n < digits.length; n++) {
    const digit = Number(digits[digits.length - 1 - n])
    sum += n % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2
  }
  return sum % 10 === 0
}

/** The Central Bank's end-to-end id of a Pix in a text: E, the payer's bank, minute, eleven signs. */
export function findEndToEndId(text: string): string | null {
  return /(?<![0-9A-Za-z])[ED]\d{8}20\d{10}[0-9A-Za-z]{11}(?![0-9A-Za-z])/.exec(text)?.[0] ?? null
}

const kindWords: [BankLineKind, RegExp][] = [
  ['reversal', /\b(estorno|devolu[cç][aã]o|devoluci[oó]n|reversal|chargeback|contracargo)\b/i],
  ['pix', /\bpix\b/i],
  ['fee', /\b(tarifa|tar|cesta|comisi[oó]n|comiss[aã]o|fee|charges?|mensalidade de conta)\b/i],
  ['boleto', /\b(boleto|cobran[cç]a|t[ií]tulos?|liquida[cç][aã]o de cobran)/i],
  ['tax', /\b(iof|irrf|imposto|impuesto|cpmf|tax)\b/i],
  ['interest', /\b(juros|rendimento|intereses|interest|aplica[cç][aã]o|resgate)\b/i],
  ['card', /\b(cart[aã]o|tarjeta|cielo|rede|getnet|stone|card|visa|mastercard|elo)\b/i],
  ['direct_debit', /\b(d[eé]bito autom[aá]tico|direct debit|domiciliaci[oó]n|lastschrift|sepa dd)\b/i],
  ['cheque', /\b(cheque|check|chq)\b/i],
  ['cash', /\b(saque|dep[oó]sito em dinheiro|dep dinheiro|efectivo|cash|atm)\b/i],
  ['transfer', /\b(ted|doc|transf\w*|dep[oó]sito|transferencia|wire|sepa)\b/i],
]

/** What a movement is, by the bank's words for it. */
export function guessKind(text: string): BankLineKind {
  return kindWords.find(([, words]) => words.test(text))?.[0] ?? 'other'
}

/**
 * Gives each line of a bank account a key by which it is never taken twice: the bank's own id of it together with day and
 * amount (banks use an id again), or else what it says. Of lines that are alike the how manieth counts, so that two payments
 * of a day that look the same are two, and a statement that overlaps with another finds the same ones.
 */
export function createLineKeys(): (line: StatementLine) => Buffer {
  const counted = new Map<string, number>()
  const contents = new Map<string, string[]>()
  const digest = (parts: unknown[]) => createHash('sha256').update(JSON.stringify(parts)).digest()
  return (line) => {
    const day = line.booked_on.toString()
    const content = digest([
      day,
      line.amount,
      line.currency,
      line.end_to_end_id,
      line.counterparty_tax_id,
      line.counterparty_name,
      line.description,
      line.reference,
    ]).toString('base64')
    if (line.bank_id !== null) {
      const own = JSON.stringify([line.bank_id, day, line.amount])
      const seen = contents.get(own) ?? []
      if (seen.length === 0) contents.set(own, seen)
      // The same id with other words is another movement of a bank that gives one id to several.
      if (!seen.includes(content)) seen.push(content)
      return digest(['id', line.bank_id, day, line.amount, seen.indexOf(content)])
    }
    const occurrence = counted.get(content) ?? 0
    counted.set(content, occurrence + 1)
    return digest(['content', content, occurrence])
  }
}
