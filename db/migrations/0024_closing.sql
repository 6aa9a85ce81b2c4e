-- Closing at scale. The tables that a closing writes prove their references once for each statement instead of once for
-- each row and reference: a closing of a million invoices writes seven million rows with nineteen references each way.
-- What is proved is the same, by triggers that nobody but the owner can take off; docs/decisions/0018-set-wise-proof.md
-- says what proves what.

-- References, proved once per statement ------------------------------------------------------------------------------

alter table invoices
  drop constraint invoices_business_unit_id_fkey,
  drop constraint invoices_account_id_fkey,
  drop constraint invoices_closing_id_fkey,
  drop constraint invoices_subscription_id_fkey,
  drop constraint invoices_about_invoice_id_fkey,
  drop constraint invoices_proforma_id_fkey;
alter table invoice_lines
  drop constraint invoice_lines_invoice_id_account_id_fkey,
  drop constraint invoice_lines_subscription_id_fkey,
  drop constraint invoice_lines_component_id_fkey,
  drop constraint invoice_lines_corrects_line_id_fkey,
  drop constraint invoice_lines_charge_id_account_id_fkey;
alter table invoice_taxes
  drop constraint invoice_taxes_invoice_id_account_id_fkey,
  drop constraint invoice_taxes_tax_id_fkey;
alter table billed_coverage
  drop constraint billed_coverage_component_id_fkey,
  drop constraint billed_coverage_invoice_line_id_fkey,
  drop constraint billed_coverage_closing_id_fkey;
alter table ledger_entries
  drop constraint ledger_entries_business_unit_id_fkey,
  drop constraint ledger_entries_invoice_id_account_id_fkey,
  drop constraint ledger_entries_payment_id_account_id_fkey;
alter table closing_accounts
  drop constraint closing_accounts_closing_id_business_unit_id_fkey,
  drop constraint closing_accounts_account_id_business_unit_id_fkey;

comment on column invoices.account_id is 'References accounts; proved by invoices_proved';
comment on column invoices.business_unit_id is 'References business_units; proved by invoices_proved';
comment on column invoices.closing_id is 'References closings; proved by invoices_proved';
comment on column invoices.about_invoice_id is 'References invoices; proved by invoices_proved';
comment on column invoices.proforma_id is 'References invoices; proved by invoices_proved';
comment on column invoice_lines.invoice_id is 'References invoices, together with account_id; proved by invoice_lines_proved, at the latest on commit';
comment on column invoice_lines.subscription_id is 'References subscriptions, together with account_id; proved by invoice_lines_proved';
comment on column invoice_lines.component_id is 'References subscription_components, together with account_id; proved by invoice_lines_proved';
comment on column invoice_lines.charge_id is 'References charges, together with account_id; proved by invoice_lines_proved';
comment on column invoice_taxes.invoice_id is 'References invoices, together with account_id; proved by invoice_taxes_proved, at the latest on commit';
comment on column invoice_taxes.tax_id is 'References taxes; proved by invoice_taxes_proved';
comment on column billed_coverage.component_id is 'References subscription_components, together with account_id; proved by billed_coverage_proved';
comment on column billed_coverage.invoice_line_id is 'References invoice_lines; proved by billed_coverage_proved. Null: days without a price';
comment on column billed_coverage.closing_id is 'References closings; proved by billed_coverage_proved';
comment on column ledger_entries.account_id is 'References accounts; proved by ledger_entries_proved';
comment on column ledger_entries.invoice_id is 'References invoices, together with account_id; proved by ledger_entries_proved, at the latest on commit';
comment on column ledger_entries.payment_id is 'References payments, together with account_id; proved by ledger_entries_proved';

-- A line is found by its document, whose account is its own.
drop index invoice_lines_account;
-- A charge is deleted only if no line has it; a closing only if it charged nothing.
create index invoice_lines_charged on invoice_lines (charge_id) where charge_id is not null;

-- A document's number is taken last, so that others wait for the counter no longer than its row takes to be written:
-- lines, taxes and postings may therefore come before their document, in one transaction. What they wait for stands here
-- until the transaction ends, and is proved then.
create table awaited_documents (
  id bigint primary key generated always as identity,
  source text not null,
  invoice_ids uuid[] not null,
  account_ids uuid[] not null
);
comment on table awaited_documents is 'Documents that rows of the running transaction belong to and that are not written yet; empty between transactions';
alter table awaited_documents enable row level security;
create policy nobody on awaited_documents for select to zaguan_office using (false);

create function refuse_orphan(p_constraint text) returns void language plpgsql as $$
begin
  raise exception 'what % refers to is not there', p_constraint using errcode = '23503', constraint = p_constraint;
end $$;
revoke execute on function refuse_orphan from public;

create function require_awaited_documents() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
begin
  if exists (select from unnest(new.invoice_ids, new.account_ids) a (invoice_id, account_id)
              where not exists (select from invoices i where i.id = a.invoice_id and i.account_id = a.account_id offset 0)) then
    perform refuse_orphan(new.source);
  end if;
  delete from awaited_documents where id = new.id;
  return null;
end $$;
create constraint trigger awaited_documents_came after insert on awaited_documents
  deferrable initially deferred for each row execute function require_awaited_documents();

