-- Billing as a whole: prices of every kind, the timeline of what is charged, taxes, coupons, usage, and documents of every
-- kind. What may never happen is refused here.

create type price_model as enum ('flat', 'per_unit', 'tiered', 'volume', 'package');
create type cycle_unit as enum ('once', 'day', 'week', 'month');
create type cycle_alignment as enum ('closing', 'anniversary');
create type document_kind as enum ('invoice', 'debit_note', 'credit_note', 'proforma');
create type line_role as enum ('plan', 'option', 'usage', 'fee', 'instalment', 'manual', 'penalty', 'late_fee', 'interest');
create type charge_kind as enum ('fee', 'instalment', 'manual', 'penalty', 'late_fee', 'interest');
create type tax_rounding as enum ('document', 'line');
create type invoice_grouping as enum ('account', 'subscription');
create type suspension_credit as enum ('unless_debt', 'always', 'never');

-- What of a business unit decides its documents --------------------------------------------------------------------

alter table business_units
  add column tax_rounding tax_rounding not null default 'document',
  add column invoice_grouping invoice_grouping not null default 'account',
  add column credit_note_series text not null default 'C' check (credit_note_series ~ '^[A-Z0-9-]{1,10}$'),
  add column debit_note_series text not null default 'D' check (debit_note_series ~ '^[A-Z0-9-]{1,10}$'),
  add column proforma_series text not null default 'P' check (proforma_series ~ '^[A-Z0-9-]{1,10}$');

-- Prices -----------------------------------------------------------------------------------------------------------

-- Tiers: each {up_to, unit_amount, flat_amount}, rising, the last without an end.
create function valid_tiers(p_tiers jsonb) returns boolean language plpgsql immutable strict parallel safe as $$
declare v_tier jsonb; v_last bigint := 0; v_open boolean := false;
begin
  if jsonb_typeof(p_tiers) <> 'array' or jsonb_array_length(p_tiers) not between 1 and 50 then return false; end if;
  for v_tier in select jsonb_array_elements(p_tiers) loop
    if v_open or jsonb_typeof(v_tier) <> 'object' then return false; end if;
    if coalesce((v_tier ->> 'unit_amount')::bigint, -1) not between 0 and 1000000000000
       or coalesce((v_tier ->> 'flat_amount')::bigint, -1) not between 0 and 1000000000000 then return false; end if;
    if v_tier ->> 'up_to' is null then v_open := true;
    elsif (v_tier ->> 'up_to')::bigint <= v_last then return false;
    else v_last := (v_tier ->> 'up_to')::bigint;
    end if;
  end loop;
  return v_open;
exception when others then return false;
end $$;

/* The price of a quantity for a whole period, in minor units: the same rule as server/modules/billing/pricing.ts, for lists. */
create function whole_amount(p_model price_model, p_unit bigint, p_tiers jsonb, p_package int, p_included bigint, p_quantity bigint)
  returns bigint language plpgsql immutable parallel safe as $$
declare v_left bigint := greatest(p_quantity - coalesce(p_included, 0), 0); v_total bigint := 0; v_from bigint := 0;
        v_tier jsonb; v_units bigint;
begin
  case p_model
    when 'flat' then return p_unit;
    when 'per_unit' then return p_unit * v_left;
    when 'package' then return p_unit * ((v_left + p_package - 1) / p_package);
    when 'volume' then
      if v_left = 0 then return 0; end if;
      for v_tier in select jsonb_array_elements(p_tiers) loop
        if v_tier ->> 'up_to' is null or v_left <= (v_tier ->> 'up_to')::bigint then
          return (v_tier ->> 'unit_amount')::bigint * v_left + (v_tier ->> 'flat_amount')::bigint;
        end if;
      end loop;
    when 'tiered' then
      for v_tier in select jsonb_array_elements(p_tiers) loop
        exit when v_left <= v_from;
        v_units := least(v_left, coalesce((v_tier ->> 'up_to')::bigint, v_left)) - v_from;
        v_total := v_total + (v_tier ->> 'unit_amount')::bigint * v_units + (v_tier ->> 'flat_amount')::bigint;
        v_from := v_from + v_units;
      end loop;
      return v_total;
  end case;
  return v_total;
end $$;

