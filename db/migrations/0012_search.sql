-- One box that finds everything (A13). What a thing is found by is kept in search_entries by triggers; the search knows
-- no table. A module declares what of its own is found by a view `search_of_<kind>` and `call search_table(…)`:
--
--   object_id         what is opened; unique in the view
--   account_id        whose it is; null where it is nobody's
--   business_unit_id  who may find it; null: every member of staff who may see this kind
--   title, detail     what is shown; entries are also found by how their title begins
--   words             names, found word by word and with typing errors
--   keys              numbers, tax ids, e-mails: found whole, with or without punctuation
--   phones            found by any six last digits or more; several are separated by / ; , or |

-- Text as it is compared -----------------------------------------------------------------------------------------

create function search_title(text) returns text language sql immutable parallel safe strict
  as $$ select btrim(regexp_replace(fold($1), '\s+', ' ', 'g')) $$;
comment on function search_title is 'A title as it is compared: lower case, no accents, single spaces';

create function search_words(text) returns text language sql immutable parallel safe strict
  as $$ select btrim(regexp_replace(fold($1), '[^[:alnum:]]+', ' ', 'g')) $$;
comment on function search_words is 'The words of a text, folded, with one space between them';

create function search_code(text) returns text language sql immutable parallel safe strict
  as $$ select regexp_replace(fold($1), '[^[:alnum:]]+', '', 'g') $$;
comment on function search_code is 'A number, tax id or e-mail as it is compared: folded, letters and digits alone';

-- One index serves all kinds and business units: what an entry is found by begins with these four characters, so that
-- looking for a name in one unit reads nothing of another. Two scopes may share them; who reads compares kind and unit.
create function search_scope(p_kind text, p_unit uuid) returns text language sql immutable parallel safe
  as $$ select left(encode(decode(md5(p_kind || coalesce(p_unit::text, '')), 'hex'), 'base64'), 4) $$;

create function search_keys(text[]) returns text language sql immutable parallel safe strict
  as $$ select replace(regexp_replace(fold(array_to_string($1, chr(31))), '[^[:alnum:]\x1f]+', '', 'g'), chr(31), ' ') $$;
comment on function search_keys is 'Several codes as they are compared, with one space between two of them';

create function search_phones(text) returns text language sql immutable parallel safe
  as $$ select coalesce(btrim(translate(regexp_replace($1, '[^0-9/;,|]+', '', 'g'), '/;,|', '    ')), '') $$;
comment on function search_phones is 'The digits of phone numbers, with spaces between two numbers';

-- Words as they are, keys after '#', the last six digits of phones after '~'. Expressions alone, so that it becomes part
-- of the statement that calls it: a call for each of a million rows costs more than what it does.
create function search_lexemes(p_scope text, p_words text, p_keys text, p_phones text) returns tsvector
  language sql immutable parallel safe as $$
  select array_to_tsvector(string_to_array(ltrim(
    coalesce(' ' || p_scope || replace(nullif(p_words, ''), ' ', ' ' || p_scope), '')
    || coalesce(' ' || p_scope || '#' || replace(nullif(p_keys, ''), ' ', ' ' || p_scope || '#'), '')
    || case when p_phones = '' then ''
            when position(' ' in p_phones) = 0 then ' ' || p_scope || '~' || right(p_phones, 6)
            else regexp_replace(p_phones, ' *[0-9]*?([0-9]{1,6})(?= |$)', ' ' || p_scope || '~\1', 'g') end), ' '))
$$;

-- A lexeme in a tsquery, whatever it holds.
create function search_term(text) returns text language sql immutable parallel safe strict
  as $$ select '''' || replace(replace($1, '\', '\\'), '''', '''''') || '''' $$;

-- What is found ---------------------------------------------------------------------------------------------------

create table search_entries (
  kind text not null,
  object_id uuid not null,
  business_unit_id uuid,
  scope text not null,
  title_key text not null collate "C",
  phones text not null,
  lexemes tsvector not null,
  primary key (kind, object_id)
);
comment on table search_entries is 'By what each thing is found (A13); written by triggers alone. What is shown of it is read from its view';
alter table search_entries enable row level security;
create policy office on search_entries for select to zaguan_office
  using (business_unit_id is null or (select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));

