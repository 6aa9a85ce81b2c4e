import type { JobContext, JobHandler, JobHandlers } from '../../platform/jobs.ts'
import {
  continueLater,
  failClosing,
  prepareClosing,
  type RunContext,
  type RunOutcome,
  runClosing,
} from './closings.ts'

function handleClosing(
  task: 'prepare_closing' | 'run_closing',
  work: (context: RunContext, id: string) => Promise<RunOutcome>,
): JobHandler {
  return async (payload, context: JobContext) => {
    const id = String(payload.closing_id)
    try {
      const outcome = await work(context, id)
      if (outcome === 'interrupted') await context.transact((tx) => continueLater(tx, task, id))
    } catch (error) {
      await context.transact((tx) => failClosing(tx, id, error)).catch(() => undefined)
      throw error
    }
  }
}

/** The background work of billing. */
export const billingJobs: JobHandlers = {
  'billing:prepare_closing': handleClosing('prepare_closing', prepareClosing),
  'billing:run_closing': handleClosing('run_closing', runClosing),
}
