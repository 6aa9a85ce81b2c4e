import { sql } from 'kysely'
import { post } from '../server/modules/billing/index.ts'
import type { Tx } from '../server/platform/database.ts'

/**
 * Issues an invoice of one line without a closing, posted as a closing posts it, for tests that are about what happens
 * to an invoice afterwards. Amounts are minor units.
 */
export async function issueInvoice(
  tx: Tx,
  accountId: string,
  facts: { total: number; due_date: string; issue_date?: string; lines?: string[] },
): Promise<{ id: string; number: string }> {
  const issued = facts.issue_date ?? '2026-05-01'
  const lines = facts.lines ?? ['Internet']
  const found = await sql<{ id: string; number: string; business_unit_id: string; currency: string }>`
    insert into invoices (business_unit_id, account_id, series, number, issue_date, due_date, currency, language,
                          payment_method, gross, discount, total, customer, issuer)
    select u.id, a.id, u.invoice_series, take_numbers(u.id, 'invoice:' || u.invoice_series, 1), ${issued}::date,
           greatest(${facts.due_date}::date, ${issued}::date), u.currency, a.language, 'pix', ${facts.total}::bigint, 0,
           ${facts.total}::bigint, jsonb_build_object('name', a.name), jsonb_build_object('name', u.legal_name)
      from accounts a join business_units u on u.id = a.business_unit_id where a.id = ${accountId}
    returning id, series || '-' || number as number, business_unit_id, currency`.execute(tx)
  const invoice = found.rows[0]!
  await sql`
    insert into invoice_lines (invoice_id, account_id, position, role, description, period, days, of_days, whole_period,
                               unit_amount, quantity, gross, discount, net, rule)
    select ${invoice.id}, ${accountId}, n, 'plan', d, '[2026-05-01,2026-05-31)', 30, 30, '[2026-05-01,2026-05-31)',
           amount, 1, amount, 0, amount, 'test'
      from unnest(${lines}::text[]) with ordinality as l (d, n)
     cross join lateral (select case when n = 1 then ${facts.total}::bigint else 0 end as amount) a`.execute(
    tx,
  )
  await post(tx, [
    {
      kind: 'invoice',
      business_unit_id: invoice.business_unit_id,
      account_id: accountId,
      currency: invoice.currency,
      on_date: Temporal.PlainDate.from(issued),
      entries: [
        { ledger_account: 'receivable', amount: facts.total, invoice_id: invoice.id },
        { ledger_account: 'revenue', amount: -facts.total, invoice_id: invoice.id },
      ],
    },
  ])
  return { id: invoice.id, number: invoice.number }
}
