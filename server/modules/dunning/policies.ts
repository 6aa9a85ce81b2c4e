import { sql } from 'kysely'
import type {
  DayCount,
  DunningPolicyState,
  DunningScope,
  DunningStepAction,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { type FieldFault, isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { languages } from '../../platform/translations.ts'
import { sortSteps } from './planning.ts'
import { summarizeSimulation } from './simulation.ts'
import { makeTemplateSteps } from './template.ts'
import { type DunningTexts, listUnknownVariables } from './texts.ts'

/** A step as staff write it. `key` is given where it was in the policy before. */
export type StepInput = {
  key?: string | undefined
  day: number
  action: DunningStepAction
  weekdays: number[]
  amount: number | null
  basis_points: number | null
  day_count: DayCount | null
  scope: DunningScope | null
  texts: DunningTexts | null
}

export type PolicyChange = {
  name?: string | undefined
  minimum_amount?: number | undefined
  charge_due_days?: number | undefined
  due_from?: Temporal.PlainDate | null | undefined
  run_hour?: number | undefined
  steps?: StepInput[] | undefined
}

export type PolicyFilter = {
  business_unit_id?: string | undefined
  state?: DunningPolicyState | undefined
}

function selectPolicies(tx: Tx) {
  return tx
    .selectFrom('dunning_policies')
    .innerJoin('business_units', 'business_units.id', 'dunning_policies.business_unit_id')
    .leftJoin('users as creator', 'creator.id', 'dunning_policies.created_by')
    .leftJoin('users as starter', 'starter.id', 'dunning_policies.switched_on_by')
    .leftJoin('users as ender', 'ender.id', 'dunning_policies.switched_off_by')
    .select([
      'dunning_policies.id',
      'dunning_policies.business_unit_id',
      'business_units.name as business_unit_name',
      'business_units.currency',
      'business_units.time_zone',
      'business_units.day_count as unit_day_count',
      'dunning_policies.name',
      'dunning_policies.state',
      'dunning_policies.minimum_amount',
      'dunning_policies.charge_due_days',
      'dunning_policies.due_from',
      'dunning_policies.run_hour',
      'dunning_policies.created_at',
      'dunning_policies.updated_at',
      'creator.name as created_by_name',
      'dunning_policies.switched_on_at',
      'starter.name as switched_on_by_name',
      'dunning_policies.switched_off_at',
      'ender.name as switched_off_by_name',
      sql<number>`(select count(*)::int from dunning_steps s where s.policy_id = dunning_policies.id)`.as(
        'step_count',
      ),
    ])
}

/** A page of policies, the newest first. */
export function listPolicies(tx: Tx, request: ListRequest & PolicyFilter) {
  let query = selectPolicies(tx)
  if (request.business_unit_id)
    query = query.where('dunning_policies.business_unit_id', '=', request.business_unit_id)
  if (request.state) query = query.where('dunning_policies.state', '=', request.state)
  const tie = { by: sql`dunning_policies.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: tie }, tie)
}

/** A policy with its steps, in their order. Refuses: not_found. */
export async function getPolicy(tx: Tx, id: string) {
  const [policy, steps] = await Promise.all([
    selectPolicies(tx).where('dunning_policies.id', '=', id).executeTakeFirst(),
    readSteps(tx, id),
  ])
  return policy ? { ...policy, steps: sortSteps(steps) } : notFound()
}

async function readSteps(tx: Tx, policyId: string) {
  const rows = await tx
    .selectFrom('dunning_steps')
    .select(['id', 'key', 'day', 'action', 'weekdays', 'amount', 'basis_points', 'day_count', 'scope'])
    .select(sql<DunningTexts | null>`texts`.as('texts'))
    .where('policy_id', '=', policyId)
    .orderBy('id')
    .execute()
  return rows
}

/**
 * Prepares a draft: from the template, from another policy (whose steps stay the same steps, so that what was done is not
 * done again), or without steps. Refuses: not_found (business unit, policy).
 */
export async function createPolicy(
  tx: Tx,
  input: {
    business_unit_id: string
    name: string
    copy_of?: string | undefined
    empty?: boolean | undefined
  },
  actorId: string | null,
): Promise<string | Refusal> {
  const unit = await tx
    .selectFrom('business_units')
    .select('id')
    .where('id', '=', input.business_unit_id)
    .executeTakeFirst()
  if (!unit) return notFound()
  const source = input.copy_of === undefined ? null : await getPolicy(tx, input.copy_of)
  if (isRefusal(source)) return source
  if (source && source.business_unit_id !== input.business_unit_id) return notFound()
  const { id } = await tx
    .insertInto('dunning_policies')
    .values({
      business_unit_id: input.business_unit_id,
      name: input.name,
      created_by: actorId,
      ...(source && {
        minimum_amount: source.minimum_amount,
        charge_due_days: source.charge_due_days,
        due_from: source.due_from,
        run_hour: source.run_hour,
      }),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const steps = source
    ? source.steps.map(({ id: _id, ...step }) => step as StepInput)
    : input.empty
      ? []
      : makeTemplateSteps().map((step) => ({ ...step, weekdays: [...step.weekdays] }) as StepInput)
  await writeSteps(tx, id, steps)
  return id
}

async function writeSteps(tx: Tx, policyId: string, steps: readonly StepInput[]): Promise<void> {
  if (steps.length === 0) return
  await tx
    .insertInto('dunning_steps')
    .values(
      steps.map(({ key, weekdays, texts, ...step }) => ({
        ...step,
        ...(key === undefined ? {} : { key }),
        policy_id: policyId,
        weekdays: sql<number[]>`${weekdays}::smallint[]`,
        texts: texts === null ? null : sql<never>`${JSON.stringify(texts)}::jsonb`,
      })),
    )
    .execute()
}

/** What is wrong with steps, by path. */
function checkSteps(steps: readonly StepInput[]): FieldFault[] {
  const faults: FieldFault[] = []
  const seen = new Set<string>()
  steps.forEach((step, index) => {
    const fault = (name: string, code: string, params?: Record<string, string>) =>
      faults.push({ path: `steps.${index}.${name}`, code, ...(params ? { params } : {}) })
    const { action } = step
    if (action !== 'mail' && step.day < 1) fault('day', 'dunning_after_due')
    if (action === 'late_fee' || action === 'interest' || action === 'cancel') {
      if (seen.has(action)) fault('action', 'dunning_only_once')
      seen.add(action)
    }
    const given = [step.amount, step.basis_points].filter((one) => one !== null).length
    if (action === 'late_fee' && given !== 1) fault('amount', 'dunning_amount_or_rate')
    if (action === 'interest' && step.basis_points === null) fault('basis_points', 'required')
    if (action !== 'mail' && action !== 'suspend' && action !== 'cancel') return
    for (const language of languages) {
      const text = step.texts?.[language]
      for (const part of ['subject', 'body'] as const) {
        const words = text?.[part] ?? ''
        if (words.trim() === '') fault(`texts.${language}.${part}`, 'required')
        const [unknown] = listUnknownVariables(words)
        if (unknown !== undefined) fault(`texts.${language}.${part}`, 'dunning_variable', { name: unknown })
      }
    }
  })
  return faults
}

/** A step without what its kind does not have. */
function tidyStep(step: StepInput): StepInput {
  const { action } = step
  const charges = action === 'late_fee' || action === 'interest'
  const serves = action === 'suspend' || action === 'cancel'
  return {
    ...step,
    weekdays: [...new Set(step.weekdays)].sort(),
    amount: action === 'late_fee' ? step.amount : null,
    basis_points: charges ? step.basis_points : null,
    day_count: action === 'interest' ? (step.day_count ?? 'commercial') : null,
    scope: serves ? (step.scope ?? 'account') : null,
    texts: charges ? null : step.texts,
  }
}

/** The draft, locked. Refuses: not_found, dunning_policy_state (it is or was in force). */
async function lockDraft(tx: Tx, id: string) {
  const policy = await tx
    .selectFrom('dunning_policies')
    .select(['id', 'business_unit_id', 'state'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!policy) return notFound()
  return policy.state === 'draft' ? policy : refuse('dunning_policy_state')
}

/**
 * Changes a draft; `steps` are all of them. Refuses: not_found, dunning_policy_state (one that was switched on never
 * changes), invalid_input.
 */
export async function changePolicy(tx: Tx, id: string, change: PolicyChange): Promise<Refusal | undefined> {
  const draft = await lockDraft(tx, id)
  if (isRefusal(draft)) return draft
  const { steps, ...columns } = change
  if (steps) {
    const faults = checkSteps(steps)
    if (faults.length > 0) return refuse('invalid_input', { status: 422, fields: faults })
  }
  await tx
    .updateTable('dunning_policies')
    .set({ ...columns, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute()
  if (!steps) return undefined
  const before = await readSteps(tx, id)
  const known = new Set(before.map((step) => step.key))
  await tx.deleteFrom('dunning_steps').where('policy_id', '=', id).execute()
  // A key that was not in this policy is nobody's: it would make a step pass for one that was done.
  await writeSteps(
    tx,
    id,
    steps.map(({ key, ...step }) => ({
      ...tidyStep(step),
      ...(key !== undefined && known.has(key) ? { key } : {}),
    })),
  )
  return undefined
}

/** Throws a draft away. Refuses: not_found, dunning_policy_state. */
export async function deletePolicy(tx: Tx, id: string): Promise<Refusal | undefined> {
  const draft = await lockDraft(tx, id)
  if (isRefusal(draft)) return draft
  await tx.deleteFrom('dunning_policies').where('id', '=', id).execute()
  return undefined
}

/** One change of what is in force at a time. */
async function lockUnit(tx: Tx, unitId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('zaguan.dunning'), hashtext(${unitId}))`.execute(tx)
}

/**
 * Puts a draft in force, in place of what was. `seen` is the simulation that whoever switches it on saw: where
 * it would do something else by now, nothing happens (billing.md 18). Refuses: not_found, dunning_policy_state,
 * dunning_no_steps, dunning_simulation_changed.
 */
export async function switchPolicyOn(
  tx: Tx,
  id: string,
  seen: { fingerprint: string; as_of?: Temporal.PlainDate | undefined },
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const draft = await lockDraft(tx, id)
  if (isRefusal(draft)) return draft
  await lockUnit(tx, draft.business_unit_id)
  const simulation = await summarizeSimulation(tx, id, seen.as_of, now)
  if (isRefusal(simulation)) return simulation
  if (simulation.steps.length === 0) return refuse('dunning_no_steps')
  if (simulation.fingerprint !== seen.fingerprint) return refuse('dunning_simulation_changed')
  await tx
    .updateTable('dunning_policies')
    .set({ state: 'retired', switched_off_at: now, switched_off_by: actorId })
    .where('business_unit_id', '=', draft.business_unit_id)
    .where('state', '=', 'in_force')
    .execute()
  await tx
    .updateTable('dunning_policies')
    .set({ state: 'in_force', switched_on_at: now, switched_on_by: actorId })
    .where('id', '=', id)
    .execute()
  return undefined
}

/** Ends a policy: nothing more is done. What it suspended still comes back on payment. Refuses: not_found, dunning_policy_state. */
export async function switchPolicyOff(
  tx: Tx,
  id: string,
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const moved = await tx
    .updateTable('dunning_policies')
    .set({ state: 'retired', switched_off_at: now, switched_off_by: actorId })
    .where('id', '=', id)
    .where('state', '=', 'in_force')
    .returning('id')
    .executeTakeFirst()
  if (moved) return undefined
  const found = await tx.selectFrom('dunning_policies').select('id').where('id', '=', id).executeTakeFirst()
  return found ? refuse('dunning_policy_state') : notFound()
}
