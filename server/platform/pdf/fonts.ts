// The letters of our PDFs: Inter in all the scripts that names are written in. fontkit reads the fonts once in the life of
// the process; what a document embeds is cut out of them here.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { inflateSync } from 'node:zlib'
import { create, type Font } from 'fontkit'

export type Weight = 400 | 600

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

type Script = (typeof scripts)[number]

/** A glyph as it is drawn, in thousandths of the size. */
type Placed = { glyph: number; advance: number; x: number; y: number; text: string }

/** One script of one weight. */
export type Face = {
  script: Script
  weight: Weight
  /** The TrueType tables, by their names. */
  tables: Map<string, Buffer>
  /** The width of each glyph in thousandths. */
  widths: number[]
  ascent: number
  descent: number
  cap_height: number
  box: number[]
  has(codePoint: number): boolean
  /** The glyphs of the Latin face that every document carries; of the others none. */
  common: ReadonlyMap<number, string>
}

/** What of a text is drawn in one font. */
export type Piece = {
  face: Face
  /** Drawn from the subset that every document carries; otherwise its glyphs are embedded for the document. */
  common: boolean
  /** Glyph → the text that it stands for; empty where `common`. */
  glyphs: ReadonlyMap<number, string>
  /** The operand of the PDF operator TJ, without its brackets; null where glyphs are raised and `placed` says how. */
  operand: string | null
  placed: readonly Placed[]
  /** In thousandths of the size. */
  width: number
}

export type Shaped = { pieces: readonly Piece[]; width: number }

/** The TrueType tables inside a WOFF file. */
function unpackWoff(woff: Buffer): Map<string, Buffer> {
  const tables = new Map<string, Buffer>()
  for (let i = 0; i < woff.readUInt16BE(12); i++) {
    const entry = 44 + i * 20
    const from = woff.readUInt32BE(entry + 4)
    const packed = woff.readUInt32BE(entry + 8)
    const stored = woff.subarray(from, from + packed)
    tables.set(
      woff.toString('latin1', entry, entry + 4),
      packed < woff.readUInt32BE(entry + 12) ? inflateSync(stored) : stored,
    )
  }
  return tables
}

function checksum(table: Buffer): number {
  let sum = 0
  for (let at = 0; at < table.length; at += 4) sum = (sum + table.readUInt32BE(at)) >>> 0
  return sum
}

/** Tables as a TrueType file. */
export function packTrueType(tables: ReadonlyMap<string, Buffer>): Buffer {
  const names = [...tables.keys()].sort()
  const power = Math.floor(Math.log2(names.length))
  const head = Buffer.alloc(12 + names.length * 16)
  head.writeUInt32BE(0x00010000, 0)
  head.writeUInt16BE(names.length, 4)
  head.writeUInt16BE(2 ** power * 16, 6)
  head.writeUInt16BE(power, 8)
  head.writeUInt16BE(names.length * 16 - 2 ** power * 16, 10)
  const parts: Buffer[] = [head]
  let offset = head.length
  let headAt = 0
  for (const [i, name] of names.entries()) {
    const table = tables.get(name)!
    const padded = Buffer.alloc(Math.ceil(table.length / 4) * 4)
    table.copy(padded)
    if (name === 'head') {
      headAt = offset
      padded.writeUInt32BE(0, 8)
    }
    head.write(name, 12 + i * 16, 'latin1')
    head.writeUInt32BE(checksum(padded), 16 + i * 16)
    head.writeUInt32BE(offset, 20 + i * 16)
    head.writeUInt32BE(table.length, 24 + i * 16)
    parts.push(padded)
    offset += padded.length
  }
  const file = Buffer.concat(parts)
  file.writeUInt32BE((0xb1b0afba - checksum(file)) >>> 0, headAt + 8)
  return file
}

const faces = new Map<string, Face & Opened>()

type Opened = { font: Font; glyphOf(codePoint: number): number; kerning(left: string, right: string): number }

/** Ligatures and contextual forms are left out: each letter stays the letter that is searched for. */
const features = { calt: false, liga: false, clig: false }

