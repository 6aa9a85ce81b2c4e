import type { z } from 'zod'
import { isRefusal, type Refusal } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { type App, publicRoute, type RequestContext } from '../../platform/http.ts'
import { confirmEmailChange } from './email-change.ts'
import { offerPasskeySignIn, signInByPasskey } from './passkeys.ts'
import { ratePassword } from './password-strength.ts'
import { registerIdentityProvider } from './routes.identity-provider.ts'
import { registerSecurity } from './routes.security.ts'
import {
  accepted,
  codeAnswer,
  credentials,
  emailConfirmation,
  emailConfirmed,
  firstAdmin,
  newPassword,
  passkeyAnswer,
  passkeyOptions,
  passkeyOptionsRequest,
  passwordRequest,
  signedIn,
  strength,
  strengthQuestion,
  tokenHolder,
  tokenQuery,
} from './schemas.sign-in.ts'
import { type Opened, type Side, signOut, visitorOf } from './sessions.ts'
import {
  type Asked,
  choosePassword,
  createFirstAdmin,
  readPasswordToken,
  requestPassword,
  signIn,
  signInByCode,
} from './sign-in.ts'

const tag = 'Sign-in'

/** Gives the browser its cookies; the answer carries no token. */
function admit(context: RequestContext, done: Opened | Asked | Refusal): z.output<typeof signedIn> | Refusal {
  if (isRefusal(done) || done.state === 'second_factor') return done
  context.setSession(done.token, done.expires)
  context.setDevice(done.device.token, done.device.expires)
  // Whoever signs in as a customer stops seeing the portal as another.
  if (context.viewing) context.setViewing(null)
  return { state: 'signed_in', recovery_codes_left: done.recovery_codes_left }
}

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
      description:
        'Sets the session cookie, or asks for a second factor. A refusal is the same whether or not the e-mail exists.',
      tag,
      perMinute: 30,
      body: credentials,
      response: signedIn,
    },
    async (tx, { body }, _actor, context) => admit(context, await signIn(tx, visitorOf(context, side), body)),
  )
  publicRoute(
    app,
    site,
    {
      method: 'POST',
      path: '/session/second-factor',
      operation: 'sign_in_by_code',
      summary: 'The second step of a sign-in: a code of the app, or a recovery code',
      tag,
      perMinute: 30,
      body: codeAnswer,
      response: signedIn,
    },
    async (tx, { body }, _actor, context) =>
      admit(context, await signInByCode(tx, visitorOf(context, side), body)),
  )
  publicRoute(
    app,
    site,
    {
      method: 'POST',
      path: '/session/passkey-options',
      operation: 'offer_passkey',
      summary: 'What the browser needs to sign in by a passkey',
      description: 'With the challenge of a second step: of that person’s passkeys; else of any.',
      tag,
      perMinute: 60,
      body: passkeyOptionsRequest,
      response: passkeyOptions,
    },
    (tx, { body }, _actor, context) =>
      offerPasskeySignIn(tx, visitorOf(context, side), body.challenge ?? null),
  )
  publicRoute(
    app,
    site,
    {
      method: 'POST',
      path: '/session/passkey',
      operation: 'sign_in_by_passkey',
      summary: 'Sign in by a passkey, alone or as the second step',
      tag,
      perMinute: 30,
      body: passkeyAnswer,
      response: signedIn,
    },
    async (tx, { body }, _actor, context) =>
      admit(context, await signInByPasskey(tx, visitorOf(context, side), body)),
  )
  publicRoute(
    app,
    site,
    { method: 'DELETE', path: '/session', operation: 'sign_out', summary: 'Sign out', tag, perMinute: 60 },
    async (tx, _input, _actor, context) => {
      if (context.session_token !== null) await signOut(tx, context.session_token)
      if (context.viewing) context.setViewing(null)
      else context.setSession(null)
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
      response: accepted,
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
      response: signedIn,
    },
    async (tx, { body }, _actor, context) =>
      admit(context, await choosePassword(tx, visitorOf(context, side), body)),
  )
  publicRoute(
    app,
    site,
    {
      method: 'POST',
      path: '/password-strength',
      operation: 'rate_password',
      summary: 'How good a password would be',
      description: '`inputs`: the person’s e-mail and name, which a password must not be made of.',
      tag,
      perMinute: 120,
      body: strengthQuestion,
      response: strength,
    },
    (_tx, { body }) => ratePassword(body.password, body.inputs),
  )
  publicRoute(
    app,
    site,
    {
      method: 'POST',
      path: '/email-confirmations',
      operation: 'confirm_email',
      summary: 'Confirm an e-mail with the link that it got',
      tag,
      perMinute: 30,
      body: emailConfirmation,
      response: emailConfirmed,
    },
    (tx, { body }, _actor, context) => confirmEmailChange(tx, side, body.token, context.session_token),
  )
}

/** The way in of customers, and their own page of it. */
export function registerSignInPortal(app: App): void {
  registerSignIn(app, 'portal', 'customer')
  registerSecurity(app, 'portal', 'customer')
}

/** The way in of staff, and their own page of it. */
export function registerSignInOffice(app: App): void {
  registerSignIn(app, 'office', 'staff')
  registerSecurity(app, 'office', 'staff')
  registerIdentityProvider(app)
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
      body: firstAdmin,
    },
    async (tx, { body }, _actor, context) => {
      const opened = admit(context, await createFirstAdmin(tx, visitorOf(context, 'staff'), body))
      if (isRefusal(opened)) return opened
    },
  )
}
