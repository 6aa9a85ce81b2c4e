import type { SuspensionCredit } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'
import { isOrderable } from '../billing/index.ts'

/** What customers of a plan may do by themselves, and what a suspension gives back. */
export type PlanPolicy = {
  customer_changes_plan: boolean
  customer_changes_quantity: boolean
  customer_changes_options: boolean
  customer_cancels: boolean
  customer_orders: boolean
  support_credits: number
  suspension_credit: SuspensionCredit
}

const columns = [
  'customer_changes_plan',
  'customer_changes_quantity',
  'customer_changes_options',
  'customer_cancels',
  'customer_orders',
  'support_credits',
  'suspension_credit',
  'kind',
] as const

/** Refuses: not_found. */
export async function getPlanPolicy(tx: Tx, planId: string) {
  const found = await tx.selectFrom('plans').select(columns).where('id', '=', planId).executeTakeFirst()
  if (!found) return notFound()
  const { kind, ...policy } = found
  return { ...policy, customer_orders: isOrderable({ kind, customer_orders: policy.customer_orders }) }
}

/** Sets what was given, leaves the rest. Refuses: not_found. */
export async function setPlanPolicy(
  tx: Tx,
  planId: string,
  change: { [K in keyof PlanPolicy]?: PlanPolicy[K] | undefined },
) {
  if (Object.values(change).some((value) => value !== undefined))
    await tx.updateTable('plans').set(change).where('id', '=', planId).execute()
  return getPlanPolicy(tx, planId)
}
