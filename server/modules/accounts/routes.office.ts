import { z } from 'zod'
import { membershipPermissions } from '../../platform/database.gen.ts'
import { isRefusal } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { createAccount, getAccount, listAccounts, updateAccount } from './accounts.ts'
import { registerContactList } from './contact-list.ts'
import { createContact, deleteContact, listContacts, updateContact } from './contacts.ts'
import { listMembers, removeMember, updateMember } from './members.ts'
import { registerAccountSetup } from './routes.setup.ts'
import {
  accountChange,
  accountInput,
  accountQuery,
  accountSchema,
  contactChange,
  contactInput,
  contactSchema,
  memberSchema,
} from './schemas.ts'

const tag = 'Accounts'

export function registerAccountsOffice(app: App): void {
  registerAccountSetup(app)
  registerContactList(app)
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts',
      operation: 'list_accounts',
      summary: 'List and find accounts',
      description:
        '`q` finds by name, number, external id, tax id, e-mail, phone or city; accents are forgiven',
      tag,
      permission: 'accounts.read',
      query: accountQuery,
      response: pageOf(accountSchema),
    },
    (tx, { query }) => listAccounts(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/accounts.csv',
      operation: 'export_accounts',
      summary: 'Export accounts',
      tag,
      permission: 'accounts.read',
      query: accountQuery,
      file: 'accounts',
      screen: { unit: 'business_unit', services: 'active_services' },
    },
    (tx, query) => listAccounts(tx, query),
    {
      zaguan_id: (row) => row.id,
      number: (row) => row.number,
      external_id: (row) => row.external_id,
      name: (row) => row.name,
      kind: (row) => row.kind,
      tax_id: (row) => row.tax_id,
      email: (row) => row.email,
      phone: (row) => row.phone,
      fax: (row) => row.fax,
      address: (row) => row.address,
      city: (row) => row.city,
      state: (row) => row.state,
      country: (row) => row.country,
      postal_code: (row) => row.postal_code,
      language: (row) => row.language,
      rank: (row) => row.rank,
      domains: (row) => row.domains.join('; '),
      notes: (row) => row.notes,
      business_unit: (row) => row.business_unit_name,
      active_services: (row) => row.active_services,
      owed: (row) => moneyCell(row.owed, row.currency),
      currency: (row) => row.currency,
      created_at: (row) => row.created_at,
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts',
      operation: 'create_account',
      summary: 'Create an account',
      tag,
      permission: 'accounts.create',
      body: accountInput,
      response: accountSchema,
      status: 201,
    },
    (tx, { body }, actor, { now }) => createAccount(tx, body, { user_id: actor.user_id, now }),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}',
      operation: 'get_account',
      summary: 'Read an account',
      tag,
      permission: 'accounts.read',
      params: idParams,
      response: accountSchema,
    },
    (tx, { params }) => getAccount(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/accounts/{id}',
      operation: 'update_account',
      summary: 'Change an account',
      tag,
      permission: 'accounts.write',
      params: idParams,
      body: accountChange,
      response: accountSchema,
    },
    (tx, { params, body }, _actor, { now }) => updateAccount(tx, params.id, body, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/contacts',
      operation: 'list_contacts',
      summary: 'List the contacts of an account',
      tag,
      permission: 'accounts.read',
      params: idParams,
      response: z.object({ items: z.array(contactSchema) }),
    },
    async (tx, { params }) => {
      const account = await getAccount(tx, params.id)
      return isRefusal(account) ? account : { items: await listContacts(tx, params.id) }
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/contacts',
      operation: 'create_contact',
      summary: 'Add a contact',
      tag,
      permission: 'accounts.write',
      params: idParams,
      body: contactInput,
      response: contactSchema,
      status: 201,
    },
    (tx, { params, body }, _actor, { now }) => createContact(tx, params.id, body, now),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/contacts/{id}',
      operation: 'update_contact',
      summary: 'Change a contact',
      tag,
      permission: 'accounts.write',
      params: idParams,
      body: contactChange,
      response: contactSchema,
    },
    (tx, { params, body }) => updateContact(tx, params.id, body),
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/contacts/{id}',
      operation: 'delete_contact',
      summary: 'Remove a contact',
      tag,
      permission: 'accounts.write',
      params: idParams,
    },
    (tx, { params }) => deleteContact(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/accounts/{id}/members',
      operation: 'list_members',
      summary: 'List the users of an account',
      tag,
      permission: 'accounts.read',
      params: idParams,
      response: z.object({ items: z.array(memberSchema) }),
    },
    async (tx, { params }) => {
      const account = await getAccount(tx, params.id)
      return isRefusal(account) ? account : { items: await listMembers(tx, params.id) }
    },
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/members/{id}',
      operation: 'update_member',
      summary: 'Change what a user may do in an account',
      tag,
      permission: 'accounts.write',
      params: idParams,
      body: z.object({ permissions: z.array(z.enum(membershipPermissions)).min(1) }),
    },
    (tx, { params, body }) => updateMember(tx, params.id, body.permissions),
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/members/{id}',
      operation: 'remove_member',
      summary: 'Take a user’s access to an account away',
      tag,
      permission: 'accounts.write',
      params: idParams,
    },
    (tx, { params }) => removeMember(tx, params.id),
  )
}
