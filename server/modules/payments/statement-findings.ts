// What one line may pay, one reason at a time: each finding is a proposal with what it rests on.

import type { ProposalConfidence } from '../../platform/database.gen.ts'
import { compareNames, isSameName } from './payer-names.ts'
import { type Clues, findClues } from './statement-clues.ts'
import { type CandidateIndex, findNear, labelOf, pick } from './statement-index.ts'
import type {
  CandidateAccount,
  CandidateInvoice,
  MatchLine,
  Proposal,
  ProposalFacts,
  ProposalReason,
} from './statement-proposals.ts'

/** So many invoices of one amount are looked at where nothing else is known: more say nothing. */
export const mostOfAmount = 6
/** A notice or a payment is of a line that is so many days older or younger. */
const noticeDays = 5
const recordedDays = 4
/** A reference that is shorter is found in any text. */
const shortestReference = 4

/** What a line says, and who it may be from. */
export type Reading = {
  line: MatchLine
  clues: Clues
  /** All its words, in capitals. */
  text: string
  tokens: ReadonlySet<string>
  byTaxId: CandidateAccount[]
  byNumber: { id: string; number: number; of: 'contract' | 'customer' }[]
  named: { account: CandidateAccount; alike: number }[]
  /** The invoices that it names by series and number, in capitals. */
  mentioned: ReadonlySet<string>
}

/** Reads a line among what it could be. */
export function readLine(line: MatchLine, index: CandidateIndex, series: readonly string[]): Reading {
  const clues = findClues(line, series)
  const similarity = (account: CandidateAccount) =>
    Math.max(
      0,
      ...clues.names.map((name) => (isSameName(name, account.name) ? 100 : compareNames(name, account.name))),
    )
  return {
    line,
    clues,
    text: `${line.description} ${line.reference ?? ''} ${line.end_to_end_id ?? ''}`.toUpperCase(),
    tokens: new Set(
      clues.tokens.flatMap((token) => [token.toUpperCase(), token.replaceAll('-', '').toUpperCase()]),
    ),
    byTaxId: pick(index.accountsByTaxId, clues.tax_ids),
    byNumber: [
      ...pick(index.contractsByNumber, clues.contracts).map((one) => ({
        id: one.account_id,
        number: one.contract_number,
        of: 'contract' as const,
      })),
      ...pick(index.accountsByNumber, clues.customers).map((one) => ({
        id: one.id,
        number: one.number,
        of: 'customer' as const,
      })),
    ],
    named: [...new Set(clues.names.flatMap((name) => findNear(name, index)))]
      .map((account) => ({ account, alike: similarity(account) }))
      .filter((one) => one.alike >= 80),
    mentioned: new Set(
      clues.invoices.flatMap((clue) =>
        clue.series === null ? [] : [`${clue.series}-${clue.number}`.toUpperCase()],
      ),
    ),
  }
}

/** Whether a line says by itself that it is from an account. */
function isFrom(reading: Reading, accountId: string): boolean {
  return (
    reading.byTaxId.some((account) => account.id === accountId) ||
    reading.byNumber.some((one) => one.id === accountId) ||
    reading.named.some((one) => one.account.id === accountId && one.alike === 100)
  )
}

function tells(reading: Reading, reference: string | null): boolean {
  return (
    reference !== null &&
    reference.length >= shortestReference &&
    reading.text.includes(reference.toUpperCase())
  )
}

type Target = Partial<
  Pick<Proposal, 'invoice_ids' | 'order_id' | 'payment_notice_id' | 'intent_id' | 'payment_id'>
>

function propose(
  index: CandidateIndex,
  accountId: string,
  reason: ProposalReason,
  confidence: ProposalConfidence,
  target: Target,
  facts: ProposalFacts = {},
): Proposal {
  const invoices = (target.invoice_ids ?? [])
    .map((id) => index.invoices.get(id))
    .filter((one) => one !== undefined)
  const awaited = invoices.some((invoice) => invoice.awaited) && !target.intent_id && !target.payment_id
  return {
    account_id: accountId,
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
      ...(invoices.length > 0 ? { invoices: invoices.map(labelOf), open_amount: sumOpen(invoices) } : {}),
      ...(awaited ? { awaited: true } : {}),
      ...facts,
    },
  }
}

