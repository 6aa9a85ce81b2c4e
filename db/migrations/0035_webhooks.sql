-- Webhooks out (A12): what happened, told to programs of the operator and of customers, signed after the Standard Webhooks
-- convention (https://www.standardwebhooks.com).

create type webhook_delivery_state as enum ('pending', 'delivered', 'failed', 'cancelled');
create type webhook_disabled_reason as enum ('by_hand', 'gone', 'failing');

-- Who is told ----------------------------------------------------------------------------------------------------

create table webhook_endpoints (
  id uuid primary key default uuidv7(),
  side user_side not null,
  account_id uuid,
  business_unit_id uuid references business_units (id),
  url text not null check (length(url) between 8 and 2000),
  description text check (length(description) between 1 and 200),
  event_types text[] check (cardinality(event_types) between 1 and 200),
  enabled boolean not null default true,
  disabled_at timestamptz,
  disabled_reason webhook_disabled_reason,
  key_version int not null default 1 check (key_version >= 1),
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id) on update cascade,
  check ((side = 'customer') = (account_id is not null)),
  check (side = 'staff' or business_unit_id is not null),
  check (enabled = (disabled_at is null) and enabled = (disabled_reason is null))
);
comment on table webhook_endpoints is 'An address of the operator, or of one account, that is told what happened';
comment on column webhook_endpoints.business_unit_id is 'Of the operator''s: the only business unit that it is told of; null: all. Of an account''s: the account''s';
comment on column webhook_endpoints.event_types is 'What it wants to be told; null: everything, also what is added later';
comment on column webhook_endpoints.key_version is 'The version of its newest signing key';
create index webhook_endpoints_account on webhook_endpoints (account_id, id) where account_id is not null;
create index webhook_endpoints_operator on webhook_endpoints (id) where account_id is null;
create index webhook_endpoints_unit on webhook_endpoints (business_unit_id) where business_unit_id is not null;
create index webhook_endpoints_created_by on webhook_endpoints (created_by) where created_by is not null;
create trigger touch before update on webhook_endpoints for each row execute function touch_updated_at();
create trigger account_erased_insert after insert on webhook_endpoints referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
alter table webhook_endpoints enable row level security;
create policy office on webhook_endpoints to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on webhook_endpoints to zaguan_portal
  using (account_id = (select current_account_id()) and (select current_permissions()) && '{owner}'::membership_permission[]);
grant select, insert, update, delete on webhook_endpoints to zaguan_office;
grant select, insert (side, account_id, business_unit_id, url, description, event_types, created_by),
      update (url, description, event_types, enabled, disabled_at, disabled_reason, key_version), delete
   on webhook_endpoints to zaguan_portal;
call audit_table('webhook_endpoints');

-- How its health is: apart, so that the audit log tells of what people do alone.
create table webhook_health (
  endpoint_id uuid primary key references webhook_endpoints (id) on delete cascade,
  failing_since timestamptz,
  delivered_at timestamptz,
  failed_at timestamptz
);
comment on column webhook_health.failing_since is 'When the first delivery failed since the last that arrived; after three days the endpoint is disabled';
alter table webhook_health enable row level security;
create policy office on webhook_health to zaguan_office
  using (exists (select from webhook_endpoints e where e.id = endpoint_id));
create policy portal on webhook_health to zaguan_portal
  using (exists (select from webhook_endpoints e where e.id = endpoint_id));
grant select, insert, update, delete on webhook_health to zaguan_office;
grant select, update (failing_since) on webhook_health to zaguan_portal;

create table webhook_keys (
  id uuid primary key default uuidv7(),
  endpoint_id uuid not null references webhook_endpoints (id) on delete cascade,
  version int not null check (version >= 1),
  key_encrypted bytea not null,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  unique (endpoint_id, version)
);
comment on table webhook_keys is 'What deliveries are signed with. The newest has no end; after a rotation the one before signs beside it for a day';
comment on column webhook_keys.key_encrypted is 'whsec_…, AES-256-GCM by platform/encryption.ts';
create unique index webhook_keys_newest on webhook_keys (endpoint_id) where expires_at is null;
alter table webhook_keys enable row level security;
create policy office on webhook_keys to zaguan_office
  using (exists (select from webhook_endpoints e where e.id = endpoint_id));
create policy portal on webhook_keys to zaguan_portal
  using (exists (select from webhook_endpoints e where e.id = endpoint_id));
grant select, insert, update, delete on webhook_keys to zaguan_office;
grant select (id, endpoint_id, version, expires_at, created_at), insert (id, endpoint_id, version, key_encrypted), update (expires_at), delete
   on webhook_keys to zaguan_portal;

-- What they are told ---------------------------------------------------------------------------------------------

