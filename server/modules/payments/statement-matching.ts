// What a bank's line probably pays, and why: a pure function of the line and what was found that it could be. Nothing is
// booked here, and nothing that could be two things is ever called certain.

import type { BankLineKind, PaymentDriver, ProposalConfidence } from '../../platform/database.gen.ts'

/** A line of a statement, as far as it says what it pays. `amount` is minor units, signed. */
export type MatchLine = {
  id: string
  booked_on: Temporal.PlainDate
  amount: number
  currency: string
  kind: BankLineKind
  bank_id: string | null
  end_to_end_id: string | null
  counterparty_name: string | null
  counterparty_tax_id: string | null
  description: string
  reference: string | null
}

export const proposalReasons = [
  'already_booked',
  'recorded',
  'intent',
  'notice',
  'reference',
  'order',
  'customer_amount',
  'customer_sum',
  'customer',
  'tax_id_amount',
  'tax_id_sum',
  'tax_id',
  'name_amount',
  'name_sum',
  'name',
  'amount',
  'chosen',
] as const
export type ProposalReason = (typeof proposalReasons)[number]

export type ProposalFacts = { [name: string]: string | number | boolean | string[] }

export type Proposal = {
  account_id: string
  /** What it pays of the account; none: the oldest first. */
  invoice_ids: string[]
  order_id: string | null
  payment_notice_id: string | null
  intent_id: string | null
  /** The payment that it is already. */
  payment_id: string | null
  reason: ProposalReason
  confidence: ProposalConfidence
  facts: ProposalFacts
}

export type CandidateAccount = { id: string; number: number; name: string; tax_id_key: string | null }
export type CandidateInvoice = {
  id: string
  account_id: string
  series: string
  number: number
  due_date: Temporal.PlainDate
  open_amount: number
  /** A provider has been asked for it and may yet book it by itself. */
  awaited: boolean
}
export type CandidateNotice = {
  id: string
  account_id: string
  amount: number
  paid_on: Temporal.PlainDate
  reference: string | null
  order_id: string | null
  invoice_ids: string[]
}
export type CandidatePayment = {
  id: string
  account_id: string
  amount: number
  received_on: Temporal.PlainDate
  provider_ref: string | null
  reference: string | null
  /** Named by their numbers: series and number. */
  invoices: string[]
}
export type CandidateIntent = {
  id: string
  account_id: string
  provider_ref: string | null
  driver: PaymentDriver
  amount: number
  order_id: string | null
  invoice_ids: string[]
}
export type CandidateOrder = { id: string; account_id: string; number: number; due: number }
export type CandidateContract = { contract_number: number; account_id: string }

export type Candidates = {
  accounts: CandidateAccount[]
  /** Open ones: every one of the accounts in `complete`, and a few of each amount. */
  invoices: CandidateInvoice[]
  complete: ReadonlySet<string>
  /** Not yet a line's. */
  payments: CandidatePayment[]
  notices: CandidateNotice[]
  intents: CandidateIntent[]
  orders: CandidateOrder[]
  contracts: CandidateContract[]
}

/** So many invoices of one amount are looked at where nothing else is known: more say nothing. */
export const mostOfAmount = 6
const mostProposals = 6
/** A notice or a payment is of a line that is so many days older or younger. */
const noticeDays = 5
const recordedDays = 4

/** Money of the bank's own, or that came back: nobody's payment. */
const notPayments: ReadonlySet<BankLineKind> = new Set(['reversal', 'fee', 'interest', 'tax'])

/** Whether a line can be somebody's payment at all. */
export function mayBePayment(line: Pick<MatchLine, 'amount' | 'kind'>): boolean {
  return line.amount > 0 && !notPayments.has(line.kind)
}

/** What a line's words point to, before anything is looked up. */
export type Clues = {
  invoices: { series: string | null; number: number; strict: boolean }[]
  orders: number[]
  contracts: number[]
  customers: number[]
  /** Long codes: ids of providers, of Pix, of boletos. */
  tokens: string[]
  tax_ids: string[]
  names: string[]
}

