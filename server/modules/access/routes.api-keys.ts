import { z } from 'zod'
import { membershipPermissions } from '../../platform/database.gen.ts'
import { type App, officeRoute, portalRoute } from '../../platform/http.ts'
import { staffPermissions } from '../../platform/permissions.ts'
import { id, idParams, instant, listQuery, name, pageOf } from '../../platform/schemas.ts'
import {
  createKey,
  listAccountKeys,
  listOwnAccountKeys,
  listStaffKeys,
  mostCallsOfAccount,
  revokeKey,
  revokeOwnAccountKey,
  rotateKey,
  takeKeyOver,
  updateKey,
} from './api-keys.ts'
import { checkAccount } from './view-as.ts'

const tag = 'API keys'

const keyFields = {
  id,
  name: z.string(),
  hint: z.string().meta({ description: 'How the secret begins' }),
  unit_ids: z.array(id).nullable().meta({ description: 'Null: all business units that its person may see' }),
  read_only: z.boolean(),
  rate_limit: z.int().meta({ description: 'Calls in a minute' }),
  state: z.enum(['active', 'stopped', 'expired', 'revoked']).meta({
    description: 'Stopped: whoever answers for it has no access',
  }),
  expires_at: instant.nullable(),
  previous_works_until: instant
    .nullable()
    .meta({ description: 'Until when the secret before the last rotation works' }),
  last_used_at: instant.nullable(),
  last_used_ip: z.string().nullable(),
  revoked_at: instant.nullable(),
  created_at: instant,
  person: z
    .object({ id, name: z.string(), photo_file_id: id.nullable() })
    .nullable()
    .meta({ description: 'Who answers for the key: it never may do more than they may' }),
}
const staffScopes = z.array(z.enum(staffPermissions))
const accountScopes = z.array(z.enum(membershipPermissions))
const idle = { description: 'Scopes without effect now: the person who answers for the key lacks them' }
const staffKey = z
  .object({ ...keyFields, scopes: staffScopes, idle_scopes: staffScopes.meta(idle) })
  .meta({ id: 'StaffApiKey' })
const accountKey = z
  .object({ ...keyFields, scopes: accountScopes, idle_scopes: accountScopes.meta(idle) })
  .meta({ id: 'AccountApiKey' })
const secret = z.string().meta({ description: 'Shown this once: only its hash is kept' })
const staffKeySecret = z.object({ key: staffKey, secret }).meta({ id: 'StaffApiKeySecret' })
const accountKeySecret = z.object({ key: accountKey, secret }).meta({ id: 'AccountApiKeySecret' })

const staffKeyInput = z.strictObject({
  name: name(100),
  scopes: staffScopes.min(1),
  unit_ids: z.array(id).max(100).nullable().default(null),
  read_only: z.boolean().default(false),
  rate_limit: z.int().min(1).max(100_000).default(600),
  expires_at: instant.nullable().default(null),
})
const accountKeyInput = z.strictObject({
  name: name(100),
  scopes: accountScopes.min(1),
  read_only: z.boolean().default(false),
  rate_limit: z.int().min(1).max(mostCallsOfAccount).default(300),
  expires_at: instant.nullable().default(null),
})
const staffKeyChange = z.strictObject({
  name: name(100).optional(),
  scopes: staffScopes.min(1).optional(),
  unit_ids: z.array(id).max(100).nullable().optional(),
  read_only: z.boolean().optional(),
  rate_limit: z.int().min(1).max(100_000).optional(),
  expires_at: instant.nullable().optional(),
})
const accountKeyChange = z.strictObject({
  name: name(100).optional(),
  scopes: accountScopes.min(1).optional(),
  read_only: z.boolean().optional(),
  rate_limit: z.int().min(1).max(mostCallsOfAccount).optional(),
  expires_at: instant.nullable().optional(),
})
const rotation = z.strictObject({
  overlap_hours: z.int().min(0).max(168).meta({ description: 'How long the old secret works on' }),
})
const usable = z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional()
const keyQuery = listQuery(['created_at', 'name', 'last_used_at'], '-created_at').extend({ usable })

const about = {
  create:
    'The answer holds the secret, which is never shown again. Whoever makes a key answers for it: it may do what its scopes say, as long as they may do so too.',
  change: 'Only whoever answers for the key changes it; others take it over first.',
  rotate: 'The old secret works on for `overlap_hours`; one that was older ends at once.',
  take: 'The key works on with the scopes that the caller holds, and ends with the caller’s access.',
  revoke: 'Ends the key and its secrets at once. This cannot be undone.',
}

