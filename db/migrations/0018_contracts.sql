-- Contracts of services (P4): templates, what was agreed, and the documents that say so, frozen as they were issued.

create type contract_renewal as enum ('none', 'automatic', 'on_request');
create type contract_penalty as enum ('none', 'fixed', 'formula');
create type service_contract_state as enum ('unissued', 'waiting', 'in_force', 'declined', 'expired', 'ended');
create type contract_document_state as enum ('issued', 'accepted', 'declined', 'superseded', 'expired', 'withdrawn');
create type contract_acceptance as enum ('portal', 'paper');

-- The constraint grows by one purpose, whatever other purposes it has by now.
do $$
declare v_check text := (select pg_get_constraintdef(oid) from pg_constraint where conname = 'files_purpose_check');
begin
  alter table files drop constraint files_purpose_check;
  execute 'alter table files add constraint files_purpose_check '
    || regexp_replace(v_check, '''logo''::text', '''logo''::text, ''signed_contract''::text');
end $$;

create table contract_templates (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  name text not null check (length(btrim(name)) between 1 and 120),
  language language_code not null,
  body text not null check (length(body) between 1 and 100000),
  version int not null default 1,
  is_default boolean not null default false,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (business_unit_id, name),
  unique (id, business_unit_id),
  check (not is_default or archived_at is null)
);
comment on table contract_templates is 'Texts that contracts are made from, with {{variables}} of account, service and business unit';
comment on column contract_templates.version is 'Counts the changes of the text; a document keeps the one it was issued with';
create unique index contract_templates_one_default on contract_templates (business_unit_id, language) where is_default;
create trigger touch before update on contract_templates for each row execute function touch_updated_at();

create table service_contracts (
  id uuid primary key default uuidv7(),
  subscription_id uuid not null unique,
  account_id uuid not null,
  business_unit_id uuid not null,
  template_id uuid,
  installation_fee bigint not null default 0 check (installation_fee between 0 and 1000000000000),
  instalments int not null default 1 check (instalments between 1 and 60),
  fee_charged_at timestamptz,
  fee_charge_ids uuid[] not null default '{}',
  renewal contract_renewal not null default 'none',
  renewal_months int check (renewal_months between 1 and 600),
  renewal_binds boolean not null default false,
  renewed_from date,
  renewed_until date,
  penalty contract_penalty not null default 'none',
  penalty_amount bigint check (penalty_amount between 0 and 1000000000000),
  penalty_formula text check (length(btrim(penalty_formula)) between 1 and 1000),
  state service_contract_state not null default 'unissued',
  valid_until date,
  warned_for date,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (subscription_id, account_id) references subscriptions (id, account_id) on delete cascade,
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (template_id, business_unit_id) references contract_templates (id, business_unit_id),
  check ((renewal = 'automatic') = (renewal_months is not null)),
  check ((penalty = 'fixed') = (penalty_amount is not null)),
  check ((penalty = 'formula') = (penalty_formula is not null)),
  check ((renewed_from is null) = (renewed_until is null) and renewed_until > renewed_from)
);
comment on table service_contracts is 'What was agreed about a service beside its price (P4)';
comment on column service_contracts.renewal_binds is 'Whether a renewal begins a minimum term anew, in which a penalty is due';
comment on column service_contracts.valid_until is 'First day after its validity; null: without an end. Kept by triggers';
comment on column service_contracts.warned_for is 'The end that the customer was told of before it came';
comment on column service_contracts.fee_charged_at is 'When the installation fee was handed to billing';
comment on column service_contracts.fee_charge_ids is 'The charges that it became, one for each instalment';
create index service_contracts_account on service_contracts (account_id);
create index service_contracts_ends on service_contracts (valid_until, id) where valid_until is not null;
create index service_contracts_unit_state on service_contracts (business_unit_id, state, id);
create index service_contracts_template on service_contracts (template_id) where template_id is not null;
create trigger touch before update on service_contracts for each row execute function touch_updated_at();

create table contract_documents (
  id uuid primary key default uuidv7(),
  subscription_id uuid not null references subscriptions (id) on delete cascade,
  account_id uuid not null,
  business_unit_id uuid not null,
  contract_number bigint not null,
  revision int not null check (revision > 0),
  template_id uuid not null references contract_templates (id),
  template_name text not null,
  template_version int not null,
  language language_code not null,
  title text not null check (length(title) between 1 and 300),
  text_body text not null check (length(text_body) <= 400000),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  facts jsonb not null,
  state contract_document_state not null default 'issued',
  issued_at timestamptz not null,
  issued_on date not null,
  issued_by uuid references users (id),
  sent_at timestamptz,
  accepted_at timestamptz,
  accepted_on date,
  acceptance contract_acceptance,
  accepted_by uuid references users (id),
  accepted_name text check (length(accepted_name) between 1 and 200),
  accepted_email text check (length(accepted_email) <= 254),
  accepted_ip inet,
  accepted_user_agent text check (length(accepted_user_agent) <= 500),
  accepted_sha256 text,
  signed_file_id uuid references files (id),
  closed_at timestamptz,
  decline_reason text check (length(decline_reason) <= 1000),
  redacted_at timestamptz,
  created_at timestamptz not null default now(),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  unique (subscription_id, revision),
  check (redacted_at is not null or sha256 = encode(sha256(convert_to(text_body, 'UTF8')), 'hex')),
  check ((accepted_at is null) = (acceptance is null) and (accepted_at is null) = (accepted_on is null)
         and (accepted_at is null) = (accepted_sha256 is null)),
  check (accepted_sha256 is null or accepted_sha256 = sha256),
  check (acceptance is distinct from 'portal' or accepted_by is not null),
  check (state <> 'accepted' or accepted_at is not null),
  check (state not in ('issued', 'declined', 'withdrawn') or accepted_at is null)
);
comment on table contract_documents is 'Contracts as they were issued: the text never changes; a new revision is a new document';
comment on column contract_documents.sha256 is 'Of the text, as the customer accepted it';
comment on column contract_documents.facts is 'The values that were filled in, by the name of the variable';
create unique index contract_documents_one_waiting on contract_documents (subscription_id) where state = 'issued';
create unique index contract_documents_one_in_force on contract_documents (subscription_id) where state = 'accepted';
create index contract_documents_account on contract_documents (account_id, id desc);
create index contract_documents_template on contract_documents (template_id);
create index contract_documents_file on contract_documents (signed_file_id) where signed_file_id is not null;

-- What was issued stays as it was: only how it stands goes on, and each acceptance is written once. The portal may do no
-- more than accept or decline what waits, in the name of whoever is signed in.
create function keep_contract_document() returns trigger language plpgsql as $$
declare
  v_moving text[] := '{state,sent_at,accepted_at,accepted_on,acceptance,accepted_by,accepted_name,accepted_email,accepted_ip,
                      accepted_user_agent,accepted_sha256,signed_file_id,closed_at,decline_reason}';
  v_proof text[] := '{accepted_at,accepted_on,acceptance,accepted_by,accepted_name,accepted_email,accepted_ip,
                      accepted_user_agent,accepted_sha256,signed_file_id}';
