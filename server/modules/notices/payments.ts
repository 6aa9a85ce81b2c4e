import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import type { MailParams } from '../../platform/mail-params.ts'
import { type ComposedMail, composeMail } from '../../platform/mail-template.ts'
import type { Language } from '../../platform/translations.ts'
import { listRecipients, type Recipient } from '../accounts/index.ts'
import { paymentLink } from './links.ts'
import { loadLooks } from './looks.ts'
import { queueNotices } from './queue.ts'

type PaymentKind = 'payment_notice_received' | 'payment_approved' | 'payment_rejected'

type PaymentFacts = {
  account_id: string
  business_unit_id: string
  language: Language
  amount: number
  currency: string
  paid_on: Temporal.PlainDate
  rejection_reason: string | null
  notifier_email: string | null
  notifier_name: string | null
}

type PaidInvoice = { id: string; number: string; open_amount: number; caused: boolean }

/** Thanks whoever told us of a payment. */
export async function queuePaymentNotified(tx: Tx, noticeId: string, origin: string): Promise<void> {
  const facts = await readNotice(tx, noticeId)
  if (!facts) return
  const invoices = await listInvoicesOfNotice(tx, noticeId)
  await queuePaymentMails(tx, 'payment_notice_received', noticeId, facts, notifierOf(facts), (name) => ({
    ...describe(facts, invoices, name, origin),
  }))
}

/** Tells that a payment notice was not accepted, with staff's reason. */
export async function queuePaymentRejected(tx: Tx, noticeId: string, origin: string): Promise<void> {
  const facts = await readNotice(tx, noticeId)
  if (!facts) return
  const invoices = await listInvoicesOfNotice(tx, noticeId)
  const to = await recipientsOf(tx, facts)
  await queuePaymentMails(tx, 'payment_rejected', noticeId, facts, to, (name) => ({
    ...describe(facts, invoices, name, origin),
    reason: facts.rejection_reason ?? '',
  }))
}

/** Confirms a payment: what it paid, and what is still owed of that. */
export async function queuePaymentApproved(tx: Tx, paymentId: string, origin: string): Promise<void> {
  const found = await sql<PaymentFacts>`
    select p.account_id, p.business_unit_id, a.language, p.amount, p.currency, p.received_on as paid_on,
           null as rejection_reason, u.email::text as notifier_email, u.name as notifier_name
      from payments p
      join accounts a on a.id = p.account_id
      left join payment_notices n on n.id = p.payment_notice_id
      left join users u on u.id = n.created_by and u.side = 'customer'
     where p.id = ${paymentId}`.execute(tx)
  const facts = found.rows[0]
  if (!facts) return
  const { rows: paid } = await sql<PaidInvoice>`
    select i.id, i.series || '-' || i.number as number, b.open_amount,
           exists (select from payment_documents d where d.document_id = i.id and d.payment_id = e.payment_id) as caused
      from ledger_entries e
      join invoices i on i.id = e.invoice_id
      join invoice_balances b on b.invoice_id = i.id
     where e.payment_id = ${paymentId} and e.ledger_account = 'receivable'
     order by i.due_date, i.series, i.number`.execute(tx)
  // What was charged and taken off with it stands by itself.
  const invoices = paid.filter(({ caused }) => !caused)
  const differences = await readDifferences(tx, paymentId)
  const to = await recipientsOf(tx, facts)
  await queuePaymentMails(tx, 'payment_approved', paymentId, facts, to, (name) => ({
    ...describe(facts, invoices, name, origin),
    invoice_count: invoices.length,
    ...differences,
    remaining: invoices.reduce((sum, invoice) => sum + Math.max(0, invoice.open_amount), 0),
  }))
}

/** What a payment was charged for being late, and what was taken off, each with its documents. */
async function readDifferences(
  tx: Tx,
  paymentId: string,
): Promise<Pick<MailParams['payment_approved'], 'late_charges' | 'taken_off'>> {
  const found = await sql<{ kind: 'debit_note' | 'credit_note'; amount: number; numbers: string }>`
    select i.kind, sum(i.total)::bigint as amount, string_agg(i.series || '-' || i.number, ', ' order by i.number) as numbers
      from payment_documents d join invoices i on i.id = d.document_id
     where d.payment_id = ${paymentId} group by i.kind`.execute(tx)
  const of = (kind: string) => found.rows.find((row) => row.kind === kind)
  const [charged, off] = [of('debit_note'), of('credit_note')]
  return {
    ...(charged ? { late_charges: charged } : {}),
    ...(off ? { taken_off: off } : {}),
  }
}

async function queuePaymentMails<K extends PaymentKind>(
  tx: Tx,
  kind: K,
  causeId: string,
  facts: PaymentFacts,
  recipients: Recipient[],
  paramsFor: (name: string) => MailParams[K],
): Promise<void> {
  const unit = (await loadLooks(tx, [facts.business_unit_id])).get(facts.business_unit_id)
  if (!unit) return
  const compose = (name: string): ComposedMail =>
    composeMail(kind, paramsFor(name), facts.language, unit.look)
  await queueNotices(
    tx,
    recipients.map(({ email, name }) => ({
      kind,
      business_unit_id: facts.business_unit_id,
      account_id: facts.account_id,
      cause_id: causeId,
      to_email: email,
      language: facts.language,
      mail: compose(name),
    })),
  )
}

function describe(facts: PaymentFacts, invoices: readonly PaidInvoice[], name: string, origin: string) {
  return {
    name,
    amount: facts.amount,
    currency: facts.currency,
    paid_on: facts.paid_on,
    invoice_number: invoices.length === 0 ? null : invoices.map(({ number }) => number).join(', '),
    link: paymentLink(
      origin,
      invoices.map(({ id }) => id),
    ),
  }
}

async function readNotice(tx: Tx, noticeId: string): Promise<PaymentFacts | undefined> {
  const found = await sql<PaymentFacts>`
    select n.account_id, n.business_unit_id, a.language, n.amount, n.currency, n.paid_on, n.rejection_reason,
           u.email::text as notifier_email, u.name as notifier_name
      from payment_notices n
      join accounts a on a.id = n.account_id
      left join users u on u.id = n.created_by and u.side = 'customer'
     where n.id = ${noticeId}`.execute(tx)
  return found.rows[0]
}

async function listInvoicesOfNotice(tx: Tx, noticeId: string): Promise<PaidInvoice[]> {
  const found = await sql<PaidInvoice>`
    select i.id, i.series || '-' || i.number as number, b.open_amount, false as caused
      from payment_notice_invoices ni
      join invoices i on i.id = ni.invoice_id
      join invoice_balances b on b.invoice_id = i.id
     where ni.payment_notice_id = ${noticeId}
     order by i.due_date, i.series, i.number`.execute(tx)
  return found.rows
}

function notifierOf(facts: PaymentFacts): Recipient[] {
  return facts.notifier_email === null
    ? []
    : [{ email: facts.notifier_email, name: facts.notifier_name ?? '' }]
}

/** The account's billing contacts, and whoever told us of the payment. */
async function recipientsOf(tx: Tx, facts: PaymentFacts): Promise<Recipient[]> {
  const contacts = (await listRecipients(tx, [facts.account_id], 'billing')).get(facts.account_id) ?? []
  const known = new Set(contacts.map(({ email }) => email.toLowerCase()))
  return [...contacts, ...notifierOf(facts).filter(({ email }) => !known.has(email.toLowerCase()))]
}
