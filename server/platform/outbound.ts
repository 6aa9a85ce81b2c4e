import dns from 'node:dns/promises'
import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { performance } from 'node:perf_hooks'
import ipaddr from 'ipaddr.js'

// Calls to addresses that users named. They reach the internet and nothing inside: whoever names an address must not be able
// to ask, through us, what only we can reach (SSRF). The name is resolved once, every answer is checked, and the connection
// is made to exactly what was checked; nothing that is answered leads anywhere else.

/** Addresses that one name leads to. Injected where a test gives the answers. */
export type Resolve = (host: string) => Promise<string[]>

export type OutboundRules = {
  /**
   * Networks of the operator's own that may be called beside the internet (`10.1.0.0/16`), there also by http and on any
   * port. Empty: none.
   */
  networks: readonly string[]
  resolve?: Resolve
}

/** Why an address cannot be called: a code with a text in errors.json under `field.<code>`. */
export type UrlFault =
  | 'url_invalid'
  | 'url_not_https'
  | 'url_with_credentials'
  | 'url_port_not_allowed'
  | 'url_internal'

/** Ports of the internet that are called: others are not the web. */
const webPorts: readonly string[] = ['', '443', '8443']

/** The one address of a cloud provider's inner service that lies in a public range (Azure's wire server). */
const publicButInternal: readonly string[] = ['168.63.129.16']

/** The part of IPv6 that is given out for the internet (RFC 4291, IANA). */
const internet6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Whether an address is one of the internet's: neither private, local, shared, reserved, nor another address in disguise. */
export function isInternetAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.parse(text)
  if (publicButInternal.includes(text)) return false
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(internet6)
}

function isInNetworks(text: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.parse(text)
  return networks.some((network) => {
    const [range, bits] = ipaddr.parseCIDR(network)
    return range.kind() === address.kind() && address.match([range, bits] as never)
  })
}

/** Whether a text is a network such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  return ipaddr.isValidCIDR(text)
}

/** The host of a URL without the brackets of IPv6. */
const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, '')

/**
 * What is wrong with an address before anybody is asked where it leads; null where nothing is. Names of the operator's own
 * networks cannot be told from others yet: where there are any, http and other ports are refused at the call.
 */
export function checkUrl(text: string, rules: OutboundRules): UrlFault | null {
  const url = URL.parse(text)
  if (!url || !['https:', 'http:'].includes(url.protocol) || url.hostname === '') return 'url_invalid'
  if (url.username !== '' || url.password !== '') return 'url_with_credentials'
  const host = hostOf(url)
  const literal = isIP(host) !== 0
  if (literal && isInNetworks(host, rules.networks)) return null
  if (literal && !isInternetAddress(host)) return 'url_internal'
  const named = host.toLowerCase().replace(/\.$/, '')
  if (rules.networks.length > 0 && !literal) return null
  if (named === 'localhost' || /\.(localhost|local|internal|home\.arpa)$/.test(named)) return 'url_internal'
  if (!literal && !named.includes('.')) return 'url_internal'
  if (url.protocol !== 'https:') return 'url_not_https'
  if (!webPorts.includes(url.port)) return 'url_port_not_allowed'
  return null
}

/** Why no answer came: a code with a text in the web's `webhooks` namespace under `error.<code>`. */
export type OutboundError =
  | 'address_refused'
  | 'name_not_found'
  | 'not_https'
  | 'timed_out'
  | 'certificate_invalid'
  | 'connection_refused'
  | 'connection_failed'
  | 'answer_too_large'

export type OutboundAnswer =
  | { status: number; text: string; duration_ms: number; headers: Record<string, string | undefined> }
  | { error: OutboundError; detail: string; duration_ms: number }

export type OutboundRequest = {
  url: string
  headers: Record<string, string>
  body: string
  /** For all of it: resolving, connecting, sending, answering. */
  timeoutMs: number
  /** So much of the answer is read; the rest is left, and the connection with it. */
  mostBytes: number
}

class Unreachable extends Error {
  readonly code: OutboundError
  constructor(code: OutboundError, detail: string) {
    super(detail)
    this.code = code
  }
}

/** Certificate faults as Node names them. */
const certificateFault =
  /^(ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_SSL_|EPROTO|HOSTNAME_MISMATCH|INVALID_PURPOSE)/

function explain(error: unknown): { error: OutboundError; detail: string } {
  if (error instanceof Unreachable) return { error: error.code, detail: error.message }
  const fault = error as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }
  // Several addresses were tried, one after the other: each has its own reason.
  const first = fault.errors?.[0] ?? fault
  const code = first.code ?? ''
  const detail = code || first.message.slice(0, 200)
  if (fault.name === 'TimeoutError' || fault.name === 'AbortError' || code === 'ETIMEDOUT')
    return { error: 'timed_out', detail }
  if (code === 'ECONNREFUSED') return { error: 'connection_refused', detail }
  if (certificateFault.test(code)) return { error: 'certificate_invalid', detail }
  return { error: 'connection_failed', detail }
}

