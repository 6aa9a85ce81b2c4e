import { sql } from 'kysely'
import type { DateRange } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { composeMail } from '../../platform/mail-template.ts'
import type { Language } from '../../platform/translations.ts'
import { listRecipients } from '../accounts/index.ts'
import { invoiceLink } from './links.ts'
import { loadLooks } from './looks.ts'
import { type Draft, queueNotices } from './queue.ts'

type IssuedInvoice = {
  id: string
  account_id: string
  business_unit_id: string
  number: string
  due_date: Temporal.PlainDate
  total: number
  currency: string
  language: Language
  period: DateRange | null
  lines: { description: string; net: number }[]
}

/**
 * Writes the mails of issued invoices, one per invoice and recipient, in the invoice's language and its business
 * unit's look. Four statements whatever the number; repeated, it writes nothing twice. Returns how many were written.
 */
export async function queueInvoiceNotices(
  tx: Tx,
  invoiceIds: readonly string[],
  origin: string,
): Promise<number> {
  const { rows: invoices } = await sql<IssuedInvoice>`
    select i.id, i.account_id, i.business_unit_id, i.series || '-' || i.number as number, i.due_date, i.total, i.currency, i.language,
           daterange(min(lower(l.period)), max(upper(l.period))) as period,
           coalesce(json_agg(json_build_object('description', l.description, 'net', l.net) order by l.position)
                    filter (where l.id is not null), '[]') as lines
      from invoices i left join invoice_lines l on l.invoice_id = i.id
     where i.id = any(${invoiceIds}::uuid[])
     group by i.id order by i.id`.execute(tx)
  if (invoices.length === 0) return 0
  const [recipients, looks] = await Promise.all([
    listRecipients(tx, [...new Set(invoices.map((invoice) => invoice.account_id))], 'billing'),
    loadLooks(
      tx,
      invoices.map((invoice) => invoice.business_unit_id),
    ),
  ])
  const drafts: Draft[] = invoices.flatMap((invoice) => {
    const unit = looks.get(invoice.business_unit_id)
    if (!unit) return []
    const { id, number, due_date, total, currency, language, period, lines } = invoice
    return (recipients.get(invoice.account_id) ?? []).map(({ email, name }) => ({
      kind: 'invoice_issued' as const,
      business_unit_id: invoice.business_unit_id,
      account_id: invoice.account_id,
      cause_id: id,
      to_email: email,
      language,
      mail: composeMail(
        'invoice_issued',
        {
          name,
          number,
          period,
          due_date,
          total,
          currency,
          lines,
          link: invoiceLink(origin, id),
        },
        language,
        unit.look,
      ),
    }))
  })
  return (await queueNotices(tx, drafts)).length
}
