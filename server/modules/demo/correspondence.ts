// What customers wrote and what was written to them: payment notices with their receipts, and the mails of late.
import { sql } from 'kysely'
import type { PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import type { MailLook } from '../../platform/mail-layout.ts'
import { type ComposedMail, composeMail } from '../../platform/mail-template.ts'
import { listRecipients } from '../accounts/index.ts'
import { formatInvoiceNumber } from '../billing/index.ts'
import { type BookedInvoice, type BookedPayment, type Books, writeReference } from './books.ts'
import type { Founded } from './founding.ts'
import type { DemoHistory } from './history.ts'
import { type DemoUnit, demoUnits } from './operator.ts'
import { createId, createRandom, type Random } from './random.ts'
import { drawReceipt, printReceipt, type Receipt } from './receipts.ts'
import { words } from './words.ts'

/** Which accounts have told of a payment that nobody has looked at yet, beside a few others; and who was refused. */
const pendingFor = ['helena', 'echeverria']
const rejectedFor = 'cascade'
const otherPending = 5
const methodsWithReceipt: PaymentMethod[] = ['pix', 'bank_transfer', 'boleto']

type Desk = {
  tx: Tx
  files: FileStore
  founded: Founded
  history: DemoHistory
  now: Temporal.Instant
  origin: string
}

export type Notice = {
  id: string
  invoice: BookedInvoice
  amount: number
  paid_on: Temporal.PlainDate
  reference: string
  created_at: Temporal.Instant
  rejected: { at: Temporal.Instant; reason: string } | null
}

/** Chooses the open invoices that a customer says to have paid: no more than one of an account. */
export async function inventNotices(
  tx: Tx,
  books: Books,
  history: DemoHistory,
  now: Temporal.Instant,
): Promise<Notice[]> {
  const open = await tx
    .selectFrom('invoice_balances')
    .innerJoin('invoices', 'invoices.id', 'invoice_balances.invoice_id')
    .select(['invoices.id', 'invoice_balances.open_amount'])
    .where('invoices.state', '=', 'open')
    .execute()
  const owed = new Map(open.map((row) => [row.id, row.open_amount!]))
  const candidates = books.invoices.filter((invoice) => owed.has(invoice.id))
  const latestOf = (key: string) => candidates.findLast((invoice) => invoice.account.key === key)
  const others = candidates.filter(
    ({ account, due_date, payment_method, unit }) =>
      account.key.startsWith(account.unit) &&
      account.stops_paying === null &&
      methodsWithReceipt.includes(payment_method) &&
      history.calendars[unit.slug].today.until(due_date, { largestUnit: 'days' }).days > -20,
  )
  const chosen = [
    ...pendingFor.flatMap((key) => latestOf(key) ?? []),
    ...createRandom('notices')
      .shuffle([...new Map(others.map((invoice) => [invoice.account.id, invoice])).values()])
      .slice(0, otherPending),
  ]
  const notices = chosen.map((invoice, index) =>
    buildNotice(invoice, owed.get(invoice.id)!, now, 5 + index * 7, false),
  )
  const refused = latestOf(rejectedFor)
  if (refused) notices.push(buildNotice(refused, owed.get(refused.id)!, now, 76, true))
  return notices.sort((left, right) => Temporal.Instant.compare(left.created_at, right.created_at))
}

function buildNotice(
  invoice: BookedInvoice,
  amount: number,
  now: Temporal.Instant,
  hoursAgo: number,
  rejected: boolean,
): Notice {
  const random = createRandom(`notice:${invoice.account.key}:${invoice.issue_date}`)
  const issued = invoice.issue_date
    .toZonedDateTime({ timeZone: invoice.unit.time_zone, plainTime: '12:00' })
    .toInstant()
  const wished = now.subtract({ hours: hoursAgo, minutes: random.integer(0, 50) })
  const created_at = Temporal.Instant.compare(wished, issued) < 0 ? now.subtract({ minutes: 40 }) : wished
  const paid_on = created_at.toZonedDateTimeISO(invoice.unit.time_zone).toPlainDate()
  return {
    id: createId(random, created_at),
    invoice,
    amount,
    paid_on,
    reference: writeReference(noticeMethod(invoice), paid_on, invoice.unit.slug, random),
    created_at,
    rejected: rejected
      ? { at: created_at.add({ minutes: 30 }), reason: words[invoice.unit.slug].rejection }
      : null,
  }
}

const noticeMethod = (invoice: BookedInvoice): PaymentMethod =>
  invoice.payment_method === 'boleto' ? 'pix' : invoice.payment_method

/** Writes the notices that wait or were refused, each with its receipt. */
export async function writeNotices(
  desk: Desk,
  notices: readonly Notice[],
  users: Map<string, string>,
): Promise<void> {
  for (const [index, notice] of notices.entries()) {
    const { invoice } = notice
    const random = createRandom(`receipt:${notice.id}`)
    const userId = users.get(invoice.account.key)!
    const receiptId = await keepReceipt(desk, notice, userId, index % 3 === 1 ? 'print' : 'draw', random)
    const note = random.pick(words[invoice.unit.slug].noticeNotes)
    await desk.tx
      .insertInto('payment_notices')
      .values({
        id: notice.id,
        business_unit_id: desk.founded.units.get(invoice.unit.slug)!.id,
        account_id: invoice.account.id,
        amount: notice.amount,
        currency: invoice.unit.currency,
        method: noticeMethod(invoice),
        paid_on: notice.paid_on,
        reference: notice.reference,
        note,
        receipt_file_id: receiptId,
        state: notice.rejected ? 'rejected' : 'pending',
        created_by: userId,
        created_at: notice.created_at,
        ...(notice.rejected
          ? {
              decided_by: desk.founded.staff.get('finance')!,
              decided_at: notice.rejected.at,
              rejection_reason: notice.rejected.reason,
            }
          : {}),
      })
      .execute()
    await desk.tx
      .insertInto('payment_notice_invoices')
      .values({ payment_notice_id: notice.id, invoice_id: invoice.id, account_id: invoice.account.id })
      .execute()
  }
}

async function keepReceipt(
  desk: Desk,
  notice: Notice,
  userId: string,
  way: 'draw' | 'print',
  random: Random,
): Promise<string> {
  const { invoice } = notice
  const receipt: Receipt = {
    language: invoice.unit.language,
    payer: invoice.account.name,
    payee: invoice.unit.legal_name,
    amount: notice.amount,
    currency: invoice.unit.currency,
    paid_on: notice.paid_on,
    reference: notice.reference,
  }
  const { bytes, name, media_type } =
    way === 'draw' ? await drawReceipt(receipt) : await printReceipt(receipt)
  const id = createId(random, notice.created_at)
  const stored = await desk.files.write(id, bytes)
  await recordFile(desk.tx, {
    id,
    purpose: 'receipt',
    name,
    media_type,
    ...stored,
    account_id: invoice.account.id,
    business_unit_id: desk.founded.units.get(invoice.unit.slug)!.id,
    created_by: userId,
  })
  return id
}

// Mails ------------------------------------------------------------------------------------------------------------

type Kind = 'invoice_issued' | 'payment_notice_received' | 'payment_approved' | 'payment_rejected'
type Mail = {
  kind: Kind
  invoice: BookedInvoice
  cause_id: string
  to_email: string
  at: Temporal.Instant
  mail: ComposedMail
}

const lookOf = (unit: DemoUnit): MailLook => ({
  name: unit.name,
  accent: unit.accent,
  logo: { cid: 'logo' },
  support_email: unit.support_email,
  support_phone: unit.support_phone,
  website: unit.website,
  address: `${unit.address}\n${unit.city}, ${unit.state}, ${unit.postal_code}`,
})

/** How many closings back the mailbox remembers. */
const closingsWithMail = 2

/**
 * Keeps the mails of the last two closings and of recent payments in the mailbox, dated when they would have gone out;
 * none is handed to a mail server. Returns how many.
 */
export async function writeMails(desk: Desk, books: Books, notices: readonly Notice[]): Promise<number> {
  const recent = new Set(
    demoUnits.flatMap((unit) =>
      books.closings
        .filter((closing) => closing.unit === unit)
        .slice(-closingsWithMail)
        .map(({ date }) => `${unit.slug} ${date}`),
    ),
  )
  const invoices = books.invoices.filter(({ unit, closing }) => recent.has(`${unit.slug} ${closing}`))
  const payments = books.payments.filter((payment) => payment.payment_notice_id !== null)
  const mails = [
    ...(await composeInvoiceMails(desk, invoices)),
    ...(await composePaymentMails(desk, payments, notices)),
  ].sort((left, right) => Temporal.Instant.compare(left.at, right.at))
  for (let from = 0; from < mails.length; from += 200) {
    await desk.tx
      .insertInto('notices')
      .values(
        mails.slice(from, from + 200).map(({ kind, invoice, cause_id, to_email, at, mail }) => ({
          id: createId(createRandom(`mail:${cause_id}:${kind}:${to_email}`), at),
          kind,
          business_unit_id: desk.founded.units.get(invoice.unit.slug)!.id,
          account_id: invoice.account.id,
          cause_id,
          to_email,
          language: invoice.account.language,
          subject: mail.subject,
          html: mail.html,
          text_body: mail.text,
          state: 'kept' as const,
          created_at: at,
        })),
      )
      .execute()
  }
  return mails.length
}

async function readNumbers(tx: Tx, invoices: readonly BookedInvoice[]): Promise<Map<string, string>> {
  const rows = await tx
    .selectFrom('invoices')
    .select(['id', 'series', 'number'])
    .where(sql<boolean>`id = any(${invoices.map(({ id }) => id)}::uuid[])`)
    .execute()
  return new Map(rows.map(({ id, series, number }) => [id, formatInvoiceNumber(series, number)]))
}

async function composeInvoiceMails(
  { tx, origin }: Desk,
  invoices: readonly BookedInvoice[],
): Promise<Mail[]> {
  if (invoices.length === 0) return []
  const ids = invoices.map(({ id }) => id)
  const [numbers, recipients, lines, totals] = await Promise.all([
    readNumbers(tx, invoices),
    listRecipients(tx, [...new Set(invoices.map(({ account }) => account.id))], 'billing'),
    tx
      .selectFrom('invoice_lines')
      .select(['invoice_id', 'description', 'net', 'period'])
      .where(sql<boolean>`invoice_id = any(${ids}::uuid[])`)
      .orderBy('invoice_id')
      .orderBy('position')
      .execute(),
    tx.selectFrom('invoices').select(['id', 'total']).where(sql<boolean>`id = any(${ids}::uuid[])`).execute(),
  ])
  const linesOf = Map.groupBy(lines, (line) => line.invoice_id)
  const totalOf = new Map(totals.map((row) => [row.id, row.total]))
  return invoices.flatMap((invoice) => {
    const own = linesOf.get(invoice.id)!
    const dates = own.flatMap(({ period }) => [period.from, period.to]).sort(Temporal.PlainDate.compare)
    const at = invoice.closing
      .toZonedDateTime({ timeZone: invoice.unit.time_zone, plainTime: '06:20' })
      .toInstant()
    return (recipients.get(invoice.account.id) ?? []).map(({ email, name }) => ({
      kind: 'invoice_issued' as const,
      invoice,
      cause_id: invoice.id,
      to_email: email,
      at,
      mail: composeMail(
        'invoice_issued',
        {
          name,
          number: numbers.get(invoice.id)!,
          period: { from: dates[0]!, to: dates.at(-1)! },
          due_date: invoice.due_date,
          total: totalOf.get(invoice.id)!,
          currency: invoice.unit.currency,
          lines: own.map(({ description, net }) => ({ description, net })),
          link: `${origin}/invoices/${invoice.id}`,
        },
        invoice.account.language,
        lookOf(invoice.unit),
      ),
    }))
  })
}

async function composePaymentMails(
  { tx, origin }: Desk,
  payments: readonly BookedPayment[],
  notices: readonly Notice[],
): Promise<Mail[]> {
  const all = [...payments, ...notices].map(({ invoice }) => invoice)
  if (all.length === 0) return []
  const numbers = await readNumbers(tx, all)
  const recipients = await listRecipients(tx, [...new Set(all.map(({ account }) => account.id))], 'billing')
  const mails: Mail[] = []
  const write = (
    kind: Exclude<Kind, 'invoice_issued'>,
    fact: { invoice: BookedInvoice; amount: number; paid_on: Temporal.PlainDate },
    cause_id: string,
    at: Temporal.Instant,
    reason: string,
  ) => {
    const { invoice } = fact
    const to = recipients.get(invoice.account.id)?.[0]
    if (!to) return
    const params = {
      name: to.name,
      amount: fact.amount,
      currency: invoice.unit.currency,
      paid_on: fact.paid_on,
      invoice_number: numbers.get(invoice.id)!,
      invoice_count: 1,
      link: `${origin}/invoices/${invoice.id}`,
    }
    const mail = composeMail(
      kind,
      { ...params, remaining: 0, reason },
      invoice.account.language,
      lookOf(invoice.unit),
    )
    mails.push({ kind, invoice, cause_id, to_email: to.email, at, mail })
  }
  for (const payment of payments) {
    const fact = { invoice: payment.invoice, amount: payment.amount, paid_on: payment.received_on }
    write('payment_approved', fact, payment.id, payment.created_at.add({ seconds: 5 }), '')
  }
  for (const notice of notices) {
    write('payment_notice_received', notice, notice.id, notice.created_at.add({ seconds: 4 }), '')
    if (notice.rejected)
      write('payment_rejected', notice, notice.id, notice.rejected.at, notice.rejected.reason)
  }
  return mails
}
