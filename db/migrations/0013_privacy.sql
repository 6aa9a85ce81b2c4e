-- The audit log as one page that is searched at any size (A10); and privacy: all that is stored about an account as a file,
-- and its erasure, which leaves the books intact.

-- Searching the audit log -----------------------------------------------------------------------------------------

alter table audit_log add column redacted_at timestamptz;
comment on column audit_log.redacted_at is 'When the values of before and after, and the name of the customer who acted, were erased with an account';

-- Words without accents and endings, for every language alike.
create text search configuration zaguan_words (copy = pg_catalog.simple);
alter text search configuration zaguan_words alter mapping for word, hword, hword_part, numword, numhword with unaccent, simple;

-- The words that an entry is found by: who acted, for whom, and what stood in the row; ids and moments say nothing to whoever
-- searches. It runs for each entry that is written, so it is made of what PostgreSQL does fastest.
create function audit_words(p_actor text, p_behalf text, p_before jsonb, p_after jsonb) returns tsvector
  language sql immutable parallel safe as $$
  select strip(
    to_tsvector('public.zaguan_words'::regconfig, coalesce(p_actor, '') || ' ' || coalesce(p_behalf, ''))
    || jsonb_to_tsvector('public.zaguan_words'::regconfig, coalesce(p_before, '{}')
         - '{id,account_id,business_unit_id,user_id,created_at,updated_at,created_by,file_id,cause_id}'::text[], '["string", "numeric"]')
    || jsonb_to_tsvector('public.zaguan_words'::regconfig, coalesce(p_after, '{}')
         - '{id,account_id,business_unit_id,user_id,created_at,updated_at,created_by,file_id,cause_id}'::text[], '["string", "numeric"]'))
