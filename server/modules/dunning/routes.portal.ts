import { type App, portalRoute } from '../../platform/http.ts'
import { getOwnDunning } from './actions.ts'
import { ownDunningSchema } from './schemas.ts'

export function registerDunningPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/dunning',
      operation: 'get_own_dunning',
      summary: 'What is overdue, and what happens next if it is not paid',
      tag: 'Billing',
      permission: 'billing',
      response: ownDunningSchema,
    },
    (tx, _input, actor, context) => getOwnDunning(tx, actor.account_id!, context.now),
  )
}
