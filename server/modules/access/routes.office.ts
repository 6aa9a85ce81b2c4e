import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, listQuery, pageOf } from '../../platform/schemas.ts'
import { updateOwnUser } from './own-user.ts'
import { registerAuditOffice } from './routes.audit.ts'
import { ownChange, staffChange, staffInput, staffSchema, staffSession } from './schemas.ts'
import { getStaff, inviteStaff, listStaff, updateStaff } from './staff.ts'

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
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/staff',
      operation: 'list_staff',
      summary: 'List staff',
      tag: 'Staff',
      permission: 'staff.read',
      query: listQuery(['name', 'email'], 'name'),
      response: pageOf(staffSchema),
    },
    (tx, { query }) => listStaff(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/staff',
      operation: 'invite_staff',
      summary: 'Invite a member of staff',
      tag: 'Staff',
      permission: 'staff.write',
      body: staffInput,
      response: staffSchema,
      status: 201,
    },
    (tx, { body }) => inviteStaff(tx, body),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/staff/{id}',
      operation: 'get_staff',
      summary: 'Read a member of staff',
      tag: 'Staff',
      permission: 'staff.read',
      params: idParams,
      response: staffSchema,
    },
    (tx, { params }) => getStaff(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/staff/{id}',
      operation: 'update_staff',
      summary: 'Change a member of staff',
      tag: 'Staff',
      permission: 'staff.write',
      params: idParams,
      body: staffChange,
      response: staffSchema,
    },
    (tx, { params, body }, actor, context) => updateStaff(tx, params.id, body, actor.user_id, context.now),
  )
  registerAuditOffice(app)
}