$$;
-- What is searched, cut alike: every word is the beginning of one. An e-mail that is not whole would be cut otherwise.
create function audit_query(p_text text) returns tsquery language sql immutable parallel safe as $$
  select string_agg('''' || replace(replace(word, '\', '\\'), '''', '''''') || ''':*', ' & ')::tsquery
    from (select unnest(case when piece like '%_@_%' then array[lower(piece)]
                             else tsvector_to_array(to_tsvector('public.zaguan_words'::regconfig, piece)) end) as word
            from regexp_split_to_table(left(p_text, 200), '\s+') piece) words
$$;

-- A short list of what is not in order yet: no single request pays for thousands of others.
create index audit_log_words on audit_log using gin (audit_words(actor_name, on_behalf_of, before, after))
  with (gin_pending_list_limit = 512);
create index audit_log_way on audit_log (way, id desc);
create index audit_log_type on audit_log (object_type, id desc);
-- What is neither created, changed nor deleted is rare, and is what one looks for: erased, exported, viewed.
create index audit_log_action on audit_log (action, id desc) where action not in ('created', 'changed', 'deleted');
create index audit_log_request on audit_log (request_id, id desc) where request_id is not null;
create index audit_log_ip on audit_log (ip, id desc) where ip is not null;

-- A page of the audit log. It runs as the owner because row-level security keeps a text search from using its index;
-- the business units that the caller sees are therefore asked here. An account that one sees is seen whole: entries of
-- its contacts and members carry no business unit. p_after is the id of the last entry of the page before.
create function read_audit(p_filter jsonb, p_after bigint, p_descending boolean, p_limit int)
  returns setof audit_log language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  v_where text := 'true';
  v_order text := case when p_descending then 'desc' else 'asc' end;
  v_all boolean := sees_all_units();
  v_units uuid[] := visible_units();
  v_text text := btrim(p_filter->>'q');
  v_from timestamptz := (p_filter->>'from')::timestamptz;
  v_to timestamptz := (p_filter->>'to')::timestamptz;
  v_bound bigint;
  v_query tsquery;
  v_match text;
  v_near text;
  v_page text := format(' order by l.id %s limit %s', case when p_descending then 'desc' else 'asc' end, p_limit);
  v_looked bigint;
  v_found bigint[];
  v_name text;
begin
  foreach v_name in array '{object_type,object_id,way,action,actor_kind,request_id}'::text[] loop
    if p_filter ? v_name then v_where := v_where || format(' and l.%I = %L', v_name, p_filter->>v_name); end if;
  end loop;
  foreach v_name in array '{account_id,actor_id,business_unit_id}'::text[] loop
    if p_filter ? v_name then v_where := v_where || format(' and l.%I = %L::uuid', v_name, p_filter->>v_name); end if;
  end loop;
  if p_after is not null then
    v_where := v_where || format(' and l.id %s %s', case when p_descending then '<' else '>' end, p_after);
  end if;
  -- Entries are written in the order of time but for what is written at once: the bounds of a period become bounds of
  -- the key that the page is ordered by, with room for the neighbours.
  if v_from is not null then
    select min(id) into v_bound from (select id from audit_log where at >= v_from order by at limit 1000) first;
    if v_bound is null then return; end if;
    v_where := v_where || format(' and l.at >= %L and l.id >= %s', v_from, v_bound);
  end if;
  if v_to is not null then
    select max(id) into v_bound from (select id from audit_log where at < v_to order by at desc limit 1000) last;
    if v_bound is null then return; end if;
    v_where := v_where || format(' and l.at < %L and l.id <= %s', v_to, v_bound);
  end if;
  if v_text <> '' then
    if v_text ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
      v_where := v_where || format(' and (l.object_id = %L or l.account_id = %L::uuid or l.actor_id = %L::uuid)',
                                   lower(v_text), v_text, v_text);
    elsif v_text ~ '^([0-9]{1,3}\.){3}[0-9]{1,3}$' and pg_input_is_valid(v_text, 'inet') or
          v_text ~ '^[0-9a-fA-F:]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$' and pg_input_is_valid(v_text, 'inet') then
      v_where := v_where || format(' and l.ip = %L::inet', v_text);
    elsif exists (select from audit_log where request_id = v_text) then
      v_where := v_where || format(' and l.request_id = %L', v_text);
    else
      v_query := audit_query(v_text);
      -- Nothing but punctuation: nothing is found.
      if v_query is null then return; end if;
    end if;
  end if;
  if not v_all and p_filter ? 'account_id' and exists (
       select from accounts a where a.id = (p_filter->>'account_id')::uuid and a.business_unit_id = any(v_units)) then
    v_all := true;
  elsif not v_all and cardinality(v_units) = 1 then
    v_where := v_where || format(' and l.business_unit_id = %L::uuid', v_units[1]);
    v_all := true;
  end if;

  if v_query is null then
    if v_all then
      return query execute format('select l.* from audit_log l where %s', v_where) || v_page;
    else
      -- Each business unit's newest by its index, then the newest of them.
      return query execute format(
        'select l.* from unnest(%L::uuid[]) u
          cross join lateral (select l.* from audit_log l where l.business_unit_id = u and %s %s) l', v_units, v_where, v_page) || v_page;
    end if;
    return;
  end if;

  -- A text: how often a beginning of a word occurs cannot be known before. What is common is found among the nearest
  -- entries; where these do not fill the page, the index of words knows the few that there are.
  v_match := format('audit_words(l.actor_name, l.on_behalf_of, l.before, l.after) @@ %L::tsquery', v_query);
  if not v_all then v_match := v_match || format(' and l.business_unit_id = any(%L::uuid[])', v_units); end if;
  v_near := format('(select l.* from audit_log l where %s order by l.id %s limit 4000)', v_where, v_order);
  execute format('select (select count(*) from %s l), array(select l.id from %s l where %s %s)', v_near, v_near, v_match, v_page)
     into v_looked, v_found;
  if v_looked = 4000 and cardinality(v_found) < p_limit then
    execute format('with hits as materialized (select l.id from audit_log l where %s and %s)
                    select array(select l.id from hits l %s)', v_match, v_where, v_page) into v_found;
  end if;
  return query execute 'select l.* from audit_log l where l.id = any($1)' || v_page using v_found;
end $$;
comment on function read_audit is 'A page of the audit log with the filters of the screen, of the business units that the caller sees';
revoke execute on function read_audit from public;
grant execute on function read_audit to zaguan_office;

-- Samples and rejected rows of an import are other people's data, not what somebody changed.
create or replace function without_secrets(row_data jsonb) returns jsonb language sql immutable parallel safe
  as $$ select row_data - '{password_hash,token_hash,previous_token_hash,search_text,html,text_body,secret_encrypted,pending_encrypted,
    oidc_client_secret_encrypted,secret_key_check,public_key,code_hash,credential_id,last_step,counter,sample}'::text[] $$;

-- Redaction -----------------------------------------------------------------------------------------------------

create function keys_alone(p_row jsonb) returns jsonb language sql immutable parallel safe as $$
  select case jsonb_typeof(p_row) when 'object'
              then (select coalesce(jsonb_object_agg(key, null), '{}') from jsonb_object_keys(p_row) key) end
$$;
comment on function keys_alone is 'What a row had, without what stood in it';

-- Nobody updates or deletes an entry. The one way past is the erasure of an account, which runs as the owner and can do
-- nothing else: values become empty, who acted for the account loses the name; what, when and which stay.
create function keep_audit() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and current_setting('zaguan.redaction', true) = 'on'
     and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid)
     and new.redacted_at is not null
     and new.before is not distinct from keys_alone(old.before) and new.after is not distinct from keys_alone(old.after)
     and to_jsonb(new) - '{before,after,actor_name,on_behalf_of,ip,redacted_at}'::text[]
       = to_jsonb(old) - '{before,after,actor_name,on_behalf_of,ip,redacted_at}'::text[] then
    return new;
  end if;
  raise exception '% of % is refused: it never changes', lower(tg_op), tg_table_name using errcode = '42501';
end $$;
drop trigger audit_log_frozen on audit_log;
create trigger audit_log_frozen before update or delete on audit_log for each row execute function keep_audit();

-- Exports -------------------------------------------------------------------------------------------------------

create table privacy_exports (
  id uuid primary key default uuidv7(),
  account_id uuid not null,
  business_unit_id uuid not null,
  side user_side not null,
  requested_by uuid references users (id),
  language language_code not null,
  state run_state not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
  parts_total int not null default 0,
  parts_done int not null default 0,
  rows_done int not null default 0,
  -- Chosen at the request, so that a job that is killed and repeated writes the same two files.
  json_file_id uuid not null default uuidv7(),
  pdf_file_id uuid not null default uuidv7(),
  json_size bigint,
  pdf_size bigint,
  error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  expires_at timestamptz,
  removed_at timestamptz,
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id) on update cascade,
  check ((state in ('done', 'failed')) = (finished_at is not null)),
  check ((state = 'done') = (expires_at is not null))
);
comment on table privacy_exports is 'Everything that is stored about an account, as a file for programs and one for people; removed after seven days';
comment on column privacy_exports.side is 'Who asked: staff, or the account''s owner, who never sees the other''s';
comment on column privacy_exports.removed_at is 'When the files were removed; the row says that there was an export';
create index privacy_exports_account on privacy_exports (account_id, id desc);
create index privacy_exports_kept on privacy_exports (expires_at) where state = 'done' and removed_at is null;
create unique index privacy_exports_one on privacy_exports (account_id, side) where state in ('queued', 'running');

