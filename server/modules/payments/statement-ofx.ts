import type { BankLineKind } from '../../platform/database.gen.ts'
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

const kinds: Record<string, BankLineKind> = {
  INT: 'interest',
  DIV: 'interest',
  FEE: 'fee',
  SRVCHG: 'fee',
  ATM: 'cash',
  CASH: 'cash',
  POS: 'card',
  XFER: 'transfer',
  CHECK: 'cheque',
  DIRECTDEP: 'transfer',
  DIRECTDEBIT: 'direct_debit',
}
/** What holds other elements and begins or ends something; all else that has a text is a field. */
const aggregates = new Set([
  'STMTRS',
  'CCSTMTRS',
  'BANKTRANLIST',
  'STMTTRN',
  'LEDGERBAL',
  'OFX',
  'BANKACCTFROM',
  'CCACCTFROM',
  'BANKACCTTO',
  'CCACCTTO',
  'CURRENCY',
  'ORIGCURRENCY',
  'PAYEE',
  'AVAILBAL',
  'BAL',
  'STATUS',
])

type Token = { line: number; close: boolean; name: string; value: string }

/**
 * Reads OFX: 1.x (SGML: fields are not closed, the header lies about the charset, values hold bare ampersands) and 2.x (XML).
 * No entity but the five of XML and numbers is known and nothing is ever expanded twice. Dates are the bank's own days.
 * @throws StatementFault not_a_statement, truncated (no `</OFX>`), dtd_refused, bad_date, bad_amount.
 */
export async function* readOfx(source: AsyncIterable<Buffer>): AsyncGenerator<StatementPart> {
  let account: { bank: string; branch: string; number: string } | null = null
  let currency: string | null = null
  let started = false
  let ended = false
  let inBalance = false
  let inList = false
  const within: string[] = []
  let fields: Map<string, string> | null = null
  let began = 0

  const day = (text: string, line: number) => {
    const told = /^(\d{4})-?(\d{2})-?(\d{2})/.exec(text)
    const date = told ? readDay(told[1]!, told[2]!, told[3]!) : null
    if (!date) throw new StatementFault('bad_date', line, { value: text.slice(0, 40) })
    return date
  }
  const finish = (): StatementPart[] => {
    if (!fields) return []
    const told = fields
    fields = null
    const code = told.get('CURRENCY.CURSYM') ?? currency
    if (!code || !/^[A-Z]{3}$/.test(code)) throw new StatementFault('bad_record', began, { value: 'CURDEF' })
    const value = told.get('TRNAMT') ?? ''
    const amount = readAmount(value, code, 'auto')
    if (amount === null) throw new StatementFault('bad_amount', began, { value: value.slice(0, 40) })
    const booked_on = day(told.get('DTPOSTED') ?? '', began)
    // Days without a movement are told as one of nothing by some banks.
    if (amount === 0) return []
    const other = told.get('BANKACCTTO.ACCTID') ?? told.get('CCACCTTO.ACCTID') ?? null
    const name = cleanText(told.get('PAYEE.NAME') ?? told.get('NAME') ?? '', 200, [
      other,
      account?.number ?? null,
    ])
    const memo = cleanText([told.get('MEMO'), told.get('MEMO2')].filter(Boolean).join(' '), 1000, [
      other,
      account?.number ?? null,
    ])
    const text = [memo, name].filter(Boolean).join(' ')
    const guessed = guessKind(text)
    const reference = cleanText(
      [told.get('REFNUM'), told.get('CHECKNUM')].filter((one) => one && !/^0+$/.test(one))[0] ?? '',
      200,
    )
    return [
      {
        part: 'line',
        line: {
          line: began,
          booked_on,
          amount,
          currency: code,
          kind: guessed === 'other' ? (kinds[told.get('TRNTYPE') ?? ''] ?? 'other') : guessed,
          bank_id: cleanText(told.get('FITID') ?? '', 255) || null,
          end_to_end_id: findEndToEndId(`${text} ${reference} ${told.get('FITID') ?? ''}`),
          counterparty_name: name || null,
          counterparty_tax_id: cleanTaxId(told.get('PAYEE.TAXID') ?? null),
          counterparty_last_digits: lastDigits(other),
          description: memo || name,
          reference: reference || null,
        },
      },
    ]
  }

  for await (const token of readTokens(source)) {
    const { name, close, value, line } = token
    if (aggregates.has(name) && value === '') {
      if (name === 'OFX') {
        if (close) ended = true
        else started = true
      } else if (name === 'STMTRS' || name === 'CCSTMTRS') {
        yield* finish()
        account = null
        currency = null
        inList = false
      } else if (name === 'STMTTRN') {
        yield* finish()
        if (!close) {
          fields = new Map()
          began = line
        }
      } else if (name === 'BANKTRANLIST') {
        yield* finish()
        inList = !close
        if (!close)
          yield {
            part: 'head',
            facts: {
              ...noFacts,
              currency,
              account_number: account
                ? [account.bank, account.branch, account.number].filter(Boolean).join('/')
                : null,
            },
          }
      } else if (name === 'LEDGERBAL') {
        yield* finish()
        inBalance = !close
      }
      if (close) {
        const at = within.lastIndexOf(name)
        if (at >= 0) within.length = at
      } else within.push(name)
      continue
    }
    if (close || value === '') continue
    const holder = within.at(-1)
    if (fields) {
      const key =
        holder && ['CURRENCY', 'ORIGCURRENCY', 'PAYEE', 'BANKACCTTO', 'CCACCTTO'].includes(holder)
          ? `${holder}.${name}`
          : name
      if (!fields.has(key)) fields.set(key, value)
    } else if (name === 'CURDEF') currency = value.toUpperCase().slice(0, 3)
    else if (holder === 'BANKACCTFROM' || holder === 'CCACCTFROM') {
      account ??= { bank: '', branch: '', number: '' }
      if (name === 'BANKID') account.bank = value.replace(/^0+(?=\d)/, '')
      if (name === 'BRANCHID') account.branch = value
      if (name === 'ACCTID') account.number = value
    } else if (inList && (name === 'DTSTART' || name === 'DTEND')) {
      // Some banks fill these with zeros.
      if (/^\d{4}-?\d{2}-?\d{2}/.test(value) && !/^0/.test(value))
        yield {
          part: 'foot',
          facts: { [name === 'DTSTART' ? 'period_from' : 'period_to']: day(value, line) },
        }
    } else if (inBalance && name === 'BALAMT' && currency) {
      const balance = readAmount(value, currency, 'auto')
      if (balance === null) throw new StatementFault('bad_amount', line, { value: value.slice(0, 40) })
      yield { part: 'foot', facts: { closing_balance: balance } }
    }
  }
  if (!started) throw new StatementFault('not_a_statement', null)
  if (!ended) throw new StatementFault('truncated', began || null)
}

