import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
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
import { Binary, sendBinary, sendRefusal } from './answers.ts'
import type { Config } from './config.ts'
import { type Pool, type Tx, transact } from './database.ts'
import { isRefusal, type Refusal, refusalOfDatabase, refuse } from './errors.ts'
import type { FileStore } from './files.ts'
import { Replay, runOnce } from './idempotency.ts'
import type { Metrics } from './metrics.ts'
import { describeResponse } from './openapi.ts'
import type { MemberDemand, MembershipPermission, StaffPermission } from './permissions.ts'
import { hashToken } from './secrets.ts'
import { chooseLanguage, type Language } from './translations.ts'
import { takeUpload, type Upload } from './uploads.ts'
import { refusalOfValidation } from './validation.ts'

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
export { Binary } from './answers.ts'
export type { Upload } from './uploads.ts'

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

type Schema = z.ZodType
type Output<S> = S extends Schema ? z.output<S> : undefined

export type RouteOptions<P, Q, B, R> = Demands & {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Below `/api/v1/office` or `/api/v1/portal`, with `{id}` for parameters. */
  path: string
  /** Below `/api/v1` itself: what others build on, and no screen's own. */
  top?: boolean
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
  /** The answer holds a secret that is shown once: it is never kept to be given again (Idempotency-Key). */
  secret?: boolean
  /** Tighter than the general limit: so many calls per minute from one address. */
  perMinute?: number
}

type Input<P, Q, B> = { params: Output<P>; query: Output<Q>; body: Output<B>; upload: Upload | undefined }
type Answer<R> = (R extends Schema ? z.output<R> : unknown) | Refusal | Binary
export type Handle<P, Q, B, R, A> = (
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
  options: RouteOptions<P, Q, B, R> & { permission: MemberDemand | 'any_member' | 'any_user' },
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
    const actor =
      key !== null && !row
        ? refuse('api_key_invalid', { status: 401 })
        : authorizeMember(row, options.permission, options, context.now)
    if (isRefusal(actor)) {
      if (context.viewing && actor.code === 'sign_in_needed') context.setViewing(null)
      return sendRefusal(request, reply, actor)
    }
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
      key !== null && !entered
        ? refuse('api_key_invalid', { status: 401 })
        : authorize(session === null && key === null ? undefined : entered, context.now)
    // Who may not is told so, whatever was sent; what is wrong with it is for those who may.
    const malformed = request.validationError ? refusalOfValidation(request.validationError) : null
    let upload: Upload | undefined
    if (route.upload) {
      // Nobody fills the disk who may not: who is asking is known before a byte is taken.
      const who = await transact(poolOf(app, side), entrance, async (_tx, entered) => known(entered))
      const taken = isRefusal(who)
        ? who
        : (malformed ?? (await takeUpload(app.files, request, route.upload.maxBytes)))
      if (isRefusal(taken)) return sendRefusal(request, reply, taken)
      upload = taken
    }
    const input = { params: request.params, query: request.query, body: request.body, upload }
    let result: unknown
    try {
      result = await transact(poolOf(app, side), entrance, async (tx, entered) => {
        const actor = known(entered)
        if (isRefusal(actor)) return actor
        if (malformed) return malformed
        const once = request.headers['idempotency-key']
        if (route.method === 'POST' && !route.secret && typeof once === 'string' && entered?.user_id) {
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
      // A view as a customer that has ended gives the browser back to whoever had it before.
      if (context.viewing && result.code === 'sign_in_needed') context.setViewing(null)
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
    url: `/api/v1${route.top ? '' : `/${side.name}`}${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    attachValidation: !route.open,
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

/** What a handler is told about its request; for the few routes that answer with an address instead of JSON. */
export function contextOf(
  app: App,
  side: Side,
  request: FastifyRequest,
  reply: FastifyReply,
): RequestContext {
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
