import { sql } from 'kysely'
import { fromEpochDay, toEpochDay } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal } from '../../platform/errors.ts'
import { anchorOf, cyclePeriodOfDay, type SubscriptionInput } from '../subscriptions/index.ts'
import { type PlannedInvoice, planInvoices } from './engine.ts'
import { type BillingUnit, rulesOf, type Service, withTerms } from './planning.ts'
import { priceInTerm, sell } from './sales.ts'

/**
 * What a sale would be, without selling: the service is created, read, billed by the engine, and undone, so that the
 * quote is what the sale does by construction (billing.md 18). The first invoice is the one that bills its first days,
 * as far as that can be known: none while it waits for its installation. Refuses what the sale refuses.
 */
export async function quoteSale(tx: Tx, accountId: string, input: SubscriptionInput, now: Temporal.Instant) {
  await sql`savepoint quote`.execute(tx)
  const quote = await sellAndBill(tx, accountId, input, now)
  await sql`rollback to savepoint quote`.execute(tx)
  return quote
}

async function sellAndBill(tx: Tx, accountId: string, input: SubscriptionInput, now: Temporal.Instant) {
  const sale = await sell(tx, accountId, input, now)
  if (isRefusal(sale)) return sale
  const { sold, unit, coupon, term, service } = sale
  const { currency, plan_value, discount, amount, cycle_unit, cycle_count, cycle_alignment } = sold
  return {
    currency,
    plan_value,
    discount,
    amount,
    cycle_unit,
    cycle_count,
    cycle_alignment,
    billing_start: sold.billing_start,
    components: sold.components.map(({ id: _id, ...component }) => component),
    coupon: coupon ?? null,
    term: term
      ? {
          months: sold.term_months,
          discount_basis_points: term.discount_basis_points!,
          to_date: term.to_date!,
          amount: priceInTerm(sale).all,
        }
      : null,
    first_invoice: service ? findFirstInvoice(unit, service) : null,
  }
}

/** The first invoice with a line of a service of which nothing is billed yet; null where nothing of it costs anything. */
function findFirstInvoice(unit: BillingUnit, service: Service) {
  const first = toEpochDay(service.billing_start)
  const ends = service.components
    .filter(({ role }) => role !== 'usage')
    .map(({ cycle }) => {
      const anchor = cycle.anchor ? toEpochDay(cycle.anchor) : anchorOf(cycle, first, unit.closing_day)
      return cyclePeriodOfDay(first, { ...cycle, anchor }, unit.closing_day).to
    })
  // What is charged once waits for the next closing, a month at most.
  const up_to = fromEpochDay(Math.max(first + 31, ...ends))
  const planned = planInvoices({
    ...rulesOf(unit),
    currency: service.currency,
    up_to,
    subscriptions: [service],
    charges: [],
  })
  const invoice = 'parked' in planned ? undefined : planned.invoices.find(({ lines }) => lines.length > 0)
  return invoice ? describeInvoice(unit, service, invoice) : null
}

function describeInvoice(unit: BillingUnit, service: Service, invoice: PlannedInvoice) {
  const { issue_date, due_date, total, lines } = withTerms(unit, [service], invoice)
  return {
    issue_date,
    due_date,
    total,
    tax: lines.reduce((sum, line) => sum + line.tax, 0),
    tax_included: lines.reduce((sum, line) => sum + line.tax_included, 0),
    lines: lines.map((line) => ({
      role: line.role,
      description: line.description,
      from: line.from,
      to: line.to,
      days: line.days,
      of_days: line.of,
      quantity: line.quantity,
      gross: line.gross,
      discount: line.discount,
      net: line.net,
    })),
  }
}
