-- Orders and quotes (B5): what a customer bought or was offered, what it comes to, and what became of it. And support credits,
-- which packs of them are sold for (S4).

create type order_state as enum ('quoted', 'declined', 'expired', 'open', 'paid', 'processed', 'cancelled');
create type support_credit_kind as enum ('pack', 'adjustment');

-- What of the catalogue customers order by themselves, and what a pack of credits holds.
alter table plans
  add column customer_orders boolean,
  add column support_credits int not null default 0 check (support_credits between 0 and 1000000);
comment on column plans.customer_orders is 'Whether customers order it in the portal; null: as its kind says, and a connection waits for staff';
comment on column plans.support_credits is 'Support credits that one of it gives: of packs of support';

create table orders (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  number bigint not null default 0,
  kind text not null check (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
  state order_state not null,
  title text not null check (length(title) between 1 and 300),
  request jsonb not null check (jsonb_typeof(request) = 'object'),
  quote jsonb not null check (jsonb_typeof(quote) = 'object'),
  terms text not null check (terms ~ '^[0-9a-f]{64}$'),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  total bigint not null check (total >= 0),
  due bigint not null check (due between 0 and total),
  recurring_amount bigint check (recurring_amount >= 0),
  recurring_unit cycle_unit,
  recurring_count int check (recurring_count >= 1),
  freemium boolean not null default false,
  valid_until date,
  note text check (length(note) <= 2000),
  by_customer boolean not null default false,
  created_by uuid references users (id),
  salesperson_id uuid references users (id),
  target_subscription_id uuid,
  subscription_id uuid,
  failure_code text check (failure_code ~ '^[a-z][a-z0-9_]*$'),
  failure_detail jsonb check (jsonb_typeof(failure_detail) = 'object'),
  quoted_on date not null,
  created_at timestamptz not null default now(),
  placed_at timestamptz,
  paid_at timestamptz,
  processed_at timestamptz,
  ended_at timestamptz,
  ended_by uuid references users (id),
  unique (business_unit_id, number),
  unique (id, account_id),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (target_subscription_id, account_id) references subscriptions (id, account_id) on delete cascade,
  foreign key (subscription_id, account_id) references subscriptions (id, account_id) on delete set null (subscription_id),
  check ((recurring_amount is null) = (recurring_unit is null) and (recurring_unit is null) = (recurring_count is null)),
  check (state <> 'quoted' or valid_until is not null),
  check ((state in ('quoted', 'declined', 'expired')) <= (placed_at is null)),
  check (state not in ('open', 'paid', 'processed') or placed_at is not null),
  check (state <> 'paid' or paid_at is not null),
  check ((state = 'processed') = (processed_at is not null)),
  check ((state in ('declined', 'expired', 'cancelled', 'processed')) = (ended_at is not null)),
  check (failure_code is null or state in ('open', 'paid', 'cancelled')),
  check (state <> 'paid' or failure_code is not null),
  check (not freemium or total = 0)
);
comment on table orders is 'What an account ordered or was offered. Its deed is done once, in the transaction that marks it paid';
comment on column orders.state is 'quoted: offered until a day; open: placed, waits for its payment or its turn; paid: the money is booked and the deed failed; processed: done';
comment on column orders.number is 'Of its business unit''s own series, without gaps; the row takes it by itself';
comment on column orders.kind is 'What does it: declared by the module that owns the product';
comment on column orders.request is 'What was asked for, as the API takes it';
comment on column orders.quote is 'What it comes to, as it was shown last: lines, taxes, parts';
comment on column orders.terms is 'SHA-256 of what of the quote does not depend on the day: other prices are never charged unseen';
comment on column orders.total is 'What its invoices come to when it is done on the day of the quote, in minor units';
comment on column orders.due is 'What of that has to be paid: the account''s credit pays the rest';
comment on column orders.recurring_amount is 'What it costs a period from then on';
comment on column orders.freemium is 'It costs nothing at all, now or later';
comment on column orders.valid_until is 'Last day on which a quote can be accepted';
comment on column orders.target_subscription_id is 'The service that it changes';
comment on column orders.subscription_id is 'The service that became of it, or that it changed';
comment on column orders.quoted_on is 'The day, where its business unit is, that the quote was made for';
create index orders_unit on orders (business_unit_id, id desc);
create index orders_state on orders (state, id desc);
create index orders_account on orders (account_id, id desc);
create index orders_kind on orders (kind, id desc);
create index orders_placed on orders (placed_at desc nulls last, id desc);
create index orders_failed on orders (business_unit_id, id) where failure_code is not null and ended_at is null;
create index orders_quoted on orders (valid_until, id) where state = 'quoted';
create index orders_target on orders (target_subscription_id) where target_subscription_id is not null;
create index orders_subscription on orders (subscription_id) where subscription_id is not null;
create index orders_created_by on orders (created_by) where created_by is not null;
create index orders_salesperson on orders (salesperson_id, id desc) where salesperson_id is not null;
create index orders_ended_by on orders (ended_by) where ended_by is not null;

create table order_invoices (
  order_id uuid not null,
  invoice_id uuid not null,
  account_id uuid not null,
  primary key (order_id, invoice_id),
  foreign key (order_id, account_id) references orders (id, account_id) on delete cascade,
  foreign key (invoice_id, account_id) references invoices (id, account_id)
);
comment on table order_invoices is 'The invoices and credit notes that an order caused';
create unique index order_invoices_invoice on order_invoices (invoice_id);

-- A number of the business unit's own series, without gaps: taken by the row itself, whoever writes it.
create function number_order() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  new.number := take_numbers(new.business_unit_id, 'order', 1);
  return new;
end $$;
create trigger orders_numbered before insert on orders for each row execute function number_order();

-- What was ordered stays as it was ordered, and goes forward only.
create function keep_order() returns trigger language plpgsql as $$
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
       when 'open' then new.state in ('paid', 'processed', 'cancelled')
       when 'paid' then new.state in ('processed', 'cancelled')
       else false end) then
    raise exception 'an order does not go from % to %', old.state, new.state
      using errcode = '23514', constraint = 'order_transition';
  end if;
  if old.ended_at is not null and new.state = old.state
     and to_jsonb(new) - '{paid_at,subscription_id,note}'::text[] is distinct from to_jsonb(old) - '{paid_at,subscription_id,note}'::text[] then
    raise exception 'the order has ended' using errcode = '23514', constraint = 'order_ended';
  end if;
  return new;
