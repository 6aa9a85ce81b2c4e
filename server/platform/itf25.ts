// The bar code of boletos: ITF-25, two digits at a time, the first in bars and the second in the spaces between them.

/** Which two of the five elements of a digit are wide. */
const patterns = ['00110', '10001', '01001', '11000', '00101', '10100', '01100', '00011', '10010', '01010']
const wide = 3

/** A black bar: where it begins, and its width, in modules. */
export type Bar = { at: number; width: number }

/** Composes the bars of an even number of digits. Throws where they are odd in number, or no digits. */
export function composeBars(digits: string): { bars: Bar[]; modules: number } {
  if (!/^(\d\d)+$/.test(digits)) throw new RangeError('an ITF-25 code has an even number of digits')
  const bars: Bar[] = []
  let at = 0
  const draw = (bar: number, space: number) => {
    bars.push({ at, width: bar })
    at += bar + space
  }
  // It begins with four narrow elements, and ends with a wide bar, a space and a bar.
  draw(1, 1)
  draw(1, 1)
  for (let i = 0; i < digits.length; i += 2) {
    const [black, white] = [patterns[Number(digits[i])]!, patterns[Number(digits[i + 1])]!]
    for (let j = 0; j < 5; j++) draw(black[j] === '1' ? wide : 1, white[j] === '1' ? wide : 1)
  }
  draw(wide, 1)
  bars.push({ at, width: 1 })
  return { bars, modules: at + 1 }
}
