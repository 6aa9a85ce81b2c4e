import type { SuspensionCredit } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'

/** What customers of a plan may do by themselves, and what a suspension gives back. */
export type PlanPolicy = {
  customer_changes_plan: boolean
  customer_changes_quantity: boolean
  customer_changes_options: boolean
  customer_cancels: boolean
  suspension_credit: SuspensionCredit
}

const columns = [
  'customer_changes_plan',
  'customer_changes_quantity',
  'customer_changes_options',
  'customer_cancels',
  'suspension_credit',
] as const

/** Refuses: not_found. */
export async function getPlanPolicy(tx: Tx, planId: string) {
  const found = await tx.selectFrom('plans').select(columns).where('id', '=', planId).executeTakeFirst()
  return found ?? notFound()
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
