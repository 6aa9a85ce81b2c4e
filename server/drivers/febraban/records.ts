// Records of 240 positions as tables of fields: written and read from the same table.

/** `digits`: right-aligned with zeros; `letters`: left-aligned with spaces, upper case of ASCII; `raw`: as it is given. */
export type FieldKind = 'digits' | 'letters' | 'raw'
/** A field by its first position (from 1, as the manuals count) and its length. */
export type Field = { name: string; from: number; length: number; kind: FieldKind; value?: string }

export const recordLength = 240

/** A field as the manuals write it: name, first and last position, kind, and what always stands there. */
export type FieldSpec = readonly [
  name: string,
  from: number,
  to: number,
  kind: FieldKind,
  value?: string | undefined,
]

/**
 * A record's table, written as the manuals do: name, first and last position, kind, and what always stands there. Throws
 * where fields overlap or leave a gap: a table that is wrong is a bug.
 */
export function layOut(...specs: FieldSpec[]): readonly Field[] {
  let next = 1
  const fields = specs.map(([name, from, to, kind, value]) => {
    if (from !== next || to < from) throw new Error(`the field ${name} does not begin at ${next}`)
    next = to + 1
    return { name, from, length: to - from + 1, kind, ...(value === undefined ? {} : { value }) }
  })
  if (next !== recordLength + 1) throw new Error(`a record ends at ${next - 1}`)
  return fields
}

/** Upper-case ASCII: what every bank reads. Letters lose their accents, anything else becomes a space. */
export function plainText(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[ºª°]/g, '')
    .toUpperCase()
    .replaceAll(/[^\x20-\x7e]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** Writes a record. Letters that are too long are cut; digits that are too many, and digits that are none, throw. */
export function writeRecord(fields: readonly Field[], values: Record<string, string | number>): string {
  let record = ''
  for (const { name, length, kind, value } of fields) {
    const given = values[name] ?? value ?? ''
    const text = String(given)
    if (kind === 'digits') {
      if (!/^\d*$/.test(text) || text.length > length) throw new RangeError(`${name} holds ${length} digits`)
      record += text.padStart(length, '0')
    } else if (kind === 'letters') record += plainText(text).slice(0, length).padEnd(length, ' ')
    else {
      if (text.length > length) throw new RangeError(`${name} holds ${length} characters`)
      record += text.padEnd(length, ' ')
    }
  }
  return record
}

/** Reads a record: each named field as it stands, letters without the spaces behind. */
export function readRecord(fields: readonly Field[], record: string): Record<string, string> {
  const values: Record<string, string> = {}
  for (const { name, from, length, kind } of fields) {
    const text = record.slice(from - 1, from - 1 + length)
    values[name] = kind === 'letters' ? text.trim() : text
  }
  return values
}

/** A day as the banks write it: DDMMAAAA. */
export function writeDay(date: Temporal.PlainDate): string {
  return (
    [date.day, date.month].map((part) => String(part).padStart(2, '0')).join('') +
    String(date.year).padStart(4, '0')
  )
}

/** Reads DDMMAAAA: null where it says no day (zeros, spaces); undefined where it is none. */
export function readDay(text: string): Temporal.PlainDate | null | undefined {
  if (/^[0 ]{8}$/.test(text)) return null
  if (!/^\d{8}$/.test(text)) return undefined
  try {
    return Temporal.PlainDate.from(
      { year: Number(text.slice(4)), month: Number(text.slice(2, 4)), day: Number(text.slice(0, 2)) },
      { overflow: 'reject' },
    )
  } catch {
    return undefined
  }
}

/** Reads digits as a number: spaces are 0; undefined where it is none. */
export function readNumber(text: string): number | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return 0
  if (!/^\d+$/.test(trimmed)) return undefined
  const value = Number(trimmed)
  return Number.isSafeInteger(value) ? value : undefined
}
