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
export {
  addCharges,
  type Charge,
  chargeStates,
  checkBelongings,
  createCharges,
  type Instalment,
  listCharges,
  spreadInstalments,
  withdrawCharge,
} from './charges.ts'
export { correctSubscription } from './correction.ts'
export { beginCoupons, couponEnd, endCoupon, redeemCoupon } from './coupons.ts'
export { lockAccount } from './locks.ts'
export {
  anchorOf,
  billingStart,
  boundaryAfter,
  boundaryDayAfter,
  boundaryDayOnOrBefore,
  boundaryOnOrAfter,
  boundaryOnOrBefore,
  type Cycle,
  type CycleUnit,
  cyclePeriod,
  cyclePeriodOfDay,
  type DayCount,
  type DayFraction,
  dayFraction,
  dayFractionOfSpan,
  isClosingCycle,
  isClosingDay,
  nextClosing,
  periodOf,
} from './periods.ts'
export { personalData } from './personal-data.ts'
export { type Price, type PriceModel, priceQuantity, type Tier } from './pricing.ts'
export { registerRedemptionsOffice, registerRedemptionsPortal } from './routes.coupons.ts'
export { registerSubscriptionsOffice } from './routes.office.ts'
export { registerSubscriptionsPortal } from './routes.portal.ts'
export { type CycleChoice, createSubscription, type SubscriptionInput } from './sale.ts'
export {
  cancellation,
  componentSchema,
  ownSubscriptionSchema,
  reactivation,
  subscriptionInput,
  subscriptionSchema,
  suspension,
} from './schemas.ts'
export { getOwnSubscription, getSubscription, listSubscriptions } from './subscriptions.ts'
export {
  anchorDateOf,
  applyChange,
  type ComponentSlot,
  type ComponentTerms,
  componentsOn,
  currentComponents,
  type DiscountTerms,
  isEmptyComponent,
  isSlot,
  type PriceTerms,
  pickTerms,
  type Timeline,
  type TimelineChange,
  type TimelineComponent,
  transferredComponents,
} from './timeline.ts'
export { insertTransferred, loadTimeline, type StoredTimeline, saveTimeline } from './timeline-rows.ts'
export {
  activateSubscription,
  cancelSubscription,
  reactivateSubscription,
  suspendSubscription,
} from './transitions.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [{ kind: 'subscription', permission: 'subscriptions.read' }]