create table webhook_messages (
  id uuid primary key default uuidv7(),
  event_id text not null unique check (event_id ~ '^msg_[A-Za-z0-9]{10,60}$'),
  side user_side not null,
  type text not null check (type ~ '^[a-z_]+(\.[a-z_]+)+$'),
  occurred_at timestamptz not null,
  payload json not null,
  cause text not null check (length(cause) between 1 and 200),
  account_id uuid,
  business_unit_id uuid references business_units (id),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id) on update cascade,
  unique (side, cause),
  check (side = 'staff' or account_id is not null)
);
comment on table webhook_messages is 'What happened, as the API of that side shows it; kept for 30 days';
comment on column webhook_messages.cause is 'What happened to what: told once, however often it is announced';
comment on column webhook_messages.payload is 'The data of the message, byte for byte: what is signed does not change between two tries';
create index webhook_messages_account on webhook_messages (account_id, id desc) where account_id is not null;
create index webhook_messages_unit on webhook_messages (business_unit_id, id desc) where business_unit_id is not null;
create index webhook_messages_age on webhook_messages (occurred_at);
create trigger account_erased_insert after insert on webhook_messages referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
alter table webhook_messages enable row level security;
create policy office on webhook_messages to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on webhook_messages to zaguan_portal
  using (side = 'customer' and account_id = (select current_account_id())
         and (select current_permissions()) && '{owner}'::membership_permission[]);
grant select, insert, delete on webhook_messages to zaguan_office;
grant select, insert on webhook_messages to zaguan_portal;

create table webhook_deliveries (
  id uuid primary key default uuidv7(),
  message_id uuid not null references webhook_messages (id) on delete cascade,
  endpoint_id uuid not null references webhook_endpoints (id) on delete cascade,
  type text not null,
  state webhook_delivery_state not null default 'pending',
  attempts int not null default 0,
  tries int not null default 0,
  next_at timestamptz,
  last_status int check (last_status between 100 and 999),
  last_error text check (last_error ~ '^[a-z][a-z0-9_]*$'),
  ended_at timestamptz,
  created_at timestamptz not null default now(),
  unique (message_id, endpoint_id),
  check ((state = 'pending') = (next_at is not null)),
  check ((state = 'pending') = (ended_at is null))
);
comment on table webhook_deliveries is 'A message on its way to an endpoint';
comment on column webhook_deliveries.tries is 'Attempts since it began or was sent again: they decide when the next one is';
comment on column webhook_deliveries.next_at is 'When it is sent next. Whoever sends it moves it on first: should they be killed, it is due again then';
create index webhook_deliveries_due on webhook_deliveries (next_at, id) where state = 'pending';
create index webhook_deliveries_endpoint on webhook_deliveries (endpoint_id, id desc);
create index webhook_deliveries_endpoint_state on webhook_deliveries (endpoint_id, state, id desc);
alter table webhook_deliveries enable row level security;
create policy office on webhook_deliveries to zaguan_office
  using (exists (select from webhook_endpoints e where e.id = endpoint_id));
create policy portal on webhook_deliveries to zaguan_portal
  using (exists (select from webhook_endpoints e where e.id = endpoint_id));
grant select, insert, update, delete on webhook_deliveries to zaguan_office;
grant select, insert (message_id, endpoint_id, type, next_at), update (state, tries, next_at, last_status, last_error, ended_at)
   on webhook_deliveries to zaguan_portal;

create table webhook_attempts (
  id uuid primary key default uuidv7(),
  delivery_id uuid not null references webhook_deliveries (id) on delete cascade,
  number int not null check (number >= 1),
  at timestamptz not null,
  duration_ms int not null check (duration_ms >= 0),
  status int check (status between 100 and 999),
  error text check (error ~ '^[a-z][a-z0-9_]*$'),
  detail text check (length(detail) <= 300),
  answer text check (octet_length(answer) <= 4096),
  unique (delivery_id, number),
  check (status is not null or error is not null)
);
comment on table webhook_attempts is 'One try to deliver a message: what the endpoint answered, or why there was no answer';
comment on column webhook_attempts.answer is 'The first 1,024 characters of what the endpoint answered';
alter table webhook_attempts enable row level security;
create policy office on webhook_attempts to zaguan_office
  using (exists (select from webhook_deliveries d where d.id = delivery_id));
create policy portal on webhook_attempts for select to zaguan_portal
  using (exists (select from webhook_deliveries d where d.id = delivery_id));
grant select, insert, delete on webhook_attempts to zaguan_office;
grant select on webhook_attempts to zaguan_portal;

-- Erasure: messages tell who an account is, and its endpoints lead to it. Only accounts change here, never many at a time.
create function forget_webhooks() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from webhook_endpoints where account_id = new.id;
  delete from webhook_messages where account_id = new.id;
  return null;
end $$;
create trigger webhooks_forgotten after update of erased_at on accounts
  for each row when (new.erased_at is not null and old.erased_at is null) execute function forget_webhooks();
