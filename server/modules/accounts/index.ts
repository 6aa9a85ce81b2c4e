// Accounts: the parties that buy, their contacts, and the users who may act for them. First access begins here.

import type { SearchKind } from '../../platform/search-kinds.ts'

export { createAccount, getAccount } from './accounts.ts'
export {
  clearPrimaryContacts,
  findAccountsByExternalId,
  findAccountsById,
  findContactsByExternalId,
  findContactsOtherwise,
  findDomainOwners,
  insertAccounts,
  insertContacts,
  insertDomains,
  updateAccounts,
  updateContacts,
} from './bulk.ts'
export { createContact, listRecipients, type Recipient } from './contacts.ts'
export { createContract } from './contracts.ts'
export { isPublicMailDomain, readDomain } from './domains.ts'
export { claimFirstAccess } from './first-access.ts'
export { memberInvitationDays } from './invitations.ts'
export { getOwnAccount } from './own-account.ts'
export { personalData } from './personal-data.ts'
export { createSlaProfile, createThresholdProfile } from './profiles.ts'
export { registerInvitationsPublic, registerMembersOffice, registerMembersPortal } from './routes.members.ts'
export { registerAccountsOffice } from './routes.office.ts'
export { registerAccountsPortal } from './routes.portal.ts'
export { accountSchema, ownAccountSchema } from './schemas.ts'
export { readChangedTaxId, readTaxId } from './tax-id.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [
  { kind: 'account', permission: 'accounts.read' },
  { kind: 'contact', permission: 'accounts.read' },
  { kind: 'user', permission: 'accounts.read' },
  { kind: 'contract', permission: 'contracts.read' },
]
