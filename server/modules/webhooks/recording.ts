import { sql } from 'kysely'
import type { UserSide } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import type { Listeners } from '../../platform/events.ts'
import type { JobContext, JobHandlers, JobPayload } from '../../platform/jobs.ts'
import type { Language } from '../../platform/translations.ts'
import { type EventType, readObject } from './event-types.ts'
import { wakeDelivery } from './waking.ts'

// From what the house announces to what endpoints are told: who wants to hear of it gets one message, as the API of their
// side shows the object now. Where nobody listens nothing is read and nothing is written.

/** Something that happened to an object, as it is told to whoever may hear of it. */
type Occurrence = {
  type: EventType
  object_id: string
  account_id: string
  business_unit_id: string
  language: Language
  /** What happened to what: the message of it exists once, however often it is announced or a job is done again. */
  cause: string
}

type Announcement = {
  types: readonly EventType[]
  read: (tx: Tx, payload: JobPayload) => Promise<Occurrence[]>
}

const one = (payload: JobPayload, key: string) => [String(payload[key])]
const many = (payload: JobPayload, key: string) => {
  const value = payload[key]
  return Array.isArray(value) ? value : []
}

/**
 * Occurrences of rows of a table: `type` and `cause` are SQL over the row `o`; a row whose type is null is passed over.
 * Erased accounts are told of no more.
 */
const ofTable =
  (
    table: string,
    ids: (payload: JobPayload) => string[],
    say: { type: string; cause: string; account?: string },
  ): Announcement['read'] =>
  async (tx, payload) => {
    const account = sql.raw(say.account ?? 'o.account_id')
    const found = await sql<Occurrence>`
      select t.type, o.id as object_id, a.id as account_id, a.business_unit_id, u.language,
             t.type || ':' || ${sql.raw(say.cause)} as cause
        from ${sql.table(table)} o
        join accounts a on a.id = ${account} and a.erased_at is null
        join business_units u on u.id = a.business_unit_id
       cross join lateral (select ${sql.raw(say.type)} as type) t
       where o.id = any(${ids(payload)}::uuid[]) and t.type is not null
       order by o.id`.execute(tx)
    return found.rows
  }

/** A moment as part of a cause: what can happen to an object again is another cause then. */
const at = (column: string) => `(extract(epoch from ${column}) * 1000000)::bigint`

const ofSubscription = (type: EventType): Announcement => ({
  types: [type],
  read: ofTable('subscriptions', (payload) => one(payload, 'subscription_id'), {
    type: `'${type}'`,
    cause: `o.id || ':' || ${at('o.updated_at')}`,
  }),
})
const ofAccount = (type: EventType, cause: string): Announcement => ({
  types: [type],
  read: ofTable('accounts', (payload) => one(payload, 'account_id'), {
    type: `'${type}'`,
    cause,
    account: 'o.id',
  }),
})
const ofReversal = (type: EventType): Announcement => ({
  types: [type],
  read: ofTable('payment_reversals', (payload) => one(payload, 'reversal_id'), {
    type: `'${type}'`,
    cause: 'o.id',
  }),
})
const ofMethod = (type: EventType): Announcement => ({
  types: [type],
  read: ofTable('stored_methods', (payload) => one(payload, 'stored_method_id'), {
    type: `'${type}'`,
    cause: 'o.id',
  }),
})

const ofOrder = (type: EventType): Announcement => ({
  types: [type],
  read: ofTable('orders', (payload) => one(payload, 'order_id'), {
    type: `'${type}'`,
    // Staff may try an order that failed again, and it may fail again: another version of its row.
    cause: type === 'order.failed' ? `o.id || ':' || o.xmin::text` : 'o.id',
  }),
})

