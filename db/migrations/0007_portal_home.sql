-- The customer's home (C1) in one trip: the session is verified, its account entered, and the page made, in one statement.

-- What needs them, what they have, what they owe, and the last mails, as JSON. It runs with its caller's rights: the portal
-- login sees one account in it, whatever the arguments are. Money and services are for those who may see them
-- (p_billing, p_services); `balance` is null for the others. Days are the business unit's.
create function portal_home(p_account uuid, p_unit uuid, p_now timestamptz, p_billing boolean, p_services boolean) returns text language sql stable as $$
with
unit as (
  select b.*, (p_now at time zone b.time_zone)::date as today
    from business_units b where b.id = p_unit),
open_invoices as (
  select i.id, i.series, i.number, i.issue_date, i.due_date, i.currency, i.total, i.state,
         (select coalesce(sum(e.amount), 0)::bigint from ledger_entries e
           where e.invoice_id = i.id and e.ledger_account = 'receivable') as open_amount,
         i.due_date < unit.today as overdue,
         exists (select from payment_notice_invoices pi join payment_notices n on n.id = pi.payment_notice_id
                  where pi.invoice_id = i.id and n.state = 'pending') as notified
    from invoices i cross join unit
   where p_billing and i.account_id = p_account and i.state = 'open'
   order by i.due_date, i.id limit 24),
services as (
  select s.id, s.number, p.name as plan_name, p.kind, s.status, s.start_date, s.billing_start, s.end_date, s.currency,
         -- As on the service's page: the discount comes off the plan alone, and what is left of it is rounded half-up.
         c.options + case s.discount_kind
                       when 'amount' then greatest(c.plan - s.discount_amount, 0)
                       when 'percent' then div(c.plan::numeric * (10000 - s.discount_basis_points) + 5000, 10000)
                       else c.plan end::bigint as amount
    from subscriptions s join plans p on p.id = s.plan_id
    cross join lateral (
      select coalesce(sum(unit_amount * quantity) filter (where role = 'plan'), 0)::bigint as plan,
             coalesce(sum(unit_amount * quantity) filter (where role = 'option'), 0)::bigint as options
        from subscription_components where subscription_id = s.id and to_date is null) c
   where p_services and s.account_id = p_account and s.status not in ('cancelled', 'ended')
   order by s.number limit 24),
mails as (
  select n.id, n.kind, n.subject, n.created_at from notices n
   where n.account_id = p_account and not n.secret
     and (p_billing or n.kind not in ('invoice_issued', 'payment_notice_received', 'payment_approved', 'payment_rejected'))
   order by n.id desc limit 5),
rejected as (
  select n.id, n.amount, n.currency, n.rejection_reason, n.decided_at from payment_notices n
   where p_billing and n.account_id = p_account and n.state = 'rejected'
     and n.decided_at > p_now - interval '30 days'
     and not exists (select from payment_notices later
                      where later.account_id = n.account_id and later.id > n.id and later.state <> 'rejected')
   order by n.id desc limit 3),
money as (
  select coalesce(sum(e.amount) filter (where e.ledger_account = 'receivable'), 0)::bigint as owed,
         coalesce(-sum(e.amount) filter (where e.ledger_account = 'account_credit'), 0)::bigint as credit
    from ledger_entries e where p_billing and e.account_id = p_account
     and e.ledger_account in ('receivable', 'account_credit'))
select json_build_object(
  'account', (select json_build_object('id', a.id, 'number', a.number, 'name', a.name) from accounts a where a.id = p_account),
  'unit', (select json_build_object('slug', slug, 'name', name, 'accent', accent, 'language', language,
             'logo_url', '/api/v1/portal/logos/' || logo_file_id, 'support_email', support_email,
             'support_phone', support_phone, 'website', website) from unit),
  'today', (select today from unit),
  'balance', (select json_build_object('owed', owed, 'credit', credit, 'currency', (select currency from unit)) from money where p_billing),
  'needs_you', (
    select coalesce(json_agg(need order by rank, at), '[]') from (
      select case when overdue then 0 else 2 end as rank, due_date as at,
             json_build_object('kind', case when overdue then 'invoice_overdue' else 'invoice_due' end, 'id', id,
               'number', series || '-' || number, 'amount', open_amount, 'currency', currency, 'date', due_date, 'reason', null) as need
        from open_invoices where not notified
      union all
      select 1, decided_at::date, json_build_object('kind', 'payment_rejected', 'id', id, 'number', null, 'amount', amount,
               'currency', currency, 'date', decided_at::date, 'reason', rejection_reason)
        from rejected) needs),
  'services', (select coalesce(json_agg(services order by number), '[]') from services),
  'invoices', (select coalesce(json_agg(open_invoices order by due_date, id), '[]') from open_invoices),
  'notices', (select coalesce(json_agg(mails order by created_at desc), '[]') from mails)
)::text
$$;
revoke execute on function portal_home from public;
grant execute on function portal_home to zaguan_portal;

-- One row where the session is good, with who it is; `body` is null where the user has no account.
create function enter_portal_home(p_token_hash bytea, p_operation text, p_ip text, p_request_id text, p_now timestamptz)
  returns table (account_id uuid, permissions membership_permission[], body text) language plpgsql as $$
declare v_unit uuid;
begin
  select e.account_id, e.permissions, e.business_unit_id into account_id, permissions, v_unit
    from enter_portal(p_token_hash, p_operation, p_ip, p_request_id) e;
  if not found then return; end if;
  if account_id is not null then 
    body := portal_home(account_id, v_unit, p_now, permissions && '{owner,billing}', permissions && '{owner,services}');
  end if;
  return next;
end $$;
revoke execute on function enter_portal_home from public;
grant execute on function enter_portal_home to zaguan_portal;
