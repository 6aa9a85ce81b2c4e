import { isRefusal } from '../../platform/errors.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { getSchedule, setSchedule } from './closing-clock.ts'
import {
  getClosing,
  getClosingAccount,
  listClosingAccounts,
  listClosings,
  previewAccount,
} from './closing-views.ts'
import { createClosing, discardClosing, retryClosing, startClosing } from './closings.ts'
import {
  closingAccountDetail,
  closingAccountParams,
  closingAccountQuery,
  closingAccountSchema,
  closingDetail,
  closingInput,
  closingQuery,
  closingScheduleInput,
  closingScheduleSchema,
  closingSchema,
  nextInvoiceQuery,
  nextInvoiceSchema,
} from './schemas.ts'

/** Closings: prepared, looked at, run; and what an account would be billed next. */
export function registerClosings(app: App): void {
  const tag = 'Closings'
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/closings',
      operation: 'list_closings',
      summary: 'List closings',
      tag,
      permission: 'billing.read',
      query: closingQuery,
      response: pageOf(closingSchema),
    },
    (tx, { query }) => listClosings(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/closings',
      operation: 'create_closing',
      summary: 'Prepare the closing of a business unit up to a date',
      description:
        'Nothing is charged: the preview is prepared in the background; see its progress by reading it',
      tag,
      permission: 'billing.run',
      body: closingInput,
      response: closingDetail,
      status: 201,
    },
    async (tx, { body }, actor, { now, language }) => {
      const created = await createClosing(tx, { ...body, created_by: actor.user_id }, now)
      return isRefusal(created) ? created : getClosing(tx, created, language)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/closings/{id}',
      operation: 'get_closing',
      summary: 'Read a closing: progress, totals, differences to the last one, warnings',
      tag,
      permission: 'billing.read',
      params: idParams,
      response: closingDetail,
    },
    (tx, { params }, _actor, { language }) => getClosing(tx, params.id, language),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/closings/{id}/accounts',
      operation: 'list_closing_accounts',
      summary: 'List the accounts of a closing',
      tag,
      permission: 'billing.read',
      params: idParams,
      query: closingAccountQuery,
      response: pageOf(closingAccountSchema),
    },
    (tx, { params, query }, _actor, { language }) => listClosingAccounts(tx, params.id, query, language),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/closings/{id}/accounts/{account_id}',
      operation: 'get_closing_account',
      summary: 'Read what a closing will invoice, or has invoiced, for an account',
      tag,
      permission: 'billing.read',
      params: closingAccountParams,
      response: closingAccountDetail,
    },
    (tx, { params }, _actor, { language, now }) =>
      getClosingAccount(tx, params.id, params.account_id, language, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/closings/{id}/run',
      operation: 'run_closing',
      summary: 'Charge exactly what the preview shows',
      description: 'Accounts that have changed since the preview are left out and marked `changed`',
      tag,
      permission: 'billing.run',
      params: idParams,
      response: closingDetail,
      status: 202,
    },
    async (tx, { params }, _actor, { language }) =>
      (await startClosing(tx, params.id)) ?? getClosing(tx, params.id, language),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/closings/{id}/discard',
      operation: 'discard_closing',
      summary: 'Throw a preview away',
      tag,
      permission: 'billing.run',
      params: idParams,
    },
    (tx, { params }) => discardClosing(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/closings/{id}/retry',
      operation: 'retry_closing',
      summary: 'Take up again the accounts that a closing left out, and no others',
      description: 'A closing of its own, with a preview: the accounts that were parked or had changed',
      tag,
      permission: 'billing.run',
      params: idParams,
      response: closingDetail,
      status: 201,
    },
    async (tx, { params }, actor, { language }) => {
      const made = await retryClosing(tx, params.id, actor.user_id)
      return isRefusal(made) ? made : getClosing(tx, made.id, language)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/business-units/{id}/closing-schedule',
      operation: 'get_closing_schedule',
      summary: 'Read when a business unit closes by itself',
      tag,
      permission: 'units.read',
      params: idParams,
      response: closingScheduleSchema,
    },
    (tx, { params }, _actor, { now }) => getSchedule(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/business-units/{id}/closing-schedule',
      operation: 'set_closing_schedule',
      summary: 'Let a business unit close by itself, or not',
      description:
        'Every day at the hour, so that services with a day of their own are billed, too; what was missed is caught up',
      tag,
      permission: 'units.write',
      params: idParams,
      body: closingScheduleInput,
      response: closingScheduleSchema,
    },
    (tx, { params, body }, _actor, { now }) => setSchedule(tx, params.id, body, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/next-invoice',
      operation: 'get_next_invoice',
      summary: 'What an account would be billed up to a date, by default its next closing date',
      tag,
      permission: 'billing.read',
      params: idParams,
      query: nextInvoiceQuery,
      response: nextInvoiceSchema,
    },
    (tx, { params, query }, _actor, { language, now }) =>
      previewAccount(tx, params.id, query.up_to, language, now),
  )
}
