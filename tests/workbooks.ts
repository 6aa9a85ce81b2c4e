import { crc32, deflateRawSync } from 'node:zlib'
import { openSpreadsheet } from '../server/platform/spreadsheets.ts'

/** A ZIP file of these parts, as any program writes one. */
export function zip(parts: Record<string, string | Buffer>): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [name, part] of Object.entries(parts)) {
    const content = Buffer.from(part as string)
    const packed = deflateRawSync(content)
    const sizes = Buffer.alloc(12)
    sizes.writeUInt32LE(crc32(content), 0)
    sizes.writeUInt32LE(packed.length, 4)
    sizes.writeUInt32LE(content.length, 8)
    const named = Buffer.from(name)
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50, 0)
    head.writeUInt16LE(20, 4)
    head.writeUInt16LE(8, 8)
    sizes.copy(head, 14)
    head.writeUInt16LE(named.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(20, 6)
    entry.writeUInt16LE(8, 10)
    sizes.copy(entry, 16)
    entry.writeUInt16LE(named.length, 28)
    entry.writeUInt32LE(at, 42)
    locals.push(head, named, packed)
    directory.push(entry, named)
    at += head.length + named.length + packed.length
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(directory.length / 2, 8)
  end.writeUInt16LE(directory.length / 2, 10)
  end.writeUInt32LE(listed.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...locals, listed, end])
}

const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const relations = (lines: string) =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${lines}</Relationships>`

/** A workbook of one sheet whose rows, texts and formats are written as XML, to make what no program would. */
export function rawWorkbook(rows: string, options: { texts?: string; styles?: string } = {}): Buffer {
  const { texts, styles } = options
  return zip({
    '[Content_Types].xml': '<Types/>',
    '_rels/.rels': relations(
      `<Relationship Id="r1" Type="${office}/officeDocument" Target="xl/workbook.xml"/>`,
    ),
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="Data" sheetId="1" r:id="r1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations(
      `<Relationship Id="r1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/>${
        texts === undefined
          ? ''
          : `<Relationship Id="r2" Type="${office}/sharedStrings" Target="sharedStrings.xml"/>`
      }${styles === undefined ? '' : `<Relationship Id="r3" Type="${office}/styles" Target="styles.xml"/>`}`,
    ),
    ...(texts === undefined ? {} : { 'xl/sharedStrings.xml': `<sst xmlns="${main}">${texts}</sst>` }),
    ...(styles === undefined
      ? {}
      : { 'xl/styles.xml': `<styleSheet xmlns="${main}">${styles}</styleSheet>` }),
    'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}"><sheetData>${rows}</sheetData></worksheet>`,
  })
}

/** The rows of a workbook's first sheet, or the one of a name, as text. */
export async function readRows(bytes: Buffer, sheet?: string): Promise<string[][]> {
  const book = await openSpreadsheet(bytes)
  const rows: string[][] = []
  for await (const bunch of book.rows(sheet ?? book.sheets[0]!.name))
    rows.push(...bunch.map((row) => row.cells))
  return rows
}
