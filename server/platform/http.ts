import { createHash, randomBytes, randomUUID } from 'node:crypto'
import cookie from '@fastify/cookie'
import multipart from '@fastify/multipart'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod'
import { sql } from 'kysely'
import { z } from 'zod'
import {
  authorizeMember,
  authorizeStaff,
  bearerToken,
  type CustomerActor,
  type Demands,
  entranceOf,
  type Side,
  type StaffActor,
  sides,
  viewCookie,
} from './actors.ts'
import type { Config } from './config.ts'
import { type Pool, type Tx, transact } from './database.ts'
import {
  isRefusal,
  notFound,
  type Refusal,
  Refusal as RefusalClass,
  refusalOfDatabase,
  refuse,
} from './errors.ts'
import type { FileStore } from './files.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import type { MembershipPermission, StaffPermission } from './permissions.ts'
import { problemOf } from './problems.ts'
import { hashToken } from './secrets.ts'
import { chooseLanguage, type Language } from './translations.ts'

/** What routes are registered on: the server and everything from outside that they may use. */
export type App = {
  server: FastifyInstance
  config: Config
  portal: Pool
  office: Pool
  files: FileStore
  metrics: Metrics
  /** The clock: nothing in a module reads it by itself. */
  now: () => Temporal.Instant
  /** Sends the page of a web app, where they are served. */
  sendPage?: (request: FastifyRequest, reply: FastifyReply) => unknown
}

export type { CustomerActor, StaffActor } from './actors.ts'

/** What a handler is told about its request besides the input. */
export type RequestContext = {
  now: Temporal.Instant
  language: Language
  ip: string
  request_id: string
  user_agent: string
  host: string
  config: Config
  files: FileStore
  /** Sets or, with null, clears the session cookie of this side. */
  setSession(token: string | null, expires?: Temporal.Instant): void
  /** The session token that came with the request. */
  session_token: string | null
  /** Whether that is a session in which staff see the portal as a customer. */
  viewing: boolean
  /** Sets or, with null, clears the cookie of such a session. */
  setViewing(token: string | null, expires?: Temporal.Instant): void
  /** The secret of a browser in which somebody signed in before. */
  device_token: string | null
  setDevice(token: string, expires: Temporal.Instant): void
}

/** A file that came with a request: its bytes are stored under `id`; whoever keeps it records it. */
export type Upload = {
  id: string
  name: string
  media_type: string
  size: number
  sha256: Buffer
  fields: Record<string, string>
}

/** Bytes as an answer (a PDF, an image, a download). */
export class Binary {
  readonly bytes: Buffer | NodeJS.ReadableStream
  readonly media_type: string
  readonly file_name: string
  readonly inline: boolean
  constructor(bytes: Buffer | NodeJS.ReadableStream, media_type: string, file_name: string, inline = false) {
    this.bytes = bytes
    this.media_type = media_type
    this.file_name = file_name
    this.inline = inline
  }
}
type Schema = z.ZodType
type Output<S> = S extends Schema ? z.output<S> : undefined

export type RouteOptions<P, Q, B, R> = Demands & {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Below `/api/v1/office` or `/api/v1/portal`, with `{id}` for parameters. */
  path: string
  /** Stable operation id, verb_noun: it is the OpenAPI operationId and the audit log's operation. */
  operation: string
  summary: string
  description?: string
  tag: string
  params?: P
  query?: Q
  body?: B
  /** The answer's schema; omitted for 204. `binary` for bytes. */
  response?: R | 'binary'
  status?: 200 | 201 | 202 | 204
  /** Takes one file (multipart/form-data) up to so many bytes. */
  upload?: { maxBytes: number }
  /** Tighter than the general limit: so many calls per minute from one address. */
  perMinute?: number
}

