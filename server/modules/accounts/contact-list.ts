import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { pageOf } from '../../platform/schemas.ts'
import { listedContactSchema, listedContactsQuery } from './schemas.contacts.ts'

type ContactFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  primary?: 'yes' | 'no' | undefined
}

/**
 * A page of the contacts of all accounts, the oldest first. `q` finds by name, e-mail or phone, accents forgiven, every
 * word of it.
 */
function listAllContacts(tx: Tx, request: ListRequest & ContactFilter) {
  let query = tx
    .selectFrom('contacts')
    .innerJoin('accounts', 'accounts.id', 'contacts.account_id')
    .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
    .select([
      'contacts.id',
      'contacts.account_id',
      'contacts.external_id',
      'contacts.first_name',
      'contacts.last_name',
      'contacts.email',
      'contacts.phone',
      'contacts.title',
      'contacts.topics',
      'contacts.is_primary',
      'contacts.created_at',
      'accounts.number as account_number',
      'accounts.name as account_name',
      'accounts.external_id as account_external_id',
      'accounts.business_unit_id',
      'business_units.name as business_unit_name',
    ])
  if (request.business_unit_id)
    query = query.where('accounts.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('contacts.account_id', '=', request.account_id)
  if (request.primary) query = query.where('contacts.is_primary', '=', request.primary === 'yes')
  for (const word of (request.q ?? '').split(/\s+/).filter(Boolean).slice(0, 6)) {
    const escaped = word.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)
    query = query.where(sql<boolean>`contacts.search_text like '%' || fold(${escaped}) || '%'`)
  }
  // Ids are made in the order of time.
  const key = { by: sql`contacts.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: key }, key)
}

/** The contacts of all accounts, as a list and as files that import back as they are (A4). */
export function registerContactList(app: App): void {
  const tag = 'Contacts'
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/contacts',
      operation: 'list_all_contacts',
      summary: 'List and find the contacts of all accounts',
      description: '`q` finds by name, e-mail or phone; accents are forgiven',
      tag,
      permission: 'accounts.read',
      query: listedContactsQuery,
      response: pageOf(listedContactSchema),
    },
    (tx, { query }) => listAllContacts(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/contacts.csv',
      operation: 'export_contacts',
      summary: 'Export the contacts of all accounts',
      tag,
      permission: 'accounts.read',
      query: listedContactsQuery,
      file: 'contacts',
    },
    (tx, query) => listAllContacts(tx, query),
    {
      account_zaguan_id: (row) => row.account_id,
      account_external_id: (row) => row.account_external_id,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      contact_zaguan_id: (row) => row.id,
      contact_external_id: (row) => row.external_id,
      first_name: (row) => row.first_name,
      last_name: (row) => row.last_name,
      email: (row) => row.email,
      phone: (row) => row.phone,
      title: (row) => row.title,
      // An empty cell would leave them as they are.
      topics: (row) => row.topics.join('; ') || 'none',
      primary: (row) => (row.is_primary ? 'yes' : 'no'),
      business_unit: (row) => row.business_unit_name,
      created_at: (row) => row.created_at,
    },
  )
}