/** Booked already: by the id that provider and bank share. */
export function findBooked(
  { line, tokens }: Reading,
  index: CandidateIndex,
  taken: ReadonlySet<string>,
): Proposal[] {
  return pick(index.paymentsByRef, tokens)
    .filter((payment) => !taken.has(payment.id))
    .map((payment) =>
      propose(
        index,
        payment.account_id,
        'already_booked',
        payment.amount === line.amount ? 'certain' : 'likely',
        { payment_id: payment.id },
        { reference: payment.provider_ref!, booked: payment.amount },
      ),
    )
}

/** Recorded by hand, or a notice that was approved before the statement came. */
export function findRecorded(
  reading: Reading,
  index: CandidateIndex,
  taken: ReadonlySet<string>,
): Proposal[] {
  const { line, mentioned } = reading
  const recorded = (index.recordedByAmount.get(line.amount) ?? []).filter(
    (payment) => !taken.has(payment.id) && daysBetween(payment.received_on, line.booked_on) <= recordedDays,
  )
  return recorded.flatMap((payment) => {
    const agrees =
      tells(reading, payment.reference) ||
      isFrom(reading, payment.account_id) ||
      payment.invoices.some((label) => mentioned.has(label.toUpperCase()))
    if (!agrees && recorded.length > 2) return []
    return propose(
      index,
      payment.account_id,
      'recorded',
      agrees ? 'certain' : 'possible',
      { payment_id: payment.id },
      { received_on: payment.received_on.toString(), days: daysBetween(payment.received_on, line.booked_on) },
    )
  })
}

/** What a provider was asked for. */
export function findAsked({ line, tokens }: Reading, index: CandidateIndex): Proposal[] {
  return pick(index.intentsByName, tokens).map((intent) => {
    const exact = intent.amount === line.amount
    // Where the provider cannot be asked nobody else books it; else the Pix's own id is what makes it once.
    const sure = exact && (['pix_static', 'boleto'].includes(intent.driver) || line.end_to_end_id !== null)
    return propose(
      index,
      intent.account_id,
      'intent',
      sure ? 'certain' : 'likely',
      { intent_id: intent.id },
      { asked: intent.amount, difference: line.amount - intent.amount },
    )
  })
}

/** What customers say they paid. */
export function findTold(reading: Reading, index: CandidateIndex): Proposal[] {
  const { line, mentioned } = reading
  const notices = (index.noticesByAmount.get(line.amount) ?? []).filter(
    (notice) => daysBetween(notice.paid_on, line.booked_on) <= noticeDays,
  )
  return notices.map((notice) => {
    const invoices = notice.invoice_ids.map((id) => index.invoices.get(id)).filter((one) => one !== undefined)
    const agrees =
      tells(reading, notice.reference) ||
      isFrom(reading, notice.account_id) ||
      invoices.some((one) => mentioned.has(labelOf(one).toUpperCase()))
    return propose(
      index,
      notice.account_id,
      'notice',
      agrees ? 'certain' : notices.length === 1 ? 'likely' : 'possible',
      { payment_notice_id: notice.id, invoice_ids: notice.invoice_ids },
      { paid_on: notice.paid_on.toString(), days: daysBetween(notice.paid_on, line.booked_on) },
    )
  })
}

/** Invoices that are named. */
export function findNamedInvoices(reading: Reading, index: CandidateIndex): Proposal[] {
  const { line, clues } = reading
  const meant = clues.invoices.flatMap((clue) => {
    if (clue.series !== null) {
      const invoice = index.invoicesByLabel.get(`${clue.series}-${clue.number}`.toUpperCase())?.at(-1)
      return invoice ? [{ invoice, strict: clue.strict }] : []
    }
    return (index.invoicesByNumber.get(clue.number) ?? []).map((invoice) => ({ invoice, strict: false }))
  })
  const owners = new Map<string, { invoice: CandidateInvoice; strict: boolean }[]>()
  for (const one of meant) {
    const list = owners.get(one.invoice.account_id) ?? []
    if (!list.some((other) => other.invoice.id === one.invoice.id)) list.push(one)
    owners.set(one.invoice.account_id, list)
  }
  return [...owners].flatMap(([account, list]) => {
    const single = list.filter((one) => one.invoice.open_amount === line.amount)
    const pays = (some: typeof list, confidence: ProposalConfidence, facts: ProposalFacts = {}) =>
      propose(
        index,
        account,
        'reference',
        confidence,
        { invoice_ids: some.map((one) => one.invoice.id) },
        facts,
      )
    const open = (some: typeof list) => sumOpen(some.map((one) => one.invoice))
    if (open(list) === line.amount) return pays(list, 'certain')
    if (single.length === 1) return pays(single, 'certain')
    const strict = list.filter((one) => one.strict || isFrom(reading, account))
    return strict.length > 0 ? pays(strict, 'likely', { difference: line.amount - open(strict) }) : []
  })
}

