// Spreadsheets (XLSX, ISO/IEC 29500) as rows of text, and rows as spreadsheets. Writing is hucre's. Reading is our own:
// hucre's reader goes on however slowly its rows are taken, unpacks as much as 2 GiB, and does not tell a cell's format,
// which is where leading zeros are.
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StringDecoder } from 'node:string_decoder'
import { type CellValue, writeXlsxStream } from 'hucre/xlsx'
import { exponentOf, toDecimal } from './money.ts'
import { type ArchiveBudget, type ArchiveEntry, ArchiveFault, listEntries, readEntry } from './zip-archive.ts'

export const spreadsheetType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** What a spreadsheet may be, unpacked. A larger one is refused before it costs memory or minutes. */
export type SpreadsheetLimits = {
  /** Bytes that may come out of it. */
  bytes: number
  /** Filled columns of a row. */
  columns: number
  /** Different texts, of all cells. */
  texts: number
}
const usualLimits: SpreadsheetLimits = { bytes: 600_000_000, columns: 500, texts: 3_000_000 }
const longestRow = 4_000_000
const longestPart = 10_000_000

/**
 * Why a file is no spreadsheet that can be read: `broken`, `too_large`, or `other` (a ZIP file that is something else:
 * an ODS, a document, an archive).
 */
export class SpreadsheetFault extends Error {
  readonly reason: 'broken' | 'too_large' | 'other'
  constructor(reason: 'broken' | 'too_large' | 'other', message: string) {
    super(message)
    this.reason = reason
  }
}

function broken(message: string): never {
  throw new SpreadsheetFault('broken', message)
}
function tooLarge(message: string): never {
  throw new SpreadsheetFault('too_large', message)
}

export type SheetRow = { number: number; cells: string[] }
export type ReadOptions = { decimal?: ',' | '.' | 'auto' }
export type Spreadsheet = {
  sheets: { name: string; hidden: boolean }[]
  /**
   * The rows of a sheet in bunches, as they are asked for; rows without a filled cell are left out. A cell is the text
   * that a reader of the sheet sees, but for what depends on their settings: a date is ISO 8601, a number is plain with
   * the decimal sign that is asked for, a number with leading zeros has them.
   * @throws SpreadsheetFault
   */
  rows(sheet: string, options?: ReadOptions): AsyncGenerator<SheetRow[]>
}

/** The name that the first bytes of a file give it. `zip` may be a spreadsheet; `text` may be CSV. */
export function guessFileKind(start: Buffer): 'zip' | 'old_office' | 'other' | 'text' {
  if (start.subarray(0, 4).equals(Buffer.from('PK\x03\x04'))) return 'zip'
  // OLE2: .xls, and .xlsx with a password.
  if (start.subarray(0, 8).equals(Buffer.from('d0cf11e0a1b11ae1', 'hex'))) return 'old_office'
  const text = start
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .slice(0, 64)
  if (/^(%PDF-|<!doctype|<html|<\?xml|<table|\{\\rtf|GIF8|\x89PNG|PK)/i.test(text)) return 'other'
  // UTF-16, images, programs: their first bytes hold NULs, of which text has none but by accident.
  const nuls = start.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0)
  return nuls * 20 > start.length ? 'other' : 'text'
}

/**
 * Opens a workbook: its sheets, texts and formats; no row is read yet.
 * @throws SpreadsheetFault
 */
