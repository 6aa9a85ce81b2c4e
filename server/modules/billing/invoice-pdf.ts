// Every document of billing on paper: invoices, debit notes, credit notes, proformas.
import type { DateRange } from '../../platform/calendar.ts'
import type { DocumentKind } from '../../platform/database.gen.ts'
import { formatMoney } from '../../platform/money.ts'
import { ink } from '../../platform/pdf/writer.ts'
import { type Language, localeOf, type Translate, translator } from '../../platform/translations.ts'
import { writeBoleto } from './boleto-block.ts'
import {
  type Note,
  type PrintedParty,
  type PrintLook,
  type Row,
  Sheet,
  type Sum,
  sayDay,
  sayPeriod,
} from './document-sheet.ts'
import type { PrintedPayment } from './invoice-payment.ts'
import { type ExplainedLine, explainBriefly } from './line-words.ts'
import { writePix } from './payment-blocks.ts'

type PrintedRange = { from: string; to: string }

/** A line as the API writes it: amounts are minor units, days ISO dates, ranges half-open. */
export type PrintableLine = Omit<ExplainedLine, 'period' | 'whole_period'> & {
  description: string
  period: PrintedRange
  whole_period: PrintedRange
}

export type PrintedState =
  | 'draft'
  | 'open'
  | 'paid'
  | 'void'
  | 'issued'
  | 'offered'
  | 'converted'
  | 'expired'
  | 'withdrawn'

/**
 * A document as it is printed: plain values alone, so that it goes to another thread as it is. What else it holds (ids, when
 * it was made) is not printed, and travels in the file for programs.
 */
export type PrintableDocument = {
  kind: DocumentKind
  series: string
  /** Null: a draft, which has no number yet (billing.md 15). */
  number: number | null
  state: PrintedState
  language: Language
  issue_date: string
  /** Of a proforma: the day until which it is valid. */
  due_date: string
  /** The day on which it was paid, in the business unit's time zone. */
  paid_on: string | null
  currency: string
  gross: number
  discount: number
  /** On top of the prices; `tax_included` is inside them. */
  tax?: number
  tax_included?: number
  total: number
  /** What is still owed of it. */
  open_amount: number
  issuer: PrintedParty
  customer: PrintedParty
  reason?: string | null
  /** The document that it corrects, where it is one. */
  about?: { kind: DocumentKind; series: string; number: number; issue_date?: string } | null
  taxes?: readonly { name: string; rate: number; inclusive: boolean; base: number; amount: number }[]
  lines: readonly PrintableLine[]
  /** How it can be paid at once. */
  payment?: PrintedPayment | null
}

const dateOf = (text: string) => Temporal.PlainDate.from(text)

const reviveRange = (range: PrintedRange): DateRange => ({ from: dateOf(range.from), to: dateOf(range.to) })

const numberFormats = new Map<string, Intl.NumberFormat>()

function formatNumber(value: number, language: Language, style: 'decimal' | 'percent'): string {
  const key = `${language} ${style}`
  let format = numberFormats.get(key)
  if (!format) {
    format = new Intl.NumberFormat(localeOf(language), { style, maximumFractionDigits: 4 })
    numberFormats.set(key, format)
  }
  return format.format(value)
}

/** What a document is called on paper: `Fatura`, `Nota de crédito`. */
export function nameOfDocument(kind: DocumentKind, language: Language): string {
  return translator(language)(`pdf:document.${kind}`)
}

function sayPrice(
  line: PrintableLine,
  t: Translate,
  money: (amount: number) => string,
  language: Language,
): string {
  if (line.price_model === 'tiered' || line.price_model === 'volume') return t('pdf:by_tiers')
  if (line.price_model === 'package')
    return t('pdf:per_package', {
      amount: money(line.unit_amount),
      size: formatNumber(line.package_size ?? 1, language, 'decimal'),
    })
  return money(line.unit_amount)
}

