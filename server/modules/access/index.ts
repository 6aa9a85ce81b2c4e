// Access: who signs in and what staff may do; sessions, links to choose a password, staff, the audit log.

import type { SearchKind } from '../../platform/search-kinds.ts'

export { issueEmailChangeToken } from './email-change.ts'
export { accessSchedule, createAccessJobs } from './jobs.ts'
export { updateOwnUser } from './own-user.ts'
export { checkPassword } from './password-strength.ts'
export { personalData } from './personal-data.ts'
export { registerApiKeysPortal } from './routes.api-keys.ts'
export { registerAccessOffice } from './routes.office.ts'
export { registerSignInOffice, registerSignInPortal } from './routes.sign-in.ts'
export { registerViewAsPortal } from './routes.view-as.ts'
export { ownChange } from './schemas.ts'
export { demandSecretKey } from './secret-key.ts'
export { type Opened, openSession, type Visitor } from './sessions.ts'
export {
  invitationDays,
  issueFirstAdminToken,
  issuePasswordToken,
  passwordLinkMinutes,
} from './sign-in.ts'
export { inviteStaff, type StaffMember } from './staff.ts'

/** What of this module the search finds. */
export const searchKinds: SearchKind[] = [{ kind: 'staff', permission: 'staff.read' }]
