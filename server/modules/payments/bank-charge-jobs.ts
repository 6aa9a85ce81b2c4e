// Boletos that come and go with their invoices.
import { sql } from 'kysely'
import { isRefusal } from '../../platform/errors.ts'
import type { BankFileJob } from './bank-file-work.ts'
import { createIntent, requestCancel } from './intents.ts'

/** Takes boletos and debits back whose invoices were all paid in another way: nobody is to pay them twice. */
export async function withdrawPaidCharges(
  { transact }: BankFileJob,
  invoiceIds: readonly string[],
): Promise<void> {
  await transact(async (tx) => {
    const open = await sql<{ id: string }>`
      select distinct i.id
        from payment_intent_invoices ii
        join payment_intents i on i.id = ii.intent_id and i.ended_at is null
        join bank_charges c on c.intent_id = i.id and c.state in ('registered', 'sent', 'confirmed') and c.withdrawn_at is null
       where ii.invoice_id = any(${[...invoiceIds]}::uuid[]) and ii.open
         and not exists (select from payment_intent_invoices o join invoices v on v.id = o.invoice_id
                          where o.intent_id = i.id and v.state = 'open')`.execute(tx)
    for (const { id } of open.rows) await requestCancel(tx, null, id)
  })
}

type Unpaid = { id: string; account_id: string; business_unit_id: string; provider_id: string }

/** Makes a boleto of each invoice that was issued, where a provider is set to have one and nothing is debited by itself. */
export async function makeBoletos(
  { transact, formats, now, pool }: BankFileJob,
  invoiceIds: readonly string[],
): Promise<void> {
  const format = formats.get('boleto')
  const found = await transact(async (tx) => {
    const rows = await sql<Unpaid & { settings: unknown }>`
      select i.id, i.account_id, i.business_unit_id, p.id as provider_id, p.settings
        from invoices i
        join invoice_balances b on b.invoice_id = i.id and b.open_amount > 0
        cross join lateral (
          select p.id, p.settings from payment_providers p
           where p.business_unit_id = i.business_unit_id and p.driver = 'boleto' and p.enabled
           order by p.position, p.id limit 1) p
       where i.id = any(${[...invoiceIds]}::uuid[]) and i.state = 'open'
         and not exists (select from stored_methods m where m.account_id = i.account_id and m.automatic)
       order by i.id`.execute(tx)
    return rows.rows
  })
  for (const { settings, ...invoice } of found) {
    if (!format?.goesWithInvoices(settings)) continue
    // Somebody may have paid it, or asked for another boleto, since.
    await transact(async (tx) => {
      const owner = {
        account_id: invoice.account_id,
        business_unit_id: invoice.business_unit_id,
        user_id: null,
        origin: 'run' as const,
      }
      const input = { provider_id: invoice.provider_id, method: 'boleto' as const, invoice_ids: [invoice.id] }
      const made = await createIntent(tx, pool, owner, input, now())
      return isRefusal(made) ? null : made
    })
  }
}
