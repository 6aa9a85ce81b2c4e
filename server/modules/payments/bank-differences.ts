// Why a boleto was paid with another amount than it asks for, by what the bank's return says of it.
import { multiply } from '../../platform/money.ts'
import type { Adjustment } from './providers.ts'

/** What a charge asks for: minor units, and the fine in hundredths of a percent of the amount. */
type ChargeTerms = { amount: number; fine_rate: number; abatement: number }
/** What a return says that was paid, and of it what for being late, and what was taken off. */
type PaidLine = {
  paid_amount: number
  late_amount: number
  discount_amount: number
  abatement_amount: number
}

/**
 * Fine, interest and what was taken off of one payment, in minor units; null where it was exactly what was asked for, or where the
 * bank's figures do not come to what was paid: then nobody knows what the difference is, and it is the customer's.
 *
 * A bank tells fine and interest as one sum (segment U, 18–32). The fine is known by the charge's terms, amount × rate rounded to the
 * cent, a half up: it comes first, never more than the sum, and the rest is interest. An abatement that the bank does not repeat is the
 * one that it was told. What the bank keeps (fee, IOF, costs) is no part of this.
 */
export function readAdjustment(charge: ChargeTerms, line: PaidLine): Adjustment | null {
  for (const abatement of new Set([line.abatement_amount, charge.abatement])) {
    const discount = line.discount_amount + abatement
    if (line.paid_amount !== charge.amount + line.late_amount - discount) continue
    if (line.late_amount === 0 && discount === 0) return null
    const late_fee = Math.min(line.late_amount, multiply(charge.amount, charge.fine_rate, 10_000))
    return { late_fee, interest: line.late_amount - late_fee, discount }
  }
  return null
}
