// Intents on their way: to the provider once, then asking what became of them. A killed process leaves an intent `sending`: then
// nobody knows whether it arrived, and the provider is asked before anything else is done (billing.md 25).
import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { PaymentFailure } from '../../platform/database.gen.ts'
import type { JobContext, JobHandlers, Schedule } from '../../platform/jobs.ts'
import { type CallFault, callProvider, isFault } from './calls.ts'
import { readRequest } from './charge-requests.ts'
import { askAbout, requestCancel, sendIntent } from './intents.ts'
import { noteHealth, openProvider } from './provider-list.ts'
import type { Drivers, MovedMoney, RefundRequest, RefundStanding, Standing } from './providers.ts'
import { endRefund, sendRefund } from './reversals.ts'
import { applyStanding, pauseAfter } from './standing.ts'
import { readReference } from './stored-methods.ts'

export type PaymentServices = { config: Config; drivers: Drivers }

type Call = JobContext & PaymentServices

/** After so many times of being unknown to its provider, an intent is given up: nothing can arrive under its key any more. */
const mostAbsences = 6

/** Takes an intent to its provider, unless that was begun before: then the provider is asked. */
async function startIntent(call: Call, id: string): Promise<void> {
  const { config, drivers, transact, now } = call
  const begun = await transact(async (tx) => {
    const row = await tx
      .updateTable('payment_intents')
      .set({ state: 'sending', sent_at: now(), look_at: now().add({ seconds: 60 }) })
      .where('id', '=', id)
      .where('state', '=', 'created')
      .returning([
        'provider_id',
        sql<boolean>`exists (select from stored_methods m
                              where m.id = payment_intents.stored_method_id and m.state = 'removed')`.as(
          'method_removed',
        ),
      ])
      .executeTakeFirst()
    if (!row) return null
    // Should this process be killed now, somebody asks in a minute.
    await askAbout(tx, id, 60)
    const [provider, request] = [
      await openProvider(tx, config, drivers, row.provider_id),
      await readRequest(tx, config, id),
    ]
    return { provider, request, removed: row.method_removed }
  })
  // Begun before, by a process that is no more: nobody is in the midst of it.
  if (!begun) return lookUpLost(call, id)
  const { provider, request, removed } = begun
  // Its customer took it back while the wish to charge it waited.
  if (removed) return failIntent(call, id, 'the payment method was removed', 'invalid_method')
  if (!provider || !request) return failIntent(call, id, 'the provider is not set up')
  const answer = await callProvider(call, provider, (context): Promise<Standing> => {
    if (request.purpose === 'payment') return provider.driver.create(context, request.charge)
    if (!provider.driver.setUp) return Promise.resolve(refused('this provider keeps no methods'))
    return provider.driver.setUp(context, request.setup)
  })
  await takeAnswer(call, id, answer, !provider.driver.capabilities.by_files)
}

const refused = (detail: string, reason: PaymentFailure = 'provider_error'): Standing => ({
  state: 'failed',
  ref: null,
  failure: { reason, detail },
  received: [],
  reversed: [],
})

async function failIntent(
  { config, transact, now }: Call,
  id: string,
  detail: string,
  reason?: PaymentFailure,
): Promise<void> {
  await transact((tx) => applyStanding(tx, config, id, refused(detail, reason), now()))
}

/** Applies what a provider answered, or notes that nobody knows and asks later. */
async function takeAnswer(
  call: Call,
  id: string,
  answer: Standing | CallFault,
  asks: boolean,
): Promise<void> {
  const { config, transact, now } = call
  if (!isFault(answer)) {
    await transact((tx) => applyStanding(tx, config, id, answer, now(), asks))
    return
  }
  if (answer.fault === 'refusal') return failIntent(call, id, answer.detail)
  await transact(async (tx) => {
    const row = await tx
      .updateTable('payment_intents')
      .set({
        state: sql`case when state = 'sending' then 'unknown'::intent_state else state end`,
        looks: sql`looks + 1`,
      })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .returning('looks')
      .executeTakeFirst()
    if (!row) return
    const pause = pauseAfter(row.looks - 1)
    await sql`update payment_intents set look_at = ${now().add({ seconds: pause })}::timestamptz where id = ${id}`.execute(
      tx,
    )
    await askAbout(tx, id, pause)
  })
}

/** How long a call that was begun may be under way, with something over for what is done before and after it. */
const longestCall = { seconds: 55 }

