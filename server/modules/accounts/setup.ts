import type { SetupStep } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound } from '../../platform/errors.ts'

/** The steps that follow the account itself. */
export const setupSteps = ['contract', 'profiles', 'contact'] as const
export type SetupStepName = (typeof setupSteps)[number]

/** From what a step of the guide goes where: what was done stays done, what was skipped can still be done. */
const transitions: Record<'done' | 'skipped', readonly SetupStep[]> = {
  done: ['open', 'skipped'],
  skipped: ['open'],
}

const columns = [
  'account_setups.account_id',
  'account_setups.contract',
  'account_setups.profiles',
  'account_setups.contact',
  'users.name as created_by_name',
  'account_setups.created_at',
  'account_setups.finished_at',
] as const

/** How far the guided creation of an account came (A1). Refuses: not_found where it was created without the guide. */
export async function getSetup(tx: Tx, accountId: string) {
  return (
    (await tx
      .selectFrom('account_setups')
      .leftJoin('users', 'users.id', 'account_setups.created_by')
      .select(columns)
      .where('account_setups.account_id', '=', accountId)
      .executeTakeFirst()) ?? notFound()
  )
}

/** Begins the guide of a new account: what was done with its creation is done. */
export async function beginSetup(
  tx: Tx,
  account: { id: string; business_unit_id: string },
  createdBy: string | null,
): Promise<void> {
  await tx
    .insertInto('account_setups')
    .values({ account_id: account.id, business_unit_id: account.business_unit_id, created_by: createdBy })
    .execute()
}

/** Notes that a step was done or skipped; the last open one finishes the guide. Nothing happens without a guide. */
export async function markStep(
  tx: Tx,
  accountId: string,
  step: SetupStepName,
  state: 'done' | 'skipped',
  now: Temporal.Instant,
): Promise<void> {
  const setup = await tx
    .selectFrom('account_setups')
    .select([...setupSteps, 'finished_at'])
    .where('account_id', '=', accountId)
    .forUpdate()
    .executeTakeFirst()
  if (!setup || !transitions[state].includes(setup[step])) return
  const after = { ...setup, [step]: state }
  const finished = setupSteps.every((one) => after[one] !== 'open')
  await tx
    .updateTable('account_setups')
    .set({ [step]: state, finished_at: finished ? (setup.finished_at ?? now) : null })
    .where('account_id', '=', accountId)
    .execute()
}

/** Leaves a step of the guide out; it can be taken up later. Refuses: not_found. */
export async function skipStep(tx: Tx, accountId: string, step: SetupStepName, now: Temporal.Instant) {
  await markStep(tx, accountId, step, 'skipped', now)
  return getSetup(tx, accountId)
}

/** Ends the guide: what is open counts as skipped, and nobody is reminded any more. Refuses: not_found. */
export async function dismissSetup(tx: Tx, accountId: string, now: Temporal.Instant) {
  const setup = await getSetup(tx, accountId)
  if (isRefusal(setup)) return setup
  for (const step of setupSteps) await markStep(tx, accountId, step, 'skipped', now)
  return getSetup(tx, accountId)
}
