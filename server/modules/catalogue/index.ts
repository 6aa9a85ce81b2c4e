// Catalogue: what each business unit sells. Products group plans; a plan has prices, the items it allows and options;
// routing points are where connections enter the network.

import type { SearchKind } from '../../platform/search-kinds.ts'

export { ensurePlans, type KnownPlan } from './bulk.ts'
export { createCoupon, lockCoupon } from './coupons.ts'
export { createPlan, getPlan, listPlanItems, listPlans, type PlanInput, updatePlan } from './plans.ts'
export {
  type CataloguePrice,
  choosePrice,
  isInForce,
  type PriceCycle,
  type PriceInput,
  type PriceTerms,
  type PriceTier,
  readPrices,
  readTerms,
  soldAt,
} from './prices.ts'
export { createProduct, type ProductInput, updateProduct } from './products.ts'
export { registerCouponsOffice } from './routes.coupons.ts'
export { registerCatalogueOffice } from './routes.office.ts'
export { registerTaxesOffice } from './routes.taxes.ts'
export { createRoutingPoint, listUsableRoutingPoints } from './routing-points.ts'
export { planItemSchema, priceTerms, priceTier } from './schemas.ts'
export { createTax, listTaxes, setProductTaxes } from './taxes.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [
  { kind: 'plan', permission: 'catalogue.read' },
  { kind: 'routing_point', permission: 'catalogue.read' },
]
