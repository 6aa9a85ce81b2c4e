// A contract on paper: its text as it was issued, and how it was agreed to.
import PDFDocument from 'pdfkit'
import { mixColours, readableAccent } from '../../platform/accent.ts'
import { formatDate } from '../../platform/calendar.ts'
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
  type Weight,
  wrap,
  write,
} from '../../platform/pdf-text.ts'
import { type Language, localeOf, translator } from '../../platform/translations.ts'
import type { Block, Span } from './contract-text.ts'

export type ContractPdf = {
  title: string
  contract_number: number
  revision: number
  sha256: string
  state: 'issued' | 'accepted' | 'declined' | 'superseded' | 'expired' | 'withdrawn'
  issued_on: Temporal.PlainDate
  accepted_at: Temporal.Instant | null
  accepted_on: Temporal.PlainDate | null
  acceptance: 'portal' | 'paper' | null
  accepted_name: string | null
  accepted_email: string | null
  accepted_ip: string | null
  account_name: string | null
  blocks: Block[]
}
export type ContractPdfLook = {
  name: string
  legal_name: string
  accent: string
  logo: Buffer | null
  time_zone: string
}

type Word = { text: string; weight: Weight; space: boolean }
type Line = { text: string; weight: Weight; x: number }[]

/** Pieces of text as lines that fit a width, each piece of one weight with its place. */
function breakSpans(spans: readonly Span[], size: number, width: number, heavy = false): Line[] {
  const lines: Line[] = []
  for (const part of splitLines(spans)) {
    const words: Word[] = part.flatMap(({ text, bold }) => {
      const weight: Weight = bold || heavy ? 600 : 400
      return (cleanText(text).match(/\s+|\S+/g) ?? []).map((piece) => ({
        text: /^\s/.test(piece) ? ' ' : piece,
        weight,
        space: /^\s/.test(piece),
      }))
    })
    let line: Line = []
    let x = 0
    const next = () => {
      lines.push(line)
      line = []
      x = 0
    }
    for (const word of words) {
      // A word that is longer than a line is cut where it has to be.
      for (const text of measure(word.text, word.weight, size) > width
        ? wrap(word.text, word.weight, size, width)
        : [word.text]) {
        const wide = measure(text, word.weight, size)
        if (x + wide > width && x > 0) {
          if (word.space) continue
          next()
        }
        if (word.space && x === 0) continue
        const last = line.at(-1)
        if (last?.weight === word.weight) last.text += text
        else line.push({ text, weight: word.weight, x })
        x += wide
      }
    }
    next()
  }
  return lines
}

function splitLines(spans: readonly Span[]): Span[][] {
  const lines: Span[][] = [[]]
  for (const span of spans) {
    const [first = '', ...others] = span.text.split('\n')
    lines.at(-1)!.push({ ...span, text: first })
    for (const text of others) lines.push([{ ...span, text }])
  }
  return lines
}

const sizes = { text: 10, 1: 16, 2: 12.5, 3: 10.5 } as const

/**
 * A contract as an A4 PDF in one language: tagged for readers aloud, with its fonts inside, the customer's acceptance at its
 * end or lines to sign on, and the same bytes for the same contract. Throws only on an accent that is not #rrggbb.
 */