-- No unique index: transactions that meet the same new name at the same time must not wait for each other.
-- tidy_search_words removes what is there twice or no longer used.
create table search_dictionary (
  word text not null collate "C"
);
comment on table search_dictionary is 'Every word of a name once: where typing errors find what was meant';
alter table search_dictionary enable row level security;
create policy nobody on search_dictionary for select to zaguan_office using (false);

-- Writes the entries of some objects of a kind anew, by their ids in the view's column p_match; null: of all of them.
create function refresh_search(p_kind text, p_match text default 'object_id', p_ids uuid[] default null, p_gone boolean default false)
  returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if p_gone then
    execute format($q$
      delete from search_entries e using unnest($1) c (id)
       where e.kind = %L and e.object_id = c.id and not exists (select from %I v where v.object_id = c.id) $q$,
      p_kind, 'search_of_' || p_kind) using p_ids;
  end if;
  execute format($q$
    with fresh as materialized (
      select v.object_id, v.business_unit_id, search_scope(%1$L, v.business_unit_id) as scope,
             coalesce(left(search_title(v.title), 200), '') as title_key, search_phones(v.phones) as phones,
             coalesce(search_words(v.words), '') as words, coalesce(search_keys(v.keys), '') as keys
        from %2$I v %3$s),
    written as (
      insert into search_entries as e (kind, object_id, business_unit_id, scope, title_key, phones, lexemes)
      select %1$L, f.object_id, f.business_unit_id, f.scope, f.title_key, f.phones,
             search_lexemes(f.scope, f.words, f.keys, f.phones)
        from fresh f
      on conflict (kind, object_id) do update
        set business_unit_id = excluded.business_unit_id, scope = excluded.scope, title_key = excluded.title_key,
            phones = excluded.phones, lexemes = excluded.lexemes
      where (e.business_unit_id, e.title_key, e.phones, e.lexemes)
            is distinct from (excluded.business_unit_id, excluded.title_key, excluded.phones, excluded.lexemes))
    insert into search_dictionary (word)
    select w.word from (select distinct word from fresh, unnest(string_to_array(words, ' ')) word
                         where length(word) between 3 and 40 and word !~ '[0-9]') w
     where not exists (select from search_dictionary d where d.word = w.word) $q$,
    p_kind, 'search_of_' || p_kind,
    case when p_ids is not null then format('join unnest($1) c (id) on v.%I = c.id', p_match) end) using p_ids;
end $$;
revoke execute on function refresh_search from public;

-- Arguments: kind, the table's column whose value stands in the view's column, that column, the table's primary key,
-- the columns that the view reads. Once per statement: a bulk write of 10,000 rows is one pass.
create function search_rows() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_kind text := tg_argv[0];
  v_own text := tg_argv[1];
  v_match text := tg_argv[2];
  v_key text := tg_argv[3];
  v_ids uuid[];
begin
  if tg_op = 'INSERT' then
    execute format('select array_agg(distinct n.%I) from new_rows n', v_own) into v_ids;
  elsif tg_op = 'DELETE' then
    execute format('select array_agg(distinct o.%I) from old_rows o', v_own) into v_ids;
  else
    execute format('select array_agg(distinct c.id) from new_rows n join old_rows o on o.%1$I = n.%1$I
                      cross join lateral (values (n.%2$I), (o.%2$I)) c (id)
                     where (%3$s) is distinct from (%4$s)', v_key, v_own,
      (select string_agg(format('n.%I', column_name), ', ') from unnest(tg_argv[4]::text[]) column_name),
      (select string_agg(format('o.%I', column_name), ', ') from unnest(tg_argv[4]::text[]) column_name)) into v_ids;
  end if;
  if v_ids is not null then
    perform refresh_search(v_kind, v_match, v_ids, v_match = 'object_id' and tg_op <> 'INSERT');
  end if;
  return null;
end $$;

-- Declares that what stands in a table is found as p_kind, through the view search_of_<kind>. A view that reads other
-- tables, too, is declared once more for each of them: p_own is the column of the table, p_match that of the view which
-- tell whose entries change with a row. The first declaration writes the entries of what is there already.
create procedure search_table(p_table regclass, p_kind text, p_own text default 'id', p_match text default 'object_id')
  language plpgsql as $$
