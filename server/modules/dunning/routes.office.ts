import { isRefusal } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { getAccountDunning, listActions } from './actions.ts'
import { exemptAccount, liftExemption } from './exemptions.ts'
import {
  changePolicy,
  createPolicy,
  deletePolicy,
  getPolicy,
  listPolicies,
  switchPolicyOff,
  switchPolicyOn,
} from './policies.ts'
import { listRuns } from './runs.ts'
import {
  accountDunningSchema,
  actionQuery,
  actionSchema,
  defaultTextsSchema,
  exemption,
  policyChange,
  policyInput,
  policyQuery,
  policySchema,
  policySummarySchema,
  runQuery,
  runSchema,
  simulatedQuery,
  simulatedSchema,
  simulationQuery,
  simulationSchema,
  switchOn,
} from './schemas.ts'
import { listSimulatedActions, summarizeSimulation } from './simulation.ts'
import { defaultTextKinds, defaultTexts } from './texts.ts'

const tag = 'Dunning'

export function registerDunningOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/dunning-policies',
      operation: 'list_dunning_policies',
      summary: 'List dunning policies',
      tag,
      permission: 'dunning.read',
      query: policyQuery,
      response: pageOf(policySummarySchema),
    },
    (tx, { query }) => listPolicies(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/dunning-policies',
      operation: 'create_dunning_policy',
      summary: 'Prepare a dunning policy as a draft',
      description:
        'It begins with the template’s steps, with those of another policy (`copy_of`), or with none (`empty`)',
      tag,
      permission: 'dunning.write',
      body: policyInput,
      response: policySchema,
      status: 201,
    },
    async (tx, { body }, actor) => {
      const created = await createPolicy(tx, body, actor.user_id)
      return isRefusal(created) ? created : getPolicy(tx, created)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/dunning-texts',
      operation: 'get_dunning_texts',
      summary: 'Read the default texts of the mails',
      tag,
      permission: 'dunning.read',
      response: defaultTextsSchema,
    },
    async () => {
      const all = defaultTextKinds.map((kind) => [kind, defaultTexts(kind)] as const)
      return Object.fromEntries(all) as Record<
        (typeof defaultTextKinds)[number],
        ReturnType<typeof defaultTexts>
      >
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/dunning-policies/{id}',
      operation: 'get_dunning_policy',
      summary: 'Read a dunning policy with its steps',
      tag,
      permission: 'dunning.read',
      params: idParams,
      response: policySchema,
    },
    (tx, { params }) => getPolicy(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/dunning-policies/{id}',
      operation: 'change_dunning_policy',
      summary: 'Change a draft',
      description: 'One that was switched on never changes: copy it into a draft. `steps` are all of them',
      tag,
      permission: 'dunning.write',
      params: idParams,
      body: policyChange,
      response: policySchema,
    },
    async (tx, { params, body }) => {
      const refused = await changePolicy(tx, params.id, body)
      return refused ?? getPolicy(tx, params.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/dunning-policies/{id}',
      operation: 'delete_dunning_policy',
      summary: 'Throw a draft away',
      tag,
      permission: 'dunning.write',
      params: idParams,
    },
    (tx, { params }) => deletePolicy(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/dunning-policies/{id}/simulation',
      operation: 'simulate_dunning_policy',
      summary: 'See what a policy would do to today’s debtors',
      description:
        'By the same planning as the run; nothing is written. `fingerprint` is what switching on asks for',
      tag,
      permission: 'dunning.read',
      params: idParams,
      query: simulationQuery,
      response: simulationSchema,
    },
    (tx, { params, query }, _actor, context) => summarizeSimulation(tx, params.id, query.as_of, context.now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/dunning-policies/{id}/simulation/actions',
      operation: 'list_simulated_dunning',
      summary: 'List what a policy would do, account by account',
      tag,
      permission: 'dunning.read',
      params: idParams,
      query: simulatedQuery,
      response: pageOf(simulatedSchema),
    },
    (tx, { params, query }, _actor, context) => listSimulatedActions(tx, params.id, query, context.now),
  )
  exportRoute(
    app,
    {
      path: '/dunning-simulation.csv',
      operation: 'export_simulated_dunning',
      summary: 'Export what a policy would do',
      tag,
      permission: 'dunning.read',
      query: simulatedQuery.extend({ policy_id: idParams.shape.id }),
      file: 'dunning-simulation',
    },
    async (tx, { policy_id, ...query }) => {
      const page = await listSimulatedActions(tx, policy_id, query, app.now())
      return isRefusal(page) ? { items: [], next_cursor: null } : page
    },
    {
      on_date: (row) => row.on_date,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      action: (row) => row.action,
      day: (row) => row.day,
      skipped: (row) => (row.skipped ? 'yes' : 'no'),
      document: (row) => row.number,
      due_date: (row) => row.due_date,
      open_amount: (row) => moneyCell(row.open_amount, row.currency),
      charge: (row) => (row.charge === null ? null : moneyCell(row.charge, row.currency)),
      services: (row) => row.services,
      currency: (row) => row.currency,
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/dunning-policies/{id}/switch-on',
      operation: 'switch_on_dunning_policy',
      summary: 'Put a draft in force, in place of what was',
      description: 'Refuses where the simulation that was seen would come out differently by now',
      tag,
      permission: 'dunning.write',
      params: idParams,
      body: switchOn,
      response: policySchema,
    },
    async (tx, { params, body }, actor, context) => {
      const refused = await switchPolicyOn(tx, params.id, body, actor.user_id, context.now)
      return refused ?? getPolicy(tx, params.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/dunning-policies/{id}/switch-off',
      operation: 'switch_off_dunning_policy',
      summary: 'End a policy',
      description: 'Nothing more is done; what it suspended still comes back on payment',
      tag,
      permission: 'dunning.write',
      params: idParams,
      response: policySchema,
    },
    async (tx, { params }, actor, context) => {
      const refused = await switchPolicyOff(tx, params.id, actor.user_id, context.now)
      return refused ?? getPolicy(tx, params.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/dunning-actions',
      operation: 'list_dunning_actions',
      summary: 'List what dunning did',
      description: '`q` finds by account; `to` is the first day no longer shown',
      tag,
      permission: 'dunning.read',
      query: actionQuery,
      response: pageOf(actionSchema),
    },
    (tx, { query }) => listActions(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/dunning-actions.csv',
      operation: 'export_dunning_actions',
      summary: 'Export what dunning did',
      tag,
      permission: 'dunning.read',
      query: actionQuery,
      file: 'dunning',
      screen: { unit: 'business_unit', amount: 'open_amount', caused: 'debit_note' },
    },
    (tx, query) => listActions(tx, query),
    {
      on_date: (row) => row.on_date,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      business_unit: (row) => row.business_unit_name,
      action: (row) => row.action,
      day: (row) => row.day,
      result: (row) => row.result,
      reason: (row) => row.reason,
      document: (row) => row.number,
      due_date: (row) => row.due_date,
      open_amount: (row) => moneyCell(row.open_amount, row.currency),
      charged: (row) => (row.charged === null ? null : moneyCell(row.charged, row.currency)),
      debit_note: (row) => row.document_number,
      services: (row) => row.services,
      mails: (row) => row.mails,
      currency: (row) => row.currency,
      policy: (row) => row.policy_name,
      created_at: (row) => row.created_at,
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/dunning-runs',
      operation: 'list_dunning_runs',
      summary: 'List the daily runs, with the accounts that failed',
      tag,
      permission: 'dunning.read',
      query: runQuery,
      response: pageOf(runSchema),
    },
    (tx, { query }) => listRuns(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/dunning',
      operation: 'get_account_dunning',
      summary: 'See where an account stands in dunning',
      tag,
      permission: 'dunning.read',
      params: idParams,
      response: accountDunningSchema,
    },
    (tx, { params }, _actor, context) => getAccountDunning(tx, params.id, context.now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/dunning/exempt',
      operation: 'exempt_account_from_dunning',
      summary: 'Leave an account alone up to and including a day',
      tag,
      permission: 'dunning.write',
      params: idParams,
      body: exemption,
      response: accountDunningSchema,
    },
    async (tx, { params, body }, actor, context) => {
      const refused = await exemptAccount(tx, params.id, body, actor.user_id, context.now)
      return refused ?? getAccountDunning(tx, params.id, context.now)
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/dunning/lift',
      operation: 'lift_dunning_exemption',
      summary: 'End an exemption before its day',
      tag,
      permission: 'dunning.write',
      params: idParams,
      response: accountDunningSchema,
    },
    async (tx, { params }, actor, context) => {
      const refused = await liftExemption(tx, params.id, actor.user_id, context.now)
      return refused ?? getAccountDunning(tx, params.id, context.now)
    },
  )
}
