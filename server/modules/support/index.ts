// Support credits: packs of them are sold, staff give and take them, and a balance is their sum.

export { adjustSupportCredits, listSupportCredits, readSupportBalance } from './credits.ts'
export { supportPackOrders } from './orders.ts'
export { personalData } from './personal-data.ts'
export { registerSupportOffice, registerSupportPortal } from './routes.ts'