/** What is listened to, and what becomes of it. */
const announcements: Record<string, Announcement> = {
  'account.created': ofAccount('account.created', 'o.id'),
  'account.changed': ofAccount('account.changed', `o.id || ':' || ${at('o.updated_at')}`),
  'contract.accepted': {
    types: ['contract.accepted'],
    read: ofTable('contract_documents', (payload) => one(payload, 'document_id'), {
      type: `'contract.accepted'`,
      cause: 'o.id',
      account: '(select s.account_id from subscriptions s where s.id = o.subscription_id)',
    }),
  },
  'subscription.created': ofSubscription('subscription.created'),
  'subscription.activated': ofSubscription('subscription.activated'),
  'subscription.suspended': ofSubscription('subscription.suspended'),
  'subscription.reactivated': ofSubscription('subscription.reactivated'),
  'subscription.cancelled': ofSubscription('subscription.cancelled'),
  'subscription.changed': {
    types: ['subscription.changed'],
    read: async (tx, payload) => {
      const found = await sql<Occurrence>`
        select 'subscription.changed' as type, s.id as object_id, a.id as account_id, a.business_unit_id, u.language,
               'subscription.changed:' || c.id as cause
          from subscription_changes c
          join subscriptions s on s.id = c.subscription_id
          join accounts a on a.id = s.account_id and a.erased_at is null
          join business_units u on u.id = a.business_unit_id
         -- What has an event of its own is told by that alone.
         where c.id = ${String(payload.change_id)} and c.kind not in ('suspend', 'reactivate', 'cancel')`.execute(
        tx,
      )
      return found.rows
    },
  },
  'invoices.issued': {
    types: ['invoice.issued', 'debit_note.issued'],
    read: ofTable('invoices', (payload) => many(payload, 'invoice_ids'), {
      type: `case o.kind when 'invoice' then 'invoice.issued' when 'debit_note' then 'debit_note.issued' end`,
      cause: 'o.id',
    }),
  },
  'invoices.settled': {
    types: ['invoice.paid', 'invoice.voided'],
    read: ofTable('invoices', (payload) => many(payload, 'invoice_ids'), {
      type: `case when o.kind in ('invoice', 'debit_note')
                  then case o.state when 'paid' then 'invoice.paid' when 'void' then 'invoice.voided' end end`,
      // Once for each time that it becomes paid, not for each posting that touches it.
      cause: `o.id || coalesce(':' || ${at('o.paid_at')}, '')`,
    }),
  },
  'credit_notes.issued': {
    types: ['credit_note.issued'],
    read: ofTable('invoices', (payload) => many(payload, 'credit_note_ids'), {
      type: `'credit_note.issued'`,
      cause: 'o.id',
    }),
  },
  'proformas.issued': {
    types: ['proforma.issued'],
    read: ofTable('invoices', (payload) => many(payload, 'invoice_ids'), {
      type: `'proforma.issued'`,
      cause: 'o.id',
    }),
  },
  'payment.approved': {
    types: ['payment.received'],
    read: ofTable('payments', (payload) => one(payload, 'payment_id'), {
      type: `'payment.received'`,
      cause: 'o.id',
    }),
  },
  'payment.refunded': ofReversal('payment.refunded'),
  'payment.charged_back': ofReversal('payment.charged_back'),
  'payment_method.stored': ofMethod('payment_method.stored'),
  'payment_method.removed': ofMethod('payment_method.removed'),
  'payment_method.expired': ofMethod('payment_method.expired'),
  'quote.offered': ofOrder('quote.offered'),
  'order.placed': ofOrder('order.placed'),
  'order.processed': ofOrder('order.processed'),
  'order.failed': ofOrder('order.failed'),
  'order.cancelled': ofOrder('order.cancelled'),
  'order.expired': ofOrder('order.expired'),
  'dunning.acted': {
    types: ['dunning.acted'],
    read: ofTable('dunning_actions', (payload) => one(payload, 'action_id'), {
      type: `'dunning.acted'`,
      cause: 'o.id',
    }),
  },
}

const taskOf = (event: string) => `webhooks:record_${event.replace('.', '_')}`

/** Who listens to what happened, for app.ts. */
export const webhookListeners: Listeners = Object.fromEntries(
  Object.keys(announcements).map((event) => [event, [taskOf(event)]]),
)

/** One transaction writes so many messages: a closing of thousands holds nothing open for long. */
const atOnce = 25

/** The jobs that write messages. */
export const recordingJobs: JobHandlers = Object.fromEntries(
  Object.entries(announcements).map(([event, announcement]) => [
    taskOf(event),
    (payload: JobPayload, context: JobContext) => record(announcement, payload, context),
  ]),
)