export async function renderContractPdf(
  contract: ContractPdf,
  look: ContractPdfLook,
  language: Language,
): Promise<Buffer> {
  const t = translator(language)
  const words = (key: string, params?: Record<string, unknown>) => t(`contracts:pdf.${key}`, params)
  const accentText = readableAccent(look.accent, '#ffffff')
  const logo = look.logo ? await prepareLogo(look.logo) : null
  const doc = new PDFDocument({
    size: 'A4',
    margin: 0,
    autoFirstPage: false,
    font: '',
    bufferPages: true,
    pdfVersion: '1.7',
    tagged: true,
    displayTitle: true,
    lang: language,
    info: {
      Title: cleanText(contract.title),
      Author: cleanText(look.legal_name),
      Subject: cleanText([contract.title, contract.account_name].filter(Boolean).join(', ')),
      Creator: 'Zaguan',
      Producer: 'Zaguan',
      CreationDate: new Date(`${contract.issued_on.toString({ calendarName: 'never' })}T00:00:00Z`),
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
  const needs = (height: number) => {
    if (y + height > lowest) startPage()
  }
  const drawLine = (line: Line, x: number, at: number, size: number, colour: string = ink.text) => {
    for (const piece of line)
      write(doc, [piece.text], x + piece.x, at, inner, { size, weight: piece.weight, colour })
  }
  /** Lines of one element, over as many pages as they take. */
  const drawLines = (
    parent: Element,
    type: string,
    lines: Line[],
    x: number,
    size: number,
    colour?: string,
  ) => {
    const height = lineHeight(size)
    for (let from = 0; from < lines.length; ) {
      needs(height)
      const room = Math.max(1, Math.floor((lowest - y) / height))
      const these = lines.slice(from, from + room)
      tag(parent, type, () => {
        for (const line of these) {
          drawLine(line, x, y, size, colour)
          y += height
        }
      })
      from += room
    }
  }

  startPage()
  if (logo) {
    tag(root, 'Figure', () => doc.image(logo, page.margin, y, { fit: [165, 44] }), {
      alt: t('pdf:logo', { unit: look.name }),
    })
  } else {
    tag(root, 'P', () => {
      write(doc, wrap(look.name, 600, 17, inner * 0.55).slice(0, 2), page.margin, y + 4, inner * 0.55, {
        size: 17,
        weight: 600,
      })
    })
  }
  tag(root, 'P', () => {
    const at = write(doc, [cleanText(contract.title)], page.margin, y + 2, inner, {
      size: 11,
      weight: 600,
      align: 'right',
    })
    write(
      doc,
      [
        words('revision', { revision: contract.revision }),
        cleanText(formatDate(contract.issued_on, language)),
      ],
      page.margin,
      at + 2,
      inner,
      { size: 8.5, colour: ink.soft, align: 'right' },
    )
  })
  y += 70

  for (const block of contract.blocks) {
    if (block.kind === 'rule') {
      needs(20)
      y += 8
      const at = y
      decorate(doc, () =>
        doc
          .moveTo(page.margin, at)
          .lineTo(page.width - page.margin, at)
          .lineWidth(0.6)
          .stroke(ink.line),
      )
      y += 10
    } else if (block.kind === 'heading') {
      const size = sizes[block.level]
      const lines = breakSpans(block.spans, size, inner, true)
      // A heading stands with what it is the heading of.
      y += block.level === 1 ? 10 : 8
      needs(lines.length * lineHeight(size) + 40)
      drawLines(root, `H${block.level}`, lines, page.margin, size, block.level === 1 ? accentText : ink.text)
      y += block.level === 1 ? 6 : 3
    } else if (block.kind === 'paragraph') {
      drawLines(root, 'P', breakSpans(block.spans, sizes.text, inner), page.margin, sizes.text)
      y += 7
    } else if (block.kind === 'list') {
      const list = group(root, 'L')
      for (const [index, item] of block.items.entries()) {
        const mark = block.ordered ? `${block.start + index}.` : '•'
        const indent = block.ordered ? Math.max(20, measure(mark, 400, sizes.text) + 8) : 16
        const lines = breakSpans(item, sizes.text, inner - indent)
        needs(lineHeight(sizes.text))
        const element = group(list, 'LI')
        tag(element, 'Lbl', () => write(doc, [mark], page.margin, y, indent, { size: sizes.text }))
        drawLines(element, 'LBody', lines, page.margin + indent, sizes.text)
        element.end()
        y += 3
      }
      list.end()
      y += 5
    } else drawTable(block)
  }

  function drawTable(block: Extract<Block, { kind: 'table' }>): void {
    const rows = [
      ...(block.head.length > 0 ? [{ cells: block.head, head: true }] : []),
      ...block.rows.map((cells) => ({ cells, head: false })),
    ]
    const columns = Math.max(1, ...rows.map((row) => row.cells.length))
    const size = 9
    const pad = 6
    const natural = Array.from({ length: columns }, (_, column) =>
      Math.max(
        30,
        ...rows.map(({ cells, head }) => {
          const text = (cells[column] ?? []).map((span) => span.text).join('')
          return Math.min(260, measure(cleanText(text), head ? 600 : 400, size) + 2 * pad)
        }),
      ),
    )
    const total = natural.reduce((sum, one) => sum + one, 0)
    const widths = natural.map((one) => (one / total) * inner)
    const table = group(root, 'Table')
    y += 2
    for (const { cells, head } of rows) {
      const lines = widths.map((width, column) =>
        breakSpans(cells[column] ?? [], size, width - 2 * pad, head),
      )
      const height = Math.max(...lines.map((one) => one.length)) * lineHeight(size) + 8
      needs(Math.min(height, lowest - page.top))
      const top = y
      if (head) {
        decorate(doc, () =>
          doc.rect(page.margin, top, inner, height).fill(mixColours(look.accent, '#ffffff', 0.91)),
        )
      }
      const row = group(table, 'TR')
      let x: number = page.margin
      for (const [column, cell] of lines.entries()) {
        const left = x
        tag(row, head ? 'TH' : 'TD', () => {
          let at = top + 4
          for (const line of cell) {
            drawLine(line, left + pad, at, size)
            at += lineHeight(size)
          }
        })
        x += widths[column]!
      }
      row.end()
      y = top + height
      const under = y
      decorate(doc, () =>
        doc
          .moveTo(page.margin, under)
          .lineTo(page.width - page.margin, under)
          .lineWidth(0.5)
          .stroke(ink.line),
      )
    }
    table.end()
    y += 10
  }

  // How it was agreed to, or where to sign.
  y += 14
  if (contract.acceptance === 'portal' && contract.accepted_at) {
    const moment = contract.accepted_at.toZonedDateTimeISO(look.time_zone)
    const time = new Intl.DateTimeFormat(localeOf(language), { timeStyle: 'medium' }).format(
      moment.toPlainTime(),
    )
    const who = [contract.accepted_name, contract.accepted_email].filter(Boolean).join(', ')
    const lines = [
      words('accepted_by', { name: who }),
      words('accepted_when', {
        date: formatDate(moment.toPlainDate(), language),
        time,
        zone: look.time_zone,
      }),
      ...(contract.accepted_ip ? [words('accepted_from', { ip: contract.accepted_ip })] : []),
      words('fingerprint', { sha256: contract.sha256 }),
    ].flatMap((line) => wrap(line, 400, 8.5, inner - 40))
    const height = 34 + lines.length * lineHeight(8.5)
    needs(height)
    const top = y
    decorate(doc, () => {
      doc.roundedRect(page.margin, top, inner, height, 8).fill(mixColours(ink.good, '#ffffff', 0.92))
      doc.roundedRect(page.margin, top, 4, height, 2).fill(ink.good)
    })
    tag(root, 'H2', () =>
      write(doc, [words('accepted')], page.margin + 20, top + 10, inner - 40, { size: 10.5, weight: 600 }),
    )
    tag(root, 'P', () => write(doc, lines, page.margin + 20, top + 27, inner - 40, { size: 8.5 }))
    y = top + height
  } else {
    needs(96)
    const width = (inner - 40) / 2
    const at = y + 46
    if (contract.acceptance === 'paper' && contract.accepted_on)
      tag(root, 'P', () =>
        write(
          doc,
          wrap(
            words('signed_on_paper', {
              name: contract.accepted_name ?? '',
              date: formatDate(contract.accepted_on!, language),
            }),
            400,
            9,
            inner,
          ),
          page.margin,
          y,
          inner,
          { colour: ink.soft },
        ),
      )
    for (const [index, name] of [look.legal_name, contract.account_name ?? ''].entries()) {
      const x = page.margin + index * (width + 40)
      decorate(doc, () =>
        doc
          .moveTo(x, at)
          .lineTo(x + width, at)
          .lineWidth(0.8)
          .stroke(ink.soft),
      )
      tag(root, 'P', () => {
        const below = write(doc, wrap(name, 600, 9, width).slice(0, 2), x, at + 6, width, { weight: 600 })
        write(doc, [words('sign_here')], x, below, width, { size: 8, colour: ink.soft })
      })
    }
    y = at + 44
  }
  root.end()

  const { start, count } = doc.bufferedPageRange()
  for (let index = 0; index < count; index++) {
    doc.switchToPage(start + index)
    const foot = page.height - 52
    decorate(
      doc,
      () => {
        doc
          .moveTo(page.margin, foot)
          .lineTo(page.width - page.margin, foot)
          .lineWidth(0.6)
          .stroke(ink.line)
        const counted = t('pdf:page', { page: index + 1, pages: count })
        const left = [
          look.name,
          contract.title,
          words('revision', { revision: contract.revision }),
          contract.sha256.slice(0, 16),
        ].join(' · ')
        const width = inner - measure(counted, 400, 8) - 20
        write(doc, wrap(left, 400, 8, width).slice(0, 1), page.margin, foot + 9, width, {
          size: 8,
          colour: ink.soft,
        })
        write(doc, [counted], page.margin, foot + 9, inner, { size: 8, colour: ink.soft, align: 'right' })
      },
      true,
    )
  }
  doc.end()
  return done
}
