import type { JobHandlers, JobPayload, Schedule } from '../../platform/jobs.ts'
import { queueReactivations, reactivateAccount } from './reactivation.ts'
import { runDunning, startRuns } from './runs.ts'

const texts = (payload: JobPayload, key: string) => {
  const value = payload[key]
  return Array.isArray(value) ? value : []
}

/** The jobs of dunning. */
export const dunningJobs: JobHandlers = {
  'dunning:start_runs': async (_payload, { transact, now }) => {
    await transact((tx) => startRuns(tx, now()))
  },
  'dunning:run': (payload, context) => runDunning(context, String(payload.run_id)),
  'dunning:look_for_paid': async (payload, { transact }) => {
    await transact((tx) => queueReactivations(tx, texts(payload, 'invoice_ids')))
  },
  'dunning:reactivate': async (payload, { transact, now }) => {
    await transact((tx) => reactivateAccount(tx, String(payload.account_id), now()))
  },
}

/** Every quarter of an hour it is seen whose hour has come: each business unit has its own time zone. */
export const dunningSchedule: Schedule = { 'dunning:start_runs': '*/15 * * * *' }
