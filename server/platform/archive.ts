/**
 * Tar, written and read as a stream. Any machine's `tar` opens what this writes. Only what a backup needs: plain
 * files, in order, of a size known before they begin.
 */
const BLOCK = 512

/** What is wrong with an archive: it ends too early, a checksum differs, a name is not allowed. */
export class ArchiveDamaged extends Error {}

/** One member as the bytes of a tar archive. `body` must yield exactly `size` bytes, or the writing fails. */
export async function* writeMember(
  name: string,
  size: number,
  body: AsyncIterable<Buffer> | Iterable<Buffer>,
  modified: Temporal.Instant,
): AsyncGenerator<Buffer> {
  const seconds = Math.floor(modified.epochMilliseconds / 1000)
  const plain = Buffer.byteLength(name) <= 100 && size < 8 ** 11
  if (!plain) {
    // Long names and sizes of 8 GiB and more go into an extended header, as every tar since 2001 reads them.
    const records = Buffer.from(paxRecord('path', name) + paxRecord('size', String(size)))
    yield header('pax', records.length, seconds, 'x')
    yield records
    yield padding(records.length)
  }
  yield header(plain ? name : 'long', plain ? size : 0, seconds, '0')
  let written = 0
  for await (const chunk of body) {
    written += chunk.length
    yield chunk
  }
  if (written !== size)
    throw new Error(`${name} changed while it was read: ${written} bytes instead of ${size}`)
  yield padding(size)
}

/** The two empty blocks that end an archive. */
export function endArchive(): Buffer {
  return Buffer.alloc(2 * BLOCK)
}

export interface Member {
  name: string
  size: number
  body: AsyncIterable<Buffer>
}

/**
 * The members of an archive, one after the other; what a reader leaves of a body is skipped.
 * Throws ArchiveDamaged for anything but a whole archive.
 */
export async function* readMembers(source: AsyncIterable<Buffer>): AsyncGenerator<Member> {
  const bytes = new ByteReader(source)
  let long: { path?: string; size?: number } = {}
  for (;;) {
    const block = await bytes.take(BLOCK)
    if (block.every((byte) => byte === 0)) {
      const last = await bytes.take(BLOCK)
      if (!last.every((byte) => byte === 0)) throw new ArchiveDamaged('a single empty block')
      await bytes.drain()
      return
    }
    const fields = parseHeader(block)
    if (fields.type === 'x') {
      if (fields.size > 1_000_000) throw new ArchiveDamaged('an extended header too large')
      long = parsePax(await bytes.take(fields.size))
      await bytes.take(padding(fields.size).length)
      continue
    }
    if (fields.type !== '0' && fields.type !== '\0')
      throw new ArchiveDamaged(`a member of kind ${fields.type}`)
    const name = long.path ?? fields.name
    const size = long.size ?? fields.size
    long = {}
    let left = size
    const body = async function* (): AsyncGenerator<Buffer> {
      while (left > 0) {
        const chunk = await bytes.takeSome(left)
        left -= chunk.length
        yield chunk
      }
    }
    yield { name, size, body: body() }
    while (left > 0) left -= (await bytes.takeSome(left)).length
    await bytes.take(padding(size).length)
  }
}

class ByteReader {
  readonly #source: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Between 1 and `most` bytes. */
  async takeSome(most: number): Promise<Buffer> {
    while (this.#held.length === 0) {
      const next = await this.#source.next()
      if (next.done) throw new ArchiveDamaged('it ends too early')
      this.#held = next.value
    }
    const taken = this.#held.subarray(0, most)
    this.#held = this.#held.subarray(taken.length)
    return taken
  }

  async take(size: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = size; left > 0; ) {
      const part = await this.takeSome(left)
      left -= part.length
      parts.push(part)
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
  }

  /** Reads to the end, so that the decompressor gets to compare its own checksum. */
  async drain(): Promise<void> {
    for (;;) if ((await this.#source.next()).done) return
  }
}

function header(name: string, size: number, seconds: number, type: '0' | 'x'): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, 100)
  block.write('0000600\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write(`${seconds.toString(8).padStart(11, '0')}\0`, 136)
  block.write('        ', 148)
  block.write(type, 156)
  block.write('ustar\x0000', 257)
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function parseHeader(block: Buffer): { name: string; size: number; type: string } {
  const text = (from: number, length: number) => {
    const field = block.subarray(from, from + length)
    const end = field.indexOf(0)
    return field.toString('utf8', 0, end < 0 ? length : end)
  }
  const number = (from: number, length: number) => {
    const digits = text(from, length).trim()
    if (!/^[0-7]+$/.test(digits)) throw new ArchiveDamaged('a header that is none')
    return Number.parseInt(digits, 8)
  }
  const blank = Buffer.from(block)
  blank.fill(' ', 148, 156)
  if (number(148, 8) !== checksum(blank)) throw new ArchiveDamaged("a header's checksum differs")
  const prefix = text(345, 155)
  return {
    name: prefix ? `${prefix}/${text(0, 100)}` : text(0, 100),
    size: number(124, 12),
    type: text(156, 1) || '\0',
  }
}

function checksum(block: Buffer): number {
  let sum = 0
  for (const byte of block) sum += byte
  return sum
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}

/** `length key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  if (rest + String(length).length !== length) length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

function parsePax(records: Buffer): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {}
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(' ', at)
    const length = Number(records.toString('utf8', at, space))
    if (space < 0 || !Number.isInteger(length) || length < 5)
      throw new ArchiveDamaged('an extended header that is none')
    const [key, ...value] = records.toString('utf8', space + 1, at + length - 1).split('=')
    if (key === 'path') found.path = value.join('=')
    if (key === 'size') found.size = Number(value.join('='))
    at += length
  }
  return found
}
