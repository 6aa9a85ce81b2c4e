// What a bank's line probably pays, and why: a pure function of the line and what was found that it could be. Nothing is
// booked here, and nothing that could be two things is ever called certain.

import type { ProposalConfidence } from '../../platform/database.gen.ts'
import {
  findAsked,
  findBooked,
  findDebts,
  findEqual,
  findNamedInvoices,
  findOrders,
  findRecorded,
  findTold,
  type Reading,
  readLine,
} from './statement-findings.ts'
import { type CandidateIndex, indexCandidates } from './statement-index.ts'
import {
  type Candidates,
  type MatchLine,
  mayBePayment,
  type Proposal,
  proposalReasons,
  targetsOf,
} from './statement-proposals.ts'

const mostProposals = 6

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
    const proposals = mayBePayment(line) ? matchLine(readLine(line, index, series), index, taken) : []
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

function matchLine(reading: Reading, index: CandidateIndex, taken: ReadonlySet<string>): Proposal[] {
  const booked = findBooked(reading, index, taken)
  if (booked.some((one) => one.confidence === 'certain')) return booked.slice(0, 1)
  const found = [
    ...booked,
    ...findRecorded(reading, index, taken),
    ...findAsked(reading, index),
    ...findTold(reading, index),
    ...findNamedInvoices(reading, index),
    ...findOrders(reading, index),
    ...findDebts(reading, index),
  ]
  return choose(found.length > 0 ? found : findEqual(reading, index))
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
