import { buffer } from 'node:stream/consumers'
import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal } from '../../platform/errors.ts'
import type { FileStore } from '../../platform/files.ts'
import { Binary } from '../../platform/http.ts'
import { translator } from '../../platform/translations.ts'
import { getUnit } from '../units/index.ts'
import { renderInvoicePdf } from './invoice-pdf.ts'
import { formatInvoiceNumber, getInvoice } from './invoices.ts'

/**
 * An invoice as PDF in its own language, with the look that its business unit has today and the parties as they were
 * on issue (B6). Refuses: not_found.
 */
export async function printInvoice(
  tx: Tx,
  files: FileStore,
  id: string,
  now: Temporal.Instant,
): Promise<Binary | Refusal> {
  const invoice = await getInvoice(tx, id, 'en', now)
  if (isRefusal(invoice)) return invoice
  const unit = await getUnit(tx, invoice.business_unit_id)
  if (isRefusal(unit)) return unit
  const pdf = await renderInvoicePdf(
    { ...invoice, paid_on: invoice.paid_at === null ? null : today(invoice.paid_at, unit.time_zone) },
    {
      name: unit.name,
      accent: unit.accent,
      logo: await readLogo(files, unit.logo_file_id),
      support_email: unit.support_email,
      support_phone: unit.support_phone,
      website: unit.website,
      payment_instructions: unit.payment_instructions,
    },
    invoice.language,
  )
  const number = formatInvoiceNumber(invoice.series, invoice.number)
  const title = translator(invoice.language)('pdf:title')
  return new Binary(pdf, 'application/pdf', `${title} ${number}.pdf`, true)
}

/** The logo's bytes; null where there is none or its file is gone: an invoice prints without it, too. */
async function readLogo(files: FileStore, id: string | null): Promise<Buffer | null> {
  if (id === null || (await files.size(id)) === null) return null
  return buffer(files.read(id))
}
