import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** What was changed of an account's services, and by whom it was asked. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('subscription_changes', { without: ['fingerprint'] }),
]
