// Search: one box that finds everything of the office (A13). It knows no module: each declares what of its own is found.

export { searchJobs, searchSchedule } from './jobs.ts'
export { registerSearchOffice } from './routes.office.ts'
