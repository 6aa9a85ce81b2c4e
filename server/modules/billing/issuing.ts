import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { announce } from '../../platform/events.ts'
import { applyAccountCredit, post } from './ledger.ts'
import type { BillingUnit, PlannedDocument } from './planning.ts'

/** A document and whose it is. */
export type DueDocument = { account_id: string; document: PlannedDocument }

async function makeIds(tx: Tx, count: number): Promise<string[]> {
  if (count === 0) return []
  const made = await sql<{
    id: string
  }>`select uuidv7() as id from generate_series(1, ${count}::int)`.execute(tx)
  return made.rows.map((row) => row.id)
}

/**
 * Issues documents of one business unit: invoices with gapless numbers, their lines, the days that they cover, their
 * postings, and the use of the accounts' credit; whoever listens to `invoices.issued` is told. The accounts must be
 * locked and the documents planned under that lock. A handful of statements, however many documents. The numbers are
 * taken with the invoices, and everything after waits for nobody, so that others wait for the counter but shortly.
 */
export async function issueDocuments(
  tx: Tx,
  unit: BillingUnit,
  due: readonly DueDocument[],
  context: { closing_id: string | null; now: Temporal.Instant },
): Promise<{ invoice_ids: string[]; total: number }> {
  const invoices = due
    .filter(({ document }) => document.lines.length > 0)
    .sort((left, right) => Temporal.PlainDate.compare(left.document.issue_date, right.document.issue_date))
  const lineCount = invoices.reduce((sum, { document }) => sum + document.lines.length, 0)
  const ids = await makeIds(tx, invoices.length + lineCount)
  const invoiceIds = ids.slice(0, invoices.length)
  const lineIds = ids.slice(invoices.length)

  let line = 0
  const lineIdsOf = new Map<PlannedDocument, string[]>()
  for (const { document } of invoices) {
    lineIdsOf.set(document, lineIds.slice(line, line + document.lines.length))
    line += document.lines.length
  }
  const lines = invoices.flatMap(({ account_id, document }, index) =>
    document.lines.map((planned, position) => ({
      account_id,
      invoice_id: invoiceIds[index]!,
      position: position + 1,
      planned,
    })),
  )
  const coverage = due.flatMap(({ account_id, document }) =>
    document.coverage.map((covered) => ({
      ...covered,
      account_id,
      line_id: covered.line_index === null ? null : lineIdsOf.get(document)![covered.line_index]!,
    })),
  )
  const grossOf = (document: PlannedDocument) =>
    document.lines.reduce((sum, planned) => sum + planned.gross, 0)

  const statements: Promise<unknown>[] = []
  if (invoices.length > 0) {
    statements.push(
      sql`
        with numbers as materialized (
          select take_numbers(u.id, 'invoice:' || u.invoice_series, ${invoices.length}::int) as first
            from business_units u where u.id = ${unit.id})
        insert into invoices (id, business_unit_id, account_id, closing_id, series, number, state, issue_date, due_date,
                              currency, language, payment_method, gross, discount, total, customer, issuer, paid_at)
        select d.id, u.id, a.id, ${context.closing_id}::uuid, u.invoice_series, numbers.first + d.position - 1,
               case when d.total = 0 then 'paid' else 'open' end::invoice_state, d.issue_date, d.due_date,
               ${unit.currency}, a.language, d.payment_method, d.gross, d.gross - d.total, d.total,
               jsonb_build_object('number', a.number, 'name', a.name, 'tax_id', a.tax_id, 'email', a.email,
                 'phone', a.phone, 'address', a.address, 'city', a.city, 'state', a.state, 'country', a.country,
                 'postal_code', a.postal_code),
               jsonb_build_object('name', u.name, 'legal_name', u.legal_name, 'tax_id', u.tax_id, 'address', u.address,
                 'city', u.city, 'state', u.state, 'country', u.country, 'postal_code', u.postal_code,
                 'website', u.website, 'email', u.support_email, 'phone', u.support_phone),
               case when d.total = 0 then ${context.now}::timestamptz end
          from unnest(${invoiceIds}::uuid[], ${invoices.map((item) => item.account_id)}::uuid[],
                      ${invoices.map((item) => item.document.issue_date)}::date[],
                      ${invoices.map((item) => item.document.due_date)}::date[],
                      ${invoices.map((item) => item.document.payment_method)}::payment_method[],
                      ${invoices.map((item) => grossOf(item.document))}::bigint[],
                      ${invoices.map((item) => item.document.total)}::bigint[])
               with ordinality d (id, account_id, issue_date, due_date, payment_method, gross, total, position)
          join accounts a on a.id = d.account_id
          join business_units u on u.id = a.business_unit_id
         cross join numbers
         order by d.position`.execute(tx),
      sql`
        insert into invoice_lines (id, invoice_id, account_id, position, subscription_id, component_id, role, description,
                                   period, days, of_days, whole_period, unit_amount, quantity, gross, discount,
                                   discount_kind, discount_basis_points, discount_amount, net, rule)
        select l.id, l.invoice_id, l.account_id, l.position, l.subscription_id, l.component_id, l.role, l.description,
               daterange(l.first, l.until), l.days, l.of_days, daterange(l.whole_first, l.whole_until), l.unit_amount,
               l.quantity, l.gross, l.gross - l.net, l.discount_kind, l.basis_points, l.discount_amount, l.net, l.rule
          from unnest(${lineIds}::uuid[], ${lines.map((item) => item.invoice_id)}::uuid[],
                      ${lines.map((item) => item.account_id)}::uuid[], ${lines.map((item) => item.position)}::int[],
                      ${lines.map((item) => item.planned.subscription_id)}::uuid[],
                      ${lines.map((item) => item.planned.component_id)}::uuid[],
                      ${lines.map((item) => item.planned.role)}::component_role[],
                      ${lines.map((item) => item.planned.description)}::text[],
                      ${lines.map((item) => item.planned.from)}::date[], ${lines.map((item) => item.planned.to)}::date[],
                      ${lines.map((item) => item.planned.days)}::int[], ${lines.map((item) => item.planned.of)}::int[],
                      ${lines.map((item) => item.planned.period.from)}::date[],
                      ${lines.map((item) => item.planned.period.to)}::date[],
                      ${lines.map((item) => item.planned.unit_amount)}::bigint[],
                      ${lines.map((item) => item.planned.quantity)}::int[],
                      ${lines.map((item) => item.planned.gross)}::bigint[],
                      ${lines.map((item) => item.planned.discount_rule?.kind ?? null)}::discount_kind[],
                      ${lines.map(({ planned: { discount_rule: rule } }) =>
                        rule?.kind === 'percent' ? rule.basis_points : null,
                      )}::int[],
                      ${lines.map(({ planned: { discount_rule: rule } }) =>
                        rule?.kind === 'amount' ? rule.amount : null,
                      )}::bigint[],
                      ${lines.map((item) => item.planned.net)}::bigint[],
                      ${lines.map((item) => item.planned.rule)}::text[])
               l (id, invoice_id, account_id, position, subscription_id, component_id, role, description, first, until,
                  days, of_days, whole_first, whole_until, unit_amount, quantity, gross, discount_kind, basis_points,
                  discount_amount, net, rule)`.execute(tx),
    )
  }
  if (coverage.length > 0) {
    statements.push(
      sql`
        insert into billed_coverage (component_id, account_id, period, invoice_line_id, closing_id)
        select c.component_id, c.account_id, daterange(c.first, c.until), c.line_id, ${context.closing_id}::uuid
          from unnest(${coverage.map((item) => item.component_id)}::uuid[],
                      ${coverage.map((item) => item.account_id)}::uuid[],
                      ${coverage.map((item) => item.from)}::date[], ${coverage.map((item) => item.to)}::date[],
                      ${coverage.map((item) => item.line_id)}::uuid[])
               c (component_id, account_id, first, until, line_id)`.execute(tx),
    )
  }
  statements.push(
    post(
      tx,
      invoices.map(({ account_id, document }, index) => ({
        kind: 'invoice',
        business_unit_id: unit.id,
        account_id,
        currency: unit.currency,
        on_date: document.issue_date,
        entries: [
          { ledger_account: 'receivable', amount: document.total, invoice_id: invoiceIds[index]! },
          { ledger_account: 'revenue', amount: -document.total, invoice_id: invoiceIds[index]! },
        ],
      })),
    ),
  )
  await Promise.all(statements)
  if (invoiceIds.length > 0) {
    await applyAccountCredit(tx, [...new Set(invoices.map((item) => item.account_id))], context.now)
    await announce(tx, 'invoices.issued', { closing_id: context.closing_id, invoice_ids: invoiceIds })
  }
  return { invoice_ids: invoiceIds, total: invoices.reduce((sum, { document }) => sum + document.total, 0) }
}
