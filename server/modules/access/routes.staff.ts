import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, listQuery, pageOf } from '../../platform/schemas.ts'
import { staffChange, staffInput, staffRolesSchema, staffSchema } from './schemas.ts'
import {
  getStaff,
  inviteStaff,
  listGrantable,
  listRoles,
  listStaff,
  resendInvitation,
  resetStaffSecondFactor,
  updateStaff,
} from './staff.ts'

const tag = 'Staff'

export function registerStaffOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/staff',
      operation: 'list_staff',
      summary: 'List staff',
      tag,
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
      description: 'Nobody gives what they do not hold themselves: neither a permission nor a business unit.',
      tag,
      permission: 'staff.write',
      body: staffInput,
      response: staffSchema,
      status: 201,
    },
    (tx, { body }, actor) => inviteStaff(tx, body, actor),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/staff-roles',
      operation: 'list_staff_roles',
      summary: 'What each role may do, and what the caller may give to others',
      tag,
      permission: 'staff.read',
      response: staffRolesSchema,
    },
    async (_tx, _input, actor) => ({ items: listRoles(), grantable: listGrantable(actor) }),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/staff/{id}',
      operation: 'get_staff',
      summary: 'Read a member of staff',
      tag,
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
      description:
        'Role, single permissions, business units, disabling. Disabling ends their sessions and API keys; whoever may do more than the caller is out of the caller’s reach.',
      tag,
      permission: 'staff.write',
      params: idParams,
      body: staffChange,
      response: staffSchema,
    },
    (tx, { params, body }, actor, context) => updateStaff(tx, params.id, body, actor, context.now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/staff/{id}/resend-invitation',
      operation: 'resend_staff_invitation',
      summary: 'Send the invitation once more',
      tag,
      permission: 'staff.write',
      params: idParams,
    },
    (tx, { params }) => resendInvitation(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/staff/{id}/reset-second-factor',
      operation: 'reset_staff_second_factor',
      summary: 'Take a lost second factor away',
      description: 'Passkeys, one-time codes and recovery codes are removed, and every session ends.',
      tag,
      permission: 'staff.write',
      session: 'person',
      params: idParams,
    },
    (tx, { params }, actor) => resetStaffSecondFactor(tx, params.id, actor),
  )
}
