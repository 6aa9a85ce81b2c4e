import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { createPlan, getPlan, listPlans, updatePlan } from './plans.ts'
import { listPriceVersions } from './prices.ts'
import { createProduct, listProducts, updateProduct } from './products.ts'
import { createRoutingPoint, listRoutingPoints, updateRoutingPoint } from './routing-points.ts'
import {
  planChange,
  planInput,
  planQuery,
  planSchema,
  planSummarySchema,
  priceVersionQuery,
  priceVersionSchema,
  productChange,
  productInput,
  productQuery,
  productSchema,
  routingPointChange,
  routingPointInput,
  routingPointQuery,
  routingPointSchema,
} from './schemas.ts'

const tag = 'Catalogue'

/** A cycle in a word: `month`, `3 month`; empty where a plan has no price. */
const nameCycle = (row: { cycle_unit: string | null; cycle_count: number | null }) =>
  row.cycle_unit === null || row.cycle_count === 1 ? row.cycle_unit : `${row.cycle_count} ${row.cycle_unit}`

export function registerCatalogueOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/products',
      operation: 'list_products',
      summary: 'List products',
      tag,
      permission: 'catalogue.read',
      query: productQuery,
      response: pageOf(productSchema),
    },
    (tx, { query }) => listProducts(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/products',
      operation: 'create_product',
      summary: 'Create a product',
      tag,
      permission: 'catalogue.write',
      body: productInput,
      response: productSchema,
      status: 201,
    },
    (tx, { body }) => createProduct(tx, body),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/products/{id}',
      operation: 'update_product',
      summary: 'Change, archive or bring back a product',
      tag,
      permission: 'catalogue.write',
      params: idParams,
      body: productChange,
      response: productSchema,
    },
    (tx, { params, body }, _actor, { now }) => updateProduct(tx, params.id, body, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/plans',
      operation: 'list_plans',
      summary: 'List and find plans',
      description: '`q` finds by the plan’s or the product’s name; accents are forgiven',
      tag,
      permission: 'catalogue.read',
      query: planQuery,
      response: pageOf(planSummarySchema),
    },
    (tx, { query }, _actor, { now }) => listPlans(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/plans.csv',
      operation: 'export_plans',
      summary: 'Export plans',
      tag,
      permission: 'catalogue.read',
      query: planQuery,
      file: 'plans',
      screen: { unit: 'business_unit', trial: 'trial_days', term: 'term_months', state: 'archived_at' },
    },
    (tx, query, _actor, { now }) => listPlans(tx, query, now),
    {
      business_unit: (row) => row.business_unit_name,
      product: (row) => row.product_name,
      name: (row) => row.name,
      kind: (row) => row.kind,
      description: (row) => row.description,
      amount: (row) => moneyCell(row.amount, row.currency),
      currency: (row) => row.currency,
      cycle: (row) => nameCycle(row),
      trial_days: (row) => row.trial_days,
      proportional_trial: (row) => row.proportional_trial,
      billing_mode: (row) => row.billing_mode,
      term_months: (row) => row.term_months,
      active_subscriptions: (row) => row.active_subscriptions,
      archived_at: (row) => row.archived_at,
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/plans',
      operation: 'create_plan',
      summary: 'Create a plan with its prices, items, options and meters',
      tag,
      permission: 'catalogue.write',
      body: planInput,
      response: planSchema,
      status: 201,
    },
    (tx, { body }, _actor, { now }) => createPlan(tx, body, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/plans/{id}',
      operation: 'get_plan',
      summary: 'Read a plan',
      tag,
      permission: 'catalogue.read',
      params: idParams,
      response: planSchema,
    },
    (tx, { params }, _actor, { now }) => getPlan(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/plans/{id}/prices',
      operation: 'list_plan_prices',
      summary: 'List every price that a plan, its options and its meters ever had',
      tag,
      permission: 'catalogue.read',
      params: idParams,
      query: priceVersionQuery,
      response: pageOf(priceVersionSchema),
    },
    (tx, { params, query }) => listPriceVersions(tx, params.id, query),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/plans/{id}',
      operation: 'update_plan',
      summary: 'Change, archive or bring back a plan',
      description:
        'For new services: what was sold keeps its price, trial and billing mode. Prices may begin on a day to come',
      tag,
      permission: 'catalogue.write',
      params: idParams,
      body: planChange,
      response: planSchema,
    },
    (tx, { params, body }, _actor, { now }) => updatePlan(tx, params.id, body, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/routing-points',
      operation: 'list_routing_points',
      summary: 'List routing points',
      tag,
      permission: 'catalogue.read',
      query: routingPointQuery,
      response: pageOf(routingPointSchema),
    },
    (tx, { query }) => listRoutingPoints(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/routing-points',
      operation: 'create_routing_point',
      summary: 'Create a routing point',
      tag,
      permission: 'catalogue.write',
      body: routingPointInput,
      response: routingPointSchema,
      status: 201,
    },
    (tx, { body }) => createRoutingPoint(tx, body),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/routing-points/{id}',
      operation: 'update_routing_point',
      summary: 'Change, archive or bring back a routing point',
      tag,
      permission: 'catalogue.write',
      params: idParams,
      body: routingPointChange,
      response: routingPointSchema,
    },
    (tx, { params, body }, _actor, { now }) => updateRoutingPoint(tx, params.id, body, now),
  )
}
