import type { DunningPolicyState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { type DunningRules, type DunningStep, sortSteps } from './planning.ts'

/** What a policy says, for planning; null where there is none. */
export async function loadRules(
  tx: Tx,
  policyId: string,
): Promise<
  | (DunningRules & {
      id: string
      business_unit_id: string
      state: DunningPolicyState
      charge_due_days: number
    })
  | null
> {
  const [policy, steps] = await Promise.all([
    tx
      .selectFrom('dunning_policies')
      .select(['id', 'business_unit_id', 'state', 'minimum_amount', 'charge_due_days', 'due_from'])
      .where('id', '=', policyId)
      .executeTakeFirst(),
    // Without the texts, which the portal's login does not read and planning does not need.
    tx
      .selectFrom('dunning_steps')
      .select(['id', 'key', 'day', 'action', 'weekdays', 'amount', 'basis_points', 'day_count', 'scope'])
      .where('policy_id', '=', policyId)
      .orderBy('id')
      .execute(),
  ])
  return policy ? { ...policy, steps: sortSteps(steps as DunningStep[]) } : null
}

/** The policy in force of a business unit, or null. */
export async function findPolicyInForce(tx: Tx, unitId: string): Promise<string | null> {
  const found = await tx
    .selectFrom('dunning_policies')
    .select('id')
    .where('business_unit_id', '=', unitId)
    .where('state', '=', 'in_force')
    .executeTakeFirst()
  return found?.id ?? null
}