/** As the system knows it, its hosts file included: the operator's own networks are named there, too. */
const resolveBySystem: Resolve = async (host) =>
  (await dns.lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

/**
 * By the name servers alone. A name that a customer gave is not looked for in the hosts file, and where its servers keep silent it
 * holds none of the process's few threads, which files are read and passwords are checked by.
 */
const resolveByServers: Resolve = async (host) => {
  const answers = await Promise.allSettled([dns.resolve4(host), dns.resolve6(host)])
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const [first] = answers
  if (found.length === 0 && first.status === 'rejected') throw first.reason
  return found
}

/** Where an address leads, all of it checked. Throws Unreachable. */
async function findAddresses(url: URL, rules: OutboundRules): Promise<string[]> {
  const host = hostOf(url)
  const found =
    isIP(host) !== 0
      ? [host]
      : await (rules.resolve ?? (rules.networks.length > 0 ? resolveBySystem : resolveByServers))(host).catch(
          (error: NodeJS.ErrnoException) => {
            throw new Unreachable('name_not_found', error.code ?? error.message)
          },
        )
  if (found.length === 0) throw new Unreachable('name_not_found', host)
  // One answer that leads inside is one too many: which of them is connected to is not for the name's owner to play with.
  if (found.every((address) => isInNetworks(address, rules.networks))) return found
  // Where the name leads inside is not told: who asks may not know our networks.
  if (!found.every(isInternetAddress)) throw new Unreachable('address_refused', host)
  if (url.protocol !== 'https:') throw new Unreachable('not_https', url.protocol)
  if (!webPorts.includes(url.port)) throw new Unreachable('address_refused', `port ${url.port}`)
  return found
}

/**
 * Sends one POST to an address that a user named and returns what came back, whatever its status; redirects are answers like
 * any other. Never throws: what stood in the way is in the answer.
 */
export async function postOutside(call: OutboundRequest, rules: OutboundRules): Promise<OutboundAnswer> {
  const began = performance.now()
  const took = () => Math.max(0, Math.round(performance.now() - began))
  const signal = AbortSignal.timeout(call.timeoutMs)
  try {
    const fault = checkUrl(call.url, rules)
    if (fault) throw new Unreachable(fault === 'url_not_https' ? 'not_https' : 'address_refused', fault)
    const url = new URL(call.url)
    const addresses = await Promise.race([findAddresses(url, rules), rejectWith(signal)])
    const answer = await send(url, addresses, call, signal)
    return { ...answer, duration_ms: took() }
  } catch (error) {
    return { ...explain(error), duration_ms: took() }
  }
}

function rejectWith(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

function send(
  url: URL,
  addresses: readonly string[],
  call: OutboundRequest,
  signal: AbortSignal,
): Promise<{ status: number; text: string; headers: Record<string, string | undefined> }> {
  const checked = addresses.map((address) => ({ address, family: isIP(address) }))
  // The connection asks here where the name leads, and hears what was checked: there is no second answer.
  const lookup: LookupFunction = (_host, options, done) => {
    if (options.all) done(null, checked)
    else done(null, checked[0]!.address, checked[0]!.family)
  }
  const request = url.protocol === 'https:' ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        headers: { ...call.headers, 'content-length': String(Buffer.byteLength(call.body)) },
        lookup,
        signal,
        // Each call has its own connection: none is left open to be used after its address was checked.
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = []
        let size = 0
        const finish = () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).subarray(0, call.mostBytes).toString('utf8'),
            headers: response.headers as Record<string, string | undefined>,
          })
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          size += chunk.length
          if (size < call.mostBytes) return
          finish()
          sent.destroy()
        })
        response.on('end', finish)
        response.on('error', reject)
        response.on('aborted', () => reject(new Unreachable('connection_failed', 'aborted')))
      },
    )
    sent.on('socket', (socket) => {
      socket.on('connect', () => {
        const reached = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '')
        if (reached === undefined || addresses.includes(reached)) return
        if (ipaddr.isValid(reached) && addresses.some((one) => sameAddress(one, reached))) return
        sent.destroy(new Unreachable('address_refused', reached))
      })
    })
    sent.on('error', reject)
    sent.end(call.body)
  })
}

const sameAddress = (one: string, other: string) =>
  ipaddr.parse(one).toNormalizedString() === ipaddr.parse(other).toNormalizedString()
