-- Closings, invoices, the ledger, payments. What may never happen is refused here, whatever the code does.

create type invoice_state as enum ('open', 'paid');
create type closing_account_state as enum ('planned', 'invoiced', 'parked', 'changed');

create table closings (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  up_to date not null,
  state run_state not null default 'draft',
  accounts_total int not null default 0,
  accounts_done int not null default 0,
  planned_invoices int not null default 0,
  planned_total bigint not null default 0,
  issued_invoices int not null default 0,
  issued_total bigint not null default 0,
  parked_accounts int not null default 0,
  changed_accounts int not null default 0,
  currency char(3) not null,
  created_by uuid references users (id),
  error text,
  created_at timestamptz not null default now(),
  prepared_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  unique (id, business_unit_id)
);
create index closings_unit on closings (business_unit_id, id desc);
comment on table closings is 'A closing up to a date: prepared, looked at and run by staff, or run at once by the clock and the command line (created_by is null)';
comment on column closings.issued_invoices is 'Final once the closing is done; until then it is counted from its accounts, like everything else that a run moves';

create table closing_accounts (
  closing_id uuid not null,
  account_id uuid not null,
  business_unit_id uuid not null,
  state closing_account_state not null,
  invoices int not null default 0,
  total bigint not null default 0,
  fingerprint bytea,
  reason text,
  detail text,
  primary key (closing_id, account_id),
  foreign key (closing_id, business_unit_id) references closings (id, business_unit_id),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id)
);
comment on table closing_accounts is 'The preview, account by account, and what became of it; the fingerprint makes the run charge exactly what was shown (billing.md 18)';
comment on column closing_accounts.fingerprint is 'SHA-256 of the planned invoices; null: not planned yet, or a closing without a preview, which bills what it finds';
create index closing_accounts_state on closing_accounts (closing_id, state, account_id);
create index closing_accounts_unplanned on closing_accounts (closing_id, account_id) where state = 'planned' and fingerprint is null;
create index closing_accounts_account on closing_accounts (account_id);

create table invoices (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  account_id uuid not null references accounts (id),
  closing_id uuid references closings (id),
  series text not null,
  number bigint not null,
  state invoice_state not null default 'open',
  issue_date date not null,
  due_date date not null,
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  language language_code not null,
  payment_method payment_method not null,
  gross bigint not null,
  discount bigint not null,
  total bigint not null,
  customer jsonb not null,
  issuer jsonb not null,
  created_at timestamptz not null default now(),
  paid_at timestamptz,
  unique (business_unit_id, series, number),
  unique (id, account_id),
  check (gross - discount = total),
  check (due_date >= issue_date),
  check ((state = 'paid') = (paid_at is not null))
);
comment on column invoices.customer is 'Name, tax id and address as they were on issue';
comment on column invoices.issuer is 'The business unit''s legal name, tax id and address as they were on issue';
create index invoices_account on invoices (account_id, issue_date desc, id desc);
create index invoices_account_open on invoices (account_id, due_date) where state = 'open';
create index invoices_unit on invoices (business_unit_id, issue_date desc, id desc);
create index invoices_unit_due on invoices (business_unit_id, state, due_date, id);
create index invoices_issue on invoices (issue_date desc, id desc);
create index invoices_closing on invoices (closing_id);
create index invoices_number on invoices (number);

create table invoice_lines (
  id uuid primary key default uuidv7(),
  invoice_id uuid not null,
  account_id uuid not null,
  position int not null,
  subscription_id uuid references subscriptions (id),
  component_id uuid references subscription_components (id),
  role component_role not null,
  description text not null,
  period daterange not null,
  days int not null check (days > 0),
  of_days int not null check (of_days >= days),
  whole_period daterange not null,
  unit_amount bigint not null,
  quantity int not null,
  gross bigint not null,
  discount bigint not null,
  discount_kind discount_kind,
  discount_basis_points int,
  discount_amount bigint,
  net bigint not null,
  rule text not null,
  foreign key (invoice_id, account_id) references invoices (id, account_id),
  unique (invoice_id, position),
  check (gross - discount = net)
);
comment on table invoice_lines is 'Each line keeps how it came about; "why this amount?" is answered from it alone (billing.md 17)';
create index invoice_lines_subscription on invoice_lines (subscription_id);
create index invoice_lines_account on invoice_lines (account_id);
create index invoice_lines_component on invoice_lines (component_id);