const asPattern = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
const numbered = (words: string) =>
  new RegExp(`(?<![\\p{L}])(?:${words})[\\s.:#nº°o]{0,5}0*(\\d{1,12})(?!\\d)`, 'giu')
const words = {
  invoice: numbered('faturas?|facturas?|invoices?|nota|nf|nfs-?e|fat|inv|fc'),
  order: numbered('pedidos?|orders?|orden|ordem|ped'),
  contract: numbered('contratos?|contracts?|contr?'),
  customer: numbered('clientes?|customers?|cliente n|assinante|socio|cod cliente'),
}

/** Reads what a line may refer to. `series` are those that the business unit numbers its invoices by. */
export function findClues(line: MatchLine, series: readonly string[]): Clues {
  const text = [line.description, line.reference, line.counterparty_name, line.end_to_end_id]
    .filter(Boolean)
    .join(' ')
  const numbers = (pattern: RegExp) =>
    [...new Set([...text.matchAll(pattern)].map((found) => Number(found[1])))].filter((n) => n > 0)
  const invoices = new Map<string, Clues['invoices'][number]>()
  const note = (own: string | null, number: number, strict: boolean) => {
    const key = `${own}-${number}`
    if (number > 0 && !(invoices.get(key)?.strict ?? false))
      invoices.set(key, { series: own, number, strict })
  }
  for (const own of series) {
    const pattern = new RegExp(
      `(?<![\\p{L}\\d])${asPattern(own)}([-\\s./]?)0*(\\d{1,12})(?![\\d\\p{L}])`,
      'giu',
    )
    for (const found of text.matchAll(pattern)) note(own, Number(found[2]), found[1] === '-')
  }
  for (const number of numbers(words.invoice)) note(null, number, false)
  const tokens = new Set<string>()
  for (const token of [line.end_to_end_id, line.reference, line.bank_id])
    if (token && token.length >= 8) tokens.add(token)
  for (const found of text.matchAll(/[0-9A-Za-z][0-9A-Za-z-]{10,63}/g))
    if (/\d/.test(found[0])) tokens.add(found[0])
  const taxIds = new Set<string>()
  if (line.counterparty_tax_id) taxIds.add(line.counterparty_tax_id)
  for (const found of text.matchAll(
    /(?<![\d.])(\d{2}\.?\d{3}\.?\d{3}\/?\d{4}-?\d{2}|\d{3}\.?\d{3}\.?\d{3}-?\d{2}|\d{2}-\d{8}-\d)(?![\d.])/g,
  )) {
    const digits = found[1]!.replaceAll(/\D/g, '')
    if (!/^(\d)\1*$/.test(digits)) taxIds.add(digits)
  }
  const names = new Set<string>()
  for (const name of [line.counterparty_name, nameWithin(line.description)])
    if (name && foldName(name).length >= 5) names.add(name)
  return {
    invoices: [...invoices.values()].slice(0, 20),
    orders: numbers(words.order).slice(0, 5),
    contracts: numbers(words.contract).slice(0, 5),
    customers: numbers(words.customer).slice(0, 5),
    tokens: [...tokens].slice(0, 20),
    tax_ids: [...taxIds].slice(0, 5),
    names: [...names],
  }
}

const leading = new Set(
  'pix recebido recebida receb recebimento transf transferencia transferida ted doc credito cred deposito dep qr code qrcode estatico dinamico pagamento pag pgto cob cobranca boleto de do da em conta cc remet remetente enviado por from received payment transfer acreditacion abono pago transferencias recibida recibido a favor rem ordem'.split(
    ' ',
  ),
)

