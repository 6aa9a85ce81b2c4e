// Everything that lines could be, by what a line may know of it: each line finds its own without walking along all of them.

import { nameParts } from './payer-names.ts'
import type {
  CandidateAccount,
  CandidateContract,
  CandidateIntent,
  CandidateInvoice,
  CandidateNotice,
  CandidateOrder,
  CandidatePayment,
  Candidates,
} from './statement-proposals.ts'

/** A word that so many accounts share tells none of them. */
const commonWord = 200

export type CandidateIndex = {
  complete: ReadonlySet<string>
  accountsByTaxId: ReadonlyMap<string, CandidateAccount[]>
  accountsByNumber: ReadonlyMap<number, CandidateAccount[]>
  /** Accounts by how each word of their name begins. */
  accountsByWord: ReadonlyMap<string, CandidateAccount[]>
  contractsByNumber: ReadonlyMap<number, CandidateContract[]>
  ordersByNumber: ReadonlyMap<number, CandidateOrder[]>
  invoices: ReadonlyMap<string, CandidateInvoice>
  /** By series and number, in capitals. */
  invoicesByLabel: ReadonlyMap<string, CandidateInvoice[]>
  invoicesByNumber: ReadonlyMap<number, CandidateInvoice[]>
  invoicesByAmount: ReadonlyMap<number, CandidateInvoice[]>
  /** The oldest due date first. */
  invoicesOf: ReadonlyMap<string, CandidateInvoice[]>
  /** By the id that provider and bank share, in capitals. */
  paymentsByRef: ReadonlyMap<string, CandidatePayment[]>
  /** Those that no provider told of. */
  recordedByAmount: ReadonlyMap<number, CandidatePayment[]>
  /** By the provider's id and by ours, in capitals. */
  intentsByName: ReadonlyMap<string, CandidateIntent[]>
  noticesByAmount: ReadonlyMap<number, CandidateNotice[]>
}

/** How an invoice is called: its series and number. */
export const labelOf = (invoice: CandidateInvoice) => `${invoice.series}-${invoice.number}`

/** Arranges candidates so that each is found by what a line says. */
export function indexCandidates(candidates: Candidates): CandidateIndex {
  const { accounts, payments, intents } = candidates
  const invoices = new Map(candidates.invoices.map((invoice) => [invoice.id, invoice]))
  const invoicesOf = Map.groupBy(invoices.values(), (invoice) => invoice.account_id)
  for (const list of invoicesOf.values())
    list.sort((a, b) => Temporal.PlainDate.compare(a.due_date, b.due_date) || a.number - b.number)
  return {
    complete: candidates.complete,
    accountsByTaxId: Map.groupBy(
      accounts.filter((account) => account.tax_id_key !== null),
      (account) => account.tax_id_key!,
    ),
    accountsByNumber: Map.groupBy(accounts, (account) => account.number),
    accountsByWord: groupByEach(accounts, (account) => nameParts(account.name).map(beginning)),
    contractsByNumber: Map.groupBy(candidates.contracts, (contract) => contract.contract_number),
    ordersByNumber: Map.groupBy(candidates.orders, (order) => order.number),
    invoices,
    invoicesByLabel: Map.groupBy(invoices.values(), (invoice) => labelOf(invoice).toUpperCase()),
    invoicesByNumber: Map.groupBy(invoices.values(), (invoice) => invoice.number),
    invoicesByAmount: Map.groupBy(invoices.values(), (invoice) => invoice.open_amount),
    invoicesOf,
    paymentsByRef: Map.groupBy(
      payments.filter((payment) => payment.provider_ref !== null),
      (payment) => payment.provider_ref!.toUpperCase(),
    ),
    recordedByAmount: Map.groupBy(
      payments.filter((payment) => payment.provider_ref === null),
      (payment) => payment.amount,
    ),
    intentsByName: groupByEach(intents, (intent) =>
      [intent.provider_ref, intent.id.replaceAll('-', '')]
        .filter((name) => name !== null)
        .map((name) => name.toUpperCase()),
    ),
    noticesByAmount: Map.groupBy(candidates.notices, (notice) => notice.amount),
  }
}

function groupByEach<T>(all: readonly T[], keysOf: (one: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    for (const key of new Set(keysOf(one))) {
      const group = groups.get(key)
      if (group) group.push(one)
      else groups.set(key, [one])
    }
  }
  return groups
}

/** What an index holds of some keys, each once, in the order of the keys. */
export function pick<K, T>(index: ReadonlyMap<K, T[]>, keys: Iterable<K>): T[] {
  return [...new Set([...new Set(keys)].flatMap((key) => index.get(key) ?? []))]
}

const beginning = (word: string) => word.slice(0, 4)

/** Accounts whose name has the rarest word of this one, and the next where that is rare as well. */
export function findNear(name: string, index: CandidateIndex): CandidateAccount[] {
  const buckets = [...new Set(nameParts(name).map(beginning))]
    .map((word) => index.accountsByWord.get(word) ?? [])
    .filter((accounts) => accounts.length > 0)
    .sort((one, other) => one.length - other.length)
  return buckets
    .slice(0, 2)
    .filter((accounts, at) => at === 0 || accounts.length <= commonWord)
    .flat()
    .slice(0, 1000)
}
