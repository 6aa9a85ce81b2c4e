import { sql } from 'kysely'
import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** The invoices of an account, the days that they bill, and its part of the ledger. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('invoices'),
  rowsOfAccount('invoice_lines'),
  rowsOfAccount('invoice_taxes'),
  {
    name: 'proforma_plans',
    key: 'uuid',
    select: (accountId) => sql`
      select proforma_id as key, to_jsonb(p) as content from proforma_plans p where account_id = ${accountId}`,
  },
  rowsOfAccount('billed_coverage'),
  rowsOfAccount('ledger_entries'),
  rowsOfAccount('account_adjustments'),
  {
    name: 'account_tax_exemptions',
    key: 'uuid',
    select: (accountId) => sql`
      select tax_id as key, to_jsonb(e) as content from account_tax_exemptions e where account_id = ${accountId}`,
  },
  {
    name: 'closing_accounts',
    key: 'uuid',
    select: (accountId) => sql`
      select closing_id as key, to_jsonb(c) - 'fingerprint' as content from closing_accounts c where account_id = ${accountId}`,
  },
]
