import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { createCoupon, getCoupon, listCoupons, updateCoupon } from './coupons.ts'
import { couponChange, couponInput, couponQuery, couponSchema } from './schemas.coupons.ts'

const tag = 'Coupons'

export function registerCouponsOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/coupons',
      operation: 'list_coupons',
      summary: 'List and find coupons',
      description: '`q` finds by code or name',
      tag,
      permission: 'catalogue.read',
      query: couponQuery,
      response: pageOf(couponSchema),
    },
    (tx, { query }, _actor, { now }) => listCoupons(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/coupons.csv',
      operation: 'export_coupons',
      summary: 'Export coupons',
      tag,
      permission: 'catalogue.read',
      query: couponQuery,
      file: 'coupons',
    },
    (tx, query) => listCoupons(tx, query, app.now()),
    {
      code: (row) => row.code,
      name: (row) => row.name,
      state: (row) => row.state,
      business_unit: (row) => row.business_unit_name,
      amount: (row) => (row.discount_amount === null ? null : moneyCell(row.discount_amount, row.currency)),
      percent: (row) => (row.discount_basis_points === null ? null : String(row.discount_basis_points / 100)),
      periods: (row) => row.periods,
      valid_from: (row) => row.valid_from,
      valid_until: (row) => row.valid_until,
      redemptions: (row) => row.redemptions,
      most_redemptions: (row) => row.most_redemptions,
      currency: (row) => row.currency,
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/coupons',
      operation: 'create_coupon',
      summary: 'Create a coupon',
      tag,
      permission: 'catalogue.write',
      body: couponInput,
      response: couponSchema,
      status: 201,
    },
    (tx, { body }, _actor, { now }) => createCoupon(tx, body, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/coupons/{id}',
      operation: 'get_coupon',
      summary: 'Read a coupon',
      tag,
      permission: 'catalogue.read',
      params: idParams,
      response: couponSchema,
    },
    (tx, { params }, _actor, { now }) => getCoupon(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/coupons/{id}',
      operation: 'update_coupon',
      summary: 'Change, archive or bring back a coupon',
      description: 'Once redeemed, its code, what it takes off and for how many periods stay as they are',
      tag,
      permission: 'catalogue.write',
      params: idParams,
      body: couponChange,
      response: couponSchema,
    },
    (tx, { params, body }, _actor, { now }) => updateCoupon(tx, params.id, body, now),
  )
}
