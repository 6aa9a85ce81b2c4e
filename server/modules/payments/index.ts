// Payments: what customers say they paid, what staff approve of it, and the money that came in.

import type { SearchKind } from '../../platform/search-kinds.ts'

export {
  type PrintedBoleto,
  readBankStanding,
  registerBankCharge,
} from './bank-charges.ts'
export type {
  BankFileFormat,
  BankFileFormats,
  Remittance,
  RemittanceEntry,
  ReturnEntry,
  ReturnFault,
  ReturnReading,
} from './bank-file-format.ts'
export { bankFileSchedule, createBankFileJobs } from './bank-file-jobs.ts'
export { withdrawBankCharge } from './bank-instructions.ts'
export { callProvider, isFault } from './calls.ts'
export { createDebitJobs, debitSchedule } from './debit-jobs.ts'
export { type Held, listHeld, release } from './held-by-providers.ts'
export { registerProviderHooks } from './hooks.ts'
export { createIntentJobs, intentSchedule, lookUpIntent, type PaymentServices } from './intent-jobs.ts'
export { createIntent, type IntentInput, type IntentOwner } from './intents.ts'
export { createPaymentJobs, paymentSchedule } from './jobs.ts'
export { notifyPayment, type PaymentNoticeInput } from './payment-notices.ts'
export { getPayment, type PaymentInput, recordPayment } from './payments.ts'
export { personalData } from './personal-data.ts'
export {
  type Adjustment,
  type Capabilities,
  type ChargeRequest,
  type Drivers,
  type HookCall,
  type HookReading,
  type MovedMoney,
  type Payer,
  type PayerAction,
  type ProviderContext,
  type ProviderDriver,
  type ProviderField,
  ProviderRefusal,
  ProviderSilence,
  type ReceivedMoney,
  type RefundRequest,
  type RefundStanding,
  type ReversedMoney,
  type SetupRequest,
  type Standing,
  type StoredReference,
  type UsedMethod,
} from './providers.ts'
export { getReversal } from './reversals.ts'
export { registerBankFilesOffice } from './routes.bank-files.ts'
export { registerDebitsOffice } from './routes.debits.ts'
export { registerPaymentsOffice } from './routes.office.ts'
export { registerPayPortal } from './routes.pay.ts'
export { registerPaymentsPortal } from './routes.portal.ts'
export { registerProvidersOffice } from './routes.providers.ts'
export { registerStatementsOffice } from './routes.statements.ts'
export { ownMethodSchema, reversalSchema } from './schemas.providers.ts'
export { paymentSchema } from './schemas.ts'
export { applyStanding } from './standing.ts'
export { createStatementJobs, statementSchedule } from './statement-jobs.ts'
export { forgetMethods, getOwnMethod, stopCharging } from './stored-methods.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [
  { kind: 'payment', permission: 'payments.read' },
  { kind: 'payment_notice', permission: 'payments.read' },
]
