import { sql } from 'kysely'
import type { SubscriptionStatus } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { findByKey, matchAccounts, splitWords } from '../../platform/word-filter.ts'
import { listPlanItems, type PriceTier } from '../catalogue/index.ts'
import { currentAmounts, wholeAmount } from './amounts.ts'
import { boundaryOnOrBefore, nextClosing } from './periods.ts'
import { listActions } from './transitions.ts'

export type SubscriptionFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  status?: SubscriptionStatus[] | undefined
  plan_id?: string | undefined
  salesperson_id?: string | undefined
}

function selectSubscriptions(tx: Tx) {
  return tx
    .selectFrom('subscriptions')
    .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
    .innerJoin('business_units', 'business_units.id', 'subscriptions.business_unit_id')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .innerJoin('products', 'products.id', 'plans.product_id')
    .leftJoin('routing_points', 'routing_points.id', 'subscriptions.routing_point_id')
    .leftJoin('users', 'users.id', 'subscriptions.salesperson_id')
    .innerJoinLateral(currentAmounts.as('value'), (join) => join.onTrue())
    .select([
      'subscriptions.id',
      'subscriptions.business_unit_id',
      'business_units.name as business_unit_name',
      'subscriptions.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'subscriptions.number',
      'subscriptions.contract_number',
      'subscriptions.external_id',
      'subscriptions.plan_id',
      'plans.name as plan_name',
      'plans.kind as plan_kind',
      'products.name as product_name',
      'subscriptions.routing_point_id',
      'routing_points.name as routing_point_name',
      'subscriptions.status',
      'subscriptions.start_date',
      'subscriptions.activation_date',
      'subscriptions.end_date',
      'subscriptions.billing_mode',
      'subscriptions.payment_method',
      'subscriptions.due_day',
      'subscriptions.salesperson_id',
      'users.name as salesperson_name',
      'subscriptions.currency',
      'value.plan_value',
      'value.discount',
      sql<number>`(value.plan_value - value.discount + value.options_value)`.as('amount'),
      'value.cycle_unit',
      'value.cycle_count',
      'value.cycle_alignment',
      'subscriptions.created_at',
      'subscriptions.updated_at',
    ])
}

/**
 * A page of subscriptions with what each costs for a period of its plan (minor units). `q` finds by the account (name, number, e-mail,
 * tax id …), the plan, the contract number or the external id, accents forgiven.
 */
