// A change of a service as an order: other plan, more units, more options, done when it is paid (B5).
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound } from '../../platform/errors.ts'
import { orderKind } from '../../platform/order-kinds.ts'
import { performChange } from './changes.ts'
import { checkOwnRequest } from './choices.ts'
import { readOwnRequest } from './own-changes.ts'
import { changeOrderRequest, ownChangeOrderRequest, storedSummary } from './schemas.ts'

async function owns(tx: Tx, accountId: string, subscriptionId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('subscriptions')
    .select('id')
    .where('id', '=', subscriptionId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  return found !== undefined
}

/** A change of plan, quantity, options or cycle. Where its day is to come it is scheduled, and nothing is due. */
export const changeOrders = orderKind({
  kind: 'change',
  request: changeOrderRequest,
  own: ownChangeOrderRequest,
  readOwn: ({ change, ...request }) => {
    const read = readOwnRequest(change)
    // Of the changes that an order takes, each stays what it is.
    return { ...request, change: read as (typeof changeOrderRequest)['_output']['change'] }
  },
  targetOf: (request) => request.subscription_id,
  async checkOwn(tx, accountId, request, now) {
    if (!(await owns(tx, accountId, request.subscription_id))) return notFound()
    return checkOwnRequest(tx, request.subscription_id, request.change, now)
  },
  async perform(tx, accountId, request, { now, by }) {
    if (!(await owns(tx, accountId, request.subscription_id))) return notFound()
    const done = await performChange(tx, request.subscription_id, request.change, { now, by })
    if (isRefusal(done)) return done
    const change = await tx
      .selectFrom('subscription_changes')
      .innerJoin('subscriptions', 'subscriptions.id', 'subscription_changes.subscription_id')
      .select([
        'subscription_changes.document_ids',
        'subscription_changes.summary',
        'subscription_changes.effective_on',
        'subscription_changes.state',
      ])
      .where('subscription_changes.id', '=', done.id)
      .executeTakeFirstOrThrow()
    const { before, after } = storedSummary.parse(JSON.parse(JSON.stringify(change.summary)))
    const parts = after.parts.filter(({ to_date }) => to_date === null)
    const plan = parts.find(({ role }) => role === 'plan')
    return {
      title:
        before.plan_name === after.plan_name ? after.plan_name : `${before.plan_name} → ${after.plan_name}`,
      document_ids: change.document_ids,
      subscription_id: request.subscription_id,
      parts: parts.map(({ role, description, quantity, amount, cycle_unit, cycle_count }) => ({
        role,
        description,
        quantity,
        amount,
        cycle_unit,
        cycle_count,
      })),
      recurring:
        plan && plan.cycle_unit !== 'once'
          ? { amount: after.amount, cycle_unit: plan.cycle_unit, cycle_count: plan.cycle_count }
          : null,
      freemium: parts.every(({ amount }) => amount === 0),
      starts_on: change.effective_on,
      trial_days: 0,
      terms: {
        change: request.change.kind,
        scheduled: change.state === 'scheduled',
        amount: after.amount,
        parts: parts.map(({ from_date: _from, to_date: _to, ...part }) => part),
      },
    }
  },
})
