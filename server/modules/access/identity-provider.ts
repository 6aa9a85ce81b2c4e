import { sql } from 'kysely'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
} from 'openid-client'
import type { Config } from '../../platform/config.ts'
import type { Tx } from '../../platform/database.ts'
import { decryptSecret } from '../../platform/encryption.ts'
import { type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { createToken, hashToken } from '../../platform/secrets.ts'
import { openChallenge, takeChallenge } from './challenges.ts'
import { type Opened, openSession, type Visitor } from './sessions.ts'

// Sign-in of staff with the operator's own OpenID provider: code flow with PKCE, state and nonce. What begins in a browser
// ends in it: the PKCE verifier is kept in a cookie of it alone, and the state carries the verifier's hash.

/** Where the secret of the client stands, for its encryption. */
export const clientSecretPlace = 'operator_settings:oidc_client_secret'

/** Seconds that the provider may take for an answer. */
const answerSeconds = 5
/** Seconds that a person may take there. */
const flowSeconds = 600
/** How long what a provider says of itself is believed, and how long a failure is not asked about again. */
const metadataMilliseconds = 600_000
const failureMilliseconds = 5_000

export type Provider = { label: string; issuer: string; client_id: string; client_secret: string | null }

/** The operator's provider as it is set up; null where none is. */
export async function readProvider(tx: Tx, config: Config): Promise<Provider | null> {
  const found = await sql<{
    label: string
    issuer: string
    client_id: string
    client_secret_encrypted: Buffer | null
  }>`select * from read_identity_provider()`.execute(tx)
  const row = found.rows[0]
  if (!row) return null
  const { client_secret_encrypted: encrypted, ...provider } = row
  return { ...provider, client_secret: encrypted && decryptSecret(config, encrypted, clientSecretPlace) }
}

const opened = new Map<string, { client: Promise<Configuration>; until: number }>()

/** What a provider says of itself, asked for once in ten minutes. Throws where it does not answer, or is none. */
async function openProvider(provider: Provider): Promise<Configuration> {
  const key = JSON.stringify([provider.issuer, provider.client_id, provider.client_secret])
  const known = opened.get(key)
  if (known && known.until > performance.now()) return known.client
  const entry = { client: discover(provider), until: performance.now() + metadataMilliseconds }
  opened.clear()
  opened.set(key, entry)
  entry.client.catch(() => {
    entry.until = performance.now() + failureMilliseconds
  })
  return entry.client
}

async function discover(provider: Provider): Promise<Configuration> {
  const issuer = new URL(provider.issuer)
  const execute = isLoopback(issuer) ? [allowInsecureRequests] : []
  const found = await discovery(issuer, provider.client_id, undefined, None(), {
    execute,
    timeout: answerSeconds,
  })
  const server = found.serverMetadata()
  const secret = provider.client_secret
  const methods = server.token_endpoint_auth_methods_supported
  const authentication =
    secret === null
      ? None()
      : methods && !methods.includes('client_secret_post')
        ? ClientSecretBasic(secret)
        : ClientSecretPost(secret)
  const client = new Configuration(server, provider.client_id, secret ?? undefined, authentication)
  client.timeout = answerSeconds
  for (const apply of execute) apply(client)
  // The signature of the identity is checked too, not only the connection that it came by.
  enableNonRepudiationChecks(client)
  return client
}

/** Without TLS only this machine is spoken to: a provider under development. */
export function isLoopback(url: URL): boolean {
  return url.protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
}

/** Whether a provider answers and can do what is needed. Gives the code of what is wrong, or null. */
export async function testProvider(provider: Provider): Promise<string | null> {
  opened.clear()
  let server: ReturnType<Configuration['serverMetadata']>
  try {
    server = (await openProvider(provider)).serverMetadata()
  } catch {
    return 'identity_provider_unreachable'
  }
  const complete = server.authorization_endpoint && server.token_endpoint && server.jwks_uri
  return complete ? null : 'identity_provider_failed'
}

/** What is kept of a sign-in while the person is with the provider. */
type Flow = { nonce: string; verifier_hash: string; issuer: string; client_id: string; to: string }

function callbackUrl(config: Config): string {
  return `${config.publicUrl}/api/v1/office/session/identity-provider/callback`
}

/**
 * A path of the office from what a browser asked for (`/accounts?q=x`): whatever would lead elsewhere becomes its first
 * page (open redirect).
 */
export function safePath(to: string | undefined): string {
  const start = '/office/'
  if (!to?.startsWith('/') || to.length > 2000 || /[\p{Cc}\\]|^\/\//u.test(to)) return start
  const base = 'https://office.invalid'
  try {
    const url = new URL(`/office${to}`, base)
    return url.origin === base && url.pathname.startsWith(start)
      ? url.pathname + url.search + url.hash
      : start
  } catch {
    return start
  }
}

export type Started = { address: string; verifier: string }

/**
 * Begins a sign-in with the provider: where the browser goes, and the secret that stays in it. `run` opens the transaction
 * in which the flow is kept: none is open while the provider is asked. Refuses: identity_provider_unreachable.
 */
export async function startIdentity(
  run: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>,
  config: Config,
  provider: Provider,
  to: string,
): Promise<Started | Refusal> {
  let client: Configuration
  try {
    client = await openProvider(provider)
  } catch {
    return refuse('identity_provider_unreachable', { status: 503 })
  }
  const verifier = createToken()
  const nonce = createToken()
  const flow: Flow = {
    nonce,
    verifier_hash: hashToken(verifier).toString('base64url'),
    issuer: provider.issuer,
    client_id: provider.client_id,
    to,
  }
  const state = await run((tx) => openChallenge(tx, 'oidc', 'staff', null, flow, flowSeconds))
  const address = buildAuthorizationUrl(client, {
    redirect_uri: callbackUrl(config),
    scope: 'openid email profile',
    response_type: 'code',
    state,
    nonce,
    // RFC 7636: the SHA-256 of the verifier, which is what the state carries too.
    code_challenge: flow.verifier_hash,
    code_challenge_method: 'S256',
  })
  return { address: address.href, verifier }
}

/**
 * Takes a flow that comes back: it is known, of this browser, and of the provider that is set up now. Refuses:
 * identity_provider_expired.
 */
export async function takeFlow(
  tx: Tx,
  provider: Provider,
  state: string,
  verifier: string | null,
): Promise<Flow | Refusal> {
  const taken = await takeChallenge<Flow>(tx, 'oidc', 'staff', state)
  const ours =
    taken !== null &&
    verifier !== null &&
    hashToken(verifier).toString('base64url') === taken.data.verifier_hash &&
    taken.data.issuer === provider.issuer &&
    taken.data.client_id === provider.client_id
  return ours ? taken.data : refuse('identity_provider_expired', { status: 410, kept: true })
}

export type Identity = { issuer: string; subject: string; email: string | null; email_verified: boolean }

/**
 * Asks the provider who came back, and checks its answer: signature, issuer, audience, nonce, age. Refuses:
 * identity_provider_failed, identity_provider_unreachable.
 */
export async function readIdentity(
  config: Config,
  provider: Provider,
  flow: Flow,
  query: string,
  verifier: string,
  state: string,
): Promise<Identity | Refusal> {
  try {
    const client = await openProvider(provider)
    const tokens = await authorizationCodeGrant(client, new URL(`${callbackUrl(config)}?${query}`), {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: flow.nonce,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    if (!claims) return refuse('identity_provider_failed')
    const person =
      typeof claims.email === 'string'
        ? claims
        : client.serverMetadata().userinfo_endpoint
          ? await fetchUserInfo(client, tokens.access_token, claims.sub)
          : claims
    return {
      issuer: claims.iss,
      subject: claims.sub,
      email: typeof person.email === 'string' ? person.email : null,
      // Some providers say it as text.
      email_verified: person.email_verified === true || String(person.email_verified) === 'true',
    }
  } catch (error) {
    const unreachable =
      error instanceof ClientError && /TIMEOUT|ABORT/i.test(`${(error as { code?: string }).code}`)
    return refuse(unreachable ? 'identity_provider_unreachable' : 'identity_provider_failed')
  }
}

/**
 * Opens the session of whoever the provider vouches for: staff who are known by it, or who are invited and whose e-mail it
 * has verified. Refuses: identity_email_unverified, identity_unknown.
 */
export async function signInByIdentity(
  tx: Tx,
  visitor: Visitor,
  identity: Identity,
): Promise<Opened | Refusal> {
  const verified = identity.email_verified ? identity.email : null
  const found = await sql<{ user_id: string; linked: boolean }>`
    select * from find_identity(${identity.issuer}, ${identity.subject}, ${verified})`.execute(tx)
  const user = found.rows[0]
  if (!user)
    return refuse(verified === null ? 'identity_email_unverified' : 'identity_unknown', { status: 403 })
  if (user.linked)
    await announce(tx, 'sign_in_methods.changed', { user_id: user.user_id, change: 'identity_linked' })
  return openSession(tx, visitor, user.user_id, { method: 'identity_provider', secondFactor: true })
}
