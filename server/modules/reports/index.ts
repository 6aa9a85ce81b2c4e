// Reports: pages that look across modules: the customer's home, staff's today, the queue of jobs, and the figures of the
// business (B12).

export { registerJobsOffice } from './routes.jobs.ts'
export { registerReportsOffice } from './routes.office.ts'
export { registerReportsPortal } from './routes.portal.ts'
export { registerReports } from './routes.reports.ts'
