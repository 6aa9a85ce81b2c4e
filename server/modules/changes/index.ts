// Changes of services: plan, quantity, options, price, cycle, suspension, transfer, cancellation; now, on a day or at the
// period's end, with what each costs shown before it is done.

export { getChange, listChanges } from './change-list.ts'
export { type ChangeOrder, performChange, previewChange, withdrawChange } from './changes.ts'
export { changeJobs, changeSchedule } from './jobs.ts'
export { changeOrders } from './orders.ts'
export { personalData } from './personal-data.ts'
export { setPlanPolicy } from './policies.ts'
export { registerChangesOffice } from './routes.office.ts'
export { registerChangesPortal } from './routes.portal.ts'
export type { ChangeRequest } from './schemas.ts'
