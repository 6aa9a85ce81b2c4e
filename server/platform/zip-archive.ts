import { constants, crc32, createInflateRaw } from 'node:zlib'

/**
 * Why an archive cannot be read: `broken` (cut off, not what it says, made by a method that nobody uses) or `too_large`
 * (what comes out of it is more than what it may be: a zip bomb, or a giant).
 */
export class ArchiveFault extends Error {
  readonly reason: 'broken' | 'too_large'
  constructor(reason: 'broken' | 'too_large', message: string) {
    super(message)
    this.reason = reason
  }
}

export type ArchiveEntry = {
  name: string
  method: number
  crc: number
  /** Bytes in the archive. */
  packed: number
  /** Where the entry's own header is. */
  at: number
}

/** So many bytes may still come out of an archive, over all the entries that are read. */
export type ArchiveBudget = { bytes: number }

const mostEntries = 10_000
/** Deflate cannot pack tighter than 1:1032, and no table is packed 1:250 beyond its first megabytes. */
const suspiciousRatio = 250
const harmlessBytes = 20_000_000

function broken(message: string): never {
  throw new ArchiveFault('broken', message)
}

/**
 * The entries of a ZIP file by name, from its directory at the end; nothing is unpacked.
 * @throws ArchiveFault where the file is cut off, encrypted, in several parts, or its directory contradicts itself.
 */
export function listEntries(bytes: Buffer): Map<string, ArchiveEntry> {
  const end = findEnd(bytes)
  const count = bytes.readUInt16LE(end + 10)
  let at = bytes.readUInt32LE(end + 16)
  if (count > mostEntries || count === 0xffff) throw new ArchiveFault('too_large', 'too many entries')
  const entries = new Map<string, ArchiveEntry>()
  for (let index = 0; index < count; index++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) broken('the directory is cut off')
    const nameLength = bytes.readUInt16LE(at + 28)
    const extraLength = bytes.readUInt16LE(at + 30)
    const next = at + 46 + nameLength + extraLength + bytes.readUInt16LE(at + 32)
    if (next > bytes.length) broken('the directory is cut off')
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength).replaceAll('\\', '/')
    if (bytes.readUInt16LE(at + 8) & 1) broken('encrypted')
    const entry = {
      name,
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      packed: bytes.readUInt32LE(at + 20),
      at: bytes.readUInt32LE(at + 42),
    }
    // Sizes of 4 GiB are written elsewhere; nothing here is that large.
    if (entry.packed === 0xffffffff || entry.at === 0xffffffff) broken('beyond 4 GiB')
    if (entries.has(name)) broken('two entries of one name')
    entries.set(name, entry)
    at = next
  }
  return entries
}

/** Where the directory's end is: before a comment of at most 65,535 bytes. */
function findEnd(bytes: Buffer): number {
  const least = Math.max(0, bytes.length - 22 - 0xffff)
  for (let at = bytes.length - 22; at >= least; at--) {
    if (bytes.readUInt32LE(at) === 0x06054b50) return at
  }
  return broken('no directory: the file is cut off')
}

/**
 * Unpacks one entry as it is asked for: whoever reads slowly holds it up, and no more than a chunk is in memory.
 * @throws ArchiveFault where its bytes are damaged, or more comes out than the budget allows.
 */
export async function* readEntry(
  bytes: Buffer,
  entry: ArchiveEntry,
  budget: ArchiveBudget,
): AsyncGenerator<Buffer> {
  const { at, packed } = entry
  if (at + 30 > bytes.length || bytes.readUInt32LE(at) !== 0x04034b50) broken('an entry is not there')
  const from = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
  if (from + packed > bytes.length) broken('an entry is cut off')
  const content = bytes.subarray(from, from + packed)
  let crc = 0
  let out = 0
  const take = (chunk: Buffer) => {
    out += chunk.length
    budget.bytes -= chunk.length
    if (budget.bytes < 0 || (out > harmlessBytes && out > packed * suspiciousRatio))
      throw new ArchiveFault('too_large', `more than ${out} bytes come out of ${packed}`)
    crc = crc32(chunk, crc)
    return chunk
  }
  if (entry.method === 0) {
    for (let start = 0; start < content.length; start += 1 << 17) {
      yield take(content.subarray(start, start + (1 << 17)))
    }
  } else if (entry.method === 8) {
    const inflate = createInflateRaw({ chunkSize: 1 << 17, finishFlush: constants.Z_FINISH })
    inflate.end(content)
    try {
      for await (const chunk of inflate as AsyncIterable<Buffer>) yield take(chunk)
    } catch (error) {
      if (error instanceof ArchiveFault || !isZlibFault(error)) throw error
      throw new ArchiveFault('broken', error.message)
    } finally {
      inflate.destroy()
    }
  } else broken(`method ${entry.method}`)
  if (crc !== entry.crc) broken('the checksum is another one')
}

function isZlibFault(error: unknown): error is Error {
  return error instanceof Error && /^Z_/.test((error as NodeJS.ErrnoException).code ?? '')
}
