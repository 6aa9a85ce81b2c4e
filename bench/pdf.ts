import { monitorEventLoopDelay } from 'node:perf_hooks'
import { inflateSync } from 'node:zlib'
import PDFDocument from 'pdfkit'
import type { PrintLook } from '../server/modules/billing/document-sheet.ts'
import { type PrintableDocument, printDocument } from '../server/modules/billing/invoice-pdf.ts'
import { print } from '../server/modules/billing/printing.ts'
import { openLatin, packTrueType } from '../server/platform/pdf/fonts.ts'
import type { Row } from './run.ts'

const look: PrintLook = {
  name: 'Ponte Fibra',
  accent: '#0b7285',
  logo: null,
  support_email: 'ajuda@pontefibra.example',
  support_phone: '+55 11 4000-1000',
  website: 'https://pontefibra.example',
  payment_instructions: 'Pix: financeiro@pontefibra.example\nBanco 341, agência 0001, conta 12345-6',
}

/** The n-th invoice: ten lines, of which two are cut by days, taxes, and a customer of its own. */
function createInvoice(n: number): PrintableDocument {
  const lines = Array.from({ length: 10 }, (_, i) => {
    const part = i % 5 === 4
    const [days, gross] = part ? [10 + (n % 15), 2900 + (n % 15) * 290] : [31, 8990 + i * 100]
    return {
      role: i === 0 ? ('plan' as const) : ('option' as const),
      description: `${['Fibra 500 Mega', 'IP fixo', 'Ponto adicional', 'Telefone fixo', 'Câmera de segurança'][i % 5]} ${(n * 7 + i) % 900}`,
      period: { from: part ? '2026-05-05' : '2026-04-30', to: '2026-05-31' },
      days,
      of_days: 31,
      whole_period: { from: '2026-04-30', to: '2026-05-31' },
      unit_amount: 8990 + i * 100,
      quantity: 1,
      gross,
      discount: 0,
      discount_kind: null,
      discount_basis_points: null,
      discount_amount: null,
      net: gross,
      tax_included: Math.round(gross * 0.0476),
      rule: 'recurring_arrears',
    }
  })
  const total = lines.reduce((sum, { net }) => sum + net, 0)
  const tax = lines.reduce((sum, line) => sum + line.tax_included, 0)
  const name = `${['Ana', 'João', 'Conceição', 'Luís', 'Inês'][n % 5]} ${['Souza', 'Araújo', 'Gonçalves', 'Magalhães'][n % 4]} ${n}`
  return {
    kind: 'invoice',
    series: 'A',
    number: n,
    state: 'open',
    language: 'pt-BR',
    issue_date: '2026-05-31',
    due_date: '2026-06-10',
    paid_on: null,
    currency: 'BRL',
    gross: total,
    discount: 0,
    tax_included: tax,
    total,
    open_amount: total,
    issuer: {
      legal_name: 'Ponte Fibra Telecomunicações Ltda.',
      tax_id: '12.345.678/0001-90',
      address: 'Rua Augusta, 1200',
      city: 'São Paulo',
      state: 'SP',
      postal_code: '01304-001',
    },
    customer: {
      number: n,
      name,
      address: `Rua das Flores, ${n % 2000}`,
      city: `Cidade ${n % 500}`,
      state: 'SP',
    },
    taxes: [{ name: 'ISS', rate: 50_000, inclusive: true, base: total, amount: tax }],
    lines,
  }
}

type Drawn = {
  text: string
  x: number
  y: number
  size: number
  bold: boolean
  colour: [number, number, number]
}

/** Every text of a page of ours with its place, read out of the file: what the other writer draws, too. */
function readTexts(pdf: Buffer): Drawn[] {
  const source = pdf.toString('latin1')
  const letters = ([400, 600] as const).map((weight) => openLatin(weight).common)
  for (const found of source.matchAll(/<< {2}\/Filter \/FlateDecode \/Length (\d+) >>\nstream\n/g)) {
    const from = found.index + found[0].length
    const content = inflateSync(pdf.subarray(from, from + Number(found[1]))).toString('latin1')
    if (!content.includes(' Tm ')) continue
    const texts: Drawn[] = []
    let colour: Drawn['colour'] = [0, 0, 0]
    let place = { x: 0, y: 0 }
    let font = { bold: false, size: 9 }
    const operators =
      /([\d.]+) ([\d.]+) ([\d.]+) rg|1 0 0 1 ([\d.]+) ([\d.]+) Tm|\/F(\d) ([\d.]+) Tf|\[([^\]]*)\] TJ/g
    for (const [, red, green, blue, x, y, face, size, shown] of content.matchAll(operators)) {
      if (red) colour = [Number(red) * 255, Number(green) * 255, Number(blue) * 255]
      else if (x) place = { x: Number(x), y: 841.89 - Number(y) }
      else if (face) font = { bold: face === '1', size: Number(size) }
      else {
        let text = ''
        for (const [, run] of shown!.matchAll(/<(\w+)>/g))
          for (const glyph of run!.match(/.{4}/g) ?? [])
            text += letters[font.bold ? 1 : 0]!.get(Number.parseInt(glyph, 16))
        texts.push({ text: text.trimEnd(), ...place, ...font, colour })
      }
    }
    return texts
  }
  throw new Error('the page is not found')
}

