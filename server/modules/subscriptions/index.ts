// Subscriptions: what an account has of the catalogue, its states and what it costs a month; and the billing periods,
// which both a subscription's first charged day and the closing are computed from.

import type { SearchKind } from '../../platform/search-kinds.ts'

export { setBillingData } from './billing-data.ts'
export {
  type BulkSubscription,
  findSubscriptionsByExternalId,
  insertSubscriptions,
  type StoredSubscription,
  type SubscriptionBulkChange,
  updateSubscriptions,
} from './bulk.ts'
export { correctSubscription } from './correction.ts'
export { lockAccount } from './locks.ts'
export {
  billingStart,
  boundaryAfter,
  boundaryDayAfter,
  boundaryDayOnOrBefore,
  boundaryOnOrAfter,
  boundaryOnOrBefore,
  type DayCount,
  type DayFraction,
  dayFraction,
  dayFractionOfSpan,
  isClosingDay,
  nextClosing,
  periodOf,
} from './periods.ts'
export { personalData } from './personal-data.ts'
export { registerSubscriptionsOffice } from './routes.office.ts'
export { registerSubscriptionsPortal } from './routes.portal.ts'
export { createSubscription, type SubscriptionInput } from './sale.ts'
export { getSubscription, listSubscriptions } from './subscriptions.ts'
export {
  activateSubscription,
  cancelSubscription,
  reactivateSubscription,
  suspendSubscription,
} from './transitions.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [{ kind: 'subscription', permission: 'subscriptions.read' }]
