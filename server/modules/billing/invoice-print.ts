import { buffer } from 'node:stream/consumers'
import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import type { FileStore } from '../../platform/files.ts'
import { Binary } from '../../platform/http.ts'
import { type Picture, prepareLogo } from '../../platform/pdf/pictures.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { getUnit } from '../units/index.ts'
import type { PrintLook } from './document-sheet.ts'
import { type PrintedPayment, readPrintedPayments } from './invoice-payment.ts'
import { nameOfDocument, type PrintableDocument, printDocument } from './invoice-pdf.ts'
import { formatInvoiceNumber, getInvoice } from './invoices.ts'
import { type PrintPiece, print } from './printing.ts'
import { showReference } from './references.ts'
import { listMovements } from './statement.ts'
import { type PrintableStatement, printStatement } from './statement-pdf.ts'

/** Up to so many lines are printed at once, in some milliseconds; more in another thread. */
const linesAtOnce = 40
/** A statement of more movements is asked for in parts. */
const mostMovements = 5000

const logos = new Map<string, Promise<Picture | null>>()

/** The logo as it is printed; null where there is none or its file is gone: a document prints without it, too. */
function readLogo(files: FileStore, id: string | null): Promise<Picture | null> {
  if (id === null) return Promise.resolve(null)
  // A file never changes: another logo has another id.
  let logo = logos.get(id)
  if (!logo) {
    if (logos.size >= 100) logos.clear()
    logo = (async () =>
      (await files.size(id)) === null ? null : prepareLogo(await buffer(files.read(id))))()
    logo.catch(() => logos.delete(id))
    logos.set(id, logo)
  }
  return logo
}

/** The look that a business unit has today, and its time zone. Refuses: not_found. */
export async function readPrintLook(tx: Tx, files: FileStore, unitId: string) {
  const unit = await getUnit(tx, unitId)
  if (isRefusal(unit)) return unit
  const look: PrintLook = {
    name: unit.name,
    accent: unit.accent,
    logo: await readLogo(files, unit.logo_file_id),
    support_email: unit.support_email,
    support_phone: unit.support_phone,
    website: unit.website,
    payment_instructions: unit.payment_instructions,
  }
  return { look, unit }
}

type Invoice = Exclude<Awaited<ReturnType<typeof getInvoice>>, Refusal>

/**
 * A document as it is printed: what the API answers, as JSON, with the day of payment in the unit's time zone, the document
 * that it corrects and how it can be paid.
 */
export function toPrintable(
  invoice: Invoice,
  timeZone: string,
  payment: PrintedPayment | undefined,
): PrintableDocument {
  const about = invoice.related.filter(({ relation }) => relation === 'about')
  // It goes to the customer: what only staff are told stays here.
  const {
    business_unit_id,
    business_unit_name,
    account_id,
    account_name,
    account_number,
    closing_id,
    ...own
  } = invoice
  const printed = {
    ...own,
    paid_on: invoice.paid_at === null ? null : today(invoice.paid_at, timeZone),
    about: about.length === 1 ? about[0] : null,
    payment,
  }
  return JSON.parse(JSON.stringify(printed))
}

/** What the file of a document is called: `Nota de crédito C-7.pdf`. */
export function nameFile(document: PrintableDocument): string {
  return `${nameOfDocument(document.kind, document.language)} ${formatInvoiceNumber(document.series, document.number ?? 0)}.pdf`
}

/** A long document is printed in another thread, and holds nothing up. */
async function printPiece(piece: PrintPiece, look: PrintLook, lines: number): Promise<Buffer> {
  if (lines <= linesAtOnce)
    return 'document' in piece ? printDocument(piece.document, look) : printStatement(piece.statement, look)
  const [answer] = await print({ looks: [look], pieces: [piece] })
  if (!answer || 'fault' in answer) throw new Error(answer?.fault ?? 'nothing was printed')
  return Buffer.from(answer.pdf)
}

