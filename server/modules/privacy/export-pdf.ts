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
  wrap,
  write,
} from '../../platform/pdf-text.ts'
import { type Language, localeOf, type Translate, translator } from '../../platform/translations.ts'

type Row = Record<string, unknown>

/** A list of the export as people read it: how many rows there are, and the first of them. */
export type PrintedList = { name: string; count: number; rows: Row[] }

export type PrivacyPdf = {
  account: { number: number; name: string; currency: string }
  made_at: Temporal.Instant
  lists: PrintedList[]
}
export type PrivacyPdfLook = { name: string; accent: string; logo: Buffer | null; time_zone: string }

/** So many rows of a list are printed; the file for programs has all of them. */
export const printedRows = 100
const longestValue = 280

// What says nothing to a person: keys, what the database keeps for itself, and what stands over every row anyway.
const silent =
  /^(id|(?!tax_|external_)\w+_ids?|series|currency|secret|first_name|last_name|sha256|fingerprint|rule|position|whole_period|of_days|kind_key|request_id|operation|actor_kind|key|record|account|redacted_at|issuer|customer)$/
const moneyOf =
  /^(amount|total|gross|discount|net|extra_amount|unit_amount|discount_amount|open_amount|planned_total)$/

/** A word of the catalogue; the value itself where there is none, as data may hold what no text was written for. */
function wordOr(t: Translate, key: string, fallback: string): string {
  try {
    const text = t(key)
    return text === key ? fallback : text
  } catch {
    return fallback
  }
}

/** The word for a column. */
const labelOf = (t: Translate, key: string) =>
  wordOr(t, `pdf:privacy.field.${key}`, wordOr(t, `office:audit.name.${key}`, key))

function sayMoment(text: string, language: Language, timeZone: string): string {
  const moment = Temporal.Instant.from(text.replace(' ', 'T')).toZonedDateTimeISO(timeZone)
  const time = new Intl.DateTimeFormat(localeOf(language), { timeStyle: 'short' }).format(
    moment.toPlainTime(),
  )
  return `${formatDate(moment.toPlainDate(), language)}, ${time}`
}

const wordsOf: Record<string, string> = {
  'subscriptions.status': 'common:state.subscription',
  'invoices.state': 'common:state.invoice',
  'payment_notices.state': 'common:state.payment_notice',
  'notices.state': 'common:state.notice',
  method: 'office:words.payment_method',
  payment_method: 'office:words.payment_method',
  billing_mode: 'office:words.billing_mode',
  'accounts.kind': 'office:words.account_kind',
  'audit_log.way': 'office:audit.way',
  'notices.kind': 'office:mailbox.kinds',
  topics: 'office:accounts.topic',
  permissions: 'office:accounts.permission',
}

function sayValue(t: Translate, list: string, key: string, value: unknown, row: Row, look: PrivacyPdfLook) {
  const { language, currency } = row as { language: Language; currency: string }
  if (value === null || value === undefined || value === '') return null
  if (typeof value === 'boolean') return t(value ? 'common:yes' : 'common:no')
  if (typeof value === 'number')
    return moneyOf.test(key)
      ? formatMoney(value, currency, language)
      : /(^|_)number$/.test(key)
        ? String(value)
        : new Intl.NumberFormat(localeOf(language)).format(value)
  if (Array.isArray(value)) {
    const words = wordsOf[key]
    const said = value.map((one) =>
      typeof one === 'object'
        ? JSON.stringify(one)
        : words
          ? wordOr(t, `${words}.${one}`, String(one))
          : String(one),
    )
    return said.length === 0 ? null : said.join(', ')
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(
      ([name, one]) => one !== null && one !== '' && !silent.test(name),
    )
    return entries.length === 0
      ? null
      : entries
          .map(
            ([name, one]) =>
              `${labelOf(t, name)} ${typeof one === 'object' ? JSON.stringify(one) : String(one)}`,
          )
          .join(', ')
  }
  const text = String(value)
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return formatDate(Temporal.PlainDate.from(text), language)
  if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*([Z+-]|\d)$/.test(text))
    return sayMoment(text, language, look.time_zone)
  const words = wordsOf[`${list}.${key}`] ?? wordsOf[key]
  return words ? wordOr(t, `${words}.${text}`, text) : text
}

