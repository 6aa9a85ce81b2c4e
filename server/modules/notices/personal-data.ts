import { sql } from 'kysely'
import type { PersonalDataSource } from '../../platform/personal-data.ts'

/** Every mail to an account and to its people about it, with its text; a link that signs somebody in is no part of it. */
export const personalData: PersonalDataSource[] = [
  {
    name: 'notices',
    key: 'uuid',
    select: (accountId) => sql`
      select n.id as key, case when n.secret then to_jsonb(n) - '{html,text_body}'::text[] else to_jsonb(n) - 'html' end as content
        from notices n
       where n.account_id = ${accountId}
          or n.account_id is null and n.user_id in (
             select m.user_id from memberships m where m.account_id = ${accountId}
                and not exists (select from memberships o where o.user_id = m.user_id and o.account_id <> m.account_id))`,
  },
]
