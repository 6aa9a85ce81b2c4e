-- Mail to customers and staff (C3), and imports (A4, B13).

create type notice_kind as enum ('password_reset', 'password_changed', 'staff_invitation', 'invoice_issued',
                                 'payment_notice_received', 'payment_approved', 'payment_rejected');
create type notice_state as enum ('queued', 'sent', 'kept', 'failed');

create table notices (
  id uuid primary key default uuidv7(),
  kind notice_kind not null,
  business_unit_id uuid references business_units (id),
  account_id uuid references accounts (id),
  user_id uuid references users (id),
  cause_id uuid,
  to_email citext not null,
  language language_code not null,
  subject text not null,
  html text,
  text_body text,
  secret boolean not null default false,
  state notice_state not null default 'queued',
  error text,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  resent_from uuid references notices (id)
);
comment on table notices is 'Every mail that was sent or, without a mail server, kept for staff to read';
comment on column notices.secret is 'Carries a link that signs somebody in: the body is removed once a mail server took it, and the account never sees it';
comment on column notices.cause_id is 'What it is about; with kind and address it is sent once';
create unique index notices_once on notices (kind, cause_id, to_email) where cause_id is not null and resent_from is null;
create index notices_account on notices (account_id, id desc);
create index notices_unit on notices (business_unit_id, id desc);
create index notices_state on notices (state, id);

alter table notices enable row level security;
create policy office on notices to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on notices for select to zaguan_portal using (account_id = (select current_account_id()) and not secret);
grant select, insert, update (state, error, sent_at, html, text_body) on notices to zaguan_office;
grant select on notices to zaguan_portal;

-- What somebody who is not signed in causes (a link to choose a password) is written through this alone.
create function queue_personal_notice(p_kind notice_kind, p_user uuid, p_unit uuid, p_to citext, p_language language_code,
                                      p_subject text, p_html text, p_text text, p_secret boolean)
  returns uuid language sql security definer set search_path = public, pg_temp as $$
  insert into notices (kind, user_id, business_unit_id, to_email, language, subject, html, text_body, secret)
  values (p_kind, p_user, p_unit, p_to, p_language, p_subject, p_html, p_text, p_secret) returning id
$$;
revoke execute on function queue_personal_notice from public;
grant execute on function queue_personal_notice to zaguan_portal, zaguan_office;

create type import_kind as enum ('accounts', 'contacts', 'services');

create table imports (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  kind import_kind not null,
  file_id uuid references files (id),
  file_name text not null,
  columns text[] not null default '{}',
  sample jsonb not null default '[]',
  mapping jsonb not null,
  as_of date not null,
  state run_state not null default 'draft',
  rows_total int not null default 0,
  rows_done int not null default 0,
  created int not null default 0,
  updated int not null default 0,
  unchanged int not null default 0,
  rejected int not null default 0,
  attempt int not null default 0,
  error text,
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (id, business_unit_id)
);
comment on column imports.as_of is 'The import''s date: what "months before" and "already billed" count from';
comment on column imports.sample is 'The first rows of the file, to see what a column holds while mapping it';
comment on column imports.attempt is 'Which pass over the file is under way: an earlier one that still lives stops at its next batch';
create index imports_unit on imports (business_unit_id, id desc);

create table import_rejects (
  import_id uuid not null,
  business_unit_id uuid not null,
  row_number int not null,
  code text not null,
  column_name text,
  value text,
  record jsonb not null,
  primary key (import_id, row_number),
  foreign key (import_id, business_unit_id) references imports (id, business_unit_id) on delete cascade
);

comment on column import_rejects.record is 'The cells as they were in the file: an array in the order of the import''s columns';

alter table imports enable row level security;
create policy office on imports to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on imports to zaguan_office;
alter table import_rejects enable row level security;
create policy office on import_rejects to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, delete on import_rejects to zaguan_office;

call audit_table('imports');