function toRow(line: PrintableLine, document: PrintableDocument, t: Translate): Row {
  const { currency, language } = document
  const money = (amount: number) => formatMoney(amount, currency, language)
  const explained: ExplainedLine = {
    ...line,
    period: reviveRange(line.period),
    whole_period: reviveRange(line.whole_period),
  }
  return {
    cells: {
      description: line.description,
      period:
        line.days === line.of_days
          ? sayPeriod(line.period, language)
          : `${sayPeriod(line.period, language)}\n${t('pdf:days', { days: line.days, of: line.of_days })}`,
      unit_amount: sayPrice(line, t, money, language),
      quantity: formatNumber(line.quantity, language, 'decimal'),
      discount: line.discount === 0 ? '' : money(-line.discount),
      tax: line.tax ? money(line.tax) : '',
      net: money(line.net),
    },
    note: explainBriefly(explained, currency, language),
  }
}

function sumUp(document: PrintableDocument, t: Translate, money: (amount: number) => string): Sum[] {
  const { language, taxes = [], state, total, open_amount } = document
  const sayTax = (tax: { name: string; rate: number; base: number }, key: string) =>
    t(key, {
      name: tax.name,
      rate: formatNumber(tax.rate / 1_000_000, language, 'percent'),
      base: money(tax.base),
    })
  const onTop = taxes.filter(({ inclusive }) => !inclusive)
  const inside = taxes.filter(({ inclusive }) => inclusive)
  const paid = total - open_amount
  return [
    ...(document.discount !== 0 || onTop.length > 0
      ? [{ label: t('pdf:subtotal'), amount: money(document.gross) }]
      : []),
    ...(document.discount !== 0 ? [{ label: t('pdf:discount'), amount: money(-document.discount) }] : []),
    ...onTop.map((tax) => ({ label: sayTax(tax, 'pdf:tax_on_top'), amount: money(tax.amount) })),
    {
      label: t(document.kind === 'credit_note' ? 'pdf:total_credited' : 'pdf:total'),
      amount: money(total),
      tone: 'strong' as const,
    },
    ...inside.map((tax) => ({
      label: sayTax(tax, 'pdf:tax_inside'),
      amount: money(tax.amount),
      tone: 'soft' as const,
    })),
    ...(state === 'open' && paid !== 0
      ? [
          { label: t('pdf:paid'), amount: money(-paid) },
          { label: t('pdf:open'), amount: money(open_amount), tone: 'strong' as const },
        ]
      : []),
  ]
}

function writeNotes(
  document: PrintableDocument,
  look: PrintLook,
  t: Translate,
  number: string | null,
  about: string | null,
): Note[] {
  const { kind, state, language } = document
  const notes: Note[] = []
  const invoice = kind === 'invoice'
  if (kind === 'proforma') {
    const date = sayDay(document.due_date, language)
    notes.push({ head: t('pdf:not_fiscal'), text: t(`pdf:proforma.${state}`, { date }) })
  }
  if (kind === 'credit_note') {
    notes.push({ head: null, text: about ? t('pdf:credited_to', { document: about }) : t('pdf:credited') })
  }
  if (document.reason) notes.push({ head: t('pdf:reason'), text: document.reason })
  if (state === 'paid') notes.push({ head: null, text: t(invoice ? 'pdf:is_paid' : 'pdf:is_paid_note') })
  if (state === 'void') notes.push({ head: null, text: t(invoice ? 'pdf:is_void' : 'pdf:is_void_note') })
  const payable = state === 'open' || state === 'draft' || state === 'offered'
  const due = state === 'offered' ? document.total : document.open_amount
  if (payable && due > 0 && look.payment_instructions) {
    const mention = number ? `\n${t('pdf:how_to_pay_number', { number })}` : ''
    notes.push({ head: t('pdf:how_to_pay'), text: `${look.payment_instructions.trim()}${mention}` })
  }
  return notes
}

const stamps: Partial<Record<PrintedState, string>> = {
  draft: ink.soft,
  paid: ink.good,
  void: ink.bad,
  converted: ink.good,
  expired: ink.bad,
  withdrawn: ink.bad,
}

/**
 * A document of any kind as an A4 PDF/A-3 in its language: tagged for readers aloud, with its fonts inside, itself as JSON
 * attached, and the same bytes for the same document. Throws only on what cannot be: an accent that is not #rrggbb, an
 * unsafe amount.
 */
