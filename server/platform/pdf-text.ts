// What a PDF of ours is made of: letters of one face in all the scripts that names are written in, lines, the page.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { inflateSync } from 'node:zlib'
import PDFDocument from 'pdfkit'
import sharp from 'sharp'

// Letters ------------------------------------------------------------------------------------------------------

export type Weight = 400 | 600

type GlyphRun = { glyphs: unknown[]; positions: Record<string, number>[] }

/** What pdfkit asks of a font: the part of fontkit's that we meet. */
type Font = {
  unitsPerEm: number
  hasGlyphForCodePoint: (codePoint: number) => boolean
  layout: (text: string, features?: Record<string, boolean>) => GlyphRun
}

type Face = { id: string; font: Font; has: (codePoint: number) => boolean; widthOf: (word: string) => number }

/** The scripts that Inter is split into, in the order in which a letter is looked for. */
const scripts = [
  'latin',
  'latin-ext',
  'vietnamese',
  'greek',
  'cyrillic',
  'cyrillic-ext',
  'greek-ext',
] as const

const faces = new Map<string, Face>()

/** How many laid-out words are remembered of one face: invoices say the same words again and again. */
const wordsRemembered = 20_000

/** The TrueType font inside a WOFF file; unpacked once, or every glyph would inflate its table again. */
function unpackWoff(woff: Buffer): Buffer {
  const count = woff.readUInt16BE(12)
  const power = Math.floor(Math.log2(count))
  const head = Buffer.alloc(12 + count * 16)
  woff.copy(head, 0, 4, 8)
  head.writeUInt16BE(count, 4)
  head.writeUInt16BE(2 ** power * 16, 6)
  head.writeUInt16BE(power, 8)
  head.writeUInt16BE(count * 16 - 2 ** power * 16, 10)
  const tables: Buffer[] = []
  let offset = head.length
  for (let i = 0; i < count; i++) {
    const entry = 44 + i * 20
    const [from, packed, length] = [4, 8, 12].map((at) => woff.readUInt32BE(entry + at)) as [
      number,
      number,
      number,
    ]
    const stored = woff.subarray(from, from + packed)
    const table = packed < length ? inflateSync(stored) : stored
    const at = 12 + i * 16
    woff.copy(head, at, entry, entry + 4)
    woff.copy(head, at + 4, entry + 16, entry + 20)
    head.writeUInt32BE(offset, at + 8)
    head.writeUInt32BE(length, at + 12)
    const padded = Buffer.alloc(Math.ceil(length / 4) * 4)
    table.copy(padded)
    tables.push(padded)
    offset += padded.length
  }
  return Buffer.concat([head, ...tables])
}

/** One script of one weight, opened once in the life of the process. */
function openFace(script: (typeof scripts)[number], weight: Weight): Face {
  const id = `inter-${script}-${weight}`
  const known = faces.get(id)
  if (known) return known
  const file = createRequire(import.meta.url).resolve(`@fontsource/inter/files/${id}-normal.woff`)
  // pdfkit takes an opened font as well as bytes, but says so in no type; a document that is never written opens it.
  const opener = new PDFDocument({ autoFirstPage: false, font: '' }).font(unpackWoff(readFileSync(file)))
  const opened = (opener as unknown as { _font: { font: Font } })._font.font
  const runs = new Map<string, GlyphRun>()
  const widths = new Map<string, number>()
  const layOut = (text: string): GlyphRun => {
    let run = runs.get(text)
    if (!run) {
      if (runs.size >= wordsRemembered) runs.clear()
      // Amounts stand in columns; but tabular figures would also widen the hyphens of a tax id.
      run = opened.layout(text, { tnum: !/[\p{L}\d]-/u.test(text) })
      runs.set(text, run)
    }
    return run
  }
  const font: Font = Object.create(opened, {
    layout: {
      value: (text: string) => {
        const { glyphs, positions } = layOut(text)
        // pdfkit scales the positions in place and then adds them up: it gets its own.
        return {
          glyphs,
          positions: positions.map((position) => ({ ...position })),
          get advanceWidth() {
            return this.positions.reduce((sum: number, position) => sum + (position.xAdvance ?? 0), 0)
          },
        }
      },
    },
  })
  const face: Face = {
    id,
    font,
    has: (codePoint) => opened.hasGlyphForCodePoint(codePoint),
    widthOf: (word) => {
      let width = widths.get(word)
      if (width === undefined) {
        if (widths.size >= wordsRemembered) widths.clear()
        const { positions } = layOut(word)
        width = positions.reduce((sum, position) => sum + (position.xAdvance ?? 0), 0) / opened.unitsPerEm
        widths.set(word, width)
      }
      return width
    },
  }
  faces.set(id, face)
  return face
}

type Piece = { face: Face; text: string }