/** One script of one weight, read once. */
function openFace(script: Script, weight: Weight): Face & Opened {
  const id = `inter-${script}-${weight}`
  const known = faces.get(id)
  if (known) return known
  const path = createRequire(import.meta.url).resolve(`@fontsource/inter/files/${id}-normal.woff`)
  const tables = unpackWoff(readFileSync(path))
  // Unpacked, or fontkit would inflate a table for each glyph that it reads.
  const font = create(packTrueType(tables)) as Font
  const scale = 1000 / font.unitsPerEm
  const hmtx = tables.get('hmtx')!
  const long = tables.get('hhea')!.readUInt16BE(34)
  const widths = Array.from({ length: font.numGlyphs }, (_, glyph) =>
    Math.round(hmtx.readUInt16BE(4 * Math.min(glyph, long - 1)) * scale),
  )
  const characters = new Set(font.characterSet)
  const glyphs = new Map<number, number>()
  const glyphOf = (codePoint: number): number => {
    let glyph = glyphs.get(codePoint)
    if (glyph === undefined) {
      // Figures are all of one width: amounts stand in columns.
      const figure = codePoint >= 48 && codePoint <= 57
      glyph = figure
        ? font.layout(String.fromCodePoint(codePoint), { ...features, tnum: true }).glyphs[0]!.id
        : font.glyphForCodePoint(codePoint).id
      glyphs.set(codePoint, glyph)
    }
    return glyph
  }
  const pairs = new Map<string, number>()
  const kerning = (left: string, right: string): number => {
    const pair = left + right
    let kern = pairs.get(pair)
    if (kern === undefined) {
      const { positions } = font.layout(pair, features)
      kern = Math.round(
        (positions[0]!.xAdvance - hmtx.readUInt16BE(4 * Math.min(glyphOf(left.codePointAt(0)!), long - 1))) *
          scale,
      )
      pairs.set(pair, kern)
    }
    return kern
  }
  const common = new Map<number, string>()
  if (script === 'latin') {
    for (const codePoint of [...characters].sort((a, b) => a - b)) {
      // Marks that stand alone, arrows and the like are rare: who needs them embeds them.
      if (codePoint >= 32 && isPlain(codePoint)) {
        const glyph = glyphOf(codePoint)
        if (!common.has(glyph)) common.set(glyph, String.fromCodePoint(codePoint))
      }
    }
  }
  const face = {
    script,
    weight,
    tables,
    widths,
    ascent: Math.round(font.ascent * scale),
    descent: Math.round(font.descent * scale),
    cap_height: Math.round(font.capHeight * scale),
    box: [font.bbox.minX, font.bbox.minY, font.bbox.maxX, font.bbox.maxY].map((value) =>
      Math.round(value * scale),
    ),
    has: (codePoint: number) => characters.has(codePoint),
    common,
    font,
    glyphOf,
    kerning,
  }
  faces.set(id, face)
  return face
}

/** What the Latin face has and every document carries: the letters of western Europe, and what stands between words. */
function isPlain(codePoint: number): boolean {
  return (
    (codePoint >= 0x20 && codePoint <= 0x7e) ||
    (codePoint >= 0xa0 && codePoint <= 0xff && codePoint !== 0xad) ||
    codePoint === 0x131 ||
    codePoint === 0x152 ||
    codePoint === 0x153 ||
    codePoint === 0x2013 ||
    codePoint === 0x2014 ||
    (codePoint >= 0x2018 && codePoint <= 0x201a) ||
    (codePoint >= 0x201c && codePoint <= 0x201e) ||
    codePoint === 0x2022 ||
    codePoint === 0x2026 ||
    codePoint === 0x20ac ||
    codePoint === 0x2122 ||
    codePoint === 0x2212
  )
}

/** The Latin face of a weight, whose `common` glyphs every document carries. */
export function openLatin(weight: Weight): Face {
  return openFace('latin', weight)
}

/** One form for each letter, no control characters, and no kinds of space that the font lacks. */
export function cleanText(text: string): string {
  // Most texts are plain: nothing to be done.
  if (/^[ -~\u00a0-\u00ac\u00ae-\u00ff\u2013\u20ac]*$/.test(text)) return text
  return text
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    .replace(/[\u2000-\u200a\u202f]/g, '\u00a0')
    .replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, (sign) => (sign === '\t' ? ' ' : ''))
}

const hex = (glyph: number) => glyph.toString(16).padStart(4, '0')

const isFigure = (codePoint: number) => codePoint >= 48 && codePoint <= 57

