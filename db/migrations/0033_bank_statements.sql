-- Bank statements (B7): the business unit's accounts at banks, the statements that staff bring in, each of their lines once, what
-- it may pay and why. And payment notices with several receipts (B5).

create type bank_statement_format as enum ('ofx', 'csv', 'cnab240', 'camt053');
create type bank_statement_state as enum ('draft', 'reading', 'ready', 'failed');
create type bank_line_kind as enum ('pix', 'transfer', 'boleto', 'card', 'cash', 'cheque', 'direct_debit', 'fee', 'interest', 'tax',
                                    'reversal', 'other');
create type bank_line_state as enum ('open', 'proposed', 'booked', 'ignored');
create type proposal_confidence as enum ('certain', 'likely', 'possible');

do $$
declare v_check text := (select pg_get_constraintdef(oid) from pg_constraint where conname = 'files_purpose_check');
begin
  alter table files drop constraint files_purpose_check;
  execute 'alter table files add constraint files_purpose_check '
       || replace(v_check, '''import''::text', '''import''::text, ''bank_statement''::text');
end $$;

-- Accounts at banks: never their number -----------------------------------------------------------------------------

create table bank_accounts (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  name text not null check (length(btrim(name)) between 1 and 80),
  bank text check (length(bank) between 1 and 80),
  last_digits text check (last_digits ~ '^[0-9A-Z]{2,4}$'),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  csv_mapping jsonb check (jsonb_typeof(csv_mapping) = 'object'),
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, business_unit_id),
  unique (business_unit_id, name)
);
comment on table bank_accounts is 'Where a business unit''s money is: known by the last digits and by hashes, never by its number';
comment on column bank_accounts.csv_mapping is 'What the columns of its CSV statements mean, as it was said last';
create trigger touch before update on bank_accounts for each row execute function touch_updated_at();
alter table bank_accounts enable row level security;
create policy office on bank_accounts to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on bank_accounts to zaguan_office;
call audit_table('bank_accounts');

create table bank_account_keys (
  business_unit_id uuid not null,
  number_hash bytea not null,
  bank_account_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (business_unit_id, number_hash),
  foreign key (bank_account_id, business_unit_id) references bank_accounts (id, business_unit_id)
);
comment on table bank_account_keys is 'By what statements are recognised: keyed hashes of an account''s number, one for each way in which a file writes it';
create index bank_account_keys_account on bank_account_keys (bank_account_id);
alter table bank_account_keys enable row level security;
create policy office on bank_account_keys to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert on bank_account_keys to zaguan_office;

-- Statements --------------------------------------------------------------------------------------------------------

create table bank_statements (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  bank_account_id uuid,
  file_id uuid references files (id) on delete set null,
  file_name text not null check (length(file_name) between 1 and 200),
  file_size bigint not null check (file_size >= 0),
  sha256 bytea not null,
  format bank_statement_format not null,
  state bank_statement_state not null,
  attempt int not null default 0,
  columns text[] not null default '{}',
  sample jsonb not null default '[]',
  mapping jsonb check (jsonb_typeof(mapping) = 'object'),
  period_from date,
  period_to date,
  opening_balance bigint,
  closing_balance bigint,
  lines_read int not null default 0,
  lines_new int not null default 0,
  lines_repeated int not null default 0,
  lines_matched int not null default 0,
  warnings jsonb not null default '[]' check (jsonb_typeof(warnings) = 'array'),
  error text check (error ~ '^[a-z][a-z0-9_]*$'),
  error_line int check (error_line >= 1),
  error_params jsonb not null default '{}' check (jsonb_typeof(error_params) = 'object'),
  approval_state run_state,
  approval_attempt int not null default 0,
  approval_stop boolean not null default false,
  approval_total int not null default 0,
  approval_done int not null default 0,
  approval_booked int not null default 0,
  approval_by uuid references users (id),
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (id, business_unit_id),
  foreign key (bank_account_id, business_unit_id) references bank_accounts (id, business_unit_id),
  check ((state = 'failed') = (error is not null)),
  check (state not in ('ready') or bank_account_id is not null),
  check (period_to >= period_from)
);
comment on table bank_statements is 'A statement of a bank that was brought in. The file itself goes once it was read';
comment on column bank_statements.sample is 'The first rows of a CSV file while its columns are being named; emptied when it was read';
comment on column bank_statements.attempt is 'Which reading is under way: an earlier one that still lives writes nothing more';
comment on column bank_statements.period_to is 'Last day of the statement';
comment on column bank_statements.approval_state is 'Of the run that approves every certain proposal; null: there was none';
create unique index bank_statements_once on bank_statements (bank_account_id, sha256) where state in ('reading', 'ready');
create index bank_statements_unit on bank_statements (business_unit_id, id desc);
create index bank_statements_account on bank_statements (bank_account_id, id desc);
create index bank_statements_file on bank_statements (file_id) where file_id is not null;
create index bank_statements_created_by on bank_statements (created_by) where created_by is not null;
create index bank_statements_approval_by on bank_statements (approval_by) where approval_by is not null;
alter table bank_statements enable row level security;
create policy office on bank_statements to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update, delete on bank_statements to zaguan_office;

