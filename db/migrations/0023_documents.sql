-- Documents of every kind, found as fast at a million as at ten.

-- What is rare is looked for by itself: notes and proformas of a business unit, and what is neither owed nor paid.
create index invoices_unit_kind on invoices (business_unit_id, kind, issue_date desc, id desc) where kind <> 'invoice';
create index invoices_kind_total on invoices (kind, total, id) where kind <> 'invoice';
create index invoices_settled_otherwise on invoices (state, issue_date desc, id desc) where state not in ('open', 'paid');
create index invoices_offered on invoices (due_date, id) where state = 'offered';
create index invoices_subscription_dates on invoices (subscription_id, issue_date desc, id desc) where subscription_id is not null;
drop index if exists invoices_subscription;

comment on column invoices.due_date is 'Of a proforma: the last day on which it stands; of a credit note: its own day';

-- A proforma says what it may become: it is offered, and from there converted, withdrawn or expired, once.
create function keep_proforma() returns trigger language plpgsql as $$
begin
  if old.kind = 'proforma' and old.state <> 'offered' and new.state is distinct from old.state then
    raise exception 'a proforma is answered once' using errcode = '23514', constraint = 'proforma_answered';
  end if;
  return new;
end $$;
create trigger invoices_proforma_answered before update of state on invoices for each row execute function keep_proforma();

-- Waiting charges of an account, and all of them, newest first.
create index charges_unit on charges (business_unit_id, id desc);

-- What a proforma offers of what will be billed next: asked again when it becomes an invoice, so that it bills exactly that.
create table proforma_plans (
  proforma_id uuid primary key,
  account_id uuid not null,
  issue_date date not null,
  foreign key (proforma_id, account_id) references invoices (id, account_id)
);
comment on table proforma_plans is 'Proformas of what a closing will bill, and that closing''s date';
create index proforma_plans_account on proforma_plans (account_id);
alter table proforma_plans enable row level security;
create policy office on proforma_plans to zaguan_office using (exists (select from invoices i where i.id = proforma_plans.proforma_id));
grant select, insert on proforma_plans to zaguan_office;

-- Mails about documents are for members who see billing, on the customer's home as everywhere.
do $$
declare
  v_home text := pg_get_functiondef('portal_home'::regproc);
  v_new text := replace(v_home, 'n.kind not in (''invoice_issued'',',
    'n.kind not in (''invoice_issued'', ''credit_note_issued'', ''debit_note_issued'', ''proforma_issued'',');
begin
  if v_new = v_home then raise exception 'the home has other words for its mails'; end if;
  execute v_new;
end $$;

-- What was withdrawn of an account's charges never became a document: with the account's name go its words.
create function forget_withdrawn_charges() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from charges where account_id = new.id and withdrawn_at is not null;
  return null;
end $$;
create trigger accounts_forget_charges after update of erased_at on accounts
  for each row when (old.erased_at is null and new.erased_at is not null) execute function forget_withdrawn_charges();
