// Check digits of Brazilian banking: modulo 10 and modulo 11 in the flavours that FEBRABAN and the banks publish.

const digitsOf = (text: string): number[] => Array.from(text, (digit) => digit.charCodeAt(0) - 48)

/**
 * Modulo 10 of FEBRABAN: digits from the right times 2, 1, 2, 1 …, the digits of each product added up; what is missing to
 * the next ten. It finds every single wrong digit.
 */
export function checkModulo10(digits: string): number {
  let sum = 0
  for (const [i, digit] of digitsOf(digits).reverse().entries()) {
    const product = digit * (i % 2 === 0 ? 2 : 1)
    sum += product > 9 ? product - 9 : product
  }
  return (10 - (sum % 10)) % 10
}

/** The remainder of modulo 11: digits from the right times 2, 3 … up to `highest`, and again from 2. */
export function remainderModulo11(digits: string, highest = 9): number {
  let sum = 0
  for (const [i, digit] of digitsOf(digits).reverse().entries()) sum += digit * (2 + (i % (highest - 1)))
  return sum % 11
}

/** Modulo 11 as a letter or digit: 11 less the remainder; what stands for 10 and 11 is the bank's choice. */
export function checkModulo11(
  digits: string,
  options: { highest?: number; ten: string; eleven: string },
): string {
  const value = 11 - remainderModulo11(digits, options.highest)
  return value === 10 ? options.ten : value === 11 ? options.eleven : String(value)
}

/** The general digit of a bar code: modulo 11 of its other 43 digits, where 0, 10 and 11 become 1. */
export function checkBarCode(digits: string): number {
  const value = 11 - remainderModulo11(digits)
  return value >= 10 ? 1 : value
}
