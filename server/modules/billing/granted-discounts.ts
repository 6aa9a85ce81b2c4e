// Discounts that were granted when a document was paid: credit notes of exactly so much, over all of its lines.
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { spread } from '../../platform/money.ts'
import { type BilledLine, creditLine, finishCreditNote, leftOf, type PlannedCreditNote } from './credits.ts'
import { issueCreditNotes } from './issuing.ts'
import { type BillingUnit, readBilledLines, rulesOf } from './planning.ts'

/** What is taken off a document, in minor units, and the words for it. */
export type GrantedDiscount = {
  invoice_id: string
  amount: number
  /** Why, on the document. */
  reason: string
  /** What a line is called that credits a part of another. */
  describe: (line: string) => string
}

type CreditPart = { billed: BilledLine; net: number; tax: number }

/**
 * Splits an amount over the lines of a document, in proportion to what is left of each by largest remainder (billing.md 9): first
 * into net and tax on top, then each over the lines, so that all of it together is the amount to the cent. What no line can give
 * is left out.
 */
export function splitDiscount(lines: readonly BilledLine[], amount: number): CreditPart[] {
  const open = lines
    .map((billed) => ({ billed, left: leftOf(billed) }))
    .filter(({ left }) => left.net >= 0 && left.tax >= 0)
  const nets = open.map(({ left }) => left.net)
  const taxes = open.map(({ left }) => left.tax)
  const [net, tax] = [addUp(nets), addUp(taxes)]
  const given = Math.min(amount, net + tax)
  if (given <= 0) return []
  const [offNet = 0, offTax = 0] = spread(given, [net, tax])
  const [ofNets, ofTaxes] = [spread(offNet, nets), spread(offTax, taxes)]
  return open.flatMap(({ billed, left }, index) => {
    const [own, ownTax] = [ofNets[index]!, ofTaxes[index]!]
    if (own + ownTax === 0) return []
    // A line of tax alone is none: its cent is of the net, as far as there is any.
    const moved = own === 0 ? Math.min(ownTax, left.net) : 0
    return [{ billed, net: own + moved, tax: ownTax - moved }]
  })
}

const addUp = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0)

/** The credit note of a discount, with the taxes of the lines that it credits, at the rates that were billed. */
function planDiscount(
  rules: Parameters<typeof finishCreditNote>[0],
  lines: readonly BilledLine[],
  discount: Omit<GrantedDiscount, 'invoice_id'>,
  issueDate: Temporal.PlainDate,
): PlannedCreditNote | null {
  const parts = splitDiscount(lines, discount.amount).map(({ billed, net, tax }) => {
    const { from, to, days } = billed
    const left = leftOf(billed)
    const gross = net === left.net ? left.gross : net
    const credit = creditLine(billed, { from, to, days, gross, net })
    return { billed, tax, credit: { ...credit, description: discount.describe(billed.description) } }
  })
  return finishCreditNote(rules, parts, [], issueDate, discount.reason)
}

/**
 * Issues a credit note for each discount: for exactly its amount, as far as there is so much left of the document. The days that
 * the document billed stay billed. What is owed of it goes down by as much; the account's credit is left alone. The account must
 * be locked. Returns the ids, those of discounts that left nothing to credit as null, in the order asked for.
 */
export async function creditDiscounts(
  tx: Tx,
  unit: BillingUnit,
  accountId: string,
  discounts: readonly GrantedDiscount[],
  on: Temporal.PlainDate,
  now: Temporal.Instant,
): Promise<(string | null)[]> {
  const ids: (string | null)[] = []
  // One after the other: each sees what the one before credited.
  for (const { invoice_id, ...discount } of discounts) {
    const lines = await readBilledLines(tx, sql`l.invoice_id = ${invoice_id}`)
    const credit = planDiscount(rulesOf(unit), [...lines.values()], discount, on)
    if (!credit) {
      ids.push(null)
      continue
    }
    const issued = await issueCreditNotes(tx, unit, [{ account_id: accountId, credit }], {
      now,
      keep_credit: true,
    })
    ids.push(issued.credit_note_ids[0]!)
  }
  return ids
}
