import { z } from 'zod'
import { isRefusal } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { type App, publicRoute } from '../../platform/http.ts'
import { email, language, name } from '../../platform/schemas.ts'
import { credentials, newPassword, passwordRequest, tokenHolder, tokenQuery } from './schemas.ts'
import {
  choosePassword,
  createFirstAdmin,
  readPasswordToken,
  requestPassword,
  type Side,
  signIn,
  signOut,
} from './sign-in.ts'

const tag = 'Sign-in'

/** Everything before a session, alike on both sides: the side of the route says whose users are meant. */
function registerSignIn(app: App, site: 'office' | 'portal', side: Side): void {
  publicRoute(
    app,
    site,
    {
      method: 'POST',
      path: '/session',
      operation: 'sign_in',
      summary: 'Sign in by e-mail and password',
      description: 'Sets the session cookie. The answer is the same whether or not the e-mail exists.',
      tag,
      perMinute: 30,
      body: credentials,
    },
    async (tx, { body }, _actor, context) => {
      const opened = await signIn(tx, {
        side,
        ...body,
        ip: context.ip,
        userAgent: context.user_agent,
        now: context.now,
      })
      if (isRefusal(opened)) return opened
      context.setSession(opened.token, opened.expires)
    },
  )
  publicRoute(
    app,
    site,
    { method: 'DELETE', path: '/session', operation: 'sign_out', summary: 'Sign out', tag, perMinute: 60 },
    async (tx, _input, _actor, context) => {
      if (context.session_token !== null) await signOut(tx, context.session_token)
      context.setSession(null)
    },
  )
  publicRoute(
    app,
    site,
    {
      method: 'POST',
      path: '/password-requests',
      operation: 'request_password',
      summary: 'Forgot my password, or first access',
      description:
        'Sends a link to the e-mail if it may have access: on the portal, the purchase e-mail of an account or a contact’s (A5). The answer is always the same.',
      tag,
      perMinute: 10,
      body: passwordRequest,
      status: 202,
      response: z.object({ accepted: z.literal(true) }),
    },
    async (tx, { body }, _actor, context) => {
      if (await requestPassword(tx, side, body.email, context.ip)) {
        await announce(tx, 'password.requested', {
          side,
          email: body.email,
          language: context.language,
          unit: body.unit ?? null,
        })
      }
      return { accepted: true as const }
    },
  )
  publicRoute(
    app,
    site,
    {
      method: 'GET',
      path: '/password-link',
      operation: 'read_password_link',
      summary: 'Whose link this is',
      tag,
      perMinute: 30,
      query: tokenQuery,
      response: tokenHolder,
    },
    (tx, { query }) => readPasswordToken(tx, side, query.token),
  )
  publicRoute(
    app,
    site,
    {
      method: 'POST',
      path: '/password',
      operation: 'choose_password',
      summary: 'Choose a password with a link, and sign in',
      tag,
      perMinute: 30,
      body: newPassword,
    },
    async (tx, { body }, _actor, context) => {
      const done = await choosePassword(tx, {
        side,
        ...body,
        ip: context.ip,
        userAgent: context.user_agent,
        now: context.now,
      })
      if (isRefusal(done)) return done
      context.setSession(done.token, done.expires)
    },
  )
}

export function registerSignInPortal(app: App): void {
  registerSignIn(app, 'portal', 'customer')
}

export function registerSignInOffice(app: App): void {
  registerSignIn(app, 'office', 'staff')
  publicRoute(
    app,
    'office',
    {
      method: 'POST',
      path: '/first-admin',
      operation: 'create_first_admin',
      summary: 'Make the first administrator with the one-time link of a new installation',
      tag,
      perMinute: 10,
      body: z.object({
        token: z.string().max(200),
        email,
        name: name(200),
        language,
        password: z.string().max(1000),
      }),
    },
    async (tx, { body }, _actor, context) => {
      const opened = await createFirstAdmin(tx, {
        ...body,
        ip: context.ip,
        userAgent: context.user_agent,
        now: context.now,
      })
      if (isRefusal(opened)) return opened
      context.setSession(opened.token, opened.expires)
    },
  )
}
