import { type App, officeRoute } from '../../platform/http.ts'
import { updateOwnUser } from './own-user.ts'
import { registerApiKeysOffice } from './routes.api-keys.ts'
import { registerAuditOffice } from './routes.audit.ts'
import { registerStaffOffice } from './routes.staff.ts'
import { registerViewAsOffice } from './routes.view-as.ts'
import { ownChange, staffSession } from './schemas.ts'

export function registerAccessOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/session',
      operation: 'get_session',
      summary: 'Who is signed in, and what they may do',
      tag: 'Sign-in',
      permission: 'any_staff',
      beforeSecondFactor: true,
      response: staffSession,
    },
    async (_tx, _input, actor) => actor,
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/session/user',
      operation: 'update_own_user',
      summary: 'Change one’s own name or language',
      tag: 'Sign-in',
      permission: 'any_staff',
      session: 'person',
      body: ownChange,
    },
    (tx, { body }, actor) => updateOwnUser(tx, actor.user_id, body),
  )
  registerStaffOffice(app)
  registerApiKeysOffice(app)
  registerViewAsOffice(app)
  registerAuditOffice(app)
}