create table billed_coverage (
  id uuid primary key default uuidv7(),
  component_id uuid not null references subscription_components (id),
  account_id uuid not null,
  period daterange not null check (not isempty(period) and not lower_inf(period) and not upper_inf(period)),
  invoice_line_id uuid references invoice_lines (id),
  closing_id uuid references closings (id),
  constraint billed_once exclude using gist (component_id with =, period with &&)
);
comment on table billed_coverage is 'The days of each component that were billed. The exclusion refuses a second charge for a day (billing.md 12)';
comment on column billed_coverage.invoice_line_id is 'Null: days without a price';
create index billed_coverage_account on billed_coverage (account_id);

-- An issued document never changes (billing.md 16): only its state follows the money.
create function keep_invoice() returns trigger language plpgsql as $$
begin
  if to_jsonb(new) - '{state,paid_at}'::text[] is distinct from to_jsonb(old) - '{state,paid_at}'::text[] then
    raise exception 'an issued invoice never changes' using errcode = '23514', constraint = 'invoice_issued';
  end if;
  return new;
end $$;
create trigger invoices_frozen before update on invoices for each row execute function keep_invoice();
create trigger invoices_kept before delete on invoices for each row execute function refuse_change();
create trigger invoice_lines_frozen before update or delete on invoice_lines for each row execute function refuse_change();
create trigger invoices_whole before truncate on invoices for each statement execute function refuse_change();
create trigger invoice_lines_whole before truncate on invoice_lines for each statement execute function refuse_change();

-- Payments ------------------------------------------------------------------------------------------------------

create type payment_notice_state as enum ('pending', 'approved', 'rejected');

