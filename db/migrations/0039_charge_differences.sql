-- What a provider collected beside what it was asked for, by the terms that it was given, and the documents that came of it.

alter table payments
  add column late_fee bigint not null default 0 check (late_fee >= 0),
  add column interest bigint not null default 0 check (interest >= 0),
  add column discount bigint not null default 0 check (discount >= 0),
  add check (late_fee + interest <= amount);
comment on column payments.late_fee is 'What of it the provider collected as a fine for paying late';
comment on column payments.interest is 'What of it the provider collected as interest for the days late';
comment on column payments.discount is 'What the provider took off what it was asked for, for paying early or as an abatement';

create table payment_documents (
  document_id uuid primary key,
  payment_id uuid not null,
  account_id uuid not null,
  foreign key (document_id, account_id) references invoices (id, account_id),
  foreign key (payment_id, account_id) references payments (id, account_id)
);
comment on table payment_documents is 'What was issued because a payment was another amount than its charge: the debit note of its late fee and interest, the credit note of its discount';
create index payment_documents_payment on payment_documents (payment_id);
create index payment_documents_account on payment_documents (account_id);
create trigger payment_documents_frozen before update or delete on payment_documents for each row execute function refuse_change();
create trigger payment_documents_whole before truncate on payment_documents for each statement execute function refuse_change();
create trigger account_erased_insert after insert on payment_documents referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
alter table payment_documents enable row level security;
create policy office on payment_documents to zaguan_office
  using ((select sees_all_units()) or exists (select from accounts a where a.id = account_id));
create policy portal on payment_documents for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on payment_documents to zaguan_office;
grant select on payment_documents to zaguan_portal;
