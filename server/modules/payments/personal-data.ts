import { sql } from 'kysely'
import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** What an account told of its payments, what it paid by, what came in and what went back. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('payment_notices'),
  {
    name: 'payment_notice_invoices',
    key: 'text',
    select: (accountId) => sql`
      select payment_notice_id || '/' || invoice_id as key, to_jsonb(n) as content
        from payment_notice_invoices n where account_id = ${accountId}`,
  },
  {
    name: 'payment_notice_receipts',
    key: 'text',
    select: (accountId) => sql`
      select r.file_id::text as key, to_jsonb(r) || jsonb_build_object('name', f.name, 'media_type', f.media_type) as content
        from payment_notice_receipts r join files f on f.id = r.file_id where r.account_id = ${accountId}`,
  },
  rowsOfAccount('bank_statement_lines', { without: ['line_key'] }),
  rowsOfAccount('bank_line_proposals'),
  rowsOfAccount('payments'),
  {
    name: 'payment_documents',
    key: 'uuid',
    select: (accountId) => sql`
      select document_id as key, to_jsonb(d) as content from payment_documents d where account_id = ${accountId}`,
  },
  rowsOfAccount('payment_reversals', { without: ['look_at', 'looks'] }),
  // What a provider knows a method by is of use to nobody else; what is stored encrypted is a bank's.
  rowsOfAccount('stored_methods', { without: ['reference', 'reference_encrypted'] }),
  rowsOfAccount('payment_intents', { without: ['details_encrypted', 'action', 'look_at', 'looks'] }),
  {
    name: 'payment_intent_invoices',
    key: 'text',
    select: (accountId) => sql`
      select intent_id || '/' || invoice_id as key, to_jsonb(i) as content
        from payment_intent_invoices i where account_id = ${accountId}`,
  },
  rowsOfAccount('debit_attempts'),
  {
    name: 'debit_announcements',
    key: 'uuid',
    select: (accountId) => sql`
      select invoice_id as key, to_jsonb(d) as content from debit_announcements d where account_id = ${accountId}`,
  },
  rowsOfAccount('bank_charges'),
]
