-- What every module stands on: who is acting, who may see what, the audit log, files, idempotency, rate limits, jobs.
--
-- Two logins own nothing: zaguan_portal (customers) and zaguan_office (staff, jobs, command line). Each transaction
-- says who acts and what it may see through the settings below; without them row-level security shows no row.

create extension if not exists citext;
create extension if not exists pg_trgm;
create extension if not exists unaccent;
create extension if not exists btree_gist;

revoke create on schema public from public;
grant usage on schema public to zaguan_portal, zaguan_office;

-- Who acts ------------------------------------------------------------------------------------------------------

create function current_account_id() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('zaguan.account_id', true), '')::uuid $$;
comment on function current_account_id is 'The account that a portal transaction was entered for; null sees nothing';

create function current_unit_id() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('zaguan.unit_id', true), '')::uuid $$;
comment on function current_unit_id is 'The business unit of the account that a portal transaction was entered for';

create function current_user_id() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('zaguan.user_id', true), '')::uuid $$;

create function sees_all_units() returns boolean language sql stable parallel safe
  as $$ select coalesce(current_setting('zaguan.units', true), '') = '*' $$;
comment on function sees_all_units is 'Whether the acting staff member or job may see every business unit';

create function visible_units() returns uuid[] language sql stable parallel safe
  as $$ select case when coalesce(current_setting('zaguan.units', true), '') in ('', '*') then '{}'::uuid[]
                    else string_to_array(current_setting('zaguan.units', true), ',')::uuid[] end $$;

-- Text that people search: lower case, no accents. unaccent() is only stable because its dictionary could be
-- replaced; ours never is, and an index needs an immutable function.
create function fold(text) returns text language sql immutable parallel safe strict
  as $$ select lower(public.unaccent('public.unaccent'::regdictionary, $1)) $$;

create type language_code as enum ('pt-BR', 'es', 'en');
create type run_state as enum ('draft', 'preparing', 'prepared', 'queued', 'running', 'done', 'failed', 'interrupted');
comment on type run_state is 'The life of a long job that people watch: closings and imports';

-- Audit (A10) ---------------------------------------------------------------------------------------------------

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  actor_kind text not null,
  actor_id uuid,
  actor_name text,
  way text not null,
  operation text not null,
  action text not null,
  object_type text not null,
  object_id text,
  account_id uuid,
  business_unit_id uuid,
  before jsonb,
  after jsonb,
  ip inet,
  request_id text
);
comment on table audit_log is 'Who changed what, before and after (A10). Written by triggers; nobody updates or deletes';
create index audit_log_account on audit_log (account_id, id desc);
create index audit_log_object on audit_log (object_type, object_id, id desc);
create index audit_log_actor on audit_log (actor_id, id desc);
create index audit_log_unit on audit_log (business_unit_id, id desc);
create index audit_log_at on audit_log (at desc);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: it never changes', lower(tg_op), tg_table_name using errcode = '42501';
end $$;
create trigger audit_log_frozen before update or delete on audit_log for each row execute function refuse_change();
create trigger audit_log_kept before truncate on audit_log for each statement execute function refuse_change();

-- Columns that no log may hold.
create function without_secrets(row_data jsonb) returns jsonb language sql immutable parallel safe
  as $$ select row_data - '{password_hash,token_hash,search_text,html,text_body}'::text[] $$;

create function write_audit(p_action text, p_object_type text, p_object_id text, p_account uuid, p_unit uuid,
                            p_before jsonb, p_after jsonb)
  returns void language sql security definer set search_path = public, pg_temp as $$
  with actor as (select coalesce(nullif(current_setting('zaguan.actor', true), ''), '{}')::jsonb as a)
  insert into audit_log (actor_kind, actor_id, actor_name, way, operation, action, object_type, object_id,
                         account_id, business_unit_id, before, after, ip, request_id)
  select coalesce(a->>'kind', 'database'), (a->>'id')::uuid, a->>'name', coalesce(a->>'way', 'database'),
         coalesce(a->>'operation', 'sql'), p_action, p_object_type, p_object_id, p_account, p_unit, p_before, p_after,
         (a->>'ip')::inet, a->>'request_id'
    from actor
$$;
comment on function write_audit is 'One audit entry for what is not a row of its own (sign-in, export, a run)';
revoke execute on function write_audit from public;
grant execute on function write_audit to zaguan_portal, zaguan_office;

