import { sql } from 'kysely'
import type { PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, refuseField } from '../../platform/errors.ts'
import { getUnit } from '../units/index.ts'
import { lockAccount } from './locks.ts'

const running = sql<boolean>`status not in ('cancelled', 'ended')`

/** Payment method and due day of an account's first service that goes on, else of its first ever; what a new one gets (P3). */
export function readBillingDefaults(tx: Tx, accountId: string) {
  return tx
    .selectFrom('subscriptions')
    .select(['payment_method', 'due_day'])
    .where('account_id', '=', accountId)
    .orderBy(running, 'desc')
    .orderBy('number')
    .limit(1)
    .executeTakeFirst()
}

/**
 * The billing data that an account's services share: those of the first one or, without any, of the business unit.
 * `uniform` says whether all services that go on have them. Refuses: not_found.
 */
export async function getBillingData(tx: Tx, accountId: string) {
  const account = await tx
    .selectFrom('accounts')
    .select(['id', 'business_unit_id'])
    .where('id', '=', accountId)
    .executeTakeFirst()
  if (!account) return notFound()
  const unit = await getUnit(tx, account.business_unit_id)
  if (isRefusal(unit)) return unit
  const [first, counts] = await Promise.all([
    readBillingDefaults(tx, accountId),
    tx
      .selectFrom('subscriptions')
      .select([
        sql<number>`count(*)`.as('subscriptions'),
        sql<boolean>`count(distinct (payment_method, due_day)) <= 1`.as('uniform'),
      ])
      .where('account_id', '=', accountId)
      .where(running)
      .executeTakeFirstOrThrow(),
  ])
  return {
    payment_method: first?.payment_method ?? unit.payment_methods[0] ?? ('bank_transfer' as const),
    due_day: first?.due_day ?? unit.due_day,
    chosen: first !== undefined,
    ...counts,
  }
}

/**
 * Sets payment method and due day of all services of an account that go on, together (P3). Refuses: not_found,
 * invalid_input (a payment method that the business unit does not take).
 */
export async function setBillingData(
  tx: Tx,
  accountId: string,
  change: { payment_method?: PaymentMethod | undefined; due_day?: number | undefined },
) {
  const account = await lockAccount(tx, accountId)
  if (!account) return notFound()
  const unit = await getUnit(tx, account.business_unit_id)
  if (isRefusal(unit)) return unit
  if (change.payment_method !== undefined && !unit.payment_methods.includes(change.payment_method))
    return refuseField('payment_method', 'not_a_choice')
  if (Object.values(change).some((value) => value !== undefined)) {
    await tx
      .updateTable('subscriptions')
      .set(change)
      .where('account_id', '=', accountId)
      .where(running)
      .execute()
  }
  return getBillingData(tx, accountId)
}