alter table privacy_exports enable row level security;
create policy office on privacy_exports to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on privacy_exports to zaguan_portal
  using (account_id = (select current_account_id()) and side = 'customer'
         and (select current_permissions()) && '{owner}'::membership_permission[])
  with check (account_id = (select current_account_id()) and side = 'customer' and requested_by = (select current_user_id())
              and (select current_permissions()) && '{owner}'::membership_permission[]);
grant select, insert, update (state, parts_total, parts_done, rows_done, json_size, pdf_size, error, finished_at, expires_at, removed_at)
   on privacy_exports to zaguan_office;
grant select, insert (account_id, business_unit_id, side, requested_by, language) on privacy_exports to zaguan_portal;
-- Who asked is an entry; how far the job is, is none. That it was made, and who took it, is written by the module.
create trigger audit_insert after insert on privacy_exports referencing new table as new_rows
  for each statement execute function audit_rows();

-- What access keeps of the people of an account is hidden from both logins; an export has to tell of it, without what
-- opens a door. A person who belongs to other accounts too is told of only as far as this one is concerned.
create function personal_access(p_account uuid) returns table (kind text, id text, content jsonb)
  language sql stable security definer set search_path = public, pg_temp as $$
  with people as (
    select m.user_id, not exists (select from memberships o where o.user_id = m.user_id and o.account_id <> p_account) as only_here
      from memberships m
     where m.account_id = p_account
       and exists (select from accounts a where a.id = p_account
                      and (sees_all_units() or a.business_unit_id = any(visible_units()))))
  select 'users', u.id::text, jsonb_build_object('id', u.id, 'email', u.email, 'name', u.name, 'language', u.language,
           'password_set_at', u.password_set_at, 'email_verified_at', u.email_verified_at, 'has_photo', u.photo_file_id is not null,
           'disabled_at', u.disabled_at, 'created_at', u.created_at)
    from people p join users u on u.id = p.user_id
  union all
  select 'sessions', s.id::text, jsonb_build_object('id', s.id, 'user_id', s.user_id, 'created_at', s.created_at,
           'last_seen_at', s.last_seen_at, 'expires_at', s.expires_at, 'ip', host(s.ip), 'user_agent', s.user_agent, 'method', s.method)
    from people p join sessions s on s.user_id = p.user_id
   where s.account_id = p_account or (s.account_id is null and p.only_here)
  union all
  select 'passkeys', k.id::text, jsonb_build_object('id', k.id, 'user_id', k.user_id, 'name', k.name, 'created_at', k.created_at,
           'last_used_at', k.last_used_at)
    from people p join passkeys k on k.user_id = p.user_id where p.only_here
  union all
  select 'one_time_codes', t.user_id::text, jsonb_build_object('user_id', t.user_id, 'confirmed_at', t.confirmed_at)
    from people p join user_totp t on t.user_id = p.user_id where p.only_here
  union all
  select 'api_keys', k.id::text, jsonb_build_object('id', k.id, 'user_id', k.user_id, 'name', k.name, 'hint', k.hint,
           'scopes', k.member_scopes, 'read_only', k.read_only, 'created_at', k.created_at, 'expires_at', k.expires_at,
           'last_used_at', k.last_used_at, 'last_used_ip', host(k.last_used_ip), 'revoked_at', k.revoked_at)
    from api_keys k
   where k.account_id = p_account
     and exists (select from accounts a where a.id = p_account and (sees_all_units() or a.business_unit_id = any(visible_units())))
