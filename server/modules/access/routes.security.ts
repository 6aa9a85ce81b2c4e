import { z } from 'zod'
import { isRefusal, type Refusal } from '../../platform/errors.ts'
import {
  type App,
  type Handle,
  officeRoute,
  portalRoute,
  type RequestContext,
  type RouteOptions,
} from '../../platform/http.ts'
import { idParams } from '../../platform/schemas.ts'
import { requestEmailChange, withdrawEmailChange } from './email-change.ts'
import {
  checkSetUp,
  confirmByCode,
  confirmByPassword,
  confirmSession,
  readSecurity,
  removeOwnPassword,
  setOwnPassword,
} from './own-security.ts'
import {
  addPasskey,
  confirmByPasskey,
  offerPasskeyConfirmation,
  offerRegistration,
  removePasskey,
  renamePasskey,
} from './passkeys.ts'
import { photoBytes, readPhoto, removePhoto, setPhoto } from './photo.ts'
import {
  accepted,
  confirmation,
  newPasskey,
  ownEmail,
  ownPassword,
  passkey,
  passkeyName,
  passkeyOptions,
  photo,
  recoveryCodes,
  security,
  session,
  totpCode,
  totpSecret,
} from './schemas.sign-in.ts'
import {
  confirmTotp,
  removeTotp,
  replaceRecoveryCodes,
  resetMemberSecondFactor,
  startTotp,
} from './second-factors.ts'
import {
  endOtherSessions,
  endSession,
  listSessions,
  type Opened,
  type Person,
  type Side,
  visitorOf,
} from './sessions.ts'
import { nameSite, readSite } from './site.ts'

const tag = 'Own security'

/** Browsers are known anew after the password changed: this one at once. */
function keepDevice(context: RequestContext, device: Opened['device'] | Refusal): Refusal | undefined {
  if (isRefusal(device)) return device
  context.setDevice(device.token, device.expires)
}

/**
 * A person's own way in, alike on both sides: whoever is signed in may, staff also before the second factor is set up that
 * the operator demands.
 */
