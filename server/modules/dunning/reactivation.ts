import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { enqueue } from '../../platform/jobs.ts'
import { lockAccounts } from '../billing/index.ts'
import { performChange } from '../changes/index.ts'
import { findUnit, loadDebts } from './debts.ts'
import { isSettled } from './planning.ts'

/**
 * Adds the job that looks whether an account gets its services back, for each account of these documents that dunning
 * suspended: one per account (billing.md 27).
 */
export async function queueReactivations(tx: Tx, invoiceIds: readonly string[]): Promise<void> {
  const found = await sql<{ account_id: string }>`
    select distinct s.account_id from dunning_suspensions s
     where s.lifted_at is null
       and s.account_id in (select account_id from invoices where id = any(${invoiceIds}::uuid[]))
     order by 1`.execute(tx)
  for (const { account_id } of found.rows)
    await enqueue(tx, 'dunning:reactivate', { account_id }, { key: `dunning:reactivate:${account_id}` })
}

/**
 * Gives an account back what dunning suspended, and nothing else, once nothing overdue above the minimum is left. What
 * somebody reactivated, or suspended anew for another reason, is left as it is. Announces dunning.reactivated. Returns
 * the services that go on again; done twice it changes nothing.
 */
export async function reactivateAccount(tx: Tx, accountId: string, now: Temporal.Instant): Promise<string[]> {
  await lockAccounts(tx, [accountId])
  const { rows: open } = await sql<{
    id: string
    action_id: string
    subscription_id: string
    lasts: boolean
    business_unit_id: string
    minimum_amount: number
    due_from: Temporal.PlainDate | null
  }>`
    select s.id, s.action_id, s.subscription_id, coalesce(upper_inf(p.period), false) as lasts, a.business_unit_id,
           y.minimum_amount, y.due_from
      from dunning_suspensions s
      join dunning_actions a on a.id = s.action_id
      join dunning_policies y on y.id = a.policy_id
      left join subscription_suspensions p on p.id = s.suspension_id
     where s.account_id = ${accountId} and s.lifted_at is null
     order by s.id desc`.execute(tx)
  const last = open[0]
  if (!last) return []
  const unit = (await findUnit(tx, last.business_unit_id, now))!
  const debt = (await loadDebts(tx, [accountId], unit.today)).get(accountId)!
  if (!isSettled(last, debt.documents, unit.today)) return []
  const reactivated: string[] = []
  for (const { id, subscription_id, lasts } of open) {
    const back =
      lasts &&
      !isRefusal(
        await performChange(
          tx,
          subscription_id,
          { kind: 'reactivate', timing: 'now' },
          { now, by: null, quiet: true },
        ),
      )
    if (back) reactivated.push(subscription_id)
    await tx
      .updateTable('dunning_suspensions')
      .set({ lifted_at: now, reactivated: back })
      .where('id', '=', id)
      .execute()
  }
  if (reactivated.length > 0)
    await announce(tx, 'dunning.reactivated', {
      action_id: last.action_id,
      account_id: accountId,
      subscription_ids: reactivated,
    })
  return reactivated
}
