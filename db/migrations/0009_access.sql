-- How people and programs come in (A5, A10–A12): passkeys, one-time codes, the operator's own identity provider, devices,
-- sessions that know how they began, API keys, viewing as a customer, single permissions of staff.

-- What the acting customer may do in the account that was entered.
create function current_permissions() returns membership_permission[] language sql stable parallel safe
  as $$ select coalesce(string_to_array(nullif(current_setting('zaguan.permissions', true), ''), ',')::membership_permission[], '{}') $$;
comment on function current_permissions is 'What the acting user may do in the account that was entered; empty without one';

-- The operator's rules ------------------------------------------------------------------------------------------

create table operator_settings (
  id boolean primary key default true check (id),
  staff_second_factor boolean not null default false,
  oidc_enabled boolean not null default false,
  oidc_label text check (length(oidc_label) between 1 and 60),
  oidc_issuer text check (oidc_issuer ~ '^https?://' and length(oidc_issuer) <= 500),
  oidc_client_id text check (length(oidc_client_id) between 1 and 300),
  oidc_client_secret_encrypted bytea,
  secret_key_check bytea,
  updated_at timestamptz not null default now(),
  check (not oidc_enabled or (oidc_issuer is not null and oidc_client_id is not null and oidc_label is not null))
);
comment on column operator_settings.staff_second_factor is 'Staff need a second factor: without one they reach nothing but the page that sets it up';
comment on column operator_settings.oidc_client_secret_encrypted is 'AES-256-GCM by platform/encryption.ts; never in a log';
comment on column operator_settings.secret_key_check is 'What the key of this installation gives for a fixed text: another key is noticed before it is used';
insert into operator_settings default values;
create trigger touch before update on operator_settings for each row execute function touch_updated_at();

-- People --------------------------------------------------------------------------------------------------------

alter table files drop constraint files_purpose_check;
alter table files add constraint files_purpose_check
  check (purpose in ('logo', 'receipt', 'import', 'import_rejects', 'photo', 'privacy_export'));

alter table users add column email_verified_at timestamptz, add column photo_file_id uuid references files (id);
comment on column users.photo_file_id is 'A square WebP that was made anew from what was uploaded (A9)';
update users set email_verified_at = password_set_at where password_set_at is not null;

alter table staff add column granted staff_permission[] not null default '{}',
                  add column withheld staff_permission[] not null default '{}',
                  add constraint staff_single_permissions check (not granted && withheld);
comment on column staff.granted is 'Single permissions beyond the role''s';
comment on column staff.withheld is 'Single permissions of the role that this member of staff does not have';

