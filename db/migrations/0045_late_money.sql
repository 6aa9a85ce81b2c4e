-- Money moves when it moves: what a provider says came in or went back is booked, whoever asked for more before and whoever was
-- erased since. Only what people ask for is refused.

-- No more is refunded by us than came in. What the provider says went back has gone, also beside a refund by hand.
create or replace function limit_reversals() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare v_amount bigint; v_back bigint;
begin
  -- A payer's bank takes back what it takes back, also of what was refunded before; so does whoever pays back at the provider.
  if new.kind = 'chargeback' or new.created_by is null then return null; end if;
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

-- A Pix that is paid after its charge was closed, a chargeback months later: amounts, dates and the provider's ids tell nobody who
-- the account was. What people would write of it stays refused.
create function refuse_payments_of_erased() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select from accounts where erased_at is not null)
     and exists (select from new_rows n join accounts a on a.id = n.account_id
                  where a.erased_at is not null and n.provider_id is null) then
    raise exception 'the account was erased' using errcode = '23514', constraint = 'account_erased';
  end if;
  return null;
end $$;
drop trigger account_erased_insert on payments;
create trigger account_erased_insert after insert on payments referencing new table as new_rows
  for each statement execute function refuse_payments_of_erased();

create function refuse_reversals_of_erased() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select from accounts where erased_at is not null)
     and exists (select from new_rows n join accounts a on a.id = n.account_id
                  where a.erased_at is not null and n.created_by is not null) then
    raise exception 'the account was erased' using errcode = '23514', constraint = 'account_erased';
  end if;
  return null;
end $$;
drop trigger account_erased_insert on payment_reversals;
create trigger account_erased_insert after insert on payment_reversals referencing new table as new_rows
  for each statement execute function refuse_reversals_of_erased();
