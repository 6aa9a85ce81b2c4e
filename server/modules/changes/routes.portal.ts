import { type App, type CustomerActor, portalRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { getOwnChange, listOwnChanges } from './change-list.ts'
import {
  listOwnChoices,
  previewOwnChange,
  readOwnRequest,
  requestOwnChange,
  withdrawOwnChange,
} from './own-changes.ts'
import {
  changeChoices,
  changePreview,
  ownChangeCommit,
  ownChangePreviewInput,
  ownChangeSchema,
  serviceChangeQuery,
} from './schemas.ts'

const tag = 'Changes of services'

/** The account that the customer acts for: a route with a membership permission always has one. */
const personOf = (actor: CustomerActor) => ({
  user_id: actor.user_id,
  account_id: actor.account_id!,
  business_unit_id: actor.business_unit_id!,
})

export function registerChangesPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/change-choices',
      operation: 'list_change_choices',
      summary: 'List what the customer may change of a service, and to what',
      tag,
      permission: 'services',
      params: idParams,
      response: changeChoices,
    },
    (tx, { params }, _actor, { now }) => listOwnChoices(tx, app.office, params.id, now),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/subscriptions/{id}/changes/preview',
      operation: 'preview_change',
      summary: 'What a change would do and cost, before it is confirmed',
      tag,
      permission: 'services',
      params: idParams,
      body: ownChangePreviewInput,
      response: changePreview,
    },
    (tx, { params, body }, _actor, { now }) =>
      previewOwnChange(tx, app.office, params.id, readOwnRequest(body.change), now),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/subscriptions/{id}/changes',
      operation: 'create_change',
      summary: 'Confirm a change exactly as it was shown',
      description:
        'It is performed within a second: ask for the change until its state is no longer `requested`. One of a kind at a time',
      tag,
      permission: 'services',
      params: idParams,
      body: ownChangeCommit,
      response: ownChangeSchema,
      status: 202,
    },
    (tx, { params, body }, actor, { now, language }) =>
      requestOwnChange(
        tx,
        app.office,
        params.id,
        { change: readOwnRequest(body.change), token: body.token },
        personOf(actor),
        { now, language },
      ),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/changes',
      operation: 'list_subscription_changes',
      summary: 'List the changes of a service, those to come and those that were',
      tag,
      permission: 'services',
      params: idParams,
      query: serviceChangeQuery,
      response: pageOf(ownChangeSchema),
    },
    (tx, { params, query }, _actor, { language }) => listOwnChanges(tx, params.id, query, language),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/changes/{id}',
      operation: 'get_change',
      summary: 'Read one change: what became of it',
      tag,
      permission: 'services',
      params: idParams,
      response: ownChangeSchema,
    },
    (tx, { params }, _actor, { language }) => getOwnChange(tx, params.id, language),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/changes/{id}/withdraw',
      operation: 'withdraw_change',
      summary: 'Take back a change that waits for its day',
      tag,
      permission: 'services',
      params: idParams,
      response: ownChangeSchema,
    },
    async (tx, { params }, _actor, { now, language }) =>
      (await withdrawOwnChange(tx, params.id, now)) ?? getOwnChange(tx, params.id, language),
  )
}