end $$;
create trigger orders_kept before update on orders for each row execute function keep_order();
create trigger orders_stay before delete on orders for each row
  when (old.state not in ('quoted', 'declined', 'expired', 'cancelled')) execute function refuse_change();

alter table orders enable row level security;
create policy office on orders to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal_reads on orders for select to zaguan_portal using (account_id = (select current_account_id()));
-- A customer orders for the own account; the house does it.
create policy portal_orders on orders for insert to zaguan_portal
  with check (account_id = (select current_account_id()) and business_unit_id = (select current_unit_id()) and state = 'open'
              and by_customer and created_by = (select current_user_id())
              and paid_at is null and processed_at is null and ended_at is null and failure_code is null and subscription_id is null
              and (select current_permissions()) && '{owner,services}'::membership_permission[]);
grant select, insert, update on orders to zaguan_office;
grant select (id, business_unit_id, account_id, number, kind, state, title, request, quote, terms, currency, total, due, recurring_amount,
              recurring_unit, recurring_count, freemium, valid_until, note, by_customer, target_subscription_id, subscription_id, quoted_on,
              failure_code, created_at, placed_at, paid_at, processed_at, ended_at) on orders to zaguan_portal;
grant insert (id, business_unit_id, account_id, kind, state, title, request, quote, terms, currency, total, due, recurring_amount,
              recurring_unit, recurring_count, freemium, by_customer, created_by, target_subscription_id, quoted_on, placed_at)
  on orders to zaguan_portal;

alter table order_invoices enable row level security;
create policy office on order_invoices to zaguan_office using (exists (select from orders o where o.id = order_id));
create policy portal on order_invoices for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on order_invoices to zaguan_office;
grant select on order_invoices to zaguan_portal;

