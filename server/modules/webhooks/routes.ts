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

/** What is the same for the operator's endpoints and for those of an account: where it is, and what is taken. */
const route = {
  listWebhookEvents: {
    method: 'GET',
    path: '/webhook-events',
    operation: 'list_webhook_events',
    summary: 'List what webhooks tell, each with an example',
    tag,
    response: eventTypesSchema,
  },
  listWebhookEndpoints: {
    method: 'GET',
    path: '/webhook-endpoints',
    operation: 'list_webhook_endpoints',
    query: endpointQuery,
    tag,
  },
  createWebhookEndpoint: {
    method: 'POST',
    path: '/webhook-endpoints',
    operation: 'create_webhook_endpoint',
    description:
      'The answer holds the signing key, which is never shown again. Deliveries follow the Standard Webhooks convention.',
    tag,
    session: 'confirmed',
    secret: true,
    status: 201,
  },
  rotateWebhookKey: {
    method: 'POST',
    path: '/webhook-endpoints/{id}/rotate',
    operation: 'rotate_webhook_key',
    description: 'For 24 hours deliveries are signed with both keys; a key that was older ends at once.',
    tag,
    session: 'confirmed',
    secret: true,
    params: idParams,
  },
  testWebhookEndpoint: {
    method: 'POST',
    path: '/webhook-endpoints/{id}/test',
    operation: 'test_webhook_endpoint',
    description: 'Sends `webhook.test`; its delivery shows what came of it.',
    tag,
    params: idParams,
    response: sentTest,
  },
  replayFailedWebhooks: {
    method: 'POST',
    path: '/webhook-endpoints/{id}/replay',
    operation: 'replay_failed_webhooks',
    description:
      'Everything since then that failed, or was cancelled when the endpoint was disabled, is sent again.',
    tag,
    params: idParams,
    body: replayInput,
    response: replayed,
  },
  listWebhookDeliveries: {
    method: 'GET',
    path: '/webhook-deliveries',
    operation: 'list_webhook_deliveries',
    description: '`q` is the id of a message (`msg_…`), or its beginning',
    tag,
    query: deliveryQuery,
  },
  getWebhookDelivery: {
    method: 'GET',
    path: '/webhook-deliveries/{id}',
    operation: 'get_webhook_delivery',
    summary: 'Read a delivery: what is sent, and what came of each attempt',
    tag,
    params: idParams,
  },
  replayWebhookDelivery: {
    method: 'POST',
    path: '/webhook-deliveries/{id}/replay',
    operation: 'replay_webhook_delivery',
    description: 'Under the same id, whatever its state: receivers know a repetition by it.',
    tag,
    params: idParams,
  },
  getWebhookEndpoint: {
    method: 'GET',
    path: '/webhook-endpoints/{id}',
    operation: 'get_webhook_endpoint',
    params: idParams,
    tag,
  },
  updateWebhookEndpoint: {
    method: 'PATCH',
    path: '/webhook-endpoints/{id}',
    operation: 'update_webhook_endpoint',
    session: 'confirmed',
    params: idParams,
    tag,
  },
  deleteWebhookEndpoint: {
    method: 'DELETE',
    path: '/webhook-endpoints/{id}',
    operation: 'delete_webhook_endpoint',
    session: 'person',
    params: idParams,
    tag,
  },
} as const

export function registerWebhooksOffice(app: App): void {
  const { config } = app
  officeRoute(
    app,
    {
      ...route.listWebhookEvents,
      permission: 'webhooks.read',
    },
    async () => ({ items: describeEvents('staff') }),
  )
  officeRoute(
    app,
    {
      ...route.listWebhookEndpoints,
      summary: 'List the operator’s webhook endpoints',
      tag,
      permission: 'webhooks.read',
      response: pageOf(endpointSchema),
    },
    (tx, { query }) => listEndpoints(tx, query, null) as never,
  )
  officeRoute(
    app,
    {
      ...route.createWebhookEndpoint,
      summary: 'Make a webhook endpoint of the operator',
      permission: 'webhooks.write',
      body: endpointInput,
      response: endpointKeySchema,
    },
    (tx, { body }, actor) => createEndpoint(tx, config, body as never, actor) as never,
  )
  officeRoute(
    app,
    {
      ...route.rotateWebhookKey,
      summary: 'Give a webhook endpoint of the operator a new signing key',
      permission: 'webhooks.write',
      response: endpointKeySchema,
    },
    (tx, { params }, actor, { now }) => rotateEndpointKey(tx, config, params.id, actor, now) as never,
  )
  officeRoute(
    app,
    {
      ...route.testWebhookEndpoint,
      summary: 'Send a test to a webhook endpoint of the operator',
      permission: 'webhooks.write',
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
      ...route.replayFailedWebhooks,
      summary: 'Send again what did not arrive at an endpoint of the operator',
      permission: 'webhooks.write',
      perMinute: 60,
    },
    (tx, { params, body }, _actor, { now }) => replayFailed(tx, params.id, body.since, null, now),
  )
  officeRoute(
    app,
    {
      ...route.listWebhookDeliveries,
      summary: 'List what was sent to the operator’s webhook endpoints',
      permission: 'webhooks.read',
      response: pageOf(deliverySchema),
    },
    (tx, { query }) => listDeliveries(tx, query, null),
  )
  officeRoute(
    app,
    {
      ...route.getWebhookDelivery,
      permission: 'webhooks.read',
      response: deliveryDetail,
    },
    (tx, { params }) => getDelivery(tx, params.id, null),
  )
  officeRoute(
    app,
    {
      ...route.replayWebhookDelivery,
      summary: 'Send a delivery of the operator again',
      permission: 'webhooks.write',
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
      ...route.getWebhookEndpoint,
      summary: 'Read a webhook endpoint of the operator',
      tag,
      permission: 'webhooks.read',
      response: endpointSchema,
    },
    (tx, { params }) => getEndpoint(tx, params.id, null) as never,
  )
  officeRoute(
    app,
    {
      ...route.updateWebhookEndpoint,
      summary: 'Change a webhook endpoint of the operator, switch it off or on',
      tag,
      permission: 'webhooks.write',
      body: endpointChange,
      response: endpointSchema,
    },
    (tx, { params, body }, actor, { now }) =>
      updateEndpoint(tx, config, params.id, body as never, actor, now) as never,
  )
  officeRoute(
    app,
    {
      ...route.deleteWebhookEndpoint,
      summary: 'Remove a webhook endpoint of the operator with its log',
      tag,
      permission: 'webhooks.write',
    },
    (tx, { params }, actor) => deleteEndpoint(tx, params.id, actor),
  )
}

