import { z } from 'zod'
import { isRefusal } from '../../platform/errors.ts'
import { type App, type CustomerActor, portalRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { readPaymentChoices } from './choices.ts'
import {
  createIntent,
  getOwnIntent,
  type IntentOwner,
  listOwnIntents,
  requestCancel,
  requestLookUp,
} from './intents.ts'
import type { Drivers } from './providers.ts'
import {
  automaticInput,
  intentInput,
  ownIntentQuery,
  ownIntentSchema,
  ownMethodSchema,
  paymentChoices,
  serviceMethodInput,
  setupInput,
} from './schemas.providers.ts'
import {
  getOwnMethod,
  listOwnMethods,
  removeMethod,
  requestSetup,
  setAutomatic,
  setServiceMethod,
} from './stored-methods.ts'

const tag = 'Payments'

const ownerOf = (actor: CustomerActor): IntentOwner => ({
  account_id: actor.account_id!,
  business_unit_id: actor.business_unit_id!,
  user_id: actor.user_id,
  origin: 'customer',
})

/** What customers do to pay, and to be debited by themselves. */
export function registerPayPortal(app: App, drivers: Drivers): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/payment-choices',
      operation: 'get_payment_choices',
      summary: 'Every way to pay: providers, stored methods, and what is outside of here',
      tag,
      permission: 'billing',
      response: paymentChoices,
    },
    (tx, _input, actor) => readPaymentChoices(tx, drivers, actor.account_id!, actor.business_unit_id!),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/payment-intents',
      operation: 'create_payment_intent',
      summary: 'Pay invoices or an order by a provider',
      description:
        'What is open for the same by the same provider is given back instead. Read it again until `action` says what the payer is to do, or it is over',
      tag,
      permission: 'billing',
      body: intentInput,
      response: ownIntentSchema,
      status: 201,
      perMinute: 30,
    },
    async (tx, { body }, actor, { now }) => {
      const intent = await createIntent(tx, app.office, ownerOf(actor), body, now)
      return isRefusal(intent) ? intent : getOwnIntent(tx, actor.account_id!, intent.id)
    },
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/payment-intents',
      operation: 'list_payment_intents',
      summary: 'List the account’s payments by providers',
      tag,
      permission: 'billing',
      query: ownIntentQuery,
      response: pageOf(ownIntentSchema),
    },
    (tx, { query }, actor) => listOwnIntents(tx, actor.account_id!, query),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/payment-intents/{id}',
      operation: 'get_payment_intent',
      summary: 'Read what became of a payment',
      tag,
      permission: 'billing',
      params: idParams,
      response: ownIntentSchema,
    },
    (tx, { params }, actor) => getOwnIntent(tx, actor.account_id!, params.id),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/payment-intents/{id}/look-up',
      operation: 'look_up_payment_intent',
      summary: 'Ask the provider now what became of a payment',
      description: 'For whoever comes back from the provider: nobody has to wait for its webhook',
      tag,
      permission: 'billing',
      params: idParams,
      status: 202,
      perMinute: 30,
    },
    (tx, { params }, actor) => requestLookUp(tx, actor.account_id!, params.id),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/payment-intents/{id}/cancel',
      operation: 'cancel_payment_intent',
      summary: 'Give a payment up that is not over',
      tag,
      permission: 'billing',
      params: idParams,
      status: 202,
    },
    (tx, { params }, actor) => requestCancel(tx, actor.account_id!, params.id),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/stored-methods',
      operation: 'list_stored_methods',
      summary: 'List the payment methods that the account keeps',
      tag,
      permission: 'billing',
      response: z.object({ items: z.array(ownMethodSchema) }),
    },
    async (tx, _input, actor) => ({ items: await listOwnMethods(tx, actor.account_id!) }),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/stored-methods',
      operation: 'store_payment_method',
      summary: 'Keep a payment method without paying by it now',
      tag,
      permission: 'billing',
      body: setupInput,
      response: ownIntentSchema,
      status: 201,
      perMinute: 20,
    },
    async (tx, { body }, actor, { config }) => {
      const intent = await requestSetup(tx, config, ownerOf(actor), body)
      return isRefusal(intent) ? intent : getOwnIntent(tx, actor.account_id!, intent.id)
    },
  )
  portalRoute(
    app,
    {
      method: 'PATCH',
      path: '/stored-methods/{id}',
      operation: 'set_automatic_method',
      summary: 'Say whether invoices are debited from a method by themselves',
      tag,
      permission: 'billing',
      params: idParams,
      body: automaticInput,
      response: ownMethodSchema,
    },
    async (tx, { params, body }, actor) =>
      (await setAutomatic(tx, actor.account_id!, params.id, body.automatic)) ??
      getOwnMethod(tx, actor.account_id!, params.id),
  )
  portalRoute(
    app,
    {
      method: 'DELETE',
      path: '/stored-methods/{id}',
      operation: 'remove_stored_method',
      summary: 'Remove a payment method: nothing is charged by it any more',
      tag,
      permission: 'billing',
      params: idParams,
    },
    (tx, { params }, actor, { now }) => removeMethod(tx, actor.account_id!, params.id, now),
  )
  portalRoute(
    app,
    {
      method: 'PUT',
      path: '/services/{id}/stored-method',
      operation: 'set_service_method',
      summary: 'Let a service be debited from a method of its own',
      tag,
      permission: 'billing',
      params: idParams,
      body: serviceMethodInput,
    },
    (tx, { params, body }, actor) =>
      setServiceMethod(tx, actor.account_id!, params.id, body.stored_method_id),
  )
}
