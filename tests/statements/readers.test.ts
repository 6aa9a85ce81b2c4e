import { describe, expect, it } from 'vitest'
import { readCamt } from '../../server/modules/payments/statement-camt.ts'
import { readCnab } from '../../server/modules/payments/statement-cnab.ts'
import { readCsvStatement, surveyCsv } from '../../server/modules/payments/statement-csv.ts'
import {
  cleanTaxId,
  cleanText,
  createLineKeys,
  findEndToEndId,
  lastDigits,
  readAmount,
  type StatementFacts,
  StatementFault,
  type StatementLine,
  type StatementPart,
  type StatementWarning,
} from '../../server/modules/payments/statement-lines.ts'
import { readOfx } from '../../server/modules/payments/statement-ofx.ts'
import { recognizeFormat } from '../../server/modules/payments/statement-text.ts'
import { bytesOf, writeCamt, writeCnab, writeOfx, writeOfx2 } from './samples.ts'

async function collect(parts: AsyncIterable<StatementPart>) {
  const found: { facts: StatementFacts[]; lines: StatementLine[]; warnings: StatementWarning[] } = {
    facts: [],
    lines: [],
    warnings: [],
  }
  for await (const part of parts) {
    if (part.part === 'head') found.facts.push({ ...part.facts })
    else if (part.part === 'foot') {
      if (found.facts.length === 0) throw new StatementFault('not_a_statement', null)
      Object.assign(found.facts.at(-1)!, part.facts)
    } else if (part.part === 'warning') found.warnings.push(part.warning)
    else found.lines.push(part.line)
  }
  return found
}

const faultOf = async (parts: AsyncIterable<StatementPart>) =>
  collect(parts).then(
    () => null,
    (error: unknown) => {
      if (!(error instanceof StatementFault)) throw error
      return { code: error.code, line: error.line }
    },
  )

const simple = (lines: StatementLine[]) =>
  lines.map((line) => [line.booked_on.toString(), line.amount, line.description])

describe('amounts', () => {
  it('are read as every bank writes them', () => {
    const told: [string, ',' | '.' | 'auto', number | null][] = [
      ['1234.56', '.', 123456],
      ['-0.01', '.', -1],
      ['+15', '.', 1500],
      ['1.234,56', ',', 123456],
      ['1,234,567.8', '.', 123456780],
      ['R$ 89,90', ',', 8990],
      ['89,90-', ',', -8990],
      ['(89.90)', '.', -8990],
      ['1.234,56', 'auto', 123456],
      ['1234,56', 'auto', 123456],
      ['1.234.567', 'auto', 123456700],
      ['1.230', 'auto', 123],
      ['1.234', 'auto', null],
      ['12.34.56', '.', null],
      ['1,23', '.', null],
      ['12a', '.', null],
      ['--1', '.', null],
      ['', '.', null],
      ['90071992547409.93', '.', null],
      ['0.001', '.', null],
      ['0.10000', '.', 10],
    ]
    for (const [text, decimal, amount] of told) expect(readAmount(text, 'BRL', decimal), text).toBe(amount)
    expect(readAmount('1234', 'JPY', '.')).toBe(1234)
    expect(readAmount('1.234', 'KWD', '.')).toBe(1234)
  })

  it('come back from any writing, exactly', () => {
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    for (let n = 0; n < 3000; n++) {
      const cents = random(1_000_000_000) * (random(2) ? 1 : -1)
      const whole = Math.trunc(Math.abs(cents) / 100)
      const parts = String(Math.abs(cents) % 100).padStart(2, '0')
      const sign = cents < 0 ? '-' : ''
      const grouped = String(whole).replaceAll(/\B(?=(\d{3})+(?!\d))/g, '.')
      for (const [text, decimal] of [
        [`${sign}${whole}.${parts}`, '.'],
        [`${sign}${whole}.${parts}`, 'auto'],
        [`${sign}${grouped},${parts}`, ','],
        [`${sign}${grouped},${parts}`, 'auto'],
        [`${whole},${parts}${sign}`, ','],
      ] as const)
        expect(readAmount(text, 'BRL', decimal), text).toBe(cents === 0 ? 0 : cents)
    }
  })
})

