import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute, portalRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import {
  ownUsageQuery,
  usageInput,
  usageOfManyInput,
  usageQuery,
  usageRecorded,
  usageSchema,
  usageSummarySchema,
} from './schemas.usage.ts'
import {
  deleteUsage,
  listOwnUsage,
  listUsage,
  recordUsage,
  recordUsageOfMany,
  summarizeUsage,
} from './usage.ts'

const tag = 'Usage'
const once =
  'All of it or nothing. A record is known by its key: sent again it counts once, with other content it is refused. Use of a day that was billed already is charged with the next closing'

export function registerUsageOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/subscriptions/{id}/usage',
      operation: 'record_usage',
      summary: 'Report metered use of a subscription',
      description: once,
      tag,
      permission: 'subscriptions.write',
      params: idParams,
      body: usageInput,
      response: usageRecorded,
    },
    (tx, { params, body }, _actor, { now }) => recordUsage(tx, params.id, body.records, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/usage',
      operation: 'record_usage_of_many',
      summary: 'Report metered use of many subscriptions of a business unit, by their external ids',
      description: once,
      tag,
      permission: 'subscriptions.write',
      body: usageOfManyInput,
      response: usageRecorded,
    },
    (tx, { body }, _actor, { now }) => recordUsageOfMany(tx, body.business_unit_id, body.records, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/usage',
      operation: 'list_usage',
      summary: 'List the metered use of a subscription',
      tag,
      permission: 'subscriptions.read',
      query: usageQuery,
      response: pageOf(usageSchema),
    },
    (tx, { query }) => listUsage(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/usage.csv',
      operation: 'export_usage',
      summary: 'Export the metered use of a subscription',
      tag,
      permission: 'subscriptions.read',
      query: usageQuery,
      file: 'usage',
    },
    (tx, query) => listUsage(tx, query),
    {
      on_date: (row) => row.on_date,
      meter: (row) => row.meter,
      meter_name: (row) => row.meter_name,
      quantity: (row) => row.quantity,
      unit_name: (row) => row.unit_name,
      key: (row) => row.key,
      created_at: (row) => row.created_at,
      billed_at: (row) => row.billed_at,
      invoice_number: (row) => row.invoice_number,
    },
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/usage/{id}',
      operation: 'delete_usage',
      summary: 'Take back a record of use that was a mistake and is not billed',
      tag,
      permission: 'subscriptions.write',
      params: idParams,
    },
    (tx, { params }) => deleteUsage(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/usage-summary',
      operation: 'get_usage_summary',
      summary: 'Read what a subscription used and what it would cost',
      tag,
      permission: 'subscriptions.read',
      params: idParams,
      response: usageSummarySchema,
    },
    (tx, { params }, _actor, { now }) => summarizeUsage(tx, params.id, now),
  )
}

export function registerUsagePortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/usage',
      operation: 'list_usage',
      summary: 'List the metered use of a service',
      tag,
      permission: 'services',
      params: idParams,
      query: ownUsageQuery,
      response: pageOf(usageSchema),
    },
    (tx, { params, query }) => listOwnUsage(tx, params.id, query),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/usage-summary',
      operation: 'get_usage_summary',
      summary: 'Read what a service used and what it would cost',
      tag,
      permission: 'services',
      params: idParams,
      response: usageSummarySchema,
    },
    (tx, { params }, _actor, { now }) => summarizeUsage(tx, params.id, now),
  )
}