create table payment_notices (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  amount bigint not null check (amount > 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  method payment_method not null,
  paid_on date not null,
  reference text check (length(reference) <= 200),
  note text check (length(note) <= 2000),
  receipt_file_id uuid references files (id),
  state payment_notice_state not null default 'pending',
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  decided_by uuid references users (id),
  decided_at timestamptz,
  rejection_reason text check (length(rejection_reason) between 1 and 1000),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  unique (id, account_id),
  check ((state = 'pending') = (decided_at is null)),
  check ((state = 'rejected') = (rejection_reason is not null))
);
comment on table payment_notices is 'What a customer says they paid; changes no balance until staff approve it (billing.md 29)';
create index payment_notices_unit on payment_notices (business_unit_id, state, id);
create index payment_notices_account on payment_notices (account_id, id desc);

create table payment_notice_invoices (
  payment_notice_id uuid not null,
  invoice_id uuid not null,
  account_id uuid not null,
  primary key (payment_notice_id, invoice_id),
  foreign key (payment_notice_id, account_id) references payment_notices (id, account_id),
  foreign key (invoice_id, account_id) references invoices (id, account_id)
);
create index payment_notice_invoices_invoice on payment_notice_invoices (invoice_id);

create table payments (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  amount bigint not null check (amount > 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  method payment_method not null,
  received_on date not null,
  reference text check (length(reference) <= 200),
  payment_notice_id uuid unique references payment_notices (id),
  recorded_by uuid references users (id),
  created_at timestamptz not null default now(),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  unique (id, account_id)
);
create index payments_unit on payments (business_unit_id, id desc);
create index payments_account on payments (account_id, id desc);
create index payments_received on payments (business_unit_id, received_on);
create trigger payments_frozen before update or delete on payments for each row execute function refuse_change();

-- The ledger (X3) -----------------------------------------------------------------------------------------------

create type ledger_account as enum ('receivable', 'revenue', 'bank', 'account_credit');
create type posting_kind as enum ('invoice', 'payment', 'credit_used');

create table ledger_entries (
  id uuid primary key default uuidv7(),
  posting_id uuid not null,
  kind posting_kind not null,
  business_unit_id uuid not null references business_units (id),
  account_id uuid not null,
  ledger_account ledger_account not null,
  amount bigint not null check (amount <> 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  on_date date not null,
  invoice_id uuid,
  payment_id uuid,
  created_at timestamptz not null default now(),
  foreign key (invoice_id, account_id) references invoices (id, account_id),
  foreign key (payment_id, account_id) references payments (id, account_id),
  check (ledger_account <> 'receivable' or invoice_id is not null)
);
comment on table ledger_entries is 'Double entry: debits positive, credits negative, in minor units; a balance is a sum of entries (billing.md 11)';
create index ledger_entries_invoice on ledger_entries (invoice_id, ledger_account);
create index ledger_entries_account on ledger_entries (account_id, ledger_account);
create index ledger_entries_payment on ledger_entries (payment_id) where payment_id is not null;
create index ledger_entries_posting on ledger_entries (posting_id);
create index ledger_entries_unit_date on ledger_entries (business_unit_id, ledger_account, on_date);

-- A posting is written by one statement, and that statement must balance, per posting, business unit and currency.
-- Nothing can be added to a posting later, changed or removed, so the ledger balances at every moment.
create function require_balance() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare v_posting uuid;
begin
  select posting_id into v_posting from new_rows
   group by posting_id
  having sum(amount) <> 0 or count(distinct (business_unit_id, currency)) > 1 limit 1;
  if found then
    raise exception 'posting % does not balance', v_posting using errcode = '23514', constraint = 'ledger_balanced';
  end if;
  if exists (select from (select posting_id, count(*) as written from new_rows group by posting_id) n
              where n.written <> (select count(*) from ledger_entries e where e.posting_id = n.posting_id)) then
    raise exception 'a posting is written once' using errcode = '23514', constraint = 'ledger_posting_once';
  end if;
  return null;
end $$;
create trigger ledger_balanced after insert on ledger_entries referencing new table as new_rows
  for each statement execute function require_balance();
create trigger ledger_frozen before update or delete on ledger_entries for each row execute function refuse_change();
create trigger ledger_whole before truncate on ledger_entries for each statement execute function refuse_change();

create view invoice_balances with (security_invoker = true) as
  select i.id as invoice_id, i.account_id,
         coalesce((select sum(e.amount) from ledger_entries e
                    where e.invoice_id = i.id and e.ledger_account = 'receivable'), 0)::bigint as open_amount
    from invoices i;
comment on view invoice_balances is 'What is still owed of each invoice, in minor units';

-- Rows that people may see --------------------------------------------------------------------------------------

alter table closings enable row level security;
create policy office on closings to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update, delete on closings to zaguan_office;
alter table closing_accounts enable row level security;
create policy office on closing_accounts to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update, delete on closing_accounts to zaguan_office;

alter table invoices enable row level security;
create policy office on invoices to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on invoices for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update (state, paid_at) on invoices to zaguan_office;
grant select on invoices to zaguan_portal;
alter table invoice_lines enable row level security;
create policy office on invoice_lines to zaguan_office
  using ((select sees_all_units()) or exists (select from invoices i where i.id = invoice_id));
create policy portal on invoice_lines for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on invoice_lines to zaguan_office;
grant select on invoice_lines to zaguan_portal;
alter table billed_coverage enable row level security;
create policy office on billed_coverage to zaguan_office
  using ((select sees_all_units()) or exists (select from accounts a where a.id = account_id));
create policy portal on billed_coverage for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on billed_coverage to zaguan_office;
grant select on billed_coverage to zaguan_portal;

alter table payment_notices enable row level security;
create policy office on payment_notices to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on payment_notices to zaguan_portal using (account_id = (select current_account_id()));
grant select, update (state, decided_by, decided_at, rejection_reason) on payment_notices to zaguan_office;
grant insert on payment_notices to zaguan_office;
grant select, insert (id, business_unit_id, account_id, amount, currency, method, paid_on, reference, note, receipt_file_id, created_by)
  on payment_notices to zaguan_portal;
alter table payment_notice_invoices enable row level security;
create policy office on payment_notice_invoices to zaguan_office using (exists (select from payment_notices n where n.id = payment_notice_id));
create policy portal on payment_notice_invoices to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on payment_notice_invoices to zaguan_office, zaguan_portal;
alter table payments enable row level security;
create policy office on payments to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on payments for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on payments to zaguan_office;
grant select on payments to zaguan_portal;

alter table ledger_entries enable row level security;
create policy office on ledger_entries to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on ledger_entries for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on ledger_entries to zaguan_office;
grant select on ledger_entries to zaguan_portal;
grant select on invoice_balances to zaguan_office, zaguan_portal;

call audit_table('closings');
call audit_table('payment_notices');
call audit_table('payments');
