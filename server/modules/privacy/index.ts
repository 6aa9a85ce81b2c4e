// Privacy: all that is stored about an account as a file, and its erasure, which leaves the books. It knows no other
// module's tables for the export: each declares its part, and app.ts gathers them.

export { createPrivacyJobs, privacySchedule } from './jobs.ts'
export { personalData } from './personal-data.ts'
export { registerPrivacyOffice } from './routes.office.ts'
export { registerPrivacyPortal } from './routes.portal.ts'
