import { inflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { languages } from '../../platform/translations.ts'
import { type InvoicePdf, type InvoicePdfLine, type InvoicePdfLook, renderInvoicePdf } from './invoice-pdf.ts'
import { type ExplainedLine, explainLine } from './line-words.ts'

const date = Temporal.PlainDate.from
const may = { from: date('2026-04-30'), to: date('2026-05-31') }

const line: InvoicePdfLine = {
  description: 'Fibra 500 Mega',
  period: { from: date('2026-05-21'), to: date('2026-05-31') },
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

const invoice: InvoicePdf = {
  series: 'A',
  number: 123,
  state: 'open',
  issue_date: date('2026-05-31'),
  due_date: date('2026-06-10'),
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

const look: InvoicePdfLook = {
  name: 'Ponte Fibra',
  accent: '#0b7285',
  logo: null,
  support_email: 'ajuda@pontefibra.example',
  support_phone: null,
  website: null,
  payment_instructions: 'Pix: financeiro@pontefibra.example',
}

/** The text of each page, as a reader of PDFs finds it: by the fonts' ToUnicode maps. */
function readPages(pdf: Buffer): string[] {
  const source = pdf.toString('latin1')
  const objects = new Map<string, string>()
  for (const match of source.matchAll(/(?:^|\n)(\d+) 0 obj\n([\s\S]*?)\nendobj/g))
    objects.set(match[1]!, match[2]!)
  const streamOf = (id: string) => {
    const body = objects.get(id)!
    const start = body.indexOf('stream\n') + 7
    const raw = Buffer.from(body.slice(start, body.lastIndexOf('\nendstream')), 'latin1')
    return (body.includes('/FlateDecode') ? inflateSync(raw) : raw).toString('latin1')
  }
  const refs = (body: string, key: string) => new RegExp(`/${key} (\\d+) 0 R`).exec(body)?.[1]
  const letters = (fontId: string) => {
    const map = streamOf(refs(objects.get(fontId)!, 'ToUnicode')!)
    const glyphs: string[] = []
    for (const range of map.matchAll(/<(\w+)> <\w+> \[(.*?)\]/g)) {
      for (const [i, codes] of [...range[2]!.matchAll(/<([\w ]+)>/g)].entries()) {
        const units = codes[1]!.split(' ').map((code) => Number.parseInt(code, 16))
        glyphs[Number.parseInt(range[1]!, 16) + i] = String.fromCharCode(...units)
      }
    }
    return glyphs
  }
  return [...objects.values()]
    .filter((body) => /\/Type \/Page\n/.test(body))
    .map((body) => {
      const resources = objects.get(refs(body, 'Resources')!) ?? body
      const fonts = new Map<string, string[]>()
      for (const font of resources.matchAll(/\/(F\d+) (\d+) 0 R/g)) fonts.set(font[1]!, letters(font[2]!))
      let glyphs: string[] = []
      let text = ''
      const operators = /\/(F\d+) [\d.]+ Tf|\[(.*?)\] TJ|BDC/g
      for (const [operator, font, shown] of streamOf(refs(body, 'Contents')!).matchAll(operators)) {
        if (font) glyphs = fonts.get(font)!
        else if (operator === 'BDC') text += '\n'
        else {
          for (const run of shown!.matchAll(/<(\w+)>/g)) {
            for (const glyph of run[1]!.match(/.{4}/g) ?? [])
              text += glyphs[Number.parseInt(glyph, 16)] ?? '\ufffd'
          }
        }
      }
      return text.replaceAll('\u00a0', ' ')
    })
}

const render = async (
  changes: Partial<InvoicePdf> = {},
  language: (typeof languages)[number] = 'en',
  unit = look,
) => readPages(await renderInvoicePdf({ ...invoice, ...changes }, unit, language))

/** Unusual spaces of the formats made plain. */
const spaced = (text: string) => text.replace(/\s/g, ' ')

const explained = (
  changes: Partial<ExplainedLine>,
  language: (typeof languages)[number] = 'en',
  currency = 'USD',
) => spaced(explainLine({ ...line, ...changes }, currency, language))

describe('explainLine', () => {
  it('says the days, the last one included, in every language', () => {
    expect(explained({}, 'pt-BR', 'BRL')).toBe(
      '10 de 31 dias (21 – 30 de mai. de 2026) × R$ 89,90 por mês = R$ 29,00. Cobrado após o uso.',
    )
    expect(explained({}, 'es', 'BRL')).toBe(
      '10 de 31 días (21 – 30 de may de 2026) × BRL 89,90 por mes = BRL 29,00. Se cobra después del uso.',
    )
    expect(explained({})).toBe(
      '10 of 31 days (May 21 – 30, 2026) × $89.90 per month = $29.00. Charged after use.',
    )
  })

  it('says a whole period, more than one, and in advance', () => {
    expect(explained({ ...whole, rule: 'recurring_advance' })).toBe(
      'Whole period (Apr 30 – May 30, 2026): $89.90 per month. Charged in advance.',
    )
    expect(explained({ ...whole, quantity: 3, gross: 26970, net: 26970, rule: 'recurring_advance' })).toBe(
      'Whole period (Apr 30 – May 30, 2026): 3 × $89.90 per month = $269.70. Charged in advance.',
    )
    expect(explained({ quantity: 2, gross: 5800, net: 5800 })).toContain('× 2 × $89.90 per month = $58.00.')
  })

  it('says a discount as it was agreed and as it came out', () => {
    const percent = {
      discount_kind: 'percent',
      discount_basis_points: 1250,
      discount: 363,
      net: 2537,
    } as const
    expect(explained(percent)).toContain('= $29.00. Less a discount of 12.5% ($3.63): $25.37.')
    const amount = { discount_kind: 'amount', discount_amount: 2000, discount: 645, net: 2255 } as const
    expect(explained(amount)).toContain('Less a discount of $20.00 per month, here $6.45: $22.55.')
    expect(explained({ ...whole, ...amount, discount: 2000, net: 6990 })).toContain(
      'per month. Less a discount of $20.00: $69.90.',
    )
  })

  it('says that a month was counted as thirty days, and other lengths as periods', () => {
    expect(explained({ of_days: 30 })).toContain('Days are counted in a commercial month of 30 days.')
    const quarter = { from: date('2026-03-31'), to: date('2026-06-30') }
    expect(explained({ whole_period: quarter, of_days: 91 })).toContain('$89.90 per quarter')
  })

  it('says nothing of a rule that it does not know, and keeps the decimals of the currency', () => {
    expect(explained({ rule: 'manual', unit_amount: 3100, gross: 1000, net: 1000 }, 'en', 'JPY')).toBe(
      '10 of 31 days (May 21 – 30, 2026) × ¥3,100 per month = ¥1,000.',
    )
  })
})

describe('renderInvoicePdf', () => {
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
  ] as const)('carries everything of the invoice in %s', async (language, words) => {
    const pages = await render({}, language)
    expect(pages).toHaveLength(1)
    for (const word of words) expect(pages[0]).toContain(word)
    for (const word of [
      'A-123',
      '12.345.678/0001-90',
      'Ponte Fibra Telecomunicações',
      'Fibra 500 Mega',
      '1042',
    ]) {
      expect(pages[0]).toContain(word)
    }
    expect(pages[0]).toMatch(/118[,.]90/)
    expect(pages[0]).not.toMatch(/\ufffd|\{\{|undefined|NaN/)
  })

  it('has the letters of other scripts, and a question mark where there is none', async () => {
    const [text] = await render({ customer: { name: 'Dvořák Győr Škoda Çağ Ελλάδα Київ Nguyễn 漢' } })
    for (const word of ['Dvořák', 'Győr', 'Škoda', 'Çağ', 'Ελλάδα', 'Київ', 'Nguyễn'])
      expect(text).toContain(word)
    expect(text).not.toContain('漢')
    expect(text).toContain('?')
  })

  it('repeats the header on every page of a long invoice, and counts them', async () => {
    const lines = Array.from({ length: 100 }, (_, i) => ({ ...whole, description: `Branch no. ${i + 1}.` }))
    const pages = await render({ lines, gross: 899000, total: 899000, open_amount: 899000 })
    expect(pages.length).toBeGreaterThan(3)
    for (const [i, text] of pages.entries()) {
      expect(text).toContain(`Page ${i + 1} of ${pages.length}`)
      if (text.includes('Branch')) expect(text).toContain('Description')
    }
    const all = pages.join('\n')
    for (let i = 1; i <= 100; i++) expect(all.split(`Branch no. ${i}.`), `line ${i}`).toHaveLength(2)
    expect(pages.at(-1)).toContain('$8,990.00'.replace('$', 'R$'))
  })

  it('stamps what is paid, void or a draft, and asks for money only where some is owed', async () => {
    const [paid] = await render({ state: 'paid', paid_on: date('2026-06-08'), open_amount: 0 })
    expect(paid).toContain('PAID')
    expect(paid).toContain('on Jun 8, 2026')
    expect(paid).not.toContain('How to pay')
    const [void_] = await render({ state: 'void', open_amount: 0 }, 'es')
    expect(void_).toContain('ANULADA')
    expect(void_).toContain('no hay nada que pagar')
    const [draft] = await render({ state: 'draft', number: null })
    expect(draft).toContain('DRAFT')
    expect(draft).not.toContain('A-')
    const [part] = await render({ open_amount: 5000 })
    expect(part).toContain('Still to pay')
    expect(part).toContain('R$50.00')
  })

  it('goes on over pages with instructions, words and names of any length', async () => {
    const long = 'word '.repeat(3000)
    const unbroken = 'x'.repeat(400)
    const pages = await render(
      {
        customer: { name: unbroken, address: long, city: unbroken },
        lines: [{ ...line, description: unbroken, discount: 100, net: 2800, unit_amount: 900719925474099 }],
      },
      'pt-BR',
      { ...look, name: unbroken, payment_instructions: `${long}\n${unbroken}\nthe last words` },
    )
    expect(pages.length).toBeGreaterThan(2)
    expect(pages.at(-1)).toContain('the last words')
    expect((await render({ lines: [] }))[0]).toContain('Amount due')
  })

  it('has a title, an author, a language and a structure, and is the same bytes for the same invoice', async () => {
    const pdf = await renderInvoicePdf(invoice, look, 'pt-BR')
    const source = pdf.toString('latin1')
    expect(source.startsWith('%PDF-1.7')).toBe(true)
    expect(source).toContain('/Lang (pt-BR)')
    expect(source).toContain('(Fatura A-123)')
    expect(source).toContain('/Marked true')
    for (const tag of ['H1', 'Table', 'TR', 'TH', 'TD']) expect(source).toContain(`/S /${tag}\n`)
    expect(pdf.equals(await renderInvoicePdf(invoice, look, 'pt-BR'))).toBe(true)
    expect(pdf.length).toBeLessThan(60_000)
  })

  it('shows the logo, and the name where the picture cannot be read', async () => {
    const logo = await sharp({ create: { width: 2000, height: 500, channels: 4, background: '#ff000080' } })
      .png()
      .toBuffer()
    const source = (await renderInvoicePdf(invoice, { ...look, logo }, 'en')).toString('latin1')
    expect(source).toContain('/Subtype /Image')
    expect(source).toContain('/Alt (Logo of Ponte Fibra)')
    const broken = await renderInvoicePdf(invoice, { ...look, logo: Buffer.from('no picture') }, 'en')
    expect(broken.toString('latin1')).not.toContain('/Subtype /Image')
    expect(readPages(broken)[0]).toContain('Ponte Fibra')
  })

  it('renders in every language at once', async () => {
    const all = await Promise.all(
      languages.flatMap((language) => [render({}, language), render({}, language)]),
    )
    expect(all.every((pages) => pages.length === 1)).toBe(true)
  })
})
