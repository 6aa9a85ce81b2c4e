// Writes PDF/A-3 files: tagged for readers aloud, with their fonts inside. What is the same in every document (fonts, colour
// profile) is written once in the life of the process; a document adds its pages.
import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import {
  cleanText,
  describeFont,
  type Face,
  measure,
  openLatin,
  type Piece,
  shapeWord,
  splitWords,
  type Weight,
} from './fonts.ts'
import type { Picture } from './pictures.ts'
import { writeSrgbProfile } from './srgb.ts'

/** A4 in points. */
export const page = { width: 595.28, height: 841.89, margin: 48, top: 48, bottom: 78 }
export const inner = page.width - 2 * page.margin
export const right = page.width - page.margin
export const lowest = page.height - page.bottom

export const ink = { text: '#1a1d21', soft: '#5c636d', line: '#dfe3e8', good: '#18794e', bad: '#c62a2f' }

/** From one line to the next. */
export const lineHeight = (size: number) => Math.round(size * 1.42 * 10) / 10

export type Style = { size?: number; weight?: Weight; colour?: string; align?: 'left' | 'right' | 'centre' }

/** A file that travels inside the document: what it shows, for programs. */
export type Attachment = {
  name: string
  media_type: string
  description: string
  bytes: Buffer
}

export type DocumentFacts = {
  title: string
  author: string
  subject: string
  /** Of the text: a language tag. */
  language: string
  /** The document's own date, so that no clock is read and the same document gives the same bytes. */
  created: Temporal.PlainDate
  attachments?: readonly Attachment[]
}

/** An element of the structure: a heading, a paragraph, a table. */
export type Element = {
  type: string
  attributes: string
  /** Elements, or marked content by page and number. */
  kids: (Element | { page: number; mark: number })[]
}

type Page = { operators: string[]; marks: Element[] }

// The beginning of every file --------------------------------------------------------------------------------------

const weights = [400, 600] as const

/** What is compressed for each document is short: a small window takes half the time and packs nearly as well. */
const pack = (bytes: Buffer): Buffer => deflateSync(bytes, { level: 4, windowBits: 14, memLevel: 7 })
const packWell = (bytes: Buffer): Buffer => deflateSync(bytes, { level: 9 })

/** The objects that every document begins with, and where they are. */
type Prelude = {
  bytes: Buffer
  offsets: number[]
  packed: Map<number, [stream: number, index: number]>
  next: number
}

let prelude: Prelude | null = null

const outputIntent = 6
const fontObject: Record<Weight, number> = { 400: 7, 600: 10 }
const commonObjects = 13

