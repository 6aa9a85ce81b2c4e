-- Taxes, coupons and the books: what staff correct by hand, the chart of accounts of every business unit, daily totals
-- that make a trial balance cheap at any size, and the indexes of journal and account sheets.

-- Coupons --------------------------------------------------------------------------------------------------------------

-- No more redemptions than a coupon allows, and only where it may be used, whatever the code does. The coupon's row is
-- locked before anything is counted, so that two at once are counted one after the other.
create function require_redeemable() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare v coupons; v_count bigint;
begin
  for v in select * from coupons where id in (select coupon_id from new_rows) order by id for no key update loop
    select count(*) into v_count from subscription_coupons where coupon_id = v.id;
    if v_count > v.most_redemptions then
      raise exception 'coupon % is used up', v.code using errcode = '23514', constraint = 'coupon_most_redemptions';
    end if;
    if v.once_per_account and exists (select from new_rows n where n.coupon_id = v.id and exists (
         select from subscription_coupons o where o.coupon_id = v.id and o.account_id = n.account_id and o.id <> n.id)) then
      raise exception 'coupon % is used once by an account', v.code using errcode = '23514', constraint = 'coupon_once_per_account';
    end if;
    if exists (select from new_rows n join accounts a on a.id = n.account_id
                where n.coupon_id = v.id and a.business_unit_id <> v.business_unit_id) then
      raise exception 'coupon % is of another business unit', v.code using errcode = '23514', constraint = 'coupon_unit';
    end if;
  end loop;
  return null;
end $$;
create trigger redeemable after insert on subscription_coupons referencing new table as new_rows
  for each statement execute function require_redeemable();
-- A service that waits for its installation begins its coupons when it is charged.
grant update (from_date) on subscription_coupons to zaguan_office;
create index subscription_coupons_subscription on subscription_coupons (subscription_id);
create index subscription_coupons_redeemed on subscription_coupons (coupon_id, id desc);
drop index subscription_coupons_coupon;
create index coupons_created on coupons (business_unit_id, id desc);

-- What staff correct by hand ---------------------------------------------------------------------------------------------

create table account_adjustments (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null,
  account_id uuid not null,
  kind posting_kind not null check (kind in ('adjustment', 'refund', 'write_off')),
  amount bigint not null check (amount <> 0),
  currency char(3) not null check (currency ~ '^[A-Z]{3}$'),
  on_date date not null,
  reason text not null check (length(btrim(reason)) between 1 and 500),
  invoice_id uuid,
  method payment_method,
  reference text check (length(reference) <= 200),
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id),
  foreign key (invoice_id, account_id) references invoices (id, account_id),
  unique (id, account_id),
  check (kind = 'adjustment' or amount > 0),
  check ((kind = 'write_off') = (invoice_id is not null)),
  check ((kind = 'refund') = (method is not null))
);
comment on table account_adjustments is 'Credit given or taken, credit paid back, debt given up: each with its reason; its id is that of its posting';
comment on column account_adjustments.amount is 'Minor units; an adjustment above zero gives credit, one below takes it';
create index account_adjustments_account on account_adjustments (account_id, id desc);
create index account_adjustments_invoice on account_adjustments (invoice_id) where invoice_id is not null;
create trigger account_adjustments_frozen before update or delete on account_adjustments for each row execute function refuse_change();
create trigger account_adjustments_whole before truncate on account_adjustments for each statement execute function refuse_change();
create trigger account_erased_insert after insert on account_adjustments referencing new table as new_rows
  for each statement execute function refuse_rows_of_erased();
alter table account_adjustments enable row level security;
create policy office on account_adjustments to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on account_adjustments for select to zaguan_portal using (account_id = (select current_account_id()));
grant select, insert on account_adjustments to zaguan_office;
grant select (id, account_id, kind, amount, currency, on_date, reason, invoice_id, method, reference) on account_adjustments to zaguan_portal;
call audit_table('account_adjustments');

-- Why an account was exempt says something of it; from what is erased nothing is charged any more. Corrections stay, with the
-- reason that the customer read, as the documents do.
create function erase_exemptions() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from account_tax_exemptions where account_id = new.id;
  return new;
end $$;
create trigger exemptions_erased before update of erased_at on accounts
  for each row when (old.erased_at is null and new.erased_at is not null) execute function erase_exemptions();

-- The chart of accounts --------------------------------------------------------------------------------------------------