describe('what a bank says', () => {
  it('loses the numbers of accounts and cards, and keeps the rest', () => {
    expect(cleanText('PAGTO DE89 3704 0044 0532 0130 00 REF 12', 100)).toBe('PAGTO …3000 REF 12')
    expect(cleanText('CARTAO 4111 1111 1111 1111', 100)).toBe('CARTAO …1111')
    expect(cleanText('TED CONTA 123456-7 JOAO', 100)).toBe('TED CONTA …4567 JOAO')
    expect(cleanText('boleto 34191790010104351004791020150008291070026000', 100)).toContain(
      '34191790010104351004791020150008291070026000',
    )
    expect(cleanText('de 98765-4\u0000 \n e', 100, ['98765-4'])).toBe('de …7654 e')
  })
  it('is told from what it hides', () => {
    expect(cleanTaxId('12.345.678/0001-95')).toBe('12345678000195')
    expect(cleanTaxId('***.123.456-**')).toBeNull()
    expect(lastDigits('12345-X')).toBe('345X')
    expect(findEndToEndId('PIX E18236120202605211530s1234567890 OK')).toBe('E18236120202605211530s1234567890')
    expect(findEndToEndId('E18236120')).toBeNull()
  })
})

describe('OFX', () => {
  const entries = [
    { day: '2026-05-04', amount: '89.90', id: '1', name: 'PIX RECEBIDO', memo: 'José & Filhos A-12' },
    { day: '2026-05-05', amount: '-12,34', id: '2', memo: 'TARIFA' },
    { day: '2026-05-06', amount: '1.500,00', id: '3', memo: 'TED RECEBIDA' },
  ]

  it('1.x is read in UTF-8 and in Windows-1252, with fields that are not closed', async () => {
    for (const bytes of [Buffer.from(writeOfx(entries)), Buffer.from(writeOfx(entries), 'latin1')]) {
      for (const size of [1, 7, 100_000]) {
        const { facts, lines } = await collect(readOfx(bytesOf(bytes, size)))
        expect(facts).toHaveLength(1)
        expect(facts[0]).toMatchObject({
          account_number: '341/1234/56789-0',
          currency: 'BRL',
          closing_balance: 100_000,
        })
        expect(facts[0]!.period_from!.toString()).toBe('2026-05-01')
        expect(facts[0]!.period_to!.toString()).toBe('2026-05-31')
        expect(simple(lines)).toEqual([
          ['2026-05-04', 8990, 'José & Filhos A-12'],
          ['2026-05-05', -1234, 'TARIFA'],
          ['2026-05-06', 150_000, 'TED RECEBIDA'],
        ])
        expect(lines.map((line) => [line.bank_id, line.kind, line.counterparty_name])).toEqual([
          ['1', 'pix', 'PIX RECEBIDO'],
          ['2', 'fee', null],
          ['3', 'transfer', null],
        ])
      }
    }
  })

  it('2.x is read, in one line, with entities and CDATA', async () => {
    const text = writeOfx2([
      { day: '2026-05-04', amount: '89.90', id: '1', name: 'J&#233; &amp; M', memo: '<![CDATA[a < b & c]]>' },
    ])
    for (const form of [text, text.replaceAll('\n', '')]) {
      const { lines } = await collect(readOfx(bytesOf(form)))
      expect(lines[0]).toMatchObject({ amount: 8990, counterparty_name: 'Jé & M', description: 'a < b & c' })
    }
    const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')
    expect((await collect(readOfx(bytesOf(utf16, 333)))).lines).toHaveLength(1)
  })

  it('may leave transactions open, too, and hold statements of several accounts', async () => {
    const open = writeOfx(entries).replaceAll('</STMTTRN>\n', '')
    expect((await collect(readOfx(bytesOf(open)))).lines).toHaveLength(3)
    const first = writeOfx(entries)
    const two = first.replace(
      '</BANKMSGSRSV1>',
      `${/<STMTTRNRS>[\s\S]*<\/STMTTRNRS>/.exec(first)![0].replace('56789-0', '11111-1')}</BANKMSGSRSV1>`,
    )
    const { facts, lines } = await collect(readOfx(bytesOf(two)))
    expect(facts.map((one) => one.account_number)).toEqual(['341/1234/56789-0', '341/1234/11111-1'])
    expect(lines).toHaveLength(6)
  })

  it('tells what is wrong, with the line', async () => {
    const whole = writeOfx(entries)
    expect(await faultOf(readOfx(bytesOf(whole.slice(0, -30))))).toMatchObject({ code: 'truncated' })
    expect(await faultOf(readOfx(bytesOf(whole.slice(0, 900))))).toMatchObject({ code: 'truncated' })
    expect(await faultOf(readOfx(bytesOf(whole.replace('89.90', '89.9x'))))).toEqual({
      code: 'bad_amount',
      line: 20,
    })
    expect(await faultOf(readOfx(bytesOf(whole.replace('20260504', '20260599'))))).toEqual({
      code: 'bad_date',
      line: 20,
    })
    expect(await faultOf(readOfx(bytesOf('hello')))).toEqual({ code: 'not_a_statement', line: null })
    const bomb = `<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>\n<OFX>&b;</OFX>`
    expect(await faultOf(readOfx(bytesOf(bomb)))).toEqual({ code: 'dtd_refused', line: 2 })
  })
})

