import { createHash } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import { daysInMonth } from '../../platform/calendar.ts'
import type { ComponentRole, DiscountKind, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { boundaryAfter, boundaryOnOrBefore, type DayCount } from '../subscriptions/index.ts'
import {
  type BillableSubscription,
  type BillingMode,
  type ParkCode,
  type PlannedInvoice,
  planInvoices,
  type RecurringDiscount,
} from './engine.ts'

/** What of a business unit decides how its accounts are billed. */
export type BillingUnit = {
  id: string
  currency: string
  closing_day: number
  day_count: DayCount
  time_zone: string
}

/** An invoice that is due to be issued, or was computed to be looked at. */
export type PlannedDocument = PlannedInvoice & { due_date: Temporal.PlainDate; payment_method: PaymentMethod }

/** What is to be billed for an account; `fingerprint` is the same if and only if all of it is. */
export type AccountPlan =
  | { documents: PlannedDocument[]; fingerprint: Buffer }
  | { parked: ParkReason; detail: Record<string, string | number> }

/** Why an account is left out of a closing and shown to staff (billing.md 14). */
export type ParkReason = ParkCode | 'currency_differs' | 'database_refused'

type Billed = BillableSubscription & { currency: string; due_day: number; payment_method: PaymentMethod }

/** The business units of billing, by id. */
export async function readBillingUnits(tx: Tx, ids: readonly string[]): Promise<Map<string, BillingUnit>> {
  const rows = await tx
    .selectFrom('business_units')
    .select(['id', 'currency', 'closing_day', 'day_count', 'time_zone'])
    .where('id', 'in', [...ids])
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * SQL for the accounts of a business unit with a day that is not billed yet up to the closing dates on or before
 * `up_to`: what a closing has to look at. Never misses one; now and then it finds one that turns out to be due later.
 */
export function selectDueAccounts(unit: BillingUnit, up_to: Temporal.PlainDate): RawBuilder<unknown> {
  const last = boundaryOnOrBefore(up_to, unit.closing_day)
  const next = boundaryAfter(up_to, unit.closing_day)
  return sql`
    select distinct s.account_id
      from subscriptions s
      join subscription_components c on c.subscription_id = s.id
     cross join lateral (
       select greatest(s.billing_start, c.from_date) as start,
              least(s.end_date, c.to_date,
                    case when s.billing_mode = 'advance' and greatest(s.billing_start, c.from_date) <= ${last}::date
                         then ${next}::date else ${last}::date end) as stop) p
     where s.business_unit_id = ${unit.id} and s.billing_start is not null and p.start < p.stop
       and not isempty(datemultirange(daterange(p.start, p.stop))
             - coalesce((select range_agg(b.period) from billed_coverage b where b.component_id = c.id), '{}')
             - coalesce((select range_agg(x.period) from subscription_suspensions x where x.subscription_id = s.id), '{}'))`
}

type SubscriptionRow = {
  id: string
  account_id: string
  billing_mode: BillingMode
  billing_start: Temporal.PlainDate
  end_date: Temporal.PlainDate | null
  currency: string
  due_day: number
  payment_method: PaymentMethod
  discount_kind: DiscountKind | null
  discount_amount: number | null
  discount_basis_points: number | null
}
type ComponentRow = {
  id: string
  subscription_id: string
  role: ComponentRole
  description: string
  unit_amount: number
  quantity: number
  from_date: Temporal.PlainDate | null
  to_date: Temporal.PlainDate | null
}

function readDiscount(row: SubscriptionRow): RecurringDiscount | null {
  if (row.discount_kind === 'amount') return { kind: 'amount', amount: row.discount_amount! }
  if (row.discount_kind === 'percent') return { kind: 'percent', basis_points: row.discount_basis_points! }
  return null
}

/**
 * What the accounts have that can be billed, by account, in the order of their invoices' lines: four statements that
 * travel together, however many accounts.
 */
async function loadSubscriptions(tx: Tx, accountIds: readonly string[]): Promise<Map<string, Billed[]>> {
  const [, subscriptions, components, coverage, suspensions] = await Promise.all([
    // Before the first ANALYZE of tables that were just filled, PostgreSQL would read them whole for every batch.
    sql`select set_config('enable_seqscan', 'off', true)`.execute(tx),
    sql<SubscriptionRow>`
      select id, account_id, billing_mode, billing_start, end_date, currency, due_day, payment_method, discount_kind,
             discount_amount, discount_basis_points
        from subscriptions where account_id = any(${accountIds}::uuid[]) and billing_start is not null
       order by account_id, number`.execute(tx),
    sql<ComponentRow>`
      select id, subscription_id, role, description, unit_amount, quantity, from_date, to_date
        from subscription_components where account_id = any(${accountIds}::uuid[])
       order by subscription_id, role, from_date nulls first, id`.execute(tx),
    sql<{ component_id: string; from: Temporal.PlainDate; to: Temporal.PlainDate }>`
      select component_id, lower(r) as "from", upper(r) as "to"
        from (select component_id, unnest(range_agg(period)) as r from billed_coverage
               where account_id = any(${accountIds}::uuid[]) group by component_id) merged`.execute(tx),
    sql<{ subscription_id: string; from: Temporal.PlainDate; to: Temporal.PlainDate | null }>`
      select subscription_id, lower(period) as "from", upper(period) as "to"
        from subscription_suspensions where account_id = any(${accountIds}::uuid[])
       order by subscription_id, period`.execute(tx),
  ])
  const componentsOf = Map.groupBy(components.rows, (row) => row.subscription_id)
  const coverageOf = Map.groupBy(coverage.rows, (row) => row.component_id)
  const suspensionsOf = Map.groupBy(suspensions.rows, (row) => row.subscription_id)
  const billed = subscriptions.rows.map((row) => ({
    account_id: row.account_id,
    subscription: {
      id: row.id,
      billing_mode: row.billing_mode,
      billing_start: row.billing_start,
      end: row.end_date,
      discount: readDiscount(row),
      suspensions: suspensionsOf.get(row.id) ?? [],
      components: (componentsOf.get(row.id) ?? []).map((component) => ({
        id: component.id,
        role: component.role,
        description: component.description,
        unit_amount: component.unit_amount,
        quantity: component.quantity,
        from: component.from_date ?? row.billing_start,
        to: component.to_date,
        covered: coverageOf.get(component.id) ?? [],
      })),
      currency: row.currency,
      due_day: row.due_day,
      payment_method: row.payment_method,
    },
  }))
  const byAccount = new Map<string, Billed[]>()
  for (const { account_id, subscription } of billed) {
    const list = byAccount.get(account_id)
    if (list) list.push(subscription)
    else byAccount.set(account_id, [subscription])
  }
  return byAccount
}

/** The first `dueDay` of a month on or after a date; it clamps to the end of a short month. */
function dueDateOf(issueDate: Temporal.PlainDate, dueDay: number): Temporal.PlainDate {
  const day = Math.min(dueDay, daysInMonth(issueDate.year, issueDate.month))
  if (day >= issueDate.day) return issueDate.with({ day })
  const next = issueDate.with({ day: 1 }).add({ months: 1 })
  return next.with({ day: Math.min(dueDay, daysInMonth(next.year, next.month)) })
}

/**
 * What is due to be billed for each account up to a date, from the state of this moment: preview, closing and "what
 * would be billed" (X5) all ask here. Accounts with nothing due are left out. The first of an account's services that
 * an invoice bills decides its due day and payment method.
 */
export async function planAccounts(
  tx: Tx,
  unit: BillingUnit,
  accountIds: readonly string[],
  up_to: Temporal.PlainDate,
): Promise<Map<string, AccountPlan>> {
  const plans = new Map<string, AccountPlan>()
  if (accountIds.length === 0) return plans
  for (const [accountId, subscriptions] of await loadSubscriptions(tx, accountIds)) {
    const plan = planAccount(unit, subscriptions, up_to)
    if (plan) plans.set(accountId, plan)
  }
  return plans
}

function planAccount(
  unit: BillingUnit,
  subscriptions: Billed[],
  up_to: Temporal.PlainDate,
): AccountPlan | null {
  const foreign = subscriptions.find((subscription) => subscription.currency !== unit.currency)
  if (foreign) {
    return { parked: 'currency_differs', detail: { subscription_id: foreign.id, currency: foreign.currency } }
  }
  const planned = planInvoices({
    closing_day: unit.closing_day,
    day_count: unit.day_count,
    currency: unit.currency,
    up_to,
    subscriptions,
  })
  if ('parked' in planned) return planned
  if (planned.invoices.length === 0) return null
  const documents = planned.invoices.map((invoice) => {
    const first = subscriptions.find(({ id }) => id === invoice.coverage[0]!.subscription_id)!
    return {
      ...invoice,
      due_date: dueDateOf(invoice.issue_date, first.due_day),
      payment_method: first.payment_method,
    }
  })
  // Every object was made with its keys in one order, so equal documents give equal text.
  return { documents, fingerprint: createHash('sha256').update(JSON.stringify(documents)).digest() }
}

/** How many invoices a plan issues: what only notes days without a price issues none. */
export function countInvoices(documents: readonly PlannedDocument[]): number {
  return documents.filter((document) => document.lines.length > 0).length
}

/** What a plan bills, in minor units. */
export function totalOf(documents: readonly PlannedDocument[]): number {
  return documents.reduce((sum, document) => sum + document.total, 0)
}

/**
 * Whether an account has days to be billed, by whatever closing is still to come: an account whose services have all ended
 * and that has none is done with. An account that cannot be planned has (billing.md 14).
 */
export async function hasUnbilledDays(tx: Tx, accountId: string): Promise<boolean> {
  const found = await sql<{ business_unit_id: string; last: Temporal.PlainDate | null }>`
    select a.business_unit_id, max(coalesce(s.end_date, s.billing_start)) as last
      from accounts a left join subscriptions s on s.account_id = a.id where a.id = ${accountId}
     group by a.business_unit_id`.execute(tx)
  const row = found.rows[0]
  if (!row?.last) return false
  const unit = (await readBillingUnits(tx, [row.business_unit_id])).get(row.business_unit_id)!
  const up_to = boundaryAfter(boundaryAfter(row.last, unit.closing_day), unit.closing_day)
  const plan = (await planAccounts(tx, unit, [accountId], up_to)).get(accountId)
  return plan !== undefined && ('parked' in plan || countInvoices(plan.documents) > 0)
}
