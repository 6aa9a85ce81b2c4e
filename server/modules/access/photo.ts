import { randomUUID } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuseField } from '../../platform/errors.ts'
import type { FileStore } from '../../platform/files.ts'
import { Binary, type Upload } from '../../platform/http.ts'
import { type Crop, squareImage } from '../../platform/images.ts'
import { enqueue } from '../../platform/jobs.ts'

/** The most bytes of a photo that is uploaded. */
export const photoBytes = 10_000_000
/** The side of the square that is kept, in pixels: sharp on any screen at the sizes in which people are shown. */
const photoSide = 512
/** A photo never changes under its id: a browser may keep it for a day. */
const photoKeptSeconds = 86_400

/**
 * Sets the own photo (A9) from an upload, cropped as its fields say (`x`, `y`, `size` in pixels of the upright original).
 * Refuses: invalid_input, image_needed, image_too_large, too_busy.
 */
export async function setPhoto(
  tx: Tx,
  files: FileStore,
  upload: Upload,
): Promise<{ photo_file_id: string } | Refusal> {
  const crop = readCrop(upload.fields)
  if (isRefusal(crop)) return crop
  const image = await squareImage(await buffer(files.read(upload.id)), photoSide, crop)
  if (isRefusal(image)) return image
  const id = randomUUID()
  const { size, sha256 } = await files.write(id, image)
  await replacePhoto(tx, { id, size, sha256 })
  await files.remove(upload.id)
  return { photo_file_id: id }
}

/** Removes the own photo. */
export async function removePhoto(tx: Tx): Promise<void> {
  await replacePhoto(tx, null)
}

async function replacePhoto(
  tx: Tx,
  file: { id: string; size: number; sha256: Buffer } | null,
): Promise<void> {
  const before = await sql<{ id: string | null }>`
    select set_own_photo(${file?.id ?? null}, ${file?.size ?? null}, ${file?.sha256 ?? null}) as id`.execute(
    tx,
  )
  const id = before.rows[0]?.id
  // The bytes go once it is certain that the row is gone.
  if (id) await enqueue(tx, 'access:remove_photo', { file_id: id })
}

/** The square that the browser chose; null where it left that to us. Refuses: invalid_input. */
function readCrop(fields: Record<string, string>): Crop | null | Refusal {
  if (fields.x === undefined && fields.y === undefined && fields.size === undefined) return null
  const crop: Crop = { x: 0, y: 0, size: 0 }
  for (const key of ['x', 'y', 'size'] as const) {
    const text = fields[key] ?? ''
    const value = Number(text)
    if (
      text === '' ||
      !Number.isFinite(value) ||
      Math.abs(value) > 1_000_000 ||
      (key === 'size' && value < 1)
    )
      return refuseField(key, 'wrong_format')
    crop[key] = value
  }
  return crop
}

/**
 * The photo of somebody: staff see everybody's; a customer their own, their account's people's and staff's. Refuses:
 * not_found.
 */
export async function readPhoto(tx: Tx, files: FileStore, id: string): Promise<Binary | Refusal> {
  const found = await sql<{ seen: boolean }>`select find_photo(${id}) as seen`.execute(tx)
  if (!found.rows[0]?.seen || (await files.size(id)) === null) return notFound()
  return new Binary(files.read(id), 'image/webp', 'photo.webp', true, photoKeptSeconds)
}
