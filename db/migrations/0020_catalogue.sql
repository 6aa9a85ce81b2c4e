-- Prices of what the catalogue sells: of plans, of their options and of their meters, in several currencies and cycles,
-- each from a day on. What was sold keeps its own copy in subscription_components.

alter table plan_options add unique (id, plan_id);
alter table plan_meters add unique (id, plan_id);

create table prices (
  id uuid primary key default uuidv7(),
  plan_id uuid not null references plans (id) on delete cascade,
  plan_option_id uuid,
  plan_meter_id uuid,
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  cycle_unit cycle_unit not null default 'month',
  cycle_count int not null default 1 check (cycle_count between 1 and 366),
  cycle_alignment cycle_alignment not null default 'closing',
  price_model price_model not null default 'per_unit',
  amount bigint not null check (amount between 0 and 1000000000000),
  tiers jsonb check (valid_tiers(tiers)),
  package_size int check (package_size between 1 and 1000000000),
  included bigint not null default 0 check (included between 0 and 1000000000000),
  valid_from date,
  valid_to date check (valid_to is null or valid_from is null or valid_to > valid_from),
  created_at timestamptz not null default now(),
  foreign key (plan_option_id, plan_id) references plan_options (id, plan_id) on delete cascade,
  foreign key (plan_meter_id, plan_id) references plan_meters (id, plan_id) on delete cascade,
  check (num_nonnulls(plan_option_id, plan_meter_id) <= 1),
  check (cycle_unit in ('month', 'once') or cycle_alignment = 'anniversary'),
  check (cycle_unit <> 'once' or cycle_count = 1),
  check (plan_meter_id is null or cycle_unit <> 'once'),
  check ((price_model in ('tiered', 'volume')) = (tiers is not null)),
  check ((price_model = 'package') = (package_size is not null)),
  constraint prices_one_at_a_time exclude using gist (
    (coalesce(plan_option_id, plan_meter_id, plan_id)) with =, currency with =, cycle_unit with =, cycle_count with =,
    cycle_alignment with =, daterange(valid_from, valid_to) with &&)
);
comment on table prices is 'What a plan, or one of its options or meters, costs in a currency and a cycle, from a day until another: for new services';
comment on column prices.amount is 'Minor units: of the whole (flat), of one (per_unit) or of a package; tiers have their own';
comment on column prices.included is 'Units that cost nothing';
comment on column prices.valid_from is 'Null: since the plan is there';
comment on column prices.valid_to is 'First day on which it is no longer sold; null: none is known';
create index prices_plan on prices (plan_id);
create index prices_option on prices (plan_option_id) where plan_option_id is not null;
create index prices_meter on prices (plan_meter_id) where plan_meter_id is not null;

insert into prices (plan_id, currency, amount) select plan_id, currency, amount from plan_prices order by plan_id, currency;
insert into prices (plan_id, plan_option_id, currency, amount)
select o.plan_id, o.id, b.currency, o.amount
  from plan_options o join plans p on p.id = o.plan_id join business_units b on b.id = p.business_unit_id
 order by o.plan_id, o.position;
drop table plan_prices;
drop type price_interval;
alter table plan_options drop column amount;

alter table prices enable row level security;
create policy office on prices to zaguan_office using (exists (select from plans p where p.id = plan_id));
create policy portal on prices for select to zaguan_portal using (exists (select from plans p where p.id = plan_id));
grant select, insert, update, delete on prices to zaguan_office;
grant select on prices to zaguan_portal;
call audit_table('prices');

-- Who has another price than the one that is sold: what is charged of a plan, in order.
drop index subscription_components_plan;
create index subscription_components_plan on subscription_components (plan_id, id);

-- What a service costs for a period of its plan: an option of another cycle is an amount of its own.
create or replace view subscription_amounts with (security_invoker = true) as
  select c.subscription_id,
         coalesce(sum(w.whole) filter (where c.role = 'plan'), 0)::bigint as plan_value,
         coalesce(sum(w.whole - discounted_amount(w.whole, c.discount_kind, c.discount_amount, c.discount_basis_points))
                    filter (where c.role = 'plan'), 0)::bigint as discount,
         coalesce(sum(discounted_amount(w.whole, c.discount_kind, c.discount_amount, c.discount_basis_points))
                    filter (where c.role = 'option' and c.cycle_unit = p.cycle_unit and c.cycle_count = p.cycle_count),
                  0)::bigint as options_value
    from subscription_components c
    left join subscription_components p on p.subscription_id = c.subscription_id and p.role = 'plan' and p.to_date is null
   cross join lateral (select whole_amount(c.price_model, c.unit_amount, c.tiers, c.package_size, c.included, c.quantity) as whole) w
   where c.to_date is null and c.role::text <> 'usage'
   group by c.subscription_id;
comment on view subscription_amounts is 'What a subscription costs for a whole period of its plan as it is now, in minor units';
