import { type StaffRole, staffPermissions } from './database.gen.ts'

// What staff may do: single permissions are the enum staff_permission, in the order in which the office shows them. Deny by
// default: a role has what is listed and nothing else.

export { type StaffRole, staffPermissions }
export type StaffPermission = (typeof staffPermissions)[number]

const reading = staffPermissions.filter((permission) => permission.endsWith('.read'))
const shared: StaffPermission[] = [
  'accounts.read',
  'contracts.read',
  'catalogue.read',
  'subscriptions.read',
  'units.read',
  'settings.read',
]

const permissionsOfRole: Record<StaffRole, ReadonlySet<StaffPermission>> = {
  // Acting in a customer's name is never part of a role: it is granted singly (A11).
  admin: new Set(staffPermissions.filter((permission) => permission !== 'accounts.act_as')),
  finance: new Set<StaffPermission>([
    ...shared,
    'accounts.write',
    'accounts.view_as',
    'billing.read',
    'billing.run',
    'documents.write',
    'orders.read',
    'orders.write',
    'ledger.read',
    'reports.read',
    'simulations.run',
    'dunning.read',
    'dunning.write',
    'payments.read',
    'payments.decide',
    'payments.refund',
    'imports.read',
    'notices.read',
    'subscriptions.write',
    'jobs.read',
  ]),
  sales: new Set<StaffPermission>([
    ...shared,
    'accounts.create',
    'accounts.write',
    'accounts.view_as',
    'contracts.write',
    'subscriptions.write',
    'billing.read',
    'orders.read',
    'orders.write',
    'reports.read',
    'simulations.run',
    'notices.read',
  ]),
  support: new Set<StaffPermission>([
    ...shared,
    'accounts.write',
    'accounts.view_as',
    'billing.read',
    'orders.read',
    'payments.read',
    'notices.read',
  ]),
  technician: new Set<StaffPermission>([...shared, 'jobs.read']),
  // The auditor reads all and changes nothing.
  auditor: new Set(reading),
}

/**
 * Everything that a member of staff may do, in the order in which the office shows it: what the role has, with what was
 * granted to them singly and without what was withheld (A10).
 */
export function listPermissions(
  role: StaffRole,
  granted: readonly StaffPermission[] = [],
  withheld: readonly StaffPermission[] = [],
): StaffPermission[] {
  return staffPermissions.filter(
    (permission) =>
      (permissionsOfRole[role].has(permission) || granted.includes(permission)) &&
      !withheld.includes(permission),
  )
}

export type MembershipPermission = 'owner' | 'billing' | 'services' | 'support' | 'licences' | 'users'

/** What a route of the portal demands of a member: one permission, or either of two. */
export type MemberDemand = MembershipPermission | 'services or billing'

/** Whether a member of an account may do something there: the owner may do everything (A6). */
export function mayMember(held: readonly MembershipPermission[], needed: MemberDemand): boolean {
  if (held.includes('owner')) return true
  return needed === 'services or billing'
    ? held.includes('services') || held.includes('billing')
    : held.includes(needed)
}