$$;
comment on function personal_access is 'What is stored of how the people of an account come in, for its export: no secret, no hash';
revoke execute on function personal_access from public;
grant execute on function personal_access to zaguan_office;

-- Erasure -------------------------------------------------------------------------------------------------------

alter table accounts add column erased_at timestamptz;
comment on column accounts.erased_at is 'When names and contacts were replaced for good; the books stay. Nothing changes after it';
create index accounts_erased on accounts (id) where erased_at is not null;

create function refuse_erased() returns trigger language plpgsql as $$
begin
  raise exception 'the account was erased' using errcode = '23514', constraint = 'account_erased';
end $$;
create trigger accounts_erased before update on accounts for each row when (old.erased_at is not null)
  execute function refuse_erased();

-- Once per statement, and the erased accounts are few: a bulk write hardly notices.
create function refuse_rows_of_erased() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select from new_rows n join accounts a on a.id = n.account_id where a.erased_at is not null) then
    raise exception 'the account was erased' using errcode = '23514', constraint = 'account_erased';
  end if;
  return null;
end $$;
do $$
declare v_table text;
begin
  foreach v_table in array '{account_change_requests,account_domains,account_setups,api_keys,contacts,contracts,invitations,
      invoices,memberships,ownership_transfers,payment_notices,payments,subscription_components,subscription_suspensions,
      subscriptions}'::text[] loop
    execute format('create trigger account_erased_insert after insert on %I referencing new table as new_rows
                    for each statement execute function refuse_rows_of_erased()', v_table);
    -- Issued invoices and payments never change but for the state of an invoice, which follows the money.
    if v_table not in ('invoices', 'payments') then
      execute format('create trigger account_erased_update after update on %I referencing new table as new_rows
                      for each statement execute function refuse_rows_of_erased()', v_table);
    end if;
  end loop;
end $$;

-- What has to come to its end before an account can be erased. `amount` is in minor units of the business unit's currency.
create function erasure_obstacles(p_account uuid, p_today date) returns table (code text, count bigint, amount bigint)
  language sql stable set search_path = public, pg_temp as $$
  select * from (
    select 'services_running', count(*), null::bigint from subscriptions s
     where s.account_id = p_account and (s.status not in ('cancelled', 'ended') or s.end_date > p_today)
    union all
    select 'contracts_in_force', count(*), null from contracts c
     where c.account_id = p_account and c.archived_at is null and (c.end_date is null or c.end_date > p_today)
    union all
    select 'invoices_open', count(*), sum(b.open_amount)::bigint
      from invoices i join invoice_balances b on b.invoice_id = i.id where i.account_id = p_account and i.state = 'open'
    union all
    select 'credit_left', count(*) filter (where e.sum <> 0), sum(-e.sum)::bigint
      from (select sum(amount) as sum from ledger_entries where account_id = p_account and ledger_account = 'account_credit') e
    union all
    select 'payments_pending', count(*), sum(n.amount)::bigint from payment_notices n
     where n.account_id = p_account and n.state = 'pending') o (code, count, amount)
   where o.count > 0
$$;
comment on function erasure_obstacles is 'What stands in the way of an erasure; none: it may be done';
revoke execute on function erasure_obstacles from public;
grant execute on function erasure_obstacles to zaguan_office;

-- The people who act for this account and for no other: they go with it.
create function people_of_account_alone(p_account uuid) returns uuid[]
  language sql stable security definer set search_path = public, pg_temp as $$
  select coalesce(array_agg(u.id), '{}') from users u
   where u.side = 'customer'
     and u.id in (select m.user_id from memberships m where m.account_id = p_account
                  union select c.user_id from contacts c where c.account_id = p_account)
     and not exists (select from memberships o where o.user_id = u.id and o.account_id <> p_account)
$$;
revoke execute on function people_of_account_alone from public;
grant execute on function people_of_account_alone to zaguan_office;

-- Replaces who an account is by nobody, for good; the books (invoices with the customer as it was on issue, their lines,
-- the ledger, payments and the receipts that prove them, contracts, services) stay. Returns the files whose bytes are to be
-- removed; null where there is no such account, or the caller may not see it. Done once, it changes nothing more. Whether
-- the caller may do it at all is for the route to ask.
create function erase_account(p_account uuid, p_name text, p_person text, p_reason text, p_today date) returns uuid[]
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_account accounts;
  v_start bigint;
  v_people uuid[];
  v_objects text[];
  v_emails text[];
  v_marks text[];
  v_files uuid[];
  v_more uuid[];
begin
  select * into v_account from accounts where id = p_account for update;
  if not found or not (sees_all_units() or v_account.business_unit_id = any(visible_units())) then return null; end if;
  if v_account.erased_at is not null then return '{}'; end if;
  if exists (select from erasure_obstacles(p_account, p_today)) then
    raise exception 'something stands in the way of the erasure' using errcode = '23514', constraint = 'erasure_obstructed';
  end if;
  select coalesce(max(id), 0) into v_start from audit_log;

  v_people := people_of_account_alone(p_account);
  v_emails := array(
    select lower(e) from (select v_account.email::text union select email::text from contacts where account_id = p_account
                          union select email::text from invitations where account_id = p_account
                          union select email::text from users where id = any(v_people)) x (e) where e is not null);
  -- By what rows of other tables are recognised as this account's.
  v_marks := v_emails || array(
    select m from (values (v_account.external_id), (v_account.tax_id), (v_account.name), (v_account.phone), (v_account.email::text)) x (m)
     where length(m) > 3
    union select email::text from contacts where account_id = p_account and email is not null);
  v_objects := array(
    select id::text from passkeys where user_id = any(v_people)
    union select unnest(v_people)::text
    union select photo_file_id::text from users where id = any(v_people) and photo_file_id is not null);

  -- The people.
  select coalesce(array_agg(photo_file_id), '{}') into v_files from users where id = any(v_people) and photo_file_id is not null;
  delete from sessions where user_id = any(v_people) or viewed_account_id = p_account;
  update sessions set account_id = null where account_id = p_account;
  delete from user_tokens where user_id = any(v_people);
  delete from user_devices where user_id = any(v_people);
  delete from passkeys where user_id = any(v_people);
  delete from user_totp where user_id = any(v_people);
  delete from recovery_codes where user_id = any(v_people);
  delete from user_identities where user_id = any(v_people);
  delete from challenges where user_id = any(v_people);
  delete from api_keys where account_id = p_account or user_id = any(v_people);
  delete from ownership_transfers where account_id = p_account;
  delete from invitations where account_id = p_account;
  delete from account_change_requests where account_id = p_account;
  delete from memberships where account_id = p_account;
  delete from membership_removals where account_id = p_account;
  delete from contacts where account_id = p_account;
  delete from account_domains where account_id = p_account;
  update users set email = ('erased-' || id || '@erased.invalid')::citext, name = p_person, password_hash = null,
                   password_set_at = null, email_verified_at = null, photo_file_id = null, disabled_at = now()
   where id = any(v_people);

  -- What was written to them and by them.
  update notices set to_email = ('erased-' || id || '@erased.invalid')::citext, subject = '', html = null, text_body = null,
                     error = null, state = case state when 'queued' then 'failed' else state end
   where account_id = p_account or user_id = any(v_people);
  update payment_notices set note = null, reference = null,
                             rejection_reason = case when rejection_reason is not null then '–' end,
                             receipt_file_id = case state when 'approved' then receipt_file_id end
   where account_id = p_account;
  update subscriptions set notes = null, end_reason = null, external_id = null where account_id = p_account;
  update subscription_suspensions set reason = null where account_id = p_account;
  update contracts set name = p_name, notes = null where account_id = p_account;
  update closing_accounts set detail = null where account_id = p_account and detail is not null;

  -- Files: exports of the account and receipts that prove no payment. Of those that stay the name says nothing.
  update privacy_exports set state = case when state = 'done' then state else 'failed' end,
                             finished_at = coalesce(finished_at, now()), removed_at = coalesce(removed_at, now())
   where account_id = p_account;
  select coalesce(array_agg(json_file_id) || array_agg(pdf_file_id), '{}') into v_more from privacy_exports where account_id = p_account;
  v_files := v_files || v_more;
  with gone as (
    delete from files f
     where f.id = any(v_files)
        or f.account_id = p_account and not exists (select from payment_notices n where n.receipt_file_id = f.id)
    returning f.id)
  select coalesce(array_agg(id), '{}') into v_more from gone;
  v_files := array(select unnest(v_files) union select unnest(v_more));
  update files set name = 'receipt' || coalesce(lower(substring(name from '\.[A-Za-z0-9]{1,5}$')), '') where account_id = p_account;

  -- Traces elsewhere: rows that an import left out, samples of its file, answers kept to be repeated, counters, waiting jobs.
  update import_rejects r set record = '[]', value = null
   where r.business_unit_id = v_account.business_unit_id and r.record ?| v_marks;
  update imports i set sample = '[]'
   where i.business_unit_id = v_account.business_unit_id
     and exists (select from jsonb_array_elements(case jsonb_typeof(i.sample) when 'array' then i.sample else '[]' end) s
                  where jsonb_typeof(s) = 'array' and s ?| v_marks
                     or jsonb_typeof(s) = 'object' and exists (select from jsonb_each_text(s) c where c.value = any(v_marks)));
  delete from idempotency_keys where actor_id = any(v_people) or position(p_account::text in response::text) > 0;
  delete from rate_windows w where exists (select from unnest(v_emails) e where position(e in lower(w.key)) > 0);
  perform graphile_worker.complete_jobs(array(
    select id from graphile_worker._private_jobs where lower(payload->>'email') = any(v_emails) and locked_at is null));

  update accounts set name = p_name, external_id = null, tax_id = null, email = null, phone = null, fax = null, address = null,
                      city = null, state = null, postal_code = null, notes = null, erased_at = now()
   where id = p_account;

  -- The log keeps who did what and when, without what: of the account, of its people, and of all that was done just now.
  perform set_config('zaguan.redaction', 'on', true);
  update audit_log set before = keys_alone(before), after = keys_alone(after), redacted_at = now(),
                       actor_name = case when actor_kind = 'customer' then p_person else actor_name end,
                       on_behalf_of = case when on_behalf_of is not null then p_name end,
                       ip = case when actor_kind = 'customer' then null else ip end
   where account_id = p_account and redacted_at is null;
  update audit_log set before = keys_alone(before), after = keys_alone(after), redacted_at = now(), actor_name = p_person, ip = null
   where actor_id = any(v_people) and redacted_at is null;
  update audit_log set before = keys_alone(before), after = keys_alone(after), redacted_at = now()
   where object_id = any(v_objects) and redacted_at is null
     and object_type in ('users', 'passkeys', 'user_totp', 'user_identities', 'recovery_codes', 'files');
  update audit_log set before = keys_alone(before), after = keys_alone(after), redacted_at = now()
   where id > v_start and xmin = pg_current_xact_id()::xid and redacted_at is null;
  perform set_config('zaguan.redaction', '', true);

  perform write_audit('erased', 'accounts', p_account::text, p_account, v_account.business_unit_id, null,
                      jsonb_build_object('number', v_account.number, 'reason', p_reason));
  return v_files;
end $$;
comment on function erase_account is 'Erases who an account is; the books stay. Refuses (23514, erasure_obstructed) while something runs or is owed';
revoke execute on function erase_account from public;
grant execute on function erase_account to zaguan_office;

-- What is kept for a while only ---------------------------------------------------------------------------------

-- Answers that are kept so that a request can be repeated, and counters of tries: nobody asks for them after two days.
-- Of an import, ninety days after it ended, the file, its sample and what stood in rejected rows. Returns the files.
create function forget_what_is_old(p_now timestamptz) returns uuid[]
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_imports uuid[];
  v_files uuid[];
begin
  delete from idempotency_keys where created_at < p_now - interval '2 days';
  delete from rate_windows where window_start < p_now - interval '2 days';
  select coalesce(array_agg(id), '{}') into v_imports from imports
   where finished_at < p_now - interval '90 days' and state in ('done', 'failed')
     and (file_id is not null or sample <> '[]'
          or exists (select from import_rejects r where r.import_id = imports.id and r.record <> '[]'));
  select coalesce(array_agg(file_id), '{}') into v_files from imports where id = any(v_imports) and file_id is not null;
  update import_rejects set record = '[]', value = null where import_id = any(v_imports) and record <> '[]';
  update imports set file_id = null, sample = '[]' where id = any(v_imports);
  delete from files where id = any(v_files);
  return v_files;
end $$;
comment on function forget_what_is_old is 'Removes what was kept for a while only; the ids of files whose bytes are to be removed';
revoke execute on function forget_what_is_old from public;
grant execute on function forget_what_is_old to zaguan_office;
