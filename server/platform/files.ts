import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Tx } from './database.ts'

/** Where bytes live. On disk by default; another store implements the same four verbs. */
export type FileStore = {
  /** Takes the bytes in; nothing is visible under `id` before all of them are on the disk. */
  write(id: string, bytes: Readable | Buffer): Promise<{ size: number; sha256: Buffer }>
  read(id: string): Readable
  size(id: string): Promise<number | null>
  remove(id: string): Promise<void>
}

/** Files on disk, in 256 folders so that none grows without end. Ids are ours (uuid), never a user's path. */
export function createDiskStore(folder: string): FileStore {
  const pathOf = (id: string) => {
    if (!/^[0-9a-f-]{36}$/.test(id)) throw new Error('a file id is a uuid')
    return join(folder, id.slice(-2), id)
  }
  return {
    async write(id, bytes) {
      const path = pathOf(id)
      const incoming = join(folder, 'incoming')
      await mkdir(join(folder, id.slice(-2)), { recursive: true })
      await mkdir(incoming, { recursive: true })
      const draft = join(incoming, randomUUID())
      const hash = createHash('sha256')
      let size = 0
      try {
        await pipeline(
          bytes instanceof Buffer ? [bytes] : bytes,
          async function* count(chunks: AsyncIterable<Buffer>) {
            for await (const chunk of chunks) {
              hash.update(chunk)
              size += chunk.length
              yield chunk
            }
          },
          createWriteStream(draft, { mode: 0o600 }),
        )
        const file = await open(draft, 'r')
        await file.sync()
        await file.close()
        await rename(draft, path)
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
      return { size, sha256: hash.digest() }
    },
    read: (id) => createReadStream(pathOf(id)),
    async size(id) {
      return stat(pathOf(id)).then(
        (found) => found.size,
        () => null,
      )
    },
    async remove(id) {
      await rm(pathOf(id), { force: true })
    },
  }
}

export type FilePurpose =
  | 'logo'
  | 'signed_contract'
  | 'document_batch'
  | 'receipt'
  | 'import'
  | 'bank_statement'
  | 'import_rejects'
  | 'privacy_export'
  | 'bank_file'

/** Records a stored file in the database. The bytes were written first: a row never points to nothing. */
export async function recordFile(
  tx: Tx,
  file: {
    id: string
    purpose: FilePurpose
    name: string
    media_type: string
    size: number
    sha256: Buffer
    account_id?: string | null
    business_unit_id?: string | null
    created_by?: string | null
  },
): Promise<void> {
  await tx.insertInto('files').values(file).execute()
}