/** What the plain Latin font surely has: no need to look letter by letter. */
const plain = /^[ -~\u00a0-\u00ff\u2013\u2014\u2018-\u201d\u2026\u20ac]*$/

/** A text cut where the font changes; a letter that no font has becomes a question mark. */
function cutByFace(text: string, weight: Weight): Piece[] {
  const latin = openFace('latin', weight)
  if (plain.test(text)) return [{ face: latin, text }]
  const pieces: Piece[] = []
  for (const letter of text) {
    const codePoint = letter.codePointAt(0) ?? 0
    const last = pieces.at(-1)
    let face = last?.face.has(codePoint) ? last.face : undefined
    for (const script of face ? [] : scripts) {
      const candidate = openFace(script, weight)
      if (!candidate.has(codePoint)) continue
      face = candidate
      break
    }
    const shown = face ? letter : '?'
    face ??= latin
    if (last?.face === face) last.text += shown
    else pieces.push({ face, text: shown })
  }
  return pieces
}

/** One form for each letter, no control characters, and no kinds of space that the font lacks. */
export function cleanText(text: string): string {
  return text
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    .replace(/[\u2000-\u200a\u202f]/g, '\u00a0')
    .replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, (sign) => (sign === '\t' ? ' ' : ''))
}

/** How wide a text is, in points. */
export function measure(text: string, weight: Weight, size: number): number {
  let width = 0
  for (const { face, text: piece } of cutByFace(text, weight)) {
    // Word by word, as pdfkit lays it out, so that both come to the same width.
    for (const word of piece.match(/[^ ]* ?/g) ?? []) if (word) width += face.widthOf(word)
  }
  return width * size
}

/** Breaks at spaces, and inside a word only where it is longer than the line. */
export function wrap(text: string, weight: Weight, size: number, width: number): string[] {
  const lines: string[] = []
  for (const paragraph of cleanText(text).split('\n')) {
    let line = ''
    for (let word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`
      if (measure(longer, weight, size) <= width) {
        line = longer
        continue
      }
      if (line !== '') lines.push(line)
      while (measure(word, weight, size) > width) {
        const letters = [...word]
        let fits = 1
        while (fits < letters.length && measure(letters.slice(0, fits + 1).join(''), weight, size) <= width)
          fits++
        lines.push(letters.slice(0, fits).join(''))
        word = letters.slice(fits).join('')
      }
      line = word
    }
    lines.push(line)
  }
  return lines
}

// Pictures -----------------------------------------------------------------------------------------------------

const logos = new Map<string, Promise<Buffer | null>>()

/** The logo as a small opaque PNG, which pdfkit embeds as it is; null when it is no picture. */
export function prepareLogo(logo: Buffer): Promise<Buffer | null> {
  const key = createHash('sha256').update(logo).digest('base64')
  let prepared = logos.get(key)
  if (!prepared) {
    if (logos.size >= 100) logos.clear()
    prepared = sharp(logo, { density: 300 })
      .resize(660, 176, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .png({ compressionLevel: 9, progressive: false, palette: false })
      .toBuffer()
      .catch(() => null)
    logos.set(key, prepared)
  }
  return prepared
}

// The page -----------------------------------------------------------------------------------------------------

/** A4 in points. */
export const page = { width: 595.28, height: 841.89, margin: 48, top: 48, bottom: 78 }
export const inner = page.width - 2 * page.margin
export const lowest = page.height - page.bottom

export const ink = { text: '#1a1d21', soft: '#5c636d', line: '#dfe3e8', good: '#18794e', bad: '#c62a2f' }

export type Style = { size?: number; weight?: Weight; colour?: string; align?: 'left' | 'right' }

/** Draws lines of text; returns the y below them. */
export function write(
  doc: PDFKit.PDFDocument,
  lines: string[],
  x: number,
  y: number,
  width: number,
  style: Style = {},
) {
  const { size = 9, weight = 400, colour = ink.text, align = 'left' } = style
  doc.fillColor(colour).fontSize(size)
  let at = y
  for (const line of lines) {
    let pen = align === 'right' ? x + width - measure(line, weight, size) : x
    for (const { face, text } of line === '' ? [] : cutByFace(line, weight)) {
      // The second argument is the name under which the document remembers the font.
      doc.font(face.font as unknown as Buffer, face.id)
      // Where the font changes in the middle of a line, the next piece begins where this one ends.
      doc.text(text, pen, at, { lineBreak: false })
      pen += measure(text, weight, size)
    }
    at += lineHeight(size)
  }
  return at
}

/** From one line to the next. */
export const lineHeight = (size: number) => Math.round(size * 1.42 * 10) / 10

/** What is drawn for the eye only: a reader aloud passes over it. */
export function decorate(doc: PDFKit.PDFDocument, draw: () => void, pagination = false): void {
  doc.markContent('Artifact', { type: pagination ? 'Pagination' : 'Layout' })
  draw()
  doc.endMarkedContent()
}
