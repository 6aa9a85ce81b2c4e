import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import type { ListRequest } from '../../platform/pages.ts'
import { readPage } from '../../platform/pages.ts'

/** Which services a report is about; amounts are of one currency. */
export type RevenueFilter = {
  currency: string
  business_unit_id?: string | undefined
  plan_id?: string | undefined
  salesperson_id?: string | undefined
}

export const movementKinds = ['new', 'expansion', 'reactivation', 'contraction', 'churn', 'transfer'] as const
export type MovementKind = (typeof movementKinds)[number]

/** A month of recurring revenue, in minor units: `end` is `start` and all its movements. */
export type RevenueMonth = Record<MovementKind, number> & {
  month: string
  from: Temporal.PlainDate
  to: Temporal.PlainDate
  start: number
  end: number
}

/** Filters over anything with the columns of a subscription. */
function matches(filter: RevenueFilter, of: string): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${of}.${name}`)
  return sql<boolean>`${column('currency')} = ${filter.currency}
    ${filter.business_unit_id ? sql`and ${column('business_unit_id')} = ${filter.business_unit_id}` : sql``}
    ${filter.plan_id ? sql`and ${column('plan_id')} = ${filter.plan_id}` : sql``}
    ${filter.salesperson_id ? sql`and ${column('salesperson_id')} = ${filter.salesperson_id}` : sql``}`
}

/** What recurs when a day begins, over all components at once: the same sum as of recurring_revenue_on for each service. */
const recurringOn = (filter: RevenueFilter, on: Temporal.PlainDate, dimension: RawBuilder<unknown>) => sql<{
  key: string | null
  amount: number
  services: number
}>`
  select ${dimension} as key, sum(c.amount)::bigint as amount, count(*) as services
    from subscriptions s
    join (select subscription_id,
                 sum(monthly_amount(role, price_model, unit_amount, tiers, package_size, included, quantity, discount_kind,
                                    discount_amount, discount_basis_points, cycle_unit, cycle_count)) as amount
            from subscription_components
           where (from_date is null or from_date <= ${on}::date) and (to_date is null or to_date > ${on}::date)
           group by subscription_id) c on c.subscription_id = s.id
   where s.billing_start <= ${on}::date and (s.end_date is null or s.end_date > ${on}::date) and c.amount > 0
     and not exists (select from subscription_suspensions x where x.subscription_id = s.id and x.period @> ${on}::date)
     and ${matches(filter, 's')}
   group by 1`

/**
 * Recurring revenue by month, oldest first, up to the month that `today` is in (as far as it has come): what it was when the
 * month began, what moved it, and what it was in the end. Only the last sum is taken over everything; the months before follow
 * from what moved in them.
 */
export async function readRevenueMonths(
  tx: Tx,
  filter: RevenueFilter,
  months: number,
  today: Temporal.PlainDate,
): Promise<{ months: RevenueMonth[]; services: number }> {
  const first = today.with({ day: 1 })
  const ranges = Array.from({ length: months }, (_, back) => {
    const from = first.subtract({ months: months - 1 - back })
    const next = from.add({ months: 1 })
    return { from, to: Temporal.PlainDate.compare(next, today) > 0 ? today : next }
  })
  const [now, moved] = await Promise.all([
    recurringOn(filter, today, sql`null::text`).execute(tx),
    sql<{ position: number; kind: MovementKind; amount: number }>`
      select r.position, m.kind, sum(m.after - m.before)::bigint as amount
        from unnest(${ranges.map(({ from }) => from)}::date[], ${ranges.map(({ to }) => to)}::date[])
             with ordinality r (first, until, position)
       cross join lateral revenue_movements(r.first, r.until) m
       where ${matches(filter, 'm')}
       group by r.position, m.kind`.execute(tx),
  ])
  const byMonth = Map.groupBy(moved.rows, (row) => Number(row.position) - 1)
  let end = now.rows[0]?.amount ?? 0
  const result: RevenueMonth[] = []
  for (const [index, range] of [...ranges.entries()].reverse()) {
    const moves = byMonth.get(index) ?? []
    const of = (kind: MovementKind) => moves.find((row) => row.kind === kind)?.amount ?? 0
    const start = end - moves.reduce((sum, row) => sum + row.amount, 0)
    result.unshift({
      month: range.from.toString().slice(0, 7),
      ...range,
      start,
      new: of('new'),
      expansion: of('expansion'),
      reactivation: of('reactivation'),
      contraction: of('contraction'),
      churn: of('churn'),
      transfer: of('transfer'),
      end,
    })
    end = start
  }
  return { months: result, services: now.rows[0]?.services ?? 0 }
}

export const dimensions = ['business_unit', 'plan', 'salesperson'] as const
export type Dimension = (typeof dimensions)[number]

/** Recurring revenue as it is today, split by business unit, plan or salesperson, the largest first. */
export async function splitRevenue(tx: Tx, filter: RevenueFilter, by: Dimension, today: Temporal.PlainDate) {
  const column = { business_unit: 'business_unit_id', plan: 'plan_id', salesperson: 'salesperson_id' }[by]
  const { rows } = await recurringOn(filter, today, sql`s.${sql.ref(column)}::text`).execute(tx)
  const ids = rows.flatMap(({ key }) => (key === null ? [] : [key]))
  const table = { business_unit: 'business_units', plan: 'plans', salesperson: 'users' }[by]
  const names = await sql<{ id: string; name: string }>`
    select id, name from ${sql.table(table)} where id = any(${ids}::uuid[])`.execute(tx)
  const nameOf = new Map(names.rows.map((row) => [row.id, row.name]))
  return rows
    .map(({ key, amount, services }) => ({
      id: key,
      name: key === null ? null : (nameOf.get(key) ?? null),
      amount,
      services,
    }))
    .sort((left, right) => right.amount - left.amount)
}

/** A page of what moved recurring revenue between two days: the rows behind a month's bar. */
export function listMovements(
  tx: Tx,
  request: ListRequest &
    RevenueFilter & { from: Temporal.PlainDate; to: Temporal.PlainDate; kind?: MovementKind | undefined },
) {
  const movements = sql<{
    subscription_id: string
    business_unit_id: string
    account_id: string
    plan_id: string
    kind: MovementKind
    before: number
    after: number
  }>`(select * from revenue_movements(${request.from}::date, ${request.to}::date) m
       where ${matches(request, 'm')} ${request.kind ? sql`and m.kind = ${request.kind}` : sql``})`.as(
    'moved',
  )
  const query = tx
    .selectFrom(movements)
    .innerJoin('subscriptions', 'subscriptions.id', 'moved.subscription_id')
    .innerJoin('accounts', 'accounts.id', 'moved.account_id')
    .innerJoin('plans', 'plans.id', 'moved.plan_id')
    .innerJoin('business_units', 'business_units.id', 'moved.business_unit_id')
    .select([
      'moved.subscription_id',
      'subscriptions.number',
      'moved.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'moved.business_unit_id',
      'business_units.name as business_unit_name',
      'moved.plan_id',
      'plans.name as plan_name',
      'moved.kind',
      'moved.before',
      'moved.after',
      sql<number>`(moved.after - moved.before)`.as('difference'),
      'subscriptions.currency',
    ])
  return readPage(
    query,
    request,
    {
      difference: { by: sql`(moved.after - moved.before)`, value: (row) => row.difference, type: 'bigint' },
      account_name: { by: sql`accounts.name`, value: (row) => row.account_name, type: 'text' },
    },
    { by: sql`moved.subscription_id`, value: (row) => row.subscription_id, type: 'uuid' },
  )
}

/** A cohort: the services whose first charged day lies in a month, and how many of them go on after so many months. */
export type Cohort = { month: string; services: number; kept: number[] }

/** Churn by cohort, for the last `months` months: of the services that began in each, how many still ran when each later month of theirs ended. */
export async function readCohorts(
  tx: Tx,
  filter: RevenueFilter,
  months: number,
  today: Temporal.PlainDate,
): Promise<Cohort[]> {
  const first = today.with({ day: 1 }).subtract({ months: months - 1 })
  const { rows } = await sql<{ month: string; age: number | null; services: number }>`
    select to_char(s.billing_start, 'YYYY-MM') as month,
           case when s.end_date <= ${today}::date
                then (extract(year from age(s.end_date, s.billing_start)) * 12 + extract(month from age(s.end_date, s.billing_start)))::int
           end as age,
           count(*) as services
      from subscriptions s
     where s.billing_start >= ${first}::date and s.billing_start <= ${today}::date
       and (s.end_date is null or s.end_date > s.billing_start) and s.transferred_to_id is null
       and ${matches(filter, 's')}
     group by 1, 2`.execute(tx)
  const byMonth = Map.groupBy(rows, (row) => row.month)
  return Array.from({ length: months }, (_, index) => {
    const start = first.add({ months: index })
    const month = start.toString().slice(0, 7)
    const own = byMonth.get(month) ?? []
    const services = own.reduce((sum, row) => sum + row.services, 0)
    const ages = months - 1 - index
    const kept = Array.from({ length: ages }, (_, age) =>
      own.reduce((sum, row) => (row.age !== null && row.age <= age ? sum - row.services : sum), services),
    )
    return { month, services, kept }
  })
}
