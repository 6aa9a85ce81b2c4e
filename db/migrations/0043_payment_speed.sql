-- Payments stay as fast as there are many of them.

-- A run takes what is due five hundred at a time, and each time the planner, which does not know how many are asked for, would read
-- and join everything that is still due, only to throw all but the first away: the whole run then costs the square of its size. This
-- way it can only walk along the invoices in the order in which they are asked for, and stops when it has enough.
alter function due_debits(uuid, date, uuid, int) set enable_hashjoin = off set enable_mergejoin = off set enable_sort = off
  set enable_bitmapscan = off set enable_seqscan = off;

-- An intent's share of invoices is found by its key, whatever was known of the tables when this was planned first: rows that have
-- ended already are not open any more, so that what they were before need not be asked.
create or replace function end_intent_invoices() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update payment_intent_invoices ii set open = false
   where ii.intent_id = any(array(select n.id from new_rows n where n.ended_at is not null)) and ii.open;
  return null;
end $$;