export async function listSubscriptions(tx: Tx, request: ListRequest & SubscriptionFilter) {
  let query = selectSubscriptions(tx)
  if (request.business_unit_id)
    query = query.where('subscriptions.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('subscriptions.account_id', '=', request.account_id)
  if (request.status?.join() === 'awaiting_installation') {
    // Few by nature, with an index of their own; row-level security keeps the planner from knowing so.
    query = query.where(
      sql<boolean>`subscriptions.id = any(array(select s.id from subscriptions s where s.status = 'awaiting_installation'))`,
    )
  } else if (request.status?.length) query = query.where('subscriptions.status', 'in', request.status)
  if (request.plan_id) query = query.where('subscriptions.plan_id', '=', request.plan_id)
  if (request.salesperson_id) query = query.where('subscriptions.salesperson_id', '=', request.salesperson_id)
  if (request.q) query = query.where(await matchSubscriptions(tx, request.q))
  return readPage(
    query,
    request,
    {
      account_name: { by: sql`accounts.name`, value: (row) => row.account_name, type: 'text' },
      start_date: { by: sql`subscriptions.start_date`, value: (row) => row.start_date, type: 'date' },
      number: { by: sql`subscriptions.number`, value: (row) => row.number, type: 'int' },
      contract_number: {
        by: sql`subscriptions.contract_number`,
        value: (row) => row.contract_number,
        type: 'bigint',
      },
      status: { by: sql`subscriptions.status`, value: (row) => row.status, type: 'subscription_status' },
    },
    { by: sql`subscriptions.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** Words of a plan's name narrow to it, whatever the others find; or all of them find the account, or one its number. */
async function matchSubscriptions(tx: Tx, q: string) {
  const words = splitWords(q)
  const plans = await sql<{ id: string; words: string[] }>`
    select p.id, p.words from (
      select plans.id, array(select w from unnest(${words}::text[]) w where position(fold(w) in fold(plans.name)) > 0) as words
        from plans) p where p.words <> '{}'`.execute(tx)
  const ids = await findByKey(tx, 'subscription', q)
  const byAccount = await matchAccounts(tx, q, 'subscriptions.account_id', ids.length > 0)
  const conditions = [byAccount]
  if (ids.length > 0) conditions.push(sql<boolean>`subscriptions.id = any(${ids}::uuid[])`)
  // The more of the words a plan has, the less is left for the account.
  const most = Math.max(0, ...plans.rows.map((plan) => plan.words.length))
  const named = plans.rows.filter((plan) => plan.words.length === most)
  if (named.length > 0) {
    const rest = words.filter((word) => !named[0]!.words.includes(word))
    const ofPlan = sql<boolean>`subscriptions.plan_id = any(${named.map((plan) => plan.id)}::uuid[])`
    conditions.push(
      rest.length === 0
        ? ofPlan
        : sql<boolean>`(${ofPlan} and ${await matchAccounts(tx, rest.join(' '), 'subscriptions.account_id')})`,
    )
  }
  return sql<boolean>`(${sql.join(conditions, sql` or `)})`
}

/** What of a subscription is charged: the plan first, then its options in the order in which they were sold. */
function listComponents(tx: Tx, subscriptionId: string) {
  return tx
    .selectFrom('subscription_components')
    .leftJoin('plan_options', 'plan_options.id', 'subscription_components.plan_option_id')
    .select([
      'subscription_components.id',
      'subscription_components.role',
      'subscription_components.plan_option_id',
      'plan_options.kind as option_kind',
      'subscription_components.description',
      'subscription_components.unit_amount',
      'subscription_components.quantity',
      'subscription_components.price_model',
      sql<PriceTier[] | null>`subscription_components.tiers`.as('tiers'),
      'subscription_components.package_size',
      'subscription_components.included',
      'subscription_components.cycle_unit',
      'subscription_components.cycle_count',
      'subscription_components.cycle_alignment',
      'subscription_components.anchor_date',
      wholeAmount.as('amount'),
      'subscription_components.from_date',
      'subscription_components.to_date',
    ])
    .where('subscription_components.subscription_id', '=', subscriptionId)
    .orderBy('subscription_components.role')
    .orderBy('subscription_components.id')
    .execute()
}

function selectSuspensions(tx: Tx) {
  return tx
    .selectFrom('subscription_suspensions')
    .select([
      'id',
      'subscription_id',
      'administrative',
      sql<Temporal.PlainDate>`lower(period)`.as('from_date'),
      sql<Temporal.PlainDate | null>`upper(period)`.as('to_date'),
      'reason',
      'created_at',
    ])
    .orderBy(sql`lower(period)`)
}

const coveredUntil = sql<Temporal.PlainDate | null>`(select max(upper(b.period)) from subscription_components c
  join billed_coverage b on b.component_id = c.id where c.subscription_id = subscriptions.id)`

/** One subscription with everything that its page shows (P7, P11). Amounts are minor units. Refuses: not_found. */
export async function getSubscription(tx: Tx, id: string) {
  const [row, components, suspensions, invoiced] = await Promise.all([
    selectSubscriptions(tx)
      .select([
        'subscriptions.trial_days',
        'subscriptions.proportional_trial',
        'subscriptions.bill_from',
        'subscriptions.billing_start',
        'subscriptions.end_reason',
        'value.discount_kind',
        'value.discount_amount',
        'value.discount_basis_points',
        'subscriptions.sale_date',
        'subscriptions.term_months',
        'subscriptions.notes',
        'business_units.closing_day',
        coveredUntil.as('covered_until'),
      ])
      .where('subscriptions.id', '=', id)
      .executeTakeFirst(),
    listComponents(tx, id),
    selectSuspensions(tx).where('subscription_id', '=', id).execute(),
    readInvoiced(tx, id),
  ])
  if (!row) return notFound()
  const { closing_day, covered_until, ...subscription } = row
  const billed = covered_until !== null || invoiced.last_issue_date !== null
  return {
    ...subscription,
    term_end: endOfTerm(subscription),
    components,
    suspensions: suspensions.map(({ subscription_id: _, ...suspension }) => suspension),
    allowances: await listPlanItems(tx, row.plan_id),
    actions: listActions(row.status, billed),
    billing: {
      billed,
      covered_until,
      last_closing_date:
        invoiced.last_issue_date ?? (covered_until && boundaryOnOrBefore(covered_until, closing_day)),
      next_closing_date: nextClosingOf({ ...subscription, closing_day, covered_until }, suspensions),
      open_invoices: invoiced.open_invoices,
      open_amount: invoiced.open_amount,
    },
  }
}

/** The last closing that invoiced a subscription, and what is open of its lines, at most what is open of each invoice. */
async function readInvoiced(tx: Tx, id: string) {
  const found = await sql<{
    last_issue_date: Temporal.PlainDate | null
    open_invoices: number
    open_amount: number
  }>`select max(i.issue_date) as last_issue_date,
            count(*) filter (where i.state = 'open') as open_invoices,
            coalesce(sum(least(l.net, b.open_amount)) filter (where i.state = 'open'), 0)::bigint as open_amount
       from (select invoice_id, sum(net + tax) as net from invoice_lines where subscription_id = ${id} group by invoice_id) l
       join invoices i on i.id = l.invoice_id and i.kind in ('invoice', 'debit_note')
       join invoice_balances b on b.invoice_id = l.invoice_id`.execute(tx)
  return found.rows[0]!
}

/** First day after the minimum term; null without one. */
function endOfTerm(subscription: {
  activation_date: Temporal.PlainDate | null
  start_date: Temporal.PlainDate
  term_months: number
}): Temporal.PlainDate | null {
  const { activation_date, start_date, term_months } = subscription
  return term_months === 0 ? null : (activation_date ?? start_date).add({ months: term_months })
}

function nextClosingOf(
  subscription: {
    billing_mode: 'advance' | 'arrears'
    closing_day: number
    billing_start: Temporal.PlainDate | null
    covered_until: Temporal.PlainDate | null
    end_date: Temporal.PlainDate | null
  },
  suspensions: readonly { from_date: Temporal.PlainDate; to_date: Temporal.PlainDate | null }[],
): Temporal.PlainDate | null {
  return nextClosing({
    billingMode: subscription.billing_mode,
    closingDay: subscription.closing_day,
    billingStart: subscription.billing_start,
    coveredUntil: subscription.covered_until,
    end: subscription.end_date,
    suspensions: suspensions.map(({ from_date, to_date }) => ({ from: from_date, to: to_date })),
  })
}

// What the customer sees: the columns that the portal login may read, and no names of staff or notes about the customer.

function selectOwn(tx: Tx) {
  return tx
    .selectFrom('subscriptions')
    .innerJoin('business_units', 'business_units.id', 'subscriptions.business_unit_id')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .innerJoin('products', 'products.id', 'plans.product_id')
    .innerJoinLateral(currentAmounts.as('value'), (join) => join.onTrue())
    .select([
      'subscriptions.id',
      'subscriptions.number',
      'subscriptions.contract_number',
      'subscriptions.plan_id',
      'plans.name as plan_name',
      'plans.kind as plan_kind',
      'plans.description as plan_description',
      'products.name as product_name',
      'subscriptions.status',
      'subscriptions.start_date',
      'subscriptions.activation_date',
      'subscriptions.trial_days',
      'subscriptions.proportional_trial',
      'subscriptions.billing_start',
      'subscriptions.end_date',
      'subscriptions.billing_mode',
      'subscriptions.payment_method',
      'subscriptions.due_day',
      'value.discount_kind',
      'value.discount_amount',
      'value.discount_basis_points',
      'subscriptions.term_months',
      'subscriptions.currency',
      'subscriptions.created_at',
      'business_units.closing_day',
      'value.plan_value',
      'value.discount',
      sql<number>`(value.plan_value - value.discount + value.options_value)`.as('amount'),
      'value.cycle_unit',
      'value.cycle_count',
      'value.cycle_alignment',
      coveredUntil.as('covered_until'),
    ])
}

type OwnRow = Awaited<ReturnType<ReturnType<typeof selectOwn>['execute']>>[number]
type SuspensionRow = Awaited<ReturnType<ReturnType<typeof selectSuspensions>['execute']>>[number]

function describeOwn(row: OwnRow, suspensions: readonly SuspensionRow[]) {
  const { closing_day, ...subscription } = row
  return {
    ...subscription,
    term_end: endOfTerm(row),
    next_closing_date: nextClosingOf({ ...subscription, closing_day }, suspensions),
  }
}

/** A page of the services of the account that the customer works in, each with what it costs for a period of its plan (minor units). */
export async function listOwnSubscriptions(
  tx: Tx,
  request: ListRequest & { status?: SubscriptionStatus[] | undefined },
) {
  let query = selectOwn(tx)
  if (request.status?.length) query = query.where('subscriptions.status', 'in', request.status)
  const page = await readPage(
    query,
    request,
    {
      number: { by: sql`subscriptions.number`, value: (row) => row.number, type: 'int' },
      status: { by: sql`subscriptions.status`, value: (row) => row.status, type: 'subscription_status' },
      start_date: { by: sql`subscriptions.start_date`, value: (row) => row.start_date, type: 'date' },
    },
    { by: sql`subscriptions.id`, value: (row) => row.id, type: 'uuid' },
  )
  const suspensions = page.items.length
    ? await selectSuspensions(tx)
        .where(
          'subscription_id',
          'in',
          page.items.map((row) => row.id),
        )
        .execute()
    : []
  return {
    ...page,
    items: page.items.map((row) =>
      describeOwn(
        row,
        suspensions.filter((suspension) => suspension.subscription_id === row.id),
      ),
    ),
  }
}

/** One service of the customer's account with what it consists of. Refuses: not_found. */
export async function getOwnSubscription(tx: Tx, id: string) {
  const [row, components, suspensions] = await Promise.all([
    selectOwn(tx).where('subscriptions.id', '=', id).executeTakeFirst(),
    listComponents(tx, id),
    selectSuspensions(tx).where('subscription_id', '=', id).execute(),
  ])
  if (!row) return notFound()
  return {
    ...describeOwn(row, suspensions),
    components,
    suspensions: suspensions.map(({ from_date, to_date, administrative }) => ({
      from_date,
      to_date,
      administrative,
    })),
    allowances: await listPlanItems(tx, row.plan_id),
  }
}