export function registerApiKeysOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/api-keys',
      operation: 'list_api_keys',
      summary: 'List the operator’s API keys',
      tag,
      permission: 'api_keys.read',
      session: 'person',
      query: keyQuery,
      response: pageOf(staffKey),
    },
    (tx, { query }) => listStaffKeys(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/api-keys',
      operation: 'create_api_key',
      summary: 'Make an API key of the operator',
      description: about.create,
      tag,
      permission: 'api_keys.write',
      session: 'confirmed',
      secret: true,
      body: staffKeyInput,
      response: staffKeySecret,
      status: 201,
    },
    (tx, { body }, actor, context) => createKey(tx, body, actor, context.now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/api-keys/{id}/rotate',
      operation: 'rotate_api_key',
      summary: 'Give an API key of the operator a new secret',
      description: about.rotate,
      tag,
      permission: 'api_keys.write',
      session: 'confirmed',
      secret: true,
      params: idParams,
      body: rotation,
      response: staffKeySecret,
    },
    (tx, { params, body }, actor) => rotateKey(tx, params.id, body.overlap_hours, actor),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/api-keys/{id}/take-over',
      operation: 'take_api_key_over',
      summary: 'Answer for an API key of the operator',
      description: about.take,
      tag,
      permission: 'api_keys.write',
      session: 'confirmed',
      params: idParams,
      response: staffKey,
    },
    (tx, { params }, actor) => takeKeyOver(tx, params.id, actor),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/api-keys/{id}',
      operation: 'update_api_key',
      summary: 'Change an API key of the operator',
      description: about.change,
      tag,
      permission: 'api_keys.write',
      session: 'confirmed',
      params: idParams,
      body: staffKeyChange,
      response: staffKey,
    },
    (tx, { params, body }, actor, context) =>
      updateKey(tx, params.id, body as never, actor, context.now) as never,
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/api-keys/{id}',
      operation: 'revoke_api_key',
      summary: 'Revoke an API key of the operator',
      description: about.revoke,
      tag,
      permission: 'api_keys.write',
      session: 'person',
      params: idParams,
    },
    (tx, { params }, _actor, context) => revokeKey(tx, params.id, null, context.now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/api-keys',
      operation: 'list_account_api_keys',
      summary: 'List an account’s API keys',
      tag,
      permission: 'accounts.read',
      params: idParams,
      query: keyQuery,
      response: pageOf(accountKey),
    },
    async (tx, { params, query }) =>
      (await checkAccount(tx, params.id)) ?? listAccountKeys(tx, query, params.id),
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/accounts/{account_id}/api-keys/{id}',
      operation: 'revoke_account_api_key',
      summary: 'Revoke an API key of an account',
      description: about.revoke,
      tag,
      permission: 'accounts.write',
      params: z.object({ account_id: id, id }),
    },
    (tx, { params }, _actor, context) => revokeKey(tx, params.id, params.account_id, context.now),
  )
}

export function registerApiKeysPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/api-keys',
      operation: 'list_api_keys',
      summary: 'List the account’s API keys',
      tag,
      permission: 'owner',
      session: 'person',
      query: keyQuery,
      response: pageOf(accountKey),
    },
    (tx, { query }) => listOwnAccountKeys(tx, query),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/api-keys',
      operation: 'create_api_key',
      summary: 'Make an API key of the account',
      description: about.create,
      tag,
      permission: 'owner',
      session: 'confirmed',
      secret: true,
      body: accountKeyInput,
      response: accountKeySecret,
      status: 201,
    },
    (tx, { body }, actor, context) => createKey(tx, body, actor, context.now),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/api-keys/{id}/rotate',
      operation: 'rotate_api_key',
      summary: 'Give an API key of the account a new secret',
      description: about.rotate,
      tag,
      permission: 'owner',
      session: 'confirmed',
      secret: true,
      params: idParams,
      body: rotation,
      response: accountKeySecret,
    },
    (tx, { params, body }, actor) => rotateKey(tx, params.id, body.overlap_hours, actor),
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/api-keys/{id}/take-over',
      operation: 'take_api_key_over',
      summary: 'Answer for an API key of the account',
      description: about.take,
      tag,
      permission: 'owner',
      session: 'confirmed',
      params: idParams,
      response: accountKey,
    },
    (tx, { params }, actor) => takeKeyOver(tx, params.id, actor),
  )
  portalRoute(
    app,
    {
      method: 'PATCH',
      path: '/api-keys/{id}',
      operation: 'update_api_key',
      summary: 'Change an API key of the account',
      description: about.change,
      tag,
      permission: 'owner',
      session: 'confirmed',
      params: idParams,
      body: accountKeyChange,
      response: accountKey,
    },
    (tx, { params, body }, actor, context) =>
      updateKey(tx, params.id, body as never, actor, context.now) as never,
  )
  portalRoute(
    app,
    {
      method: 'DELETE',
      path: '/api-keys/{id}',
      operation: 'revoke_api_key',
      summary: 'Revoke an API key of the account',
      description: about.revoke,
      tag,
      permission: 'owner',
      session: 'person',
      params: idParams,
    },
    (tx, { params }) => revokeOwnAccountKey(tx, params.id),
  )
}