begin
  if tg_op = 'DELETE' then
    if exists (select from subscriptions s where s.id = old.subscription_id) then
      raise exception 'a contract that was issued is never deleted' using errcode = '42501';
    end if;
    return old;
  end if;
  -- The erasure of an account, which runs as the owner: proofs of the person go, and texts that nobody agreed to.
  if old.redacted_at is null and new.redacted_at is not null
     and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
    return new;
  end if;
  if to_jsonb(new) - v_moving <> to_jsonb(old) - v_moving then
    raise exception 'the text of an issued contract never changes' using errcode = '42501';
  end if;
  if (select jsonb_object_agg(k, to_jsonb(new) -> k) from unnest(v_proof) k)
       <> (select jsonb_object_agg(k, to_jsonb(old) -> k) from unnest(v_proof) k)
     and not (old.state = 'issued' and new.state = 'accepted') then
    raise exception 'how a contract was accepted never changes' using errcode = '42501';
  end if;
  if new.state <> old.state and not (
       old.state = 'issued' and new.state in ('accepted', 'declined', 'superseded', 'withdrawn', 'expired')
       or old.state = 'accepted' and new.state in ('superseded', 'expired')
       -- A validity that was renewed after it had run out.
       or old.state = 'expired' and old.accepted_at is not null and new.state = 'accepted') then
    raise exception 'a contract cannot go from % to %', old.state, new.state using errcode = '42501';
  end if;
  if current_user = 'zaguan_portal' and not (
       new.state = old.state or old.state = 'accepted' and new.state = 'superseded'
       or old.state = 'issued' and new.state = 'declined'
       or old.state = 'issued' and new.state = 'accepted' and new.acceptance = 'portal'
          and new.accepted_by = current_user_id() and new.signed_file_id is null) then
    raise exception 'not in the portal' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger contract_documents_frozen before update or delete on contract_documents
  for each row execute function keep_contract_document();
create trigger contract_documents_whole before truncate on contract_documents
  for each statement execute function refuse_change();

-- How a service's contract stands, and until when it is valid: derived, so that lists need not ask of a million rows.
create function state_of_contract(p_subscription uuid) returns service_contract_state
  language sql stable set search_path = public, pg_temp as $$
  select case when s.status in ('cancelled', 'ended') then 'ended'
              when d.state = 'issued' then 'waiting'
              when d.state = 'accepted' then 'in_force'
              when d.state = 'expired' then 'expired'
              when d.state = 'declined' then 'declined'
              else 'unissued' end::service_contract_state
    from subscriptions s
    left join lateral (select state from contract_documents
                        where subscription_id = s.id and state in ('issued', 'accepted', 'declined', 'expired')
                        order by state = 'issued' desc, state = 'accepted' desc, revision desc limit 1) d on true
   where s.id = p_subscription
