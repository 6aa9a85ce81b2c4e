import { sql } from 'kysely'
import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** What an account told of its payments, and what came in. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('payment_notices'),
  {
    name: 'payment_notice_invoices',
    key: 'text',
    select: (accountId) => sql`
      select payment_notice_id || '/' || invoice_id as key, to_jsonb(n) as content
        from payment_notice_invoices n where account_id = ${accountId}`,
  },
  rowsOfAccount('payments'),
]
