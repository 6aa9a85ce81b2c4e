// Payments: what customers say they paid, what staff approve of it, and the money that came in.

import type { SearchKind } from '../../platform/search-kinds.ts'

export { createPaymentJobs, paymentSchedule } from './jobs.ts'
export { notifyPayment, type PaymentNoticeInput } from './payment-notices.ts'
export { type PaymentInput, recordPayment } from './payments.ts'
export { personalData } from './personal-data.ts'
export { registerPaymentsOffice } from './routes.office.ts'
export { registerPaymentsPortal } from './routes.portal.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [
  { kind: 'payment', permission: 'payments.read' },
  { kind: 'payment_notice', permission: 'payments.read' },
]
