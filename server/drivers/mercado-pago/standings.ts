// What Mercado Pago's payments say of a charge, as the house knows it.
import type { ReceivedMoney, ReversedMoney, Standing } from '../../modules/payments/index.ts'
import { fromApiAmount } from './amounts.ts'
import { need, readFailure } from './faults.ts'

/** What is read of a payment of theirs. */
export type ApiPayment = {
  id?: number
  status?: string
  status_detail?: string
  external_reference?: string
  currency_id?: string
  transaction_amount?: number
  transaction_amount_refunded?: number
  date_created?: string
  date_approved?: string
  date_last_updated?: string
  refunds?: { id?: number; amount?: number; status?: string; date_created?: string }[]
}

/** Money was there, whatever became of it later. */
const arrived = new Set(['approved', 'in_mediation', 'refunded', 'charged_back'])
const underway = new Set(['pending', 'in_process', 'authorized'])

/**
 * What the payments under one key stand at. A checkout may be tried several times, and may even be paid twice: each approved
 * payment is money of its own. `disputed` is what was taken back of each payment by its bank.
 */
export function readPayments(
  payments: readonly ApiPayment[],
  disputed: ReadonlyMap<number, number>,
): Pick<Standing, 'received' | 'reversed'> & { state: Standing['state']; failure?: Standing['failure'] } {
  const ordered = payments.toSorted((a, b) => need(a.id, 'id') - need(b.id, 'id'))
  const received: ReceivedMoney[] = []
  const reversed: ReversedMoney[] = []
  for (const payment of ordered) {
    if (!arrived.has(payment.status ?? '')) continue
    const id = need(payment.id, 'id')
    const currency = need(payment.currency_id, 'currency_id')
    const amount = fromApiAmount(need(payment.transaction_amount, 'transaction_amount'), currency)
    const at = readTime(payment.date_approved ?? payment.date_created)
    received.push({ ref: String(id), amount, at })
    for (const refund of payment.refunds ?? []) {
      // A refund that is refused or on its way is not money that went back.
      if (refund.status !== undefined && refund.status !== 'approved') continue
      reversed.push({
        ref: String(need(refund.id, 'refund id')),
        kind: 'refund',
        amount: fromApiAmount(need(refund.amount, 'refund amount'), currency),
        at: readTime(refund.date_created),
        key: null,
        payment_ref: String(id),
      })
    }
    if (payment.status === 'charged_back') {
      const taken = disputed.get(id)
      reversed.push({
        // One of each payment, whatever is known of it: it is booked once by this name.
        ref: `chargeback:${id}`,
        kind: 'chargeback',
        amount: taken === undefined ? amount : taken,
        at: readTime(payment.date_last_updated ?? payment.date_approved),
        key: null,
        payment_ref: String(id),
        won: payment.status_detail === 'reimbursed',
      })
    }
  }
  if (received.length > 0) return { state: 'succeeded', received, reversed }
  if (ordered.some(({ status }) => underway.has(status ?? '')))
    return { state: 'pending', received, reversed }
  const last = ordered.findLast(({ status }) => status === 'rejected')
  return last
    ? { state: 'failed', failure: readFailure(last.status_detail), received, reversed }
    : { state: ordered.length > 0 ? 'cancelled' : 'absent', received, reversed }
}

/** Their times carry an offset: `2026-11-22T08:15:30.000-04:00`. */
export function readTime(text: string | undefined): Temporal.Instant {
  return Temporal.Instant.from(need(text, 'time'))
}

/** As they want it: milliseconds and an offset. */
export function writeTime(instant: Temporal.Instant): string {
  return instant.toString({ fractionalSecondDigits: 3, timeZone: '+00:00' })
}
