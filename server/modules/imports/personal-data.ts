import { sql } from 'kysely'
import type { PersonalDataSource } from '../../platform/personal-data.ts'

/** Rows that an import of the business unit left out and that name the account, by what it is known by. */
export const personalData: PersonalDataSource[] = [
  {
    name: 'import_rejects',
    key: 'text',
    select: (accountId) => sql`
      select r.import_id || '/' || lpad(r.row_number::text, 10, '0') as key, to_jsonb(r) as content
        from accounts a
        join import_rejects r on r.business_unit_id = a.business_unit_id
         and r.record ?| array(select m from unnest(array[a.email::text, a.tax_id, a.external_id]
                                 || array(select c.email::text from contacts c where c.account_id = a.id)) m
                                where length(m) > 3)
       where a.id = ${accountId}`,
  },
]
