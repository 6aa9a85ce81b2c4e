// What providers say of a charge, brought into the books. Everything here may be called again with the same, in any order, and
// by several at once: what is booked is known by the provider's own ids (billing.md 25, 26).
import { sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import { today } from '../../platform/calendar.ts'
import type { Config } from '../../platform/config.ts'
import type { IntentState, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal } from '../../platform/errors.ts'
import { lockAccounts } from '../billing/index.ts'
import { followDebits } from './debits.ts'
import { askAbout } from './intents.ts'
import { type Booking, bookPayments } from './payments.ts'
import type { Standing } from './providers.ts'
import { bookReversed } from './reversals.ts'
import { keepMethod } from './stored-methods.ts'

type LockedIntent = {
  id: string
  account_id: string
  business_unit_id: string
  provider_id: string
  method: PaymentMethod
  purpose: 'payment' | 'setup'
  order_id: string | null
  store: boolean
  state: IntentState
  provider_ref: string | null
  created_by: string | null
  ended_at: Temporal.Instant | null
  looks: number
  time_zone: string
  invoice_ids: string[]
}

/** The intents, with their accounts locked against everything else that moves their money, then they themselves. */
async function lockIntents(tx: Tx, ids: readonly string[]): Promise<Map<string, LockedIntent>> {
  const owners = await sql<{ account_id: string }>`
    select distinct account_id from payment_intents where id = any(${arrayLiteral(ids)}::uuid[])`.execute(tx)
  await lockAccounts(
    tx,
    owners.rows.map(({ account_id }) => account_id),
  )
  const rows = await sql<LockedIntent>`
    select i.id, i.account_id, i.business_unit_id, i.provider_id, i.method, i.purpose, i.order_id, i.store, i.state, i.provider_ref,
           i.created_by, i.ended_at, i.looks, u.time_zone,
           array(select ii.invoice_id from payment_intent_invoices ii where ii.intent_id = i.id) as invoice_ids
      from payment_intents i join business_units u on u.id = i.business_unit_id
     where i.id = any(${arrayLiteral(ids)}::uuid[]) order by i.id for update of i`.execute(tx)
  return new Map(rows.rows.map((row) => [row.id, row]))
}

// Seconds until a provider is asked again of its own accord; a call of theirs or the customer's coming back asks at once.
const pauses = [5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600]

/** After how many seconds to ask again what became of something that was asked about so many times already. */
export function pauseAfter(looks: number): number {
  return pauses[Math.min(looks, pauses.length - 1)]!
}

/** What an intent becomes by what its provider says. */
function stateOf(standing: Standing, intent: LockedIntent, paid: boolean): IntentState {
  const ended = intent.ended_at !== null
  if (paid) return 'succeeded'
  if (standing.state === 'absent') return intent.state
  // Success without money is no success: the provider will be asked again.
  const said = standing.state === 'succeeded' && intent.purpose === 'payment' ? 'pending' : standing.state
  return ended && said !== 'succeeded' ? intent.state : said
}

const isOver = (state: IntentState) =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled' || state === 'expired'

/** What a provider says of an intent. `asks` false: it cannot be asked, its money arrives by files. */
export type Said = { intent_id: string; standing: Standing; asks?: boolean }

/** As applyStandings, of one intent. Returns what it became; null where there is none. */
export async function applyStanding(
  tx: Tx,
  config: Config,
  intentId: string,
  standing: Standing,
  now: Temporal.Instant,
  asks = true,
): Promise<IntentState | null> {
  const became = await applyStandings(tx, config, [{ intent_id: intentId, standing, asks }], now)
  return became.get(intentId) ?? null
}

/**
 * Applies what providers say of intents: books the money and reversals that are not booked yet, keeps the method where that was
 * asked for, and moves each intent on. Whatever a payment causes is in the same transaction or a job of it. Returns what each
 * became.
 */
export async function applyStandings(
  tx: Tx,
  config: Config,
  said: readonly Said[],
  now: Temporal.Instant,
): Promise<Map<string, IntentState>> {
  const intents = await lockIntents(
    tx,
    said.map(({ intent_id }) => intent_id),
  )
  const known = said.filter(({ intent_id }) => intents.has(intent_id))
  await bookReceived(tx, known, intents, now)
  const paid = await readPaid(tx, [...intents.keys()])
  const became = new Map<string, IntentState>()
  const moved: Moved[] = []
  for (const { intent_id, standing, asks = true } of known) {
    const intent = intents.get(intent_id)!
    const money = paid.get(intent_id) ?? []
    for (const one of standing.reversed) {
      const payment = money.find((row) => row.provider_ref === one.payment_ref) ?? money[0]
      // What went back before we learnt that it came is booked with it, the next time that the provider is asked.
      if (payment) await bookReversed(tx, payment.id, one, now)
    }
    const state = stateOf(standing, intent, money.length > 0)
    became.set(intent_id, state)
    if (state === 'succeeded' && intent.state !== 'succeeded' && standing.method && intent.store)
      await keepMethod(tx, config, intent, standing.method)
    if (intent.ended_at === null || state !== intent.state)
      moved.push({
        intent,
        standing,
        state,
        pause: isOver(state) || !asks ? null : pauseAfter(intent.looks),
      })
  }
  await moveIntents(tx, moved, now)
  return became
}

type Moved = {
  intent: LockedIntent
  standing: Standing
  state: IntentState
  pause: number | null
}

/** Writes what intents became, all in one statement, and the jobs that follow from it. */
async function moveIntents(tx: Tx, moved: readonly Moved[], now: Temporal.Instant): Promise<void> {
  if (moved.length === 0) return
  const column = (value: (one: Moved) => string | null) => arrayLiteral(moved.map(value))
  const failed = (one: Moved) => one.state === 'failed'
  await sql`
    update payment_intents i
       set state = n.state, provider_ref = coalesce(i.provider_ref, n.ref),
           action = case when n.state in ('succeeded', 'failed', 'cancelled', 'expired') then null
                         when n.action is null then i.action else n.action::jsonb end,
           expires_at = coalesce(n.expires_at, i.expires_at), failure = n.failure, failure_detail = n.detail, look_at = n.look_at,
           looks = i.looks + 1,
           ended_at = case when n.state in ('succeeded', 'failed', 'cancelled', 'expired') then coalesce(i.ended_at, ${now}::timestamptz) end,
           details_encrypted = case when n.state in ('succeeded', 'failed', 'cancelled', 'expired') then null else i.details_encrypted end
      from unnest(${column(({ intent }) => intent.id)}::uuid[], ${column(({ state }) => state)}::intent_state[],
                  ${column(({ standing }) => standing.ref)}::text[],
                  ${column(({ standing }) => (standing.action ? JSON.stringify(standing.action) : null))}::text[],
                  ${column(({ standing }) => standing.expires_at?.toString() ?? null)}::timestamptz[],
                  ${column((one) => (failed(one) ? (one.standing.failure?.reason ?? 'declined') : null))}::payment_failure[],
                  ${column((one) => (failed(one) ? (one.standing.failure?.detail?.slice(0, 500) ?? null) : null))}::text[],
                  ${column(({ pause }) => (pause === null ? null : now.add({ seconds: pause }).toString()))}::timestamptz[])
           n (id, state, ref, action, expires_at, failure, detail, look_at)
     where i.id = n.id`.execute(tx)
  await Promise.all(
    moved.flatMap(({ intent, pause }) => (pause === null ? [] : [askAbout(tx, intent.id, pause)])),
  )
  const ended = moved.filter(({ intent, state }) => isOver(state) && state !== intent.state)
  await followDebits(
    tx,
    ended.map(({ intent }) => intent.id),
    now,
  )
}

/** The money that is booked of intents, the first first. */
async function readPaid(
  tx: Tx,
  intentIds: readonly string[],
): Promise<Map<string, { id: string; provider_ref: string | null }[]>> {
  const found = await sql<{ id: string; intent_id: string; provider_ref: string | null }>`
    select id, intent_id, provider_ref from payments where intent_id = any(${arrayLiteral(intentIds)}::uuid[]) order by id`.execute(
    tx,
  )
  return Map.groupBy(found.rows, ({ intent_id }) => intent_id)
}

/** Books money that providers took for intents, once by the provider's id of it. */
async function bookReceived(
  tx: Tx,
  said: readonly Said[],
  intents: ReadonlyMap<string, LockedIntent>,
  now: Temporal.Instant,
): Promise<void> {
  const taken = said.flatMap(({ intent_id, standing }) =>
    standing.received
      .filter(({ amount }) => amount > 0)
      .map((money) => ({ intent: intents.get(intent_id)!, money })),
  )
  if (taken.length === 0) return
  const known = await sql<{ provider_id: string; provider_ref: string }>`
    select p.provider_id, p.provider_ref
      from unnest(${arrayLiteral(taken.map(({ intent }) => intent.provider_id))}::uuid[],
                  ${arrayLiteral(taken.map(({ money }) => money.ref))}::text[]) n (provider_id, ref)
      join payments p on p.provider_id = n.provider_id and p.provider_ref = n.ref`.execute(tx)
  const seen = new Set(known.rows.map((row) => `${row.provider_id} ${row.provider_ref}`))
  const orders = taken.flatMap(({ intent }) => (intent.order_id === null ? [] : [intent.id]))
  const fulfilled = new Set((orders.length === 0 ? new Map() : await readPaid(tx, orders)).keys())
  const bookings: Booking[] = []
  for (const { intent, money } of taken) {
    const name = `${intent.provider_id} ${money.ref}`
    if (seen.has(name)) continue
    seen.add(name)
    // A provider's clock may be ahead of ours.
    const at = Temporal.Instant.compare(money.at, now) > 0 ? now : money.at
    bookings.push({
      account_id: intent.account_id,
      amount: money.amount,
      method: intent.method,
      received_on: today(at, intent.time_zone),
      reference: money.ref.slice(0, 200),
      // The order is fulfilled by the first money; what comes again for it is credit.
      ...(intent.order_id === null || fulfilled.has(intent.id)
        ? { invoice_ids: intent.invoice_ids }
        : { order_id: intent.order_id }),
      // An order has no due date, so nothing can be late or early with it.
      adjusted: intent.order_id === null ? money.adjusted : null,
      provider: { provider_id: intent.provider_id, provider_ref: money.ref, intent_id: intent.id },
      recorded_by: null,
    })
    fulfilled.add(intent.id)
  }
  const booked = await bookPayments(tx, bookings, now)
  if (isRefusal(booked)) throw new Error(`money of a provider was refused: ${booked.code}`)
}
