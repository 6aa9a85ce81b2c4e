-- Automatic debit (B8): when a business unit charges what falls due, what it does after a refusal, and every attempt.

create type debit_state as enum ('charging', 'paid', 'refused', 'dropped');

create table debit_policies (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null unique references business_units (id),
  enabled boolean not null default true,
  announce_days smallint default 3 check (announce_days between 1 and 30),
  retries jsonb not null default '{}' check (jsonb_typeof(retries) = 'object'),
  updated_at timestamptz not null default now()
);
comment on table debit_policies is 'How a business unit debits stored methods on due dates; without a row, as with the defaults';
comment on column debit_policies.announce_days is 'How many days before the due date the customer is told; null: not told';
create trigger touch before update on debit_policies for each row execute function touch_updated_at();
alter table debit_policies enable row level security;
create policy office on debit_policies to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on debit_policies to zaguan_office;
call audit_table('debit_policies');

comment on column debit_policies.retries is 'By reason of refusal: after how many days it is charged again, each time; a reason that is left out has the default';

create table debit_attempts (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  invoice_id uuid not null,
  attempt smallint not null check (attempt between 1 and 20),
  stored_method_id uuid not null,
  intent_id uuid not null unique,
  state debit_state not null default 'charging',
  failure payment_failure,
  on_date date not null,
  next_on date,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  unique (invoice_id, attempt),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (invoice_id, account_id) references invoices (id, account_id),
  foreign key (stored_method_id, account_id) references stored_methods (id, account_id),
  foreign key (intent_id, account_id) references payment_intents (id, account_id),
  check ((state = 'charging') = (ended_at is null)),
  check ((state = 'refused') = (failure is not null)),
  check (next_on is null or state = 'refused')
);
comment on table debit_attempts is 'A charge of an invoice by a stored method with nobody there; the next one comes only after it was refused';
comment on column debit_attempts.next_on is 'When it is charged again; null: not by itself any more';
create unique index debit_attempts_one_open on debit_attempts (invoice_id) where state = 'charging';
create index debit_attempts_account on debit_attempts (account_id, id desc);
create index debit_attempts_unit on debit_attempts (business_unit_id, state, id desc);
create index debit_attempts_next on debit_attempts (next_on, invoice_id) where next_on is not null;
create index debit_attempts_method on debit_attempts (stored_method_id);
create trigger debit_attempts_stay before delete on debit_attempts for each row execute function refuse_change();
alter table debit_attempts enable row level security;
create policy office on debit_attempts to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on debit_attempts for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update on debit_attempts to zaguan_office;
grant select on debit_attempts to zaguan_portal;
create trigger account_erased_insert after insert on debit_attempts referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();

create table debit_announcements (
  invoice_id uuid primary key,
  account_id uuid not null,
  announced_at timestamptz not null default now(),
  foreign key (invoice_id, account_id) references invoices (id, account_id)
);
comment on table debit_announcements is 'Which charges customers were told of beforehand: once each';
create index debit_announcements_account on debit_announcements (account_id);
alter table debit_announcements enable row level security;
create policy office on debit_announcements to zaguan_office
  using ((select sees_all_units()) or exists (select from accounts a where a.id = debit_announcements.account_id));
grant select, insert on debit_announcements to zaguan_office;

create table debit_runs (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  on_date date not null,
  state run_state not null default 'queued',
  due int not null default 0,
  done int not null default 0,
  paid int not null default 0,
  refused int not null default 0,
  amount_paid bigint not null default 0,
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  by_clock boolean not null,
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  began_at timestamptz,
  finished_at timestamptz,
  check (state in ('queued', 'running', 'done', 'interrupted')),
  check ((state = 'done') = (finished_at is not null))
);
comment on table debit_runs is 'A day''s charging of a business unit: interrupted and run again it goes on with what is left';
create unique index debit_runs_one_open on debit_runs (business_unit_id) where state in ('queued', 'running');
create index debit_runs_unit on debit_runs (business_unit_id, id desc);
create index debit_runs_created_by on debit_runs (created_by) where created_by is not null;
alter table debit_runs enable row level security;
create policy office on debit_runs to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on debit_runs to zaguan_office;

-- What a business unit may charge by itself on a day: open, due, with a method that is good, nothing of it under way, no notice of
-- payment waiting, after a refusal only when its pause is over, and never what was given or taken back before: that is for people.
create function due_debits(p_unit uuid, p_day date, p_after uuid, p_limit int)
  returns table (invoice_id uuid, account_id uuid, open_amount bigint, currency char(3), stored_method_id uuid, provider_id uuid,
                 method payment_method, attempt smallint)
  language sql stable set jit = off as $$
  select i.id, i.account_id, b.open_amount, i.currency, m.id, m.provider_id, m.method, (coalesce(l.attempt, 0) + 1)::smallint
    from invoices i
    join invoice_balances b on b.invoice_id = i.id
    left join lateral (
      select case when count(distinct coalesce(s.stored_method_id, '00000000-0000-0000-0000-000000000000'::uuid)) = 1
                  then (array_agg(s.stored_method_id))[1] end as id
        from invoice_lines n join subscriptions s on s.id = n.subscription_id where n.invoice_id = i.id) chosen on true
    join stored_methods m on m.account_id = i.account_id and m.state = 'active'
                         and (m.id = chosen.id or chosen.id is null and m.automatic)
    join payment_providers p on p.id = m.provider_id and p.enabled
    left join lateral (
      select a.attempt, a.state, a.next_on, a.stored_method_id from debit_attempts a
       where a.invoice_id = i.id order by a.attempt desc limit 1) l on true
   where i.business_unit_id = p_unit and i.state = 'open' and i.kind in ('invoice', 'debit_note') and i.due_date <= p_day
     and i.id > p_after and b.open_amount > 0
     and (l.attempt is null or l.state = 'dropped'
          or l.state = 'refused' and (l.next_on <= p_day or l.stored_method_id <> m.id)) and coalesce(l.attempt, 0) < 20
     and not exists (select from payment_intent_invoices ii where ii.invoice_id = i.id and ii.open)
     and not exists (select from ledger_entries e where e.invoice_id = i.id and e.ledger_account = 'receivable'
                        and e.kind in ('refund', 'chargeback'))
     and not exists (select from payment_notice_invoices ni join payment_notices n on n.id = ni.payment_notice_id
                      where ni.invoice_id = i.id and n.state = 'pending')
   order by i.id limit p_limit $$;
comment on function due_debits(uuid, date, uuid, int) is 'What of a business unit is to be charged by stored methods on a day, after one invoice, so many';
revoke execute on function due_debits from public;
grant execute on function due_debits to zaguan_office;
create index invoices_unit_open on invoices (business_unit_id, id) where state = 'open';
