import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { enqueue } from '../../platform/jobs.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { hasUnbilledDays, lockAccounts } from '../billing/index.ts'
import { forgetMethods, listHeld, stopCharging } from '../payments/index.ts'

/** What has to come to its end first. `amount` is in minor units of the business unit's currency. */
export type Obstacle = {
  code:
    | 'services_running'
    | 'contracts_in_force'
    | 'invoices_open'
    | 'credit_left'
    | 'payments_pending'
    | 'payments_under_way'
    | 'days_unbilled'
  count: number
  amount: number | null
}

/** How much of each kind goes, and how much stays because the law asks for it. */
type Counts = {
  contacts: number
  people: number
  memberships: number
  domains: number
  invitations: number
  api_keys: number
  notices: number
  payment_notes: number
  receipts_removed: number
  stored_methods: number
  exports: number
  audit_entries: number
  people_of_others: number
  invoices: number
  payments: number
  ledger_entries: number
  receipts_kept: number
  contracts: number
  services: number
}

type Subject = {
  id: string
  number: number
  name: string
  business_unit_id: string
  currency: string
  time_zone: string
  unit_language: Language
  erased_at: Temporal.Instant | null
}

async function findSubject(tx: Tx, accountId: string): Promise<Subject | undefined> {
  return tx
    .selectFrom('accounts')
    .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
    .select([
      'accounts.id',
      'accounts.number',
      'accounts.name',
      'accounts.business_unit_id',
      'accounts.erased_at',
      'business_units.currency',
      'business_units.time_zone',
      'business_units.language as unit_language',
    ])
    .where('accounts.id', '=', accountId)
    .executeTakeFirst()
}

async function listObstacles(tx: Tx, subject: Subject, now: Temporal.Instant): Promise<Obstacle[]> {
  const found = await sql<Obstacle>`
    select code, count::int as count, amount
      from erasure_obstacles(${subject.id}, ${today(now, subject.time_zone)}::date)`.execute(tx)
  // What still runs is billed to its end by itself; said of what has ended, it is news.
  const running = found.rows.some((row) => row.code === 'services_running')
  return !running && (await hasUnbilledDays(tx, subject.id))
    ? [...found.rows, { code: 'days_unbilled', count: 1, amount: null }]
    : found.rows
}

/**
 * What an erasure of an account takes, what it leaves and why, and what stands in its way, before anything is done.
 * Refuses: not_found.
 */
export async function previewErasure(tx: Tx, accountId: string, now: Temporal.Instant) {
  const subject = await findSubject(tx, accountId)
  if (!subject) return notFound()
  const [counted, obstacles, underWay] = await Promise.all([
    sql<Counts>`
      with alone as (select people_of_account_alone(${accountId}) as ids)
      select (select count(*) from contacts where account_id = a.id)::int as contacts,
             cardinality(alone.ids) as people,
             (select count(*) from memberships where account_id = a.id)::int as memberships,
             (select count(*) from account_domains where account_id = a.id)::int as domains,
             (select count(*) from invitations where account_id = a.id)::int as invitations,
             (select count(*) from api_keys where account_id = a.id)::int as api_keys,
             (select count(*) from notices where account_id = a.id)::int as notices,
             (select count(*) from payment_notices where account_id = a.id and num_nonnulls(note, reference, rejection_reason) > 0)::int as payment_notes,
             (select count(*) from files f where f.account_id = a.id and f.purpose = 'receipt'
                 and not exists (select from payment_notice_receipts r join payment_notices n on n.id = r.payment_notice_id
                                  where r.file_id = f.id and n.state = 'approved'))::int as receipts_removed,
             (select count(*) from stored_methods where account_id = a.id)::int as stored_methods,
             (select count(*) from privacy_exports where account_id = a.id and state = 'done' and removed_at is null)::int as exports,
             (select count(*) from audit_log where account_id = a.id)::int as audit_entries,
             (select count(*) from memberships where account_id = a.id and user_id <> all(alone.ids))::int as people_of_others,
             (select count(*) from invoices where account_id = a.id)::int as invoices,
             (select count(*) from payments where account_id = a.id)::int as payments,
             (select count(*) from ledger_entries where account_id = a.id)::int as ledger_entries,
             (select count(*) from payment_notice_receipts r join payment_notices n on n.id = r.payment_notice_id
               where r.account_id = a.id and n.state = 'approved')::int as receipts_kept,
             (select count(*) from contracts where account_id = a.id)::int as contracts,
             (select count(*) from subscriptions where account_id = a.id)::int as services
        from accounts a cross join alone where a.id = ${accountId}`.execute(tx),
    listObstacles(tx, subject, now),
    readUnderWay(tx, accountId),
  ])
  const counts = counted.rows[0]!
  const pick = <K extends keyof Counts>(...names: K[]) => names.map((kind) => ({ kind, count: counts[kind] }))
  return {
    account_id: subject.id,
    number: subject.number,
    name: subject.name,
    currency: subject.currency,
    erased_at: subject.erased_at,
    under_way: underWay,
    obstacles: subject.erased_at === null ? obstacles : [],
    goes: pick(
      'contacts',
      'people',
      'memberships',
      'domains',
      'invitations',
      'api_keys',
      'notices',
      'payment_notes',
      'receipts_removed',
      'stored_methods',
      'exports',
      'audit_entries',
    ),
    stays: pick(
      'invoices',
      'payments',
      'ledger_entries',
      'receipts_kept',
      'contracts',
      'services',
      'people_of_others',
    ),
  }
}

