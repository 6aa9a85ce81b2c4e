import { sql } from 'kysely'
import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** The account itself, who belongs to it and what was agreed with it. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('accounts', { column: 'id', without: ['tax_id_key', 'phone_key'] }),
  rowsOfAccount('contacts'),
  rowsOfAccount('memberships'),
  {
    name: 'membership_removals',
    key: 'uuid',
    select: (accountId) => sql`
      select user_id as key, to_jsonb(r) as content from membership_removals r where account_id = ${accountId}`,
  },
  rowsOfAccount('account_domains'),
  rowsOfAccount('account_setups'),
  rowsOfAccount('contracts'),
  {
    name: 'invitations',
    key: 'uuid',
    // The hash of the link's token is granted to nobody.
    select: (accountId) => sql`
      select id as key, jsonb_build_object('id', id, 'account_id', account_id, 'email', email, 'permissions', permissions,
               'invited_by', invited_by, 'by_staff', by_staff, 'created_at', created_at, 'expires_at', expires_at,
               'accepted_at', accepted_at, 'accepted_by', accepted_by, 'declined_at', declined_at,
               'withdrawn_at', withdrawn_at) as content
        from invitations where account_id = ${accountId}`,
  },
  rowsOfAccount('ownership_transfers'),
  rowsOfAccount('account_change_requests'),
]
