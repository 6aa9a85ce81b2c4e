import { isRefusal } from '../../platform/errors.ts'
import { type App, officeRoute, portalRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { getAccount } from '../accounts/index.ts'
import { describeEvents } from './catalogue.ts'
import {
  createEndpoint,
  deleteEndpoint,
  disableAccountEndpoint,
  getEndpoint,
  listEndpoints,
  rotateEndpointKey,
  sendTest,
  updateEndpoint,
} from './endpoints.ts'
import { getDelivery, listDeliveries, replayDelivery, replayFailed } from './log.ts'
import {
  accountEndpointParams,
  deliveryDetail,
  deliveryQuery,
  deliverySchema,
  endpointChange,
  endpointInput,
  endpointKeySchema,
  endpointQuery,
  endpointSchema,
  eventTypesSchema,
  ownDeliveryDetail,
  ownDeliverySchema,
  ownEndpointChange,
  ownEndpointInput,
  ownEndpointKeySchema,
  ownEndpointSchema,
  replayed,
  replayInput,
  sentTest,
} from './schemas.ts'

const tag = 'Webhooks'

const about = {
  create:
    'The answer holds the signing key, which is never shown again. Deliveries follow the Standard Webhooks convention.',
  rotate: 'For 24 hours deliveries are signed with both keys; a key that was older ends at once.',
  test: 'Sends `webhook.test`; its delivery shows what came of it.',
  replay:
    'Everything since then that failed, or was cancelled when the endpoint was disabled, is sent again.',
  replayOne: 'Under the same id, whatever its state: receivers know a repetition by it.',
  list: '`q` is the id of a message (`msg_…`), or its beginning',
}

export function registerWebhooksOffice(app: App): void {
  const { config } = app
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/webhook-events',
      operation: 'list_webhook_events',
      summary: 'List what webhooks tell, each with an example',
      tag,
      permission: 'webhooks.read',
      response: eventTypesSchema,
    },
    async () => ({ items: describeEvents('staff') }),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/webhook-endpoints',
      operation: 'list_webhook_endpoints',
      summary: 'List the operator’s webhook endpoints',
      tag,
      permission: 'webhooks.read',
      query: endpointQuery,
      response: pageOf(endpointSchema),
    },
    (tx, { query }) => listEndpoints(tx, query, null) as never,
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/webhook-endpoints',
      operation: 'create_webhook_endpoint',
      summary: 'Make a webhook endpoint of the operator',
      description: about.create,
      tag,
      permission: 'webhooks.write',
      session: 'confirmed',
      secret: true,
      body: endpointInput,
      response: endpointKeySchema,
      status: 201,
    },
    (tx, { body }, actor) => createEndpoint(tx, config, body as never, actor) as never,
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/webhook-endpoints/{id}/rotate',
      operation: 'rotate_webhook_key',
      summary: 'Give a webhook endpoint of the operator a new signing key',
      description: about.rotate,
      tag,
      permission: 'webhooks.write',
      session: 'confirmed',
      secret: true,
      params: idParams,
      response: endpointKeySchema,
    },
    (tx, { params }, actor, { now }) => rotateEndpointKey(tx, config, params.id, actor, now) as never,
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/webhook-endpoints/{id}/test',
      operation: 'test_webhook_endpoint',
      summary: 'Send a test to a webhook endpoint of the operator',
      description: about.test,
      tag,
      permission: 'webhooks.write',
      params: idParams,
      response: sentTest,
      perMinute: 60,
    },
    async (tx, { params }, actor, { now }) => {
      const delivery = await sendTest(tx, params.id, actor, now)
      return isRefusal(delivery) ? delivery : { delivery_id: delivery.id }
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/webhook-endpoints/{id}/replay',
      operation: 'replay_failed_webhooks',
      summary: 'Send again what did not arrive at an endpoint of the operator',
      description: about.replay,
      tag,
      permission: 'webhooks.write',
      params: idParams,
      body: replayInput,
      response: replayed,
      perMinute: 60,
    },
    (tx, { params, body }, _actor, { now }) => replayFailed(tx, params.id, body.since, null, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/webhook-deliveries',
      operation: 'list_webhook_deliveries',
      summary: 'List what was sent to the operator’s webhook endpoints',
      description: about.list,
      tag,
      permission: 'webhooks.read',
      query: deliveryQuery,
      response: pageOf(deliverySchema),
    },
    (tx, { query }) => listDeliveries(tx, query, null),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/webhook-deliveries/{id}',
      operation: 'get_webhook_delivery',
      summary: 'Read a delivery: what is sent, and what came of each attempt',
      tag,
      permission: 'webhooks.read',
      params: idParams,
      response: deliveryDetail,
    },
    (tx, { params }) => getDelivery(tx, params.id, null),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/webhook-deliveries/{id}/replay',
      operation: 'replay_webhook_delivery',
      summary: 'Send a delivery of the operator again',
      description: about.replayOne,
      tag,
      permission: 'webhooks.write',
      params: idParams,
      response: deliveryDetail,
      perMinute: 60,
    },
    (tx, { params }, _actor, { now }) => replayDelivery(tx, params.id, null, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/webhook-endpoints',
      operation: 'list_account_webhook_endpoints',
      summary: 'List an account’s webhook endpoints',
      tag,
      permission: 'accounts.read',
      params: idParams,
      query: endpointQuery,
      response: pageOf(endpointSchema),
    },
    async (tx, { params, query }) => {
      const account = await getAccount(tx, params.id)
      return (isRefusal(account) ? account : await listEndpoints(tx, query, params.id)) as never
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{account_id}/webhook-endpoints/{id}/disable',
      operation: 'disable_account_webhook_endpoint',
      summary: 'Switch off a webhook endpoint of an account',
      tag,
      permission: 'accounts.write',
      params: accountEndpointParams,
      response: endpointSchema,
    },
    (tx, { params }, _actor, { now }) =>
      disableAccountEndpoint(tx, params.account_id, params.id, now) as never,
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/webhook-endpoints/{id}',
      operation: 'get_webhook_endpoint',
      summary: 'Read a webhook endpoint of the operator',
      tag,
      permission: 'webhooks.read',
      params: idParams,
      response: endpointSchema,
    },
    (tx, { params }) => getEndpoint(tx, params.id, null) as never,
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/webhook-endpoints/{id}',
      operation: 'update_webhook_endpoint',
      summary: 'Change a webhook endpoint of the operator, switch it off or on',
      tag,
      permission: 'webhooks.write',
      session: 'confirmed',
      params: idParams,
      body: endpointChange,
      response: endpointSchema,
    },
    (tx, { params, body }, actor, { now }) =>
      updateEndpoint(tx, config, params.id, body as never, actor, now) as never,
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/webhook-endpoints/{id}',
      operation: 'delete_webhook_endpoint',
      summary: 'Remove a webhook endpoint of the operator with its log',
      tag,
      permission: 'webhooks.write',
      session: 'person',
      params: idParams,
    },
    (tx, { params }, actor) => deleteEndpoint(tx, params.id, actor),
  )
}

