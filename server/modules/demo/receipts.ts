// What customers attach to a payment notice: the confirmation that a bank's app or page gives them.
import { createRequire } from 'node:module'
import PDFDocument from 'pdfkit'
import sharp from 'sharp'
import { formatDate } from '../../platform/calendar.ts'
import type { LanguageCode } from '../../platform/database.gen.ts'
import { formatMoney } from '../../platform/money.ts'

export type Receipt = {
  language: LanguageCode
  payer: string
  payee: string
  amount: number
  currency: string
  paid_on: Temporal.PlainDate
  reference: string
}

const texts = {
  'pt-BR': {
    bank: 'Banco Araucária',
    title: 'Comprovante de pagamento',
    amount: 'Valor',
    date: 'Data',
    from: 'De',
    to: 'Para',
    reference: 'Autenticação',
    file: 'comprovante',
  },
  es: {
    bank: 'Banco del Plata Austral',
    title: 'Comprobante de transferencia',
    amount: 'Importe',
    date: 'Fecha',
    from: 'Desde',
    to: 'Para',
    reference: 'Número de operación',
    file: 'comprobante',
  },
  en: {
    bank: 'Cascadia Mutual Bank',
    title: 'Transfer confirmation',
    amount: 'Amount',
    date: 'Date',
    from: 'From',
    to: 'To',
    reference: 'Confirmation number',
    file: 'confirmation',
  },
} as const

function listLines(receipt: Receipt): [label: string, value: string][] {
  const words = texts[receipt.language]
  return [
    [words.amount, formatMoney(receipt.amount, receipt.currency, receipt.language)],
    [words.date, formatDate(receipt.paid_on, receipt.language)],
    [words.from, receipt.payer],
    [words.to, receipt.payee],
    [words.reference, receipt.reference],
  ]
}

type Face = {
  unitsPerEm: number
  layout(text: string): { glyphs: { path: { toSVG(): string } }[]; positions: { xAdvance: number }[] }
}
let face: Face | undefined

/** The outlines of a text: the machine may have no font at all. pdfkit opens the font, but says so in no type. */
function outline(text: string, x: number, y: number, size: number, colour: string): string {
  if (!face) {
    const file = createRequire(import.meta.url).resolve('@fontsource/inter/files/inter-latin-500-normal.woff')
    const opener = new PDFDocument({ autoFirstPage: false, font: '' }).font(file)
    face = (opener as unknown as { _font: { font: Face } })._font.font
  }
  const { glyphs, positions } = face.layout(text.replace(/[\u00a0\u202f]/g, ' '))
  let at = 0
  const paths = glyphs.map((glyph, index) => {
    const path = `<path transform="translate(${at} 0)" d="${glyph.path.toSVG()}"/>`
    at += positions[index]!.xAdvance
    return path
  })
  const scale = size / face.unitsPerEm
  return `<g fill="${colour}" transform="translate(${x} ${y}) scale(${scale} ${-scale})">${paths.join('')}</g>`
}

/** A picture of a phone's screen: PNG. */
export async function drawReceipt(
  receipt: Receipt,
): Promise<{ name: string; media_type: string; bytes: Buffer }> {
  const words = texts[receipt.language]
  const lines = listLines(receipt).map(
    ([label, value], index) =>
      outline(label, 60, 330 + index * 108, 24, '#64748b') +
      outline(value, 60, 368 + index * 108, 31, '#0f172a'),
  )
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="720" height="960">
    <path fill="#f8fafc" d="M0 0H720V960H0Z"/><path fill="#1e40af" d="M0 0H720V20H0Z"/>
    <circle cx="648" cy="108" r="30" fill="#15803d"/><path d="M634 108l10 11 19-22" fill="none" stroke="#fff" stroke-width="6"/>
    ${outline(words.bank, 60, 118, 27, '#334155')}${outline(words.title, 60, 214, 44, '#0f172a')}
    <path stroke="#cbd5e1" stroke-width="2" d="M60 262H660"/>${lines.join('')}</svg>`
  const bytes = await sharp(Buffer.from(svg)).png({ palette: true }).toBuffer()
  return { name: `${words.file}.png`, media_type: 'image/png', bytes }
}

/** A page of a bank's site: PDF. */
export async function printReceipt(
  receipt: Receipt,
): Promise<{ name: string; media_type: string; bytes: Buffer }> {
  const words = texts[receipt.language]
  const pdf = new PDFDocument({
    size: 'A5',
    margin: 48,
    info: { Title: words.title, Author: words.bank },
  })
  const chunks: Buffer[] = []
  const done = new Promise<void>((resolve) => pdf.on('end', resolve))
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
  pdf.rect(0, 0, pdf.page.width, 10).fill('#1e40af')
  pdf.fillColor('#334155').fontSize(11).text(words.bank, 48, 44, { paragraphGap: 10 })
  pdf.fillColor('#0f172a').font('Helvetica-Bold').fontSize(18).text(words.title, { paragraphGap: 18 })
  for (const [label, value] of listLines(receipt)) {
    pdf.font('Helvetica').fontSize(9).fillColor('#64748b').text(label)
    // The fonts that every reader has know no narrow spaces, which amounts are written with.
    pdf
      .fontSize(12)
      .fillColor('#0f172a')
      .text(value.replace(/[\u00a0\u202f]/g, ' '), { paragraphGap: 10 })
  }
  pdf.end()
  await done
  return { name: `${words.file}.pdf`, media_type: 'application/pdf', bytes: Buffer.concat(chunks) }
}