/** As lookUpIntent, of one whose process is gone: what the provider does not know of never left. */
export async function lookUpLost(call: Call, id: string): Promise<void> {
  await lookUpIntent(call, id, true)
}

/**
 * Asks a provider what became of an intent and applies it. One that the provider knows nothing of is sent again under the
 * same key, which is the same charge, unless it is just being sent; one that it never came to know is given up. Returns whether
 * it was heard what became of it, or somebody asks again.
 */
export async function lookUpIntent(call: Call, id: string, lost = false): Promise<boolean> {
  const { config, drivers, transact, now } = call
  const found = await transact(async (tx) => {
    const intent = await tx
      .selectFrom('payment_intents')
      .select(['provider_id', 'provider_ref', 'state', 'looks', 'sent_at', 'ended_at'])
      .where('id', '=', id)
      .executeTakeFirst()
    if (!intent || intent.state === 'created') return null
    return { intent, provider: await openProvider(tx, config, drivers, intent.provider_id) }
  })
  if (!found) return true
  const { intent, provider } = found
  if (!provider) return false
  const answer = await callProvider(call, provider, (context) =>
    provider.driver.lookUp(context, { key: id, ref: intent.provider_ref }),
  )
  if (isFault(answer) || answer.state !== 'absent' || intent.ended_at !== null) {
    // A refusal to answer says nothing about the charge.
    const silent = isFault(answer) ? { ...answer, fault: 'silence' as const } : answer
    await takeAnswer(call, id, silent, !provider.driver.capabilities.by_files)
    return !isFault(answer) || intent.ended_at === null
  }
  // The request may be on its way at this moment: what it does is not known yet, and it must not be sent beside itself.
  if (
    !lost &&
    intent.state === 'sending' &&
    intent.sent_at !== null &&
    Temporal.Instant.compare(intent.sent_at.add(longestCall), now()) > 0
  ) {
    await transact((tx) => askAbout(tx, id, longestCall.seconds))
    return true
  }
  if (intent.looks >= mostAbsences) {
    await failIntent(call, id, 'the provider never came to know of it')
    return true
  }
  await transact(async (tx) => {
    const again = await tx
      .updateTable('payment_intents')
      .set({ state: 'created', looks: sql`looks + 1`, look_at: null })
      .where('id', '=', id)
      .where('state', 'in', ['sending', 'unknown'])
      .returning('id')
      .executeTakeFirst()
    if (again) await sendIntent(tx, id)
  })
  return true
}

/** Asks about several, each whatever becomes of the others. Throws the first fault after them all. Returns whether all were heard. */
async function lookUpEach(call: Call, ids: readonly string[]): Promise<boolean> {
  const faults: unknown[] = []
  let heard = true
  for (const id of ids) {
    if (call.stopping()) return false
    try {
      heard = (await lookUpIntent(call, id)) && heard
    } catch (error) {
      faults.push(error)
      call.log.error({ err: error, intent: id }, 'what became of a payment could not be booked')
    }
  }
  if (faults.length > 0) throw faults[0]
  return heard
}

/**
 * Gives an intent up, where its provider still can: what was never sent at once. Returns whether the provider answered; one that
 * cannot give up has nothing to say.
 */
export async function cancelIntent(call: Call, id: string): Promise<'done' | 'refused' | 'silent'> {
  const { config, drivers, transact, now } = call
  const found = await transact(async (tx) => {
    const done = await tx
      .updateTable('payment_intents')
      .set({ state: 'cancelled', ended_at: now(), look_at: null, action: null, details_encrypted: null })
      .where('id', '=', id)
      .where('state', '=', 'created')
      .returning('id')
      .executeTakeFirst()
    if (done) return null
    const intent = await tx
      .selectFrom('payment_intents')
      .select(['provider_id', 'provider_ref', 'ended_at'])
      .where('id', '=', id)
      .executeTakeFirst()
    if (!intent || intent.ended_at !== null) return null
    return { intent, provider: await openProvider(tx, config, drivers, intent.provider_id) }
  })
  const cancel = found?.provider?.driver.cancel
  if (!found?.provider || !cancel) return 'done'
  const { intent, provider } = found
  const answer = await callProvider(call, provider, (context) =>
    cancel.call(provider.driver, context, { key: id, ref: intent.provider_ref }),
  )
  if (isFault(answer)) return answer.fault === 'refusal' ? 'refused' : 'silent'
  await takeAnswer(call, id, answer, !provider.driver.capabilities.by_files)
  return 'done'
}

