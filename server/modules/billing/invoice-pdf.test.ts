import fc from 'fast-check'
import sharp from 'sharp'
import { encode } from 'uqr'
import { describe, expect, it } from 'vitest'
import { readPdf } from '../../../tests/pdf.ts'
import { prepareLogo } from '../../platform/pdf/pictures.ts'
import { type Language, languages } from '../../platform/translations.ts'
import type { PrintLook } from './document-sheet.ts'
import { type PrintableDocument, type PrintableLine, printDocument } from './invoice-pdf.ts'
import { print } from './printing.ts'
import { type PrintableStatement, printStatement } from './statement-pdf.ts'

const may = { from: '2026-04-30', to: '2026-05-31' }

const line: PrintableLine = {
  role: 'plan',
  description: 'Fibra 500 Mega',
  period: { from: '2026-05-21', to: '2026-05-31' },
  days: 10,
  of_days: 31,
  whole_period: may,
  unit_amount: 8990,
  quantity: 1,
  gross: 2900,
  discount: 0,
  discount_kind: null,
  discount_basis_points: null,
  discount_amount: null,
  net: 2900,
  rule: 'recurring_arrears',
}
const whole = { ...line, period: may, days: 31, gross: 8990, net: 8990 }

const invoice: PrintableDocument = {
  kind: 'invoice',
  series: 'A',
  number: 123,
  state: 'open',
  language: 'en',
  issue_date: '2026-05-31',
  due_date: '2026-06-10',
  paid_on: null,
  currency: 'BRL',
  gross: 11890,
  discount: 0,
  total: 11890,
  open_amount: 11890,
  issuer: {
    name: 'Ponte Fibra',
    legal_name: 'Ponte Fibra Telecomunicações Ltda.',
    tax_id: '12.345.678/0001-90',
    address: 'Rua Augusta, 1200',
    city: 'São Paulo',
    state: 'SP',
    postal_code: '01304-001',
  },
  customer: { number: 1042, name: 'Antonín Dvořák', tax_id: null, address: 'Őrház utca 5', city: 'Győr' },
  lines: [line, whole],
}

const look: PrintLook = {
  name: 'Ponte Fibra',
  accent: '#0b7285',
  logo: null,
  support_email: 'ajuda@pontefibra.example',
  support_phone: null,
  website: null,
  payment_instructions: 'Pix: financeiro@pontefibra.example',
}

const printed = (changes: Partial<PrintableDocument> = {}, shown = look) =>
  readPdf(printDocument({ ...invoice, ...changes }, shown)).pages

const about = { kind: 'invoice', series: 'A', number: 120, issue_date: '2026-04-30' } as const

