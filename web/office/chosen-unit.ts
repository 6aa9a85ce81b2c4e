import type { BusinessUnit } from '../shared/api-types.gen.ts'
import type { Search } from '../shared/router.ts'

/** The business unit of a page that shows one at a time: of its address, or the first that is in use. */
export function chooseUnit(units: readonly BusinessUnit[], search: Search): BusinessUnit | undefined {
  return (
    units.find((unit) => unit.id === search.business_unit_id) ??
    units.find((unit) => unit.archived_at === null) ??
    units[0]
  )
}
