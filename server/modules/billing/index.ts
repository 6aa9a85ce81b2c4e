// Billing: closings that turn what accounts have into invoices, the invoices, and the ledger that every amount is in.

import type { SearchKind } from '../../platform/search-kinds.ts'

export { type CloseResult, closeAccount, closeUnit, previewUnit } from './closings.ts'
export { formatInvoiceNumber } from './invoices.ts'
export { billingJobs } from './jobs.ts'
export {
  applyAccountCredit,
  type Balance,
  balanceOf,
  lockAccounts,
  type Posting,
  type PostingEntry,
  post,
  settleInvoices,
} from './ledger.ts'
export { personalData } from './personal-data.ts'
export { hasUnbilledDays } from './planning.ts'
export { registerBillingOffice } from './routes.office.ts'
export { registerBillingPortal } from './routes.portal.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [{ kind: 'invoice', permission: 'billing.read' }]