export function registerWebhooksPortal(app: App): void {
  const { config } = app
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/webhook-events',
      operation: 'list_webhook_events',
      summary: 'List what webhooks tell, each with an example',
      tag,
      permission: 'owner',
      response: eventTypesSchema,
    },
    async () => ({ items: describeEvents('customer') }),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/webhook-endpoints',
      operation: 'list_webhook_endpoints',
      summary: 'List the account’s webhook endpoints',
      tag,
      permission: 'owner',
      query: endpointQuery,
      response: pageOf(ownEndpointSchema),
    },
    (tx, { query }, actor) => listEndpoints(tx, query, actor.account_id) as never,
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/webhook-endpoints',
      operation: 'create_webhook_endpoint',
      summary: 'Make a webhook endpoint of the account',
      description: about.create,
      tag,
      permission: 'owner',
      session: 'confirmed',
      secret: true,
      body: ownEndpointInput,
      response: ownEndpointKeySchema,
      status: 201,
    },
    (tx, { body }, actor) => createEndpoint(tx, config, body as never, actor) as never,
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/webhook-endpoints/{id}/rotate',
      operation: 'rotate_webhook_key',
      summary: 'Give a webhook endpoint of the account a new signing key',
      description: about.rotate,
      tag,
      permission: 'owner',
      session: 'confirmed',
      secret: true,
      params: idParams,
      response: ownEndpointKeySchema,
    },
    (tx, { params }, actor, { now }) => rotateEndpointKey(tx, config, params.id, actor, now) as never,
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/webhook-endpoints/{id}/test',
      operation: 'test_webhook_endpoint',
      summary: 'Send a test to a webhook endpoint of the account',
      description: about.test,
      tag,
      permission: 'owner',
      session: 'person',
      params: idParams,
      response: sentTest,
      perMinute: 20,
    },
    async (tx, { params }, actor, { now }) => {
      const delivery = await sendTest(tx, params.id, actor, now)
      return isRefusal(delivery) ? delivery : { delivery_id: delivery.id }
    },
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/webhook-endpoints/{id}/replay',
      operation: 'replay_failed_webhooks',
      summary: 'Send again what did not arrive at an endpoint of the account',
      description: about.replay,
      tag,
      permission: 'owner',
      params: idParams,
      body: replayInput,
      response: replayed,
      perMinute: 20,
    },
    (tx, { params, body }, actor, { now }) => replayFailed(tx, params.id, body.since, actor.account_id, now),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/webhook-deliveries',
      operation: 'list_webhook_deliveries',
      summary: 'List what was sent to the account’s webhook endpoints',
      description: about.list,
      tag,
      permission: 'owner',
      query: deliveryQuery,
      response: pageOf(ownDeliverySchema),
    },
    (tx, { query }, actor) => listDeliveries(tx, query, actor.account_id),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/webhook-deliveries/{id}',
      operation: 'get_webhook_delivery',
      summary: 'Read a delivery: what is sent, and what came of each attempt',
      tag,
      permission: 'owner',
      params: idParams,
      response: ownDeliveryDetail,
    },
    (tx, { params }, actor) => getDelivery(tx, params.id, actor.account_id),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/webhook-deliveries/{id}/replay',
      operation: 'replay_webhook_delivery',
      summary: 'Send a delivery of the account again',
      description: about.replayOne,
      tag,
      permission: 'owner',
      params: idParams,
      response: ownDeliveryDetail,
      perMinute: 20,
    },
    (tx, { params }, actor, { now }) => replayDelivery(tx, params.id, actor.account_id, now),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/webhook-endpoints/{id}',
      operation: 'get_webhook_endpoint',
      summary: 'Read a webhook endpoint of the account',
      tag,
      permission: 'owner',
      params: idParams,
      response: ownEndpointSchema,
    },
    (tx, { params }, actor) => getEndpoint(tx, params.id, actor.account_id) as never,
  )
  portalRoute(
    app,
    {
      method: 'PATCH',
      path: '/webhook-endpoints/{id}',
      operation: 'update_webhook_endpoint',
      summary: 'Change a webhook endpoint of the account, switch it off or on',
      tag,
      permission: 'owner',
      session: 'confirmed',
      params: idParams,
      body: ownEndpointChange,
      response: ownEndpointSchema,
    },
    (tx, { params, body }, actor, { now }) =>
      updateEndpoint(tx, config, params.id, body as never, actor, now) as never,
  )
  portalRoute(
    app,
    {
      method: 'DELETE',
      path: '/webhook-endpoints/{id}',
      operation: 'delete_webhook_endpoint',
      summary: 'Remove a webhook endpoint of the account with its log',
      tag,
      permission: 'owner',
      session: 'person',
      params: idParams,
    },
    (tx, { params }, actor) => deleteEndpoint(tx, params.id, actor),
  )
}