-- One statement, one insert: a bulk write of 10,000 rows costs one pass over its transition table, not 10,000 calls.
create function audit_rows() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  a jsonb := coalesce(nullif(current_setting('zaguan.actor', true), ''), '{}')::jsonb;
begin
  if tg_op = 'INSERT' then
    insert into audit_log (actor_kind, actor_id, actor_name, way, operation, action, object_type, object_id,
                           account_id, business_unit_id, before, after, ip, request_id)
    select coalesce(a->>'kind', 'database'), (a->>'id')::uuid, a->>'name', coalesce(a->>'way', 'database'),
           coalesce(a->>'operation', 'sql'), 'created', tg_table_name, coalesce(r->>'id', r->>'user_id'),
           case when tg_table_name = 'accounts' then (r->>'id')::uuid else (r->>'account_id')::uuid end,
           case when tg_table_name = 'business_units' then (r->>'id')::uuid else (r->>'business_unit_id')::uuid end,
           null, without_secrets(r), (a->>'ip')::inet, a->>'request_id'
      from (select to_jsonb(n) as r from new_rows n) rows;
  elsif tg_op = 'DELETE' then
    insert into audit_log (actor_kind, actor_id, actor_name, way, operation, action, object_type, object_id,
                           account_id, business_unit_id, before, after, ip, request_id)
    select coalesce(a->>'kind', 'database'), (a->>'id')::uuid, a->>'name', coalesce(a->>'way', 'database'),
           coalesce(a->>'operation', 'sql'), 'deleted', tg_table_name, coalesce(r->>'id', r->>'user_id'),
           case when tg_table_name = 'accounts' then (r->>'id')::uuid else (r->>'account_id')::uuid end,
           case when tg_table_name = 'business_units' then (r->>'id')::uuid else (r->>'business_unit_id')::uuid end,
           without_secrets(r), null, (a->>'ip')::inet, a->>'request_id'
      from (select to_jsonb(o) as r from old_rows o) rows;
  else
    insert into audit_log (actor_kind, actor_id, actor_name, way, operation, action, object_type, object_id,
                           account_id, business_unit_id, before, after, ip, request_id)
    select coalesce(a->>'kind', 'database'), (a->>'id')::uuid, a->>'name', coalesce(a->>'way', 'database'),
           coalesce(a->>'operation', 'sql'), 'changed', tg_table_name, coalesce(r->>'id', r->>'user_id'),
           case when tg_table_name = 'accounts' then (r->>'id')::uuid else (r->>'account_id')::uuid end,
           case when tg_table_name = 'business_units' then (r->>'id')::uuid else (r->>'business_unit_id')::uuid end,
           c.before, c.after, (a->>'ip')::inet, a->>'request_id'
      from (select to_jsonb(o) as before, to_jsonb(n) as r
              from old_rows o
              join new_rows n on coalesce(to_jsonb(n)->>'id', to_jsonb(n)->>'user_id')
                               = coalesce(to_jsonb(o)->>'id', to_jsonb(o)->>'user_id')) rows
           cross join lateral (
             select jsonb_object_agg(key, rows.before->key) as before, jsonb_object_agg(key, value) as after
               from jsonb_each(without_secrets(r) - 'updated_at') where value is distinct from rows.before->key) c
     where c.after is not null;
  end if;
  return null;
end $$;

