import type { BankLineKind } from '../../platform/database.gen.ts'
import {
  cleanText,
  findEndToEndId,
  guessKind,
  noFacts,
  readDay,
  StatementFault,
  type StatementPart,
} from './statement-lines.ts'
import { readLines } from './statement-text.ts'

/** FEBRABAN's categories of movements (G063) that say what one is. */
const categories: Record<string, BankLineKind> = {
  '101': 'cheque',
  '102': 'fee',
  '103': 'reversal',
  '105': 'fee',
  '106': 'interest',
  '107': 'interest',
  '109': 'tax',
  '110': 'tax',
  '111': 'tax',
  '114': 'cash',
  '117': 'transfer',
  '118': 'reversal',
  '119': 'cheque',
  '120': 'transfer',
  '201': 'transfer',
  '202': 'boleto',
  '203': 'cheque',
  '204': 'reversal',
  '206': 'interest',
  '207': 'interest',
  '209': 'transfer',
  '213': 'transfer',
  '215': 'reversal',
  '217': 'transfer',
  '218': 'transfer',
  '220': 'cash',
  '222': 'card',
}

/**
 * Reads a statement in CNAB 240 (FEBRABAN, electronic statement for reconciliation: service 04, segment E). Records, their
 * order, counts and the totals of each lot are checked: one that does not hold is a file that was cut or changed.
 * @throws StatementFault bad_record, bad_date, bad_amount, bad_total, truncated, not_a_statement.
 */