describe('CNAB 240', () => {
  const entries = [
    { day: '2026-05-04', amount: 8990, history: 'PIX RECEBIDO', document: 'JOSE DA SILVA' },
    { day: '2026-05-05', amount: -1234, history: 'TARIFA COBRANCA', category: '105' },
    { day: '2026-05-06', amount: 150_000, history: 'LIQUIDACAO', category: '202' },
  ]

  it('is read by positions, and its totals hold', async () => {
    const text = writeCnab(entries)
    for (const line of text.split('\r\n').slice(0, -1)) expect(line).toHaveLength(240)
    const { facts, lines } = await collect(readCnab(bytesOf(text, 97)))
    expect(facts).toMatchObject([
      {
        account_number: '341/1234/567890',
        currency: 'BRL',
        opening_balance: 100_000,
        closing_balance: 257_756,
      },
    ])
    expect(
      lines.map((line) => [line.line, line.booked_on.toString(), line.amount, line.kind, line.description]),
    ).toEqual([
      [3, '2026-05-04', 8990, 'pix', 'PIX RECEBIDO JOSE DA SILVA'],
      [4, '2026-05-05', -1234, 'fee', 'TARIFA COBRANCA'],
      [5, '2026-05-06', 150_000, 'boleto', 'LIQUIDACAO'],
    ])
  })

  it('tells what is wrong, with the line', async () => {
    const whole = writeCnab(entries)
    const records = whole.split('\r\n')
    const cases: [string, string, number | null][] = [
      [records.slice(0, 5).join('\n'), 'truncated', 6],
      [[...records.slice(0, 3), ...records.slice(4)].join('\n'), 'bad_total', 5],
      [whole.replace('000000000000008990C', '000000000000008991C'), 'bad_total', 6],
      [whole.replace('000000000000008990C', '00000000000000899XC'), 'bad_amount', 3],
      [whole.replace('0405202604052026', '0405202632052026'), 'bad_date', 3],
      [whole.replace('PIX RECEBIDO', 'PIX'), 'bad_record', 3],
      [whole.replaceAll('34100013', '34100023'), 'bad_record', 3],
      [whole.replace(/^341/, '001'), 'bad_record', 2],
      [whole.replace('11E04', '11C20'), 'not_a_statement', 2],
      [`${whole}${records[2]}\r\n`, 'bad_record', 8],
      ['', 'not_a_statement', null],
    ]
    for (const [text, code, line] of cases)
      expect(await faultOf(readCnab(bytesOf(text))), code).toEqual({ code, line })
  })
})

