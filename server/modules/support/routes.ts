import { type App, officeRoute, portalRoute } from '../../platform/http.ts'
import { idParams } from '../../platform/schemas.ts'
import { adjustSupportCredits, listAccountSupportCredits, listSupportCredits } from './credits.ts'
import { supportCreditAdjustment, supportCreditsQuery, supportCreditsSchema } from './schemas.ts'

const tag = 'Support credits'

export function registerSupportPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/support-credits',
      operation: 'list_support_credits',
      summary: 'List the account’s support credits, given and used, with its balance',
      tag,
      permission: 'services or billing',
      query: supportCreditsQuery,
      response: supportCreditsSchema,
    },
    (tx, { query }, actor) => listSupportCredits(tx, actor.account_id!, query),
  )
}

export function registerSupportOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/support-credits',
      operation: 'list_support_credits',
      summary: 'List the support credits of an account, with its balance',
      tag,
      permission: 'orders.read',
      params: idParams,
      query: supportCreditsQuery,
      response: supportCreditsSchema,
    },
    (tx, { params, query }) => listAccountSupportCredits(tx, params.id, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/support-credits',
      operation: 'adjust_support_credits',
      summary: 'Give support credits to an account, or take some, with a reason',
      description: 'An account never has less than none',
      tag,
      permission: 'orders.write',
      params: idParams,
      body: supportCreditAdjustment,
      response: supportCreditsSchema,
      status: 201,
    },
    (tx, { params, body }, actor) => adjustSupportCredits(tx, params.id, body, actor.user_id),
  )
}
