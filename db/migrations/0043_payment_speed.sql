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

-- What the office's lists of orders, payments and banks are ordered and filtered by, where a million rows would be read for a page.
create index orders_number on orders (number, id);
create index orders_total on orders (total, id);
create index orders_created on orders (created_at);
create index orders_by_customer on orders (by_customer, id desc);
create index stored_methods_unit on stored_methods (business_unit_id, id desc);
create index debit_attempts_of_unit on debit_attempts (business_unit_id, id desc);
create index bank_charges_due on bank_charges (due_date, id);
create index bank_charges_amount on bank_charges (amount, id);
create index bank_lines_amount on bank_statement_lines (amount, id);
create index bank_lines_of_account on bank_statement_lines (bank_account_id, booked_on, id);
create index webhook_deliveries_type on webhook_deliveries (type, id desc);
create index webhook_deliveries_created on webhook_deliveries (created_at);

-- Under row-level security no index is searched by an enum, whose equality PostgreSQL does not hold for leakproof; one that holds
-- nothing but the rarer values serves whoever names such a value. What is common is found on the way.
create index orders_open on orders (id) where state = 'open';
create index orders_paid on orders (id) where state = 'paid';
create index orders_offered on orders (id) where state = 'quoted';
create index orders_ended on orders (id) where state in ('declined', 'expired', 'cancelled');
create index payments_rarer_method on payments (id) where method not in ('pix', 'boleto', 'card', 'bank_transfer');
create index payment_intents_open on payment_intents (id) where state in ('created', 'sending', 'unknown', 'action_needed', 'pending');
create index payment_intents_failed on payment_intents (id) where state = 'failed';
create index payment_intents_dropped on payment_intents (id) where state in ('cancelled', 'expired');
create index payment_reversals_chargebacks on payment_reversals (id) where kind = 'chargeback';
create index payment_reversals_not_done on payment_reversals (id) where state <> 'done';
create index stored_methods_ended on stored_methods (id) where state <> 'active';
create index debit_attempts_charging on debit_attempts (id) where state = 'charging';
create index debit_attempts_not_paid on debit_attempts (id) where state in ('refused', 'dropped');
create index bank_charges_at_bank on bank_charges (id) where state in ('registered', 'sent', 'confirmed');
create index bank_charges_not_paid on bank_charges (id) where state in ('rejected', 'written_off');
create index bank_lines_rarer_kind on bank_statement_lines (booked_on, id) where kind not in ('pix', 'transfer', 'boleto');
create index bank_lines_undecided on bank_statement_lines (booked_on, id) where state in ('open', 'proposed');
create index bank_lines_likely on bank_statement_lines (booked_on, id) where confidence = 'likely';
create index bank_lines_possible on bank_statement_lines (booked_on, id) where confidence = 'possible';
create index bank_lines_certain on bank_statement_lines (booked_on, id) where confidence = 'certain';
create index bank_lines_outgoing on bank_statement_lines (booked_on, id) where amount < 0;
create index webhook_deliveries_waiting on webhook_deliveries (id) where state = 'pending';
create index webhook_deliveries_not_delivered on webhook_deliveries (id) where state in ('failed', 'cancelled');