create function default_chart(p_language language_code)
  returns table (ledger_account ledger_account, type account_type, code text, name text) language sql immutable as $$
  select c.ledger_account::ledger_account, c.type::account_type, c.code,
         case p_language when 'pt-BR' then c.pt when 'es' then c.es else c.en end
    from (values
      ('bank', 'asset', '1110', 'Bancos', 'Bancos', 'Bank'),
      ('receivable', 'asset', '1120', 'Clientes a receber', 'Cuentas por cobrar', 'Receivables'),
      ('account_credit', 'liability', '2110', 'Créditos de clientes', 'Saldos a favor de clientes', 'Customer credit'),
      ('tax_payable', 'liability', '2120', 'Tributos a recolher', 'Impuestos por pagar', 'Taxes payable'),
      ('opening', 'equity', '3100', 'Saldos iniciais', 'Saldos iniciales', 'Opening balances'),
      ('revenue', 'income', '4100', 'Receita de serviços', 'Ingresos por servicios', 'Service revenue'),
      ('late_fees', 'income', '4200', 'Multas por atraso', 'Recargos por mora', 'Late fees'),
      ('interest', 'income', '4210', 'Juros de mora', 'Intereses por mora', 'Interest'),
      ('penalties', 'income', '4220', 'Multas por cancelamento', 'Penalidades por cancelación', 'Cancellation penalties'),
      ('adjustments', 'expense', '5100', 'Ajustes e bonificações', 'Ajustes y bonificaciones', 'Adjustments'),
      ('write_off', 'expense', '5200', 'Perdas com incobráveis', 'Incobrables', 'Bad debts')
    ) c (ledger_account, type, code, pt, es, en)
$$;
comment on function default_chart is 'The chart that a business unit begins with, in its language: one entry for every ledger account';

create function make_chart() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into chart_accounts (business_unit_id, ledger_account, type, code, name)
  select new.id, c.ledger_account, c.type, c.code, c.name from default_chart(new.language) c;
  return null;
end $$;
create trigger make_chart after insert on business_units for each row execute function make_chart();
insert into chart_accounts (business_unit_id, ledger_account, type, code, name)
select u.id, c.ledger_account, c.type, c.code, c.name
  from business_units u cross join lateral default_chart(u.language) c
    on conflict do nothing;
-- Each ledger account stands in it exactly once, from the beginning: entries are renamed, never added or removed.
revoke insert, update, delete on chart_accounts from zaguan_office;
grant update (code, name) on chart_accounts to zaguan_office;
alter table chart_accounts drop constraint chart_accounts_business_unit_id_code_key,
  add constraint chart_accounts_code_once unique (business_unit_id, code) deferrable initially immediate;

-- What each day moved ------------------------------------------------------------------------------------------------------

create table ledger_days (
  id uuid primary key default uuidv7(),
  business_unit_id uuid not null references business_units (id),
  currency char(3) not null,
  ledger_account ledger_account not null,
  on_date date not null,
  debits bigint not null,
  credits bigint not null,
  entries bigint not null
);
comment on table ledger_days is 'Totals of ledger entries: every statement that posts adds its own rows, so that nobody waits for anybody; rows of one day are put together now and then';
create index ledger_days_unit on ledger_days (business_unit_id, on_date);
alter table ledger_days enable row level security;
create policy office on ledger_days for select to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select on ledger_days to zaguan_office;

create function add_ledger_days() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into ledger_days (business_unit_id, currency, ledger_account, on_date, debits, credits, entries)
  select business_unit_id, currency, ledger_account, on_date, coalesce(sum(amount) filter (where amount > 0), 0),
         coalesce(-sum(amount) filter (where amount < 0), 0), count(*)
    from new_rows group by business_unit_id, currency, ledger_account, on_date;
  return null;
end $$;
create trigger ledger_days_added after insert on ledger_entries referencing new table as new_rows
  for each statement execute function add_ledger_days();

-- Rows of one day, account and currency become one. What is posted meanwhile is not touched, and readers see the totals
-- either before or after it.
create function compact_ledger_days() returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare v_gone bigint;
begin
  perform pg_advisory_xact_lock(hashtext('ledger_days'));
  with many as (
    select business_unit_id, currency, ledger_account, on_date from ledger_days group by 1, 2, 3, 4 having count(*) > 1),
  gone as (
    delete from ledger_days d using many m
     where d.business_unit_id = m.business_unit_id and d.currency = m.currency and d.ledger_account = m.ledger_account
       and d.on_date = m.on_date
    returning d.*),
  kept as (
    insert into ledger_days (business_unit_id, currency, ledger_account, on_date, debits, credits, entries)
    select business_unit_id, currency, ledger_account, on_date, sum(debits), sum(credits), sum(entries) from gone group by 1, 2, 3, 4
    returning 1)
  select (select count(*) from gone) - (select count(*) from kept) into v_gone;
  return v_gone;
