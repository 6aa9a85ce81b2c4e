import saxes from 'saxes'
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
  type StatementLine,
  type StatementPart,
} from './statement-lines.ts'

/** An element with its text and children, of what is small: an account, a balance, an entry without its details. */
type Node = { name: string; text: string; currency: string | null; line: number; children: Node[] }

const message = /^urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.\d\d$/
const deepest = 60
const longestText = 20_000
/** What is kept of an entry's movements at most: more of them are told as one. */
const mostDetails = 200_000

/** What a movement within an entry says; the whole of it where the entry has just one. */
type Detail = {
  amount: { text: string; currency: string | null } | null
  outgoing: boolean | null
  ref: string | null
  end_to_end_id: string | null
  name: { debtor: string | null; creditor: string | null }
  tax_id: { debtor: string | null; creditor: string | null }
  account: { debtor: string | null; creditor: string | null }
  text: string
  reference: string | null
  returned: boolean
}

/**
 * Reads camt.053 (ISO 20022, every version): booked entries, and of a batch each movement by itself where they add up to the
 * entry. A document type declaration is refused before anything is expanded; what is not closed, nested without end or of
 * another message is told with its line.
 * @throws StatementFault dtd_refused, bad_xml, truncated, not_a_statement, bad_amount, bad_date.
 */
export async function* readCamt(source: AsyncIterable<Buffer>): AsyncGenerator<StatementPart> {
  const parser = new saxes.SaxesParser({ xmlns: true, position: true })
  const parts: StatementPart[] = []
  const path: string[] = []
  const nodes: Node[] = []
  let entryDetails: Detail[] = []
  let seen = false
  let statements = 0
  let fault: StatementFault | null = null
  let currency: string | null = null
  let unbooked = 0
  const fail = (error: StatementFault) => {
    fault ??= error
  }
  parser.on('doctype', () => fail(new StatementFault('dtd_refused', parser.line)))
  parser.on('error', (error) => {
    const cut = /unclosed tag|unexpected end/i.test(error.message)
    fail(new StatementFault(cut ? 'truncated' : 'bad_xml', parser.line))
  })
  const kept = new Set(['Acct', 'Bal', 'FrToDt', 'Ntry'])
  parser.on('opentag', (tag) => {
    if (fault) return
    if (path.length === 0 && !message.test(tag.uri)) {
      fail(
        new StatementFault('not_a_statement', parser.line, {
          message: tag.uri.slice(0, 80) || tag.name.slice(0, 80),
        }),
      )
      return
    }
    seen = true
    if (path.length >= deepest) {
      fail(new StatementFault('bad_xml', parser.line))
      return
    }
    path.push(tag.local)
    if (path.length === 3 && tag.local === 'Stmt') {
      statements++
      currency = null
      parts.push({ part: 'head', facts: { ...noFacts } })
    }
    if (nodes.length > 0 || (path.length === 4 && path[2] === 'Stmt' && kept.has(tag.local))) {
      const node: Node = {
        name: tag.local,
        text: '',
        currency: typeof tag.attributes.Ccy?.value === 'string' ? tag.attributes.Ccy.value : null,
        line: parser.line,
        children: [],
      }
      nodes.at(-1)?.children.push(node)
      nodes.push(node)
    }
  })
  const addText = (text: string) => {
    const node = nodes.at(-1)
    if (!node) return
    node.text += text
    if (node.text.length > longestText) fail(new StatementFault('bad_xml', parser.line))
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', (tag) => {
    if (fault) return
    path.pop()
    const node = nodes.pop()
    if (!node) return
    try {
      if (tag.local === 'TxDtls') {
        // Gone from the tree at once: a batch may have very many.
        const parent = nodes.at(-1)
        parent?.children.pop()
        if (entryDetails.length < mostDetails) entryDetails.push(readDetail(node))
      }
      if (nodes.length > 0) return
      if (node.name === 'Acct') {
        currency = textOf(node, 'Ccy')
        const number = textOf(node, 'Id', 'IBAN') ?? textOf(node, 'Id', 'Othr', 'Id')
        parts.push({ part: 'foot', facts: { account_number: number, currency } })
      } else if (node.name === 'FrToDt') {
        const from = textOf(node, 'FrDtTm') ?? textOf(node, 'FrDt')
        const to = textOf(node, 'ToDtTm') ?? textOf(node, 'ToDt')
        parts.push({
          part: 'foot',
          facts: {
            ...(from ? { period_from: readIsoDay(from, node.line) } : {}),
            ...(to ? { period_to: readIsoDay(to, node.line) } : {}),
          },
        })
      } else if (node.name === 'Bal') {
        const code = textOf(node, 'Tp', 'CdOrPrtry', 'Cd')
        const amount = readMoney(node, currency)
        currency ??= amount.currency
        if (code === 'OPBD' || code === 'PRCD')
          parts.push({ part: 'foot', facts: { opening_balance: amount.amount, currency } })
        if (code === 'CLBD') parts.push({ part: 'foot', facts: { closing_balance: amount.amount, currency } })
      } else if (node.name === 'Ntry') {
        const details = entryDetails
        entryDetails = []
        const status = textOf(node, 'Sts', 'Cd') ?? textOf(node, 'Sts') ?? 'BOOK'
        if (status !== 'BOOK') unbooked++
        else parts.push(...readEntry(node, details, currency))
      }
    } catch (error) {
      if (!(error instanceof StatementFault)) throw error
      fail(error)
    }
  })

  let decoder: TextDecoder | null = null
  let start = Buffer.alloc(0)
  const feed = (text: string) => {
    try {
      parser.write(text)
    } catch (error) {
      fail(error instanceof StatementFault ? error : new StatementFault('bad_xml', parser.line))
    }
    if (fault) throw fault
  }
  for await (const chunk of source) {
    let bytes: Buffer = chunk
    if (!decoder) {
      start = Buffer.concat([start, chunk])
      if (start.length < 200) continue
      decoder = chooseDecoder(start)
      bytes = start
    }
    feed(decoder.decode(bytes, { stream: true }))
    yield* parts.splice(0)
  }
  feed(decoder ? decoder.decode() : chooseDecoder(start).decode(start))
  try {
    parser.close()
  } catch {
    fail(new StatementFault('truncated', parser.line))
  }
  if (fault) throw fault
  if (!seen || statements === 0) throw new StatementFault('not_a_statement', null)
  if (unbooked > 0)
    parts.push({ part: 'warning', warning: { code: 'entries_not_booked', params: { count: unbooked } } })
  yield* parts.splice(0)
}