/** Gives up what was begun for an order that nothing comes of any more: nobody is to pay it. What is paid all the same is credit. */
async function giveUpOrder({ transact }: Call, orderId: string): Promise<void> {
  await transact(async (tx) => {
    const open = await tx
      .selectFrom('payment_intents')
      .select('id')
      .where('order_id', '=', orderId)
      .where('ended_at', 'is', null)
      .orderBy('id')
      .execute()
    for (const { id } of open) await requestCancel(tx, null, id)
  })
}

/** Takes a refund to the provider once, and asks about it until it is done or refused. */
async function sendRefundOf(call: Call, id: string): Promise<void> {
  const { config, drivers, transact, now } = call
  const found = await transact(async (tx) => {
    const row = await tx
      .selectFrom('payment_reversals')
      .innerJoin('payments', 'payments.id', 'payment_reversals.payment_id')
      .select([
        'payment_reversals.id',
        'payment_reversals.state',
        'payment_reversals.amount',
        'payment_reversals.currency',
        'payment_reversals.reason',
        'payment_reversals.provider_ref as refund_ref',
        'payment_reversals.looks',
        'payments.amount as paid',
        'payments.provider_id',
        'payments.provider_ref',
        'payments.intent_id',
        sql<string | null>`(select i.provider_ref from payment_intents i where i.id = payments.intent_id)`.as(
          'charge_ref',
        ),
        sql<string[]>`array(select o.provider_ref from payment_reversals o
          where o.payment_id = payments.id and o.id <> payment_reversals.id and o.provider_ref is not null)`.as(
          'others',
        ),
      ])
      .where('payment_reversals.id', '=', id)
      .where('payment_reversals.kind', '=', 'refund')
      .where('payment_reversals.state', 'in', ['created', 'sending', 'unknown', 'pending'])
      .forUpdate('payment_reversals')
      .executeTakeFirst()
    if (!row || row.provider_id === null || row.provider_ref === null) return null
    await tx
      .updateTable('payment_reversals')
      .set({ state: row.state === 'created' ? 'sending' : row.state, looks: row.looks + 1 })
      .where('id', '=', id)
      .execute()
    const pause = pauseAfter(row.looks) + 30
    await tx
      .updateTable('payment_reversals')
      .set({ look_at: now().add({ seconds: pause }) })
      .where('id', '=', id)
      .execute()
    // Whatever becomes of this process, somebody goes on.
    await sendRefund(tx, id, pause)
    return { row, provider: await openProvider(tx, config, drivers, row.provider_id) }
  })
  if (!found?.provider) return
  const { row, provider } = found
  const { driver } = provider
  const refund: RefundRequest = {
    key: row.id,
    charge: { key: row.intent_id ?? row.provider_ref!, ref: row.charge_ref ?? row.provider_ref! },
    payment_ref: row.provider_ref!,
    amount: row.amount,
    whole: row.amount === row.paid,
    currency: row.currency,
    reason: row.reason,
    others: row.others,
  }
  const answer = await callProvider(call, provider, async (context): Promise<RefundStanding> => {
    if (!driver.refund) return { state: 'failed', detail: 'this provider gives nothing back' }
    if (row.state !== 'created' && driver.lookUpRefund) {
      const known = await driver.lookUpRefund(context, { ...refund, ref: row.refund_ref })
      if (known.state !== 'absent') return known
    }
    return driver.refund(context, refund)
  })
  await transact(async (tx) => {
    if (isFault(answer)) {
      if (answer.fault === 'refusal')
        return endRefund(tx, id, { state: 'failed', detail: answer.detail }, now())
      await sql`update payment_reversals set state = 'unknown' where id = ${id} and state = 'sending'`.execute(
        tx,
      )
      return
    }
    if (answer.state === 'failed') return endRefund(tx, id, answer, now())
    if (answer.state === 'done') return endRefund(tx, id, { state: 'done', ref: answer.ref }, now())
    if (answer.state === 'pending')
      await sql`update payment_reversals set state = 'pending', provider_ref = ${answer.ref}
                 where id = ${id} and state in ('sending', 'unknown', 'pending')`.execute(tx)
  })
}

/**
 * Tells a provider to forget a method that was removed, and forgets what a bank would need to debit it. Returns whether the
 * provider did; one that did not answer is to be asked again.
 */