describe('camt.053', () => {
  const entries = [
    {
      day: '2026-05-04',
      amount: '89.90',
      ref: 'R1',
      details: [
        {
          end_to_end: 'NOTPROVIDED',
          debtor: 'Ana Müller',
          iban: 'DE89370400440532013000',
          tax_id: 'DE-1234567',
          text: 'Rechnung A-12',
        },
      ],
    },
    {
      day: '2026-05-05',
      amount: '300.00',
      ref: 'R2',
      details: [
        { amount: '100.00', end_to_end: 'E-1', debtor: 'Eins' },
        { amount: '200.00', end_to_end: 'E-2', debtor: 'Zwei', reference: 'RF18539007547034' },
      ],
    },
    { day: '2026-05-06', amount: '5.00', debit: true, ref: 'R3', info: 'Fee' },
    { day: '2026-05-07', amount: '1.00', status: 'PDNG', ref: 'R4' },
    { day: '2026-05-08', amount: '7.00', reversal: true, ref: 'R5' },
  ]

  it('is read in every version, a batch by its parts', async () => {
    for (const version of ['02', '04', '06', '08', '13']) {
      const { facts, lines, warnings } = await collect(
        readCamt(bytesOf(writeCamt(entries, { version, opening: '10.00', closing: '401.90' }), 150)),
      )
      expect(facts, version).toMatchObject([
        {
          account_number: 'DE89370400440532013000',
          currency: 'EUR',
          opening_balance: 1000,
          closing_balance: 40_190,
        },
      ])
      expect(
        lines.map((line) => [
          line.bank_id,
          line.amount,
          line.counterparty_name,
          line.end_to_end_id,
          line.reference,
        ]),
      ).toEqual([
        ['R1', 8990, 'Ana Müller', null, null],
        ['R2/1', 10_000, 'Eins', 'E-1', null],
        ['R2/2', 20_000, 'Zwei', 'E-2', 'RF18539007547034'],
        ['R3', -500, null, null, null],
        ['R5', 700, null, null, null],
      ])
      expect(lines[0]).toMatchObject({
        counterparty_last_digits: '3000',
        counterparty_tax_id: 'DE1234567',
        kind: 'transfer',
        description: 'Rechnung A-12',
      })
      expect(lines[3]!.kind).toBe('fee')
      expect(lines[4]!.kind).toBe('reversal')
      expect(warnings).toEqual([{ code: 'entries_not_booked', params: { count: 1 } }])
    }
  })

  it('keeps a batch whole where its parts do not add up', async () => {
    const { lines, warnings } = await collect(
      readCamt(
        bytesOf(
          writeCamt([
            {
              day: '2026-05-05',
              amount: '300.00',
              ref: 'R2',
              details: [{ amount: '100.00' }, { amount: '1.00' }],
            },
          ]),
        ),
      ),
    )
    expect(lines.map((line) => line.amount)).toEqual([30_000])
    expect(warnings).toMatchObject([{ code: 'batch_not_itemised' }])
  })

  it('refuses what would expand, what is cut, and other messages', async () => {
    const bomb = `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "${'&lol;'.repeat(10)}">]>\n`
    expect(await faultOf(readCamt(bytesOf(writeCamt(entries, { head: bomb }))))).toMatchObject({
      code: 'dtd_refused',
    })
    expect(
      await faultOf(
        readCamt(bytesOf(`<?xml version="1.0"?><!DOCTYPE d SYSTEM "file:///etc/passwd"><Document/>`)),
      ),
    ).toMatchObject({ code: 'dtd_refused' })
    const whole = writeCamt(entries)
    expect(await faultOf(readCamt(bytesOf(whole.slice(0, -200))))).toMatchObject({ code: 'truncated' })
    expect(await faultOf(readCamt(bytesOf(whole.replace('</Stmt>', '</Stm>'))))).toMatchObject({
      code: 'bad_xml',
    })
    expect(
      await faultOf(readCamt(bytesOf(whole.replace('&', '&nope;').replace('Fee', '&xxe;')))),
    ).toMatchObject({ code: 'bad_xml' })
    expect(await faultOf(readCamt(bytesOf(whole.replaceAll('camt.053', 'camt.052'))))).toMatchObject({
      code: 'not_a_statement',
    })
    expect(await faultOf(readCamt(bytesOf(whole.replace('89.90', '89,90'))))).toMatchObject({
      code: 'bad_amount',
    })
    expect(await faultOf(readCamt(bytesOf(whole.replace('2026-05-04', '2026-13-04'))))).toMatchObject({
      code: 'bad_date',
    })
    const deep = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">${'<a>'.repeat(100_000)}`
    expect(await faultOf(readCamt(bytesOf(deep)))).toMatchObject({ code: 'bad_xml' })
  })
})