-- A customer answers a quote, or cancels what is not paid. The row says whether it could be answered like that.
create function answer_own_order(p_order uuid, p_answer text, p_today date, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v_account uuid := current_account_id();
begin
  if not current_permissions() && '{owner,services}'::membership_permission[] then return false; end if;
  perform from accounts where id = v_account for no key update;
  if p_answer = 'accept' then
    update orders set state = 'open', placed_at = p_now
     where id = p_order and account_id = v_account and state = 'quoted' and valid_until >= p_today;
  elsif p_answer = 'decline' then
    update orders set state = 'declined', ended_at = p_now, ended_by = current_user_id()
     where id = p_order and account_id = v_account and state = 'quoted';
  elsif p_answer = 'cancel' then
    update orders set state = 'cancelled', ended_at = p_now, ended_by = current_user_id()
     where id = p_order and account_id = v_account and state = 'open';
  else
    return false;
  end if;
  return found;
end $$;
revoke execute on function answer_own_order from public;
grant execute on function answer_own_order to zaguan_portal;

-- A note is a person's words.
create function forget_order_words() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update orders set note = null, request = (request - 'notes') #- '{change,reason}' where account_id = new.id;
  update support_credit_entries set reason = null where account_id = new.id;
  return null;
end $$;
create trigger accounts_erased_orders after update of erased_at on accounts for each row
  when (old.erased_at is null and new.erased_at is not null) execute function forget_order_words();
create trigger account_erased_insert after insert on orders referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
call audit_table('orders');

-- What pays for an order is of its account.
alter table payment_intents add foreign key (order_id, account_id) references orders (id, account_id);
alter table payments add foreign key (order_id, account_id) references orders (id, account_id);
alter table payment_notices add foreign key (order_id, account_id) references orders (id, account_id);

-- Support credits -----------------------------------------------------------------------------------------------------

create table support_credit_entries (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  kind support_credit_kind not null,
  amount int not null check (amount <> 0 and amount between -1000000000 and 1000000000),
  order_id uuid,
  invoice_id uuid,
  reason text check (length(reason) between 1 and 500),
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (order_id, account_id) references orders (id, account_id),
  foreign key (invoice_id, account_id) references invoices (id, account_id),
  check (kind <> 'pack' or (amount > 0 and order_id is not null))
);
comment on table support_credit_entries is 'Support credits in and out: a balance is their sum, never a column that is overwritten';
create unique index support_credit_entries_order on support_credit_entries (order_id) where order_id is not null and kind = 'pack';
create index support_credit_entries_account on support_credit_entries (account_id, id desc) include (amount);
create index support_credit_entries_unit on support_credit_entries (business_unit_id, id desc);
create index support_credit_entries_invoice on support_credit_entries (invoice_id) where invoice_id is not null;
create index support_credit_entries_created_by on support_credit_entries (created_by) where created_by is not null;

-- Nobody has less than none: whoever takes some waits for the others of the account.
create function limit_support_credits() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare v_account uuid;
begin
  for v_account in select distinct n.account_id from new_rows n where n.amount < 0 order by 1 loop
    perform from accounts where id = v_account for no key update;
    if (select coalesce(sum(e.amount), 0) from support_credit_entries e where e.account_id = v_account) < 0 then
      raise exception 'not so many support credits are left' using errcode = '23514', constraint = 'support_credits_short';
    end if;
  end loop;
  return null;
end $$;
create trigger support_credit_entries_limited after insert on support_credit_entries referencing new table as new_rows
  for each statement execute function limit_support_credits();
create function keep_support_credit() returns trigger language plpgsql as $$
begin
  -- An erasure takes a person's words away.
  if pg_trigger_depth() > 1 and tg_op = 'UPDATE' then return new; end if;
  raise exception 'an entry of support credits stays as it is' using errcode = '23514', constraint = 'support_credits_stay';
end $$;
create trigger support_credit_entries_kept before update or delete on support_credit_entries
  for each row execute function keep_support_credit();

alter table support_credit_entries enable row level security;
create policy office on support_credit_entries to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on support_credit_entries for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on support_credit_entries to zaguan_office;
grant select (id, business_unit_id, account_id, kind, amount, order_id, invoice_id, reason, created_at) on support_credit_entries
  to zaguan_portal;
create trigger account_erased_insert after insert on support_credit_entries referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
call audit_table('support_credit_entries');