export function registerSecurity(app: App, site: 'office' | 'portal', side: Side): void {
  function ownRoute<P, Q, B, R>(
    options: Omit<RouteOptions<P, Q, B, R>, 'tag'>,
    handle: Handle<P, Q, B, R, Person>,
  ): void {
    const shared = { tag, session: 'person' as const, ...options }
    if (site === 'office')
      officeRoute(app, { ...shared, permission: 'any_staff', beforeSecondFactor: true }, handle)
    else portalRoute(app, { ...shared, permission: 'any_user' }, handle)
  }

  ownRoute(
    {
      method: 'GET',
      path: '/security',
      operation: 'get_security',
      summary: 'How one signs in',
      response: security,
    },
    (tx, _input, actor) => readSecurity(tx, actor),
  )
  ownRoute(
    {
      method: 'POST',
      path: '/session/confirm',
      operation: 'confirm_session',
      summary: 'Prove again who is there',
      description: 'By the password, a code or a passkey. For 15 minutes one may then change one’s way in.',
      perMinute: 30,
      body: confirmation,
    },
    (tx, { body }, actor, context) => {
      const visitor = visitorOf(context, side)
      if ('password' in body) return confirmByPassword(tx, actor, body.password)
      if ('code' in body) return confirmByCode(tx, visitor, actor, body.code)
      return confirmByPasskey(tx, visitor, actor, body)
    },
  )
  ownRoute(
    {
      method: 'POST',
      path: '/session/confirm/passkey-options',
      operation: 'offer_passkey_confirmation',
      summary: 'What the browser needs to prove by a passkey who is there',
      secret: true,
      response: passkeyOptions,
    },
    (tx, _input, actor, context) => offerPasskeyConfirmation(tx, visitorOf(context, side), actor),
  )
  ownRoute(
    {
      method: 'PUT',
      path: '/security/password',
      operation: 'set_own_password',
      summary: 'Set the own password',
      description: 'Every other session and every open link ends.',
      session: 'confirmed',
      body: ownPassword,
    },
    async (tx, { body }, actor, context) =>
      keepDevice(context, await setOwnPassword(tx, visitorOf(context, side), actor, body.password)),
  )
  ownRoute(
    {
      method: 'DELETE',
      path: '/security/password',
      operation: 'remove_own_password',
      summary: 'Remove the own password and sign in by passkey alone',
      session: 'confirmed',
    },
    async (tx, _input, actor, context) =>
      keepDevice(context, await removeOwnPassword(tx, visitorOf(context, side), actor)),
  )
  ownRoute(
    {
      method: 'POST',
      path: '/security/totp',
      operation: 'start_totp',
      summary: 'Begin to set up an authenticator app',
      description: 'One that is in use works until the new one is confirmed.',
      session: 'confirmed',
      secret: true,
      response: totpSecret,
    },
    async (tx, _input, actor, context) => {
      const barred = await checkSetUp(tx, actor)
      if (barred) return barred
      const name = await nameSite(tx, await readSite(tx, context), actor)
      return startTotp(tx, context.config, { id: actor.user_id, email: actor.email }, name)
    },
  )
  ownRoute(
    {
      method: 'POST',
      path: '/security/totp/confirm',
      operation: 'confirm_totp',
      summary: 'Take an authenticator app into use by a code of it',
      secret: true,
      perMinute: 20,
      body: totpCode,
      response: recoveryCodes,
    },
    async (tx, { body }, actor, context) => {
      const barred = await checkSetUp(tx, actor)
      if (barred) return barred
      const codes = await confirmTotp(tx, context.config, actor.user_id, body.code, context.now)
      if (isRefusal(codes)) return codes
      await confirmSession(tx, actor, true)
      return { recovery_codes: codes }
    },
  )
  ownRoute(
    {
      method: 'DELETE',
      path: '/security/totp',
      operation: 'remove_totp',
      summary: 'Remove the authenticator app and the recovery codes',
      session: 'confirmed',
    },
    async (tx, _input, actor) => (await checkSetUp(tx, actor)) ?? removeTotp(tx, actor.user_id),
  )
  ownRoute(
    {
      method: 'POST',
      path: '/security/recovery-codes',
      operation: 'replace_recovery_codes',
      summary: 'Make new recovery codes; those before no longer work',
      session: 'confirmed',
      secret: true,
      response: recoveryCodes,
    },
    async (tx, _input, actor, context) => {
      const codes =
        (await checkSetUp(tx, actor)) ?? (await replaceRecoveryCodes(tx, context.config, actor.user_id))
      return isRefusal(codes) ? codes : { recovery_codes: codes }
    },
  )
  ownRoute(
    {
      method: 'POST',
      path: '/security/passkeys/options',
      operation: 'offer_passkey_registration',
      summary: 'What the browser needs to make a passkey',
      session: 'confirmed',
      secret: true,
      response: passkeyOptions,
    },
    (tx, _input, actor, context) => offerRegistration(tx, visitorOf(context, side), actor),
  )
  ownRoute(
    {
      method: 'POST',
      path: '/security/passkeys',
      operation: 'add_passkey',
      summary: 'Keep a passkey that the browser made',
      body: newPasskey,
      response: passkey,
      status: 201,
    },
    (tx, { body }, actor, context) => addPasskey(tx, visitorOf(context, side), actor, body),
  )
  ownRoute(
    {
      method: 'PATCH',
      path: '/security/passkeys/{id}',
      operation: 'rename_passkey',
      summary: 'Name a passkey',
      params: idParams,
      body: passkeyName,
      response: passkey,
    },
    (tx, { params, body }, actor) => renamePasskey(tx, actor.user_id, params.id, body.name),
  )
  ownRoute(
    {
      method: 'DELETE',
      path: '/security/passkeys/{id}',
      operation: 'remove_passkey',
      summary: 'Remove a passkey',
      session: 'confirmed',
      params: idParams,
    },
    (tx, { params }, actor) => removePasskey(tx, actor, params.id),
  )
  ownRoute(
    {
      method: 'GET',
      path: '/security/sessions',
      operation: 'list_own_sessions',
      summary: 'Where one is signed in',
      response: z.object({ items: z.array(session) }),
    },
    async (tx, _input, actor) => ({ items: await listSessions(tx, actor.user_id, actor.session_id) }),
  )
  ownRoute(
    {
      method: 'DELETE',
      path: '/security/sessions/{id}',
      operation: 'end_session',
      summary: 'End one of the own sessions',
      params: idParams,
    },
    (tx, { params }, actor) => endSession(tx, actor.user_id, params.id),
  )
  ownRoute(
    {
      method: 'DELETE',
      path: '/security/sessions',
      operation: 'end_other_sessions',
      summary: 'End every own session but this one',
    },
    (tx, _input, actor) => endOtherSessions(tx, actor.user_id, actor.session_id),
  )
  ownRoute(
    {
      method: 'POST',
      path: '/security/email',
      operation: 'request_email_change',
      summary: 'Sign in with another e-mail, once it is confirmed; or verify the present one',
      session: 'confirmed',
      body: ownEmail,
      status: 202,
      response: accepted,
    },
    async (tx, { body }, actor) =>
      (await requestEmailChange(tx, actor, body.email)) ?? { accepted: true as const },
  )
  ownRoute(
    {
      method: 'DELETE',
      path: '/security/email',
      operation: 'withdraw_email_change',
      summary: 'Withdraw the e-mail that waits for its confirmation',
    },
    (tx) => withdrawEmailChange(tx),
  )
  ownRoute(
    {
      method: 'PUT',
      path: '/photo',
      operation: 'set_photo',
      summary: 'Set the own photo',
      description:
        'JPEG, PNG, WebP or AVIF; kept as a square WebP. Fields `x`, `y` and `size`: the square to keep, in pixels of the upright original.',
      upload: { maxBytes: photoBytes },
      perMinute: 20,
      response: photo,
    },
    (tx, { upload }, _actor, context) => setPhoto(tx, context.files, upload!),
  )
  ownRoute(
    { method: 'DELETE', path: '/photo', operation: 'remove_photo', summary: 'Remove the own photo' },
    (tx) => removePhoto(tx),
  )
  if (site === 'office') {
    officeRoute(
      app,
      {
        method: 'POST',
        path: '/members/{id}/reset-second-factor',
        operation: 'reset_member_second_factor',
        summary: 'Remove the second factors of a customer’s user who lost them',
        description: 'Every session of the person ends; they are told by mail.',
        tag: 'Portal users',
        permission: 'accounts.write',
        session: 'person',
        params: idParams,
      },
      (tx, { params }) => resetMemberSecondFactor(tx, params.id),
    )
  }
  const photoOptions = {
    method: 'GET',
    path: '/photos/{id}',
    operation: 'get_photo',
    summary: 'The photo of a person',
    description: 'Staff see everybody’s; a customer their own, their account’s people’s and staff’s.',
    tag: 'Profile',
    params: idParams,
    response: 'binary',
  } as const
  if (site === 'office')
    officeRoute(app, { ...photoOptions, permission: 'any_staff' }, (tx, { params }, _actor, context) =>
      readPhoto(tx, context.files, params.id),
    )
  else
    portalRoute(app, { ...photoOptions, permission: 'any_user' }, (tx, { params }, _actor, context) =>
      readPhoto(tx, context.files, params.id),
    )
}
