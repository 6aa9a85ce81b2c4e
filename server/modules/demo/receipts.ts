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

/** A picture of a phone's screen: PNG. */
export async function drawReceipt(
  receipt: Receipt,
): Promise<{ name: string; media_type: string; bytes: Buffer }> {
  const words = texts[receipt.language]
  const escapeMarkup = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
  const lines = listLines(receipt)
    .map(
      ([label, value]) =>
        `<span foreground="#64748b" size="11pt">${escapeMarkup(label)}</span>\n<span size="14pt">${escapeMarkup(value)}</span>`,
    )
    .join('\n\n')
  const text = await sharp({
    text: {
      text: `<span foreground="#0f172a"><span size="12pt" foreground="#334155">${words.bank}</span>\n\n<span size="19pt">${words.title}</span>\n\n\n${lines}</span>`,
      font: 'Inter',
      // The machine may have no font at all.
      fontfile: createRequire(import.meta.url).resolve('@fontsource/inter/files/inter-latin-400-normal.woff'),
      width: 600,
      dpi: 130,
      rgba: true,
    },
  })
    .png()
    .toBuffer()
  const bytes = await sharp({ create: { width: 720, height: 1180, channels: 3, background: '#f8fafc' } })
    .composite([
      { input: { create: { width: 720, height: 18, channels: 3, background: '#1e40af' } }, left: 0, top: 0 },
      { input: text, left: 60, top: 90 },
    ])
    .png({ palette: true })
    .toBuffer()
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
  pdf.fillColor('#334155').fontSize(11).text(words.bank, 48, 44)
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
