import { sql } from 'kysely'
import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** What was done because an account did not pay, and when it was exempt. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('dunning_actions'),
  rowsOfAccount('dunning_suspensions'),
  rowsOfAccount('dunning_failures'),
  rowsOfAccount('account_dunning_exemptions'),
  {
    name: 'late_charges',
    key: 'text',
    select: (accountId) => sql`
      select invoice_id || '/' || role as key, to_jsonb(c) as content from late_charges c where account_id = ${accountId}`,
  },
]
