import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { expireQuotes, processFreeOrder } from './orders.ts'

/** The jobs of orders: what costs nothing now is done, and quotes expire. */
export const orderJobs: JobHandlers = {
  'orders:process': (payload, { transact, now }) =>
    transact((tx) => processFreeOrder(tx, String(payload.order_id), now())),
  'orders:expire_quotes': async (_payload, { transact, now, log }) => {
    const expired = await transact((tx) => expireQuotes(tx, now()))
    if (expired > 0) log.info({ expired }, 'quotes expired')
  },
}

/** Every hour (UTC): a quote expires early on the day after its last, wherever its business unit is. */
export const orderSchedule: Schedule = { 'orders:expire_quotes': '7 * * * *' }