/** A word of plain letters: a glyph each, closer or wider by the pair. */
function shapePlain(word: string, face: Face & Opened): Shaped {
  let operand = '<'
  let width = 0
  let before = ''
  for (const letter of word) {
    const codePoint = letter.codePointAt(0)!
    const glyph = face.glyphOf(codePoint)
    if (before !== '' && !isFigure(codePoint) && !isFigure(before.charCodeAt(0))) {
      const kern = face.kerning(before, letter)
      if (kern !== 0) {
        operand += `>${-kern}<`
        width += kern
      }
    }
    operand += hex(glyph)
    width += face.widths[glyph]!
    before = letter
  }
  return {
    width,
    pieces: [{ face, common: true, glyphs: new Map(), operand: `${operand}>`, placed: [], width }],
  }
}

/** A word of any letters: cut where the font changes; a letter that no font has becomes a question mark. */
function shapeAny(word: string, weight: Weight): Shaped {
  const latin = openFace('latin', weight)
  const cuts: { face: Face & Opened; text: string }[] = []
  for (const letter of word) {
    const codePoint = letter.codePointAt(0)!
    const last = cuts.at(-1)
    let face = last?.face.has(codePoint) ? last.face : undefined
    for (const script of face ? [] : scripts) {
      const candidate = openFace(script, weight)
      if (!candidate.has(codePoint)) continue
      face = candidate
      break
    }
    // A mark over a letter that no font has is left out: the letter says enough.
    if (!face && /\p{M}/u.test(letter)) continue
    const shown = face ? letter : '?'
    face ??= latin
    if (last?.face === face) last.text += shown
    else cuts.push({ face, text: shown })
  }
  const pieces: Piece[] = []
  let width = 0
  for (const { face, text } of cuts) {
    const scale = 1000 / face.font.unitsPerEm
    const { glyphs, positions } = face.font.layout(text, features)
    const placed = glyphs.map((glyph, i): Placed => {
      const [only] = glyph.codePoints
      const figure = glyph.codePoints.length === 1 && only !== undefined && isFigure(only)
      const id = figure ? face.glyphOf(only) : glyph.id
      return {
        glyph: id,
        advance: figure ? face.widths[id]! : Math.round(positions[i]!.xAdvance * scale),
        x: Math.round(positions[i]!.xOffset * scale),
        y: Math.round(positions[i]!.yOffset * scale),
        text: String.fromCodePoint(...glyph.codePoints),
      }
    })
    for (let from = 0; from < placed.length; ) {
      const common = face.common.has(placed[from]!.glyph)
      let to = from + 1
      while (to < placed.length && face.common.has(placed[to]!.glyph) === common) to++
      pieces.push(toPiece(face, common, placed.slice(from, to)))
      from = to
    }
    width += placed.reduce((sum, { advance }) => sum + advance, 0)
  }
  return { pieces, width }
}

function toPiece(face: Face, common: boolean, placed: Placed[]): Piece {
  let operand = ''
  let raised = false
  for (const { glyph, advance, x, y } of placed) {
    if (y !== 0) raised = true
    if (x !== 0) operand += -x
    operand += `<${hex(glyph)}>`
    // What the glyph's own width does not say.
    const rest = advance - face.widths[glyph]! - x
    if (rest !== 0) operand += -rest
  }
  return {
    face,
    common,
    glyphs: common ? new Map() : new Map(placed.map(({ glyph, text }) => [glyph, text])),
    operand: raised ? null : operand,
    placed: raised ? placed : [],
    width: placed.reduce((sum, { advance }) => sum + advance, 0),
  }
}

/** How many words are remembered of one weight: documents say the same words again and again. */
const wordsRemembered = 30_000
const remembered: Record<Weight, Map<string, Shaped>> = { 400: new Map(), 600: new Map() }

/** A word (or the space behind it) as glyphs. The text is clean (`cleanText`) and on one line. */
export function shapeWord(word: string, weight: Weight): Shaped {
  const words = remembered[weight]
  let shaped = words.get(word)
  if (!shaped) {
    if (words.size >= wordsRemembered) words.clear()
    let plain = true
    for (const letter of word) if (!isPlain(letter.codePointAt(0)!)) plain = false
    shaped = plain ? shapePlain(word, openFace('latin', weight)) : shapeAny(word, weight)
    words.set(word, shaped)
  }
  return shaped
}