/** The name that most banks put behind their words for a movement; null where none is left. */
function nameWithin(description: string): string | null {
  const parts = foldName(description).split(' ')
  let at = 0
  while (at < parts.length && (leading.has(parts[at]!) || /\d/.test(parts[at]!))) at++
  const rest: string[] = []
  for (const part of parts.slice(at)) {
    if (/\d/.test(part)) break
    rest.push(part)
  }
  return rest.length >= 2 ? rest.join(' ') : null
}

/** A name as it is compared: lower case, no accents, letters and digits. */
function foldName(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

const fillers = new Set(
  'de da do das dos e y del la las los the of ltda me mei eireli epp sa s a srl sas spa inc ltd llc gmbh ag cia co'.split(
    ' ',
  ),
)

/** A word that so many accounts share tells none of them. */
const commonWord = 200

/** Accounts whose name has the rarest word of this one, and the next where that is rare as well. */
function findNear(name: string, index: Index): CandidateAccount[] {
  const buckets = [...new Set(nameParts(name).map((part) => part.slice(0, 4)))]
    .map((word) => index.byWord.get(word) ?? [])
    .filter((accounts) => accounts.length > 0)
    .sort((one, other) => one.length - other.length)
  return buckets
    .slice(0, 2)
    .filter((accounts, at) => at === 0 || accounts.length <= commonWord)
    .flat()
    .slice(0, 1000)
}

const partsOf = new Map<string, string[]>()

/** The words of a name that say whose it is. Names come again and again: the last ones are remembered. */
function nameParts(name: string): string[] {
  const known = partsOf.get(name)
  if (known) return known
  if (partsOf.size > 20_000) partsOf.clear()
  const parts = splitName(name)
  partsOf.set(name, parts)
  return parts
}

function splitName(name: string): string[] {
  const parts = foldName(name).split(' ').filter(Boolean)
  const told = parts.filter((part) => !fillers.has(part))
  return told.length > 0 ? told : parts
}

/**
 * How alike two names are, 0 to 100: shared words of all words, where a word that a bank cut off counts. Word order and legal
 * forms play no part.
 */
function compareNames(one: string, other: string): number {
  const [a, b] = [nameParts(one), nameParts(other)]
  if (a.length === 0 || b.length === 0) return 0
  const left = [...b]
  let shared = 0
  for (const part of a) {
    const exact = left.indexOf(part)
    const at =
      exact >= 0
        ? exact
        : left.findIndex(
            (word) =>
              Math.min(word.length, part.length) >= 4 && (word.startsWith(part) || part.startsWith(word)),
          )
    if (at === -1) continue
    shared++
    left.splice(at, 1)
  }
  return Math.round((200 * shared) / (a.length + b.length))
}

/** Whether a name is the other, or what a bank left of it. */
function isSameName(told: string, name: string): boolean {
  const [a, b] = [nameParts(told).join(' '), nameParts(name).join(' ')]
  return a === b || (a.length >= 15 && b.startsWith(a)) || (b.length >= 15 && a.startsWith(b))
}

type Index = {
  accounts: Map<string, CandidateAccount>
  invoicesOf: Map<string, CandidateInvoice[]>
  byNumber: Map<string, CandidateInvoice>
  byAmount: Map<number, CandidateInvoice[]>
  invoices: Map<string, CandidateInvoice>
  /** Accounts by how each word of their name begins. */
  byWord: Map<string, CandidateAccount[]>
}

function indexCandidates(candidates: Candidates): Index {
  const index: Index = {
    accounts: new Map(candidates.accounts.map((account) => [account.id, account])),
    invoicesOf: new Map(),
    byNumber: new Map(),
    byAmount: new Map(),
    invoices: new Map(),
    byWord: new Map(),
  }
  for (const account of candidates.accounts) {
    for (const word of new Set(nameParts(account.name).map((part) => part.slice(0, 4)))) {
      const list = index.byWord.get(word)
      if (list) list.push(account)
      else index.byWord.set(word, [account])
    }
  }
  const add = <K>(map: Map<K, CandidateInvoice[]>, key: K, invoice: CandidateInvoice) => {
    const list = map.get(key)
    if (list) list.push(invoice)
    else map.set(key, [invoice])
  }
  for (const invoice of candidates.invoices) {
    if (index.invoices.has(invoice.id)) continue
    index.invoices.set(invoice.id, invoice)
    index.byNumber.set(`${invoice.series}-${invoice.number}`.toUpperCase(), invoice)
    add(index.invoicesOf, invoice.account_id, invoice)
    add(index.byAmount, invoice.open_amount, invoice)
  }
  for (const list of index.invoicesOf.values())
    list.sort((a, b) => Temporal.PlainDate.compare(a.due_date, b.due_date) || a.number - b.number)
  return index
}

const labelOf = (invoice: CandidateInvoice) => `${invoice.series}-${invoice.number}`

const sum = (amounts: readonly number[]): number =>
  Number(amounts.reduce((total, amount) => total + BigInt(amount), 0n))

/**
 * Proposals for each line, the best first, in the order of the lines. At most one of a line is certain, and no two lines are
 * certain of the same thing: the second one is for people to look at.
 */
export function matchLines(
  lines: readonly MatchLine[],
  candidates: Candidates,
  series: readonly string[],
): Map<string, Proposal[]> {
  const index = indexCandidates(candidates)
  const taken = new Set<string>()
  const result = new Map<string, Proposal[]>()
  for (const line of lines) {
    const proposals = mayBePayment(line)
      ? matchLine(line, findClues(line, series), candidates, index, taken)
      : []
    const best = proposals[0]
    if (best?.confidence === 'certain') {
      const targets = targetsOf(best)
      if (targets.some((target) => taken.has(target))) {
        best.confidence = 'likely'
        best.facts = { ...best.facts, repeated: true }
      } else for (const target of targets) taken.add(target)
    }
    result.set(line.id, proposals)
  }
  return result
}

/** What a proposal would use up. */
function targetsOf(proposal: Proposal): string[] {
  return [
    ...proposal.invoice_ids,
    ...[proposal.payment_id, proposal.payment_notice_id, proposal.order_id, proposal.intent_id].filter(
      (id) => id !== null,
    ),
  ]
}

function matchLine(
  line: MatchLine,
  clues: Clues,
  candidates: Candidates,
  index: Index,
  taken: ReadonlySet<string>,
): Proposal[] {
  const found: Proposal[] = []
  const text = `${line.description} ${line.reference ?? ''} ${line.end_to_end_id ?? ''}`.toUpperCase()
  const tokens = new Set(
    clues.tokens.flatMap((token) => [token.toUpperCase(), token.replaceAll('-', '').toUpperCase()]),
  )
  const add = (
    account_id: string,
    reason: ProposalReason,
    confidence: ProposalConfidence,
    target: Partial<
      Pick<Proposal, 'invoice_ids' | 'order_id' | 'payment_notice_id' | 'intent_id' | 'payment_id'>
    >,
    facts: ProposalFacts = {},
  ) => {
    const invoices = (target.invoice_ids ?? [])
      .map((id) => index.invoices.get(id))
      .filter((one) => one !== undefined)
    const open = sum(invoices.map((invoice) => invoice.open_amount))
    const awaited = invoices.some((invoice) => invoice.awaited) && !target.intent_id && !target.payment_id
    found.push({
      account_id,
      invoice_ids: [],
      order_id: null,
      payment_notice_id: null,
      intent_id: null,
      payment_id: null,
      ...target,
      reason,
      // A provider that was asked for it may book it by itself, and then it would be booked twice.
      confidence: confidence === 'certain' && awaited ? 'likely' : confidence,
      facts: {
        ...(invoices.length > 0 ? { invoices: invoices.map(labelOf), open_amount: open } : {}),
        ...(awaited ? { awaited: true } : {}),
        ...facts,
      },
    })
  }

  // Who pays, by what the line says of them.
  const byTaxId = candidates.accounts.filter(
    (account) => account.tax_id_key !== null && clues.tax_ids.includes(account.tax_id_key),
  )
  const byNumber = [
    ...candidates.contracts
      .filter((one) => clues.contracts.includes(one.contract_number))
      .map((one) => ({ id: one.account_id, number: one.contract_number, of: 'contract' })),
    ...candidates.accounts
      .filter((one) => clues.customers.includes(one.number))
      .map((one) => ({ id: one.id, number: one.number, of: 'customer' })),
  ]
  const similarity = (account: CandidateAccount) =>
    Math.max(
      0,
      ...clues.names.map((name) => (isSameName(name, account.name) ? 100 : compareNames(name, account.name))),
    )
  const near = new Set(clues.names.flatMap((name) => findNear(name, index)))
  const named = [...near]
    .map((account) => ({ account, alike: similarity(account) }))
    .filter((one) => one.alike >= 80)
  const mentioned = new Set(
    clues.invoices.flatMap((clue) =>
      clue.series === null ? [] : [`${clue.series}-${clue.number}`.toUpperCase()],
    ),
  )
  const isKnown = (accountId: string): 'tax_id' | 'number' | 'name' | null => {
    if (byTaxId.some((account) => account.id === accountId)) return 'tax_id'
    if (byNumber.some((one) => one.id === accountId)) return 'number'
    return named.some((one) => one.account.id === accountId && one.alike === 100) ? 'name' : null
  }

  // Booked already: by the id that provider and bank share.
  for (const payment of candidates.payments) {
    if (taken.has(payment.id)) continue
    if (payment.provider_ref !== null && tokens.has(payment.provider_ref.toUpperCase())) {
      add(
        payment.account_id,
        'already_booked',
        payment.amount === line.amount ? 'certain' : 'likely',
        { payment_id: payment.id },
        { reference: payment.provider_ref, booked: payment.amount },
      )
    }
  }
  if (found.some((one) => one.confidence === 'certain')) return found.slice(0, 1)

  // Recorded by hand, or a notice that was approved before the statement came.
  const recorded = candidates.payments.filter(
    (payment) =>
      !taken.has(payment.id) &&
      payment.provider_ref === null &&
      payment.amount === line.amount &&
      daysBetween(payment.received_on, line.booked_on) <= recordedDays,
  )
  for (const payment of recorded) {
    const told =
      payment.reference !== null &&
      payment.reference.length >= 4 &&
      text.includes(payment.reference.toUpperCase())
    const agrees =
      told ||
      isKnown(payment.account_id) !== null ||
      payment.invoices.some((label) => mentioned.has(label.toUpperCase()))
    if (agrees || recorded.length <= 2)
      add(
        payment.account_id,
        'recorded',
        agrees ? 'certain' : 'possible',
        { payment_id: payment.id },
        {
          received_on: payment.received_on.toString(),
          days: daysBetween(payment.received_on, line.booked_on),
        },
      )
  }

  for (const intent of candidates.intents) {
    const names = [intent.provider_ref, intent.id.replaceAll('-', '')]
      .filter((one) => one !== null)
      .map((one) => one.toUpperCase())
    if (!names.some((name) => tokens.has(name))) continue
    const exact = intent.amount === line.amount
    // Where the provider cannot be asked nobody else books it; else the Pix's own id is what makes it once.
    const sure = exact && (['pix_static', 'boleto'].includes(intent.driver) || line.end_to_end_id !== null)
    add(
      intent.account_id,
      'intent',
      sure ? 'certain' : 'likely',
      { intent_id: intent.id },
      {
        asked: intent.amount,
        difference: line.amount - intent.amount,
      },
    )
  }

  const notices = candidates.notices.filter(
    (notice) =>
      notice.amount === line.amount && Math.abs(notice.paid_on.until(line.booked_on).days) <= noticeDays,
  )
  for (const notice of notices) {
    const told =
      notice.reference !== null &&
      notice.reference.length >= 4 &&
      text.includes(notice.reference.toUpperCase())
    const invoices = notice.invoice_ids.map((id) => index.invoices.get(id)).filter((one) => one !== undefined)
    const agrees =
      told ||
      isKnown(notice.account_id) !== null ||
      invoices.some((one) => mentioned.has(labelOf(one).toUpperCase()))
    add(
      notice.account_id,
      'notice',
      agrees ? 'certain' : notices.length === 1 ? 'likely' : 'possible',
      {
        payment_notice_id: notice.id,
        invoice_ids: notice.invoice_ids,
      },
      { paid_on: notice.paid_on.toString(), days: daysBetween(notice.paid_on, line.booked_on) },
    )
  }

  // Invoices that are named.
  const meant = clues.invoices.flatMap((clue) => {
    if (clue.series !== null) {
      const invoice = index.byNumber.get(`${clue.series}-${clue.number}`.toUpperCase())
      return invoice ? [{ invoice, strict: clue.strict }] : []
    }
    return [...index.invoices.values()]
      .filter((invoice) => invoice.number === clue.number)
      .map((invoice) => ({ invoice, strict: false }))
  })
  const owners = new Map<string, { invoice: CandidateInvoice; strict: boolean }[]>()
  for (const one of meant) {
    const list = owners.get(one.invoice.account_id) ?? []
    if (!list.some((other) => other.invoice.id === one.invoice.id)) list.push(one)
    owners.set(one.invoice.account_id, list)
  }
  for (const [account, list] of owners) {
    const all = sum(list.map((one) => one.invoice.open_amount))
    const single = list.filter((one) => one.invoice.open_amount === line.amount)
    if (all === line.amount)
      add(account, 'reference', 'certain', { invoice_ids: list.map((one) => one.invoice.id) })
    else if (single.length === 1)
      add(account, 'reference', 'certain', { invoice_ids: [single[0]!.invoice.id] })
    else {
      const strict = list.filter((one) => one.strict || isKnown(account) !== null)
      if (strict.length > 0)
        add(
          account,
          'reference',
          'likely',
          { invoice_ids: strict.map((one) => one.invoice.id) },
          {
            difference: line.amount - sum(strict.map((one) => one.invoice.open_amount)),
          },
        )
    }
  }

  for (const order of candidates.orders.filter((one) => clues.orders.includes(one.number))) {
    add(
      order.account_id,
      'order',
      order.due === line.amount ? 'certain' : 'likely',
      { order_id: order.id },
      {
        order: order.number,
        difference: line.amount - order.due,
      },
    )
  }

  // An account that is known, by what it owes.
  const byDebts = (
    accountId: string,
    reasons: { amount: ProposalReason; sum: ProposalReason; other: ProposalReason | null },
    sure: ProposalConfidence,
    sureOfSum: ProposalConfidence,
    facts: ProposalFacts,
  ) => {
    const invoices = index.invoicesOf.get(accountId) ?? []
    const equal = invoices.filter((invoice) => invoice.open_amount === line.amount)
    if (equal.length === 1) add(accountId, reasons.amount, sure, { invoice_ids: [equal[0]!.id] }, facts)
    else if (equal.length > 1) {
      for (const invoice of equal.slice(0, 3))
        add(
          accountId,
          reasons.amount,
          'likely',
          { invoice_ids: [invoice.id] },
          { ...facts, alike: equal.length },
        )
    } else if (
      invoices.length > 1 &&
      candidates.complete.has(accountId) &&
      sum(invoices.map((one) => one.open_amount)) === line.amount
    )
      add(accountId, reasons.sum, sureOfSum, { invoice_ids: invoices.map((one) => one.id) }, facts)
    else if (reasons.other !== null) {
      const owed = sum(invoices.map((one) => one.open_amount))
      add(accountId, reasons.other, 'likely', {}, { ...facts, owed, difference: line.amount - owed })
    }
  }
  for (const { id, number, of } of byNumber) {
    byDebts(id, { amount: 'customer_amount', sum: 'customer_sum', other: 'customer' }, 'certain', 'certain', {
      number,
      of,
    })
  }
  for (const account of byTaxId) {
    const sure = byTaxId.length === 1 ? 'certain' : 'likely'
    byDebts(
      account.id,
      { amount: 'tax_id_amount', sum: 'tax_id_sum', other: byTaxId.length === 1 ? 'tax_id' : null },
      sure,
      sure,
      {},
    )
  }
  const namesakes = named.filter((one) => one.alike === 100).length
  for (const { account, alike } of named) {
    const exact = alike === 100 && namesakes === 1
    byDebts(
      account.id,
      { amount: 'name_amount', sum: 'name_sum', other: exact ? 'name' : null },
      exact ? 'certain' : 'likely',
      'likely',
      { similarity: alike, ...(namesakes > 1 ? { namesakes } : {}) },
    )
  }

  if (found.length === 0) {
    const equal = index.byAmount.get(line.amount) ?? []
    if (equal.length < mostOfAmount)
      for (const invoice of equal)
        add(invoice.account_id, 'amount', 'possible', { invoice_ids: [invoice.id] }, { alike: equal.length })
  }
  return choose(found)
}

function daysBetween(one: Temporal.PlainDate, other: Temporal.PlainDate): number {
  return Math.abs(one.until(other).days)
}

const order: Record<ProposalConfidence, number> = { certain: 0, likely: 1, possible: 2 }

/** Each target once, by its best reason; the best first; and where more than one is certain, none is. */
function choose(found: Proposal[]): Proposal[] {
  const merged = new Map<string, Proposal>()
  const rank = (proposal: Proposal) =>
    order[proposal.confidence] * 100 + proposalReasons.indexOf(proposal.reason)
  // What was recorded, asked or told stands for the invoices that it is about.
  const told = found.filter((one) => one.payment_notice_id !== null)
  for (const proposal of found) {
    const notice =
      proposal.payment_notice_id === null &&
      proposal.payment_id === null &&
      proposal.intent_id === null &&
      proposal.order_id === null
        ? told.find(
            (one) =>
              one.account_id === proposal.account_id && isWithin(proposal.invoice_ids, one.invoice_ids),
          )
        : undefined
    if (notice) {
      if (order[proposal.confidence] < order[notice.confidence]) notice.confidence = proposal.confidence
      continue
    }
    const key = JSON.stringify([
      proposal.account_id,
      [...proposal.invoice_ids].sort(),
      proposal.order_id,
      proposal.payment_notice_id,
      proposal.intent_id,
      proposal.payment_id,
    ])
    const before = merged.get(key)
    if (!before || rank(proposal) < rank(before)) merged.set(key, proposal)
  }
  let list = [...merged.values()].sort((a, b) => rank(a) - rank(b))
  // What is surely booked is never booked again, whatever else it would pay.
  const linked = list.filter((one) => one.payment_id !== null && one.confidence === 'certain')
  if (linked.length === 1) list = [linked[0]!, ...list.filter((one) => one !== linked[0]).map(demote)]
  // An account as a whole is no other answer than its invoices.
  const exact = new Set(list.filter((one) => targetsOf(one).length > 0).map((one) => one.account_id))
  list = list.filter((one) => targetsOf(one).length > 0 || !exact.has(one.account_id))
  if (list.filter((one) => one.confidence === 'certain').length > 1) list = list.map(demote)
  return list.slice(0, mostProposals)
}

const demote = (proposal: Proposal): Proposal =>
  proposal.confidence === 'certain' ? { ...proposal, confidence: 'likely' } : proposal

function isWithin(some: readonly string[], all: readonly string[]): boolean {
  return some.every((one) => all.includes(one))
}
