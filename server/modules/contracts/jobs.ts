import { announce } from '../../platform/events.ts'
import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { chargeInstallation, expireDue, renewDue, takeExpiring } from './service-contracts.ts'

/** So many contracts are one transaction. */
const atOnce = 500

/** Background work of this module. */
export const contractJobs: JobHandlers = {
  /** Once a service is installed its installation fee is billed. */
  'contracts:charge_installation': async (payload, { transact, now }) => {
    await transact((tx) => chargeInstallation(tx, String(payload.subscription_id), now()))
  },
  /** Tells customers of the end that comes, renews what renews by itself, and marks what has run out; repeated, nothing more. */
  'contracts:keep_validity': async (_payload, { transact, now, stopping }) => {
    for (const step of [
      () =>
        transact(async (tx) => {
          const expiring = await takeExpiring(tx, now(), atOnce)
          for (const { subscription_id, valid_until } of expiring)
            await announce(tx, 'contract.expiring', { subscription_id, valid_until: valid_until.toString() })
          return expiring.length
        }),
      () => transact((tx) => renewDue(tx, now(), atOnce)),
      () => transact((tx) => expireDue(tx, now(), atOnce)),
    ]) {
      while (!stopping() && (await step()) === atOnce);
    }
  },
}

/** What runs by the clock: every hour, because business units' days begin at different hours. */
export const contractSchedule: Schedule = {
  'contracts:keep_validity': '17 * * * *',
}