end $$;
grant execute on function compact_ledger_days to zaguan_office;
revoke execute on function compact_ledger_days from public;

-- The totals made anew from the entries: for the owner alone, where entries came in without their triggers.
create function rebuild_ledger_days() returns void language plpgsql set search_path = public, pg_temp as $$
begin
  lock table ledger_entries in share mode;
  delete from ledger_days;
  insert into ledger_days (business_unit_id, currency, ledger_account, on_date, debits, credits, entries)
  select business_unit_id, currency, ledger_account, on_date, coalesce(sum(amount) filter (where amount > 0), 0),
         coalesce(-sum(amount) filter (where amount < 0), 0), count(*)
    from ledger_entries group by 1, 2, 3, 4;
end $$;
revoke execute on function rebuild_ledger_days from public;
select rebuild_ledger_days();

-- Journal and account sheets -------------------------------------------------------------------------------------------------

-- An account's sheet, and a journal of one account: in the order in which they are read.
create index ledger_entries_sheet on ledger_entries (business_unit_id, ledger_account, on_date, posting_id);
drop index ledger_entries_unit_date;
-- Every posting has a debit: the journal is in this order, and reads only these.
create index ledger_entries_journal on ledger_entries (business_unit_id, on_date, posting_id) where amount > 0;
-- What is rare is what one looks for.
create index ledger_entries_kind on ledger_entries (business_unit_id, kind, on_date, posting_id)
  where amount > 0 and kind not in ('invoice', 'payment');

-- A page of postings of a business unit: those that moved one account of the ledger, or all of them. It runs as the owner
-- because row-level security keeps an enum from being looked for in an index; the business units that the caller sees are
-- therefore asked here. The page begins after a day and a posting.
create function find_postings(p_unit uuid, p_filter jsonb, p_after_date date, p_after_id uuid, p_descending boolean, p_limit int)
  returns table (posting_id uuid, on_date date, debit bigint, credit bigint)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  v_where text := format('e.business_unit_id = %L', p_unit);
  v_order text := case when p_descending then 'desc' else 'asc' end;
  v_join text := '';
  v_word text;
begin
  if not (sees_all_units() or p_unit = any(visible_units())) then return; end if;
  -- Every posting has a debit: without an account these alone are read.
  if p_filter ? 'ledger_account' then v_where := v_where || format(' and e.ledger_account = %L', p_filter ->> 'ledger_account');
  else v_where := v_where || ' and e.amount > 0'; end if;
  if p_filter ? 'kind' then v_where := v_where || format(' and e.kind = %L', p_filter ->> 'kind'); end if;
  if p_filter ? 'currency' then v_where := v_where || format(' and e.currency = %L', p_filter ->> 'currency'); end if;
  if p_filter ? 'from' then v_where := v_where || format(' and e.on_date >= %L::date', p_filter ->> 'from'); end if;
  if p_filter ? 'to' then v_where := v_where || format(' and e.on_date <= %L::date', p_filter ->> 'to'); end if;
  if p_filter ? 'account_id' then v_where := v_where || format(' and e.account_id = %L::uuid', p_filter ->> 'account_id'); end if;
  if p_filter ? 'account_ids' then
    v_where := v_where || format(' and e.account_id = any(%L::uuid[])',
      array(select jsonb_array_elements_text(p_filter -> 'account_ids'))::text);
  elsif p_filter ? 'words' then
    v_join := ' join accounts a on a.id = e.account_id';
    for v_word in select jsonb_array_elements_text(p_filter -> 'words') loop
      v_where := v_where || format(' and position(%L in a.search_text) > 0', fold(v_word));
    end loop;
  end if;
  if p_after_id is not null then
    v_where := v_where || format(' and (e.on_date, e.posting_id) %s (%L::date, %L::uuid)',
      case when p_descending then '<' else '>' end, p_after_date, p_after_id);
  end if;
  return query execute format('select e.posting_id, e.on_date,
      coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint, coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint
      from ledger_entries e %s where %s group by e.on_date, e.posting_id order by e.on_date %s, e.posting_id %s limit %s',
    v_join, v_where, v_order, v_order, p_limit);
end $$;
revoke execute on function find_postings from public;
grant execute on function find_postings to zaguan_office;
