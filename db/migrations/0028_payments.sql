-- Payments through providers (B7, B8; billing.md 25–29): who takes the money, what was asked of them, what came of it, what
-- was given back, and what they told us.

create type payment_driver as enum ('pix_static', 'pix', 'boleto', 'debit_file', 'stripe', 'mercado_pago', 'sandbox');
create type provider_health as enum ('untested', 'working', 'failing');
create type intent_purpose as enum ('payment', 'setup');
create type intent_origin as enum ('customer', 'staff', 'run');
create type intent_state as enum ('created', 'sending', 'unknown', 'action_needed', 'pending', 'succeeded', 'failed', 'cancelled',
                                  'expired');
create type payment_failure as enum ('insufficient_funds', 'expired_method', 'invalid_method', 'authentication_failed', 'limit_exceeded',
                                     'suspected_fraud', 'declined', 'provider_error');
create type stored_method_state as enum ('active', 'expired', 'refused', 'removed');
create type reversal_kind as enum ('refund', 'chargeback');
create type reversal_state as enum ('created', 'sending', 'unknown', 'pending', 'done', 'failed', 'won');
create type provider_event_state as enum ('received', 'done', 'ignored');

-- Who takes money -------------------------------------------------------------------------------------------------

create table payment_providers (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  driver payment_driver not null,
  name text not null check (length(name) between 1 and 80),
  methods payment_method[] not null check (cardinality(methods) > 0),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  secrets_encrypted bytea,
  position int not null default 0,
  enabled boolean not null default false,
  health provider_health not null default 'untested',
  health_checked_at timestamptz,
  health_code text check (health_code ~ '^[a-z][a-z0-9_]*$'),
  health_detail text check (length(health_detail) <= 1000),
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, business_unit_id),
  check ((health = 'failing') = (health_code is not null)),
  check (archived_at is null or not enabled)
);
comment on table payment_providers is 'A way for a business unit to be paid: a driver with its settings. What came in by it keeps it for ever';
comment on column payment_providers.secrets_encrypted is 'JSON of what its driver keeps secret, AES-256-GCM by platform/encryption.ts; never in a log';
create index payment_providers_unit on payment_providers (business_unit_id, position, id);
create trigger touch before update on payment_providers for each row execute function touch_updated_at();
alter table payment_providers enable row level security;
create policy office on payment_providers to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on payment_providers for select to zaguan_portal using (business_unit_id = (select current_unit_id()));
grant select, insert, update on payment_providers to zaguan_office;
grant select (id, business_unit_id, driver, name, methods, position, enabled, archived_at) on payment_providers to zaguan_portal;
call audit_table('payment_providers');

-- What a customer keeps at a provider (B8): never a number, only its brand and last digits ---------------------------

create table stored_methods (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  provider_id uuid not null,
  method payment_method not null check (method in ('card', 'bank_debit', 'pix')),
  brand text check (length(brand) between 1 and 60),
  last_digits text check (last_digits ~ '^[0-9]{2,4}$'),
  expires_on date,
  reference jsonb not null default '{}' check (jsonb_typeof(reference) = 'object'),
  reference_encrypted bytea,
  state stored_method_state not null default 'active',
  automatic boolean not null default false,
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  warned_at timestamptz,
  unique (id, account_id),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (provider_id, business_unit_id) references payment_providers (id, business_unit_id),
  check ((state = 'removed') = (ended_at is not null)),
  check (not automatic or state <> 'removed')
);
comment on column stored_methods.expires_on is 'First day on which a card is no longer good';
comment on column stored_methods.reference is 'What the provider knows it by: ids at the provider, which are of no use to anybody else';
comment on column stored_methods.reference_encrypted is 'What a bank must be told to debit an account (its number), AES-256-GCM by platform/encryption.ts';
comment on column stored_methods.automatic is 'The account''s method for automatic debit: charged on due dates';
create unique index stored_methods_automatic on stored_methods (account_id) where automatic;
create index stored_methods_account on stored_methods (account_id, id desc);
create index stored_methods_expiring on stored_methods (expires_on, id) where state = 'active' and expires_on is not null;
create index stored_methods_provider on stored_methods (provider_id, id);
create index stored_methods_created_by on stored_methods (created_by) where created_by is not null;
alter table stored_methods enable row level security;
create policy office on stored_methods to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on stored_methods to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update on stored_methods to zaguan_office;
grant select (id, business_unit_id, account_id, provider_id, method, brand, last_digits, expires_on, state, automatic, created_at, ended_at)
  on stored_methods to zaguan_portal;
