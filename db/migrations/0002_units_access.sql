-- Business units, people who sign in, staff and their roles, sessions.

create type day_count as enum ('actual', 'commercial');
create type billing_mode as enum ('advance', 'arrears');
create type payment_method as enum ('cash', 'bank_transfer', 'boleto', 'pix', 'card', 'bank_debit', 'cheque', 'other');

create table business_units (
  id uuid primary key default uuidv7(),
  slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
  name text not null check (length(name) between 1 and 120),
  legal_name text not null check (length(legal_name) between 1 and 200),
  tax_id text,
  address text,
  city text,
  state text,
  country char(2) not null check (country ~ '^[A-Z]{2}$'),
  postal_code text,
  website text,
  support_email citext,
  support_phone text,
  host citext unique,
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  time_zone text not null,
  language language_code not null,
  closing_day smallint not null check (closing_day between 1 and 31),
  day_count day_count not null default 'actual',
  billing_mode billing_mode not null default 'arrears',
  due_day smallint not null default 10 check (due_day between 1 and 31),
  payment_methods payment_method[] not null default '{bank_transfer}',
  payment_instructions text,
  invoice_series text not null default 'A' check (invoice_series ~ '^[A-Z0-9-]{1,10}$'),
  accent text not null default '#2563eb' check (accent ~ '^#[0-9a-f]{6}$'),
  logo_file_id uuid references files (id),
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on column business_units.closing_day is 'The day of the month at which periods end; 29 to 31 clamp to the month''s end (billing.md 3)';
comment on column business_units.due_day is 'Default day of the month on which invoices fall due';
create trigger touch before update on business_units for each row execute function touch_updated_at();

alter table files add foreign key (business_unit_id) references business_units (id);

create table number_series (
  business_unit_id uuid not null references business_units (id),
  series text not null,
  next bigint not null default 1 check (next > 0),
  primary key (business_unit_id, series)
);
comment on table number_series is 'Gapless counters: taken in the transaction that uses the number (billing.md 15). Contracts use series ''contract'', invoices ''invoice:<series>''';

-- People --------------------------------------------------------------------------------------------------------

create type user_side as enum ('customer', 'staff');
create type staff_role as enum ('admin', 'finance', 'sales', 'support', 'technician', 'auditor');
create type membership_permission as enum ('owner', 'billing', 'services', 'support', 'licences', 'users');

create table users (
  id uuid primary key default uuidv7(),
  side user_side not null,
  email citext not null check (email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' and length(email) <= 254),
  name text not null check (length(name) between 1 and 200),
  language language_code not null,
  password_hash text,
  password_set_at timestamptz,
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (side, email)
);
comment on table users is 'Who signs in. The side is stored, never inferred: the same person has one user on each side';
create trigger touch before update on users for each row execute function touch_updated_at();

create table staff (
  user_id uuid primary key references users (id),
  role staff_role not null,
  all_units boolean not null default true,
  created_at timestamptz not null default now()
);
create table staff_units (
  user_id uuid not null references staff (user_id) on delete cascade,
  business_unit_id uuid not null references business_units (id),
  primary key (user_id, business_unit_id)
);

create table sessions (
  id uuid primary key default uuidv7(),
  token_hash bytea not null unique,
  user_id uuid not null references users (id),
  account_id uuid,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ip inet,
  user_agent text
);
comment on column sessions.account_id is 'The account that a customer works in now; switching changes it';
create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_at);

create type user_token_kind as enum ('password', 'invitation', 'first_admin');
create table user_tokens (
  id uuid primary key default uuidv7(),
  kind user_token_kind not null,
  token_hash bytea not null unique,
  user_id uuid references users (id),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  check ((kind = 'first_admin') = (user_id is null))
);
create index user_tokens_user on user_tokens (user_id);

create function take_numbers(p_unit uuid, p_series text, p_count int) returns bigint
  language sql security definer set search_path = public, pg_temp as $$
  insert into number_series as s (business_unit_id, series, next) values (p_unit, p_series, 1 + p_count)
  on conflict (business_unit_id, series) do update set next = s.next + p_count
  returning next - p_count
$$;
comment on function take_numbers is 'Takes p_count numbers in a row and returns the first; a rollback gives them back';
revoke execute on function take_numbers from public;
grant execute on function take_numbers to zaguan_office;

-- Entering: the database itself verifies the session and sets what the transaction may see ------------------------

create function enter_office(p_token_hash bytea, p_operation text, p_ip text, p_request_id text)
  returns table (session_id uuid, user_id uuid, email text, name text, language language_code, role staff_role,
                 all_units boolean, units uuid[])
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v_seen timestamptz;
begin
  select s.id, u.id, u.email::text, u.name, u.language, st.role, st.all_units,
         coalesce((select array_agg(su.business_unit_id) from staff_units su where su.user_id = u.id), '{}'), s.last_seen_at
    into session_id, user_id, email, name, language, role, all_units, units, v_seen
    from sessions s join users u on u.id = s.user_id join staff st on st.user_id = u.id
   where s.token_hash = p_token_hash and s.expires_at > now() and u.side = 'staff' and u.disabled_at is null;
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
revoke execute on function enter_office from public;
grant execute on function enter_office to zaguan_office;

-- Before anybody is signed in -----------------------------------------------------------------------------------

create function find_sign_in(p_side user_side, p_email citext)
  returns table (user_id uuid, password_hash text, name text, language language_code)
  language sql stable security definer set search_path = public, pg_temp as $$
  select id, users.password_hash, users.name, users.language from users
   where side = p_side and email = p_email and disabled_at is null
$$;
create function open_session(p_user uuid, p_token_hash bytea, p_seconds int, p_ip text, p_user_agent text)
  returns uuid language sql security definer set search_path = public, pg_temp as $$
  insert into sessions (user_id, token_hash, expires_at, ip, user_agent)
  values (p_user, p_token_hash, now() + make_interval(secs => p_seconds), p_ip::inet, left(p_user_agent, 300)) returning id
$$;
create function close_session(p_token_hash bytea) returns void
  language sql security definer set search_path = public, pg_temp as $$
  delete from sessions where token_hash = p_token_hash
$$;
create function issue_user_token(p_kind user_token_kind, p_user uuid, p_token_hash bytea, p_seconds int)
  returns void language sql security definer set search_path = public, pg_temp as $$
  insert into user_tokens (kind, user_id, token_hash, expires_at) values (p_kind, p_user, p_token_hash, now() + make_interval(secs => p_seconds))
$$;
create function read_user_token(p_token_hash bytea, p_side user_side)
  returns table (kind user_token_kind, user_id uuid, email text, name text, language language_code)
  language sql stable security definer set search_path = public, pg_temp as $$
  select t.kind, t.user_id, u.email::text, u.name, u.language from user_tokens t left join users u on u.id = t.user_id
   where t.token_hash = p_token_hash and t.used_at is null and t.expires_at > now()
     and (t.kind = 'first_admin' and p_side = 'staff' or u.side = p_side and u.disabled_at is null)
$$;
-- Uses the token up, sets the password, and ends every session of the user: whoever held one must sign in again.
create function set_password_by_token(p_token_hash bytea, p_side user_side, p_password_hash text)
  returns table (user_id uuid, first_password boolean)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update user_tokens t set used_at = now() from users u
   where t.token_hash = p_token_hash and t.used_at is null and t.expires_at > now() and u.id = t.user_id
     and u.side = p_side and u.disabled_at is null
  returning t.user_id, u.password_hash is null into user_id, first_password;
  if user_id is null then return; end if;
  update users u set password_hash = p_password_hash, password_set_at = now() where u.id = set_password_by_token.user_id;
  update user_tokens t set used_at = now() where t.user_id = set_password_by_token.user_id and t.used_at is null;
  delete from sessions s where s.user_id = set_password_by_token.user_id;
  return next;
end $$;
-- The one-time link of a new installation makes its first administrator; it works while there is no staff at all.
create function create_first_admin(p_token_hash bytea, p_email citext, p_name text, p_language language_code, p_password_hash text)
  returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare v_user uuid;
begin
  perform pg_advisory_xact_lock(hashtext('zaguan.first_admin'));
  if exists (select from staff) then return null; end if;
  update user_tokens set used_at = now()
   where token_hash = p_token_hash and kind = 'first_admin' and used_at is null and expires_at > now();
  if not found then return null; end if;
  insert into users (side, email, name, language, password_hash, password_set_at)
  values ('staff', p_email, p_name, p_language, p_password_hash, now()) returning id into v_user;
  insert into staff (user_id, role) values (v_user, 'admin');
  return v_user;
end $$;
revoke execute on function find_sign_in, open_session, close_session, issue_user_token, read_user_token,
  set_password_by_token, create_first_admin from public;
grant execute on function find_sign_in, open_session, close_session, issue_user_token, read_user_token,
  set_password_by_token to zaguan_portal, zaguan_office;
grant execute on function create_first_admin to zaguan_office;

-- How the sign-in page of a business unit looks: by slug, else by host name; public by nature.
create function find_look(p_slug text, p_host citext)
  returns table (id uuid, slug text, name text, accent text, logo_file_id uuid, language language_code,
                 support_email text, support_phone text, website text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select b.id, b.slug, b.name, b.accent, b.logo_file_id, b.language, b.support_email::text, b.support_phone, b.website
    from business_units b
   where b.archived_at is null and (b.slug = p_slug or (p_slug is null and b.host = p_host))
$$;
create function find_logo(p_file uuid) returns table (id uuid, media_type text, size bigint)
  language sql stable security definer set search_path = public, pg_temp as $$
  select f.id, f.media_type, f.size from files f join business_units b on b.logo_file_id = f.id where f.id = p_file
$$;
revoke execute on function find_look, find_logo from public;
grant execute on function find_look, find_logo to zaguan_portal, zaguan_office;

-- Rows that people may see --------------------------------------------------------------------------------------

alter table business_units enable row level security;
create policy office on business_units to zaguan_office
  using ((select sees_all_units()) or id = any((select visible_units())::uuid[]));
create policy portal on business_units for select to zaguan_portal using (id = (select current_unit_id()));
grant select, insert, update on business_units to zaguan_office;
grant select on business_units to zaguan_portal;

alter table number_series enable row level security;
create policy office on number_series for select to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select on number_series to zaguan_office;

-- Password hashes stay out of both logins' reach: every column but that one is granted.
alter table users enable row level security;
create policy office on users to zaguan_office using (true);
create policy portal on users to zaguan_portal using (id = (select current_user_id()));
grant select (id, side, email, name, language, password_set_at, disabled_at, created_at, updated_at),
      insert (id, side, email, name, language), update (email, name, language, disabled_at) on users to zaguan_office;
grant select (id, side, email, name, language, password_set_at, created_at), update (name, language) on users to zaguan_portal;

alter table staff enable row level security;
create policy office on staff to zaguan_office using (true);
grant select, insert, update on staff to zaguan_office;
alter table staff_units enable row level security;
create policy office on staff_units to zaguan_office using (true);
grant select, insert, delete on staff_units to zaguan_office;

alter table sessions enable row level security;
create policy office on sessions to zaguan_office using (user_id = (select current_user_id()));
create policy portal on sessions to zaguan_portal using (user_id = (select current_user_id()));
grant select (id, user_id, account_id, created_at, last_seen_at, expires_at, ip, user_agent), delete on sessions to zaguan_office, zaguan_portal;
grant update (account_id) on sessions to zaguan_portal;

alter table user_tokens enable row level security;
create policy nobody on user_tokens for select to zaguan_office using (false);

call audit_table('business_units');
call audit_table('users');
call audit_table('staff');
call audit_table('staff_units');