type Input<P, Q, B> = { params: Output<P>; query: Output<Q>; body: Output<B>; upload: Upload | undefined }
type Answer<R> = (R extends Schema ? z.output<R> : unknown) | Refusal | Binary
type Handle<P, Q, B, R, A> = (
  tx: Tx,
  input: Input<P, Q, B>,
  actor: A,
  context: RequestContext,
) => Promise<Answer<R> | undefined | void>

const poolOf = (app: App, side: Side) => (side.name === 'office' ? app.office : app.portal)

/**
 * A route for staff. Deny by default: without the permission the answer is 403, without a session 401. The handler
 * runs in one transaction under the office login, which sees the business units of the staff member.
 */
export function officeRoute<P, Q, B, R>(
  app: App,
  options: RouteOptions<P, Q, B, R> & { permission: StaffPermission | 'any_staff' },
  handle: Handle<P, Q, B, R, StaffActor>,
): void {
  addRoute<StaffActor>(
    app,
    sides.office,
    options,
    (entered, now) => authorizeStaff(entered, options.permission, options, now),
    (tx, input, actor, context) => handle(tx, input as Input<P, Q, B>, actor, context),
  )
}

/**
 * A route for customers, in the account that they work in now. The handler runs under the portal login, which sees
 * the rows of that account alone (X2).
 */
export function portalRoute<P, Q, B, R>(
  app: App,
  options: RouteOptions<P, Q, B, R> & { permission: MembershipPermission | 'any_member' | 'any_user' },
  handle: Handle<P, Q, B, R, CustomerActor>,
): void {
  addRoute<CustomerActor>(
    app,
    sides.portal,
    options,
    (entered, now) => authorizeMember(entered, options.permission, options, now),
    (tx, input, actor, context) => handle(tx, input as Input<P, Q, B>, actor, context),
  )
}

/**
 * A page of the portal that the database makes in one trip: `entrance` is a SQL function that verifies the session, enters
 * its account and returns who it is and the page as JSON text (`body`), in one statement, which is its own transaction.
 */
export function portalPage<R>(
  app: App,
  options: RouteOptions<undefined, undefined, undefined, R> & {
    permission: MembershipPermission | 'any_member'
  },
  entrance: 'enter_portal_home',
): void {
  describeRoute(app, sides.portal, options as AnyRoute, async (request, reply) => {
    const context = contextOf(app, sides.portal, request, reply)
    const key = await takeKey(app, sides.portal, request, reply)
    if (isRefusal(key)) return sendRefusal(request, reply, key)
    const token = key ?? context.session_token
    if (token === null) return sendRefusal(request, reply, refuse('sign_in_needed', { status: 401 }))
    const found = await app.portal.query({
      name: entrance,
      text: `select * from ${entrance}($1, $2, $3, $4, $5, $6)`,
      values: [
        hashToken(token),
        options.operation,
        request.ip,
        request.id,
        context.now.toString(),
        key !== null,
      ],
    })
    const row: PageRow | undefined = found.rows[0]
    const actor = authorizeMember(row, options.permission, options, context.now)
    if (isRefusal(actor)) return sendRefusal(request, reply, actor)
    return reply
      .type('application/json')
      .serializer((text) => text as string)
      .send(row!.body)
  })
}
type PageRow = { account_id: string | null; permissions: MembershipPermission[] | null; body: string | null }

/** A route for whoever asks, without a session: sign-in, first access, looks. Always rate-limited on its own. */
export function publicRoute<P, Q, B, R>(
  app: App,
  side: 'office' | 'portal',
  options: RouteOptions<P, Q, B, R> & { perMinute: number },
  handle: Handle<P, Q, B, R, null>,
): void {
  addRoute<null>(
    app,
    sides[side],
    { ...options, open: true },
    () => null,
    (tx, input, actor, context) => handle(tx, input as Input<P, Q, B>, actor, context),
  )
}

type AnyInput = { params: unknown; query: unknown; body: unknown; upload: Upload | undefined }
type AnyRoute = RouteOptions<unknown, unknown, unknown, unknown> & { open?: boolean; permission?: string }

