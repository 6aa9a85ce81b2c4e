// An invoice on paper.
import PDFDocument from 'pdfkit'
import { mixColours, readableAccent } from '../../platform/accent.ts'
import { formatDate } from '../../platform/calendar.ts'
import { formatMoney } from '../../platform/money.ts'
import {
  cleanText,
  decorate,
  ink,
  inner,
  lineHeight,
  lowest,
  measure,
  page,
  prepareLogo,
  right,
  type Weight,
  wrap,
  write,
} from '../../platform/pdf-text.ts'
import { formatPeriod } from '../../platform/period.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { type ExplainedLine, explainBriefly } from './line-words.ts'

export type InvoicePdfLine = ExplainedLine & { description: string }

/** Issuer or customer as they were on issue: the columns `issuer` and `customer` of an invoice. */
export type InvoiceParty = {
  name?: string | null
  legal_name?: string | null
  /** Of the customer's account. */
  number?: string | number | null
  tax_id?: string | null
  address?: string | null
  city?: string | null
  state?: string | null
  postal_code?: string | null
}

export type InvoicePdf = {
  series: string
  /** Null: a draft, which has no number yet (billing.md 15). */
  number: number | null
  state: 'draft' | 'open' | 'paid' | 'void'
  issue_date: Temporal.PlainDate
  due_date: Temporal.PlainDate
  /** The day on which it was paid, in the business unit's time zone. */
  paid_on: Temporal.PlainDate | null
  currency: string
  gross: number
  discount: number
  total: number
  /** What is still owed of it. */
  open_amount: number
  issuer: InvoiceParty
  customer: InvoiceParty
  lines: InvoicePdfLine[]
}

export type InvoicePdfLook = {
  name: string
  /** #rrggbb */
  accent: string
  /** Any picture that a browser shows; what cannot be read is left out and the name stands in its place. */
  logo: Buffer | null
  support_email: string | null
  support_phone: string | null
  website: string | null
  payment_instructions: string | null
}

// The page -----------------------------------------------------------------------------------------------------

type Column = { key: string; title: string; width: number; align: 'left' | 'right' }

type Row = { cells: Record<string, string>; explanation: string }

const gap = 12

/** Numbers take what they need, the description the rest; a column in which nothing stands is left out. */
function layOutColumns(rows: Row[], titles: Record<string, string>): Column[] {
  const keys = Object.keys(titles).filter(
    (key) => key === 'description' || rows.some((row) => row.cells[key] !== ''),
  )
  const columns = keys.map((key): Column => {
    const title = titles[key] ?? ''
    const align = key === 'description' || key === 'period' ? 'left' : 'right'
    const contents = rows.map((row) => measure(row.cells[key] ?? '', key === 'net' ? 600 : 400, 9))
    const width = Math.max(measure(title, 600, 8), ...contents)
    return { key, title, align, width }
  })
  const [description, period] = columns
  if (description && period) {
    const others = columns.slice(1).reduce((sum, { width }) => sum + width + gap, 0)
    // Where both do not fit on one line, the period breaks between its two dates.
    if (inner - others < 150) period.width = Math.min(period.width, 110)
    const rest = columns.slice(1).reduce((sum, { width }) => sum + width + gap, 0)
    description.width = Math.max(90, inner - rest)
  }
  return columns
}

/** Breaks between the two dates of a period, never inside one. */
function keepDatesWhole(period: string): string {
  const dash = period.lastIndexOf('–')
  return dash < 0
    ? period
    : `${period.slice(0, dash + 1).replace(/\s/g, '\u00a0')} ${period
        .slice(dash + 1)
        .trim()
        .replace(/\s/g, '\u00a0')}`
}

function listAddress(party: InvoiceParty): string[] {
  const place = [party.city, party.state].filter(Boolean).join(', ')
  return [
    ...(party.address ?? '').split(/\r?\n/),
    [place, party.postal_code].filter(Boolean).join(' '),
  ].filter((line) => line.trim() !== '')
}

