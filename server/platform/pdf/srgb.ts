/** sRGB's parametric curve: 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045 (IEC 61966-2-1). */
const curve = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]

const fixed = (value: number) => Math.round(value * 65536)

function numbers(type: string, values: readonly number[], header = 8): Buffer {
  const tag = Buffer.alloc(header + values.length * 4)
  tag.write(type, 'latin1')
  for (const [i, value] of values.entries()) tag.writeInt32BE(fixed(value), header + i * 4)
  return tag
}

function words(text: string): Buffer {
  const letters = Buffer.from(text, 'utf16le').swap16()
  const tag = Buffer.alloc(28 + letters.length)
  tag.write('mluc', 'latin1')
  tag.writeUInt32BE(1, 8)
  tag.writeUInt32BE(12, 12)
  tag.write('enUS', 16, 'latin1')
  tag.writeUInt32BE(letters.length, 20)
  tag.writeUInt32BE(28, 24)
  letters.copy(tag, 28)
  return tag
}

/**
 * An ICC profile (version 4.2) of the colours that screens show, sRGB, written from the numbers of its standard: PDF/A
 * wants one in every file, and this one is nobody's work but ours.
 */
export function writeSrgbProfile(): Buffer {
  const parametric = numbers('para', curve, 12)
  parametric.writeUInt16BE(3, 8)
  const tags: [string, Buffer][] = [
    ['desc', words('sRGB IEC61966-2.1')],
    ['cprt', words('No copyright, use freely')],
    // The white of the connection space is D50; colours are adapted to it from D65 by Bradford's matrix.
    ['wtpt', numbers('XYZ ', [0.9642, 1, 0.8249])],
    [
      'chad',
      numbers('sf32', [1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168]),
    ],
    ['rXYZ', numbers('XYZ ', [0.43607, 0.22249, 0.01392])],
    ['gXYZ', numbers('XYZ ', [0.38515, 0.71687, 0.09708])],
    ['bXYZ', numbers('XYZ ', [0.14307, 0.06061, 0.7141])],
    ['rTRC', parametric],
    ['gTRC', parametric],
    ['bTRC', parametric],
  ]
  const head = Buffer.alloc(128 + 4 + tags.length * 12)
  head.writeUInt32BE(0x04200000, 8)
  head.write('mntrRGB XYZ ', 12, 'latin1')
  for (const [i, part] of [2026, 1, 1, 0, 0, 0].entries()) head.writeUInt16BE(part, 24 + i * 2)
  head.write('acsp', 36, 'latin1')
  for (const [i, value] of [0.9642, 1, 0.8249].entries()) head.writeInt32BE(fixed(value), 68 + i * 4)
  head.writeUInt32BE(tags.length, 128)
  const parts = [head]
  const places = new Map<Buffer, number>()
  let at = head.length
  for (const [i, [name, tag]] of tags.entries()) {
    let place = places.get(tag)
    if (place === undefined) {
      place = at
      places.set(tag, at)
      const padded = Buffer.alloc(Math.ceil(tag.length / 4) * 4)
      tag.copy(padded)
      parts.push(padded)
      at += padded.length
    }
    head.write(name, 132 + i * 12, 'latin1')
    head.writeUInt32BE(place, 136 + i * 12)
    head.writeUInt32BE(tag.length, 140 + i * 12)
  }
  head.writeUInt32BE(at, 0)
  return Buffer.concat(parts)
}