/** What a row is called: what a person would look for it by. */
function titleOf(t: Translate, list: string, row: Row): string | null {
  if (list === 'audit_log') {
    return t('office:audit.line', {
      object: wordOr(t, `office:audit.object.${row.object_type}`, String(row.object_type)),
      action: wordOr(t, `office:audit.action.${row.action}`, String(row.action)),
    })
  }
  if (list === 'invoices') return `${row.series}-${row.number}`
  if (list === 'sessions') return String(row.user_agent ?? row.created_at)
  const named =
    [row.first_name, row.last_name].filter(Boolean).join(' ') ||
    row.name ||
    row.subject ||
    row.description ||
    row.domain ||
    row.email
  return named ? String(named) : null
}

/** A row as lines of people's words: its title, then `Label: value`. */
function describeRow(
  t: Translate,
  list: string,
  row: Row,
  facts: { language: Language; currency: string; look: PrivacyPdfLook },
): { title: string | null; details: [string, string][] } {
  const title = titleOf(t, list, row)
  const full = { ...row, language: facts.language, currency: row.currency ?? facts.currency }
  const details: [string, string][] = []
  for (const [key, value] of Object.entries(row)) {
    if (silent.test(key) || (title !== null && value === title)) continue
    if (list === 'audit_log' && (key === 'object_type' || key === 'action')) continue
    if (list === 'invoices' && key === 'number') continue
    const said = sayValue(t, list, key, value, full, facts.look)
    if (said === null) continue
    const short = said.length > longestValue ? `${said.slice(0, longestValue)}…` : said
    details.push([
      labelOf(t, key === 'state' && list === 'accounts' ? 'state_region' : key),
      short.replaceAll(/\s+/g, ' '),
    ])
  }
  return { title, details }
}

/**
 * What is stored about an account as an A4 PDF for people, in one language, tagged for readers aloud: every list with how
 * much is in it and its first rows. Throws only on an accent that is not #rrggbb: that is a bug.
 */
