import type { StaffPermission } from './permissions.ts'

/**
 * What a module lets the search find (A13): a view `search_of_<kind>` and `call search_table(…)` in a migration, and
 * this, which its index.ts exports and `server/app.ts` collects. Who lacks the permission finds nothing of the kind.
 */
export type SearchKind = { kind: string; permission: StaffPermission }
