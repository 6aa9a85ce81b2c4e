import type { FileStore } from '../../platform/files.ts'
import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import type { PersonalDataSource } from '../../platform/personal-data.ts'
import type { PaymentServices } from '../payments/index.ts'
import { forgetWhatIsOld } from './erasure.ts'
import { eraseByProviders } from './erasure-job.ts'
import { makeExport } from './export-file.ts'
import { removeExpiredExports } from './exports.ts'

/** The jobs of privacy. `sources` are the parts that the modules declare. */
export function createPrivacyJobs(
  services: PaymentServices & { files: FileStore },
  sources: readonly PersonalDataSource[],
): JobHandlers {
  const { files } = services
  return {
    'privacy:make_export': (payload, context) =>
      makeExport(context, { files, sources }, String(payload.export_id)),
    'privacy:erase_account': (payload, context) =>
      eraseByProviders({ ...context, ...services }, String(payload.account_id)),
    // The rows went first: bytes without a row are waste, a row without bytes would be a broken promise.
    'privacy:remove_expired_exports': async (_payload, { transact, now }) => {
      for (const id of await transact((tx) => removeExpiredExports(tx, now()))) await files.remove(id)
    },
    'privacy:remove_files': async (payload) => {
      for (const id of Array.isArray(payload.file_ids) ? payload.file_ids : []) await files.remove(id)
    },
    'privacy:forget_what_is_old': async (_payload, { transact, now }) => {
      for (const id of await transact((tx) => forgetWhatIsOld(tx, now()))) await files.remove(id)
    },
  }
}

/** When they run by themselves (UTC). */
export const privacySchedule: Schedule = {
  'privacy:remove_expired_exports': '7 * * * *',
  'privacy:forget_what_is_old': '41 3 * * *',
}