alter table user_tokens add column new_email citext
  check (new_email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' and length(new_email) <= 254);
create index user_tokens_open on user_tokens (user_id, kind) where used_at is null;

create table user_devices (
  user_id uuid not null references users (id) on delete cascade,
  token_hash bytea not null,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  primary key (user_id, token_hash)
);
comment on table user_devices is 'Browsers in which a user signed in before: others'' wrong passwords never lock them out (OWASP, device cookies)';

create table passkeys (
  id uuid primary key default uuidv7(),
  user_id uuid not null references users (id) on delete cascade,
  credential_id bytea not null unique,
  public_key bytea not null,
  counter bigint not null default 0,
  transports text[] not null default '{}',
  backed_up boolean not null default false,
  name text not null check (length(btrim(name)) between 1 and 100),
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);
create index passkeys_user on passkeys (user_id);

create table user_totp (
  user_id uuid primary key references users (id) on delete cascade,
  secret_encrypted bytea,
  pending_encrypted bytea,
  confirmed_at timestamptz,
  last_step bigint not null default 0,
  created_at timestamptz not null default now(),
  check ((secret_encrypted is null) = (confirmed_at is null)),
  check (secret_encrypted is not null or pending_encrypted is not null)
);
comment on column user_totp.pending_encrypted is 'A new secret, until a code of it was seen; the one before works until then';
comment on column user_totp.last_step is 'The last time step that was used: no code works twice (RFC 6238, 5.2)';

create table recovery_codes (
  id uuid primary key default uuidv7(),
  user_id uuid not null references users (id) on delete cascade,
  code_hash bytea not null,
  used_at timestamptz,
  unique (user_id, code_hash)
);

create table user_identities (
  issuer text not null,
  subject text not null,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (issuer, subject)
);
create index user_identities_user on user_identities (user_id);

-- Half-done ways in: the second step of a sign-in, what a passkey signs, the way through an identity provider, a code that
-- opens the portal as a customer. Short-lived, by hash, seen by nobody.
create type challenge_kind as enum ('second_factor', 'passkey', 'oidc', 'view_as');
create table challenges (
  token_hash bytea primary key,
  kind challenge_kind not null,
  side user_side not null,
  user_id uuid references users (id) on delete cascade,
  data jsonb not null default '{}',
  tries int not null default 0,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index challenges_expiry on challenges (expires_at);

-- Sessions ------------------------------------------------------------------------------------------------------

create type session_method as enum ('password', 'link', 'passkey', 'identity_provider', 'view_as');
alter table sessions
  add column method session_method not null default 'password',
  add column second_factor boolean not null default false,
  add column confirmed_at timestamptz not null default now(),
  add column viewed_account_id uuid references accounts (id),
  add column viewed_member_id uuid references memberships (id) on delete cascade,
  add column read_only boolean not null default false,
  add constraint sessions_viewing check ((method = 'view_as') = (viewed_account_id is not null)
                                         and (viewed_member_id is null or viewed_account_id is not null));
comment on column sessions.second_factor is 'Proved by more than a password: a one-time code, a passkey with its own check, the identity provider';
comment on column sessions.confirmed_at is 'When the person last proved who they are: what changes the way in asks again after a while';
comment on column sessions.viewed_account_id is 'A member of staff sees the portal as this account, or as one member of it (A11)';

-- API keys (A12) ------------------------------------------------------------------------------------------------

create table api_keys (
  id uuid primary key default uuidv7(),
  side user_side not null,
  user_id uuid not null references users (id),
  account_id uuid references accounts (id),
  name text not null check (length(btrim(name)) between 1 and 100),
  hint text not null,
  token_hash bytea not null unique,
  previous_token_hash bytea unique,
  previous_expires_at timestamptz,
  staff_scopes staff_permission[],
  member_scopes membership_permission[],
  unit_ids uuid[],
  read_only boolean not null default false,
  rate_limit int not null default 600 check (rate_limit between 1 and 100000),
  expires_at timestamptz,
  last_used_at timestamptz,
  last_used_ip inet,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  check ((side = 'staff') = (account_id is null)),
  check ((side = 'staff') = (staff_scopes is not null) and (side = 'customer') = (member_scopes is not null)),
  check (cardinality(coalesce(staff_scopes, '{}')) + cardinality(coalesce(member_scopes, '{}')) > 0),
  check (side = 'staff' or unit_ids is null),
  check ((previous_token_hash is null) = (previous_expires_at is null))
);
comment on table api_keys is 'A program''s way in. It may do what its scopes say, as long as the person who answers for it may do so too';
comment on column api_keys.user_id is 'Who answers for the key: it never may more than they may, and ends with their access';
comment on column api_keys.unit_ids is 'The business units of an operator''s key; null: all that the person may see';
comment on column api_keys.previous_token_hash is 'After a rotation the old secret works on until previous_expires_at';
create index api_keys_account on api_keys (account_id, id) where account_id is not null;
create index api_keys_user on api_keys (user_id);

-- Audit: both names where staff acted as a customer ---------------------------------------------------------------

alter table audit_log add column on_behalf_of text;
comment on column audit_log.on_behalf_of is 'The account or member that staff were seeing the portal as (A11)';

create or replace function without_secrets(row_data jsonb) returns jsonb language sql immutable parallel safe
  as $$ select row_data - '{password_hash,token_hash,previous_token_hash,search_text,html,text_body,secret_encrypted,pending_encrypted,
    oidc_client_secret_encrypted,secret_key_check,public_key,code_hash,credential_id,last_step,counter}'::text[] $$;

create or replace function write_audit(p_action text, p_object_type text, p_object_id text, p_account uuid, p_unit uuid,
                            p_before jsonb, p_after jsonb)
  returns void language sql security definer set search_path = public, pg_temp as $$
  with actor as (select coalesce(nullif(current_setting('zaguan.actor', true), ''), '{}')::jsonb as a)
  insert into audit_log (actor_kind, actor_id, actor_name, way, operation, action, object_type, object_id,
                         account_id, business_unit_id, before, after, ip, request_id, on_behalf_of)
  select coalesce(a->>'kind', 'database'), (a->>'id')::uuid, a->>'name', coalesce(a->>'way', 'database'),
         coalesce(a->>'operation', 'sql'), p_action, p_object_type, p_object_id, p_account, p_unit, p_before, p_after,
         (a->>'ip')::inet, a->>'request_id', a->>'on_behalf_of'
    from actor
$$;

-- A plan made for one row must not meet ten thousand: the old and the new rows of a statement are joined by hash, never in a loop.
create or replace function audit_rows() returns trigger language plpgsql security definer set search_path = public, pg_temp
  set enable_nestloop = off as $$
declare
  a jsonb := coalesce(nullif(current_setting('zaguan.actor', true), ''), '{}')::jsonb;
begin
  if tg_op = 'INSERT' then
    insert into audit_log (actor_kind, actor_id, actor_name, way, operation, action, object_type, object_id,
                           account_id, business_unit_id, before, after, ip, request_id, on_behalf_of)
    select coalesce(a->>'kind', 'database'), (a->>'id')::uuid, a->>'name', coalesce(a->>'way', 'database'),
           coalesce(a->>'operation', 'sql'), 'created', tg_table_name, coalesce(r->>'id', r->>'user_id'),
           case when tg_table_name = 'accounts' then (r->>'id')::uuid else (r->>'account_id')::uuid end,
           case when tg_table_name = 'business_units' then (r->>'id')::uuid else (r->>'business_unit_id')::uuid end,
           null, without_secrets(r), (a->>'ip')::inet, a->>'request_id', a->>'on_behalf_of'
      from (select to_jsonb(n) as r from new_rows n) rows;
  elsif tg_op = 'DELETE' then
    insert into audit_log (actor_kind, actor_id, actor_name, way, operation, action, object_type, object_id,
                           account_id, business_unit_id, before, after, ip, request_id, on_behalf_of)
    select coalesce(a->>'kind', 'database'), (a->>'id')::uuid, a->>'name', coalesce(a->>'way', 'database'),
           coalesce(a->>'operation', 'sql'), 'deleted', tg_table_name, coalesce(r->>'id', r->>'user_id'),
           case when tg_table_name = 'accounts' then (r->>'id')::uuid else (r->>'account_id')::uuid end,
           case when tg_table_name = 'business_units' then (r->>'id')::uuid else (r->>'business_unit_id')::uuid end,
           without_secrets(r), null, (a->>'ip')::inet, a->>'request_id', a->>'on_behalf_of'
      from (select to_jsonb(o) as r from old_rows o) rows;
  else
    insert into audit_log (actor_kind, actor_id, actor_name, way, operation, action, object_type, object_id,
                           account_id, business_unit_id, before, after, ip, request_id, on_behalf_of)
    select coalesce(a->>'kind', 'database'), (a->>'id')::uuid, a->>'name', coalesce(a->>'way', 'database'),
           coalesce(a->>'operation', 'sql'), 'changed', tg_table_name, coalesce(r->>'id', r->>'user_id'),
           case when tg_table_name = 'accounts' then (r->>'id')::uuid else (r->>'account_id')::uuid end,
           case when tg_table_name = 'business_units' then (r->>'id')::uuid else (r->>'business_unit_id')::uuid end,
           c.before, c.after, (a->>'ip')::inet, a->>'request_id', a->>'on_behalf_of'
      from (select to_jsonb(o) as before, to_jsonb(n) as r
              from old_rows o
              join new_rows n on coalesce(to_jsonb(n)->>'id', to_jsonb(n)->>'user_id')
                               = coalesce(to_jsonb(o)->>'id', to_jsonb(o)->>'user_id')) rows
           cross join lateral (
             select jsonb_object_agg(key, rows.before->key) as before, jsonb_object_agg(key, value) as after
               from jsonb_each(without_secrets(r) - '{updated_at,last_used_at,last_used_ip}'::text[])
              where value is distinct from rows.before->key) c
     where c.after is not null;
  end if;
  return null;
end $$;

-- Entering ------------------------------------------------------------------------------------------------------

drop function enter_office;
-- Verifies the session of a member of staff, which ends after 12 hours without a request. `second_factor_missing`: the operator demands one and this session has none.
create function enter_office(p_token_hash bytea, p_operation text, p_ip text, p_request_id text)
  returns table (session_id uuid, user_id uuid, email text, name text, language language_code, role staff_role,
                 all_units boolean, units uuid[], granted staff_permission[], withheld staff_permission[],
                 photo_file_id uuid, confirmed_at timestamptz, second_factor_missing boolean)
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v_seen timestamptz;
begin
  select s.id, u.id, u.email::text, u.name, u.language, st.role, st.all_units,
         coalesce((select array_agg(su.business_unit_id) from staff_units su where su.user_id = u.id), '{}'),
         st.granted, st.withheld, u.photo_file_id, s.confirmed_at,
         not s.second_factor and (select o.staff_second_factor from operator_settings o), s.last_seen_at
    into session_id, user_id, email, name, language, role, all_units, units, granted, withheld, photo_file_id,
         confirmed_at, second_factor_missing, v_seen
    from sessions s join users u on u.id = s.user_id join staff st on st.user_id = u.id
   where s.token_hash = p_token_hash and s.expires_at > now() and s.last_seen_at > now() - interval '12 hours'
     and s.method <> 'view_as' and u.side = 'staff' and u.disabled_at is null;
  if not found then return; end if;
  perform set_config('zaguan.user_id', user_id::text, true),
          set_config('zaguan.units', case when all_units then '*' else array_to_string(units, ',') end, true),
          set_config('zaguan.actor', jsonb_build_object('kind', 'staff', 'id', user_id, 'name', name, 'way', 'office',
            'operation', p_operation, 'ip', p_ip, 'request_id', p_request_id)::text, true);
  if v_seen < now() - interval '5 minutes' then
    update sessions set last_seen_at = now() where id = session_id;
  end if;
  return next;
end $$;

-- The same by an API key of the operator: what its person may see, narrowed to the key's business units.
create function enter_office_by_key(p_token_hash bytea, p_operation text, p_ip text, p_request_id text)
  returns table (api_key_id uuid, scopes staff_permission[], read_only boolean,
                 user_id uuid, email text, name text, language language_code, role staff_role,
                 all_units boolean, units uuid[], granted staff_permission[], withheld staff_permission[])
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v_key api_keys; v_own uuid[];
begin
  select k.* into v_key from api_keys k
   where k.side = 'staff' and (k.token_hash = p_token_hash or k.previous_token_hash = p_token_hash and k.previous_expires_at > now())
     and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
  if not found then return; end if;
  select u.id, u.email::text, u.name, u.language, st.role, st.all_units, st.granted, st.withheld,
         coalesce((select array_agg(su.business_unit_id) from staff_units su where su.user_id = u.id), '{}')
    into user_id, email, name, language, role, all_units, granted, withheld, v_own
    from users u join staff st on st.user_id = u.id
   where u.id = v_key.user_id and u.side = 'staff' and u.disabled_at is null;
  if not found then return; end if;
  api_key_id := v_key.id; scopes := v_key.staff_scopes; read_only := v_key.read_only;
  if v_key.unit_ids is null then units := v_own;
  elsif all_units then units := v_key.unit_ids; all_units := false;
  else units := array(select unnest(v_own) intersect select unnest(v_key.unit_ids));
  end if;
  perform set_config('zaguan.user_id', user_id::text, true),
          set_config('zaguan.units', case when all_units then '*' else array_to_string(units, ',') end, true),
          set_config('zaguan.actor', jsonb_build_object('kind', 'api_key', 'id', v_key.id, 'name', v_key.name || ' · ' || name,
            'way', 'api_key', 'operation', p_operation, 'ip', p_ip, 'request_id', p_request_id)::text, true);
  return next;
end $$;

drop function enter_portal;
-- Verifies the session and enters its current account (the oldest membership until one is chosen). The session of a
-- member of staff who views the portal as a customer enters that account, and writes nothing unless that was granted (A11).
create function enter_portal(p_token_hash bytea, p_operation text, p_ip text, p_request_id text)
  returns table (session_id uuid, user_id uuid, email text, name text, language language_code,
                 account_id uuid, account_name text, business_unit_id uuid, permissions membership_permission[],
                 photo_file_id uuid, confirmed_at timestamptz, read_only boolean, viewer_name text)
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v_seen timestamptz; v_as text; v_member text;
begin
  select s.id, u.id, u.email::text, u.name, u.language, a.id, a.name, a.business_unit_id, m.permissions, u.photo_file_id,
         s.confirmed_at, s.last_seen_at
    into session_id, user_id, email, name, language, account_id, account_name, business_unit_id, permissions,
         photo_file_id, confirmed_at, v_seen
    from sessions s
    join users u on u.id = s.user_id
    left join memberships m on m.user_id = u.id
    left join accounts a on a.id = m.account_id
   where s.token_hash = p_token_hash and s.expires_at > now() and u.side = 'customer' and u.disabled_at is null
   order by m.account_id = s.account_id desc nulls last, m.created_at, m.id
   limit 1;
  if found then
    read_only := false;
    perform set_config('zaguan.user_id', user_id::text, true),
            set_config('zaguan.account_id', coalesce(account_id::text, ''), true),
            set_config('zaguan.unit_id', coalesce(business_unit_id::text, ''), true),
            set_config('zaguan.permissions', coalesce(array_to_string(permissions, ','), ''), true),
            set_config('zaguan.actor', json_build_object('kind', 'customer', 'id', user_id, 'name', name, 'way', 'portal',
              'operation', p_operation, 'ip', p_ip, 'request_id', p_request_id)::text, true);
  else
    select s.id, u.id, u.email::text, u.language, a.id, a.name, a.business_unit_id, s.confirmed_at, s.last_seen_at, s.read_only,
           u.name, mu.name, case when s.viewed_member_id is null then '{owner,billing,services,support,licences,users}'
                                 else m.permissions end
      into session_id, user_id, email, language, account_id, account_name, business_unit_id, confirmed_at, v_seen, read_only,
           viewer_name, v_member, permissions
      from sessions s
      join users u on u.id = s.user_id
      join staff st on st.user_id = u.id
      join accounts a on a.id = s.viewed_account_id
      left join memberships m on m.id = s.viewed_member_id
      left join users mu on mu.id = m.user_id
     where s.token_hash = p_token_hash and s.expires_at > now() and s.method = 'view_as'
       and u.side = 'staff' and u.disabled_at is null
       and (st.all_units or exists (select from staff_units su where su.user_id = u.id and su.business_unit_id = a.business_unit_id));
    if not found then return; end if;
    name := coalesce(v_member, account_name);
    v_as := case when v_member is null then account_name else v_member || ' · ' || account_name end;
    perform set_config('zaguan.user_id', user_id::text, true),
            set_config('zaguan.account_id', account_id::text, true),
            set_config('zaguan.unit_id', business_unit_id::text, true),
            set_config('zaguan.permissions', array_to_string(permissions, ','), true),
            set_config('zaguan.actor', json_build_object('kind', 'staff', 'id', user_id, 'name', viewer_name, 'way', 'portal',
              'operation', p_operation, 'ip', p_ip, 'request_id', p_request_id, 'on_behalf_of', v_as)::text, true);
  end if;
  -- One write in five minutes, and none in the requests between.
  if v_seen < now() - interval '5 minutes' then
    update sessions set last_seen_at = now() where id = session_id;
  end if;
  -- Whoever only looks writes nothing: PostgreSQL itself refuses it from here on.
  if read_only then perform set_config('transaction_read_only', 'on', true); end if;
  return next;
end $$;

create function enter_portal_by_key(p_token_hash bytea, p_operation text, p_ip text, p_request_id text)
  returns table (api_key_id uuid, scopes membership_permission[], read_only boolean,
                 user_id uuid, email text, name text, language language_code,
                 account_id uuid, account_name text, business_unit_id uuid, permissions membership_permission[])
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  select k.id, k.member_scopes, k.read_only, u.id, u.email::text, k.name || ' · ' || u.name, u.language, a.id, a.name,
         a.business_unit_id,
         -- An owner may everything; the key of one may what its scopes say.
         case when 'owner' = any(m.permissions) then k.member_scopes
              else array(select unnest(m.permissions) intersect select unnest(k.member_scopes)) end
    into api_key_id, scopes, read_only, user_id, email, name, language, account_id, account_name, business_unit_id, permissions
    from api_keys k
    join users u on u.id = k.user_id
    join accounts a on a.id = k.account_id
    join memberships m on m.user_id = u.id and m.account_id = a.id
   where k.side = 'customer' and (k.token_hash = p_token_hash or k.previous_token_hash = p_token_hash and k.previous_expires_at > now())
     and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
     and u.side = 'customer' and u.disabled_at is null;
  if not found then return; end if;
  perform set_config('zaguan.user_id', user_id::text, true),
          set_config('zaguan.account_id', account_id::text, true),
          set_config('zaguan.unit_id', business_unit_id::text, true),
          set_config('zaguan.permissions', array_to_string(permissions, ','), true),
          set_config('zaguan.actor', json_build_object('kind', 'api_key', 'id', api_key_id, 'name', name, 'way', 'api_key',
            'operation', p_operation, 'ip', p_ip, 'request_id', p_request_id)::text, true);
  if read_only then perform set_config('transaction_read_only', 'on', true); end if;
  return next;
end $$;

-- Counts a call of a key in its minute, over all processes, and notes its use; no row where the key does not work. It runs
-- in a transaction of its own, so that calls of one key do not wait for each other.
create function take_api_call(p_side user_side, p_token_hash bytea, p_ip text)
  returns table (api_key_id uuid, rate_limit int, hits int, resets_in int)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  select k.id, k.rate_limit into api_key_id, rate_limit from api_keys k
   where k.side = p_side and (k.token_hash = p_token_hash or k.previous_token_hash = p_token_hash and k.previous_expires_at > now())
     and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
  if not found then return; end if;
  insert into rate_windows as w (key, window_start, hits)
  values ('api-key:' || api_key_id, date_trunc('minute', clock_timestamp()), 1)
  on conflict (key, window_start) do update set hits = w.hits + 1
  returning w.hits into hits;
  resets_in := 60 - floor(extract(second from clock_timestamp()))::int;
  update api_keys k set last_used_at = now(), last_used_ip = p_ip::inet
   where k.id = api_key_id and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute');
  return next;
end $$;

revoke execute on function enter_office, enter_office_by_key, enter_portal, enter_portal_by_key, take_api_call from public;
grant execute on function enter_office, enter_office_by_key to zaguan_office;
grant execute on function enter_portal, enter_portal_by_key to zaguan_portal;
grant execute on function take_api_call to zaguan_office, zaguan_portal;

-- Before anybody is signed in -----------------------------------------------------------------------------------

drop function find_sign_in;
create function find_sign_in(p_side user_side, p_email citext)
  returns table (user_id uuid, password_hash text, name text, language language_code, has_totp boolean)
  language sql stable security definer set search_path = public, pg_temp as $$
  select u.id, u.password_hash, u.name, u.language,
         exists (select from user_totp t where t.user_id = u.id and t.confirmed_at is not null)
    from users u where u.side = p_side and u.email = p_email and u.disabled_at is null
$$;

drop function open_session;
-- Opens a session for whoever proved who they are, and closes the one that the browser held before (session fixation).
create function open_session(p_user uuid, p_token_hash bytea, p_seconds int, p_ip text, p_user_agent text,
                             p_method session_method, p_second_factor boolean, p_before bytea)
  returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare v_id uuid;
begin
  delete from sessions where token_hash = p_before;
  insert into sessions (user_id, token_hash, expires_at, ip, user_agent, method, second_factor)
  values (p_user, p_token_hash, now() + make_interval(secs => p_seconds), p_ip::inet, left(p_user_agent, 300), p_method, p_second_factor)
  returning id into v_id;
  return v_id;
end $$;

-- A session in which a member of staff sees the portal as a customer. No row where they may not see that account.
create function open_view_session(p_user uuid, p_account uuid, p_member uuid, p_read_only boolean, p_token_hash bytea,
                                  p_seconds int, p_ip text, p_user_agent text)
  returns uuid language sql security definer set search_path = public, pg_temp as $$
  insert into sessions (user_id, token_hash, expires_at, ip, user_agent, method, viewed_account_id, viewed_member_id, read_only)
  select u.id, p_token_hash, now() + make_interval(secs => p_seconds), p_ip::inet, left(p_user_agent, 300), 'view_as', a.id, m.id, p_read_only
    from users u join staff st on st.user_id = u.id, accounts a left join memberships m on m.id = p_member and m.account_id = a.id
   where u.id = p_user and u.disabled_at is null and a.id = p_account and (p_member is null or m.id is not null)
     and (st.all_units or exists (select from staff_units su where su.user_id = u.id and su.business_unit_id = a.business_unit_id))
  returning id
$$;

create function know_device(p_user uuid, p_token_hash bytea) returns void
  language sql security definer set search_path = public, pg_temp as $$
  insert into user_devices (user_id, token_hash) values (p_user, p_token_hash)
  on conflict (user_id, token_hash) do update set last_seen_at = now()
$$;
create function is_known_device(p_user uuid, p_token_hash bytea) returns boolean
  language sql stable security definer set search_path = public, pg_temp as $$
  select exists (select from user_devices where user_id = p_user and token_hash = p_token_hash)
$$;

-- Older links of the kind end with a new one: one link works at a time.
create or replace function issue_user_token(p_kind user_token_kind, p_user uuid, p_token_hash bytea, p_seconds int)
  returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update user_tokens set used_at = now() where user_id = p_user and kind = p_kind and used_at is null;
  insert into user_tokens (kind, user_id, token_hash, expires_at)
  values (p_kind, p_user, p_token_hash, now() + make_interval(secs => p_seconds));
end $$;

-- Uses the token up, sets the password, and ends every session of the user: whoever held one must sign in again.
drop function set_password_by_token;
create function set_password_by_token(p_token_hash bytea, p_side user_side, p_password_hash text)
  returns table (user_id uuid, first_password boolean, has_totp boolean)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update user_tokens t set used_at = now() from users u
   where t.token_hash = p_token_hash and t.kind in ('password', 'invitation') and t.used_at is null and t.expires_at > now()
     and u.id = t.user_id and u.side = p_side and u.disabled_at is null
  returning t.user_id, u.password_hash is null into user_id, first_password;
  if user_id is null then return; end if;
  has_totp := exists (select from user_totp o where o.user_id = set_password_by_token.user_id and o.confirmed_at is not null);
  -- The link came by mail: whoever uses it reads that mailbox.
  update users u set password_hash = p_password_hash, password_set_at = now(), email_verified_at = coalesce(u.email_verified_at, now())
   where u.id = set_password_by_token.user_id;
  update user_tokens t set used_at = now() where t.user_id = set_password_by_token.user_id and t.used_at is null;
  delete from sessions s where s.user_id = set_password_by_token.user_id;
  delete from user_devices d where d.user_id = set_password_by_token.user_id;
  return next;
end $$;

create function open_challenge(p_kind challenge_kind, p_side user_side, p_user uuid, p_token_hash bytea, p_data jsonb, p_seconds int)
  returns void language sql security definer set search_path = public, pg_temp as $$
  insert into challenges (kind, side, user_id, token_hash, data, expires_at)
  values (p_kind, p_side, p_user, p_token_hash, p_data, now() + make_interval(secs => p_seconds))
$$;
-- A challenge that is answered once: gone whatever the answer was worth.
create function take_challenge(p_kind challenge_kind, p_side user_side, p_token_hash bytea)
  returns table (user_id uuid, data jsonb) language sql security definer set search_path = public, pg_temp as $$
  delete from challenges c where c.token_hash = p_token_hash and c.kind = p_kind and c.side = p_side and c.expires_at > now()
  returning c.user_id, c.data
$$;
-- A challenge that may be answered wrongly a few times: counts the try; no row when they are used up.
create function try_challenge(p_kind challenge_kind, p_side user_side, p_token_hash bytea, p_tries int)
  returns table (user_id uuid, data jsonb) language sql security definer set search_path = public, pg_temp as $$
  update challenges c set tries = tries + 1
   where c.token_hash = p_token_hash and c.kind = p_kind and c.side = p_side and c.expires_at > now() and c.tries < p_tries
  returning c.user_id, c.data
$$;
-- The same without counting: another way to answer it is being prepared.
create function read_challenge(p_kind challenge_kind, p_side user_side, p_token_hash bytea)
  returns table (user_id uuid, data jsonb) language sql stable security definer set search_path = public, pg_temp as $$
  select c.user_id, c.data from challenges c
   where c.token_hash = p_token_hash and c.kind = p_kind and c.side = p_side and c.expires_at > now()
$$;
create function purge_access() returns void language sql security definer set search_path = public, pg_temp as $$
  delete from challenges where expires_at < now();
  delete from sessions where expires_at < now();
  delete from user_devices where last_seen_at < now() - interval '400 days';
  delete from rate_windows where window_start < now() - interval '2 days';
  delete from idempotency_keys where created_at < now() - interval '7 days';
$$;
comment on function purge_access is 'Removes what has expired: challenges, sessions, devices, counted hits, idempotency keys';

-- What proves a second factor. The caller decrypts the secret and says which time step a code was of; a step is used once.
create function read_totp(p_user uuid) returns table (secret_encrypted bytea)
  language sql stable security definer set search_path = public, pg_temp as $$
  select t.secret_encrypted from user_totp t where t.user_id = p_user and t.confirmed_at is not null
$$;
-- What a user has beside the password, and whether the operator demands it. Asked once the first factor was right.
create function read_second_factors(p_user uuid) returns table (totp boolean, recovery_codes int, passkeys int, demanded boolean)
  language sql stable security definer set search_path = public, pg_temp as $$
  select exists (select from user_totp t where t.user_id = p_user and t.confirmed_at is not null),
         (select count(*)::int from recovery_codes r where r.user_id = p_user and r.used_at is null),
         (select count(*)::int from passkeys k where k.user_id = p_user),
         u.side = 'staff' and (select o.staff_second_factor from operator_settings o)
    from users u where u.id = p_user
$$;
create function list_passkeys_of(p_user uuid) returns table (credential_id bytea, transports text[])
  language sql stable security definer set search_path = public, pg_temp as $$
  select k.credential_id, k.transports from passkeys k where k.user_id = p_user order by k.id
$$;
create function use_totp_step(p_user uuid, p_step bigint) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update user_totp set last_step = p_step where user_id = p_user and last_step < p_step;
  return found;
end $$;
create function use_recovery_code(p_user uuid, p_code_hash bytea) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update recovery_codes set used_at = now() where user_id = p_user and code_hash = p_code_hash and used_at is null;
  if not found then return null; end if;
  return (select count(*) from recovery_codes where user_id = p_user and used_at is null);
end $$;
comment on function use_recovery_code is 'Uses a recovery code up; how many are left, null where it was none';

create function find_passkey(p_side user_side, p_credential bytea)
  returns table (id uuid, user_id uuid, public_key bytea, counter bigint, transports text[])
  language sql stable security definer set search_path = public, pg_temp as $$
  select k.id, k.user_id, k.public_key, k.counter, k.transports from passkeys k join users u on u.id = k.user_id
   where k.credential_id = p_credential and u.side = p_side and u.disabled_at is null
$$;
create function use_passkey(p_id uuid, p_counter bigint, p_backed_up boolean) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update passkeys set counter = p_counter, backed_up = p_backed_up, last_used_at = now() where id = p_id
$$;

-- The identity provider as the sign-in needs it; its secret is encrypted.
create function read_identity_provider()
  returns table (label text, issuer text, client_id text, client_secret_encrypted bytea)
  language sql stable security definer set search_path = public, pg_temp as $$
  select oidc_label, oidc_issuer, oidc_client_id, oidc_client_secret_encrypted from operator_settings where oidc_enabled
$$;
-- Staff by what the identity provider says of them. An e-mail that it has verified links an invited member of staff once.
create function find_identity(p_issuer text, p_subject text, p_verified_email citext)
  returns table (user_id uuid, linked boolean)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  linked := false;
  select i.user_id into user_id from user_identities i join users u on u.id = i.user_id
   where i.issuer = p_issuer and i.subject = p_subject and u.side = 'staff' and u.disabled_at is null;
  if found then return next; return; end if;
  if exists (select from user_identities i where i.issuer = p_issuer and i.subject = p_subject) then return; end if;
  insert into user_identities as made (issuer, subject, user_id)
  select p_issuer, p_subject, u.id from users u
   where u.side = 'staff' and u.email = p_verified_email and u.disabled_at is null
     and not exists (select from user_identities i where i.user_id = u.id and i.issuer = p_issuer)
  on conflict do nothing
  returning made.user_id into user_id;
  if user_id is null then return; end if;
  linked := true;
  return next;
end $$;

revoke execute on function find_sign_in, open_session, open_view_session, know_device, is_known_device, set_password_by_token,
  open_challenge, take_challenge, try_challenge, read_challenge, purge_access, read_totp, read_second_factors, list_passkeys_of, use_totp_step, use_recovery_code, find_passkey,
  use_passkey, read_identity_provider, find_identity from public;
grant execute on function find_sign_in, open_session, know_device, is_known_device, set_password_by_token, open_challenge,
  take_challenge, try_challenge, read_challenge, read_totp, read_second_factors, list_passkeys_of, use_totp_step, use_recovery_code, find_passkey, use_passkey to zaguan_portal, zaguan_office;
grant execute on function open_view_session to zaguan_portal;
grant execute on function read_identity_provider, find_identity, purge_access to zaguan_office;

-- Whoever is signed in changes their own way in ------------------------------------------------------------------

create function own_password_hash() returns text language sql stable security definer set search_path = public, pg_temp as $$
  select password_hash from users where id = current_user_id()
$$;
-- What leaves somebody without a way in is done one after the other.
create function lock_own_user() returns void language sql security definer set search_path = public, pg_temp as $$
  select from users where id = current_user_id() for update
$$;
-- Sets or, with null, removes the own password; every other session and every link ends. A last way in is never removed.
create function set_own_password(p_password_hash text, p_keep_session uuid) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform lock_own_user();
  if p_password_hash is null and not exists (select from passkeys where user_id = current_user_id()) then return false; end if;
  update users set password_hash = p_password_hash,
                   password_set_at = case when p_password_hash is null then null else now() end
   where id = current_user_id();
  update user_tokens set used_at = now() where user_id = current_user_id() and used_at is null;
  delete from sessions where user_id = current_user_id() and id <> p_keep_session;
  delete from user_devices where user_id = current_user_id();
  return true;
end $$;
create function confirm_session(p_session uuid, p_second_factor boolean) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update sessions set confirmed_at = now(), second_factor = second_factor or p_second_factor
   where id = p_session and user_id = current_user_id()
$$;
create function request_email_change(p_new_email citext, p_token_hash bytea, p_seconds int) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update user_tokens set used_at = now() where user_id = current_user_id() and kind = 'email_change' and used_at is null;
  insert into user_tokens (kind, user_id, new_email, token_hash, expires_at)
  values ('email_change', current_user_id(), p_new_email, p_token_hash, now() + make_interval(secs => p_seconds));
end $$;
-- The address that waits for its confirmation; null where none does.
create function own_email_change() returns text language sql stable security definer set search_path = public, pg_temp as $$
  select new_email::text from user_tokens
   where user_id = current_user_id() and kind = 'email_change' and used_at is null and expires_at > now()
$$;
create function withdraw_email_change() returns void language sql security definer set search_path = public, pg_temp as $$
  update user_tokens set used_at = now() where user_id = current_user_id() and kind = 'email_change' and used_at is null
$$;
-- The link is made by the job that mails it: no secret ever waits in the queue. No row where the change was withdrawn.
create function issue_email_change(p_user uuid, p_new_email citext, p_token_hash bytea, p_seconds int) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update user_tokens set token_hash = p_token_hash, expires_at = now() + make_interval(secs => p_seconds)
   where user_id = p_user and kind = 'email_change' and used_at is null and expires_at > now() and new_email = p_new_email;
  return found;
end $$;
-- Changes the sign-in e-mail by the link that the new mailbox got; every session but the one of that browser, and every
-- other link, ends. `taken`: somebody else signs in with it meanwhile.
create function confirm_email_change(p_token_hash bytea, p_side user_side, p_keep_session bytea)
  returns table (user_id uuid, old_email text, new_email text, taken boolean)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update user_tokens t set used_at = now() from users u
   where t.token_hash = p_token_hash and t.kind = 'email_change' and t.used_at is null and t.expires_at > now()
     and u.id = t.user_id and u.side = p_side and u.disabled_at is null
  returning t.user_id, u.email::text, t.new_email::text into user_id, old_email, new_email;
  if user_id is null then return; end if;
  taken := exists (select from users u where u.side = p_side and u.email = confirm_email_change.new_email::citext
                                         and u.id <> confirm_email_change.user_id);
  if not taken then
    update users u set email = confirm_email_change.new_email, email_verified_at = now() where u.id = confirm_email_change.user_id;
    update user_tokens t set used_at = now() where t.user_id = confirm_email_change.user_id and t.used_at is null;
    delete from sessions s where s.user_id = confirm_email_change.user_id and s.token_hash is distinct from p_keep_session;
  end if;
  return next;
end $$;
-- The own photo; the one before is returned, whose bytes can go.
create function set_own_photo(p_file uuid, p_size bigint, p_sha256 bytea) returns uuid
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v_before uuid;
begin
  select photo_file_id into v_before from users where id = current_user_id() for update;
  if p_file is not null then
    insert into files (id, purpose, name, media_type, size, sha256, created_by)
    values (p_file, 'photo', 'photo.webp', 'image/webp', p_size, p_sha256, current_user_id());
  end if;
  update users set photo_file_id = p_file where id = current_user_id();
  delete from files where id = v_before;
  return v_before;
end $$;
-- Whose photo may be seen: staff see staff's and those of the people of accounts in their business units; a customer their
-- own, and those of the account's people and of staff.
create function find_photo(p_file uuid) returns boolean
  language sql stable security definer set search_path = public, pg_temp as $$
  select exists (
    select from users u where u.photo_file_id = p_file
       and (u.side = 'staff' or u.id = current_user_id() or sees_all_units()
            or exists (select from memberships m join accounts a on a.id = m.account_id
                        where m.user_id = u.id and (a.id = current_account_id() or a.business_unit_id = any(visible_units())))))
$$;
-- Somebody lost their second factor, and staff know them: it is removed, every session ends.
create function reset_second_factor(p_user uuid) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if p_user = current_user_id() then return false; end if;
  delete from user_totp where user_id = p_user;
  delete from recovery_codes where user_id = p_user;
  delete from passkeys where user_id = p_user;
  delete from sessions where user_id = p_user;
  perform write_audit('second_factor_reset', 'users', p_user::text, null, null, null, null);
  return true;
end $$;
-- Whether the key of this process is the one that secrets were encrypted with; the first to start says which it is, and
-- while nothing is encrypted any may.
create function check_secret_key(p_check bytea) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update operator_settings set secret_key_check = p_check
   where secret_key_check is distinct from p_check
     and (secret_key_check is null or oidc_client_secret_encrypted is null and not exists (select from user_totp));
  return (select secret_key_check = p_check from operator_settings);
end $$;
-- Whether a secret of the identity provider is kept: nobody reads more of it than the sign-in.
create function has_client_secret() returns boolean language sql stable security definer set search_path = public, pg_temp as $$
  select oidc_client_secret_encrypted is not null from operator_settings
$$;
create function end_sessions_of(p_user uuid) returns void language sql security definer set search_path = public, pg_temp as $$
  delete from sessions where user_id = p_user
$$;

revoke execute on function own_password_hash, lock_own_user, set_own_password, confirm_session, request_email_change, own_email_change,
  withdraw_email_change, issue_email_change, check_secret_key, has_client_secret, confirm_email_change, set_own_photo, find_photo, reset_second_factor, end_sessions_of from public;
grant execute on function check_secret_key, own_password_hash, lock_own_user, set_own_password, confirm_session, request_email_change, own_email_change,
  withdraw_email_change, confirm_email_change, set_own_photo, find_photo to zaguan_portal, zaguan_office;
grant execute on function reset_second_factor, end_sessions_of, issue_email_change, has_client_secret to zaguan_office;

-- Rows that people may see --------------------------------------------------------------------------------------

grant select (email_verified_at, photo_file_id) on users to zaguan_office, zaguan_portal;
grant select (method, second_factor, confirmed_at, viewed_account_id, viewed_member_id, read_only) on sessions to zaguan_office, zaguan_portal;

alter table operator_settings enable row level security;
create policy office on operator_settings to zaguan_office using ((select current_user_id()) is not null or (select sees_all_units()));
grant select (id, staff_second_factor, oidc_enabled, oidc_label, oidc_issuer, oidc_client_id, updated_at),
      update (staff_second_factor, oidc_enabled, oidc_label, oidc_issuer, oidc_client_id, oidc_client_secret_encrypted)
   on operator_settings to zaguan_office;

alter table user_devices enable row level security;
create policy nobody on user_devices for select to zaguan_office using (false);

alter table passkeys enable row level security;
create policy own_office on passkeys to zaguan_office using (user_id = (select current_user_id()));
create policy own_portal on passkeys to zaguan_portal using (user_id = (select current_user_id()));
grant select, insert, update (name), delete on passkeys to zaguan_office, zaguan_portal;

alter table user_totp enable row level security;
create policy own_office on user_totp to zaguan_office using (user_id = (select current_user_id()));
create policy own_portal on user_totp to zaguan_portal using (user_id = (select current_user_id()));
grant select, insert, update (secret_encrypted, pending_encrypted, confirmed_at, last_step), delete on user_totp to zaguan_office, zaguan_portal;

alter table recovery_codes enable row level security;
create policy own_office on recovery_codes to zaguan_office using (user_id = (select current_user_id()));
create policy own_portal on recovery_codes to zaguan_portal using (user_id = (select current_user_id()));
grant select (id, user_id, used_at), insert, delete on recovery_codes to zaguan_office, zaguan_portal;

alter table user_identities enable row level security;
create policy own_office on user_identities to zaguan_office using (user_id = (select current_user_id()));
grant select, delete on user_identities to zaguan_office;

alter table challenges enable row level security;
create policy nobody on challenges for select to zaguan_office using (false);

alter table api_keys enable row level security;
create policy office on api_keys to zaguan_office
  using (side = 'staff' or exists (select from accounts a where a.id = account_id));
create policy portal on api_keys to zaguan_portal
  using (account_id = (select current_account_id()) and (select current_permissions()) && '{owner}'::membership_permission[])
  with check (account_id = (select current_account_id()) and (select current_permissions()) && '{owner}'::membership_permission[]
              and user_id = (select current_user_id()));
grant select (id, side, user_id, account_id, name, hint, previous_expires_at, staff_scopes, member_scopes, unit_ids, read_only,
              rate_limit, expires_at, last_used_at, last_used_ip, revoked_at, created_at),
      insert, update (name, hint, user_id, token_hash, previous_token_hash, previous_expires_at, staff_scopes, member_scopes, unit_ids,
              read_only, rate_limit, expires_at, revoked_at)
   on api_keys to zaguan_office, zaguan_portal;

call audit_table('operator_settings');
call audit_table('passkeys');
call audit_table('user_totp');
call audit_table('user_identities');
call audit_table('api_keys');

-- The home page in one trip, by session or by key.
drop function enter_portal_home;
create function enter_portal_home(p_token_hash bytea, p_operation text, p_ip text, p_request_id text, p_now timestamptz, p_by_key boolean)
  returns table (account_id uuid, permissions membership_permission[], api_key_id uuid, read_only boolean, viewer_name text, body text)
  language plpgsql as $$
declare v_unit uuid;
begin
  if p_by_key then
    select e.account_id, e.permissions, e.business_unit_id, e.api_key_id, e.read_only
      into account_id, permissions, v_unit, api_key_id, read_only
      from enter_portal_by_key(p_token_hash, p_operation, p_ip, p_request_id) e;
  else
    select e.account_id, e.permissions, e.business_unit_id, e.read_only, e.viewer_name
      into account_id, permissions, v_unit, read_only, viewer_name
      from enter_portal(p_token_hash, p_operation, p_ip, p_request_id) e;
  end if;
  if not found then return; end if;
  if account_id is not null then
    body := portal_home(account_id, v_unit, p_now, permissions && '{owner,billing}', permissions && '{owner,services}');
  end if;
  return next;
end $$;
revoke execute on function enter_portal_home from public;
grant execute on function enter_portal_home to zaguan_portal;
