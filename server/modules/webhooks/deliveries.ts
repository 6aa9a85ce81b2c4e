import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { UserSide } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import type { JobContext } from '../../platform/jobs.ts'
import { type OutboundAnswer, type OutboundRules, postOutside } from '../../platform/outbound.ts'
import { disableEndpoint } from './disabling.ts'
import { readKeys } from './keys.ts'
import { failingHours, nextTry } from './retries.ts'
import { signedHeaders } from './signatures.ts'
import { wakeDelivery } from './waking.ts'

// Sends what is due. One job does it for all endpoints, many deliveries beside each other: waiting for a slow answer costs a
// connection and no worker, and no endpoint has more than a few of them, so that none holds up the others. A delivery is
// moved on before it is sent, so whoever is killed while sending leaves it due again: at least once, never lost. Receivers
// know a repetition by its id.

/** What sending needs of its process. */
export type DeliveryServices = {
  config: Config
  /** From 0 to 1: how much chance adds to a delay. */
  chance: () => number
  /** What may be called; without it what the configuration says. */
  rules?: (side: UserSide) => OutboundRules
  timeoutMs?: number
  /** How long a delivery is left to whoever took it; longer than any attempt can take. */
  leaseSeconds?: number
}

const usualTimeoutMs = 15_000
const usualLeaseSeconds = 60
/** Deliveries that are on their way at once. */
const mostInFlight = 64
/** Of one endpoint that answers; one that fails is asked one thing at a time. */
const mostOfEndpoint = 4
/** Of an answer, so much is read at most. */
const mostAnswerBytes = 64 * 1024
/** Of an answer, so much is kept. */
const keptAnswer = 1024
/** The job ends after so long and goes on as another: a job is not for ever. */
const longestRunMs = 300_000
/** How often it is looked for what became due while others are on their way. */
const pollMs = 250

type Claimed = {
  id: string
  endpoint_id: string
  event_id: string
  type: string
  occurred_at: Temporal.Instant
  payload: unknown
  tries: number
  side: UserSide
  url: string
  keys: string[]
}

/** What came of an attempt; without a key that can be read, nothing was sent. */
type Outcome = OutboundAnswer | { error: 'key_unreadable'; detail: string; duration_ms: number }

/** Sends everything that is due, and what becomes due meanwhile. Returns when nothing is. */
export async function deliverDue(context: JobContext, services: DeliveryServices): Promise<void> {
  const inFlight = new Map<string, number>()
  const sending = new Set<Promise<void>>()
  const began = performance.now()
  for (;;) {
    const ending = context.stopping() || performance.now() - began > longestRunMs
    const before = sending.size
    const room = mostInFlight - before
    const claimed =
      ending || room <= 0
        ? []
        : await context.transact((tx) => claimDue(tx, services, inFlight, room, context.now()))
    for (const delivery of claimed) {
      inFlight.set(delivery.endpoint_id, (inFlight.get(delivery.endpoint_id) ?? 0) + 1)
      const sent = deliver(delivery, context, services)
        // What could not be written down is due again when its lease is over.
        .catch((error: unknown) =>
          context.log.error(
            { err: error, delivery: delivery.id },
            'what came of a webhook could not be kept',
          ),
        )
        .finally(() => {
          sending.delete(sent)
          const left = inFlight.get(delivery.endpoint_id)! - 1
          if (left > 0) inFlight.set(delivery.endpoint_id, left)
          else inFlight.delete(delivery.endpoint_id)
        })
      sending.add(sent)
    }
    if (sending.size === 0) {
      // Whatever ended while it was looked for what is due may have held back more of its endpoint.
      if (before > 0 && !ending) continue
      if (ending) await context.transact((tx) => wakeDelivery(tx))
      return
    }
    const pause = new AbortController()
    await Promise.race([
      ...sending,
      delay(pollMs, undefined, { signal: pause.signal }).catch(() => undefined),
    ])
    pause.abort()
  }
}

/** Takes what is due, the longest due first and of each endpoint no more than it may have on its way. */
async function claimDue(
  tx: Tx,
  services: DeliveryServices,
  inFlight: ReadonlyMap<string, number>,
  room: number,
  now: Temporal.Instant,
): Promise<Claimed[]> {
  const busy = [...inFlight]
  const full = busy.filter(([, count]) => count >= mostOfEndpoint).map(([endpoint]) => endpoint)
  const lease = now.add({ seconds: services.leaseSeconds ?? usualLeaseSeconds })
  const found = await sql<Omit<Claimed, 'keys'>>`
    with due as (
      select d.id, d.endpoint_id, d.next_at, row_number() over (partition by d.endpoint_id order by d.next_at, d.id) as place
        from (select id, endpoint_id, next_at from webhook_deliveries
               where state = 'pending' and next_at <= ${now}::timestamptz and not endpoint_id = any(${full}::uuid[])
               order by next_at, id limit 500) d),
    busy as (
      select * from unnest(${busy.map(([endpoint]) => endpoint)}::uuid[], ${busy.map(([, count]) => count)}::int[]) b (endpoint_id, count)),
    chosen as (
      select due.id from due
        left join busy on busy.endpoint_id = due.endpoint_id
        left join webhook_health h on h.endpoint_id = due.endpoint_id
       where due.place + coalesce(busy.count, 0) <= case when h.failing_since is null then ${mostOfEndpoint}::int else 1 end
       order by due.next_at, due.id limit ${room})
    update webhook_deliveries d set next_at = ${lease}::timestamptz
      from chosen c, webhook_messages m, webhook_endpoints e
     where d.id = c.id and m.id = d.message_id and e.id = d.endpoint_id and d.state = 'pending' and d.next_at <= ${now}::timestamptz
    returning d.id, d.endpoint_id, m.event_id, m.type, m.occurred_at, m.payload, d.tries, e.side, e.url`.execute(
    tx,
  )
  const keys = await readKeys(
    tx,
    services.config,
    found.rows.map((row) => row.endpoint_id),
    now,
  )
  return found.rows.map((row) => ({ ...row, keys: keys.get(row.endpoint_id) ?? [] }))
}