export async function openSpreadsheet(bytes: Buffer, limits = usualLimits): Promise<Spreadsheet> {
  const budget: ArchiveBudget = { bytes: limits.bytes }
  return translateFaults(async () => {
    const entries = listEntries(bytes)
    const find = (path: string) => entries.get(path) ?? entries.get(path.replace(/^\//, ''))
    const read = (path: string) => readPart(bytes, find(path), budget)
    const roots = readRelations(await read('_rels/.rels'))
    const root = roots.find((one) => one.type.endsWith('/officeDocument'))
    const path = root?.target.replace(/^\//, '')
    if (!path || !/\.xml$/.test(path)) throw new SpreadsheetFault('other', 'no workbook')
    const workbook = await read(path)
    const prefix = /<(\w+:)?workbook[\s>]/.exec(workbook)
    if (!prefix) throw new SpreadsheetFault('other', 'no workbook')
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
    const relations = readRelations(
      await read(`${folder}/_rels/${path.slice(folder.length).replace(/^\//, '')}.rels`),
    )
    const resolve = (target: string) => (target.startsWith('/') ? target.slice(1) : joinPath(folder, target))
    const byType = (type: string) => relations.find((one) => one.type.endsWith(type))
    const places = new Map(relations.map((one) => [one.id, resolve(one.target)]))
    const sheets: { name: string; hidden: boolean; entry: ArchiveEntry }[] = []
    for (const found of workbook.matchAll(/<(?:\w+:)?sheet\s([^>]*)>/g)) {
      const attributes = readAttributes(found[1]!)
      const entry = find(places.get(attributes['r:id'] ?? attributes.id ?? '') ?? '')
      // A chart's sheet has no cells.
      if (attributes.name && entry && /worksheets?\//.test(entry.name))
        sheets.push({ name: attributes.name, hidden: (attributes.state ?? 'visible') !== 'visible', entry })
    }
    if (sheets.length === 0) broken('no sheet')
    const stylesPart = byType('/styles')
    const formats = stylesPart ? readFormats(await read(resolve(stylesPart.target))) : []
    const since1904 = /<(?:\w+:)?workbookPr\b[^>]*\bdate1904="(?:1|true)"/.test(workbook)
    const textsPart = byType('/sharedStrings')
    const textsEntry = textsPart && find(resolve(textsPart.target))
    const texts = textsEntry ? await readTexts(bytes, textsEntry, budget, limits) : []
    return {
      sheets: sheets.map(({ name, hidden }) => ({ name, hidden })),
      async *rows(name, options = {}) {
        const sheet = sheets.find((one) => one.name === name)
        if (!sheet) throw new Error(`no sheet ${name}`)
        const show = createCellReader({ texts, formats, since1904, decimal: options.decimal ?? 'auto' })
        // Each reading has its own budget: what is left after the texts.
        const own = { bytes: budget.bytes }
        try {
          yield* readRows(readEntry(bytes, sheet.entry, own), show, limits)
        } catch (error) {
          throw translate(error)
        }
      },
    }
  })
}

async function translateFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw translate(error)
  }
}
function translate(error: unknown): unknown {
  return error instanceof ArchiveFault ? new SpreadsheetFault(error.reason, error.message) : error
}

/** A small part of the workbook as text; a missing one is empty. */
async function readPart(
  bytes: Buffer,
  entry: ArchiveEntry | undefined,
  budget: ArchiveBudget,
): Promise<string> {
  if (!entry) return ''
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of readEntry(bytes, entry, budget)) {
    size += chunk.length
    if (size > longestPart) tooLarge(`${entry.name} is too large`)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  // No spreadsheet has one, and entities of one's own are a way to make much out of little.
  if (text.includes('<!DOCTYPE')) broken('a document type')
  return text
}

function joinPath(folder: string, target: string): string {
  const parts = folder.split('/').filter(Boolean)
  for (const part of target.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [, name, double, single] of text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
    attributes[name!] = decodeXml(double ?? single ?? '')
  return attributes
}

function readRelations(xml: string): { id: string; type: string; target: string }[] {
  return [...xml.matchAll(/<(?:\w+:)?Relationship\s([^>]*)>/g)].flatMap(([, text]) => {
    const { Id: id = '', Type: type = '', Target: target = '', TargetMode: mode } = readAttributes(text!)
    return mode === 'External' ? [] : [{ id, type, target }]
  })
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeXml(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole
    const code =
      name[1] === 'x' || name[1] === 'X' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : ''
  })
}

/** The text between tags: entities, CDATA, `_x000D_` for what XML cannot hold. NUL, which PostgreSQL refuses, is none. */
function readText(raw: string): string {
  let text = raw.includes('<![CDATA[')
    ? raw.replaceAll(/<!\[CDATA\[([\s\S]*?)\]\]>|([^<]+)/g, (_all, data?: string, plain?: string) =>
        data === undefined ? decodeXml(plain ?? '') : data,
      )
    : decodeXml(raw)
  if (text.includes('_x'))
    text = text.replaceAll(/_x([0-9a-f]{4})_/gi, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
  return text.replaceAll('\r\n', '\n').replaceAll('\0', '\ufffd')
}

/** All the runs of a text that may be formatted in parts; how it is pronounced (`rPh`) is no part of it. */
function readRuns(raw: string): string {
  const spoken = raw.includes('rPh') ? raw.replaceAll(/<(\w+:)?rPh\b[\s\S]*?<\/(\w+:)?rPh>/g, '') : raw
  const plain = /^\s*<t(?:\s[^>]*)?>([^<]*)<\/t>\s*$/.exec(spoken)
  if (plain) return readText(plain[1]!)
  let text = ''
  for (const [, run] of spoken.matchAll(/<(?:\w+:)?t(?:\s[^>]*)?>([\s\S]*?)<\/(?:\w+:)?t>/g))
    text += readText(run!)
  return text
}

/** Cuts whole elements of one name out of a stream of XML; what comes between is skipped. */
async function* cutElements(
  source: AsyncIterable<Buffer>,
  root: RegExp,
  name: string,
): AsyncGenerator<string[]> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let open = ''
  let close = ''
  let ended = false
  let rootName = ''
  for await (const chunk of source) {
    rest += decoder.write(chunk)
    if (open === '') {
      const found = root.exec(rest)
      if (!found) {
        if (rest.length > 100_000) broken('not the part that it should be')
        continue
      }
      if (rest.slice(0, found.index).includes('<!DOCTYPE')) broken('a document type')
      const prefix = found[1] ?? ''
      open = `<${prefix}${name}`
      close = `</${prefix}${name}>`
      rootName = `</${prefix}${found[2]}>`
    }
    const elements: string[] = []
    let at = 0
    for (;;) {
      const start = findTag(rest, open, at)
      if (start === -1) {
        // An opening that is cut in the middle, and the root's end.
        at = Math.max(at, rest.length - open.length - rootName.length - 1)
        break
      }
      const tagEnd = rest.indexOf('>', start)
      if (tagEnd === -1) {
        at = start
        break
      }
      if (rest.charCodeAt(tagEnd - 1) === 47) {
        elements.push(rest.slice(start, tagEnd + 1))
        at = tagEnd + 1
        continue
      }
      const end = rest.indexOf(close, tagEnd)
      if (end === -1) {
        at = start
        break
      }
      elements.push(rest.slice(start, end))
      at = end + close.length
    }
    ended ||= rest.includes(rootName, Math.max(0, at - rootName.length))
    rest = rest.slice(at)
    if (rest.length > longestRow) tooLarge(`one ${name} has more than ${longestRow} characters`)
    if (elements.length > 0) yield elements
  }
  if (open === '' || !(ended || rest.includes(rootName))) broken('the part is cut off')
}

/** `<row` but not `<rowBreaks`. */
function findTag(text: string, open: string, from: number): number {
  for (let at = text.indexOf(open, from); at !== -1; at = text.indexOf(open, at + 1)) {
    const next = text.charCodeAt(at + open.length)
    // Space, tab, line ends, `/`, `>`; nothing yet: the tag is cut.
    if (next === 32 || next === 62 || next === 47 || next === 10 || next === 13 || next === 9) return at
    if (Number.isNaN(next)) return -1
  }
  return -1
}

async function readTexts(
  bytes: Buffer,
  entry: ArchiveEntry,
  budget: ArchiveBudget,
  limits: SpreadsheetLimits,
): Promise<string[]> {
  const texts: string[] = []
  const source = readEntry(bytes, entry, budget)
  for await (const elements of cutElements(source, /<(\w+:)?(sst)[\s>/]/, 'si')) {
    for (const element of elements) {
      const from = element.indexOf('>') + 1
      texts.push(element.endsWith('/>') ? '' : readRuns(element.slice(from)))
    }
    if (texts.length > limits.texts) tooLarge(`more than ${limits.texts} texts`)
  }
  return texts
}

/** How the numbers of a style are shown, as far as it is more than taste. */
type Format = 'plain' | 'date' | 'percent' | { mask: string }

const dateIds = [
  [14, 22],
  [27, 36],
  [45, 47],
  [50, 58],
] as const

function readFormats(xml: string): Format[] {
  const custom = new Map<string, string>()
  for (const [, text] of xml.matchAll(/<(?:\w+:)?numFmt\s([^>]*)>/g)) {
    const { numFmtId, formatCode } = readAttributes(text!)
    if (numFmtId && formatCode) custom.set(numFmtId, formatCode)
  }
  const styles = /<(?:\w+:)?cellXfs\b[^>]*>([\s\S]*?)<\/(?:\w+:)?cellXfs>/.exec(xml)?.[1] ?? ''
  return [...styles.matchAll(/<(?:\w+:)?xf\b([^>]*)>/g)].map(([, text]) => {
    const { numFmtId = '0' } = readAttributes(text!)
    const number = Number(numFmtId)
    if (dateIds.some(([from, to]) => number >= from && number <= to)) return 'date'
    if (number === 9 || number === 10) return 'percent'
    const code = custom.get(numFmtId)
    return code === undefined ? 'plain' : readFormat(code)
  })
}

function readFormat(code: string): Format {
  const [first = ''] = code.split(';')
  const bare = first.replaceAll(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '').replaceAll(/_.|\*./g, '')
  const signs = bare.replaceAll(/"[^"]*"|\\./g, '')
  if (/[ymdhs]/i.test(signs)) return 'date'
  if (signs.includes('%')) return 'percent'
  // 00000, 000.000.000-00 with its points quoted: digits that are no amount, in a form that says how many they are.
  const zeros = signs.match(/0/g)?.length ?? 0
  return zeros >= 2 && !/[.,E?/]/i.test(signs) ? { mask: bare } : 'plain'
}

/** Fills the digits of a whole number into a mask from its end: 1310 in `00000` → `01310`. */
function fillMask(mask: string, digits: string): string {
  const pieces = [...mask.matchAll(/"([^"]*)"|\\(.)|([\s\S])/g)].map(([, quoted, escaped, sign]) =>
    sign === undefined
      ? { text: quoted ?? escaped ?? '' }
      : sign === '0' || sign === '#'
        ? { place: sign }
        : { text: sign },
  )
  let at = digits.length
  let shown = ''
  let places = pieces.filter((piece) => 'place' in piece).length
  for (const piece of pieces.toReversed()) {
    if ('text' in piece) shown = piece.text + shown
    else {
      places--
      if (places === 0) {
        shown = (digits.slice(0, at) || (piece.place === '0' ? '0' : '')) + shown
        at = 0
      } else if (at > 0) shown = digits[--at] + shown
      else if (piece.place === '0') shown = `0${shown}`
    }
  }
  return shown
}

/** A number as a sheet shows it without a format: 15 digits, no exponent. */
function plainNumber(raw: string): string | null {
  if (/^-?(0|[1-9]\d{0,14})$/.test(raw)) return raw
  const value = Number(raw)
  if (!Number.isFinite(value)) return null
  const rounded = Number(value.toPrecision(15))
  if (Number.isInteger(rounded)) return BigInt(rounded).toString()
  const text = String(rounded)
  const exponent = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(text)
  if (!exponent) return text
  const [, sign = '', whole = '', more = '', places = '0'] = exponent
  return `${sign}0.${'0'.repeat(Number(places) - 1)}${whole}${more}`
}

const dayOne = Temporal.PlainDate.from('1899-12-30')

/** A day of the sheet's calendar, in which 1900 was a leap year. */
function showDate(raw: string, since1904: boolean): string | null {
  const serial = Number(raw)
  if (!Number.isFinite(serial) || serial < 0 || serial > 2_958_465) return null
  // Whole seconds: a time is a fraction that was rounded.
  const seconds = Math.round((serial % 1) * 86_400)
  const days = Math.floor(serial) + (seconds === 86_400 ? 1 : 0)
  const clock = Temporal.PlainTime.from({ hour: 0 }).add({ seconds: seconds % 86_400 })
  if (days === 0 && !since1904) return clock.toString({ smallestUnit: 'second' })
  const shift = since1904 ? 1462 : days < 60 ? 1 : 0
  const date = dayOne.add({ days: days + shift }).toString()
  return seconds % 86_400 === 0 ? date : `${date} ${clock.toString({ smallestUnit: 'second' })}`
}

type CellReader = (type: string, style: number, content: string) => string

function createCellReader(book: {
  texts: readonly string[]
  formats: readonly Format[]
  since1904: boolean
  decimal: ',' | '.' | 'auto'
}): CellReader {
  const { texts, formats, since1904, decimal } = book
  const dates = new Map<string, string>()
  const number = (raw: string, style: number): string => {
    const format = formats[style] ?? 'plain'
    if (format === 'date') {
      const known = dates.get(raw)
      if (known !== undefined) return known
      const shown = showDate(raw, since1904) ?? raw
      if (dates.size < 50_000) dates.set(raw, shown)
      return shown
    }
    let text = plainNumber(raw)
    if (text === null) return raw
    if (typeof format === 'object') return /^\d+$/.test(text) ? fillMask(format.mask, text) : text
    if (format === 'percent') text = plainNumber(String(Number(raw) * 100)) ?? text
    const point = text.indexOf('.')
    // Three decimals could be read as thousands where the sign is guessed.
    if (point !== -1) {
      if (decimal === ',') text = text.replace('.', ',')
      else if (decimal === 'auto' && text.length - point === 4) text = `${text}0`
    }
    return format === 'percent' ? `${text}%` : text
  }
  return (type, style, content) => {
    if (type === 'inlineStr') return readRuns(content)
    const open = content.indexOf('<v')
    const prefixed = open === -1 ? /<\w+:v(?:\s[^>]*)?>([\s\S]*?)<\/\w+:v>/.exec(content)?.[1] : undefined
    const from = open === -1 ? -1 : content.indexOf('>', open) + 1
    const raw = prefixed ?? (from <= 0 ? '' : content.slice(from, content.indexOf('</v>', from)))
    if (raw === '') return ''
    if (type === 's') return texts[Number(raw)] ?? broken('a text is not there')
    if (type === 'str' || type === 'e') return readText(raw)
    if (type === 'b') return raw === '1' || raw === 'true' ? 'true' : 'false'
    if (type === 'd') return readText(raw).replace(/T00:00:00(\.0+)?Z?$/, '')
    return number(raw.trim(), style)
  }
}

/** `BC12` → 54, counted from 0; -1 where it is none. */
function columnOf(reference: string): number {
  let column = 0
  for (let at = 0; at < reference.length; at++) {
    const code = reference.charCodeAt(at)
    if (code < 65 || code > 90) return at === 0 ? -1 : column - 1
    column = column * 26 + code - 64
    if (column > 16_384) return -1
  }
  return -1
}

/** The value of an attribute in the text of a tag; null where it is not there. */
function attributeOf(tag: string, name: string): string | null {
  const at = tag.indexOf(` ${name}="`)
  if (at === -1) return null
  const from = at + name.length + 3
  const end = tag.indexOf('"', from)
  return end === -1 ? null : tag.slice(from, end)
}

async function* readRows(
  source: AsyncIterable<Buffer>,
  show: CellReader,
  limits: SpreadsheetLimits,
): AsyncGenerator<SheetRow[]> {
  let last = 0
  for await (const elements of cutElements(source, /<(\w+:)?(worksheet)[\s>/]/, 'row')) {
    const rows: SheetRow[] = []
    for (const element of elements) {
      const row = readRow(element, last, show, limits)
      if (row.number <= last || row.number > 1_048_576) broken('rows are out of order')
      last = row.number
      if (row.cells.some((cell) => cell !== '')) rows.push(row)
    }
    if (rows.length > 0) yield rows
  }
}

function readRow(element: string, last: number, show: CellReader, limits: SpreadsheetLimits): SheetRow {
  const head = element.indexOf('>')
  const told = attributeOf(element.slice(0, head), 'r')
  const number = told === null ? last + 1 : Number(told)
  if (!Number.isInteger(number)) broken('a row without a number')
  const prefix = /^<(\w+:)?row/.exec(element)?.[1] ?? ''
  const open = `<${prefix}c`
  const close = `</${prefix}c>`
  const cells: string[] = []
  let column = -1
  for (let at = findTag(element, open, head); at !== -1; at = findTag(element, open, at)) {
    const tagEnd = element.indexOf('>', at)
    if (tagEnd === -1) broken('a cell is cut off')
    const tag = element.slice(at, tagEnd)
    const reference = attributeOf(tag, 'r')
    column = reference === null ? column + 1 : columnOf(reference)
    if (column < 0) broken('a cell without a place')
    if (tag.endsWith('/')) {
      at = tagEnd
      continue
    }
    const end = element.indexOf(close, tagEnd)
    if (end === -1) broken('a cell is cut off')
    const style = attributeOf(tag, 's')
    const text = show(
      attributeOf(tag, 't') ?? 'n',
      style === null ? -1 : Number(style),
      element.slice(tagEnd + 1, end),
    )
    at = end
    if (text === '') continue
    if (column >= limits.columns) tooLarge(`more than ${limits.columns} columns`)
    while (cells.length < column) cells.push('')
    cells[column] = text
  }
  return { number, cells }
}

// Writing ---------------------------------------------------------------------------------------------------------

/** An amount of minor units in a list: an exact decimal in its currency, never a float of ours. */
export class MoneyCell {
  readonly amount: number
  readonly currency: string
  constructor(amount: number, currency: string) {
    this.amount = amount
    this.currency = currency
  }
  /** `1299.90` */
  toString(): string {
    return toDecimal(this.amount, this.currency)
  }
}

/** An amount of a list in an export; a missing one is an empty cell. */
export function moneyCell(amount: number | null, currency: string): MoneyCell | null {
  return amount === null ? null : new MoneyCell(amount, currency)
}

/** What a list may hold; anything else is written as JSON. */
export type ListCell = unknown

const longestCell = 32_767

/**
 * A value as a typed cell. Text is typed as text, so that nothing in it is ever a formula. A number that a spreadsheet
 * would not hold to its last digit is text, too.
 */
function cellOf(value: ListCell): CellValue {
  if (value === null || value === undefined || value === '') return null
  if (typeof value === 'string') return value.slice(0, longestCell)
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return Math.abs(value) < 1e15 ? value : String(value)
  if (value instanceof MoneyCell) {
    return Math.abs(value.amount) < 1e15 ? Number(value.toString()) : value.toString()
  }
  // hucre takes days and moments as Date, and writes the UTC fields of it.
  if (value instanceof Temporal.PlainDate) return new Date(`${value}T00:00:00Z`)
  if (value instanceof Temporal.Instant)
    return new Date(value.round({ smallestUnit: 'second', roundingMode: 'floor' }).epochMilliseconds)
  return JSON.stringify(value).slice(0, longestCell)
}

/** How a column's numbers look, by the first value of it that says so. */
function formatOf(value: ListCell): string | undefined {
  if (value instanceof MoneyCell) return exponentOf(value.currency) === 0 ? '#,##0' : '#,##0.00##'
  if (value instanceof Temporal.PlainDate) return 'yyyy-mm-dd'
  if (value instanceof Temporal.Instant) return 'yyyy-mm-dd hh:mm:ss'
  return undefined
}

/**
 * Writes a list as a workbook of one sheet to a file, row by row: memory does not grow with it. Days are dates, moments
 * are dates with their UTC time, amounts are numbers with their decimals. Formats are found in the first rows.
 */
export async function writeSpreadsheet(
  path: string,
  sheet: string,
  headers: readonly string[],
  rows: AsyncIterable<readonly ListCell[]>,
): Promise<void> {
  const iterator = rows[Symbol.asyncIterator]()
  const first: (readonly ListCell[])[] = []
  while (first.length < 500) {
    const next = await iterator.next()
    if (next.done) break
    first.push(next.value)
  }
  const columns = headers.map((header, at) => {
    const numFmt = first.map((row) => formatOf(row[at])).find(Boolean)
    const longest = Math.max(header.length, ...first.slice(0, 50).map((row) => String(row[at] ?? '').length))
    return { header, width: Math.min(48, Math.max(10, longest + 2)), ...(numFmt ? { numFmt } : {}) }
  })
  async function* all(): AsyncGenerator<CellValue[]> {
    for (const row of first) yield row.map(cellOf)
    for (;;) {
      const next = await iterator.next()
      if (next.done) return
      yield next.value.map(cellOf)
    }
  }
  const name = sheet.replaceAll(/[\\/?*[\]:]/g, ' ').slice(0, 31)
  const stream = writeXlsxStream(all(), { name, columns, freezePane: { rows: 1 } })
  await pipeline(Readable.fromWeb(stream as never), createWriteStream(path, { mode: 0o600 }))
}
