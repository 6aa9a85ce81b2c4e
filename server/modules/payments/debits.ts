// Automatic debit (B8): what is charged by itself on its due date, what happens after a refusal, and who is told before.
import { sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import type { DebitState, PaymentFailure, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import {
  defaultRetryPolicy,
  lastingReasons,
  planRetry,
  type Retries,
  type RetryPolicy,
} from './debit-retries.ts'

export type DebitPolicy = RetryPolicy & { enabled: boolean; announce_days: number | null }

/** How many days before the due date a customer is told, where the business unit says nothing else. */
const defaultAnnounceDays = 3

/** What a business unit's row says of retries, over what goes without saying. */
const readRetries = (stored: unknown): Retries => ({
  ...defaultRetryPolicy.retries,
  ...(stored as Partial<Retries> | null),
})

/** How a business unit debits stored methods. Refuses: not_found. */
export async function getDebitPolicy(tx: Tx, unitId: string): Promise<DebitPolicy | Refusal> {
  const row = await tx
    .selectFrom('business_units')
    .leftJoin('debit_policies', 'debit_policies.business_unit_id', 'business_units.id')
    .select([
      'debit_policies.id',
      'debit_policies.enabled',
      'debit_policies.announce_days',
      'debit_policies.retries',
      'debit_policies.most_attempts',
    ])
    .where('business_units.id', '=', unitId)
    .executeTakeFirst()
  if (!row) return notFound()
  if (row.id === null) return { enabled: true, announce_days: defaultAnnounceDays, ...defaultRetryPolicy }
  return {
    enabled: row.enabled!,
    announce_days: row.announce_days,
    retries: readRetries(row.retries),
    most_attempts: row.most_attempts!,
  }
}

/** Says how a business unit debits stored methods. Refuses: not_found. */
export async function setDebitPolicy(
  tx: Tx,
  unitId: string,
  policy: DebitPolicy,
): Promise<DebitPolicy | Refusal> {
  const unit = await tx.selectFrom('business_units').select('id').where('id', '=', unitId).executeTakeFirst()
  if (!unit) return notFound()
  const row = {
    enabled: policy.enabled,
    announce_days: policy.announce_days,
    retries: JSON.stringify(policy.retries),
    most_attempts: policy.most_attempts,
  }
  await tx
    .insertInto('debit_policies')
    .values({ business_unit_id: unitId, ...row })
    .onConflict((conflict) => conflict.column('business_unit_id').doUpdateSet(row))
    .execute()
  return getDebitPolicy(tx, unitId)
}

/** An invoice that is to be charged, with what it is charged by. */
export type DueDebit = {
  invoice_id: string
  account_id: string
  open_amount: number
  currency: string
  stored_method_id: string
  provider_id: string
  method: PaymentMethod
  attempt: number
}

/** What of a business unit is to be charged on a day, in the order of the invoices' ids, after one of them. */
export async function readDueDebits(
  tx: Tx,
  unitId: string,
  day: Temporal.PlainDate,
  after: string,
  limit: number,
): Promise<DueDebit[]> {
  const found = await sql<DueDebit>`
    select * from due_debits(${unitId}::uuid, ${day}::date, ${after}::uuid, ${limit}::int)`.execute(tx)
  return found.rows
}

/** Writes the intents of charges and their attempts, on their way already. Returns the intents in the order of the charges. */
export async function beginDebits(
  tx: Tx,
  unitId: string,
  day: Temporal.PlainDate,
  due: readonly DueDebit[],
  now: Temporal.Instant,
): Promise<string[]> {
  const column = (value: (one: DueDebit) => string | number) => arrayLiteral(due.map(value))
  const found = await sql<{ id: string; invoice_id: string }>`
    with due as materialized (
      select uuidv7() as id, d.* from unnest(${column(({ invoice_id }) => invoice_id)}::uuid[], ${column(({ account_id }) => account_id)}::uuid[],
               ${column(({ open_amount }) => open_amount)}::bigint[], ${column(({ currency }) => currency)}::text[],
               ${column(({ stored_method_id }) => stored_method_id)}::uuid[], ${column(({ provider_id }) => provider_id)}::uuid[],
               ${column(({ method }) => method)}::payment_method[], ${column(({ attempt }) => attempt)}::smallint[])
             d (invoice_id, account_id, amount, currency, stored_method_id, provider_id, method, attempt)),
    intents as (
      insert into payment_intents (id, business_unit_id, account_id, provider_id, method, origin, amount, currency, stored_method_id,
                                   state, sent_at, look_at)
      select id, ${unitId}::uuid, account_id, provider_id, method, 'run', amount, currency, stored_method_id, 'sending',
             ${now}::timestamptz, ${now.add({ minutes: 5 })}::timestamptz from due),
    invoices as (
      insert into payment_intent_invoices (intent_id, invoice_id, account_id, method, amount)
      select id, invoice_id, account_id, method, amount from due),
    attempts as (
      insert into debit_attempts (business_unit_id, account_id, invoice_id, attempt, stored_method_id, intent_id, on_date)
      select ${unitId}::uuid, account_id, invoice_id, attempt, stored_method_id, id, ${day}::date from due)
    select id, invoice_id from due`.execute(tx)
  const intents = new Map(found.rows.map((row) => [row.invoice_id, row.id]))
  return due.map(({ invoice_id }) => intents.get(invoice_id)!)
}

type EndedAttempt = {
  id: string
  state: DebitState
  invoice_id: string
  stored_method_id: string
  attempt: number
}

/**
 * Lets attempts follow the intents that ended: paid, dropped, or refused with the day of the next one. A method that is not good
 * any more is charged no more. Announces debit.refused, for the mails.
 */
export async function followDebits(
  tx: Tx,
  intentIds: readonly string[],
  now: Temporal.Instant,
): Promise<void> {
  if (intentIds.length === 0) return
  const ended = await sql<EndedAttempt>`
    update debit_attempts a
       set state = case i.state when 'succeeded' then 'paid' when 'failed' then 'refused' else 'dropped' end::debit_state,
           failure = i.failure, ended_at = ${now}::timestamptz, next_on = null
      from payment_intents i
     where a.intent_id = i.id and i.id = any(${arrayLiteral(intentIds)}::uuid[])
       and (a.state = 'charging' or a.state in ('refused', 'dropped') and i.state = 'succeeded')
    returning a.id, a.state, a.invoice_id, a.stored_method_id, a.attempt`.execute(tx)
  const refused = ended.rows.filter(({ state }) => state === 'refused')
  if (refused.length === 0) return
  const attempts = refused.map(({ id }) => id)
  await planRetries(tx, refused, now)
  await sql`
    update stored_methods m set state = case when a.failure = 'expired_method' then 'expired' else 'refused' end::stored_method_state
      from debit_attempts a
     where a.id = any(${arrayLiteral(attempts)}::uuid[]) and m.id = a.stored_method_id and m.state = 'active'
       and a.failure = any(${arrayLiteral(lastingReasons)}::payment_failure[])`.execute(tx)
  await announce(tx, 'debit.refused', { debit_attempt_ids: attempts })
}

/** Writes on which day each refused invoice is charged again, by the policy of its business unit and the refusals so far. */
async function planRetries(tx: Tx, refused: readonly EndedAttempt[], now: Temporal.Instant): Promise<void> {
  const found = await sql<{
    id: string
    attempt: number
    today: Temporal.PlainDate
    most_attempts: number | null
    retries: unknown
    refusals: string
  }>`
    select a.id, a.attempt, (${now}::timestamptz at time zone u.time_zone)::date as today, p.most_attempts, p.retries,
           (select string_agg(b.failure::text, ' ' order by b.attempt) from debit_attempts b
             where b.invoice_id = a.invoice_id and b.stored_method_id = a.stored_method_id and b.state = 'refused') as refusals
      from debit_attempts a
      join business_units u on u.id = a.business_unit_id
      left join debit_policies p on p.business_unit_id = u.id
     where a.id = any(${arrayLiteral(refused.map(({ id }) => id))}::uuid[])`.execute(tx)
  const planned = found.rows.flatMap((row) => {
    const policy = {
      retries: readRetries(row.retries),
      most_attempts: row.most_attempts ?? defaultRetryPolicy.most_attempts,
    }
    const next_on = planRetry(policy, row.refusals.split(' ') as PaymentFailure[], row.attempt, row.today)
    return next_on === null ? [] : [{ id: row.id, next_on }]
  })
  if (planned.length === 0) return
  await sql`
    update debit_attempts a set next_on = n.next_on
      from unnest(${arrayLiteral(planned.map(({ id }) => id))}::uuid[],
                  ${arrayLiteral(planned.map(({ next_on }) => next_on))}::date[]) n (id, next_on)
     where a.id = n.id`.execute(tx)
}

/**
 * Tells customers of what will be charged, so many days before as their business unit says, once for each invoice. What is
 * charged by a method that ends before is none of it. Announces debits.announced. Returns how many.
 */
export async function announceDebits(tx: Tx, now: Temporal.Instant): Promise<number> {
  const told = await sql<{ invoice_id: string }>`
    insert into debit_announcements (invoice_id, account_id, announced_at)
    select i.id, i.account_id, ${now}::timestamptz
      from business_units u
      left join debit_policies p on p.business_unit_id = u.id
     cross join lateral (select (${now}::timestamptz at time zone u.time_zone)::date as today) d
      join invoices i on i.business_unit_id = u.id and i.state = 'open' and i.kind in ('invoice', 'debit_note')
                     and i.due_date > d.today
                     and i.due_date <= d.today + case when p.id is null then ${defaultAnnounceDays} else p.announce_days end
      join stored_methods m on m.account_id = i.account_id and m.state = 'active'
                           and (m.expires_on is null or m.expires_on > i.due_date)
                           and (m.automatic or exists (select from subscriptions s where s.stored_method_id = m.id))
                           and is_debited_by(i.id, m.id, m.automatic)
     where coalesce(p.enabled, true)
       and not exists (select from debit_announcements a where a.invoice_id = i.id)
     order by i.id limit 2000
    on conflict do nothing returning invoice_id`.execute(tx)
  const ids = told.rows.map(({ invoice_id }) => invoice_id)
  if (ids.length > 0) await announce(tx, 'debits.announced', { invoice_ids: ids })
  return ids.length
}

/** Of what fell due longer ago than so many days dunning speaks. */
const askedDays = 7

/**
 * Asks customers to pay otherwise what would be charged to a method that is no longer good, or not on the due date: when it would
 * have been announced, or once that is known, and once for each invoice. Who was told so with a refusal, or is paying, is not
 * asked. Announces debits.impossible. Returns how many.
 */
export async function askToPayOtherwise(tx: Tx, now: Temporal.Instant): Promise<number> {
  const asked = await sql<{ invoice_id: string }>`
    with found as (
      select i.id, i.account_id, m.id as method_id
        from stored_methods m
        join business_units u on u.id = m.business_unit_id
        left join debit_policies p on p.business_unit_id = u.id
       cross join lateral (select (${now}::timestamptz at time zone u.time_zone)::date as today) d
        join invoices i on i.account_id = m.account_id and i.state = 'open' and i.kind in ('invoice', 'debit_note')
                       and i.due_date <= d.today + coalesce(case when p.id is null then ${defaultAnnounceDays} else p.announce_days end, 0)
        join invoice_balances b on b.invoice_id = i.id and b.open_amount > 0
        left join lateral (
          select a.state, a.next_on, a.stored_method_id from debit_attempts a
           where a.invoice_id = i.id order by a.attempt desc limit 1) l on true
       where coalesce(p.enabled, true)
         and (m.automatic or exists (select from subscriptions s where s.stored_method_id = m.id))
         and (m.state in ('expired', 'refused')
              or m.state = 'active' and m.expires_on <= greatest(i.due_date, d.today))
         and (i.due_date >= d.today - ${askedDays}::int or l.next_on is not null)
         and (l.state is null or l.state = 'dropped'
              or l.state = 'refused' and (l.next_on is not null or l.stored_method_id <> m.id))
         and is_debited_by(i.id, m.id, m.automatic)
         and not exists (select from debit_announcements a where a.invoice_id = i.id and a.asked_at is not null)
         and not exists (select from payment_intent_invoices ii where ii.invoice_id = i.id and ii.open)
         and not exists (select from payment_notice_invoices ni join payment_notices n on n.id = ni.payment_notice_id
                          where ni.invoice_id = i.id and n.state = 'pending')
       order by i.id limit 2000),
    -- A day on which nothing will be charged is not to be read anywhere.
    dropped as (
      update debit_attempts a set next_on = null from found f
       where a.invoice_id = f.id and a.stored_method_id = f.method_id and a.next_on is not null)
    insert into debit_announcements (invoice_id, account_id, announced_at, asked_at)
    select id, account_id, null, ${now}::timestamptz from found
    on conflict (invoice_id) do update set asked_at = excluded.asked_at
    returning invoice_id`.execute(tx)
  const ids = asked.rows.map(({ invoice_id }) => invoice_id)
  if (ids.length > 0) await announce(tx, 'debits.impossible', { invoice_ids: ids })
  return ids.length
}

/** Days before a card's end on which its holder is told. */
const warningDays = 30

/**
 * Watches what expires: tells its holder a month before and again on its day, once each, and charges it no more from then on.
 * Announces payment_method.expiring and payment_method.expired. Returns how many.
 */
export async function watchMethods(tx: Tx, now: Temporal.Instant): Promise<number> {
  const changed = await sql<{ id: string; state: string }>`
    update stored_methods m
       set warned_at = coalesce(m.warned_at, ${now}::timestamptz),
           state = case when m.expires_on <= d.today then 'expired'::stored_method_state else m.state end
      from business_units u
     cross join lateral (select (${now}::timestamptz at time zone u.time_zone)::date as today) d
     where u.id = m.business_unit_id and m.state = 'active' and m.expires_on is not null
       and (m.expires_on <= d.today or m.warned_at is null and m.expires_on <= d.today + ${warningDays}::int)
       and m.id in (select id from stored_methods where state = 'active' and expires_on is not null
                     and expires_on <= ${now}::timestamptz::date + ${warningDays + 1}::int
                     and (warned_at is null or expires_on <= ${now}::timestamptz::date + 1)
                   order by expires_on limit 2000)
    returning m.id, m.state`.execute(tx)
  for (const { id, state } of changed.rows) {
    const event = state === 'expired' ? 'payment_method.expired' : 'payment_method.expiring'
    await announce(tx, event, { stored_method_id: id }, id)
  }
  return changed.rows.length
}

/** A page of attempts to charge, the latest first. */
export function listDebitAttempts(
  tx: Tx,
  request: ListRequest & {
    account_id?: string | undefined
    business_unit_id?: string | undefined
    invoice_id?: string | undefined
    state?: DebitState | undefined
  },
) {
  let query = tx
    .selectFrom('debit_attempts')
    .innerJoin('accounts', 'accounts.id', 'debit_attempts.account_id')
    .innerJoin('invoices', 'invoices.id', 'debit_attempts.invoice_id')
    .innerJoin('payment_intents', 'payment_intents.id', 'debit_attempts.intent_id')
    .innerJoin('stored_methods', 'stored_methods.id', 'debit_attempts.stored_method_id')
    .select([
      'debit_attempts.id',
      'debit_attempts.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'debit_attempts.invoice_id',
      sql<string>`invoices.series || '-' || invoices.number`.as('invoice_number'),
      'debit_attempts.attempt',
      'debit_attempts.intent_id',
      'payment_intents.amount',
      'payment_intents.currency',
      'payment_intents.state as intent_state',
      'stored_methods.brand',
      'stored_methods.last_digits',
      'debit_attempts.state',
      'debit_attempts.failure',
      'debit_attempts.on_date',
      'debit_attempts.next_on',
      'debit_attempts.created_at',
    ])
  for (const column of ['account_id', 'business_unit_id', 'invoice_id'] as const) {
    const wanted = request[column]
    if (wanted) query = query.where(`debit_attempts.${column}`, '=', wanted)
  }
  // Written out, not as a parameter: the indexes of the rarer states serve only who names them.
  if (request.state) query = query.where(sql<boolean>`debit_attempts.state = ${sql.lit(request.state)}`)
  const byTime = { by: sql`debit_attempts.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: byTime }, byTime)
}