/** How wide a clean text of one line is, in points. */
export function measure(text: string, weight: Weight, size: number): number {
  let width = 0
  for (const word of splitWords(text)) width += shapeWord(word, weight).width
  return (width * size) / 1000
}

/** Words, each with the space behind it. */
export function splitWords(text: string): string[] {
  const words: string[] = []
  for (let from = 0; from < text.length; ) {
    const space = text.indexOf(' ', from)
    const to = space < 0 ? text.length : space + 1
    words.push(text.slice(from, to))
    from = to
  }
  return words
}

const wrapped = new Map<string, string[]>()

/**
 * Clean lines no wider than that: breaks at spaces, and inside a word only where it is longer than the line. Remembered:
 * addresses, prices and instructions stand on thousands of documents.
 */
export function wrap(text: string, weight: Weight, size: number, width: number): string[] {
  const key = `${weight} ${size} ${width} ${text}`
  let lines = wrapped.get(key)
  if (!lines) {
    if (wrapped.size >= 5000) wrapped.clear()
    lines = breakLines(text, weight, size, width)
    if (text.length <= 500) wrapped.set(key, lines)
  }
  return lines
}

function breakLines(text: string, weight: Weight, size: number, width: number): string[] {
  const lines: string[] = []
  for (const paragraph of cleanText(text).split('\n')) {
    let line = ''
    let used = 0
    for (let word of paragraph.split(' ')) {
      const joined = used + (line === '' ? 0 : measure(' ', weight, size))
      let wide = measure(word, weight, size)
      // A text that just fits, fits: sums of fractions differ by the order in which they are added.
      if (joined + wide <= width + 0.01) {
        line = line === '' ? word : `${line} ${word}`
        used = joined + wide
        continue
      }
      if (line !== '') lines.push(line)
      while (wide > width) {
        const letters = [...word]
        let fits = 1
        let taken = measure(letters[0]!, weight, size)
        while (fits < letters.length) {
          taken += measure(letters[fits]!, weight, size)
          if (taken > width) break
          fits++
        }
        lines.push(letters.slice(0, fits).join(''))
        word = letters.slice(fits).join('')
        wide = measure(word, weight, size)
      }
      line = word
      used = wide
    }
    lines.push(line)
  }
  return lines
}

/** The glyphs that a glyph is put together from. */
function componentsOf(outline: Buffer): number[] {
  if (outline.length === 0 || outline.readInt16BE(0) >= 0) return []
  const glyphs: number[] = []
  let at = 10
  let flags = 0x20
  while (flags & 0x20) {
    flags = outline.readUInt16BE(at)
    glyphs.push(outline.readUInt16BE(at + 2))
    at += 4 + (flags & 1 ? 4 : 2) + (flags & 8 ? 2 : flags & 0x40 ? 4 : flags & 0x80 ? 8 : 0)
  }
  return glyphs
}

/**
 * A TrueType file with the outlines of these glyphs alone. Glyphs keep their numbers, so that what was written with the
 * whole font is right with its part.
 */