/** Orders that are named. */
export function findOrders({ line, clues }: Reading, index: CandidateIndex): Proposal[] {
  return pick(index.ordersByNumber, clues.orders).map((order) =>
    propose(
      index,
      order.account_id,
      'order',
      order.due === line.amount ? 'certain' : 'likely',
      { order_id: order.id },
      { order: order.number, difference: line.amount - order.due },
    ),
  )
}

/** Accounts that are known, by what they owe. */
export function findDebts(reading: Reading, index: CandidateIndex): Proposal[] {
  const { byNumber, byTaxId, named, line } = reading
  const only = byTaxId.length === 1
  const sure = only ? 'certain' : 'likely'
  const namesakes = named.filter((one) => one.alike === 100).length
  return [
    ...byNumber.flatMap(({ id, number, of }) =>
      findDebtsOf(line, index, id, {
        reasons: { amount: 'customer_amount', sum: 'customer_sum', other: 'customer' },
        sure: 'certain',
        sureOfSum: 'certain',
        facts: { number, of },
      }),
    ),
    ...byTaxId.flatMap((account) =>
      findDebtsOf(line, index, account.id, {
        reasons: { amount: 'tax_id_amount', sum: 'tax_id_sum', other: only ? 'tax_id' : null },
        sure,
        sureOfSum: sure,
        facts: {},
      }),
    ),
    ...named.flatMap(({ account, alike }) => {
      const exact = alike === 100 && namesakes === 1
      return findDebtsOf(line, index, account.id, {
        reasons: { amount: 'name_amount', sum: 'name_sum', other: exact ? 'name' : null },
        sure: exact ? 'certain' : 'likely',
        sureOfSum: 'likely',
        facts: { similarity: alike, ...(namesakes > 1 ? { namesakes } : {}) },
      })
    }),
  ]
}

/** Why an account is thought of, and how sure what it owes makes of it. */
type Suspicion = {
  reasons: { amount: ProposalReason; sum: ProposalReason; other: ProposalReason | null }
  sure: ProposalConfidence
  sureOfSum: ProposalConfidence
  facts: ProposalFacts
}

function findDebtsOf(
  line: MatchLine,
  index: CandidateIndex,
  accountId: string,
  { reasons, sure, sureOfSum, facts }: Suspicion,
): Proposal[] {
  const invoices = index.invoicesOf.get(accountId) ?? []
  const equal = invoices.filter((invoice) => invoice.open_amount === line.amount)
  if (equal.length === 1)
    return [propose(index, accountId, reasons.amount, sure, { invoice_ids: [equal[0]!.id] }, facts)]
  if (equal.length > 1)
    return equal.slice(0, 3).map((invoice) =>
      propose(
        index,
        accountId,
        reasons.amount,
        'likely',
        { invoice_ids: [invoice.id] },
        {
          ...facts,
          alike: equal.length,
        },
      ),
    )
  const owed = sumOpen(invoices)
  if (invoices.length > 1 && index.complete.has(accountId) && owed === line.amount)
    return [
      propose(
        index,
        accountId,
        reasons.sum,
        sureOfSum,
        { invoice_ids: invoices.map((one) => one.id) },
        facts,
      ),
    ]
  if (reasons.other === null) return []
  return [
    propose(
      index,
      accountId,
      reasons.other,
      'likely',
      {},
      { ...facts, owed, difference: line.amount - owed },
    ),
  ]
}

/** Where nothing else is known: the few invoices of the very amount. */
export function findEqual({ line }: Reading, index: CandidateIndex): Proposal[] {
  const equal = index.invoicesByAmount.get(line.amount) ?? []
  if (equal.length >= mostOfAmount) return []
  return equal.map((invoice) =>
    propose(
      index,
      invoice.account_id,
      'amount',
      'possible',
      { invoice_ids: [invoice.id] },
      {
        alike: equal.length,
      },
    ),
  )
}

const sumOpen = (invoices: readonly CandidateInvoice[]): number =>
  Number(invoices.reduce((total, invoice) => total + BigInt(invoice.open_amount), 0n))

function daysBetween(one: Temporal.PlainDate, other: Temporal.PlainDate): number {
  return Math.abs(one.until(other).days)
}
