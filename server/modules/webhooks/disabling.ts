import type { WebhookDisabledReason } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { announce } from '../../platform/events.ts'

/**
 * Switches an endpoint off: what waits for it is cancelled, and can be sent again once it is on. Where the house does so by
 * itself (`deliveryId`: what failed), whoever it belongs to is told: webhook.disabled.
 */
export async function disableEndpoint(
  tx: Tx,
  id: string,
  reason: WebhookDisabledReason,
  now: Temporal.Instant,
  deliveryId?: string,
): Promise<void> {
  await tx
    .updateTable('webhook_endpoints')
    .set({ enabled: false, disabled_at: now, disabled_reason: reason })
    .where('id', '=', id)
    .where('enabled', '=', true)
    .execute()
  await tx
    .updateTable('webhook_deliveries')
    .set({ state: 'cancelled', next_at: null, ended_at: now })
    .where('endpoint_id', '=', id)
    .where('state', '=', 'pending')
    .execute()
  if (deliveryId !== undefined)
    await announce(tx, 'webhook.disabled', { endpoint_id: id, delivery_id: deliveryId })
}