-- Each looks its rows up one by one by their key, however small a table was when the statement was planned: that is what
-- `offset 0` is for, which keeps PostgreSQL from joining the whole table instead.
--
-- The proofs look at the newest committed state, after having locked what could go away. That holds in READ COMMITTED,
-- where each statement of a function looks anew; other levels would look at an older state.
create function require_read_committed() returns void language plpgsql as $$
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'documents are written in READ COMMITTED' using errcode = '0A000';
  end if;
end $$;
revoke execute on function require_read_committed from public;

create function prove_invoices() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare v_orphan text;
begin
  perform require_read_committed();
  perform from accounts where id = any(array(select distinct account_id from new_rows)) order by id for key share;
  perform from closings where id = any(array(select distinct closing_id from new_rows)) order by id for key share;
  select o.name into v_orphan from (
    select 'invoices_account_id_fkey' as name from new_rows n where not exists (select from accounts a where a.id = n.account_id offset 0)
    union all
    select 'invoices_business_unit_id_fkey' from (select distinct business_unit_id from new_rows) n
     where not exists (select from business_units u where u.id = n.business_unit_id offset 0)
    union all
    select 'invoices_closing_id_fkey' from (select distinct closing_id from new_rows where closing_id is not null) n
     where not exists (select from closings c where c.id = n.closing_id offset 0)
    union all
    select 'invoices_subscription_id_fkey' from new_rows n where n.subscription_id is not null
       and not exists (select from subscriptions s where s.id = n.subscription_id and s.account_id = n.account_id offset 0)
    union all
    select 'invoices_about_invoice_id_fkey' from new_rows n where n.about_invoice_id is not null
       and not exists (select from invoices i where i.id = n.about_invoice_id offset 0)
    union all
    select 'invoices_proforma_id_fkey' from new_rows n where n.proforma_id is not null
       and not exists (select from invoices i where i.id = n.proforma_id offset 0)) o limit 1;
  if found then perform refuse_orphan(v_orphan); end if;
  update closings set charged = true where id = any(array(select distinct closing_id from new_rows)) and not charged;
  return null;
end $$;

create function prove_invoice_lines() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare v_orphan text;
begin
  perform require_read_committed();
  -- Services, their components and charges are deleted under the lock of their account alone.
  perform from accounts where id = any(array(select distinct account_id from new_rows)) order by id for key share;
  select o.name into v_orphan from (
    select 'invoice_lines_subscription_id_fkey' as name from new_rows n where n.subscription_id is not null
       and not exists (select from subscriptions s where s.id = n.subscription_id and s.account_id = n.account_id offset 0)
    union all
    select 'invoice_lines_component_id_fkey' from new_rows n where n.component_id is not null
       and not exists (select from subscription_components c where c.id = n.component_id and c.account_id = n.account_id offset 0)
    union all
    select 'invoice_lines_charge_id_account_id_fkey' from new_rows n where n.charge_id is not null
       and not exists (select from charges c where c.id = n.charge_id and c.account_id = n.account_id offset 0)
    union all
    select 'invoice_lines_corrects_line_id_fkey' from new_rows n where n.corrects_line_id is not null
       and not exists (select from invoice_lines l where l.id = n.corrects_line_id offset 0)
    union all
    -- These are noted against what their document is about: it has to be there.
    select 'invoice_lines_invoice_id_account_id_fkey' from new_rows n where n.role in ('late_fee', 'interest')
       and not exists (select from invoices i where i.id = n.invoice_id and i.account_id = n.account_id offset 0)) o limit 1;
  if found then perform refuse_orphan(v_orphan); end if;
  insert into awaited_documents (source, invoice_ids, account_ids)
  select 'invoice_lines_invoice_id_account_id_fkey', w.invoice_ids, w.account_ids
    from (select array_agg(invoice_id) as invoice_ids, array_agg(account_id) as account_ids
            from (select distinct n.invoice_id, n.account_id from new_rows n
                   where not exists (select from invoices i where i.id = n.invoice_id and i.account_id = n.account_id offset 0)) m) w
   where w.invoice_ids is not null;
  return null;
end $$;

create function prove_invoice_taxes() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
begin
  perform require_read_committed();
  perform from taxes where id = any(array(select distinct tax_id from new_rows)) order by id for key share;
  if exists (select from (select distinct tax_id from new_rows) n where not exists (select from taxes t where t.id = n.tax_id offset 0)) then
    perform refuse_orphan('invoice_taxes_tax_id_fkey');
  end if;
  insert into awaited_documents (source, invoice_ids, account_ids)
  select 'invoice_taxes_invoice_id_account_id_fkey', w.invoice_ids, w.account_ids
    from (select array_agg(invoice_id) as invoice_ids, array_agg(account_id) as account_ids
            from (select distinct n.invoice_id, n.account_id from new_rows n
                   where not exists (select from invoices i where i.id = n.invoice_id and i.account_id = n.account_id offset 0)) m) w
   where w.invoice_ids is not null;
  return null;
end $$;

