import {
  demand,
  enqueue,
  type JobContext,
  type JobHandler,
  type JobHandlers,
  type Schedule,
} from '../../platform/jobs.ts'
import { findDueUnits, noteClosed } from './closing-clock.ts'
import {
  continueLater,
  failClosing,
  prepareClosing,
  type RunContext,
  type RunOutcome,
  runClosing,
} from './closings.ts'
import { closeUnit } from './direct-closings.ts'

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

/** Begins the closings that are due by the clock: a job for each business unit, one at a time. */
const closeDueUnits: JobHandler = (_payload, { transact, now }) =>
  transact(async (tx) => {
    for (const { business_unit_id } of await findDueUnits(tx, now()))
      await enqueue(tx, 'billing:close_unit', { business_unit_id }, { key: `close_unit:${business_unit_id}` })
  })

/** Closes one business unit by the clock. What it has to do it finds itself: twice is as once. */
const closeDueUnit: JobHandler = async (payload, { pool, transact, now, stopping }) => {
  const unitId = String(payload.business_unit_id)
  const [due] = await transact((tx) => findDueUnits(tx, now(), unitId))
  if (!due) return
  const { outcome } = demand(
    await closeUnit(pool, {
      business_unit_id: unitId,
      up_to: due.up_to,
      now,
      stopping,
      actor: { kind: 'job', way: 'job', operation: 'billing:close_unit', name: 'billing:close_unit' },
      clock: { behind_since: due.behind_since },
    }),
  )
  if (outcome === 'done') await transact((tx) => noteClosed(tx, unitId, due.up_to, now()))
  else
    await transact((tx) =>
      enqueue(tx, 'billing:close_unit', { business_unit_id: unitId }, { key: `close_unit:${unitId}` }),
    )
}

/** The background work of billing. */
export const billingJobs: JobHandlers = {
  'billing:prepare_closing': handleClosing('prepare_closing', prepareClosing),
  'billing:run_closing': handleClosing('run_closing', runClosing),
  'billing:close_due_units': closeDueUnits,
  'billing:close_unit': closeDueUnit,
}

/** When it runs by itself (UTC): every quarter of an hour somebody's hour may have come. */
export const closingSchedule: Schedule = { 'billing:close_due_units': '4,19,34,49 * * * *' }