create table bank_statement_lines (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  bank_account_id uuid not null,
  statement_id uuid not null,
  position int not null check (position >= 1),
  line_key bytea not null check (length(line_key) = 32),
  booked_on date not null,
  amount bigint not null check (amount <> 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  kind bank_line_kind not null,
  bank_id text check (length(bank_id) between 1 and 255),
  end_to_end_id text check (length(end_to_end_id) between 1 and 100),
  counterparty_name text check (length(counterparty_name) between 1 and 200),
  counterparty_tax_id text check (length(counterparty_tax_id) between 1 and 40),
  counterparty_last_digits text check (counterparty_last_digits ~ '^[0-9A-Z]{1,4}$'),
  description text not null default '' check (length(description) <= 1000),
  reference text check (length(reference) between 1 and 200),
  state bank_line_state not null default 'open',
  confidence proposal_confidence,
  proposals int not null default 0,
  account_id uuid,
  payment_id uuid unique,
  recognised boolean not null default false,
  reason text check (reason ~ '^[a-z][a-z0-9_]*$'),
  ignore_reason text check (length(ignore_reason) between 1 and 500),
  decided_by uuid references users (id),
  decided_at timestamptz,
  created_at timestamptz not null default now(),
  unique (id, business_unit_id),
  unique (bank_account_id, line_key),
  unique (statement_id, position),
  foreign key (bank_account_id, business_unit_id) references bank_accounts (id, business_unit_id),
  foreign key (statement_id, business_unit_id) references bank_statements (id, business_unit_id),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (payment_id, account_id) references payments (id, account_id),
  check ((state = 'booked') = (payment_id is not null)),
  check ((payment_id is null) = (account_id is null)),
  check ((state = 'proposed') = (proposals > 0)),
  check ((confidence is not null) = (proposals > 0)),
  check (not recognised or state = 'booked'),
  check ((reason is not null) = (state = 'booked'))
);
comment on table bank_statement_lines is 'A movement of a bank account, once however many files tell of it, and one payment at most';
comment on column bank_statement_lines.amount is 'Minor units; what went out is negative';
comment on column bank_statement_lines.line_key is 'SHA-256 of the bank''s own id of it, or of what it says and the how manieth such line of the day it is';
comment on column bank_statement_lines.reason is 'Why it was booked so: the proposal that was approved';
comment on column bank_statement_lines.recognised is 'It was booked before by other means: the line was found to be that payment';
create index bank_lines_statement_state on bank_statement_lines (statement_id, state, confidence);
create index bank_lines_unit on bank_statement_lines (business_unit_id, state, booked_on desc, id desc);
create index bank_lines_booked_on on bank_statement_lines (booked_on desc, id desc);
create index bank_lines_fitting on bank_statement_lines (business_unit_id, amount, booked_on) where state in ('open', 'proposed');
create index bank_lines_account on bank_statement_lines (account_id) where account_id is not null;
create index bank_lines_tax_id on bank_statement_lines (business_unit_id, counterparty_tax_id) where counterparty_tax_id is not null;
create index bank_lines_decided_by on bank_statement_lines (decided_by) where decided_by is not null;

-- What the bank said stays; what was booked stays booked (it is undone by a refund). An erasure takes the person's words out of it.
create function keep_bank_line() returns trigger language plpgsql as $$
begin
  if (new.id, new.business_unit_id, new.bank_account_id, new.statement_id, new.position, new.line_key, new.booked_on, new.amount,
      new.currency, new.bank_id) is distinct from
     (old.id, old.business_unit_id, old.bank_account_id, old.statement_id, old.position, old.line_key, old.booked_on, old.amount,
      old.currency, old.bank_id) then
    raise exception 'what the bank said stays' using errcode = '23514', constraint = 'bank_line_identity';
  end if;
  if old.state = 'booked' and (new.state, new.payment_id, new.account_id) is distinct from (old.state, old.payment_id, old.account_id) then
    raise exception 'what was booked stays booked' using errcode = '23514', constraint = 'bank_line_booked';
  end if;
  return new;
end $$;
create trigger bank_lines_kept before update on bank_statement_lines for each row execute function keep_bank_line();
create trigger bank_lines_stay before delete on bank_statement_lines for each row execute function refuse_change();

alter table bank_statement_lines enable row level security;
create policy office on bank_statement_lines to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert on bank_statement_lines to zaguan_office;
grant update (state, confidence, proposals, account_id, payment_id, recognised, reason, ignore_reason, decided_by, decided_at)
  on bank_statement_lines to zaguan_office;

create table bank_line_proposals (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  line_id uuid not null,
  rank int not null check (rank >= 1),
  account_id uuid not null,
  invoice_ids uuid[] not null default '{}',
  order_id uuid,
  payment_notice_id uuid,
  intent_id uuid,
  payment_id uuid,
  reason text not null check (reason ~ '^[a-z][a-z0-9_]*$'),
  confidence proposal_confidence not null,
  facts jsonb not null default '{}' check (jsonb_typeof(facts) = 'object'),
  chosen_by uuid references users (id),
  created_at timestamptz not null default now(),
  unique (line_id, rank),
  foreign key (line_id, business_unit_id) references bank_statement_lines (id, business_unit_id),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (payment_notice_id, account_id) references payment_notices (id, account_id),
  foreign key (intent_id, account_id) references payment_intents (id, account_id),
  foreign key (payment_id, account_id) references payments (id, account_id),
  foreign key (order_id, account_id) references orders (id, account_id),
  check (num_nonnulls(order_id, payment_notice_id, intent_id, payment_id) <= 1)
);
comment on table bank_line_proposals is 'What a line may pay, and why: made anew until staff decide. Nothing of it is money';
comment on column bank_line_proposals.invoice_ids is 'What it pays of the account; none: the oldest first';
comment on column bank_line_proposals.payment_id is 'The payment that it is, which was booked by other means';
comment on column bank_line_proposals.facts is 'What the reason rests on; `open_amount` is what was owed of the invoices: it is approved only while that is so';
create index bank_line_proposals_account on bank_line_proposals (account_id);
create index bank_line_proposals_notice on bank_line_proposals (payment_notice_id) where payment_notice_id is not null;
create index bank_line_proposals_intent on bank_line_proposals (intent_id) where intent_id is not null;
create index bank_line_proposals_payment on bank_line_proposals (payment_id) where payment_id is not null;
create index bank_line_proposals_order on bank_line_proposals (order_id) where order_id is not null;
create index bank_line_proposals_chosen_by on bank_line_proposals (chosen_by) where chosen_by is not null;
alter table bank_line_proposals enable row level security;
create policy office on bank_line_proposals to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, delete on bank_line_proposals to zaguan_office;
create trigger account_erased_insert after insert on bank_line_proposals referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();

-- By what lines find what they pay.
create index payments_fitting on payments (business_unit_id, amount, received_on);
create index invoices_open_total on invoices (business_unit_id, total) where state = 'open';
create index payment_notices_fitting on payment_notices (business_unit_id, amount) where state = 'pending';
-- Banks cut names off and write them in capitals.
create function payer_key(text) returns text language sql immutable parallel safe strict set search_path = public, pg_temp
  as $$ select left(btrim(regexp_replace(fold($1), '[^[:alnum:]]+', ' ', 'g')), 20) $$;
comment on function payer_key is 'How a payer''s name begins, folded, as far as every bank writes it';
create index accounts_payer_key on accounts (business_unit_id, payer_key(name));

-- A function of a column cannot use its index under row-level security: this looks with the owner's eyes, in units that the
-- caller sees.
create function find_payers(p_unit uuid, p_names text[]) returns setof uuid
  language sql stable security definer set search_path = public, pg_temp as $$
  select a.id
    from (select distinct payer_key(n) as key from unnest(p_names) n) w
   cross join lateral (select a.id from accounts a
                        where a.business_unit_id = p_unit and payer_key(a.name) = w.key limit 20) a
   where sees_all_units() or p_unit = any(visible_units())
$$;
comment on function find_payers is 'Accounts of a business unit whose name begins as one of these does';
revoke execute on function find_payers from public;
grant execute on function find_payers to zaguan_office;

-- Receipts ------------------------------------------------------------------------------------------------------------

create table payment_notice_receipts (
  payment_notice_id uuid not null,
  file_id uuid not null unique references files (id),
  account_id uuid not null,
  position int not null check (position between 1 and 10),
  primary key (payment_notice_id, position),
  foreign key (payment_notice_id, account_id) references payment_notices (id, account_id)
);
comment on table payment_notice_receipts is 'What proves what a customer says they paid; the first is the notice''s receipt_file_id, too';
create index payment_notice_receipts_account on payment_notice_receipts (account_id);
alter table payment_notice_receipts enable row level security;
create policy office on payment_notice_receipts to zaguan_office
  using (exists (select from payment_notices n where n.id = payment_notice_id));
create policy portal on payment_notice_receipts to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on payment_notice_receipts to zaguan_office;
grant select, insert on payment_notice_receipts to zaguan_portal;
insert into payment_notice_receipts (payment_notice_id, file_id, account_id, position)
select n.id, n.receipt_file_id, n.account_id, 1 from payment_notices n
 where n.receipt_file_id is not null
   and not exists (select from payment_notices earlier where earlier.receipt_file_id = n.receipt_file_id and earlier.id < n.id);

-- The first receipt stands in both places, whoever writes the notice.
create function keep_first_receipt() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into payment_notice_receipts (payment_notice_id, file_id, account_id, position)
  values (new.id, new.receipt_file_id, new.account_id, 1);
  return null;
end $$;
create trigger payment_notices_first_receipt after insert on payment_notices for each row
  when (new.receipt_file_id is not null) execute function keep_first_receipt();

-- A notice whose receipt is taken away (an erasure: it proves no payment) keeps none of them.
create function drop_receipts() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from payment_notice_receipts where payment_notice_id = new.id;
  return null;
end $$;
create trigger payment_notices_receipts after update of receipt_file_id on payment_notices for each row
  when (old.receipt_file_id is not null and new.receipt_file_id is null) execute function drop_receipts();

-- What proves a payment stays, whoever tidies up.
create function keep_receipt() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select from payment_notice_receipts r where r.file_id = old.id) then return null; end if;
  return old;