export function printDocument(document: PrintableDocument, look: PrintLook): Buffer {
  const { kind, state, language, currency } = document
  const t = translator(language)
  const money = (amount: number) => formatMoney(amount, currency, language)
  const number = document.number === null ? null : `${document.series}-${document.number}`
  const name = nameOfDocument(kind, language)
  const about = document.about
    ? `${nameOfDocument(document.about.kind, language)} ${document.about.series}-${document.about.number}`
    : null
  const issued = dateOf(document.issue_date)
  const dueDate = sayDay(document.due_date, language)
  const title = number === null ? t('pdf:draft_of', { document: name }) : `${name} ${number}`
  const rows = document.lines.map((line) => toRow(line, document, t))
  const sheet = new Sheet(look, language, {
    title,
    author: document.issuer.legal_name ?? look.name,
    subject: t('pdf:subject', { document: title, customer: document.customer.name ?? '' }),
    created: issued,
    attachments: [
      {
        name: 'document.json',
        media_type: 'application/json',
        description: title,
        bytes: Buffer.from(
          JSON.stringify({
            ...document,
            lines: document.lines.map((line, i) => ({ ...line, explanation: rows[i]!.note })),
          }),
        ),
      },
    ],
  })

  // Late fee and interest come as a debit note of their own: it says at once what it is for.
  const late =
    kind === 'debit_note' &&
    document.lines.length > 0 &&
    document.lines.every(({ role }) => role === 'late_fee' || role === 'interest')
  sheet.writeHead(name, [...(number ? [number] : []), ...(late ? [t('pdf:late_charges')] : [])])
  const facts: [string, string][] = [[t('pdf:issue_date'), sayDay(document.issue_date, language)]]
  if (kind === 'proforma') facts.push([t('pdf:valid_until'), dueDate])
  else if (kind !== 'credit_note') facts.push([t('pdf:due_date'), dueDate])
  if (about) {
    const date = document.about?.issue_date
    const said = date ? t('pdf:about_dated', { document: about, date: sayDay(date, language) }) : about
    facts.push([t(`pdf:about.${kind === 'credit_note' ? 'credit_note' : 'debit_note'}`), said])
  }
  sheet.writeParties(document.issuer, document.customer, facts)

  const due = state === 'open' || state === 'draft' || state === 'offered'
  const colour = stamps[state]
  const paidOn =
    state === 'paid' && document.paid_on
      ? t('pdf:paid_on', { date: sayDay(document.paid_on, language) })
      : null
  sheet.writeHero({
    label: t(
      kind === 'credit_note'
        ? 'pdf:amount_credited'
        : due && kind !== 'proforma'
          ? 'pdf:amount_due'
          : 'pdf:amount',
    ),
    amount: money(due && kind !== 'proforma' ? document.open_amount : document.total),
    aside: due
      ? { label: t(kind === 'proforma' ? 'pdf:valid_until' : 'pdf:pay_by'), value: dueDate }
      : kind === 'credit_note' && about
        ? { label: t('pdf:about.credit_note'), value: about }
        : null,
    due,
    // A draft has its due date in the corner: its stamp stands in the middle.
    stamp: colour
      ? { word: t(`pdf:stamp.${state}`), below: paidOn, colour, middle: state === 'draft' }
      : null,
  })

  sheet.writeTable(
    [
      { key: 'description', title: t('pdf:column.description'), align: 'left', strong: true, grows: true },
      { key: 'period', title: t('pdf:column.period'), align: 'left' },
      { key: 'unit_amount', title: t('pdf:column.unit_amount'), align: 'right' },
      { key: 'quantity', title: t('pdf:column.quantity'), align: 'right' },
      { key: 'discount', title: t('pdf:column.discount'), align: 'right', spare: true },
      { key: 'tax', title: t('pdf:column.tax'), align: 'right', spare: true },
      { key: 'net', title: t('pdf:column.net'), align: 'right', strong: true },
    ],
    rows,
  )
  sheet.writeSums(sumUp(document, t, money), writeNotes(document, look, t, number, about))
  if (document.payment?.pix) writePix(sheet, document.payment.pix.text)
  if (document.payment?.boleto)
    writeBoleto(sheet, document.payment.boleto, { number, customer: document.customer })
  return sheet.finish(t(kind === 'invoice' ? 'pdf:help' : 'pdf:help_document'), number)
}
