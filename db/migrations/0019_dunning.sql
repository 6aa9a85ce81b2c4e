-- Dunning (B9): a policy per business unit, what it did to whom, and who is exempt. What may never happen is refused here:
-- a step twice for one debt, a late fee or interest twice for one document or on themselves (billing.md 30).

create type dunning_policy_state as enum ('draft', 'in_force', 'retired');
create type dunning_step_action as enum ('mail', 'late_fee', 'interest', 'suspend', 'cancel');
create type dunning_scope as enum ('account', 'documents');
create type dunning_result as enum ('done', 'nothing', 'skipped');

-- What is written in a mail of a step, per language: each {subject, body}, all three.
create function valid_dunning_texts(p_texts jsonb) returns boolean language plpgsql immutable strict parallel safe as $$
declare v_language text;
begin
  if jsonb_typeof(p_texts) <> 'object' then return false; end if;
  foreach v_language in array '{pt-BR,es,en}'::text[] loop
    if coalesce(length(btrim(p_texts -> v_language ->> 'subject')), 0) not between 1 and 200
       or coalesce(length(btrim(p_texts -> v_language ->> 'body')), 0) not between 1 and 5000 then return false; end if;
  end loop;
  return true;
end $$;

create table dunning_policies (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  name text not null check (length(btrim(name)) between 1 and 120),
  state dunning_policy_state not null default 'draft',
  minimum_amount bigint not null default 0 check (minimum_amount between 0 and 1000000000000),
  charge_due_days int not null default 7 check (charge_due_days between 0 and 90),
  due_from date,
  run_hour int not null default 8 check (run_hour between 0 and 23),
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  switched_on_at timestamptz,
  switched_on_by uuid references users (id),
  switched_off_at timestamptz,
  switched_off_by uuid references users (id),
  unique (id, business_unit_id),
  check ((state = 'draft') = (switched_on_at is null)),
  check ((state = 'retired') = (switched_off_at is not null))
);
comment on table dunning_policies is 'What happens when an account does not pay. One is in force per business unit; drafts are prepared beside it';
comment on column dunning_policies.minimum_amount is 'Debt that adds up to less causes nothing (billing.md 30), in minor units of the business unit''s currency';
comment on column dunning_policies.charge_due_days is 'Days from the issue of a debit note of late fee and interest to its due date';
comment on column dunning_policies.due_from is 'Documents due earlier are left alone; null: none is';
comment on column dunning_policies.run_hour is 'The hour from which the daily run starts, in the business unit''s time zone';
create unique index dunning_policies_one_in_force on dunning_policies (business_unit_id) where state = 'in_force';
create index dunning_policies_unit on dunning_policies (business_unit_id, id desc);

-- What is or was in force never changes: whoever wants it otherwise prepares a draft and switches that on.
create function keep_dunning_policy() returns trigger language plpgsql as $$
begin
  if old.state <> 'draft'
     and (to_jsonb(new) - '{state,switched_off_at,switched_off_by,updated_at}'::text[]
            is distinct from to_jsonb(old) - '{state,switched_off_at,switched_off_by,updated_at}'::text[]
          or new.state = 'draft' or old.state = 'retired') then
    raise exception 'a policy that was switched on never changes' using errcode = '23514', constraint = 'dunning_policy_frozen';
  end if;
  return new;
end $$;
create trigger dunning_policies_frozen before update on dunning_policies for each row execute function keep_dunning_policy();
create trigger touch before update on dunning_policies for each row execute function touch_updated_at();
create function keep_used_dunning_policy() returns trigger language plpgsql as $$
begin
  if old.state <> 'draft' then
    raise exception 'a policy that was switched on stays' using errcode = '23514', constraint = 'dunning_policy_frozen';
  end if;
  return old;
end $$;
create trigger dunning_policies_kept before delete on dunning_policies for each row execute function keep_used_dunning_policy();

create table dunning_steps (
  id uuid primary key default uuidv7(),
  policy_id uuid not null references dunning_policies (id) on delete cascade,
  key uuid not null default uuidv7(),
  day int not null check (day between -60 and 730),
  action dunning_step_action not null,
  weekdays smallint[] not null default '{1,2,3,4,5,6,7}'
    check (weekdays <> '{}' and weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]),
  amount bigint check (amount between 1 and 1000000000000),
  basis_points int check (basis_points between 1 and 100000),
  day_count day_count,
  scope dunning_scope,
  texts jsonb check (valid_dunning_texts(texts)),
  unique (policy_id, key),
  check (action = 'mail' or day > 0),
  check (action <> 'late_fee' or num_nonnulls(amount, basis_points) = 1),
  check (action <> 'interest' or (basis_points is not null and amount is null)),
  check (action in ('late_fee', 'interest') or num_nonnulls(amount, basis_points) = 0),
  check ((action = 'interest') = (day_count is not null)),
  check ((action in ('suspend', 'cancel')) = (scope is not null)),
  check ((action in ('mail', 'suspend', 'cancel')) = (texts is not null))
);
comment on column dunning_steps.day is 'Days after the due date; before it where negative';
comment on column dunning_steps.key is 'The same step in later versions of the policy: what was done is not done again because a policy was revised';
comment on column dunning_steps.weekdays is 'ISO days on which the step may act; on another it waits for the next';
comment on column dunning_steps.basis_points is 'Late fee: of the open amount. Interest: per month';
create unique index dunning_steps_once on dunning_steps (policy_id, action) where action in ('late_fee', 'interest', 'cancel');