/** How far an erasure is that waits for providers, or what became of it; null where none had to. */
async function readUnderWay(tx: Tx, accountId: string) {
  const row = await tx
    .selectFrom('account_erasures')
    .select(['state', 'requested_at', 'left_behind'])
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (!row) return null
  const held = row.state === 'under_way' ? await listHeld(tx, accountId) : []
  const providers = Map.groupBy(held, (one) => one.provider_name)
  return {
    ...row,
    waits_for: [...providers].map(([provider_name, all]) => ({ provider_name, count: all.length })),
  }
}

/**
 * Erases who an account is, for good: names and contacts are replaced, the books stay. `number` is the account's, typed by
 * whoever is sure. Where providers keep something of it, a job has them let go of that first, and then erases. Done before, or
 * under way, it changes nothing. Refuses: not_found, invalid_input (another number),
 * erasure_obstructed (something runs or is owed).
 */
export async function eraseAccount(
  tx: Tx,
  accountId: string,
  input: { number: number; reason: string },
  now: Temporal.Instant,
) {
  // Whatever moves its money waits: nothing is sold, issued or paid between the look and the deed.
  await lockAccounts(tx, [accountId])
  const subject = await findSubject(tx, accountId)
  if (!subject) return notFound()
  if (input.number !== subject.number) return refuseField('number', 'not_the_account')
  if (subject.erased_at === null) {
    const held = await listHeld(tx, accountId)
    const refusal =
      held.length === 0
        ? await erase(tx, subject, input.reason, now)
        : await requestErasure(tx, subject, input.reason, now)
    if (refusal) return refusal
  }
  return previewErasure(tx, accountId, now)
}

/** With the queue's back-off, so often over three days. */
const attempts = 21

/** Notes that an account is to be erased once its providers have let go, and adds the job. Refuses: erasure_obstructed. */
async function requestErasure(
  tx: Tx,
  subject: Subject,
  reason: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const obstacles = await listObstacles(tx, subject, now)
  if (obstacles.length > 0) return refuse('erasure_obstructed', { params: { count: obstacles.length } })
  const wish = {
    state: 'under_way' as const,
    reason,
    asked_by: sql<never>`nullif(current_setting('zaguan.actor', true), '')::jsonb - 'ip'`,
    requested_at: now,
    left_behind: 0,
    ended_at: null,
  }
  const noted = await tx
    .insertInto('account_erasures')
    .values({ account_id: subject.id, business_unit_id: subject.business_unit_id, ...wish })
    .onConflict((conflict) =>
      conflict.column('account_id').doUpdateSet(wish).where('account_erasures.state', '=', 'obstructed'),
    )
    .returning('id')
    .executeTakeFirst()
  if (!noted) return undefined
  await stopCharging(tx, subject.id, now)
  await enqueue(
    tx,
    'privacy:erase_account',
    { account_id: subject.id },
    { key: `privacy:erase_account:${subject.id}`, maxAttempts: attempts },
  )
  return undefined
}