describe('CSV', () => {
  const brazilian = `Banco Exemplo;;;;
Extrato da conta;;;;

Data;Histórico;Documento;Valor (R$);Saldo (R$)
04/05/2026;"PIX RECEBIDO; JOSÉ DA SILVA";123;1.089,90;2.089,90
05/05/2026;TARIFA;;-12,34;2.077,56
05/05/2026;SALDO DO DIA;;;2.077,56
;;;;
Total;;;1.077,56;
`
  it('finds its header, its separators and what its columns mean', async () => {
    const survey = surveyCsv(brazilian, null)!
    expect(survey.columns).toEqual(['Data', 'Histórico', 'Documento', 'Valor (R$)', 'Saldo (R$)'])
    expect(survey.mapping).toMatchObject({
      delimiter: ';',
      decimal: ',',
      dates: 'dmy',
      header_line: 4,
      columns: { date: 'Data', amount: 'Valor (R$)', balance: 'Saldo (R$)', reference: 'Documento' },
      text: ['Histórico'],
    })
    const text = brazilian.replace('Total;;;1.077,56;\n', '')
    for (const bytes of [Buffer.from(text), Buffer.from(text, 'latin1')]) {
      const { lines, warnings } = await collect(readCsvStatement(bytesOf(bytes, 50), survey.mapping, 'BRL'))
      expect(simple(lines)).toEqual([
        ['2026-05-04', 108_990, 'PIX RECEBIDO; JOSÉ DA SILVA'],
        ['2026-05-05', -1234, 'TARIFA'],
      ])
      expect(warnings).toEqual([{ code: 'rows_left_out', params: { count: 2 } }])
    }
    // A sum at the end has an amount and no day: nobody guesses what it is.
    expect(await faultOf(readCsvStatement(bytesOf(brazilian), survey.mapping, 'BRL'))).toEqual({
      code: 'bad_date',
      line: 9,
    })
  })

  it('reads credit and debit columns, and a direction beside the amount', async () => {
    const two = surveyCsv(
      'Fecha,Concepto,Débito,Crédito\n2026-05-04,uno,,10.50\n2026-05-05,dos,3.25,\n',
      null,
    )!
    expect(two.mapping).toMatchObject({
      decimal: '.',
      dates: 'ymd',
      columns: { credit: 'Crédito', debit: 'Débito', amount: null },
    })
    const read = await collect(
      readCsvStatement(
        bytesOf('Fecha,Concepto,Débito,Crédito\n2026-05-04,uno,,10.50\n2026-05-05,dos,3.25,\n'),
        two.mapping,
        'ARS',
      ),
    )
    expect(read.lines.map((line) => line.amount)).toEqual([1050, -325])
    const marked =
      'Data;Lançamento;Valor;D/C\n04/05/2026;a;10,00;C\n05/05/2026;b;20,00;D\n06/05/26;c;5,00 D;\n'
    const survey = surveyCsv(marked, null)!
    expect(survey.mapping.columns.direction).toBe('D/C')
    expect(
      (await collect(readCsvStatement(bytesOf(marked), survey.mapping, 'BRL'))).lines.map(
        (line) => line.amount,
      ),
    ).toEqual([1000, -2000, -500])
  })

  it('takes what was said of the last file where its columns are there', () => {
    const mapping = { ...surveyCsv(brazilian, null)!.mapping, text: ['Histórico', 'Documento'] }
    expect(surveyCsv(`x;y\n${brazilian}`, mapping)!.mapping).toEqual({ ...mapping, header_line: 5 })
    expect(surveyCsv('Fecha,Concepto,Importe\n2026-05-04,uno,1.00\n', mapping)!.mapping.columns.date).toBe(
      'Fecha',
    )
  })

  it('tells what is wrong, with the line', async () => {
    const { mapping } = surveyCsv(brazilian, null)!
    const told = (text: string) => faultOf(readCsvStatement(bytesOf(text), mapping, 'BRL'))
    expect(await told(brazilian.replace('04/05/2026', '31/02/2026'))).toEqual({ code: 'bad_date', line: 5 })
    expect(await told(brazilian.replace('1.089,90', '1.08,90'))).toEqual({ code: 'bad_amount', line: 5 })
    expect(await told(brazilian.replace('Valor (R$)', 'Quanto'))).toEqual({ code: 'mapping_needed', line: 4 })
    expect(await told(brazilian.split('\n').slice(0, 4).join('\n'))).toEqual({ code: 'empty', line: null })
  })
})

