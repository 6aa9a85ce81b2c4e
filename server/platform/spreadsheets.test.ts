import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { writeXlsx } from 'hucre/xlsx'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawWorkbook, readRows, zip } from '../../tests/workbooks.ts'
import { MoneyCell, openSpreadsheet, SpreadsheetFault, writeSpreadsheet } from './spreadsheets.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zaguan-sheets-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function written(headers: string[], rows: unknown[][]): Promise<Buffer> {
  const path = join(folder, 'list.xlsx')
  await writeSpreadsheet(
    path,
    'List',
    headers,
    (async function* () {
      yield* rows
    })(),
  )
  return readFile(path)
}
const reasonOf = async (bytes: Buffer, limits?: Parameters<typeof openSpreadsheet>[1]) => {
  try {
    const book = await openSpreadsheet(bytes, limits)
    for await (const _rows of book.rows(book.sheets[0]!.name));
    return 'read'
  } catch (error) {
    if (error instanceof SpreadsheetFault) return error.reason
    throw error
  }
}

describe('reading a workbook', () => {
  it('shows dates, numbers, leading zeros, percentages and texts as a reader sees them', async () => {
    const column = (numFmt: string) => ({ style: { numFmt } })
    const bytes = Buffer.from(
      await writeXlsx({
        sheets: [
          {
            name: 'Uno',
            columns: [
              {},
              column('00000'),
              column('000"."000"."000\\-00'),
              column('dd/mm/yyyy'),
              column('0.0%'),
              column('#,##0.00'),
              column('[$-416]d" de "mmmm'),
            ],
            rows: [
              [
                'a',
                1310,
                1234567890,
                new Date('2026-02-28T00:00:00Z'),
                0.125,
                1234.5,
                new Date('1999-12-31'),
              ],
              [12345678000195, true, null, '=1+1', 0.1, 0.1 + 0.2, 'São Paulo & <b> "x"'],
              ['  two\nlines ', 5, 1, new Date('2026-02-28T13:05:00Z'), 1, -1e-7, 36526],
            ],
          },
        ],
      }),
    )
    expect(await readRows(bytes)).toEqual([
      ['a', '01310', '012.345.678-90', '2026-02-28', '12.5%', '1234.5', '1999-12-31'],
      ['12345678000195', 'true', '', '=1+1', '10%', '0.3', 'São Paulo & <b> "x"'],
      ['  two\nlines ', '00005', '000.000.000-01', '2026-02-28 13:05:00', '100%', '-0.0000001', '2000-01-01'],
    ])
  })

  it('writes decimals with the sign that is asked for, and never so that they read as thousands', async () => {
    const bytes = rawWorkbook(
      '<row r="1"><c r="A1"><v>1.234</v></c><c r="B1"><v>99.9</v></c><c r="C1"><v>7</v></c></row>',
    )
    const book = await openSpreadsheet(bytes)
    const shown = async (decimal: 'auto' | ',') => {
      for await (const [row] of book.rows('Data', { decimal })) return row!.cells
      return []
    }
    expect(await shown('auto')).toEqual(['1.2340', '99.9', '7'])
    expect(await shown(',')).toEqual(['1,234', '99,9', '7'])
  })

  it('knows every way that programs write cells', async () => {
    const rows =
      '<row r="2" spans="1:3"><c r="A2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c><c r="D2" t="s"><v>2</v></c></row>' +
      '<row r="3"/>' +
      "<row r='5'></row>" +
      '<row><c t="inlineStr"><is><t xml:space="preserve"> in </t></is></c><c t="str"><f>A2&amp;"x"</f><v>made&#10;up</v></c><c t="e"><v>#N/A</v></c><c t="b"><v>0</v></c><c t="d"><v>2026-05-21T00:00:00</v></c></row>'
    const texts =
      '<si><t>plain</t></si><si><r><t>ri</t></r><r><rPr><b/></rPr><t>ch</t></r><rPh sb="0" eb="1"><t>spoken</t></rPh></si><si><t><![CDATA[<raw> & ]]>_x0041_</t></si>'
    const book = await openSpreadsheet(rawWorkbook(rows.replace("<row r='5'></row>", ''), { texts }))
    const found = []
    for await (const bunch of book.rows('Data')) found.push(...bunch)
    expect(found).toEqual([
      { number: 2, cells: ['plain', '', 'rich', '<raw> & A'] },
      { number: 4, cells: [' in ', 'made\nup', '#N/A', 'false', '2026-05-21'] },
    ])
  })

  it('gives back any text that is written, whatever is in it', async () => {
    const cell = fc
      .string({ unit: 'grapheme', maxLength: 40 })
      .filter((text) => !/[\r\0\ufffe\uffff]/.test(text))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }), async (rows) => {
        const read = await readRows(await written(['one', 'two'], rows))
        const filled = rows.filter((row) => row.some((text) => text !== ''))
        expect(read.slice(1).map(([one = '', two = '']) => [one, two])).toEqual(filled)
      }),
      { numRuns: 40 },
    )
  })

  it('refuses a zip bomb before it costs memory', async () => {
    const large = rawWorkbook(`<row r="1"><c r="A1"><v>1</v></c></row>${' '.repeat(60_000_000)}`)
    expect(large.length).toBeLessThan(200_000)
    expect(await reasonOf(large)).toBe('too_large')
    const limits = { bytes: 1_000_000, columns: 500, texts: 1000 }
    expect(await reasonOf(rawWorkbook('<row><c><v>1</v></c></row>'.repeat(50_000)), limits)).toBe('too_large')
    const many = rawWorkbook('<row r="1"/>', { texts: '<si><t>x</t></si>'.repeat(1001) })
    expect(await reasonOf(many, limits)).toBe('too_large')
  })

  it('refuses a row without end, too many columns and rows out of order', async () => {
    expect(
      await reasonOf(rawWorkbook(`<row r="1"><c r="A1" t="str"><v>${'x'.repeat(5_000_000)}</v></c></row>`)),
    ).toBe('too_large')
    expect(await reasonOf(rawWorkbook('<row r="1"><c r="XFD1"><v>1</v></c></row>'))).toBe('too_large')
    expect(await reasonOf(rawWorkbook('<row r="1"><c r="AAAA1"><v>1</v></c></row>'))).toBe('broken')
    expect(await reasonOf(rawWorkbook('<row r="9999999"><c r="A1"><v>1</v></c></row>'))).toBe('broken')
    const backwards = '<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>'
    expect(await reasonOf(rawWorkbook(backwards))).toBe('broken')
  })

  it('refuses a document type, so that no entity grows', async () => {
    const parts = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    const bytes = zip({
      '_rels/.rels': `${parts}<Relationships/>`,
      'xl/workbook.xml': '<workbook/>',
    })
    expect(await reasonOf(bytes)).toBe('broken')
  })

  it('refuses what is cut off at any place, or changed', async () => {
    const whole = await written(
      ['id', 'name'],
      Array.from({ length: 400 }, (_, n) => [`C-${n}`, `Ana ${n * 7919}`]),
    )
    for (let share = 0.05; share < 1; share += 0.05) {
      expect(await reasonOf(whole.subarray(0, Math.floor(whole.length * share)))).toBe('broken')
    }
    const spoiled = Buffer.from(whole)
    for (let at = 60; at < 90; at++) spoiled[at] = spoiled[at]! ^ 0x55
    expect(await reasonOf(spoiled)).toBe('broken')
  })

  it('tells another kind of ZIP file', async () => {
    expect(
      await reasonOf(
        zip({ mimetype: 'application/vnd.oasis.opendocument.spreadsheet', 'content.xml': '<a/>' }),
      ),
    ).toBe('other')
  })
})