function addRoute<A>(
  app: App,
  side: Side,
  given: object,
  authorize: (entered: Record<string, unknown> | undefined, now: Temporal.Instant) => A | Refusal,
  work: (tx: Tx, input: AnyInput, actor: A, context: RequestContext) => Promise<unknown>,
): void {
  const route = given as AnyRoute
  const status = statusOf(route)
  describeRoute(app, side, route, async (request, reply) => {
    const context = contextOf(app, side, request, reply)
    // A key is a program's: whoever sends one is not also signed in by a cookie.
    const key = route.open ? null : await takeKey(app, side, request, reply)
    if (isRefusal(key)) return sendRefusal(request, reply, key)
    const session = route.open || key !== null ? null : context.session_token
    const entrance = entranceOf(side, route.operation, { session, key }, request)
    const known = (entered: Record<string, unknown> | undefined) =>
      authorize(session === null && key === null ? undefined : entered, context.now)
    let upload: Upload | undefined
    if (route.upload) {
      // Nobody fills the disk who may not: who is asking is known before a byte is taken.
      const who = await transact(poolOf(app, side), entrance, async (_tx, entered) => known(entered))
      const taken = isRefusal(who) ? who : await takeUpload(app, request, route.upload.maxBytes)
      if (isRefusal(taken)) return sendRefusal(request, reply, taken)
      upload = taken
    }
    const input = { params: request.params, query: request.query, body: request.body, upload }
    let result: unknown
    try {
      result = await transact(poolOf(app, side), entrance, async (tx, entered) => {
        const actor = known(entered)
        if (isRefusal(actor)) return actor
        const once = request.headers['idempotency-key']
        if (route.method === 'POST' && typeof once === 'string' && entered?.user_id) {
          return runOnce(tx, once, route.operation, String(entered.user_id), request, upload, status, () =>
            work(tx, input, actor, context),
          )
        }
        return work(tx, input, actor, context)
      })
    } catch (error) {
      const refusal = refusalOfDatabase(error)
      if (!refusal) throw error
      request.log.info({ err: error }, 'refused by the database')
      result = refusal
    }
    if (isRefusal(result)) {
      if (upload) await app.files.remove(upload.id)
      return sendRefusal(request, reply, result)
    }
    if (result instanceof Binary) return sendBinary(reply, result)
    // The first request's file is kept already.
    if (result instanceof Replay && upload) await app.files.remove(upload.id)
    reply.code(status)
    if (result instanceof Replay && status !== 204)
      return reply
        .type('application/json')
        .header('idempotent-replayed', 'true')
        .serializer((text) => text as string)
        .send(JSON.stringify(result.body))
    return status === 204 ? reply.send() : reply.send(result)
  })
}

const statusOf = (route: AnyRoute) => route.status ?? (route.response === undefined ? 204 : 200)

