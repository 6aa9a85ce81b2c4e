-- The sandbox: a payment provider inside Zaguan, for trying everything without anybody's account. Its book is its own: what it
-- says it took and gave back stands here, and nothing but its driver and its page reads or writes it.

create type sandbox_charge_state as enum ('open', 'second_step', 'paid', 'refused', 'cancelled');
create type sandbox_movement_kind as enum ('payment', 'refund', 'chargeback', 'chargeback_won');

create table sandbox_methods (
  id uuid primary key default uuidv7(),
  provider_id uuid not null,
  business_unit_id uuid not null,
  ref text not null unique check (length(ref) between 20 and 100),
  method payment_method not null,
  scenario text not null check (scenario ~ '^[a-z][a-z_]*$'),
  brand text not null check (length(brand) between 1 and 60),
  last_digits text check (last_digits ~ '^[0-9]{2,4}$'),
  expires_on date,
  refusals_left int not null default 0 check (refusals_left >= 0),
  forgotten_at timestamptz,
  created_at timestamptz not null,
  foreign key (provider_id, business_unit_id) references payment_providers (id, business_unit_id)
);
comment on table sandbox_methods is 'What the sandbox keeps for later charges: how such a charge will end, and what a card would show of itself. There is no number';
comment on column sandbox_methods.refusals_left is 'How many charges it still refuses before it pays';
create index sandbox_methods_provider on sandbox_methods (provider_id, id);

create table sandbox_charges (
  id uuid primary key default uuidv7(),
  provider_id uuid not null,
  business_unit_id uuid not null,
  key uuid not null,
  ref text not null unique check (length(ref) between 20 and 100),
  purpose intent_purpose not null,
  method payment_method not null,
  amount bigint not null check ((purpose = 'payment') = (amount > 0) and amount >= 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  description text check (length(description) <= 500),
  language text not null,
  return_url text not null check (length(return_url) <= 2000),
  store boolean not null,
  state sandbox_charge_state not null default 'open',
  scenario text check (scenario ~ '^[a-z][a-z_]*$'),
  failure payment_failure,
  method_id uuid references sandbox_methods (id),
  mute_looks int not null default 0 check (mute_looks >= 0),
  expires_at timestamptz,
  created_at timestamptz not null,
  ended_at timestamptz,
  unique (provider_id, key),
  foreign key (provider_id, business_unit_id) references payment_providers (id, business_unit_id),
  check ((state = 'refused') = (failure is not null)),
  check ((state in ('paid', 'refused', 'cancelled')) = (ended_at is not null))
);
comment on table sandbox_charges is 'What the house asked of the sandbox, by the house''s key. Who knows the ref may open its page';
comment on column sandbox_charges.mute_looks is 'How many questions about it still get no answer';
create index sandbox_charges_provider on sandbox_charges (provider_id, id desc);
create index sandbox_charges_method on sandbox_charges (method_id) where method_id is not null;

create table sandbox_movements (
  id uuid primary key default uuidv7(),
  provider_id uuid not null,
  business_unit_id uuid not null,
  charge_id uuid not null references sandbox_charges (id),
  kind sandbox_movement_kind not null,
  ref text not null unique check (length(ref) between 20 and 100),
  key uuid,
  of_id uuid references sandbox_movements (id),
  amount bigint not null check (amount > 0),
  at timestamptz not null,
  settles_at timestamptz not null,
  unique (provider_id, key),
  foreign key (provider_id, business_unit_id) references payment_providers (id, business_unit_id),
  check (settles_at >= at),
  check (kind = 'refund' or key is null),
  check ((kind = 'chargeback_won') = (of_id is not null))
);
comment on table sandbox_movements is 'What the sandbox says it took and gave back: the book that the house''s must agree with';
comment on column sandbox_movements.key is 'The house''s key of a refund';
comment on column sandbox_movements.of_id is 'The chargeback that was won';
comment on column sandbox_movements.settles_at is 'When the money has moved; it is on its way until then (debits of a bank account)';
create unique index sandbox_movements_payment on sandbox_movements (charge_id) where kind = 'payment';
create unique index sandbox_movements_won on sandbox_movements (of_id) where of_id is not null;
create index sandbox_movements_charge on sandbox_movements (charge_id, id);
create index sandbox_movements_time on sandbox_movements (provider_id, settles_at, id);
create trigger sandbox_movements_frozen before update or delete on sandbox_movements for each row execute function refuse_change();
create trigger sandbox_charges_stay before delete on sandbox_charges for each row execute function refuse_change();

-- Whatever its code does, the sandbox gives back no more than it took.
create function limit_sandbox_movements() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare v_left bigint;
begin
  perform from sandbox_charges c where c.id = new.charge_id for no key update;
  select coalesce(sum(case when m.kind in ('payment', 'chargeback_won') then m.amount else -m.amount end), 0) into v_left
    from sandbox_movements m where m.charge_id = new.charge_id;
  if v_left < 0 then
    raise exception 'the sandbox gives back more than it took' using errcode = '23514', constraint = 'sandbox_overdrawn';
  end if;
  return null;
end $$;
create trigger sandbox_movements_limited after insert on sandbox_movements
  for each row when (new.kind <> 'payment') execute function limit_sandbox_movements();

alter table sandbox_methods enable row level security;
create policy office on sandbox_methods to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on sandbox_methods to zaguan_office;
alter table sandbox_charges enable row level security;
create policy office on sandbox_charges to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on sandbox_charges to zaguan_office;
alter table sandbox_movements enable row level security;
create policy office on sandbox_movements to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert on sandbox_movements to zaguan_office;
