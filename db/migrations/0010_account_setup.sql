-- What is agreed with an account and what it is watched by: contracts (P12), SLA and alert threshold profiles, e-mail
-- domains (A2), and how far its guided creation came (A1).

create type contract_type as enum ('flat_retainer', 'hourly', 'block_hours', 'block_money', 'remote_monitoring',
                                   'online_backup', 'project_flat_fee', 'project_hourly');
create type sla_coverage as enum ('always', 'business_hours');
create type ticket_priority as enum ('low', 'normal', 'high', 'urgent');
create type threshold_metric as enum ('cpu', 'memory', 'disk', 'offline', 'temperature', 'packet_loss', 'latency');
create type setup_step as enum ('open', 'done', 'skipped');

-- Profiles ------------------------------------------------------------------------------------------------------

create table sla_profiles (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  name text not null check (length(btrim(name)) between 1 and 120),
  description text check (length(description) <= 1000),
  coverage sla_coverage not null default 'always',
  business_days smallint[] check (business_days <@ '{1,2,3,4,5,6,7}'::smallint[] and cardinality(business_days) between 1 and 7),
  opens_at time,
  closes_at time check (closes_at > opens_at),
  is_default boolean not null default false,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sla_profiles_name_key unique (business_unit_id, name),
  unique (id, business_unit_id),
  constraint sla_profiles_hours check (num_nonnulls(business_days, opens_at, closes_at)
                                       = case coverage when 'business_hours' then 3 else 0 end),
  constraint sla_profiles_default_in_use check (not is_default or archived_at is null)
);
comment on table sla_profiles is 'How soon tickets are answered and resolved; an account without one follows its business unit''s default';
comment on column sla_profiles.business_days is 'ISO days of the week, 1 is Monday; with the times, in the business unit''s time zone';
create unique index sla_profiles_one_default on sla_profiles (business_unit_id) where is_default;
create trigger touch before update on sla_profiles for each row execute function touch_updated_at();

create table sla_targets (
  id uuid primary key default uuidv7(),
  profile_id uuid not null,
  business_unit_id uuid not null,
  priority ticket_priority not null,
  first_response_minutes int not null check (first_response_minutes between 1 and 525600),
  resolution_minutes int not null check (resolution_minutes between 1 and 525600),
  unique (profile_id, priority),
  foreign key (profile_id, business_unit_id) references sla_profiles (id, business_unit_id),
  constraint sla_targets_order check (resolution_minutes >= first_response_minutes)
);
comment on table sla_targets is 'Minutes of covered time; a priority without a row is promised nothing';

create table threshold_profiles (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  name text not null check (length(btrim(name)) between 1 and 120),
  description text check (length(description) <= 1000),
  is_default boolean not null default false,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint threshold_profiles_name_key unique (business_unit_id, name),
  unique (id, business_unit_id),
  constraint threshold_profiles_default_in_use check (not is_default or archived_at is null)
);
comment on table threshold_profiles is 'When devices of an account raise alerts; an account without one follows its business unit''s default';
create unique index threshold_profiles_one_default on threshold_profiles (business_unit_id) where is_default;
create trigger touch before update on threshold_profiles for each row execute function touch_updated_at();

create table thresholds (
  id uuid primary key default uuidv7(),
  profile_id uuid not null,
  business_unit_id uuid not null,
  metric threshold_metric not null,
  warning int,
  critical int,
  for_minutes int not null default 0 check (for_minutes between 0 and 1440),
  unique (profile_id, metric),
  foreign key (profile_id, business_unit_id) references threshold_profiles (id, business_unit_id),
  constraint thresholds_any check (num_nonnulls(warning, critical) > 0),
  constraint thresholds_order check (warning < critical),
  constraint thresholds_range check (
    coalesce(warning, critical) >= case metric when 'temperature' then -50 else 1 end
    and coalesce(critical, warning) <= case when metric in ('cpu', 'memory', 'disk', 'packet_loss') then 100
                                            when metric = 'temperature' then 200
                                            when metric = 'offline' then 10080
                                            else 60000 end)
);
comment on table thresholds is 'Above what a metric warns or is critical: per cent used (cpu, memory, disk) or lost (packet_loss), minutes (offline), degrees Celsius (temperature), milliseconds (latency)';
comment on column thresholds.for_minutes is 'How long the value must stay there before the alert is raised';

