import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/browser'
import i18n from 'i18next'
import { ProblemError } from './problem.ts'

// The library comes when somebody uses a passkey; no page waits for it.
const library = () => import('@simplewebauthn/browser')

/** Whether this browser knows passkeys at all. */
export function knowsPasskeys(): boolean {
  return typeof PublicKeyCredential === 'function'
}

/** Whether it offers them in the list under the e-mail field, without a button. */
export async function offersPasskeys(): Promise<boolean> {
  return knowsPasskeys() && ((await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false)
}

function refusalOf(cause: unknown): ProblemError {
  const name = cause instanceof Error ? cause.name : ''
  const code =
    name === 'InvalidStateError'
      ? 'known'
      : name === 'NotAllowedError' || name === 'AbortError'
        ? 'cancelled'
        : 'unusable'
  return new ProblemError({
    code: `passkey_${code}`,
    title: i18n.t(`common:passkey.${code}.title`),
    detail: i18n.t(`common:passkey.${code}.detail`),
    status: 400,
  })
}

/** Lets the browser sign with a passkey. `offer`: only when the person chooses it in the list under the e-mail field. */
export async function signWithPasskey(options: object, offer = false): Promise<AuthenticationResponseJSON> {
  const { startAuthentication } = await library()
  try {
    return await startAuthentication({
      optionsJSON: options as PublicKeyCredentialRequestOptionsJSON,
      useBrowserAutofill: offer,
    })
  } catch (cause) {
    throw refusalOf(cause)
  }
}

/** Lets the browser make a passkey. */
export async function makePasskey(options: object): Promise<RegistrationResponseJSON> {
  const { startRegistration } = await library()
  try {
    return await startRegistration({ optionsJSON: options as PublicKeyCredentialCreationOptionsJSON })
  } catch (cause) {
    throw refusalOf(cause)
  }
}

/** Withdraws an offer, so that another may be made. */
export async function stopPasskeys(): Promise<void> {
  const { WebAuthnAbortService } = await library()
  WebAuthnAbortService.cancelCeremony()
}

/** What a passkey of this browser is called until it gets another name: 'Chrome, Windows'. */
export function nameThisDevice(): string {
  const agent = navigator.userAgent
  const browser = [
    ['Edge', /Edg/],
    ['Opera', /OPR/],
    ['Firefox', /Firefox|FxiOS/],
    ['Chrome', /Chrome|CriOS/],
    ['Safari', /Safari/],
  ].find(([, pattern]) => (pattern as RegExp).test(agent))?.[0] as string | undefined
  const system = [
    ['iPhone', /iPhone/],
    ['iPad', /iPad/],
    ['Android', /Android/],
    ['Windows', /Windows/],
    ['macOS', /Mac OS/],
    ['Linux', /Linux/],
  ].find(([, pattern]) => (pattern as RegExp).test(agent))?.[0] as string | undefined
  return [browser, system].filter(Boolean).join(', ') || 'Passkey'
}