end $$;
create trigger receipts_stay before delete on files for each row when (old.purpose = 'receipt') execute function keep_receipt();

-- Erasure: what a bank said of the payer goes, the movement stays. The payer is known by the booking or by the tax id.
create function erase_bank_lines() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from bank_line_proposals where account_id = old.id;
  update bank_statement_lines l
     set counterparty_name = null, counterparty_tax_id = null, counterparty_last_digits = null, description = '', reference = null,
         ignore_reason = null
   where l.account_id = old.id
      or old.tax_id is not null and l.business_unit_id = old.business_unit_id
         and l.counterparty_tax_id = nullif(upper(regexp_replace(old.tax_id, '[^A-Za-z0-9]', '', 'g')), '');
  update bank_statement_lines l set state = 'open', confidence = null, proposals = 0
   where l.state = 'proposed' and not exists (select from bank_line_proposals p where p.line_id = l.id);
  update bank_statement_lines l set proposals = (select count(*) from bank_line_proposals p where p.line_id = l.id)
   where l.state = 'proposed' and l.proposals <> (select count(*) from bank_line_proposals p where p.line_id = l.id);
  return new;
end $$;
create trigger bank_lines_erased before update of erased_at on accounts
  for each row when (old.erased_at is null and new.erased_at is not null) execute function erase_bank_lines();
