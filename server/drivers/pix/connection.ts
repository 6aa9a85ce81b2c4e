// The line to a bank's API Pix: HTTPS with a certificate of ours (mutual TLS), OAuth2 client credentials.
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { Agent, request } from 'node:https'
import { rootCertificates } from 'node:tls'
import { z } from 'zod'
import { type ProviderContext, ProviderRefusal, ProviderSilence } from '../../modules/payments/index.ts'
import type { PixSecrets, PixSettings } from './settings.ts'

export type PixContext = ProviderContext<PixSettings, PixSecrets>

/** What a bank answered, read as JSON; `body` is null where it said nothing, or something else. */
export type PixAnswer = { status: number; body: unknown }

type Line = { mark: string; agent: Agent; token: { value: string; until: Temporal.Instant } | null }

/** Milliseconds for one call; the house's own patience is longer, for there may be several. */
const patience = 15_000
const longestAnswer = 8 * 1024 * 1024
/** A token is not used in its last seconds: it may end on its way. */
const tokenMargin = 30

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().int().positive().optional(),
})
const problem = z.object({
  type: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  error_description: z.string().optional(),
  violacoes: z
    .array(z.object({ razao: z.string().optional(), propriedade: z.string().optional() }))
    .optional(),
})

/** What the bank says is wrong, for staff: never the values, which are of payers. */
export function sayProblem(answer: PixAnswer): string {
  const read = problem.safeParse(answer.body)
  if (!read.success) return `HTTP ${answer.status}`
  const { title, detail, error_description, violacoes = [] } = read.data
  const faults = violacoes.map(({ propriedade, razao }) => [propriedade, razao].filter(Boolean).join(': '))
  const words = [title, detail, error_description, ...faults].filter(Boolean).join('; ')
  return `HTTP ${answer.status}${words === '' ? '' : `: ${words}`}`.slice(0, 900)
}

/** The error's own name in the API, `CobNaoEncontrado`; empty where there is none. */
const problemType = (answer: PixAnswer) => {
  const read = problem.safeParse(answer.body)
  return read.success ? (read.data.type?.split('/').at(-1) ?? '') : ''
}

/** What a bank's refusal is called here. */
export function toRefusal(answer: PixAnswer): ProviderRefusal {
  const type = problemType(answer)
  const code =
    answer.status === 401 || answer.status === 403 || type === 'AcessoNegado'
      ? 'pix_access_denied'
      : type.startsWith('Webhook')
        ? 'pix_webhook_refused'
        : answer.status === 404 || answer.status === 410
          ? 'pix_not_found'
          : type.startsWith('Cob')
            ? 'pix_charge_invalid'
            : 'pix_request_invalid'
  return new ProviderRefusal(code, sayProblem(answer))
}

const tlsFaults =
  /^(ERR_TLS_CERT|ERR_SSL_.*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE|PROTOCOL_VERSION)|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY)|HOSTNAME_)/

/** A connection that was not agreed on (certificates) carried nothing; of any other that broke, nobody knows. */
function toFault(error: NodeJS.ErrnoException): Error {
  const said = error.message.replaceAll(/\s+/g, ' ').slice(0, 300)
  if (tlsFaults.test(error.code ?? '')) return new ProviderRefusal('pix_certificate_refused', said)
  return new ProviderSilence(error.code ? `${error.code}: ${said}` : said)
}