-- Accounts ------------------------------------------------------------------------------------------------------

alter table accounts
  add tickets_only_from_primary boolean not null default false,
  add sla_profile_id uuid,
  add threshold_profile_id uuid,
  add tax_id_key text generated always as (nullif(upper(regexp_replace(tax_id, '[^A-Za-z0-9]', '', 'g')), '')) stored,
  add phone_key text generated always as
    (case when length(regexp_replace(phone, '[^0-9]', '', 'g')) >= 8
          then right(regexp_replace(phone, '[^0-9]', '', 'g'), 8) end) stored,
  add constraint accounts_sla_profile foreign key (sla_profile_id, business_unit_id)
    references sla_profiles (id, business_unit_id),
  add constraint accounts_threshold_profile foreign key (threshold_profile_id, business_unit_id)
    references threshold_profiles (id, business_unit_id);
comment on column accounts.tickets_only_from_primary is 'Mail from other senders of the account makes no ticket (A3); the portal is not concerned';
comment on column accounts.tax_id_key is 'Letters and digits alone: two accounts with the same one are probably one';
comment on column accounts.phone_key is 'The last eight digits, which every way of writing a number has in common';
create index accounts_tax_id_key on accounts (tax_id_key) where tax_id_key is not null;
create index accounts_phone_key on accounts (phone_key) where phone_key is not null;
create index accounts_sla_profile on accounts (sla_profile_id) where sla_profile_id is not null;
create index accounts_threshold_profile on accounts (threshold_profile_id) where threshold_profile_id is not null;

create table account_domains (
  id uuid primary key default uuidv7(),
  account_id uuid not null,
  business_unit_id uuid not null,
  domain citext not null check (length(domain) <= 253
    and domain ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$'),
  created_at timestamptz not null default now(),
  constraint account_domains_domain_key unique (business_unit_id, domain),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id) on update cascade
);
comment on table account_domains is 'Mail from these domains, without @, is the account''s (A2): one account of a business unit has a domain';
create index account_domains_account on account_domains (account_id);

create table contracts (
  id uuid primary key default uuidv7(),
  account_id uuid not null,
  business_unit_id uuid not null,
  name text not null check (length(btrim(name)) between 1 and 200),
  type contract_type not null,
  start_date date not null,
  end_date date,
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  amount bigint not null check (amount between 0 and 9007199254740991),
  included_minutes int check (included_minutes between 1 and 6000000),
  sla_profile_id uuid,
  notes text check (length(notes) <= 10000),
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, account_id),
  -- No cascade: a contract is agreed in the currency of a business unit, and its account stays there.
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (sla_profile_id, business_unit_id) references sla_profiles (id, business_unit_id),
  constraint contracts_period check (end_date > start_date),
  constraint contracts_included check ((included_minutes is not null) = (type = 'block_hours'))
);
comment on table contracts is 'What a service provider agreed with an account (P12): in force in [start_date, end_date)';
comment on column contracts.amount is 'Minor units: per month (flat_retainer, remote_monitoring, online_backup), per hour (hourly, project_hourly), of the block (block_hours, block_money), of the whole (project_flat_fee)';
comment on column contracts.sla_profile_id is 'Instead of the account''s, for tickets under this contract';
create index contracts_account on contracts (account_id, start_date desc);
create index contracts_sla_profile on contracts (sla_profile_id) where sla_profile_id is not null;
create trigger touch before update on contracts for each row execute function touch_updated_at();

create table account_setups (
  id uuid primary key default uuidv7(),
  account_id uuid not null unique,
  business_unit_id uuid not null,
  contract setup_step not null default 'open',
  profiles setup_step not null default 'open',
  contact setup_step not null default 'open',
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id) on update cascade,
  constraint account_setups_finished check
    ((finished_at is not null) = (contract <> 'open' and profiles <> 'open' and contact <> 'open'))
);
comment on table account_setups is 'How far the guided creation of an account came (A1): begun by one person, it can be continued by another';
create index account_setups_unfinished on account_setups (business_unit_id, account_id) where finished_at is null;

