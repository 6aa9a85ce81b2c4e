import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import multipart from '@fastify/multipart'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyRequest } from 'fastify'
import { createJsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { sendRefusal } from './answers.ts'
import type { Config } from './config.ts'
import type { Pool } from './database.ts'
import { notFound, type Refusal, refuse } from './errors.ts'
import type { FileStore } from './files.ts'
import type { App } from './http.ts'
import { createMetrics } from './metrics.ts'
import { describeComponents } from './openapi.ts'
import { refusalOfValidation } from './validation.ts'

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
    // A page may have said otherwise of itself.
    for (const [name, value] of Object.entries(always)) if (!reply.hasHeader(name)) reply.header(name, value)
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