export async function forgetMethod(call: Call, id: string): Promise<'done' | 'refused' | 'silent'> {
  const { config, drivers, transact, now } = call
  const found = await transact(async (tx) => {
    const row = await tx
      .selectFrom('stored_methods')
      .select(['id', 'provider_id', 'reference', 'reference_encrypted'])
      .where('id', '=', id)
      .where('state', '=', 'removed')
      .where('forgotten_at', 'is', null)
      .executeTakeFirst()
    return row && { row, provider: await openProvider(tx, config, drivers, row.provider_id) }
  })
  if (!found) return 'done'
  const forget = found.provider?.driver.forget
  let refused = false
  if (found.provider && forget) {
    const { provider, row } = found
    const answer = await callProvider(call, provider, (context) =>
      forget.call(provider.driver, context, readReference(config, row)),
    )
    if (isFault(answer) && answer.fault === 'silence') return 'silent'
    refused = isFault(answer)
  }
  // What a bank would need to debit an account is of no use any more; of who was erased, nothing is.
  await transact((tx) =>
    sql`update stored_methods m
           set reference_encrypted = null, forgotten_at = ${refused ? null : now()}::timestamptz,
               reference = case when exists (select from accounts a where a.id = m.account_id and a.erased_at is not null)
                                then '{}' else m.reference end
         where m.id = ${id} and m.state = 'removed'`.execute(tx),
  )
  return refused ? 'refused' : 'done'
}

/** Tries whether a provider works as it is set; its health tells. */
async function testProvider(call: Call, id: string): Promise<void> {
  const { config, drivers, transact, now } = call
  const provider = await transact((tx) => openProvider(tx, config, drivers, id))
  if (provider) await callProvider(call, provider, (context) => provider.driver.test(context), 20_000)
  else
    await transact((tx) =>
      noteHealth(
        tx,
        id,
        { code: 'settings_invalid', detail: 'its driver does not accept the settings' },
        now(),
      ),
    )
}

/** Finds what a provider told us about, and asks. */
async function readEvent(call: Call, eventId: string, about: readonly string[]): Promise<void> {
  const { transact, now } = call
  const ids = await transact(async (tx) => {
    const found = await sql<{ id: string }>`
      select distinct i.id
        from provider_events e
        join payment_intents i on i.provider_id = e.provider_id
       where e.id = ${eventId}
         and (('key:' || i.id) = any(${about}::text[]) or ('ref:' || i.provider_ref) = any(${about}::text[])
              or exists (select from payments p where p.intent_id = i.id and ('ref:' || p.provider_ref) = any(${about}::text[])))`.execute(
      tx,
    )
    return found.rows.map(({ id }) => id)
  })
  // Of what is open somebody asks again; of what has ended, a refund or a chargeback, nobody would.
  if (!(await lookUpEach(call, ids))) throw new Error('the provider did not say what became of it')
  await transact((tx) =>
    tx
      .updateTable('provider_events')
      .set({ state: ids.length > 0 ? 'done' : 'ignored', done_at: now() })
      .where('id', '=', eventId)
      .where('state', '=', 'received')
      .execute(),
  )
}

/**
 * Asks about what nobody asked about in time: a safety net under the jobs that each intent has of its own. Each is moved on by an
 * hour first: what cannot be asked about, or booked, is not the first of every round.
 */
async function lookUpOverdue(call: Call): Promise<void> {
  const { transact, now } = call
  const ids = await transact(async (tx) => {
    const taken = await sql<{ id: string }>`
      update payment_intents set look_at = ${now().add({ hours: 1 })}::timestamptz
       where id in (select id from payment_intents where look_at < ${now().subtract({ minutes: 10 })}::timestamptz
                     order by look_at limit 500 for update skip locked)
      returning id`.execute(tx)
    return taken.rows.map(({ id }) => id)
  })
  await lookUpEach(call, ids)
}

