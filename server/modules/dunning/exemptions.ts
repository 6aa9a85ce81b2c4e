import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'

async function lockAccount(tx: Tx, accountId: string) {
  const account = await tx
    .selectFrom('accounts')
    .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
    .select(['accounts.business_unit_id', 'business_units.time_zone'])
    .where('accounts.id', '=', accountId)
    .forNoKeyUpdate('accounts')
    .executeTakeFirst()
  return account ?? null
}

/** The exemption is over: nothing stands any more. Whether there was one. */
async function endExemption(
  tx: Tx,
  accountId: string,
  actorId: string | null,
  now: Temporal.Instant,
): Promise<boolean> {
  const lifted = await tx
    .updateTable('account_dunning_exemptions')
    .set({ lifted_at: now, lifted_by: actorId })
    .where('account_id', '=', accountId)
    .where('lifted_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return lifted !== undefined
}

/**
 * Leaves an account alone up to and including a day, with a reason (B9); it takes the place of an exemption before. What is
 * due meanwhile is done after it. Refuses: not_found, invalid_input (a day in the past).
 */
export async function exemptAccount(
  tx: Tx,
  accountId: string,
  input: { until: Temporal.PlainDate; reason: string },
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const account = await lockAccount(tx, accountId)
  if (!account) return notFound()
  if (Temporal.PlainDate.compare(input.until, today(now, account.time_zone)) < 0)
    return refuseField('until', 'in_the_past')
  await endExemption(tx, accountId, actorId, now)
  await tx
    .insertInto('account_dunning_exemptions')
    .values({
      business_unit_id: account.business_unit_id,
      account_id: accountId,
      until: input.until,
      reason: input.reason,
      created_by: actorId,
    })
    .execute()
  return undefined
}

/** Ends an exemption before its day. Refuses: not_found, dunning_not_exempt. */
export async function liftExemption(
  tx: Tx,
  accountId: string,
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  if (!(await lockAccount(tx, accountId))) return notFound()
  return (await endExemption(tx, accountId, actorId, now)) ? undefined : refuse('dunning_not_exempt')
}