grant update (automatic) on stored_methods to zaguan_portal;
create trigger account_erased_insert after insert on stored_methods referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
call audit_table('stored_methods');

-- Where a service is to be debited from another method than its account's.
alter table subscriptions add column stored_method_id uuid;
alter table subscriptions add foreign key (stored_method_id, account_id) references stored_methods (id, account_id);
comment on column subscriptions.stored_method_id is 'What this service is debited from; the account''s automatic method without it';
grant select (stored_method_id) on subscriptions to zaguan_portal;
create index subscriptions_stored_method on subscriptions (stored_method_id) where stored_method_id is not null;

-- What is asked of a provider, under our own key: the id of the intent (billing.md 25) --------------------------------

create table payment_intents (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  provider_id uuid not null,
  method payment_method not null,
  purpose intent_purpose not null default 'payment',
  origin intent_origin not null,
  amount bigint not null check ((purpose = 'payment') = (amount > 0) and amount >= 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  order_id uuid,
  stored_method_id uuid,
  store boolean not null default false,
  details_encrypted bytea,
  state intent_state not null default 'created',
  provider_ref text check (length(provider_ref) between 1 and 200),
  action jsonb check (jsonb_typeof(action) = 'object'),
  failure payment_failure,
  failure_detail text check (length(failure_detail) <= 500),
  expires_at timestamptz,
  look_at timestamptz,
  looks int not null default 0,
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  ended_at timestamptz,
  unique (id, account_id),
  unique (provider_id, provider_ref),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (provider_id, business_unit_id) references payment_providers (id, business_unit_id),
  foreign key (stored_method_id, account_id) references stored_methods (id, account_id),
  check ((state = 'failed') = (failure is not null)),
  check ((state in ('succeeded', 'failed', 'cancelled', 'expired')) = (ended_at is not null)),
  check (state not in ('action_needed', 'pending', 'succeeded') or provider_ref is not null)
);
comment on table payment_intents is 'A wish to be paid, under our own key. What became of it is asked of the provider, never guessed, and never charged anew';
comment on column payment_intents.state is 'created: not sent; sending: being sent; unknown: no answer came, the provider will be asked; action_needed: the payer''s turn; pending: the provider''s or the bank''s';
comment on column payment_intents.action is 'What the payer is to do: an address, a Pix text, a boleto, what the provider''s own form needs';
comment on column payment_intents.details_encrypted is 'What the customer typed where no form of the provider takes it (a bank account to debit), AES-256-GCM; emptied once the method is stored';
comment on column payment_intents.look_at is 'When the provider is asked next';
create index payment_intents_account on payment_intents (account_id, id desc);
create index payment_intents_unit on payment_intents (business_unit_id, id desc);
create index payment_intents_provider on payment_intents (provider_id, id desc);
create index payment_intents_look on payment_intents (look_at) where look_at is not null;
create index payment_intents_state on payment_intents (state, id desc);
create index payment_intents_order on payment_intents (order_id) where order_id is not null;
create unique index payment_intents_one_open on payment_intents (order_id, method) where ended_at is null and order_id is not null;
create index payment_intents_stored_method on payment_intents (stored_method_id) where stored_method_id is not null;
create index payment_intents_created_by on payment_intents (created_by) where created_by is not null;

create table payment_intent_invoices (
  intent_id uuid not null,
  invoice_id uuid not null,
  account_id uuid not null,
  method payment_method not null,
  amount bigint not null check (amount > 0),
  open boolean not null default true,
  primary key (intent_id, invoice_id),
  foreign key (intent_id, account_id) references payment_intents (id, account_id),
  foreign key (invoice_id, account_id) references invoices (id, account_id)
);
comment on column payment_intent_invoices.amount is 'What was open of it when the intent was made';
comment on column payment_intent_invoices.open is 'Whether the intent has not ended; kept by a trigger';
create unique index payment_intent_invoices_one_open on payment_intent_invoices (invoice_id, method) where open;
create index payment_intent_invoices_invoice on payment_intent_invoices (invoice_id, intent_id);

-- What was asked for stays as it was asked for; what ended has ended, but for money that arrives late all the same.
create function keep_intent() returns trigger language plpgsql as $$
begin
  if (new.id, new.business_unit_id, new.account_id, new.provider_id, new.method, new.purpose, new.origin, new.amount, new.currency,
      new.order_id, new.created_at)
     is distinct from
     (old.id, old.business_unit_id, old.account_id, old.provider_id, old.method, old.purpose, old.origin, old.amount, old.currency,
      old.order_id, old.created_at)
     or (old.provider_ref is not null and new.provider_ref is distinct from old.provider_ref) then
    raise exception 'an intent keeps what it is of' using errcode = '23514', constraint = 'intent_identity';
  end if;
  if old.state = 'succeeded' and new.state <> 'succeeded'
     or old.state in ('failed', 'cancelled', 'expired') and new.state not in (old.state, 'succeeded') then
    raise exception 'the intent has ended' using errcode = '23514', constraint = 'intent_ended';
  end if;
  return new;
end $$;
create trigger payment_intents_kept before update on payment_intents for each row execute function keep_intent();
create trigger payment_intents_stay before delete on payment_intents for each row execute function refuse_change();

create function end_intent_invoices() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update payment_intent_invoices ii set open = false
    from new_rows n join old_rows o on o.id = n.id
   where ii.intent_id = n.id and ii.open and n.ended_at is not null and o.ended_at is null;
  return null;
end $$;
create trigger payment_intents_ended after update on payment_intents
  referencing old table as old_rows new table as new_rows for each statement execute function end_intent_invoices();

alter table payment_intents enable row level security;
create policy office on payment_intents to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal_reads on payment_intents for select to zaguan_portal using (account_id = (select current_account_id()));
-- A customer asks to pay or to store a method; the house does it.
create policy portal_asks on payment_intents for insert to zaguan_portal
  with check (account_id = (select current_account_id()) and state = 'created' and origin = 'customer'
              and provider_ref is null and action is null and created_by is not distinct from (select current_user_id())
              and (select current_permissions()) && '{owner,billing}'::membership_permission[]);
grant select, insert, update on payment_intents to zaguan_office;
grant select (id, business_unit_id, account_id, provider_id, method, purpose, origin, amount, currency, order_id, stored_method_id, store,
              state, provider_ref, action, failure, expires_at, created_by, created_at, sent_at, ended_at) on payment_intents to zaguan_portal;
grant insert (id, business_unit_id, account_id, provider_id, method, purpose, origin, amount, currency, order_id, stored_method_id,
              store, details_encrypted, expires_at, created_by) on payment_intents to zaguan_portal;
alter table payment_intent_invoices enable row level security;
create policy office on payment_intent_invoices to zaguan_office
  using ((select sees_all_units()) or exists (select from payment_intents i where i.id = payment_intent_invoices.intent_id));
create policy portal on payment_intent_invoices to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on payment_intent_invoices to zaguan_office;
grant select on payment_intent_invoices to zaguan_portal;
grant insert (intent_id, invoice_id, account_id, method, amount) on payment_intent_invoices to zaguan_portal;
create trigger account_erased_insert after insert on payment_intents referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();

-- Money that came in ------------------------------------------------------------------------------------------------

alter table payments
  add column provider_id uuid,
  add column intent_id uuid,
  add column provider_ref text check (length(provider_ref) between 1 and 200),
  add column order_id uuid,
  add foreign key (provider_id, business_unit_id) references payment_providers (id, business_unit_id),
  add foreign key (intent_id, account_id) references payment_intents (id, account_id),
  add check ((provider_id is null) = (provider_ref is null)),
  add check (intent_id is null or provider_id is not null);
comment on column payments.provider_ref is 'The provider''s own id of this money: it is booked once, however often it is told';
create unique index payments_provider_ref on payments (provider_id, provider_ref) where provider_id is not null;
create index payments_intent on payments (intent_id) where intent_id is not null;
create index payments_order on payments (order_id) where order_id is not null;

alter table payment_notices add column order_id uuid;
comment on column payment_notices.order_id is 'The order that the customer says they paid, instead of invoices';
create index payment_notices_order on payment_notices (order_id) where order_id is not null;
grant insert (order_id) on payment_notices to zaguan_portal;

-- Money that went back ------------------------------------------------------------------------------------------------

create table payment_reversals (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  payment_id uuid not null,
  kind reversal_kind not null,
  state reversal_state not null default 'created',
  amount bigint not null check (amount > 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  provider_ref text check (length(provider_ref) between 1 and 200),
  reason text check (length(reason) between 1 and 500),
  failure_detail text check (length(failure_detail) <= 500),
  look_at timestamptz,
  looks int not null default 0,
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  done_at timestamptz,
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (payment_id, account_id) references payments (id, account_id),
  unique (payment_id, kind, provider_ref),
  check ((state in ('done', 'won')) = (done_at is not null)),
  check (kind = 'chargeback' or state <> 'won')
);
comment on table payment_reversals is 'Money of a payment that went back: refunds that staff or the provider made, and chargebacks of the payer''s bank';
comment on column payment_reversals.state is 'done: posted; won: a chargeback that was given back to us, posted both ways';
create index payment_reversals_payment on payment_reversals (payment_id);
create index payment_reversals_account on payment_reversals (account_id, id desc);
create index payment_reversals_unit on payment_reversals (business_unit_id, id desc);
create index payment_reversals_look on payment_reversals (look_at) where look_at is not null;
create index payment_reversals_created_by on payment_reversals (created_by) where created_by is not null;

-- No more is refunded than came in, whatever the code does: whoever adds one waits for the others of the same payment.
create function limit_reversals() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare v_amount bigint; v_back bigint;
begin
  -- A payer's bank takes back what it takes back, also of what was refunded before.
  if new.kind = 'chargeback' then return null; end if;
  -- A refund that was wished for in time goes on to its provider, which refuses it where nothing is left.
  if tg_op = 'UPDATE' and old.state not in ('failed', 'won') and new.amount = old.amount then return null; end if;
  select p.amount into v_amount from payments p where p.id = new.payment_id for no key update;
  select coalesce(sum(r.amount), 0) into v_back from payment_reversals r
   where r.payment_id = new.payment_id and r.state not in ('failed', 'won');
  if v_back > v_amount then
    raise exception 'more goes back than came in' using errcode = '23514', constraint = 'reversal_too_large';
  end if;
  return null;
end $$;
create trigger payment_reversals_limited after insert or update of state, amount on payment_reversals
  for each row execute function limit_reversals();
create trigger payment_reversals_stay before delete on payment_reversals for each row execute function refuse_change();
alter table payment_reversals enable row level security;
create policy office on payment_reversals to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on payment_reversals for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert, update on payment_reversals to zaguan_office;
grant select (id, business_unit_id, account_id, payment_id, kind, state, amount, currency, created_at, done_at) on payment_reversals to zaguan_portal;
create trigger account_erased_insert after insert on payment_reversals referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
call audit_table('payment_reversals');

-- What providers tell us: kept as it came, verified, once (billing.md 26) --------------------------------------------------

create table provider_events (
  id uuid primary key default uuidv7(),
  provider_id uuid not null,
  business_unit_id uuid not null,
  event_key text not null check (length(event_key) between 1 and 200),
  body bytea not null check (length(body) <= 262144),
  state provider_event_state not null default 'received',
  times int not null default 1 check (times >= 1),
  received_at timestamptz not null default now(),
  done_at timestamptz,
  unique (provider_id, event_key),
  foreign key (provider_id, business_unit_id) references payment_providers (id, business_unit_id),
  check ((state = 'received') = (done_at is null))
);
comment on table provider_events is 'What a provider told us, verified and raw: a reason to go and look, nothing more';
comment on column provider_events.times is 'How often it came; it is worked on once';
create index provider_events_provider on provider_events (provider_id, id desc);
create index provider_events_received on provider_events (received_at);
alter table provider_events enable row level security;
create policy office on provider_events to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update, delete on provider_events to zaguan_office;

-- What a customer decides of stored methods; the rows are the house's, because they hold what the provider knows them by -------

create function remove_stored_method(p_account uuid, p_method uuid, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if p_account is distinct from coalesce(current_account_id(), p_account)
     or (current_account_id() is not null and not current_permissions() && '{owner,billing}'::membership_permission[]) then
    return false;
  end if;
  update stored_methods set state = 'removed', automatic = false, ended_at = p_now
   where id = p_method and account_id = p_account and state <> 'removed';
  if not found then return false; end if;
  update subscriptions set stored_method_id = null where stored_method_id = p_method and account_id = p_account;
  return true;
end $$;
create function set_service_method(p_account uuid, p_subscription uuid, p_method uuid) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if p_account is distinct from coalesce(current_account_id(), p_account)
     or (current_account_id() is not null and not current_permissions() && '{owner,billing}'::membership_permission[]) then
    return false;
  end if;
  update subscriptions set stored_method_id = p_method where id = p_subscription and account_id = p_account;
  return found;
end $$;
revoke execute on function remove_stored_method, set_service_method from public;
grant execute on function remove_stored_method, set_service_method to zaguan_portal, zaguan_office;
