import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCsv, type TableRecord } from './records.ts'

async function read(text: string | Buffer, sizes: number[] = [1 << 16]) {
  const bytes = Buffer.from(text as string)
  async function* chunks() {
    for (let from = 0, turn = 0; from < bytes.length; turn++) {
      const to = from + sizes[turn % sizes.length]!
      yield bytes.subarray(from, to)
      from = to
    }
  }
  const records: TableRecord[] = []
  let columns: string[] | undefined
  for await (const part of readCsv(chunks())) {
    columns = part.head?.columns
    records.push(...part.records)
  }
  return { columns, records }
}
const linesOf = (records: TableRecord[]) => records.map(({ line, fault }) => [line, fault])

describe('reading CSV', () => {
  it('gives each record with the line on which it begins', async () => {
    const { columns, records } = await read(
      '\ufeffa,b\r\n1,"x ""y"" z"\r\n\r\n2,"two\r\nlines"\r\n"",5" pipe',
    )
    expect(columns).toEqual(['a', 'b'])
    expect(records).toEqual([
      { line: 2, cells: ['1', 'x "y" z'], fault: null },
      { line: 4, cells: ['2', 'two\nlines'], fault: null },
      { line: 6, cells: ['', '5" pipe'], fault: null },
    ])
  })

  it('loses to a quote that is left open no more than its own line', async () => {
    const rows = Array.from({ length: 200 }, (_, n) => (n % 3 === 0 ? `${n},"q, ${n}"` : `${n},plain`))
    for (const at of [0, 1, 60, 150, 198, 199]) {
      const spoiled = rows.map((row, n) => (n === at ? `${n},"open` : row))
      const { records } = await read(`a,b\n${spoiled.join('\n')}`)
      expect(records.filter(({ fault }) => fault !== null).map(({ line }) => line)).toEqual([at + 2])
      expect(records).toHaveLength(200)
    }
  })

  it('loses to bytes that are no UTF-8 no more than their own line', async () => {
    const { records } = await read(Buffer.from('a\nol\xe1\nfim\n', 'latin1'))
    expect(records).toEqual([
      { line: 2, cells: ['olá'], fault: 'not_utf8' },
      { line: 3, cells: ['fim'], fault: null },
    ])
  })

  it('does not depend on where the chunks of the file end', async () => {
    const piece = fc.constantFrom('a', 'é', '€', '"', '""', ',', '\n', '\r\n', '\n"x\ny",1\n', '\0', ' ')
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        async (pieces, sizes) => {
          const text = `h,i\n${pieces.join('')}`
          expect(await read(text, sizes)).toEqual(await read(text))
        },
      ),
    )
  })

  it('reads back whatever was written by the rules', async () => {
    const cell = fc
      .array(fc.constantFrom('x', '"', ',', '\n', ';', 'ç', ' '), { maxLength: 12 })
      .map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { maxLength: 20 }), async (rows) => {
        const quoted = rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(','))
        const { records } = await read(['a,b,c', ...quoted].join('\n'), [7])
        expect(records.map(({ cells }) => cells)).toEqual(rows)
      }),
    )
  })

  it('cuts a line without end, so that it costs no endless memory', async () => {
    const { records } = await read(`a\n${'x'.repeat(3_500_000)}\nlast`)
    expect(linesOf(records).length).toBeGreaterThan(2)
    expect(records.at(-1)?.cells).toEqual(['last'])
  })
})
