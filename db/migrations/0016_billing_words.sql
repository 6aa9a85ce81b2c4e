-- Words of billing as a whole: values that later migrations use must be committed before (PostgreSQL).

alter type posting_kind add value if not exists 'credit_note';
alter type posting_kind add value if not exists 'debit_note';
alter type posting_kind add value if not exists 'adjustment';
alter type posting_kind add value if not exists 'refund';
alter type posting_kind add value if not exists 'write_off';
alter type posting_kind add value if not exists 'opening';

alter type ledger_account add value if not exists 'tax_payable';
alter type ledger_account add value if not exists 'late_fees';
alter type ledger_account add value if not exists 'interest';
alter type ledger_account add value if not exists 'penalties';
alter type ledger_account add value if not exists 'write_off';
alter type ledger_account add value if not exists 'adjustments';
alter type ledger_account add value if not exists 'opening';

alter type component_role add value if not exists 'usage';

alter type invoice_state add value if not exists 'void';
alter type invoice_state add value if not exists 'issued';
alter type invoice_state add value if not exists 'offered';
alter type invoice_state add value if not exists 'converted';
alter type invoice_state add value if not exists 'expired';
alter type invoice_state add value if not exists 'withdrawn';

alter type staff_permission add value if not exists 'documents.write' after 'billing.run';
alter type staff_permission add value if not exists 'ledger.read' after 'documents.write';
alter type staff_permission add value if not exists 'reports.read' after 'ledger.read';
alter type staff_permission add value if not exists 'simulations.run' after 'reports.read';
alter type staff_permission add value if not exists 'dunning.read' after 'simulations.run';
alter type staff_permission add value if not exists 'dunning.write' after 'dunning.read';

-- What is told about documents, contracts, changes and debts.
alter type notice_kind add value if not exists 'credit_note_issued';
alter type notice_kind add value if not exists 'debit_note_issued';
alter type notice_kind add value if not exists 'proforma_issued';
alter type notice_kind add value if not exists 'contract_sent';
alter type notice_kind add value if not exists 'contract_accepted';
alter type notice_kind add value if not exists 'contract_expiring';
alter type notice_kind add value if not exists 'change_scheduled';
alter type notice_kind add value if not exists 'change_done';
alter type notice_kind add value if not exists 'change_failed';
alter type notice_kind add value if not exists 'cancellation_requested';
alter type notice_kind add value if not exists 'dunning_reminder';
alter type notice_kind add value if not exists 'dunning_suspended';
alter type notice_kind add value if not exists 'dunning_reactivated';
alter type notice_kind add value if not exists 'dunning_cancelled';
