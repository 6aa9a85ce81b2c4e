-- Orders made whole: terms that customers choose, open orders that expire, and orders in the search.

-- Terms ----------------------------------------------------------------------------------------------------------------

create table plan_terms (
  id uuid primary key default uuidv7(),
  plan_id uuid not null references plans (id) on delete cascade,
  term_months int not null check (term_months between 0 and 600),
  discount_basis_points int check (discount_basis_points between 1 and 10000),
  unique (plan_id, term_months),
  check (term_months > 0 or discount_basis_points is null)
);
comment on table plan_terms is 'The minimum terms that a plan is offered for beside its own (plans.term_months), and what each takes off';
comment on column plan_terms.term_months is '0: without a minimum term';
comment on column plan_terms.discount_basis_points is 'Off the plan''s recurring price while the term lasts; also of the plan''s own term';
alter table plan_terms enable row level security;
create policy office on plan_terms to zaguan_office using (exists (select from plans p where p.id = plan_id));
create policy portal on plan_terms for select to zaguan_portal using (exists (select from plans p where p.id = plan_id));
grant select, insert, update, delete on plan_terms to zaguan_office;
grant select on plan_terms to zaguan_portal;
call audit_table('plan_terms');

-- What a term takes off is billed as a coupon is: from a day to a day, after the discount that was agreed.
alter table subscription_coupons
  alter column coupon_id drop not null,
  add column term_months int check (term_months between 1 and 600),
  add check ((coupon_id is null) = (term_months is not null)),
  add check (term_months is null or (discount_kind = 'percent' and to_date is not null)),
  add exclude using gist (subscription_id with =, daterange(from_date, to_date) with &&) where (coupon_id is null);
comment on table subscription_coupons is 'What is taken off a plan from a day on: a coupon as it was redeemed, or what was offered for its term';
comment on column subscription_coupons.term_months is 'The minimum term that it was given for, in months; null: by a coupon';

-- Only what the plan offers is taken off for a term, whatever the code does. A transfer takes along what was given.
create function check_term_discounts() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (
    select from new_rows n join subscriptions s on s.id = n.subscription_id
     where n.term_months is not null
       and not exists (select from plan_terms t where t.plan_id = s.plan_id and t.term_months = n.term_months
                          and t.discount_basis_points = n.discount_basis_points)
       and not exists (select from subscription_coupons f where f.subscription_id = s.transferred_from_id
                          and f.term_months = n.term_months and f.discount_basis_points = n.discount_basis_points)) then
    raise exception 'the plan does not offer this for that term' using errcode = '23514', constraint = 'term_discount_offered';
  end if;
  return null;
end $$;
create trigger term_discounts_offered after insert on subscription_coupons referencing new table as new_rows
  for each statement execute function check_term_discounts();

-- Orders that nobody pays -----------------------------------------------------------------------------------------------

alter table business_units add column order_expiry_days int not null default 30 check (order_expiry_days between 0 and 3650);
comment on column business_units.order_expiry_days is 'So many days after it was placed an order that waits for its payment expires; 0: never';

do $$
declare v_name text;
begin
  select conname into strict v_name from pg_constraint
   where conrelid = 'orders'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%declined%expired%placed_at IS NULL%';
  execute format('alter table orders drop constraint %I', v_name);
end $$;
alter table orders add check ((state in ('quoted', 'declined')) <= (placed_at is null));

create or replace function keep_order() returns trigger language plpgsql as $$
begin
  -- An erasure takes a person's words out of what was done.
  if pg_trigger_depth() > 1 then return new; end if;
  if (new.id, new.business_unit_id, new.account_id, new.number, new.kind, new.request, new.currency, new.by_customer, new.created_at,
      new.created_by)
     is distinct from
     (old.id, old.business_unit_id, old.account_id, old.number, old.kind, old.request, old.currency, old.by_customer, old.created_at,
      old.created_by) then
    raise exception 'an order keeps what it is of' using errcode = '23514', constraint = 'order_identity';
  end if;
  if new.state <> old.state and not (case old.state
       when 'quoted' then new.state in ('declined', 'expired', 'open', 'cancelled')
       when 'open' then new.state in ('paid', 'processed', 'cancelled', 'expired')
       when 'paid' then new.state in ('processed', 'cancelled')
       else false end) then
    raise exception 'an order does not go from % to %', old.state, new.state
      using errcode = '23514', constraint = 'order_transition';
  end if;
  -- Never while somebody pays it.
  if old.state = 'open' and new.state = 'expired'
     and (exists (select from payment_intents i where i.order_id = new.id and i.ended_at is null)
          or exists (select from payment_notices n where n.order_id = new.id and n.state = 'pending')) then
    raise exception 'the order is being paid' using errcode = '23514', constraint = 'order_being_paid';
  end if;
  if old.ended_at is not null and new.state = old.state
     and to_jsonb(new) - '{paid_at,subscription_id,note}'::text[] is distinct from to_jsonb(old) - '{paid_at,subscription_id,note}'::text[] then
    raise exception 'the order has ended' using errcode = '23514', constraint = 'order_ended';
  end if;
  return new;
end $$;

-- Whoever begins to pay waits for whoever lets the order expire, and finds that it has.
create function refuse_payment_of_expired() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform from orders o where o.id = new.order_id and o.state <> 'expired' for key share;
  if not found then
    raise exception 'the order has expired' using errcode = '23514', constraint = 'order_expired';
  end if;
  return new;
end $$;
create trigger payment_intents_of_order before insert on payment_intents
  for each row when (new.order_id is not null) execute function refuse_payment_of_expired();
create trigger payment_notices_of_order before insert on payment_notices
  for each row when (new.order_id is not null) execute function refuse_payment_of_expired();

create index orders_waiting on orders (id) where state = 'open' and failure_code is null and due > 0;

-- Found by number --------------------------------------------------------------------------------------------------------

create view search_of_order as
  select o.id as object_id, o.account_id, o.business_unit_id, o.number::text as title, o.title as detail, null::text as words,
         array[o.number::text] as keys, null::text as phones
    from orders o;
call search_table('orders', 'order');