create function keep_dunning_steps() returns trigger language plpgsql as $$
begin
  if exists (select from dunning_policies p
              where p.id = case when tg_op = 'DELETE' then old.policy_id else new.policy_id end and p.state <> 'draft') then
    raise exception 'the steps of a policy that was switched on never change' using errcode = '23514', constraint = 'dunning_policy_frozen';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger dunning_steps_frozen before insert or update or delete on dunning_steps for each row execute function keep_dunning_steps();

-- What was done ------------------------------------------------------------------------------------------------------------

create table dunning_actions (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  policy_id uuid not null,
  step_id uuid not null references dunning_steps (id),
  step_key uuid not null,
  action dunning_step_action not null,
  day int not null,
  invoice_id uuid not null,
  scheduled_on date not null,
  on_date date not null,
  result dunning_result not null,
  reason text check (length(reason) <= 200),
  open_amount bigint not null,
  charged bigint check (charged > 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  document_id uuid,
  subscription_ids uuid[] not null default '{}',
  created_at timestamptz not null default now(),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (policy_id, business_unit_id) references dunning_policies (id, business_unit_id),
  foreign key (invoice_id, account_id) references invoices (id, account_id),
  foreign key (document_id, account_id) references invoices (id, account_id),
  unique (id, account_id),
  constraint dunning_step_once unique (account_id, invoice_id, step_key),
  check ((charged is null) = (document_id is null))
);
comment on table dunning_actions is 'A step that was run for a debt, and what it caused: once for each (billing.md 30)';
comment on column dunning_actions.invoice_id is 'What the step counted from: the oldest unpaid document, by which a debt is known; for late fee and interest the document that they are charged for';
comment on column dunning_actions.document_id is 'The debit note that a late fee or interest became';
comment on column dunning_actions.subscription_ids is 'The services that it suspended or cancelled';
create index dunning_actions_unit on dunning_actions (business_unit_id, id desc);
create index dunning_actions_day on dunning_actions (business_unit_id, on_date);
create index dunning_actions_account on dunning_actions (account_id, id desc);
create index dunning_actions_step on dunning_actions (step_id);
create index dunning_actions_policy on dunning_actions (policy_id);
create index dunning_actions_invoice on dunning_actions (invoice_id);
create trigger dunning_actions_frozen before update or delete on dunning_actions for each row execute function refuse_change();
create trigger dunning_actions_whole before truncate on dunning_actions for each statement execute function refuse_change();

-- Late fee and interest once per document, whoever writes the line.
create table late_charges (
  invoice_id uuid not null,
  role line_role not null check (role::text in ('late_fee', 'interest')),
  account_id uuid not null,
  charged_in uuid not null references invoices (id),
  constraint late_charge_once primary key (invoice_id, role),
  foreign key (invoice_id, account_id) references invoices (id, account_id)
);
comment on table late_charges is 'Which documents a late fee and interest were charged for; written by a trigger on invoice_lines alone';
create index late_charges_account on late_charges (account_id);
create index late_charges_charged_in on late_charges (charged_in);
create trigger late_charges_frozen before update or delete on late_charges for each row execute function refuse_change();

create function note_late_charge() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare v invoices;
begin
  select * into v from invoices where id = new.invoice_id;
  if v.kind <> 'debit_note' or v.about_invoice_id is null then return null; end if;
  if exists (select from invoices i join invoice_lines l on l.invoice_id = i.id
              where i.id = v.about_invoice_id and i.kind = 'debit_note' and l.role in ('late_fee', 'interest')) then
    raise exception 'late fee and interest are never charged on themselves' using errcode = '23514', constraint = 'late_charge_on_itself';
  end if;
  insert into late_charges (invoice_id, role, account_id, charged_in) values (v.about_invoice_id, new.role, v.account_id, v.id);
  return null;
end $$;
create trigger late_charges_noted after insert on invoice_lines for each row
  when (new.role in ('late_fee', 'interest') and new.corrects_line_id is null) execute function note_late_charge();

-- Which services dunning suspended: a payment reactivates these and no others.
create table dunning_suspensions (
  id uuid primary key default uuidv7(),
  action_id uuid not null,
  account_id uuid not null,
  subscription_id uuid not null,
  suspension_id uuid references subscription_suspensions (id) on delete set null,
  lifted_at timestamptz,
  reactivated boolean,
  foreign key (action_id, account_id) references dunning_actions (id, account_id),
  foreign key (subscription_id, account_id) references subscriptions (id, account_id) on delete cascade,
  unique (action_id, subscription_id),
  check ((lifted_at is null) = (reactivated is null))
);
comment on column dunning_suspensions.reactivated is 'Whether the payment reactivated it; false: somebody else had ended the suspension before';
create index dunning_suspensions_open on dunning_suspensions (account_id) where lifted_at is null;
create index dunning_suspensions_account on dunning_suspensions (account_id);
create index dunning_suspensions_subscription on dunning_suspensions (subscription_id);
create index dunning_suspensions_suspension on dunning_suspensions (suspension_id);

create table account_dunning_exemptions (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  until date not null,
  reason text not null check (length(btrim(reason)) between 1 and 500),
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  lifted_by uuid references users (id),
  lifted_at timestamptz,
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id)
);
comment on column account_dunning_exemptions.until is 'The last day on which nothing is done';
create unique index account_dunning_exemptions_one on account_dunning_exemptions (account_id) where lifted_at is null;
create index account_dunning_exemptions_account on account_dunning_exemptions (account_id, id desc);