-- That no day of a component is billed twice is the exclusion `billed_once`, not a proof (billing.md 12).
create function prove_billed_coverage() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare v_orphan text;
begin
  perform require_read_committed();
  perform from accounts where id = any(array(select distinct account_id from new_rows)) order by id for key share;
  perform from closings where id = any(array(select distinct closing_id from new_rows)) order by id for key share;
  select o.name into v_orphan from (
    select 'billed_coverage_component_id_fkey' as name from new_rows n
     where not exists (select from subscription_components c where c.id = n.component_id and c.account_id = n.account_id offset 0)
    union all
    select 'billed_coverage_invoice_line_id_fkey' from new_rows n where n.invoice_line_id is not null
       and not exists (select from invoice_lines l where l.id = n.invoice_line_id offset 0)
    union all
    select 'billed_coverage_closing_id_fkey' from (select distinct closing_id from new_rows where closing_id is not null) n
     where not exists (select from closings c where c.id = n.closing_id offset 0)) o limit 1;
  if found then perform refuse_orphan(v_orphan); end if;
  update closings set charged = true where id = any(array(select distinct closing_id from new_rows)) and not charged;
  return null;
end $$;

create function prove_ledger_entries() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare v_orphan text;
begin
  perform require_read_committed();
  select o.name into v_orphan from (
    select 'ledger_entries_business_unit_id_fkey' as name from (select distinct business_unit_id from new_rows) n
     where not exists (select from business_units u where u.id = n.business_unit_id offset 0)
    union all
    select 'ledger_entries_payment_id_account_id_fkey' from new_rows n where n.payment_id is not null
       and not exists (select from payments p where p.id = n.payment_id and p.account_id = n.account_id offset 0)) o limit 1;
  if found then perform refuse_orphan(v_orphan); end if;
  -- An entry without a document holds on to its account itself.
  if exists (select from new_rows where invoice_id is null and payment_id is null) then
    perform from accounts where id = any(array(select distinct account_id from new_rows where invoice_id is null and payment_id is null))
      order by id for key share;
    if exists (select from new_rows n where n.invoice_id is null and n.payment_id is null
                  and not exists (select from accounts a where a.id = n.account_id offset 0)) then
      perform refuse_orphan('ledger_entries_account_id_fkey');
    end if;
  end if;
  insert into awaited_documents (source, invoice_ids, account_ids)
  select 'ledger_entries_invoice_id_account_id_fkey', w.invoice_ids, w.account_ids
    from (select array_agg(invoice_id) as invoice_ids, array_agg(account_id) as account_ids
            from (select distinct n.invoice_id, n.account_id from new_rows n where n.invoice_id is not null
                     and not exists (select from invoices i where i.id = n.invoice_id and i.account_id = n.account_id offset 0)) m) w
   where w.invoice_ids is not null;
  return null;
end $$;

create function prove_closing_accounts() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
begin
  perform require_read_committed();
  perform from accounts where id = any(array(select distinct account_id from new_rows)) order by id for key share;
  perform from closings where id = any(array(select distinct closing_id from new_rows)) order by id for key share;
  if exists (select from (select distinct closing_id, business_unit_id from new_rows) n
              where not exists (select from closings c where c.id = n.closing_id and c.business_unit_id = n.business_unit_id offset 0)) then
    perform refuse_orphan('closing_accounts_closing_id_business_unit_id_fkey');
  end if;
  if exists (select from new_rows n where not exists (
       select from accounts a where a.id = n.account_id and a.business_unit_id = n.business_unit_id offset 0)) then
    perform refuse_orphan('closing_accounts_account_id_business_unit_id_fkey');
  end if;
  return null;
end $$;

create trigger invoices_proved after insert on invoices referencing new table as new_rows
  for each statement execute function prove_invoices();
create trigger invoice_lines_proved after insert on invoice_lines referencing new table as new_rows
  for each statement execute function prove_invoice_lines();
create trigger invoice_taxes_proved after insert on invoice_taxes referencing new table as new_rows
  for each statement execute function prove_invoice_taxes();
create trigger billed_coverage_proved after insert on billed_coverage referencing new table as new_rows
  for each statement execute function prove_billed_coverage();
create trigger ledger_entries_proved after insert on ledger_entries referencing new table as new_rows
  for each statement execute function prove_ledger_entries();
create trigger closing_accounts_proved after insert on closing_accounts referencing new table as new_rows
  for each statement execute function prove_closing_accounts();
-- Documents, lines, taxes and entries are frozen, coverage but for its period; this is the one that could be bent.
create trigger closing_accounts_keys before update of closing_id, account_id, business_unit_id on closing_accounts
  for each row when ((old.closing_id, old.account_id, old.business_unit_id)
                     is distinct from (new.closing_id, new.account_id, new.business_unit_id)) execute function refuse_change();

-- The other side: what is referred to is neither deleted nor given another key.

create function keep_referenced_accounts() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set jit = off as $$
begin
  if exists (select from old_rows o where exists (select from invoices i where i.account_id = o.id offset 0)
                or exists (select from billed_coverage b where b.account_id = o.id offset 0)
                or exists (select from ledger_entries e where e.account_id = o.id offset 0)
                or exists (select from closing_accounts c where c.account_id = o.id offset 0)) then
    perform refuse_orphan('account_has_documents');
  end if;
  return null;
end $$;
create trigger accounts_referenced after delete on accounts referencing old table as old_rows
  for each statement execute function keep_referenced_accounts();

