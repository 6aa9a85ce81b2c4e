// Business units: the operator's brands, cities or legal entities, each with its currency, time zone, closing day,
// numbering, defaults and look. The ground that everything else stands on.

import type { SearchKind } from '../../platform/search-kinds.ts'

export { findLook, readPageLook, type UnitLook } from './look.ts'
export { registerUnitsOffice } from './routes.office.ts'
export { registerUnitsPublic } from './routes.public.ts'
export { lookSchema, unitSchema } from './schemas.ts'
export {
  createUnit,
  findUnitBySlug,
  getUnit,
  listUnits,
  setUnitLogo,
  type UnitInput,
  updateUnit,
} from './units.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [{ kind: 'unit', permission: 'units.read' }]
