import { buffer } from 'node:stream/consumers'
import { sql } from 'kysely'
import type { DateRange } from '../../platform/calendar.ts'
import type { DocumentKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal } from '../../platform/errors.ts'
import type { FileStore } from '../../platform/files.ts'
import type { JobContext } from '../../platform/jobs.ts'
import type { MailAttachment } from '../../platform/mail.ts'
import type { MailLook } from '../../platform/mail-layout.ts'
import { type ComposedMail, composeMail } from '../../platform/mail-template.ts'
import type { Language } from '../../platform/translations.ts'
import { listRecipients } from '../accounts/index.ts'
import { printInvoice } from '../billing/index.ts'
import { invoiceLink } from './links.ts'
import { loadLooks } from './looks.ts'
import { type Draft, queueNotices } from './queue.ts'

type IssuedDocument = {
  id: string
  kind: DocumentKind
  account_id: string
  business_unit_id: string
  number: string
  due_date: Temporal.PlainDate
  total: number
  tax: number
  currency: string
  language: Language
  reason: string | null
  about: string | null
  period: DateRange | null
  lines: { description: string; net: number }[]
}

const noticeKinds = {
  invoice: 'invoice_issued',
  debit_note: 'debit_note_issued',
  credit_note: 'credit_note_issued',
  proforma: 'proforma_issued',
} as const

function composeDocument(
  document: IssuedDocument,
  name: string | null,
  origin: string,
  look: MailLook,
): ComposedMail {
  const { id, number, due_date, total, tax, currency, language, period, lines, reason, about } = document
  const shared = { name, number, total, tax, currency, lines, link: invoiceLink(origin, id) }
  switch (document.kind) {
    case 'credit_note':
      return composeMail('credit_note_issued', { ...shared, reason, about }, language, look)
    case 'debit_note':
      return composeMail('debit_note_issued', { ...shared, reason, about, due_date }, language, look)
    case 'proforma':
      return composeMail('proforma_issued', { ...shared, reason, valid_until: due_date }, language, look)
    case 'invoice':
      return composeMail('invoice_issued', { ...shared, period, due_date }, language, look)
  }
}

/**
 * Writes the mails of issued documents of any kind, one per document and recipient, in the document's language and its
 * business unit's look. Of what was issued because of a payment, and settled by it, the receipt tells. Four statements whatever the number; repeated, it writes nothing twice. Returns how many were written.
 */
export async function queueInvoiceNotices(
  tx: Tx,
  invoiceIds: readonly string[],
  origin: string,
): Promise<number> {
  const { rows: documents } = await sql<IssuedDocument>`
    select i.id, i.kind, i.account_id, i.business_unit_id, i.series || '-' || i.number as number, i.due_date, i.total, i.tax,
           i.currency, i.language, i.reason, a.series || '-' || a.number as about,
           daterange(min(lower(l.period)), max(upper(l.period))) as period,
           coalesce(json_agg(json_build_object('description', l.description, 'net', l.net) order by l.position)
                    filter (where l.id is not null), '[]') as lines
      from invoices i
      left join invoice_lines l on l.invoice_id = i.id
      left join invoices a on a.id = i.about_invoice_id
     where i.id = any(${invoiceIds}::uuid[])
       and not exists (select from payment_documents d where d.document_id = i.id)
     group by i.id, a.id order by i.id`.execute(tx)
  if (documents.length === 0) return 0
  const [recipients, looks] = await Promise.all([
    listRecipients(tx, [...new Set(documents.map((document) => document.account_id))], 'billing'),
    loadLooks(
      tx,
      documents.map((document) => document.business_unit_id),
    ),
  ])
  const drafts: Draft[] = documents.flatMap((document) => {
    const unit = looks.get(document.business_unit_id)
    if (!unit) return []
    return (recipients.get(document.account_id) ?? []).map(({ email, name }) => ({
      kind: noticeKinds[document.kind],
      business_unit_id: document.business_unit_id,
      account_id: document.account_id,
      cause_id: document.id,
      to_email: email,
      language: document.language,
      mail: composeDocument(document, name, origin, unit.look),
    }))
  })
  return (await queueNotices(tx, drafts)).length
}

const withDocument: readonly string[] = Object.values(noticeKinds)

/** The document that a mail is about, as PDF; a mail without it still leads to it. */
export async function attachInvoice(
  context: Pick<JobContext, 'transact' | 'now'>,
  files: FileStore,
  notice: { kind: string; cause_id: string | null },
): Promise<MailAttachment[]> {
  const id = notice.cause_id
  if (id === null || !withDocument.includes(notice.kind)) return []
  const printed = await context.transact((tx) => printInvoice(tx, files, id, context.now()))
  if (isRefusal(printed)) return []
  const content = Buffer.isBuffer(printed.bytes) ? printed.bytes : await buffer(printed.bytes)
  return [{ filename: printed.file_name, content, content_type: printed.media_type }]
}
