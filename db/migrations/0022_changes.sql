-- Changes of services (P5, P8–P10): what is to change, when it becomes effective, and what became of it.

create type change_kind as enum ('plan', 'quantity', 'options', 'price', 'discount', 'cycle', 'due_day', 'suspend', 'reactivate',
                                 'transfer', 'cancel', 'extend_trial');
create type change_state as enum ('requested', 'scheduled', 'done', 'withdrawn', 'failed');
create type change_timing as enum ('now', 'date', 'period_end');

create table subscription_changes (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  subscription_id uuid not null,
  kind change_kind not null,
  state change_state not null,
  timing change_timing not null,
  effective_on date not null,
  parameters jsonb not null default '{}' check (jsonb_typeof(parameters) = 'object'),
  agreed jsonb,
  summary jsonb,
  reason text check (length(reason) <= 500),
  fingerprint text check (fingerprint ~ '^[0-9a-f]{64}$'),
  document_ids uuid[] not null default '{}',
  new_subscription_id uuid references subscriptions (id) on delete set null,
  requested_by uuid references users (id),
  by_customer boolean not null default false,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  ended_by uuid references users (id),
  failure_code text check (failure_code ~ '^[a-z][a-z0-9_]*$'),
  failure_detail jsonb,
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (subscription_id, account_id) references subscriptions (id, account_id) on delete cascade,
  check ((state in ('requested', 'scheduled')) = (ended_at is null)),
  check ((state = 'failed') = (failure_code is not null))
);
comment on table subscription_changes is 'A change of a service: asked for, scheduled for its day, done, withdrawn or failed';
comment on column subscription_changes.state is 'requested: a customer confirmed it and it is done within a second; scheduled: it waits for its day';
comment on column subscription_changes.parameters is 'What was asked for, as the API takes it';
comment on column subscription_changes.agreed is 'What it comes to, with the prices that were shown: performed exactly so';
comment on column subscription_changes.summary is 'Before and after in facts, for the history';
comment on column subscription_changes.by_customer is 'Confirmed in the portal; else by staff or by the house itself';
comment on column subscription_changes.fingerprint is 'Fingerprint of what was shown before it was confirmed';
comment on column subscription_changes.document_ids is 'The invoices and credit notes that it caused';
create unique index subscription_changes_one_open on subscription_changes (subscription_id, kind)
  where state in ('requested', 'scheduled');
create index subscription_changes_subscription on subscription_changes (subscription_id, id desc);
create index subscription_changes_account on subscription_changes (account_id, id desc);
create index subscription_changes_waiting on subscription_changes (effective_on, id) where state in ('requested', 'scheduled');
create index subscription_changes_effective on subscription_changes (effective_on desc, id desc);
create index subscription_changes_unit on subscription_changes (business_unit_id, state, effective_on desc, id desc);
create index subscription_changes_new on subscription_changes (new_subscription_id) where new_subscription_id is not null;

-- What customers may do by themselves is the plan's (item 9).
alter table plans
  add column customer_changes_plan boolean not null default false,
  add column customer_changes_quantity boolean not null default false,
  add column customer_changes_options boolean not null default false,
  add column customer_cancels boolean not null default true;
comment on column plans.customer_changes_plan is 'Whether its customers may change to another plan of its business unit and kind that allows it';
comment on column plans.customer_cancels is 'Whether its customers may cancel in the portal';

-- What was done stays as it was done.
create function keep_ended_change() returns trigger language plpgsql as $$
begin
  -- An erasure takes a person's words and name out of what was done.
  if pg_trigger_depth() > 1 then return new; end if;
  if old.state not in ('requested', 'scheduled')
     and to_jsonb(new) - '{reason,new_subscription_id}'::text[] is distinct from to_jsonb(old) - '{reason,new_subscription_id}'::text[] then
    raise exception 'the change has ended' using errcode = '23514', constraint = 'change_ended';
  end if;
  if (new.subscription_id, new.kind, new.created_at) is distinct from (old.subscription_id, old.kind, old.created_at) then
    raise exception 'a change keeps what it is of' using errcode = '23514', constraint = 'change_identity';
  end if;
  return new;
end $$;
create trigger subscription_changes_kept before update on subscription_changes for each row execute function keep_ended_change();

-- A reason is a person's words, and a summary has the account's name: both go with the account.
create function forget_change_reasons() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update subscription_changes
     set reason = null,
         parameters = parameters - 'reason',
         agreed = agreed #- '{change,reason}',
         summary = jsonb_set(jsonb_set(summary, '{before,account_name}', '""'), '{after,account_name}', '""')
   where account_id = new.id;
  update subscription_changes c set summary = jsonb_set(c.summary, '{after,account_name}', '""')
    from subscriptions s where s.account_id = new.id and c.new_subscription_id = s.id;
  return null;
end $$;
create trigger accounts_erased_changes after update of erased_at on accounts for each row
  when (old.erased_at is null and new.erased_at is not null) execute function forget_change_reasons();

alter table subscription_changes enable row level security;
create policy office on subscription_changes to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal_reads on subscription_changes for select to zaguan_portal using (account_id = (select current_account_id()));
-- A customer confirms a change of a service of the own account; it is performed by the house.
create policy portal_requests on subscription_changes for insert to zaguan_portal
  with check (account_id = (select current_account_id()) and state = 'requested' and ended_at is null and by_customer
              and kind in ('plan', 'quantity', 'options', 'cancel')
              and requested_by = (select current_user_id())
              and (select current_permissions()) && '{owner,services}'::membership_permission[]);
grant select, insert, update on subscription_changes to zaguan_office;
grant select (id, business_unit_id, account_id, subscription_id, kind, state, timing, effective_on, parameters, summary, reason,
              document_ids, new_subscription_id, requested_by, by_customer, created_at, ended_at, failure_code, failure_detail)
  on subscription_changes to zaguan_portal;
grant insert (id, business_unit_id, account_id, subscription_id, kind, state, timing, effective_on, parameters, reason, fingerprint,
              requested_by, by_customer) on subscription_changes to zaguan_portal;

-- A customer takes back what has not happened yet. A cancellation that is taken back leaves the service without an end.
create function withdraw_own_change(p_change uuid, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v subscription_changes; v_account uuid := current_account_id();
begin
  if not current_permissions() && '{owner,services}'::membership_permission[] then return false; end if;
  perform from accounts where id = v_account for no key update;
  update subscription_changes set state = 'withdrawn', ended_at = p_now, ended_by = current_user_id()
   where id = p_change and account_id = v_account and state in ('requested', 'scheduled')
     and by_customer
  returning * into v;
  if not found then return false; end if;
  if v.kind = 'cancel' then
    update subscriptions set end_date = null, end_reason = null
     where id = v.subscription_id and status not in ('cancelled', 'ended');
  end if;
  return true;
end $$;
revoke execute on function withdraw_own_change from public;
grant execute on function withdraw_own_change to zaguan_portal;

create trigger account_erased_insert after insert on subscription_changes referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
call audit_table('subscription_changes');