describe('writing a workbook', () => {
  it('types days, moments, amounts and text, so that nothing is a formula', async () => {
    const bytes = await written(
      ['day', 'at', 'amount', 'text', 'flag', 'nothing', 'list'],
      [
        [
          Temporal.PlainDate.from('2026-05-21'),
          Temporal.Instant.from('2026-05-21T15:04:05.999Z'),
          new MoneyCell(-129_990, 'BRL'),
          '=HYPERLINK("http://evil.example")',
          false,
          null,
          { a: 1 },
        ],
        [null, null, new MoneyCell(9_007_199_254_740_991, 'BRL'), '+55 11', true, '', []],
        [null, null, new MoneyCell(1000, 'CLP'), '007', 12, undefined, 'x'],
      ],
    )
    expect(await readRows(bytes)).toEqual([
      ['day', 'at', 'amount', 'text', 'flag', 'nothing', 'list'],
      [
        '2026-05-21',
        '2026-05-21 15:04:05',
        '-1299.9',
        '=HYPERLINK("http://evil.example")',
        'false',
        '',
        '{"a":1}',
      ],
      ['', '', '90071992547409.91', '+55 11', 'true', '', '[]'],
      ['', '', '1000', '007', '12', '', 'x'],
    ])
    expect(bytes.includes('<f>')).toBe(false)
  })
})
