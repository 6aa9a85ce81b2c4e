import { createHash } from 'node:crypto'
import sharp from 'sharp'

/** A picture as PDF takes it: opaque RGB, 8 bits, packed like the rows of a PNG. */
export type Picture = { width: number; height: number; data: Buffer }

const logos = new Map<string, Promise<Picture | null>>()

/**
 * A logo as PDF takes it, on white and no larger than it is printed; null when it is no picture. Made once for the same
 * bytes.
 */
export function prepareLogo(logo: Uint8Array): Promise<Picture | null> {
  const key = createHash('sha256').update(logo).digest('base64')
  let prepared = logos.get(key)
  if (!prepared) {
    if (logos.size >= 100) logos.clear()
    prepared = sharp(logo, { density: 300 })
      .resize(660, 176, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .png({ compressionLevel: 9, adaptiveFiltering: true, progressive: false, palette: false })
      .toBuffer()
      .then(readPng)
      .catch(() => null)
    logos.set(key, prepared)
  }
  return prepared
}

/** The rows of a PNG as they are packed in it. */
function readPng(png: Buffer): Picture {
  const rows: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      rows.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  }
  const [depth, colour, interlaced] = [png[24], png[25], png[28]]
  if (depth !== 8 || colour !== 2 || interlaced !== 0) throw new Error('not an RGB picture')
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), data: Buffer.concat(rows) }
}