$$;
create function refresh_service_contract(p_subscription uuid) returns void
  language sql security definer set search_path = public, pg_temp as $$
  update service_contracts c set valid_until = n.valid_until, state = n.state
    from (select c.id, state_of_contract(c.subscription_id) as state,
                 coalesce(c.renewed_until,
                   case when s.term_months > 0 then (coalesce(s.activation_date, s.start_date) + make_interval(months => s.term_months))::date end)
                   as valid_until
            from service_contracts c join subscriptions s on s.id = c.subscription_id
           where c.subscription_id = p_subscription) n
   where c.id = n.id and (c.valid_until, c.state) is distinct from (n.valid_until, n.state)
$$;
comment on function refresh_service_contract is 'Brings what is derived of a service''s contract up to date';
revoke execute on function refresh_service_contract from public;
create function follow_service_contract() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_table_name = 'subscriptions' then perform refresh_service_contract(new.id);
  else perform refresh_service_contract(new.subscription_id); end if;
  return null;
end $$;
create trigger service_contract_follows after update of status, activation_date, start_date, term_months on subscriptions
  for each row when ((old.status, old.activation_date, old.start_date, old.term_months)
                     is distinct from (new.status, new.activation_date, new.start_date, new.term_months))
  execute function follow_service_contract();
create trigger service_contract_follows after insert or update of state on contract_documents
  for each row execute function follow_service_contract();
create trigger service_contract_follows after insert or update of renewed_until, template_id on service_contracts
  for each row execute function follow_service_contract();

-- An erasure leaves what was agreed, as it leaves the invoices, without where from; what was never agreed goes.
create function erase_contracts() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update contract_documents
     set text_body = case when accepted_at is null then '' else text_body end,
         facts = case when accepted_at is null then '{}' else facts end,
         accepted_ip = null, accepted_user_agent = null, accepted_email = null, decline_reason = null,
         state = case when state = 'issued' then 'withdrawn' else state end,
         redacted_at = now()
   where account_id = new.id and redacted_at is null;
  return new;
end $$;
create trigger contracts_erased before update of erased_at on accounts
  for each row when (old.erased_at is null and new.erased_at is not null) execute function erase_contracts();

-- Rows that people may see --------------------------------------------------------------------------------------

alter table contract_templates enable row level security;
create policy office on contract_templates to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on contract_templates to zaguan_office;

alter table service_contracts enable row level security;
create policy office on service_contracts to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on service_contracts for select to zaguan_portal
  using (account_id = (select current_account_id())
         and (select current_permissions()) && '{owner,services}'::membership_permission[]);
grant select, insert, update, delete on service_contracts to zaguan_office;
grant select (id, subscription_id, account_id, installation_fee, instalments, renewal, renewal_months, state, valid_until)
  on service_contracts to zaguan_portal;

alter table contract_documents enable row level security;
create policy office on contract_documents to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on contract_documents to zaguan_portal
  using (account_id = (select current_account_id())
         and (select current_permissions()) && '{owner,services}'::membership_permission[]);
grant select, insert, delete on contract_documents to zaguan_office;
grant update (state, sent_at, accepted_at, accepted_on, acceptance, accepted_by, accepted_name, accepted_email, accepted_ip,
              accepted_user_agent, accepted_sha256, signed_file_id, closed_at, decline_reason) on contract_documents to zaguan_office;
grant select (id, subscription_id, account_id, business_unit_id, contract_number, revision, template_name, language, title, text_body,
              sha256, facts, state, issued_at, issued_on, sent_at, accepted_at, accepted_on, acceptance, accepted_by, accepted_name,
              accepted_email, accepted_ip, accepted_user_agent, accepted_sha256, signed_file_id, closed_at, decline_reason, created_at)
  on contract_documents to zaguan_portal;
grant update (state, accepted_at, accepted_on, acceptance, accepted_by, accepted_name, accepted_email, accepted_ip,
              accepted_user_agent, accepted_sha256, closed_at, decline_reason) on contract_documents to zaguan_portal;

call audit_table('contract_templates');
call audit_table('service_contracts');
call audit_table('contract_documents');

do $$
declare v_table text;
begin
  foreach v_table in array '{service_contracts,contract_documents}'::text[] loop
    execute format('create trigger account_erased_insert after insert on %I referencing new table as new_rows
                    for each statement execute function refuse_rows_of_erased()', v_table);
    execute format('create trigger account_erased_update after update on %I referencing new table as new_rows
                    for each statement execute function refuse_rows_of_erased()', v_table);
  end loop;
end $$;

-- A contract that waits for the customer is among what needs them (C1).
do $$
declare
  v_home text := pg_get_functiondef('portal_home'::regproc);
  v_with text := regexp_replace(v_home, '(from refused)\) needs', '\1
      union all
      select 1, d.issued_on, json_build_object(''kind'', ''contract_waiting'', ''id'', d.subscription_id, ''number'', d.contract_number::text,
               ''amount'', null, ''currency'', null, ''date'', d.issued_on, ''reason'', d.title)
        from contract_documents d join subscriptions s on s.id = d.subscription_id
       where p_services and d.account_id = p_account and d.state = ''issued'' and s.status not in (''cancelled'', ''ended'')) needs');
begin
  if v_with = v_home then raise exception 'the home of the portal has no place for contracts'; end if;
  execute v_with;
end $$;