-- Likely duplicates ---------------------------------------------------------------------------------------------

-- Exact keys by their indexes, the name by trigrams of the search text. Runs as the owner, because row-level security
-- keeps similarity operators from using an index; the business units that the caller sees are therefore asked here.
create function find_account_duplicates(p_unit uuid, p_name text, p_tax_id text, p_email citext, p_domains citext[], p_phone text,
                                        p_except uuid)
  returns table (account_id uuid, reason text, likeness real)
  language plpgsql stable security definer set search_path = public, pg_temp
  set pg_trgm.word_similarity_threshold = 0.7 as $$
declare
  v_all boolean := sees_all_units();
  v_units uuid[] := visible_units();
  v_tax text := upper(regexp_replace(p_tax_id, '[^A-Za-z0-9]', '', 'g'));
  v_phone text := regexp_replace(p_phone, '[^0-9]', '', 'g');
begin
  return query
  with found as (
    (select a.id, 1 as place, 'same_tax_id' as why, 1::real as how
       from accounts a
      where length(v_tax) >= 5 and a.tax_id_key = v_tax and a.id is distinct from p_except limit 20)
    union all
    (select a.id, 2, 'same_email', 1 from accounts a where a.email = p_email limit 20)
    union all
    (select c.account_id, 2, 'same_email', 1 from contacts c where c.email = p_email limit 20)
    union all
    (select d.account_id, 3, 'same_domain', 1 from account_domains d
      where d.domain = any(p_domains || split_part(p_email::text, '@', 2)::citext) limit 20)
    union all
    (select a.id, 4, 'same_phone', 1 from accounts a
      where length(v_phone) >= 8 and a.phone_key = right(v_phone, 8)
        and (regexp_replace(a.phone, '[^0-9]', '', 'g') like '%' || v_phone
             or v_phone like '%' || regexp_replace(a.phone, '[^0-9]', '', 'g')) limit 20)
    union all
    (select likely.id, 5, 'similar_name', likely.how
       from (select a.id, word_similarity(fold(p_name), a.search_text) as how from accounts a
              where length(btrim(p_name)) >= 4 and fold(p_name) <% a.search_text
                and (v_all or a.business_unit_id = any(v_units)) and (p_unit is null or a.business_unit_id = p_unit)
              limit 200) likely
      order by likely.how desc limit 20)
  )
  select best.id, best.why, best.how
    from (select distinct on (f.id) f.id, f.place, f.why, f.how from found f order by f.id, f.place) best
    join accounts a on a.id = best.id
   where (v_all or a.business_unit_id = any(v_units)) and (p_unit is null or a.business_unit_id = p_unit)
     and a.id is distinct from p_except
   order by best.place, best.how desc, best.id
   limit 5;
end $$;
comment on function find_account_duplicates is 'At most five accounts that may be the one described, and why, the likeliest first';
revoke execute on function find_account_duplicates from public;
grant execute on function find_account_duplicates to zaguan_office;

-- Rows that people may see --------------------------------------------------------------------------------------

alter table sla_profiles enable row level security;
create policy office on sla_profiles to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
alter table sla_targets enable row level security;
create policy office on sla_targets to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
alter table threshold_profiles enable row level security;
create policy office on threshold_profiles to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
alter table thresholds enable row level security;
create policy office on thresholds to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
alter table account_domains enable row level security;
create policy office on account_domains to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
alter table contracts enable row level security;
create policy office on contracts to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
alter table account_setups enable row level security;
create policy office on account_setups to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));

grant select, insert, update on sla_profiles, threshold_profiles, contracts, account_setups to zaguan_office;
grant select, insert, update, delete on sla_targets, thresholds to zaguan_office;
grant select, insert, delete on account_domains to zaguan_office;

call audit_table('sla_profiles');
call audit_table('sla_targets');
call audit_table('threshold_profiles');
call audit_table('thresholds');
call audit_table('account_domains');
call audit_table('contracts');
call audit_table('account_setups');