-- Billing holds on to the account, not to each service of it: who deletes a service waits there for billing that is under
-- way, and looks after it.
create function keep_referenced_services() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set jit = off as $$
begin
  perform from accounts where id = any(array(select distinct account_id from old_rows)) order by id for update;
  if tg_table_name = 'subscriptions' and exists (select from old_rows o
       where exists (select from invoice_lines l where l.subscription_id = o.id offset 0)
          or exists (select from invoices i where i.subscription_id = o.id offset 0))
  or tg_table_name = 'subscription_components' and exists (select from old_rows o
       where exists (select from billed_coverage b where b.component_id = o.id offset 0)
          or exists (select from invoice_lines l where l.component_id = o.id offset 0))
  or tg_table_name = 'charges' and exists (select from old_rows o
       where exists (select from invoice_lines l where l.charge_id = o.id offset 0)) then
    perform refuse_orphan(tg_table_name || '_was_billed');
  end if;
  return null;
end $$;
create trigger subscriptions_referenced after delete on subscriptions referencing old table as old_rows
  for each statement execute function keep_referenced_services();
create trigger subscription_components_referenced after delete on subscription_components referencing old table as old_rows
  for each statement execute function keep_referenced_services();
create trigger charges_referenced after delete on charges referencing old table as old_rows
  for each statement execute function keep_referenced_services();

create function keep_referenced_rest() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set jit = off as $$
begin
  if tg_table_name = 'taxes' and exists (select from old_rows o where exists (select from invoice_taxes t where t.tax_id = o.id offset 0))
  or tg_table_name = 'business_units' and exists (select from old_rows o
       where exists (select from invoices i where i.business_unit_id = o.id offset 0)
          or exists (select from ledger_entries e where e.business_unit_id = o.id offset 0))
  or tg_table_name = 'closings' and exists (select from old_rows o
       where o.charged or exists (select from closing_accounts a where a.closing_id = o.id offset 0)) then
    perform refuse_orphan(tg_table_name || '_has_documents');
  end if;
  return null;
end $$;
create trigger taxes_referenced after delete on taxes referencing old table as old_rows
  for each statement execute function keep_referenced_rest();
create trigger business_units_referenced after delete on business_units referencing old table as old_rows
  for each statement execute function keep_referenced_rest();
create trigger closings_referenced after delete on closings referencing old table as old_rows
  for each statement execute function keep_referenced_rest();

-- Keys never change: nothing here follows them.
create function refuse_new_key() returns trigger language plpgsql as $$
begin
  raise exception 'the key of % never changes', tg_table_name using errcode = '23503', constraint = tg_table_name || '_key';
end $$;
create trigger accounts_key before update of id on accounts for each row when (old.id <> new.id) execute function refuse_new_key();
create trigger business_units_key before update of id on business_units for each row when (old.id <> new.id) execute function refuse_new_key();
create trigger taxes_key before update of id on taxes for each row when (old.id <> new.id) execute function refuse_new_key();
create trigger closings_key before update of id, business_unit_id on closings for each row
  when ((old.id, old.business_unit_id) is distinct from (new.id, new.business_unit_id)) execute function refuse_new_key();
create trigger subscriptions_key before update of id, account_id on subscriptions for each row
  when ((old.id, old.account_id) is distinct from (new.id, new.account_id)) execute function refuse_new_key();
create trigger subscription_components_key before update of id, account_id on subscription_components for each row
  when ((old.id, old.account_id) is distinct from (new.id, new.account_id)) execute function refuse_new_key();
create trigger charges_key before update of id, account_id on charges for each row
  when ((old.id, old.account_id) is distinct from (new.id, new.account_id)) execute function refuse_new_key();

do $$
declare v_table text;
begin
  foreach v_table in array '{accounts,business_units,taxes,closings,subscriptions,subscription_components,charges,payments,
      billed_coverage,closing_accounts}'::text[] loop
    execute format('create trigger %I before truncate on %I for each statement execute function refuse_change()',
      v_table || '_emptied', v_table);
  end loop;
end $$;

