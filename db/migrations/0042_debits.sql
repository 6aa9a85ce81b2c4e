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
     and not exists (select from payment_intent_invoices ii where ii.invoice_id = i.id and ii.open)
     and not exists (select from ledger_entries e where e.invoice_id = i.id and e.ledger_account = 'receivable'
                        and e.kind in ('refund', 'chargeback'))
     and not exists (select from payment_notice_invoices ni join payment_notices n on n.id = ni.payment_notice_id
                      where ni.invoice_id = i.id and n.state = 'pending')
   order by i.id limit p_limit $$;
