import { type App, portalRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { registerUsagePortal } from './routes.usage.ts'
import { ownSubscriptionQuery, ownSubscriptionSchema, ownSubscriptionSummarySchema } from './schemas.ts'
import { getOwnSubscription, listOwnSubscriptions } from './subscriptions.ts'

const tag = 'Services'

export function registerSubscriptionsPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions',
      operation: 'list_subscriptions',
      summary: 'List the account’s services',
      tag,
      permission: 'services',
      query: ownSubscriptionQuery,
      response: pageOf(ownSubscriptionSummarySchema),
    },
    (tx, { query }) => listOwnSubscriptions(tx, query),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}',
      operation: 'get_subscription',
      summary: 'Read a service',
      tag,
      permission: 'services',
      params: idParams,
      response: ownSubscriptionSchema,
    },
    (tx, { params }) => getOwnSubscription(tx, params.id),
  )
  registerUsagePortal(app)
}