create table dunning_runs (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  policy_id uuid not null,
  on_date date not null,
  accounts int not null default 0,
  done int not null default 0,
  skipped int not null default 0,
  failed int not null default 0,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  foreign key (policy_id, business_unit_id) references dunning_policies (id, business_unit_id),
  unique (business_unit_id, on_date),
  unique (id, business_unit_id)
);
comment on table dunning_runs is 'The run of each day; without an end it is under way, or was cut off and goes on';
create index dunning_runs_policy on dunning_runs (policy_id);

create table dunning_failures (
  id uuid primary key default uuidv7(),
  run_id uuid not null,
  business_unit_id uuid not null,
  account_id uuid not null,
  message text not null check (length(message) <= 300),
  created_at timestamptz not null default now(),
  foreign key (run_id, business_unit_id) references dunning_runs (id, business_unit_id),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  unique (run_id, account_id)
);
comment on table dunning_failures is 'Accounts that a run could not deal with; the others went on';
create index dunning_failures_account on dunning_failures (account_id);

-- Rows that people may see -----------------------------------------------------------------------------------------------

alter table dunning_policies enable row level security;
create policy office on dunning_policies to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on dunning_policies for select to zaguan_portal
  using (business_unit_id = (select current_unit_id()) and state = 'in_force');
grant select, insert, update, delete on dunning_policies to zaguan_office;
grant select (id, business_unit_id, state, minimum_amount, charge_due_days, due_from, run_hour) on dunning_policies to zaguan_portal;
alter table dunning_steps enable row level security;
create policy office on dunning_steps to zaguan_office using (exists (select from dunning_policies p where p.id = policy_id));
create policy portal on dunning_steps for select to zaguan_portal using (exists (select from dunning_policies p where p.id = policy_id));
grant select, insert, update, delete on dunning_steps to zaguan_office;
grant select (id, policy_id, key, day, action, weekdays, amount, basis_points, day_count, scope) on dunning_steps to zaguan_portal;

alter table dunning_actions enable row level security;
create policy office on dunning_actions to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on dunning_actions for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on dunning_actions to zaguan_office;
grant select on dunning_actions to zaguan_portal;
alter table late_charges enable row level security;
create policy office on late_charges to zaguan_office
  using ((select sees_all_units()) or exists (select from accounts a where a.id = account_id));
create policy portal on late_charges for select to zaguan_portal using (account_id = (select current_account_id()));
grant select on late_charges to zaguan_office, zaguan_portal;
alter table dunning_suspensions enable row level security;
create policy office on dunning_suspensions to zaguan_office
  using ((select sees_all_units()) or exists (select from accounts a where a.id = account_id));
create policy portal on dunning_suspensions for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update (lifted_at, reactivated) on dunning_suspensions to zaguan_office;
grant select on dunning_suspensions to zaguan_portal;
alter table account_dunning_exemptions enable row level security;
create policy office on account_dunning_exemptions to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on account_dunning_exemptions for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update (lifted_by, lifted_at) on account_dunning_exemptions to zaguan_office;
grant select (id, account_id, business_unit_id, until, created_at, lifted_at) on account_dunning_exemptions to zaguan_portal;
alter table dunning_runs enable row level security;
create policy office on dunning_runs to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update (accounts, done, skipped, failed, finished_at) on dunning_runs to zaguan_office;
alter table dunning_failures enable row level security;
create policy office on dunning_failures to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update (message, created_at), delete on dunning_failures to zaguan_office;

call audit_table('dunning_policies');
call audit_table('dunning_steps');
call audit_table('account_dunning_exemptions');

-- Erasure: the reason of an exemption is somebody's words about the customer; the rest is numbers of the books.
create trigger account_erased_insert after insert on account_dunning_exemptions referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
create trigger account_erased_insert after insert on dunning_actions referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
create function forget_dunning() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update account_dunning_exemptions set reason = '–' where account_id = new.id;
  delete from dunning_failures where account_id = new.id;
  return null;
end $$;
create trigger accounts_erased_dunning after update on accounts for each row
  when (old.erased_at is null and new.erased_at is not null) execute function forget_dunning();
