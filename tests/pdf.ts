import { inflateSync } from 'node:zlib'

/** A PDF taken apart, as far as tests ask. */
export type ReadPdf = {
  /** The text of each page as a reader of PDFs finds it: by the fonts' ToUnicode maps, with a line per piece of content. */
  pages: string[]
  /** Every object that is no stream, and the dictionaries of those that are. */
  objects: Map<number, string>
  catalog: string
  trailer: string
  metadata: string
  /** Attached files by name. */
  attachments: Map<string, Buffer>
  stream(number: number): Buffer
}

const refOf = (body: string, key: string) => {
  const found = new RegExp(`/${key} (\\d+) 0 R`).exec(body)?.[1]
  if (found === undefined) throw new Error(`no ${key} in ${body.slice(0, 200)}`)
  return Number(found)
}

/** Reads a PDF by its cross-reference stream: whatever is not found where that says, throws. */
export function readPdf(pdf: Uint8Array): ReadPdf {
  const bytes = Buffer.from(pdf)
  const source = bytes.toString('latin1')
  const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(source)![1])
  const rawAt = (at: number, number?: number) => {
    const head = /^(\d+) 0 obj\n(<<[\s\S]*?) >>\nstream\n/.exec(source.slice(at, at + 4000))
    if (!head || (number !== undefined && Number(head[1]) !== number)) throw new Error(`no object at ${at}`)
    const length = Number(/\/Length (\d+)$/.exec(head[2]!)![1])
    const from = at + head[0].length
    const data = bytes.subarray(from, from + length)
    if (source.slice(from + length, from + length + 18) !== '\nendstream\nendobj\n')
      throw new Error(`the length of ${head[1]} is another one`)
    return { dictionary: head[2]!, data: head[2]!.includes('/FlateDecode') ? inflateSync(data) : data }
  }
  const table = rawAt(start)
  const trailer = table.dictionary
  const size = Number(/\/Size (\d+)/.exec(trailer)![1])
  if (table.data.length !== size * 7) throw new Error('the table has another size')
  const streams = new Map<number, { dictionary: string; data: Buffer }>()
  const objects = new Map<number, string>()
  for (let number = 1; number < size; number++) {
    if (table.data[number * 7] !== 1) continue
    const found = rawAt(table.data.readUInt32BE(number * 7 + 1), number)
    streams.set(number, found)
    objects.set(number, found.dictionary)
  }
  for (let number = 1; number < size; number++) {
    if (table.data[number * 7] !== 2) continue
    const container = streams.get(table.data.readUInt32BE(number * 7 + 1))!
    const first = Number(/\/First (\d+)/.exec(container.dictionary)![1])
    const index = container.data.subarray(0, first).toString('latin1').trim().split(' ').map(Number)
    const place = table.data.readUInt16BE(number * 7 + 5)
    if (index[place * 2] !== number) throw new Error(`object ${number} is not where it is said to be`)
    const end = index[place * 2 + 3]
    objects.set(
      number,
      container.data
        .subarray(first + index[place * 2 + 1]!, end === undefined ? undefined : first + end)
        .toString('latin1')
        .trim(),
    )
  }
  const stream = (number: number) => streams.get(number)!.data
  const lettersOf = (font: number) => {
    const letters = new Map<string, string>()
    const map = stream(refOf(objects.get(font)!, 'ToUnicode')).toString('latin1')
    for (const [, glyph, units] of map.matchAll(/^<(\w{4})> <(\w+)>$/gm))
      letters.set(glyph!, Buffer.from(units!, 'hex').swap16().toString('utf16le'))
    return letters
  }
  const catalog = objects.get(refOf(trailer, 'Root'))!
  const kids = /\/Kids \[(.*?)\]/.exec(objects.get(refOf(catalog, 'Pages'))!)![1]!
  const pages = [...kids.matchAll(/(\d+) 0 R/g)].map(([, number]) => {
    const page = objects.get(Number(number))!
    const fonts = new Map<string, Map<string, string>>()
    for (const [, name, font] of objects.get(refOf(page, 'Resources'))!.matchAll(/\/(F\d+) (\d+) 0 R/g))
      fonts.set(name!, lettersOf(Number(font)))
    let letters = new Map<string, string>()
    let text = ''
    const content = stream(refOf(page, 'Contents')).toString('latin1')
    for (const [operator, font, shown] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[(.*?)\] TJ|BDC|1 0 0 1/g)) {
      if (font) letters = fonts.get(font)!
      else if (operator === 'BDC') text += '\n'
      else if (operator === '1 0 0 1') text += ' '
      else
        for (const [, run] of shown!.matchAll(/<(\w+)>/g))
          for (const glyph of run!.match(/.{4}/g) ?? []) text += letters.get(glyph) ?? '\ufffd'
    }
    return text.replace(/[\s\u00a0]+/g, (space) => (space.includes('\n') ? '\n' : ' '))
  })
  const attachments = new Map<string, Buffer>()
  for (const body of objects.values()) {
    const name = /\/Type \/Filespec \/F \((.*?)\)/.exec(body)?.[1]
    if (name) attachments.set(name, stream(refOf(body, 'EF << /F')))
  }
  return {
    pages,
    objects,
    catalog,
    trailer,
    metadata: stream(refOf(catalog, 'Metadata')).toString(),
    attachments,
    stream,
  }
}
