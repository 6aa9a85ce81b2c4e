// The bar code of a boleto (44 digits), its typeable line (47) and how both are read back, after FEBRABAN's rules.

import { checkBarCode, checkModulo10 } from './check-digits.ts'

/** What a bar code says. Amounts are centavos; 0 where the payer chooses. */
export type BarCodeParts = {
  bank: string
  due_date: Temporal.PlainDate | null
  amount: number
  /** The 25 digits that each bank composes in its own way. */
  free_field: string
}

const firstDay = Temporal.PlainDate.from('1997-10-07')
const mostAmount = 9_999_999_999

/**
 * The due-date factor: days since 7 October 1997, from 1000 (3 July 2000) to 9999 (21 February 2025), and again from 1000
 * on 22 February 2025. Throws where the day is before the first factor.
 */
export function dueFactorOf(date: Temporal.PlainDate): string {
  const days = firstDay.until(date).days
  if (days < 1000) throw new RangeError(`${date} has no due-date factor`)
  return String(1000 + ((days - 1000) % 9000))
}

/**
 * The day of a factor. Each factor comes back after 9,000 days: the one that FEBRABAN's sliding window of 3,000 days before
 * and 5,500 days after `around` holds, else the nearest. Null for 0000 (no due date).
 */
export function dateOfDueFactor(factor: string, around: Temporal.PlainDate): Temporal.PlainDate | null {
  const value = Number(factor)
  if (value === 0) return null
  const first = firstDay.add({ days: value })
  const middle = around.add({ days: 1250 })
  const rounds = Math.max(0, Math.round(first.until(middle).days / 9000))
  return first.add({ days: rounds * 9000 })
}

/** Composes a bar code. Throws on what cannot be in one: a bank or free field of another length, an amount too large. */
export function composeBarCode(parts: BarCodeParts): string {
  if (!/^\d{3}$/.test(parts.bank) || !/^\d{25}$/.test(parts.free_field))
    throw new RangeError('a bar code has a bank of 3 digits and a free field of 25')
  if (!Number.isSafeInteger(parts.amount) || parts.amount < 0 || parts.amount > mostAmount)
    throw new RangeError('an amount that no bar code holds')
  const factor = parts.due_date === null ? '0000' : dueFactorOf(parts.due_date)
  const rest = `${factor}${String(parts.amount).padStart(10, '0')}${parts.free_field}`
  const head = `${parts.bank}9`
  return `${head}${checkBarCode(head + rest)}${rest}`
}

/** What people type: five fields, the first three with a check digit of their own. Written with its dots and spaces. */
export function formatTypeableLine(barCode: string): string {
  const free = barCode.slice(19)
  const fields = [barCode.slice(0, 4) + free.slice(0, 5), free.slice(5, 15), free.slice(15, 25)].map(
    (field) => field + checkModulo10(field),
  )
  const dotted = fields.map((field) => `${field.slice(0, 5)}.${field.slice(5)}`)
  return [...dotted, barCode[4], barCode.slice(5, 19)].join(' ')
}

export type BarCodeFault = 'length' | 'field_1' | 'field_2' | 'field_3' | 'check_digit' | 'currency'

/** Reads a bar code of 44 digits; what is wrong with it instead. `around` chooses the round of the due-date factor. */
export function readBarCode(
  digits: string,
  around: Temporal.PlainDate,
): BarCodeParts | { fault: BarCodeFault } {
  if (!/^\d{44}$/.test(digits)) return { fault: 'length' }
  if (digits[3] !== '9') return { fault: 'currency' }
  if (String(checkBarCode(digits.slice(0, 4) + digits.slice(5))) !== digits[4])
    return { fault: 'check_digit' }
  return {
    bank: digits.slice(0, 3),
    due_date: dateOfDueFactor(digits.slice(5, 9), around),
    amount: Number(digits.slice(9, 19)),
    free_field: digits.slice(19),
  }
}

/** Reads a typeable line, with or without its dots and spaces: the bar code that it stands for; what is wrong instead. */
export function readTypeableLine(line: string): { bar_code: string } | { fault: BarCodeFault } {
  const digits = line.replaceAll(/[\s.-]/g, '')
  if (!/^\d{47}$/.test(digits)) return { fault: 'length' }
  const fields = [digits.slice(0, 10), digits.slice(10, 21), digits.slice(21, 32)]
  const wrong = fields.findIndex((field) => String(checkModulo10(field.slice(0, -1))) !== field.at(-1))
  if (wrong >= 0) return { fault: (['field_1', 'field_2', 'field_3'] as const)[wrong]! }
  const [first, second, third] = fields.map((field) => field.slice(0, -1)) as [string, string, string]
  const barCode = `${first.slice(0, 4)}${digits.slice(32)}${first.slice(4)}${second}${third}`
  if (barCode[3] !== '9') return { fault: 'currency' }
  if (String(checkBarCode(barCode.slice(0, 4) + barCode.slice(5))) !== barCode[4])
    return { fault: 'check_digit' }
  return { bar_code: barCode }
}