-- All of it at once, for whoever loaded tables with their triggers off: the restore of a backup.
create function prove_everything() returns void language plpgsql set search_path = public, pg_temp as $$
declare v_orphan text;
begin
  select o.name into v_orphan from (
    select 'invoices' as name from invoices n
     where not exists (select from accounts a where a.id = n.account_id)
        or not exists (select from business_units u where u.id = n.business_unit_id)
        or n.closing_id is not null and not exists (select from closings c where c.id = n.closing_id)
        or n.subscription_id is not null and not exists (select from subscriptions s where s.id = n.subscription_id and s.account_id = n.account_id)
        or n.about_invoice_id is not null and not exists (select from invoices i where i.id = n.about_invoice_id)
        or n.proforma_id is not null and not exists (select from invoices i where i.id = n.proforma_id)
    union all
    select 'invoice_lines' from invoice_lines n
     where not exists (select from invoices i where i.id = n.invoice_id and i.account_id = n.account_id)
        or n.subscription_id is not null and not exists (select from subscriptions s where s.id = n.subscription_id and s.account_id = n.account_id)
        or n.component_id is not null and not exists (select from subscription_components c where c.id = n.component_id and c.account_id = n.account_id)
        or n.charge_id is not null and not exists (select from charges c where c.id = n.charge_id and c.account_id = n.account_id)
        or n.corrects_line_id is not null and not exists (select from invoice_lines l where l.id = n.corrects_line_id)
    union all
    select 'invoice_taxes' from invoice_taxes n
     where not exists (select from invoices i where i.id = n.invoice_id and i.account_id = n.account_id)
        or not exists (select from taxes t where t.id = n.tax_id)
    union all
    select 'billed_coverage' from billed_coverage n
     where not exists (select from subscription_components c where c.id = n.component_id and c.account_id = n.account_id)
        or n.invoice_line_id is not null and not exists (select from invoice_lines l where l.id = n.invoice_line_id)
        or n.closing_id is not null and not exists (select from closings c where c.id = n.closing_id)
    union all
    select 'billed_once' from (select component_id, period, lag(period) over (partition by component_id order by period) as before
                                 from billed_coverage) n where n.period && n.before
    union all
    select 'ledger_entries' from ledger_entries n
     where not exists (select from accounts a where a.id = n.account_id)
        or not exists (select from business_units u where u.id = n.business_unit_id)
        or n.invoice_id is not null and not exists (select from invoices i where i.id = n.invoice_id and i.account_id = n.account_id)
        or n.payment_id is not null and not exists (select from payments p where p.id = n.payment_id and p.account_id = n.account_id)
    union all
    select 'closing_accounts' from closing_accounts n
     where not exists (select from closings c where c.id = n.closing_id and c.business_unit_id = n.business_unit_id)
        or not exists (select from accounts a where a.id = n.account_id)) o limit 1;
  if found then perform refuse_orphan(v_orphan); end if;
end $$;
comment on function prove_everything is 'Throws where a row of the books refers to nothing, or a day is billed twice';
revoke execute on function prove_everything from public;

-- Cheaper once per statement ---------------------------------------------------------------------------------------------

-- As many entries of these postings as the statement wrote: then none of them was there before.
create or replace function require_balance() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare v_posting uuid; v_written bigint;
begin
  select posting_id into v_posting from new_rows group by posting_id having sum(amount) <> 0 limit 1;
  if not found and (select count(*) from (select distinct business_unit_id, currency from new_rows) n) > 1 then
    select posting_id into v_posting from new_rows group by posting_id having count(distinct (business_unit_id, currency)) > 1 limit 1;
  end if;
  if v_posting is not null then
    raise exception 'posting % does not balance', v_posting using errcode = '23514', constraint = 'ledger_balanced';
  end if;
  select count(*) into v_written from new_rows;
  if v_written <> (select count(*) from ledger_entries e
                    where e.posting_id = any(array(select distinct posting_id from new_rows))) then
    raise exception 'a posting is written once' using errcode = '23514', constraint = 'ledger_posting_once';
  end if;
  return null;
end $$;

-- Erased accounts are few; where there is none, nothing is compared.
create or replace function refuse_rows_of_erased() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select from accounts where erased_at is not null)
     and exists (select from new_rows n join accounts a on a.id = n.account_id where a.erased_at is not null) then
    raise exception 'the account was erased' using errcode = '23514', constraint = 'account_erased';
  end if;
  return null;
end $$;

-- Documents are found by their number alone, which has an index of its own: keeping each of them in the search's, too, was
-- a quarter of what writing it cost.
drop trigger search_invoice_insert on invoices;
drop trigger search_invoice_update on invoices;
drop trigger search_invoice_delete on invoices;
delete from search_entries where kind = 'invoice';
create or replace function search_everything(p_text text, p_kinds text[], p_each int default 8, p_most int default 20)
  returns table (kind text, id uuid, title text, detail text, account_id uuid, account_name text, business_unit_name text,
                 matched text)
  language plpgsql stable security definer set search_path = public, pg_temp
  set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  v_text text := left(search_title(left(p_text, 200)), 200);
  v_code text := search_code(left(p_text, 200));
  v_digits text := case when p_text !~ '[[:alpha:]]' then ltrim(regexp_replace(left(p_text, 200), '[^0-9]', '', 'g'), '0') else '' end;
  v_tokens text[] := array(select w from unnest(string_to_array(search_words(left(p_text, 200)), ' ')) w where w <> '' limit 8);
  v_long text[] := array(select w from unnest(v_tokens) w where length(w) >= 3);
  v_short text[] := array(select w from unnest(v_tokens) w where length(w) < 3);
  s_kinds text[];
  s_units uuid[];
  s_scopes text[];
  v_query tsquery;
  v_kinds text[] := '{}';
  v_ids uuid[] := '{}';
  v_matched text[] := '{}';
  n_kinds text[];
  n_ids uuid[];
  n_matched text[];
  -- Words that some name has; what none has is the beginning of one, or wrong.
  v_known text[];
  v_last text;
  v_round int;
  v_meant jsonb;
  -- A document's number, as what ends the code.
  v_number text := substring(search_code(left(p_text, 200)) from '([0-9]{1,15})$');
