import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'

/**
 * Locks an account for what changes its services or bills them: one at a time, so that numbers, defaults and the days
 * that are billed are what was read. Null where there is no such account.
 */
export async function lockAccount(tx: Tx, accountId: string) {
  const account = await tx
    .selectFrom('accounts')
    .select(['id', 'business_unit_id'])
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return account ?? null
}

/**
 * A subscription with its account locked and what its business unit says; `today` is the unit's calendar date.
 * Refuses: not_found.
 */
export async function lockSubscription(tx: Tx, id: string, now: Temporal.Instant) {
  const found = await tx
    .selectFrom('subscriptions')
    .select('account_id')
    .where('id', '=', id)
    .executeTakeFirst()
  if (!found || (await lockAccount(tx, found.account_id)) === null) return notFound()
  const row = await tx
    .selectFrom('subscriptions')
    .innerJoin('business_units', 'business_units.id', 'subscriptions.business_unit_id')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .selectAll('subscriptions')
    .select([
      'plans.kind as plan_kind',
      'business_units.time_zone',
      'business_units.closing_day',
      'business_units.payment_methods',
    ])
    .where('subscriptions.id', '=', id)
    .executeTakeFirst()
  return row ? { ...row, today: today(now, row.time_zone) } : notFound()
}

export type LockedSubscription = Exclude<
  Awaited<ReturnType<typeof lockSubscription>>,
  ReturnType<typeof notFound>
>

/** Whether any day of a subscription was ever billed, or any line invoiced for it. */
export async function wasBilled(tx: Tx, id: string): Promise<boolean> {
  const found = await sql<{ billed: boolean }>`select exists (
      select from subscription_components c join billed_coverage b on b.component_id = c.id where c.subscription_id = ${id})
    or exists (select from invoice_lines where subscription_id = ${id}) as billed`.execute(tx)
  return found.rows[0]?.billed ?? false
}
