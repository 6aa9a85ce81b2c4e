// Orders and quotes: what customers buy, with or without staff, done once it is paid. What an order does belongs to the module
// that owns the product; here is what all of them have in common.

import type { SearchKind } from '../../platform/search-kinds.ts'

export { orderJobs, orderSchedule } from './jobs.ts'
export { listOrderKinds, offerOrderKinds } from './kinds.ts'
export { getOrder, getOwnOrder, listOrders } from './order-list.ts'
export {
  createOrder,
  type PayableOrder,
  payOrder,
  processOrder,
  readPayableOrder,
} from './orders.ts'
export { personalData } from './personal-data.ts'
export { registerOrdersOffice } from './routes.office.ts'
export { registerOrdersPortal } from './routes.portal.ts'
export { orderSchema, ownOrderSchema } from './schemas.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [{ kind: 'order', permission: 'orders.read' }]