function streamObject(number: number, dictionary: string, data: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${number} 0 obj\n<< ${dictionary} /Length ${data.length} >>\nstream\n`, 'latin1'),
    data,
    Buffer.from('\nendstream\nendobj\n', 'latin1'),
  ])
}

/** Objects that are no streams, packed into one. */
function packObjects(
  number: number,
  objects: readonly [number: number, body: string][],
  compress: (bytes: Buffer) => Buffer,
): Buffer {
  let index = ''
  let bodies = ''
  for (const [object, body] of objects) {
    index += `${object} ${bodies.length} `
    bodies += `${body}\n`
  }
  const data = compress(Buffer.from(index + bodies, 'latin1'))
  const dictionary = `/Type /ObjStm /N ${objects.length} /First ${index.length} /Filter /FlateDecode`
  return streamObject(number, dictionary, data)
}

/** Everything of a file that no document changes: two weights of Latin letters and the profile of the colours. */
function writePrelude(): Prelude {
  // What follows the version tells programs that the file is binary.
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1')]
  const offsets: number[] = []
  let at = parts[0]!.length
  const add = (number: number, bytes: Buffer) => {
    offsets[number] = at
    parts.push(bytes)
    at += bytes.length
  }
  const objects: [number, string][] = [
    [
      outputIntent,
      '<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB IEC61966-2.1) /RegistryName (http://www.color.org) /Info (sRGB IEC61966-2.1) /DestOutputProfile 5 0 R >>',
    ],
  ]
  for (const [i, weight] of weights.entries()) {
    const face = openLatin(weight)
    const font = describeFont(face, face.common)
    const [file, unicode] = [1 + i * 2, 2 + i * 2]
    const type0 = fontObject[weight]
    add(file, streamObject(file, `/Filter /FlateDecode /Length1 ${font.file.length}`, packWell(font.file)))
    const map = packWell(Buffer.from(font.to_unicode, 'latin1'))
    add(unicode, streamObject(unicode, '/Filter /FlateDecode', map))
    objects.push(
      [type0, font.type0({ descendant: type0 + 1, to_unicode: unicode })],
      [type0 + 1, font.descendant({ descriptor: type0 + 2 })],
      [type0 + 2, font.descriptor({ file })],
    )
  }
  const profile = packWell(writeSrgbProfile())
  add(5, streamObject(5, '/N 3 /Filter /FlateDecode', profile))
  add(commonObjects, packObjects(commonObjects, objects, packWell))
  const packed = new Map(
    objects.map(([number], index) => [number, [commonObjects, index] as [number, number]]),
  )
  return { bytes: Buffer.concat(parts), offsets, packed, next: commonObjects + 1 }
}

// Values -----------------------------------------------------------------------------------------------------------

/** A number as PDF writes it. */
const n = (value: number) => String(Math.round(value * 100) / 100)

const colours = new Map<string, string>()

/** #rrggbb as the operands of a colour operator. */
function colourOf(colour: string): string {
  let operands = colours.get(colour)
  if (operands === undefined) {
    if (!/^#[0-9a-f]{6}$/i.test(colour)) throw new Error(`Not a colour of the form #rrggbb: ${colour}`)
    operands = [1, 3, 5]
      .map((at) => String(Math.round((Number.parseInt(colour.slice(at, at + 2), 16) / 255) * 1000) / 1000))
      .join(' ')
    if (colours.size > 1000) colours.clear()
    colours.set(colour, operands)
  }
  return operands
}

/** A text in the file's own structure (not on a page): as it is where it is ASCII, else as UTF-16. */
export function textString(text: string): string {
  if (/^[ -~]*$/.test(text)) return `(${text.replace(/[\\()]/g, '\\$&')})`
  return `<feff${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`
}

const xml = (text: string) =>
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')