declare
  v_key text;
  v_columns text[];
  v_arguments text;
begin
  select a.attname into strict v_key from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
   where i.indrelid = p_table and i.indisprimary;
  -- What the view reads of the table: nothing else that changes concerns it.
  select array_agg(distinct a.attname::text) into strict v_columns
    from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
   where r.ev_class = ('search_of_' || p_kind)::regclass and d.refobjid = p_table and d.refobjsubid > 0;
  v_arguments := format('%L, %L, %L, %L, %L', p_kind, p_own, p_match, v_key, v_columns);
  execute format('create trigger %I after insert on %s referencing new table as new_rows
                  for each statement execute function search_rows(%s)', 'search_' || p_kind || '_insert', p_table, v_arguments);
  execute format('create trigger %I after update on %s referencing old table as old_rows new table as new_rows
                  for each statement execute function search_rows(%s)', 'search_' || p_kind || '_update', p_table, v_arguments);
  execute format('create trigger %I after delete on %s referencing old table as old_rows
                  for each statement execute function search_rows(%s)', 'search_' || p_kind || '_delete', p_table, v_arguments);
  if not exists (select from search_entries where kind = p_kind) then perform refresh_search(p_kind); end if;
end $$;

-- The modules' declarations ---------------------------------------------------------------------------------------

create view search_of_account as
  select a.id as object_id, a.id as account_id, a.business_unit_id, a.name as title,
         concat_ws(' · ', a.number, a.city) as detail, concat_ws(' ', a.name, a.city) as words,
         array[a.number::text, a.tax_id, a.email::text, a.external_id]
           || array(select d.domain::text from account_domains d where d.account_id = a.id) as keys,
         a.phone as phones
    from accounts a;

create view search_of_contact as
  select c.id as object_id, c.account_id, a.business_unit_id, concat_ws(' ', c.first_name, c.last_name) as title,
         coalesce(c.email::text, c.phone) as detail, concat_ws(' ', c.first_name, c.last_name) as words,
         array[c.email::text, c.external_id] as keys, c.phone as phones
    from contacts c join accounts a on a.id = c.account_id;

-- A user is found in each account that they may enter.
create view search_of_user as
  select m.id as object_id, m.account_id, a.business_unit_id, u.name as title, u.email::text as detail, u.name as words,
         array[u.email::text] as keys, null::text as phones, u.id as user_id
    from memberships m join users u on u.id = m.user_id join accounts a on a.id = m.account_id;

create view search_of_staff as
  select s.user_id as object_id, null::uuid as account_id, null::uuid as business_unit_id, u.name as title,
         u.email::text as detail, u.name as words, array[u.email::text] as keys, null::text as phones
    from staff s join users u on u.id = s.user_id;

create view search_of_unit as
  select b.id as object_id, null::uuid as account_id, b.id as business_unit_id, b.name as title, b.legal_name as detail,
         concat_ws(' ', b.name, b.legal_name) as words, array[b.slug, b.tax_id] as keys, null::text as phones
    from business_units b;

create view search_of_plan as
  select p.id as object_id, null::uuid as account_id, p.business_unit_id, p.name as title, r.name as detail,
         concat_ws(' ', p.name, r.name) as words, null::text[] as keys, null::text as phones, p.product_id
    from plans p join products r on r.id = p.product_id;

create view search_of_routing_point as
  select r.id as object_id, null::uuid as account_id, r.business_unit_id, r.name as title, r.notes as detail, r.name as words,
         null::text[] as keys, null::text as phones
    from routing_points r;

-- The plan's name is shown, not indexed: whoever looks for a plan wants the plan, not each of its subscribers.
create view search_of_subscription as
  select s.id as object_id, s.account_id, s.business_unit_id, s.contract_number::text as title, p.name as detail,
         null::text as words, array[s.contract_number::text, s.external_id] as keys, null::text as phones
    from subscriptions s join plans p on p.id = s.plan_id;

create view search_of_contract as
  select c.id as object_id, c.account_id, c.business_unit_id, c.name as title, c.start_date::text as detail, c.name as words,
         null::text[] as keys, null::text as phones
    from contracts c where c.archived_at is null;

create view search_of_invoice as
  select i.id as object_id, i.account_id, i.business_unit_id, i.series || '-' || i.number as title, i.issue_date::text as detail,
         null::text as words, array[i.series || i.number, i.number::text] as keys, null::text as phones
    from invoices i;

create view search_of_payment as
  select p.id as object_id, p.account_id, p.business_unit_id, p.reference as title, p.received_on::text as detail,
         null::text as words, array[p.reference] as keys, null::text as phones
    from payments p where p.reference is not null;

create view search_of_payment_notice as
  select n.id as object_id, n.account_id, n.business_unit_id, n.reference as title, n.paid_on::text as detail,
         null::text as words, array[n.reference] as keys, null::text as phones
    from payment_notices n where n.reference is not null;

call search_table('accounts', 'account');
call search_table('account_domains', 'account', 'account_id');
call search_table('contacts', 'contact');
call search_table('accounts', 'contact', 'id', 'account_id');
call search_table('memberships', 'user');
call search_table('users', 'user', 'id', 'user_id');
call search_table('accounts', 'user', 'id', 'account_id');
call search_table('staff', 'staff', 'user_id');
call search_table('users', 'staff');
call search_table('business_units', 'unit');
call search_table('plans', 'plan');
call search_table('products', 'plan', 'id', 'product_id');
call search_table('routing_points', 'routing_point');
call search_table('subscriptions', 'subscription');
call search_table('contracts', 'contract');
call search_table('invoices', 'invoice');
call search_table('payments', 'payment');
call search_table('payment_notices', 'payment_notice');

-- After the entries of what was there: building an index costs less than keeping it.
create index search_entries_title on search_entries (scope, title_key);
-- A search reads the whole list of what waits to be sorted in, so it is kept short.
create index search_entries_lexemes on search_entries using gin (lexemes) with (gin_pending_list_limit = 256);
create index search_dictionary_word on search_dictionary (word);
create index search_dictionary_similar on search_dictionary using gin (word gin_trgm_ops);

-- The search ------------------------------------------------------------------------------------------------------

-- The words of the dictionary that somebody may have meant, likest first: similar by trigrams, or with two letters
-- exchanged or one too many, which trigrams of short words tell badly.
create function search_meant(p_word text) returns text[] language sql stable security definer
  set search_path = public, pg_temp set pg_trgm.similarity_threshold = 0.34 as $$
  with near as (
    select d.word, similarity(d.word, p_word) as how from search_dictionary d where d.word % p_word
    union
    select d.word, 0.6 from search_dictionary d
     where d.word = any(array(
       select left(p_word, at - 1) || substr(p_word, at + 1, 1) || substr(p_word, at, 1) || substr(p_word, at + 2)
         from generate_series(1, length(p_word) - 1) at
       union all
       select left(p_word, at - 1) || substr(p_word, at + 1) from generate_series(1, length(p_word)) at))),
  ranked as (select word, max(how) as how from near where word <> p_word group by word order by 2 desc limit 6)
  select coalesce(array_agg(word), '{}') from ranked where how >= (select max(how) from ranked) - 0.2
$$;
revoke execute on function search_meant from public;

-- Runs as the owner, because row-level security keeps text search operators from using an index; the business units
-- that the caller sees are therefore asked here. Each step reads a bounded number of entries, however common a word is.
create function search_everything(p_text text, p_kinds text[], p_each int default 8, p_most int default 20)
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
begin
  if v_text = '' or cardinality(p_kinds) = 0 then return; end if;
  select array_agg(s.kind), array_agg(s.unit), array_agg(s.scope) into s_kinds, s_units, s_scopes
    from (select k as kind, u.id as unit, search_scope(k, u.id) as scope
            from unnest(p_kinds) k
            cross join (select null::uuid as id
                        union all select b.id from business_units b where sees_all_units() or b.id = any(visible_units())) u) s
   where exists (select from search_entries e where e.scope = s.scope);
  if s_kinds is null then return; end if;

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
comment on function search_everything is 'What staff may mean by a text: exact hits first, then what begins so, holds its words, is similar';
revoke execute on function search_everything from public;
grant execute on function search_everything to zaguan_office;

-- Words that are there twice, or that no name has any more: a name that was erased is forgotten here, too.
create function tidy_search_dictionary() returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  create temp table used on commit drop as
    select distinct substr(word, 5) collate "C" as word from ts_stat('select lexemes from public.search_entries')
     where substr(word, 5) !~ '[0-9#~]' and length(word) between 7 and 44;
  create index on used (word);
  delete from search_dictionary d using (
    select ctid, row_number() over (partition by word) as place, exists (select from used u where u.word = s.word) as is_used
      from search_dictionary s) s
   where d.ctid = s.ctid and (s.place > 1 or not s.is_used);
  drop table used;
end $$;
revoke execute on function tidy_search_dictionary from public;
grant execute on function tidy_search_dictionary to zaguan_office;

-- Lists at a million accounts -------------------------------------------------------------------------------------

-- What finds an account in the lists' own search, by the index of its search text: under row-level security LIKE uses
-- none. At most p_most ids of the business units that the caller sees; null when there are more, or when no word has
-- three letters, so that reading the list in its order until a page is full costs less.
create function find_account_ids(p_words text[], p_most int default 3000) returns uuid[]
  language plpgsql stable security definer set search_path = public, pg_temp set enable_seqscan = off as $$
declare
  -- The longest first: three of them ask the index, which says the least about short ones.
  v_patterns text[] := array(select '%' || replace(replace(replace(fold(w), '\', '\\'), '%', '\%'), '_', '\_') || '%'
                               from unnest(p_words) w order by length(w) desc);
  v_first text := v_patterns[1];
  v_second text := coalesce(v_patterns[2], v_first);
  v_third text := coalesce(v_patterns[3], v_first);
  v_all boolean := sees_all_units();
  v_units uuid[] := visible_units();
  v_ids uuid[];
begin
  if not exists (select from unnest(p_words) w where w ~ '[[:alnum:]]{3}') then return null; end if;
  select array_agg(f.id) into v_ids
    from (select a.id from accounts a
           where a.search_text like v_first and a.search_text like v_second and a.search_text like v_third
             and a.search_text like all (v_patterns) and (v_all or a.business_unit_id = any(v_units)) limit p_most + 1) f;
  if cardinality(v_ids) > p_most then return null; end if;
  return coalesce(v_ids, '{}');
end $$;
comment on function find_account_ids is 'The accounts that hold every word; null: too many to name them';
revoke execute on function find_account_ids from public;
grant execute on function find_account_ids to zaguan_office;

-- The same for what is found by a number of its own: the objects of a kind whose key begins so.
create function find_by_key(p_kind text, p_key text, p_most int default 1000) returns uuid[]
  language sql stable security definer set search_path = public, pg_temp set enable_seqscan = off as $$
  select coalesce(array_agg(f.object_id), '{}')
    from (select e.kind, e.object_id, e.business_unit_id from search_entries e
           where search_code(p_key) <> '' and e.lexemes @@ (
             select string_agg(search_term(search_scope(p_kind, b.id) || '#' || search_code(p_key)) || ':*', '|')
               from business_units b where sees_all_units() or b.id = any(visible_units()))::tsquery
           limit p_most) f
   where f.kind = p_kind and (sees_all_units() or f.business_unit_id = any(visible_units()))
$$;
revoke execute on function find_by_key from public;
grant execute on function find_by_key to zaguan_office;

-- Orders and filters of the lists that had to sort or read everything. Filters by a state are partial indexes: row-level
-- security keeps the comparison of an enum from using an ordinary one. What finds people is the search now.
drop index contacts_search;
drop index accounts_city;
create index accounts_city on accounts (city nulls first, id);
create index accounts_city_name on accounts (city, name, id);
create index subscriptions_contract on subscriptions (contract_number, id);
create index subscriptions_awaiting on subscriptions (id) where status = 'awaiting_installation';
create index subscriptions_status on subscriptions (status, id);
create index invoices_due on invoices (due_date, id);
create index invoices_total on invoices (total, id);
create index payments_received_on on payments (received_on, id);
create index payments_amount on payments (amount, id);
create index payment_notices_pending on payment_notices (id) where state = 'pending';
create index payment_notices_paid_on on payment_notices (paid_on, id);
create index payment_notices_amount on payment_notices (amount, id);
create index notices_failed on notices (id) where state in ('failed', 'queued');
create index contracts_start on contracts (start_date, id);
create index contracts_name on contracts (name, id);
