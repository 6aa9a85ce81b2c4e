import { isRefusal } from '../../platform/errors.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { getDebitRun, listDebitRuns, startDebitRun } from './debit-runs.ts'
import { getDebitPolicy, listDebitAttempts, setDebitPolicy } from './debits.ts'
import {
  debitAttemptQuery,
  debitAttemptSchema,
  debitPolicySchema,
  debitRunQuery,
  debitRunSchema,
} from './schemas.debits.ts'

const tag = 'Automatic debit'

/** Automatic debit, as staff set and watch it. */
export function registerDebitsOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/business-units/{id}/debit-policy',
      operation: 'get_debit_policy',
      summary: 'How a business unit debits stored methods',
      tag,
      permission: 'settings.read',
      params: idParams,
      response: debitPolicySchema,
    },
    (tx, { params }) => getDebitPolicy(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/business-units/{id}/debit-policy',
      operation: 'set_debit_policy',
      summary: 'Say how a business unit debits stored methods',
      tag,
      permission: 'settings.write',
      params: idParams,
      body: debitPolicySchema,
      response: debitPolicySchema,
    },
    (tx, { params, body }) => setDebitPolicy(tx, params.id, body),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/business-units/{id}/debit-runs',
      operation: 'start_debit_run',
      summary: 'Charge now what is due in a business unit',
      description:
        'It also runs by itself every morning. What is under way or waits for its next day is left alone',
      tag,
      permission: 'payments.decide',
      params: idParams,
      response: debitRunSchema,
      status: 201,
    },
    async (tx, { params }, actor, { now }) => {
      const run = await startDebitRun(tx, params.id, { user_id: actor.user_id, by_clock: false }, now)
      return isRefusal(run) ? run : getDebitRun(tx, run.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/debit-runs',
      operation: 'list_debit_runs',
      summary: 'List runs of automatic debit',
      tag,
      permission: 'payments.read',
      query: debitRunQuery,
      response: pageOf(debitRunSchema),
    },
    (tx, { query }) => listDebitRuns(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/debit-runs/{id}',
      operation: 'get_debit_run',
      summary: 'Read how far a run of automatic debit is',
      tag,
      permission: 'payments.read',
      params: idParams,
      response: debitRunSchema,
    },
    (tx, { params }) => getDebitRun(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/debit-attempts',
      operation: 'list_debit_attempts',
      summary: 'List charges of stored methods, with what follows a refusal',
      tag,
      permission: 'payments.read',
      query: debitAttemptQuery,
      response: pageOf(debitAttemptSchema),
    },
    (tx, { query }) => listDebitAttempts(tx, query),
  )
}