function exchange(
  agent: Agent,
  url: URL,
  options: { method: string; headers: Record<string, string>; body: string | null; signal: AbortSignal },
): Promise<PixAnswer> {
  const { method, headers, body } = options
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(patience)])
    const sent = body === null ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }
    const call = request(
      url,
      { method, agent, headers: { accept: 'application/json', ...sent }, signal },
      (answer) => {
        const parts: Buffer[] = []
        let size = 0
        answer.on('data', (part: Buffer) => {
          size += part.length
          if (size > longestAnswer) call.destroy(new ProviderSilence('the answer is too long'))
          else parts.push(part)
        })
        answer.on('error', (error) => reject(toFault(error)))
        answer.on('end', () => {
          const status = answer.statusCode ?? 0
          if (!answer.complete) return reject(new ProviderSilence('the answer broke off'))
          if (status >= 500 || status === 408 || status === 429)
            return reject(new ProviderSilence(`HTTP ${status}`))
          resolve({ status, body: readJson(Buffer.concat(parts).toString('utf8')) })
        })
      },
    )
    call.on('error', (error) => reject(error instanceof ProviderSilence ? error : toFault(error)))
    call.end(body ?? undefined)
  })
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** An agent that shows our certificate. Throws ProviderRefusal where certificate and key are not good for it. */
function openAgent(secrets: PixSecrets, now: Temporal.Instant): Agent {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(secrets.certificate)
    if (!certificate.checkPrivateKey(createPrivateKey(secrets.private_key))) throw new Error('another key')
  } catch {
    throw new ProviderRefusal('pix_certificate_invalid', 'The certificate and the private key do not fit')
  }
  if (certificate.validToDate.getTime() < now.epochMilliseconds)
    throw new ProviderRefusal('pix_certificate_expired', `It was valid until ${certificate.validTo}`)
  return new Agent({
    keepAlive: true,
    maxSockets: 8,
    cert: secrets.certificate,
    key: secrets.private_key,
    minVersion: 'TLSv1.2',
    ...(secrets.ca ? { ca: [...rootCertificates, secrets.ca] } : {}),
  })
}

/** The lines of a process to its banks: one for each provider, with its connections and its token. */
export class PixLines {
  #lines = new Map<string, Line>()

  #open({ provider_id, settings, secrets, now }: PixContext): Line {
    const { api_url, token_url, client_id, scope } = settings
    const mark = createHash('sha256')
      .update(JSON.stringify([api_url, token_url, client_id, scope, secrets]))
      .digest('base64')
    const known = this.#lines.get(provider_id)
    if (known?.mark === mark) return known
    known?.agent.destroy()
    this.#lines.delete(provider_id)
    const line = { mark, agent: openAgent(secrets, now), token: null }
    this.#lines.set(provider_id, line)
    return line
  }

  async #token(line: Line, { settings, secrets, now, signal }: PixContext): Promise<string> {
    if (line.token && Temporal.Instant.compare(line.token.until, now) > 0) return line.token.value
    const { client_id, token_url, scope } = settings
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === '' ? {} : { scope }) })
    const answer = await exchange(line.agent, new URL(token_url), {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${client_id}:${secrets.client_secret}`).toString('base64')}`,
      },
      body: body.toString(),
      signal,
    })
    if (answer.status >= 400) throw new ProviderRefusal('pix_login_refused', sayProblem(answer))
    const read = tokenAnswer.safeParse(answer.body)
    if (!read.success) throw new ProviderSilence('the answer holds no token')
    const seconds = Math.max(0, (read.data.expires_in ?? 300) - tokenMargin)
    line.token = { value: read.data.access_token, until: now.add({ seconds }) }
    return line.token.value
  }

  /**
   * One call of the API: `path` begins after its base address. Throws ProviderSilence where no answer came, or one of the bank's
   * own failing; ProviderRefusal where it lets us not in. Every other answer is given back.
   */
  async call(
    context: PixContext,
    method: 'GET' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    options: { query?: Record<string, string>; body?: unknown } = {},
  ): Promise<PixAnswer> {
    const line = this.#open(context)
    const url = new URL(`${context.settings.api_url}${path}`)
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value)
    const body = options.body === undefined ? null : JSON.stringify(options.body)
    const ask = async () =>
      exchange(line.agent, url, {
        method,
        headers: {
          authorization: `Bearer ${await this.#token(line, context)}`,
          ...(body === null ? {} : { 'content-type': 'application/json' }),
        },
        body,
        signal: context.signal,
      })
    let answer = await ask()
    // A token may end before its time; a fresh one that is not taken either says that we are not let in.
    if (answer.status === 401) {
      line.token = null
      answer = await ask()
    }
    if (answer.status === 401 || answer.status === 403) throw toRefusal(answer)
    return answer
  }

  /** Ends all connections. */
  close(): void {
    for (const { agent } of this.#lines.values()) agent.destroy()
    this.#lines.clear()
  }
}
