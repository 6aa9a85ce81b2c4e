/** What staff may do, in words that the office shows. Deny by default: a role has what is listed and nothing else. */
export const staffPermissions = [
  'accounts.read',
  'accounts.write',
  'catalogue.read',
  'catalogue.write',
  'subscriptions.read',
  'subscriptions.write',
  'billing.read',
  'billing.run',
  'payments.read',
  'payments.decide',
  'imports.read',
  'imports.run',
  'notices.read',
  'units.read',
  'units.write',
  'staff.read',
  'staff.write',
  'audit.read',
  'jobs.read',
  'jobs.write',
] as const

export type StaffPermission = (typeof staffPermissions)[number]
export type StaffRole = 'admin' | 'finance' | 'sales' | 'support' | 'technician' | 'auditor'

const reading = staffPermissions.filter((permission) => permission.endsWith('.read'))
const shared: StaffPermission[] = ['accounts.read', 'catalogue.read', 'subscriptions.read', 'units.read']

const permissionsOfRole: Record<StaffRole, ReadonlySet<StaffPermission>> = {
  admin: new Set(staffPermissions),
  finance: new Set<StaffPermission>([
    ...shared,
    'accounts.write',
    'billing.read',
    'billing.run',
    'payments.read',
    'payments.decide',
    'imports.read',
    'imports.run',
    'notices.read',
    'subscriptions.write',
    'jobs.read',
  ]),
  sales: new Set<StaffPermission>([
    ...shared,
    'accounts.write',
    'subscriptions.write',
    'billing.read',
    'notices.read',
  ]),
  support: new Set<StaffPermission>([
    ...shared,
    'accounts.write',
    'billing.read',
    'payments.read',
    'notices.read',
  ]),
  technician: new Set<StaffPermission>([...shared, 'jobs.read']),
  // The auditor reads all and changes nothing.
  auditor: new Set(reading),
}

/** Whether a role may do something (A10). */
export function mayStaff(role: StaffRole, permission: StaffPermission): boolean {
  return permissionsOfRole[role].has(permission)
}

/** Everything that a role may do, in the order in which the office shows it. */
export function listPermissions(role: StaffRole): StaffPermission[] {
  return staffPermissions.filter((permission) => permissionsOfRole[role].has(permission))
}

export type MembershipPermission = 'owner' | 'billing' | 'services' | 'support' | 'licences' | 'users'

/** Whether a member of an account may do something there: the owner may do everything (A6). */
export function mayMember(held: readonly MembershipPermission[], needed: MembershipPermission): boolean {
  return held.includes('owner') || held.includes(needed)
}