function subsetFace(face: Face, glyphs: Iterable<number>): Buffer {
  const { tables } = face
  const glyf = tables.get('glyf')!
  const loca = tables.get('loca')!
  const long = tables.get('head')!.readInt16BE(50) === 1
  const offset = (glyph: number) => (long ? loca.readUInt32BE(glyph * 4) : loca.readUInt16BE(glyph * 2) * 2)
  const outlineOf = (glyph: number) => glyf.subarray(offset(glyph), offset(glyph + 1))
  // The glyph of what is missing belongs to every font.
  const wanted = new Set([0, ...glyphs])
  for (const glyph of wanted) for (const part of componentsOf(outlineOf(glyph))) wanted.add(part)
  const count = Math.max(...wanted) + 1
  const places = Buffer.alloc((count + 1) * 4)
  const outlines: Buffer[] = []
  let at = 0
  for (let glyph = 0; glyph < count; glyph++) {
    places.writeUInt32BE(at, glyph * 4)
    if (!wanted.has(glyph)) continue
    const outline = outlineOf(glyph)
    const padded = Buffer.alloc(Math.ceil(outline.length / 4) * 4)
    outline.copy(padded)
    outlines.push(padded)
    at += padded.length
  }
  places.writeUInt32BE(at, count * 4)
  const head = Buffer.from(tables.get('head')!)
  head.writeInt16BE(1, 50)
  const maxp = Buffer.from(tables.get('maxp')!)
  maxp.writeUInt16BE(count, 4)
  const hhea = Buffer.from(tables.get('hhea')!)
  hhea.writeUInt16BE(count, 34)
  const metrics = tables.get('hmtx')!
  const metricsCount = tables.get('hhea')!.readUInt16BE(34)
  const hmtx = Buffer.alloc(count * 4)
  for (const glyph of wanted) {
    hmtx.writeUInt16BE(metrics.readUInt16BE(4 * Math.min(glyph, metricsCount - 1)), glyph * 4)
    const bearing = glyph < metricsCount ? glyph * 4 + 2 : metricsCount * 4 + (glyph - metricsCount) * 2
    hmtx.writeInt16BE(metrics.readInt16BE(bearing), glyph * 4 + 2)
  }
  const subset = new Map<string, Buffer>([
    ['head', head],
    ['hhea', hhea],
    ['hmtx', hmtx],
    ['maxp', maxp],
    ['loca', places],
    ['glyf', Buffer.concat(outlines)],
  ])
  for (const name of ['cvt ', 'fpgm', 'prep']) {
    const table = tables.get(name)
    if (table) subset.set(name, table)
  }
  return packTrueType(subset)
}

/** The PDF objects of a font but for their numbers: `refs` name the objects around. */
export type FontObjects = {
  file: Buffer
  to_unicode: string
  type0(refs: { descendant: number; to_unicode: number }): string
  descendant(refs: { descriptor: number }): string
  descriptor(refs: { file: number }): string
}

/** What a PDF needs to draw these glyphs, and to say which text they stand for. */
export function describeFont(face: Face, glyphs: ReadonlyMap<number, string>): FontObjects {
  const numbers = [...glyphs.keys()].sort((a, b) => a - b)
  const tag = [...createHash('sha256').update(`${face.script} ${numbers.join()}`).digest().subarray(0, 6)]
    .map((byte) => String.fromCharCode(65 + (byte % 26)))
    .join('')
  const name = `${tag}+Inter-${face.weight === 600 ? 'SemiBold' : 'Regular'}`
  const widths: string[] = []
  for (let i = 0; i < numbers.length; ) {
    let to = i + 1
    while (to < numbers.length && numbers[to] === numbers[to - 1]! + 1) to++
    widths.push(
      `${numbers[i]} [${numbers
        .slice(i, to)
        .map((glyph) => face.widths[glyph])
        .join(' ')}]`,
    )
    i = to
  }
  const entries = numbers.map((glyph) => {
    const units = Buffer.from(glyphs.get(glyph)!, 'utf16le').swap16().toString('hex')
    return `<${hex(glyph)}> <${units}>`
  })
  const blocks: string[] = []
  for (let i = 0; i < entries.length; i += 100) {
    const block = entries.slice(i, i + 100)
    blocks.push(`${block.length} beginbfchar\n${block.join('\n')}\nendbfchar`)
  }
  return {
    file: subsetFace(face, numbers),
    to_unicode: `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <ffff>
endcodespacerange
${blocks.join('\n')}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
`,
    type0: ({ descendant, to_unicode }) =>
      `<< /Type /Font /Subtype /Type0 /BaseFont /${name} /Encoding /Identity-H /DescendantFonts [${descendant} 0 R] /ToUnicode ${to_unicode} 0 R >>`,
    descendant: ({ descriptor }) =>
      `<< /Type /Font /Subtype /CIDFontType2 /BaseFont /${name} /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor ${descriptor} 0 R /DW 0 /W [${widths.join(' ')}] /CIDToGIDMap /Identity >>`,
    descriptor: ({ file }) =>
      `<< /Type /FontDescriptor /FontName /${name} /Flags 4 /FontBBox [${face.box.join(' ')}] /ItalicAngle 0 /Ascent ${face.ascent} /Descent ${face.descent} /CapHeight ${face.cap_height} /StemV ${face.weight === 600 ? 130 : 90} /FontFile2 ${file} 0 R >>`,
  }
}