begin
  if v_text = '' or cardinality(p_kinds) = 0 then return; end if;
  select array_agg(s.kind), array_agg(s.unit), array_agg(s.scope) into s_kinds, s_units, s_scopes
    from (select k as kind, u.id as unit, search_scope(k, u.id) as scope
            from unnest(p_kinds) k
            cross join (select null::uuid as id
                        union all select b.id from business_units b where sees_all_units() or b.id = any(visible_units())) u) s
   where exists (select from search_entries e where e.scope = s.scope);
  if s_kinds is null and not ('invoice' = any(p_kinds) and v_number is not null) then return; end if;
  s_kinds := coalesce(s_kinds, '{}'); s_units := coalesce(s_units, '{}'); s_scopes := coalesce(s_scopes, '{}');

  -- Documents, in their own table: a number says where in the index they are, so nothing more is kept of a million of them.
  if 'invoice' = any(p_kinds) and v_number is not null then
    select array_agg('invoice'::text), array_agg(f.id), array_agg('exact'::text) into n_kinds, n_ids, n_matched
      from (select i.id from invoices i
             where i.number = any(array(select right(v_number, n)::bigint from generate_series(1, length(v_number)) n))
               and (i.number::text = ltrim(v_code, '0') or search_code(i.series) || i.number = v_code)
               and (sees_all_units() or i.business_unit_id = any(visible_units()))
             order by i.issue_date desc, i.id desc limit p_each) f;
    v_kinds := v_kinds || n_kinds; v_ids := v_ids || n_ids; v_matched := v_matched || n_matched;
    if cardinality(v_ids) < p_each and v_number !~ '^0' and (length(v_code) >= 5 or v_text ~ '[a-z].*-[0-9]+$') then
      select array_agg('invoice'::text), array_agg(f.id), array_agg('start'::text) into n_kinds, n_ids, n_matched
        from (select i.id from generate_series(1, least(length(v_number), 15 - length(v_number))) k
               cross join lateral (
                 select x.id, x.number from invoices x
                  where x.number >= v_number::bigint * (10::numeric ^ k)::bigint
                    and x.number < (v_number::bigint + 1) * (10::numeric ^ k)::bigint
                    and (x.number::text like v_code || '%' or search_code(x.series) || x.number like v_code || '%')
                    and (sees_all_units() or x.business_unit_id = any(visible_units()))
                  order by x.number limit p_each) i
               order by i.number limit p_each - cardinality(v_ids)) f;
      v_kinds := v_kinds || n_kinds; v_ids := v_ids || n_ids; v_matched := v_matched || n_matched;
    end if;
  end if;

  -- Whole numbers, tax ids, e-mails, phones.
  select string_agg(search_term(s || '#' || v_code), '|')::tsquery into v_query from unnest(s_scopes) s where v_code <> '';
  if length(v_digits) >= 6 then
    select coalesce(v_query || string_agg(search_term(s || '~' || right(v_digits, 6)), '|')::tsquery,
                    string_agg(search_term(s || '~' || right(v_digits, 6)), '|')::tsquery)
      into v_query from unnest(s_scopes) s;
  end if;
  if v_query is not null then
    select array_agg(f.kind), array_agg(f.object_id), array_agg('exact'::text) into n_kinds, n_ids, n_matched
      from (select e.kind, e.object_id, row_number() over (partition by e.kind) as place
              from (select x.* from search_entries x where x.lexemes @@ v_query limit 200) e
              join unnest(s_kinds, s_units, s_scopes) s (kind, unit, scope)
                on s.kind = e.kind and s.unit is not distinct from e.business_unit_id
             where e.lexemes @@ (search_term(s.scope || '#' || v_code))::tsquery
                or exists (select from unnest(string_to_array(e.phones, ' ')) p
                            where p like '%' || v_digits or length(p) >= 8 and v_digits like '%' || p)
                   and length(v_digits) >= 6) f
     where f.place <= p_each;
    v_kinds := v_kinds || n_kinds; v_ids := v_ids || n_ids; v_matched := v_matched || n_matched;
  end if;

  -- Titles that begin so, those that are so first.
  select array_agg(f.kind), array_agg(f.object_id), array_agg(case when f.title_key = v_text then 'exact' else 'start' end)
    into n_kinds, n_ids, n_matched
    from (select s.kind, e.object_id, e.title_key, row_number() over (partition by s.kind order by e.title_key) as place
            from unnest(s_kinds, s_units, s_scopes) s (kind, unit, scope)
           cross join lateral (
             select x.kind, x.object_id, x.business_unit_id, x.title_key from search_entries x
              where x.scope = s.scope and x.title_key >= v_text collate "C" and x.title_key < (v_text || chr(1114111)) collate "C"
              order by x.scope, x.title_key limit p_each * 2) e
           where e.kind = s.kind and e.business_unit_id is not distinct from s.unit and e.object_id <> all(v_ids)) f
   where f.place <= p_each;
  v_kinds := v_kinds || n_kinds; v_ids := v_ids || n_ids; v_matched := v_matched || n_matched;

  -- Numbers and e-mails that begin so.
  if length(v_code) >= 5 and (v_code ~ '[0-9]' or position('@' in p_text) > 0) and cardinality(v_ids) < p_each then
    select array_agg(f.kind), array_agg(f.object_id), array_agg('start'::text) into n_kinds, n_ids, n_matched
      from (select s.kind, e.object_id, row_number() over (partition by s.kind) as place
              from unnest(s_kinds, s_units, s_scopes) s (kind, unit, scope)
             cross join lateral (
               select x.kind, x.object_id, x.business_unit_id from search_entries x
                where x.lexemes @@ (search_term(s.scope || '#' || v_code) || ':*')::tsquery limit p_each * 3) e
             where e.kind = s.kind and e.business_unit_id is not distinct from s.unit and e.object_id <> all(v_ids)
               and (select count(*) from unnest(v_kinds) k where k = s.kind) < p_each) f
     where f.place <= p_each;
    v_kinds := v_kinds || n_kinds; v_ids := v_ids || n_ids; v_matched := v_matched || n_matched;
  end if;

  -- What was found whole needs no words: a number or e-mail is meant as it is, a name of several words, too.
  if 'exact' = any(v_matched) and (v_text ~ '[0-9@]' or cardinality(v_tokens) > 1) or cardinality(v_long) = 0 then
    v_long := '{}';
  else
    v_known := array(select w from unnest(v_long) w
                      where w ~ '[0-9]' or exists (select from search_dictionary d where d.word = w));
    v_last := v_tokens[cardinality(v_tokens)];
  end if;

  -- Every word, wherever it stands; what no name has as it is, as a beginning. If that is hardly anything, the last word
  -- as a beginning as well: it may not be finished. What is common has been found by its beginning already.
  for v_round in 1..2 loop
    exit when cardinality(v_long) = 0
           or v_round = 2 and (cardinality(v_ids) >= 3 or v_last <> all(v_known) or v_last <> all(v_long));
    select array_agg(f.kind), array_agg(f.object_id), array_agg('words'::text) into n_kinds, n_ids, n_matched
      from (select s.kind, e.object_id,
                   row_number() over (partition by s.kind order by length(e.title_key), e.title_key) as place
              from unnest(s_kinds, s_units, s_scopes) s (kind, unit, scope)
             cross join lateral (
               select x.kind, x.object_id, x.business_unit_id, x.title_key from search_entries x
                where (select count(*) from unnest(v_kinds) k where k = s.kind) < p_each
                  and x.lexemes @@ (
                    select string_agg(search_term(s.scope || w)
                             || case when w = any(v_known) and not (v_round = 2 and w = v_last) then '' else ':*' end, '&')
                      from unnest(v_long) w)::tsquery
                limit 100) e
             where e.kind = s.kind and e.business_unit_id is not distinct from s.unit and e.object_id <> all(v_ids)
               and not exists (select from unnest(v_short) w where position(' ' || w in ' ' || e.title_key) = 0)) f
     where f.place <= p_each;
    v_kinds := v_kinds || n_kinds; v_ids := v_ids || n_ids; v_matched := v_matched || n_matched;
  end loop;

  -- Hardly anything: what may have been meant by the words that no name has; if every one is a name's, by any of them.
  if cardinality(v_ids) < 3 and 'exact' <> all(v_matched) and cardinality(v_long) between 1 and 5 and v_text !~ '[0-9@]' then
    select jsonb_object_agg(w, search_meant(w)) into v_meant from unnest(v_long) w
     where length(w) <= 40 and (w <> all(v_known) or v_long <@ v_known);
    if exists (select from jsonb_each(v_meant) m where m.value <> '[]') then
      select array_agg(f.kind), array_agg(f.object_id), array_agg('similar'::text) into n_kinds, n_ids, n_matched
        from (select s.kind, e.object_id,
                     row_number() over (partition by s.kind order by similarity(e.title_key, v_text) desc, e.title_key) as place
                from unnest(s_kinds, s_units, s_scopes) s (kind, unit, scope)
               cross join lateral (
                 select x.kind, x.object_id, x.business_unit_id, x.title_key from search_entries x
                  where x.lexemes @@ (
                    select string_agg('(' || search_term(s.scope || w) || coalesce((
                             select string_agg('|' || search_term(s.scope || m), '')
                               from jsonb_array_elements_text(v_meant -> w) m), '') || ')', '&')
                      from unnest(v_long) w)::tsquery
                  limit 100) e
               where e.kind = s.kind and e.business_unit_id is not distinct from s.unit and e.object_id <> all(v_ids)) f
       where f.place <= p_each;
      v_kinds := v_kinds || n_kinds; v_ids := v_ids || n_ids; v_matched := v_matched || n_matched;
    end if;
  end if;

  if cardinality(v_ids) = 0 then return; end if;
  return query execute (
    select 'with hits as (
              select h.*, row_number() over (partition by h.kind, h.rank order by h.place) as in_kind
                from (select k as kind, i as id, m as matched, o as place,
                             array_position(array[''exact'', ''start'', ''words'', ''similar''], m) as rank
                        from unnest($1, $2, $3) with ordinality found (k, i, m, o)) h),
            best as (select * from hits order by rank, in_kind, place limit $4),
            shown as (' || string_agg(format('select %L::text as kind, v.object_id, v.title, v.detail, v.account_id, v.business_unit_id
                                    from %I v where v.object_id = any($2)', k, 'search_of_' || k), ' union all ') || ')
            select b.kind, b.id, s.title, s.detail, s.account_id, a.name, u.name, b.matched
              from best b join shown s on s.kind = b.kind and s.object_id = b.id
              left join accounts a on a.id = s.account_id
              left join business_units u on u.id = s.business_unit_id
             order by b.rank, b.in_kind, b.place'
      from (select distinct k from unnest(v_kinds) k) kinds) using v_kinds, v_ids, v_matched, p_most;
