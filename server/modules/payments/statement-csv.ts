import { z } from 'zod'
import {
  cleanTaxId,
  cleanText,
  findEndToEndId,
  guessKind,
  lastDigits,
  noFacts,
  readAmount,
  readDay,
  StatementFault,
  type StatementPart,
} from './statement-lines.ts'
import { readLines } from './statement-text.ts'

/** What a column of a bank's CSV file may be. */
export const csvTargets = [
  'date',
  'amount',
  'credit',
  'debit',
  'direction',
  'name',
  'tax_id',
  'reference',
  'bank_id',
  'end_to_end_id',
  'account',
  'balance',
] as const
export type CsvTarget = (typeof csvTargets)[number]

export const csvDelimiters = [';', ',', '\t', '|'] as const
const csvDates = ['dmy', 'mdy', 'ymd'] as const

/** How a bank writes its CSV files. Columns are named as the file names them; `text` may be several. */
export const csvMapping = z
  .object({
    delimiter: z.enum(csvDelimiters),
    decimal: z.enum([',', '.']),
    dates: z.enum(csvDates).meta({ description: 'Day, month, year in which order' }),
    header_line: z.int().min(1).max(200).meta({ description: 'The line of the file that names the columns' }),
    columns: z.object({
      date: z.string().max(120).nullable(),
      amount: z.string().max(120).nullable().meta({ description: 'Signed; instead of credit and debit' }),
      credit: z.string().max(120).nullable(),
      debit: z.string().max(120).nullable(),
      direction: z
        .string()
        .max(120)
        .nullable()
        .meta({ description: 'C or D beside an amount without a sign' }),
      name: z.string().max(120).nullable(),
      tax_id: z.string().max(120).nullable(),
      reference: z.string().max(120).nullable(),
      bank_id: z.string().max(120).nullable(),
      end_to_end_id: z.string().max(120).nullable(),
      account: z
        .string()
        .max(120)
        .nullable()
        .meta({ description: 'The payer’s account: its last digits are kept' }),
      balance: z.string().max(120).nullable(),
    }),
    text: z.array(z.string().max(120)).max(6),
  })
  .meta({ id: 'BankCsvMapping' })
export type CsvMapping = z.output<typeof csvMapping>

export type CsvSurvey = { columns: string[]; sample: string[][]; mapping: CsvMapping }

const mostColumns = 60
const headerWords: Record<CsvTarget | 'text', RegExp> = {
  date: /^(data|fecha|date|data (do )?(lan[cç]amento|movimento|mov\.?)|dt\.?( mov\w*)?|booking date|posted|f\. ?operaci[oó]n)\b/i,
  amount: /^(valor|importe|monto|amount|quantia|vlr|valor \(.*\)|valor do lan[cç]amento|value)\b/i,
  credit: /^(cr[eé]ditos?|haber|abonos?|entradas?|credit|valor cr[eé]dito|paid in)\b/i,
  debit: /^(d[eé]bitos?|debe|cargos?|sa[ií]das?|debit|valor d[eé]bito|paid out)\b/i,
  direction: /^(d\/c|c\/d|tipo|natureza|deb\/cred|type|inf\.)$/i,
  name: /^(nome|favorecido|pagador|remetente|contraparte|nombre|titular|ordenante|payer|counterparty|name|nome\/raz[aã]o.*|raz[aã]o social)\b/i,
  tax_id: /^(cpf|cnpj|cpf\/cnpj|cnpj\/cpf|documento do pagador|cuit|nit|rut|rfc|tax id)\b/i,
  reference:
    /^(documento|doc\.?|n[uú]mero do documento|refer[eê]ncia|referencia|reference|nro\.?( doc.*)?|n[º°o]\.? ?doc.*|comprobante)\b/i,
  bank_id:
    /^(identificador|id|id da transa[cç][aã]o|c[oó]digo da transa[cç][aã]o|transaction id|id transacci[oó]n|autentica[cç][aã]o)$/i,
  end_to_end_id: /^(end ?to ?end( id)?|e2e( ?id)?|id ?pix|endtoendid)$/i,
  account: /^(conta do pagador|conta origem|cuenta origen|iban|account)\b/i,
  balance: /^(saldo|balance)\b/i,
  text: /^(hist[oó]rico|descri[cç][aã]o|lan[cç]amentos?|detalhes?|concepto|descripci[oó]n|description|memo|details|observa[cç]\w*|t[ií]tulo)\b/i,
}

