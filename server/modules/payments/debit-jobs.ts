import { isRefusal } from '../../platform/errors.ts'
import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { interruptRun, listUnitsToDebit, runDebits, startDebitRun } from './debit-runs.ts'
import { announceDebits, askToPayOtherwise, watchMethods } from './debits.ts'
import type { PaymentServices } from './intent-jobs.ts'

/** The jobs of automatic debit. */
export function createDebitJobs(services: PaymentServices): JobHandlers {
  return {
    'payments:run_debits': async (payload, context) => {
      const id = String(payload.run_id)
      try {
        await runDebits({ ...context, ...services }, id)
      } catch (error) {
        // Given up by the queue: another run may begin and goes on with what is left.
        if (context.last_attempt) await context.transact((tx) => interruptRun(tx, id))
        throw error
      }
    },
    'payments:start_debit_runs': async (_payload, { transact, now, log }) => {
      for (const unit of await transact((tx) => listUnitsToDebit(tx, now()))) {
        const run = await transact((tx) => startDebitRun(tx, unit, { user_id: null, by_clock: true }, now()))
        if (isRefusal(run)) log.info({ unit, code: run.code }, 'no run of automatic debit was started')
      }
    },
    'payments:announce_debits': async (_payload, { transact, now, stopping }) => {
      while (!stopping() && (await transact((tx) => announceDebits(tx, now()))) > 0);
      while (!stopping() && (await transact((tx) => askToPayOtherwise(tx, now()))) > 0);
    },
    'payments:watch_methods': async (_payload, { transact, now, stopping }) => {
      while (!stopping() && (await transact((tx) => watchMethods(tx, now()))) > 0);
      // Whoever counted on it hears at once what is to be paid otherwise.
      while (!stopping() && (await transact((tx) => askToPayOtherwise(tx, now()))) > 0);
    },
  }
}

/** When they run by themselves (UTC): every business unit has its own morning. */
export const debitSchedule: Schedule = {
  'payments:start_debit_runs': '11 * * * *',
  'payments:announce_debits': '31 * * * *',
  'payments:watch_methods': '51 * * * *',
}
