-- What payments by providers leave behind: no secret in the audit log, no method that others decide of, and nothing of who paid
-- once an account is erased.

create or replace function without_secrets(row_data jsonb) returns jsonb language sql immutable parallel safe
  as $$ select row_data - '{password_hash,token_hash,previous_token_hash,search_text,html,text_body,secret_encrypted,pending_encrypted,
    oidc_client_secret_encrypted,secret_key_check,public_key,code_hash,credential_id,last_step,counter,sample,
    secrets_encrypted,reference_encrypted,details_encrypted}'::text[] $$;

-- Money that is on its way, in or out, has to arrive first: whoever it belongs to must still be known.
create or replace function erasure_obstacles(p_account uuid, p_today date) returns table (code text, count bigint, amount bigint)
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
     where n.account_id = p_account and n.state = 'pending'
    union all
    select 'payments_under_way', count(*), sum(u.amount)::bigint
      from (select amount from payment_intents
             where account_id = p_account and purpose = 'payment' and state in ('created', 'sending', 'unknown', 'pending')
            union all
            select amount from payment_reversals
             where account_id = p_account and state in ('created', 'sending', 'unknown', 'pending')) u) o (code, count, amount)
   where o.count > 0
$$;

-- Staff decide of the stored methods of accounts that they see, and of no other.
create or replace function remove_stored_method(p_account uuid, p_method uuid, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if p_account is distinct from coalesce(current_account_id(), p_account)
     or (current_account_id() is not null and not current_permissions() && '{owner,billing}'::membership_permission[])
     or (current_account_id() is null and not sees_all_units()
         and not exists (select from accounts a where a.id = p_account and a.business_unit_id = any(visible_units()))) then
    return false;
  end if;
  update stored_methods set state = 'removed', automatic = false, ended_at = p_now
   where id = p_method and account_id = p_account and state <> 'removed';
  if not found then return false; end if;
  update subscriptions set stored_method_id = null where stored_method_id = p_method and account_id = p_account;
  return true;
end $$;
create or replace function set_service_method(p_account uuid, p_subscription uuid, p_method uuid) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if p_account is distinct from coalesce(current_account_id(), p_account)
     or (current_account_id() is not null and not current_permissions() && '{owner,billing}'::membership_permission[])
     or (current_account_id() is null and not sees_all_units()
         and not exists (select from accounts a where a.id = p_account and a.business_unit_id = any(visible_units()))) then
    return false;
  end if;
  update subscriptions set stored_method_id = p_method where id = p_subscription and account_id = p_account;
  return found;
end $$;

-- Erasure: amounts, dates and outcomes stay, as the books do. What was paid by, what staff and providers wrote about it, and what
-- providers told us goes; stored methods end, and a job has their providers forget them before it forgets how they are called.
create function forget_payers() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update subscriptions set stored_method_id = null where account_id = new.id and stored_method_id is not null;
  update stored_methods
     set brand = null, last_digits = null, expires_on = null, automatic = false, state = 'removed', ended_at = coalesce(ended_at, now())
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
create trigger accounts_erased_payers after update of erased_at on accounts
  for each row when (old.erased_at is null and new.erased_at is not null) execute function forget_payers();
