import { sql } from 'kysely'
import type { PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { type DueDocument, issueDocuments } from './issuing.ts'

/** A debit note of late fee and interest for one document. Amounts are minor units. */
export type LateCharges = {
  about_invoice_id: string
  issue_date: Temporal.PlainDate
  due_date: Temporal.PlainDate
  reason?: string
  lines: { role: 'late_fee' | 'interest'; description: string; amount: number }[]
}

/**
 * Issues debit notes of late fee and interest for documents of one account, which must be locked: one for each document,
 * paid from the account's credit where there is any, unless `paid` says that they are by money at hand. The database refuses a
 * second late fee or interest for a document, and one on itself (billing.md 30). Returns their ids, in the order asked for.
 */
export async function issueLateCharges(
  tx: Tx,
  unit: { id: string; currency: string },
  accountId: string,
  due: readonly LateCharges[],
  now: Temporal.Instant,
  { paid = false }: { paid?: boolean } = {},
): Promise<string[]> {
  if (due.length === 0) return []
  const { rows: about } = await sql<{ id: string; payment_method: PaymentMethod }>`
    select id, payment_method from invoices
     where id = any(${due.map((one) => one.about_invoice_id)}::uuid[]) and account_id = ${accountId}`.execute(
    tx,
  )
  const methods = new Map(about.map((row) => [row.id, row.payment_method]))
  const documents: DueDocument[] = due.map((one) => {
    const payment_method = methods.get(one.about_invoice_id)
    if (!payment_method) throw new Error('a late charge about a document of another account')
    return {
      account_id: accountId,
      kind: 'debit_note',
      about_invoice_id: one.about_invoice_id,
      reason: one.reason ?? null,
      document: {
        issue_date: one.issue_date,
        due_date: one.due_date,
        payment_method,
        currency: unit.currency,
        subscription_id: null,
        lines: one.lines.map((line) => writeLine(line, one.issue_date)),
        taxes: [],
        tax: 0,
        tax_included: 0,
        total: one.lines.reduce((sum, line) => sum + line.amount, 0),
        coverage: [],
        usage: [],
      },
    }
  })
  const { invoice_ids } = await issueDocuments(tx, unit, documents, {
    closing_id: null,
    now,
    keep_credit: paid,
  })
  return invoice_ids
}

/** A line that is charged once, for the day of its document. */
function writeLine(
  line: LateCharges['lines'][number],
  on: Temporal.PlainDate,
): DueDocument['document']['lines'][number] {
  const to = on.add({ days: 1 })
  return {
    subscription_id: null,
    component_id: null,
    charge_id: null,
    plan_id: null,
    role: line.role,
    description: line.description,
    from: on,
    to,
    days: 1,
    of: 1,
    day_count: 'actual',
    period: { from: on, to },
    price_model: 'flat',
    unit_amount: line.amount,
    tiers: null,
    package_size: null,
    included: 0,
    quantity: 1,
    gross: line.amount,
    discount: 0,
    net: line.amount,
    discount_rule: null,
    coupons: [],
    tax: 0,
    tax_included: 0,
    taxes: [],
    rule: 'charge',
    instalment: null,
    instalments: null,
    first: true,
    stub: false,
  }
}
