import type { Tx } from '../../platform/database.ts'
import { enqueue } from '../../platform/jobs.ts'

/** The job that sends what is due; one at a time over all processes, many deliveries beside each other in it. */
export const deliveryTask = 'webhooks:deliver'

/** Moments so near to each other share one job. */
const apartMs = 5000

/** Lets what is due be sent once the transaction commits; with `at`, what is due then. */
export async function wakeDelivery(tx: Tx, at?: Temporal.Instant): Promise<void> {
  await enqueue(
    tx,
    deliveryTask,
    {},
    {
      queue: deliveryTask,
      key: at ? `${deliveryTask}:${Math.floor(at.epochMilliseconds / apartMs)}` : deliveryTask,
      // A little later than it is due, so that it is due by every clock.
      ...(at ? { runAt: at.add({ milliseconds: 200 }) } : {}),
    },
  )
}