/** The body of a message, the same for each of its deliveries and attempts. */
export function composeBody(message: {
  type: string
  occurred_at: Temporal.Instant
  payload: unknown
}): string {
  return JSON.stringify({
    type: message.type,
    timestamp: message.occurred_at.toString({ smallestUnit: 'millisecond' }),
    data: message.payload,
  })
}

/** Customers reach the internet alone; the operator's own endpoints may stand in the operator's own networks. */
export const outboundRules = (config: Config, side: UserSide): OutboundRules => ({
  networks: side === 'staff' ? config.webhookNetworks : [],
})

async function deliver(delivery: Claimed, context: JobContext, services: DeliveryServices): Promise<void> {
  const body = composeBody(delivery)
  const sentAt = context.now()
  const answer =
    delivery.keys.length === 0
      ? ({ error: 'key_unreadable', detail: '', duration_ms: 0 } as const)
      : await postOutside(
          {
            url: delivery.url,
            headers: {
              'content-type': 'application/json',
              'user-agent': 'Zaguan',
              ...signedHeaders(delivery.keys, delivery.event_id, sentAt, body),
            },
            body,
            timeoutMs: services.timeoutMs ?? usualTimeoutMs,
            mostBytes: mostAnswerBytes,
          },
          services.rules?.(delivery.side) ?? outboundRules(services.config, delivery.side),
        )
  await context.transact((tx) =>
    keepOutcome(tx, delivery, answer, sentAt, { now: context.now(), chance: services.chance() }),
  )
}

/** Text as PostgreSQL can keep it. */
const keepable = (text: string, most: number) => text.replaceAll('\u0000', '').slice(0, most).toWellFormed()

/** Writes down what came of an attempt and what happens next. */
async function keepOutcome(
  tx: Tx,
  delivery: Pick<Claimed, 'id' | 'endpoint_id'>,
  answer: Outcome,
  sentAt: Temporal.Instant,
  { now, chance }: { now: Temporal.Instant; chance: number },
): Promise<void> {
  const status = 'status' in answer ? answer.status : null
  const error = 'error' in answer ? answer.error : null
  // The endpoint first: whoever disables it also takes its deliveries.
  const endpoint = await tx
    .selectFrom('webhook_endpoints')
    .select('enabled')
    .where('id', '=', delivery.endpoint_id)
    .forUpdate()
    .executeTakeFirst()
  if (!endpoint) return
  const counted = await tx
    .updateTable('webhook_deliveries')
    .set((eb) => ({
      attempts: eb('attempts', '+', 1),
      tries: eb('tries', '+', 1),
      last_status: status,
      last_error: error,
    }))
    .where('id', '=', delivery.id)
    .returning(['attempts', 'tries', 'state'])
    .executeTakeFirst()
  if (!counted) return
  await tx
    .insertInto('webhook_attempts')
    .values({
      delivery_id: delivery.id,
      number: counted.attempts,
      at: sentAt,
      duration_ms: answer.duration_ms,
      status,
      error,
      detail: 'detail' in answer ? keepable(answer.detail, 300) : null,
      answer: 'text' in answer ? keepable(answer.text, keptAnswer) : null,
    })
    .execute()
  const end = (state: 'delivered' | 'failed') =>
    tx
      .updateTable('webhook_deliveries')
      .set({ state, next_at: null, ended_at: now })
      .where('id', '=', delivery.id)
      .where('state', 'in', state === 'delivered' ? ['pending', 'cancelled', 'failed'] : ['pending'])
      .execute()
  if (status !== null && status >= 200 && status < 300) {
    await end('delivered')
    await sql`
      insert into webhook_health (endpoint_id, delivered_at) values (${delivery.endpoint_id}, ${now}::timestamptz)
          on conflict (endpoint_id) do update set delivered_at = excluded.delivered_at, failing_since = null`.execute(
      tx,
    )
    return
  }
  const health = await sql<{ failing_since: Temporal.Instant }>`
    insert into webhook_health (endpoint_id, failed_at, failing_since)
    values (${delivery.endpoint_id}, ${now}::timestamptz, ${now}::timestamptz)
        on conflict (endpoint_id) do update
       set failed_at = excluded.failed_at, failing_since = coalesce(webhook_health.failing_since, excluded.failing_since)
    returning failing_since`.execute(tx)
  // A delivery that somebody took back, or of an endpoint that was switched off meanwhile, is not tried again.
  if (counted.state !== 'pending') return
  const lasts = Temporal.Instant.compare(health.rows[0]!.failing_since.add({ hours: failingHours }), now) <= 0
  if (status === 410 || lasts) {
    await end('failed')
    if (endpoint.enabled)
      await disableEndpoint(tx, delivery.endpoint_id, status === 410 ? 'gone' : 'failing', now, delivery.id)
    return
  }
  const next = nextTry(counted.tries, chance, now)
  if (next === null) {
    await end('failed')
    return
  }
  await tx
    .updateTable('webhook_deliveries')
    .set({ next_at: next })
    .where('id', '=', delivery.id)
    .where('state', '=', 'pending')
    .execute()
  await wakeDelivery(tx, next)
}
