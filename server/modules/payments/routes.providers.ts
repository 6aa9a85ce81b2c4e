import { z } from 'zod'
import { isRefusal } from '../../platform/errors.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { getIntent, listIntents, requestCancel, requestLookUp } from './intents.ts'
import {
  archiveProvider,
  createProvider,
  getProvider,
  listProviders,
  readRefunds,
  requestTest,
  updateProvider,
} from './provider-list.ts'
import type { Drivers } from './providers.ts'
import { getReversal, listReversals, requestRefund } from './reversals.ts'
import {
  automaticInput,
  changedProvider,
  driverSchema,
  intentQuery,
  intentSchema,
  newProvider,
  providerListItem,
  providerQuery,
  providerSchema,
  refundInput,
  reversalQuery,
  reversalSchema,
  serviceMethodInput,
  storedMethodQuery,
  storedMethodSchema,
} from './schemas.providers.ts'
import { listStoredMethods, removeMethod, setAutomatic, setServiceMethod } from './stored-methods.ts'

const tag = 'Payment providers'
const methodParams = idParams.extend({ method_id: idParams.shape.id })

/** What staff set of providers, see of their work, and give back. */
export function registerProvidersOffice(app: App, drivers: Drivers): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-drivers',
      operation: 'list_payment_drivers',
      summary: 'List the kinds of providers, with what each needs to be told',
      tag,
      permission: 'settings.read',
      response: z.object({ items: z.array(driverSchema) }),
    },
    async () => ({
      items: [...drivers.values()].map((driver) => ({
        driver: driver.kind,
        methods: [...driver.methods],
        currencies: driver.currencies === null ? null : [...driver.currencies],
        capabilities: driver.capabilities,
        fields: driver.fields.map(({ choices, ...field }) => ({
          ...field,
          ...(choices ? { choices: [...choices] } : {}),
        })),
      })),
    }),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-providers',
      operation: 'list_payment_providers',
      summary: 'List the ways in which business units are paid, with their health',
      tag,
      permission: 'settings.read',
      query: providerQuery,
      response: z.object({ items: z.array(providerListItem) }),
    },
    async (tx, { query }) => ({
      items: (await listProviders(tx, query)) as z.output<typeof providerListItem>[],
    }),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/payment-providers',
      operation: 'create_payment_provider',
      summary: 'Add a way to be paid',
      tag,
      permission: 'settings.write',
      body: newProvider,
      response: providerSchema,
      status: 201,
    },
    async (tx, { body }, _actor, { config }) =>
      (await createProvider(tx, config, drivers, body)) as z.output<typeof providerSchema>,
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-providers/{id}',
      operation: 'get_payment_provider',
      summary: 'Read a way to be paid',
      tag,
      permission: 'settings.read',
      params: idParams,
      response: providerSchema,
    },
    async (tx, { params }, _actor, { config }) =>
      (await getProvider(tx, config, params.id)) as z.output<typeof providerSchema>,
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/payment-providers/{id}',
      operation: 'update_payment_provider',
      summary: 'Change how a provider is set',
      tag,
      permission: 'settings.write',
      params: idParams,
      body: changedProvider,
      response: providerSchema,
    },
    async (tx, { params, body }, _actor, { config }) =>
      (await updateProvider(tx, config, drivers, params.id, body)) as z.output<typeof providerSchema>,
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/payment-providers/{id}/archive',
      operation: 'archive_payment_provider',
      summary: 'Put a provider away: nobody can pay by it any more',
      tag,
      permission: 'settings.write',
      params: idParams,
    },
    (tx, { params }, _actor, { now }) => archiveProvider(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/payment-providers/{id}/test',
      operation: 'test_payment_provider',
      summary: 'Try whether a provider works as it is set; its health tells within seconds',
      tag,
      permission: 'settings.write',
      params: idParams,
      status: 202,
      perMinute: 20,
    },
    (tx, { params }) => requestTest(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-intents',
      operation: 'list_payment_intents',
      summary: 'List what providers were asked for and what became of it',
      description: '`q` finds by account name',
      tag,
      permission: 'payments.read',
      query: intentQuery,
      response: pageOf(intentSchema),
    },
    (tx, { query }) => listIntents(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-intents/{id}',
      operation: 'get_payment_intent',
      summary: 'Read what a provider was asked for',
      tag,
      permission: 'payments.read',
      params: idParams,
      response: intentSchema,
    },
    (tx, { params }) => getIntent(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/payment-intents/{id}/look-up',
      operation: 'look_up_payment_intent',
      summary: 'Ask the provider now what became of it',
      tag,
      permission: 'payments.decide',
      params: idParams,
      status: 202,
    },
    (tx, { params }) => requestLookUp(tx, null, params.id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/payment-intents/{id}/cancel',
      operation: 'cancel_payment_intent',
      summary: 'Ask the provider to give it up',
      tag,
      permission: 'payments.decide',
      params: idParams,
      status: 202,
    },
    (tx, { params }) => requestCancel(tx, null, params.id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/payments/{id}/refund',
      operation: 'refund_payment',
      summary: 'Give money of a payment back',
      description:
        'What the payment left as credit goes first; then what it paid is owed again, the latest due date first',
      tag,
      permission: 'payments.refund',
      params: idParams,
      body: refundInput,
      response: reversalSchema,
      status: 201,
    },
    async (tx, { params, body }, actor, { now }) => {
      const refunds = (providerId: string) => readRefunds(tx, drivers, providerId)
      const made = await requestRefund(tx, params.id, body, refunds, actor.user_id, now)
      return isRefusal(made) ? made : getReversal(tx, made.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/payment-reversals',
      operation: 'list_payment_reversals',
      summary: 'List refunds and chargebacks',
      tag,
      permission: 'payments.read',
      query: reversalQuery,
      response: pageOf(reversalSchema),
    },
    (tx, { query }) => listReversals(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/stored-methods',
      operation: 'list_stored_methods',
      summary: 'List the payment methods that customers keep',
      tag,
      permission: 'payments.read',
      query: storedMethodQuery,
      response: pageOf(storedMethodSchema),
    },
    (tx, { query }) => listStoredMethods(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/accounts/{id}/stored-methods/{method_id}',
      operation: 'set_automatic_method',
      summary: 'Say whether an account is debited from a stored method by itself',
      tag,
      permission: 'payments.decide',
      params: methodParams,
      body: automaticInput,
    },
    (tx, { params, body }) => setAutomatic(tx, params.id, params.method_id, body.automatic),
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/accounts/{id}/stored-methods/{method_id}',
      operation: 'remove_stored_method',
      summary: 'Remove a stored method; the customer is told',
      tag,
      permission: 'payments.decide',
      params: methodParams,
    },
    (tx, { params }, _actor, { now }) => removeMethod(tx, params.id, params.method_id, now),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/subscriptions/{id}/stored-method',
      operation: 'set_service_method',
      summary: 'Let a service be debited from a method of its own',
      tag,
      permission: 'payments.decide',
      params: idParams,
      body: serviceMethodInput,
    },
    (tx, { params, body }) => setServiceMethod(tx, null, params.id, body.stored_method_id),
  )
}