/**
 * What the beginning of a CSV file shows: its columns, first rows, and what they probably mean. Lines above the header (the
 * account, the period) are found and skipped. `remembered` is what was said of the last file of the same bank account: it is
 * taken where its columns are all there.
 */
export function surveyCsv(start: string, remembered: CsvMapping | null): CsvSurvey | null {
  const lines = start.split(/\r\n?|\n/)
  const read = (mapping: Pick<CsvMapping, 'delimiter' | 'header_line'>) => {
    const header = lines[mapping.header_line - 1]
    if (header === undefined) return null
    const columns = nameColumns(splitRow(header, mapping.delimiter))
    const sample: string[][] = []
    for (const line of lines.slice(mapping.header_line, -1)) {
      if (line.trim() === '' || sample.length === 8) continue
      sample.push(
        splitRow(line, mapping.delimiter)
          .slice(0, mostColumns)
          .map((cell) => cleanText(cell, 200)),
      )
    }
    return { columns, sample }
  }
  if (remembered) {
    const known = [...Object.values(remembered.columns).filter((name) => name !== null), ...remembered.text]
    for (let number = 1; number <= Math.min(lines.length, 60); number++) {
      const found = read({ delimiter: remembered.delimiter, header_line: number })
      if (found && known.every((name) => found.columns.includes(name)))
        return { ...found, mapping: { ...remembered, header_line: number } }
    }
  }
  let best: { delimiter: CsvMapping['delimiter']; line: number; score: number } | null = null
  for (const delimiter of csvDelimiters) {
    for (const [index, line] of lines.slice(0, 60).entries()) {
      const cells = splitRow(line, delimiter).map((cell) => cell.trim())
      if (cells.length < 2) continue
      const known = new Set(
        cells.flatMap((cell) =>
          Object.entries(headerWords)
            .filter(([, words]) => words.test(cell))
            .map(([name]) => name),
        ),
      )
      if (known.size === 0) continue
      const score =
        known.size * 10 +
        (known.has('date') ? 20 : 0) +
        (known.has('amount') || known.has('credit') ? 20 : 0) +
        Math.min(cells.length, 9)
      if (!best || score > best.score) best = { delimiter, line: index + 1, score }
    }
  }
  best ??= guessPlain(lines)
  if (!best) return null
  const found = read({ delimiter: best.delimiter, header_line: best.line })
  if (!found) return null
  const { columns, sample } = found
  const used = new Set<string>()
  const pick = (target: CsvTarget) => {
    const name = columns.find((column) => !used.has(column) && headerWords[target].test(column)) ?? null
    if (name !== null) used.add(name)
    return name
  }
  const chosen = Object.fromEntries(
    csvTargets.map((target) => [target, pick(target)]),
  ) as CsvMapping['columns']
  if (chosen.credit !== null && chosen.debit !== null) chosen.amount = null
  else if (chosen.amount !== null) chosen.credit = chosen.debit = null
  const cellsOf = (name: string | null) =>
    name === null ? [] : sample.map((row) => row[columns.indexOf(name)] ?? '')
  if (chosen.direction !== null && !cellsOf(chosen.direction).some((cell) => directionOf(cell) !== null))
    chosen.direction = null
  const text = columns
    .filter((column) => !Object.values(chosen).includes(column) && headerWords.text.test(column))
    .slice(0, 6)
  const numbers = [...cellsOf(chosen.amount), ...cellsOf(chosen.credit), ...cellsOf(chosen.debit)].filter(
    Boolean,
  )
  const commas = numbers.filter((cell) => /,\d{1,2}\D*$/.test(cell)).length
  const dots = numbers.filter((cell) => /\.\d{1,2}\D*$/.test(cell)).length
  return {
    columns,
    sample,
    mapping: {
      delimiter: best.delimiter,
      decimal: dots > commas ? '.' : ',',
      dates: guessDates(cellsOf(chosen.date)),
      header_line: best.line,
      columns: chosen,
      text,
    },
  }
}

/** A file without any word that is known: the first line that has as many cells as the ones below it. */
function guessPlain(
  lines: string[],
): { delimiter: CsvMapping['delimiter']; line: number; score: number } | null {
  for (const delimiter of csvDelimiters) {
    for (let index = 0; index < Math.min(lines.length - 1, 40); index++) {
      const width = splitRow(lines[index]!, delimiter).length
      if (width >= 3 && splitRow(lines[index + 1] ?? '', delimiter).length === width)
        return { delimiter, line: index + 1, score: 0 }
    }
  }
  return null
}