export async function* readCnab(source: AsyncIterable<Buffer>): AsyncGenerator<StatementPart> {
  let bank: string | null = null
  let records = 0
  let lots = 0
  let over = false
  let lot: {
    number: string
    records: number
    details: number
    debits: bigint
    credits: bigint
    currency: string
  } | null = null
  for await (const lines of readLines(source)) {
    for (const { number: line, text } of lines) {
      // The end of the file as CP/M had it, and empty lines.
      const record = text.replaceAll('\u001a', '')
      if (record.trim() === '') continue
      if (over) throw new StatementFault('bad_record', line)
      if (
        record.length !== 240 &&
        !(record.length > 235 && record.length < 240 && /^\d{7}[0135]/.test(record))
      )
        throw new StatementFault('bad_record', line, { length: record.length })
      // Trailing blanks are lost on the way through many a program.
      const field = cut(record.padEnd(240))
      records++
      const type = field(8, 8)
      if (bank === null) {
        if (type !== '0' || field(4, 7) !== '0000') throw new StatementFault('not_a_statement', line)
        bank = field(1, 3)
        continue
      }
      if (field(1, 3) !== bank) throw new StatementFault('bad_record', line)
      if (type === '1') {
        if (lot) throw new StatementFault('truncated', line)
        if (field(10, 11) !== '04' && field(9, 9) !== 'E')
          throw new StatementFault('not_a_statement', line, { service: field(10, 11) })
        const currency = /^[A-Z]{3}$/.test(field(171, 173)) ? field(171, 173) : 'BRL'
        lot = { number: field(4, 7), records: 1, details: 0, debits: 0n, credits: 0n, currency }
        lots++
        const first = day(field(143, 150), line, true)
        yield {
          part: 'head',
          facts: {
            ...noFacts,
            account_number: `${bank}/${field(53, 57).replace(/^0+(?=\d)/, '')}/${field(59, 70)
              .trim()
              .replace(/^0+(?=\d)/, '')}${field(71, 71).trim()}`,
            currency,
            period_from: first,
            opening_balance:
              first === null && /^[0 ]*$/.test(field(151, 168))
                ? null
                : money(field(151, 168), field(169, 169), line),
          },
        }
      } else if (type === '3') {
        if (!lot || field(4, 7) !== lot.number) throw new StatementFault('bad_record', line)
        lot.records++
        if (field(14, 14) !== 'E') continue
        const amount = money(field(151, 168), field(169, 169), line)
        if (amount < 0) lot.debits -= BigInt(amount)
        else lot.credits += BigInt(amount)
        lot.details++
        const booked_on = day(field(143, 150), line, false)!
        if (amount === 0) continue
        const history = cleanText(field(177, 201), 200)
        const detail = cleanText(
          `${field(202, 240)} ${/^\s*0*\s*$/.test(field(114, 133)) ? '' : field(114, 133)}`,
          800,
        )
        const text = `${history} ${detail}`
        const guessed = guessKind(text)
        yield {
          part: 'line',
          line: {
            line,
            booked_on,
            amount,
            currency: lot.currency,
            kind: guessed === 'other' ? (categories[field(170, 172)] ?? 'other') : guessed,
            bank_id: null,
            end_to_end_id: findEndToEndId(text),
            counterparty_name: null,
            counterparty_tax_id: null,
            counterparty_last_digits: null,
            description: cleanText(text, 1000),
            reference: cleanText(field(202, 240), 200) || null,
          },
        }
      } else if (type === '5') {
        if (!lot || field(4, 7) !== lot.number) throw new StatementFault('bad_record', line)
        lot.records++
        const last = day(field(143, 150), line, true)
        const told = {
          records: digits(field(171, 176)),
          debits: digits(field(177, 194)),
          credits: digits(field(195, 212)),
        }
        // The manual counts header and trailer; some banks count the details alone, and some leave the totals empty.
        if (told.records > 0n && told.records !== BigInt(lot.records) && told.records !== BigInt(lot.details))
          throw new StatementFault('bad_total', line, { told: Number(told.records), found: lot.records })
        if (told.debits + told.credits > 0n && (told.debits !== lot.debits || told.credits !== lot.credits))
          throw new StatementFault('bad_total', line, {
            told: String(told.debits + told.credits),
            found: String(lot.debits + lot.credits),
          })
        yield {
          part: 'foot',
          facts: {
            ...(last ? { period_to: last } : {}),
            ...(last === null && /^[0 ]*$/.test(field(151, 168))
              ? {}
              : { closing_balance: money(field(151, 168), field(169, 169), line) }),
          },
        }
        lot = null
      } else if (type === '9') {
        if (lot) throw new StatementFault('truncated', line)
        const told = digits(field(24, 29))
        if (told > 0n && told !== BigInt(records))
          throw new StatementFault('bad_total', line, { told: Number(told), found: records })
        over = true
      } else if (type !== '2' && type !== '4') throw new StatementFault('bad_record', line)
      else if (lot) lot.records++
    }
  }
  if (bank === null) throw new StatementFault('not_a_statement', null)
  if (!over) throw new StatementFault('truncated', records + 1)
  if (lots === 0) throw new StatementFault('empty', null)
}

/** Positions as the manual counts them: from 1, both ends included. */
const cut = (record: string) => (from: number, to: number) => record.slice(from - 1, to)

function digits(text: string): bigint {
  return /^\d+$/.test(text) ? BigInt(text) : 0n
}

function day(text: string, line: number, optional: boolean): Temporal.PlainDate | null {
  if (optional && /^[0 ]*$/.test(text)) return null
  const date = readDay(text.slice(4), text.slice(2, 4), text.slice(0, 2))
  if (!date) throw new StatementFault('bad_date', line, { value: text })
  return date
}

/** 16 digits and 2 decimals: minor units of the real as they stand; D is what went out, or an account that is overdrawn. */
function money(text: string, sign: string, line: number): number {
  const clean = text.trim() === '' ? '0' : text
  if (!/^\d+$/.test(clean) || BigInt(clean) > BigInt(Number.MAX_SAFE_INTEGER))
    throw new StatementFault('bad_amount', line, { value: text })
  const amount = Number(clean)
  if (amount !== 0 && sign !== 'D' && sign !== 'C')
    throw new StatementFault('bad_amount', line, { value: `${text}${sign}` })
  return sign === 'D' && amount !== 0 ? -amount : amount
}