/**
 * A document of any kind as PDF in its own language, with the look that its business unit has today and the parties as they
 * were on issue (B6). Refuses: not_found.
 */
export async function printInvoice(
  tx: Tx,
  files: FileStore,
  id: string,
  now: Temporal.Instant,
): Promise<Binary | Refusal> {
  const invoice = await getInvoice(tx, id, 'en', now)
  if (isRefusal(invoice)) return invoice
  const found = await readPrintLook(tx, files, invoice.business_unit_id)
  if (isRefusal(found)) return found
  const payments = await readPrintedPayments(tx, [invoice], now)
  const document = toPrintable(invoice, found.unit.time_zone, payments.get(id))
  const pdf = await printPiece({ look: 0, document }, found.look, document.lines.length)
  return new Binary(pdf, 'application/pdf', nameFile(document), true)
}

const partyColumns = ['number', 'name', 'tax_id', 'address', 'city', 'state', 'postal_code'] as const

/** The first and last day of a statement; both default to the last twelve months. */
export type StatementPeriod = { from?: Temporal.PlainDate | undefined; to?: Temporal.PlainDate | undefined }

/**
 * An account's statement over some days as PDF, in the account's language. Refuses: not_found, `invalid_input` where the days
 * end before they begin, statement_too_long.
 */
export async function printAccountStatement(
  tx: Tx,
  files: FileStore,
  accountId: string,
  period: StatementPeriod,
  now: Temporal.Instant,
): Promise<Binary | Refusal> {
  const account = await tx
    .selectFrom('accounts')
    .select(['business_unit_id', 'language', ...partyColumns])
    .where('id', '=', accountId)
    .executeTakeFirst()
  if (!account) return notFound()
  const found = await readPrintLook(tx, files, account.business_unit_id)
  if (isRefusal(found)) return found
  const { unit, look } = found
  const madeOn = today(now, unit.time_zone)
  const to = period.to ?? madeOn
  const from = period.from ?? to.subtract({ months: 12 }).add({ days: 1 })
  if (Temporal.PlainDate.compare(to, from) < 0) return refuseField('to', 'before_from')
  const before = await listMovements(tx, accountId, {
    to: from.subtract({ days: 1 }),
    sort: '-on_date',
    limit: 1,
  })
  const movements: PrintableStatement['movements'][number][] = []
  let cursor: string | undefined
  const opening = before.items[0]?.balance ?? 0
  const currency = before.items[0]?.currency ?? unit.currency
  do {
    const page = await listMovements(tx, accountId, { from, to, sort: 'on_date', limit: 200, cursor })
    for (const movement of page.items) {
      const { kind, on_date, amount, balance, invoice_series, invoice_number, reference, reason } =
        showReference(movement)
      const number = invoice_series === null ? null : formatInvoiceNumber(invoice_series, invoice_number ?? 0)
      movements.push({
        kind,
        on_date: String(on_date),
        amount,
        balance,
        about: number ?? reference ?? reason,
      })
    }
    cursor = page.next_cursor ?? undefined
    if (movements.length > mostMovements)
      return refuse('statement_too_long', { params: { most: mostMovements } })
  } while (cursor)
  const language: Language = account.language
  const statement: PrintableStatement = {
    language,
    currency,
    from: String(from),
    to: String(to),
    made_on: String(madeOn),
    issuer: {
      name: unit.name,
      legal_name: unit.legal_name,
      tax_id: unit.tax_id,
      address: unit.address,
      city: unit.city,
      state: unit.state,
      postal_code: unit.postal_code,
    },
    customer: Object.fromEntries(partyColumns.map((column) => [column, account[column]])),
    opening_balance: opening,
    closing_balance: movements.at(-1)?.balance ?? opening,
    movements,
  }
  const pdf = await printPiece({ look: 0, statement }, look, movements.length)
  const name = translator(language)('pdf:document.statement')
  return new Binary(pdf, 'application/pdf', `${name} ${statement.from} – ${statement.to}.pdf`, true)
}