/** What programs read of the document: title, author, and that it is PDF/A-3, level B (ISO 19005-3). */
function writeMetadata(facts: DocumentFacts, when: string, id: string): string {
  const language = xml(facts.language)
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">${xml(facts.title)}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>${xml(facts.author)}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">${xml(facts.subject)}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>${language}</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>Zaguan</xmp:CreatorTool><xmp:CreateDate>${when}</xmp:CreateDate><xmp:ModifyDate>${when}</xmp:ModifyDate>
<pdf:Producer>Zaguan</pdf:Producer>
<xmpMM:DocumentID>uuid:${id}</xmpMM:DocumentID>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>`
}

// The document -----------------------------------------------------------------------------------------------------

/**
 * A PDF that is being drawn, from the top of each page down. Everything on a page is either content of an element (`tag`)
 * or decoration (`decorate`).
 */
export class PdfDraft {
  readonly root: Element = { type: 'Document', attributes: '', kids: [] }
  readonly facts: DocumentFacts
  #pages: Page[] = []
  #page: Page | null = null
  /** Glyphs beyond the common ones, by face. */
  #fonts = new Map<Face, { name: string; glyphs: Map<number, string> }>()
  #pictures: Picture[] = []

  constructor(facts: DocumentFacts) {
    this.facts = facts
  }

  get pageCount(): number {
    return this.#pages.length
  }

  addPage(): void {
    this.#page = { operators: [], marks: [] }
    this.#pages.push(this.#page)
  }

  /** Goes back to a page, counted from 0, to add what was not known before. */
  switchTo(index: number): void {
    this.#page = this.#pages[index]!
  }

  #put(operator: string): void {
    this.#page!.operators.push(operator)
  }

  /** An element inside another, to which elements and content are added. */
  group(parent: Element, type: string, attributes = ''): Element {
    const element: Element = { type, attributes, kids: [] }
    parent.kids.push(element)
    return element
  }

  /** Draws the content of an element. */
  fill(element: Element, draw: () => void): void {
    const current = this.#page!
    const mark = current.marks.length
    current.marks.push(element)
    element.kids.push({ page: this.#pages.indexOf(current), mark })
    current.operators.push(`/${element.type} <</MCID ${mark}>> BDC`)
    draw()
    current.operators.push('EMC')
  }

  /** A new element with its content. */
  tag(parent: Element, type: string, draw: () => void, attributes = ''): void {
    this.fill(this.group(parent, type, attributes), draw)
  }

  /** Draws what is for the eye only: a reader aloud passes over it. */
  decorate(draw: () => void, pagination = false): void {
    this.#put(pagination ? '/Artifact <</Type /Pagination>> BDC' : '/Artifact <</Type /Layout>> BDC')
    draw()
    this.#put('EMC')
  }

  /** Writes clean lines of text, the first with its top at y; returns the y below them. */
  write(lines: readonly string[], x: number, y: number, width: number, style: Style = {}): number {
    const { size = 9, weight = 400, colour = ink.text, align = 'left' } = style
    let at = y
    let text = ''
    for (const line of lines) {
      if (line !== '') {
        const left =
          align === 'left'
            ? x
            : align === 'right'
              ? x + width - measure(line, weight, size)
              : x + (width - measure(line, weight, size)) / 2
        // The space behind a line parts it from the next for who reads aloud or copies.
        text += this.#line(`${line} `, left, at + size * 0.969, size, weight)
      }
      at += lineHeight(size)
    }
    if (text !== '') this.#put(`BT ${colourOf(colour)} rg ${text}ET`)
    return at
  }

  #line(line: string, x: number, baseline: number, size: number, weight: Weight): string {
    let operators = `1 0 0 1 ${n(x)} ${n(page.height - baseline)} Tm `
    let font = ''
    let operand = ''
    const flush = () => {
      if (operand !== '') operators += `[${operand}] TJ `
      operand = ''
    }
    for (const word of splitWords(line)) {
      for (const piece of shapeWord(word, weight).pieces) {
        const name = this.#fontOf(piece, weight)
        if (name !== font) {
          flush()
          operators += `/${name} ${size} Tf `
          font = name
        }
        if (piece.operand !== null) {
          operand += piece.operand
          continue
        }
        // Marks that stand above or below where they would.
        for (const { glyph, advance, x: dx, y: dy } of piece.placed) {
          flush()
          const rest = advance - piece.face.widths[glyph]! - dx
          const code = glyph.toString(16).padStart(4, '0')
          operators += `${n((dy * size) / 1000)} Ts [${dx === 0 ? '' : -dx}<${code}>${rest === 0 ? '' : -rest}] TJ `
        }
        operators += '0 Ts '
      }
    }
    flush()
    return operators
  }

  #fontOf(piece: Piece, weight: Weight): string {
    if (piece.common) return weight === 400 ? 'F0' : 'F1'
    let font = this.#fonts.get(piece.face)
    if (!font) {
      font = { name: `F${2 + this.#fonts.size}`, glyphs: new Map() }
      this.#fonts.set(piece.face, font)
    }
    for (const [glyph, text] of piece.glyphs) font.glyphs.set(glyph, text)
    return font.name
  }

  #rounded(x: number, y: number, width: number, height: number, radius: number): string {
    const r = Math.min(radius, width / 2, height / 2)
    const c = r * 0.4477
    const top = page.height - y
    const [x1, y1, low] = [x + width, top, top - height]
    return [
      `${n(x + r)} ${n(y1)} m ${n(x1 - r)} ${n(y1)} l`,
      `${n(x1 - c)} ${n(y1)} ${n(x1)} ${n(y1 - c)} ${n(x1)} ${n(y1 - r)} c`,
      `${n(x1)} ${n(low + r)} l ${n(x1)} ${n(low + c)} ${n(x1 - c)} ${n(low)} ${n(x1 - r)} ${n(low)} c`,
      `${n(x + r)} ${n(low)} l ${n(x + c)} ${n(low)} ${n(x)} ${n(low + c)} ${n(x)} ${n(low + r)} c`,
      `${n(x)} ${n(y1 - r)} l ${n(x)} ${n(y1 - c)} ${n(x + c)} ${n(y1)} ${n(x + r)} ${n(y1)} c h`,
    ].join(' ')
  }

  fillBox(x: number, y: number, width: number, height: number, colour: string, radius = 0): void {
    const path =
      radius === 0
        ? `${n(x)} ${n(page.height - y - height)} ${n(width)} ${n(height)} re`
        : this.#rounded(x, y, width, height, radius)
    this.#put(`${colourOf(colour)} rg ${path} f`)
  }

  /** Squares of a grid (a QR code), the dark ones filled: black, as scanners want it. */
  fillCells(x: number, y: number, side: number, rows: readonly (readonly boolean[])[]): void {
    const boxes: string[] = []
    for (const [at, row] of rows.entries()) {
      for (let from = 0; from < row.length; from++) {
        if (!row[from]) continue
        let to = from
        while (row[to]) to++
        boxes.push(`${from} ${at} ${to - from} 1 re`)
        from = to
      }
    }
    // Whole numbers on a grid that is scaled at once: no hair line stands between two squares.
    const scale = Math.round((side / rows.length) * 10_000) / 10_000
    this.#put(`q ${scale} 0 0 ${-scale} ${n(x)} ${n(page.height - y)} cm 0 0 0 rg ${boxes.join(' ')} f Q`)
  }

  strokeBox(
    x: number,
    y: number,
    width: number,
    height: number,
    colour: string,
    line: number,
    radius: number,
  ): void {
    this.#put(`${colourOf(colour)} RG ${n(line)} w ${this.#rounded(x, y, width, height, radius)} S`)
  }

  /** Fills black bars of whole modules, which are scaled to a width at once. */
  fillBars(
    x: number,
    y: number,
    width: number,
    height: number,
    code: { bars: readonly { at: number; width: number }[]; modules: number },
  ): void {
    const boxes = code.bars.map((bar) => `${bar.at} 0 ${bar.width} 1 re`)
    const scale = Math.round((width / code.modules) * 10_000) / 10_000
    this.#put(
      `q ${scale} 0 0 ${n(height)} ${n(x)} ${n(page.height - y - height)} cm 0 0 0 rg ${boxes.join(' ')} f Q`,
    )
  }

  drawLine(x: number, y: number, to: number, colour: string, line: number): void {
    const at = n(page.height - y)
    this.#put(`${colourOf(colour)} RG ${n(line)} w ${n(x)} ${at} m ${n(to)} ${at} l S`)
  }

  /** Draws turned about a point, by degrees against the clock. */
  turn(degrees: number, x: number, y: number, draw: () => void): void {
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
    const [cx, cy] = [x, page.height - y]
    const matrix = [cos, sin, -sin, cos].map((value) => value.toFixed(5)).join(' ')
    this.#put(`q ${matrix} ${n(cx - cos * cx + sin * cy)} ${n(cy - sin * cx - cos * cy)} cm`)
    draw()
    this.#put('Q')
  }

  /** A picture inside a box, as large as fits, from its top left corner. */
  drawPicture(picture: Picture, x: number, y: number, width: number, height: number): void {
    const scale = Math.min(width / picture.width, height / picture.height)
    let index = this.#pictures.indexOf(picture)
    if (index < 0) index = this.#pictures.push(picture) - 1
    const [w, h] = [picture.width * scale, picture.height * scale]
    this.#put(`q ${n(w)} 0 0 ${n(h)} ${n(x)} ${n(page.height - y - h)} cm /I${index} Do Q`)
  }

  /** The file. The same drawing gives the same bytes. */
  finish(): Buffer {
    prelude ??= writePrelude()
    const common = prelude
    const parts: Buffer[] = [common.bytes]
    const offsets: number[] = [...common.offsets]
    const packed: [number, string][] = []
    let at = common.bytes.length
    let next = common.next
    const take = () => next++
    const stream = (dictionary: string, data: Buffer, number = take()): number => {
      const bytes = streamObject(number, dictionary, data)
      offsets[number] = at
      parts.push(bytes)
      at += bytes.length
      return number
    }
    const deflated = (text: string, dictionary = '') =>
      stream(`${dictionary} /Filter /FlateDecode`, pack(Buffer.from(text, 'latin1')))
    const object = (body: string, number = take()): number => {
      packed.push([number, body])
      return number
    }

    // What the pages draw with.
    let fonts = `/F0 ${fontObject[400]} 0 R /F1 ${fontObject[600]} 0 R`
    for (const [face, { name, glyphs }] of this.#fonts) {
      const font = describeFont(face, glyphs)
      const file = stream(`/Filter /FlateDecode /Length1 ${font.file.length}`, pack(font.file))
      const descriptor = object(font.descriptor({ file }))
      const descendant = object(font.descendant({ descriptor }))
      fonts += ` /${name} ${object(font.type0({ descendant, to_unicode: deflated(font.to_unicode) }))} 0 R`
    }
    const pictures = this.#pictures.map(({ width, height, data }, i) => {
      const number = stream(
        `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors 3 /BitsPerComponent 8 /Columns ${width} >>`,
        data,
      )
      return `/I${i} ${number} 0 R`
    })
    const xobjects = pictures.length > 0 ? ` /XObject << ${pictures.join(' ')} >>` : ''
    const resources = object(`<< /Font << ${fonts} >>${xobjects} >>`)

    // The pages.
    const tree = take()
    const pages = this.#pages.map(({ operators }, i) => {
      const content = deflated(operators.join('\n'))
      return object(
        `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 ${page.width} ${page.height}] /Resources ${resources} 0 R /Contents ${content} 0 R /StructParents ${i} /Tabs /S >>`,
      )
    })
    const kids = pages.map((number) => `${number} 0 R`).join(' ')
    object(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`, tree)

    // The structure.
    const structure = take()
    const numbers = new Map<Element, number>()
    const describe = (element: Element, parent: number): number => {
      const number = take()
      numbers.set(element, number)
      let inside = ''
      let on: number | null = null
      for (const kid of element.kids) {
        if ('mark' in kid) {
          on ??= kid.page
          inside +=
            kid.page === on
              ? ` ${kid.mark}`
              : ` << /Type /MCR /Pg ${pages[kid.page]} 0 R /MCID ${kid.mark} >>`
        } else inside += ` ${describe(kid, number)} 0 R`
      }
      const where = on === null ? '' : ` /Pg ${pages[on]} 0 R`
      object(
        `<< /Type /StructElem /S /${element.type} /P ${parent} 0 R${where} /K [${inside.slice(1)}]${element.attributes} >>`,
        number,
      )
      return number
    }
    const top = describe(this.root, structure)
    const parents = this.#pages
      .map(({ marks }, i) => `${i} [${marks.map((element) => `${numbers.get(element)} 0 R`).join(' ')}]`)
      .join(' ')
    const parentTree = object(`<< /Nums [${parents}] >>`)
    object(
      `<< /Type /StructTreeRoot /K [${top} 0 R] /ParentTree ${parentTree} 0 R /ParentTreeNextKey ${this.#pages.length} >>`,
      structure,
    )

    // What it is, and what travels in it.
    const day = this.facts.created.toString({ calendarName: 'never' })
    const when = `${day}T00:00:00Z`
    const moment = `D:${day.replaceAll('-', '')}000000Z`
    const facts = {
      ...this.facts,
      title: cleanText(this.facts.title),
      author: cleanText(this.facts.author),
      subject: cleanText(this.facts.subject),
    }
    const attached = (facts.attachments ?? []).map(({ name, media_type, description, bytes }) => {
      const subtype = media_type.replace('/', '#2F')
      const file = stream(
        `/Type /EmbeddedFile /Subtype /${subtype} /Params << /Size ${bytes.length} /ModDate (${moment}) >> /Filter /FlateDecode`,
        pack(bytes),
      )
      const spec = object(
        `<< /Type /Filespec /F ${textString(name)} /UF ${textString(name)} /Desc ${textString(description)} /AFRelationship /Data /EF << /F ${file} 0 R /UF ${file} 0 R >> >>`,
      )
      return { name, spec }
    })
    const hash = createHash('sha256')
    for (const part of parts.slice(1)) hash.update(part)
    for (const [, body] of packed) hash.update(body, 'latin1')
    hash.update(facts.title)
    const id = hash.digest('hex').slice(0, 32)
    const metadata = stream(
      '/Type /Metadata /Subtype /XML',
      Buffer.from(
        writeMetadata(facts, when, id.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5')),
      ),
    )
    const info = object(
      `<< /Title ${textString(facts.title)} /Author ${textString(facts.author)} /Subject ${textString(facts.subject)} /Creator (Zaguan) /Producer (Zaguan) /CreationDate (${moment}) /ModDate (${moment}) >>`,
    )
    const files =
      attached.length > 0
        ? ` /AF [${attached.map(({ spec }) => `${spec} 0 R`).join(' ')}] /Names << /EmbeddedFiles << /Names [${attached.map(({ name, spec }) => `${textString(name)} ${spec} 0 R`).join(' ')}] >> >>`
        : ''
    const catalog = object(
      `<< /Type /Catalog /Version /1.7 /Pages ${tree} 0 R /Lang ${textString(facts.language)} /MarkInfo << /Marked true >> /StructTreeRoot ${structure} 0 R /ViewerPreferences << /DisplayDocTitle true >> /Metadata ${metadata} 0 R /OutputIntents [${outputIntent} 0 R]${files} >>`,
    )

    // Where everything is.
    const container = take()
    const place = new Map(common.packed)
    for (const [index, [number]] of packed.entries()) place.set(number, [container, index])
    const bundle = packObjects(container, packed, pack)
    offsets[container] = at
    parts.push(bundle)
    at += bundle.length
    const last = take()
    const table = Buffer.alloc((last + 1) * 7)
    table.writeUInt16BE(0xffff, 5)
    offsets[last] = at
    for (let number = 1; number <= last; number++) {
      const inside = place.get(number)
      table.writeUInt8(inside ? 2 : 1, number * 7)
      table.writeUInt32BE(inside ? inside[0] : offsets[number]!, number * 7 + 1)
      table.writeUInt16BE(inside ? inside[1] : 0, number * 7 + 5)
    }
    parts.push(
      streamObject(
        last,
        `/Type /XRef /Size ${last + 1} /W [1 4 2] /Root ${catalog} 0 R /Info ${info} 0 R /ID [<${id}> <${id}>]`,
        table,
      ),
      Buffer.from(`startxref\n${at}\n%%EOF\n`, 'latin1'),
    )
    return Buffer.concat(parts)
  }
}