async function record(
  { types, read }: Announcement,
  payload: JobPayload,
  { transact, now, stopping }: JobContext,
): Promise<void> {
  const occurrences = await transact(async (tx) => ((await isWanted(tx, types)) ? read(tx, payload) : []))
  for (let from = 0; from < occurrences.length; from += atOnce) {
    // What was written is not written again, so the next attempt goes on here.
    if (stopping()) throw new Error('stopping: the rest is written by the next attempt')
    await transact((tx) => recordOccurrences(tx, occurrences.slice(from, from + atOnce), now()))
  }
}

async function isWanted(tx: Tx, types: readonly EventType[]): Promise<boolean> {
  const found = await sql<{ wanted: boolean }>`
    select exists (select from webhook_endpoints
                    where enabled and (event_types is null or event_types && ${[...types]}::text[])) as wanted`.execute(
    tx,
  )
  return found.rows[0]!.wanted
}

type Listener = {
  id: string
  side: UserSide
  account_id: string | null
  business_unit_id: string | null
  event_types: string[] | null
}

async function recordOccurrences(
  tx: Tx,
  occurrences: readonly Occurrence[],
  now: Temporal.Instant,
): Promise<void> {
  const unique = (values: string[]) => [...new Set(values)]
  const types = unique(occurrences.map(({ type }) => type))
  const endpoints = await sql<Listener>`
    select id, side, account_id, business_unit_id, event_types from webhook_endpoints
     where enabled and (event_types is null or event_types && ${types}::text[])
       and (account_id = any(${unique(occurrences.map((one) => one.account_id))}::uuid[])
            or account_id is null and (business_unit_id is null
               or business_unit_id = any(${unique(occurrences.map((one) => one.business_unit_id))}::uuid[])))
     order by id`.execute(tx)
  let written = false
  for (const occurrence of occurrences) {
    for (const side of ['staff', 'customer'] as const) {
      const listening = endpoints.rows.filter(
        (endpoint) =>
          endpoint.side === side &&
          (endpoint.event_types === null || endpoint.event_types.includes(occurrence.type)) &&
          (side === 'customer'
            ? endpoint.account_id === occurrence.account_id
            : endpoint.business_unit_id === null ||
              endpoint.business_unit_id === occurrence.business_unit_id),
      )
      if (listening.length === 0) continue
      const { type, object_id, cause, account_id, business_unit_id, language } = occurrence
      const data = await readObject(tx, type, side, object_id, { now, language, account_id })
      if (data === null) continue
      const message = { side, type, cause, account_id, business_unit_id, data }
      const sent = await insertMessage(
        tx,
        message,
        listening.map((endpoint) => endpoint.id),
        now,
      )
      written ||= sent.length > 0
    }
  }
  if (written) await wakeDelivery(tx)
}

/**
 * Writes a message and its deliveries, unless it was written before. Returns the ids of the new deliveries, in the order of
 * the endpoints.
 */
export async function insertMessage(
  tx: Tx,
  message: {
    side: UserSide
    type: string
    cause: string
    account_id: string | null
    business_unit_id: string | null
    data: unknown
  },
  endpointIds: readonly string[],
  now: Temporal.Instant,
): Promise<string[]> {
  const { side, type, cause, account_id, business_unit_id, data } = message
  const inserted = await sql<{ id: string }>`
    insert into webhook_messages (id, event_id, side, type, occurred_at, payload, cause, account_id, business_unit_id)
    select n.id, 'msg_' || replace(n.id::text, '-', ''), ${side}::user_side, ${type}, ${now}::timestamptz,
           ${JSON.stringify(data)}::json, ${cause}, ${account_id}::uuid, ${business_unit_id}::uuid
      from (select uuidv7() as id) n
        on conflict (side, cause) do nothing
    returning id`.execute(tx)
  const id = inserted.rows[0]?.id
  if (id === undefined) return []
  const deliveries = await sql<{ id: string }>`
    insert into webhook_deliveries (message_id, endpoint_id, type, next_at)
    select ${id}, e.id, ${type}, ${now}::timestamptz from unnest(${[...endpointIds]}::uuid[]) with ordinality e (id, place)
     order by e.place
    returning id`.execute(tx)
  return deliveries.rows.map((row) => row.id)
}
