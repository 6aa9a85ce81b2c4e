import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { expireOrders, expireQuotes, processFreeOrder } from './orders.ts'

/** The jobs of orders: what costs nothing now is done, and what nobody accepts or pays expires. */
export const orderJobs: JobHandlers = {
  'orders:process': (payload, { transact, now }) =>
    transact((tx) => processFreeOrder(tx, String(payload.order_id), now())),
  'orders:expire_quotes': async (_payload, { transact, now, log }) => {
    const expired = await transact((tx) => expireQuotes(tx, now()))
    if (expired > 0) log.info({ expired }, 'quotes expired')
  },
  // A batch is a transaction: one that is stopped goes on where it was, the next time.
  'orders:expire_orders': async (_payload, { transact, now, log, stopping }) => {
    let after: string | null = null
    let expired = 0
    do {
      const from: string | null = after
      const batch: { expired: number; after: string | null } = await transact((tx) =>
        expireOrders(tx, now(), from),
      )
      after = batch.after
      expired += batch.expired
    } while (after !== null && !stopping())
    if (expired > 0) log.info({ expired }, 'orders expired')
  },
}

/** Every hour (UTC): quotes and orders expire early on the day after their last, wherever their business unit is. */
export const orderSchedule: Schedule = {
  'orders:expire_quotes': '7 * * * *',
  'orders:expire_orders': '12 * * * *',
}
