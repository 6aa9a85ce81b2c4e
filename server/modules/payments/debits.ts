// Automatic debit (B8): what is charged by itself on its due date, what happens after a refusal, and who is told before.
import { sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import type { DebitState, PaymentFailure, PaymentMethod } from '../../platform/database.gen.ts'
import { paymentFailures } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'

/** By reason of refusal: after how many days an invoice is charged again, each time. Empty: not by itself any more. */
export type Retries = Record<PaymentFailure, number[]>

/**
 * What a business unit does that says nothing else. Money may come in; a limit is renewed; a card that is not good stays so
 * until its holder stores another.
 */
const defaultRetries: Retries = {
  insufficient_funds: [2, 5, 10],
  limit_exceeded: [1, 3, 7],
  declined: [3, 7],
  provider_error: [1, 1, 2],
  authentication_failed: [],
  expired_method: [],
  invalid_method: [],
  suspected_fraud: [],
}

export type DebitPolicy = { enabled: boolean; announce_days: number | null; retries: Retries }

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
    ])
    .where('business_units.id', '=', unitId)
    .executeTakeFirst()
  if (!row) return notFound()
  if (row.id === null) return { enabled: true, announce_days: 3, retries: defaultRetries }
  return {
    enabled: row.enabled!,
    announce_days: row.announce_days,
    retries: { ...defaultRetries, ...(row.retries as Partial<Retries>) },
  }
}

/** Says how a business unit debits stored methods. Refuses: not_found, invalid_input. */
export async function setDebitPolicy(
  tx: Tx,
  unitId: string,
  policy: DebitPolicy,
): Promise<DebitPolicy | Refusal> {
  const unit = await tx.selectFrom('business_units').select('id').where('id', '=', unitId).executeTakeFirst()
  if (!unit) return notFound()
  const bad = paymentFailures.find((reason) => policy.retries[reason].some((days) => days < 1 || days > 60))
  if (bad) return refuseField(`retries.${bad}`, 'invalid')
  const row = {
    enabled: policy.enabled,
    announce_days: policy.announce_days,
    retries: JSON.stringify(policy.retries),
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
  const refused = await sql<{ id: string; state: DebitState }>`
    update debit_attempts a
       set state = case i.state when 'succeeded' then 'paid' when 'failed' then 'refused' else 'dropped' end::debit_state,
           failure = i.failure, ended_at = ${now}::timestamptz,
           next_on = case when i.state = 'failed'
                          then (${now}::timestamptz at time zone u.time_zone)::date
                               + ((${JSON.stringify(defaultRetries)}::jsonb || coalesce(p.retries, '{}')) -> i.failure::text ->> (a.attempt - 1))::int
                     end
      from payment_intents i
      join business_units u on u.id = i.business_unit_id
      left join debit_policies p on p.business_unit_id = u.id
     where a.intent_id = i.id and i.id = any(${arrayLiteral(intentIds)}::uuid[])
       and (a.state = 'charging' or a.state in ('refused', 'dropped') and i.state = 'succeeded')
    returning a.id, a.state`.execute(tx)
  const attempts = refused.rows.filter(({ state }) => state === 'refused').map(({ id }) => id)
  if (attempts.length === 0) return
  await sql`
    update stored_methods m set state = case when a.failure = 'expired_method' then 'expired' else 'refused' end::stored_method_state
      from debit_attempts a
     where a.id = any(${arrayLiteral(attempts)}::uuid[]) and m.id = a.stored_method_id and m.state = 'active'
       and a.failure in ('expired_method', 'invalid_method', 'suspected_fraud')`.execute(tx)
  await announce(tx, 'debit.refused', { debit_attempt_ids: attempts })
}

/**
 * Tells customers of what will be charged, so many days before as their business unit says, once for each invoice. Announces
 * debits.announced. Returns how many.
 */
export async function announceDebits(tx: Tx, now: Temporal.Instant): Promise<number> {
  const told = await sql<{ invoice_id: string }>`
    insert into debit_announcements (invoice_id, account_id, announced_at)
    select i.id, i.account_id, ${now}::timestamptz
      from business_units u
      left join debit_policies p on p.business_unit_id = u.id
     cross join lateral (select (${now}::timestamptz at time zone u.time_zone)::date as today) d
      join invoices i on i.business_unit_id = u.id and i.state = 'open' and i.kind in ('invoice', 'debit_note')
                     and i.due_date > d.today and i.due_date <= d.today + case when p.id is null then 3 else p.announce_days end
      join stored_methods m on m.account_id = i.account_id and m.automatic and m.state = 'active'
     where coalesce(p.enabled, true)
       and not exists (select from debit_announcements a where a.invoice_id = i.id)
     order by i.id limit 2000
    on conflict do nothing returning invoice_id`.execute(tx)
  const ids = told.rows.map(({ invoice_id }) => invoice_id)
  if (ids.length > 0) await announce(tx, 'debits.announced', { invoice_ids: ids })
  return ids.length
}

/** Days before a card's end on which its holder is told. */
const warningDays = 30

/** Watches what expires: tells its holder a month before, once, and charges it no more afterwards. Returns how many. */
export async function watchMethods(tx: Tx, now: Temporal.Instant): Promise<number> {
  const changed = await sql<{ id: string; state: string }>`
    update stored_methods m
       set warned_at = ${now}::timestamptz, state = case when m.expires_on <= d.today then 'expired'::stored_method_state else m.state end
      from business_units u
     cross join lateral (select (${now}::timestamptz at time zone u.time_zone)::date as today) d
     where u.id = m.business_unit_id and m.state = 'active' and m.expires_on is not null
       and (m.expires_on <= d.today or m.warned_at is null and m.expires_on <= d.today + ${warningDays}::int)
       and m.id in (select id from stored_methods where state = 'active' and expires_on is not null
                     and expires_on <= ${now}::timestamptz::date + ${warningDays + 1}::int
                     and (warned_at is null or expires_on <= ${now}::timestamptz::date + 1)
                   order by expires_on limit 2000)
    returning m.id, m.state`.execute(tx)
  for (const { id } of changed.rows)
    await announce(tx, 'payment_method.expiring', { stored_method_id: id }, id)
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
  for (const column of ['account_id', 'business_unit_id', 'invoice_id', 'state'] as const) {
    const wanted = request[column]
    if (wanted) query = query.where(`debit_attempts.${column}`, '=', wanted)
  }
  const byTime = { by: sql`debit_attempts.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: byTime }, byTime)
}
