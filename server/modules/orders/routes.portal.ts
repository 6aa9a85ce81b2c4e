import { isRefusal } from '../../platform/errors.ts'
import { type App, type CustomerActor, portalRoute } from '../../platform/http.ts'
import type { OrderKind } from '../../platform/order-kinds.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { getOwnOrder, listOwnOrders } from './order-list.ts'
import {
  acceptOwnQuote,
  cancelOwnOrder,
  declineOwnQuote,
  placeOwnOrder,
  quoteOwnOrder,
  refreshOwnOrder,
} from './orders.ts'
import {
  orderQuoteSchema,
  ownOrderQuery,
  ownOrderSchema,
  ownOrderSummarySchema,
  requestSchemas,
  shopSchema,
} from './schemas.ts'
import { readShop } from './shop.ts'

const tag = 'Shop and orders'

/** The account that the customer acts for: a route with a membership permission always has one. */
const personOf = (actor: CustomerActor) => ({
  user_id: actor.user_id,
  account_id: actor.account_id!,
  business_unit_id: actor.business_unit_id!,
})

export function registerOrdersPortal(app: App, kinds: readonly OrderKind[]): void {
  const { ownQuote, ownOrder } = requestSchemas(kinds)
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/shop',
      operation: 'get_shop',
      summary: 'Read what can be ordered, at today’s prices',
      tag,
      permission: 'services',
      response: shopSchema,
    },
    (tx, _input, actor, { now }) => readShop(tx, actor.business_unit_id!, now),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/order-quotes',
      operation: 'quote_order',
      summary: 'What an order comes to as it is configured, before it is placed',
      description: 'Nothing is written. The `token` places exactly that',
      tag,
      permission: 'services',
      body: ownQuote,
      response: orderQuoteSchema,
    },
    (_tx, { body }, actor, { now }) => quoteOwnOrder(app.office, actor.account_id!, body.request, now),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/orders',
      operation: 'create_order',
      summary: 'Place an order exactly as it was shown',
      description:
        'It is done as soon as it is paid; where nothing is due, within a second: ask for the order until its state is no longer `open`',
      tag,
      permission: 'services',
      body: ownOrder,
      response: ownOrderSchema,
      status: 201,
    },
    async (tx, { body }, actor, { now }) => {
      const order = await placeOwnOrder(tx, app.office, body, personOf(actor), now)
      return isRefusal(order) ? order : getOwnOrder(tx, order.id)
    },
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/orders',
      operation: 'list_orders',
      summary: 'List the account’s orders and quotes',
      tag,
      permission: 'services or billing',
      query: ownOrderQuery,
      response: pageOf(ownOrderSummarySchema),
    },
    (tx, { query }) => listOwnOrders(tx, query),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/orders/{id}',
      operation: 'get_order',
      summary: 'Read an order: what it comes to, and what became of it',
      description: 'One that waits for its payment since another day is quoted anew for today',
      tag,
      permission: 'services or billing',
      params: idParams,
      response: ownOrderSchema,
    },
    async (tx, { params }, _actor, { now, viewing }) => {
      // Staff who look as the customer change nothing.
      if (!viewing) await refreshOwnOrder(tx, app.office, params.id, now)
      return getOwnOrder(tx, params.id)
    },
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/orders/{id}/accept',
      operation: 'accept_quote',
      summary: 'Accept a quote at the prices that it says',
      description: 'Where they have changed it is renewed and refused once: read it again',
      tag,
      permission: 'services',
      params: idParams,
      response: ownOrderSchema,
    },
    async (tx, { params }, _actor, { now }) =>
      (await acceptOwnQuote(tx, app.office, params.id, now)) ?? getOwnOrder(tx, params.id),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/orders/{id}/decline',
      operation: 'decline_quote',
      summary: 'Decline a quote',
      tag,
      permission: 'services',
      params: idParams,
      response: ownOrderSchema,
    },
    async (tx, { params }, _actor, { now }) =>
      (await declineOwnQuote(tx, params.id, now)) ?? getOwnOrder(tx, params.id),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/orders/{id}/cancel',
      operation: 'cancel_order',
      summary: 'Cancel an order that is not paid',
      tag,
      permission: 'services',
      params: idParams,
      response: ownOrderSchema,
    },
    async (tx, { params }, _actor, { now }) =>
      (await cancelOwnOrder(tx, params.id, now)) ?? getOwnOrder(tx, params.id),
  )
}
