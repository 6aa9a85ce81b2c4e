-- Charges at banks by their terms: discount, abatement, another due date, protest; what the bank answers to each; and why what was
-- paid is not what was charged.

alter table bank_charges
  add column discount_rate int not null default 0 check (discount_rate between 0 and 9999),
  add column discount_until date,
  add column protest_days int not null default 0 check (protest_days between 0 and 99),
  add column abatement bigint not null default 0 check (abatement >= 0),
  add column protested_at timestamptz,
  add constraint bank_charges_discount check ((discount_rate > 0) = (discount_until is not null)),
  add constraint bank_charges_abatement check (abatement < amount);
comment on column bank_charges.discount_rate is 'Hundredths of a percent of the amount, of who pays until discount_until';
comment on column bank_charges.protest_days is 'After so many days from the due date the bank has it protested; 0: never by itself';
comment on column bank_charges.abatement is 'Minor units that the bank is to take less';
comment on column bank_charges.protested_at is 'Since when its protest is asked for, or going on';
grant select (discount_rate, discount_until, abatement) on bank_charges to zaguan_portal;

-- What it was told stays as it was told; a boleto that is open may have another due date, and the bar code of it.
create or replace function keep_bank_charge() returns trigger language plpgsql as $$
begin
  if (new.id, new.business_unit_id, new.account_id, new.provider_id, new.intent_id, new.kind, new.number, new.our_number, new.amount,
      new.currency, new.fine_rate, new.interest_rate, new.discount_rate, new.discount_until, new.created_at)
     is distinct from
     (old.id, old.business_unit_id, old.account_id, old.provider_id, old.intent_id, old.kind, old.number, old.our_number, old.amount,
      old.currency, old.fine_rate, old.interest_rate, old.discount_rate, old.discount_until, old.created_at)
     or ((new.due_date, new.bar_code) is distinct from (old.due_date, old.bar_code)
         and (old.kind <> 'boleto' or old.state not in ('registered', 'sent', 'confirmed')))
     or (old.state = 'paid' and new.state <> 'paid') then
    raise exception 'a charge keeps what it is of' using errcode = '23514', constraint = 'bank_charge_identity';
  end if;
  return new;
end $$;

-- Everything but entering and withdrawing may be told again.
alter table bank_instructions drop constraint bank_instructions_pkey;
alter table bank_instructions
  add column id uuid primary key default uuidv7(),
  add column abatement bigint check (abatement >= 0),
  add column due_date date,
  add column previous_abatement bigint check (previous_abatement >= 0),
  add column previous_due_date date,
  add column asked_by uuid references users (id),
  add column answered_at timestamptz,
  add column refused boolean not null default false,
  add column reasons text[] not null default '{}',
  add constraint bank_instructions_abatement
    check ((kind in ('abate', 'cancel_abatement')) = (abatement is not null and previous_abatement is not null)),
  add constraint bank_instructions_due_date
    check ((kind = 'change_due_date') = (due_date is not null and previous_due_date is not null)),
  add constraint bank_instructions_answer check (not refused or answered_at is not null);
comment on column bank_instructions.previous_abatement is 'What it was before: it comes back where the bank refuses';
comment on column bank_instructions.previous_due_date is 'What it was before: it comes back where the bank refuses';
comment on column bank_instructions.reasons is 'The bank''s codes of why it refused';
create unique index bank_instructions_once on bank_instructions (charge_id, kind) where kind in ('enter', 'withdraw');
create index bank_instructions_charge on bank_instructions (charge_id, id);
create index bank_instructions_asked_by on bank_instructions (asked_by) where asked_by is not null;

alter table bank_file_lines
  add column late_amount bigint not null default 0 check (late_amount >= 0),
  add column discount_amount bigint not null default 0 check (discount_amount >= 0),
  add column abatement_amount bigint not null default 0 check (abatement_amount >= 0),
  add column iof_amount bigint not null default 0 check (iof_amount >= 0),
  add column credited_amount bigint not null default 0 check (credited_amount >= 0),
  add column cost_amount bigint not null default 0 check (cost_amount >= 0),
  add column instruction bank_instruction_kind;
comment on column bank_file_lines.late_amount is 'Fine and interest together, as the bank tells them (segment U 18-32)';
comment on column bank_file_lines.credited_amount is 'What the bank put on the operator''s account: less than was paid where it keeps fees';
comment on column bank_file_lines.cost_amount is 'Other costs that the bank kept (segment U 108-122)';
comment on column bank_file_lines.instruction is 'Which instruction it answers';
