import { sql } from 'kysely'
import type { BillingMode, PaymentMethod, SubscriptionStatus } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'

/** A subscription that comes from another system, with what of it is charged. */
export type BulkSubscription = {
  external_id: string
  account_id: string
  plan_id: string
  plan_name: string
  status: 'active' | 'cancelled'
  start_date: Temporal.PlainDate
  bill_from: Temporal.PlainDate
  billing_start: Temporal.PlainDate
  end_date: Temporal.PlainDate | null
  billing_mode: BillingMode
  currency: string
  payment_method: PaymentMethod
  due_day: number
  discount_kind: 'amount' | 'percent' | null
  discount_amount: number | null
  discount_basis_points: number | null
  term_months: number
  /** Monthly price of one, in minor units: what this customer pays, whatever the plan's list price. */
  unit_amount: number
  quantity: number
  /** Included in the price: each becomes a component of its own at 0. */
  options: { id: string; name: string }[]
}

/**
 * Creates many subscriptions in three statements (A4): contract numbers in a row from the business unit's series, the
 * number in the account counted on from its last one. Every value was checked before: what breaks a rule is a bug.
 */
export async function insertSubscriptions(
  tx: Tx,
  unitId: string,
  subscriptions: readonly BulkSubscription[],
): Promise<void> {
  if (subscriptions.length === 0) return
  const rows = JSON.stringify(
    subscriptions.map(({ options: _options, ...subscription }, ord) => ({ ord, ...subscription })),
  )
  const created = await sql<{ id: string; external_id: string }>`
    with r as (
      select * from json_to_recordset(${rows}::json) as r(
        ord int, external_id text, account_id uuid, plan_id uuid, status subscription_status, start_date date, bill_from date,
        billing_start date, end_date date, billing_mode billing_mode, currency text, payment_method payment_method,
        due_day smallint, term_months int)
    ), contract as materialized (select take_numbers(${unitId}::uuid, 'contract', ${subscriptions.length}) as first)
    insert into subscriptions (business_unit_id, account_id, number, external_id, contract_number, plan_id, status,
           start_date, bill_from, billing_start, end_date, billing_mode, currency, payment_method, due_day, activation_date,
           term_months)
    select ${unitId}::uuid, account_id,
           coalesce((select max(s.number) from subscriptions s where s.account_id = r.account_id), 0)
             + row_number() over (partition by account_id order by ord),
           external_id, contract.first + ord, plan_id, status, start_date, bill_from, billing_start, end_date,
           billing_mode, currency, payment_method, due_day, start_date, term_months
      from r cross join contract
     order by ord
    returning id, external_id`.execute(tx)
  const ids = new Map(created.rows.map((row) => [row.external_id, row.id]))
  const components = subscriptions.flatMap((subscription) => {
    const of = {
      subscription_id: ids.get(subscription.external_id),
      account_id: subscription.account_id,
      plan_id: subscription.plan_id,
    }
    return [
      {
        ...of,
        role: 'plan',
        description: subscription.plan_name,
        unit_amount: subscription.unit_amount,
        quantity: subscription.quantity,
        discount_kind: subscription.discount_kind,
        discount_amount: subscription.discount_amount,
        discount_basis_points: subscription.discount_basis_points,
      },
      ...subscription.options.map((option) => ({
        ...of,
        role: 'option',
        plan_option_id: option.id,
        description: option.name,
        unit_amount: 0,
        quantity: 1,
      })),
    ]
  })
  await sql`
    insert into subscription_components (subscription_id, account_id, plan_id, role, plan_option_id, description, unit_amount,
           quantity, discount_kind, discount_amount, discount_basis_points)
    select subscription_id, account_id, plan_id, role, plan_option_id, description, unit_amount, quantity, discount_kind,
           discount_amount, discount_basis_points
      from json_to_recordset(${JSON.stringify(components)}::json) as r(subscription_id uuid, account_id uuid, plan_id uuid,
           role component_role, plan_option_id uuid, description text, unit_amount bigint, quantity int,
           discount_kind discount_kind, discount_amount bigint, discount_basis_points int)`.execute(tx)
}

/** A subscription that was imported before, as far as an import may change it. */
export type StoredSubscription = {
  id: string
  external_id: string
  account_id: string
  status: SubscriptionStatus
  payment_method: PaymentMethod
  start_date: Temporal.PlainDate
  /** Of the plan's open component; null where the service has none any more. */
  component_id: string | null
  unit_amount: number | null
  quantity: number | null
  /** Whether any of its days was billed here. */
  billed: boolean
}

/** The subscriptions of a business unit that were imported under these ids, by that id. */
export async function findSubscriptionsByExternalId(
  tx: Tx,
  unitId: string,
  externalIds: readonly string[],
): Promise<Map<string, StoredSubscription>> {
  // Each step is fenced (limit, offset 0), so that it is an index look-up per row however old the statistics are: in the
  // middle of a large import they know nothing of the rows that came a second ago.
  const { rows } = await sql<StoredSubscription>`
    select s.*, c.id as component_id, c.unit_amount, c.quantity,
           exists (select from (select id from subscription_components where subscription_id = s.id offset 0) parts
                    where exists (select from billed_coverage b where b.component_id = parts.id)) as billed
      from unnest(${[...externalIds]}::text[]) as wanted(external_id)
     cross join lateral (
       select id, external_id, account_id, status, payment_method, start_date from subscriptions
        where business_unit_id = ${unitId}::uuid and external_id = wanted.external_id limit 1) s
      left join lateral (
       select id, unit_amount, quantity from subscription_components
        where subscription_id = s.id and role = 'plan' and to_date is null limit 1) c on true`.execute(tx)
  return new Map(rows.map((row) => [row.external_id, row]))
}

/** What an import changes of a subscription that is there already; undefined stays. */
export type SubscriptionBulkChange = {
  id: string
  payment_method?: PaymentMethod
  /** The service has ended: cancelled from this day, which is no longer charged. */
  end_date?: Temporal.PlainDate
  /** Only of a service that was never billed: the plan's component, and its new price and quantity. */
  component_id?: string
  unit_amount?: number
  quantity?: number
}

/** Changes many subscriptions and the prices of those that were never billed. */
export async function updateSubscriptions(tx: Tx, changes: readonly SubscriptionBulkChange[]): Promise<void> {
  if (changes.length === 0) return
  const own = changes.filter((change) => change.payment_method || change.end_date)
  if (own.length > 0) {
    await sql`
      update subscriptions s
         set payment_method = coalesce(r.payment_method, s.payment_method),
             status = case when r.end_date is null then s.status else 'cancelled' end,
             end_date = coalesce(r.end_date, s.end_date)
        from json_to_recordset(${JSON.stringify(own)}::json) as r(id uuid, payment_method payment_method, end_date date)
       where s.id = r.id`.execute(tx)
  }
  const prices = changes.filter((change) => change.component_id !== undefined)
  if (prices.length > 0) {
    await sql`
      update subscription_components c
         set unit_amount = coalesce(r.unit_amount, c.unit_amount), quantity = coalesce(r.quantity, c.quantity)
        from json_to_recordset(${JSON.stringify(prices)}::json) as r(component_id uuid, unit_amount bigint, quantity int)
       where c.id = r.component_id
         and not exists (select from billed_coverage b where b.component_id = c.id)`.execute(tx)
  }
}
