-- What is sold (P1) and who has it (P2, P5–P7).

create type plan_kind as enum ('dial_up', 'broadband', 'additional_point', 'email', 'hosting', 'domain', 'licence',
                               'support_pack', 'generic');
create type item_kind as enum ('login', 'ip', 'mailbox', 'domain', 'ftp_user', 'database', 'host_record', 'licence');
create type price_interval as enum ('month');
create type option_kind as enum ('option', 'add_on', 'module');

create table products (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  name text not null check (length(btrim(name)) between 1 and 120),
  description text check (length(description) <= 2000),
  position int not null default 0,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (business_unit_id, name),
  unique (id, business_unit_id)
);
create trigger touch before update on products for each row execute function touch_updated_at();

create table plans (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  product_id uuid not null,
  name text not null check (length(btrim(name)) between 1 and 120),
  kind plan_kind not null,
  description text check (length(description) <= 2000),
  proportional_trial boolean not null default false,
  trial_days int not null default 0 check (trial_days between 0 and 3650),
  billing_mode billing_mode,
  term_months int not null default 0 check (term_months between 0 and 600),
  position int not null default 0,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (product_id, business_unit_id) references products (id, business_unit_id),
  unique (business_unit_id, name),
  unique (id, business_unit_id)
);
comment on column plans.proportional_trial is 'Free until the first closing (P5)';
comment on column plans.billing_mode is 'Null: what the business unit says';
create index plans_product on plans (product_id);
create trigger touch before update on plans for each row execute function touch_updated_at();

create table plan_prices (
  id uuid primary key default uuidv7(),
  plan_id uuid not null references plans (id) on delete cascade,
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  interval price_interval not null default 'month',
  amount bigint not null check (amount between 0 and 1000000000000),
  unique (plan_id, currency, interval)
);
create table plan_items (
  id uuid primary key default uuidv7(),
  plan_id uuid not null references plans (id) on delete cascade,
  item item_kind not null,
  included int not null default 0 check (included between 0 and 1000000),
  maximum int check (maximum between 0 and 1000000),
  extra_amount bigint check (extra_amount between 0 and 1000000000000),
  check (maximum is null or maximum >= included),
  unique (plan_id, item)
);
comment on column plan_items.maximum is 'Null: as many as the customer wants';
comment on column plan_items.extra_amount is 'Monthly price of each beyond the included, in the business unit''s currency; null: no more than the included';
create table plan_options (
  id uuid primary key default uuidv7(),
  plan_id uuid not null references plans (id) on delete cascade,
  kind option_kind not null default 'option',
  name text not null check (length(btrim(name)) between 1 and 120),
  amount bigint not null default 0 check (amount between 0 and 1000000000000),
  position int not null default 0,
  archived_at timestamptz,
  unique (plan_id, name)
);
comment on column plan_options.amount is 'Monthly price of one, in the business unit''s currency; 0: included in the plan''s price';

create table routing_points (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  name text not null check (length(btrim(name)) between 1 and 120),
  notes text check (length(notes) <= 2000),
  archived_at timestamptz,
  unique (business_unit_id, name),
  unique (id, business_unit_id)
);
comment on table routing_points is 'Where a connection enters the network: a tower, a building, a server (P2)';

-- Subscriptions -------------------------------------------------------------------------------------------------

create type subscription_status as enum ('awaiting_installation', 'active', 'suspended', 'suspended_administratively',
                                         'cancelled', 'ended');
create type discount_kind as enum ('amount', 'percent');
create type component_role as enum ('plan', 'option');