function chooseDecoder(start: Buffer): TextDecoder {
  if (start[0] === 0xff && start[1] === 0xfe) return new TextDecoder('utf-16le')
  if (start[0] === 0xfe && start[1] === 0xff) return new TextDecoder('utf-16be')
  const told = /^\s*<\?xml[^>]*encoding=["']([\w.-]+)["']/
    .exec(start.subarray(0, 200).toString('latin1'))?.[1]
    ?.toLowerCase()
  if (told && /^(iso-8859-1|latin1|iso-8859-15|windows-1252|us-ascii)$/.test(told))
    return new TextDecoder('windows-1252')
  return new TextDecoder('utf-8')
}

function child(node: Node | undefined, name: string): Node | undefined {
  return node?.children.find((one) => one.name === name)
}
function find(node: Node, ...names: string[]): Node | undefined {
  return names.reduce<Node | undefined>(child, node)
}
function textOf(node: Node, ...names: string[]): string | null {
  const text = find(node, ...names)?.text.trim()
  return text ? text : null
}

function readIsoDay(text: string, line: number): Temporal.PlainDate {
  const told = /^(\d{4})-(\d{2})-(\d{2})/.exec(text)
  const day = told ? readDay(told[1]!, told[2]!, told[3]!) : null
  if (!day) throw new StatementFault('bad_date', line, { value: text.slice(0, 40) })
  return day
}

/** An amount with its sign by CdtDbtInd. A reversal's indicator is its own direction already (ISO 20022, ReversalIndicator). */
function readMoney(node: Node, fallback: string | null): { amount: number; currency: string } {
  const told = child(node, 'Amt')
  const currency = told?.currency ?? fallback ?? ''
  const text = told?.text.trim() ?? ''
  const amount = /^[A-Z]{3}$/.test(currency) ? readAmount(text, currency, '.') : null
  if (amount === null)
    throw new StatementFault('bad_amount', told?.line ?? node.line, { value: text.slice(0, 40) })
  return { amount: textOf(node, 'CdtDbtInd') === 'DBIT' && amount !== 0 ? -amount : amount, currency }
}

function readDetail(node: Node): Detail {
  const parties = child(node, 'RltdPties')
  const party = (role: string) => {
    const told = child(parties, role)
    // Version 8 and later put a party into a choice.
    return child(told, 'Pty') ?? told
  }
  const taxId = (role: string) => {
    const id = child(party(role), 'Id')
    const told = id && (textOf(id, 'OrgId', 'Othr', 'Id') ?? textOf(id, 'PrvtId', 'Othr', 'Id'))
    return cleanTaxId(told ?? null)
  }
  const accountOf = (role: string) => {
    const told = child(parties, role)
    return told ? (textOf(told, 'Id', 'IBAN') ?? textOf(told, 'Id', 'Othr', 'Id')) : null
  }
  const remittance = child(node, 'RmtInf')
  const free = remittance?.children.filter((one) => one.name === 'Ustrd').map((one) => one.text.trim()) ?? []
  const structured = remittance?.children.filter((one) => one.name === 'Strd') ?? []
  const references = structured.flatMap((one) => [
    textOf(one, 'CdtrRefInf', 'Ref'),
    ...one.children.filter((part) => part.name === 'RfrdDocInf').map((part) => textOf(part, 'Nb')),
    ...one.children.filter((part) => part.name === 'AddtlRmtInf').map((part) => part.text.trim()),
  ])
  const amount = child(node, 'Amt') ?? find(node, 'AmtDtls', 'TxAmt', 'Amt')
  const direction = textOf(node, 'CdtDbtInd')
  const endToEnd = textOf(node, 'Refs', 'EndToEndId')
  const nameOf = (role: string) => {
    const told = party(role)
    return told ? textOf(told, 'Nm') : null
  }
  return {
    amount: amount ? { text: amount.text.trim(), currency: amount.currency } : null,
    outgoing: direction === null ? null : direction === 'DBIT',
    ref: textOf(node, 'Refs', 'AcctSvcrRef') ?? textOf(node, 'Refs', 'TxId') ?? textOf(node, 'Refs', 'UETR'),
    end_to_end_id: endToEnd && !/^NOT ?PROVIDED$/i.test(endToEnd) ? endToEnd : null,
    name: { debtor: nameOf('Dbtr') ?? nameOf('UltmtDbtr'), creditor: nameOf('Cdtr') ?? nameOf('UltmtCdtr') },
    tax_id: { debtor: taxId('Dbtr') ?? taxId('UltmtDbtr'), creditor: taxId('Cdtr') },
    account: { debtor: accountOf('DbtrAcct'), creditor: accountOf('CdtrAcct') },
    text: [...free, textOf(node, 'AddtlTxInf') ?? ''].filter(Boolean).join(' '),
    reference: references.filter(Boolean).join(' ') || null,
    returned: child(node, 'RtrInf') !== undefined,
  }
}

function readEntry(node: Node, details: Detail[], fallback: string | null): StatementPart[] {
  const { amount, currency } = readMoney(node, fallback)
  const dated = find(node, 'BookgDt') ?? find(node, 'ValDt')
  const booked = dated && (textOf(dated, 'Dt') ?? textOf(dated, 'DtTm'))
  if (!booked) throw new StatementFault('bad_date', node.line, { value: '' })
  const booked_on = readIsoDay(booked, dated.line)
  if (amount === 0) return []
  const ref = textOf(node, 'AcctSvcrRef') ?? textOf(node, 'NtryRef')
  const words = textOf(node, 'AddtlNtryInf') ?? ''
  const reversal = textOf(node, 'RvslInd') === 'true'
  const code = [
    textOf(node, 'BkTxCd', 'Domn', 'Cd'),
    textOf(node, 'BkTxCd', 'Domn', 'Fmly', 'Cd'),
    textOf(node, 'BkTxCd', 'Domn', 'Fmly', 'SubFmlyCd'),
    textOf(node, 'BkTxCd', 'Prtry', 'Cd'),
  ].filter(Boolean)
  const make = (detail: Detail | undefined, value: number, bank_id: string | null): StatementPart => {
    const side = value > 0 ? 'debtor' : 'creditor'
    const account = detail?.account[side] ?? null
    const numbers = detail ? [detail.account.debtor, detail.account.creditor] : []
    const text = cleanText([detail?.text, words].filter(Boolean).join(' '), 1000, numbers)
    const line: StatementLine = {
      line: node.line,
      booked_on,
      amount: value,
      currency,
      kind: reversal || detail?.returned ? 'reversal' : kindOf(code.join('/'), text),
      bank_id: bank_id === null ? null : cleanText(bank_id, 255) || null,
      end_to_end_id: cleanText(detail?.end_to_end_id ?? findEndToEndId(text) ?? '', 100) || null,
      counterparty_name: cleanText(detail?.name[side] ?? '', 200, numbers) || null,
      counterparty_tax_id: detail?.tax_id[side] ?? null,
      counterparty_last_digits: lastDigits(account),
      description: text,
      reference: cleanText(detail?.reference ?? '', 200, numbers) || null,
    }
    return { part: 'line', line }
  }
  if (details.length <= 1) return [make(details[0], amount, ref ?? details[0]?.ref ?? null)]
  const shares = details.map((detail) => {
    if (!detail.amount || (detail.amount.currency ?? currency) !== currency) return null
    const share = readAmount(detail.amount.text, currency, '.')
    if (share === null) return null
    return (detail.outgoing ?? amount < 0) ? -share : share
  })
  const sum = shares.reduce<bigint | null>(
    (total, share) => (total === null || share === null ? null : total + BigInt(share)),
    0n,
  )
  if (sum === null || sum !== BigInt(amount)) {
    const whole = make(undefined, amount, ref)
    return [
      whole,
      {
        part: 'warning',
        warning: { code: 'batch_not_itemised', params: { line: node.line, count: details.length } },
      },
    ]
  }
  return details.flatMap((detail, index) => {
    const share = shares[index]!
    return share === 0
      ? []
      : [make(detail, share, detail.ref ?? (ref === null ? null : `${ref}/${index + 1}`))]
  })
}

/** ISO 20022's codes of what an entry is, then its words. */
function kindOf(code: string, text: string): BankLineKind {
  if (/\/(RCDT|ICDT)\/(RRTN|RPCR)/.test(code)) return 'reversal'
  if (/\/(RDDT|IDDT)\//.test(code)) return 'direct_debit'
  if (/\/(CCRD|MCRD)\//.test(code)) return 'card'
  if (/\/(RCHQ|ICHQ)\//.test(code)) return 'cheque'
  if (/\/CNTR\//.test(code)) return 'cash'
  if (/\/(CHRG|FEES|COMM)(\/|$)/.test(code)) return 'fee'
  if (/\/INTR(\/|$)/.test(code)) return 'interest'
  if (/\/TAXE(\/|$)/.test(code)) return 'tax'
  const guessed = guessKind(text)
  if (guessed !== 'other') return guessed
  return /\/(RCDT|ICDT|RRCT|IRCT)(\/|$)/.test(code) ? 'transfer' : 'other'
}
