import { z } from 'zod'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { id, idParams, listQuery, pageOf, plainDate } from '../../platform/schemas.ts'
import { listAudit } from './audit.ts'
import { updateOwnUser } from './own-user.ts'
import { auditEntry, ownChange, staffChange, staffInput, staffSchema, staffSession } from './schemas.ts'
import { getStaff, inviteStaff, listStaff, updateStaff } from './staff.ts'

const auditQuery = listQuery(['id'], '-id').extend({
  account_id: id.optional(),
  object_type: z.string().max(60).optional(),
  object_id: z.string().max(60).optional(),
  actor_id: id.optional(),
  way: z.enum(['office', 'portal', 'job', 'command', 'start', 'database']).optional(),
  from: plainDate.optional(),
  to: plainDate.optional(),
})

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
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/audit',
      operation: 'list_audit',
      summary: 'Search the audit log',
      tag: 'Audit',
      permission: 'audit.read',
      query: auditQuery,
      response: pageOf(auditEntry),
    },
    (tx, { query }) => listAudit(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/audit.csv',
      operation: 'export_audit',
      summary: 'Export the audit log',
      tag: 'Audit',
      permission: 'audit.read',
      query: auditQuery,
      file: 'audit',
    },
    (tx, query) => listAudit(tx, query),
    {
      at: (row) => row.at,
      actor: (row) => row.actor_name,
      way: (row) => row.way,
      operation: (row) => row.operation,
      action: (row) => row.action,
      object_type: (row) => row.object_type,
      object_id: (row) => row.object_id,
      account_id: (row) => row.account_id,
      before: (row) => row.before,
      after: (row) => row.after,
      ip: (row) => row.ip,
      request_id: (row) => row.request_id,
    },
  )
}
