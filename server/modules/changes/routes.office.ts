import type { z } from 'zod'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal, refuse } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import {
  cancellation,
  getSubscription,
  reactivation,
  subscriptionSchema,
  suspension,
} from '../subscriptions/index.ts'
import { getChange, listChanges, listServiceChanges } from './change-list.ts'
import { performChange, previewChange, withdrawChange } from './changes.ts'
import { listChoices } from './choices.ts'
import { getPlanPolicy, setPlanPolicy } from './policies.ts'
import {
  type ChangeRequest,
  changeChoices,
  changeCommit,
  changePreview,
  changePreviewInput,
  changeQuery,
  changeSchema,
  planPolicy,
  planPolicyChange,
  serviceChangeQuery,
} from './schemas.ts'

const tag = 'Changes of services'

export function registerChangesOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/change-choices',
      operation: 'list_change_choices',
      summary: 'List what can be chosen for a change: plans, options, cycles, days',
      tag,
      permission: 'subscriptions.read',
      params: idParams,
      response: changeChoices,
    },
    (tx, { params }, _actor, { now }) => listChoices(tx, params.id, now, 'office'),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/subscriptions/{id}/changes/preview',
      operation: 'preview_change',
      summary: 'What a change would do and cost, before it is done',
      description:
        'Nothing is written. The token does exactly what was shown: where something changed since, `preview_outdated`',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
      body: changePreviewInput,
      response: changePreview,
    },
    (tx, { params, body }, _actor, { now }) => previewChange(tx, params.id, body.change, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/subscriptions/{id}/changes',
      operation: 'create_change',
      summary: 'Change a service, now, on a day, or at the period’s end',
      description:
        'With the token of a preview exactly that is done, or nothing. A day to come is scheduled, one change of a kind at a time',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
      body: changeCommit,
      response: changeSchema,
      status: 201,
    },
    async (tx, { params, body }, actor, { now, language }) => {
      const done = await performChange(tx, params.id, body.change, {
        now,
        by: actor.user_id,
        token: body.token,
      })
      return isRefusal(done) ? done : getChange(tx, done.id, language)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/changes',
      operation: 'list_subscription_changes',
      summary: 'List the changes of a service, those to come and those that were',
      tag,
      permission: 'subscriptions.read',
      params: idParams,
      query: serviceChangeQuery,
      response: pageOf(changeSchema),
    },
    (tx, { params, query }, _actor, { language }) => listServiceChanges(tx, params.id, query, language),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/changes',
      operation: 'list_changes',
      summary: 'List changes of services of all accounts',
      tag,
      permission: 'subscriptions.read',
      query: changeQuery,
      response: pageOf(changeSchema),
    },
    (tx, { query }, _actor, { language }) => listChanges(tx, query, language),
  )
  exportRoute(
    app,
    {
      path: '/changes.csv',
      operation: 'export_changes',
      summary: 'Export changes of services',
      tag,
      permission: 'subscriptions.read',
      query: changeQuery,
      file: 'service-changes',
      screen: { unit: 'business_unit' },
    },
    (tx, query, _actor, { language }) => listChanges(tx, query, language),
    {
      effective_on: (row) => row.effective_on,
      kind: (row) => row.kind,
      state: (row) => row.state,
      account: (row) => row.account_name,
      contract_number: (row) => row.contract_number,
      business_unit: (row) => row.business_unit_name,
      before: (row) => row.before?.plan_name ?? row.plan_name,
      after: (row) => row.after?.plan_name ?? null,
      amount_before: (row) => (row.before ? moneyCell(row.before.amount, row.currency) : null),
      amount_after: (row) => (row.after ? moneyCell(row.after.amount, row.currency) : null),
      credited: (row) => moneyCell(row.credit_total, row.currency),
      charged: (row) => moneyCell(row.charge_total, row.currency),
      currency: (row) => row.currency,
      reason: (row) => row.reason,
      requested_by: (row) => row.requested_by_name,
      failure: (row) => row.failure,
      created_at: (row) => row.created_at,
      ended_at: (row) => row.ended_at,
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/changes/{id}',
      operation: 'get_change',
      summary: 'Read one change of a service',
      tag,
      permission: 'subscriptions.read',
      params: idParams,
      response: changeSchema,
    },
    (tx, { params }, _actor, { language }) => getChange(tx, params.id, language),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/changes/{id}/withdraw',
      operation: 'withdraw_change',
      summary: 'Take a scheduled change back',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
      response: changeSchema,
    },
    async (tx, { params }, actor, { now, language }) =>
      (await withdrawChange(tx, params.id, { now, by: actor.user_id })) ?? getChange(tx, params.id, language),
  )

  transitionRoute(app, 'suspend', 'Suspend it: its days are not charged', suspension, (body) => ({
    kind: 'suspend',
    administrative: body.administrative,
    for_debt: false,
    ...(body.reason ? { reason: body.reason } : {}),
  }))
  transitionRoute(app, 'reactivate', 'End its suspension', reactivation, () => ({ kind: 'reactivate' }))
  transitionRoute(app, 'cancel', 'Cancel it for good', cancellation, (body) => ({
    kind: 'cancel',
    reason: body.reason,
    penalty: true,
  }))

  officeRoute(
    app,
    {
      method: 'GET',
      path: '/plans/{id}/policy',
      operation: 'get_plan_policy',
      summary: 'Read what customers of a plan may change by themselves, and what a suspension gives back',
      tag,
      permission: 'catalogue.read',
      params: idParams,
      response: planPolicy,
    },
    (tx, { params }) => getPlanPolicy(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/plans/{id}/policy',
      operation: 'set_plan_policy',
      summary: 'Set what customers of a plan may change by themselves, and what a suspension gives back',
      tag,
      permission: 'catalogue.write',
      params: idParams,
      body: planPolicyChange,
      response: planPolicy,
    },
    (tx, { params, body }) => setPlanPolicy(tx, params.id, body),
  )
}

/**
 * A change of state without a preview, for programs: today or on `date`, with all that it costs. Answers with the
 * subscription as it is afterwards.
 */
function transitionRoute<B extends z.ZodType<{ date?: Temporal.PlainDate | undefined }>>(
  app: App,
  verb: string,
  summary: string,
  body: B,
  read: (body: z.output<B>) => ChangeRequest,
): void {
  officeRoute(
    app,
    {
      method: 'POST',
      path: `/subscriptions/{id}/${verb}`,
      operation: `${verb}_subscription`,
      summary,
      description: 'What it costs is credited and charged at once; `changes/preview` tells it before',
      tag: 'Subscriptions',
      permission: 'subscriptions.write',
      params: idParams,
      body,
      response: subscriptionSchema,
    },
    async (tx: Tx, input, actor, { now }) => {
      const given = input.body as z.output<B>
      const request: ChangeRequest = {
        ...read(given),
        ...(given.date ? { timing: 'date' as const, effective_on: given.date } : { timing: 'now' as const }),
      }
      const done = await performChange(tx, input.params.id, request, {
        now,
        by: actor.user_id,
        scheduling: verb === 'cancel',
      })
      return isRefusal(done) ? renameDay(done) : getSubscription(tx, input.params.id)
    },
  )
}

/** Here the day is called `date`. */
function renameDay(refusal: Refusal): Refusal {
  const fields = refusal.fields.map((field) =>
    field.path === 'effective_on' ? { ...field, path: 'date' } : field,
  )
  return refuse(refusal.code, { status: refusal.status, params: { ...refusal.params }, fields })
}
