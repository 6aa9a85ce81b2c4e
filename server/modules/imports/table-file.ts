import type { ImportFormat } from '../../platform/database.gen.ts'
import { type Refusal, refuse } from '../../platform/errors.ts'
import {
  guessFileKind,
  openSpreadsheet,
  type Spreadsheet,
  SpreadsheetFault,
} from '../../platform/spreadsheets.ts'
import { languages, translator } from '../../platform/translations.ts'
import { nameColumns, readCsv, type TableHead, type TableRecord } from './records.ts'

const sampleRows = 5
const mostColumns = 500

/** How a stored file is read: what the survey of it found, and how its numbers are to be written. */
export type TableForm = { format: ImportFormat; sheet: string | null; decimal: ',' | '.' | 'auto' }

type TablePart = { head: TableHead | null; records: TableRecord[] }

/**
 * The records of a file in bunches, as they are asked for; the first bunch has the head. A workbook's cells come as text
 * (see platform/spreadsheets.ts) under the first row that is not empty.
 */
export async function* readTable(source: AsyncIterable<Buffer>, form: TableForm): AsyncGenerator<TablePart> {
  if (form.format === 'csv') yield* readCsv(source)
  else {
    const book = await openSpreadsheet(await collect(source))
    yield* readSheet(book, form.sheet ?? book.sheets[0]!.name, form.decimal)
  }
}

async function* readSheet(
  book: Spreadsheet,
  sheet: string,
  decimal: TableForm['decimal'],
): AsyncGenerator<TablePart> {
  let head: TableHead | null = null
  for await (const rows of book.rows(sheet, { decimal })) {
    head ??= { columns: nameColumns(rows.shift()!.cells) }
    const width = head.columns.length
    const records = rows.map(({ number, cells }): TableRecord => {
      while (cells.length < width) cells.push('')
      return { line: number, cells, fault: null }
    })
    if (records.length > 0) yield { head, records }
  }
  yield { head, records: [] }
}

/** A workbook is packed: it is small, and its directory stands at its end. */
async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What is known of a file before anybody says what its columns mean. */
export type FileSurvey = TableHead & {
  format: ImportFormat
  /** The sheets of a workbook that may be chosen, and the one that the rest is of. */
  sheets: string[]
  sheet: string | null
  rows: number
  sample: string[][]
}

/**
 * Reads a whole file once: its form (by what is in it, whatever it is called), columns, how many records it has, the
 * first rows. Of a workbook that is the sheet that is asked for, else the first visible one with rows that is not our
 * templates' explanation. Refuses: import_file_empty, import_file_not_csv (neither CSV nor a workbook),
 * import_file_old_excel, import_file_other_workbook, import_file_broken, import_file_too_much.
 */
export async function surveyFile(
  source: AsyncIterable<Buffer>,
  wantedSheet?: string,
): Promise<FileSurvey | Refusal> {
  const { start, all, stop } = await peek(source)
  switch (guessFileKind(start)) {
    case 'other':
      await stop()
      return refuse('import_file_not_csv', { status: 422 })
    case 'old_office':
      await stop()
      return refuse('import_file_old_excel', { status: 422 })
    case 'text':
      return surveyTable(readCsv(all), { format: 'csv', sheets: [], sheet: null })
    default:
      return surveyWorkbook(await collect(all), wantedSheet)
  }
}

async function surveyWorkbook(bytes: Buffer, wanted: string | undefined): Promise<FileSurvey | Refusal> {
  try {
    const book = await openSpreadsheet(bytes)
    const visible = book.sheets.filter((sheet) => !sheet.hidden)
    // More of them nobody chooses from.
    const sheets = (visible.length > 0 ? visible : book.sheets).slice(0, 100).map((sheet) => sheet.name)
    const explained = languages.map((language) => translator(language)('imports:template.help'))
    const tried = wanted === undefined ? sheets.filter((sheet) => !explained.includes(sheet)) : [wanted]
    for (const sheet of tried) {
      const found = await surveyTable(readSheet(book, sheet, 'auto'), { format: 'xlsx', sheets, sheet })
      if ('columns' in found) return found
      if (found.code !== 'import_file_empty') return found
    }
    return refuse('import_file_empty', { status: 422 })
  } catch (error) {
    if (!(error instanceof SpreadsheetFault)) throw error
    const codes = {
      broken: 'import_file_broken',
      too_large: 'import_file_too_much',
      other: 'import_file_other_workbook',
    }
    return refuse(codes[error.reason], { status: 422, params: { columns: mostColumns } })
  }
}

async function surveyTable(
  parts: AsyncIterable<TablePart>,
  form: Pick<FileSurvey, 'format' | 'sheets' | 'sheet'>,
): Promise<FileSurvey | Refusal> {
  let survey: FileSurvey | null = null
  for await (const { head, records } of parts) {
    if (!head) continue
    survey ??= { ...form, columns: head.columns, rows: 0, sample: [] }
    if (head.columns.length > mostColumns)
      return refuse('import_file_too_much', { status: 422, params: { columns: mostColumns } })
    survey.rows += records.length
    for (const record of records) {
      if (survey.sample.length === sampleRows) break
      if (record.fault === null) survey.sample.push(record.cells.map((cell) => cell.slice(0, 200)))
    }
  }
  if (!survey || survey.rows === 0) return refuse('import_file_empty', { status: 422 })
  return survey
}

/** The first bytes of a stream, and the whole of it nevertheless. */
async function peek(
  source: AsyncIterable<Buffer>,
): Promise<{ start: Buffer; all: AsyncIterable<Buffer>; stop: () => Promise<void> }> {
  const iterator = source[Symbol.asyncIterator]()
  let start: Buffer = Buffer.alloc(0)
  let ended = false
  while (start.length < 4096 && !ended) {
    const next = await iterator.next()
    if (next.done) ended = true
    else start = start.length > 0 ? Buffer.concat([start, next.value]) : next.value
  }
  async function stop() {
    await iterator.return?.()
  }
  async function* all() {
    try {
      if (start.length > 0) yield start
      while (!ended) {
        const next = await iterator.next()
        if (next.done) return
        yield next.value
      }
    } finally {
      await stop()
    }
  }
  return { start: start.subarray(0, 4096), all: all(), stop }
}
