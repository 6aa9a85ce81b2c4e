import { isUtf8 } from 'node:buffer'

/**
 * One record of a file. `line` is the physical line of the CSV on which it begins, or the row of the sheet, counted from 1
 * with the header. `fault` says why its cells cannot be trusted: bytes that are no UTF-8, or a quote that was left open.
 */
export type TableRecord = { line: number; cells: string[]; fault: 'not_utf8' | 'quote_open' | null }

export type TableHead = { columns: string[] }
type CsvHead = TableHead & { delimiter: string }

/** A quoted cell may go over so many lines; a quote that is open for longer was left open. */
const longestCell = 50
/** Bytes without a line break that are cut, so that a file of one endless line costs no endless memory. */
const longestLine = 1_000_000
const delimiters = [',', ';', '\t', '|']

type Line = { number: number; text: string; valid: boolean }

/**
 * Reads a CSV file as it comes (RFC 4180; delimiter `,` `;` tab or `|`, found from the header; byte order mark and
 * Excel's `sep=` line are skipped, as are empty lines). What is wrong with one record stays with it: a line that is no
 * UTF-8 is handed over with that fault, and where a quote is left open only its line is at fault and reading goes on
 * at the next one. The first value is the head; a file without a header gives null.
 */
export async function* readCsv(
  source: AsyncIterable<Buffer>,
): AsyncGenerator<{ head: TableHead | null; records: TableRecord[] }> {
  let head: CsvHead | null = null
  let queue: Line[] = []
  for await (const lines of readLines(source)) {
    queue = queue.length > 0 ? queue.concat(lines) : lines
    if (!head) {
      head = readHead(queue)
      if (!head) continue
    }
    const { records, used } = takeRecords(queue, head, false)
    queue = queue.slice(used)
    if (records.length > 0) yield { head, records }
  }
  head ??= readHead(queue)
  const rest = head ? takeRecords(queue, head, true).records : []
  yield { head, records: rest }
}

/** Physical lines in bunches. Text that is UTF-8 as a whole is decoded as a whole: most files are. */
async function* readLines(source: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  let rest: Buffer = Buffer.alloc(0)
  let number = 0
  const split = (bytes: Buffer): Line[] => {
    const lines: Line[] = []
    const add = (text: string, valid: boolean) => {
      number++
      const clean = text.endsWith('\r') ? text.slice(0, -1) : text
      // PostgreSQL holds no NUL, and no text has one.
      if (clean.includes('\0')) lines.push({ number, text: clean.replaceAll('\0', '\ufffd'), valid: false })
      else lines.push({ number, text: clean, valid })
    }
    if (isUtf8(bytes)) {
      for (const text of bytes.toString('utf8').split('\n')) add(text, true)
      return lines
    }
    for (let from = 0; from <= bytes.length; ) {
      const end = bytes.indexOf(10, from)
      const line = bytes.subarray(from, end === -1 ? bytes.length : end)
      const valid = isUtf8(line)
      add(line.toString(valid ? 'utf8' : 'latin1'), valid)
      from = end === -1 ? bytes.length + 1 : end + 1
    }
    return lines
  }
  let first = true
  for await (const chunk of source) {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    if (first) {
      if (bytes.length < 3) {
        rest = bytes
        continue
      }
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3)
      first = false
    }
    const end = bytes.lastIndexOf(10)
    rest = bytes.subarray(end + 1)
    if (end >= 0) yield split(bytes.subarray(0, end))
    if (rest.length > longestLine) {
      yield split(rest)
      rest = Buffer.alloc(0)
    }
  }
  if (rest.length > 0) yield split(rest)
}

function readHead(queue: Line[]): CsvHead | null {
  while (queue[0]?.text.trim() === '') queue.shift()
  let delimiter: string | null = null
  const told = /^sep=(.)$/i.exec(queue[0]?.text ?? '')
  if (told) {
    delimiter = told[1]!
    queue.shift()
  }
  const line = queue.shift()
  if (!line) return null
  delimiter ??= findDelimiter(line.text)
  const cells = splitCells(line.text, delimiter) ?? line.text.split(delimiter)
  return { columns: nameColumns(cells), delimiter }
}

/** The columns' names by the header's cells: none is empty, and no two are the same. */
export function nameColumns(cells: readonly string[]): string[] {
  const columns: string[] = []
  for (const [index, cell] of cells.entries()) {
    const name = cell.replaceAll(/\s+/g, ' ').trim().slice(0, 120) || `Column ${index + 1}`
    let unique = name
    for (let n = 2; columns.includes(unique); n++) unique = `${name} (${n})`
    columns.push(unique)
  }
  return columns
}

function findDelimiter(header: string): string {
  const outside = header.replaceAll(/"[^"]*"/g, '')
  let best = ','
  let most = 0
  for (const delimiter of delimiters) {
    const count = outside.split(delimiter).length - 1
    if (count > most) [best, most] = [delimiter, count]
  }
  return best
}

/**
 * Cuts lines into records. Near the end of what has been read a quoted cell may go on in lines that have not come
 * yet: those are left for the next call, unless this was all.
 */
function takeRecords(
  lines: readonly Line[],
  head: CsvHead,
  whole: boolean,
): { records: TableRecord[]; used: number } {
  const records: TableRecord[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at]!
    if (line.text.trim() === '') {
      at++
      continue
    }
    const single = splitCells(line.text, head.delimiter)
    if (!line.valid || single) {
      const fault = line.valid ? null : 'not_utf8'
      records.push({ line: line.number, cells: single ?? line.text.split(head.delimiter), fault })
      at++
      continue
    }
    const longer = joinLines(lines, at, head)
    if (longer) {
      records.push(longer.record)
      at = longer.next
      continue
    }
    if (!whole && lines.length - at <= longestCell) break
    records.push({ line: line.number, cells: line.text.split(head.delimiter), fault: 'quote_open' })
    at++
  }
  return { records, used: at }
}

/** A record whose quoted cell goes over several lines: it must close properly and have the header's columns. */
function joinLines(
  lines: readonly Line[],
  start: number,
  head: CsvHead,
): { record: TableRecord; next: number } | null {
  let text = lines[start]!.text
  let valid = true
  for (let next = start + 1; next < Math.min(lines.length, start + longestCell); next++) {
    const line = lines[next]!
    text += `\n${line.text}`
    valid &&= line.valid
    if (!line.text.includes('"')) continue
    const cells = splitCells(text, head.delimiter)
    if (cells?.length === head.columns.length) {
      return {
        record: { line: lines[start]!.number, cells, fault: valid ? null : 'not_utf8' },
        next: next + 1,
      }
    }
  }
  return null
}

/** The cells of one record; null where a quote is left open or text follows a closing quote. */
function splitCells(text: string, delimiter: string): string[] | null {
  if (!text.includes('"')) return text.split(delimiter)
  const cells: string[] = []
  let at = 0
  for (;;) {
    if (text[at] === '"') {
      let cell = ''
      let from = at + 1
      for (;;) {
        const quote = text.indexOf('"', from)
        if (quote === -1) return null
        cell += text.slice(from, quote)
        if (text[quote + 1] !== '"') {
          at = quote + 1
          break
        }
        cell += '"'
        from = quote + 2
      }
      cells.push(cell)
      if (at === text.length) return cells
      if (text[at] !== delimiter) return null
      at++
    } else {
      const end = text.indexOf(delimiter, at)
      if (end === -1) {
        cells.push(text.slice(at))
        return cells
      }
      cells.push(text.slice(at, end))
      at = end + 1
    }
  }
}
