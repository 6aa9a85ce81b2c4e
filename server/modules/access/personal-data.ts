import { sql } from 'kysely'
import type { PersonalDataSource } from '../../platform/personal-data.ts'

/** How the people of an account come in: the database hides these tables, and tells of them without what opens a door. */
const ways = ['users', 'sessions', 'passkeys', 'one_time_codes', 'api_keys'].map(
  (name): PersonalDataSource => ({
    name,
    key: 'text',
    select: (accountId) =>
      sql`select a.id as key, a.content from personal_access(${accountId}) a where a.kind = ${name}`,
  }),
)

/** The people of an account, and what was done to it and by whom. Where staff sat when they did it is theirs alone. */
export const personalData: PersonalDataSource[] = [
  ...ways,
  {
    name: 'audit_log',
    key: 'bigint',
    select: (accountId) => sql`
      select l.id as key, to_jsonb(l) - '{ip,request_id}'::text[]
               || jsonb_build_object('ip', case when l.actor_kind = 'customer' and l.on_behalf_of is null then host(l.ip) end) as content
        from audit_log l where l.account_id = ${accountId}`,
  },
]
