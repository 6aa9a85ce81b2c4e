import { type App, officeRoute, portalRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { endCoupon, listOwnCoupons, listRedemptions, listServiceCoupons, redeemCoupon } from './coupons.ts'
import {
  ownCouponsSchema,
  redemptionInput,
  redemptionQuery,
  redemptionSchema,
  serviceCouponsSchema,
} from './schemas.coupons.ts'

const tag = 'Coupons'

export function registerRedemptionsOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/coupons/{id}/redemptions',
      operation: 'list_redemptions',
      summary: 'List who redeemed a coupon',
      tag,
      permission: 'subscriptions.read',
      params: idParams,
      query: redemptionQuery,
      response: pageOf(redemptionSchema),
    },
    (tx, { params, query }) => listRedemptions(tx, params.id, query),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/coupons',
      operation: 'list_service_coupons',
      summary: 'List the coupons of a service',
      tag,
      permission: 'subscriptions.read',
      params: idParams,
      response: serviceCouponsSchema,
    },
    (tx, { params }, _actor, { now }) => listServiceCoupons(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/subscriptions/{id}/coupons',
      operation: 'redeem_coupon',
      summary: 'Redeem a coupon on a service',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
      body: redemptionInput,
      response: redemptionSchema,
      status: 201,
    },
    (tx, { params, body }, _actor, { now }) => redeemCoupon(tx, { ...body, subscription_id: params.id }, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/redemptions/{id}/end',
      operation: 'end_coupon',
      summary: 'End a redeemed coupon early, from today',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
      response: redemptionSchema,
    },
    (tx, { params }, _actor, { now }) => endCoupon(tx, params.id, now),
  )
}

export function registerRedemptionsPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/coupons',
      operation: 'list_service_coupons',
      summary: 'List the coupons of a service',
      tag,
      permission: 'services',
      params: idParams,
      response: ownCouponsSchema,
    },
    (tx, { params }, _actor, { now }) => listOwnCoupons(tx, params.id, now),
  )
}
