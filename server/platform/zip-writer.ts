import { crc32 } from 'node:zlib'

const mostEntries = 0xffff
const mostBytes = 0xffffffff

/** Names are UTF-8. */
const flags = 0x0800

/** The first moment that a ZIP can say: entries carry no time of their own. */
const firstDay = (1 << 5) | 1

/**
 * A ZIP file as it grows, of files that are packed already (PDF, pictures): stored as they are, so that whoever reads slowly
 * holds the writing up and nothing is kept but the list of names.
 * @throws RangeError beyond 65,535 files or 4 GiB, and for two files of one name.
 */
export async function* writeArchive(
  files: AsyncIterable<{ name: string; bytes: Uint8Array }>,
): AsyncGenerator<Buffer> {
  const directory: Buffer[] = []
  const names = new Set<string>()
  let at = 0
  for await (const { name, bytes } of files) {
    if (names.has(name)) throw new RangeError(`two files are called ${name}`)
    names.add(name)
    const encoded = Buffer.from(name)
    if (names.size > mostEntries || at + bytes.length + 1000 > mostBytes)
      throw new RangeError('more than one ZIP file holds')
    const checksum = crc32(bytes)
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50, 0)
    head.writeUInt16LE(20, 4)
    head.writeUInt16LE(flags, 6)
    head.writeUInt16LE(firstDay, 12)
    head.writeUInt32LE(checksum, 14)
    head.writeUInt32LE(bytes.length, 18)
    head.writeUInt32LE(bytes.length, 22)
    head.writeUInt16LE(encoded.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(20, 4)
    head.copy(entry, 6, 4, 28)
    entry.writeUInt32LE(at, 42)
    directory.push(entry, encoded)
    yield Buffer.concat([head, encoded, bytes])
    at += 30 + encoded.length + bytes.length
  }
  const list = Buffer.concat(directory)
  if (at + list.length > mostBytes) throw new RangeError('more than one ZIP file holds')
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(names.size, 8)
  end.writeUInt16LE(names.size, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(at, 16)
  yield Buffer.concat([list, end])
}
