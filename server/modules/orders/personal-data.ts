import { sql } from 'kysely'
import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** What an account ordered and was offered. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('orders', { without: ['terms'] }),
  {
    name: 'order_invoices',
    key: 'text',
    select: (accountId) => sql`
      select order_id || '/' || invoice_id as key, to_jsonb(o) as content
        from order_invoices o where account_id = ${accountId}`,
  },
]
