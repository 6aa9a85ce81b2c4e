// Accounts: the parties that buy, their contacts, and the users who may act for them. First access begins here.

export { createAccount, getAccount } from './accounts.ts'
export {
  findAccountsByExternalId,
  findContactsByExternalId,
  insertAccounts,
  insertContacts,
  updateAccounts,
  updateContacts,
} from './bulk.ts'
export { createContact, listRecipients, type Recipient } from './contacts.ts'
export { claimFirstAccess } from './first-access.ts'
export { registerAccountsOffice } from './routes.office.ts'
export { registerAccountsPortal } from './routes.portal.ts'