-- Puts a table under audit: three statement triggers (a trigger with transition tables serves one event each).
create procedure audit_table(p_table regclass) language plpgsql as $$
begin
  execute format('create trigger audit_insert after insert on %s referencing new table as new_rows
                  for each statement execute function audit_rows()', p_table);
  execute format('create trigger audit_update after update on %s referencing old table as old_rows new table as new_rows
                  for each statement execute function audit_rows()', p_table);
  execute format('create trigger audit_delete after delete on %s referencing old table as old_rows
                  for each statement execute function audit_rows()', p_table);
end $$;

create function touch_updated_at() returns trigger language plpgsql as $$
begin new.updated_at := now(); return new; end $$;

-- Files ---------------------------------------------------------------------------------------------------------

create table files (
  id uuid primary key default uuidv7(),
  account_id uuid,
  business_unit_id uuid,
  purpose text not null check (purpose in ('logo', 'receipt', 'import', 'import_rejects')),
  name text not null check (length(name) between 1 and 200),
  media_type text not null,
  size bigint not null check (size >= 0),
  sha256 bytea not null,
  created_by uuid,
  created_at timestamptz not null default now()
);
comment on table files is 'What was uploaded or made; the bytes live behind platform/files.ts under the file''s id';
create index files_account on files (account_id);
create index files_unit on files (business_unit_id);

-- Idempotency keys, rate limits ---------------------------------------------------------------------------------

create table idempotency_keys (
  actor_id uuid not null,
  key text not null check (length(key) between 1 and 200),
  operation text not null,
  fingerprint bytea not null,
  status int,
  response jsonb,
  created_at timestamptz not null default now(),
  primary key (actor_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

create unlogged table rate_windows (
  key text not null,
  window_start timestamptz not null,
  hits int not null,
  primary key (key, window_start)
);
create function take_rate(p_key text, p_limit int, p_seconds int) returns boolean
  language sql security definer set search_path = public, pg_temp as $$
  insert into rate_windows as w (key, window_start, hits)
  values (p_key, to_timestamp(floor(extract(epoch from clock_timestamp()) / p_seconds) * p_seconds), 1)
  on conflict (key, window_start) do update set hits = w.hits + 1
  returning hits <= p_limit
$$;
comment on function take_rate is 'Counts a hit against a key in a fixed window over all processes; false when over the limit';
create function forget_rate(p_key text) returns void
  language sql security definer set search_path = public, pg_temp as $$
  delete from rate_windows where key = p_key
$$;
comment on function forget_rate is 'Forgets the hits of a key: what was counted turned out to be in order';
revoke execute on function take_rate, forget_rate from public;
grant execute on function take_rate, forget_rate to zaguan_portal, zaguan_office;

-- Jobs ----------------------------------------------------------------------------------------------------------

-- The queue belongs to the owner; the two logins may only add to it, in the transaction that causes the job.
create function enqueue_job(p_task text, p_payload json, p_key text default null, p_queue text default null,
                            p_run_at timestamptz default null, p_max_attempts int default 12)
  returns bigint language sql security definer set search_path = public, pg_temp as $$
  select id from graphile_worker.add_job(p_task, p_payload, queue_name => p_queue, run_at => p_run_at,
                                         max_attempts => p_max_attempts, job_key => p_key)
$$;
revoke execute on function enqueue_job from public;
grant execute on function enqueue_job to zaguan_portal, zaguan_office;

create view queued_jobs as
  select j.id, t.identifier as task, j.payload, j.job_queue_id is not null as in_queue, j.attempts, j.max_attempts, j.last_error,
         j.run_at, j.locked_at, j.created_at, j.updated_at, j.key,
         case when j.locked_at is not null then 'running'
              when j.attempts >= j.max_attempts then 'failed'
              when j.attempts > 0 then 'retrying'
              else 'queued' end as state
    from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id;
comment on view queued_jobs is 'What runs, waits and failed, for the jobs page; finished jobs leave the queue';
grant select on queued_jobs to zaguan_office;

create function retry_job(p_id bigint) returns boolean language sql security definer set search_path = public, pg_temp as $$
  with again as (
    select id from graphile_worker.reschedule_jobs(array[p_id], run_at => now(), attempts => 0, max_attempts => null))
  select exists (select from again)
$$;
create function discard_job(p_id bigint) returns boolean language sql security definer set search_path = public, pg_temp as $$
  with gone as (select id from graphile_worker.complete_jobs(array[p_id])) select exists (select from gone)
$$;
revoke execute on function retry_job, discard_job from public;
grant execute on function retry_job, discard_job to zaguan_office;

-- Rows that people may see --------------------------------------------------------------------------------------

alter table audit_log enable row level security;
create policy office_reads on audit_log for select to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select on audit_log to zaguan_office;

alter table files enable row level security;
create policy office on files to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on files to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, delete on files to zaguan_office;
grant select, insert on files to zaguan_portal;

alter table idempotency_keys enable row level security;
create policy own_office on idempotency_keys to zaguan_office using (actor_id = (select current_user_id()));
create policy own_portal on idempotency_keys to zaguan_portal using (actor_id = (select current_user_id()));
grant select, insert, update, delete on idempotency_keys to zaguan_office, zaguan_portal;

alter table rate_windows enable row level security;
create policy nobody on rate_windows for select to zaguan_office using (false);
alter table schema_migrations enable row level security;
create policy office_reads on schema_migrations for select to zaguan_office using (true);
grant select on schema_migrations to zaguan_office;

call audit_table('files');