/** The same texts at the same places by pdfkit, as one uses it: fonts are given to each document. */
function drawWithPdfkit(
  texts: readonly Drawn[],
  fonts: readonly [Buffer | string, Buffer | string],
): Promise<Buffer> {
  const doc = new PDFDocument({ size: 'A4', margin: 0, pdfVersion: '1.7' })
  const chunks: Buffer[] = []
  const done = new Promise<Buffer>((resolve) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk))
    doc.on('end', () => resolve(Buffer.concat(chunks)))
  })
  doc.registerFont('regular', fonts[0]).registerFont('semibold', fonts[1])
  doc.rect(0, 0, 595.28, 5).fill('#0b7285')
  for (const { text, x, y, size, bold, colour } of texts) {
    doc
      .font(bold ? 'semibold' : 'regular')
      .fontSize(size)
      .fillColor(colour)
    doc.text(text, x, y - size * 0.969, { lineBreak: false })
  }
  for (let line = 0; line < 12; line++)
    doc
      .moveTo(48, 300 + line * 40)
      .lineTo(547, 300 + line * 40)
      .stroke()
  doc.end()
  return done
}

/** Documents per second of a processor: what others take of a shared machine does not count. */
async function pace(count: number, draw: (n: number) => unknown): Promise<number> {
  for (let n = 0; n < Math.min(count, 300); n++) await draw(n)
  const began = process.cpuUsage()
  for (let n = 0; n < count; n++) await draw(10_000 + n)
  const { user, system } = process.cpuUsage(began)
  return count / ((user + system) / 1_000_000)
}

/**
 * Invoices of ten lines as PDF/A-3 with their fonts inside, on one core; against pdfkit drawing the same texts with the same
 * fonts. And thousands in the threads of the server: how many a second, and how long its own thread was held up.
 */
export async function benchPdf(documents: number): Promise<Row[]> {
  const texts = Array.from({ length: 50 }, (_, n) => readTexts(printDocument(createInvoice(n), look)))
  const fonts: [Buffer, Buffer] = [packTrueType(openLatin(400).tables), packTrueType(openLatin(600).tables)]
  const turns = 3
  let [ours, pdfkit, bare] = [0, 0, 0]
  // In turns, so that both have the same neighbours on the machine.
  for (let turn = 0; turn < turns; turn++) {
    ours += (await pace(documents / 2, (n) => printDocument(createInvoice(turn * 50_000 + n), look))) / turns
    pdfkit += (await pace(40, (n) => drawWithPdfkit(texts[n % 50]!, fonts))) / turns
    bare += (await pace(200, (n) => drawWithPdfkit(texts[n % 50]!, ['Helvetica', 'Helvetica-Bold']))) / turns
  }
  const size = printDocument(createInvoice(1), look).length

  // The server's own thread waits meanwhile, as it would for requests.
  const order = (from: number) => ({
    looks: [look],
    pieces: Array.from({ length: 25 }, (_, i) => ({ look: 0, document: createInvoice(from + i) })),
  })
  await print(order(0))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const began = performance.now()
  let waiting: Promise<unknown> = Promise.resolve()
  for (let from = 0; from < documents; from += 25) {
    const next = print(order(from))
    await waiting
    waiting = next
  }
  await waiting
  const threaded = documents / ((performance.now() - began) / 1000)
  delay.disable()
  return [
    {
      name: `invoices of ten lines as PDF/A-3, ${Math.round(size / 1000)} kB, one core`,
      ours: `${ours.toFixed(0)} documents per second and core`,
      limit: `${pdfkit.toFixed(0)} by pdfkit with the same texts and fonts (${bare.toFixed(0)} with no font embedded)`,
      ratio: ours / pdfkit,
      aim: '≥ 10 × pdfkit',
      value: ours,
    },
    {
      name: `${documents.toLocaleString('en')} of them in the threads of the server, its own thread held ${(delay.max / 1e6).toFixed(0)} ms at most, ${(delay.percentile(99) / 1e6).toFixed(1)} ms at p99`,
      ours: `${threaded.toFixed(0)} documents/s`,
      limit: `${ours.toFixed(0)} on one core alone`,
      ratio: ours / threaded,
      aim: 'watched',
      value: threaded,
    },
  ]
}
