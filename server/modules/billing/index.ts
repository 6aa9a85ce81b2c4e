// Billing: closings that turn what accounts have into invoices, the invoices, and the ledger that every amount is in.

import type { SearchKind } from '../../platform/search-kinds.ts'

export { adjustCredit, recordRefund, writeOffInvoice } from './adjustments.ts'
export { billableComponent, readDiscount } from './billable.ts'
export {
  type BilledDays,
  type BilledLine,
  creditLine,
  finishCreditNote,
  type PlannedCreditNote,
  planCredits,
  planSettlement,
  type Settlement,
} from './credits.ts'
export { type CloseResult, closeAccount, closeUnit, previewUnit } from './direct-closings.ts'
export { createDocumentJobs, documentSchedule } from './document-jobs.ts'
export { issueManualInvoice } from './documents.ts'
export {
  type BillableCharge,
  type BillableComponent,
  type BillableSubscription,
  type PlannedInvoice,
  type PlannedLine,
  type PlanRules,
  planChargesNow,
  planInvoices,
} from './engine.ts'
export { creditDiscounts, type GrantedDiscount } from './granted-discounts.ts'
export { printInvoice } from './invoice-print.ts'
export { formatInvoiceNumber, getInvoice } from './invoices.ts'
export { type DueDocument, incomeEntries, issueCreditNotes, issueDocuments } from './issuing.ts'
export { billingJobs, closingSchedule } from './jobs.ts'
export { issueLateCharges, type LateCharges } from './late-charges.ts'
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
export { ledgerJobs, ledgerSchedule } from './ledger-days.ts'
export { explainLine } from './line-words.ts'
export { personalData } from './personal-data.ts'
export {
  type AccountServices,
  type BillingUnit,
  hasUnbilledDays,
  loadServices,
  type PlannedDocument,
  planAccounts,
  readBilledDays,
  readBillingUnits,
  rulesOf,
  type Service,
  withTerms,
} from './planning.ts'
export { convertProforma, proformaJobs, proformaSchedule } from './proformas.ts'
export { showReference } from './references.ts'
export { registerLedgerOffice } from './routes.ledger.ts'
export { registerBillingOffice } from './routes.office.ts'
export { registerBillingPortal } from './routes.portal.ts'
export { registerSaleQuotes } from './routes.quotes.ts'
export { isOrderable, subscriptionOrders } from './sales.ts'
export { invoiceDetail, ownInvoiceDetail } from './schemas.ts'
export { computeTaxes, type TaxRule } from './taxes.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [{ kind: 'invoice', permission: 'billing.read' }]
