-- Boletos and direct debit by files of the banks (CNAB 240 of FEBRABAN): what a bank was told to charge, the files that went
-- out and came in, and what each record of them said and did.

create type bank_charge_kind as enum ('boleto', 'debit');
create type bank_charge_state as enum ('registered', 'sent', 'confirmed', 'rejected', 'paid', 'written_off');
create type bank_instruction_kind as enum ('enter', 'withdraw');
create type bank_file_kind as enum ('remittance', 'return');
create type bank_file_state as enum ('queued', 'ready', 'reading', 'faulty', 'read', 'applying', 'applied', 'discarded', 'failed');
create type bank_line_effect as enum ('confirmed', 'rejected', 'received', 'written_off', 'noted', 'unknown', 'repeated');

do $$
declare v_check text := (select pg_get_constraintdef(oid) from pg_constraint where conname = 'files_purpose_check');
begin
  alter table files drop constraint files_purpose_check;
  execute 'alter table files add constraint files_purpose_check '
    || regexp_replace(v_check, '''logo''::text', '''logo''::text, ''bank_file''::text');
end $$;

-- Numbers without gaps: taken in the transaction that uses them.
create table bank_sequences (
  provider_id uuid primary key references payment_providers (id),
  last_charge bigint not null default 0 check (last_charge >= 0),
  last_remittance bigint not null default 0 check (last_remittance >= 0)
);
comment on table bank_sequences is 'The last number that a provider''s charges (nosso número) and remittances (NSA) have taken';
alter table bank_sequences enable row level security;
create policy office on bank_sequences to zaguan_office
  using (exists (select from payment_providers p where p.id = bank_sequences.provider_id));
grant select, insert, update on bank_sequences to zaguan_office;

-- What a bank is to charge ----------------------------------------------------------------------------------------------

create table bank_charges (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  provider_id uuid not null,
  intent_id uuid not null unique,
  kind bank_charge_kind not null,
  number bigint not null check (number > 0),
  our_number text not null check (our_number ~ '^[0-9]{1,20}$'),
  amount bigint not null check (amount > 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  issued_on date not null,
  due_date date not null,
  stored_method_id uuid,
  typeable_line text check (typeable_line ~ '^[0-9. ]{54}$'),
  bar_code text check (bar_code ~ '^[0-9]{44}$'),
  printed jsonb check (jsonb_typeof(printed) = 'object'),
  fine_rate int not null default 0 check (fine_rate between 0 and 9999),
  interest_rate int not null default 0 check (interest_rate between 0 and 9999),
  state bank_charge_state not null default 'registered',
  failure payment_failure,
  failure_codes text[] not null default '{}',
  withdrawn_at timestamptz,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  confirmed_at timestamptz,
  ended_at timestamptz,
  unique (id, account_id),
  unique (provider_id, number),
  unique (provider_id, our_number),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (provider_id, business_unit_id) references payment_providers (id, business_unit_id),
  foreign key (intent_id, account_id) references payment_intents (id, account_id),
  foreign key (stored_method_id, account_id) references stored_methods (id, account_id),
  check ((kind = 'boleto') = (bar_code is not null and typeable_line is not null and printed is not null)),
  check ((kind = 'debit') = (stored_method_id is not null)),
  check ((state = 'rejected') = (failure is not null)),
  check ((state in ('rejected', 'paid', 'written_off')) = (ended_at is not null))
);
comment on table bank_charges is 'What a bank was told to charge by file: boletos, and debits of customers'' accounts';
comment on column bank_charges.our_number is 'Nosso número: what the bank knows it by, as its layout writes it, without check digit';
comment on column bank_charges.printed is 'What a printed boleto says of the bank: names and numbers of the operator''s own account alone';
comment on column bank_charges.fine_rate is 'Hundredths of a percent of the amount, from the day after the due date';
comment on column bank_charges.interest_rate is 'Hundredths of a percent a month';
comment on column bank_charges.withdrawn_at is 'When the bank was told, or is to be told, not to charge it any more';
create index bank_charges_account on bank_charges (account_id, id desc);
create index bank_charges_unit on bank_charges (business_unit_id, id desc);
create index bank_charges_provider on bank_charges (provider_id, id desc);
create index bank_charges_stored_method on bank_charges (stored_method_id) where stored_method_id is not null;
alter table bank_charges enable row level security;
create policy office on bank_charges to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on bank_charges for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update on bank_charges to zaguan_office;
grant select (id, business_unit_id, account_id, provider_id, intent_id, kind, our_number, amount, currency, issued_on, due_date,
              typeable_line, bar_code, printed, fine_rate, interest_rate, state, withdrawn_at, created_at, ended_at)
  on bank_charges to zaguan_portal;
create trigger account_erased_insert after insert on bank_charges referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();

-- What it was told stays as it was told.
create function keep_bank_charge() returns trigger language plpgsql as $$
begin
  if (new.id, new.business_unit_id, new.account_id, new.provider_id, new.intent_id, new.kind, new.number, new.our_number, new.amount,
      new.currency, new.due_date, new.bar_code, new.created_at)
     is distinct from
     (old.id, old.business_unit_id, old.account_id, old.provider_id, old.intent_id, old.kind, old.number, old.our_number, old.amount,
      old.currency, old.due_date, old.bar_code, old.created_at)
     or (old.state = 'paid' and new.state <> 'paid') then
    raise exception 'a charge keeps what it is of' using errcode = '23514', constraint = 'bank_charge_identity';
  end if;
  return new;
end $$;
create trigger bank_charges_kept before update on bank_charges for each row execute function keep_bank_charge();
create trigger bank_charges_stay before delete on bank_charges for each row execute function refuse_change();

-- The files ---------------------------------------------------------------------------------------------------------------

create table bank_files (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  provider_id uuid not null,
  kind bank_file_kind not null,
  state bank_file_state not null,
  name text not null check (length(name) between 1 and 200),
  sequence bigint check (sequence >= 0),
  made_on date,
  file_id uuid references files (id),
  size bigint check (size >= 0),
  sha256 bytea check (length(sha256) = 32),
  records int not null default 0 check (records >= 0),
  total bigint not null default 0 check (total >= 0),
  faults jsonb not null default '[]' check (jsonb_typeof(faults) = 'array'),
  fault_count int not null default 0 check (fault_count >= 0),
  error text check (length(error) <= 500),
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  ready_at timestamptz,
  decided_by uuid references users (id),
  decided_at timestamptz,
  done_at timestamptz,
  unique (id, provider_id),
  foreign key (provider_id, business_unit_id) references payment_providers (id, business_unit_id),
  check ((kind = 'remittance') = (state in ('queued', 'ready', 'failed'))),
  check (state <> 'ready' or (sequence is not null and file_id is not null)),
  check ((state = 'faulty') = (fault_count > 0)),
  check ((state = 'applied') = (done_at is not null))
);
comment on table bank_files is 'Remittances to a bank and returns from it. Their bytes are kept encrypted: they hold numbers of accounts';
comment on column bank_files.sequence is 'NSA: the number of the file; ours without gaps, theirs as they say it';
comment on column bank_files.sha256 is 'Of what was written or read, before encryption: the same return is known again';
comment on column bank_files.total is 'Minor units: of a remittance what is to be charged, of a return what came in';
comment on column bank_files.faults is 'What is wrong with a return: code, line, parameters; the first hundred';
create unique index bank_files_sequence on bank_files (provider_id, sequence) where kind = 'remittance' and sequence is not null;
create unique index bank_files_known on bank_files (provider_id, sha256) where kind = 'return' and state not in ('faulty', 'discarded');
create unique index bank_files_one_queued on bank_files (provider_id) where state = 'queued';
create index bank_files_provider on bank_files (provider_id, id desc);
create index bank_files_unit on bank_files (business_unit_id, id desc);
create index bank_files_file on bank_files (file_id) where file_id is not null;
create index bank_files_created_by on bank_files (created_by) where created_by is not null;
create index bank_files_decided_by on bank_files (decided_by) where decided_by is not null;
alter table bank_files enable row level security;
create policy office on bank_files to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on bank_files to zaguan_office;
call audit_table('bank_files');

create table bank_instructions (
  charge_id uuid not null references bank_charges (id),
  kind bank_instruction_kind not null,
  provider_id uuid not null,
  bank_file_id uuid,
  created_at timestamptz not null default now(),
  primary key (charge_id, kind),
  foreign key (bank_file_id, provider_id) references bank_files (id, provider_id)
);
comment on table bank_instructions is 'What the bank is to be told of a charge; those without a file wait for the next remittance';
create index bank_instructions_waiting on bank_instructions (provider_id, charge_id) where bank_file_id is null;
create index bank_instructions_file on bank_instructions (bank_file_id, charge_id) where bank_file_id is not null;
alter table bank_instructions enable row level security;
create policy office on bank_instructions to zaguan_office
  using (exists (select from bank_charges c where c.id = bank_instructions.charge_id));
grant select, insert, update, delete on bank_instructions to zaguan_office;

create table bank_file_lines (
  bank_file_id uuid not null,
  line int not null check (line > 0),
  business_unit_id uuid not null,
  provider_id uuid not null,
  charge_id uuid references bank_charges (id),
  our_number text not null check (length(our_number) <= 20),
  movement text not null check (length(movement) <= 2),
  occurrences text[] not null default '{}',
  amount bigint not null default 0 check (amount >= 0),
  paid_amount bigint not null default 0 check (paid_amount >= 0),
  fee_amount bigint not null default 0 check (fee_amount >= 0),
  occurred_on date,
  credited_on date,
  entry_key text not null check (length(entry_key) between 1 and 200),
  failure payment_failure,
  effect bank_line_effect not null,
  applied_at timestamptz,
  primary key (bank_file_id, line),
  foreign key (bank_file_id, provider_id) references bank_files (id, provider_id),
  foreign key (provider_id, business_unit_id) references payment_providers (id, business_unit_id)
);
comment on table bank_file_lines is 'What each record of a return says, and what it did, or would do as long as it is not applied';
comment on column bank_file_lines.entry_key is 'What tells the same event in another file: it is booked once, whatever overlaps';
create unique index bank_file_lines_once on bank_file_lines (provider_id, entry_key)
  where applied_at is not null and effect not in ('unknown', 'repeated');
create index bank_file_lines_charge on bank_file_lines (charge_id, bank_file_id, line) where charge_id is not null;
create index bank_file_lines_waiting on bank_file_lines (bank_file_id, line) where applied_at is null;
create index bank_file_lines_effect on bank_file_lines (bank_file_id, effect, line);
alter table bank_file_lines enable row level security;
create policy office on bank_file_lines to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update, delete on bank_file_lines to zaguan_office;
