import { fromDecimal, toDecimal } from '../../platform/money.ts'

/**
 * An amount of ours as Mercado Pago's API wants it: a JSON number, `129.9`. It is written as an exact decimal text first and
 * becomes a number only here, at the border: dividing by 100 would be arithmetic with floats, while a decimal text of up to 15
 * digits read as a number is written back by JSON as the same decimal (IEEE 754 keeps 15 significant digits).
 */
export function toApiAmount(amount: number, currency: string): number {
  const text = toDecimal(amount, currency)
  if (text.replace(/\D/g, '').length > 15) throw new RangeError(`amount out of range: ${amount}`)
  return Number(text)
}

/**
 * An amount of their API in our minor units, by the shortest decimal that is that number, which is the one that they wrote.
 * @throws RangeError where it is no amount of that currency.
 */
export function fromApiAmount(amount: number, currency: string): number {
  const exact = fromDecimal(String(amount), currency)
  if (exact === null) throw new RangeError(`no amount of ${currency}: ${amount}`)
  return exact
}
