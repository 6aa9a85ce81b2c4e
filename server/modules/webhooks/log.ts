import { sql } from 'kysely'
import type { WebhookDeliveryState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { composeBody } from './deliveries.ts'
import { wakeDelivery } from './waking.ts'

// The log: what was sent where, what was answered, and sending it again. `accountId` is whose endpoints: null, the operator's.

export type DeliveryFilter = {
  q?: string | undefined
  endpoint_id?: string | undefined
  state?: WebhookDeliveryState | undefined
  type?: string | undefined
  from?: Temporal.Instant | undefined
  to?: Temporal.Instant | undefined
}

function selectDeliveries(tx: Tx) {
  return tx
    .selectFrom('webhook_deliveries')
    .leftJoin('webhook_endpoints', 'webhook_endpoints.id', 'webhook_deliveries.endpoint_id')
    .innerJoin('webhook_messages', 'webhook_messages.id', 'webhook_deliveries.message_id')
    .leftJoin('accounts', 'accounts.id', 'webhook_messages.account_id')
    .select([
      'webhook_deliveries.id',
      'webhook_deliveries.endpoint_id',
      sql<string>`webhook_endpoints.url`.as('endpoint_url'),
      'webhook_messages.event_id',
      'webhook_deliveries.type',
      'webhook_messages.occurred_at',
      'webhook_messages.account_id',
      'accounts.name as account_name',
      'webhook_deliveries.state',
      'webhook_deliveries.attempts',
      'webhook_deliveries.next_at',
      'webhook_deliveries.last_status',
      'webhook_deliveries.last_error',
      'webhook_deliveries.created_at',
      'webhook_deliveries.ended_at',
    ])
}

/** A page of deliveries, the latest first. `q` is the id of a message (`msg_…`), or the beginning of one. */
export async function listDeliveries(
  tx: Tx,
  request: ListRequest & DeliveryFilter,
  accountId: string | null,
) {
  // Named one by one: how much each of them was sent is known, and some were sent nearly everything.
  const endpoints = await tx
    .selectFrom('webhook_endpoints')
    .select('id')
    .where('account_id', accountId === null ? 'is' : '=', accountId)
    .execute()
  const own = sql<boolean>`webhook_deliveries.endpoint_id = any(${endpoints.map(({ id }) => id)}::uuid[])`
  let query = selectDeliveries(tx).where(own)
  if (request.endpoint_id) query = query.where('webhook_deliveries.endpoint_id', '=', request.endpoint_id)
  if (request.state) query = query.where(sql<boolean>`webhook_deliveries.state = ${sql.lit(request.state)}`)
  if (request.type) query = query.where('webhook_deliveries.type', '=', request.type)
  if (request.from) query = query.where('webhook_deliveries.created_at', '>=', request.from)
  if (request.to) query = query.where('webhook_deliveries.created_at', '<', request.to)
  if (request.q) query = query.where(sql<boolean>`starts_with(webhook_messages.event_id, ${request.q})`)
  const byTime = { by: sql`webhook_deliveries.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: byTime }, byTime)
}

/** A delivery with what is sent and what came of each attempt, the latest first. Refuses: not_found. */
export async function getDelivery(tx: Tx, id: string, accountId: string | null) {
  const [row, attempts] = await Promise.all([
    selectDeliveries(tx)
      .select(['webhook_messages.payload', sql<boolean>`webhook_endpoints.enabled`.as('endpoint_enabled')])
      .where('webhook_endpoints.account_id', accountId === null ? 'is' : '=', accountId)
      .where('webhook_deliveries.id', '=', id)
      .executeTakeFirst(),
    tx
      .selectFrom('webhook_attempts')
      .select(['number', 'at', 'duration_ms', 'status', 'error', 'detail', 'answer'])
      .where('delivery_id', '=', id)
      .orderBy('number', 'desc')
      .limit(100)
      .execute(),
  ])
  if (!row) return notFound()
  const { payload, ...delivery } = row
  return {
    ...delivery,
    body: composeBody({ type: row.type, occurred_at: row.occurred_at, payload }),
    attempt_log: attempts,
  }
}

/** Sends a delivery again, with all its tries. Refuses: not_found, webhook_disabled. */
export async function replayDelivery(tx: Tx, id: string, accountId: string | null, now: Temporal.Instant) {
  const found = await getDelivery(tx, id, accountId)
  if (isRefusal(found)) return found
  if (!found.endpoint_enabled) return refuse('webhook_disabled')
  await tx
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', tries: 0, next_at: now, ended_at: null })
    .where('id', '=', id)
    .execute()
  await wakeDelivery(tx)
  return getDelivery(tx, id, accountId)
}

/**
 * Sends again everything that did not arrive at an endpoint since a moment: what failed and what was cancelled when it was
 * switched off. Returns how many. Refuses: not_found, webhook_disabled.
 */
export async function replayFailed(
  tx: Tx,
  endpointId: string,
  since: Temporal.Instant,
  accountId: string | null,
  now: Temporal.Instant,
): Promise<{ count: number } | Refusal> {
  const endpoint = await tx
    .selectFrom('webhook_endpoints')
    .select('enabled')
    .where('id', '=', endpointId)
    .where('account_id', accountId === null ? 'is' : '=', accountId)
    .executeTakeFirst()
  if (!endpoint) return notFound()
  if (!endpoint.enabled) return refuse('webhook_disabled')
  const again = await tx
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', tries: 0, next_at: now, ended_at: null })
    .where('endpoint_id', '=', endpointId)
    .where('state', 'in', ['failed', 'cancelled'])
    .where('created_at', '>=', since)
    .returning('id')
    .execute()
  if (again.length > 0) await wakeDelivery(tx)
  return { count: again.length }
}

/** How long messages are kept. */
const keptDays = 30
/** So many messages go in one transaction. */
const forgottenAtOnce = 1000

/** Removes messages that are older than kept ones, and keys whose day is over. Returns whether there may be more. */
export async function forgetOld(tx: Tx, now: Temporal.Instant): Promise<boolean> {
  const before = now.subtract({ hours: keptDays * 24 })
  const gone = await sql`
    delete from webhook_messages where id = any(array(
      select id from webhook_messages where occurred_at < ${before}::timestamptz order by occurred_at limit ${forgottenAtOnce}))`.execute(
    tx,
  )
  await tx.deleteFrom('webhook_keys').where('expires_at', '<', now).execute()
  return Number(gone.numAffectedRows ?? 0) === forgottenAtOnce
}