/** Registers a route with everything that the API's document says of it. */
function describeRoute(
  app: App,
  side: Side,
  route: AnyRoute,
  handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
): void {
  app.server.route({
    method: route.method,
    url: `/api/v1/${side.name}${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    config: route.perMinute ? { rateLimit: { max: route.perMinute, timeWindow: '1 minute' } } : {},
    schema: {
      operationId: `${side.name}_${route.operation}`,
      summary: route.summary,
      ...(route.description ? { description: route.description } : {}),
      tags: [route.tag],
      ...(route.open
        ? { security: [] }
        : {
            security: [
              { [`${side.name}_session`]: [] },
              ...(route.session ? [] : [{ [`${side.name}_key`]: [] }]),
            ],
          }),
      ...(route.params ? { params: route.params } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      ...(route.body ? { body: route.body } : {}),
      ...(route.upload ? { consumes: ['multipart/form-data'] } : {}),
      response: describeResponse(route, statusOf(route)),
      ...(route.permission ? { 'x-permission': route.permission } : {}),
      ...(route.session ? { 'x-session': route.session } : {}),
    } as never,
    handler,
  })
}

const describeAllComponents = createJsonSchemaTransformObject({}) as (document: unknown) => ApiDocument
type ApiDocument = { components?: { schemas?: Record<string, unknown> } }

/** The named schemas that the document refers to: each exists as input and as output, and few are both. */
function describeComponents(document: unknown): ApiDocument {
  const whole = describeAllComponents(document)
  const schemas = whole.components?.schemas ?? {}
  const referred = new Set(
    [...JSON.stringify(whole).matchAll(/#\/components\/schemas\/(\w+)/g)].map((found) => found[1]),
  )
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => referred.has(name)))
  return { ...whole, components: { ...whole.components, schemas: kept } }
}

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'What went wrong, why, and what to do (RFC 9457)' })

function describeResponse(route: AnyRoute, status: number): Record<string, unknown> {
  const problem = {
    description: 'Refused',
    content: { 'application/problem+json': { schema: problemSchema } },
  }
  const ok =
    route.response === undefined
      ? { [status]: z.undefined().meta({ description: 'Done' }) }
      : route.response === 'binary'
        ? {
            [status]: {
              description: 'The file',
              content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
            },
          }
        : { [status]: route.response }
  return { ...ok, '4xx': problem, '5xx': problem }
}

/** What tells a program how much it may still ask of us in this minute (draft-ietf-httpapi-ratelimit-headers). */
function tellRate(reply: FastifyReply, rate: { rate_limit: number; hits: number; resets_in: number }): void {
  reply.headers({
    'ratelimit-limit': rate.rate_limit,
    'ratelimit-remaining': Math.max(0, rate.rate_limit - rate.hits),
    'ratelimit-reset': rate.resets_in,
  })
}

/**
 * The API key that came with a request, counted against its limit over all processes; null where none came. Refuses:
 * api_key_invalid (unknown, expired, revoked, of the other side), too_many_requests.
 */
async function takeKey(
  app: App,
  side: Side,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<string | Refusal | null> {
  if (request.headers.authorization === undefined) return null
  const token = bearerToken(request)
  const invalid = refuse('api_key_invalid', { status: 401 })
  reply.header('www-authenticate', 'Bearer')
  if (!token?.startsWith(side.keyPrefix)) return invalid
  const found = await poolOf(app, side).query({
    name: 'take_api_call',
    text: 'select * from take_api_call($1, $2, $3)',
    values: [side.users, hashToken(token), request.ip],
  })
  const rate = found.rows[0] as { rate_limit: number; hits: number; resets_in: number } | undefined
  if (!rate) return invalid
  tellRate(reply, rate)
  if (rate.hits > rate.rate_limit) {
    reply.header('retry-after', rate.resets_in)
    return refuse('too_many_requests', { status: 429, params: { seconds: rate.resets_in } })
  }
  reply.removeHeader('www-authenticate')
  return token
}

function contextOf(app: App, side: Side, request: FastifyRequest, reply: FastifyReply): RequestContext {
  const secure = app.config.publicUrl.startsWith('https:')
  const named = (cookie: string) => (secure ? `__Host-${cookie}` : cookie)
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  const put = (name: string, token: string | null, expires?: Temporal.Instant) => {
    if (token === null) reply.clearCookie(name, options)
    else
      reply.setCookie(name, token, {
        ...options,
        ...(expires ? { expires: new Date(expires.epochMilliseconds) } : {}),
      })
  }
  const viewed = side.name === 'portal' ? (request.cookies[named(viewCookie)] ?? null) : null
  return {
    now: app.now(),
    language: chooseLanguage(request.headers['accept-language'] ?? null, 'en'),
    ip: request.ip,
    request_id: request.id,
    user_agent: request.headers['user-agent'] ?? '',
    host: request.hostname,
    config: app.config,
    files: app.files,
    session_token: viewed ?? request.cookies[named(side.cookie)] ?? null,
    viewing: viewed !== null,
    device_token: request.cookies[named(`${side.cookie}_device`)] ?? null,
    setSession: (token, expires) => put(named(side.cookie), token, expires),
    setViewing: (token, expires) => put(named(viewCookie), token, expires),
    setDevice: (token, expires) => put(named(`${side.cookie}_device`), token, expires),
  }
}

class Replay {
  readonly body: unknown
  constructor(body: unknown) {
    this.body = body
  }
}

/** The same key with the same input gives the first answer again; with another input it is refused. */
async function runOnce(
  tx: Tx,
  key: string,
  operation: string,
  actor: string,
  request: FastifyRequest,
  upload: Upload | undefined,
  status: number,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const fingerprint = createHash('sha256')
    .update(
      JSON.stringify([
        operation,
        request.params,
        request.query,
        upload ? upload.fields : (request.body ?? null),
      ]),
    )
    .update(upload?.sha256 ?? '')
    .digest()
  const mine = await tx
    .insertInto('idempotency_keys')
    .values({ actor_id: actor, key: key.slice(0, 200), operation, fingerprint })
    .onConflict((conflict) => conflict.doNothing())
    .returning('key')
    .executeTakeFirst()
  if (!mine) {
    const earlier = await tx
      .selectFrom('idempotency_keys')
      .select(['fingerprint', 'response'])
      .where('actor_id', '=', actor)
      .where('key', '=', key.slice(0, 200))
      .executeTakeFirst()
    if (!earlier?.fingerprint.equals(fingerprint)) return refuse('idempotency_key_reused', { status: 422 })
    return new Replay(earlier.response)
  }
  const result = await work()
  if (isRefusal(result) && result.kept) {
    // What was refused may be tried again with its key, whatever of it is kept.
    await tx
      .deleteFrom('idempotency_keys')
      .where('actor_id', '=', actor)
      .where('key', '=', key.slice(0, 200))
      .execute()
  } else if (!isRefusal(result) && !(result instanceof Binary)) {
    await sql`update idempotency_keys set status = ${status}, response = ${JSON.stringify(result ?? null)}::jsonb
              where actor_id = ${actor} and key = ${key.slice(0, 200)}`.execute(tx)
  }
  return result
}

async function takeUpload(app: App, request: FastifyRequest, maxBytes: number): Promise<Upload | Refusal> {
  if (!request.isMultipart()) return refuse('file_needed', { status: 422 })
  const part = await request.file({
    limits: { fileSize: maxBytes, files: 1, fields: 20, fieldSize: 100_000 },
  })
  if (!part) return refuse('file_needed', { status: 422 })
  const id = randomUUID()
  const { size, sha256 } = await app.files.write(id, part.file)
  if (part.file.truncated) {
    await app.files.remove(id)
    return refuse('file_too_large', { status: 413, params: { megabytes: Math.floor(maxBytes / 1_000_000) } })
  }
  const fields: Record<string, string> = {}
  for (const [field, value] of Object.entries(part.fields)) {
    if (value && !Array.isArray(value) && value.type === 'field') fields[field] = String(value.value)
  }
  const name = (part.filename || 'file').replaceAll(/[\p{Cc}/\\]/gu, '_').slice(-200)
  return { id, name, media_type: part.mimetype.slice(0, 100), size, sha256, fields }
}

function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal) {
  const language = chooseLanguage(request.headers['accept-language'] ?? null, 'en')
  return reply
    .code(refusal.status)
    .type('application/problem+json')
    .serializer((text) => text as string)
    .send(JSON.stringify(problemOf(refusal, language, request.id)))
}

function sendBinary(reply: FastifyReply, binary: Binary) {
  const name = binary.file_name.replaceAll(/[^\w.\- ]/g, '_')
  return (
    reply
      .type(binary.media_type)
      .header(
        'content-disposition',
        `${binary.inline ? 'inline' : 'attachment'}; filename="${name}"; filename*=UTF-8''${encodeURIComponent(binary.file_name)}`,
      )
      // Whatever a file holds, opened in a browser it can do nothing. Only our own pages frame what is shown inline,
      // and its links open beside it.
      .header(
        'content-security-policy',
        binary.inline
          ? "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
          : "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      )
      .header('x-frame-options', binary.inline ? 'SAMEORIGIN' : 'DENY')
      .serializer((bytes) => bytes as string)
      .send(binary.bytes)
  )
}

// Request ids: one random part for the process, one counter; unique over all processes and cheap.
const processId = randomBytes(6).toString('base64url')
let requestCount = 0

/** The HTTP server without any route of a module: validation, errors, security headers, limits, metrics, health. */
export async function createServer(options: {
  config: Config
  portal: Pool
  office: Pool
  files: FileStore
  now: () => Temporal.Instant
  version: string
}): Promise<App> {
  const { config } = options
  const server = Fastify({
    trustProxy: config.trustProxy,
    bodyLimit: 1_000_000,
    genReqId: () => `${processId}-${(++requestCount).toString(36)}`,
    logger: {
      level: config.logLevel,
      // Neither cookies nor bodies are logged; addresses of links that carry a token are cut at the question mark.
      serializers: {
        req: (request: FastifyRequest) => ({
          method: request.method,
          url: request.url.split('?')[0],
          ip: request.ip,
        }),
      },
    },
    routerOptions: { maxParamLength: 200 },
  })
  server.setValidatorCompiler(validatorCompiler)
  server.setSerializerCompiler(serializerCompiler)
  await server.register(cookie)
  await server.register(multipart)
  await server.register(rateLimit, {
    global: true,
    max: config.rateLimit,
    timeWindow: '1 minute',
    allowList: (request) => request.url.startsWith('/health/'),
    errorResponseBuilder: (_request, context) => {
      const refusal = refuse('too_many_requests', {
        status: 429,
        params: { seconds: Math.ceil(context.ttl / 1000) },
      })
      return Object.assign(new Error(refusal.code), { statusCode: 429, refusal })
    },
  })
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Zaguan',
        version: options.version,
        description:
          'Everything that a screen does. Amounts are integer minor units with an ISO 4217 currency; dates are ISO 8601; periods are half-open [from, to). Lists page by cursor. Every POST of somebody who is signed in takes an Idempotency-Key. Errors are problem+json (RFC 9457) with a stable code.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          office_session: { type: 'apiKey', in: 'cookie', name: 'zaguan_office' },
          portal_session: { type: 'apiKey', in: 'cookie', name: 'zaguan_portal' },
          office_key: { type: 'http', scheme: 'bearer', description: 'An API key of the operator: zgo_…' },
          portal_key: { type: 'http', scheme: 'bearer', description: 'An API key of an account: zga_…' },
        },
      },
    },
    transform: createJsonSchemaTransform({}) as never,
    transformObject: describeComponents as never,
  })
  const metrics = createMetrics()
  const app: App = { server, ...options, metrics }

  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    if (isForgedRequest(request)) sendRefusal(request, reply, refuse('cross_site_request', { status: 403 }))
    else done()
  })
  const secure = config.publicUrl.startsWith('https:')
  const always = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
    ...(secure ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  }
  server.addHook('onSend', (request, reply, payload, done) => {
    reply.headers(always)
    if (!reply.hasHeader('x-frame-options')) reply.header('x-frame-options', 'DENY')
    if (request.url.startsWith('/api/')) {
      if (!reply.hasHeader('content-security-policy')) {
        reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
      }
      if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    }
    done(null, payload)
  })
  server.addHook('onResponse', async (request, reply) => {
    metrics.observeRequest(
      request.method,
      request.routeOptions.url ?? 'unknown',
      reply.statusCode,
      reply.elapsedTime / 1000,
    )
  })
  server.setErrorHandler(
    (
      error: Error & { statusCode?: number; code?: string; validation?: unknown; refusal?: Refusal },
      request,
      reply,
    ) => {
      if (error.refusal) return sendRefusal(request, reply, error.refusal)
      const invalid = refusalOfValidation(error)
      if (invalid) return sendRefusal(request, reply, invalid)
      if (error.statusCode === 413)
        return sendRefusal(request, reply, refuse('request_too_large', { status: 413 }))
      if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
        return sendRefusal(request, reply, refuse('malformed_request', { status: error.statusCode }))
      }
      request.log.error({ err: error }, 'request failed')
      return sendRefusal(request, reply, refuse('internal_error', { status: 500 }))
    },
  )
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const page = request.method === 'GET' && !path.startsWith('/api/') && !/\.\w+$/.test(path)
    if (page && app.sendPage) return app.sendPage(request, reply)
    return sendRefusal(request, reply, notFound())
  })
  server.get('/health/live', { schema: { hide: true } }, async () => ({ status: 'live' }))
  server.get('/health/ready', { schema: { hide: true } }, async (_request, reply) => {
    try {
      await Promise.all([options.portal.query('select 1'), options.office.query('select 1')])
      return { status: 'ready' }
    } catch {
      return reply.code(503).send({ status: 'database_unreachable' })
    }
  })
  server.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    const local = request.ip === '127.0.0.1' || request.ip === '::1'
    const allowed =
      config.metricsToken === null ? local : request.headers.authorization === `Bearer ${config.metricsToken}`
    if (!allowed) return sendRefusal(request, reply, notFound())
    return reply.type('text/plain; version=0.0.4').send(await metrics.text())
  })
  server.get('/api/v1/openapi.json', { schema: { hide: true } }, async () => server.swagger())
  return app
}

/**
 * Cross-site request forgery: an unsafe request from a browser must come from our own pages. Browsers say where a
 * request comes from (Sec-Fetch-Site, else Origin); programs that send neither hold no cookie of a victim.
 */
function isForgedRequest(request: FastifyRequest): boolean {
  if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return false
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const origin = request.headers.origin
  if (origin === undefined) return false
  try {
    return new URL(origin).host !== request.host
  } catch {
    return true
  }
}

function refusalOfValidation(error: { validation?: unknown; validationContext?: string }): Refusal | null {
  if (!Array.isArray(error.validation)) return null
  const fields = error.validation.map(
    (issue: { instancePath?: string; keyword?: string; params?: Record<string, unknown> }) => {
      const limit = issue.params?.minimum ?? issue.params?.maximum
      const path = (issue.instancePath ?? '').replace(/^\//, '').replaceAll('/', '.')
      return {
        path,
        code: fieldCode(issue.keyword ?? '', issue.params ?? {}),
        ...(typeof limit === 'number' ? { params: { limit } } : {}),
      }
    },
  )
  // An id in the path that is no id is an object that does not exist.
  if (error.validationContext === 'params') return notFound()
  return new RefusalClass('invalid_input', 422, {}, fields)
}

function fieldCode(keyword: string, params: Record<string, unknown>): string {
  switch (keyword) {
    case 'invalid_type':
      return params.input === undefined && params.received === undefined ? 'required' : 'wrong_type'
    case 'too_small':
      return params.origin === 'string' ? (params.minimum === 1 ? 'required' : 'too_short') : 'too_small'
    case 'too_big':
      return params.origin === 'string' ? 'too_long' : 'too_big'
    case 'invalid_format':
      return params.format === 'email'
        ? 'not_an_email'
        : params.format === 'date'
          ? 'not_a_date'
          : 'wrong_format'
    case 'invalid_value':
    case 'invalid_union':
      return 'not_a_choice'
    case 'unrecognized_keys':
      return 'unknown_field'
    default:
      return 'wrong_format'
  }
}
