import type { FileStore } from '../../platform/files.ts'
import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { removeUnusedReceipts } from './receipts.ts'

/** The jobs of payments. */
export function createPaymentJobs(services: { files: FileStore }): JobHandlers {
  return {
    'payments:remove_unused_receipts': async (_payload, { transact, now }) => {
      // The rows go first: bytes without a row are waste, a row without bytes would be a broken promise.
      const gone = await transact((tx) => removeUnusedReceipts(tx, now()))
      for (const id of gone) await services.files.remove(id)
    },
  }
}

/** When they run by themselves (UTC). */
export const paymentSchedule: Schedule = { 'payments:remove_unused_receipts': '17 3 * * *' }