async function* readTokens(source: AsyncIterable<Buffer>): AsyncGenerator<Token> {
  let buffer = ''
  let line = 1
  let open: Token | null = null
  const take = (text: string) => {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) line++
  }
  for await (const pieces of readLines(source)) {
    let more = ''
    for (const one of pieces) more += one.ended ? `${one.text}\n` : one.text
    buffer += more
    let at = 0
    for (;;) {
      const begin = buffer.indexOf('<', at)
      if (begin === -1) break
      if (buffer.startsWith('<![CDATA[', begin)) {
        const end = buffer.indexOf(']]>', begin)
        if (end === -1) break
        const before = buffer.slice(at, begin)
        if (open) open.value += decodeText(before) + buffer.slice(begin + 9, end)
        take(buffer.slice(at, end))
        at = end + 3
        continue
      }
      const end = buffer.indexOf('>', begin)
      if (end === -1) break
      const inside = buffer.slice(begin + 1, end)
      const named = /^(\/?)([A-Za-z][\w.]*)\s*(\/?)$/.exec(inside)
      if (!named) {
        if (/^!DOCTYPE|^!ENTITY/i.test(inside)) {
          take(buffer.slice(at, begin))
          throw new StatementFault('dtd_refused', line)
        }
        // A comment, an instruction, or a bare sign in a value.
        const keep = /^[?!]/.test(inside) ? end + 1 : begin + 1
        if (open) open.value += decodeText(buffer.slice(at, begin)) + (keep === begin + 1 ? '<' : '')
        take(buffer.slice(at, keep))
        at = keep
        continue
      }
      const before = buffer.slice(at, begin)
      if (open) {
        open.value = (open.value + decodeText(before)).trim()
        yield open
        open = null
      }
      take(before)
      const close = named[1] === '/'
      const token: Token = { line, close, name: named[2]!.toUpperCase(), value: '' }
      take(buffer.slice(begin, end + 1))
      if (close || named[3] === '/') yield token
      else open = token
      at = end + 1
    }
    buffer = buffer.slice(at)
    if (buffer.length > 1_000_000) throw new StatementFault('line_too_long', line)
  }
  if (open) yield open
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

function decodeText(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&(#\d{1,7}|#x[0-9a-f]{1,6}|\w{2,6});/gi, (all, name: string) => {
    if (!name.startsWith('#')) return entities[name.toLowerCase()] ?? all
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code >= 32 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
      ? String.fromCodePoint(code)
      : ' '
  })
}
