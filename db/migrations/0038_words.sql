-- Values that the migrations after this one use: they must be committed before (PostgreSQL).
alter type notice_kind add value if not exists 'payment_method_expired';
alter type notice_kind add value if not exists 'debit_impossible';
alter type notice_kind add value if not exists 'order_expired';
alter type notice_kind add value if not exists 'order_paid_late';
alter type bank_instruction_kind add value if not exists 'abate';
alter type bank_instruction_kind add value if not exists 'cancel_abatement';
alter type bank_instruction_kind add value if not exists 'change_due_date';
alter type bank_instruction_kind add value if not exists 'protest';
alter type bank_instruction_kind add value if not exists 'stop_protest';
alter type bank_line_effect add value if not exists 'instruction_taken';
alter type bank_line_effect add value if not exists 'instruction_refused';
alter type bank_line_effect add value if not exists 'protest_begun';
alter type bank_line_effect add value if not exists 'protest_ended';