/** Finds what came in at providers and no call told us, of the last days. */
async function reconcile(call: Call): Promise<void> {
  const { config, drivers, transact, now } = call
  // One that nobody pays by any more still has refunds and disputes of what was paid by it.
  const providers = await transact(async (tx) => {
    const found = await sql<{ id: string }>`
      select p.id from payment_providers p
       where p.enabled or (select i.created_at from payment_intents i where i.provider_id = p.id order by i.id desc limit 1)
                          > ${now().subtract({ hours: 24 * 180 })}::timestamptz
       order by p.id`.execute(tx)
    return found.rows
  })
  const unbooked: unknown[] = []
  for (const { id } of providers) {
    if (call.stopping()) return
    const provider = await transact((tx) => openProvider(tx, config, drivers, id))
    const list = provider?.driver.listReceived
    if (!provider || !list) continue
    const until = now()
    const faults: unknown[] = []
    await callProvider(
      call,
      provider,
      async (context) => {
        const received = list.call(provider.driver, context, until.subtract({ hours: 72 }), until)
        let batch: MovedMoney[] = []
        const lookUpMissed = async () => {
          const listed = batch
          batch = []
          const missed = await transact((tx) => findMissed(tx, id, listed))
          await lookUpEach(call, missed).catch((error: unknown) => faults.push(error))
        }
        for await (const moved of received) {
          if (context.signal.aborted || call.stopping()) return
          if (batch.push(moved) >= 500) await lookUpMissed()
        }
        await lookUpMissed()
      },
      300_000,
    )
    unbooked.push(...faults)
  }
  if (unbooked.length > 0) throw unbooked[0]
}

/** Those intents of listed charges whose money is not booked yet, or not back yet. */
async function findMissed(
  tx: Parameters<typeof askAbout>[0],
  providerId: string,
  listed: readonly MovedMoney[],
): Promise<string[]> {
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
  const found = await sql<{ id: string }>`
    select distinct i.id
      from unnest(${listed.map(({ key }) => (key !== undefined && uuid.test(key) ? key : null))}::uuid[],
                  ${listed.map(({ ref }) => ref ?? null)}::text[], ${listed.map((one) => one.money_ref ?? null)}::text[],
                  ${listed.map((one) => one.won ?? false)}::boolean[]) as l (key, ref, money_ref, won)
     cross join lateral (
       select p.id from payment_intents p where p.provider_id = ${providerId} and p.id = l.key
       union
       select p.id from payment_intents p where p.provider_id = ${providerId} and p.provider_ref = l.ref) i
     where not exists (select from payments p where p.intent_id = i.id and (l.money_ref is null or p.provider_ref = l.money_ref))
       and not exists (select from payments p join payment_reversals r on r.payment_id = p.id
                        where p.intent_id = i.id and r.provider_ref = l.money_ref
                          and (r.state = 'won' or r.state = 'done' and not l.won or r.state = 'failed' and l.won))`.execute(
    tx,
  )
  return found.rows.map(({ id }) => id)
}

/** The jobs of payments by providers. */
export function createIntentJobs(services: PaymentServices): JobHandlers {
  const of = (context: JobContext): Call => ({ ...context, ...services })
  return {
    'payments:start_intent': (payload, context) => startIntent(of(context), String(payload.intent_id)),
    'payments:look_up_intent': async (payload, context) => {
      await lookUpIntent(of(context), String(payload.intent_id))
    },
    'payments:cancel_intent': async (payload, context) => {
      const outcome = await cancelIntent(of(context), String(payload.intent_id))
      // The queue asks again: whoever gave it up is not to find it charged because nobody heard.
      if (outcome === 'silent') throw new Error('the provider did not answer')
    },
    'payments:give_up_order': (payload, context) => giveUpOrder(of(context), String(payload.order_id)),
    'payments:send_refund': (payload, context) => sendRefundOf(of(context), String(payload.reversal_id)),
    'payments:forget_method': async (payload, context) => {
      const outcome = await forgetMethod(of(context), String(payload.stored_method_id))
      if (outcome === 'silent') throw new Error('the provider did not answer')
    },
    'payments:test_provider': (payload, context) => testProvider(of(context), String(payload.provider_id)),
    'payments:read_event': (payload, context) =>
      readEvent(of(context), String(payload.event_id), payload.about as string[]),
    'payments:look_up_overdue': (_payload, context) => lookUpOverdue(of(context)),
    'payments:reconcile': (_payload, context) => reconcile(of(context)),
    'payments:forget_events': async (_payload, { transact, now }) => {
      await transact((tx) =>
        sql`delete from provider_events where received_at < ${now().subtract({ hours: 24 * 90 })}::timestamptz`.execute(
          tx,
        ),
      )
    },
  }
}

/** When they run by themselves (UTC). */
export const intentSchedule: Schedule = {
  'payments:look_up_overdue': '*/10 * * * *',
  'payments:reconcile': '23 * * * *',
  'payments:forget_events': '41 3 * * *',
}
