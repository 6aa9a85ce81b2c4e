// The accounts with their contacts and subscriptions, in a handful of statements.
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import type { Founded } from './founding.ts'
import type { DemoAccount } from './history.ts'
import { demoUnits } from './operator.ts'

/** Writes all accounts in the order in which they came, and what each of them had and has. */
export async function writeCustomerBase(
  tx: Tx,
  accounts: readonly DemoAccount[],
  founded: Founded,
): Promise<void> {
  await sql`
    insert into accounts (id, business_unit_id, external_id, kind, name, rank, tax_id, email, phone, address, city, state,
                          country, postal_code, language, notes, created_at, updated_at)
    select id, business_unit_id, external_id, kind, name, rank, tax_id, email, phone, address, city, state, country,
           postal_code, language, notes, created_at, created_at
      from json_to_recordset(${JSON.stringify(
        accounts.map(({ contacts: _contacts, subscriptions: _subscriptions, ...account }, ord) => ({
          ...account,
          business_unit_id: founded.units.get(account.unit)!.id,
          ord,
        })),
      )}::json) as r(ord int, id uuid, business_unit_id uuid, external_id text, kind account_kind, name text,
           rank account_rank, tax_id text, email citext, phone text, address text, city text, state text, country text,
           postal_code text, language language_code, notes text, created_at timestamptz)
     order by ord`.execute(tx)
  await sql`
    insert into contacts (id, account_id, first_name, last_name, email, phone, title, topics, is_primary, created_at, updated_at)
    select id, account_id, first_name, last_name, email, phone, title,
           array(select json_array_elements_text(topics))::notice_topic[], is_primary, created_at, created_at
      from json_to_recordset(${JSON.stringify(
        accounts.flatMap(({ id, created_at, contacts }) =>
          contacts.map((contact) => ({ ...contact, account_id: id, created_at })),
        ),
      )}::json) as r(id uuid, account_id uuid, first_name text, last_name text, email citext, phone text, title text,
           topics json, is_primary boolean, created_at timestamptz)`.execute(tx)
  for (const unit of demoUnits) {
    await writeSubscriptions(
      tx,
      accounts.filter((account) => account.unit === unit.slug),
      unit.currency,
      unit.billing_mode,
      founded,
    )
  }
}

async function writeSubscriptions(
  tx: Tx,
  accounts: readonly DemoAccount[],
  currency: string,
  billing_mode: 'advance' | 'arrears',
  founded: Founded,
): Promise<void> {
  const unit = founded.units.get(accounts[0]!.unit)!
  const subscriptions = accounts
    .flatMap((account) =>
      account.subscriptions.map((subscription, index) => ({
        ...subscription,
        account_id: account.id,
        number: index + 1,
        plan: unit.plans.get(subscription.plan)!,
      })),
    )
    .sort((left, right) => Temporal.Instant.compare(left.created_at, right.created_at))
  const rows = subscriptions.map(
    ({ components: _components, suspensions: _suspensions, plan, ...one }, ord) => ({
      ...one,
      ord,
      plan_id: plan.id,
      routing_point_id: one.routing_point && unit.routingPoints.get(one.routing_point),
      salesperson_id: one.sold_by_sales ? founded.staff.get('sales') : null,
    }),
  )
  await sql`
    with contract as materialized (select take_numbers(${unit.id}::uuid, 'contract', ${rows.length}) as first)
    insert into subscriptions (id, business_unit_id, account_id, number, contract_number, plan_id, routing_point_id, status,
           start_date, trial_days, proportional_trial, bill_from, billing_start, end_date, end_reason, billing_mode, currency,
           payment_method, due_day, salesperson_id, sale_date, activation_date, term_months, notes, created_at, updated_at)
    select id, ${unit.id}::uuid, account_id, number, contract.first + ord, plan_id, routing_point_id, status, start_date,
           trial_days, proportional_trial, bill_from, billing_start, end_date, end_reason, ${billing_mode}::billing_mode,
           ${currency}, payment_method, due_day, salesperson_id, sale_date,
           case when status <> 'awaiting_installation' then start_date end, term_months, notes, created_at,
           created_at
      from json_to_recordset(${JSON.stringify(rows)}::json) as r(ord int, id uuid, account_id uuid, number int, plan_id uuid,
           routing_point_id uuid, status subscription_status, start_date date, trial_days int, proportional_trial boolean,
           bill_from date, billing_start date, end_date date, end_reason text, payment_method payment_method, due_day smallint,
           salesperson_id uuid, sale_date date, term_months int, notes text, created_at timestamptz)
     cross join contract
     order by ord`.execute(tx)
  await sql`
    insert into subscription_components (id, subscription_id, account_id, plan_id, role, plan_option_id, description, unit_amount,
           quantity, discount_kind, discount_amount, discount_basis_points, from_date, created_at)
    select id, subscription_id, account_id, plan_id, role, plan_option_id, description, unit_amount, quantity, discount_kind,
           discount_amount, discount_basis_points, from_date, created_at
      from json_to_recordset(${JSON.stringify(
        subscriptions.flatMap(({ id, account_id, plan, created_at, components, ...one }) =>
          components.map((component) => ({
            ...component,
            ...(component.role === 'plan' && {
              discount_kind: one.discount_kind,
              discount_amount: one.discount_amount,
              discount_basis_points: one.discount_basis_points,
            }),
            plan_id: plan.id,
            subscription_id: id,
            account_id,
            created_at,
            plan_option_id: component.option && plan.options.get(component.option),
          })),
        ),
      )}::json) as r(id uuid, subscription_id uuid, account_id uuid, plan_id uuid, role component_role,
           plan_option_id uuid, description text, unit_amount bigint, quantity int, discount_kind discount_kind,
           discount_amount bigint, discount_basis_points int, from_date date, created_at timestamptz)`.execute(
    tx,
  )
  await sql`
    insert into subscription_suspensions (subscription_id, account_id, administrative, period, reason, created_at)
    select subscription_id, account_id, administrative, daterange("from", "to"), reason, "from"
      from json_to_recordset(${JSON.stringify(
        subscriptions.flatMap(({ id, account_id, suspensions }) =>
          suspensions.map((suspension) => ({ ...suspension, subscription_id: id, account_id })),
        ),
      )}::json) as r(subscription_id uuid, account_id uuid, administrative boolean, "from" date, "to" date, reason text)`.execute(
    tx,
  )
}
