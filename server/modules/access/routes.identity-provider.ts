import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { entranceOf, sides } from '../../platform/actors.ts'
import { type Tx, transact } from '../../platform/database.ts'
import { isRefusal, refuse } from '../../platform/errors.ts'
import { type App, contextOf, officeRoute, publicRoute } from '../../platform/http.ts'
import { text } from '../../platform/schemas.ts'
import {
  readIdentity,
  readProvider,
  safePath,
  signInByIdentity,
  startIdentity,
  takeFlow,
} from './identity-provider.ts'
import { visitorOf } from './sessions.ts'
import { readSignInSettings, testSignInSettings, updateSignInSettings } from './sign-in-settings.ts'

const tag = 'Sign-in'
/** Keeps in the browser what only the browser that began may end with. */
const verifierCookie = 'zaguan_office_oidc'
const verifierSeconds = 600

const settingsSchema = z
  .object({
    staff_second_factor: z.boolean().meta({ description: 'Staff need a second factor' }),
    oidc_enabled: z.boolean(),
    oidc_label: z.string().nullable().meta({ description: 'What stands on the button of the sign-in page' }),
    oidc_issuer: z.string().nullable(),
    oidc_client_id: z.string().nullable(),
    has_client_secret: z.boolean(),
  })
  .meta({ id: 'SignInSettings' })

const settingsChange = z.object({
  staff_second_factor: z.boolean().optional(),
  oidc_enabled: z.boolean().optional(),
  oidc_label: text(60).optional(),
  oidc_issuer: text(500).optional(),
  oidc_client_id: text(300).optional(),
  oidc_client_secret: text(1000)
    .optional()
    .meta({ description: 'Written, never read; null removes it. A new issuer or client removes it too.' }),
})

/** Sign-in of staff with the operator's own identity provider, and the operator's rules for signing in. */
export function registerIdentityProvider(app: App): void {
  publicRoute(
    app,
    'office',
    {
      method: 'GET',
      path: '/session/identity-provider',
      operation: 'get_identity_provider',
      summary: 'Whether staff may sign in with their organisation',
      tag,
      perMinute: 300,
      response: z.object({ label: z.string().nullable() }),
    },
    async (tx) => {
      const found = await readProvider(tx, app.config)
      return { label: found?.label ?? null }
    },
  )
  browserRoute(
    app,
    {
      path: '/session/identity-provider/start',
      operation: 'start_identity_provider',
      summary: 'Go to the identity provider',
      description: '`to`: the page of the office that is opened afterwards.',
      query: z.object({ to: z.string().max(2000).optional() }),
    },
    async (run, request, reply) => {
      const provider = await run((tx) => readProvider(tx, app.config))
      if (!provider) return refuse('identity_provider_off')
      const { to } = request.query as { to?: string }
      const started = await startIdentity(run, app.config, provider, safePath(to))
      if (isRefusal(started)) return started
      putVerifier(app, reply, started.verifier)
      return started.address
    },
  )
  browserRoute(
    app,
    {
      path: '/session/identity-provider/callback',
      operation: 'finish_identity_provider',
      summary: 'Come back from the identity provider',
      query: z.object({ state: z.string().max(200).optional() }).loose(),
    },
    async (run, request, reply) => {
      const verifier = readVerifier(app, request)
      putVerifier(app, reply, null)
      const provider = await run((tx) => readProvider(tx, app.config))
      if (!provider) return refuse('identity_provider_off')
      const { state, error } = request.query as { state?: string; error?: unknown }
      const flow = await run((tx) => takeFlow(tx, provider, state ?? '', verifier))
      if (isRefusal(flow)) return flow
      if (error !== undefined)
        return refuse(error === 'access_denied' ? 'identity_provider_denied' : 'identity_provider_failed')
      const query = request.url.split('?')[1] ?? ''
      const identity = await readIdentity(app.config, provider, flow, query, verifier!, state!)
      if (isRefusal(identity)) return identity
      const context = contextOf(app, sides.office, request, reply)
      const opened = await run((tx) => signInByIdentity(tx, visitorOf(context, 'staff'), identity))
      if (isRefusal(opened)) return opened
      context.setSession(opened.token, opened.expires)
      context.setDevice(opened.device.token, opened.device.expires)
      return flow.to
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/settings/sign-in',
      operation: 'get_sign_in_settings',
      summary: 'The rules for signing in',
      tag: 'Settings',
      permission: 'settings.read',
      response: settingsSchema,
    },
    (tx) => readSignInSettings(tx),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/settings/sign-in',
      operation: 'update_sign_in_settings',
      summary: 'Change the rules for signing in',
      tag: 'Settings',
      permission: 'settings.write',
      session: 'confirmed',
      body: settingsChange,
      response: settingsSchema,
    },
    (tx, { body }, actor, context) => updateSignInSettings(tx, context.config, actor.session_id!, body),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/settings/sign-in/test',
      operation: 'test_sign_in_settings',
      summary: 'Ask the identity provider whether it answers',
      tag: 'Settings',
      permission: 'settings.write',
      session: 'person',
      perMinute: 20,
      response: z.object({ ok: z.boolean(), problem: z.string().nullable() }),
    },
    (tx) => testSignInSettings(tx),
  )
}

const cookieOf = (app: App) => {
  const secure = app.config.publicUrl.startsWith('https:')
  return {
    name: secure ? `__Host-${verifierCookie}` : verifierCookie,
    options: { path: '/', httpOnly: true, sameSite: 'lax', secure } as const,
  }
}

function putVerifier(app: App, reply: FastifyReply, verifier: string | null): void {
  const { name, options } = cookieOf(app)
  if (verifier === null) reply.clearCookie(name, options)
  else reply.setCookie(name, verifier, { ...options, maxAge: verifierSeconds })
}

const readVerifier = (app: App, request: FastifyRequest) => request.cookies[cookieOf(app).name] ?? null

type Run = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>

/**
 * A route that a browser visits: it answers with an address of the office, or with its sign-in page and the code of what
 * was refused.
 */
function browserRoute(
  app: App,
  route: { path: string; operation: string; summary: string; description?: string; query: z.ZodType },
  handle: (
    run: Run,
    request: FastifyRequest,
    reply: FastifyReply,
  ) => Promise<string | ReturnType<typeof refuse>>,
): void {
  app.server.route({
    method: 'GET',
    url: `/api/v1/office${route.path}`,
    config: { rateLimit: { max: 30, timeWindow: '1 minute' } },
    schema: {
      operationId: `office_${route.operation}`,
      summary: route.summary,
      ...(route.description ? { description: route.description } : {}),
      tags: [tag],
      security: [],
      querystring: route.query,
      response: { 302: z.undefined().meta({ description: 'Onwards' }) },
    } as never,
    handler: async (request, reply) => {
      const entrance = entranceOf(sides.office, route.operation, { session: null, key: null }, request)
      const to = await handle((work) => transact(app.office, entrance, work), request, reply)
      return reply.redirect(
        isRefusal(to) ? `/office/sign-in?${new URLSearchParams({ problem: to.code })}` : to,
        302,
      )
    },
  })
}