export function registerWebhooksPortal(app: App): void {
  const { config } = app
  portalRoute(
    app,
    {
      ...route.listWebhookEvents,
      permission: 'owner',
    },
    async () => ({ items: describeEvents('customer') }),
  )
  portalRoute(
    app,
    {
      ...route.listWebhookEndpoints,
      summary: 'List the account’s webhook endpoints',
      tag,
      permission: 'owner',
      response: pageOf(ownEndpointSchema),
    },
    (tx, { query }, actor) => listEndpoints(tx, query, actor.account_id) as never,
  )
  portalRoute(
    app,
    {
      ...route.createWebhookEndpoint,
      summary: 'Make a webhook endpoint of the account',
      permission: 'owner',
      body: ownEndpointInput,
      response: ownEndpointKeySchema,
    },
    (tx, { body }, actor) => createEndpoint(tx, config, body as never, actor) as never,
  )
  portalRoute(
    app,
    {
      ...route.rotateWebhookKey,
      summary: 'Give a webhook endpoint of the account a new signing key',
      permission: 'owner',
      response: ownEndpointKeySchema,
    },
    (tx, { params }, actor, { now }) => rotateEndpointKey(tx, config, params.id, actor, now) as never,
  )
  portalRoute(
    app,
    {
      ...route.testWebhookEndpoint,
      summary: 'Send a test to a webhook endpoint of the account',
      permission: 'owner',
      session: 'person',
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
      ...route.replayFailedWebhooks,
      summary: 'Send again what did not arrive at an endpoint of the account',
      permission: 'owner',
      perMinute: 20,
    },
    (tx, { params, body }, actor, { now }) => replayFailed(tx, params.id, body.since, actor.account_id, now),
  )
  portalRoute(
    app,
    {
      ...route.listWebhookDeliveries,
      summary: 'List what was sent to the account’s webhook endpoints',
      permission: 'owner',
      response: pageOf(ownDeliverySchema),
    },
    (tx, { query }, actor) => listDeliveries(tx, query, actor.account_id),
  )
  portalRoute(
    app,
    {
      ...route.getWebhookDelivery,
      permission: 'owner',
      response: ownDeliveryDetail,
    },
    (tx, { params }, actor) => getDelivery(tx, params.id, actor.account_id),
  )
  portalRoute(
    app,
    {
      ...route.replayWebhookDelivery,
      summary: 'Send a delivery of the account again',
      permission: 'owner',
      response: ownDeliveryDetail,
      perMinute: 20,
    },
    (tx, { params }, actor, { now }) => replayDelivery(tx, params.id, actor.account_id, now),
  )
  portalRoute(
    app,
    {
      ...route.getWebhookEndpoint,
      summary: 'Read a webhook endpoint of the account',
      tag,
      permission: 'owner',
      response: ownEndpointSchema,
    },
    (tx, { params }, actor) => getEndpoint(tx, params.id, actor.account_id) as never,
  )
  portalRoute(
    app,
    {
      ...route.updateWebhookEndpoint,
      summary: 'Change a webhook endpoint of the account, switch it off or on',
      tag,
      permission: 'owner',
      body: ownEndpointChange,
      response: ownEndpointSchema,
    },
    (tx, { params, body }, actor, { now }) =>
      updateEndpoint(tx, config, params.id, body as never, actor, now) as never,
  )
  portalRoute(
    app,
    {
      ...route.deleteWebhookEndpoint,
      summary: 'Remove a webhook endpoint of the account with its log',
      tag,
      permission: 'owner',
    },
    (tx, { params }, actor) => deleteEndpoint(tx, params.id, actor),
  )
}