/**
 * The invoice as an A4 PDF in one language: tagged for readers aloud, with its fonts inside, and the same bytes
 * for the same invoice. Throws only on what cannot be: an accent that is not #rrggbb, an unsafe amount.
 */
export async function renderInvoicePdf(
  invoice: InvoicePdf,
  look: InvoicePdfLook,
  language: Language,
): Promise<Buffer> {
  const t = translator(language)
  const money = (amount: number) => formatMoney(amount, invoice.currency, language)
  const number = invoice.number === null ? null : `${invoice.series}-${invoice.number}`
  const title = number === null ? t('pdf:title_draft') : `${t('pdf:title')} ${number}`
  const customerName = invoice.customer.name ?? ''
  const accentText = readableAccent(look.accent, '#ffffff')
  const logo = look.logo ? await prepareLogo(look.logo) : null

  const doc = new PDFDocument({
    size: 'A4',
    margin: 0,
    autoFirstPage: false,
    // No default font: pdfkit would read Helvetica's tables for nothing.
    font: '',
    bufferPages: true,
    pdfVersion: '1.7',
    tagged: true,
    displayTitle: true,
    lang: language,
    info: {
      Title: title,
      Author: cleanText(invoice.issuer.legal_name ?? look.name),
      Subject: number === null ? title : t('pdf:subject', { number, customer: cleanText(customerName) }),
      Creator: 'Zaguan',
      Producer: 'Zaguan',
      // The document's own date, so that no clock is read and the same invoice gives the same bytes.
      CreationDate: new Date(`${invoice.issue_date.toString({ calendarName: 'never' })}T00:00:00Z`),
    },
  })
  const chunks: Buffer[] = []
  const done = new Promise<Buffer>((resolve, reject) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk))
    doc.on('end', () => resolve(Buffer.concat(chunks)))
    doc.on('error', reject)
  })
  const root = doc.struct('Document')
  doc.addStructure(root)
  type Element = typeof root
  const tag = (parent: Element, type: string, draw: () => void, options: object = {}) => {
    parent.add(doc.struct(type, options, [draw]))
  }
  const group = (parent: Element, type: string): Element => {
    const element = doc.struct(type)
    parent.add(element)
    return element
  }

  let y: number = page.top
  const startPage = () => {
    doc.addPage()
    y = page.top
    decorate(doc, () => doc.rect(0, 0, page.width, 5).fill(look.accent), true)
  }
  startPage()

  // Who and what.
  const logoHeight = 44
  if (logo) {
    tag(root, 'Figure', () => doc.image(logo, page.margin, y, { fit: [165, logoHeight] }), {
      alt: t('pdf:logo', { unit: look.name }),
    })
  } else {
    const lines = wrap(look.name, 600, 17, inner * 0.55).slice(0, 2)
    tag(root, 'P', () => write(doc, lines, page.margin, y + 4, inner * 0.55, { size: 17, weight: 600 }))
  }
  tag(root, 'H1', () => {
    write(doc, [t('pdf:title')], page.margin, y - 4, inner, { size: 22, weight: 600, align: 'right' })
    if (number) {
      write(doc, [number], page.margin, y + 28, inner, { size: 11, colour: ink.soft, align: 'right' })
    }
  })
  y += logoHeight + 34

  // From, to, and the dates.
  const partyWidth = 172
  const writeParty = (party: InvoiceParty, x: number, label: string, name: string): number => {
    const details = [
      ...(party.number ? [t('pdf:account_number', { number: party.number })] : []),
      ...(party.tax_id ? [t('pdf:tax_id', { tax_id: party.tax_id })] : []),
      ...listAddress(party),
    ].flatMap((line) => wrap(line, 400, 9, partyWidth))
    const names = wrap(name, 600, 10, partyWidth)
    let below = y
    const section = group(root, 'Sect')
    tag(section, 'H2', () => {
      below = write(doc, [label], x, y, partyWidth, { size: 8, colour: ink.soft })
    })
    tag(section, 'P', () => {
      below = write(doc, names, x, below + 2, partyWidth, { size: 10, weight: 600 })
      below = write(doc, details.slice(0, 9), x, below + 1, partyWidth, { colour: ink.soft })
    })
    section.end()
    return below
  }
  const issuerName = invoice.issuer.legal_name ?? invoice.issuer.name ?? look.name
  const belowIssuer = writeParty({ ...invoice.issuer, number: null }, page.margin, t('pdf:from'), issuerName)
  const customerX = page.margin + partyWidth + 20
  const belowCustomer = writeParty(invoice.customer, customerX, t('pdf:to'), customerName)
  const factsX = customerX + partyWidth + 20
  let belowFacts = y
  for (const [label, value] of [
    [t('pdf:issue_date'), formatDate(invoice.issue_date, language)],
    [t('pdf:due_date'), formatDate(invoice.due_date, language)],
  ] as const) {
    tag(root, 'P', () => {
      const width = right - factsX
      belowFacts = write(doc, [label], factsX, belowFacts, width, {
        size: 8,
        colour: ink.soft,
        align: 'right',
      })
      belowFacts = write(doc, [cleanText(value)], factsX, belowFacts, width, { weight: 600, align: 'right' })
    })
    belowFacts += 6
  }
  y = Math.max(belowIssuer, belowCustomer, belowFacts) + 20

  // What it comes to, at a glance.
  const due = invoice.state === 'open' || invoice.state === 'draft'
  const heroHeight = 64
  const tint = due ? mixColours(look.accent, '#ffffff', 0.91) : '#f3f4f6'
  decorate(doc, () => {
    doc.roundedRect(page.margin, y, inner, heroHeight, 8).fill(tint)
    if (due) doc.roundedRect(page.margin, y, 4, heroHeight, 2).fill(look.accent)
  })
  tag(root, 'P', () => {
    const label = due ? t('pdf:amount_due') : t('pdf:amount')
    write(doc, [label], page.margin + 20, y + 12, 240, { size: 8.5, colour: ink.soft })
    const amount = cleanText(money(due ? invoice.open_amount : invoice.total))
    write(doc, [amount], page.margin + 20, y + 25, 300, { size: 20, weight: 600 })
  })
  if (due) {
    tag(root, 'P', () => {
      const x = right - 220
      write(doc, [t('pdf:pay_by')], x, y + 12, 200, { size: 8.5, colour: ink.soft, align: 'right' })
      const date = cleanText(formatDate(invoice.due_date, language))
      write(doc, [date], x, y + 30, 200, { size: 13, weight: 600, align: 'right' })
    })
  }
  if (invoice.state !== 'open') stamp(invoice.state)
  y += heroHeight + 24

  function stamp(state: 'draft' | 'paid' | 'void'): void {
    const word = t(`pdf:stamp.${state}`).toLocaleUpperCase(language)
    const colour = { draft: ink.soft, paid: ink.good, void: ink.bad }[state]
    const date = state === 'paid' && invoice.paid_on ? formatDate(invoice.paid_on, language) : null
    const below = date ? cleanText(t('pdf:paid_on', { date })) : null
    const width = Math.max(measure(word, 600, 19), below ? measure(below, 400, 8) : 0) + 28
    const height = below ? 46 : 36
    // A draft has its due date in the corner: its stamp stands in the middle.
    const x = state === 'draft' ? page.margin + inner / 2 - width / 2 : right - width - 22
    const top = y + (heroHeight - height) / 2
    doc.save()
    doc.rotate(-6, { origin: [x + width / 2, top + height / 2] })
    decorate(doc, () => doc.roundedRect(x, top, width, height, 6).lineWidth(2).stroke(colour))
    tag(root, 'P', () => {
      const centred = (text: string, weight: Weight, size: number, at: number) =>
        write(doc, [text], x + (width - measure(text, weight, size)) / 2, at, width, { size, weight, colour })
      centred(word, 600, 19, top + (below ? 4 : 5))
      if (below) centred(below, 400, 8, top + 29)
    })
    doc.restore()
  }

  // The lines.
  const rows = invoice.lines.map((line): Row => {
    const cells = {
      description: line.description,
      period: keepDatesWhole(formatPeriod(line.period, language)),
      unit_amount: money(line.unit_amount),
      quantity: String(line.quantity),
      discount: line.discount === 0 ? '' : money(-line.discount),
      net: money(line.net),
    }
    const cleaned = Object.fromEntries(Object.entries(cells).map(([key, text]) => [key, cleanText(text)]))
    return { cells: cleaned, explanation: explainBriefly(line, invoice.currency, language) }
  })
  const columns = layOutColumns(rows, {
    description: t('pdf:column.description'),
    period: t('pdf:column.period'),
    unit_amount: t('pdf:column.unit_amount'),
    quantity: t('pdf:column.quantity'),
    discount: t('pdf:column.discount'),
    net: t('pdf:column.net'),
  })
  const table = group(root, 'Table')

  const writeHead = (repeated: boolean) => {
    const draw = (cell: (column: Column, draw: () => void) => void) => {
      let x = page.margin
      for (const column of columns) {
        const at = x
        cell(column, () => {
          write(doc, [column.title], at, y, column.width, {
            size: 8,
            weight: 600,
            colour: ink.soft,
            align: column.align,
          })
        })
        x += column.width + gap
      }
    }
    if (repeated) {
      decorate(doc, () => draw((_column, drawCell) => drawCell()), true)
    } else {
      const row = group(table, 'TR')
      draw((_column, drawCell) => tag(row, 'TH', drawCell, { scope: 'Column' }))
      row.end()
    }
    y += 16
    decorate(doc, () => doc.moveTo(page.margin, y).lineTo(right, y).lineWidth(1).stroke(accentText))
    y += 8
  }
  const continueOnNextPage = () => {
    startPage()
    decorate(
      doc,
      () => {
        const words = [look.name, title, t('pdf:continued')].map(cleanText).join(' · ')
        write(doc, wrap(words, 400, 8.5, inner).slice(0, 1), page.margin, y - 12, inner, {
          size: 8.5,
          colour: ink.soft,
        })
      },
      true,
    )
    y += 16
  }

  if (y + 80 > lowest) continueOnNextPage()
  writeHead(false)
  for (const row of rows) {
    const texts = columns.map((column) => ({
      column,
      lines:
        column.align === 'left'
          ? wrap(row.cells[column.key] ?? '', column.key === 'description' ? 600 : 400, 9, column.width)
          : [row.cells[column.key] ?? ''],
    }))
    const why = wrap(row.explanation, 400, 7.8, inner)
    const height = Math.max(...texts.map(({ lines }) => lines.length)) * lineHeight(9)
    const total = height + 2 + why.length * lineHeight(7.8) + 14
    if (y + total > lowest) {
      continueOnNextPage()
      writeHead(true)
    }
    const element = group(table, 'TR')
    let x = page.margin
    for (const { column, lines } of texts) {
      const at = x
      const weight = column.key === 'description' || column.key === 'net' ? 600 : 400
      tag(element, 'TD', () => {
        write(doc, lines, at, y, column.width, { weight, align: column.align })
        if (column.key === 'description') {
          write(doc, why, page.margin, y + height + 2, inner, { size: 7.8, colour: ink.soft })
        }
      })
      x += column.width + gap
    }
    element.end()
    y += total - 8
    decorate(doc, () => doc.moveTo(page.margin, y).lineTo(right, y).lineWidth(0.6).stroke(ink.line))
    y += 8
  }
  table.end()

  // What it adds up to, and how to pay it.
  const paid = invoice.total - invoice.open_amount
  type Sum = { label: string; amount: number; strong?: boolean }
  const sums: Sum[] = [
    ...(invoice.discount !== 0
      ? [
          { label: t('pdf:subtotal'), amount: invoice.gross },
          { label: t('pdf:discount'), amount: -invoice.discount },
        ]
      : []),
    { label: t('pdf:total'), amount: invoice.total, strong: true },
    ...(invoice.state === 'open' && paid !== 0
      ? [
          { label: t('pdf:paid'), amount: -paid },
          { label: t('pdf:open'), amount: invoice.open_amount, strong: true },
        ]
      : []),
  ]
  const sumsWidth = 200
  const sumsHeight = sums.reduce((height, { strong }) => height + (strong ? 26 : 18), 0)
  const noteWidth = inner - sumsWidth - 32
  const words =
    invoice.state === 'paid'
      ? { head: null, lines: wrap(t('pdf:is_paid'), 400, 9, noteWidth) }
      : invoice.state === 'void'
        ? { head: null, lines: wrap(t('pdf:is_void'), 400, 9, noteWidth) }
        : look.payment_instructions && invoice.open_amount > 0
          ? {
              head: t('pdf:how_to_pay'),
              lines: [
                ...wrap(look.payment_instructions.trim(), 400, 9, noteWidth),
                ...(number ? wrap(t('pdf:how_to_pay_number', { number }), 400, 9, noteWidth) : []),
              ],
            }
          : { head: null, lines: [] }
  const noteHeight = (words.head ? 17 : 0) + words.lines.length * lineHeight(9)
  const free = lowest - page.top - 32
  if (y + Math.min(Math.max(sumsHeight, noteHeight) + 10, free) > lowest) continueOnNextPage()
  y += 10

  let at = y
  const sumsX = right - sumsWidth
  for (const { label, amount, strong } of sums) {
    const size = strong ? 11 : 9
    const weight: Weight = strong ? 600 : 400
    if (strong) {
      decorate(doc, () =>
        doc.roundedRect(sumsX, at - 1, sumsWidth, 24, 5).fill(mixColours(look.accent, '#ffffff', 0.91)),
      )
    }
    const top = at + (strong ? 3.5 : 1)
    tag(root, 'P', () => {
      write(doc, [label], sumsX + 10, top, sumsWidth - 20, {
        size,
        weight,
        colour: strong ? ink.text : ink.soft,
      })
      write(doc, [cleanText(money(amount))], sumsX + 10, top, sumsWidth - 20, {
        size,
        weight,
        align: 'right',
      })
    })
    at += strong ? 28 : 18
  }
  const section = group(root, 'Sect')
  if (words.head) {
    const head = words.head
    tag(section, 'H2', () => write(doc, [head], page.margin, y, noteWidth, { size: 10, weight: 600 }))
    y += 17
  }
  // Instructions may be longer than the page.
  let rest = words.lines
  while (rest.length > 0) {
    const fits = Math.max(1, Math.floor((lowest - y) / lineHeight(9)))
    const lines = rest.slice(0, fits)
    rest = rest.slice(fits)
    tag(section, 'P', () => write(doc, lines, page.margin, y, noteWidth))
    if (rest.length > 0) continueOnNextPage()
  }
  section.end()
  root.end()

  // The foot of every page, once their number is known.
  const contacts = [look.support_email, look.support_phone, look.website?.replace(/^https?:\/\/|\/$/g, '')]
  const help = contacts.some(Boolean) ? `${t('pdf:help')} ${contacts.filter(Boolean).join(' · ')}` : look.name
  const { start, count } = doc.bufferedPageRange()
  for (let index = 0; index < count; index++) {
    doc.switchToPage(start + index)
    const foot = page.height - 52
    decorate(
      doc,
      () => {
        doc.moveTo(page.margin, foot).lineTo(right, foot).lineWidth(0.6).stroke(ink.line)
        const style = { size: 8, colour: ink.soft }
        const pageWords = t('pdf:page', { page: index + 1, pages: count })
        const counted = [...(number ? [number] : []), pageWords].join(' · ')
        const width = inner - measure(counted, 400, 8) - 20
        write(doc, wrap(help, 400, 8, width).slice(0, 2), page.margin, foot + 9, width, style)
        write(doc, [counted], page.margin, foot + 9, inner, { ...style, align: 'right' })
      },
      true,
    )
  }
  doc.end()
  return done
}