function guessDates(cells: string[]): CsvMapping['dates'] {
  let mdy = false
  for (const cell of cells) {
    if (/^\s*\d{4}\D/.test(cell)) return 'ymd'
    const told = /^\s*(\d{1,2})\D(\d{1,2})\D\d{2,4}/.exec(cell)
    if (told && Number(told[1]) > 12) return 'dmy'
    if (told && Number(told[2]) > 12) mdy = true
  }
  return mdy ? 'mdy' : 'dmy'
}

/** What is missing of a mapping, by its path; none: a file can be read with it. */
export function checkMapping(
  mapping: CsvMapping,
  columns: readonly string[],
): { path: string; code: string }[] {
  const faults: { path: string; code: string }[] = []
  for (const target of csvTargets) {
    const name = mapping.columns[target]
    if (name !== null && !columns.includes(name))
      faults.push({ path: `mapping.columns.${target}`, code: 'not_a_choice' })
  }
  for (const [index, name] of mapping.text.entries()) {
    if (!columns.includes(name)) faults.push({ path: `mapping.text.${index}`, code: 'not_a_choice' })
  }
  if (mapping.columns.date === null) faults.push({ path: 'mapping.columns.date', code: 'required' })
  const { amount, credit, debit } = mapping.columns
  if (amount === null && credit === null && debit === null)
    faults.push({ path: 'mapping.columns.amount', code: 'required' })
  return faults
}

/**
 * Reads a bank's CSV file by a mapping. Rows without a day or without an amount (the bank's own sums, a footer) are left out
 * and counted; one with an amount and no day that can be read is a fault.
 * @throws StatementFault mapping_needed, bad_date, bad_amount, line_too_long, empty.
 */
export async function* readCsvStatement(
  source: AsyncIterable<Buffer>,
  mapping: CsvMapping,
  currency: string,
): AsyncGenerator<StatementPart> {
  let index: Record<CsvTarget, number> | null = null
  let texts: number[] = []
  let left = 0
  let taken = 0
  type OpenRow = { line: number; text: string; lines: number }
  let open = null as OpenRow | null
  let first: Temporal.PlainDate | null = null
  let last: Temporal.PlainDate | null = null
  for await (const lines of readLines(source)) {
    for (const { number, text, ended } of lines) {
      if (!ended) throw new StatementFault('line_too_long', number)
      if (number < mapping.header_line) continue
      if (number === mapping.header_line) {
        const columns = nameColumns(splitRow(text, mapping.delimiter))
        if (checkMapping(mapping, columns).length > 0) throw new StatementFault('mapping_needed', number)
        index = Object.fromEntries(
          csvTargets.map((target) => [
            target,
            mapping.columns[target] === null ? -1 : columns.indexOf(mapping.columns[target]!),
          ]),
        ) as Record<CsvTarget, number>
        texts = mapping.text.map((name) => columns.indexOf(name))
        yield { part: 'head', facts: { ...noFacts, currency } }
        continue
      }
      // A quoted cell may go on in the next line, for a while.
      const whole: string = open ? `${open.text}\n${text}` : text
      const begun: number = open?.line ?? number
      if (countQuotes(whole) % 2 === 1 && (open?.lines ?? 0) < 20) {
        open = { line: begun, text: whole, lines: (open?.lines ?? 0) + 1 }
        continue
      }
      open = null
      if (whole.trim() === '' || index === null) continue
      const cells = splitRow(whole, mapping.delimiter).map((cell) => cell.trim())
      const told = (target: CsvTarget) => (index![target] === -1 ? '' : (cells[index![target]] ?? ''))
      const amount = readRowAmount(told, mapping, currency, begun)
      if (told('date') === '' || amount === null || amount === 0) {
        left++
        continue
      }
      const booked_on = readCsvDay(told('date'), mapping.dates)
      if (!booked_on) throw new StatementFault('bad_date', begun, { value: told('date').slice(0, 40) })
      if (!first || Temporal.PlainDate.compare(booked_on, first) < 0) first = booked_on
      if (!last || Temporal.PlainDate.compare(booked_on, last) > 0) last = booked_on
      const account = told('account') || null
      const description = cleanText(
        texts
          .map((at) => cells[at] ?? '')
          .filter(Boolean)
          .join(' '),
        1000,
        [account],
      )
      const reference = cleanText(told('reference'), 200, [account])
      taken++
      yield {
        part: 'line',
        line: {
          line: begun,
          booked_on,
          amount,
          currency,
          kind: guessKind(description),
          bank_id: cleanText(told('bank_id'), 255) || null,
          end_to_end_id:
            cleanText(told('end_to_end_id'), 100) || findEndToEndId(`${description} ${reference}`),
          counterparty_name: cleanText(told('name'), 200, [account]) || null,
          counterparty_tax_id: cleanTaxId(told('tax_id') || null),
          counterparty_last_digits: lastDigits(account),
          description,
          reference: reference || null,
        },
      }
    }
  }
  if (index === null) throw new StatementFault('mapping_needed', mapping.header_line)
  if (open) throw new StatementFault('truncated', open.line)
  if (taken === 0) throw new StatementFault('empty', null)
  yield { part: 'foot', facts: { period_from: first, period_to: last } }
  if (left > 0) yield { part: 'warning', warning: { code: 'rows_left_out', params: { count: left } } }
}

