import { hash } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import { daysInMonth } from '../../platform/calendar.ts'
import type {
  ChargeKind,
  ComponentRole,
  CycleAlignment,
  CycleUnit,
  DiscountKind,
  InvoiceGrouping,
  LineRole,
  PaymentMethod,
  TaxRounding,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import {
  boundaryAfter,
  boundaryOnOrBefore,
  type DayCount,
  type PriceModel,
  type Tier,
} from '../subscriptions/index.ts'
import { billableComponent, type DiscountRow, readDiscount } from './billable.ts'
import type { BilledDays, BilledLine } from './credits.ts'
import {
  type AppliedCoupon,
  type BillableCharge,
  type BillableSubscription,
  type BillingMode,
  type ParkCode,
  type PlannedInvoice,
  type PlanRules,
  planInvoices,
  type UsageOfDay,
} from './engine.ts'
import type { ComputedTax, TaxRule } from './taxes.ts'

/** What of a business unit decides how its accounts are billed. */
export type BillingUnit = {
  id: string
  currency: string
  closing_day: number
  day_count: DayCount
  time_zone: string
  tax_rounding: TaxRounding
  invoice_grouping: InvoiceGrouping
  due_day: number
  payment_methods: PaymentMethod[]
  /** The taxes that each product bears, in the order in which they are shown. */
  taxes: ReadonlyMap<string, readonly TaxRule[]>
}

/** An invoice that is due to be issued, or was computed to be looked at. */
export type PlannedDocument = PlannedInvoice & { due_date: Temporal.PlainDate; payment_method: PaymentMethod }

/** What is to be billed for an account; `fingerprint` is the same if and only if all of it is. */
export type AccountPlan =
  | { documents: PlannedDocument[]; fingerprint: Buffer }
  | { parked: ParkReason; detail: Record<string, string | number> }

/** Why an account is left out of a closing and shown to staff (billing.md 14). */
export type ParkReason = ParkCode | 'currency_differs' | 'database_refused'

/** A subscription as billing sees it, with what its invoices take from it. */
export type Service = BillableSubscription & {
  account_id: string
  currency: string
  due_day: number
  payment_method: PaymentMethod
}

/** What an account has that can be billed. */
export type AccountServices = { services: Service[]; charges: BillableCharge[] }

/** The rules of a business unit, as the engine takes them. */
export function rulesOf(unit: BillingUnit): PlanRules {
  return {
    closing_day: unit.closing_day,
    day_count: unit.day_count,
    currency: unit.currency,
    tax_rounding: unit.tax_rounding,
    grouping: unit.invoice_grouping,
  }
}

/** The business units of billing, by id, with the taxes of their products. */
export async function readBillingUnits(tx: Tx, ids: readonly string[]): Promise<Map<string, BillingUnit>> {
  const [units, taxes] = await Promise.all([
    tx
      .selectFrom('business_units')
      .select([
        'id',
        'currency',
        'closing_day',
        'day_count',
        'time_zone',
        'tax_rounding',
        'invoice_grouping',
        'due_day',
        'payment_methods',
      ])
      .where('id', 'in', [...ids])
      .execute(),
    sql<TaxRule & { business_unit_id: string; product_id: string }>`
      select p.business_unit_id, p.product_id, t.id as tax_id, t.name, t.rate, t.inclusive
        from product_taxes p join taxes t on t.id = p.tax_id
       where p.business_unit_id = any(${[...ids]}::uuid[]) and t.archived_at is null
       order by t.position, t.name, t.id`.execute(tx),
  ])
  const taxesOf = Map.groupBy(taxes.rows, (row) => row.business_unit_id)
  return new Map(
    units.map((unit) => {
      const products = Map.groupBy(taxesOf.get(unit.id) ?? [], (row) => row.product_id)
      const rules = new Map(
        [...products].map(([product, rows]) => [
          product,
          rows.map(({ tax_id, name, rate, inclusive }) => ({ tax_id, name, rate, inclusive })),
        ]),
      )
      return [unit.id, { ...unit, taxes: rules }]
    }),
  )
}

/**
 * SQL for the accounts of a business unit with a day that is not billed yet up to the dates of issue on or before
 * `up_to`, or a one-off amount or use that waits: what a closing has to look at. Never misses one; now and then it finds
 * one that turns out to be due later.
 */
export function selectDueAccounts(unit: BillingUnit, up_to: Temporal.PlainDate): RawBuilder<unknown> {
  const last = boundaryOnOrBefore(up_to, unit.closing_day)
  const next = boundaryAfter(up_to, unit.closing_day)
  return sql`
    select s.account_id
      from subscriptions s
      join subscription_components c on c.subscription_id = s.id
     cross join lateral (
       select greatest(s.billing_start, c.from_date) as start,
              least(s.end_date, c.to_date,
                    case when c.cycle_unit = 'month' and c.cycle_count = 1 and c.cycle_alignment = 'closing'
                         then case when s.billing_mode = 'advance' and greatest(s.billing_start, c.from_date) <= ${last}::date
                                   then ${next}::date else ${last}::date end
                         -- Of other cycles a day is due at most a period after it, so all up to the date are looked at.
                         when c.cycle_unit = 'once' then greatest(s.billing_start, c.from_date) + 1
                         else ${up_to}::date + 1 end) as stop) p
     where s.business_unit_id = ${unit.id} and s.billing_start is not null and p.start < p.stop
       and not isempty(datemultirange(daterange(p.start, p.stop))
             - coalesce((select range_agg(b.period) from billed_coverage b where b.component_id = c.id), '{}')
             - case when c.cycle_unit = 'once' then '{}' else
                 coalesce((select range_agg(x.period) from subscription_suspensions x where x.subscription_id = s.id), '{}') end)
       and (c.cycle_unit <> 'once' or greatest(s.billing_start, c.from_date) <= ${up_to}::date)
    union
    select account_id from charges
     where business_unit_id = ${unit.id} and billed_at is null and withdrawn_at is null and bill_on <= ${up_to}::date
    union
    select r.account_id from usage_records r join accounts a on a.id = r.account_id
     where a.business_unit_id = ${unit.id} and r.billed_at is null and r.on_date < ${up_to}::date`
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
}
type ComponentRow = DiscountRow & {
  id: string
  subscription_id: string
  role: ComponentRole
  plan_id: string
  product_id: string
  plan_meter_id: string | null
  description: string
  price_model: PriceModel
  unit_amount: number
  tiers: Tier[] | null
  package_size: number | null
  included: number
  quantity: number
  cycle_unit: CycleUnit
  cycle_count: number
  cycle_alignment: CycleAlignment
  anchor_date: Temporal.PlainDate | null
  from_date: Temporal.PlainDate | null
  to_date: Temporal.PlainDate | null
}
type CouponRow = DiscountRow & {
  id: string
  subscription_id: string
  name: string
  term_months: number | null
  from_date: Temporal.PlainDate
  to_date: Temporal.PlainDate | null
}
type ChargeRow = Omit<BillableCharge, 'taxes'> & {
  account_id: string
  kind: ChargeKind
  product_id: string | null
}
type UsageRow = {
  subscription_id: string
  plan_meter_id: string
  on_date: Temporal.PlainDate
  quantity: number
  ids: string[]
}

/**
 * What the accounts have that can be billed, by account, in the order of their invoices' lines: a handful of statements that
 * travel together, however many accounts. `on` is the day whose tax exemptions count.
 */
export async function loadServices(
  tx: Tx,
  unit: BillingUnit,
  accountIds: readonly string[],
  on: Temporal.PlainDate,
): Promise<Map<string, AccountServices>> {
  const ids = [...accountIds]
  const [, subscriptions, components, coverage, suspensions, coupons, charges, usage, exemptions] =
    await Promise.all([
      // Before the first ANALYZE of tables that were just filled, PostgreSQL would read them whole for every batch.
      sql`select set_config('enable_seqscan', 'off', true)`.execute(tx),
      sql<SubscriptionRow>`
      select id, account_id, billing_mode, billing_start, end_date, currency, due_day, payment_method
        from subscriptions where account_id = any(${ids}::uuid[]) and billing_start is not null
       order by account_id, number`.execute(tx),
      sql<ComponentRow>`
      select c.id, c.subscription_id, c.role, c.plan_id, p.product_id, c.plan_meter_id, c.description, c.price_model,
             c.unit_amount, c.tiers, c.package_size, c.included, c.quantity, c.cycle_unit, c.cycle_count, c.cycle_alignment,
             c.anchor_date, c.discount_kind, c.discount_amount, c.discount_basis_points, c.from_date, c.to_date
        from subscription_components c join plans p on p.id = c.plan_id
       where c.account_id = any(${ids}::uuid[])
       order by c.subscription_id, c.role, c.from_date nulls first, c.id`.execute(tx),
      sql<{ component_id: string; from: Temporal.PlainDate; to: Temporal.PlainDate }>`
      select component_id, lower(r) as "from", upper(r) as "to"
        from (select component_id, unnest(range_agg(period)) as r from billed_coverage
               where account_id = any(${ids}::uuid[]) group by component_id) merged`.execute(tx),
      sql<{ subscription_id: string; from: Temporal.PlainDate; to: Temporal.PlainDate | null }>`
      select subscription_id, lower(period) as "from", upper(period) as "to"
        from subscription_suspensions where account_id = any(${ids}::uuid[])
       order by subscription_id, period`.execute(tx),
      sql<CouponRow>`
      select id, subscription_id, name, term_months, discount_kind, discount_amount, discount_basis_points, from_date, to_date
        from subscription_coupons where account_id = any(${ids}::uuid[])
       order by subscription_id, term_months nulls last, from_date, id`.execute(tx),
      sql<ChargeRow>`
      select id, account_id, subscription_id, kind, description, unit_amount, quantity, bill_on, instalment, instalments,
             product_id
        from charges where account_id = any(${ids}::uuid[]) and billed_at is null and withdrawn_at is null
       order by account_id, bill_on, id`.execute(tx),
      sql<UsageRow>`
      select subscription_id, plan_meter_id, on_date, sum(quantity)::bigint as quantity, array_agg(id order by id) as ids
        from usage_records where account_id = any(${ids}::uuid[]) and billed_at is null
       group by subscription_id, plan_meter_id, on_date
       order by subscription_id, plan_meter_id, on_date`.execute(tx),
      unit.taxes.size === 0
        ? null
        : sql<{ account_id: string; tax_id: string }>`
          select account_id, tax_id from account_tax_exemptions
           where account_id = any(${ids}::uuid[]) and (until is null or until > ${on}::date)`.execute(tx),
    ])
  const componentsOf = Map.groupBy(components.rows, (row) => row.subscription_id)
  const coverageOf = Map.groupBy(coverage.rows, (row) => row.component_id)
  const suspensionsOf = Map.groupBy(suspensions.rows, (row) => row.subscription_id)
  const couponsOf = Map.groupBy(coupons.rows, (row) => row.subscription_id)
  const usageOf = Map.groupBy(usage.rows, (row) => `${row.subscription_id} ${row.plan_meter_id}`)
  const exempt = new Set(exemptions?.rows.map((row) => `${row.account_id} ${row.tax_id}`))
  const taxesOf = (accountId: string, productId: string | null): readonly TaxRule[] => {
    const rules = productId === null ? undefined : unit.taxes.get(productId)
    if (!rules) return []
    return exempt.size === 0 ? rules : rules.filter((rule) => !exempt.has(`${accountId} ${rule.tax_id}`))
  }
  const byAccount = new Map<string, AccountServices>()
  const of = (accountId: string) => {
    let found = byAccount.get(accountId)
    if (!found) {
      found = { services: [], charges: [] }
      byAccount.set(accountId, found)
    }
    return found
  }
  for (const row of subscriptions.rows) {
    of(row.account_id).services.push({
      id: row.id,
      account_id: row.account_id,
      billing_mode: row.billing_mode,
      billing_start: row.billing_start,
      end: row.end_date,
      coupons: (couponsOf.get(row.id) ?? []).map(readCoupon),
      suspensions: suspensionsOf.get(row.id) ?? [],
      components: (componentsOf.get(row.id) ?? []).map((component) => ({
        ...billableComponent(component, row.billing_start, {
          covered: coverageOf.get(component.id) ?? [],
          taxes: taxesOf(row.account_id, component.product_id),
        }),
        ...(component.plan_meter_id === null
          ? {}
          : {
              usage: ownUsage(component, componentsOf.get(row.id) ?? [], usageOf),
            }),
      })),
      currency: row.currency,
      due_day: row.due_day,
      payment_method: row.payment_method,
    })
  }
  for (const { account_id, product_id, ...charge } of charges.rows)
    of(account_id).charges.push({ ...charge, taxes: taxesOf(account_id, product_id) })
  return byAccount
}

/**
 * The use that a meter's component charges: where its price changed, each day's use is of one component alone, the last that
 * had begun by then, and what precedes them all is of the first.
 */
function ownUsage(
  component: ComponentRow,
  siblings: readonly ComponentRow[],
  usageOf: ReadonlyMap<string, readonly UsageRow[]>,
): UsageOfDay[] {
  const same = siblings.filter(
    ({ plan_meter_id, from_date, to_date }) =>
      plan_meter_id === component.plan_meter_id &&
      (from_date === null || to_date === null || Temporal.PlainDate.compare(from_date, to_date) < 0),
  )
  const ownerOf = (day: Temporal.PlainDate) =>
    same.findLast(({ from_date }) => from_date === null || Temporal.PlainDate.compare(from_date, day) <= 0) ??
    same[0]
  return (usageOf.get(`${component.subscription_id} ${component.plan_meter_id}`) ?? [])
    .filter(({ on_date }) => same.length === 1 || ownerOf(on_date)?.id === component.id)
    .map(({ on_date, quantity, ids }) => ({ on: on_date, quantity, ids }))
}

function readCoupon(row: CouponRow): AppliedCoupon {
  return {
    id: row.id,
    name: row.name,
    ...(row.term_months === null ? {} : { term_months: row.term_months }),
    discount: readDiscount(row)!,
    from: row.from_date,
    to: row.to_date,
  }
}

type BilledRow = {
  id: string
  component_id: string
  from: Temporal.PlainDate
  to: Temporal.PlainDate
  line_id: string | null
}
type LineRow = DiscountRow & {
  id: string
  invoice_id: string
  subscription_id: string | null
  component_id: string | null
  plan_id: string | null
  role: LineRole
  description: string
  first: Temporal.PlainDate
  until: Temporal.PlainDate
  days: number
  of_days: number
  whole_first: Temporal.PlainDate
  whole_until: Temporal.PlainDate
  price_model: PriceModel
  unit_amount: number
  tiers: Tier[] | null
  package_size: number | null
  included: number
  quantity: number
  gross: number
  net: number
  coupons:
    | {
        name: string
        kind: DiscountKind
        amount: number | null
        basis_points: number | null
        term_months?: number
      }[]
    | null
  tax: number
  tax_included: number
  taxes: ComputedTax[] | null
  credited_gross: number
  credited_net: number
  credited_tax: number
  credited_tax_included: number
}

/** Lines as they were issued, with what was credited of each, by id. */
export async function readBilledLines(tx: Tx, which: RawBuilder<unknown>): Promise<Map<string, BilledLine>> {
  const found = await sql<LineRow>`
    select l.id, l.invoice_id, l.subscription_id, l.component_id, l.plan_id, l.role, l.description,
           lower(l.period) as first, upper(l.period) as until, l.days, l.of_days, lower(l.whole_period) as whole_first,
           upper(l.whole_period) as whole_until, l.price_model, l.unit_amount, l.tiers, l.package_size, l.included,
           l.quantity, l.gross, l.net, l.discount_kind, l.discount_amount, l.discount_basis_points, l.coupons, l.tax,
           l.tax_included, l.taxes, c.gross as credited_gross, c.net as credited_net, c.tax as credited_tax,
           c.tax_included as credited_tax_included
      from invoice_lines l
     cross join lateral (
       select coalesce(sum(k.gross), 0)::bigint as gross, coalesce(sum(k.net), 0)::bigint as net,
              coalesce(sum(k.tax), 0)::bigint as tax, coalesce(sum(k.tax_included), 0)::bigint as tax_included
         from invoice_lines k join invoices i on i.id = k.invoice_id
        where k.corrects_line_id = l.id and i.kind = 'credit_note') c
     where ${which}
     order by l.invoice_id, l.position`.execute(tx)
  return new Map(
    found.rows.map((row) => [
      row.id,
      {
        id: row.id,
        invoice_id: row.invoice_id,
        subscription_id: row.subscription_id,
        component_id: row.component_id,
        plan_id: row.plan_id,
        role: row.role,
        description: row.description,
        from: row.first,
        to: row.until,
        days: row.days,
        of: row.of_days,
        period: { from: row.whole_first, to: row.whole_until },
        price_model: row.price_model,
        unit_amount: row.unit_amount,
        tiers: row.tiers,
        package_size: row.package_size,
        included: row.included,
        quantity: row.quantity,
        gross: row.gross,
        net: row.net,
        discount_rule: readDiscount(row),
        coupons: (row.coupons ?? []).map(({ name, kind, amount, basis_points, term_months }) => ({
          name,
          ...(term_months ? { term_months } : {}),
          discount:
            kind === 'amount' ? { kind, amount: amount ?? 0 } : { kind, basis_points: basis_points ?? 0 },
        })),
        tax: row.tax,
        tax_included: row.tax_included,
        taxes: row.taxes ?? [],
        credited_gross: row.credited_gross,
        credited_net: row.credited_net,
        credited_tax: row.credited_tax,
        credited_tax_included: row.credited_tax_included,
      },
    ]),
  )
}

/** The billed days of a subscription, each with the line that billed it: what a change may have to give back. */
export async function readBilledDays(tx: Tx, subscriptionId: string): Promise<BilledDays[]> {
  const coverage = await sql<BilledRow>`
    select b.id, b.component_id, lower(b.period) as "from", upper(b.period) as "to", b.invoice_line_id as line_id
      from subscription_components c join billed_coverage b on b.component_id = c.id
     where c.subscription_id = ${subscriptionId} order by b.period, b.id`.execute(tx)
  const ids = coverage.rows.flatMap((row) => (row.line_id === null ? [] : [row.line_id]))
  const lines = await readBilledLines(tx, sql`l.id = any(${ids}::uuid[])`)
  return coverage.rows.map(({ line_id, ...row }) => ({
    ...row,
    line: line_id === null ? null : (lines.get(line_id) ?? null),
  }))
}

const dueDates = new WeakMap<Temporal.PlainDate, Map<number, Temporal.PlainDate>>()

/** The first `dueDay` of a month on or after a date; it clamps to the end of a short month. */
function dueDateOf(issueDate: Temporal.PlainDate, dueDay: number): Temporal.PlainDate {
  // The documents of a closing share a few days.
  let byDay = dueDates.get(issueDate)
  if (!byDay) {
    byDay = new Map()
    dueDates.set(issueDate, byDay)
  }
  let date = byDay.get(dueDay)
  if (!date) {
    date = computeDueDate(issueDate, dueDay)
    byDay.set(dueDay, date)
  }
  return date
}

function computeDueDate(issueDate: Temporal.PlainDate, dueDay: number): Temporal.PlainDate {
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
  let planned = 0
  for (const [accountId, account] of await loadServices(tx, unit, accountIds, up_to)) {
    // Whoever else has something to finish, like a worker that holds numbers until it has committed, gets its turn.
    if (++planned % 25 === 0) await new Promise((resolve) => setImmediate(resolve))
    const plan = planAccount(unit, account, up_to)
    if (plan) plans.set(accountId, plan)
  }
  return plans
}

function planAccount(
  unit: BillingUnit,
  { services, charges }: AccountServices,
  up_to: Temporal.PlainDate,
): AccountPlan | null {
  const foreign = services.find((service) => service.currency !== unit.currency)
  if (foreign) {
    return { parked: 'currency_differs', detail: { subscription_id: foreign.id, currency: foreign.currency } }
  }
  const planned = planInvoices({ ...rulesOf(unit), up_to, subscriptions: services, charges })
  if ('parked' in planned) return planned
  if (planned.invoices.length === 0) return null
  const documents = planned.invoices.map((invoice) => withTerms(unit, services, invoice))
  // Computed when it is asked for: a closing without a preview, and a preview that keeps nothing, never do.
  return {
    documents,
    get fingerprint() {
      return fingerprintOf(documents)
    },
  }
}

/** SHA-256 of documents. Every object was made with its keys in one order, so equal documents give equal text. */
function fingerprintOf(documents: readonly PlannedDocument[]): Buffer {
  return hash('sha256', JSON.stringify(documents), 'buffer')
}

/**
 * When a document is due and how it is paid: as the first service that it bills says, else the account's first one that goes
 * on, else the business unit.
 */
export function withTerms(
  unit: BillingUnit,
  services: readonly Service[],
  invoice: PlannedInvoice,
): PlannedDocument {
  const billed = invoice.coverage[0]?.subscription_id ?? invoice.lines[0]?.subscription_id
  const first =
    services.find(({ id }) => id === billed) ?? services.find(({ end }) => end === null) ?? services[0]
  return {
    ...invoice,
    due_date: dueDateOf(invoice.issue_date, first?.due_day ?? unit.due_day),
    payment_method: first?.payment_method ?? unit.payment_methods[0] ?? 'bank_transfer',
  }
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
    select a.business_unit_id,
           greatest(max(coalesce(s.end_date, s.billing_start)),
                    (select max(c.bill_on) from charges c
                      where c.account_id = a.id and c.billed_at is null and c.withdrawn_at is null)) as last
      from accounts a left join subscriptions s on s.account_id = a.id where a.id = ${accountId}
     group by a.id`.execute(tx)
  const row = found.rows[0]
  if (!row?.last) return false
  const unit = (await readBillingUnits(tx, [row.business_unit_id])).get(row.business_unit_id)!
  const up_to = boundaryAfter(boundaryAfter(row.last, unit.closing_day), unit.closing_day)
  const plan = (await planAccounts(tx, unit, [accountId], up_to)).get(accountId)
  return plan !== undefined && ('parked' in plan || countInvoices(plan.documents) > 0)
}
