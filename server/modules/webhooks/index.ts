// Webhooks out (A12): what happened, told to programs of the operator and of customers, signed after the Standard Webhooks
// convention; retries, log, replay.

export { type DescribedEvent, describeEvents, describeObjects } from './catalogue.ts'
export type { DeliveryServices } from './deliveries.ts'
export { createWebhookJobs, webhookSchedule } from './jobs.ts'
export { personalData } from './personal-data.ts'
export { webhookListeners } from './recording.ts'
export { registerWebhooksOffice, registerWebhooksPortal } from './routes.ts'