/** The erasure that is under way of an account: what its providers still keep; null where none is. */
export async function readErasure(tx: Tx, accountId: string, now: Temporal.Instant) {
  const row = await tx
    .selectFrom('account_erasures')
    .select('id')
    .where('account_id', '=', accountId)
    .where('state', '=', 'under_way')
    .executeTakeFirst()
  if (!row) return null
  // Whatever was stored after it was asked for goes as well.
  await stopCharging(tx, accountId, now)
  return listHeld(tx, accountId)
}

/**
 * Erases an account whose providers were asked to let go: `asked` are the ids of what they were asked about, `leftBehind` how
 * much of it they kept. Returns false where something came in between that they were not asked about yet. What stands in the way
 * by now ends the erasure, undone.
 */
export async function finishErasure(
  tx: Tx,
  accountId: string,
  asked: ReadonlySet<string>,
  leftBehind: number,
  now: Temporal.Instant,
): Promise<boolean> {
  await lockAccounts(tx, [accountId])
  const [subject, row] = [
    await findSubject(tx, accountId),
    await tx
      .selectFrom('account_erasures')
      .select(['id', 'reason', 'asked_by'])
      .where('account_id', '=', accountId)
      .where('state', '=', 'under_way')
      .forUpdate()
      .executeTakeFirst(),
  ]
  if (!subject || !row) return true
  if ((await listHeld(tx, accountId)).some(({ id }) => !asked.has(id))) return false
  const obstructed = (await listObstacles(tx, subject, now)).length > 0
  await tx
    .updateTable('account_erasures')
    .set({
      state: obstructed ? 'obstructed' : 'done',
      reason: null,
      left_behind: obstructed ? 0 : leftBehind,
      ended_at: now,
    })
    .where('id', '=', row.id)
    .execute()
  if (obstructed) return true
  // What the job does last is the deed of whoever asked for it, and stands in the audit log under that name.
  if (row.asked_by !== null)
    await sql`select set_config('zaguan.actor', ${JSON.stringify(row.asked_by)}, true)`.execute(tx)
  const refusal = await erase(tx, subject, row.reason!, now)
  if (refusal) throw new Error(`an erasure was refused: ${refusal.code}`)
  return true
}

async function erase(
  tx: Tx,
  subject: Subject,
  reason: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const obstacles = await listObstacles(tx, subject, now)
  const [first] = obstacles
  if (first) return refuse('erasure_obstructed', { params: { count: obstacles.length } })
  const t = translator(subject.unit_language)
  const erased = await sql<{ files: string[] | null }>`
    select erase_account(${subject.id}, ${t('common:erased.account', { number: subject.number })}, ${t('common:erased.person')},
                         ${reason}, ${today(now, subject.time_zone)}::date)::text[] as files`.execute(tx)
  const files = erased.rows[0]?.files
  if (!files) return notFound()
  await forgetMethods(tx, subject.id)
  // The bytes go once the rows are gone for certain.
  if (files.length > 0) await enqueue(tx, 'privacy:remove_files', { file_ids: files })
  return undefined
}

/** Removes what is kept for a while only; returns the files whose bytes are to be removed. */
export async function forgetWhatIsOld(tx: Tx, now: Temporal.Instant): Promise<string[]> {
  const found = await sql<{
    files: string[]
  }>`select forget_what_is_old(${now}::timestamptz)::text[] as files`.execute(tx)
  return found.rows[0]?.files ?? []
}
