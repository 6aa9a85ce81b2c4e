import { MoneyCell } from './spreadsheets.ts'

/**
 * One CSV row (RFC 4180). A cell that a spreadsheet would run as a formula is prefixed with an apostrophe
 * (OWASP, CSV injection); a plain negative number stays a number.
 */
export function csvRow(cells: readonly unknown[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  let text =
    typeof value === 'object' &&
    !(value instanceof Temporal.PlainDate) &&
    !(value instanceof Temporal.Instant) &&
    !(value instanceof MoneyCell)
      ? JSON.stringify(value)
      : String(value)
  if (/^[=+\-@\t\r]/.test(text) && !/^-?\d+([.,]\d+)?$/.test(text)) text = `'${text}`
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