export async function renderPrivacyPdf(
  content: PrivacyPdf,
  look: PrivacyPdfLook,
  language: Language,
): Promise<Buffer> {
  const t = translator(language)
  const { account } = content
  const date = content.made_at.toZonedDateTimeISO(look.time_zone).toPlainDate()
  const title = t('pdf:privacy.title')
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
      Title: `${title}: ${cleanText(account.name)}`,
      Author: cleanText(look.name),
      Creator: 'Zaguan',
      Producer: 'Zaguan',
      CreationDate: new Date(content.made_at.epochMilliseconds),
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

  let y: number = page.top
  const startPage = () => {
    doc.addPage()
    y = page.top
    decorate(doc, () => doc.rect(0, 0, page.width, 5).fill(look.accent), true)
  }
  /** Goes on where there is room for so much. */
  const needs = (height: number) => {
    if (y + height > lowest) startPage()
  }
  const paragraph = (text: string, style: { size?: number; colour?: string } = {}) => {
    const size = style.size ?? 9.5
    const lines = wrap(text, 400, size, inner)
    needs(lines.length * lineHeight(size))
    tag(root, 'P', () => {
      y = write(doc, lines, page.margin, y, inner, { size, colour: style.colour ?? ink.text })
    })
  }
  const heading = (text: string, count: number) => {
    needs(64)
    y += 18
    tag(root, 'H2', () => {
      write(doc, wrap(text, 600, 13, inner - 60).slice(0, 1), page.margin, y, inner, {
        size: 13,
        weight: 600,
      })
      const counted = new Intl.NumberFormat(localeOf(language)).format(count)
      write(doc, [counted], page.margin, y + 3, inner, { size: 9, colour: ink.soft, align: 'right' })
    })
    y += 22
    decorate(doc, () =>
      doc
        .moveTo(page.margin, y)
        .lineTo(page.width - page.margin, y)
        .lineWidth(1)
        .stroke(accentText),
    )
    y += 9
  }

  startPage()
  if (logo) {
    tag(root, 'Figure', () => doc.image(logo, page.margin, y, { fit: [165, 44] }), {
      alt: t('pdf:logo', { unit: look.name }),
    })
  } else {
    tag(root, 'P', () => {
      write(doc, wrap(look.name, 600, 17, inner).slice(0, 1), page.margin, y + 8, inner, {
        size: 17,
        weight: 600,
      })
    })
  }
  y += 68
  tag(root, 'H1', () => {
    y = write(doc, wrap(title, 600, 24, inner), page.margin, y, inner, { size: 24, weight: 600 })
  })
  y += 4
  paragraph(
    [account.name, t('pdf:account_number', { number: account.number }), formatDate(date, language)].join(
      ' · ',
    ),
    { size: 10.5, colour: ink.soft },
  )
  y += 10
  paragraph(t('pdf:privacy.intro', { unit: look.name, date: formatDate(date, language) }))
  y += 4
  paragraph(t('pdf:privacy.whole'), { colour: ink.soft })
  y += 10

  const filled = content.lists.filter((list) => list.count > 0)
  // All of it at a glance, in two columns.
  const nameOf = (list: string) => wordOr(t, `pdf:privacy.list.${list}`, list)
  const half = Math.ceil(filled.length / 2)
  const rowHeight = 17
  needs(half * rowHeight + 24)
  decorate(doc, () =>
    doc
      .roundedRect(page.margin, y, inner, half * rowHeight + 20, 8)
      .fill(mixColours(look.accent, '#ffffff', 0.92)),
  )
  const columnWidth = (inner - 60) / 2
  tag(root, 'P', () => {
    for (const [index, list] of filled.entries()) {
      const x = page.margin + 20 + (index >= half ? columnWidth + 20 : 0)
      const at = y + 11 + (index % half) * rowHeight
      write(doc, wrap(nameOf(list.name), 400, 9, columnWidth - 50).slice(0, 1), x, at, columnWidth, {
        size: 9,
      })
      const counted = new Intl.NumberFormat(localeOf(language)).format(list.count)
      write(doc, [counted], x, at, columnWidth, { size: 9, weight: 600, align: 'right' })
    }
  })
  y += half * rowHeight + 30

  const facts = { language, currency: account.currency, look }
  for (const list of filled) {
    heading(nameOf(list.name), list.count)
    for (const row of list.rows) {
      const { title: rowTitle, details } = describeRow(t, list.name, row, facts)
      if (list.name === 'accounts') {
        for (const [label, value] of details) {
          const lines = wrap(value, 400, 9, inner - 170)
          needs(lines.length * lineHeight(9) + 4)
          tag(root, 'P', () => {
            write(doc, wrap(label, 400, 9, 150).slice(0, 1), page.margin, y, 150, { colour: ink.soft })
            y = write(doc, lines, page.margin + 170, y, inner - 170)
          })
          y += 3
        }
        continue
      }
      const titles = rowTitle === null ? [] : wrap(rowTitle, 600, 9, inner).slice(0, 2)
      const words = details.map(([label, value]) => `${label}: ${value}`).join('   ·   ')
      const lines = words === '' ? [] : wrap(words, 400, 8, inner)
      needs(titles.length * lineHeight(9) + Math.min(lines.length, 20) * lineHeight(8) + 12)
      tag(root, 'P', () => {
        y = write(doc, titles, page.margin, y, inner, { weight: 600 })
        y = write(doc, lines, page.margin, y, inner, { size: 8, colour: ink.soft })
      })
      y += 4
      decorate(doc, () =>
        doc
          .moveTo(page.margin, y)
          .lineTo(page.width - page.margin, y)
          .lineWidth(0.5)
          .stroke(ink.line),
      )
      y += 7
    }
    const more = list.count - list.rows.length
    if (more > 0) paragraph(t('pdf:privacy.more', { count: more }), { size: 8.5, colour: ink.soft })
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
        const width = inner - measure(counted, 400, 8) - 20
        const left = [look.name, title, t('pdf:account_number', { number: account.number })].join(' · ')
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
