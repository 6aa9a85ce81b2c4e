// What a line of a statement may pay, and everything that it could be: the words in which matching speaks.

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

/** Money of the bank's own, or that came back: nobody's payment. */
const notPayments: ReadonlySet<BankLineKind> = new Set(['reversal', 'fee', 'interest', 'tax'])

/** Whether a line can be somebody's payment at all. */
export function mayBePayment(line: Pick<MatchLine, 'amount' | 'kind'>): boolean {
  return line.amount > 0 && !notPayments.has(line.kind)
}

/** What a proposal would use up. */
export function targetsOf(proposal: Proposal): string[] {
  return [
    ...proposal.invoice_ids,
    ...[proposal.payment_id, proposal.payment_notice_id, proposal.order_id, proposal.intent_id].filter(
      (id) => id !== null,
    ),
  ]
}
