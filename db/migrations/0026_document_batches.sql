-- Many documents as PDF in one go: what was chosen, how far it is, and the ZIP files that came of it, kept for three days.

-- The constraint grows by one purpose, whatever other purposes it has by now.
do $$
declare v_check text := (select pg_get_constraintdef(oid) from pg_constraint where conname = 'files_purpose_check');
begin
  alter table files drop constraint files_purpose_check;
  execute 'alter table files add constraint files_purpose_check '
    || regexp_replace(v_check, '''logo''::text', '''logo''::text, ''document_batch''::text');
end $$;

create table document_batches (
  id uuid primary key default uuidv7(),
  requested_by uuid not null references users (id),
  business_unit_ids uuid[] not null check (business_unit_ids <> '{}'),
  closing_id uuid references closings (id) on delete set null,
  filter jsonb not null,
  state run_state not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'interrupted')),
  documents_total int not null check (documents_total > 0),
  documents_done int not null default 0 check (documents_done between 0 and documents_total),
  error text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  expires_at timestamptz,
  removed_at timestamptz,
  check ((state in ('done', 'failed', 'interrupted')) = (finished_at is not null)),
  check ((state = 'done') = (expires_at is not null))
);
comment on table document_batches is 'Documents that somebody has printed in one go; the files are removed after three days';
comment on column document_batches.business_unit_ids is 'Whose documents they are: only who sees all of these units gets them';
comment on column document_batches.filter is 'What was asked for; what that was at the moment stands in document_batch_selections';
comment on column document_batches.removed_at is 'When the files were removed; the row says that there was a batch';
create index document_batches_requester on document_batches (requested_by, id desc);
create index document_batches_closing on document_batches (closing_id) where closing_id is not null;
create index document_batches_kept on document_batches (expires_at) where state = 'done' and removed_at is null;

create table document_batch_selections (
  batch_id uuid primary key references document_batches (id) on delete cascade,
  invoice_ids uuid[] not null
);
comment on table document_batch_selections is 'The documents of a batch in the order in which they are printed, as they were chosen';

create table document_batch_parts (
  batch_id uuid not null references document_batches (id) on delete cascade,
  part int not null check (part > 0),
  file_id uuid not null,
  documents int not null check (documents > 0),
  size bigint not null check (size >= 0),
  primary key (batch_id, part)
);
comment on table document_batch_parts is 'One ZIP file of a batch: a batch that was interrupted goes on with the next';

alter table document_batches enable row level security;
create policy office on document_batches to zaguan_office
  using ((select sees_all_units())
         or requested_by = (select current_user_id()) and business_unit_ids <@ (select visible_units())::uuid[]);
alter table document_batch_selections enable row level security;
create policy office on document_batch_selections to zaguan_office
  using (exists (select from document_batches b where b.id = batch_id));
alter table document_batch_parts enable row level security;
create policy office on document_batch_parts to zaguan_office
  using (exists (select from document_batches b where b.id = batch_id));
grant select, insert, update (state, documents_done, error, started_at, finished_at, expires_at, removed_at)
   on document_batches to zaguan_office;
grant select, insert, delete on document_batch_selections to zaguan_office;
grant select, insert, delete on document_batch_parts to zaguan_office;

-- Who asked is an entry of the audit log; how far the job is, is none. Who took it is written by the module.
create trigger audit_insert after insert on document_batches referencing new table as new_rows
  for each statement execute function audit_rows();
