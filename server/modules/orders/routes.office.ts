import { isRefusal } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import type { OrderKind } from '../../platform/order-kinds.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { getOrder, listOrders } from './order-list.ts'
import { cancelOrder, createOrder, processOrder, quoteStaffOrder, refreshOrder } from './orders.ts'
import { orderQuery, orderQuoteSchema, orderSchema, orderSummarySchema, requestSchemas } from './schemas.ts'

const tag = 'Orders'

export function registerOrdersOffice(app: App, kinds: readonly OrderKind[]): void {
  const { staffQuote, staffOrder } = requestSchemas(kinds)
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/orders',
      operation: 'list_orders',
      summary: 'List orders and quotes',
      description: '`q` finds by account or by the order’s number; `to` is the first day no longer shown',
      tag,
      permission: 'orders.read',
      query: orderQuery,
      response: pageOf(orderSummarySchema),
    },
    (tx, { query }) => listOrders(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/orders.csv',
      operation: 'export_orders',
      summary: 'Export orders and quotes',
      tag,
      permission: 'orders.read',
      query: orderQuery,
      file: 'orders',
      screen: { unit: 'business_unit' },
    },
    (tx, query) => listOrders(tx, query),
    {
      number: (row) => row.number,
      created_at: (row) => row.created_at,
      business_unit: (row) => row.business_unit_name,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      kind: (row) => row.kind,
      title: (row) => row.title,
      state: (row) => row.state,
      total: (row) => moneyCell(row.total, row.currency),
      due: (row) => moneyCell(row.due, row.currency),
      recurring: (row) =>
        row.recurring_amount === null ? null : moneyCell(row.recurring_amount, row.currency),
      currency: (row) => row.currency,
      freemium: (row) => String(row.freemium),
      by_customer: (row) => String(row.by_customer),
      salesperson: (row) => row.salesperson_name,
      valid_until: (row) => row.valid_until,
      payable_until: (row) => row.payable_until,
      placed_at: (row) => row.placed_at,
      paid_at: (row) => row.paid_at,
      processed_at: (row) => row.processed_at,
      failure: (row) => row.failure_code,
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/order-quotes',
      operation: 'quote_order',
      summary: 'What an order for a customer comes to, with staff’s own terms',
      description: 'Takes what the order takes and refuses what it refuses; nothing is written',
      tag,
      permission: 'orders.write',
      body: staffQuote,
      response: orderQuoteSchema,
    },
    (tx, { body }, actor, { now }) =>
      quoteStaffOrder(
        tx,
        body.account_id,
        body.request,
        { user_id: actor.user_id, salesperson_id: body.salesperson_id },
        now,
      ),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/orders',
      operation: 'create_order',
      summary: 'Order for a customer, or offer it as a quote',
      tag,
      permission: 'orders.write',
      body: staffOrder,
      response: orderSchema,
      status: 201,
    },
    async (tx, { body }, actor, { now, language }) => {
      const order = await createOrder(tx, body, actor.user_id, now)
      return isRefusal(order) ? order : getOrder(tx, order.id, language)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/orders/{id}',
      operation: 'get_order',
      summary: 'Read an order: its lines, documents, payments and service',
      tag,
      permission: 'orders.read',
      params: idParams,
      response: orderSchema,
    },
    (tx, { params }, _actor, { language }) => getOrder(tx, params.id, language),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/orders/{id}/process',
      operation: 'process_order',
      summary: 'Do what was ordered without its payment, or once more where it failed',
      description: 'At the prices of today; its invoices stay open for what no credit pays',
      tag,
      permission: 'orders.write',
      params: idParams,
      response: orderSchema,
    },
    async (tx, { params }, actor, { now, language }) =>
      (await processOrder(tx, params.id, actor.user_id, now)) ?? getOrder(tx, params.id, language),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/orders/{id}/refresh',
      operation: 'refresh_order',
      summary: 'Quote an order anew at the prices of today',
      description: 'Of one that is open or offered: what was quoted for another day cannot be paid online',
      tag,
      permission: 'orders.write',
      params: idParams,
      response: orderSchema,
    },
    async (tx, { params }, _actor, { now, language }) =>
      (await refreshOrder(tx, params.id, now)) ?? getOrder(tx, params.id, language),
  )
  for (const verb of ['cancel', 'withdraw'] as const)
    officeRoute(
      app,
      {
        method: 'POST',
        path: `/orders/{id}/${verb}`,
        operation: `${verb}_order`,
        summary:
          verb === 'cancel'
            ? 'Cancel an order that is not done; what was paid stays credit'
            : 'Withdraw a quote that is not answered',
        tag,
        permission: 'orders.write',
        params: idParams,
        response: orderSchema,
      },
      async (tx, { params }, actor, { now, language }) =>
        (await cancelOrder(tx, params.id, verb, actor.user_id, now)) ?? getOrder(tx, params.id, language),
    )
}
