-- Words of orders and payments: values that later migrations use must be committed before (PostgreSQL).

alter type posting_kind add value if not exists 'chargeback';
alter type posting_kind add value if not exists 'chargeback_won';

alter type staff_permission add value if not exists 'orders.read' after 'documents.write';
alter type staff_permission add value if not exists 'orders.write' after 'orders.read';
alter type staff_permission add value if not exists 'payments.refund' after 'payments.decide';
alter type staff_permission add value if not exists 'webhooks.read' after 'api_keys.write';
alter type staff_permission add value if not exists 'webhooks.write' after 'webhooks.read';

-- What is told about orders, payments and stored payment methods.
alter type notice_kind add value if not exists 'quote_offered';
alter type notice_kind add value if not exists 'order_placed';
alter type notice_kind add value if not exists 'order_processed';
alter type notice_kind add value if not exists 'order_failed';
alter type notice_kind add value if not exists 'payment_refunded';
alter type notice_kind add value if not exists 'payment_charged_back';
alter type notice_kind add value if not exists 'payment_method_stored';
alter type notice_kind add value if not exists 'payment_method_removed';
alter type notice_kind add value if not exists 'payment_method_expiring';
alter type notice_kind add value if not exists 'debit_announced';
alter type notice_kind add value if not exists 'debit_refused';
alter type notice_kind add value if not exists 'webhook_disabled';
