import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** What CBOR can say of a passkey: integers, bytes, texts and maps. */
type Cbor = number | string | Buffer | Map<number | string, Cbor>

function encodeHead(kind: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(kind << 5) | value])
  if (value < 256) return Buffer.from([(kind << 5) | 24, value])
  return Buffer.from([(kind << 5) | 25, value >> 8, value & 255])
}

function encodeCbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? encodeHead(1, -1 - value) : encodeHead(0, value)
  if (typeof value === 'string')
    return Buffer.concat([encodeHead(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([encodeHead(2, value.length), value])
  return Buffer.concat([
    encodeHead(5, value.size),
    ...[...value].flatMap(([key, one]) => [encodeCbor(key), encodeCbor(one)]),
  ])
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest()

const flags = { present: 0x01, verified: 0x04, backupEligible: 0x08, backedUp: 0x10, attested: 0x40 }

type Passkey = { id: Buffer; key: KeyObject; rp: string; user: string; counter: number }

/** An authenticator in software (ES256): as a browser with a passkey answers, or as an attacker would. */
export class Authenticator {
  readonly passkeys: Passkey[] = []
  origin: string
  /** Whether it checks the person by finger, face or PIN. */
  verifies = true

  constructor(origin = 'http://localhost:3000') {
    this.origin = origin
  }

  #clientData(type: 'webauthn.create' | 'webauthn.get', challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }))
  }

  #data(rp: string, counter: number, attested: Buffer | null): Buffer {
    const bits =
      flags.present |
      (this.verifies ? flags.verified : 0) |
      flags.backupEligible |
      flags.backedUp |
      (attested ? flags.attested : 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(rp), Buffer.from([bits]), count, attested ?? Buffer.alloc(0)])
  }

  /** What navigator.credentials.create would give for the options. */
  // biome-ignore lint/suspicious/noExplicitAny: the options are the API's JSON
  create(options: any): Record<string, unknown> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x, y } = publicKey.export({ format: 'jwk' })
    const id = randomBytes(20)
    const rp = options.rp.id
    this.passkeys.push({ id, key: privateKey, rp, user: options.user.id, counter: 0 })
    const cose = encodeCbor(
      new Map<number, Cbor>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x!, 'base64url')],
        [-3, Buffer.from(y!, 'base64url')],
      ]),
    )
    const length = Buffer.alloc(2)
    length.writeUInt16BE(id.length)
    const attested = Buffer.concat([Buffer.alloc(16), length, id, cose])
    const attestation = encodeCbor(
      new Map<string, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', this.#data(rp, 0, attested)],
      ]),
    )
    return {
      id: id.toString('base64url'),
      rawId: id.toString('base64url'),
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge).toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      },
    }
  }

  /** What navigator.credentials.get would give; `counter` is what it says instead of the next one. */
  // biome-ignore lint/suspicious/noExplicitAny: the options are the API's JSON
  get(options: any, counter?: number): Record<string, unknown> {
    const allowed: string[] | undefined = options.allowCredentials?.map((one: { id: string }) => one.id)
    const passkey = this.passkeys.find((one) => !allowed || allowed.includes(one.id.toString('base64url')))
    if (!passkey) throw new Error('no passkey of this site')
    passkey.counter = counter ?? passkey.counter + 1
    const data = this.#data(options.rpId, passkey.counter, null)
    const client = this.#clientData('webauthn.get', options.challenge)
    const id = passkey.id.toString('base64url')
    return {
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: sign('sha256', Buffer.concat([data, sha256(client)]), passkey.key).toString('base64url'),
        userHandle: passkey.user,
      },
    }
  }
}
