import sharp from 'sharp'
import { type Refusal, refuse, refuseField } from './errors.ts'

// Pictures that people upload. What is kept is never what came: the pixels are decoded and written anew, so that nothing
// else of the file (places, names of cameras, scripts behind the picture) stays.

sharp.cache(false)

/** The most pixels that are decoded: beyond any camera, and 200 MB of memory at the worst. */
const mostPixels = 50_000_000
/** So many pictures are decoded at once, and so many may wait: memory and connections are few. */
const atOnce = 2
const mostWaiting = 8

let working = 0
const queue: (() => void)[] = []

async function takeTurn<T>(work: () => Promise<T>): Promise<T | Refusal> {
  if (working >= atOnce) {
    if (queue.length >= mostWaiting) return refuse('too_busy', { status: 503 })
    await new Promise<void>((resolve) => queue.push(resolve))
  } else working++
  try {
    return await work()
  } finally {
    const next = queue.shift()
    if (next) next()
    else working--
  }
}

type Format = 'jpeg' | 'png' | 'webp' | 'avif'

/**
 * What a file is by its first bytes; null where it is none of the formats that are taken. Nothing else of the decoder
 * (SVG, PDF, TIFF, …) is ever reached by a name or a type that somebody chose.
 */
function recognizeImage(bytes: Buffer): Format | null {
  const ascii = (from: number, to: number) => bytes.subarray(from, to).toString('latin1')
  if (bytes.length < 16) return null
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg'
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'png'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp'
  // The brands of the file: the main one, then those that it is compatible with.
  if (ascii(4, 8) === 'ftyp' && /avi[fs]/.test(ascii(8, Math.min(bytes.readUInt32BE(0), 64)))) return 'avif'
  return null
}

/** What of an upright picture is kept: a square, its corner and side in pixels. */
export type Crop = { x: number; y: number; size: number }

/**
 * A picture as a square WebP of so many pixels: turned as its camera held it, the first frame of an animation, without
 * any of its metadata. Without a crop the middle is taken; one beyond the picture is moved into it. Refuses: image_needed,
 * image_too_large, too_busy.
 */
export async function squareImage(bytes: Buffer, side: number, crop: Crop | null): Promise<Buffer | Refusal> {
  if (!recognizeImage(bytes)) return refuse('image_needed', { status: 422 })
  return takeTurn(async () => {
    try {
      const input = { limitInputPixels: mostPixels, failOn: 'error', pages: 1 } as const
      const { width, height, autoOrient } = await sharp(bytes, {
        ...input,
        limitInputPixels: false,
      }).metadata()
      if (width * height > mostPixels)
        return refuse('image_too_large', { status: 422, params: { megapixels: mostPixels / 1_000_000 } })
      const area = crop && clampCrop(crop, autoOrient)
      let picture = sharp(bytes, input).timeout({ seconds: 20 }).autoOrient()
      if (area) picture = picture.extract(area)
      return await picture
        .resize(side, side, { fit: 'cover', position: 'centre' })
        .toColourspace('srgb')
        .webp({ quality: 82 })
        .toBuffer()
    } catch {
      return refuse('image_needed', { status: 422 })
    }
  })
}

/** Whether a file is a drawing in SVG: those of operators may be, those of customers never. */
function looksLikeSvg(bytes: Buffer): boolean {
  return /^\s*(\ufeff)?(<\?xml|<!--|<!DOCTYPE svg|<svg)/i.test(bytes.subarray(0, 500).toString('utf8'))
}

/**
 * A logo as a PNG that fits into so many pixels: what is taken as a photo, and SVG. Refuses: invalid_input of `file` as
 * not_an_image (too large too), too_busy.
 */
export async function fitImage(bytes: Buffer, width: number, height: number): Promise<Buffer | Refusal> {
  if (!recognizeImage(bytes) && !looksLikeSvg(bytes)) return refuseField('file', 'not_an_image')
  return takeTurn(async () => {
    try {
      return await sharp(bytes, { limitInputPixels: mostPixels, density: 200, pages: 1 })
        .timeout({ seconds: 20 })
        .autoOrient()
        .resize({ width, height, fit: 'inside', withoutEnlargement: false })
        .png()
        .toBuffer()
    } catch {
      return refuseField('file', 'not_an_image')
    }
  })
}

function clampCrop(crop: Crop, picture: { width: number; height: number }) {
  const size = Math.max(1, Math.min(Math.round(crop.size), picture.width, picture.height))
  const within = (from: number, whole: number) => Math.max(0, Math.min(Math.round(from), whole - size))
  return {
    left: within(crop.x, picture.width),
    top: within(crop.y, picture.height),
    width: size,
    height: size,
  }
}
