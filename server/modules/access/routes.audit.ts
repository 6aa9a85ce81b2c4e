import { z } from 'zod'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { id, listQuery, pageOf, plainDate } from '../../platform/schemas.ts'
import { listAudit } from './audit.ts'
import { auditEntry } from './schemas.ts'

const word = z.string().regex(/^[\w.:-]{1,80}$/)
const auditQuery = listQuery(['id'], '-id').extend({
  account_id: id.optional(),
  business_unit_id: id.optional(),
  object_type: word.optional(),
  object_id: word.optional(),
  actor_id: id.optional(),
  actor_kind: word.optional(),
  action: word.optional(),
  way: word.optional(),
  request_id: word.optional(),
  from: plainDate.optional(),
  to: plainDate.optional(),
})

/** The audit log (A10): read and exported, never written to by a route. */
export function registerAuditOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/audit',
      operation: 'list_audit',
      summary: 'Search the audit log',
      description:
        '`q` finds words of who acted and of what stood in the row before and after, by their beginnings and without ' +
        'accents; or whole an id, the number of a request, an IP address. Days are those of UTC, `to` the first one no ' +
        'longer shown',
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
      // The screen's columns that say several of the file's in one.
      screen: { what: 'object_type', who: 'actor', fields: 'after' },
    },
    (tx, query) => listAudit(tx, query),
    {
      at: (row) => row.at,
      actor: (row) => row.actor_name,
      on_behalf_of: (row) => row.on_behalf_of,
      way: (row) => row.way,
      operation: (row) => row.operation,
      action: (row) => row.action,
      object_type: (row) => row.object_type,
      object_id: (row) => row.object_id,
      account: (row) => row.account_name,
      account_id: (row) => row.account_id,
      before: (row) => (row.before === null ? null : JSON.stringify(row.before)),
      after: (row) => (row.after === null ? null : JSON.stringify(row.after)),
      ip: (row) => row.ip,
      request_id: (row) => row.request_id,
    },
  )
}