describe('a file', () => {
  it('is known by what is in it', () => {
    const told = (text: string | Buffer) => recognizeFormat(Buffer.from(text))
    expect(told(writeOfx([]))).toBe('ofx')
    expect(told(writeOfx2([]))).toBe('ofx')
    expect(told(Buffer.from(`\ufeff${writeOfx2([])}`, 'utf16le'))).toBe('ofx')
    expect(told(writeCnab([]))).toBe('cnab240')
    expect(told(writeCamt([]))).toBe('camt053')
    expect(told('<?xml version="1.0"?><x/>')).toBe('camt053')
    expect(told('a;b\n1;2\n')).toBe('csv')
    expect(told('%PDF-1.7\n%\u0000\u0001')).toBeNull()
    expect(told('just words\nand more\n')).toBeNull()
    expect(told('PK\u0003\u0004')).toBeNull()
    expect(told('<html><body>no</body></html>')).toBeNull()
  })

  it('of any bytes ends in lines or in a fault, never in anything else', async () => {
    let seed = 11
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    const sources = [
      writeOfx([{ day: '2026-05-04', amount: '1.00', id: '1', memo: 'x' }]),
      writeCnab([{ day: '2026-05-04', amount: 1, history: 'x' }]),
      writeCamt([{ day: '2026-05-04', amount: '1.00', details: [{ text: 'x' }] }]),
    ]
    const readers = [readOfx, readCnab, readCamt]
    for (let n = 0; n < 400; n++) {
      const which = n % 3
      const bytes = Buffer.from(sources[which]!)
      for (let cuts = 0; cuts < 1 + random(5); cuts++) bytes[random(bytes.length)] = random(256)
      const end = random(3) === 0 ? random(bytes.length) : bytes.length
      await faultOf(readers[which]!(bytesOf(bytes.subarray(0, end), 1 + random(500))))
    }
  })
})

describe('lines', () => {
  const line = (change: Partial<StatementLine>): StatementLine => ({
    line: 1,
    booked_on: Temporal.PlainDate.from('2026-05-04'),
    amount: 100,
    currency: 'BRL',
    kind: 'pix',
    bank_id: null,
    end_to_end_id: null,
    counterparty_name: null,
    counterparty_tax_id: null,
    counterparty_last_digits: null,
    description: 'same',
    reference: null,
    ...change,
  })
  const keys = (lines: StatementLine[]) => {
    const keyOf = createLineKeys()
    return lines.map((one) => keyOf(one).toString('hex'))
  }
  it('that look the same are two in a file, and the same two in the next one', () => {
    const first = keys([line({}), line({}), line({ amount: 200 })])
    expect(new Set(first).size).toBe(3)
    expect(keys([line({ amount: 200 }), line({}), line({})]).sort()).toEqual([...first].sort())
  })
  it('with the bank’s id are one, whatever the words; an id that is given to several makes several', () => {
    const [a, b] = [
      keys([line({ bank_id: '1', description: 'pending' })])[0],
      keys([line({ bank_id: '1', description: 'posted' })])[0],
    ]
    expect(a).toBe(b)
    expect(
      new Set(
        keys([
          line({ bank_id: '0', description: 'a' }),
          line({ bank_id: '0', description: 'b' }),
          line({ bank_id: '0', description: 'a' }),
        ]),
      ).size,
    ).toBe(2)
    expect(new Set(keys([line({ bank_id: '1' }), line({ bank_id: '1', amount: 5 })])).size).toBe(2)
  })
})
