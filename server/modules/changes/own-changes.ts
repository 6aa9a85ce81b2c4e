import { sql } from 'kysely'
import { type Pool, type Tx, transactAsSystem } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { enqueue } from '../../platform/jobs.ts'
import type { Language } from '../../platform/translations.ts'
import { getOwnChange } from './change-list.ts'
import { previewChange } from './changes.ts'
import { checkOwnRequest, listChoices } from './choices.ts'
import type { ChangeRequest, OwnChangeRequest } from './schemas.ts'

// What customers change by themselves (item 9 of billing). Their login cannot write services: what they confirm is a row of
// their own account, and the house performs it within a second, exactly as it was shown, or says why not.

/** What a customer asks for, as the house understands it: no terms of staff's, and a cancellation at the period's end. */
export function readOwnRequest(request: OwnChangeRequest): ChangeRequest {
  if (request.kind === 'plan')
    return { ...request, missing_options: 'drop', keep_discount: true, trial_days: 0 }
  if (request.kind !== 'cancel') return request
  return {
    ...request,
    timing: request.timing ?? (request.effective_on ? 'date' : 'period_end'),
    penalty: true,
  }
}

const actor = (operation: string) => ({ kind: 'system', way: 'start', operation, name: 'portal' }) as const

/** Whether a service is of the account that the customer acts for: row-level security says so. */
async function owns(tx: Tx, subscriptionId: string): Promise<boolean> {
  const own = await tx
    .selectFrom('subscriptions')
    .select('id')
    .where('id', '=', subscriptionId)
    .executeTakeFirst()
  return own !== undefined
}

/**
 * What a customer may choose. Prices and rules are read by the house, for a service that the customer's own login was
 * seen to have. Refuses: not_found.
 */
export async function listOwnChoices(tx: Tx, office: Pool, subscriptionId: string, now: Temporal.Instant) {
  if (!(await owns(tx, subscriptionId))) return notFound()
  return transactAsSystem(office, actor('list_own_change_choices'), (house) =>
    listChoices(house, subscriptionId, now, 'portal'),
  )
}

/**
 * What a change would do and cost, for the customer who asks (X5). What it is computed from — the penalty's formula, the
 * taxes, every price — is the house's: it computes it for the service that the customer's own login was seen to have, and
 * writes nothing. Refuses: not_found, change_not_allowed and what a change refuses.
 */
export async function previewOwnChange(
  tx: Tx,
  office: Pool,
  subscriptionId: string,
  request: ChangeRequest,
  now: Temporal.Instant,
) {
  if (!(await owns(tx, subscriptionId))) return notFound()
  return transactAsSystem(office, actor('preview_own_change'), async (house) => {
    const refused = await checkOwnRequest(house, subscriptionId, request, now)
    return refused ?? previewChange(house, subscriptionId, request, now)
  })
}

/**
 * Confirms what was shown with a token: it is noted, and performed as soon as the transaction is done. The answer is the change
 * as it stands, to be asked for until it is no longer `requested`. Refuses: not_found, change_not_allowed,
 * preview_outdated, change_scheduled_already and what a change refuses.
 */
export async function requestOwnChange(
  tx: Tx,
  office: Pool,
  subscriptionId: string,
  input: { change: ChangeRequest; token: string },
  by: { user_id: string; account_id: string; business_unit_id: string },
  context: { now: Temporal.Instant; language: Language },
) {
  const preview = await previewOwnChange(tx, office, subscriptionId, input.change, context.now)
  if (isRefusal(preview)) return preview
  if (preview.token !== input.token) return refuse('preview_outdated')
  const open = await tx
    .selectFrom('subscription_changes')
    .select('effective_on')
    .where('subscription_id', '=', subscriptionId)
    .where('kind', '=', input.change.kind)
    .where('state', 'in', ['requested', 'scheduled'])
    .executeTakeFirst()
  if (open) return refuse('change_scheduled_already', { params: { date: open.effective_on.toString() } })
  const { id } = await tx
    .insertInto('subscription_changes')
    .values({
      business_unit_id: by.business_unit_id,
      account_id: by.account_id,
      subscription_id: subscriptionId,
      kind: input.change.kind,
      state: 'requested',
      timing: preview.timing,
      effective_on: preview.effective_on,
      parameters: JSON.stringify(input.change),
      reason: input.change.reason ?? null,
      fingerprint: input.token,
      requested_by: by.user_id,
      by_customer: true,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await enqueue(tx, 'changes:perform', { change_id: id })
  return getOwnChange(tx, id, context.language)
}

/**
 * Takes back what the customer had scheduled. Refuses: not_found, change_ended.
 */
export async function withdrawOwnChange(
  tx: Tx,
  id: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const own = await tx.selectFrom('subscription_changes').select('id').where('id', '=', id).executeTakeFirst()
  if (!own) return notFound()
  const done = await sql<{
    withdrawn: boolean
  }>`select withdraw_own_change(${id}, ${now}::timestamptz) as withdrawn`.execute(tx)
  return done.rows[0]?.withdrawn ? undefined : refuse('change_ended')
}
