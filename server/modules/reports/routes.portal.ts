import { type App, portalRoute, RawJson } from '../../platform/http.ts'
import { readHome } from './home.ts'
import { homeSchema } from './schemas.ts'

export function registerReportsPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/home',
      operation: 'get_home',
      summary: 'What needs you, what you have, what you owe',
      tag: 'Home',
      permission: 'any_member',
      response: homeSchema,
    },
    async (tx, _input, actor, context) =>
      new RawJson(
        await readHome(
          tx,
          { account_id: actor.account_id!, business_unit_id: actor.business_unit_id! },
          context.now,
        ),
      ),
  )
}
