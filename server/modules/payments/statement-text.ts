import { isUtf8 } from 'node:buffer'
import type { BankStatementFormat } from '../../platform/database.gen.ts'
import { StatementFault } from './statement-lines.ts'

/** A physical line of a file, counted from 1, or a piece of one that is very long: then `ended` is false. */
export type TextLine = { number: number; text: string; ended: boolean }

/** Bytes without a break that are handed over in pieces, and the longest that no piece can be cut from. */
const piece = 65_536
const longest = 1_000_000

/**
 * The lines of a text file, in bunches: UTF-8, UTF-16 with its mark, else Windows-1252, line by line, since banks name one
 * and write another. Breaks are LF, CRLF or CR. A file of one endless line comes in pieces that end before a `<`.
 * @throws StatementFault line_too_long where it cannot be cut.
 */
export async function* readLines(source: AsyncIterable<Buffer>): AsyncGenerator<TextLine[]> {
  let rest: Buffer = Buffer.alloc(0)
  let number = 1
  const windows = new TextDecoder('windows-1252')
  const decode = (bytes: Buffer) => (isUtf8(bytes) ? bytes.toString('utf8') : windows.decode(bytes))
  const split = (bytes: Buffer, ended: boolean): TextLine[] => {
    const lines: TextLine[] = []
    const add = (text: string, complete: boolean) => {
      const parts = text.split('\r')
      if (complete && parts.length > 1 && parts.at(-1) === '') parts.pop()
      for (const [index, part] of parts.entries()) {
        const whole = complete || index < parts.length - 1
        lines.push({ number, text: part, ended: whole })
        if (whole) number++
      }
    }
    if (isUtf8(bytes)) {
      const texts = bytes.toString('utf8').split('\n')
      for (const [index, text] of texts.entries()) add(text, ended || index < texts.length - 1)
      return lines
    }
    for (let from = 0; from <= bytes.length; ) {
      const end = bytes.indexOf(10, from)
      add(decode(bytes.subarray(from, end === -1 ? bytes.length : end)), ended || end !== -1)
      from = end === -1 ? bytes.length + 1 : end + 1
    }
    return lines
  }
  for await (const chunk of withoutMark(source)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const end = bytes.lastIndexOf(10)
    if (end >= 0) yield split(bytes.subarray(0, end), true)
    rest = bytes.subarray(end + 1)
    if (rest.length > piece) {
      const cut = rest.lastIndexOf(60)
      if (cut > 0) {
        yield split(rest.subarray(0, cut), false)
        rest = rest.subarray(cut)
      } else if (rest.length > longest) throw new StatementFault('line_too_long', number)
    }
  }
  if (rest.length > 0) yield split(rest, true)
}

/** The bytes without a byte order mark; UTF-16 as UTF-8. */
async function* withoutMark(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let decoder: TextDecoder | null = null
  let start: Buffer | null = Buffer.alloc(0)
  for await (const chunk of source) {
    let bytes: Buffer = chunk
    if (start !== null) {
      start = Buffer.concat([start, chunk])
      if (start.length < 3) continue
      bytes = start
      start = null
      if (bytes[0] === 0xff && bytes[1] === 0xfe) decoder = new TextDecoder('utf-16le')
      else if (bytes[0] === 0xfe && bytes[1] === 0xff) decoder = new TextDecoder('utf-16be')
      else if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3)
    }
    yield decoder ? Buffer.from(decoder.decode(bytes, { stream: true })) : bytes
  }
  if (start !== null && start.length > 0) yield start
}

/** The first bytes of a file, for telling what it is. */
export async function readStart(source: AsyncIterable<Buffer>, bytes = 262_144): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of source) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= bytes) break
  }
  return Buffer.concat(chunks).subarray(0, bytes)
}

/** Which form a file has, by what is in it, whatever it is called; null: none of those that are read. */
export function recognizeFormat(start: Buffer): BankStatementFormat | null {
  const utf16 =
    start[0] === 0xff && start[1] === 0xfe
      ? 'utf-16le'
      : start[0] === 0xfe && start[1] === 0xff
        ? 'utf-16be'
        : null
  const text = utf16
    ? new TextDecoder(utf16).decode(start)
    : start.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '')
  const head = text.trimStart()
  if (
    /^OFXHEADER\s*:/i.test(head) ||
    /<\?OFX\b/i.test(head.slice(0, 500)) ||
    /^(<\?xml[^>]*>\s*)?<OFX>/i.test(head)
  )
    return 'ofx'
  if (/urn:iso:std:iso:20022:tech:xsd:camt\.\d{3}\.001\.\d\d/.test(head.slice(0, 20_000))) return 'camt053'
  // An unknown XML file is given to the one reader that says what is wrong with it.
  if (head.startsWith('<')) return /^<(\?xml|!DOCTYPE|\w*:?Document)/i.test(head) ? 'camt053' : null
  const first = text.split(/\r\n?|\n/, 1)[0]!
  if (first.length >= 240 && /^\d{3}0000[0 ]/.test(first) && /^\d{8}/.test(first)) return 'cnab240'
  if (start.includes(0)) return null
  // What is binary has control signs.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x01-\x08\x0e-\x1f]/.test(text)) return null
  const lines = text.split(/\r\n?|\n/).slice(0, 40)
  return [';', ',', '\t', '|'].some(
    (sign) => lines.filter((line) => line.includes(sign)).length >= Math.min(2, lines.filter(Boolean).length),
  )
    ? 'csv'
    : null
}
