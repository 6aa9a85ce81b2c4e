// Notices: every mail that goes out, who gets it and what became of it. Listens to what the other modules announce.

export { draftDunningNotices } from './dunning.ts'
export { createNoticeJobs } from './jobs.ts'
export { personalData } from './personal-data.ts'
export { registerDunningPreview } from './routes.dunning.ts'
export { registerNoticesOffice } from './routes.office.ts'
export { registerNoticesPortal } from './routes.portal.ts'