function readRowAmount(
  told: (target: CsvTarget) => string,
  mapping: CsvMapping,
  currency: string,
  line: number,
): number | null {
  const read = (text: string) => {
    // D or C behind the amount, as many a bank prints it.
    const marked = /^(.*?\d)\s*([DC])$/i.exec(text)
    const amount = readAmount(marked ? marked[1]! : text, currency, mapping.decimal)
    if (amount === null) {
      if (!/\d/.test(text)) return null
      throw new StatementFault('bad_amount', line, { value: text.slice(0, 40) })
    }
    return marked && /d/i.test(marked[2]!) ? -Math.abs(amount) : amount
  }
  if (mapping.columns.amount !== null) {
    const text = told('amount')
    const amount = text === '' ? null : read(text)
    if (amount === null) return null
    const direction = directionOf(told('direction'))
    return direction === null ? amount : direction === 'out' ? -Math.abs(amount) : Math.abs(amount)
  }
  const credit = told('credit') === '' ? null : read(told('credit'))
  const debit = told('debit') === '' ? null : read(told('debit'))
  if (credit === null && debit === null) return null
  const sum = BigInt(Math.abs(credit ?? 0)) - BigInt(Math.abs(debit ?? 0))
  return Number(sum)
}

function directionOf(text: string): 'in' | 'out' | null {
  const word = text.trim()
  if (/^(d|db|deb|d[eé]bito|debit|sa[ií]da|cargo|-)$/i.test(word)) return 'out'
  if (/^(c|cr|cred|cr[eé]dito|credit|entrada|abono|\+)$/i.test(word)) return 'in'
  return null
}

function readCsvDay(text: string, order: CsvMapping['dates']): Temporal.PlainDate | null {
  const told = /^(\d{1,4})[./\- ](\d{1,2})[./\- ](\d{1,4})(?:[ T,].*)?$/.exec(text)
  const solid = /^(\d{4})(\d{2})(\d{2})$/.exec(text)
  if (order === 'ymd' && solid) return readDay(solid[1]!, solid[2]!, solid[3]!)
  if (!told) return null
  const [a, b, c] = [told[1]!, told[2]!, told[3]!]
  const year = (digits: string) => (digits.length === 2 ? `20${digits}` : digits)
  if (order === 'ymd') return readDay(a, b, c)
  return order === 'dmy' ? readDay(year(c), b, a) : readDay(year(c), a, b)
}

function countQuotes(text: string): number {
  let count = 0
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) count++
  return count
}

/** The cells of a row (RFC 4180); quotes that stand within a cell are part of it. */
function splitRow(text: string, delimiter: string): string[] {
  if (!text.includes('"')) return text.split(delimiter)
  const cells: string[] = []
  let cell = ''
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    if (quoted) {
      if (sign !== '"') cell += sign
      else if (text[at + 1] === '"') {
        cell += '"'
        at++
      } else quoted = false
    } else if (sign === '"' && cell === '') quoted = true
    else if (sign === delimiter) {
      cells.push(cell)
      cell = ''
    } else cell += sign
  }
  cells.push(cell)
  return cells
}

/** The columns' names by the header's cells: none is empty, and no two are the same. */
function nameColumns(cells: readonly string[]): string[] {
  const columns: string[] = []
  for (const [index, cell] of cells.slice(0, mostColumns).entries()) {
    const name = cleanText(cell, 100) || `${index + 1}`
    let unique = name
    for (let n = 2; columns.includes(unique); n++) unique = `${name} (${n})`
    columns.push(unique)
  }
  return columns
}
