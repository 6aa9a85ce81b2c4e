import { isRefusal, refusalOfDatabase } from '../../platform/errors.ts'
import type { JobContext, JobHandlers, Schedule } from '../../platform/jobs.ts'
import { failChange, listWaiting, performWaiting } from './changes.ts'

/**
 * Performs one change in a transaction of its own; what cannot be done is noted with its reason, so that the others go on.
 * A fault of ours or of the machine leaves it as it is: the next run tries again.
 */
async function performOne(id: string, { transact, now, log }: JobContext): Promise<boolean> {
  try {
    const done = await transact((tx) => performWaiting(tx, id, now()))
    if (isRefusal(done)) await transact((tx) => failChange(tx, id, done, now()))
    return true
  } catch (error) {
    const refusal = refusalOfDatabase(error)
    log.error({ change: id, err: error }, 'a change could not be performed')
    if (!refusal) return false
    await transact((tx) => failChange(tx, id, refusal, now()))
    return true
  }
}

/** The jobs of changes: one that a customer confirmed, and all whose day has come. */
export const changeJobs: JobHandlers = {
  'changes:perform': async (payload, context) => {
    if (!(await performOne(String(payload.change_id), context)) && !context.last_attempt)
      throw new Error('the change could not be performed: tried again')
  },
  'changes:perform_due': async (_payload, context) => {
    for (const id of await context.transact((tx) => listWaiting(tx, context.now()))) {
      if (context.stopping()) return
      await performOne(id, context)
    }
  },
}

/** Every five minutes (UTC): a change is performed early on its day wherever its business unit is. */
export const changeSchedule: Schedule = { 'changes:perform_due': '*/5 * * * *' }