end $$;

-- The work of a closing ------------------------------------------------------------------------------------------------------

create type closing_origin as enum ('staff', 'command', 'clock');

alter table closings
  add column origin closing_origin not null default 'staff',
  add column retry_of_id uuid references closings (id),
  add column behind_since date,
  add column charged boolean not null default false,
  add column comparison jsonb,
  add check (retry_of_id is null or origin = 'staff');
comment on column closings.origin is 'Who began it: staff with a preview, the command line, or the clock';
comment on column closings.retry_of_id is 'The closing whose left-out accounts this one takes up again, and no others';
comment on column closings.behind_since is 'The first day that this run of the clock caught up, because nothing ran in time; null: in time';
comment on column closings.charged is 'Set with its first document or covered day; it is never deleted from then on';
comment on column closings.comparison is 'How it differs from the closing of the month before: computed once, when it is prepared and when it is done';
update closings set origin = 'command' where created_by is null;
update closings c set charged = true
 where exists (select from invoices i where i.closing_id = c.id)
    or exists (select from closing_accounts a where a.closing_id = c.id and a.state = 'invoiced');
create index closings_retry on closings (retry_of_id) where retry_of_id is not null;
create index closings_direct on closings (business_unit_id, up_to) where created_by is null and state in ('running', 'failed');
create index closings_month on closings (business_unit_id, up_to desc, id desc) where state = 'done' and issued_invoices > 0;
create function keep_charged() returns trigger language plpgsql as $$
begin
  raise exception 'a closing stays charged' using errcode = '23514', constraint = 'closing_charged';