create table subscriptions (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  number int not null,
  external_id text check (length(external_id) between 1 and 120),
  contract_number bigint not null,
  plan_id uuid not null,
  routing_point_id uuid,
  status subscription_status not null,
  start_date date not null,
  trial_days int not null default 0 check (trial_days between 0 and 3650),
  proportional_trial boolean not null default false,
  bill_from date,
  billing_start date,
  end_date date,
  end_reason text check (length(end_reason) <= 500),
  billing_mode billing_mode not null,
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  payment_method payment_method not null,
  due_day smallint not null check (due_day between 1 and 31),
  discount_kind discount_kind,
  discount_amount bigint check (discount_amount > 0),
  discount_basis_points int check (discount_basis_points between 1 and 10000),
  salesperson_id uuid references staff (user_id),
  sale_date date,
  activation_date date,
  term_months int not null default 0 check (term_months between 0 and 600),
  notes text check (length(notes) <= 10000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (plan_id, business_unit_id) references plans (id, business_unit_id),
  foreign key (routing_point_id, business_unit_id) references routing_points (id, business_unit_id),
  unique (account_id, number),
  unique (business_unit_id, contract_number),
  unique (business_unit_id, external_id),
  unique (id, account_id),
  check (status in ('awaiting_installation', 'cancelled') or billing_start is not null),
  check (status not in ('cancelled', 'ended') or end_date is not null),
  check ((discount_kind is null) = (discount_amount is null and discount_basis_points is null)),
  check (discount_kind is distinct from 'amount' or (discount_amount is not null and discount_basis_points is null)),
  check (discount_kind is distinct from 'percent' or (discount_basis_points is not null and discount_amount is null))
);
comment on column subscriptions.bill_from is 'First day that is billed here: earlier days were billed by the system it was imported from';
comment on column subscriptions.billing_start is 'First chargeable day: start date + trial days, or the first closing; null while awaiting installation';
comment on column subscriptions.end_date is 'First day that is no longer charged';
create index subscriptions_account on subscriptions (account_id, number);
create index subscriptions_unit_status on subscriptions (business_unit_id, status, id);
create index subscriptions_unit_account on subscriptions (business_unit_id, account_id);
create index subscriptions_plan on subscriptions (plan_id, status);
create index subscriptions_salesperson on subscriptions (salesperson_id) where salesperson_id is not null;
create index subscriptions_start on subscriptions (start_date, id);
create trigger touch before update on subscriptions for each row execute function touch_updated_at();

create table subscription_components (
  id uuid primary key default uuidv7(),
  subscription_id uuid not null,
  account_id uuid not null,
  role component_role not null,
  plan_option_id uuid references plan_options (id),
  description text not null check (length(description) between 1 and 200),
  unit_amount bigint not null check (unit_amount between 0 and 1000000000000),
  quantity int not null default 1 check (quantity between 1 and 1000000),
  from_date date,
  to_date date,
  created_at timestamptz not null default now(),
  foreign key (subscription_id, account_id) references subscriptions (id, account_id) on delete cascade,
  check ((role = 'plan') = (plan_option_id is null)),
  check (to_date is null or from_date is null or to_date >= from_date)
);
comment on table subscription_components is 'What of a subscription is charged, at the price it was sold for: the plan itself and each option';
create index subscription_components_subscription on subscription_components (subscription_id);
create index subscription_components_account on subscription_components (account_id);
create unique index subscription_components_one_plan on subscription_components (subscription_id) where role = 'plan' and to_date is null;

create table subscription_suspensions (
  id uuid primary key default uuidv7(),
  subscription_id uuid not null,
  account_id uuid not null,
  administrative boolean not null,
  period daterange not null check (not isempty(period) and not lower_inf(period)),
  reason text check (length(reason) <= 500),
  created_at timestamptz not null default now(),
  foreign key (subscription_id, account_id) references subscriptions (id, account_id) on delete cascade,
  exclude using gist (subscription_id with =, period with &&)
);
comment on table subscription_suspensions is 'Days that are not charged, whatever the reason (billing.md 21); an open end is a suspension that lasts';
create index subscription_suspensions_account on subscription_suspensions (account_id);

-- Rows that people may see --------------------------------------------------------------------------------------

alter table products enable row level security;
create policy office on products to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on products for select to zaguan_portal using (business_unit_id = (select current_unit_id()));
grant select, insert, update on products to zaguan_office;
grant select on products to zaguan_portal;

alter table plans enable row level security;
create policy office on plans to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on plans for select to zaguan_portal using (business_unit_id = (select current_unit_id()));
grant select, insert, update on plans to zaguan_office;
grant select on plans to zaguan_portal;

alter table plan_prices enable row level security;
create policy office on plan_prices to zaguan_office using (exists (select from plans p where p.id = plan_id));
create policy portal on plan_prices for select to zaguan_portal using (exists (select from plans p where p.id = plan_id));
alter table plan_items enable row level security;
create policy office on plan_items to zaguan_office using (exists (select from plans p where p.id = plan_id));
create policy portal on plan_items for select to zaguan_portal using (exists (select from plans p where p.id = plan_id));
alter table plan_options enable row level security;
create policy office on plan_options to zaguan_office using (exists (select from plans p where p.id = plan_id));
create policy portal on plan_options for select to zaguan_portal using (exists (select from plans p where p.id = plan_id));
grant select, insert, update, delete on plan_prices, plan_items, plan_options to zaguan_office;
grant select on plan_prices, plan_items, plan_options to zaguan_portal;

alter table routing_points enable row level security;
create policy office on routing_points to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on routing_points to zaguan_office;

alter table subscriptions enable row level security;
create policy office on subscriptions to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on subscriptions for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update, delete on subscriptions to zaguan_office;
grant select (id, business_unit_id, account_id, number, contract_number, plan_id, status, start_date, trial_days,
              proportional_trial, billing_start, end_date, end_reason, billing_mode, currency, payment_method, due_day,
              discount_kind, discount_amount, discount_basis_points, sale_date, activation_date, term_months, created_at)
  on subscriptions to zaguan_portal;

alter table subscription_components enable row level security;
create policy office on subscription_components to zaguan_office using (exists (select from subscriptions s where s.id = subscription_id));
create policy portal on subscription_components for select to zaguan_portal using (account_id = (select current_account_id()));
alter table subscription_suspensions enable row level security;
create policy office on subscription_suspensions to zaguan_office using (exists (select from subscriptions s where s.id = subscription_id));
create policy portal on subscription_suspensions for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update, delete on subscription_components, subscription_suspensions to zaguan_office;
grant select on subscription_components, subscription_suspensions to zaguan_portal;

call audit_table('products');
call audit_table('plans');
call audit_table('plan_prices');
call audit_table('plan_items');
call audit_table('plan_options');
call audit_table('routing_points');
call audit_table('subscriptions');
call audit_table('subscription_components');
call audit_table('subscription_suspensions');
