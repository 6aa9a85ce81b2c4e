// Certificates for tests of mutual TLS, made anew each time: X.509 (RFC 5280) as far as it is needed, with P-256 keys.
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export type Certificate = { certificate: string; key: string }
export type Authority = Certificate & { name: string; private_key: KeyObject }

function field(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts)
  const length: number[] = []
  for (let rest = value.length; rest > 0; rest >>= 8) length.unshift(rest & 0xff)
  const head = value.length < 128 ? [tag, value.length] : [tag, 0x80 | length.length, ...length]
  return Buffer.concat([Buffer.from(head), value])
}
const sequence = (...parts: Buffer[]) => field(0x30, ...parts)
const bits = (value: Buffer) => field(0x03, Buffer.from([0]), value)

function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const groups = [part & 0x7f]
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return field(0x06, Buffer.from(bytes))
}

const nameOf = (name: string) =>
  sequence(field(0x31, sequence(objectId('2.5.4.3'), field(0x0c, Buffer.from(name)))))
const time = (instant: Temporal.Instant) =>
  field(
    0x17,
    Buffer.from(`${instant.toString({ smallestUnit: 'second' }).replaceAll(/[-:T]/g, '').slice(2)}`),
  )
const extension = (id: string, value: Buffer, critical = false) =>
  sequence(objectId(id), ...(critical ? [field(0x01, Buffer.from([0xff]))] : []), field(0x04, value))

function makeCertificate(options: {
  name: string
  issuer: { name: string; private_key: KeyObject } | null
  authority: boolean
  hosts: boolean
  until: Temporal.Instant
}): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(objectId('1.2.840.10045.4.3.2'))
  const from = Temporal.Now.instant().subtract({ hours: 48 })
  const extensions = [
    extension('2.5.29.19', sequence(...(options.authority ? [field(0x01, Buffer.from([0xff]))] : [])), true),
    ...(options.hosts
      ? [
          extension(
            '2.5.29.17',
            sequence(field(0x82, Buffer.from('localhost')), field(0x87, Buffer.from([127, 0, 0, 1]))),
          ),
        ]
      : []),
  ]
  const content = sequence(
    field(0xa0, field(0x02, Buffer.from([2]))),
    field(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(12)])),
    algorithm,
    nameOf(options.issuer?.name ?? options.name),
    sequence(time(from), time(options.until)),
    nameOf(options.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    field(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', content, options.issuer?.private_key ?? privateKey)
  const der = sequence(content, algorithm, bits(signature)).toString('base64')
  return {
    name: options.name,
    certificate: `-----BEGIN CERTIFICATE-----\n${der.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    private_key: privateKey,
  }
}

const nextYear = () => Temporal.Now.instant().add({ hours: 24 * 365 })

/** An authority of its own, which nobody else trusts. */
export function createAuthority(name: string): Authority {
  return makeCertificate({ name, issuer: null, authority: true, hosts: false, until: nextYear() })
}

/** A certificate of an authority: of a server on this machine, or of somebody who calls one. */
export function issueCertificate(
  issuer: Authority,
  name: string,
  options: { server?: boolean; until?: Temporal.Instant } = {},
): Certificate {
  const { server = false, until = nextYear() } = options
  const { certificate, key } = makeCertificate({ name, issuer, authority: false, hosts: server, until })
  return { certificate, key }
}