end $$;
create trigger closings_charged before update of charged on closings for each row when (old.charged and not new.charged)
  execute function keep_charged();

create table closing_batches (
  id bigint primary key generated always as identity,
  closing_id uuid not null references closings (id) on delete cascade,
  accounts int not null check (accounts = cardinality(account_ids)),
  account_ids uuid[] not null,
  planned_at timestamptz,
  done_at timestamptz,
  invoices int not null default 0,
  total bigint not null default 0,
  parked int not null default 0,
  changed int not null default 0
);
comment on table closing_batches is 'The accounts of a closing as they are worked at: a worker locks a batch, plans or charges it, and writes that with it in one transaction; whatever is killed leaves whole batches';
create index closing_batches_closing on closing_batches (closing_id, done_at);
create index closing_batches_unplanned on closing_batches (closing_id, id) where planned_at is null;
create index closing_batches_undone on closing_batches (closing_id, id) where done_at is null;
alter table closing_batches enable row level security;
create policy office on closing_batches to zaguan_office using (exists (select from closings c where c.id = closing_id));
grant select, insert, update, delete on closing_batches to zaguan_office;
-- Accounts are written down once they are planned or charged; before, they stand in their batch. What is looked for by its
-- state is what was left out: all the rest of a closing is invoiced.
drop index closing_accounts_unplanned;
drop index closing_accounts_state;
create index closing_accounts_state on closing_accounts (closing_id, state, account_id) where state <> 'invoiced';

-- What was under way before there were batches goes on in them.
insert into closing_batches (closing_id, accounts, account_ids, planned_at)
select a.closing_id, count(*), array_agg(a.account_id order by a.account_id), max(c.prepared_at)
  from (select *, (row_number() over (partition by closing_id order by account_id) - 1) / 200 as batch from closing_accounts
         where state = 'planned') a
  join closings c on c.id = a.closing_id
 where c.state in ('preparing', 'prepared', 'queued', 'running', 'failed')
 group by a.closing_id, a.batch;
delete from closing_accounts where state = 'planned' and fingerprint is null;

-- Closing by the clock (B1) ---------------------------------------------------------------------------------------------------

create table closing_schedules (
  business_unit_id uuid primary key references business_units (id) on delete cascade,
  active boolean not null default false,
  at_hour int not null default 5 check (at_hour between 0 and 23),
  days_after int not null default 0 check (days_after between 0 and 28),
  updated_at timestamptz not null default now()
);
comment on table closing_schedules is 'Whether a business unit closes by itself: every day at an hour of its own time zone, so that services with a day of their own are billed, too';
comment on column closing_schedules.days_after is 'How many days after a closing date it is closed';
create trigger touch before update on closing_schedules for each row execute function touch_updated_at();
alter table closing_schedules enable row level security;
create policy office on closing_schedules to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on closing_schedules to zaguan_office;
call audit_table('closing_schedules');

create table closing_clock (
  business_unit_id uuid primary key references business_units (id) on delete cascade,
  closed_to date not null,
  ran_at timestamptz not null
);
comment on table closing_clock is 'How far the clock has closed a business unit: every closing date on or before that day';
alter table closing_clock enable row level security;
create policy office on closing_clock to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
grant select, insert, update on closing_clock to zaguan_office;
