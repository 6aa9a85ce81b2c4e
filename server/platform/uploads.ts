import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { type Refusal, refuse } from './errors.ts'
import type { FileStore } from './files.ts'

/** A file that came with a request: its bytes are stored under `id`; whoever keeps it records it. */
export type Upload = {
  id: string
  name: string
  media_type: string
  size: number
  sha256: Buffer
  fields: Record<string, string>
}

/** Takes the one file of a request in, up to so many bytes. Refuses: file_needed, file_too_large. */
export async function takeUpload(
  files: FileStore,
  request: FastifyRequest,
  maxBytes: number,
): Promise<Upload | Refusal> {
  if (!request.isMultipart()) return refuse('file_needed', { status: 422 })
  const part = await request.file({
    limits: { fileSize: maxBytes, files: 1, fields: 20, fieldSize: 100_000 },
  })
  if (!part) return refuse('file_needed', { status: 422 })
  const id = randomUUID()
  const { size, sha256 } = await files.write(id, part.file)
  if (part.file.truncated) {
    await files.remove(id)
    return refuse('file_too_large', { status: 413, params: { megabytes: Math.floor(maxBytes / 1_000_000) } })
  }
  const fields: Record<string, string> = {}
  for (const [field, value] of Object.entries(part.fields)) {
    if (value && !Array.isArray(value) && value.type === 'field') fields[field] = String(value.value)
  }
  const name = (part.filename || 'file').replaceAll(/[\p{Cc}/\\]/gu, '_').slice(-200)
  return { id, name, media_type: part.mimetype.slice(0, 100), size, sha256, fields }
}