/* What is left of a whole period's price after a discount, rounded half-up (billing.md 9). */
create function discounted_amount(p_whole bigint, p_kind discount_kind, p_amount bigint, p_basis_points int)
  returns bigint language sql immutable parallel safe as $$
  select case p_kind
    when 'amount' then greatest(p_whole - p_amount, 0)
    when 'percent' then div(p_whole::numeric * (10000 - p_basis_points) + 5000, 10000)
    else p_whole end::bigint
$$;

-- What is metered (a plan's usage): its price is the component's once it is sold.
create table plan_meters (
  id uuid primary key default uuidv7(),
  plan_id uuid not null references plans (id) on delete cascade,
  code text not null check (code ~ '^[a-z][a-z0-9_]{0,39}$'),
  name text not null check (length(btrim(name)) between 1 and 120),
  unit_name text not null check (length(btrim(unit_name)) between 1 and 40),
  position int not null default 0,
  archived_at timestamptz,
  unique (plan_id, code)
);
comment on column plan_meters.unit_name is 'What one of it is called: GB, minute, message';

-- The timeline of what is charged ------------------------------------------------------------------------------------

alter table subscription_components
  add column plan_id uuid references plans (id),
  add column plan_meter_id uuid references plan_meters (id),
  add column price_model price_model not null default 'per_unit',
  add column tiers jsonb check (valid_tiers(tiers)),
  add column package_size int check (package_size between 1 and 1000000000),
  add column included bigint not null default 0 check (included between 0 and 1000000000000),
  add column cycle_unit cycle_unit not null default 'month',
  add column cycle_count int not null default 1 check (cycle_count between 1 and 366),
  add column cycle_alignment cycle_alignment not null default 'closing',
  add column anchor_date date,
  add column discount_kind discount_kind,
  add column discount_amount bigint check (discount_amount > 0),
  add column discount_basis_points int check (discount_basis_points between 1 and 10000),
  drop constraint subscription_components_check,
  add check ((role = 'option') = (plan_option_id is not null)),
  add check ((role::text = 'usage') = (plan_meter_id is not null)),
  add check ((price_model in ('tiered', 'volume')) = (tiers is not null)),
  add check ((price_model = 'package') = (package_size is not null)),
  add check (cycle_unit in ('month', 'once') or cycle_alignment = 'anniversary'),
  add check ((discount_kind is null) = (discount_amount is null and discount_basis_points is null)),
  add check (discount_kind is distinct from 'amount' or (discount_amount is not null and discount_basis_points is null)),
  add check (discount_kind is distinct from 'percent' or (discount_basis_points is not null and discount_amount is null)),
  add unique (id, account_id);
comment on column subscription_components.anchor_date is 'A boundary of its own periods; null: computed from its first charged day';
comment on column subscription_components.included is 'Units that cost nothing';
create index subscription_components_plan on subscription_components (plan_id);

update subscription_components c
   set plan_id = s.plan_id,
       discount_kind = case when c.role = 'plan' then s.discount_kind end,
       discount_amount = case when c.role = 'plan' then s.discount_amount end,
       discount_basis_points = case when c.role = 'plan' then s.discount_basis_points end
  from subscriptions s where s.id = c.subscription_id;
alter table subscription_components alter column plan_id set not null;

alter table subscriptions drop column discount_kind, drop column discount_amount, drop column discount_basis_points,
  add column transferred_from_id uuid references subscriptions (id),
  add column transferred_to_id uuid references subscriptions (id);
create index subscriptions_transferred_from on subscriptions (transferred_from_id) where transferred_from_id is not null;
create index subscriptions_transferred_to on subscriptions (transferred_to_id) where transferred_to_id is not null;
grant select (transferred_from_id, transferred_to_id) on subscriptions to zaguan_portal;

alter table subscription_suspensions
  add column for_debt boolean not null default false,
  add column credited boolean not null default false;
comment on column subscription_suspensions.credited is 'Whether days that were billed in advance are given back (billing.md 21)';
alter table plans add column suspension_credit suspension_credit not null default 'unless_debt';
comment on column plans.suspension_credit is 'Whether days billed in advance and lost to a suspension are given back (billing.md 21)';

-- Coupons (B11) ------------------------------------------------------------------------------------------------------

create table coupons (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  code text not null check (code ~ '^[A-Z0-9][A-Z0-9_-]{1,39}$'),
  name text not null check (length(btrim(name)) between 1 and 120),
  discount_kind discount_kind not null,
  discount_amount bigint check (discount_amount between 1 and 1000000000000),
  discount_basis_points int check (discount_basis_points between 1 and 10000),
  periods int check (periods between 1 and 600),
  valid_from date,
  valid_until date check (valid_until is null or valid_from is null or valid_until > valid_from),
  most_redemptions int check (most_redemptions > 0),
  once_per_account boolean not null default true,
  plan_ids uuid[] check (plan_ids <> '{}'),
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (business_unit_id, code),
  unique (id, business_unit_id),
  check ((discount_kind = 'amount') = (discount_amount is not null)),
  check ((discount_kind = 'percent') = (discount_basis_points is not null))
);
comment on column coupons.periods is 'For how many billing periods it lasts; null: for ever';
create trigger touch before update on coupons for each row execute function touch_updated_at();

create table subscription_coupons (
  id uuid primary key default uuidv7(),
  subscription_id uuid not null,
  account_id uuid not null,
  coupon_id uuid not null references coupons (id),
  name text not null,
  discount_kind discount_kind not null,
  discount_amount bigint,
  discount_basis_points int,
  from_date date not null,
  to_date date check (to_date is null or to_date >= from_date),
  created_at timestamptz not null default now(),
  foreign key (subscription_id, account_id) references subscriptions (id, account_id) on delete cascade,
  exclude using gist (subscription_id with =, coupon_id with =, daterange(from_date, to_date) with &&),
  check ((discount_kind = 'amount') = (discount_amount is not null)),
  check ((discount_kind = 'percent') = (discount_basis_points is not null))
);
comment on table subscription_coupons is 'A coupon as it was redeemed: what it takes off the plan from a day on';
create index subscription_coupons_account on subscription_coupons (account_id);
create index subscription_coupons_coupon on subscription_coupons (coupon_id);

-- Taxes (B10) --------------------------------------------------------------------------------------------------------

create table taxes (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  name text not null check (length(btrim(name)) between 1 and 60),
  rate int not null check (rate between 0 and 1000000),
  inclusive boolean not null default false,
  position int not null default 0,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (business_unit_id, name),
  unique (id, business_unit_id)
);
comment on column taxes.rate is 'Millionths: 190000 is 19 %';
comment on column taxes.inclusive is 'Contained in the price, else on top of it';
create trigger touch before update on taxes for each row execute function touch_updated_at();

create table product_taxes (
  product_id uuid not null,
  tax_id uuid not null,
  business_unit_id uuid not null,
  primary key (product_id, tax_id),
  foreign key (product_id, business_unit_id) references products (id, business_unit_id),
  foreign key (tax_id, business_unit_id) references taxes (id, business_unit_id)
);
create index product_taxes_tax on product_taxes (tax_id);
create index product_taxes_unit on product_taxes (business_unit_id);

create table account_tax_exemptions (
  account_id uuid not null,
  business_unit_id uuid not null,
  tax_id uuid not null,
  reason text not null check (length(btrim(reason)) between 1 and 500),
  until date,
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  primary key (account_id, tax_id),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (tax_id, business_unit_id) references taxes (id, business_unit_id)
);
comment on column account_tax_exemptions.until is 'First day on which the tax is charged again; null: for good';
create index account_tax_exemptions_tax on account_tax_exemptions (tax_id);

-- One-off amounts that wait to be billed -------------------------------------------------------------------------------

create table charges (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  subscription_id uuid,
  kind charge_kind not null,
  description text not null check (length(btrim(description)) between 1 and 200),
  unit_amount bigint not null check (unit_amount between 0 and 1000000000000),
  quantity bigint not null default 1 check (quantity between 1 and 1000000),
  bill_on date not null,
  product_id uuid,
  instalment int,
  instalments int check (instalments between 1 and 600),
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  withdrawn_at timestamptz,
  billed_at timestamptz,
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (subscription_id, account_id) references subscriptions (id, account_id) on delete cascade,
  foreign key (product_id, business_unit_id) references products (id, business_unit_id),
  unique (id, account_id),
  check ((kind = 'instalment') = (instalment is not null)),
  check ((instalment is null) = (instalments is null) and instalment between 1 and instalments),
  check (billed_at is null or withdrawn_at is null)
);
comment on column charges.bill_on is 'The closing on or after this day bills it; an invoice of that day';
comment on column charges.billed_at is 'Set with the line that bills it; the line''s charge_id is unique, which is what counts';
create index charges_due on charges (business_unit_id, bill_on, account_id) where billed_at is null and withdrawn_at is null;
create index charges_account on charges (account_id, id desc);
create index charges_open on charges (account_id) where billed_at is null and withdrawn_at is null;
create index charges_subscription on charges (subscription_id) where subscription_id is not null;

-- Usage ------------------------------------------------------------------------------------------------------------

create table usage_records (
  id uuid primary key default uuidv7(),
  subscription_id uuid not null,
  account_id uuid not null,
  plan_meter_id uuid not null references plan_meters (id),
  on_date date not null,
  quantity bigint not null check (quantity between 0 and 1000000000000),
  key text not null check (length(key) between 1 and 120),
  created_at timestamptz not null default now(),
  billed_at timestamptz,
  foreign key (subscription_id, account_id) references subscriptions (id, account_id) on delete cascade,
  unique (subscription_id, key),
  unique (id, account_id)
);
comment on table usage_records is 'Metered use, told once per key; billed in arrears at the period''s end, a late one with the next';
create index usage_records_account on usage_records (account_id);
create index usage_records_waiting on usage_records (account_id, subscription_id, plan_meter_id, on_date) where billed_at is null;
create index usage_records_subscription on usage_records (subscription_id, on_date desc, id desc);
create index usage_records_meter on usage_records (plan_meter_id);

-- Documents ----------------------------------------------------------------------------------------------------------

alter table invoices
  add column kind document_kind not null default 'invoice',
  add column subscription_id uuid references subscriptions (id),
  add column about_invoice_id uuid references invoices (id),
  add column proforma_id uuid references invoices (id),
  add column tax bigint not null default 0 check (tax >= 0),
  add column tax_included bigint not null default 0 check (tax_included >= 0),
  add column reason text check (length(reason) <= 1000),
  drop constraint invoices_business_unit_id_series_number_key,
  drop constraint invoices_check,
  add constraint invoices_number_once unique (business_unit_id, kind, series, number),
  add constraint invoices_sum check (gross - discount + tax = total),
  add constraint invoices_kind_state check (
    (kind in ('invoice', 'debit_note')) = (state::text in ('open', 'paid', 'void'))
    and (kind = 'credit_note') = (state::text = 'issued')
    and (kind = 'proforma') = (state::text in ('offered', 'converted', 'expired', 'withdrawn'))),
  add constraint invoices_about check (about_invoice_id is null or kind in ('credit_note', 'debit_note')),
  add constraint invoices_proforma check (proforma_id is null or kind = 'invoice');
comment on column invoices.kind is 'Credit notes have positive amounts: the sign is the kind''s. A proforma is no debt and is in no ledger';
comment on column invoices.tax is 'On top of the prices; tax_included is what the prices contain';
comment on column invoices.subscription_id is 'Where the business unit issues one invoice per service';
create index invoices_about_invoice on invoices (about_invoice_id) where about_invoice_id is not null;
create unique index invoices_from_proforma on invoices (proforma_id) where proforma_id is not null;
create index invoices_subscription on invoices (subscription_id) where subscription_id is not null;
create index invoices_kind on invoices (kind, issue_date desc, id desc) where kind <> 'invoice';

alter table invoice_lines
  alter column role type line_role using role::text::line_role,
  alter column quantity type bigint,
  add column corrects_line_id uuid references invoice_lines (id),
  add column charge_id uuid,
  add column tax bigint not null default 0,
  add column tax_included bigint not null default 0,
  add column price_model price_model not null default 'per_unit',
  add column tiers jsonb,
  add column package_size int,
  add column included bigint not null default 0,
  add column coupons jsonb,
  add column instalment int,
  add column instalments int,
  add column plan_id uuid,
  add column taxes jsonb,
  add foreign key (charge_id, account_id) references charges (id, account_id);
comment on column invoice_lines.corrects_line_id is 'The line that a credit or debit note corrects (billing.md 16)';
comment on column invoice_lines.taxes is 'Each {tax_id, name, rate, inclusive, base, amount}: what the line''s part of the document''s taxes is';
comment on column invoice_lines.coupons is 'Each {name, kind, amount, basis_points}: what came off by coupons, in order';
create index invoice_lines_corrects on invoice_lines (corrects_line_id) where corrects_line_id is not null;
create unique index invoice_lines_charge on invoice_lines (charge_id) where charge_id is not null and corrects_line_id is null;

alter table usage_records add column invoice_line_id uuid references invoice_lines (id);
create index usage_records_line on usage_records (invoice_line_id) where invoice_line_id is not null;

create table invoice_taxes (
  id uuid primary key default uuidv7(),
  invoice_id uuid not null,
  account_id uuid not null,
  tax_id uuid not null references taxes (id),
  name text not null,
  rate int not null,
  inclusive boolean not null,
  base bigint not null,
  amount bigint not null,
  foreign key (invoice_id, account_id) references invoices (id, account_id),
  unique (invoice_id, tax_id)
);
create index invoice_taxes_account on invoice_taxes (account_id);
create index invoice_taxes_tax on invoice_taxes (tax_id);
create trigger invoice_taxes_frozen before update or delete on invoice_taxes for each row execute function refuse_change();
create trigger invoice_taxes_whole before truncate on invoice_taxes for each statement execute function refuse_change();

-- Numbers are gapless per business unit, kind and series, whatever the code does (billing.md 15). Numbers are taken under
-- the lock of their counter, so what came before is committed or ours.
create function require_numbers() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare v record; v_before bigint;
begin
  for v in select business_unit_id, kind, series, min(number) as first, max(number) as last, count(*) as n
             from new_rows group by business_unit_id, kind, series loop
    select max(number) into v_before from invoices i
     where i.business_unit_id = v.business_unit_id and i.kind = v.kind and i.series = v.series and i.number < v.first;
    if v.last - v.first + 1 <> v.n or v.first <> coalesce(v_before, v.first - 1) + 1 then
      raise exception 'series % of % has a gap before %', v.series, v.kind, v.first
        using errcode = '23514', constraint = 'invoices_gapless';
    end if;
  end loop;
  return null;
end $$;
create trigger invoices_gapless after insert on invoices referencing new table as new_rows
  for each statement execute function require_numbers();

-- A credit never exceeds what was billed less what was already credited (billing.md 20).
create function require_credit_within() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if not exists (select from new_rows where corrects_line_id is not null) then return null; end if;
  perform from invoice_lines where id in (select corrects_line_id from new_rows where corrects_line_id is not null)
    order by id for update;
  if exists (
    select from (select l.corrects_line_id, sum(l.net + l.tax) as credited
                   from invoice_lines l join invoices i on i.id = l.invoice_id
                  where i.kind = 'credit_note'
                    and l.corrects_line_id in (select corrects_line_id from new_rows where corrects_line_id is not null)
                  group by l.corrects_line_id) c
      join invoice_lines billed on billed.id = c.corrects_line_id
     where c.credited > billed.net + billed.tax) then
    raise exception 'more would be credited than was billed' using errcode = '23514', constraint = 'credit_within_billed';
  end if;
  return null;
end $$;
create trigger credit_within_billed after insert on invoice_lines referencing new table as new_rows
  for each statement execute function require_credit_within();

-- Coverage only ever shrinks, with the credit that gives its days back.
create function keep_coverage() returns trigger language plpgsql as $$
begin
  if not (new.period <@ old.period) or (to_jsonb(new) - 'period') is distinct from (to_jsonb(old) - 'period') then
    raise exception 'coverage only shrinks' using errcode = '23514', constraint = 'coverage_shrinks';
  end if;
  return new;
end $$;
create trigger billed_coverage_shrinks before update on billed_coverage for each row execute function keep_coverage();
grant update (period), delete on billed_coverage to zaguan_office;

-- The chart of accounts of each business unit (X3) -----------------------------------------------------------------------

create type account_type as enum ('asset', 'liability', 'equity', 'income', 'expense');
create table chart_accounts (
  business_unit_id uuid not null references business_units (id),
  ledger_account ledger_account not null,
  type account_type not null,
  code text not null check (code ~ '^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$'),
  name text not null check (length(btrim(name)) between 1 and 120),
  primary key (business_unit_id, ledger_account),
  unique (business_unit_id, code)
);
comment on table chart_accounts is 'How a business unit''s own books call each ledger account';

-- The customer's home: the discount is the component's -------------------------------------------------------------------

create view subscription_amounts with (security_invoker = true) as
  select c.subscription_id,
         coalesce(sum(w.whole) filter (where c.role = 'plan'), 0)::bigint as plan_value,
         coalesce(sum(w.whole - discounted_amount(w.whole, c.discount_kind, c.discount_amount, c.discount_basis_points))
                    filter (where c.role = 'plan'), 0)::bigint as discount,
         coalesce(sum(discounted_amount(w.whole, c.discount_kind, c.discount_amount, c.discount_basis_points))
                    filter (where c.role = 'option'), 0)::bigint as options_value
    from subscription_components c
   cross join lateral (select whole_amount(c.price_model, c.unit_amount, c.tiers, c.package_size, c.included, c.quantity) as whole) w
   where c.to_date is null and c.role::text <> 'usage'
   group by c.subscription_id;
comment on view subscription_amounts is 'What a subscription costs for a whole period as it is now, in minor units';
grant select on subscription_amounts to zaguan_office, zaguan_portal;
create or replace function portal_home(p_account uuid, p_unit uuid, p_now timestamptz, p_billing boolean, p_services boolean) returns text language sql stable as $$
with
unit as (
  select b.*, (p_now at time zone b.time_zone)::date as today
    from business_units b where b.id = p_unit),
open_invoices as (
  select i.id, i.series, i.number, i.issue_date, i.due_date, i.currency, i.total, i.state,
         (select coalesce(sum(e.amount), 0)::bigint from ledger_entries e
           where e.invoice_id = i.id and e.ledger_account = 'receivable') as open_amount,
         i.due_date < unit.today as overdue,
         exists (select from payment_notice_invoices pi join payment_notices n on n.id = pi.payment_notice_id
                  where pi.invoice_id = i.id and n.state = 'pending') as notified
    from invoices i cross join unit
   where p_billing and i.account_id = p_account and i.state = 'open'
   order by i.due_date, i.id limit 24),
services as (
  select s.id, s.number, p.name as plan_name, p.kind, s.status, s.start_date, s.billing_start, s.end_date, s.currency,
         c.plan_value - c.discount + c.options_value as amount
    from subscriptions s join plans p on p.id = s.plan_id
    join subscription_amounts c on c.subscription_id = s.id
   where p_services and s.account_id = p_account and s.status not in ('cancelled', 'ended')
   order by s.number limit 24),
mails as (
  select n.id, n.kind, n.subject, n.created_at from notices n
   where n.account_id = p_account and not n.secret
     and (p_billing or n.kind not in ('invoice_issued', 'payment_notice_received', 'payment_approved', 'payment_rejected'))
   order by n.id desc limit 5),
rejected as (
  select n.id, n.amount, n.currency, n.rejection_reason, n.decided_at from payment_notices n
   where p_billing and n.account_id = p_account and n.state = 'rejected'
     and n.decided_at > p_now - interval '30 days'
     and not exists (select from payment_notices later
                      where later.account_id = n.account_id and later.id > n.id and later.state <> 'rejected')
   order by n.id desc limit 3),
offered as (
  select t.id, (t.expires_at at time zone unit.time_zone)::date as until from ownership_transfers t cross join unit
   where t.account_id = p_account and t.to_user_id = current_user_id() and t.state = 'pending' and t.expires_at > now()),
refused as (
  select r.id, r.reason, (r.decided_at at time zone unit.time_zone)::date as at from account_change_requests r cross join unit
   where r.account_id = p_account and r.state = 'rejected' and 'owner' = any(current_permissions())
     and r.decided_at > p_now - interval '14 days'
     and not exists (select from account_change_requests later where later.account_id = r.account_id and later.id > r.id)
   order by r.id desc limit 1),
money as (
  select coalesce(sum(e.amount) filter (where e.ledger_account = 'receivable'), 0)::bigint as owed,
         coalesce(-sum(e.amount) filter (where e.ledger_account = 'account_credit'), 0)::bigint as credit
    from ledger_entries e where p_billing and e.account_id = p_account
     and e.ledger_account in ('receivable', 'account_credit'))
select json_build_object(
  'account', (select json_build_object('id', a.id, 'number', a.number, 'name', a.name) from accounts a where a.id = p_account),
  'unit', (select json_build_object('slug', slug, 'name', name, 'accent', accent, 'language', language,
             'logo_url', '/api/v1/portal/logos/' || logo_file_id, 'support_email', support_email,
             'support_phone', support_phone, 'website', website) from unit),
  'today', (select today from unit),
  'balance', (select json_build_object('owed', owed, 'credit', credit, 'currency', (select currency from unit)) from money where p_billing),
  'needs_you', (
    select coalesce(json_agg(need order by rank, at), '[]') from (
      select case when overdue then 0 else 2 end as rank, due_date as at,
             json_build_object('kind', case when overdue then 'invoice_overdue' else 'invoice_due' end, 'id', id,
               'number', series || '-' || number, 'amount', open_amount, 'currency', currency, 'date', due_date, 'reason', null) as need
        from open_invoices where not notified
      union all
      select 1, decided_at::date, json_build_object('kind', 'payment_rejected', 'id', id, 'number', null, 'amount', amount,
               'currency', currency, 'date', decided_at::date, 'reason', rejection_reason)
        from rejected
      union all
      select 1, until, json_build_object('kind', 'ownership_offered', 'id', id, 'number', null, 'amount', null,
               'currency', null, 'date', until, 'reason', null)
        from offered
      union all
      select 1, at, json_build_object('kind', 'account_change_rejected', 'id', id, 'number', null, 'amount', null,
               'currency', null, 'date', at, 'reason', reason)
        from refused) needs),
  'services', (select coalesce(json_agg(services order by number), '[]') from services),
  'invoices', (select coalesce(json_agg(open_invoices order by due_date, id), '[]') from open_invoices),
  'notices', (select coalesce(json_agg(mails order by created_at desc), '[]') from mails)
)::text
$$;

-- Rows that people may see ------------------------------------------------------------------------------------------------

alter table plan_meters enable row level security;
create policy office on plan_meters to zaguan_office using (exists (select from plans p where p.id = plan_id));
create policy portal on plan_meters for select to zaguan_portal using (exists (select from plans p where p.id = plan_id));
grant select, insert, update, delete on plan_meters to zaguan_office;
grant select on plan_meters to zaguan_portal;

alter table coupons enable row level security;
create policy office on coupons to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on coupons to zaguan_office;
alter table subscription_coupons enable row level security;
create policy office on subscription_coupons to zaguan_office using (exists (select from subscriptions s where s.id = subscription_id));
create policy portal on subscription_coupons for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update (to_date), delete on subscription_coupons to zaguan_office;
grant select on subscription_coupons to zaguan_portal;

alter table taxes enable row level security;
create policy office on taxes to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on taxes for select to zaguan_portal using (business_unit_id = (select current_unit_id()));
grant select, insert, update on taxes to zaguan_office;
grant select on taxes to zaguan_portal;
alter table product_taxes enable row level security;
create policy office on product_taxes to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on product_taxes for select to zaguan_portal using (business_unit_id = (select current_unit_id()));
grant select, insert, delete on product_taxes to zaguan_office;
grant select on product_taxes to zaguan_portal;
alter table account_tax_exemptions enable row level security;
create policy office on account_tax_exemptions to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on account_tax_exemptions for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update, delete on account_tax_exemptions to zaguan_office;
grant select (account_id, business_unit_id, tax_id, until) on account_tax_exemptions to zaguan_portal;

alter table charges enable row level security;
create policy office on charges to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on charges for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update (bill_on, withdrawn_at, billed_at), delete on charges to zaguan_office;
grant select on charges to zaguan_portal;
alter table usage_records enable row level security;
create policy office on usage_records to zaguan_office using (exists (select from subscriptions s where s.id = subscription_id));
create policy portal on usage_records for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update (billed_at, invoice_line_id), delete on usage_records to zaguan_office;
grant select on usage_records to zaguan_portal;

alter table invoice_taxes enable row level security;
create policy office on invoice_taxes to zaguan_office
  using ((select sees_all_units()) or exists (select from invoices i where i.id = invoice_id));
create policy portal on invoice_taxes for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on invoice_taxes to zaguan_office;
grant select on invoice_taxes to zaguan_portal;

alter table chart_accounts enable row level security;
create policy office on chart_accounts to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update, delete on chart_accounts to zaguan_office;

call audit_table('plan_meters');
call audit_table('coupons');
call audit_table('subscription_coupons');
call audit_table('taxes');
call audit_table('product_taxes');
call audit_table('account_tax_exemptions');
call audit_table('charges');
call audit_table('chart_accounts');

do $$
declare v_table text;
begin
  foreach v_table in array '{charges,usage_records,subscription_coupons,account_tax_exemptions}'::text[] loop
    execute format('create trigger account_erased_insert after insert on %I referencing new table as new_rows
                    for each statement execute function refuse_rows_of_erased()', v_table);
  end loop;
end $$;
