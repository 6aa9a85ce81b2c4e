import { type App, portalPage } from '../../platform/http.ts'
import { homeSchema } from './schemas.ts'

export function registerReportsPortal(app: App): void {
  portalPage(
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
    'enter_portal_home',
  )
}