describe('an invoice', () => {
  it.each([
    [
      'pt-BR',
      ['Fatura', 'Total a pagar', 'Período inteiro', 'Como pagar', '10 de jun. de 2026', 'Página 1 de 1'],
    ],
    [
      'es',
      ['Factura', 'Total a pagar', 'Período completo', 'Cómo pagar', '10 de jun de 2026', 'Página 1 de 1'],
    ],
    ['en', ['Invoice', 'Amount due', 'Whole period', 'How to pay', 'Jun 10, 2026', 'Page 1 of 1']],
  ] as const)('carries everything in %s', (language, words) => {
    const pages = printed({ language })
    expect(pages).toHaveLength(1)
    for (const word of [
      ...words,
      'A-123',
      '12.345.678/0001-90',
      'Ponte Fibra Telecomunicações',
      'Fibra 500 Mega',
      '1042',
    ])
      expect(pages[0]).toContain(word)
    expect(pages[0]).toMatch(/118[,.]90/)
    expect(pages[0]).toMatch(/10 (de|of) 31 (dias|días|days)/)
    expect(pages[0]).not.toMatch(/\ufffd|\{\{|undefined|NaN/)
  })

  it('says each tax with its rate and base, on top and inside', () => {
    const [text] = printed({
      tax: 551,
      total: 12441,
      open_amount: 12441,
      taxes: [
        { name: 'IVA', rate: 190000, inclusive: false, base: 2900, amount: 551 },
        { name: 'ISS', rate: 25000, inclusive: true, base: 8990, amount: 219 },
      ],
      lines: [
        { ...line, tax: 551 },
        { ...whole, tax_included: 219 },
      ],
    })
    for (const words of [
      'IVA 19% on R$29.00',
      'Includes ISS 2.5% (on R$89.90)',
      'Plus R$5.51 tax',
      'R$124.41',
      'Subtotal',
    ])
      expect(text).toContain(words)
  })

  it('says tiers, packages, coupons and instalments', () => {
    const [text] = printed({
      lines: [
        {
          ...whole,
          role: 'usage',
          price_model: 'tiered',
          tiers: [
            { up_to: 100, unit_amount: 50, flat_amount: 0 },
            { up_to: null, unit_amount: 30, flat_amount: 0 },
          ],
          quantity: 1234,
          gross: 39020,
          net: 39020,
        },
        {
          ...whole,
          price_model: 'package',
          package_size: 100,
          quantity: 250,
          unit_amount: 1000,
          gross: 3000,
          net: 3000,
        },
        {
          ...whole,
          discount: 899,
          net: 8091,
          coupons: [{ name: 'Páscoa', kind: 'percent', basis_points: 1000, off: 899 }],
        },
        { ...whole, role: 'instalment', instalment: 2, instalments: 10 },
      ],
    })
    for (const words of ['by tiers', '1,234', 'R$10.00 per 100', 'Páscoa', 'Instalment 2 of 10', '-R$8.99'])
      expect(text).toContain(words)
  })

  it('repeats the header on every page of a long invoice, and counts them', () => {
    const lines = Array.from({ length: 300 }, (_, i) => ({ ...whole, description: `Branch no. ${i + 1}.` }))
    const pages = printed({ lines, gross: 2697000, total: 2697000, open_amount: 2697000 })
    expect(pages.length).toBeGreaterThan(9)
    for (const [i, text] of pages.entries()) {
      expect(text).toContain(`Page ${i + 1} of ${pages.length}`)
      if (text.includes('Branch')) expect(text).toContain('Description')
    }
    const all = pages.join('\n')
    for (let i = 1; i <= 300; i++) expect(all.split(`Branch no. ${i}.`), `line ${i}`).toHaveLength(2)
    expect(pages.at(-1)).toContain('R$26,970.00')
  })

  it('stamps what is paid, void or a draft, and asks for money only where some is owed', () => {
    const [paid] = printed({ state: 'paid', paid_on: '2026-06-08', open_amount: 0 })
    expect(paid).toContain('PAID')
    expect(paid).toContain('on Jun 8, 2026')
    expect(paid).not.toContain('How to pay')
    const [void_] = printed({ state: 'void', open_amount: 0, language: 'es' })
    expect(void_).toContain('ANULADA')
    expect(void_).toContain('no hay nada que pagar')
    const [draft] = printed({ state: 'draft', number: null })
    expect(draft).toContain('DRAFT')
    expect(draft).not.toContain('A-')
    const [part] = printed({ open_amount: 5000 })
    expect(part).toContain('Still to pay')
    expect(part).toContain('R$50.00')
  })

  it('goes on over pages with instructions, words and names of any length', () => {
    const long = 'word '.repeat(3000)
    const unbroken = 'x'.repeat(400)
    const pages = printed(
      {
        language: 'pt-BR',
        customer: { name: unbroken, address: long, city: unbroken },
        lines: [{ ...line, description: unbroken, discount: 100, net: 2800, unit_amount: 900719925474099 }],
      },
      { ...look, name: unbroken, payment_instructions: `${long}\n${unbroken}\nthe last words` },
    )
    expect(pages.length).toBeGreaterThan(2)
    expect(pages.join('\n')).toContain('the last words')
    expect(printed({ lines: [] })[0]).toContain('Amount due')
  })

  it('carries the Pix that pays it: a code, and its text to be copied whole', () => {
    const text =
      '00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865406118.905802BR5913Fulano de Tal6008BRASILIA62080504A1236304F5A3'
    const pdf = readPdf(printDocument({ ...invoice, language: 'pt-BR', payment: { pix: { text } } }, look))
    const words = pdf.pages[0]!.replaceAll(/\s/g, '')
    expect(pdf.pages[0]).toContain('Pague com Pix')
    expect(words).toContain(text.replaceAll(' ', ''))
    const objects = [...pdf.objects.values()].join('\n')
    expect(objects).toContain(`/ActualText (${text})`)
    expect(objects).toContain('/Alt (QR Code para pagar com Pix)')
    // The squares that are drawn are those of the code.
    const drawn = [...pdf.objects.keys()]
      .filter((number) => pdf.objects.get(number)!.includes('/FlateDecode'))
      .map(
        (number) =>
          /cm 0 0 0 rg ((?:\d+ \d+ \d+ 1 re ?)+)f Q/.exec(pdf.stream(number).toString('latin1'))?.[1],
      )
      .find((boxes) => boxes !== undefined)!
    const { data } = encode(text, { ecc: 'M', border: 0 })
    const cells = data.map((row) => row.map(() => false))
    for (const [, x, y, width] of drawn.matchAll(/(\d+) (\d+) (\d+) 1 re/g))
      for (let at = 0; at < Number(width); at++) cells[Number(y)]![Number(x) + at] = true
    expect(cells).toEqual(data)
    expect(printed()[0]).not.toContain('Pay by Pix')
  })

  it('shows the logo, and the name where the picture cannot be read', async () => {
    const picture = await sharp({
      create: { width: 2000, height: 500, channels: 4, background: '#ff000080' },
    })
      .png()
      .toBuffer()
    const logo = await prepareLogo(picture)
    expect(logo).toMatchObject({ width: 660, height: 165 })
    const { objects } = readPdf(printDocument(invoice, { ...look, logo }))
    const bodies = [...objects.values()]
    expect(bodies.some((body) => body.includes('/Subtype /Image'))).toBe(true)
    expect(bodies.some((body) => body.includes('/Alt (Logo of Ponte Fibra)'))).toBe(true)
    expect(await prepareLogo(Buffer.from('no picture'))).toBeNull()
    expect(printed()[0]).toContain('Ponte Fibra')
  })
})

describe('the other documents', () => {
  const credit: Partial<PrintableDocument> = {
    kind: 'credit_note',
    series: 'C',
    number: 7,
    state: 'issued',
    about,
    open_amount: 0,
    reason: 'Four days without service',
    lines: [{ ...line, corrects: { kind: 'credit_note', document: 'A-120', description: 'Fibra 500 Mega' } }],
  }
  it.each([
    [
      'pt-BR',
      ['Nota de crédito', 'C-7', 'Corrige', 'Fatura A-120', 'Valor creditado', 'Devolve de', 'Motivo'],
    ],
    [
      'es',
      ['Nota de crédito', 'C-7', 'Corrige', 'Factura A-120', 'Importe acreditado', 'Devuelve de', 'Motivo'],
    ],
    [
      'en',
      ['Credit note', 'C-7', 'Corrects', 'Invoice A-120', 'Amount credited', 'Gives back from', 'Reason'],
    ],
  ] as const)('a credit note says in %s what it corrects, and asks for nothing', (language, words) => {
    const [text] = printed({ ...credit, language })
    for (const word of words) expect(text).toContain(word)
    expect(text).not.toMatch(/Como pagar|Cómo pagar|How to pay|Pague até|Pay by/)
  })

  it('a debit note of late fee and interest says so, and is paid like an invoice', () => {
    const once = {
      ...line,
      period: { from: '2026-06-20', to: '2026-06-21' },
      whole_period: { from: '2026-06-20', to: '2026-06-21' },
      days: 1,
      of_days: 1,
    }
    const [text] = printed({
      kind: 'debit_note',
      series: 'D',
      number: 3,
      about,
      lines: [
        { ...once, role: 'late_fee', description: 'Late fee', rule: 'charge' },
        { ...once, role: 'interest', description: 'Interest', rule: 'charge' },
      ],
    })
    for (const word of [
      'Debit note',
      'Late fee and interest',
      'Invoice A-120 of Apr 30, 2026',
      'Amount due',
      'How to pay',
      'never on earlier interest',
    ])
      expect(text).toContain(word)
  })

  it.each([
    ['offered', 'Valid until', 'It is an offer that holds until Jun 10, 2026'],
    ['converted', 'INVOICED', 'what counts is that invoice'],
    ['expired', 'EXPIRED', 'no longer holds'],
    ['withdrawn', 'WITHDRAWN', 'nothing to pay'],
  ] as const)('a proforma that is %s is no fiscal document', (state, first, second) => {
    const [text] = printed({ kind: 'proforma', series: 'P', number: 9, state, open_amount: 0 })
    for (const word of ['Proforma invoice', 'Not a fiscal document', first, second])
      expect(text).toContain(word)
    expect(text!.includes('How to pay')).toBe(state === 'offered')
  })
})

describe('a statement', () => {
  const statement = (language: Language, movements: PrintableStatement['movements']): PrintableStatement => ({
    language,
    currency: 'BRL',
    from: '2026-04-01',
    to: '2026-06-30',
    made_on: '2026-07-01',
    issuer: invoice.issuer,
    customer: invoice.customer,
    opening_balance: 1000,
    closing_balance: movements.at(-1)?.balance ?? 1000,
    movements,
  })
  it.each([
    [
      'pt-BR',
      ['Extrato', 'Saldo inicial', 'Saldo final', 'Saldo devedor em 30 de jun. de 2026', 'Fatura · A-123'],
    ],
    [
      'es',
      [
        'Estado de cuenta',
        'Saldo inicial',
        'Saldo final',
        'Saldo deudor al 30 de jun de 2026',
        'Factura · A-123',
      ],
    ],
    ['en', ['Statement', 'Opening balance', 'Closing balance', 'Owed on Jun 30, 2026', 'Invoice · A-123']],
  ] as const)('says in %s each movement with the balance after it', (language, words) => {
    const pdf = readPdf(
      printStatement(
        statement(language, [
          { kind: 'invoice', on_date: '2026-05-31', amount: 11890, balance: 12890, about: 'A-123' },
          { kind: 'payment', on_date: '2026-06-03', amount: -11890, balance: 1000, about: null },
        ]),
        look,
      ),
    )
    for (const word of words) expect(pdf.pages[0]).toContain(word)
    expect(pdf.pages[0]).toMatch(/128[,.]90/)
    expect(JSON.parse(pdf.attachments.get('statement.json')!.toString()).movements).toHaveLength(2)
  })

  it('says credit as credit, and goes on over pages', () => {
    const movements = Array.from({ length: 200 }, (_, i) => ({
      kind: 'payment' as const,
      on_date: '2026-05-02',
      amount: -100,
      balance: 1000 - 100 * (i + 1),
      about: `No. ${i + 1}.`,
    }))
    const { pages } = readPdf(printStatement(statement('en', movements), look))
    expect(pages[0]).toContain('Credit on Jun 30, 2026')
    expect(pages.length).toBeGreaterThan(4)
    for (const text of pages.slice(0, 5)) expect(text).toContain('Payments and credits')
  })
})

describe('the file', () => {
  const source = printDocument({ ...invoice, language: 'pt-BR' }, look)
  const pdf = readPdf(source)
  const bodies = [...pdf.objects.values()]

  it('is PDF/A-3: profile of colours, metadata, every font inside, nothing that runs or hides', () => {
    expect(source.subarray(0, 9).toString()).toBe('%PDF-1.7\n')
    // The second line says that the file is binary.
    expect([...source.subarray(10, 14)].every((byte) => byte > 127)).toBe(true)
    expect(pdf.metadata).toContain('<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>')
    const intent = /\/OutputIntents \[(\d+) 0 R\]/.exec(pdf.catalog)![1]!
    const output = pdf.objects.get(Number(intent))!
    expect(output).toContain('/S /GTS_PDFA1')
    const profile = pdf.stream(Number(/\/DestOutputProfile (\d+)/.exec(output)![1]))
    expect(profile.readUInt32BE(0)).toBe(profile.length)
    expect(profile.toString('latin1', 12, 20)).toBe('mntrRGB ')
    expect(profile.toString('latin1', 36, 40)).toBe('acsp')
    expect(pdf.trailer).toMatch(/\/ID \[<(\w{32})> <\1>\]/)
    expect(pdf.trailer).not.toContain('/Encrypt')
    for (const body of bodies)
      expect(body).not.toMatch(/\/JavaScript|\/JS |\/Launch|\/SMask|\/CA |\/ca |\/OpenAction|\/AA |LZWDecode/)
    const fonts = bodies.filter((body) => body.includes('/Type /FontDescriptor'))
    expect(fonts.length).toBeGreaterThan(2)
    for (const font of fonts) expect(font).toMatch(/\/FontName \/[A-Z]{6}\+Inter.*\/FontFile2 \d+ 0 R/)
    for (const font of bodies.filter((body) => body.includes('/Subtype /Type0')))
      expect(font).toMatch(/\/Encoding \/Identity-H .*\/ToUnicode \d+ 0 R/)
    for (const font of bodies.filter((body) => body.includes('/CIDFontType2')))
      expect(font).toContain('/CIDToGIDMap /Identity')
  })

  it('says of itself the same in its metadata as in its information', () => {
    const info = pdf.objects.get(Number(/\/Info (\d+)/.exec(pdf.trailer)![1]))!
    expect(info).toContain('/Title (Fatura A-123)')
    expect(info).toContain('/CreationDate (D:20260531000000Z)')
    expect(pdf.metadata).toContain('<rdf:li xml:lang="x-default">Fatura A-123</rdf:li>')
    expect(pdf.metadata).toContain('<xmp:CreateDate>2026-05-31T00:00:00Z</xmp:CreateDate>')
    expect(pdf.metadata).toContain('Ponte Fibra Telecomunicações Ltda.')
    const odd = readPdf(printDocument({ ...invoice, customer: { name: `A & B <"C"> \\(D\u0007` } }, look))
    expect(odd.metadata).toContain('A &amp; B &lt;"C"&gt; \\(D')
  })

  it('carries the document for programs, with its amounts in words', () => {
    expect(pdf.catalog).toMatch(/\/AF \[\d+ 0 R\]/)
    expect(pdf.catalog).toContain('/Names << /EmbeddedFiles << /Names [(document.json)')
    expect(bodies.some((body) => body.includes('/AFRelationship /Data'))).toBe(true)
    expect(bodies.some((body) => body.includes('/Subtype /application#2Fjson'))).toBe(true)
    const data = JSON.parse(pdf.attachments.get('document.json')!.toString())
    expect(data).toMatchObject({ kind: 'invoice', number: 123, total: 11890, due_date: '2026-06-10' })
    expect(data.lines[0].explanation).toContain('10 de 31 dias')
  })

  it('has a title, a language and a structure, and is the same bytes for the same document', () => {
    expect(pdf.catalog).toContain('/Lang (pt-BR)')
    expect(pdf.catalog).toContain('/MarkInfo << /Marked true >>')
    expect(pdf.catalog).toContain('/ViewerPreferences << /DisplayDocTitle true >>')
    for (const tag of ['H1', 'H2', 'Table', 'TR', 'TH', 'TD'])
      expect(
        bodies.some((body) => body.startsWith(`<< /Type /StructElem /S /${tag} `)),
        tag,
      ).toBe(true)
    expect(source.equals(printDocument({ ...invoice, language: 'pt-BR' }, look))).toBe(true)
    expect(source.equals(printDocument({ ...invoice, language: 'pt-BR', number: 124 }, look))).toBe(false)
    expect(source.length).toBeLessThan(60_000)
  })

  it('has the letters of other scripts, and a question mark where there is none', () => {
    const [text] = printed({ customer: { name: 'Dvořák Győr Škoda Çağ Ελλάδα Київ Nguyễn 漢' } })
    for (const word of ['Dvořák', 'Győr', 'Škoda', 'Çağ', 'Ελλάδα', 'Київ', 'Nguyễn'])
      expect(text).toContain(word)
    expect(text).not.toContain('漢')
    expect(text).toContain('?')
  })

  it('prints every letter of Europe as it is, in any mixture', () => {
    const alphabet = [
      ...'abcxyzABCXYZ0189 .,-/()&%$€£ºª«»“”‘’–—…™½·',
      ...'áàâãäåæçéèêëíìîïñóòôõöøúùûüýÿßÁÀÂÃÄÅÆÇÉÈÊËÍÑÓÕÖØÚÜß',
      ...'ąćčďđęěğıłńňőœřśşšťůűźżžĄĆČĐĘĞİŁŃŐŒŘŚŞŠŤŮŰŹŻŽ',
      ...'αβγδεζωάέήίόύώΑΒΓΔΩабвгджзийклмнопрстуфхцчшщъыьэюяєіїґЄІЇҐ',
      ...'ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...alphabet), { minLength: 1, maxLength: 24 }), (letters) => {
        const name = letters.join('').normalize('NFC')
        const text = printed({ customer: { name, address: name } })[0]!
        expect(text.replace(/\s/g, '')).toContain(name.replace(/\s/g, ''))
      }),
      { numRuns: 150 },
    )
  })

  it('survives any text at all', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        (one, other) => {
          const pages = printed({
            customer: { name: one, city: other },
            reason: other,
            lines: [{ ...line, description: one }],
          })
          expect(pages.join('')).not.toContain('\ufffd')
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('printing in another thread', () => {
  it('gives the same bytes, in their order, and says what cannot be printed', async () => {
    const documents = languages.map((language, i) => ({ ...invoice, language, number: i + 1 }))
    const answers = await print({
      looks: [look],
      pieces: documents.map((document) => ({ look: 0, document })),
    })
    for (const [i, answer] of answers.entries()) {
      if (!('pdf' in answer)) throw new Error(answer.fault)
      expect(Buffer.from(answer.pdf).equals(printDocument(documents[i]!, look))).toBe(true)
    }
    const broken = { ...invoice, total: 0.5 }
    const [first, second] = await print({
      looks: [look],
      pieces: [
        { look: 0, document: broken },
        { look: 0, document: invoice },
      ],
    })
    expect(first).toMatchObject({ fault: expect.stringContaining('safe integer') })
    expect(second).toHaveProperty('pdf')
  })

  it('works off many orders at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => print({ looks: [look], pieces: [{ look: 0, document: invoice }] })),
    )
    expect(answers.every(([answer]) => answer && 'pdf' in answer)).toBe(true)
  })
})
