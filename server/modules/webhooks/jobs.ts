import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { type DeliveryServices, deliverDue } from './deliveries.ts'
import { forgetOld } from './log.ts'
import { recordingJobs } from './recording.ts'
import { deliveryTask } from './waking.ts'

/** The jobs of webhooks. */
export function createWebhookJobs(services: DeliveryServices): JobHandlers {
  return {
    ...recordingJobs,
    [deliveryTask]: (_payload, context) => deliverDue(context, services),
    'webhooks:forget_old': async (_payload, { transact, now, stopping }) => {
      while (!stopping() && (await transact((tx) => forgetOld(tx, now()))));
    },
  }
}

/** Each minute, for what a killed process left behind; messages are forgotten by night. */
export const webhookSchedule: Schedule = {
  [deliveryTask]: '* * * * *',
  'webhooks:forget_old': '40 3 * * *',
}
