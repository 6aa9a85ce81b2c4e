-- Automatic debit: retries by reason with a limit in all, and invoices that nothing can be charged for.

alter table debit_policies add column most_attempts smallint not null default 8 check (most_attempts between 1 and 20);
comment on column debit_policies.most_attempts is 'How often an invoice is charged by itself in all, by whichever methods and for whichever reasons';
comment on column debit_policies.retries is
  'By reason of refusal that may pass: after how many days it is charged again, after the first refusal of that reason, the second, …; a reason that is left out has the default';

-- What is told of an invoice beforehand: that it will be charged, or that it cannot be and has to be paid otherwise.
alter table debit_announcements alter column announced_at drop not null, alter column announced_at drop default,
  add column asked_at timestamptz,
  add check (num_nonnulls(announced_at, asked_at) > 0);
comment on table debit_announcements is 'What customers were told of charges beforehand, once each';
comment on column debit_announcements.announced_at is 'When it was said that the invoice will be charged by itself';
comment on column debit_announcements.asked_at is 'When the customer was asked to pay otherwise, because the method is no longer good';
grant update on debit_announcements to zaguan_office;

-- What an invoice is to be charged by: the one method that its services all have, or else the account's. Whether that is still good
-- is for whoever asks.
create function is_debited_by(p_invoice uuid, p_method uuid, p_automatic boolean) returns boolean
  language sql stable set jit = off as $$
  select case when count(distinct coalesce(s.stored_method_id, '00000000-0000-0000-0000-000000000000'::uuid)) = 1
                   and min(s.stored_method_id::text) is not null
              then min(s.stored_method_id::text)::uuid = p_method else p_automatic end
    from invoice_lines n join subscriptions s on s.id = n.subscription_id where n.invoice_id = p_invoice $$;
comment on function is_debited_by(uuid, uuid, boolean) is 'Whether an invoice is to be charged to a stored method, which is the account''s for that or is not';
revoke execute on function is_debited_by from public;
grant execute on function is_debited_by to zaguan_office;

-- As before, and never by a method on or after the day on which it ends, nor more often than the business unit's policy allows in all.
create or replace function due_debits(p_unit uuid, p_day date, p_after uuid, p_limit int)
  returns table (invoice_id uuid, account_id uuid, open_amount bigint, currency char(3), stored_method_id uuid, provider_id uuid,
                 method payment_method, attempt smallint)
  language sql stable set jit = off as $$
  select i.id, i.account_id, b.open_amount, i.currency, m.id, m.provider_id, m.method, (coalesce(l.attempt, 0) + 1)::smallint
    from invoices i
    join invoice_balances b on b.invoice_id = i.id
    left join lateral (
      select case when count(distinct coalesce(s.stored_method_id, '00000000-0000-0000-0000-000000000000'::uuid)) = 1
                  then (array_agg(s.stored_method_id))[1] end as id
        from invoice_lines n join subscriptions s on s.id = n.subscription_id where n.invoice_id = i.id) chosen on true
    join stored_methods m on m.account_id = i.account_id and m.state = 'active'
                         and (m.expires_on is null or m.expires_on > p_day)
                         and (m.id = chosen.id or chosen.id is null and m.automatic)
    join payment_providers p on p.id = m.provider_id and p.enabled
    left join lateral (
      select a.attempt, a.state, a.next_on, a.stored_method_id from debit_attempts a
       where a.invoice_id = i.id order by a.attempt desc limit 1) l on true
   where i.business_unit_id = p_unit and i.state = 'open' and i.kind in ('invoice', 'debit_note') and i.due_date <= p_day
     and i.id > p_after and b.open_amount > 0
     and (l.attempt is null or l.state = 'dropped'
          or l.state = 'refused' and (l.next_on <= p_day or l.stored_method_id <> m.id))
     and coalesce(l.attempt, 0) < coalesce((select d.most_attempts from debit_policies d where d.business_unit_id = p_unit), 8)
     -- Of a printed key nobody tells us that nothing comes: after three days it was only looked at.
     and not exists (select from payment_intent_invoices ii join payment_intents t on t.id = ii.intent_id
                       join payment_providers o on o.id = t.provider_id
                      where ii.invoice_id = i.id and ii.open and (o.driver <> 'pix_static' or t.created_at > p_day - 3))
     and not exists (select from ledger_entries e where e.invoice_id = i.id and e.ledger_account = 'receivable'
                        and e.kind in ('refund', 'chargeback'))
     and not exists (select from payment_notice_invoices ni join payment_notices n on n.id = ni.payment_notice_id
                      where ni.invoice_id = i.id and n.state = 'pending')
   order by i.id limit p_limit $$;

-- Erasure: what providers keep of an account goes first, while it is still known how they call it.

alter table stored_methods add column forgotten_at timestamptz;
comment on column stored_methods.forgotten_at is 'When its provider forgot it, or had nothing to forget';
create index stored_methods_to_forget on stored_methods (account_id) where forgotten_at is null;

create type erasure_state as enum ('under_way', 'obstructed', 'done');
create table account_erasures (
  id uuid primary key default uuidv7(),
  account_id uuid not null unique,
  business_unit_id uuid not null,
  state erasure_state not null default 'under_way',
  reason text check (length(reason) between 1 and 500),
  asked_by jsonb,
  requested_at timestamptz not null,
  left_behind smallint not null default 0 check (left_behind >= 0),
  ended_at timestamptz,
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  check ((state = 'under_way') = (ended_at is null)),
  check ((state = 'under_way') = (reason is not null))
);
comment on table account_erasures is 'An erasure that waits until providers have cancelled and forgotten what is the account''s';
comment on column account_erasures.asked_by is 'Who asked for it, as the audit log says it: what the job does last is theirs';
comment on column account_erasures.left_behind is 'How many things providers kept, because they did not answer for days or refused';
create index account_erasures_unit on account_erasures (business_unit_id);
alter table account_erasures enable row level security;
create policy office on account_erasures to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on account_erasures to zaguan_office;
create trigger account_erased_insert after insert on account_erasures referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
call audit_table('account_erasures');

-- As before; how a provider calls a method goes at once where the provider forgot it before, and with the job that asks it else.
create or replace function forget_payers() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update subscriptions set stored_method_id = null where account_id = new.id and stored_method_id is not null;
  update stored_methods
     set brand = null, last_digits = null, expires_on = null, automatic = false, state = 'removed', ended_at = coalesce(ended_at, now()),
         reference = case when forgotten_at is null then reference else '{}' end,
         reference_encrypted = case when forgotten_at is null then reference_encrypted end
   where account_id = new.id;
  update payment_intents
     set details_encrypted = null, action = null, failure_detail = null, look_at = case when purpose = 'payment' then look_at end,
         state = case when ended_at is null and (purpose = 'setup' or state = 'action_needed') then 'cancelled' else state end,
         ended_at = case when ended_at is null and (purpose = 'setup' or state = 'action_needed') then now() else ended_at end
   where account_id = new.id;
  update payment_reversals set reason = null, failure_detail = null where account_id = new.id;
  update provider_events e set body = ''
    from payment_intents i
   where i.account_id = new.id and e.provider_id = i.provider_id and e.received_at >= i.created_at
     and (position(convert_to(i.id::text, 'UTF8') in e.body) > 0
          or i.provider_ref is not null and position(convert_to(i.provider_ref, 'UTF8') in e.body) > 0);
  return null;
end $$;
