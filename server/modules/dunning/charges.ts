import { sql } from 'kysely'
import { formatDate } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { announce } from '../../platform/events.ts'
import { formatMoney } from '../../platform/money.ts'
import { type Language, localeOf, translator } from '../../platform/translations.ts'
import { applyAccountCredit, post } from '../billing/index.ts'
import type { PlannedAction } from './planning.ts'

/** A debit note of late fee and interest for one document. Amounts are minor units. */
export type LateCharges = {
  about_invoice_id: string
  issue_date: Temporal.PlainDate
  due_date: Temporal.PlainDate
  lines: { role: 'late_fee' | 'interest'; description: string; amount: number }[]
}

/**
 * Issues debit notes of late fee and interest for documents of one account, which must be locked: numbered in the unit's
 * series of debit notes, posted, and paid from the account's credit where there is any. The database refuses a second late
 * fee or interest for a document, and one on itself (billing.md 30). Returns their ids, in the order asked for.
 */
export async function issueLateCharges(
  tx: Tx,
  unit: { id: string; currency: string },
  accountId: string,
  due: readonly LateCharges[],
  now: Temporal.Instant,
): Promise<string[]> {
  if (due.length === 0) return []
  const totals = due.map((one) => one.lines.reduce((sum, line) => sum + line.amount, 0))
  const issued = await sql<{ id: string }>`
    with numbers as materialized (
      select take_numbers(u.id, 'debit_note:' || u.debit_note_series, ${due.length}::int) as first
        from business_units u where u.id = ${unit.id})
    insert into invoices (business_unit_id, account_id, kind, series, number, state, issue_date, due_date, currency,
                          language, payment_method, gross, discount, total, customer, issuer, about_invoice_id)
    select u.id, a.id, 'debit_note', u.debit_note_series, numbers.first + d.position - 1, 'open', d.issue_date,
           d.due_date, u.currency, a.language, i.payment_method, d.total, 0, d.total,
           jsonb_build_object('number', a.number, 'name', a.name, 'tax_id', a.tax_id, 'email', a.email,
             'phone', a.phone, 'address', a.address, 'city', a.city, 'state', a.state, 'country', a.country,
             'postal_code', a.postal_code),
           jsonb_build_object('name', u.name, 'legal_name', u.legal_name, 'tax_id', u.tax_id, 'address', u.address,
             'city', u.city, 'state', u.state, 'country', u.country, 'postal_code', u.postal_code,
             'website', u.website, 'email', u.support_email, 'phone', u.support_phone),
           i.id
      from unnest(${due.map((one) => one.about_invoice_id)}::uuid[], ${due.map((one) => one.issue_date)}::date[],
                  ${due.map((one) => one.due_date)}::date[], ${totals}::bigint[])
           with ordinality d (about, issue_date, due_date, total, position)
      join invoices i on i.id = d.about and i.account_id = ${accountId}
      join accounts a on a.id = i.account_id
      join business_units u on u.id = a.business_unit_id and u.id = ${unit.id}
     cross join numbers
     order by d.position
    returning id, number`.execute(tx)
  if (issued.rows.length !== due.length) throw new Error('a late charge about a document of another account')
  const ids = issued.rows.map((row) => row.id)
  const lines = due.flatMap((one, index) =>
    one.lines.map((line, position) => ({
      ...line,
      id: ids[index]!,
      position: position + 1,
      on: one.issue_date,
    })),
  )
  await sql`
    insert into invoice_lines (invoice_id, account_id, position, role, description, period, days, of_days, whole_period,
                               unit_amount, quantity, gross, discount, net, rule)
    select l.invoice_id, ${accountId}, l.position, l.role, l.description, daterange(l.on_date, l.on_date + 1), 1, 1,
           daterange(l.on_date, l.on_date + 1), l.amount, 1, l.amount, 0, l.amount, l.role::text
      from unnest(${lines.map((line) => line.id)}::uuid[], ${lines.map((line) => line.position)}::int[],
                  ${lines.map((line) => line.role)}::line_role[], ${lines.map((line) => line.description)}::text[],
                  ${lines.map((line) => line.on)}::date[], ${lines.map((line) => line.amount)}::bigint[])
           as l (invoice_id, position, role, description, on_date, amount)`.execute(tx)
  await post(
    tx,
    due.map((one, index) => {
      const of = (role: string) =>
        one.lines.reduce((sum, line) => (line.role === role ? sum + line.amount : sum), 0)
      return {
        kind: 'debit_note',
        business_unit_id: unit.id,
        account_id: accountId,
        currency: unit.currency,
        on_date: one.issue_date,
        entries: [
          { ledger_account: 'receivable', amount: totals[index]!, invoice_id: ids[index]! },
          { ledger_account: 'late_fees', amount: -of('late_fee'), invoice_id: ids[index]! },
          { ledger_account: 'interest', amount: -of('interest'), invoice_id: ids[index]! },
        ],
      }
    }),
  )
  await applyAccountCredit(tx, [accountId], now)
  await announce(tx, 'invoices.issued', { invoice_ids: ids })
  return ids
}

/** What a late fee or interest is called on its line, so that nobody has to ask how it came about. */
export function describeCharge(planned: PlannedAction, currency: string, language: Language): string {
  const t = translator(language)
  const { step, document } = planned
  const words = {
    number: document.number,
    due: formatDate(document.due_date, language),
    base: formatMoney(document.chargeable, currency, language),
    rate: step.basis_points === null ? '' : formatRate(step.basis_points, language),
    days: step.day,
    count: step.day,
  }
  if (step.action === 'interest') return t('mail:dunning.line.interest', words)
  return t(step.amount === null ? 'mail:dunning.line.late_fee_rate' : 'mail:dunning.line.late_fee', words)
}

function formatRate(basisPoints: number, language: Language): string {
  return new Intl.NumberFormat(localeOf(language), { style: 'percent', maximumFractionDigits: 2 }).format(
    basisPoints / 10_000,
  )
}
